//! The policies of a cluster at one moment, for whoever judges once and goes.

use ajj_engine::{Diagnostic, FactError, Source};
use ajj_facts::{Live, PageError};

use super::check::{Finding, check};
use super::cluster::KINDS;
use crate::exceptions::{DOES_NOT_COUNT, ExceptionsFrom};

/// The policies and exceptions of a cluster.
#[derive(Clone, Debug, Default)]
pub struct ListedPolicies {
    /// One for each, named as `ClusterPolicy/require-labels`, `Policy/shop/no-root`.
    pub sources: Vec<Source>,
    /// What is wrong or odd in them. They came as JSON, so that places are fields.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the policies of a cluster, with the exceptions that count. One that has none of their kinds
/// has no policies.
///
/// The error says which list could not be read, and why.
pub async fn list_policies(
    live: &Live,
    exceptions: &ExceptionsFrom,
) -> Result<ListedPolicies, String> {
    let mut found = ListedPolicies::default();
    for (resource, versions) in KINDS {
        for version in versions {
            let path = format!("/apis/kyverno.io/{version}/{resource}");
            let objects = match live.list(&path).await {
                Ok(objects) => objects,
                Err(PageError::Failed(FactError::NotFound)) => continue,
                Err(error) => return Err(format!("cannot list {path}: {error}")),
            };
            for object in objects {
                let checked = check(object.root());
                let name = &checked.source.name;
                let errors = checked.errors.iter();
                let errors = errors
                    .map(|found| told(found, Diagnostic::error(found.code, said(name, found))));
                let warnings = checked.warnings.iter();
                let warnings = warnings
                    .map(|found| told(found, Diagnostic::warning(found.code, said(name, found))));
                found.diagnostics.extend(errors.chain(warnings));
                if exceptions.ignores(object.root()) {
                    let message = format!("{name}: {DOES_NOT_COUNT}");
                    found.diagnostics.push(Diagnostic::warning("exception-ignored", message));
                    continue;
                }
                found.sources.push(checked.source);
            }
            break;
        }
    }
    Ok(found)
}

fn said(policy: &str, finding: &Finding) -> String {
    match finding.field.as_str() {
        "" => format!("{policy}: {}", finding.message),
        field => format!("{policy}, {field}: {}", finding.message),
    }
}

fn told(finding: &Finding, diagnostic: Diagnostic) -> Diagnostic {
    match finding.help.as_str() {
        "" => diagnostic,
        help => diagnostic.help(help),
    }
}
