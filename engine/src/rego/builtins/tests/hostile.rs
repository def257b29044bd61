//! Inputs that would take too much: the evaluation ends with an error, soon.

use super::answer;

#[test]
fn what_would_be_too_much_ends_the_evaluation() {
    let long = "a".repeat(100_000);
    let many = format!("[{}]", vec!["1"; 100_000].join(","));
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let classes = "\\\\pL".repeat(4_000);
    for (name, arguments) in [
        ("numbers.range", "[1,1000000000]".to_owned()),
        ("numbers.range", "[1,1e1000000000]".to_owned()),
        ("numbers.range_step", "[0,100000000000000000000,1]".to_owned()),
        ("sprintf", format!("[\"{}\",[1]]", "%999999[1]d".repeat(100))),
        ("sprintf", format!("[\"{}\",[1.5]]", "%.999999[1]f".repeat(100))),
        ("replace", format!("[\"{long}\",\"a\",\"{long}\"]")),
        ("strings.replace_n", format!("[{{\"a\":\"{long}\"}},\"{long}\"]")),
        ("regex.replace", format!("[\"{long}\",\"a\",\"{long}\"]")),
        ("bits.lsh", "[1,1000000000000]".to_owned()),
        ("mul", "[1e1000000000,2]".to_owned()),
        ("div", "[1.5e1000000000,2]".to_owned()),
        ("floor", "[1e1000000000]".to_owned()),
        ("sum", "[[1e4999,1.5e-4999,1e5001]]".to_owned()),
        ("product", format!("[[{}]]", vec!["1e4000"; 100].join(","))),
        ("net.cidr_expand", "[\"::/0\"]".to_owned()),
        ("net.cidr_expand", "[\"10.0.0.0/4\"]".to_owned()),
        ("object.union", format!("[{deep_object},{deep_object}]")),
        ("object.subset", format!("[{{\"a\":{deep_object},\"b\":1}},{deep_object}]")),
        ("json.filter", format!("[{{}},[\"{}\"]]", "a/".repeat(5_000))),
        (
            "json.patch",
            format!(
                "[{deep},[{{\"op\":\"add\",\"path\":\"{}\",\"value\":1}}]]",
                "0/".repeat(4_000)
            ),
        ),
        ("object.subset", format!("[{many},{many}]").replace("1]]", "2]]")),
        ("walk", format!("[{deep}]")),
        ("graph.reachable_paths", {
            let nodes = (0..40).map(|node| {
                let edges: Vec<String> = (0..40).map(|node| node.to_string()).collect();
                format!("\"{node}\":[\"{}\"]", edges.join("\",\""))
            });
            format!("[{{{}}},[\"0\"]]", nodes.collect::<Vec<_>>().join(","))
        }),
        ("strings.any_prefix_match", format!("[[{0}],[{0}]]", vec!["\"a\""; 10_000].join(","))),
        ("regex.globs_match", format!("[\"{0}\",\"{0}b\"]", "a*".repeat(10_000))),
        ("http.send", "[{}]".to_owned()),
        ("net.lookup_ip_addr", "[\"a\"]".to_owned()),
    ] {
        let found = answer(name, &arguments);
        let arguments: String = arguments.chars().take(60).collect();
        assert!(found.starts_with("halt: "), "{name}({arguments}) {found:.80}");
    }
    // Patterns are bounded by their own limits: an error, and no wait.
    for (name, arguments) in [
        ("regex.match", format!("[\"{}\",\"a\"]", "(a{1000}){1000}".repeat(10))),
        ("regex.match", format!("[\"{classes}\",\"a\"]")),
        ("regex.match", format!("[\"{}\",\"a\"]", "(".repeat(16_000))),
        ("glob.match", format!("[\"{}\",[],\"a\"]", "{".repeat(5_000))),
        ("glob.match", format!("[\"{}\",[],\"a\"]", "[".repeat(5_000))),
        ("json.unmarshal", format!("[\"{}\"]", "[".repeat(200_000))),
        ("yaml.unmarshal", format!("[\"{}\"]", "[".repeat(200_000))),
        ("time.format", "[1e1000000000]".to_owned()),
    ] {
        let found = answer(name, &arguments);
        let refused = found.starts_with("error: ") || found.starts_with("halt: ");
        assert!(refused, "{name} {found:.80}");
    }
}

#[test]
fn what_is_deep_is_read_and_written() {
    let deep = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
    assert_eq!(answer("json.marshal", &format!("[{deep}]")), format!("\"{deep}\""));
    let text = answer("json.unmarshal", &format!("[\"{deep}\"]"));
    assert_eq!(text, deep);
    assert_eq!(answer("json.is_valid", &format!("[\"{deep}\"]")), "true");
    answer("yaml.marshal", &format!("[{deep}]"));
}

#[test]
fn schemas_that_lead_nowhere_end() {
    for (arguments, expected) in [
        (r##"["1", {"$ref": "#"}]"##, "halt"),
        (r##"["[[[1]]]", {"items": {"$ref": "#"}}]"##, "[true, []]"),
        (r##"["1", {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}]"##, "halt"),
        (r##"["1", {"$ref": "http://a/b"}]"##, "error"),
    ] {
        let found = answer("json.match_schema", arguments);
        assert!(found.starts_with(expected), "{arguments} {found:.80}");
    }
}
