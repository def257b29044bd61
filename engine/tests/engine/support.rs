//! Policies and requests in few words.

use std::sync::Arc;

use ajj_engine::{
    Decision, Facts, Limits, PolicySet, Request, RuleResult, Source, Tree, compile, parse_json,
};

/// A policy with one rule about every Widget, whose rest is `rule`, indented by four spaces.
pub(crate) fn policy(name: &str, rule: &str) -> Source {
    let text = format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: {name}\nspec:\n  \
         background: false\n  rules:\n  - name: check\n    match:\n      any:\n      - resources:\n          \
         kinds: [Widget]\n{rule}\n"
    );
    Source::new(format!("{name}.yaml"), text)
}

/// A set of policies without a complaint.
pub(crate) fn set(sources: &[Source]) -> PolicySet {
    let (set, diagnostics) = compile(sources);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    set
}

/// A Widget with this `spec`, in JSON.
pub(crate) fn widget(spec: &str) -> Request {
    let text = format!(
        r#"{{"apiVersion":"example.com/v1","kind":"Widget","metadata":{{"name":"w","namespace":"own"}},"spec":{spec}}}"#
    );
    request(parse_json(text, &Limits::default()).unwrap())
}

pub(crate) fn request(tree: Tree) -> Request {
    Request::create(Arc::new(tree), "2026-01-01T00:00:00Z".parse().unwrap())
}

/// The answer of the only rule that matches.
pub(crate) fn answer(set: &PolicySet, request: &Request) -> RuleResult {
    let mut decision = set.conclude(request, &Facts::default());
    assert_eq!(decision.results.len(), 1, "{decision:?}");
    decision.results.remove(0)
}

/// A decision as text, to compare.
pub(crate) fn written(decision: &Decision) -> String {
    format!("{decision:?}")
}
