//! What of a document does not fulfil a schema (`internal/gojsonschema/validation.go`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::format::is_format;
use super::{keyword, referenced};
use crate::rego::builtins::encoding::json_text;
use crate::rego::builtins::operand::{too_deep, wrong_number};
use crate::rego::builtins::patterns;
use crate::rego::{BuiltinError, Host, Number, Value};
use crate::scalar::number::format_float;

/// One thing that is not fulfilled.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) kind: &'static str,
    /// `(Root).a.0`.
    path: String,
    pub(super) description: String,
}

impl Finding {
    pub(super) fn field(&self) -> &str {
        self.path.strip_prefix("(Root).").unwrap_or(&self.path)
    }
}

/// Findings, and how near the document is: of several alternatives the nearest is told about.
#[derive(Debug, Default)]
struct Outcome {
    findings: Vec<Finding>,
    score: i64,
}

impl Outcome {
    fn add(&mut self, kind: &'static str, path: &str, description: impl Into<String>) {
        let (path, description) = (path.to_owned(), description.into());
        self.findings.push(Finding { kind, path, description });
        self.score -= 2;
    }

    fn merge(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.score += other.score;
    }

    fn is_valid(&self) -> bool {
        self.findings.is_empty()
    }
}

type Done = Result<(), BuiltinError>;

struct Validation<'a, 'h, 'v> {
    host: &'a Host<'h, 'v>,
    root: &'a Value<'v>,
}

/// Where in the document, and how deep in the schema.
#[derive(Clone, Copy)]
struct Place<'p> {
    path: &'p str,
    depth: usize,
}

pub(super) fn validate<'v>(
    host: &Host<'_, 'v>,
    schema: &Value<'v>,
    document: &Value<'v>,
) -> Result<Vec<Finding>, BuiltinError> {
    let mut outcome = Outcome::default();
    let validation = Validation { host, root: schema };
    validation.schema(schema, document, Place { path: "(Root)", depth: 0 }, &mut outcome)?;
    Ok(outcome.findings)
}

/// A bound as Go writes it.
fn shown(number: &Number) -> String {
    match number.as_i64() {
        Some(number) if number.unsigned_abs() < 1_000_000 => number.to_string(),
        _ => format_float(number.as_f64()),
    }
}

impl<'v> Validation<'_, '_, 'v> {
    fn apart(
        &self,
        schema: &Value<'v>,
        value: &Value<'v>,
        place: Place<'_>,
    ) -> Result<Outcome, BuiltinError> {
        let mut outcome = Outcome::default();
        self.schema(schema, value, place, &mut outcome)?;
        Ok(outcome)
    }

    fn child(
        &self,
        schema: &Value<'v>,
        value: &Value<'v>,
        name: &str,
        place: Place<'_>,
        outcome: &mut Outcome,
    ) -> Done {
        self.host.make(place.path.len() + name.len())?;
        let path = format!("{}.{name}", place.path);
        self.schema(schema, value, Place { path: &path, depth: place.depth + 1 }, outcome)
    }

    fn schema(
        &self,
        schema: &Value<'v>,
        value: &Value<'v>,
        place: Place<'_>,
        outcome: &mut Outcome,
    ) -> Done {
        too_deep(place.depth)?;
        self.host.step(32)?;
        if let Some(pass) = schema.as_bool() {
            if !pass {
                outcome.add("false", place.path, "False always fails validation");
            }
            return Ok(());
        }
        if let Some(reference) = keyword(schema, "$ref") {
            let target = referenced(self.root, reference.as_str().unwrap_or_default())?;
            let place = Place { depth: place.depth + 1, ..place };
            return self.schema(&target, value, place, outcome);
        }
        if !is_type(schema, value, place.path, outcome) {
            return Ok(());
        }
        self.combined(schema, value, place, outcome)?;
        if value.as_array().is_some() {
            self.array(schema, value, place, outcome)?;
        } else if value.as_object().is_some() {
            self.object(schema, value, place, outcome)?;
        } else {
            number(schema, value, place.path, outcome)?;
        }
        self.common(schema, value, place.path, outcome)?;
        if value.as_str().is_some() {
            self.string(schema, value, place.path, outcome)?;
        }
        if value.as_object().is_some() {
            let properties = keyword(schema, "properties");
            let properties = properties.as_ref().and_then(|properties| properties.as_object());
            for (name, inner) in properties.map(|view| view.sorted()).unwrap_or_default() {
                if let Some(found) = value.get(&name) {
                    self.child(&inner, &found, name.as_str().unwrap_or_default(), place, outcome)?;
                }
            }
        }
        outcome.score += 1;
        Ok(())
    }

