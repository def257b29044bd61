//! Commands and flags: the whole command line, and the help that teaches it.

mod conftest;
mod existing;
mod exit;
mod webhook;

use std::path::PathBuf;
use std::str::FromStr;

use ajj_engine::{Action, Operation, nearest};
use ajj_webhook::ExceptionsFrom;
use clap::{Args, Parser, Subcommand};

pub(crate) use conftest::{
    Common, ConftestArguments, ConftestCommand, DocArguments, ParseArguments, PullArguments,
    ReformatArguments, TestArguments as ConftestTestArguments, VerifyArguments, parse_bool,
    usage_error,
};
pub(crate) use existing::{AuditArguments, ImpactArguments};
pub(crate) use exit::ExitArguments;
pub(crate) use webhook::WebhookArguments;

/// Policies for Kubernetes: validate manifests, test policies
#[derive(Debug, Parser)]
#[command(
    name = "ajj",
    version,
    max_term_width = 100,
    after_help = "Start here:\n  \
        ajj policy validate -p policies/ deploy/   judge manifests\n  \
        ajj policy test policies/                  run the policies' own tests\n  \
        ajj policy audit                           judge what is in a cluster\n  \
        ajj webhook -p policies/                   answer an API server"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Validate manifests and test policies
    #[command(subcommand)]
    Policy(Box<PolicyCommand>),
    /// Serve a cluster's admission webhook
    Webhook(Box<WebhookArguments>),
    /// Test configuration files as conftest does
    Conftest(Box<ConftestArguments>),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  ajj completions bash > ~/.local/share/bash-completion/completions/ajj"
    )]
    Completions {
        /// The shell to complete in
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Judge manifests by policies, as the cluster would
    Validate(ValidateArguments),
    /// Run the tests of policies
    Test(TestArguments),
    /// Answer recorded AdmissionReviews as the webhook would
    Replay(ReplayArguments),
    /// Judge what is in a cluster already
    Audit(AuditArguments),
    /// Say what policies would deny if they were enforced
    Impact(ImpactArguments),
}

/// The help of `ajj conftest`, which is shown where no command is given.
pub(crate) fn conftest_help() -> String {
    use clap::CommandFactory;

    let mut command = Arguments::command();
    let conftest = command.find_subcommand_mut("conftest");
    conftest.map(|conftest| conftest.render_help().to_string()).unwrap_or_default()
}

const EXIT_CODES: &str = "Exit codes:\n  \
    0  nothing to object\n  \
    1  findings whose action is in --fail-on\n  \
    2  the tool could not do its work: unreadable input, a policy that does not compile\n  \
    3  nothing was evaluated: no object, or no policy that matches any object";

const VALIDATE_EXAMPLES: &str = "Examples:\n  \
    ajj policy validate                              judge . by ./policies\n  \
    ajj policy validate -p pod-security.yaml deploy/ judge a directory by one file\n  \
    kustomize build . | ajj policy validate -        judge what another tool prints\n  \
    ajj policy validate -o human -o json=report.json show it and keep it\n  \
    ajj policy validate --old base/ deploy/          judge an update of what is in base/\n  \
    ajj policy validate --live deploy/               by the policies and facts of a cluster";

#[derive(Debug, Args)]
#[command(after_help = format!("{VALIDATE_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ValidateArguments {
    /// Manifests: files, directories, globs, or `-` for stdin
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<String>,
    /// Policies: a file, a directory or a glob; give it again for more
    /// [default: policies, or those of the cluster with --live]
    #[arg(short, long, value_name = "PATH")]
    pub(crate) policies: Vec<String>,
    /// Ask the cluster of a kubeconfig what rules ask, and judge what it has already as an update
    #[arg(long)]
    pub(crate) live: bool,
    /// How to reach the cluster [default: as kubectl does]
    #[arg(long, value_name = "FILE", requires = "live")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Namespaces whose PolicyExceptions count, or `*` for all [default: none]
    #[arg(long, value_name = "NAME,...", requires = "live", conflicts_with = "policies")]
    pub(crate) exceptions_from: Option<ExceptionsFrom>,
    /// Values of variables, as `kyverno apply --values-file` reads them
    #[arg(long, value_name = "FILE")]
    pub(crate) values: Option<String>,
    /// Who asks, as `kyverno apply --userinfo` reads it
    #[arg(long, value_name = "FILE")]
    pub(crate) user_info: Option<String>,
    /// What the cluster would answer: objects, and documents of kind `Facts`
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: Vec<String>,
    /// What is done to the objects: create, update, delete or connect
    /// [default: create, or update for an object that --old or the cluster has]
    #[arg(long, value_name = "OPERATION", value_parser = operation)]
    pub(crate) operation: Option<Operation>,
    /// The objects as they were
    #[arg(long, value_name = "PATH")]
    pub(crate) old: Vec<String>,
    /// How to say it, and to which file: human, concise or json
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]", default_value = "human")]
    pub(crate) outputs: Vec<Output>,
    #[command(flatten)]
    pub(crate) exit: ExitArguments,
}

const TEST_EXAMPLES: &str = "Examples:\n  \
    ajj policy test policies/                                run every suite below a directory\n  \
    ajj policy test --filter policy=require-labels policies/ run some rows\n  \
    ajj policy test --coverage rego/                         tests in Rego, and what they miss\n  \
    ajj policy test -o json policies/                        for other tools\n\n\
    Exit codes:\n  \
    0  every row passed\n  \
    1  a row failed, or has no answer\n  \
    2  the tool could not do its work: a suite or policy that cannot be read\n  \
    3  there is no row";

