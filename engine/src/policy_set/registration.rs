//! What rules can match, for whoever tells an API server which requests to send.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{PolicySet, Selection};
use crate::decision::FailurePolicy;
use crate::kyverno::check::{Check, PatternSource};
use crate::matcher::KindSelector;
use crate::request::{GroupVersionKind, Operation};
use crate::rule::{Matching, Program, Rule};

/// What one rule can match; nothing else has to be sent for its sake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registration {
    /// The policy, `name` or `namespace/name`.
    pub policy: Arc<str>,
    /// The name that the rule answers with.
    pub rule: Arc<str>,
    /// What follows where it cannot be asked.
    pub failure_policy: FailurePolicy,
    /// Whether only objects of a namespace can match: a policy of a namespace sees only those.
    pub only_namespaced: bool,
    /// The seconds that the policy gives, where it says how many.
    pub timeout_seconds: Option<u8>,
    /// Kinds and what is done to them; one target is enough.
    pub targets: Vec<Target>,
}

/// Kinds, and what is done to them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The kinds, sorted; one of them is enough.
    pub kinds: Vec<KindPattern>,
    /// The operations; never none.
    pub operations: BTreeSet<Operation>,
}

/// Group, version, kind and subresource, each a name or a text with wildcards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KindPattern {
    /// The group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The subresource; empty for the object itself.
    pub subresource: String,
}

impl KindPattern {
    /// Whether objects of a kind, or their subresource where that is not empty, are meant.
    ///
    /// ```
    /// # use ajj_engine::{GroupVersionKind, KindPattern};
    /// let any = || "*".to_owned();
    /// let pattern =
    ///     KindPattern { group: any(), version: any(), kind: "Pod".into(), subresource: "".into() };
    /// let pod = GroupVersionKind::new("v1", "Pod");
    /// assert!(pattern.covers(&pod, "") && pattern.covers(&pod, "ephemeralcontainers"));
    /// assert!(!pattern.covers(&pod, "exec"));
    /// ```
    pub fn covers(&self, kind: &GroupVersionKind, subresource: &str) -> bool {
        let Self { group, version, kind: name, subresource: sub } = self;
        KindSelector::of([group, version, name, sub]).matches(kind, subresource)
    }
}

const OPERATIONS: [Operation; 4] =
    [Operation::Create, Operation::Update, Operation::Delete, Operation::Connect];

impl PolicySet {
    /// What each rule can match at admission, in the order of policies and rules. Equal policies give
    /// equal registrations, in any order.
    ///
    /// A rule whose match cannot be read is about everything; one that is never asked at admission is
    /// not there.
    pub fn registrations(&self) -> Vec<Registration> {
        let asked = self.rules.iter().filter(|rule| Selection::Admission.holds(rule));
        let mut registrations: Vec<_> = asked.filter_map(registration).collect();
        registrations.sort();
        registrations
    }

    /// What each rule can match in a scan of what is there, in the same order: its objects are judged
    /// as if they were created.
    ///
    /// A rule whose match cannot be read is broken, and no reason to look at everything.
    pub fn background_targets(&self) -> Vec<Registration> {
        let scanned =
            |rule: &&Rule| Selection::Background.holds(rule) && rule.matching.is_readable();
        let scan = |rule: &Rule| {
            let mut registration = registration(rule)?;
            registration.targets.retain(|target| {
                // Gatekeeper's audit asks no template for operations.
                let is_asked = matches!(rule.matching, Matching::Gatekeeper(_));
                is_asked || target.operations.contains(&Operation::Create)
            });
            Some(registration)
        };
        let mut found: Vec<_> = self.rules.iter().filter(scanned).filter_map(scan).collect();
        found.sort();
        found.retain(|registration| !registration.targets.is_empty());
        found
    }
}

fn registration(rule: &Rule) -> Option<Registration> {
    let judges_delete = judges_delete(rule);
    let mut targets = Vec::new();
    for (kinds, mut operations) in rule.matching.targets() {
        if operations.is_empty() {
            operations = OPERATIONS.into();
        }
        if !judges_delete {
            operations.remove(&Operation::Delete);
        }
        let mut kinds: Vec<KindPattern> = kinds.iter().map(pattern).collect();
        // A kind that the rule is kept away from by its scope cannot match.
        kinds.retain(|kind| is_wildcard(&kind.kind) || rule.scope.holds(&kind.kind));
        kinds.sort();
        kinds.dedup();
        if !kinds.is_empty() && !operations.is_empty() {
            targets.push(Target { kinds, operations });
        }
    }
    targets.sort();
    targets.dedup();
    (!targets.is_empty()).then(|| Registration {
        policy: Arc::clone(&rule.policy.name),
        rule: Arc::clone(&rule.name),
        failure_policy: rule.failure_policy,
        only_namespaced: rule.policy.namespace.is_some(),
        timeout_seconds: rule.policy.timeout_seconds,
        targets,
    })
}