    fn combined(
        &self,
        schema: &Value<'v>,
        value: &Value<'v>,
        place: Place<'_>,
        outcome: &mut Outcome,
    ) -> Done {
        let place = Place { depth: place.depth + 1, ..place };
        let all = |name| -> Result<Vec<Outcome>, BuiltinError> {
            let list = keyword(schema, name);
            let list = list.as_ref().and_then(|list| list.as_array());
            let list = list.into_iter().flat_map(|list| list.iter().collect::<Vec<_>>());
            list.map(|inner| self.apart(&inner, value, place)).collect()
        };
        let any_of = all("anyOf")?;
        if !any_of.is_empty() && !any_of.iter().any(Outcome::is_valid) {
            let message = "Must validate at least one schema (anyOf)";
            outcome.add("number_any_of", place.path, message);
            if let Some(nearest) = nearest(any_of) {
                outcome.merge(nearest);
            }
        }
        let one_of = all("oneOf")?;
        let valid = one_of.iter().filter(|one| one.is_valid()).count();
        if !one_of.is_empty() && valid != 1 {
            let message = "Must validate one and only one schema (oneOf)";
            outcome.add("number_one_of", place.path, message);
            if let Some(nearest) = nearest(one_of).filter(|_| valid == 0) {
                outcome.merge(nearest);
            }
        }
        let all_of = all("allOf")?;
        let wrong = all_of.iter().any(|one| !one.is_valid());
        all_of.into_iter().for_each(|one| outcome.merge(one));
        if wrong {
            outcome.add("number_all_of", place.path, "Must validate all the schemas (allOf)");
        }
        if let Some(not) = keyword(schema, "not")
            && self.apart(&not, value, place)?.is_valid()
        {
            outcome.add("number_not", place.path, "Must not validate the schema (not)");
        }
        self.dependencies(schema, value, place, outcome)?;
        if let Some(condition) = keyword(schema, "if") {
            let (name, kind, message) = match self.apart(&condition, value, place)?.is_valid() {
                true => ("then", "condition_then", "Must validate \"then\" as \"if\" was valid"),
                false => {
                    ("else", "condition_else", "Must validate \"else\" as \"if\" was not valid")
                }
            };
            if let Some(branch) = keyword(schema, name) {
                let inner = self.apart(&branch, value, place)?;
                if !inner.is_valid() {
                    outcome.add(kind, place.path, message);
                    outcome.merge(inner);
                }
            }
        }
        outcome.score += 1;
        Ok(())
    }

    fn dependencies(
        &self,
        schema: &Value<'v>,
        value: &Value<'v>,
        place: Place<'_>,
        outcome: &mut Outcome,
    ) -> Done {
        let dependencies = keyword(schema, "dependencies");
        let Some(dependencies) = dependencies.as_ref().and_then(|found| found.as_object()) else {
            return Ok(());
        };
        if value.as_object().is_none() {
            return Ok(());
        }
        for (key, dependency) in dependencies.sorted() {
            if value.get(&key).is_none() {
                continue;
            }
            match dependency.as_array() {
                None => self.schema(&dependency, value, place, outcome)?,
                Some(names) => {
                    for name in names.iter().filter(|name| value.get(name).is_none()) {
                        let name = name.as_str().unwrap_or_default();
                        let message = format!("Has a dependency on {name}");
                        outcome.add("missing_dependency", place.path, message);
                    }
                }
            }
        }
        Ok(())
    }

