//! The part of JSON Schema that the published schemas use; any other keyword is refused, so that
//! nothing is believed to be checked that is not.

use serde_json::Value;

use crate::support::testdata;

pub(crate) struct Schema(Value);

impl Schema {
    /// `docs/schema/NAME.json`.
    pub(crate) fn load(name: &str) -> Self {
        let file = testdata().parent().unwrap().join(format!("docs/schema/{name}.json"));
        Self(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
    }

    /// Panics with the place of the first thing that does not fit.
    pub(crate) fn check(&self, document: &str) {
        let document: Value = serde_json::from_str(document).unwrap();
        if let Err(problem) = self.fits(&self.0, &document, "") {
            panic!("{problem}");
        }
    }

    fn fits(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{place}: {what}, found {value}"));
        // Other keywords rely on the type.
        if let Some(wanted) =
            schema.get("type").filter(|name| !has_type(value, name.as_str().unwrap()))
        {
            return wrong(&format!("expected {wanted}"));
        }
        for (keyword, wanted) in schema.as_object().unwrap() {
            match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" => (),
                "$ref" => {
                    let name = wanted.as_str().unwrap().trim_start_matches('#');
                    self.fits(self.0.pointer(name).unwrap(), value, place)?;
                }
                "const" if value != wanted => return wrong(&format!("expected {wanted}")),
                "enum" if !wanted.as_array().unwrap().contains(value) => {
                    return wrong(&format!("expected one of {wanted}"));
                }
                "minimum" if value.as_f64() < wanted.as_f64() => return wrong("too small"),
                "minItems"
                    if (value.as_array().unwrap().len() as u64) < wanted.as_u64().unwrap() =>
                {
                    return wrong("too few items");
                }
                "pattern" => {
                    let pattern = regex::Regex::new(wanted.as_str().unwrap()).unwrap();
                    if !pattern.is_match(value.as_str().unwrap()) {
                        return wrong(&format!("expected {wanted}"));
                    }
                }
                "required" => {
                    for key in wanted.as_array().unwrap() {
                        if value.get(key.as_str().unwrap()).is_none() {
                            return wrong(&format!("{key} is missing"));
                        }
                    }
                }
                "additionalProperties" => {
                    assert_eq!(wanted, &Value::Bool(false));
                    let known = schema["properties"].as_object().unwrap();
                    for key in value.as_object().unwrap().keys() {
                        if !known.contains_key(key) {
                            return wrong(&format!("unknown key {key}"));
                        }
                    }
                }
                "properties" => {
                    for (key, schema) in wanted.as_object().unwrap() {
                        if let Some(value) = value.get(key) {
                            self.fits(schema, value, &format!("{place}/{key}"))?;
                        }
                    }
                }
                "items" => {
                    for (position, item) in value.as_array().unwrap().iter().enumerate() {
                        self.fits(wanted, item, &format!("{place}/{position}"))?;
                    }
                }
                "if" => {
                    if self.fits(wanted, value, place).is_ok() {
                        self.fits(&schema["then"], value, place)?;
                    }
                }
                "type" | "const" | "enum" | "minimum" | "minItems" | "then" => (),
                keyword => panic!("the schema uses `{keyword}`, which is not checked"),
            }
        }
        Ok(())
    }
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        name => panic!("the schema uses the type `{name}`, which is not checked"),
    }
}

#[test]
#[should_panic(expected = "/decisions: expected \"array\"")]
fn what_does_not_fit_is_found() {
    Schema::load("report-v1").check(r#"{"decisions": 1}"#);
}
