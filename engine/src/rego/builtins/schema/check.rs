//! Whether a schema is one (`parseSchema` of `internal/gojsonschema/schema.go`).

use std::collections::BTreeSet;

use super::{keyword, referenced};
use crate::rego::builtins::operand::{failed, too_deep};
use crate::rego::{BuiltinError, Host, Number, Value};
use crate::scalar::regex::Regex;

type Checked = Result<(), BuiltinError>;

const TYPES: [&str; 7] = ["array", "boolean", "integer", "number", "null", "object", "string"];
const SCHEMAS: &str = "Array Of Schemas";
const SCHEMA: &str = "Valid Schema";

struct Check<'a, 'h, 'v> {
    host: &'a Host<'h, 'v>,
    root: &'a Value<'v>,
    /// References that were followed.
    seen: BTreeSet<String>,
}

pub(super) fn check<'v>(host: &Host<'_, 'v>, schema: &Value<'v>) -> Checked {
    if schema.as_array().is_some() {
        return Err(failed("schema is invalid"));
    }
    Check { host, root: schema, seen: BTreeSet::new() }.schema(schema, 0)
}

fn wrong_type(expected: &str, given: &str) -> BuiltinError {
    failed(format!("Invalid type. Expected: {expected}, given: {given}"))
}

fn text<'v>(schema: &Value<'v>, name: &'static str) -> Result<Option<Value<'v>>, BuiltinError> {
    match keyword(schema, name) {
        Some(value) if value.as_str().is_none() => Err(wrong_type("string", name)),
        value => Ok(value),
    }
}

fn items<'v>(schema: &Value<'v>, name: &'static str) -> Result<Vec<Value<'v>>, BuiltinError> {
    match keyword(schema, name) {
        None => Ok(Vec::new()),
        Some(list) => match list.as_array() {
            Some(items) => Ok(items.iter().collect()),
            None => Err(failed(format!("{name} must be of an array"))),
        },
    }
}

impl<'v> Check<'_, '_, 'v> {
    fn schema(&mut self, schema: &Value<'v>, depth: usize) -> Checked {
        too_deep(depth)?;
        self.host.step(32)?;
        if schema.as_bool().is_some() {
            return Ok(());
        }
        if schema.as_object().is_none() {
            return Err(failed("Expected: Valid Schema, given: Invalid JSON"));
        }
        text(schema, "$id")?;
        self.each(schema, "definitions", depth)?;
        text(schema, "title")?;
        text(schema, "description")?;
        if let Some(reference) = text(schema, "$ref")? {
            let reference = reference.as_str().unwrap_or_default();
            if self.seen.insert(reference.to_owned()) {
                let target = referenced(self.root, reference)?;
                if target.as_object().is_none() && target.as_bool().is_none() {
                    return Err(failed("Schema must be of type object"));
                }
                self.schema(&target, depth + 1)?;
            }
            return Ok(());
        }
        types(schema)?;
        if let Some(properties) = keyword(schema, "properties") {
            if properties.as_object().is_none() {
                return Err(failed("Properties must be of type object"));
            }
            self.values(&properties, depth)?;
        }
        self.bool_or_schema(schema, "additionalProperties", depth)?;
        self.patterns(schema, depth)?;
        self.one(schema, "propertyNames", depth)?;
        self.dependencies(schema, depth)?;
        match keyword(schema, "items") {
            Some(list) if list.as_array().is_some() => {
                for item in items(schema, "items")? {
                    if item.as_object().is_none() && item.as_bool().is_none() {
                        return Err(wrong_type("Valid Schema/Array Of Schemas", "items"));
                    }
                    self.schema(&item, depth + 1)?;
                }
            }
            Some(item) if item.as_object().is_some() || item.as_bool().is_some() => {
                self.schema(&item, depth + 1)?;
            }
            Some(_) => return Err(wrong_type("Valid Schema/Array Of Schemas", "items")),
            None => {}
        }
        self.bool_or_schema(schema, "additionalItems", depth)?;
        numbers(schema)?;
        if let Some(pattern) = text(schema, "pattern")?
            && Regex::compile(pattern.as_str().unwrap_or_default()).is_err()
        {
            return Err(failed("pattern must be a valid regex"));
        }
        text(schema, "format")?;
        sizes(schema)?;
        required(schema)?;
        if keyword(schema, "uniqueItems").is_some_and(|unique| unique.as_bool().is_none()) {
            return Err(failed("uniqueItems must be of a boolean"));
        }
        if let Some(contained) = keyword(schema, "contains") {
            self.schema(&contained, depth + 1)?;
        }
        let listed = items(schema, "enum")?;
        self.host.step(listed.len().saturating_mul(listed.len()))?;
        if listed.iter().collect::<BTreeSet<_>>().len() < listed.len() {
            return Err(failed("enum items must be unique"));
        }
        for name in ["oneOf", "anyOf", "allOf"] {
            for inner in items(schema, name)? {
                self.schema(&inner, depth + 1)?;
            }
        }
        for name in ["not", "if", "then", "else"] {
            self.one(schema, name, depth)?;
        }
        Ok(())
    }

    fn values(&mut self, schemas: &Value<'v>, depth: usize) -> Checked {
        let entries = schemas.as_object().map(|entries| entries.sorted()).unwrap_or_default();
        entries.iter().try_for_each(|(_, inner)| self.schema(inner, depth + 1))
    }

