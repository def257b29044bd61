use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;
use crate::read::{Limits, parse_json};
use crate::tree::Tree;

fn tree(json: &str) -> Tree {
    parse_json(json, &Limits::default()).unwrap()
}

/// Checks rows of operator, key, value (as a policy writes them, in JSON) and answer.
fn check(rows: &[(&str, &str, &str, bool)]) {
    for (operator, key, value, expected) in rows {
        let (key_tree, value_tree) = (tree(key), tree(value));
        let answer = holds(
            Operator::parse(operator).unwrap(),
            &Value::from(key_tree.root()),
            &Value::from(value_tree.root()),
        );
        assert_eq!(answer, Ok(*expected), "{key} {operator} {value}");
    }
}

#[test]
fn operators_are_read_as_written() {
    for operator in Operator::ALL {
        assert_eq!(Operator::parse(operator.as_str()), Some(operator));
    }
    assert_eq!(Operator::parse("Equal"), Some(Operator::Equals));
    assert_eq!(Operator::parse("NotEqual"), Some(Operator::NotEquals));
    assert_eq!(Operator::parse("equals"), None);
    assert_eq!(Operator::parse("Matches"), None);
}

#[test]
fn equality_depends_on_the_kind_of_the_key() {
    check(&[
        ("Equals", "true", "true", true),
        ("Equals", "true", "\"true\"", false),
        ("Equals", "5", "\"5\"", true),
        ("Equals", "5", "5.0", true),
        ("Equals", "\"5\"", "5", false),
        ("Equals", "1.5", "\"1.50\"", true),
        ("Equals", "\"1h\"", "\"60m\"", true),
        ("Equals", "\"1h\"", "3600", true),
        ("Equals", "3600", "\"1h\"", false),
        ("Equals", "\"1Gi\"", "\"1024Mi\"", true),
        ("Equals", "\"5\"", "\"*\"", false),
        ("NotEquals", "\"5\"", "\"*\"", true),
        ("Equals", "\"abc\"", "\"a*\"", true),
        ("Equals", "\"a*\"", "\"abc\"", false),
        ("Equals", "null", "null", false),
        ("NotEquals", "null", "1", false),
        ("Equals", "[1, {\"a\": null}]", "[1, {\"a\": null}]", true),
        ("Equals", "[\"a\", \"b\"]", "[\"b\", \"a\"]", false),
        ("Equals", "{\"a\": 1}", "{\"b\": 1}", false),
        ("Equals", "[]", "{}", false),
    ]);
}

#[test]
fn membership_matches_wildcards_both_ways() {
    check(&[
        ("AnyIn", "\"nginx\"", "[\"ng*\"]", true),
        ("AnyIn", "\"ng*\"", "[\"nginx\"]", true),
        ("AnyIn", "[\"x\", \"ng*\"]", "[\"nginx\"]", true),
        ("AnyIn", "[1, 2]", "[\"2\", \"3\"]", true),
        ("AnyIn", "true", "[true]", true),
        ("AnyIn", "null", "[null]", false),
        ("AnyIn", "[null]", "[null]", true),
        ("AnyIn", "{}", "[\"map[]\"]", false),
        ("AnyIn", "[{\"a\": [1]}]", "[\"map[a:[1]]\"]", true),
        ("AnyIn", "[\"a\"]", "\"[\\\"a\\\"]\"", true),
        ("AnyIn", "[\"a\", \"b\"]", "\"a\"", true),
        ("AnyIn", "[2, 5]", "5", true),
        ("AllIn", "[5]", "5", false),
        ("AnyNotIn", "[2, 5]", "5", true),
        ("AllNotIn", "[2]", "5", false),
        ("AllIn", "[\"a\", \"b\"]", "[\"b\", \"?\"]", true),
        ("AllIn", "[\"a\", \"c\"]", "[\"a\", \"b\"]", false),
        ("AllIn", "[]", "[\"a\"]", true),
        ("AllNotIn", "[]", "[\"a\"]", true),
        ("AnyIn", "[]", "[\"a\"]", false),
        ("AnyNotIn", "[\"a\", \"c\"]", "[\"a\"]", true),
        ("AllNotIn", "[\"a\", \"c\"]", "[\"a\"]", false),
        ("AnyNotIn", "\"a\"", "\"b\"", true),
        ("AnyNotIn", "\"a\"", "\"5\"", false),
        ("AnyNotIn", "\"a\"", "5", false),
    ]);
}

