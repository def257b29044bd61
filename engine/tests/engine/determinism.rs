//! The same inputs give the same answers, whatever stands beside them.

use ajj_engine::Facts;
use proptest::prelude::*;

use crate::support::{policy, set, widget, written};

const RULES: [&str; 7] = [
    "    validate: {message: m, pattern: {spec: {a: '?*'}}}",
    "    validate: {message: '{{ request.object.spec.a }}', pattern: {spec: {(b): '*', a: '>1'}}}",
    "    validate: {message: m, anyPattern: [{spec: {a: x}}, {spec: {b: '1-5'}}]}",
    "    validate: {message: '{{ request.object }}', deny: {conditions: {any: [{key: '{{ request.object.spec.* }}', operator: AnyIn, value: [x, '1']}]}}}",
    "    validate: {message: m, foreach: [{list: 'request.object.spec.l', pattern: '?*'}]}",
    "    context: [{name: r, variable: {jmesPath: \"random('[a-z]{8}')\"}}]\n    validate: {message: '{{ r }}', deny: {}}",
    "    preconditions: {all: [{key: '{{ request.object.spec.a }}', operator: NotEquals, value: x}]}\n    validate: {message: m, deny: {}}",
];

fn specs() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        (-3i64..9).prop_map(|number| number.to_string()),
        "[a-z*]{0,3}".prop_map(|text| format!("\"{text}\"")),
    ];
    let list = prop::collection::vec(scalar.clone(), 0..4)
        .prop_map(|items| format!("[{}]", items.join(",")));
    (scalar.clone(), scalar, list).prop_map(|(a, b, l)| format!(r#"{{"a":{a},"b":{b},"l":{l}}}"#))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn answers_depend_on_nothing_else(
        spec in specs(),
        order in Just((0..RULES.len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let source = |number: &usize| policy(&format!("p{number}"), RULES[*number]);
        let straight = set(&(0..RULES.len()).map(|number| source(&number)).collect::<Vec<_>>());
        let shuffled = set(&order.iter().map(source).collect::<Vec<_>>());
        prop_assert_eq!(straight.digest(), shuffled.digest());
        let request = widget(&spec);
        let first = straight.conclude(&request, &Facts::default());
        let second = straight.conclude(&request, &Facts::default());
        prop_assert_eq!(written(&first), written(&second));
        let mut other = shuffled.conclude(&request, &Facts::default());
        other.results.sort_by(|left, right| left.rule.policy.cmp(&right.rule.policy));
        prop_assert_eq!(format!("{:?}", first.results), format!("{:?}", other.results));
        // Each rule alone says what it says beside others.
        for result in &first.results {
            let number: usize = result.rule.policy[1..].parse().unwrap();
            let alone = set(&[source(&number)]).conclude(&request, &Facts::default());
            prop_assert_eq!(format!("{:?}", alone.results), format!("[{result:?}]"));
        }
    }
}
