//! JSON Schema, drafts 4 to 7, as `internal/gojsonschema` of OPA checks it and words its findings.

mod check;
mod format;
mod validate;

use super::encoding::{json_text, json_value, percent_decoded};
use super::operand::{failed, operands};
use crate::rego::{BuiltinError, Host, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// A document or a schema: a text of JSON, or an object or an array.
fn document<'v>(host: &Host<'_, 'v>, value: &Value<'v>) -> Answer<'v> {
    if let Some(text) = value.as_str() {
        return json_value(host, text).map_err(|error| match error {
            BuiltinError::Failed(_) => failed("invalid JSON string"),
            other => other,
        });
    }
    match value.as_object().is_some() || value.as_array().is_some() {
        true => {
            // Sets become lists, and keys texts.
            let text = json_text(host, value)?;
            json_value(host, &text)
        }
        false => Err(failed("wrong type, expected string or object")),
    }
}

/// Whether a document fulfils a schema, and what it does not fulfil.
pub(super) fn match_schema<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value, schema] = operands(arguments)?;
    let value = document(host, value)?;
    let schema = document(host, schema)?;
    check::check(host, &schema)?;
    let findings = validate::validate(host, &schema, &value)?;
    let mut listed = Vec::new();
    for finding in &findings {
        host.make_values(9)?;
        let whole = format!("{}: {}", finding.field(), finding.description);
        listed.push(Value::object(vec![
            (Value::from("error"), host.text(whole)?),
            (Value::from("type"), Value::from(finding.kind)),
            (Value::from("field"), host.text(finding.field().to_owned())?),
            (Value::from("desc"), host.text(finding.description.clone())?),
        ]));
    }
    Ok(Value::from(vec![Value::from(findings.is_empty()), Value::from(listed)]))
}

/// Whether a schema is one, and what is wrong with it.
pub(super) fn verify_schema<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [schema] = operands(arguments)?;
    let checked = document(host, schema).and_then(|schema| check::check(host, &schema));
    match checked {
        Ok(()) => Ok(Value::from(vec![Value::from(true), Value::Null])),
        Err(BuiltinError::Failed(reason)) => {
            let reason = host.text(format!("jsonschema: {reason}"))?;
            Ok(Value::from(vec![Value::from(false), reason]))
        }
        Err(other) => Err(other),
    }
}

fn keyword<'v>(schema: &Value<'v>, name: &'static str) -> Option<Value<'v>> {
    schema.as_object()?.get(&Value::from(name))
}

/// What a reference leads to: a place in the same schema.
fn referenced<'v>(root: &Value<'v>, reference: &str) -> Answer<'v> {
    let Some(pointer) = reference.strip_prefix('#') else {
        return Err(failed(format!("reference {reference} to another document is not supported")));
    };
    let decoded = percent_decoded(pointer, false)?;
    let pointer = String::from_utf8_lossy(&decoded).into_owned();
    let mut found = root.clone();
    for segment in pointer.split('/').skip(1) {
        let key = segment.replace("~1", "/").replace("~0", "~");
        let index = key.parse::<usize>().ok().filter(|_| found.as_array().is_some());
        let next = match index {
            Some(index) => found.get(&Value::from(index)),
            None => found.get(&Value::from(key.clone())),
        };
        found = next.ok_or_else(|| failed(format!("Object has no key '{key}'")))?;
    }
    Ok(found)
}
