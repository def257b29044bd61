//! Rules in conftest's manner as rules of a policy set: every object is their input.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::Timestamp;

use super::names::{Severity, exempted};
use super::{BYTES, Module, Policies, STEPS};
use crate::decision::{Action, Details, Dialect, FailurePolicy, RuleInfo, Violation};
use crate::diagnostic::{Diagnostic, Severity as Weight};
use crate::rego::{self, Asked, Budget, Limits, Member, ReadPlaces, RuleKind, Value, Version};
use crate::rule::{Compiled, Matching, OtherRules, Policy, Program, Rule, Scope};
use crate::source::{Source, Span};
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
        let judged = module.judged().count();
        if let Some(found) = reads_a_review(module).filter(|_| judged > 0) {
            compiled.diagnostics.push(found);
            compiled.not_evaluated.push(OtherRules {
                kind: "Rego that reads an AdmissionReview".to_owned(),
                count: judged,
                gives_verdict: true,
            });
            continue;
        }
        compiled.diagnostics.extend(unknown_documents(module, &policies.modules));
        for (head, severity) in module.judged() {
            let action = match severity {
                Severity::Failure => Action::Deny,
                Severity::Warning => Action::Warn,
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

/// Rules that are written for a request around the object, of a template or of OPA's own admission
/// control: about the object alone they would never say anything.
fn reads_a_review(module: &Module) -> Option<Diagnostic> {
    let read = rego::paths_below("input", &module.source.text);
    let is_around = |path: &[Box<str>]| {
        path.first().is_some_and(|first| matches!(&**first, "review" | "request"))
    };
    let (path, span) = read.into_iter().find(|(path, _)| is_around(path))?;
    let message = format!(
        "rules that read `input.{}` are not judged: here `input` is the object itself",
        path.join(".")
    );
    let help = "the Rego of a ConstraintTemplate is judged with its template";
    Some(Diagnostic::warning("review-rego", message).at(Some(placed(module, span))).help(help))
}

/// Documents that no module defines: what reads them is undefined, and would pass in silence.
fn unknown_documents(module: &Module, modules: &[Module]) -> Vec<Diagnostic> {
    if module.judged().next().is_none() {
        return Vec::new();
    }
    let defines = |path: &[Box<str>]| {
        modules
            .iter()
            .any(|known| path.starts_with(&known.package) || known.package.starts_with(path))
    };
    let read = rego::paths_below("data", &module.source.text);
    let unknown = read.into_iter().filter(|(path, _)| !defines(path));
    let said = unknown.map(|(path, span)| {
        let message = format!("no policy defines `data.{}`", path.join("."));
        let help = "documents of data are read by `ajj conftest test --data`";
        Diagnostic::error("unknown-data", message).at(Some(placed(module, span))).help(help)
    });
    said.collect()
}

fn placed(module: &Module, span: rego::Span) -> Span {
    let (start, end) = (span.start as usize, span.end as usize);
    Span { source: Arc::clone(&module.source.name), start, end }
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
        let members = match self.policies.program.rule_kind(&path(&self.rule)) {
            Some(RuleKind::Complete) => match listed(members) {
                Ok(members) => members,
                Err(found) => {
                    return Answer::Error(format!(
                        "{query} has to be a set or a list, found {found}"
                    ));
                }
            },
            _ => members,
        };
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

/// The items of a rule's one value, or the type of a value that has none.
fn listed(value: Vec<Member<'_>>) -> Result<Vec<Member<'_>>, &'static str> {
    let mut members = Vec::new();
    for Member { value, read } in value {
        let items = match (value.as_set(), value.as_array()) {
            (Some(items), _) => items.to_vec(),
            (None, Some(items)) => items.iter().collect(),
            (None, None) => return Err(value.type_name()),
        };
        members.extend(items.into_iter().map(|value| Member { value, read: read.clone() }));
    }
    Ok(members)
}
