//! Modules to a [`Program`]: names resolved, bodies ordered, everything checked that OPA checks.

mod checks;
mod core;
mod lower;
mod metadata;
mod safety;
mod translate;
mod tree;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::builtins::Patterns;
use super::program::{Definition, Otherwise, Program, Rule, Step, StepKind, Term};
use super::syntax::ast::Module;
use super::syntax::{Problem, Source, Span, Version, parse};
use core::Walk;
use lower::Lowering;
use safety::Variables;
use translate::Names;

/// What modules may use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    /// The built-in functions that may be called; `None` for all.
    pub(crate) allowed: Option<BTreeSet<Box<str>>>,
    /// Built-in functions that may not be called.
    pub(crate) forbidden: BTreeSet<Box<str>>,
    /// Whether unused variables, parameters and imports are errors, and deprecated functions too.
    pub(crate) is_strict: bool,
}

impl Limits {
    fn allows(&self, name: &str) -> bool {
        !self.forbidden.contains(name)
            && self.allowed.as_ref().is_none_or(|allowed| allowed.contains(name))
    }
}

/// What is wrong in a module that is known elsewhere.
#[derive(Clone, Debug)]
struct Fault {
    code: &'static str,
    message: String,
    span: Span,
}

impl Fault {
    fn compile(span: Span, message: impl Into<String>) -> Self {
        Self { code: "rego_compile_error", message: message.into(), span }
    }

    fn of_type(span: Span, message: impl Into<String>) -> Self {
        Self { code: "rego_type_error", message: message.into(), span }
    }

    fn in_source(self, source: &Source) -> Problem {
        let Self { code, message, span } = self;
        Problem { code, message, source: Arc::clone(&source.name), span }
    }
}

/// Compiles modules that belong together.
///
/// # Errors
///
/// What is wrong with them: everything of the first stage that finds something.
pub(crate) fn compile(sources: &[Source], limits: &Limits) -> Result<Program, Vec<Problem>> {
    compiled(sources, None, limits)
}

/// Compiles modules and, as the last of them, one whose rules belong to no document.
pub(crate) fn compile_query(sources: &[Source], limits: &Limits) -> Result<Program, Vec<Problem>> {
    compiled(sources, sources.len().checked_sub(1), limits)
}