    fn common(
        &self,
        schema: &Value<'v>,
        value: &Value<'v>,
        path: &str,
        outcome: &mut Outcome,
    ) -> Done {
        let field = path.strip_prefix("(Root).").unwrap_or(path);
        if let Some(wanted) = keyword(schema, "const")
            && wanted != *value
        {
            let message = format!("{field} does not match: {}", json_text(self.host, &wanted)?);
            outcome.add("const", path, message);
        }
        let listed = keyword(schema, "enum");
        if let Some(listed) = listed.as_ref().and_then(|listed| listed.as_array()) {
            self.host.step(listed.len())?;
            if listed.len() > 0 && !listed.iter().any(|one| one == *value) {
                let texts: Vec<String> = listed
                    .iter()
                    .map(|one| json_text(self.host, &one))
                    .collect::<Result<_, _>>()?;
                let texts = texts.join(", ");
                let message = format!("{field} must be one of the following: {texts}");
                outcome.add("enum", path, message);
            }
        }
        if let (Some(format), Some(text)) = (keyword(schema, "format"), value.as_str()) {
            let format = format.as_str().unwrap_or_default();
            self.host.step(text.len() / 4)?;
            if !is_format(format, text) {
                outcome.add("format", path, format!("Does not match format '{format}'"));
            }
        }
        outcome.score += 1;
        Ok(())
    }

    fn string(
        &self,
        schema: &Value<'v>,
        value: &Value<'v>,
        path: &str,
        outcome: &mut Outcome,
    ) -> Done {
        let text = value.as_str().unwrap_or_default();
        let length = text.chars().count();
        let than = |what| format!("String length must be {what} than or equal to ");
        bound(schema, "minLength", length, |low| {
            outcome.add("string_gte", path, than("greater") + low);
        });
        bound(schema, "maxLength", length, |high| {
            outcome.add("string_lte", path, than("less") + high);
        });
        if let Some(pattern) = keyword(schema, "pattern") {
            let pattern = pattern.as_str().unwrap_or_default();
            let regex = patterns::regex(self.host, pattern)?;
            self.host.step(regex.cost(text.len()))?;
            if !regex.is_match(text) {
                outcome.add("pattern", path, format!("Does not match pattern '{pattern}'"));
            }
        }
        outcome.score += 1;
        Ok(())
    }

