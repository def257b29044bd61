//! Unit tests of policies: rules named `test_…`, as `opa test` runs them.
//!
//! Upstream: `v1/tester/runner.go`. Each definition is a test of its own; one with keys
//! (`test_x[name]`) has a case for each name that is reached, and passes if all do.

use super::super::Value;
use super::super::program::walk::{self, Visitor};
use super::super::program::{Definition, Program, Step};
use super::super::syntax::Span;
use super::super::value::Notation;
use super::{Asked, Covered, EvaluationError, Flow, Machine};

/// A test that a program has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    /// Names with dots, with `data`.
    pub(crate) package: String,
    /// The rule's name; the second of one name ends in `#01`.
    pub(crate) name: String,
    /// Whether it is only to be done: `todo_test_…`.
    pub(crate) is_todo: bool,
    pub(crate) module: usize,
    pub(crate) span: Span,
    rule: usize,
    definition: usize,
}

/// What a test found.
#[derive(Clone, Debug)]
pub(crate) struct Tested {
    pub(crate) verdict: Verdict,
    /// The cases of a test that has some, and whether they passed.
    pub(crate) cases: Vec<(String, bool)>,
    pub(crate) covered: Covered,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    /// With the place of the expression that did not hold.
    Failed(Span),
    Error(EvaluationError),
}

impl Program {
    /// The tests, in the order of the modules and their texts.
    pub(crate) fn tests(&self) -> Vec<Test> {
        let mut tests = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            for (index, definition) in rule.definitions.iter().enumerate() {
                let package = self.packages.get(definition.module).map_or(0, Vec::len);
                let (package, name) = rule.path.split_at(package.min(rule.path.len()));
                let is_test = |part: &str| part.starts_with("test_");
                let is_todo = name.iter().any(|part| part.starts_with("todo_test_"));
                if !is_todo && !name.iter().any(|part| is_test(part)) {
                    continue;
                }
                let suffix = if index == 0 { String::new() } else { format!("#{index:02}") };
                let package = [&[Box::from("data")], package].concat();
                tests.push(Test {
                    package: package.join("."),
                    name: format!("{}{suffix}", name.join(".")),
                    is_todo,
                    module: definition.module,
                    span: definition.head,
                    rule: number,
                    definition: index,
                });
            }
        }
        tests.sort_by_key(|test| (test.module, test.span));
        tests
    }

    /// Runs one test.
    pub(crate) fn test<'v>(&'v self, test: &Test, asked: Asked<'_, 'v>) -> Tested {
        let mut machine = Machine::new(self, asked);
        machine.covered = Some(Covered::new());
        let rule = self.rules.get(test.rule);
        let definition = rule.and_then(|rule| rule.definitions.get(test.definition));
        let mut cases = Vec::new();
        let verdict = match definition {
            Some(definition) => match machine.judged(definition, &mut cases) {
                Ok(true) => Verdict::Passed,
                Ok(false) => Verdict::Failed(machine.watched.map_or(test.span, |(_, span)| span)),
                Err(error) => Verdict::Error(error),
            },
            None => Verdict::Failed(test.span),
        };
        Tested { verdict, cases, covered: machine.covered.unwrap_or_default() }
    }

    /// All places that tests can reach: steps, and heads of rules.
    pub(crate) fn coverable(&self) -> Covered {
        let mut places = Places { module: 0, found: Covered::new() };
        for rule in &self.rules {
            for definition in rule.definitions.iter().chain(&rule.default) {
                places.module = definition.module;
                places.found.insert((definition.module, definition.head));
                walk::definition(definition, &mut places);
            }
        }
        places.found
    }
}

impl<'v> Machine<'_, 'v> {
    fn judged(
        &mut self,
        definition: &'v Definition,
        cases: &mut Vec<(String, bool)>,
    ) -> Result<bool, EvaluationError> {
        self.in_frame(definition, |machine| {
            machine.watched = Some((machine.frames, definition.span));
            if !definition.keys.is_empty() {
                return machine.judged_by_case(definition, cases);
            }
            let mut passed = None;
            machine.run(&definition.body, &mut |machine| {
                let value = machine.term(&definition.value)?;
                machine.cover(definition);
                passed = Some(value.is_some_and(|value| matches!(value, Value::Bool(true))));
                Ok(Flow::Enough)
            })?;
            if passed.is_none() {
                for otherwise in &definition.otherwise {
                    machine.run(&otherwise.body, &mut |machine| {
                        let value = machine.term(&otherwise.value)?;
                        passed = Some(matches!(value, Some(Value::Bool(true))));
                        Ok(Flow::Enough)
                    })?;
                    if passed.is_some() {
                        break;
                    }
                }
            }
            Ok(passed == Some(true))
        })
    }

    fn judged_by_case(
        &mut self,
        definition: &'v Definition,
        cases: &mut Vec<(String, bool)>,
    ) -> Result<bool, EvaluationError> {
        let (before, after) =
            definition.body.split_at_checked(definition.keys_after).unwrap_or_default();
        self.run(before, &mut |machine| {
            let Some(keys) = machine.terms(&definition.keys)? else { return Ok(Flow::More) };
            let mut names = Vec::with_capacity(keys.len());
            for key in &keys {
                names.push(match key {
                    Value::String(text) => text.to_string(),
                    key => key.write(Notation::Rego, &machine.host).unwrap_or_default(),
                });
            }
            let mut passed = false;
            machine.run(after, &mut |machine| {
                machine.cover(definition);
                passed = matches!(machine.term(&definition.value)?, Some(Value::Bool(true)));
                Ok(Flow::Enough)
            })?;
            let name = names.join("/");
            match cases.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known |= passed,
                None => cases.push((name, passed)),
            }
            Ok(Flow::More)
        })?;
        Ok(!cases.is_empty() && cases.iter().all(|(_, passed)| *passed))
    }
}

/// Collects the places of steps.
struct Places {
    module: usize,
    found: Covered,
}

impl Visitor for Places {
    fn step(&mut self, step: &Step) {
        self.found.insert((self.module, step.span));
    }
}
