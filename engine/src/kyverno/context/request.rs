//! The document that a request is to expressions.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::image;
use crate::request::{GroupVersionKind, GroupVersionResource, Operation, Request, UserInfo};
use crate::tree::Node;
use crate::value::{Map, Text, Value};

/// What all rules of one request share.
#[derive(Clone, Debug)]
pub(crate) struct Document<'t> {
    /// Holds of the request what rules mostly read: [`PARTS`].
    pub(crate) root: Rc<Map<'t>>,
    pub(crate) operation: Operation,
    /// What is judged: the object, or the old one where it goes.
    pub(crate) object: Option<Node<'t>>,
    pub(super) whole: Whole<'t>,
}

/// What `request` is to an expression that reads more of it; made when there is one.
#[derive(Clone, Debug)]
pub(super) struct Whole<'t> {
    request: &'t Request,
    made: Rc<OnceCell<Rc<Map<'t>>>>,
}

/// What is there of `request` from the start.
pub(super) const PARTS: [&str; 4] = ["object", "oldObject", "operation", "namespace"];

impl<'t> Document<'t> {
    /// The document of a request.
    ///
    /// What only an API server knows (`uid`, `name`, `kind`, `options` …) is there only if the
    /// request came from one, which its uid shows: upstream's command line leaves it out too.
    pub(crate) fn of(request: &'t Request) -> Self {
        Self::with_operation(request, request.operation, request.object_root())
    }

    /// The document in which the old object is being created, to see whether it failed already.
    pub(crate) fn of_old_object(request: &'t Request) -> Self {
        Self::with_operation(request, Operation::Create, request.old_object_root())
    }

    fn with_operation(
        request: &'t Request,
        operation: Operation,
        object: Option<Node<'t>>,
    ) -> Self {
        let mut fields: BTreeMap<Text<'t>, Value<'t>> = BTreeMap::new();
        let mut set = |name: &'static str, value: Value<'t>| {
            fields.insert(Text::Borrowed(name), value);
        };
        if let Some(object) = object {
            set("object", Value::from(object));
        }
        let is_old = operation != request.operation;
        if let Some(old) = request.old_object_root().filter(|_| !is_old) {
            set("oldObject", Value::from(old));
        }
        set("operation", Value::from(operation.as_str()));
        let from_server = !request.uid.is_empty();
        // Upstream's command line takes the namespace from the object, which is gone on delete.
        let namespace = request.namespace.as_deref().filter(|_| from_server || object.is_some());
        set("namespace", Value::from(namespace.unwrap_or_default()));
        let mut root = BTreeMap::new();
        if let Some(user) = &request.user {
            let (namespace, name) = service_account(&user.username);
            root.insert(Text::Borrowed("serviceAccountName"), Value::from(name));
            root.insert(Text::Borrowed("serviceAccountNamespace"), Value::from(namespace));
        }
        root.insert(Text::Borrowed("request"), Value::from(fields));
        let judged = object.or_else(|| request.old_object_root());
        let whole = Whole { request, made: Rc::default() };
        Self { root: Rc::new(root.into()), operation, object: judged, whole }
    }
}

impl<'t> Whole<'t> {
    /// All of the request, of which `parts` are known.
    pub(super) fn with(&self, parts: &Map<'t>) -> Rc<Map<'t>> {
        Rc::clone(self.made.get_or_init(|| {
            let mut fields = parts.clone();
            add_rest(self.request, &mut fields);
            Rc::new(fields)
        }))
    }
}

/// Adds what is beyond [`PARTS`].
fn add_rest<'t>(request: &'t Request, fields: &mut Map<'t>) {
    let mut set = |name: &'static str, value: Value<'t>| {
        fields.insert(Text::Borrowed(name), value);
    };
    if !request.uid.is_empty() {
        set("uid", Value::from(request.uid.as_str()));
        set("name", Value::from(request.name.as_str()));
        let (asked_kind, asked_resource, asked_subresource) = match request.asked.as_deref() {
            Some(asked) => (&asked.kind, &asked.resource, &asked.subresource),
            None => (&request.kind, &request.resource, &request.subresource),
        };
        set("kind", kind(&request.kind));
        set("requestKind", kind(asked_kind));
        set("resource", resource(&request.resource));
        set("requestResource", resource(asked_resource));
        set("dryRun", Value::from(request.dry_run));
        if !request.subresource.is_empty() {
            set("subResource", Value::from(request.subresource.as_str()));
        }
        if !asked_subresource.is_empty() {
            set("requestSubResource", Value::from(asked_subresource.as_str()));
        }
        if let Some(options) = &request.options {
            set("options", Value::from(options.root()));
        }
    }
    if let Some(user) = &request.user {
        set("userInfo", user_info(user));
        set("roles", texts(&user.roles));
        set("clusterRoles", texts(&user.cluster_roles));
    }
}

