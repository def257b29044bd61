use super::Value;

#[test]
fn floats_are_written_as_go_writes_them() {
    for (value, text) in
        [(3.0, "3"), (0.5, "0.5"), (1e21, "1e+21"), (1e20, "100000000000000000000"), (1e-7, "1e-7")]
    {
        assert_eq!(Value::Float(value).to_json(), text);
    }
}

#[test]
fn markup_and_control_characters_are_escaped() {
    assert_eq!(Value::from("<a>&\u{1}\n\"").to_json(), r#""\u003ca\u003e\u0026\u0001\n\"""#);
}