    fn each(&mut self, schema: &Value<'v>, name: &'static str, depth: usize) -> Checked {
        let Some(definitions) = keyword(schema, name) else { return Ok(()) };
        let entries = definitions.as_object().ok_or_else(|| wrong_type(SCHEMAS, name))?.sorted();
        for (_, inner) in entries {
            if inner.as_object().is_none() && inner.as_bool().is_none() {
                return Err(wrong_type(SCHEMAS, name));
            }
            self.schema(&inner, depth + 1)?;
        }
        Ok(())
    }

    fn one(&mut self, schema: &Value<'v>, name: &'static str, depth: usize) -> Checked {
        match keyword(schema, name) {
            None => Ok(()),
            Some(inner) if inner.as_object().is_some() || inner.as_bool().is_some() => {
                self.schema(&inner, depth + 1)
            }
            Some(_) if name == "propertyNames" => Err(wrong_type(SCHEMA, "patternProperties")),
            Some(_) => Err(failed(format!("{name} must be of an object"))),
        }
    }

    fn bool_or_schema(&mut self, schema: &Value<'v>, name: &'static str, depth: usize) -> Checked {
        match keyword(schema, name) {
            None => Ok(()),
            Some(inner) if inner.as_bool().is_some() => Ok(()),
            Some(inner) if inner.as_object().is_some() => self.schema(&inner, depth + 1),
            Some(_) => Err(wrong_type("boolean/Valid Schema", name)),
        }
    }

    fn patterns(&mut self, schema: &Value<'v>, depth: usize) -> Checked {
        let Some(patterns) = keyword(schema, "patternProperties") else { return Ok(()) };
        let entries =
            patterns.as_object().ok_or_else(|| wrong_type(SCHEMA, "patternProperties"))?;
        for (pattern, inner) in entries.sorted() {
            let pattern = pattern.as_str().unwrap_or_default();
            self.host.step(pattern.len())?;
            if Regex::compile(pattern).is_err() {
                return Err(failed(format!("Invalid regex pattern '{pattern}'")));
            }
            self.schema(&inner, depth + 1)?;
        }
        Ok(())
    }

    fn dependencies(&mut self, schema: &Value<'v>, depth: usize) -> Checked {
        let Some(dependencies) = keyword(schema, "dependencies") else { return Ok(()) };
        let Some(entries) = dependencies.as_object() else {
            return Err(failed("dependencies must be of type object"));
        };
        let wrong = || failed("Dependency must be of type Schema Or Array Of Strings");
        for (_, inner) in entries.sorted() {
            match inner.as_array() {
                Some(names) if names.iter().any(|name| name.as_str().is_none()) => {
                    return Err(wrong());
                }
                Some(_) => {}
                None if inner.as_object().is_none() && inner.as_bool().is_none() => {
                    return Err(wrong());
                }
                None => self.schema(&inner, depth + 1)?,
            }
        }
        Ok(())
    }
}

fn types(schema: &Value<'_>) -> Checked {
    let Some(found) = keyword(schema, "type") else { return Ok(()) };
    let wrong = || wrong_type("type", "string/Array Of Strings");
    let names: Vec<Value<'_>> = match found.as_array() {
        Some(names) => names.iter().collect(),
        None => vec![found],
    };
    let mut known = BTreeSet::new();
    for name in &names {
        let name = name.as_str().ok_or_else(wrong)?;
        if !TYPES.contains(&name) {
            return Err(failed(format!(
                "has a primitive type that is NOT VALID -- given: /{name}/ Expected valid \
                 values are:[{}]",
                TYPES.join(" ")
            )));
        }
        if !known.insert(name.to_owned()) {
            return Err(failed(format!("{name} type is duplicated")));
        }
    }
    Ok(())
}

fn numbers(schema: &Value<'_>) -> Checked {
    if let Some(multiple) = keyword(schema, "multipleOf") {
        let Some(multiple) = multiple.as_number() else {
            return Err(wrong_type("Number", "multipleOf"));
        };
        if multiple.compare(&Number::from(0_i64)).is_le() {
            return Err(failed("multipleOf must be strictly greater than 0"));
        }
    }
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        let value = keyword(schema, bound);
        if value.as_ref().is_some_and(|value| value.as_number().is_none()) {
            return Err(failed(format!("{bound} must be of a Number")));
        }
        match keyword(schema, exclusive) {
            Some(Value::Bool(_)) if value.is_none() => {
                return Err(failed(format!("{exclusive} cannot be used without {bound}")));
            }
            None | Some(Value::Bool(_) | Value::Number(_)) => {}
            Some(_) => return Err(wrong_type("boolean/number", exclusive)),
        }
    }
    Ok(())
}

fn sizes(schema: &Value<'_>) -> Checked {
    for (least, most) in
        [("minLength", "maxLength"), ("minProperties", "maxProperties"), ("minItems", "maxItems")]
    {
        let mut bounds = Vec::new();
        for name in [least, most] {
            let Some(bound) = keyword(schema, name) else { continue };
            let whole = bound.as_number().and_then(|number| number.whole().ok().flatten());
            let whole = whole.ok_or_else(|| failed(format!("{name} must be of an integer")))?;
            if whole < num_bigint::BigInt::ZERO {
                return Err(failed(format!("{name} must be greater than or equal to 0")));
            }
            bounds.push(whole);
        }
        if let [low, high] = bounds.as_slice()
            && low > high
            && least != "minItems"
        {
            return Err(failed(format!("{least} cannot be greater than {most}")));
        }
    }
    Ok(())
}

fn required(schema: &Value<'_>) -> Checked {
    let names = items(schema, "required")?;
    if names.iter().any(|name| name.as_str().is_none()) {
        return Err(wrong_type("string", "required"));
    }
    match names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        true => Err(failed("required items must be unique")),
        false => Ok(()),
    }
}
