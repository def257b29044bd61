use super::*;
use crate::read::{Limits, read};
use crate::source::Source;

/// What is said of parameters, at their places.
fn check(schema: &str, legacy: bool, parameters: &str) -> Vec<String> {
    let text = format!("schema: {schema}\nparameters: {parameters}\n");
    let documents = read(&Source::new("c.yaml", text), &Limits::default()).documents;
    let problems = Problems::of(&documents[0]);
    let root = documents[0].tree().root();
    let schema = Schema { node: root.get("schema").unwrap(), legacy };
    schema.check(root.get("parameters").unwrap(), &problems);
    let said = problems.into_diagnostics().into_iter().map(|found| {
        let text = &*documents[0].source().text;
        let place = found.span.map(|span| text[span.start..span.end].to_owned()).unwrap();
        let help = found.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{place}: {}{help}", found.message)
    });
    said.collect()
}

#[test]
fn values_are_held_against_their_schema() {
    for (schema, parameters, expected) in [
        ("{type: object, properties: {a: {type: string}}}", "{a: x}", &[] as &[&str]),
        (
            "{type: object, properties: {a: {type: string}}}",
            "{a: 1}",
            &["1: `a` must be a string, found the number 1"],
        ),
        (
            "{type: object, properties: {a: {type: string}}}",
            "[]",
            &["[]: `parameters` must be a map, found a list"],
        ),
        (
            "{type: object, properties: {a: {type: integer}}}",
            "{a: 1.5}",
            &["1.5: `a` must be a whole number, found the number 1.5"],
        ),
        ("{type: object, properties: {a: {type: integer}}}", "{a: 2.0}", &[]),
        (
            "{type: object, properties: {a: {type: boolean}}}",
            "{a: 'true'}",
            &["'true': `a` must be true or false, found `true`"],
        ),
        (
            "{type: object, properties: {labels: {type: array, items: {type: string}}}}",
            "{lables: [a]}",
            &["lables: unknown field `lables` in `parameters`; did you mean `labels`?"],
        ),
        (
            "{type: object}",
            "{a: 1}",
            &["a: unknown field `a` in `parameters`; the template's schema has no such field"],
        ),
        ("{type: object, x-kubernetes-preserve-unknown-fields: true}", "{a: 1}", &[]),
        (
            "{type: object, additionalProperties: {type: string}}",
            "{a: 1}",
            &["1: `a` must be a string, found the number 1"],
        ),
        (
            "{type: object, required: [a], properties: {a: {type: string}}}",
            "{}",
            &["{}: `parameters` needs `a`"],
        ),
        (
            "{type: object, properties: {a: {type: array, items: {type: object, properties: {b: {type: string}}}}}}",
            "{a: [{b: x}, {b: 2}]}",
            &["2: `b` must be a string, found the number 2"],
        ),
        (
            "{type: object, properties: {a: {type: string, enum: [x, w]}}}",
            "{a: z}",
            &["z: `a` cannot be `z`; one of: \"x\", \"w\""],
        ),
        (
            "{type: object, properties: {a: {type: string, pattern: '^x'}}}",
            "{a: zx}",
            &["zx: `a` is `zx`, which does not match; the pattern is `^x`"],
        ),
        (
            "{type: object, properties: {a: {type: integer, minimum: 2, maximum: 4}}}",
            "{a: 5}",
            &["5: `a` is 5, above the limit of 4"],
        ),
        (
            "{type: object, properties: {a: {type: integer, minimum: 2, exclusiveMinimum: true}}}",
            "{a: 2}",
            &["2: `a` is 2, below the limit of 2"],
        ),
        (
            "{type: object, properties: {a: {type: array, items: {type: string}, minItems: 1}}}",
            "{a: []}",
            &["[]: `a` has the length 0, `minItems` is 1"],
        ),
        ("{type: object, properties: {a: {x-kubernetes-int-or-string: true}}}", "{a: 50%}", &[]),
        (
            "{type: object, properties: {a: {x-kubernetes-int-or-string: true}}}",
            "{a: []}",
            &["[]: `a` must be a whole number or a string, found a list"],
        ),
        ("{type: object, properties: {a: {type: string, nullable: true}}}", "{a: null}", &[]),
        (
            "{type: object, properties: {a: {type: string}}}",
            "{a: null}",
            &["null: `a` must be a string, found null"],
        ),
        (
            "{type: object, properties: {a: {type: string}, b: {type: string}}, anyOf: [{required: [a]}, {required: [b]}]}",
            "{}",
            &["{}: `parameters` fits none of the schema's `anyOf`"],
        ),
        (
            "{type: object, properties: {a: {type: string}, b: {type: string}}, oneOf: [{required: [a]}, {required: [b]}]}",
            "{a: x, b: x}",
            &["{a: x, b: x}: `parameters` fits 2 of the schema's `oneOf`, it has to fit one"],
        ),
        (
            "{type: object, properties: {a: {type: string}}, not: {required: [a]}}",
            "{a: x}",
            &["{a: x}: `parameters` fits what the schema's `not` excludes"],
        ),
    ] {
        assert_eq!(check(schema, false, parameters), expected, "{schema} {parameters}");
    }
}