fn is_wildcard(text: &str) -> bool {
    crate::scalar::wildcard::contains_wildcard(text)
}

fn pattern(selector: &KindSelector) -> KindPattern {
    let [group, version, kind, subresource] = selector.patterns();
    KindPattern { group, version, kind, subresource }
}

/// Whether the rule can have something against a deletion: a pattern is held against nothing then.
fn judges_delete(rule: &Rule) -> bool {
    let Program::Kyverno(validation) = &rule.program else { return true };
    let Some(body) = validation.body.get() else { return true };
    let is_silent = match &body.check {
        Check::Pattern(source) | Check::AnyPattern(source) => {
            matches!(source, PatternSource::Compiled(_))
        }
        Check::PodSecurity(_) => true,
        Check::Deny(_) | Check::Foreach(_) => false,
    };
    // Preconditions and variables can fail on a deletion, which counts as an error.
    !is_silent || body.preconditions.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::compile;
    use crate::source::Source;

    fn registrations(documents: &[&str]) -> Vec<Registration> {
        let sources: Vec<Source> = documents
            .iter()
            .enumerate()
            .map(|(number, text)| Source::new(format!("{number}.yaml").as_str(), *text))
            .collect();
        compile(&sources).0.registrations()
    }

    fn policy(name: &str, spec: &str, matching: &str, validate: &str) -> String {
        format!(
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: {name}\n  \
             annotations: {{pod-policies.kyverno.io/autogen-controllers: none}}\nspec:\n  \
             background: false\n  {spec}\n  rules:\n  - name: r\n    match: {matching}\n    \
             validate: {validate}\n"
        )
    }

    /// `group/version/kind/subresource:OPERATIONS` of each target.
    fn shown(registration: &Registration) -> Vec<String> {
        let targets = registration.targets.iter().flat_map(|target| {
            let initials: String =
                target.operations.iter().map(|operation| &operation.as_str()[..1]).collect();
            target.kinds.iter().map(move |kind| {
                let KindPattern { group, version, kind, subresource } = kind;
                format!("{group}/{version}/{kind}/{subresource}:{initials}")
            })
        });
        targets.collect()
    }

    const PATTERN: &str = "{message: m, pattern: {spec: {}}}";
    const DENY: &str = "{message: m, deny: {}}";

    #[test]
    fn what_is_written_is_what_is_registered() {
        for (matching, validate, expected) in [
            ("{any: [{resources: {kinds: [Pod]}}]}", DENY, &["*/*/Pod/:CUDC"] as &[_]),
            ("{any: [{resources: {kinds: [Pod]}}]}", PATTERN, &["*/*/Pod/:CUC"]),
            (
                "{any: [{resources: {kinds: [Pod, Pod]}}]}",
                "{podSecurity: {level: baseline, version: latest}}",
                &["*/*/Pod/:CUC"],
            ),
            (
                "{any: [{resources: {kinds: [Pod]}}]}",
                "{message: m, pattern: {spec: {a: '{{request.operation}}'}}}",
                &["*/*/Pod/:CUDC"],
            ),
            (
                "{any: [{resources: {kinds: [apps/v1/Deployment, '*/scale'], operations: [CREATE]}}]}",
                DENY,
                &["*/*/*/scale:C", "apps/v1/Deployment/:C"],
            ),
            (
                "{any: [{resources: {kinds: [Pod], operations: [DELETE]}}, \
                 {resources: {kinds: [Service]}}]}",
                DENY,
                &["*/*/Pod/:D", "*/*/Service/:CUDC"],
            ),
            // What matches all matches each: the kinds of one, the operations of all.
            (
                "{all: [{resources: {kinds: [Pod], operations: [CREATE, UPDATE]}}, \
                 {resources: {names: [a], operations: [UPDATE, DELETE]}}]}",
                DENY,
                &["*/*/Pod/:U"],
            ),
            ("{any: [{resources: {names: [a]}}]}", DENY, &["*/*/*/*:CUDC"]),
            ("{any: [{subjects: [{kind: User, name: u}]}]}", DENY, &["*/*/*/*:CUDC"]),
            ("{resources: {kinds: ['P*', '*']}}", DENY, &["*/*/*/:CUDC", "*/*/P*/:CUDC"]),
        ] {
            let found = registrations(&[&policy("p", "applyRules: All", matching, validate)]);
            assert_eq!(found.len(), 1, "{matching}");
            assert_eq!(shown(&found[0]), expected, "{matching} {validate}");
        }
    }

    #[test]
    fn what_can_never_match_is_not_registered() {
        let only_deletions = "{any: [{resources: {kinds: [Pod], operations: [DELETE]}}]}";
        let none_in_common = "{all: [{resources: {kinds: [Pod], operations: [CREATE]}}, \
                              {resources: {kinds: [Pod], operations: [UPDATE]}}]}";
        for (spec, matching, validate) in [
            ("applyRules: All", only_deletions, PATTERN),
            ("applyRules: All", none_in_common, DENY),
            ("admission: false\n  background: true", "{resources: {kinds: [Pod]}}", DENY),
        ] {
            let text = policy("p", spec, matching, validate)
                .replace("background: false\n  admission", "admission");
            assert_eq!(registrations(&[&text]), [], "{spec} {matching}");
        }
    }

    #[test]
    fn scans_are_about_what_could_be_created() {
        let pods = "{resources: {kinds: [Pod]}}";
        let only_updates = "{resources: {kinds: [Pod], operations: [UPDATE]}}";
        for (spec, matching, expected) in [
            ("background: true", pods, 1),
            ("background: false", pods, 0),
            ("admission: false", pods, 1),
            ("background: true", only_updates, 0),
            ("background: true", "{resources: {kindz: [Pod]}}", 0),
        ] {
            let text = policy("p", spec, matching, DENY).replacen("background: false\n  ", "", 1);
            let (set, _) = compile(&[Source::new("p", text)]);
            assert_eq!(set.background_targets().len(), expected, "{spec} {matching}");
        }
    }

    #[test]
    fn conditions_that_are_not_evaluated_register_nothing() {
        let spec = "webhookConfiguration: {matchConditions: [{name: a, expression: 'true'}]}";
        let text = policy("p", spec, "{resources: {kinds: [Pod]}}", DENY);
        assert_eq!(registrations(&[&text]), []);
    }

    #[test]
    fn what_holds_for_the_policy() {
        let pods = "{resources: {kinds: [Pod]}}";
        let head = |spec: &str| {
            let found = registrations(&[&policy("p", spec, pods, DENY)]);
            (found[0].failure_policy, found[0].timeout_seconds, found[0].only_namespaced)
        };
        let (fail, ignore) = (FailurePolicy::Fail, FailurePolicy::Ignore);
        assert_eq!(head("applyRules: All"), (fail, None, false));
        assert_eq!(head("failurePolicy: Ignore"), (ignore, None, false));
        assert_eq!(head("webhookTimeoutSeconds: 3"), (fail, Some(3), false));
        let spec = "webhookConfiguration: {failurePolicy: Ignore, timeoutSeconds: 30}";
        assert_eq!(head(spec), (ignore, Some(30), false));
        let text = policy("p", "applyRules: All", pods, DENY)
            .replace("ClusterPolicy", "Policy")
            .replace("name: p", "name: p\n  namespace: team");
        let found = registrations(&[&text]);
        assert_eq!((&*found[0].policy, found[0].only_namespaced), ("team/p", true));
    }

    #[test]
    fn made_rules_register_what_they_are_made_for() {
        let text = policy("p", "applyRules: All", "{any: [{resources: {kinds: [Pod]}}]}", PATTERN)
            .replace("autogen-controllers: none", "autogen-controllers: 'Deployment,CronJob'");
        let found = registrations(&[&text]);
        let shown: Vec<_> = found.iter().map(|one| (&*one.rule, shown(one))).collect();
        assert_eq!(
            shown,
            [
                ("autogen-cronjob-r", vec!["batch/v1/CronJob/:CUC".to_owned()]),
                ("autogen-r", vec!["apps/v1/Deployment/:CUC".to_owned()]),
                ("r", vec!["*/*/Pod/:CUC".to_owned()]),
            ]
        );
    }

    #[test]
    fn the_order_of_policies_does_not_matter() {
        let one = policy("one", "applyRules: All", "{resources: {kinds: [Pod]}}", DENY);
        let two = policy("two", "failurePolicy: Ignore", "{resources: {kinds: [Pod]}}", DENY);
        let forth = registrations(&[&one, &two]);
        assert_eq!(forth, registrations(&[&two, &one]));
        assert_eq!(forth.len(), 2);
    }

    #[test]
    fn a_rule_whose_match_cannot_be_read_is_about_everything() {
        let text = policy("p", "applyRules: All", "{resources: {kindz: [Pod]}}", DENY);
        let found = registrations(&[&text]);
        assert_eq!(shown(&found[0]), ["*/*/*/*:CUDC"]);
    }
}
