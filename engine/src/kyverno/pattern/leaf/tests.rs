use proptest::prelude::*;

use super::*;
use crate::scalar::quantity::Quantity;
use crate::scalar::{duration, wildcard};

fn matches(value: &Value<'_>, pattern: &Value<'_>) -> bool {
    Leaf::compile(pattern).matches(value)
}

#[test]
fn texts() {
    for (pattern, matching, others) in [
        ("", &[""][..], &["x", "0"][..]),
        ("*", &["", "x", "5"], &[]),
        ("?*", &["x", "10"], &[""]),
        ("?", &["x", "é"], &["", "xy"]),
        ("a* | ?b", &["a1", "xb", "a* | ?b"], &["c", " a"]),
        ("a*&*b", &["ab", "a-b"], &["a", "b"]),
        (" a ", &["a", " a "], &[" a"]),
        ("!*:latest", &["nginx:1", ""], &["nginx:latest"]),
        ("!", &["!"], &["x"]),
        ("!1h", &["61m", "x", "1"], &["60m", "3600s"]),
        ("!1024Mi", &["1Mi", "x"], &["1Gi"]),
        (">5", &["6", "5.5", "1k", ">5"], &["5", "x", "6h", ""]),
        ("> 1Gi", &["1025Mi"], &["1Gi"]),
        (">=1h", &["60m", "1h"], &["59m", "10"]),
        ("<0", &["-5", "-1Gi"], &["0"]),
        (">1.3.0", &[">1.3.0"], &["1.4.1"]),
        ("1-10", &["1", "5", "10", "1-10"], &["0", "11", "x"]),
        ("-10--1", &["-5"], &["0"]),
        ("1!-10", &["0", "11"], &["1", "5"]),
        ("1h-2h", &["90m"], &["5m"]),
        ("1Gi!-2Gi", &["1Mi", "3Gi"], &["1.5Gi"]),
        ("1 - 10", &["1 - 10"], &["5"]),
        ("10.0", &["10", "1e1"], &["100"]),
        ("true", &["true"], &["false"]),
        ("=5", &["=5"], &["5"]),
    ] {
        let leaf = Leaf::compile(&Value::from(pattern));
        for text in matching {
            assert!(leaf.matches(&Value::from(*text)), "`{text}` matches `{pattern}`");
        }
        for text in others {
            assert!(!leaf.matches(&Value::from(*text)), "`{text}` does not match `{pattern}`");
        }
    }
}

#[test]
fn values_of_other_types() {
    let (null, text) = (Value::Null, |text: &'static str| Value::from(text));
    let (int, float) = (|number: i64| Value::from(number), |number: f64| Value::from(number));
    let map = Value::from(std::collections::BTreeMap::new());
    let list = Value::from(vec![text("a")]);
    for (value, pattern, expected) in [
        (&null, &text("*"), false),
        (&null, &text("<5"), true),
        (&null, &text("0"), true),
        (&null, &text("!5"), true),
        (&null, &text("!x"), false),
        (&null, &null, true),
        (&text(""), &null, true),
        (&float(-0.0), &null, true),
        (&Value::Bool(false), &null, true),
        (&list, &null, false),
        (&map, &null, false),
        (&Value::Bool(true), &text("tr*"), true),
        (&Value::Bool(true), &text("!5"), true),
        (&text("true"), &Value::Bool(true), false),
        (&map, &map, true),
        (&list, &map, false),
        (&map, &text("*"), false),
        (&map, &text("!x"), false),
        (&list, &list, false),
        (&text("01"), &int(1), true),
        (&text("1.0"), &int(1), false),
        (&float(1.0), &int(1), true),
        (&float(1.5), &int(1), false),
        (&int(1), &float(1.0), true),
        (&text("1.50"), &float(1.5), true),
        (&float(1e19), &int(i64::MIN), true),
        (&int(5), &text("?"), true),
        (&float(5.0), &text("?"), false),
        (&float(5.0), &text("5E+00"), true),
        (&float(0.1), &text("100m"), true),
        (&float(0.000_000_1), &text("0"), true),
    ] {
        assert_eq!(matches(value, pattern), expected, "{value:?} {pattern:?}");
    }
}

/// The definition, without anything prepared.
fn by_definition(value: &Value<'_>, pattern: &str) -> bool {
    let value_text = match value {
        Value::String(text) if **text == *pattern => return true,
        Value::String(text) => text.to_string(),
        _ => number::format_exponent(value.as_f64().unwrap()),
    };
    let value_number = match value {
        Value::String(text) => text.to_string(),
        _ => number::format_fixed(value.as_f64().unwrap()),
    };
    let compare = |operator: &str, right: &str| {
        let durations = duration::parse(&value_number).zip(duration::parse(right));
        let amounts = Quantity::parse(&value_number).zip(Quantity::parse(right));
        let ordering = durations
            .map(|(left, right)| left.cmp(&right))
            .or(amounts.map(|(left, right)| left.compare(&right)));
        match (ordering, operator) {
            (Some(ordering), "") => ordering.is_eq(),
            (Some(ordering), "!") => ordering.is_ne(),
            (Some(ordering), ">") => ordering.is_gt(),
            (Some(ordering), ">=") => ordering.is_ge(),
            (Some(ordering), "<") => ordering.is_lt(),
            (Some(ordering), _) => ordering.is_le(),
            (None, "") => wildcard::matches(right, &value_text),
            (None, "!") => !wildcard::matches(right, &value_text),
            (None, _) => false,
        }
    };
    let end = "([-|+]?[0-9]+(?:\\.[0-9]+)?[A-Za-z]*)";
    let range = regex::Regex::new(&format!("^{end}(!?)-{end}$")).unwrap();
    let holds = |test: &str| {
        let operator = [">=", "<=", ">", "<", "!"]
            .into_iter()
            .find(|operator| test.len() >= 2 && test.starts_with(operator));
        if let Some(operator) = operator {
            return compare(operator, test[operator.len()..].trim());
        }
        match range.captures(test) {
            Some(found) if found[2].is_empty() => {
                compare(">=", &found[1]) && compare("<=", &found[3])
            }
            Some(found) => compare("<", &found[1]) || compare(">", &found[3]),
            None => compare("", test.trim()),
        }
    };
    pattern.split('|').any(|alternative| {
        alternative.trim_matches(' ').split('&').all(|test| holds(test.trim_matches(' ')))
    })
}

proptest! {
    #[test]
    fn what_is_compiled_agrees_with_the_definition(
        pattern in "([<>]?=?!? ?(-?[0-9]{1,2}[.mhGi]{0,2}|[ab*?]{0,3})( ?[|&] ?|!?-)?){1,3}",
        text in "-?[0-9]{0,2}[.mhGiab]{0,3}",
        number in -99.0..99.0f64,
    ) {
        for value in [Value::from(&*text), Value::from(number), Value::from(number.trunc())] {
            let found = matches(&value, &Value::from(&*pattern));
            prop_assert_eq!(found, by_definition(&value, &pattern), "{:?} {}", value, pattern);
        }
    }
}
