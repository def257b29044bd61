//! Hostile objects and policies: a bounded answer, never a crash, never a pass in silence.

use ajj_engine::{Facts, Outcome, Severity, compile};

use crate::support::{answer, policy, set, widget};

/// Runs with the stack of a worker thread.
fn on_worker_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap();
    thread.join().unwrap();
}

fn deep(levels: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

#[test]
fn objects_as_deep_as_the_api_server_takes_are_judged() {
    on_worker_stack(|| {
        let request = widget(&deep(9_990));
        for rule in [
            "    validate: {message: '{{ request.object.spec }}', deny: {conditions: {all: [{key: \
             '{{ request.object.spec }}', operator: Equals, value: '{{ request.object.spec }}'}]}}}",
            "    validate: {message: m, deny: {conditions: {all: [{key: '{{ request.object.spec }}', \
             operator: AnyIn, value: ['{{ request.object.spec }}']}]}}}",
            "    validate: {message: m, pattern: {spec: {a: {a: '?*'}}}}",
            "    validate: {message: m, pattern: {spec: '{{ request.object.spec }}'}}",
            "    validate: {message: m, foreach: [{list: 'request.object.spec.a', deny: {conditions: \
             {all: [{key: '{{ element }}', operator: Equals, value: x}]}}}]}",
            "    validate: {message: m, deny: {conditions: {all: [{key: \"{{ to_string(request.object) }}\", \
             operator: Equals, value: x}]}}}",
            "    context: [{name: v, variable: {value: '{{ request.object.spec }}', jmesPath: 'a.a'}}]\n    \
             validate: {message: '{{ v }}', deny: {conditions: {all: [{key: '{{ v }}', operator: Equals, value: x}]}}}",
            "    validate: {message: m, deny: {conditions: {all: [{key: \"{{ request.object.**.a }}\", \
             operator: Equals, value: x}]}}}",
        ] {
            let (set, _) = compile(&[policy("deep", rule)]);
            let result = set.conclude(&request, &Facts::default());
            assert_eq!(result.results.len(), 1, "{rule}");
        }
    });
}

#[test]
fn doubling_ends_at_the_budget() {
    let mut entries =
        String::from("    context:\n    - name: v0\n      variable: {value: xxxxxxxxxx}\n");
    for number in 1..40 {
        entries.push_str(&format!(
            "    - name: v{number}\n      variable: {{jmesPath: \"join('', [v{0}, v{0}])\"}}\n",
            number - 1
        ));
    }
    let rule = format!(
        "{entries}    validate: {{message: m, deny: {{conditions: {{all: [{{key: '{{{{ v39 }}}}', operator: Equals, value: x}}]}}}}}}"
    );
    let result = answer(&set(&[policy("doubling", &rule)]), &widget("{}"));
    assert_eq!(result.outcome, Outcome::Error, "{}", result.message);
    assert!(result.denies());
}

#[test]
fn text_of_an_object_is_never_an_expression() {
    let set = set(&[policy(
        "echo",
        "    validate: {message: 'is {{ request.object.spec.text }}', deny: {}}",
    )]);
    let text = "{{ request.object.spec.text }} $(./x) \\\\{{ x }}";
    let result = answer(&set, &widget(&format!(r#"{{"text":"{text}"}}"#)));
    assert_eq!(&*result.message, "is {{ request.object.spec.text }} $(./x) \\{{ x }}");
}

#[test]
fn entries_that_need_each_other_end() {
    let rule = "    context:\n    - {name: a, variable: {jmesPath: 'b'}}\n    - {name: b, variable: {jmesPath: 'a'}}\n    \
                - {name: c, variable: {jmesPath: 'c'}}\n    \
                validate: {message: m, deny: {conditions: {all: [{key: '{{ b }}{{ c }}', operator: Equals, value: x}]}}}";
    let result = answer(&set(&[policy("circle", rule)]), &widget("{}"));
    assert_eq!(result.outcome, Outcome::Error, "{}", result.message);
}

#[test]
fn wildcards_take_linear_time() {
    let pattern = "a*".repeat(200);
    let rule = format!("    validate: {{message: m, pattern: {{spec: {{text: '{pattern}b'}}}}}}");
    let result = answer(
        &set(&[policy("stars", &rule)]),
        &widget(&format!(r#"{{"text":"{}"}}"#, "a".repeat(100_000))),
    );
    assert_eq!(result.outcome, Outcome::Fail);
}

#[test]
fn policies_that_nobody_can_run_are_refused_when_loaded() {
    let deep_expression = format!("{}a{}", "[".repeat(20_000), "]".repeat(20_000));
    let long_expression = "a.".repeat(100_000);
    for expression in ["nofunc(@)", "a.", "", &deep_expression, &long_expression] {
        let rule = format!(
            "    validate: {{message: m, deny: {{conditions: {{all: [{{key: '{{{{{expression}}}}}', operator: Equals, value: x}}]}}}}}}"
        );
        let (set, diagnostics) = compile(&[policy("refused", &rule)]);
        let result = answer(&set, &widget("{}"));
        let refused = diagnostics.iter().any(|found| found.severity == Severity::Error);
        assert!(refused || result.outcome == Outcome::Error, "{expression:.60}");
        assert_eq!(result.outcome, Outcome::Error, "{expression:.60}");
    }
}

#[test]
fn patterns_as_deep_as_a_text_can_be_are_refused_or_judged() {
    on_worker_stack(|| {
        let pattern = format!("{}x{}", "{a: ".repeat(900), "}".repeat(900));
        let rule = format!("    validate: {{message: m, pattern: {{spec: {pattern}}}}}");
        let (set, _) = compile(&[policy("nested", &rule)]);
        let result = set.conclude(&widget(&deep(1_000)), &Facts::default());
        assert_eq!(result.results.len(), 1);
    });
}

#[test]
fn a_rule_whose_match_cannot_be_read_is_about_everything() {
    let mut source = policy("blind", "    validate: {message: m, pattern: {spec: {a: b}}}");
    source.text = source.text.replace("kinds: [Widget]", "kindz: [Pod]").into();
    let (set, diagnostics) = compile(&[source]);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    assert_eq!(diagnostics[0].help.as_deref(), Some("did you mean `kinds`?"));
    let result = answer(&set, &widget("{}"));
    assert_eq!(result.outcome, Outcome::Error);
    assert!(result.denies());
}

#[test]
fn a_policy_of_a_namespace_reads_no_other() {
    let source = |path: &str| {
        let mut source = policy(
            "peek",
            &format!(
                "    context: [{{name: v, apiCall: {{urlPath: '{path}'}}}}]\n    validate: {{message: m, deny: \
                 {{conditions: {{all: [{{key: '{{{{ v }}}}', operator: Equals, value: x}}]}}}}}}"
            ),
        );
        source.text = source
            .text
            .replace("kind: ClusterPolicy", "kind: Policy")
            .replace("name: peek", "name: peek\n  namespace: own")
            .into();
        source
    };
    let (_, diagnostics) = compile(&[source("/api/v1/namespaces/other/secrets/x")]);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    let composed = set(&[source("/api/v1/namespaces/{{ request.object.spec.ns }}/secrets/x")]);
    let result = answer(&composed, &widget(r#"{"ns":"other"}"#));
    assert_eq!(result.outcome, Outcome::Error);
    assert!(result.message.contains("may read only its own namespace"), "{}", result.message);
}
