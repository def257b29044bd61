//! Which paths of the API server may be written to.

use super::Write;
use super::path::sendable;
use crate::live::rights::{Right, WRITES};
use ajj_engine::Method;

/// Reads a path as it may be sent with a verb.
pub(super) fn writable(write: Write, path: &str) -> Result<String, String> {
    if path.contains(['?', '%']) {
        return Err(format!("the path `{}` has a query or a code", path.escape_debug()));
    }
    let checked = sendable(Method::Get, path)?;
    let Some(target) = target(path) else {
        return Err(format!("the path `{path}` is not that of an object, a list or a status"));
    };
    let (verb, wanted) = match write {
        Write::Get => ("get", "an object"),
        Write::Create => ("create", "a list"),
        Write::Apply => ("patch", "an object"),
        Write::Merge => ("patch", "an object or a status"),
        Write::Delete => ("delete", "an object"),
    };
    let fits = match target.part {
        Part::List => write == Write::Create,
        Part::Object => write != Write::Create,
        Part::Status => write == Write::Merge,
    };
    if !fits {
        return Err(format!("the path `{path}` is not that of {wanted}"));
    }
    let allows = |right: &&Right| {
        let resource = match target.part {
            Part::Status => right.resource.strip_suffix("/status"),
            Part::List | Part::Object => Some(right.resource),
        };
        right.group == target.group && resource == Some(target.resource)
    };
    match WRITES.iter().find(allows).filter(|right| right.verbs.contains(&verb)) {
        Some(_) => Ok(checked),
        None => Err(format!("`{verb}` of the path `{path}` is not among what may be changed")),
    }
}

struct Target<'p> {
    group: &'p str,
    resource: &'p str,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    List,
    Object,
    Status,
}

fn target(path: &str) -> Option<Target<'_>> {
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let (group, rest) = match steps.as_slice() {
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return None,
    };
    let rest = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() && !namespace.is_empty() => rest,
        rest => rest,
    };
    let (resource, part) = match rest {
        [resource] => (resource, Part::List),
        [resource, name] if !name.is_empty() => (resource, Part::Object),
        [resource, name, "status"] if !name.is_empty() => (resource, Part::Status),
        _ => return None,
    };
    Some(Target { group, resource, part })
}

#[cfg(test)]
mod tests {
    use super::{Write, writable};

    const SECRET: &str = "/api/v1/namespaces/ajj/secrets/ajj-webhook-ca";
    const CONFIGURATION: &str =
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/ajj";

    #[test]
    fn what_may_be_changed() {
        for (write, path) in [
            (Write::Get, SECRET),
            (Write::Create, "/api/v1/namespaces/ajj/secrets"),
            (Write::Merge, SECRET),
            (Write::Apply, CONFIGURATION),
            (Write::Create, "/apis/events.k8s.io/v1/namespaces/n/events"),
            (Write::Delete, "/apis/openreports.io/v1alpha1/namespaces/n/reports/r"),
            (Write::Delete, "/apis/wgpolicyk8s.io/v1alpha2/clusterpolicyreports/r"),
            (Write::Merge, "/apis/coordination.k8s.io/v1/namespaces/ajj/leases/ajj-audit"),
            (Write::Merge, "/apis/kyverno.io/v1/clusterpolicies/p/status"),
            (Write::Merge, "/apis/kyverno.io/v1/namespaces/n/policies/p/status"),
        ] {
            assert_eq!(writable(write, path).as_deref(), Ok(path));
        }
    }

    #[test]
    fn what_may_not() {
        for (write, path) in [
            (Write::Create, SECRET),
            (Write::Delete, SECRET),
            (Write::Delete, CONFIGURATION),
            (Write::Delete, "/apis/openreports.io/v1alpha1/namespaces/n/reports"),
            (Write::Delete, "/apis/coordination.k8s.io/v1/namespaces/ajj/leases/ajj-audit"),
            (Write::Apply, "/api/v1/namespaces/ajj/secrets"),
            (Write::Merge, "/api/v1/namespaces/ajj/secrets/x/status"),
            (Write::Apply, "/apis/kyverno.io/v1/clusterpolicies/p/status"),
            (Write::Merge, "/apis/kyverno.io/v1/clusterpolicies/p"),
            (Write::Get, "/apis/kyverno.io/v1/clusterpolicies/p/status"),
            (Write::Create, "/api/v1/namespaces/ajj/pods"),
            (Write::Create, "/api/v1/namespaces"),
            (Write::Apply, "/api/v1/namespaces/ajj"),
            (Write::Merge, "/apis/elsewhere.example/v1/secrets/x"),
            (Write::Create, "/api/v1/namespaces/ajj/serviceaccounts/default/token"),
            (Write::Merge, "/api/v1/namespaces/ajj/secrets/"),
            (Write::Merge, "/api/v1/namespaces/ajj/secrets/x?force=true"),
            (Write::Merge, "/api/v1/namespaces/ajj/secrets/%78"),
            (Write::Merge, "/api/v1/namespaces/ajj/../ajj/secrets/x"),
            (Write::Get, "//elsewhere.example/api/v1/namespaces/ajj/secrets/x"),
            (Write::Get, "/api/v1/secrets"),
            (Write::Get, ""),
        ] {
            let answer = writable(write, path);
            assert!(answer.is_err(), "{write:?} {path}: {answer:?}");
        }
    }
}