#[test]
fn a_legacy_schema_keeps_what_it_does_not_name() {
    let schema = "{properties: {a: {type: string}}}";
    assert_eq!(check(schema, true, "{b: 1}"), [] as [&str; 0]);
    assert_eq!(check(schema, true, "{a: 1}"), ["1: `a` must be a string, found the number 1"]);
}

#[test]
fn what_is_given_is_filled_in() {
    let filled = |schema: &str, parameters: Option<&str>| {
        let text = format!("schema: {schema}\nparameters: {}\n", parameters.unwrap_or("null"));
        let documents = read(&Source::new("c.yaml", text), &Limits::default()).documents;
        let root = documents[0].tree().root();
        let schema = Schema { node: root.get("schema").unwrap(), legacy: false };
        let value = parameters.and_then(|_| root.get("parameters"));
        schema.filled(value).unwrap().root().to_json()
    };
    let nested = "{type: object, properties: {a: {type: string, default: x}, b: {type: object, \
                  default: {}, properties: {c: {type: integer, default: 1}}}, d: {type: array, \
                  items: {type: object, properties: {e: {type: boolean, default: true}}}}}}";
    for (schema, parameters, expected) in [
        ("{type: object}", None, "{}"),
        ("{type: object}", Some("{a: [1, x]}"), r#"{"a":[1,"x"]}"#),
        (nested, None, "{}"),
        (nested, Some("{}"), r#"{"a":"x","b":{"c":1}}"#),
        (nested, Some("{a: null, b: {c: 2}}"), r#"{"a":"x","b":{"c":2}}"#),
        (
            nested,
            Some("{d: [{}, {e: false}]}"),
            r#"{"a":"x","b":{"c":1},"d":[{"e":true},{"e":false}]}"#,
        ),
        ("{type: object, default: {a: 1}}", None, r#"{"a":1}"#),
    ] {
        assert_eq!(filled(schema, parameters), expected, "{schema} {parameters:?}");
    }
}

#[test]
fn a_schema_that_no_server_takes_is_said() {
    let check = |schema: &str, legacy: bool| -> Vec<String> {
        let documents = read(&Source::new("t.yaml", schema), &Limits::default()).documents;
        let problems = Problems::of(&documents[0]);
        Schema { node: documents[0].tree().root(), legacy }.check_structure(&problems);
        let found = problems.into_diagnostics().into_iter();
        found.map(|found| format!("{} {}", found.code, found.message)).collect()
    };
    for (schema, legacy, expected) in [
        (
            "{type: object, properties: {a: {type: array, items: {type: string}}}}",
            false,
            &[] as &[&str],
        ),
        (
            "{properties: {a: {type: string}}}",
            false,
            &["missing-field the schema of `openAPIV3Schema` needs a `type`"],
        ),
        ("{properties: {a: {items: {}}}}", true, &[]),
        (
            "{type: object, properties: {a: {type: array}}}",
            false,
            &["missing-field `a` is a list and needs `items`"],
        ),
        (
            "{type: object, properties: {a: {type: text}}}",
            false,
            &["unknown-word `type` cannot be `text`"],
        ),
        (
            "{type: object, requred: [a]}",
            false,
            &["unknown-field `requred` is no word of a schema: it says nothing"],
        ),
        ("{type: object, anyOf: [{required: [a]}]}", false, &[]),
        (
            "{type: object, properties: {a: {type: string, pattern: '('}}}",
            false,
            &[
                "pattern `pattern` of `a` is no regular expression: error parsing regexp: missing closing ): `(`",
            ],
        ),
    ] {
        assert_eq!(check(schema, legacy), expected, "{schema}");
    }
}

#[test]
fn deep_and_wide_parameters_are_refused_and_not_followed() {
    let deep =
        "{type: object, additionalProperties: ".repeat(80) + "{type: string}" + &"}".repeat(80);
    let value = "{a: ".repeat(80) + "x" + &"}".repeat(80);
    let said = check(&deep, false, &value);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("too large or too deep"), "{said:?}");
}
