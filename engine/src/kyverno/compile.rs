//! Compiles ClusterPolicy and Policy into rules.

mod context;
mod exception;
mod refusals;
mod selection;
mod variables;

pub(crate) use exception::compile as exception;

use std::sync::Arc;

use crate::decision::{Action, Dialect, Outcome, RuleInfo};
use crate::decode::{Fields, Problems, expected, unknown_word};
use crate::diagnostic::Diagnostic;
use crate::matcher::{Matcher, Selector};
use crate::read::Document;
use crate::rule::{Compiled, Matching, OtherRules, Policy, Program, Rule, Scope};
use crate::scalar::wildcard::Wildcard;
use crate::tree::{Node, Tree};
use crate::value::Value;

use super::autogen;
use super::check::{Check, Foreach, PatternSource};
use super::condition::Operator;
use super::conditions::{Condition, Conditions, Message};
use super::pattern::Pattern;
use super::pod_security::PodSecurityRule;
use super::roles::AsksRoles;
use super::schema::{
    self, CheckSpec, FailureAction, Found, OtherRule, OverrideSpec, RuleBody, RuleSpec, Spec,
    ValidateSpec,
};
use super::validation::{ActionOverride, Actions, Body, LateBody, Validation};
use super::variables::{Query, Template};

/// What all rules of one policy share while they are compiled.
struct Shared<'s> {
    spec: &'s Spec<'s>,
    policy: Arc<Policy>,
    info: RuleInfo,
}

/// Compiles one document of kind ClusterPolicy or Policy.
pub(crate) fn compile(document: &Document, compiled: &mut Compiled) {
    let problems = Problems::of(document);
    let tree = document.tree();
    let root = tree.root();
    if let Some(mut policy) = Fields::of(root, "a policy", &problems) {
        policy.ignore(&["apiVersion", "kind", "status"]);
        policy.require("metadata");
        let metadata = policy.get("metadata");
        policy.require("spec");
        if let Some(spec) = policy.fields("spec") {
            let spec = Spec::decode(spec, &problems);
            compile_spec(tree, root, metadata, &spec, &problems, compiled);
        }
        policy.finish();
    }
    compiled.diagnostics.extend(problems.into_diagnostics());
}

