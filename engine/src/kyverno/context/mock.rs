//! Calls that a test suite answers.
//!
//! Upstream: cmd/cli/kubectl-kyverno/store/contextloader.go. They are made when a rule or element
//! makes its entries known, with all their variables, whether or not anything reads the entry. A
//! status outside 2xx and a `jmesPath` that fails end the rule; `default` is not looked at.

use crate::facts::Method;
use crate::value::Value;

use super::super::variables::Template;
use super::{Context, ContextEntry, EntryKind, Field, Stop};

impl ContextEntry {
    /// The entry's value, where it is a call that the suite answers.
    pub(super) fn call_mock<'t>(
        &'t self,
        context: &mut Context<'t>,
    ) -> Result<Option<Value<'t>>, Stop> {
        let (address, at, method, data, headers, select) = match &self.kind {
            EntryKind::ApiCall { path, method, data, select } => {
                (path, "/urlPath", *method, data, &[][..], select)
            }
            EntryKind::Service { url, method, headers, data, select, .. } => {
                (url, "/service/url", *method, data, headers.as_slice(), select)
            }
            _ => return Ok(None),
        };
        let mut fill = |template: &'t Template, at: &str| self.fill(template, at, context);
        fields(data, "/data", &mut fill)?;
        fields(headers, "/service/headers", &mut fill)?;
        if let Some(default) = &select.default {
            fill(default, "/default")?;
        }
        let path = select.path.as_ref().map(|path| fill(path, "/jmesPath")).transpose()?;
        let address = fill(address, at)?;
        let Some(address) = address.as_str() else { return Ok(None) };
        self.mocked(method, address, path.as_ref().and_then(Value::as_str), context)
    }

    fn fill<'t>(
        &self,
        template: &'t Template,
        at: &str,
        context: &mut Context<'t>,
    ) -> Result<Value<'t>, Stop> {
        template.render_at(context, at).map_err(|stop| match stop {
            Stop::Failed(error) => Stop::Failed(format!(
                "failed to substitute variables in apiCall context entry {:?}: {error}",
                self.name
            )),
            Stop::Missing => Stop::Missing,
        })
    }

    fn mocked<'t>(
        &self,
        method: Method,
        address: &str,
        path: Option<&str>,
        context: &Context<'t>,
    ) -> Result<Option<Value<'t>>, Stop> {
        let Some(call) = context.lookups().facts().mocked_call(method, address) else {
            return Ok(None);
        };
        let name = &self.name;
        if !(200..300).contains(&call.status) {
            return Err(Stop::Failed(format!(
                "HTTP {} from apiCall mock for context entry {name:?} (v1 apiCall treats non-2xx \
                 as failure)",
                call.status
            )));
        }
        let body = Value::from(call.body.root());
        let Some(path) = path.filter(|path| !path.is_empty()) else { return Ok(Some(body)) };
        let found = context.parse(path).and_then(|path| context.search_plainly(path, &body));
        found.map(Some).map_err(|stop| match stop {
            Stop::Failed(error) => Stop::Failed(format!(
                "failed to apply JMESPath {path:?} for context entry {name:?}: {error}"
            )),
            Stop::Missing => Stop::Missing,
        })
    }
}

fn fields<'t>(
    fields: &'t [Field],
    at: &str,
    fill: &mut impl FnMut(&'t Template, &str) -> Result<Value<'t>, Stop>,
) -> Result<(), Stop> {
    for (position, field) in fields.iter().enumerate() {
        fill(&field.value, &format!("{at}/{position}/value"))?;
    }
    Ok(())
}