fn compiled(
    sources: &[Source],
    query: Option<usize>,
    limits: &Limits,
) -> Result<Program, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut modules = Vec::with_capacity(sources.len());
    for source in sources {
        match parse(source) {
            Ok(module) => modules.push(module),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let definitions = translated(&modules, sources, limits)?;
    let in_module = |module: usize, fault: Fault| -> Option<Problem> {
        sources.get(module).map(|source| fault.in_source(source))
    };
    let (mut table, faults) = {
        let visible = modules.iter().take(query.unwrap_or(modules.len()));
        tree::table(definitions, visible.map(|module| module.package.as_slice()), query)
    };
    problems.extend(faults.into_iter().filter_map(|(module, fault)| in_module(module, fault)));
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut rules = Vec::with_capacity(table.groups.len());
    for number in 0..table.groups.len() {
        let Some(group) = table.groups.get_mut(number) else { continue };
        let mut definitions = std::mem::take(&mut group.definitions);
        for definition in &mut definitions {
            let faults = checks::functions(definition, &table);
            problems
                .extend(faults.into_iter().filter_map(|fault| in_module(definition.module, fault)));
        }
        if let Some(group) = table.groups.get_mut(number) {
            group.definitions = definitions;
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let known = lower::Rules { branches: &table.branches, arities: &table.arities };
    for group in &table.groups {
        let mut rule = Rule {
            path: group.path.clone().into(),
            kind: group.kind,
            definitions: Vec::new(),
            default: None,
        };
        for definition in &group.definitions {
            match lowered(definition, &known) {
                Ok(lowered) if definition.is_default => rule.default = Some(lowered),
                Ok(lowered) => rule.definitions.push(lowered),
                Err(faults) => problems.extend(
                    faults.into_iter().filter_map(|fault| in_module(definition.module, fault)),
                ),
            }
        }
        rules.push(rule);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let program = Program {
        rules,
        branches: table.branches,
        sources: sources.to_vec(),
        packages: modules.into_iter().map(|module| module.package).collect(),
        patterns: Patterns::default(),
        outside: None,
    };
    let faults = checks::recursion(&program);
    problems.extend(faults.into_iter().filter_map(|(module, fault)| in_module(module, fault)));
    match problems.is_empty() {
        true => Ok(program),
        false => Err(problems),
    }
}

/// The definitions of all modules, their names resolved.
fn translated(
    modules: &[Module],
    sources: &[Source],
    limits: &Limits,
) -> Result<Vec<core::Definition>, Vec<Problem>> {
    let mut rules: BTreeMap<&[Box<str>], BTreeSet<Box<str>>> = BTreeMap::new();
    for module in modules {
        let known = rules.entry(module.package.as_slice()).or_default();
        known.extend(module.rules.iter().map(|rule| rule.head.name.clone()));
    }
    let annotations = metadata::Annotations::read(sources, modules)?;
    let (mut definitions, mut problems) = (Vec::new(), Vec::new());
    for ((number, module), source) in modules.iter().enumerate().zip(sources) {
        let Some(rules) = rules.get(module.package.as_slice()) else { continue };
        let imports = module
            .imports
            .iter()
            .filter(|import| {
                matches!(import.path.first().map(AsRef::as_ref), Some("data" | "input"))
            })
            .map(|import| (import.name(), import.path.as_slice()))
            .collect();
        let names = Names {
            package: &module.package,
            imports,
            used: RefCell::default(),
            is_v1: module.version == Version::V1,
            rules,
        };
        let (mut found, faults) = translate::rules(module, number, &names, limits, &annotations);
        definitions.append(&mut found);
        let imports = checks::imports(module, &names.used.borrow(), limits.is_strict);
        let faults = imports.into_iter().chain(faults);
        problems.extend(faults.map(|fault| fault.in_source(source)));
    }
    match problems.is_empty() {
        true => Ok(definitions),
        false => Err(problems),
    }
}

/// Orders and lowers one definition.
fn lowered(
    definition: &core::Definition,
    rules: &lower::Rules<'_>,
) -> Result<Definition, Vec<Fault>> {
    let mut parameters_bound = Variables::new();
    for parameter in definition.parameters.iter().flatten() {
        Walk { skip_closures: true, ..Walk::default() }.term(parameter, &mut |variable| {
            parameters_bound.insert(variable);
        });
    }
    let mut frame = definition.names.len() as u32;
    let mut missing = safety::Unsafe::new();
    let mut lowering = Lowering { rules, bound: BTreeSet::new(), frame };
    let parameters: Vec<_> = definition
        .parameters
        .iter()
        .flatten()
        .map(|parameter| lowering.pattern(parameter, &mut Vec::new()))
        .collect();
    let after_parameters = lowering.bound.clone();
    let mut bodies = Vec::new();
    let first = (&definition.value, &definition.body);
    let others = definition.otherwise.iter().map(|(value, body, _)| (value, body));
    let mut heads = (Vec::new(), None);
    let mut keys_after = 0;
    for (number, (value, body)) in [first].into_iter().chain(others).enumerate() {
        let mut bound = parameters_bound.clone();
        let ordered = safety::order(body.clone(), &mut bound, &mut missing);
        lowering.bound.clone_from(&after_parameters);
        let (mut steps, after) = lowering.body_until(&ordered, &definition.keys);
        let mut operand = |term: &core::Term, steps: &mut Vec<Step>| {
            safety::check_bound(term, term.span, &bound, &mut missing);
            let mut term = term.clone();
            safety::order_term(&mut term, &bound, &mut missing);
            lowering.operand(&term, steps)
        };
        if number == 0 {
            keys_after = after;
            let keys = definition.keys.iter().map(|key| operand(key, &mut steps)).collect();
            let member = definition.member.as_ref().map(|term| operand(term, &mut steps));
            heads = (keys, member);
        }
        let value = operand(value, &mut steps);
        if matches!(steps.as_slice(), [Step { kind: StepKind::Test(Term::Bool(true)), .. }]) {
            steps.clear();
        }
        bodies.push((value, steps));
    }
    frame = frame.max(lowering.frame);
    if !missing.is_empty() {
        return Err(unsafe_faults(definition, missing));
    }
    let mut bodies = bodies.into_iter();
    let (value, body) = bodies.next().unwrap_or((Term::Null, Vec::new()));
    let otherwise = bodies.map(|(value, body)| Otherwise { value, body: body.into() }).collect();
    Ok(Definition {
        parameters: parameters.into(),
        keys: heads.0.into(),
        keys_after,
        member: heads.1,
        value,
        body: body.into(),
        otherwise,
        frame: frame as usize,
        module: definition.module,
        span: definition.span,
        head: definition.head,
    })
}

fn unsafe_faults(definition: &core::Definition, missing: safety::Unsafe) -> Vec<Fault> {
    let mut said = BTreeSet::new();
    let mut faults = Vec::new();
    for (variable, span) in missing {
        let name = definition.names.get(variable as usize).map_or("_", |name| name);
        if said.insert((name.to_owned(), span.start)) {
            let message = format!("var {name} is unsafe");
            faults.push(Fault { code: "rego_unsafe_var_error", message, span });
        }
    }
    // What OPA generated is said only where nothing else is.
    if faults.iter().any(|fault| fault.message != "var _ is unsafe") {
        faults.retain(|fault| fault.message != "var _ is unsafe");
    }
    faults
}
