//! The language whole: small programs and what they answer.

mod hostile;
mod language;

use std::cell::RefCell;

use jiff::Timestamp;

use super::{Asked, Budget, Host, Limits, Notation, Source, Value, Version, compile};
use crate::read::{Limits as ReadLimits, parse_json};

/// The value of `data.t.r` in the notation of Rego, `undefined`, or code and message of an error.
fn evaluated(module: &str, version: Version, input: &str) -> String {
    evaluated_within(module, version, input, &Limits::default())
}

fn evaluated_within(module: &str, version: Version, input: &str, limits: &Limits) -> String {
    let source = Source { name: "t.rego".into(), text: module.into(), version };
    let program = match compile(&[source], limits) {
        Ok(program) => program,
        Err(problems) => {
            let said = problems.iter().map(|problem| {
                let line = problem.span.line(module);
                format!("{line}: {}: {}", problem.code, problem.message)
            });
            return said.collect::<Vec<_>>().join("; ");
        }
    };
    let (arena, notes) = (typed_arena::Arena::new(), RefCell::default());
    let budget = Budget::new(2_000_000, 32 << 20);
    let input = parse_json(input, &ReadLimits::default()).unwrap();
    let asked = Asked {
        input: Some(Value::from(input.root())),
        data: Value::object(Vec::new()),
        now: Timestamp::UNIX_EPOCH,
        seed: 1,
        budget: &budget,
        arena: &arena,
        notes: &notes,
        strict: false,
    };
    let now = asked.now;
    match program.evaluate(&["t", "r"], asked) {
        Ok(None) => "undefined".to_owned(),
        Ok(Some(value)) => {
            let host = Host {
                arena: &arena,
                now,
                seed: 1,
                budget: &budget,
                notes: &notes,
                patterns: &program.patterns,
            };
            value.write(Notation::Rego, &host).unwrap()
        }
        Err(error) => {
            let line = error.at.1.line(module);
            format!("{line}: {}: {}", error.code, error.message)
        }
    }
}