    fn array(
        &self,
        schema: &Value<'v>,
        value: &Value<'v>,
        place: Place<'_>,
        outcome: &mut Outcome,
    ) -> Done {
        let items: Vec<Value<'v>> =
            value.as_array().map(|items| items.iter().collect()).unwrap_or_default();
        self.host.make_values(items.len())?;
        let by_place = keyword(schema, "items");
        let positions = by_place.as_ref().and_then(|schemas| schemas.as_array());
        for (index, item) in items.iter().enumerate() {
            let inner = match (&positions, &by_place) {
                (Some(schemas), _) if schemas.len() == 0 => None,
                (Some(schemas), _) => schemas.get(index).or_else(|| {
                    keyword(schema, "additionalItems").filter(|more| more.as_object().is_some())
                }),
                (None, single) => single.clone(),
            };
            if let Some(inner) = inner {
                self.child(&inner, item, &index.to_string(), place, outcome)?;
            }
        }
        let surplus = positions
            .as_ref()
            .is_some_and(|schemas| schemas.len() > 0 && schemas.len() < items.len());
        if surplus && keyword(schema, "additionalItems") == Some(Value::Bool(false)) {
            let message = "No additional items allowed on array";
            outcome.add("array_no_additional_items", place.path, message);
        }
        bound(schema, "minItems", items.len(), |low| {
            let message = format!("Array must have at least {low} items");
            outcome.add("array_min_items", place.path, message);
        });
        bound(schema, "maxItems", items.len(), |high| {
            let message = format!("Array must have at most {high} items");
            outcome.add("array_max_items", place.path, message);
        });
        if keyword(schema, "uniqueItems") == Some(Value::Bool(true)) {
            let mut seen = BTreeMap::new();
            for (index, item) in items.iter().enumerate() {
                if let Some(before) = seen.insert(item, index) {
                    let message = format!("array items[{before},{index}] must be unique");
                    outcome.add("unique", place.path, message);
                }
            }
        }
        if let Some(wanted) = keyword(schema, "contains") {
            let mut tried = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let mut one = Outcome::default();
                self.child(&wanted, item, &index.to_string(), place, &mut one)?;
                let found = one.is_valid();
                tried.push(one);
                if found {
                    break;
                }
            }
            if !tried.iter().any(Outcome::is_valid) {
                outcome.add("contains", place.path, "At least one of the items must match");
                if let Some(nearest) = nearest(tried) {
                    outcome.merge(nearest);
                }
            }
        }
        outcome.score += 1;
        Ok(())
    }

    fn object(
        &self,
        schema: &Value<'v>,
        value: &Value<'v>,
        place: Place<'_>,
        outcome: &mut Outcome,
    ) -> Done {
        let entries = value.as_object().map(|entries| entries.sorted()).unwrap_or_default();
        self.host.make_values(entries.len() * 2)?;
        bound(schema, "minProperties", entries.len(), |low| {
            let message = format!("Must have at least {low} properties");
            outcome.add("array_min_properties", place.path, message);
        });
        bound(schema, "maxProperties", entries.len(), |high| {
            let message = format!("Must have at most {high} properties");
            outcome.add("array_max_properties", place.path, message);
        });
        let required = keyword(schema, "required");
        for name in required
            .iter()
            .filter_map(|list| list.as_array())
            .flat_map(|list| list.iter().collect::<Vec<_>>())
        {
            match value.get(&name) {
                Some(_) => outcome.score += 1,
                None => {
                    let message = format!("{} is required", name.as_str().unwrap_or_default());
                    outcome.add("required", place.path, message);
                }
            }
        }
        let properties = keyword(schema, "properties");
        let by_pattern = keyword(schema, "patternProperties");
        let by_pattern = by_pattern.as_ref().and_then(|found| found.as_object());
        let by_pattern = by_pattern.map(|view| view.sorted()).unwrap_or_default();
        for (key, inner) in &entries {
            let name = key.as_str().unwrap_or_default();
            let mut known =
                properties.as_ref().is_some_and(|properties| properties.get(key).is_some());
            for (pattern, schema) in &by_pattern {
                let regex = patterns::regex(self.host, pattern.as_str().unwrap_or_default())?;
                self.host.step(regex.cost(name.len()))?;
                if regex.is_match(name) {
                    known = true;
                    self.child(schema, inner, name, place, outcome)?;
                }
            }
            if known {
                continue;
            }
            match keyword(schema, "additionalProperties") {
                Some(Value::Bool(false)) => {
                    let message = format!("Additional property {name} is not allowed");
                    outcome.add("additional_property_not_allowed", place.path, message);
                }
                Some(more) if more.as_object().is_some() => {
                    self.child(&more, inner, name, place, outcome)?;
                }
                _ => {}
            }
        }
        if let Some(names) = keyword(schema, "propertyNames") {
            for (key, _) in &entries {
                let inner = self.apart(&names, key, place)?;
                if !inner.is_valid() {
                    let name = key.as_str().unwrap_or_default();
                    let message = format!("Property name of \"{name}\" does not match");
                    outcome.add("invalid_property_name", place.path, message);
                    outcome.merge(inner);
                }
            }
        }
        outcome.score += 1;
        Ok(())
    }
}

