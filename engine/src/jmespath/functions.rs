//! The functions that expressions call: a table by name, one file for each family.

mod arithmetic;
mod arrays;
mod by;
mod certificate;
mod collections;
mod encoding;
mod images;
mod numbers;
mod random;
mod strings;
mod time;

use super::evaluate::{Evaluation, Failure, Result};
use super::expression::{Call, Part};
use crate::scalar::number;
use crate::value::{Text, Value};

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// What each argument may be; where `variadic`, the only one stands for one or more.
    pub(super) arguments: &'static [&'static [Type]],
    pub(super) variadic: bool,
    pub(super) call: Handler,
}

pub(super) type Handler = for<'a, 't, 's, 'e> fn(&Arguments<'a, 't, 's, 'e>) -> Result<'t>;

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Number,
    String,
    Array,
    Object,
    ArrayOfNumbers,
    ArrayOfStrings,
    Expression,
    Any,
}

/// What an argument is.
#[derive(Debug)]
pub(super) enum Argument<'t> {
    Value(Value<'t>),
    Expression(&'t Part),
}

/// The arguments of one call, which were checked.
pub(super) struct Arguments<'a, 't, 's, 'e> {
    pub(super) evaluation: &'a Evaluation<'t, 's, 'e>,
    pub(super) call: &'t Call,
    pub(super) values: &'a [Argument<'t>],
}

const S: &[Type] = &[Type::String];
const N: &[Type] = &[Type::Number];
const SN: &[Type] = &[Type::String, Type::Number];
const A: &[Type] = &[Type::Array];
const O: &[Type] = &[Type::Object];
const OA: &[Type] = &[Type::Object, Type::Array];
const ANY: &[Type] = &[Type::Any];
const E: &[Type] = &[Type::Expression];
const NUMBERS: &[Type] = &[Type::ArrayOfNumbers];
const STRINGS: &[Type] = &[Type::ArrayOfStrings];

const fn function(
    name: &'static str,
    arguments: &'static [&'static [Type]],
    call: Handler,
) -> Function {
    Function { name, arguments, variadic: false, call }
}

/// All functions, sorted by name: JMESPath's own and Kyverno's (`functions.go`, `time.go`).
static FUNCTIONS: &[Function] = &[
    function("abs", &[N], numbers::abs),
    function("add", &[ANY, ANY], arithmetic::add),
    function("avg", &[NUMBERS], numbers::avg),
    function("base64_decode", &[S], encoding::base64_decode),
    function("base64_encode", &[S], encoding::base64_encode),
    function("ceil", &[N], numbers::ceil),
    function("compare", &[S, S], strings::compare),
    function("contains", &[&[Type::Array, Type::String], ANY], arrays::contains),
    function("divide", &[ANY, ANY], arithmetic::divide),
    function("ends_with", &[S, S], strings::ends_with),
    function("equal_fold", &[S, S], strings::equal_fold),
    function("floor", &[N], numbers::floor),
    function("image_normalize", &[S], images::image_normalize),
    function("is_external_url", &[S], images::is_external_url),
    function("items", &[OA, S, S], collections::items),
    function("join", &[S, STRINGS], strings::join),
    function("keys", &[O], collections::keys),
    function("label_match", &[O, O], collections::label_match),
    function("length", &[&[Type::String, Type::Array, Type::Object]], collections::length),
    function("lookup", &[OA, SN], collections::lookup),
    function("map", &[E, A], by::map),
    function("max", &[&[Type::ArrayOfNumbers, Type::ArrayOfStrings]], arrays::max),
    function("max_by", &[A, E], by::max_by),
    function("md5", &[S], encoding::md5),
    Function { name: "merge", arguments: &[O], variadic: true, call: collections::merge },
    function("min", &[&[Type::ArrayOfNumbers, Type::ArrayOfStrings]], arrays::min),
    function("min_by", &[A, E], by::min_by),
    function("modulo", &[ANY, ANY], arithmetic::modulo),
    function("multiply", &[ANY, ANY], arithmetic::multiply),
    Function { name: "not_null", arguments: &[ANY], variadic: true, call: collections::not_null },
    function("object_from_lists", &[A, A], collections::object_from_lists),
    function("parse_json", &[S], encoding::parse_json),
    function("parse_yaml", &[S], encoding::parse_yaml),
    function("path_canonicalize", &[S], strings::path_canonicalize),
    function("pattern_match", &[S, SN], strings::pattern_match),
    function("random", &[S], random::random),
    function("regex_match", &[S, SN], strings::regex_match),
    function("regex_replace_all", &[S, SN, SN], strings::regex_replace_all),
    function("regex_replace_all_literal", &[S, SN, SN], strings::regex_replace_all_literal),
    function("replace", &[S, S, S, N], strings::replace),
    function("replace_all", &[S, S, S], strings::replace_all),
    function("reverse", &[&[Type::Array, Type::String]], arrays::reverse),
    function("round", &[N, N], numbers::round),
    function("semver_compare", &[S, S], strings::semver_compare),
    function("sha1", &[S], encoding::sha1),
    function("sha256", &[S], encoding::sha256),
    function("sort", &[&[Type::ArrayOfStrings, Type::ArrayOfNumbers]], arrays::sort),
    function("sort_by", &[A, E], by::sort_by),
    function("split", &[S, S], strings::split),
    function("starts_with", &[S, S], strings::starts_with),
    function("subtract", &[ANY, ANY], arithmetic::subtract),
    function("sum", &[A], arithmetic::sum),
    function("time_add", &[S, S], time::add),
    function("time_after", &[S, S], time::after),
    function("time_before", &[S, S], time::before),
    function("time_between", &[S, S, S], time::between),
    function("time_diff", &[S, S], time::diff),
    function("time_now", &[], time::now),
    function("time_now_utc", &[], time::now),
    function("time_parse", &[S, S], time::parse),
    function("time_since", &[S, S, S], time::since),
    function("time_to_cron", &[S], time::to_cron),
    function("time_truncate", &[S, S], time::truncate),
    function("time_utc", &[S], time::utc),
    function("to_array", &[ANY], collections::to_array),
    function("to_boolean", &[S], strings::to_boolean),
    function("to_lower", &[S], strings::to_lower),
    function("to_number", &[ANY], numbers::to_number),
    function("to_string", &[ANY], encoding::to_string),
    function("to_upper", &[S], strings::to_upper),
    function("trim", &[S, S], strings::trim),
    function("trim_prefix", &[S, S], strings::trim_prefix),
    function("truncate", &[S, N], strings::truncate),
    function("type", &[ANY], collections::type_name),
    function("values", &[O], collections::values),
    function("x509_decode", &[S], certificate::x509_decode),
];

