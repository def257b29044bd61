//! Goes through all that definitions are made of.

use super::{
    Callee, Comprehension, Definition, Key, Pattern, Reference, Replacement, Step, StepKind, Term,
};

/// What a walk shows.
pub(in crate::rego) trait Visitor {
    fn step(&mut self, _step: &Step) {}
    fn reference(&mut self, _reference: &Reference) {}
    fn callee(&mut self, _callee: &Callee) {}
}

pub(in crate::rego) fn definition(definition: &Definition, visitor: &mut dyn Visitor) {
    definition.parameters.iter().for_each(|parameter| pattern(parameter, visitor));
    definition.keys.iter().chain(&definition.member).for_each(|key| term(key, visitor));
    term(&definition.value, visitor);
    steps(&definition.body, visitor);
    for otherwise in &definition.otherwise {
        term(&otherwise.value, visitor);
        steps(&otherwise.body, visitor);
    }
}

fn steps(steps: &[Step], visitor: &mut dyn Visitor) {
    steps.iter().for_each(|one| step(one, visitor));
}

fn step(step: &Step, visitor: &mut dyn Visitor) {
    visitor.step(step);
    match &step.kind {
        StepKind::Test(tested) => term(tested, visitor),
        StepKind::TestEach(tested) => reference(tested, visitor),
        StepKind::Match(matched, value) => {
            pattern(matched, visitor);
            term(value, visitor);
        }
        StepKind::MatchEach(matched, value) => {
            pattern(matched, visitor);
            reference(value, visitor);
        }
        StepKind::Call { callee, arguments, output } => {
            visitor.callee(callee);
            arguments.iter().for_each(|argument| term(argument, visitor));
            output.iter().for_each(|output| pattern(output, visitor));
        }
        StepKind::Not(body) => steps(body, visitor),
        StepKind::Every { domain, body, .. } => {
            term(domain, visitor);
            steps(body, visitor);
        }
        StepKind::With { changes, body } => {
            for change in changes {
                match &change.value {
                    Replacement::Value(value) => term(value, visitor),
                    Replacement::Call(callee) => visitor.callee(callee),
                }
            }
            steps(body, visitor);
        }
        StepKind::Never => {}
    }
}

fn pattern(matched: &Pattern, visitor: &mut dyn Visitor) {
    match matched {
        Pattern::Bind(_) => {}
        Pattern::Same(value) => term(value, visitor),
        Pattern::Array(items) => items.iter().for_each(|item| pattern(item, visitor)),
        Pattern::Object(entries) => {
            for (key, value) in entries {
                term(key, visitor);
                pattern(value, visitor);
            }
        }
    }
}

fn reference(reference: &Reference, visitor: &mut dyn Visitor) {
    visitor.reference(reference);
    for key in &reference.keys {
        match key {
            Key::Field(_) => {}
            Key::Bound(key) => term(key, visitor),
            Key::Each(key) => pattern(key, visitor),
        }
    }
}

fn term(one: &Term, visitor: &mut dyn Visitor) {
    match one {
        Term::Reference(referred) => reference(referred, visitor),
        Term::Array(items) | Term::Set(items) => {
            items.iter().for_each(|item| term(item, visitor));
        }
        Term::Object(entries) => {
            for (key, value) in entries {
                term(key, visitor);
                term(value, visitor);
            }
        }
        Term::Comprehension(comprehension) => match &**comprehension {
            Comprehension::Array(item, body) | Comprehension::Set(item, body) => {
                term(item, visitor);
                steps(body, visitor);
            }
            Comprehension::Object(key, value, body) => {
                term(key, visitor);
                term(value, visitor);
                steps(body, visitor);
            }
        },
        Term::Null
        | Term::Bool(_)
        | Term::Int(_)
        | Term::Number(_)
        | Term::String(_)
        | Term::Constant(_)
        | Term::Variable(_) => {}
    }
}
