//! The fields of ClusterPolicy and Policy: what is there, what is unknown, what is of the wrong kind.
//!
//! Upstream: api/kyverno/v1/spec_types.go, rule_types.go, common_types.go. A policy outside this
//! schema is answered by nobody upstream; here it is refused when it is loaded.

use crate::decision::{Action, FailurePolicy};
use crate::decode::{Fields, Problems};
use crate::diagnostic::Diagnostic;
use crate::tree::{Kind, Node};

/// A policy's `spec`.
#[derive(Debug, Default)]
pub(crate) struct Spec<'t> {
    pub(crate) rules: Vec<Node<'t>>,
    /// Whether only the first rule that applies counts.
    pub(crate) apply_one: bool,
    pub(crate) failure_policy: FailurePolicy,
    pub(crate) action: Option<FailureAction>,
    pub(crate) overrides: Vec<OverrideSpec<'t>>,
    /// Whether an audit's failure is told to whoever made the request.
    pub(crate) emit_warning: bool,
    pub(crate) background: bool,
    pub(crate) admission: bool,
    /// The seconds that an API server is to wait for an answer.
    pub(crate) timeout_seconds: Option<u8>,
    /// CEL conditions, which this build does not evaluate.
    pub(crate) match_conditions: Option<Node<'t>>,
}

/// Upstream's words for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureAction {
    Audit,
    Enforce,
}

/// An action for some namespaces.
#[derive(Debug)]
pub(crate) struct OverrideSpec<'t> {
    pub(crate) action: FailureAction,
    pub(crate) namespaces: Option<Vec<String>>,
    pub(crate) selector: Option<Node<'t>>,
}

/// A rule, one level deep.
#[derive(Debug)]
pub(crate) struct RuleSpec<'t> {
    pub(crate) node: Node<'t>,
    pub(crate) name: &'t str,
    pub(crate) matches: Option<Node<'t>>,
    pub(crate) excludes: Option<Node<'t>>,
    pub(crate) context: Vec<Node<'t>>,
    pub(crate) preconditions: Option<Node<'t>>,
    pub(crate) report_properties: Vec<(&'t str, Node<'t>)>,
    pub(crate) body: RuleBody<'t>,
}

/// What a rule does.
#[derive(Debug)]
pub(crate) enum RuleBody<'t> {
    Validate(ValidateSpec<'t>),
    /// Recognised and not evaluated: the word of the count.
    Other(OtherRule),
    /// None or several; said already.
    Unclear,
}

/// Rules of other types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OtherRule {
    Mutate,
    Generate,
    VerifyImages,
    Cel,
    Manifests,
}

impl OtherRule {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Mutate => "mutate",
            Self::Generate => "generate",
            Self::VerifyImages => "verifyImages",
            Self::Cel => "validate.cel",
            Self::Manifests => "validate.manifests",
        }
    }

    pub(crate) fn gives_verdict(self) -> bool {
        !matches!(self, Self::Mutate | Self::Generate)
    }
}

/// A rule's `validate`.
#[derive(Debug)]
pub(crate) struct ValidateSpec<'t> {
    pub(crate) message: &'t str,
    pub(crate) message_node: Option<Node<'t>>,
    pub(crate) action: Option<FailureAction>,
    pub(crate) overrides: Vec<OverrideSpec<'t>>,
    pub(crate) allow_existing_violations: bool,
    pub(crate) check: CheckSpec<'t>,
}