/// The function of this name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    let position = FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok()?;
    FUNCTIONS.get(position)
}

/// The names of all functions, sorted.
pub(super) fn names() -> Vec<&'static str> {
    FUNCTIONS.iter().map(|function| function.name).collect()
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
            Self::ArrayOfNumbers => "array[number]",
            Self::ArrayOfStrings => "array[string]",
            Self::Expression => "expref",
            Self::Any => "any",
        }
    }

    fn accepts<'t>(
        self,
        argument: &Argument<'t>,
        evaluation: &Evaluation<'t, '_, '_>,
    ) -> std::result::Result<bool, Failure<'t>> {
        let value = match argument {
            Argument::Expression(_) => return Ok(matches!(self, Self::Expression | Self::Any)),
            Argument::Value(value) => value,
        };
        Ok(match self {
            Self::Number => value.as_f64().is_some(),
            Self::String => value.as_str().is_some(),
            Self::Array => value.is_list(),
            Self::Object => value.is_map(),
            Self::ArrayOfNumbers => evaluation
                .items(value)?
                .is_some_and(|items| items.iter().all(|item| item.as_f64().is_some())),
            Self::ArrayOfStrings => evaluation
                .items(value)?
                .is_some_and(|items| items.iter().all(|item| item.as_str().is_some())),
            Self::Expression => false,
            Self::Any => true,
        })
    }
}

impl Function {
    /// Checks number and types of the arguments (go-jmespath `functions.go`).
    pub(super) fn check<'t>(
        &self,
        arguments: &[Argument<'t>],
        evaluation: &Evaluation<'t, '_, '_>,
    ) -> std::result::Result<(), Failure<'t>> {
        if self.arguments.is_empty() {
            return Ok(());
        }
        if self.variadic {
            if arguments.is_empty() {
                return Err(Failure::failed("Invalid arity."));
            }
        } else if arguments.len() != self.arguments.len() {
            return Err(Failure::failed("incorrect number of args"));
        }
        // Upstream does not check variadic arguments and crashes on what it cannot use.
        let last = self.arguments.last();
        for (position, argument) in arguments.iter().enumerate() {
            let types = self.arguments.get(position).or(last).copied().unwrap_or_default();
            let mut accepted = false;
            for kind in types {
                accepted = accepted || kind.accepts(argument, evaluation)?;
            }
            if !accepted {
                return Err(wrong_type(argument, types, evaluation));
            }
        }
        Ok(())
    }
}

