//! A set as it would be if all its rules were enforced.

use super::PolicySet;
use crate::decision::Action;
use crate::kyverno::validation::Actions;
use crate::rule::Program;

impl PolicySet {
    /// The same rules, each with the action deny wherever it applies.
    #[must_use]
    pub fn as_if_enforced(mut self) -> Self {
        for rule in &mut self.rules {
            rule.action = Action::Deny;
            match &mut rule.program {
                Program::Kyverno(validation) => {
                    validation.actions =
                        Actions { default: Action::Deny, overrides: Vec::new(), enforces: true };
                }
                Program::Gatekeeper(constraint) => {
                    constraint.enforcement = constraint.enforcement.enforced();
                }
                Program::Conftest(_) | Program::Broken(_) => {}
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::compile::compile;
    use crate::decision::Action;
    use crate::facts::Facts;
    use crate::read::{Limits, parse_yaml};
    use crate::request::{Operation, Request};
    use crate::source::Source;

    const POLICY: &str = "
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  emitWarning: true
  rules:
  - name: warns
    match: {resources: {kinds: [Widget]}}
    validate: {message: m, pattern: {spec: {good: true}}}
  - name: depends
    match: {resources: {kinds: [Widget]}}
    validate:
      message: m
      failureAction: Enforce
      failureActionOverrides: [{action: Audit, namespaces: [team]}]
      pattern: {spec: {good: true}}
";

    fn request(spec: &str) -> Request {
        let text = format!(
            "{{apiVersion: v1, kind: Widget, metadata: {{name: w, namespace: team}}, spec: {spec}}}"
        );
        let object = parse_yaml(text, &Limits::default()).unwrap();
        Request::create(Arc::new(object), "2026-01-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_failure_denies() {
        let (set, found) = compile(&[Source::new("p", POLICY)]);
        assert_eq!(found.len(), 0, "{found:?}");
        let bad = request("{good: false}");
        let before = set.conclude(&bad, &Facts::default());
        let actions: Vec<Action> = before.results.iter().map(|result| result.action).collect();
        assert_eq!((actions, before.allowed()), (vec![Action::Warn; 2], true));
        let enforced = set.as_if_enforced();
        let after = enforced.conclude(&bad, &Facts::default());
        assert_eq!(after.denials().count(), 2);
        assert!(enforced.conclude(&request("{good: true}"), &Facts::default()).allowed());
    }

    #[test]
    fn what_was_violated_before_an_update_is_allowed_as_under_enforce() {
        let enforced = compile(&[Source::new("p", POLICY)]).0.as_if_enforced();
        let bad = request("{good: false}");
        let old_object = bad.object.clone();
        let update = Request { operation: Operation::Update, old_object, ..bad };
        assert!(enforced.conclude(&update, &Facts::default()).allowed());
    }
}
