//! Rules in conftest's manner as rules of a policy set: every object is their input.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::Timestamp;

use super::names::{Severity, exempted};
use super::{BYTES, Policies, STEPS};
use crate::decision::{Action, Details, Dialect, FailurePolicy, RuleInfo, Violation};
use crate::diagnostic::{Diagnostic, Severity as Weight};
use crate::rego::{self, Asked, Budget, Limits, ReadPlaces, Value, Version};
use crate::rule::{Compiled, Matching, Policy, Program, Rule, Scope};
use crate::source::Source;
use crate::suite::rego_diagnostic;
use crate::tree::Node;

/// One rule, such as `deny` of a package, ready to be asked.
#[derive(Debug)]
pub(crate) struct Judge {
    policies: Arc<Policies>,
    package: Vec<Box<str>>,
    rule: Box<str>,
}

/// What a rule says of an object.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Pass,
    /// By the package's `exception`.
    Exempted,
    /// At least one.
    Fail(Vec<Violation>),
    Error(String),
}

/// What no policy may call here: an object is judged by what it is.
const FORBIDDEN: [&str; 1] = ["http.send"];

/// Compiles texts of Rego that belong together, and adds a rule for each that judges.
///
/// What conftest would count as passed without a word is an error: a rule that is named like one
/// that judges and never does.
pub(crate) fn compile(sources: &[&Source], compiled: &mut Compiled) {
    if sources.is_empty() {
        return;
    }
    let texts: Vec<_> = sources.iter().map(|source| text(source)).collect();
    compiled.policies += texts.len();
    let limits =
        Limits { forbidden: FORBIDDEN.into_iter().map(Box::from).collect(), ..Limits::default() };
    let policies = match Policies::of(&texts, &limits) {
        Ok(policies) => Arc::new(policies),
        Err(problems) => {
            compiled.diagnostics.extend(problems.into_iter().map(rego_diagnostic));
            let broken = Program::Broken("the policies in Rego do not compile".into());
            compiled.rules.push(rule("rego", "rego", Action::Deny, Matching::Unreadable, broken));
            return;
        }
    };
    for oddity in policies.oddities() {
        let error = Diagnostic { severity: Weight::Error, ..oddity };
        compiled.diagnostics.push(error);
    }
    let before = compiled.rules.len();
    for module in &policies.modules {
        if module.source.text.contains("input.review") {
            let message = "this is the Rego of a ConstraintTemplate: its rules are judged with \
                           the template alone";
            let name = Arc::clone(&module.source.name);
            let span = crate::source::Span { source: name, start: 0, end: 0 };
            let said = Diagnostic::warning("template-rego", message).at(Some(span));
            compiled.diagnostics.push(said);
            continue;
        }
        for head in module.rules.iter().filter(|head| !head.has_keys && !head.is_function) {
            let action = match Severity::of(&head.name) {
                Some(Severity::Failure) => Action::Deny,
                Some(Severity::Warning) => Action::Warn,
                None => continue,
            };
            let is_known =
                |known: &Rule| *known.policy.name == *module.namespace && *known.name == *head.name;
            if compiled.rules.iter().skip(before).any(is_known) {
                continue;
            }
            let judge = Judge {
                policies: Arc::clone(&policies),
                package: module.package.clone(),
                rule: head.name.clone(),
            };
            let program = Program::Conftest(Box::new(judge));
            let matching = Matching::Everything;
            compiled.rules.push(rule(&module.namespace, &head.name, action, matching, program));
        }
    }
}

/// A text as Rego v1 or, where it is none, as v0.
fn text(source: &Source) -> rego::Source {
    let as_version = |version| rego::Source {
        name: Arc::clone(&source.name),
        text: Arc::clone(&source.text),
        version,
    };
    let v0 = as_version(Version::V0);
    match (rego::parse(&as_version(Version::V1)), rego::parse(&v0)) {
        (Err(_), Ok(_)) => v0,
        _ => as_version(Version::V1),
    }
}

fn rule(package: &str, name: &str, action: Action, matching: Matching, program: Program) -> Rule {
    let (policy_name, kind): (Arc<str>, Arc<str>) = (package.into(), "Rego".into());
    let info = RuleInfo {
        policy: Arc::clone(&policy_name),
        policy_kind: Arc::clone(&kind),
        rule: name.into(),
        dialect: Dialect::Conftest,
        ..RuleInfo::default()
    };
    let policy = Policy {
        name: Arc::clone(&policy_name),
        plain_name: policy_name,
        kind,
        namespace: None,
        apply_one: false,
        admission: true,
        background: true,
        timeout_seconds: None,
    };
    Rule {
        info: Arc::new(info),
        name: name.into(),
        policy: Arc::new(policy),
        matching,
        scope: Scope::default(),
        action,
        failure_policy: FailurePolicy::Fail,
        asks_roles: Arc::default(),
        program,
    }
}

impl Judge {
    /// Asks the rule about an object; a member that cannot be read is an error, where conftest
    /// leaves it out.
    pub(crate) fn evaluate(&self, object: Node<'_>, now: Timestamp, seed: u64) -> Answer {
        let arena = typed_arena::Arena::new();
        let (budget, notes) = (Budget::new(STEPS, BYTES), RefCell::default());
        let asked = || Asked {
            input: Some(Value::from(object)),
            data: Value::object(Vec::new()),
            now,
            seed,
            budget: &budget,
            arena: &arena,
            notes: &notes,
            strict: false,
        };
        let path =
            |rule| -> Vec<&str> { self.package.iter().map(AsRef::as_ref).chain([rule]).collect() };
        let exceptions = match self.policies.program.evaluate(&path("exception"), asked()) {
            Ok(exceptions) => exceptions,
            Err(error) => return Answer::Error(self.policies.shown(&error)),
        };
        let name = exempted(&self.rule);
        let exempting = exceptions.iter().flat_map(super::check::children);
        let mut exempting = exempting.flat_map(|names| super::check::children(&names));
        if exempting.any(|exempted| exempted.as_str() == Some(name)) {
            return Answer::Exempted;
        }
        let members = match self.policies.program.members(&path(&self.rule), asked()) {
            Ok(members) => members,
            Err(error) => return Answer::Error(self.policies.shown(&error)),
        };
        let query = format!("data.{}.{}", super::names::namespace(&self.package), self.rule);
        let mut violations = Vec::with_capacity(members.len());
        let places = (!members.is_empty()).then(|| ReadPlaces::of(object));
        for member in &members {
            match self.policies.finding(&member.value, &query, &budget, &arena) {
                Ok(Ok(finding)) if finding.message.is_empty() => {}
                Ok(Ok(finding)) => violations.push(Violation {
                    path: places
                        .as_ref()
                        .map(|places| places.last(&member.read))
                        .unwrap_or_default(),
                    message: finding.message,
                    missing: false,
                    details: finding
                        .metadata
                        .map(|details| Details::of_json(details.root().to_json())),
                }),
                Ok(Err(error)) | Err(error) => return Answer::Error(error),
            }
        }
        match violations.is_empty() {
            true => Answer::Pass,
            false => Answer::Fail(violations),
        }
    }
}