fn texts(texts: &[String]) -> Value<'_> {
    Value::from(texts.iter().map(|text| Value::from(text.as_str())).collect::<Vec<_>>())
}

fn map<'t>(entries: impl IntoIterator<Item = (&'t str, Value<'t>)>) -> Value<'t> {
    let entries = entries.into_iter().map(|(key, value)| (Text::Borrowed(key), value));
    Value::from(entries.collect::<BTreeMap<_, _>>())
}

fn kind(kind: &GroupVersionKind) -> Value<'_> {
    map([
        ("group", Value::from(&*kind.group)),
        ("version", Value::from(&*kind.version)),
        ("kind", Value::from(&*kind.kind)),
    ])
}

fn resource(resource: &GroupVersionResource) -> Value<'_> {
    map([
        ("group", Value::from(&*resource.group)),
        ("version", Value::from(&*resource.version)),
        ("resource", Value::from(&*resource.resource)),
    ])
}

fn user_info(user: &UserInfo) -> Value<'_> {
    let mut entries = Vec::new();
    if !user.username.is_empty() {
        entries.push(("username", Value::from(user.username.as_str())));
    }
    if !user.uid.is_empty() {
        entries.push(("uid", Value::from(user.uid.as_str())));
    }
    entries.extend(user.groups.node().map(|groups| ("groups", Value::from(groups))));
    entries.extend(user.extra.node().map(|extra| ("extra", Value::from(extra))));
    map(entries)
}

/// Namespace and name of a service account; empty for anybody else.
fn service_account(username: &str) -> (&str, &str) {
    username
        .strip_prefix("system:serviceaccount:")
        .and_then(|rest| rest.split_once(':'))
        .unwrap_or_default()
}

/// Where the pod of an object's kind stands.
pub(crate) fn pod_spec_path(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "Pod" => &["spec"],
        "Deployment"
        | "DaemonSet"
        | "StatefulSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job" => &["spec", "template", "spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    })
}

/// The variable `images`: by kind of container, then by container name.
///
/// There is none where the object has no images.
///
/// Upstream: pkg/engine/context/context.go (`AddImageInfos`), pkg/utils/api/image.go.
pub(super) fn images<'t>(
    root: &BTreeMap<Text<'t>, Value<'t>>,
) -> Result<Option<Value<'t>>, String> {
    let request = root.get("request").cloned().unwrap_or_default();
    let object = request.get("object").unwrap_or_default();
    let kind = object.get("kind").unwrap_or_default();
    let mut groups: BTreeMap<Text<'t>, Value<'t>> = BTreeMap::new();
    let Some(path) = kind.as_str().and_then(pod_spec_path) else {
        return Ok(None);
    };
    let spec = path.iter().try_fold(object, |value, key| value.get(key)).unwrap_or_default();
    let mut pointer = String::new();
    path.iter().for_each(|step| pointer.push_str(&format!("/{step}")));
    for group in ["initContainers", "containers", "ephemeralContainers"] {
        let mut by_name = BTreeMap::new();
        let containers = spec.get(group).and_then(|containers| containers.items());
        for (position, container) in containers.into_iter().flatten().enumerate() {
            let Some(Value::String(text)) = container.get("image") else { continue };
            if text.is_empty() {
                continue;
            }
            let Some(Value::String(name)) = container.get("name") else { continue };
            let info = image::parse(&text, "docker.io")
                .map_err(|error| format!("invalid image '{text}' ({error})"))?;
            let at = format!("{pointer}/{group}/{position}/image");
            by_name.insert(name, image_value(&info, at));
        }
        if !by_name.is_empty() {
            groups.insert(Text::Borrowed(group), Value::from(by_name));
        }
    }
    Ok((!groups.is_empty()).then(|| Value::from(groups)))
}

/// An image as expressions read it; empty parts are left out, as upstream's JSON leaves them out.
fn image_value<'t>(info: &image::ImageReference, pointer: String) -> Value<'t> {
    let parts = [
        ("registry", info.registry.clone()),
        ("name", info.name.clone()),
        ("path", info.path.clone()),
        ("tag", info.tag.clone().unwrap_or_default()),
        ("digest", info.digest.clone().unwrap_or_default()),
        ("reference", info.reference()),
        ("referenceWithTag", info.reference_with_tag()),
        ("jsonPointer", pointer),
    ];
    let entries = parts
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| (Text::Borrowed(key), Value::from(text)));
    Value::from(entries.collect::<BTreeMap<_, _>>())
}
