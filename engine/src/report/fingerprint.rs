//! Names a finding in a way that moving lines, files and other findings do not change.

use sha2::{Digest, Sha256};

use super::ObjectIdentity;
use crate::decision::RuleResult;

/// Sixteen hexadecimal digits over policy, rule, object and path.
pub(super) fn of(result: &RuleResult, object: &ObjectIdentity, path: &str) -> String {
    let mut hash = Sha256::new();
    let parts = [
        &*result.rule.policy_kind,
        &*result.rule.policy,
        &*result.name,
        &object.api_version,
        &object.kind,
        &object.namespace,
        &object.name,
        path,
    ];
    for part in parts {
        // The length keeps `a` + `bc` apart from `ab` + `c`.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
