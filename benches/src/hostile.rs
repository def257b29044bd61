//! Reviews that are made to cost a server much.

/// A review, and what its name in a table is.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// What is odd about it.
    pub name: String,
    /// What is sent.
    pub body: Vec<u8>,
}

/// The most that an API server takes of an object, in bytes.
const LARGEST: usize = 3 << 20;

/// All of them: deep, wide, long, and such as are no reviews at all.
pub fn hostile() -> Vec<Hostile> {
    let spec = |name: &str, spec: String| Hostile { name: name.to_owned(), body: review(&spec) };
    let repeated = |count: usize, item: &dyn Fn(usize) -> String| {
        (0..count).map(item).collect::<Vec<_>>().join(",")
    };
    let container = |number: usize| format!(r#"{{"name":"c{number}","image":"i"}}"#);
    let failing = |number: usize| {
        format!(
            r#"{{"name":"c{number}","image":"i","securityContext":{{"privileged":true,"capabilities":{{"add":["SYS_ADMIN"]}}}}}}"#
        )
    };
    let mut all = vec![
        spec("100,000 containers", list("containers", &repeated(100_000, &container))),
        spec("25,000 containers that fail", list("containers", &repeated(25_000, &failing))),
        spec("a map of 250,000 entries", {
            format!(
                r#""nodeSelector":{{{}}}"#,
                repeated(250_000, &|number| format!(r#""k{number}":"""#))
            )
        }),
        spec("a text of 3 MiB", format!(r#""x":"{}""#, "x".repeat(LARGEST))),
        spec("a text of 3 MiB of escapes", format!(r#""x":"{}""#, "\\n".repeat(LARGEST / 2))),
        spec("50,000 variables", {
            let variables =
                repeated(50_000, &|number| format!(r#"{{"name":"V{number}","value":"v"}}"#));
            list(
                "containers",
                &format!(r#"{{"name":"c","image":"i",{}}}"#, list("env", &variables)),
            )
        }),
        spec("a number of 1,000,000 digits", format!(r#""x":{}"#, "9".repeat(1_000_000))),
        Hostile { name: "not JSON".to_owned(), body: vec![b'x'; LARGEST] },
        Hostile { name: "space".to_owned(), body: vec![b' '; LARGEST] },
    ];
    for depth in [127, 9_900, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            all.push(spec(&format!("{depth} `{open}` in one another"), format!(r#""x":{nested}"#)));
        }
    }
    all
}

fn list(key: &str, items: &str) -> String {
    format!(r#""{key}":[{items}]"#)
}

fn review(spec: &str) -> Vec<u8> {
    format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u1","operation":"CREATE","name":"web-0","namespace":"shop","kind":{{"group":"","version":"v1","kind":"Pod"}},"resource":{{"group":"","version":"v1","resource":"pods"}},"userInfo":{{"username":"alice"}},"object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"web-0","namespace":"shop"}},"spec":{{{spec}}}}},"oldObject":null,"dryRun":false}}}}"#
    )
    .into_bytes()
}
