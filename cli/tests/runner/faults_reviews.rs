//! Reviews that are made to do harm: each is refused or judged, and others are answered meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::admission::{Folder, Stopping, is_allowed, keep_asking, review, serve};
use crate::served::Served;

/// What has to come back: a status, and with 200 a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Status(u16),
    Allowed,
    Denied,
}

use Wanted::{Allowed, Denied, Status};

fn answer(served: &Served, body: &[u8]) -> Wanted {
    let reply = served.post("/validate?timeout=10s", body);
    match reply.status {
        200 if reply.json()["response"]["allowed"] == true => Allowed,
        200 => Denied,
        status => Status(status),
    }
}

/// A review of a Pod that the policy denies, with something in place of a part of it.
fn with(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(review("u1", json!({"hostNetwork": true, "x": 0}))).unwrap();
    assert!(text.contains(from), "`{from}` is not in {text}");
    text.replace(from, to).into_bytes()
}

fn texts() -> Vec<(&'static str, Vec<u8>, Wanted)> {
    let whole = with("u1", "u1");
    let utf16 = |text: &[u8]| text.iter().flat_map(|byte| [*byte, 0]).collect::<Vec<u8>>();
    let cut = whole.get(..whole.len() / 2).unwrap().to_vec();
    vec![
        ("not JSON", b"hello".to_vec(), Status(400)),
        ("nothing but space", b"   ".to_vec(), Status(400)),
        ("truncated", cut, Status(400)),
        ("UTF-16", utf16(&whole), Status(400)),
        ("a byte order mark", [b"\xef\xbb\xbf", whole.as_slice()].concat(), Status(400)),
        ("bytes that are no UTF-8", [b"\xff\xfe", whole.as_slice()].concat(), Status(400)),
        ("NUL", [whole.as_slice(), b"\0"].concat(), Status(400)),
        ("something behind it", [whole.as_slice(), b"{}"].concat(), Status(400)),
        ("protobuf", b"k8s\0\x0a\x10\x0a\x02v1".to_vec(), Status(400)),
        ("a list", b"[]".to_vec(), Status(400)),
    ]
}

fn values() -> Vec<(&'static str, Vec<u8>, Wanted)> {
    let host = "\"hostNetwork\":true";
    vec![
        ("an escaped key", with(host, "\"\\u0068ostNetwork\":true"), Denied),
        ("a lone surrogate", with("\"x\":0", "\"x\":\"\\ud800\""), Status(400)),
        ("NUL in a text", with("\"x\":0", "\"x\":\"\\u0000\""), Denied),
        // Whichever an API server takes: one that hides another is not let through.
        (
            "two of a key, the bad one last",
            with(host, "\"hostNetwork\":false,\"hostNetwork\":true"),
            Status(400),
        ),
        (
            "two of a key, the bad one first",
            with(host, "\"hostNetwork\":true,\"hostNetwork\":false"),
            Status(400),
        ),
        ("a number beyond all", with("\"x\":0", "\"x\":1e309"), Status(400)),
        ("minus zero", with("\"x\":0", "\"x\":-0"), Denied),
        ("2^63", with("\"x\":0", "\"x\":9223372036854775808"), Denied),
        (
            "a number of many digits",
            with("\"x\":0", &format!("\"x\":{}", "9".repeat(100_000))),
            Denied,
        ),
        ("no number", with("\"x\":0", "\"x\":01"), Status(400)),
        ("a text in place of a boolean", with(host, "\"hostNetwork\":\"true\""), Denied),
    ]
}

fn reviews() -> Vec<(&'static str, Vec<u8>, Wanted)> {
    let object = String::from_utf8(with("u1", "u1")).unwrap();
    let at = object.find("\"object\":").unwrap();
    let object = &object[at..object.len() - 2];
    vec![
        ("v1beta1", with("admission.k8s.io/v1", "admission.k8s.io/v1beta1"), Status(400)),
        ("another kind", with("\"AdmissionReview\"", "\"Pod\""), Status(400)),
        ("no uid", with("\"uid\":\"u1\"", "\"uid\":\"\""), Status(400)),
        ("an unknown operation", with("CREATE", "PATCH"), Status(400)),
        ("no object", with(object, "\"object\":null"), Status(400)),
        ("an object that is a list", with(object, "\"object\":[]"), Status(400)),
        ("DELETE without the old object", with("CREATE", "DELETE"), Status(400)),
        ("CONNECT", with("CREATE", "CONNECT"), Denied),
        (
            "an old object that is a text",
            with("\"oldObject\":null", "\"oldObject\":\"\""),
            Status(400),
        ),
        ("a user that is a list", with("{\"username\":\"alice\"}", "[]"), Status(400)),
        ("no user", with("{\"username\":\"alice\"}", "null"), Denied),
        ("a dry run that is a text", with("\"dryRun\":false", "\"dryRun\":\"no\""), Status(400)),
        ("no namespace", with("\"namespace\":\"shop\",\"object\"", "\"object\""), Denied),
    ]
}

