//! `sprintf`, as Go's `fmt.Sprintf` fills in what `builtinSprintf` of `v1/topdown/strings.go`
//! hands it.

mod float;
mod integer;

#[cfg(test)]
mod tests;

use crate::scalar::quote;
use std::borrow::Cow;

use num_bigint::BigInt;

use super::operand::{array, operands, string};
use crate::rego::value::Notation;
use crate::rego::{BuiltinError, Host, Number, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// Greater widths, precisions and indexes are none (`tooLarge` of `fmt/print.go`).
const GREATEST: usize = 1_000_000;

/// What a value is to Go.
#[derive(Debug)]
enum Argument<'a> {
    Int(i64),
    Big(BigInt),
    Float(f64),
    Text(Cow<'a, str>),
}

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%+v` and `%#v`.
    plus_v: bool,
    sharp_v: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Printer<'a, 'h, 'v> {
    host: &'a Host<'h, 'v>,
    out: String,
    flags: Flags,
}

pub(super) fn sprintf<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [format, values] = operands(arguments)?;
    let (format, values) = (string(format, 1)?, array(values, 2)?);
    let values: Vec<Value<'v>> = values.iter().collect();
    let arguments: Vec<_> =
        values.iter().map(|value| argument(host, value)).collect::<Result<_, _>>()?;
    let mut printer = Printer { host, out: String::new(), flags: Flags::default() };
    printer.print(format, &arguments)?;
    Ok(Value::from(printer.out))
}

fn argument<'a, 'v>(
    host: &Host<'_, 'v>,
    value: &'a Value<'v>,
) -> Result<Argument<'a>, BuiltinError> {
    Ok(match value {
        Value::String(text) => Argument::Text(Cow::Borrowed(text)),
        Value::Number(number) => {
            host.step(number.cost())?;
            number_argument(number)
        }
        _ => Argument::Text(Cow::Owned(value.write(Notation::Rego, host)?)),
    })
}

fn number_argument<'a>(number: &Number) -> Argument<'a> {
    if let Some(value) = number.as_i64() {
        return Argument::Int(value);
    }
    let text = number.to_string();
    let float = number.as_f64();
    match text.contains('.') {
        true if float.is_finite() => Argument::Float(float),
        true => Argument::Text(text.into()),
        // `1e3` is no integer to Go: its text it is.
        false => number.plain_integer().map_or(Argument::Text(text.into()), Argument::Big),
    }
}

/// Where the format is read, and which argument is next (`doPrintf` of `fmt/print.go`).
struct Cursor<'f> {
    format: &'f [u8],
    place: usize,
    next: usize,
    arguments: usize,
    after_index: bool,
    reordered: bool,
    good_index: bool,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.place).copied()
    }

    /// A number of digits; none where there are none, or where it is too large.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let value = number.unwrap_or(0) * 10 + usize::from(digit - b'0');
            if value > GREATEST {
                // The rest of the format is lost, as `parsenum` has it.
                self.place = self.format.len();
                return None;
            }
            number = Some(value);
            self.place += 1;
        }
        number
    }

    /// `[3]`: which argument is next.
    fn index(&mut self) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = self.format.get(self.place..).unwrap_or_default();
        let Some(close) = rest.iter().position(|byte| *byte == b']').filter(|_| rest.len() >= 3)
        else {
            self.good_index = false;
            self.place += 1;
            return;
        };
        let digits = rest.get(1..close).unwrap_or_default();
        let number = std::str::from_utf8(digits)
            .ok()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
            .and_then(|digits| digits.parse::<usize>().ok())
            .filter(|number| *number <= GREATEST);
        self.place += close + 1;
        self.after_index = number.is_some();
        match number.and_then(|number| number.checked_sub(1)) {
            Some(index) if index < self.arguments => self.next = index,
            _ => self.good_index = false,
        }
    }

    /// `*`: the width or precision that the next argument says.
    fn argument(&mut self, arguments: &[Argument<'_>]) -> Option<i64> {
        let argument = arguments.get(self.next)?;
        self.next += 1;
        match argument {
            Argument::Int(value) if value.unsigned_abs() <= GREATEST as u64 => Some(*value),
            _ => None,
        }
    }
}

