//! What a policy of a namespace asks for, whatever the object it judges says.

use ajj_engine::{Evaluation, FactKey, Facts, PolicySet, Source, compile};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{policy, widget};

/// Context entries that the object fills in, each in a policy of the namespace `own`: the first
/// that fails ends its rule.
const ENTRIES: &[(&str, &str)] = &[
    (
        "map",
        "configMap: {name: '{{ request.object.spec.name }}', namespace: '{{ request.object.spec.ns }}'}",
    ),
    ("near", "apiCall: {urlPath: '/api/v1/namespaces/own/secrets/{{ request.object.spec.name }}'}"),
    (
        "far",
        "apiCall: {urlPath: '/apis/apps/v1/namespaces/{{ request.object.spec.ns }}/deployments'}",
    ),
    ("whole", "apiCall: {urlPath: '{{ request.object.spec.path }}', method: POST}"),
];

fn set() -> PolicySet {
    let source = |(name, entry): &(&str, &str)| {
        let source = policy(
            name,
            &format!(
                "    context: [{{name: v, {entry}}}]\n    validate: {{message: m, deny: {{conditions: \
                 {{any: [{{key: '{{{{ to_string(v) }}}}', operator: Equals, value: x}}]}}}}}}"
            ),
        );
        let text = source.text.replace("kind: ClusterPolicy", "kind: Policy");
        let text = text.replace("\nspec:", "\n  namespace: own\nspec:");
        Source::new(format!("{name}.yaml"), text)
    };
    let sources: Vec<_> = ENTRIES.iter().map(source).collect();
    let (set, diagnostics) = compile(&sources);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    set
}

fn asked(set: &PolicySet, namespace: &str, name: &str, path: &str) -> Vec<String> {
    let text = |text: &str| ajj_engine::Value::from(text).to_json();
    let spec =
        format!(r#"{{"ns":{},"name":{},"path":{}}}"#, text(namespace), text(name), text(path));
    let Evaluation::Needs(keys) = set.evaluate(&widget(&spec), &Facts::default()) else {
        return Vec::new();
    };
    let path = |key: FactKey| match key {
        FactKey::Api { path, .. } => path.to_string(),
        other => other.to_string(),
    };
    keys.into_iter().map(path).collect()
}

#[test]
fn its_own_namespace_is_read() {
    assert_eq!(
        asked(&set(), "own", "x", "/apis/x.test/v1/namespaces/own/things?a=b"),
        [
            "/api/v1/namespaces/own/configmaps/x",
            "/api/v1/namespaces/own/secrets/x",
            "/apis/apps/v1/namespaces/own/deployments",
            "/apis/x.test/v1/namespaces/own/things?a=b",
        ]
    );
    assert_eq!(asked(&set(), "other", "../x", "/api/v1/pods"), [""; 0]);
}

const WORDS: &[&str] = &[
    "own",
    "own",
    "other",
    "/",
    "/",
    "..",
    ".",
    "%2e%2e",
    "%2f",
    "\\",
    "?",
    "#",
    ";",
    "x",
    "secrets",
    "/api/v1/namespaces/own/",
    "/api/v1/namespaces/",
    "/apis/apps/v1/",
    "\n",
    "{{ x }}",
    " ",
];

fn words() -> impl Strategy<Value = String> {
    vec(select(WORDS), 0..6).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_object_leads_it_elsewhere(namespace in words(), name in words(), path in words()) {
        let set = set();
        for asked in asked(&set, &namespace, &name, &path) {
            let steps: Vec<&str> = asked.split('?').next().unwrap().split('/').collect();
            let below = match steps.as_slice() {
                ["", "api", _, "namespaces", "own", below @ ..] => below,
                ["", "apis", _, _, "namespaces", "own", below @ ..] => below,
                _ => &[],
            };
            prop_assert!(!below.is_empty(), "{asked}");
            for step in below {
                let odd = |character: char| !character.is_ascii_alphanumeric() && !"-._".contains(character);
                prop_assert!(!step.contains(odd) && !["", ".", ".."].contains(step), "{asked}");
            }
        }
    }
}
