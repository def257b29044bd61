//! Texts with regular expressions between delimiters (`v1/topdown/regex_template.go`).

use super::{Answer, delimiter};
use crate::rego::builtins::operand::{failed, operands, string};
use crate::rego::builtins::patterns;
use crate::rego::{BuiltinError, Host, Value};
use crate::scalar::quote::quoted;

pub(in crate::rego::builtins) fn template_match<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [template, value, start, end] = operands(arguments)?;
    let (template, value) = (string(template, 1)?, string(value, 2)?);
    let (start, end) = (string(start, 3)?, string(end, 4)?);
    // The length that OPA tells of either is that of the first.
    let length = start.len();
    let start = delimiter(start, "start", length)?;
    let end = delimiter(end, "end", length)?;
    let key = format!("template {}{} {template}", char::from(start), char::from(end));
    let regex = patterns::translated(host, &key, || translate(template, start, end))?;
    host.step(regex.cost(value.len()))?;
    Ok(Value::from(regex.is_match(value)))
}

/// The whole as one regular expression, what stands outside of the delimiters as it is.
fn translate(template: &str, start: u8, end: u8) -> Result<String, BuiltinError> {
    let unbalanced = || failed(format!("unbalanced braces in {}", quoted(template)));
    let mut out = "^".to_owned();
    let (mut level, mut opened, mut written) = (0_usize, 0, 0);
    for (place, byte) in template.bytes().enumerate() {
        if byte == start {
            level += 1;
            if level == 1 {
                opened = place;
            }
        } else if byte == end {
            level = level.checked_sub(1).ok_or_else(unbalanced)?;
            if level == 0 {
                out.push_str(&quote_meta(template.get(written..opened).unwrap_or_default()));
                let pattern = template.get(opened + 1..place).unwrap_or_default();
                out.push_str(&format!("({pattern})"));
                written = place + 1;
            }
        }
    }
    if level > 0 {
        return Err(unbalanced());
    }
    out.push_str(&quote_meta(template.get(written..).unwrap_or_default()));
    out.push('$');
    Ok(out)
}

/// A text as a pattern that matches it alone (`regexp.QuoteMeta`).
fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\.+*?()|[]{}^$".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
