//! What a template sees of a request: `input.review`.
//!
//! Upstream: pkg/target/target.go and review.go; the fields are those of the JSON of
//! `AdmissionRequest` (k8s.io/api/admission/v1), and `namespaceObject`, which
//! constraint/pkg/client/drivers/rego/driver.go adds.

use std::sync::Arc;

use crate::jmespath::Arena;
use crate::rego::Value;
use crate::request::{GroupVersionKind, GroupVersionResource, Operation, Request, UserInfo};
use crate::tree::{Node, Tree};

/// The request as constraints see it, made once for all of them.
#[derive(Clone, Debug)]
pub(crate) struct Review<'t> {
    /// Every field but `namespaceObject`.
    fields: Vec<(Value<'t>, Value<'t>)>,
    /// The object that is judged, as places are found in it.
    pub(super) object: Option<Node<'t>>,
}

impl<'t> Review<'t> {
    /// Looked at where it is (`at_rest`), an object has neither an operation nor a user.
    pub(crate) fn of(request: &'t Request, at_rest: bool, arena: &'t Arena) -> Self {
        let object = |tree: &'t Arc<Tree>| -> Node<'t> {
            let seen = tree.with_large_floats();
            match Arc::ptr_eq(&seen, tree) {
                true => tree.root(),
                false => arena.tree(Arc::unwrap_or_clone(seen)).root(),
            }
        };
        let old_object = request.old_object.as_ref().map(object);
        let object = match request.operation {
            // `setObjectOnDelete`
            Operation::Delete => old_object,
            _ => request.object.as_ref().map(object),
        };
        let or_null = |node: Option<Node<'t>>| node.map_or(Value::Null, Value::from);
        let is_sent = !at_rest && !request.uid.is_empty();
        let mut fields = Fields::default();
        fields.add("uid", request.uid.as_str());
        fields.add("kind", kind(&request.kind));
        fields.add("resource", resource(&request.resource));
        fields.add_unless_empty("subResource", &request.subresource);
        if is_sent {
            // The API server always says what the client asked for.
            let (asked_kind, asked_resource, asked_subresource) = match &request.asked {
                Some(asked) => (&asked.kind, &asked.resource, &asked.subresource),
                None => (&request.kind, &request.resource, &request.subresource),
            };
            fields.add("requestKind", kind(asked_kind));
            fields.add("requestResource", resource(asked_resource));
            fields.add_unless_empty("requestSubResource", asked_subresource);
        }
        fields.add_unless_empty("name", &request.name);
        fields.add_unless_empty("namespace", request.namespace.as_deref().unwrap_or_default());
        fields.add("operation", if at_rest { "" } else { request.operation.as_str() });
        let user = request.user.as_ref().filter(|_| !at_rest);
        fields.add("userInfo", user.map_or_else(|| Value::object(Vec::new()), user_info));
        fields.add("object", or_null(object));
        fields.add("oldObject", or_null(old_object));
        if is_sent || request.dry_run {
            fields.add("dryRun", request.dry_run);
        }
        fields.add("options", or_null(request.options.as_ref().map(|tree| tree.root())));
        Self { fields: fields.0, object }
    }

    /// All fields, with the namespace that the object stands in; an empty object where it is in
    /// none, as upstream has it.
    pub(super) fn with_namespace(&self, namespace: Option<Node<'t>>) -> Value<'t> {
        let namespace = namespace.map_or_else(|| Value::object(Vec::new()), Value::from);
        let mut fields = self.fields.clone();
        fields.push((Value::from("namespaceObject"), namespace));
        Value::object(fields)
    }
}

#[derive(Default)]
struct Fields<'t>(Vec<(Value<'t>, Value<'t>)>);

impl<'t> Fields<'t> {
    fn add(&mut self, name: &'static str, value: impl Into<Value<'t>>) {
        self.0.push((Value::from(name), value.into()));
    }

    fn add_unless_empty(&mut self, name: &'static str, text: &'t str) {
        if !text.is_empty() {
            self.add(name, text);
        }
    }
}

fn kind(kind: &GroupVersionKind) -> Value<'_> {
    let mut fields = Fields::default();
    fields.add("group", &*kind.group);
    fields.add("version", &*kind.version);
    fields.add("kind", &*kind.kind);
    Value::object(fields.0)
}

fn resource(resource: &GroupVersionResource) -> Value<'_> {
    let mut fields = Fields::default();
    fields.add("group", &*resource.group);
    fields.add("version", &*resource.version);
    fields.add("resource", &*resource.resource);
    Value::object(fields.0)
}

fn user_info(user: &UserInfo) -> Value<'_> {
    let mut fields = Fields::default();
    fields.add_unless_empty("username", &user.username);
    fields.add_unless_empty("uid", &user.uid);
    if let Some(groups) = user.groups.node() {
        fields.add("groups", groups);
    }
    if let Some(extra) = user.extra.node() {
        fields.add("extra", extra);
    }
    Value::object(fields.0)
}

#[cfg(test)]
mod tests;
