use ajj_engine::Operation;

use super::{ResourceKinds, parse};

const REQUEST: &str = r#""uid": "u1", "operation": "CREATE", "name": "web", "namespace": "shop",
    "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
    "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
    "userInfo": {"username": "alice", "groups": ["devs", "system:authenticated"],
        "extra": {"example.com/team": ["a", "b"]}},
    "object": {"kind": "Deployment", "spec": {"replicas": 3}}, "oldObject": null,
    "options": {"kind": "CreateOptions"}, "dryRun": true"#;

fn review(request: &str) -> String {
    format!(
        r#"{{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {{{request}}}}}"#
    )
}

fn read(body: &[u8]) -> Result<ajj_engine::Request, String> {
    let time = "2026-01-01T00:00:00Z".parse().unwrap();
    parse(body, &ResourceKinds::default(), time).map_err(|problem| problem.to_string())
}

/// The same request with one text in place of another.
fn changed(from: &str, to: &str) -> Result<ajj_engine::Request, String> {
    assert!(REQUEST.contains(from), "`{from}`");
    read(review(&REQUEST.replace(from, to)).as_bytes())
}

#[test]
fn everything_that_a_review_says_is_kept() {
    let request = read(review(REQUEST).as_bytes()).unwrap();
    assert_eq!(request.uid, "u1");
    assert_eq!(request.operation, Operation::Create);
    assert_eq!((&*request.kind.group, &*request.kind.kind), ("apps", "Deployment"));
    assert_eq!(&*request.resource.resource, "deployments");
    assert_eq!((request.namespace.as_deref(), &*request.name), (Some("shop"), "web"));
    let user = request.user.unwrap();
    assert_eq!((&*user.username, user.groups.iter().count()), ("alice", 2));
    let extra = [("example.com/team", ["a", "b"])].into_iter().collect();
    assert_eq!(user.extra, extra);
    let object = request.object.unwrap();
    assert_eq!(object.root().to_json(), r#"{"kind":"Deployment","spec":{"replicas":3}}"#);
    assert!(request.old_object.is_none() && request.asked.is_none() && request.dry_run);
    assert!(request.options.is_some() && request.resource_kind.is_none());
}

#[test]
fn what_the_server_converted_is_told_apart_from_what_was_asked() {
    let asked = r#""dryRun": true,
        "requestKind": {"group": "extensions", "version": "v1beta1", "kind": "Deployment"},
        "requestResource": {"group": "extensions", "version": "v1beta1", "resource": "deployments"}"#;
    let request = changed(r#""dryRun": true"#, asked).unwrap();
    assert_eq!(&*request.asked.unwrap().kind.group, "extensions");
    let same = asked.replace("extensions", "apps").replace("v1beta1", "v1");
    assert!(changed(r#""dryRun": true"#, &same).unwrap().asked.is_none());
}

#[test]
fn rules_match_the_kind_of_the_resource() {
    let kind = r#""kind": {"group": "apps", "version": "v1", "kind": "Deployment"}"#;
    let scale = r#""subResource": "scale", "kind": {"group": "autoscaling", "version": "v1", "kind": "Scale"}"#;
    let request = changed(kind, scale).unwrap();
    assert_eq!(&*request.kind.kind, "Scale");
    assert_eq!(&*request.matched_kind().kind, "Deployment");
    // A status update carries the object itself.
    let status = format!(r#""subResource": "status", {kind}"#);
    assert!(changed(kind, &status).unwrap().resource_kind.is_none());
    // A resource that nobody has heard of keeps the kind that was sent.
    let unknown = changed(kind, scale).map(|_| REQUEST.replace(kind, scale)).unwrap();
    let unknown = unknown.replace("deployments", "gadgets");
    let request = read(review(&unknown).as_bytes()).unwrap();
    assert_eq!(&*request.matched_kind().kind, "Scale");
}

#[test]
fn what_is_no_review_is_refused_with_what_was_expected() {
    let whole = review(REQUEST);
    let deep = |depth: usize| {
        let lists = "[".repeat(depth) + &"]".repeat(depth);
        changed(r#""replicas": 3"#, &format!(r#""replicas": {lists}"#))
    };
    // The API server takes objects of 10,000 levels.
    assert!(deep(9_900).is_ok());
    for (name, found, expected) in [
        ("nothing", read(b""), "expected one AdmissionReview in JSON: "),
        ("no JSON", read(b"hello"), "expected one AdmissionReview in JSON: "),
        ("cut", read(&whole.as_bytes()[..whole.len() - 2]), "expected one AdmissionReview in JSON"),
        ("more", read((whole.clone() + "x").as_bytes()), "expected one AdmissionReview in JSON"),
        ("mark", read(("\u{feff}".to_owned() + &whole).as_bytes()), "expected one AdmissionReview"),
        ("latin-1", read(b"{\"a\": \"\xe9\"}"), "expected UTF-8, found another byte at offset 7"),
        ("UTF-16", read(&[0xff, 0xfe, 0x7b, 0]), "expected UTF-8, found another byte at offset 0"),
        ("deep", deep(100_000), "lists and maps stand more than 10000 deep"),
        ("list", read(b"[]"), "expected apiVersion `admission.k8s.io/v1`"),
        ("kind", read(br#"{"kind": "Pod", "apiVersion": "v1"}"#), "found `v1` and `Pod`"),
        (
            "version",
            read(whole.replace("k8s.io/v1", "k8s.io/v1beta1").as_bytes()),
            "found `admission.k8s.io/v1beta1` and `AdmissionReview`",
        ),
        (
            "null",
            read(whole.replace("\"request\": {", "\"request\": null, \"x\": {").as_bytes()),
            "expected a map in `request`",
        ),
        ("uid", changed(r#""uid": "u1""#, r#""uid": """#), "expected a text in `uid`"),
        ("operation", changed("CREATE", "PATCH"), "in `request.operation`, found `PATCH`"),
        (
            "no object",
            changed(r#""object": {"#, r#""thing": {"#),
            "expected an object in `request.object` of a CREATE, found none",
        ),
        (
            "delete",
            changed("CREATE", "DELETE"),
            "expected an object in `request.oldObject` of a DELETE, found none",
        ),
        (
            "object",
            changed(r#""oldObject": null"#, r#""oldObject": 3"#),
            "expected an object or null in `oldObject`",
        ),
        (
            "groups",
            changed(r#"["devs", "system:authenticated"]"#, "[3]"),
            "expected a list of texts in `groups`",
        ),
        (
            "user",
            changed(r#""userInfo": {"#, r#""userInfo": 1, "x": {"#),
            "expected a map in `userInfo`",
        ),
        ("dryRun", changed("true", "\"yes\""), "expected true or false in `dryRun`"),
        (
            "twice",
            changed(r#""replicas": 3"#, r#""replicas": 3, "replicas": 4"#),
            "key `replicas` is there twice",
        ),
        (
            "twice, escaped",
            changed(r#""replicas": 3"#, r#""replicas": 3, "\u0072eplicas": 4"#),
            "key `replicas` is there twice",
        ),
        ("surrogate", changed(r#""alice""#, r#""\ud800""#), "expected one AdmissionReview"),
    ] {
        match found {
            Err(problem) => assert!(problem.contains(expected), "{name}: {problem}"),
            Ok(request) => panic!("{name} was read: {request:?}"),
        }
    }
}

#[test]
fn nothing_of_a_text_is_repeated_that_could_do_harm() {
    let word = format!("\u{1b}[2J{}", "x".repeat(10_000));
    let escaped = serde_json::to_string(&word).unwrap();
    let problem = changed(r#""CREATE""#, &escaped).unwrap_err();
    assert!(!problem.contains('\u{1b}') && problem.len() < 300, "{problem}");
}
