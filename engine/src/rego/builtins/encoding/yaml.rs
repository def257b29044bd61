//! Reads YAML as Kubernetes does, and writes it as `sigs.k8s.io/yaml` does.

use std::cmp::Ordering;

use super::Answer;
use crate::read::{Limits, parse_yaml, plain_is_text};
use crate::rego::builtins::operand::{failed, operands, string};
use crate::rego::{BuiltinError, Host, Number, Value};
use crate::scalar::number::format_float;

fn read<'v>(host: &Host<'_, 'v>, text: &str) -> Answer<'v> {
    host.step(text.len() / 8)?;
    host.make(text.len().saturating_mul(4))?;
    let tree = parse_yaml(text, &Limits::default())
        .map_err(|error| failed(format!("yaml: {}", error.message)))?;
    host.make(tree.len().saturating_mul(16))?;
    Ok(Value::from(host.keep(tree)))
}

pub(in crate::rego::builtins) fn yaml_unmarshal<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    read(host, string(value, 1)?)
}

pub(in crate::rego::builtins) fn yaml_is_valid<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let Some(text) = value.as_str() else { return Ok(Value::from(false)) };
    match read(host, text) {
        Err(halt @ BuiltinError::Halt(_)) => Err(halt),
        read => Ok(Value::from(read.is_ok())),
    }
}

/// The columns behind which a text is broken at its next space.
const WIDTH: usize = 80;

/// What is still to be written.
enum Step<'v> {
    Text(String),
    /// A value behind `key:` or `-`, or at the beginning.
    Value {
        value: Value<'v>,
        indent: usize,
        place: Place,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    BehindKey,
    BehindDash,
}

pub(in crate::rego::builtins) fn yaml_marshal<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let mut out = String::new();
    let mut steps = vec![Step::Value { value: value.clone(), indent: 0, place: Place::Top }];
    let mut paid = 0;
    while let Some(step) = steps.pop() {
        match step {
            Step::Text(text) => out.push_str(&text),
            Step::Value { value, indent, place } => {
                host.step(1 + value.len().unwrap_or_default() * (1 + indent / 16))?;
                write(host, &value, indent, place, &mut out, &mut steps)?;
            }
        }
        host.make(out.len() - paid)?;
        paid = out.len();
    }
    Ok(Value::from(out))
}

fn write<'v>(
    host: &Host<'_, 'v>,
    value: &Value<'v>,
    indent: usize,
    place: Place,
    out: &mut String,
    steps: &mut Vec<Step<'v>>,
) -> Result<(), BuiltinError> {
    let margin = " ".repeat(indent);
    let space = if place == Place::Top { "" } else { " " };
    let members = crate::rego::builtins::operand::members(value);
    match (members, value.as_object()) {
        (Some(members), _) if members.is_empty() => out.push_str(&format!("{space}[]\n")),
        (_, Some(entries)) if entries.len() == 0 => out.push_str(&format!("{space}{{}}\n")),
        (Some(members), _) => {
            // Lists stand as far left as the key before them.
            let mut inside = Vec::new();
            for (position, member) in members.into_iter().enumerate() {
                let inline = place == Place::BehindDash && position == 0;
                let before = if inline { " -".to_owned() } else { format!("{margin}-") };
                inside.push(Step::Text(before));
                let indent = indent + 2;
                inside.push(Step::Value { value: member, indent, place: Place::BehindDash });
            }
            if place == Place::BehindKey {
                out.push('\n');
            }
            steps.extend(inside.into_iter().rev());
        }
        (None, Some(entries)) => {
            let mut texts = Vec::new();
            for (key, value) in entries.sorted() {
                let key = match key.as_str() {
                    Some(key) => key.to_owned(),
                    None => super::json_text(host, &key)?,
                };
                texts.push((key, value));
            }
            texts.sort_by(|left, right| natural(&left.0, &right.0));
            let mut inside = Vec::new();
            for (position, (key, value)) in texts.into_iter().enumerate() {
                let inline = place == Place::BehindDash && position == 0;
                let before = if inline { " " } else { margin.as_str() };
                inside.push(Step::Text(format!("{before}{}:", scalar(&key, indent, None))));
                let is_list = value.as_array().is_some() || value.as_set().is_some();
                let indent = if is_list { indent } else { indent + 2 };
                inside.push(Step::Value { value, indent, place: Place::BehindKey });
            }
            if place == Place::BehindKey {
                out.push('\n');
            }
            steps.extend(inside.into_iter().rev());
        }
        _ => {
            let text = match value {
                Value::String(text) => {
                    let line = out.rsplit('\n').next().unwrap_or_default();
                    scalar(text, indent, Some(line.chars().count() + space.len()))
                }
                Value::Number(Number::Int(number)) => number.to_string(),
                // Numbers are read before they are written.
                Value::Number(number) => match number.to_string() {
                    digits if digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() < 20 => {
                        digits
                    }
                    _ => format_float(number.as_f64()),
                },
                _ => super::json_text(host, value)?,
            };
            out.push_str(&format!("{space}{text}\n"));
        }
    }
    Ok(())
}