/// What `validate` or a foreach block demands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CheckSpec<'t> {
    Pattern(Node<'t>),
    AnyPattern(Node<'t>),
    Deny(Node<'t>),
    Foreach(Node<'t>),
    PodSecurity(Node<'t>),
}

const ACTIONS: [(&str, FailureAction); 4] = [
    ("Audit", FailureAction::Audit),
    ("Enforce", FailureAction::Enforce),
    ("audit", FailureAction::Audit),
    ("enforce", FailureAction::Enforce),
];
const FAILURE_POLICIES: [(&str, FailurePolicy); 2] =
    [("Fail", FailurePolicy::Fail), ("Ignore", FailurePolicy::Ignore)];

impl FailureAction {
    /// The action of the verdict: a failed audit that warns is a warning.
    pub(crate) fn action(self, emit_warning: bool) -> Action {
        match self {
            Self::Enforce => Action::Deny,
            Self::Audit if emit_warning => Action::Warn,
            Self::Audit => Action::Audit,
        }
    }
}

impl<'t> Spec<'t> {
    pub(crate) fn decode(mut spec: Fields<'t, '_, '_>, problems: &Problems<'_>) -> Self {
        spec.ignore(&[
            "schemaValidation",
            "mutateExistingOnPolicyUpdate",
            "generateExistingOnPolicyUpdate",
            "generateExisting",
            "useServerSideApply",
        ]);
        let old_failure_policy = spec.word("failurePolicy", &FAILURE_POLICIES);
        // What is no number of seconds is refused elsewhere.
        let seconds = |node: Node<'t>| match node.kind() {
            Kind::Int(seconds) => u8::try_from(seconds).ok(),
            _ => None,
        };
        let mut timeout_seconds = spec.get("webhookTimeoutSeconds").and_then(seconds);
        let mut failure_policy = None;
        let mut match_conditions = None;
        if let Some(mut webhook) = spec.fields("webhookConfiguration") {
            let own = webhook.get("timeoutSeconds").and_then(seconds);
            timeout_seconds = own.or(timeout_seconds);
            failure_policy = webhook.word("failurePolicy", &FAILURE_POLICIES);
            match_conditions = webhook.get("matchConditions");
            if let (Some(_), Some(_)) = (failure_policy, old_failure_policy) {
                let message = "failurePolicy stands in spec and in spec.webhookConfiguration";
                problems.at(
                    webhook.node(),
                    Diagnostic::error("two-failure-policies", message)
                        .help("keep the one in webhookConfiguration"),
                );
            }
            webhook.finish();
        }
        let decoded = Self {
            apply_one: spec.word("applyRules", &[("All", false), ("One", true)]).unwrap_or(false),
            failure_policy: failure_policy.or(old_failure_policy).unwrap_or_default(),
            action: spec.word("validationFailureAction", &ACTIONS),
            overrides: overrides(&mut spec, "validationFailureActionOverrides", problems),
            emit_warning: spec.bool("emitWarning").unwrap_or(false),
            background: spec.bool("background").unwrap_or(true),
            admission: spec.bool("admission").unwrap_or(true),
            timeout_seconds,
            match_conditions,
            rules: {
                spec.require("rules");
                spec.list("rules").unwrap_or_default()
            },
        };
        spec.finish();
        decoded
    }
}

fn overrides<'t>(
    fields: &mut Fields<'t, '_, '_>,
    name: &'static str,
    problems: &Problems<'_>,
) -> Vec<OverrideSpec<'t>> {
    let items = fields.list(name).unwrap_or_default();
    let decoded = items.into_iter().filter_map(|item| {
        let mut item = Fields::of(item, name, problems)?;
        item.require("action");
        let action = item.word("action", &ACTIONS);
        let namespaces = item.texts("namespaces");
        let selector = item.get("namespaceSelector");
        item.finish();
        Some(OverrideSpec { action: action?, namespaces, selector })
    });
    decoded.collect()
}

impl<'t> RuleSpec<'t> {
    pub(crate) fn decode(node: Node<'t>, problems: &Problems<'_>) -> Option<Self> {
        let mut rule = Fields::of(node, "a rule", problems)?;
        rule.ignore(&["skipBackgroundRequests", "imageExtractors", "celPreconditions"]);
        rule.require("name");
        let name = rule.text("name").unwrap_or_default();
        rule.require("match");
        let decoded = Self {
            node,
            name,
            matches: rule.get("match"),
            excludes: rule.get("exclude"),
            context: rule.list("context").unwrap_or_default(),
            preconditions: rule.get("preconditions"),
            report_properties: rule
                .get("reportProperties")
                .and_then(|node| node.as_map())
                .map(|entries| entries.iter().collect())
                .unwrap_or_default(),
            body: RuleBody::decode(&mut rule, problems),
        };
        rule.finish();
        Some(decoded)
    }
}

impl<'t> RuleBody<'t> {
    fn decode(rule: &mut Fields<'t, '_, '_>, problems: &Problems<'_>) -> Self {
        let types = [
            ("mutate", OtherRule::Mutate),
            ("generate", OtherRule::Generate),
            ("verifyImages", OtherRule::VerifyImages),
        ];
        let others: Vec<_> = types
            .into_iter()
            .filter_map(|(name, kind)| rule.get(name).map(|node| (name, kind, node)))
            .collect();
        let validate = rule.get("validate");
        match (validate, others.as_slice()) {
            (Some(node), []) => ValidateSpec::decode(node, problems),
            (None, [(_, kind, _)]) => Self::Other(*kind),
            (None, []) => {
                let message = "a rule needs one of validate, mutate, generate, verifyImages";
                problems.at(rule.node(), Diagnostic::error("rule-without-type", message));
                Self::Unclear
            }
            (_, [(name, _, second), ..]) => {
                let first = if validate.is_some() { "validate" } else { "another type" };
                let message = format!("a rule has one type, found `{first}` and `{name}`");
                problems.at(
                    *second,
                    Diagnostic::error("rule-with-two-types", message)
                        .help("make two rules of them"),
                );
                Self::Unclear
            }
        }
    }
}

impl<'t> ValidateSpec<'t> {
    fn decode(node: Node<'t>, problems: &Problems<'_>) -> RuleBody<'t> {
        let validate_node = node;
        let Some(mut validate) = Fields::of(node, "validate", problems) else {
            return RuleBody::Unclear;
        };
        let message = validate.text("message").unwrap_or_default();
        // Only the words of the older fields have a second spelling.
        let (action_words, _) = ACTIONS.split_at(2);
        let action = validate.word("failureAction", action_words);
        let overrides = overrides(&mut validate, "failureActionOverrides", problems);
        let allow_existing_violations = validate.bool("allowExistingViolations").unwrap_or(true);
        let assert = validate.get("assert");
        let checks = checks(&mut validate, true);
        validate.finish();
        if let (Some(assert), true) = (assert, checks.is_empty()) {
            let message = "`assert` has no effect since Kyverno 1.19";
            problems.at(
                assert,
                Diagnostic::error("assert-removed", message)
                    .help("write the same check as a pattern or as deny conditions"),
            );
            return RuleBody::Unclear;
        }
        let Some(check) = the_one(&checks, node, problems) else { return RuleBody::Unclear };
        match check {
            Found::Check(check) => RuleBody::Validate(Self {
                message,
                message_node: validate_node.get("message"),
                action,
                overrides,
                allow_existing_violations,
                check,
            }),
            Found::Other(kind) => RuleBody::Other(kind),
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Found<'t> {
    Check(CheckSpec<'t>),
    Other(OtherRule),
}

/// The checks in a `validate` or foreach block, each with its name and place.
pub(crate) fn checks<'t>(
    fields: &mut Fields<'t, '_, '_>,
    top: bool,
) -> Vec<(&'static str, Node<'t>, Found<'t>)> {
    let mut found = Vec::new();
    let mut add = |name: &'static str, node: Option<Node<'t>>, to: fn(Node<'t>) -> Found<'t>| {
        if let Some(node) = node {
            found.push((name, node, to(node)));
        }
    };
    add("pattern", fields.get("pattern"), |node| Found::Check(CheckSpec::Pattern(node)));
    add("anyPattern", fields.get("anyPattern"), |node| Found::Check(CheckSpec::AnyPattern(node)));
    add("deny", fields.get("deny"), |node| Found::Check(CheckSpec::Deny(node)));
    add("foreach", fields.get("foreach"), |node| Found::Check(CheckSpec::Foreach(node)));
    if top {
        add("podSecurity", fields.get("podSecurity"), |node| {
            Found::Check(CheckSpec::PodSecurity(node))
        });
        add("cel", fields.get("cel"), |_| Found::Other(OtherRule::Cel));
        add("manifests", fields.get("manifests"), |_| Found::Other(OtherRule::Manifests));
    }
    found
}

/// The only check of a block; none and several are noted.
pub(crate) fn the_one<'t>(
    checks: &[(&'static str, Node<'t>, Found<'t>)],
    block: Node<'t>,
    problems: &Problems<'_>,
) -> Option<Found<'t>> {
    match checks {
        [(_, _, check)] => Some(*check),
        [] => {
            let message = "one of pattern, anyPattern, deny, foreach, podSecurity must be there";
            problems.at(block, Diagnostic::error("nothing-to-check", message));
            None
        }
        [(first, ..), (second, node, _), ..] => {
            let message = format!("only one check can be there, found `{first}` and `{second}`");
            problems
                .at(*node, Diagnostic::error("two-checks", message).help("make two rules of them"));
            None
        }
    }
}