#[derive(Debug, Args)]
#[command(after_help = TEST_EXAMPLES)]
pub(crate) struct TestArguments {
    /// Suites, or directories that hold some
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<String>,
    /// Rows to show and count: `policy=..`, `rule=..`, `resource=..`, wildcards allowed
    #[arg(long, value_name = "KEY=VALUE,...", value_delimiter = ',')]
    pub(crate) filter: Vec<RowFilter>,
    /// Count rows as the upstream runner does, false greens included
    #[arg(long)]
    pub(crate) compat: bool,
    /// Say which lines of Rego policies the tests went through
    #[arg(long)]
    pub(crate) coverage: bool,
    /// How to say it, and to which file: human or json
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]", default_value = "human")]
    pub(crate) outputs: Vec<Output>,
}

const REPLAY_EXAMPLES: &str = "Examples:\n  \
    ajj policy replay review.json                     answer one review, as the API server would get it\n  \
    ajj policy replay --verbose reviews.jsonl         with the whole decision of each\n  \
    ajj policy replay --facts cluster.yaml review.json  with what the cluster would say\n\n\
    Exit codes:\n  \
    0  every review was answered, whatever the verdicts\n  \
    2  a review, a policy or a file of facts could not be read\n  \
    3  there is no review";

#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(crate) struct ReplayArguments {
    /// Reviews: files with one, a list, or one a line; `-` for stdin
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<String>,
    /// Policies: a file, a directory or a glob; give it again for more
    #[arg(short, long, value_name = "PATH", default_value = "policies")]
    pub(crate) policies: Vec<String>,
    /// What the cluster would answer: objects, and documents of kind `Facts`
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: Vec<String>,
    /// Write each decision whole beside its answer
    #[arg(long)]
    pub(crate) verbose: bool,
}

/// One condition on the rows of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowFilter {
    Policy(String),
    Rule(String),
    Resource(String),
}

impl FromStr for RowFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(format!(
                "`{text}` has no `=`; expected `policy=..`, `rule=..` or `resource=..`"
            ));
        };
        match key.trim() {
            "policy" => Ok(Self::Policy(value.to_owned())),
            "rule" => Ok(Self::Rule(value.to_owned())),
            "resource" => Ok(Self::Resource(value.to_owned())),
            key => Err(unknown("key", key, &["policy", "rule", "resource"])),
        }
    }
}

/// Where a report goes, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) format: Format,
    /// `None` for stdout.
    pub(crate) file: Option<PathBuf>,
}

/// The formats of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Human,
    Concise,
    Json,
}

const FORMATS: &[(&str, Format)] =
    &[("human", Format::Human), ("concise", Format::Concise), ("json", Format::Json)];

/// Formats that have a name already, and are not built yet.
const LATER_FORMATS: &[&str] =
    &["sarif", "junit", "github", "gitlab", "tap", "azure", "markdown", "rdjson", "openreports"];

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file name is expected after `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        match FORMATS.iter().find(|(known, _)| *known == name) {
            Some((_, format)) => Ok(Self { format: *format, file }),
            None => Err(unknown_format(name)),
        }
    }
}

fn unknown_format(name: &str) -> String {
    let known = FORMATS.iter().map(|(known, _)| *known);
    if LATER_FORMATS.contains(&name) {
        return format!(
            "format `{name}` is not available in this build; human, concise and json are"
        );
    }
    match nearest(name, known.chain(LATER_FORMATS.iter().copied())) {
        Some(near) => format!("unknown format `{name}`; did you mean `{near}`?"),
        None => format!("unknown format `{name}`; human, concise and json are known"),
    }
}

fn action(word: &str) -> Result<Action, String> {
    let known = [Action::Deny, Action::Warn, Action::Audit];
    let found = known.into_iter().find(|action| action.as_str() == word.trim());
    found.ok_or_else(|| unknown("action", word, &known.map(Action::as_str)))
}

fn operation(word: &str) -> Result<Operation, String> {
    let known = ["create", "update", "delete", "connect"];
    let found = Operation::parse(&word.to_ascii_uppercase());
    found.ok_or_else(|| unknown("operation", word, &known))
}

fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("unknown {what} `{word}`; did you mean `{near}`?"),
        None => format!("unknown {what} `{word}`; expected one of {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Arguments, Format, Output, RowFilter, action, operation};

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn outputs() {
        let output = |text: &str| text.parse::<Output>();
        assert_eq!(output("json"), Ok(Output { format: Format::Json, file: None }));
        assert_eq!(
            output("human=a=b.txt"),
            Ok(Output { format: Format::Human, file: Some("a=b.txt".into()) })
        );
        for (text, message) in [
            ("jsn", "unknown format `jsn`; did you mean `json`?"),
            ("serif", "unknown format `serif`; did you mean `sarif`?"),
            ("pdf", "unknown format `pdf`; human, concise and json are known"),
            ("json=", "a file name is expected after `=`"),
            (
                "sarif=x",
                "format `sarif` is not available in this build; human, concise and json are",
            ),
        ] {
            assert_eq!(output(text), Err(message.to_owned()));
        }
    }

    #[test]
    fn words_that_are_not_known_name_the_nearest() {
        assert_eq!(action("denny"), Err("unknown action `denny`; did you mean `deny`?".to_owned()));
        assert_eq!(
            operation("patch"),
            Err("unknown operation `patch`; expected one of create, update, delete, connect"
                .to_owned())
        );
        assert_eq!(
            "rules=a".parse::<RowFilter>(),
            Err("unknown key `rules`; did you mean `rule`?".to_owned())
        );
        assert_eq!(
            "web".parse::<RowFilter>(),
            Err("`web` has no `=`; expected `policy=..`, `rule=..` or `resource=..`".to_owned())
        );
    }
}