/// The alternative that is nearest to being fulfilled, the first of several.
fn nearest(outcomes: Vec<Outcome>) -> Option<Outcome> {
    let mut best: Option<Outcome> = None;
    for outcome in outcomes.into_iter().filter(|outcome| !outcome.is_valid()) {
        if best.as_ref().is_none_or(|best| outcome.score > best.score) {
            best = Some(outcome);
        }
    }
    best
}

/// Tells of a size that is below the bound `min…` or above the bound `max…`.
fn bound(schema: &Value<'_>, name: &'static str, size: usize, tell: impl FnOnce(&str)) {
    let Some(Value::Number(bound)) = keyword(schema, name) else { return };
    let ordering = Number::from(size as u64).compare(&bound);
    let wrong = if name.starts_with("min") { Ordering::Less } else { Ordering::Greater };
    if ordering == wrong {
        tell(&shown(&bound));
    }
}

fn is_type(schema: &Value<'_>, value: &Value<'_>, path: &str, outcome: &mut Outcome) -> bool {
    let Some(types) = keyword(schema, "type") else { return true };
    let names: Vec<String> = match types.as_array() {
        Some(names) => names.iter().filter_map(|n| n.as_str().map(str::to_owned)).collect(),
        None => types.as_str().map(str::to_owned).into_iter().collect(),
    };
    let given = match value {
        Value::Number(number) if matches!(number.whole(), Ok(None)) => "number",
        Value::Number(_) => "integer",
        _ => value.type_name(),
    };
    let fits = |name: &String| name == given || name == "number" && given == "integer";
    if names.is_empty() || names.iter().any(fits) {
        return true;
    }
    let expected = match names.as_slice() {
        [only] => only.clone(),
        _ => format!("[{}]", names.join(",")),
    };
    let message = format!("Invalid type. Expected: {expected}, given: {given}");
    outcome.add("invalid_type", path, message);
    false
}

fn number(schema: &Value<'_>, value: &Value<'_>, path: &str, outcome: &mut Outcome) -> Done {
    let Value::Number(number) = value else { return Ok(()) };
    let given = |name| match keyword(schema, name) {
        Some(Value::Number(bound)) => Some(bound),
        _ => None,
    };
    if let Some(multiple) = given("multipleOf") {
        let multiples = number.is_multiple_of(&multiple);
        if !multiples.map_err(|error| wrong_number(error, 1))? {
            let message = format!("Must be a multiple of {}", shown(&multiple));
            outcome.add("multiple_of", path, message);
        }
    }
    let exclusive = |name| keyword(schema, name) == Some(Value::Bool(true));
    // Draft 4 says by a truth that the bound itself is no more in it.
    let (low, above) = match exclusive("exclusiveMinimum") {
        true => (None, given("minimum")),
        false => (given("minimum"), given("exclusiveMinimum")),
    };
    let (high, below) = match exclusive("exclusiveMaximum") {
        true => (None, given("maximum")),
        false => (given("maximum"), given("exclusiveMaximum")),
    };
    if let Some(high) = high.filter(|high| number.compare(high).is_gt()) {
        let message = format!("Must be less than or equal to {}", shown(&high));
        outcome.add("number_lte", path, message);
    }
    if let Some(below) = below.filter(|below| number.compare(below).is_ge()) {
        outcome.add("number_lt", path, format!("Must be less than {}", shown(&below)));
    }
    if let Some(low) = low.filter(|low| number.compare(low).is_lt()) {
        let message = format!("Must be greater than or equal to {}", shown(&low));
        outcome.add("number_gte", path, message);
    }
    if let Some(above) = above.filter(|above| number.compare(above).is_le()) {
        outcome.add("number_gt", path, format!("Must be greater than {}", shown(&above)));
    }
    outcome.score += 1;
    Ok(())
}
