//! Functions that somebody outside of the engine answers: those of conftest that read files.

use super::{BuiltinError, Host, Value};
use crate::tree::Tree;

/// Answers calls of `parse_config`, `parse_config_file` and `parse_combined_config_files`.
pub trait Outside: std::fmt::Debug + Send + Sync {
    /// Whether a function of this name is answered.
    fn knows(&self, name: &str) -> bool;

    /// The answer to a call with texts, from a policy of this name; an error makes it undefined,
    /// unless errors are strict.
    fn call(&self, name: &str, policy: &str, arguments: &[String]) -> Result<Tree, String>;
}

/// Asks for the value of a call. Lists of texts are given as their items.
pub(super) fn ask<'v>(
    outside: &dyn Outside,
    name: &str,
    policy: &str,
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, BuiltinError> {
    let mut texts = Vec::new();
    for argument in arguments {
        let items: Vec<Value<'v>> = match argument.as_array() {
            Some(items) => items.iter().collect(),
            None => vec![argument.clone()],
        };
        for item in &items {
            let text = item.as_str().ok_or_else(|| {
                let found = item.type_name();
                BuiltinError::Type(format!("argument is not expected type, have {found}"))
            })?;
            host.make(text.len())?;
            texts.push(text.to_owned());
        }
    }
    let tree = outside.call(name, policy, &texts).map_err(BuiltinError::Failed)?;
    host.make_values(tree.len())?;
    Ok(Value::from(host.keep(tree)))
}