#[test]
fn ranges_stand_where_a_list_could() {
    check(&[
        ("AnyIn", "5", "\"1-10\"", true),
        ("AnyIn", "\"5\"", "\"1-3\"", false),
        ("AnyIn", "[1, 5]", "\"7-10\"", false),
        ("AnyIn", "[1.002]", "\"1.001-10\"", true),
        ("AnyIn", "\"512Mi\"", "\"100Mi-1Gi\"", true),
        ("AllIn", "[3, 2]", "\"1-10\"", true),
        ("AllIn", "[3, 12]", "\"1-10\"", false),
        ("AllNotIn", "[3, 2]", "\"5-10\"", true),
        ("AllNotIn", "[2, 6]", "\"5-10\"", false),
        ("AllNotIn", "[\"a\"]", "\"5-10\"", true),
        ("AnyNotIn", "[1, 5, 11]", "\"0-10\"", true),
        ("AnyNotIn", "[1, 5]", "\"0-10\"", false),
        ("AnyNotIn", "[\"a\"]", "\"0-10\"", false),
        ("AnyNotIn", "[1]", "\"-5-10\"", true),
        ("AnyIn", "-3", "\"-5--1\"", true),
    ]);
}

#[test]
fn deprecated_membership_has_no_wildcards_in_lists() {
    check(&[
        ("In", "\"abc\"", "[\"a*\"]", true),
        ("In", "[\"abc\"]", "[\"a*\"]", false),
        ("In", "[\"a\"]", "[\"a\", \"b\"]", true),
        ("In", "[\"a\", \"c\"]", "[\"a\", \"b\"]", false),
        ("NotIn", "[\"a\", \"c\"]", "[\"a\", \"b\"]", true),
        ("In", "[\"a\"]", "[\"a\", 1]", false),
        ("NotIn", "[\"c\"]", "[\"a\", 1]", false),
        ("In", "[\"a\"]", "\"a\"", true),
        ("NotIn", "[\"a\"]", "\"a\"", true),
        ("NotIn", "\"a\"", "\"b\"", false),
        ("NotIn", "\"a\"", "\"[\\\"b\\\"]\"", true),
        ("In", "true", "[true]", true),
        ("In", "null", "[null]", false),
    ]);
    let key = Value::from(vec![Value::from("a"), Value::Int(1)]);
    let error = holds(Operator::NotIn, &key, &Value::Null).unwrap_err();
    assert_eq!(
        error.to_string(),
        "operator `NotIn` needs strings in the list of its key, found `1`"
    );
}

#[test]
fn order_is_that_of_durations_amounts_numbers_or_versions() {
    check(&[
        ("GreaterThan", "\"90m\"", "\"1h\"", true),
        ("GreaterThan", "7200", "\"1h\"", true),
        ("GreaterThan", "\"7200\"", "\"1h\"", true),
        ("LessThan", "\"1h\"", "3601", true),
        ("GreaterThan", "\"1Gi\"", "\"1G\"", true),
        ("GreaterThan", "\"10\"", "9", true),
        ("GreaterThan", "10", "\"9.5\"", true),
        ("GreaterThan", "\"1Gi\"", "5", false),
        ("LessThanOrEquals", "\"1.9.0\"", "\"1.10.0\"", true),
        ("LessThan", "\"1.10.0-rc.1\"", "\"1.10.0\"", true),
        ("LessThan", "\"v1.9.0\"", "\"v1.10.0\"", false),
        ("GreaterThanOrEquals", "\"abc\"", "\"abc\"", false),
        ("GreaterThanOrEquals", "true", "true", false),
        ("GreaterThanOrEquals", "\"nan\"", "\"nan\"", false),
        ("DurationGreaterThan", "3601", "\"1h\"", true),
        ("DurationGreaterThan", "\"1h\"", "3600.9", false),
        ("DurationGreaterThanOrEquals", "\"1h\"", "3600.9", true),
        ("DurationLessThan", "\"0\"", "\"1ns\"", true),
        ("DurationLessThan", "\"5\"", "\"1h\"", false),
    ]);
}

#[test]
fn results_of_expressions_hold_floats() {
    let map = tree("{\"x\": 1, \"y\": [\"a\", {\"z\": 2}]}");
    let written = Value::from(map.root());
    let computed = from_expression(&written);
    assert_eq!(holds(Operator::Equals, &computed, &written), Ok(false));
    assert_eq!(holds(Operator::NotEquals, &computed, &written), Ok(true));
    assert_eq!(holds(Operator::Equals, &computed, &computed), Ok(true));
    assert_eq!(computed.to_json(), written.to_json());

    let strings = tree("[\"a\", {\"b\": [1.5]}]");
    assert!(matches!(from_expression(&Value::from(strings.root())), Value::Node(_)));

    let number = from_expression(&Value::Int(9_007_199_254_740_993));
    assert_eq!(holds(Operator::Equals, &number, &Value::Int(9_007_199_254_740_993)), Ok(false));
    let million = from_expression(&Value::Int(10_000_000));
    let list = Value::from(vec![Value::Int(10_000_000)]);
    assert_eq!(holds(Operator::AnyIn, &million, &list), Ok(false));
    assert_eq!(holds(Operator::AnyIn, &million, &Value::from("1000000-20000000")), Ok(true));
    assert_eq!(holds(Operator::AnyIn, &Value::Int(10_000_000), &list), Ok(true));
}