/// Lists and maps in one another, at several places of a review.
fn deep() -> Vec<(String, Vec<u8>, Wanted)> {
    let mut cases = Vec::new();
    for (depth, wanted) in [(127, Denied), (129, Denied), (9_900, Denied), (100_000, Status(400))] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let depth = depth / open.matches(['[', '{']).count();
            let nest = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let extra = format!("{{\"username\":\"alice\",\"x\":{nest}}}");
            for (place, body) in [
                ("object", with("\"x\":0", &format!("\"x\":{nest}"))),
                (
                    "oldObject",
                    with("\"oldObject\":null", &format!("\"oldObject\":{{\"x\":{nest}}}")),
                ),
                ("options", with("\"dryRun\":false", &format!("\"options\":{{\"x\":{nest}}}"))),
                ("userInfo", with("{\"username\":\"alice\"}", &extra)),
            ] {
                cases.push((format!("{depth} `{open}` in {place}"), body, wanted));
            }
        }
    }
    cases
}

#[test]
fn hostile_reviews_are_refused_or_judged_while_others_are_answered() {
    let folder = Folder::new("hostile");
    let served = serve(&folder, &["--workers", "1"]);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stopping = Stopping(&stop);
        let wants = |host_network: bool, allowed: bool| assert_eq!(allowed, !host_network);
        let (served, stop) = (&served, &stop);
        let asking = scope.spawn(move || keep_asking(served, 2, stop, wants));
        let told: Vec<String> = [texts(), values(), reviews()]
            .into_iter()
            .flatten()
            .map(|(name, body, wanted)| (name.to_owned(), body, wanted))
            .chain(deep())
            .filter_map(|(name, body, wanted)| {
                let found = answer(served, &body);
                (found != wanted).then(|| format!("{name}: expected {wanted:?}, found {found:?}"))
            })
            .collect();
        stop.store(true, Ordering::SeqCst);
        assert!(!asking.join().unwrap().is_empty());
        assert!(told.is_empty(), "{}", told.join("\n"));
    });
}

#[test]
fn objects_as_large_as_an_api_server_takes_are_judged_by_all_policies() {
    let folder = Folder::new("largest");
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies");
    let served = Served::start(&folder.0, &["-p", policies, "--workers", "1"], None);
    let containers = |number: usize, each: &dyn Fn(usize) -> Value| -> Value {
        (0..number).map(each).collect::<Vec<_>>().into()
    };
    let plain = |number: usize| json!({"name": format!("c{number}"), "image": "i"});
    let variables: Vec<Value> =
        (0..50_000).map(|number| json!({"name": format!("V{number}"), "value": "v"})).collect();
    let many: serde_json::Map<String, Value> =
        (0..250_000).map(|number| (format!("k{number}"), json!(""))).collect();
    let bad = |number: usize| {
        json!({"name": format!("c{number}"), "image": "i",
        "securityContext": {"privileged": true, "capabilities": {"add": ["SYS_ADMIN"]}}})
    };
    let one = json!([{"name": "c", "image": "i", "securityContext": {"privileged": true}}]);
    for (name, spec) in [
        ("containers", json!({"hostNetwork": true, "containers": containers(90_000, &plain)})),
        ("containers that fail", json!({"containers": containers(25_000, &bad)})),
        ("a text", json!({"containers": one, "x": "x".repeat(3 << 20)})),
        (
            "variables",
            json!({"containers": [{"name": "c", "image": "i", "env": variables,
            "securityContext": {"privileged": true}}]}),
        ),
        ("a map", json!({"containers": one, "nodeSelector": many})),
        (
            "volumes",
            json!({"containers": one, "volumes": containers(60_000,
            &|number| json!({"name": format!("v{number}"), "hostPath": {"path": "/"}}))}),
        ),
    ] {
        let body = review("u1", spec);
        assert!(body.len() < 7 << 20, "{name}: {}", body.len());
        assert_eq!(answer(&served, &body), Denied, "{name}");
    }
    assert!(served.status("VmHWM") < 256 << 10, "{} KiB", served.status("VmHWM"));
    assert!(!is_allowed(&served, true));
}
