//! Writes and reads JSON as `encoding/json` of Go does.

mod read;

use super::Answer;
use crate::rego::builtins::operand::{object, operands, string};
use crate::rego::value::Notation;
use crate::rego::{BuiltinError, Host, Value};
use crate::scalar::quote::quoted;

pub(in crate::rego::builtins) use read::json_value;

/// The JSON of a value: sets are lists, and keys are texts.
pub(in crate::rego::builtins) fn json_text<'v>(
    host: &Host<'_, 'v>,
    value: &Value<'v>,
) -> Result<String, BuiltinError> {
    value.write(Notation::Json, host)
}

pub(in crate::rego::builtins) fn json_marshal<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    Ok(Value::from(json_text(host, value)?))
}

pub(in crate::rego::builtins) fn json_marshal_with_options<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value, options] = operands(arguments)?;
    let compact = json_text(host, value)?;
    let (mut indent, mut prefix) = ("\t".to_owned(), String::new());
    let (mut implied, mut pretty) = (false, None);
    let wrong = |what: String| BuiltinError::Type(format!("operand 2 {what}"));
    for (position, (key, option)) in object(options, 2)?.sorted().into_iter().enumerate() {
        let key = string(&key, position)
            .map(str::to_owned)
            .map_err(|_| wrong(format!("failed to stringify key at index {position}")))?;
        let text = || {
            let got = option.type_name();
            option.as_str().map(str::to_owned).ok_or_else(|| {
                wrong(format!(
                    "key {} failed cast to string: operand {position} must be string but got {got}",
                    quoted(&key)
                ))
            })
        };
        match key.as_str() {
            "prefix" => (prefix, implied) = (text()?, true),
            "indent" => (indent, implied) = (text()?, true),
            "pretty" => {
                let cast = option.as_bool();
                pretty =
                    Some(cast.ok_or_else(|| {
                        wrong(format!("key {} failed cast to bool", quoted(&key)))
                    })?);
            }
            _ => return Err(wrong(format!("object contained unknown key {}", quoted(&key)))),
        }
    }
    if !pretty.unwrap_or(implied) {
        return Ok(Value::from(compact));
    }
    let indented = indent_json(host, &compact, &prefix, &indent)?;
    Ok(Value::from(format!("{prefix}{indented}")))
}

/// Breaks compact JSON into lines (`json.Indent` of Go).
fn indent_json(
    host: &Host<'_, '_>,
    compact: &str,
    prefix: &str,
    indent: &str,
) -> Result<String, BuiltinError> {
    let mut out = String::with_capacity(compact.len() * 2);
    let mut depth = 0_usize;
    let (mut in_text, mut escaped) = (false, false);
    let break_line = |out: &mut String, depth: usize| {
        host.make(1 + prefix.len() + indent.len().saturating_mul(depth))?;
        out.push('\n');
        out.push_str(prefix);
        out.extend(std::iter::repeat_n(indent, depth));
        Ok::<(), BuiltinError>(())
    };
    host.make(compact.len())?;
    let mut before = '\0';
    for character in compact.chars() {
        if in_text {
            out.push(character);
            in_text = escaped || character != '"';
            escaped = !escaped && character == '\\';
            before = character;
            continue;
        }
        match character {
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !matches!(before, '{' | '[') {
                    break_line(&mut out, depth)?;
                }
                out.push(character);
            }
            _ => {
                if matches!(before, '{' | '[') {
                    break_line(&mut out, depth)?;
                }
                out.push(character);
                match character {
                    '{' | '[' => depth += 1,
                    ',' => break_line(&mut out, depth)?,
                    ':' => out.push(' '),
                    '"' => in_text = true,
                    _ => {}
                }
            }
        }
        before = character;
    }
    Ok(out)
}

pub(in crate::rego::builtins) fn json_unmarshal<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    json_value(host, string(value, 1)?)
}

pub(in crate::rego::builtins) fn json_is_valid<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let Some(text) = value.as_str() else { return Ok(Value::from(false)) };
    match json_value(host, text) {
        Err(halt @ BuiltinError::Halt(_)) => Err(halt),
        read => Ok(Value::from(read.is_ok())),
    }
}