#[test]
fn long_lists_stay_cheap() {
    let list = |word: &str| {
        Value::from((0..100_000).map(|n| Value::from(format!("{word}{n}"))).collect::<Vec<_>>())
    };
    let (left, right) = (list("a"), list("b"));
    assert_eq!(holds(Operator::AnyIn, &left, &right), Ok(false));
    assert_eq!(holds(Operator::AllIn, &left, &left), Ok(true));
    assert_eq!(holds(Operator::In, &left, &left), Ok(true));
    let patterns = list("*a?");
    let error = ConditionError::TooCostly { operator: Operator::AnyIn };
    assert_eq!(holds(Operator::AnyIn, &right, &patterns), Err(error));
    let text = Value::from("a".repeat(200_000));
    let pattern = Value::from(format!("*{}b*b", "a".repeat(100_000)));
    assert_eq!(
        holds(Operator::Equals, &text, &pattern),
        Err(ConditionError::TooCostly { operator: Operator::Equals })
    );
}

#[test]
fn deep_values_need_no_stack() {
    let nested = |depth: usize| tree(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let (left, right) = (nested(9_000), nested(9_000));
    let (left, right) = (Value::from(left.root()), Value::from(right.root()));
    assert_eq!(holds(Operator::Equals, &left, &right), Ok(true));
    assert_eq!(holds(Operator::AnyIn, &left, &right), Ok(true));
}

fn scalar() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        "[-!<>=0-9a-z.*?|&\\[\\]\",{}]{0,12}".prop_map(Value::from),
        "-?[0-9]{1,3}(\\.[0-9])?(m|h|Gi|k|e3)?(-[0-9]{1,3})?".prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![scalar(), prop::collection::vec(scalar(), 0..4).prop_map(Value::from)]
}

proptest! {
    #[test]
    fn opposites_never_both_hold(key in value(), value in value()) {
        let holds = |operator| holds(operator, &key, &value);
        for (operator, opposite) in [
            (Operator::Equals, Operator::NotEquals),
            (Operator::AnyIn, Operator::AllNotIn),
            (Operator::GreaterThan, Operator::LessThanOrEquals),
            (Operator::LessThan, Operator::GreaterThanOrEquals),
            (Operator::DurationGreaterThan, Operator::DurationLessThanOrEquals),
        ] {
            prop_assert!(!(holds(operator)? && holds(opposite)?), "{operator:?} {opposite:?}");
        }
    }

    #[test]
    fn numbers_are_in_the_order_of_numbers(left in -1e6f64..1e6, right in -1_000_000i64..1_000_000) {
        let order = left.partial_cmp(&(right as f64));
        let (left, right) = (Value::Float(left), Value::Int(right));
        prop_assert_eq!(holds(Operator::GreaterThan, &left, &right)?, order == Some(Ordering::Greater));
        prop_assert_eq!(holds(Operator::LessThan, &left, &right)?, order == Some(Ordering::Less));
    }

    #[test]
    fn lists_are_searched_as_one_key_at_a_time(
        keys in prop::collection::vec("[ab*?]{0,3}", 0..5),
        values in prop::collection::vec("[ab*?]{0,3}", 0..5),
    ) {
        let list = |texts: &[String]| {
            Value::from(texts.iter().map(|text| Value::from(text.clone())).collect::<Vec<_>>())
        };
        let found = |key: &String| {
            values.iter().any(|value| wildcard::matches(value, key) || wildcard::matches(key, value))
        };
        let (key, value) = (list(&keys), list(&values));
        prop_assert_eq!(holds(Operator::AnyIn, &key, &value)?, keys.iter().any(found));
        prop_assert_eq!(holds(Operator::AllIn, &key, &value)?, keys.iter().all(found));
        prop_assert_eq!(holds(Operator::AnyNotIn, &key, &value)?, !keys.iter().all(found));
        prop_assert_eq!(holds(Operator::AllNotIn, &key, &value)?, !keys.iter().any(found));
    }
}