impl Printer<'_, '_, '_> {
    fn print(&mut self, format: &str, arguments: &[Argument<'_>]) -> Result<(), BuiltinError> {
        let mut cursor = Cursor {
            format: format.as_bytes(),
            place: 0,
            next: 0,
            arguments: arguments.len(),
            after_index: false,
            reordered: false,
            good_index: true,
        };
        loop {
            let rest = format.get(cursor.place..).unwrap_or_default();
            let Some((before, behind)) = rest.split_once('%') else {
                self.text(rest)?;
                break;
            };
            self.host.step(1)?;
            self.text(before)?;
            cursor.place = format.len() - behind.len();
            self.directive(format, &mut cursor, arguments)?;
        }
        let rest = arguments.get(cursor.next..).unwrap_or_default();
        if cursor.reordered || rest.is_empty() {
            return Ok(());
        }
        self.flags = Flags::default();
        self.text("%!(EXTRA ")?;
        for (position, argument) in rest.iter().enumerate() {
            if position > 0 {
                self.text(", ")?;
            }
            self.typed(argument)?;
        }
        self.text(")")
    }

    /// What follows a `%`.
    fn directive(
        &mut self,
        format: &str,
        cursor: &mut Cursor<'_>,
        arguments: &[Argument<'_>],
    ) -> Result<(), BuiltinError> {
        self.flags = Flags::default();
        cursor.good_index = true;
        while let Some(flag) = cursor.peek() {
            match flag {
                b'#' => self.flags.sharp = true,
                b'0' => self.flags.zero = true,
                b'+' => self.flags.plus = true,
                b'-' => self.flags.minus = true,
                b' ' => self.flags.space = true,
                _ => break,
            }
            cursor.place += 1;
        }
        cursor.index();
        self.width(cursor, arguments)?;
        self.precision(cursor, arguments)?;
        if !cursor.after_index {
            cursor.index();
        }
        let verb = format.get(cursor.place..).and_then(|rest| rest.chars().next());
        let Some(verb) = verb else {
            return self.text("%!(NOVERB)");
        };
        cursor.place += verb.len_utf8();
        if verb == '%' {
            return self.text("%");
        }
        if !cursor.good_index {
            return self.text(&format!("%!{verb}(BADINDEX)"));
        }
        let Some(argument) = arguments.get(cursor.next) else {
            return self.text(&format!("%!{verb}(MISSING)"));
        };
        cursor.next += 1;
        if matches!(verb, 'v' | 'w') {
            self.flags.sharp_v = std::mem::take(&mut self.flags.sharp);
            self.flags.plus_v = std::mem::take(&mut self.flags.plus);
        }
        self.argument(argument, verb)
    }

    fn width(
        &mut self,
        cursor: &mut Cursor<'_>,
        arguments: &[Argument<'_>],
    ) -> Result<(), BuiltinError> {
        if cursor.peek() != Some(b'*') {
            let after_index = cursor.after_index;
            self.flags.width = cursor.number();
            if after_index && self.flags.width.is_some() {
                cursor.good_index = false;
            }
            return Ok(());
        }
        cursor.place += 1;
        cursor.after_index = false;
        match cursor.argument(arguments) {
            Some(width) => {
                self.flags.minus |= width < 0;
                self.flags.zero &= width >= 0;
                self.flags.width = Some(width.unsigned_abs() as usize);
                Ok(())
            }
            None => self.text("%!(BADWIDTH)"),
        }
    }

    fn precision(
        &mut self,
        cursor: &mut Cursor<'_>,
        arguments: &[Argument<'_>],
    ) -> Result<(), BuiltinError> {
        if cursor.peek() != Some(b'.') {
            return Ok(());
        }
        cursor.place += 1;
        if cursor.after_index {
            cursor.good_index = false;
        }
        cursor.index();
        if cursor.peek() != Some(b'*') {
            self.flags.precision = Some(cursor.number().unwrap_or(0));
            return Ok(());
        }
        cursor.place += 1;
        cursor.after_index = false;
        let precision = cursor.argument(arguments);
        self.flags.precision = precision.and_then(|precision| usize::try_from(precision).ok());
        match self.flags.precision {
            Some(_) => Ok(()),
            None => self.text("%!(BADPREC)"),
        }
    }

    fn argument(&mut self, argument: &Argument<'_>, verb: char) -> Result<(), BuiltinError> {
        match (verb, argument) {
            ('T', _) => self.truncated(argument.type_name()),
            ('p' | 'w', _) => self.bad_verb(argument, verb),
            (_, Argument::Int(value)) => self.int(*value, verb),
            (_, Argument::Big(value)) => self.big(value, verb),
            (_, Argument::Float(value)) => self.float(*value, verb),
            ('v' | 's', Argument::Text(text)) if !self.flags.sharp_v => self.truncated(text),
            ('v' | 'q', Argument::Text(text)) => self.quoted(text),
            ('x' | 'X', Argument::Text(text)) => self.hex(text, verb),
            (_, Argument::Text(_)) => self.bad_verb(argument, verb),
        }
    }

    fn bad_verb(&mut self, argument: &Argument<'_>, verb: char) -> Result<(), BuiltinError> {
        self.text(&format!("%!{verb}("))?;
        self.typed(argument)?;
        self.text(")")
    }

    /// `int64=1`.
    fn typed(&mut self, argument: &Argument<'_>) -> Result<(), BuiltinError> {
        self.text(argument.type_name())?;
        self.text("=")?;
        self.argument(argument, 'v')
    }

    fn truncated(&mut self, text: &str) -> Result<(), BuiltinError> {
        let most = self.flags.precision.unwrap_or(usize::MAX);
        let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
        self.padded(text.get(..end).unwrap_or(text))
    }

    fn quoted(&mut self, text: &str) -> Result<(), BuiltinError> {
        let most = self.flags.precision.unwrap_or(usize::MAX);
        let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
        let text = text.get(..end).unwrap_or(text);
        // `%#q` has the sharp flag still, `%#v` has not.
        let quoted = match self.flags.sharp && quote::can_stand_in_backquotes(text) {
            true => format!("`{text}`"),
            false => quote::quote(text, '"', self.flags.plus),
        };
        self.padded(&quoted)
    }

    /// The bytes of a text as hexadecimal digits (`fmtSbx` of `fmt/format.go`).
    fn hex(&mut self, text: &str, verb: char) -> Result<(), BuiltinError> {
        let Flags { sharp, space, minus, .. } = self.flags;
        let length = self.flags.precision.unwrap_or(usize::MAX).min(text.len());
        let bytes = text.as_bytes().get(..length).unwrap_or_default();
        let mut out = String::new();
        self.host.make(length.saturating_mul(5))?;
        for (position, byte) in bytes.iter().enumerate() {
            if space && position > 0 {
                out.push(' ');
            }
            if sharp && (space || position == 0) {
                out.push_str(if verb == 'x' { "0x" } else { "0X" });
            }
            let digits = if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") };
            out.push_str(&digits);
        }
        let padding = self.flags.width.unwrap_or_default().saturating_sub(out.len());
        if !minus {
            self.padding(padding)?;
        }
        self.text(&out)?;
        if minus { self.padding(padding) } else { Ok(()) }
    }

    fn text(&mut self, text: &str) -> Result<(), BuiltinError> {
        self.host.make(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    /// A text, filled up to the width with spaces or zeros.
    fn padded(&mut self, text: &str) -> Result<(), BuiltinError> {
        let width = self.flags.width.unwrap_or_default();
        let missing = if width == 0 { 0 } else { width.saturating_sub(text.chars().count()) };
        if self.flags.minus {
            self.text(text)?;
            return self.padding(missing);
        }
        self.padding(missing)?;
        self.text(text)
    }

    fn padding(&mut self, count: usize) -> Result<(), BuiltinError> {
        self.host.make(count)?;
        let filler = if self.flags.zero && !self.flags.minus { '0' } else { ' ' };
        self.out.extend(std::iter::repeat_n(filler, count));
        Ok(())
    }

    /// A text filled up with spaces, whatever the flags.
    fn padded_with_spaces(&mut self, text: &str) -> Result<(), BuiltinError> {
        let zero = std::mem::take(&mut self.flags.zero);
        let result = self.padded(text);
        self.flags.zero = zero;
        result
    }
}

impl Argument<'_> {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "int64",
            Self::Big(_) => "*big.Int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
        }
    }
}
