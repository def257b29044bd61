//! Policies from files: looked at twice a second, read again when something changed.
//!
//! A kubelet replaces a mounted ConfigMap by swapping a link, which file events miss; looking is
//! right in every case and costs one `stat` a file.

use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{Diagnostic, Source};
use tracing::{error, info, warn};

use super::{Policies, Refused};

/// How often files are looked at: a change takes effect within a second.
const PAUSE: Duration = Duration::from_millis(400);

/// Where policies stand; the command line knows how to walk folders and globs.
pub trait Files: Send + 'static {
    /// Changes when a file changes, comes or goes.
    fn stamp(&self) -> u64;
    /// Reads everything.
    fn load(&self) -> (Vec<Source>, Vec<Diagnostic>);
}

/// Keeps looking at files, and lets what changed decide.
pub(crate) async fn poll(files: impl Files, first_stamp: u64, policies: Arc<Policies>) {
    let mut files = files;
    let mut known = first_stamp;
    loop {
        tokio::time::sleep(PAUSE).await;
        let policies = Arc::clone(&policies);
        // Reading and compiling take a thread of their own: requests go on.
        let looked = tokio::task::spawn_blocking(move || {
            let mut stamp = files.stamp();
            if stamp != known {
                stamp = take(&files, stamp, &policies);
            }
            (files, stamp)
        });
        match looked.await {
            Ok((looked_at, stamp)) => (files, known) = (looked_at, stamp),
            Err(defect) => {
                error!(%defect, "a defect of ajj: policies are not looked at any more");
                return;
            }
        }
    }
}

/// How often files are read again that change while they are read.
const ATTEMPTS: usize = 5;

/// Reads files in one state of theirs, and hands back its stamp: a part of one set and a part of
/// the next would be a set that nobody wrote.
pub(crate) fn read(files: &impl Files, mut stamp: u64) -> (u64, (Vec<Source>, Vec<Diagnostic>)) {
    for _ in 1..ATTEMPTS {
        let read = files.load();
        let after = files.stamp();
        if after == stamp {
            return (stamp, read);
        }
        stamp = after;
    }
    (stamp, files.load())
}

/// Lets the policies of files decide; hands back the stamp of what was read.
fn take(files: &impl Files, stamp: u64, policies: &Policies) -> u64 {
    let (stamp, (sources, diagnostics)) = read(files, stamp);
    match policies.offer(&sources, diagnostics) {
        Ok(warnings) => {
            let current = policies.current();
            let digest = current.as_ref().map(|enforced| enforced.digest.as_str());
            info!(digest, "policies replaced");
            warnings.iter().for_each(|warning| tell(warning, &sources));
        }
        Err(Refused { diagnostics }) => {
            diagnostics.iter().for_each(|diagnostic| tell(diagnostic, &sources));
            error!("policies refused; those before go on to decide");
        }
    }
    stamp
}

/// Logs a diagnostic with its place.
pub(crate) fn tell(diagnostic: &Diagnostic, sources: &[Source]) {
    let place = diagnostic.span.as_ref().map(|span| {
        let source = sources.iter().find(|source| source.name == span.source);
        match source.map(|source| source.line_column(span.start)) {
            Some(place) => format!("{}:{}:{}", span.source, place.line, place.column),
            None => span.source.to_string(),
        }
    });
    let (place, help) = (place.unwrap_or_default(), diagnostic.help.as_deref().unwrap_or_default());
    match diagnostic.severity {
        ajj_engine::Severity::Error => {
            error!(code = diagnostic.code, place, help, "{}", diagnostic.message);
        }
        ajj_engine::Severity::Warning => {
            warn!(code = diagnostic.code, place, help, "{}", diagnostic.message);
        }
    }
}
