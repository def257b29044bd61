//! What a policy cannot have here: it ends the evaluation with a reason, and is never undefined.

use super::operand::{operands, string};
use crate::rego::host::Note;
use crate::rego::value::Notation;
use crate::rego::{BuiltinError, Host, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

fn halt<'v>(reason: &str) -> Answer<'v> {
    Err(BuiltinError::Halt(reason.to_owned()))
}

pub(super) fn http_send<'v>(_: &Host<'_, 'v>, _: &[Value<'v>]) -> Answer<'v> {
    halt("http.send is not available: policies do no I/O")
}

/// An address is that address; a name would have to be asked for.
pub(super) fn lookup_ip_addr<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [name] = operands(arguments)?;
    if let Ok(address) = string(name, 1)?.parse::<std::net::IpAddr>() {
        return Ok(Value::set(vec![Value::from(address.to_canonical().to_string())]));
    }
    halt("needs the network: policies do no I/O")
}

pub(super) fn not_supported<'v>(_: &Host<'_, 'v>, _: &[Value<'v>]) -> Answer<'v> {
    halt("not supported by ajj")
}

/// What only a caller answers that can read files: see [`crate::conftest::Outside`].
pub(super) fn outside<'v>(_: &Host<'_, 'v>, _: &[Value<'v>]) -> Answer<'v> {
    halt("not available here: it is for policies of `ajj conftest`")
}

/// What the compiler replaces wherever it stands in a rule.
pub(super) fn metadata<'v>(_: &Host<'_, 'v>, _: &[Value<'v>]) -> Answer<'v> {
    Err(BuiltinError::Failed("must only be called within the scope of a rule".to_owned()))
}

/// There is no configuration and no environment to be seen.
pub(super) fn opa_runtime<'v>(_: &Host<'_, 'v>, _: &[Value<'v>]) -> Answer<'v> {
    Ok(Value::object(Vec::new()))
}

/// Notes a text; true always.
pub(super) fn trace<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [note] = operands(arguments)?;
    let note = string(note, 1)?;
    host.make(note.len())?;
    host.notes.borrow_mut().push(Note { text: note.to_owned(), at: None });
    Ok(Value::from(true))
}

/// Notes values with a space between them: each stands by itself or in a set of its own, where
/// nothing in the set is undefined.
pub(super) fn print<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [values] = operands(arguments)?;
    let mut lines = vec![String::new()];
    for (position, value) in super::operand::array(values, 1)?.iter().enumerate() {
        let shown = match value.as_set() {
            Some([]) => vec![Value::from("<undefined>")],
            Some(members) => members.to_vec(),
            None => vec![value],
        };
        let mut longer = Vec::new();
        for line in &lines {
            for value in &shown {
                let text = match value {
                    Value::String(text) => text.to_string(),
                    _ => value.write(Notation::Rego, host)?,
                };
                host.make(line.len() + text.len() + 1)?;
                let space = if position > 0 { " " } else { "" };
                longer.push(format!("{line}{space}{text}"));
            }
        }
        lines = longer;
    }
    let notes = lines.into_iter().map(|text| Note { text, at: None });
    host.notes.borrow_mut().extend(notes);
    Ok(Value::from(true))
}
