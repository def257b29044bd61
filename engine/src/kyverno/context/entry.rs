//! Context entries: what a rule loads before it judges.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::{FactError, FactKey, Method};
use crate::tree::Tree;
use crate::value::{Text, Value};

use super::super::variables::Template;
use super::{Context, Resolve, Stop};

/// One entry of a rule's or foreach block's `context`.
#[derive(Debug)]
pub(crate) struct ContextEntry {
    pub(crate) name: Box<str>,
    pub(crate) kind: EntryKind,
}

/// What an entry loads.
#[derive(Debug)]
pub(crate) enum EntryKind {
    /// A value, an expression over it or over the context, and what stands in for nothing.
    Variable { value: Option<Written>, path: Option<Written>, default: Option<Written> },
    /// A ConfigMap's data.
    ConfigMap { name: Template, namespace: Option<Template> },
    /// An answer of the Kubernetes API.
    ApiCall { path: Template, method: Method, data: Vec<Field>, select: Select },
    /// An answer of a service.
    Service {
        url: Template,
        method: Method,
        headers: Vec<Field>,
        data: Vec<Field>,
        ca_bundle: Box<str>,
        select: Select,
    },
    /// What a registry holds about an image.
    ImageRegistry { reference: Template, path: Option<Template> },
    /// A `GlobalContextEntry`, or a projection of one.
    GlobalReference { name: Template, path: Option<Template> },
}

/// A value with variables, and how upstream prints it in errors.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) template: Template,
    pub(crate) text: Box<str>,
}

/// A key and its value in a call.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) key: Box<str>,
    pub(crate) value: Template,
}

/// What is taken of an answer, and what stands in for it.
#[derive(Debug)]
pub(crate) struct Select {
    pub(crate) path: Option<Template>,
    pub(crate) default: Option<Template>,
}

type Answer<'t> = Result<Value<'t>, String>;

impl ContextEntry {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the entry asks for facts, so that a suite's values may stand in for it.
    pub(crate) fn asks(&self) -> bool {
        !matches!(self.kind, EntryKind::Variable { .. })
    }

    /// The value; `None` where the entry stays without one.
    pub(super) fn load<'t>(&'t self, context: &mut Context<'t>) -> Result<Option<Value<'t>>, Stop> {
        let name = self.name();
        let value = match &self.kind {
            EntryKind::Variable { value, path, default } => {
                variable(name, value.as_ref(), path.as_ref(), default.as_ref(), context)
            }
            EntryKind::ConfigMap { name: map, namespace } => {
                return config_map(name, map, namespace.as_ref(), context);
            }
            EntryKind::ApiCall { path, method, data, select } => {
                let path = text(name, path, context)?;
                context.check_path(name, &path)?;
                let body = body(name, *method, data, context)?;
                let key = FactKey::Api { method: *method, path: path.as_str().into(), body };
                let Some(answer) = fetch(context, key)? else { return Ok(None) };
                select.apply(name, answer, context)
            }
            EntryKind::Service { url, method, headers, data, ca_bundle, select } => {
                let url = text(name, url, context)?;
                let body = body(name, *method, data, context)?;
                let mut named = Vec::with_capacity(headers.len());
                for header in headers {
                    named.push((header.key.to_string(), text(name, &header.value, context)?));
                }
                let key = FactKey::Service {
                    method: *method,
                    url: url.as_str().into(),
                    body,
                    headers: named,
                    ca_bundle: Arc::from(&**ca_bundle),
                };
                let Some(answer) = fetch(context, key)? else { return Ok(None) };
                select.apply(name, answer, context)
            }
            EntryKind::ImageRegistry { reference, path } => {
                let reference = text(name, reference, context)?;
                let key = FactKey::Image(reference.as_str().into());
                let Some(answer) = fetch(context, key)? else { return Ok(None) };
                let data = answer.map_err(|error| {
                    Stop::Failed(format!(
                        "failed to fetch image descriptor: {reference}, error: {error}"
                    ))
                })?;
                apply_path(name, path.as_ref(), data, context)
            }
            EntryKind::GlobalReference { name: global, path } => {
                let global = text(name, global, context)?;
                let key = FactKey::GlobalContext(global.as_str().into());
                let Some(answer) = fetch(context, key)? else { return Ok(None) };
                let data = answer.map_err(|error| {
                    Stop::Failed(format!(
                        "failed to fetch entry {global} from global context: {error}"
                    ))
                })?;
                apply_path(name, path.as_ref(), data, context)
            }
        };
        value.map(Some)
    }
}

