use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{is_object_name, stays_in};

#[test]
fn a_namespaced_policy_reads_its_own_namespace_only() {
    for path in [
        "/api/v1/namespaces/a/configmaps/x",
        "/apis/apps/v1/namespaces/a/deployments?limit=1",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles/system:x",
        "/api/v1/namespaces/a/pods?labelSelector=app in (b,c)",
        // The namespace of the path holds, whatever the query says.
        "/api/v1/namespaces/a/pods?fieldSelector=metadata.namespace=b",
        "/api/v1/namespaces/a/pods?x=/../../b",
    ] {
        assert!(stays_in(path, "a"), "{path}");
        assert!(!stays_in(path, "b"), "{path}");
    }
    for path in [
        "/api/v1/pods",
        "/api/v1/pods?fieldSelector=metadata.namespace=a",
        "/api/v1/namespaces/a",
        "/api/v1/namespaces/a/",
        "/api/v1/namespaces/a?x=/secrets",
        "/api/v1/namespaces/a/../b/secrets/x",
        "/api/v1/namespaces/a/..",
        "/api/v1/namespaces/a/./secrets",
        "/api/v1/namespaces/a%2f..%2fb/secrets",
        "/api/v1/namespaces/a/%2e%2e/b/secrets",
        "/api/v1/namespaces/a/secrets/%252e%252e",
        "/api/v1/namespaces/a/..\\b/secrets",
        "/api/v1/namespaces/a/secrets/x;y",
        "/api/v1//namespaces/a/pods",
        "//api/v1/namespaces/a/pods",
        "/api/v1/namespaces/a/secrets//",
        "/api/v1/namespaces/a/secrets#/../../b",
        "/api/v1/namespaces/a/secrets?x=1#y",
        "/api/v1/namespaces/a/secrets\r\nx",
        "/api/v1/namespaces/a/secrets/\u{ff0e}\u{ff0e}",
        "/api/v1/namespaces/A/secrets",
        "/api/v1/Namespaces/a/secrets",
        "/api/v1/watch/namespaces/a/secrets",
        "/api/watch/namespaces/a/secrets",
        "/apis/apps/proxy/namespaces/a/x",
        "/apis/apps/v1/deployments",
        "/api/namespaces/a/secrets",
        "api/v1/namespaces/a/secrets",
        "https://else.test/api/v1/namespaces/a/secrets",
        "/healthz",
        "",
    ] {
        assert!(!stays_in(path, "a"), "{path}");
    }
}

#[test]
fn names_lead_no_path_away() {
    for name in ["settings", "a.b-c", "kube-root-ca.crt", "Upper", "a_b"] {
        assert!(is_object_name(name), "{name}");
    }
    let long = "a".repeat(254);
    for name in ["", ".", "..", "a/b", "a?b", "a%2fb", "a#", "a b", "a\\b", "\u{e4}", "a\n", &long]
    {
        assert!(!is_object_name(name), "{name}");
    }
}

/// The places to which the most obliging of servers could take a path.
fn readings(path: &str) -> Vec<Vec<String>> {
    let mut texts = vec![path.to_owned()];
    for _ in 0..3 {
        let more: Vec<String> = texts.iter().map(|text| decode(text)).collect();
        texts.extend(more);
    }
    let cut: Vec<String> = texts
        .iter()
        .flat_map(|text| ['?', '#', ';'].map(|mark| text.split(mark).next().unwrap().to_owned()))
        .collect();
    texts.extend(cut);
    texts.iter().map(|text| walk(text)).collect()
}

fn decode(text: &str) -> String {
    let mut decoded = text.to_owned();
    for (code, character) in [("%2f", "/"), ("%2e", "."), ("%5c", "\\"), ("%25", "%")] {
        decoded = decoded.replace(code, character).replace(&code.to_uppercase(), character);
    }
    decoded
}

fn walk(text: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    // What stands in the query of one reading is no step of it.
    let path = text.split('?').next().unwrap();
    for step in path.split(['/', '\\']) {
        match step {
            "" | "." => (),
            ".." => drop(steps.pop()),
            step => steps.push(step.to_lowercase()),
        }
    }
    steps
}

fn is_in(steps: &[String], namespace: &str) -> bool {
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let (["api", version, rest @ ..] | ["apis", _, version, rest @ ..]) = steps.as_slice() else {
        return false;
    };
    !matches!(*version, "watch" | "proxy")
        && matches!(rest, ["namespaces", own, _, ..] if *own == namespace)
}

const WORDS: &[&str] = &[
    "/",
    "/",
    "/",
    "a",
    "b",
    "..",
    ".",
    "%2e%2e",
    "%2E",
    "%2f",
    "%252f",
    "%5c",
    "\\",
    ";",
    "?",
    "#",
    "secrets",
    "pods",
    "x",
    "v1",
    "watch",
    "proxy",
    "namespaces",
    "api",
    "apis",
    "apps",
    "%00",
    "\n",
    " ",
    "A",
    "ä",
    "=",
    "&",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn no_reading_of_a_path_leaves_the_namespace(
        start in select(vec![
            "", "/", "/api/v1/namespaces/a/", "/api/v1/namespaces/a/secrets", "/apis/apps/v1/namespaces/a/",
            "/api/v1/namespaces/", "/api/v1/",
        ]),
        words in vec(select(WORDS), 0..8),
    ) {
        let path = format!("{start}{}", words.concat());
        if stays_in(&path, "a") {
            for steps in readings(&path) {
                prop_assert!(is_in(&steps, "a"), "{path} reads as {steps:?}");
            }
        }
    }

    #[test]
    fn no_configmap_leaves_its_place(
        namespace in vec(select(WORDS), 0..4),
        name in vec(select(WORDS), 0..4),
    ) {
        let (namespace, name) = (namespace.concat(), name.concat());
        if is_object_name(&namespace) && is_object_name(&name) {
            let path = format!("/api/v1/namespaces/{namespace}/configmaps/{name}");
            prop_assert!(stays_in(&path, &namespace), "{path}");
            for steps in readings(&path) {
                let expected = ["api", "v1", "namespaces", &namespace.to_lowercase(), "configmaps", &name.to_lowercase()];
                prop_assert_eq!(&steps, &expected);
            }
        }
    }
}
