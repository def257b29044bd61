//! Replaces texts by others, as Go's `strings.NewReplacer` does.

use super::{Answer, text_pairs};
use crate::rego::builtins::operand::{operands, string};
use crate::rego::{BuiltinError, Host, Value};

pub(in crate::rego::builtins) fn replace<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [whole, old, new] = operands(arguments)?;
    let (text, old, new) = (string(whole, 1)?, string(old, 2)?, string(new, 3)?);
    host.step(text.len() / 16)?;
    let count = text.matches(old).count();
    if count == 0 {
        return Ok(whole.clone());
    }
    let length = count.saturating_mul(new.len()).saturating_add(text.len());
    host.make(length)?;
    Ok(Value::from(text.replace(old, new)))
}

/// Replaces each key of an object by its value: at each place the first key in order that fits.
pub(in crate::rego::builtins) fn replace_n<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [pairs, whole] = operands(arguments)?;
    let pairs = {
        super::super::operand::object(pairs, 1)?;
        // OPA looks at the text before it looks into the object.
        string(whole, 2)?;
        text_pairs(pairs)?
    };
    let text = string(whole, 2)?;
    host.step((text.len() + 1).saturating_mul(pairs.len() + 1))?;
    let mut out = String::new();
    let mut add = |piece: &str| -> Result<(), BuiltinError> {
        host.make(piece.len())?;
        out.push_str(piece);
        Ok(())
    };
    let (mut place, mut copied) = (0, 0);
    let mut after_nothing = false;
    while place <= text.len() {
        let rest = text.get(place..).unwrap_or_default();
        // Nothing is found at a place only once.
        let found = pairs
            .iter()
            .find(|(old, _)| rest.starts_with(&**old) && !(old.is_empty() && after_nothing));
        after_nothing = found.is_some_and(|(old, _)| old.is_empty());
        match found {
            Some((old, new)) => {
                add(text.get(copied..place).unwrap_or_default())?;
                add(new)?;
                place += old.len();
                copied = place;
            }
            None => place += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    add(text.get(copied..).unwrap_or_default())?;
    Ok(Value::from(out))
}