fn wrong_type<'t>(
    argument: &Argument<'t>,
    types: &[Type],
    evaluation: &Evaluation<'t, '_, '_>,
) -> Failure<'t> {
    let found = match argument {
        Argument::Expression(_) => "an expression reference".to_owned(),
        Argument::Value(value) => {
            if let Err(failure) = evaluation.weigh(value) {
                return failure;
            }
            number::format_value(value)
        }
    };
    if evaluation.made(found.len()).is_err() {
        return Failure::Budget;
    }
    let types: Vec<String> = types.iter().map(|kind| format!("\"{}\"", kind.name())).collect();
    let types = types.join(", ");
    Failure::failed(format!("Invalid type for: {found}, expected: []jmespath.JpType{{{types}}}"))
}

impl<'t> Arguments<'_, 't, '_, '_> {
    /// The argument at `position`; null where an expression stands.
    fn value(&self, position: usize) -> Value<'t> {
        match self.values.get(position) {
            Some(Argument::Value(value)) => value.clone(),
            _ => Value::Null,
        }
    }

    /// The text at `position`, which was checked to be one.
    fn text(&self, position: usize) -> Text<'t> {
        match self.values.get(position) {
            Some(Argument::Value(Value::String(text))) => text.clone(),
            _ => Text::Borrowed(""),
        }
    }

    /// The number at `position`, which was checked to be one.
    fn number(&self, position: usize) -> f64 {
        match self.values.get(position) {
            Some(Argument::Value(value)) => value.as_f64().unwrap_or_default(),
            _ => 0.0,
        }
    }

    /// The items at `position`, which was checked to be a list.
    fn items(&self, position: usize) -> std::result::Result<Vec<Value<'t>>, Failure<'t>> {
        Ok(self.evaluation.items(&self.value(position))?.unwrap_or_default())
    }

    /// The keys and values at `position`, which was checked to be a map.
    fn entries(
        &self,
        position: usize,
    ) -> std::result::Result<Vec<(Text<'t>, Value<'t>)>, Failure<'t>> {
        let map = self.value(position);
        self.evaluation.made(2 * size_of::<Value<'_>>() * map.len().unwrap_or_default())?;
        Ok(map.entries().unwrap_or_default())
    }

    /// The expression at `position` evaluated over `value`; missing keys give null.
    fn evaluate(&self, position: usize, value: &Value<'t>) -> Result<'t> {
        let Some(Argument::Expression(part)) = self.values.get(position) else {
            return Ok(Value::Null);
        };
        match self.evaluation.part(part, value) {
            Err(Failure::NotFound(_)) => Ok(Value::Null),
            other => other,
        }
    }

    /// An error in Kyverno's words, which name the function.
    fn error(&self, message: &str) -> Failure<'t> {
        Failure::failed(format!("JMESPath function '{}': {message}", self.call.name))
    }

    /// Counts steps.
    fn steps(&self, count: usize) -> std::result::Result<(), Failure<'t>> {
        if self.evaluation.scope.budget.step(count) { Ok(()) } else { Err(Failure::Budget) }
    }

    /// Counts the steps of reading through texts.
    fn read(&self, bytes: usize) -> std::result::Result<(), Failure<'t>> {
        self.steps(bytes / 64)
    }

    /// A text that was made.
    fn made(&self, text: String) -> Result<'t> {
        self.evaluation.text(text)
    }

    /// Refuses to make more bytes than are left, before they are made.
    fn may_make(&self, bytes: Option<usize>) -> std::result::Result<(), Failure<'t>> {
        match bytes {
            Some(bytes) if bytes <= self.evaluation.scope.budget.bytes_left() => Ok(()),
            _ => Err(Failure::Budget),
        }
    }
}

/// A text, number or truth value as text, as Kyverno's `ifaceToString` of 1.19 writes it: numbers
/// through 32 bits.
fn scalar_text<'t>(value: &Value<'t>) -> Option<Text<'t>> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(Text::Borrowed(if *value { "true" } else { "false" })),
        _ => {
            let narrow = value.as_f64()? as f32;
            Some(Text::from(if narrow.is_infinite() {
                if narrow > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
            } else {
                narrow.to_string()
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;

    #[test]
    fn the_table_is_sorted() {
        assert!(FUNCTIONS.is_sorted_by(|left, right| left.name < right.name));
    }
}
