//! PolicyException: which results become a skip.
//!
//! Upstream: api/kyverno/v2/policy_exception_types.go, pkg/engine/utils/exceptions.go.

use std::sync::Arc;

use crate::matcher::Matcher;
use crate::scalar::wildcard::Wildcard;

use super::conditions::Conditions;
use super::context::{Context, Document, Stop};
use super::pod_security::Exclusion;
use super::validation::{Exemption, Run};

/// A compiled exception.
#[derive(Debug)]
pub(crate) struct Exception {
    /// `namespace/name`.
    pub(crate) key: Arc<str>,
    pub(crate) exempted: Vec<Exempted>,
    /// Matches what the exception is not about.
    pub(crate) others: Matcher,
    pub(crate) conditions: Option<Conditions>,
    pub(crate) pod_security: Vec<Exclusion>,
    /// Whether it asks for the roles of the user.
    pub(crate) asks_roles: bool,
}

/// Rules of a policy.
#[derive(Debug)]
pub(crate) struct Exempted {
    /// Without wildcards, as upstream.
    pub(crate) policy: Box<str>,
    pub(crate) rules: Vec<Wildcard>,
}

impl Exception {
    /// Takes away from a rule what this exempts it from.
    pub(crate) fn exempt<'t>(&'t self, exemption: &mut Exemption<'t>, is_pod_security: bool) {
        match exemption {
            // There upstream ends at the first exception from all of the rule.
            Exemption::Whole(_) if is_pod_security => {}
            _ if self.pod_security.is_empty() && is_pod_security => {
                let message = format!("rule is skipped due to policy exception {}", self.key);
                *exemption = Exemption::Whole(message);
            }
            Exemption::Whole(message) => {
                message.push_str(", ");
                message.push_str(&self.key);
            }
            _ if self.pod_security.is_empty() => {
                // Upstream leaves no space before the names.
                *exemption = Exemption::Whole(format!(
                    "rule is skipped due to policy exceptions{}",
                    self.key
                ));
            }
            Exemption::None => {
                *exemption = Exemption::Controls {
                    exclusions: self.pod_security.iter().collect(),
                    keys: vec![&self.key],
                };
            }
            Exemption::Controls { exclusions, keys } => {
                exclusions.extend(&self.pod_security);
                keys.push(&self.key);
            }
        }
    }

    /// Whether the exception names a rule, whose name may be meant with wildcards.
    pub(crate) fn names(&self, policy: &str, rule: &str) -> bool {
        self.exempted.iter().any(|exempted| {
            *exempted.policy == *policy && exempted.rules.iter().any(|name| name.matches(rule))
        })
    }

    /// Whether its conditions hold. Conditions that cannot be evaluated exempt nothing.
    pub(crate) fn applies<'t>(
        &'t self,
        run: Run<'t>,
        document: &Document<'t>,
    ) -> Result<bool, Stop> {
        let Some(conditions) = &self.conditions else { return Ok(true) };
        let mut context = Context::new(document, run.surroundings, run.policy.1);
        match conditions.evaluate(&mut context) {
            Ok(verdict) => Ok(verdict.holds),
            Err(Stop::Failed(_)) => Ok(false),
            Err(Stop::Missing) => Err(Stop::Missing),
        }
    }
}