/// A text as a scalar: plain where it reads as itself, else in quotes or line by line. What is no
/// key is broken at spaces behind so many columns (`yaml_emitter_write_plain_scalar`).
fn scalar(text: &str, indent: usize, column: Option<usize>) -> String {
    let special = text.chars().any(|c| c != '\n' && !is_printable(c)) || text.contains(" \n");
    if text.contains('\n') {
        return match column {
            Some(_) if !special && !text.ends_with(' ') => block(text, indent),
            _ => double_quoted(text, indent, column),
        };
    }
    if special || !plain_is_text(text) {
        return double_quoted(text, indent, column);
    }
    let pieces = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
    if is_plain(text) {
        return folded(&pieces(text), "", indent, column);
    }
    folded(&pieces(&text.replace('\'', "''")), "'", indent, column)
}

/// Pieces of a scalar between marks, with a new line for a single space behind the width.
fn folded(pieces: &[String], mark: &str, indent: usize, column: Option<usize>) -> String {
    let mut out = mark.to_owned();
    let mut at = column.unwrap_or_default() + mark.len();
    let mut after_space = false;
    for (position, piece) in pieces.iter().enumerate() {
        let is_space = piece == " ";
        let inside = position > 0 && position + 1 < pieces.len();
        let doubled = pieces.get(position + 1).is_some_and(|next| next == " ");
        if is_space && column.is_some() && !after_space && inside && !doubled && at > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent.max(2)));
            at = indent.max(2);
        } else {
            out.push_str(piece);
            at += piece.chars().count();
        }
        after_space = is_space;
    }
    out.push_str(mark);
    out
}

/// A text of several lines behind `|`.
fn block(text: &str, indent: usize) -> String {
    let chomp = if text.ends_with("\n\n") || text == "\n" {
        "+"
    } else if text.ends_with('\n') {
        ""
    } else {
        "-"
    };
    let hint = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let margin = " ".repeat(indent.max(2));
    let mut out = format!("|{hint}{chomp}");
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&margin);
            out.push_str(line);
        }
    }
    out
}

fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// Whether a text may stand without quotes at any place (`yaml_emitter_analyze_scalar`).
fn is_plain(text: &str) -> bool {
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    let first = text.chars().next().unwrap_or(' ');
    if text.starts_with("---") || text.starts_with("...") || text.ends_with(' ') || first == ' ' {
        return false;
    }
    if "#,[]{}&*!|>'\"%@`".contains(first) {
        return false;
    }
    if "-?:".contains(first) && text.chars().nth(1).is_none_or(|next| next == ' ') {
        return false;
    }
    while let Some(character) = characters.next() {
        let ends = characters.peek().is_none_or(|next| *next == ' ');
        if !is_printable(character) || character == ':' && ends || character == '#' && before == ' '
        {
            return false;
        }
        before = character;
    }
    true
}

fn double_quoted(text: &str, indent: usize, column: Option<usize>) -> String {
    let escaped = |character: char| {
        let mut out = String::new();
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{feff}' => out.push_str("\\uFEFF"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            _ if is_printable(character) => out.push(character),
            _ if (character as u32) < 0x100 => {
                out.push_str(&format!("\\x{:02X}", character as u32));
            }
            '\u{10000}'.. => out.push_str(&format!("\\U{:08X}", character as u32)),
            _ => out.push_str(&format!("\\u{:04X}", character as u32)),
        }
        out
    };
    let pieces: Vec<String> = text.chars().map(escaped).collect();
    folded(&pieces, "\"", indent, column)
}

/// The order of keys: numbers in them count as such (`keyList.Less` of go-yaml's `sorter.go`).
fn natural(left: &str, right: &str) -> Ordering {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let same = left.iter().zip(&right).take_while(|(one, other)| one == other).count();
    let (Some(one), Some(other)) = (left.get(same), right.get(same)) else {
        return left.len().cmp(&right.len());
    };
    match (one.is_alphabetic(), other.is_alphabetic()) {
        (true, true) => return one.cmp(other),
        (false, true) => return Ordering::Less,
        (true, false) => return Ordering::Greater,
        (false, false) => {}
    }
    // A zero behind another digit does not make the number smaller.
    let before = left.get(..same).unwrap_or_default().iter().rev();
    let preceded = (*one == '0' || *other == '0')
        && before.take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let number = |text: &[char]| {
        let digits = text.iter().skip(same).map_while(|c| c.to_digit(10));
        digits.fold((u64::from(preceded), 0), |(sum, length), digit| {
            (sum.wrapping_mul(10).wrapping_add(u64::from(digit)), length + 1)
        })
    };
    number(&left).cmp(&number(&right)).then(one.cmp(other))
}