/// Upstream: pkg/engine/context/loaders/variable.go.
fn variable<'t>(
    name: &str,
    value: Option<&'t Written>,
    path: Option<&'t Written>,
    default: Option<&'t Written>,
    context: &mut Context<'t>,
) -> Result<Value<'t>, Stop> {
    let mut render = |written: &'t Written| {
        render(&format!("{name} {}", written.text), &written.template, context)
    };
    let path = match path {
        Some(written) => match render(written)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.to_string()),
            _ => {
                let text = &written.text;
                return Err(Stop::Failed(format!(
                    "jmespath value must be a string {name} {text}: <nil>"
                )));
            }
        },
        None => None,
    };
    let default = default.map(&mut render).transpose()?.filter(|value| !value.is_null());
    let value = value.map(render).transpose()?;
    let output = match (value, path) {
        (None, None) => default,
        (Some(value), None) => Some(value),
        (Some(value), Some(path)) => {
            let found = context.parse(&path).and_then(|path| context.search_plainly(path, &value));
            // Upstream keeps null here, and takes the default only in place of an error.
            or_default(found, &path, default.as_ref())?.or(default)
        }
        (None, Some(path)) => {
            let found = context.query_text(&path, None);
            or_default(found, &path, default.as_ref())?.filter(|value| !value.is_null()).or(default)
        }
    };
    match output.filter(|value| !value.is_null()) {
        // JSON knows no such number, which an empty list has as its average.
        Some(Value::Float(number)) if !number.is_finite() => Err(Stop::Failed(format!(
            "failed to add context entry for variable {name}: json: unsupported value: {number}"
        ))),
        Some(value) => Ok(value),
        None => Err(Stop::Failed(format!(
            "failed to add context entry for variable {name} since it evaluated to nil"
        ))),
    }
}

/// An expression that finds nothing is no error where there is a default.
fn or_default<'t>(
    found: Result<Value<'t>, Stop>,
    path: &str,
    default: Option<&Value<'t>>,
) -> Result<Option<Value<'t>>, Stop> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Failed(_)) if default.is_some() => Ok(None),
        // Upstream always names the variable `<nil>` here.
        Err(Stop::Failed(error)) => {
            Err(Stop::Failed(format!("failed to apply jmespath {path} to variable <nil>: {error}")))
        }
        Err(other) => Err(other),
    }
}

fn config_map<'t>(
    entry: &str,
    name: &'t Template,
    namespace: Option<&'t Template>,
    context: &mut Context<'t>,
) -> Result<Option<Value<'t>>, Stop> {
    let name = text(entry, name, context)?;
    let namespace = match namespace {
        Some(namespace) => text(entry, namespace, context)?,
        None => context.namespace_of_policy.unwrap_or_default().to_owned(),
    };
    let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
    // Both come from the object as often as not, and become part of a path.
    for part in [&namespace, &name] {
        if !is_object_name(part) {
            return Err(Stop::Failed(format!(
                "failed to get configmap {namespace}/{name} : invalid resource name `{part}`, \
                 expected letters, digits, `-`, `.` and `_`"
            )));
        }
    }
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/{name}");
    context.check_path(entry, &path)?;
    let Some(answer) = fetch(context, FactKey::get(path))? else { return Ok(None) };
    let map = answer.map_err(|error| {
        Stop::Failed(format!("failed to get configmap {namespace}/{name} : {error}"))
    })?;
    let mut entries = BTreeMap::new();
    for key in ["data", "metadata"] {
        entries.insert(Text::Borrowed(key), map.get(key).unwrap_or_default());
    }
    Ok(Some(Value::from(entries)))
}

impl Select {
    fn apply<'t>(
        &'t self,
        name: &str,
        answer: Answer<'t>,
        context: &mut Context<'t>,
    ) -> Result<Value<'t>, Stop> {
        let result = match answer {
            Ok(data) => apply_path(name, self.path.as_ref(), data, context),
            Err(error) => Err(Stop::Failed(format!("failed to execute APICall: {error}"))),
        };
        match (result, &self.default) {
            (Err(Stop::Failed(_)), Some(default)) => render(name, default, context),
            (Ok(value), Some(default)) if value.is_null() => render(name, default, context),
            (result, _) => result,
        }
    }
}

