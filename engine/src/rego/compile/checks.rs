//! What OPA refuses at compile time beside unsafe variables: unknown functions, wrong numbers of
//! arguments, literal arguments of the wrong type, recursion.

use std::collections::{BTreeMap, BTreeSet};

use super::super::builtins::{Builtin, Type};
use super::super::program::walk::{self, Visitor};
use super::super::program::{Callee, Node, Program, Reference, Start};
use super::super::syntax::Version;
use super::super::syntax::ast::Module;
use super::Fault;
use super::core::{self, Definition, Expression, Function, Kind, TermKind};
use super::tree::Table;

/// Checks the calls of a definition. The last of too many arguments is what the value is matched
/// with, as before v1.
pub(super) fn functions(definition: &mut Definition, table: &Table) -> Vec<Fault> {
    let mut faults = Vec::new();
    // What built-in functions gave: a variable of theirs has that type alone.
    let mut types = BTreeMap::new();
    let mut open: Vec<&mut [Expression]> = vec![&mut definition.body];
    open.extend(definition.otherwise.iter_mut().map(|(_, body, _)| body.as_mut_slice()));
    while let Some(body) = open.pop() {
        for expression in body {
            let span = expression.span;
            match &mut expression.kind {
                Kind::Call { function, arguments, output } => {
                    let arity = arity(function, table);
                    if output.is_none() && arity.is_some_and(|arity| arguments.len() == arity + 1) {
                        *output = arguments.pop();
                    }
                    check(function, arguments, span, (table, &types), &mut faults);
                    if let (Function::Builtin(builtin), Some(output)) = (function, output)
                        && let TermKind::Variable(variable) = output.kind
                    {
                        types.insert(variable, builtin.result);
                    }
                    arguments.iter_mut().for_each(|term| bodies(term, &mut open));
                }
                Kind::Term(term) => bodies(term, &mut open),
                Kind::Unify(left, right) => {
                    bodies(left, &mut open);
                    bodies(right, &mut open);
                }
                Kind::Every { domain, body, .. } => {
                    bodies(domain, &mut open);
                    open.push(body);
                }
                Kind::Not(body) => open.push(body),
            }
        }
    }
    faults
}

/// Checks the imports of a module: two of one name and, where that is asked, those without use.
pub(super) fn imports(module: &Module, used: &BTreeSet<Box<str>>, is_strict: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (number, import) in module.imports.iter().enumerate() {
        let root = import.path.first().map(AsRef::as_ref).unwrap_or_default();
        if !matches!(root, "data" | "input") {
            continue;
        }
        let name = import.name();
        let written = import.path.join(".");
        let mut earlier = module.imports.iter().take(number);
        if let Some(first) = earlier.find(|earlier| earlier.name() == name) {
            if is_strict || module.version == Version::V1 {
                let message = format!("import must not shadow import {}", first.path.join("."));
                faults.push(Fault::compile(import.span, message));
            }
        } else if is_strict && !used.contains(name) {
            faults.push(Fault::compile(import.span, format!("import {written} unused")));
        }
    }
    faults
}

/// The types of variables that calls gave values to.
type Types = BTreeMap<core::Variable, Type>;

fn arity(function: &Function, table: &Table) -> Option<usize> {
    match function {
        Function::Builtin(builtin) => Some(builtin.arguments.len()),
        Function::Rule(path) => {
            let found = table.groups.binary_search_by(|group| group.path.as_slice().cmp(path));
            table.arities.get(found.ok()?).copied().flatten()
        }
        Function::Print | Function::Template => None,
    }
}

/// The bodies of comprehensions in a term.
fn bodies<'t>(term: &'t mut core::Term, open: &mut Vec<&'t mut [Expression]>) {
    match &mut term.kind {
        TermKind::Reference(_, keys) => keys.iter_mut().for_each(|key| bodies(key, open)),
        TermKind::Array(items) | TermKind::Set(items) => {
            items.iter_mut().for_each(|item| bodies(item, open));
        }
        TermKind::Object(entries) => {
            for (key, value) in entries {
                bodies(key, open);
                bodies(value, open);
            }
        }
        TermKind::ArrayComprehension(_, body)
        | TermKind::SetComprehension(_, body)
        | TermKind::ObjectComprehension(_, _, body) => open.push(body),
        _ => {}
    }
}

fn check(
    function: &Function,
    arguments: &[core::Term],
    span: super::Span,
    (table, types): (&Table, &Types),
    faults: &mut Vec<Fault>,
) {
    match function {
        Function::Builtin(builtin) => {
            if arguments.len() != builtin.arguments.len() {
                let message = format!(
                    "{}: arity mismatch: want {} arguments, have {}",
                    builtin.name,
                    builtin.arguments.len(),
                    arguments.len()
                );
                faults.push(Fault::of_type(span, message));
            } else {
                check_types(builtin, arguments, types, span, faults);
            }
        }
        Function::Rule(path) => {
            let found = table.groups.binary_search_by(|group| group.path.as_slice().cmp(path));
            let arity = found.ok().and_then(|number| table.arities.get(number).copied());
            let name = path.join(".");
            match arity {
                Some(Some(arity)) if arity == arguments.len() => {}
                Some(Some(arity)) => {
                    let have = arguments.len();
                    let message = format!(
                        "function data.{name} has arity {arity}, got {have} argument{}",
                        if have == 1 { "" } else { "s" }
                    );
                    faults.push(Fault::of_type(span, message));
                }
                Some(None) | None => {
                    faults.push(Fault::of_type(span, format!("undefined function data.{name}")));
                }
            }
        }
        Function::Print | Function::Template => {}
    }
}

