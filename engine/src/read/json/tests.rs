use crate::read::{Limits, parse_json};

fn check(text: &str, expected: &str) {
    let tree = parse_json(text, &Limits::default()).unwrap();
    assert_eq!(tree.root().to_json(), expected, "{text}");
}

fn check_error(text: &str, expected: &str) {
    let error = parse_json(text, &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), expected, "{text}");
}

#[test]
fn values() {
    check(" [ ] ", "[]");
    check(
        r#"{"a": [1, -2, {"b": null}], "": true, "c": false}"#,
        r#"{"":true,"a":[1,-2,{"b":null}],"c":false}"#,
    );
}
