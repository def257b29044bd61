//! The flags of commands that look at what is in a cluster.

use std::path::PathBuf;
use std::time::Duration;

use ajj_webhook::{ExceptionsFrom, ReportApi};
use clap::Args;

use super::{EXIT_CODES, ExitArguments, Output, unknown};

const AUDIT_EXAMPLES: &str = "Examples:\n  \
    ajj policy audit                              by the policies of the cluster\n  \
    ajj policy audit -p policies/ -n shop         one namespace by other policies\n  \
    ajj policy audit -o concise                   a line for each finding\n  \
    ajj policy audit -o human -o json=audit.json  show it and keep it\n\n\
    Each object is judged as a background scan does: as if nobody in particular created it. Rules of\n\
    policies with `background: false` are left out, and said.";

#[derive(Debug, Args)]
#[command(after_help = format!("{AUDIT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct AuditArguments {
    /// Policies: a file, a directory or a glob; give it again for more
    /// [default: those of the cluster]
    #[arg(short, long, value_name = "PATH")]
    pub(crate) policies: Vec<String>,
    /// How to reach the cluster [default: as kubectl does]
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Namespaces whose PolicyExceptions count, or `*` for all [default: none]
    #[arg(long, value_name = "NAME,...", conflicts_with = "policies")]
    pub(crate) exceptions_from: Option<ExceptionsFrom>,
    /// Look at this namespace alone; give it again for more
    #[arg(short, long = "namespace", value_name = "NAMESPACE")]
    pub(crate) namespaces: Vec<String>,
    /// How to say it, and to which file: human, concise or json
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]", default_value = "human")]
    pub(crate) outputs: Vec<Output>,
    #[command(flatten)]
    pub(crate) exit: ExitArguments,
}

const IMPACT_EXAMPLES: &str = "Examples:\n  \
    ajj policy impact -p run-as-non-root.yaml              what is in the cluster\n  \
    ajj policy impact -p policies/ -n shop                 what is in one namespace\n  \
    ajj policy impact -p policies/ reviews.jsonl deploy/   recorded reviews, and manifests\n\n\
    Every rule is taken as if its action were deny. A Deployment, its ReplicaSets and its Pods count\n\
    once, under the Deployment.\n\n\
    Exit codes:\n  \
    0  nothing would be denied\n  \
    1  something would be denied\n  \
    2  the tool could not do its work: unreadable input, a policy that does not compile\n  \
    3  nothing was evaluated: no object, or no policy that matches any object";

#[derive(Debug, Args)]
#[command(after_help = IMPACT_EXAMPLES)]
pub(crate) struct ImpactArguments {
    /// Manifests, and recorded AdmissionReviews: one, a list, or one a line; `-` for stdin
    /// [default: the objects of the cluster]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Policies: a file, a directory or a glob; give it again for more
    #[arg(short, long, value_name = "PATH", required = true)]
    pub(crate) policies: Vec<String>,
    /// How to reach the cluster [default: as kubectl does]
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Look at this namespace alone; give it again for more
    #[arg(short, long = "namespace", value_name = "NAMESPACE", conflicts_with = "files")]
    pub(crate) namespaces: Vec<String>,
    /// What the cluster would answer where FILEs are given: objects, and documents of kind `Facts`
    #[arg(long, value_name = "FILE", requires = "files")]
    pub(crate) facts: Vec<String>,
    /// How to say it, and to which file: human or json
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]", default_value = "human")]
    pub(crate) outputs: Vec<Output>,
    /// Exit as if rules that this build cannot evaluate were not there
    #[arg(long)]
    pub(crate) allow_not_evaluated: bool,
}

pub(super) fn report_api(word: &str) -> Result<ReportApi, String> {
    let known = [
        ("auto", ReportApi::Auto),
        ("openreports", ReportApi::OpenReports),
        ("wgpolicy", ReportApi::WgPolicy),
        ("both", ReportApi::Both),
        ("none", ReportApi::None),
    ];
    let found = known.iter().find(|(name, _)| *name == word);
    found.map(|(_, api)| *api).ok_or_else(|| unknown("word", word, &known.map(|(name, _)| name)))
}

/// The shortest time between two rounds.
const SHORTEST: u64 = 60;

/// A whole number with `s`, `m` or `h`.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 3_600)];
    let seconds = units.iter().find_map(|(unit, seconds)| {
        text.strip_suffix(*unit)?.parse::<u64>().ok()?.checked_mul(*seconds)
    });
    match seconds {
        Some(seconds) if seconds >= SHORTEST => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("expected a time such as 30m or 1h, at least {SHORTEST}s")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::interval;

    #[test]
    fn intervals() {
        assert_eq!(interval("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(interval("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(interval("1h"), Ok(Duration::from_secs(3_600)));
        for text in ["", "h", "1", "1d", "-1h", "59s", "0h", "18446744073709551615h"] {
            assert!(interval(text).is_err(), "{text}");
        }
    }
}