fn check_types(
    builtin: &Builtin,
    arguments: &[core::Term],
    types: &Types,
    span: super::Span,
    faults: &mut Vec<Fault>,
) {
    for (argument, wanted) in arguments.iter().zip(builtin.arguments) {
        let known = match &argument.kind {
            TermKind::Variable(variable) => types.get(variable).and_then(named),
            kind => type_of(kind),
        };
        let Some((found, name)) = known else { continue };
        if !accepts(wanted, found) {
            let message = format!("{}: invalid argument(s): found {name}", builtin.name);
            faults.push(Fault::of_type(span, message));
        }
    }
}

fn accepts(wanted: &Type, found: Type) -> bool {
    match wanted {
        Type::Any => true,
        Type::OneOf(types) => types.iter().any(|wanted| accepts(wanted, found)),
        wanted => *wanted == found,
    }
}

/// A type that is one alone, and its word.
fn named(found: &Type) -> Option<(Type, &'static str)> {
    let word = match found {
        Type::Null => "null",
        Type::Boolean => "boolean",
        Type::Number => "number",
        Type::String => "string",
        Type::Array => "array",
        Type::Object => "object",
        Type::Set => "set",
        Type::Any | Type::OneOf(_) => return None,
    };
    Some((*found, word))
}

fn type_of(kind: &TermKind) -> Option<(Type, &'static str)> {
    Some(match kind {
        TermKind::Null => (Type::Null, "null"),
        TermKind::Bool(_) => (Type::Boolean, "boolean"),
        TermKind::Number(_) => (Type::Number, "number"),
        TermKind::String(_) => (Type::String, "string"),
        TermKind::Array(_) | TermKind::ArrayComprehension(..) => (Type::Array, "array"),
        TermKind::Object(_) | TermKind::ObjectComprehension(..) => (Type::Object, "object"),
        TermKind::Set(_) | TermKind::SetComprehension(..) => (Type::Set, "set"),
        TermKind::Variable(_) | TermKind::Reference(..) | TermKind::Constant(_) => return None,
    })
}

/// Finds rules that need themselves.
pub(super) fn recursion(program: &Program) -> Vec<(usize, Fault)> {
    let needs: Vec<Vec<usize>> = program
        .rules
        .iter()
        .map(|rule| {
            let mut needs = Needs { program, found: Vec::new() };
            for definition in rule.definitions.iter().chain(&rule.default) {
                walk::definition(definition, &mut needs);
            }
            needs.found.sort_unstable();
            needs.found.dedup();
            needs.found
        })
        .collect();
    let mut faults = Vec::new();
    // 0: not seen, 1: on the way, 2: known to be without.
    let mut states = vec![0_u8; needs.len()];
    for start in 0..needs.len() {
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((rule, next)) = way.last_mut() {
            let (rule, number) = (*rule, *next);
            *next += 1;
            if number == 0 {
                if states.get(rule) != Some(&0) {
                    way.pop();
                    continue;
                }
                set(&mut states, rule, 1);
            }
            match needs.get(rule).and_then(|needs| needs.get(number)) {
                Some(needed) if states.get(*needed) == Some(&1) => {
                    let names: Vec<_> = way
                        .iter()
                        .map(|(rule, _)| *rule)
                        .skip_while(|rule| rule != needed)
                        .chain([*needed])
                        .filter_map(|rule| program.rules.get(rule))
                        .map(|rule| format!("data.{}", rule.path.join(".")))
                        .collect();
                    let first = program.rules.get(*needed);
                    if let Some(definition) = first.and_then(|rule| rule.definitions.first()) {
                        let name = names.first().cloned().unwrap_or_default();
                        let message = format!("rule {name} is recursive: {}", names.join(" -> "));
                        let span = definition.span;
                        let fault = Fault { code: "rego_recursion_error", message, span };
                        faults.push((definition.module, fault));
                    }
                }
                Some(needed) => way.push((*needed, 0)),
                None => {
                    set(&mut states, rule, 2);
                    way.pop();
                }
            }
        }
    }
    faults
}

fn set(states: &mut [u8], rule: usize, state: u8) {
    if let Some(place) = states.get_mut(rule) {
        *place = state;
    }
}

/// Collects the rules that a definition needs.
struct Needs<'p> {
    program: &'p Program,
    found: Vec<usize>,
}

impl Visitor for Needs<'_> {
    fn callee(&mut self, callee: &Callee) {
        if let Callee::Rule(rule) = callee {
            self.found.push(*rule);
        }
    }

    fn reference(&mut self, reference: &Reference) {
        match reference.start {
            Start::Rule(rule) => self.found.push(rule),
            Start::Branch(branch) => self.branch(branch),
            _ => {}
        }
    }
}

impl Needs<'_> {
    /// What is asked for by a name that is known only later can be any rule below.
    fn branch(&mut self, branch: usize) {
        let mut open = vec![branch];
        while let Some(branch) = open.pop() {
            let children = self.program.branches.get(branch);
            for node in children.into_iter().flat_map(|branch| branch.children.values()) {
                match node {
                    Node::Branch(branch) => open.push(*branch),
                    Node::Rule(rule) => self.found.push(*rule),
                }
            }
        }
    }
}