fn compile_spec(
    tree: &Arc<Tree>,
    root: Node<'_>,
    metadata: Option<Node<'_>>,
    spec: &Spec<'_>,
    problems: &Problems<'_>,
    compiled: &mut Compiled,
) {
    let text = |node: Option<Node<'_>>, key: &str| -> String {
        node.and_then(|node| node.get(key)?.as_str()).unwrap_or_default().to_owned()
    };
    let kind = text(Some(root), "kind");
    let name = text(metadata, "name");
    if name.is_empty() {
        problems.at(root, Diagnostic::error("missing-field", "a policy needs `metadata.name`"));
    }
    let namespace = (kind == "Policy").then(|| {
        let namespace = text(metadata, "namespace");
        if namespace.is_empty() { "default".to_owned() } else { namespace }
    });
    let full_name = match &namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.clone(),
    };
    for key in ["name", "namespace"] {
        if let Some(node) = metadata.and_then(|metadata| metadata.get(key))
            && node.as_str().is_none()
        {
            problems.at(node, expected(key, "a string", node));
        }
    }
    let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
    let annotation = |key: &str| -> Arc<str> { text(annotations, key).into() };
    let policy = Arc::new(Policy {
        name: full_name.as_str().into(),
        plain_name: name.into(),
        kind: kind.as_str().into(),
        namespace: namespace.map(Into::into),
        apply_one: spec.apply_one,
        admission: spec.admission,
        background: spec.background,
        timeout_seconds: spec.timeout_seconds,
    });
    let shared = Shared {
        spec,
        info: RuleInfo {
            policy: Arc::clone(&policy.name),
            policy_kind: Arc::clone(&policy.kind),
            rule: "".into(),
            dialect: Dialect::Kyverno,
            severity: annotation("policies.kyverno.io/severity"),
            category: annotation("policies.kyverno.io/category"),
            scored: &*annotation("policies.kyverno.io/scored") != "false",
            help: annotation("ajj.dev/help"),
        },
        policy,
    };
    if let (Some(overrides), true) = (spec.overrides.first(), shared.policy.namespace.is_some()) {
        let message = "a namespaced policy cannot have validationFailureActionOverrides";
        let _ = overrides;
        problems.at(root, Diagnostic::error("overrides-in-policy", message));
    }
    if !spec.background && !spec.admission {
        let message = "`background` and `admission` are both false: nothing would be evaluated";
        problems.at(root, Diagnostic::error("never-evaluated", message));
    }
    check_names(&spec.rules, problems);
    refusals::policy(root, spec, problems);

    let before = compiled.rules.len();
    let mut broken = Vec::new();
    // What is made of a rule asks for roles where the rule does.
    let asks_roles = spec.rules.iter().map(|rule| Arc::new(AsksRoles::of(tree, *rule)));
    let asks_roles: Vec<_> = asks_roles.collect();
    for (node, asks_roles) in spec.rules.iter().zip(&asks_roles) {
        let seen = problems.errors();
        let rule = RuleSpec::decode(*node, problems);
        let program = rule.as_ref().map(|rule| {
            let lowered = shared.lower(rule, problems, |validate| {
                shared.body(tree, rule, validate, problems).map(LateBody::from)
            });
            // One mistake is said once.
            if problems.errors() == seen {
                refusals::rule(tree, rule, spec.background, problems);
            }
            lowered
        });
        let failed = problems.errors() > seen;
        broken.push(failed);
        let from = compiled.rules.len();
        shared.add(rule.as_ref(), program, failed, compiled);
        let added = compiled.rules.iter_mut().skip(from);
        added.for_each(|rule| rule.asks_roles = Arc::clone(asks_roles));
    }
    if problems.errors() > 0 && broken.iter().all(|failed| !failed) {
        // Something outside the rules is wrong: none of them can be trusted.
        for rule in compiled.rules.iter_mut().skip(before) {
            rule.program = Program::broken(&rule.info.policy);
        }
        broken.iter_mut().for_each(|failed| *failed = true);
    }
    let made = autogen::generate(annotations, &spec.rules);
    if !made.kinds.is_empty() {
        let kinds: Arc<[Box<str>]> = made.kinds.into();
        for rule in compiled.rules.iter_mut().skip(before) {
            if rule.name.starts_with(autogen::PREFIX) {
                rule.scope = Scope::Except(Arc::clone(&kinds));
            }
        }
    }
    // What is wrong with a made rule was said of the rule it was made from.
    let silent = Problems::silent();
    for generated in made.rules {
        let failed = broken.get(generated.source).copied().unwrap_or(true);
        let Some(rule) = RuleSpec::decode(generated.tree.root(), &silent) else { continue };
        if matches!(rule.body, RuleBody::Other(_)) {
            continue;
        }
        let written = spec.rules.get(generated.source).and_then(|rule| rule.get("name")?.as_str());
        let program = shared.lower(&rule, &silent, |_| {
            let namespace = shared.policy.namespace.clone();
            Some(LateBody::of(Arc::clone(&generated.tree), namespace))
        });
        let shared = Shared { info: shared.info.clone(), policy: Arc::clone(&shared.policy), spec };
        let from = compiled.rules.len();
        shared.add_named(&rule, written.unwrap_or(rule.name), Some(program), failed, compiled);
        for rule in compiled.rules.iter_mut().skip(from) {
            rule.scope = Scope::Only(Arc::clone(&generated.kinds));
            rule.asks_roles = asks_roles.get(generated.source).cloned().unwrap_or_default();
        }
    }
}