fn apply_path<'t>(
    name: &str,
    path: Option<&'t Template>,
    data: Value<'t>,
    context: &mut Context<'t>,
) -> Result<Value<'t>, Stop> {
    let Some(path) = path else { return Ok(data) };
    let path = text(name, path, context)?;
    let found = context.parse(&path).and_then(|path| context.search(path, &data));
    found.map_err(|stop| match stop {
        Stop::Failed(error) => {
            Stop::Failed(format!("failed to apply JMESPath for context entry {name}: {error}"))
        }
        other => other,
    })
}

/// What the other side says; `None` where nobody answers and that is no error.
fn fetch<'t>(context: &Context<'t>, key: FactKey) -> Result<Option<Answer<'t>>, Stop> {
    let asked = key.to_string();
    let answer: Result<&'t Arc<Tree>, _> = context.lookups().get(key)?;
    match answer {
        Err(FactError::NotFetched) if context.lookups().facts().leave_out_unanswered => Ok(None),
        answer => Ok(Some(
            answer
                .map(|tree| Value::from(tree.root()))
                .map_err(|error| format!("{asked}: {error}")),
        )),
    }
}

fn body<'t>(
    name: &str,
    method: Method,
    data: &'t [Field],
    context: &mut Context<'t>,
) -> Result<Arc<str>, Stop> {
    if method == Method::Get {
        return Ok("".into());
    }
    let mut entries = BTreeMap::new();
    for field in data {
        entries.insert(Text::Borrowed(&field.key), render(name, &field.value, context)?);
    }
    Ok(Value::from(entries).to_json().into())
}

fn render<'t>(
    name: &str,
    template: &'t Template,
    context: &mut Context<'t>,
) -> Result<Value<'t>, Stop> {
    template.render(context).map_err(|stop| match stop {
        Stop::Failed(error) => {
            Stop::Failed(format!("failed to substitute variables in context entry {name}: {error}"))
        }
        other => other,
    })
}

fn text<'t>(name: &str, template: &'t Template, context: &mut Context<'t>) -> Result<String, Stop> {
    match render(name, template, context)? {
        Value::String(text) => Ok(text.to_string()),
        other => Err(Stop::Failed(format!(
            "failed to substitute variables in context entry {name}: expected a string, found {}",
            other.to_json()
        ))),
    }
}

impl Context<'_> {
    /// Holds a namespaced policy to its own namespace: one gate for every read of the cluster.
    fn check_path(&self, entry: &str, path: &str) -> Result<(), Stop> {
        let Some(own) = self.namespace_of_policy else { return Ok(()) };
        if stays_in(path, own) {
            return Ok(());
        }
        Err(Stop::Failed(format!(
            "context entry {entry}: a policy of namespace {own} may read only its own namespace, \
             not {path}"
        )))
    }
}

/// Whether an API path reads objects of one namespace and no other.
///
/// Only what every server reads alike is let through: nothing that one of them decodes, shortens
/// or takes for a separator.
pub(crate) fn stays_in(path: &str, namespace: &str) -> bool {
    if path.contains('#') || path.contains(char::is_control) {
        return false;
    }
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let steps: Vec<_> = path.split('/').collect();
    let (["", "api", version, rest @ ..] | ["", "apis", _, version, rest @ ..]) = steps.as_slice()
    else {
        return false;
    };
    steps.iter().skip(1).all(|step| is_plain_step(step))
        && !matches!(*version, "watch" | "proxy")
        && matches!(rest, ["namespaces", own, _, ..] if *own == namespace)
}

/// Whether a step of a path means itself, wherever it is read.
fn is_plain_step(step: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@!$&'()*+,=".contains(&byte);
    !matches!(step, "" | "." | "..") && step.bytes().all(plain)
}

/// Whether a text can name an object of core Kubernetes; anything else could lead a path away.
fn is_object_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !matches!(name, "" | "." | "..") && name.len() <= 253 && name.bytes().all(plain)
}

#[cfg(test)]
mod tests;
