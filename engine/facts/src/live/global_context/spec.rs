//! What an entry says it gathers.

use std::time::Duration;

use ajj_engine::jmespath::Expression;
use ajj_engine::scalar::duration;
use ajj_engine::{FactKey, Method, Node, Tree, Value};

/// How often a call is made if the entry does not say; as upstream has it.
const REFRESH: Duration = Duration::from_secs(600);
/// The shortest interval: an entry is for what all rules share, not for what each needs now.
const SHORTEST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Spec {
    pub(super) source: Source,
    /// Names of projections with their expressions.
    pub(super) projections: Vec<(Box<str>, Expression)>,
}

#[derive(Debug)]
pub(super) enum Source {
    /// The objects below a path, kept by a watch.
    Resource(String),
    /// The answer of a call, made again and again.
    Call { key: FactKey, every: Duration },
}

impl Spec {
    pub(super) fn parse(object: &Tree) -> Result<Self, String> {
        let spec = object.root().get("spec").ok_or("has no spec")?;
        let given = |key: &str| spec.get(key).filter(|node| !node.is_null());
        let source = match (given("kubernetesResource"), given("apiCall")) {
            (Some(resource), None) => Source::Resource(resource_path(resource)?),
            (None, Some(call)) => parse_call(call)?,
            _ => return Err("needs either `kubernetesResource` or `apiCall`".to_owned()),
        };
        let mut projections = Vec::new();
        for item in given("projections").and_then(Node::as_list).iter().flat_map(|list| list.iter())
        {
            let (name, path) = (text(item, "name"), text(item, "jmesPath"));
            let expression = Expression::parse(path)
                .map_err(|error| format!("has the projection `{name}` that is wrong: {error}"))?;
            projections.push((name.into(), expression));
        }
        Ok(Self { source, projections })
    }
}

fn text<'t>(node: Node<'t>, key: &str) -> &'t str {
    node.get(key).and_then(Node::as_str).unwrap_or_default()
}

fn resource_path(resource: Node<'_>) -> Result<String, String> {
    let part = |key: &str| match text(resource, key) {
        part if part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) => {
            Ok(part)
        }
        part => Err(format!("has the {key} `{part}`, which is none")),
    };
    let (group, version) = (part("group")?, part("version")?);
    let (namespace, plural) = (part("namespace")?, part("resource")?);
    if version.is_empty() || plural.is_empty() {
        return Err("needs `version` and `resource`".to_owned());
    }
    let head = match group {
        "" => format!("/api/{version}"),
        group => format!("/apis/{group}/{version}"),
    };
    Ok(match namespace {
        "" => format!("{head}/{plural}"),
        namespace => format!("{head}/namespaces/{namespace}/{plural}"),
    })
}

fn parse_call(call: Node<'_>) -> Result<Source, String> {
    let method = match text(call, "method") {
        "" | "GET" => Method::Get,
        "POST" => Method::Post,
        method => return Err(format!("has the method `{method}`: expected GET or POST")),
    };
    let body = match method {
        Method::Get => String::new(),
        Method::Post => body(call),
    };
    let key = match (text(call, "urlPath"), call.get("service").filter(|node| !node.is_null())) {
        ("", Some(service)) => FactKey::Service {
            method,
            url: text(service, "url").into(),
            body: body.into(),
            headers: pairs(service, "headers")
                .map(|(name, value)| {
                    (name.to_owned(), value.as_str().unwrap_or_default().to_owned())
                })
                .collect(),
            ca_bundle: text(service, "caBundle").into(),
        },
        (path, None) if !path.is_empty() => {
            FactKey::Api { method, path: path.into(), body: body.into() }
        }
        _ => return Err("needs either `urlPath` or `service`".to_owned()),
    };
    let every = match text(call, "refreshInterval") {
        "" => REFRESH,
        interval => duration::parse(interval)
            .and_then(|nanoseconds| u64::try_from(nanoseconds).ok())
            .map(Duration::from_nanos)
            .ok_or_else(|| format!("has the refreshInterval `{interval}`, which is no duration"))?,
    };
    Ok(Source::Call { key, every: every.max(SHORTEST) })
}

fn pairs<'t>(node: Node<'t>, list: &str) -> impl Iterator<Item = (&'t str, Node<'t>)> {
    let items = node.get(list).and_then(Node::as_list);
    let items: Vec<_> = items.iter().flat_map(|items| items.iter()).collect();
    items.into_iter().filter_map(|item| Some((item.get("key")?.as_str()?, item.get("value")?)))
}

fn body(call: Node<'_>) -> String {
    let fields = pairs(call, "data").map(|(key, value)| (key.into(), Value::from(value)));
    Value::from(fields.collect::<std::collections::BTreeMap<_, _>>()).to_json()
}

#[cfg(test)]
mod tests {
    use ajj_engine::{Limits, parse_json};

    use super::{Source, Spec};

    fn parse(spec: &str) -> Result<String, String> {
        let object = parse_json(format!(r#"{{"spec":{spec}}}"#), &Limits::default()).unwrap();
        Spec::parse(&object).map(|spec| match spec.source {
            Source::Resource(path) => format!("{path} {}", spec.projections.len()),
            Source::Call { key, every } => format!("{key} {}s", every.as_secs()),
        })
    }

    #[test]
    fn specs() {
        for (spec, expected) in [
            (r#"{"kubernetesResource":{"version":"v1","resource":"pods"}}"#, "/api/v1/pods 0"),
            (
                r#"{"kubernetesResource":{"group":"apps","version":"v1","resource":"deployments","namespace":"a"},"projections":[{"name":"x","jmesPath":"length(@)"}]}"#,
                "/apis/apps/v1/namespaces/a/deployments 1",
            ),
            (r#"{"apiCall":{"urlPath":"/version"}}"#, "GET /version 600s"),
            (
                r#"{"apiCall":{"service":{"url":"https://a.test"},"method":"POST","refreshInterval":"1m30s"}}"#,
                "POST https://a.test 90s",
            ),
            (r#"{"apiCall":{"urlPath":"/version","refreshInterval":"1ms"}}"#, "GET /version 1s"),
        ] {
            assert_eq!(parse(spec).as_deref(), Ok(expected), "{spec}");
        }
        for spec in [
            "{}",
            r#"{"kubernetesResource":{"version":"v1"}}"#,
            r#"{"kubernetesResource":{"version":"v1","resource":"pods/../secrets"}}"#,
            r#"{"kubernetesResource":{"version":"v1","resource":"pods"},"apiCall":{"urlPath":"/x"}}"#,
            r#"{"kubernetesResource":{"version":"v1","resource":"pods"},"projections":[{"name":"x","jmesPath":"]"}]}"#,
            r#"{"apiCall":{}}"#,
            r#"{"apiCall":{"urlPath":"/version","refreshInterval":"soon"}}"#,
            r#"{"apiCall":{"urlPath":"/version","method":"PUT"}}"#,
        ] {
            assert!(parse(spec).is_err(), "{spec}");
        }
    }
}