fn check_names(rules: &[Node<'_>], problems: &Problems<'_>) {
    let mut seen: Vec<&str> = Vec::new();
    for rule in rules {
        let Some(name) = rule.get("name") else { continue };
        let text = name.as_str().unwrap_or_default();
        if seen.contains(&text) {
            let message = format!("two rules are named `{text}`");
            problems.at(
                name,
                Diagnostic::error("duplicate-rule", message).help("give one another name"),
            );
        }
        if text.len() > 63 {
            let message = "a rule's name has at most 63 characters";
            problems.at(name, Diagnostic::error("long-name", message));
        }
        seen.push(text);
    }
}

/// A rule as far as it could be compiled.
struct Lowered {
    matcher: Option<Matcher>,
    validation: Result<Option<Validation>, OtherRule>,
}

/// Lowers the body of a rule that was made: what is wrong with it was said before.
pub(crate) fn body(rule: &Arc<Tree>, namespace: Option<&str>) -> Option<Body> {
    let silent = Problems::silent();
    let spec = RuleSpec::decode(rule.root(), &silent)?;
    match &spec.body {
        RuleBody::Validate(validate) => lower_body(rule, &spec, validate, namespace, &silent),
        RuleBody::Other(_) | RuleBody::Unclear => None,
    }
}

fn lower_body(
    tree: &Arc<Tree>,
    rule: &RuleSpec<'_>,
    validate: &ValidateSpec<'_>,
    namespace: Option<&str>,
    problems: &Problems<'_>,
) -> Option<Body> {
    let context = context::entries(tree, &rule.context, namespace, problems);
    let lowering = Lowering { tree, namespace, problems };
    Some(Body {
        message: Message::new(validate.message),
        context,
        preconditions: match rule.preconditions {
            Some(node) => Some(lowering.conditions(node)?),
            None => None,
        },
        check: lowering.check(validate.check, 0)?,
        messages: messages(&rule.report_properties),
    })
}

impl Shared<'_> {
    fn lower(
        &self,
        rule: &RuleSpec<'_>,
        problems: &Problems<'_>,
        body: impl FnOnce(&ValidateSpec<'_>) -> Option<LateBody>,
    ) -> Lowered {
        let matcher = selection::matcher(rule, problems);
        let validation = match &rule.body {
            RuleBody::Unclear => Ok(None),
            RuleBody::Other(kind) => Err(*kind),
            RuleBody::Validate(_) if self.spec.match_conditions.is_some() => Err(OtherRule::Cel),
            RuleBody::Validate(validate) => Ok(body(validate).map(|body| Validation {
                body,
                allow_existing_violations: validate.allow_existing_violations,
                actions: self.actions(validate, problems),
            })),
        };
        Lowered { matcher, validation }
    }

    fn body(
        &self,
        tree: &Arc<Tree>,
        rule: &RuleSpec<'_>,
        validate: &ValidateSpec<'_>,
        problems: &Problems<'_>,
    ) -> Option<Body> {
        variables::check(rule, self.spec.background, problems);
        lower_body(tree, rule, validate, self.policy.namespace.as_deref(), problems)
    }

    /// Upstream: `GetValidationFailureAction` in pkg/engine/api/engineresponse.go.
    fn actions(&self, validate: &ValidateSpec<'_>, problems: &Problems<'_>) -> Actions {
        let warn = self.spec.emit_warning;
        let compile = |overrides: &[OverrideSpec<'_>]| -> Vec<ActionOverride> {
            let compiled = overrides.iter().map(|item| ActionOverride {
                action: item.action.action(warn),
                namespaces: item
                    .namespaces
                    .as_ref()
                    .map(|names| names.iter().map(|name| Wildcard::new(name)).collect()),
                selector: item.selector.and_then(|node| Selector::decode(node, problems)),
            });
            compiled.collect()
        };
        let default = match validate.action.or(self.spec.action) {
            Some(action) => action.action(warn),
            None => FailureAction::Audit.action(warn),
        };
        let mut overrides = compile(&validate.overrides);
        if overrides.is_empty() && validate.action.is_none() {
            overrides = compile(&self.spec.overrides);
        }
        let enforces = validate.action.or(self.spec.action) == Some(FailureAction::Enforce);
        Actions { default, overrides, enforces }
    }

    fn add(
        &self,
        rule: Option<&RuleSpec<'_>>,
        lowered: Option<Lowered>,
        failed: bool,
        compiled: &mut Compiled,
    ) {
        match rule {
            Some(rule) => self.add_named(rule, rule.name, lowered, failed, compiled),
            None => compiled.rules.push(self.rule(("", ""), None, None, Action::Deny)),
        }
    }

    fn add_named(
        &self,
        rule: &RuleSpec<'_>,
        written: &str,
        lowered: Option<Lowered>,
        failed: bool,
        compiled: &mut Compiled,
    ) {
        let (matcher, validation) = match lowered {
            Some(Lowered { validation: Err(kind), .. }) if !failed => {
                compiled.not_evaluated.push(OtherRules::one(kind.as_str(), kind.gives_verdict()));
                return;
            }
            Some(Lowered { validation: Err(kind), .. }) if !kind.gives_verdict() => return,
            Some(Lowered { matcher, validation }) => (matcher, validation.ok().flatten()),
            None => (None, None),
        };
        let action = match &rule.body {
            RuleBody::Validate(validate) => validate.action.or(self.spec.action),
            _ => self.spec.action,
        };
        let action = action.unwrap_or(FailureAction::Audit).action(self.spec.emit_warning);
        let validation = validation.filter(|_| !failed);
        let names = (rule.name, written);
        compiled.rules.push(self.rule(names, matcher, validation, action));
    }

    fn rule(
        &self,
        (name, written): (&str, &str),
        matcher: Option<Matcher>,
        validation: Option<Validation>,
        action: Action,
    ) -> Rule {
        let info = Arc::new(RuleInfo { rule: written.into(), ..self.info.clone() });
        Rule {
            name: name.into(),
            policy: Arc::clone(&self.policy),
            matching: matcher.map_or(Matching::Unreadable, Matching::Kyverno),
            scope: Scope::default(),
            action,
            failure_policy: self.spec.failure_policy,
            asks_roles: Arc::default(),
            program: match validation {
                Some(validation) => Program::Kyverno(Box::new(validation)),
                None => Program::broken(&info.policy),
            },
            info,
        }
    }
}

/// The texts in `reportProperties` that replace messages.
fn messages(properties: &[(&str, Node<'_>)]) -> Vec<(Outcome, Message)> {
    let named = properties.iter().filter_map(|(name, node)| {
        let outcome = match *name {
            "passMessage" => Outcome::Pass,
            "failMessage" => Outcome::Fail,
            "errorMessage" => Outcome::Error,
            "skipMessage" => Outcome::Skip,
            _ => return None,
        };
        let text = node.as_str().filter(|text| !text.is_empty())?;
        Some((outcome, Message::new(text)))
    });
    named.collect()
}

/// Lowers the parts of a rule that hold checks.
struct Lowering<'l, 'd> {
    tree: &'l Arc<Tree>,
    namespace: Option<&'l str>,
    problems: &'l Problems<'d>,
}

/// Foreach blocks may stand in each other, but not forever.
const DEEPEST_FOREACH: usize = 16;

impl Lowering<'_, '_> {
    fn check(&self, check: CheckSpec<'_>, depth: usize) -> Option<Check> {
        Some(match check {
            CheckSpec::Pattern(node) => Check::Pattern(self.patterns(node, &[node])?),
            CheckSpec::AnyPattern(node) => {
                let Some(items) = node.as_list() else {
                    self.problems.at(node, expected("anyPattern", "a list of patterns", node));
                    return None;
                };
                let items: Vec<_> = items.iter().collect();
                Check::AnyPattern(self.patterns(node, &items)?)
            }
            CheckSpec::Deny(node) => {
                let mut deny = Fields::of(node, "deny", self.problems)?;
                let conditions = deny.get("conditions");
                deny.finish();
                Check::Deny(match conditions {
                    Some(conditions) => Some(self.conditions(conditions)?),
                    None => None,
                })
            }
            CheckSpec::Foreach(node) => {
                let Some(items) = node.as_list() else {
                    self.problems.at(node, expected("foreach", "a list", node));
                    return None;
                };
                if depth == DEEPEST_FOREACH {
                    let message = format!("foreach stands in foreach more than {depth} times");
                    self.problems.at(node, Diagnostic::error("too-deep", message));
                    return None;
                }
                let blocks: Vec<_> = items.iter().map(|item| self.foreach(item, depth)).collect();
                Check::Foreach(blocks.into_iter().collect::<Option<_>>()?)
            }
            CheckSpec::PodSecurity(node) => {
                let mut found = Vec::new();
                let rule = PodSecurityRule::compile(node, &mut found);
                found
                    .into_iter()
                    .for_each(|problem| self.problems.at(problem.node, problem.into()));
                Check::PodSecurity(rule?)
            }
        })
    }

    fn patterns(&self, whole: Node<'_>, patterns: &[Node<'_>]) -> Option<PatternSource> {
        // Of rules that were made nobody wants to know.
        let is_silent = self.problems.is_silent();
        for node in patterns.iter().filter(|_| !is_silent) {
            if let Some(refusal) = Pattern::refusal(&Value::from(*node)) {
                let (place, _) = node.nearest(&refusal.steps);
                self.problems.at(place, Diagnostic::error("pattern", refusal.message));
            }
        }
        let template = Template::compile(self.tree, whole);
        if template.as_constant().is_none() {
            for error in template.broken() {
                self.problems.at(whole, Diagnostic::error("reference", error));
            }
            return Some(PatternSource::Template(template));
        }
        let mut compiled = Vec::with_capacity(patterns.len());
        for node in patterns {
            match Pattern::compile(&Value::from(*node)) {
                Ok(pattern) => {
                    let oddities = if is_silent { Vec::new() } else { pattern.oddities() };
                    for oddity in oddities {
                        let (place, _) = node.nearest(&oddity.steps);
                        let warning = Diagnostic::warning("odd-pattern", oddity.message);
                        self.problems.at(place, warning);
                    }
                    compiled.push(pattern);
                }
                Err(error) => {
                    self.problems.at(*node, Diagnostic::error("pattern", error.to_string()));
                    return None;
                }
            }
        }
        Some(PatternSource::Compiled(compiled))
    }

    fn foreach(&self, node: Node<'_>, depth: usize) -> Option<Foreach> {
        let mut block = Fields::of(node, "a foreach block", self.problems)?;
        block.require("list");
        let list = block.text("list").unwrap_or_default();
        let element_scope = block.bool("elementScope");
        let entries = block.list("context").unwrap_or_default();
        let preconditions = block.get("preconditions");
        let checks = schema::checks(&mut block, false);
        block.finish();
        let list = Query::parse(list.trim());
        if let (Query::Broken { text, error }, Some(node)) = (&list, node.get("list")) {
            let message = format!("`{text}` is no JMESPath expression: {error}");
            self.problems.at_later(node, Diagnostic::error("expression", message));
        }
        let Found::Check(check) = schema::the_one(&checks, node, self.problems)? else {
            return None;
        };
        Some(Foreach {
            list,
            element_scope,
            context: context::entries(self.tree, &entries, self.namespace, self.problems),
            preconditions: match preconditions {
                Some(node) => Some(self.conditions(node)?),
                None => None,
            },
            check: self.check(check, depth + 1)?,
        })
    }

    fn conditions(&self, node: Node<'_>) -> Option<Conditions> {
        conditions(self.tree, node, self.problems)
    }
}

/// Compiles `{any, all}` or a plain list of conditions.
fn conditions(tree: &Arc<Tree>, node: Node<'_>, problems: &Problems<'_>) -> Option<Conditions> {
    let each = |items: Vec<Node<'_>>| -> Option<Vec<Condition>> {
        let compiled: Vec<_> =
            items.into_iter().map(|item| condition(tree, item, problems)).collect();
        compiled.into_iter().collect()
    };
    if let Some(items) = node.as_list() {
        return Some(Conditions { any: None, all: each(items.iter().collect())?, is_list: true });
    }
    let mut blocks = Fields::of(node, "conditions", problems)?;
    let any = blocks.list("any");
    let all = blocks.list("all");
    blocks.finish();
    Some(Conditions {
        any: match any {
            Some(items) => Some(each(items)?),
            None => None,
        },
        all: each(all.unwrap_or_default())?,
        is_list: false,
    })
}

fn condition(tree: &Arc<Tree>, node: Node<'_>, problems: &Problems<'_>) -> Option<Condition> {
    let mut condition = Fields::of(node, "a condition", problems)?;
    let null = Arc::new(Tree::null());
    let template = |node: Option<Node<'_>>| match node {
        Some(node) => Template::compile(tree, node),
        None => Template::compile(&null, null.root()),
    };
    let key = template(condition.get("key"));
    let value = template(condition.get("value"));
    let message = Message::new(condition.text("message").unwrap_or_default());
    let word = condition.require("operator");
    condition.finish();
    let operator = word?.as_str().and_then(Operator::parse);
    if let (None, Some(word)) = (operator, word) {
        let known = Operator::ALL.iter().map(|operator| operator.as_str());
        problems.at(word, unknown_word("operator", word, known));
    }
    Some(Condition { key, operator: operator?, value, message })
}
