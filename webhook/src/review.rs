//! AdmissionReview in, AdmissionReview out: the only module that knows their JSON.
//!
//! What a server sends is read into a [`Request`]; whatever does not look as `admission.k8s.io/v1`
//! has it is refused with what was expected and what was found. Nothing here does input or output.

mod resource_kinds;
mod respond;

use std::sync::Arc;

use ajj_engine::{
    Asked, Extra, GroupVersionKind, GroupVersionResource, Limits, Node, Operation, Request, Texts,
    UserInfo, parse_json_lazily,
};
use jiff::Timestamp;

pub use resource_kinds::ResourceKinds;
pub use respond::respond;

/// The version that is spoken, in both directions.
pub(crate) const API_VERSION: &str = "admission.k8s.io/v1";

/// The values of one review, keys included: two objects of 3 MiB, which an API server takes, have
/// fewer, whatever they hold.
const MAX_NODES: usize = 4 << 20;

/// Why a review cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReviewError(String);

/// Reads a review from the bytes of a request.
///
/// `time` is when it came; `kinds` says what kind of objects a resource holds.
///
/// ```
/// # use ajj_webhook::review::{ResourceKinds, parse};
/// let body = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
///     "uid": "5ced1b13", "operation": "UPDATE", "name": "web", "namespace": "shop",
///     "kind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
///     "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
///     "subResource": "scale", "userInfo": {"username": "alice"},
///     "object": {"spec": {"replicas": 3}}, "oldObject": {"spec": {"replicas": 1}}}}"#;
/// let time = "2026-01-01T00:00:00Z".parse().unwrap();
/// let request = parse(body.as_bytes(), &ResourceKinds::default(), time)?;
/// assert_eq!(&*request.matched_kind().kind, "Deployment");
/// # Ok::<(), ajj_webhook::review::ReviewError>(())
/// ```
pub fn parse(body: &[u8], kinds: &ResourceKinds, time: Timestamp) -> Result<Request, ReviewError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        ReviewError(format!("expected UTF-8, found another byte at offset {at}"))
    })?;
    let limits = Limits { max_nodes: MAX_NODES, ..Limits::default() };
    let tree = parse_json_lazily(text, &limits).map_err(|error| {
        ReviewError(format!("expected one AdmissionReview in JSON: {}", error.message))
    })?;
    read(tree.root(), kinds, time)
}

/// Reads a review that was parsed before.
pub fn read(
    root: Node<'_>,
    kinds: &ResourceKinds,
    time: Timestamp,
) -> Result<Request, ReviewError> {
    let (api_version, kind) = (text(root, "apiVersion")?, text(root, "kind")?);
    if (api_version, kind) != (API_VERSION, "AdmissionReview") {
        return Err(ReviewError(format!(
            "expected apiVersion `{API_VERSION}` and kind `AdmissionReview`, found \
             `{}` and `{}`",
            shown(api_version),
            shown(kind)
        )));
    }
    let request = map(root, "request")?;
    let uid = required(request, "uid")?;
    let operation = required(request, "operation")?;
    let operation = Operation::parse(operation).ok_or_else(|| {
        ReviewError(format!(
            "expected CREATE, UPDATE, DELETE or CONNECT in `request.operation`, found `{}`",
            shown(operation)
        ))
    })?;
    let kind = group_version_kind(map(request, "kind")?)?;
    let resource = group_version_resource(map(request, "resource")?, &kind)?;
    let subresource = text(request, "subResource")?;
    let object = object(request, "object")?;
    let old_object = self::object(request, "oldObject")?;
    // Without the object that an operation is about nothing could be matched, and all would pass.
    let (wanted, is_there) = match operation {
        Operation::Create | Operation::Update | Operation::Connect => ("object", object.is_some()),
        Operation::Delete => ("oldObject", old_object.is_some()),
    };
    if !is_there {
        return Err(ReviewError(format!(
            "expected an object in `request.{wanted}` of a {}, found none",
            operation.as_str()
        )));
    }
    let namespace = text(request, "namespace")?;
    Ok(Request {
        uid: uid.to_owned(),
        resource_kind: kinds.other_kind(&kind, &resource, subresource),
        asked: asked(request, &kind, &resource, subresource)?,
        kind,
        resource,
        subresource: subresource.to_owned(),
        operation,
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        name: text(request, "name")?.to_owned(),
        object,
        old_object,
        user: user(request)?,
        options: self::object(request, "options")?,
        dry_run: flag(request, "dryRun")?,
        at_rest: false,
        time,
    })
}

/// What the client asked for, where the server turned it into another version.
fn asked(
    request: Node<'_>,
    kind: &GroupVersionKind,
    resource: &GroupVersionResource,
    subresource: &str,
) -> Result<Option<Box<Asked>>, ReviewError> {
    let part = |key| request.get(key).filter(|node| !node.is_null());
    let (Some(asked_kind), Some(asked_resource)) = (part("requestKind"), part("requestResource"))
    else {
        return Ok(None);
    };
    let is_same = names(asked_kind, "kind", &kind.group, &kind.version, &kind.kind)
        && names(
            asked_resource,
            "resource",
            &resource.group,
            &resource.version,
            &resource.resource,
        )
        && text(request, "requestSubResource")? == subresource;
    if is_same {
        return Ok(None);
    }
    let asked_kind = group_version_kind(asked_kind)?;
    Ok(Some(Box::new(Asked {
        resource: group_version_resource(asked_resource, &asked_kind)?,
        kind: asked_kind,
        subresource: text(request, "requestSubResource")?.to_owned(),
    })))
}

/// Whether a node says the same as is known already: nothing has to be kept of it then.
fn names(node: Node<'_>, key: &str, group: &str, version: &str, name: &str) -> bool {
    let is = |key, known| node.get(key).and_then(|node| node.as_str()) == Some(known);
    is("group", group) && is("version", version) && is(key, name)
}

fn group_version_kind(node: Node<'_>) -> Result<GroupVersionKind, ReviewError> {
    Ok(GroupVersionKind {
        group: text(node, "group")?.into(),
        version: text(node, "version")?.into(),
        kind: required(node, "kind")?.into(),
    })
}

/// Group and version of a resource are those of its kind, as a rule: the same texts do for both.
fn group_version_resource(
    node: Node<'_>,
    kind: &GroupVersionKind,
) -> Result<GroupVersionResource, ReviewError> {
    let shared = |text: &str, known: &Arc<str>| match text == &**known {
        true => Arc::clone(known),
        false => text.into(),
    };
    Ok(GroupVersionResource {
        group: shared(text(node, "group")?, &kind.group),
        version: shared(text(node, "version")?, &kind.version),
        resource: required(node, "resource")?.into(),
    })
}

fn user(request: Node<'_>) -> Result<Option<UserInfo>, ReviewError> {
    let Some(user) = request.get("userInfo").filter(|node| !node.is_null()) else {
        return Ok(None);
    };
    if user.as_map().is_none() {
        return Err(unexpected("userInfo", "a map"));
    }
    let part = |key| user.get(key).filter(|node| !node.is_null());
    let extra = part("extra").map(|extra| match extra.as_map() {
        Some(_) => Extra::at(extra).ok_or_else(|| unexpected("extra", "a list of texts")),
        None => Err(unexpected("extra", "a map")),
    });
    let groups = part("groups")
        .map(|groups| Texts::at(groups).ok_or_else(|| unexpected("groups", "a list of texts")));
    Ok(Some(UserInfo {
        username: text(user, "username")?.to_owned(),
        uid: text(user, "uid")?.to_owned(),
        groups: groups.transpose()?.unwrap_or_default(),
        extra: extra.transpose()?.unwrap_or_default(),
        roles: Vec::new(),
        cluster_roles: Vec::new(),
    }))
}

fn map<'t>(node: Node<'t>, key: &str) -> Result<Node<'t>, ReviewError> {
    let found = node.get(key).filter(|node| node.as_map().is_some());
    found.ok_or_else(|| unexpected(key, "a map"))
}

/// An object of the request as a tree of its own; null and absent are the same.
fn object(request: Node<'_>, key: &str) -> Result<Option<Arc<ajj_engine::Tree>>, ReviewError> {
    match request.get(key).filter(|node| !node.is_null()) {
        Some(node) if node.as_map().is_some() => Ok(Some(Arc::new(node.to_tree()))),
        Some(_) => Err(unexpected(key, "an object or null")),
        None => Ok(None),
    }
}

fn text<'t>(node: Node<'t>, key: &str) -> Result<&'t str, ReviewError> {
    match node.get(key).filter(|node| !node.is_null()) {
        Some(node) => node.as_str().ok_or_else(|| unexpected(key, "a text")),
        None => Ok(""),
    }
}

fn required<'t>(node: Node<'t>, key: &str) -> Result<&'t str, ReviewError> {
    match text(node, key)? {
        "" => Err(unexpected(key, "a text")),
        text => Ok(text),
    }
}

fn flag(node: Node<'_>, key: &str) -> Result<bool, ReviewError> {
    match node.get(key).filter(|node| !node.is_null()) {
        Some(node) => node.as_bool().ok_or_else(|| unexpected(key, "true or false")),
        None => Ok(false),
    }
}

fn unexpected(key: &str, wanted: &str) -> ReviewError {
    ReviewError(format!("expected {wanted} in `{key}` of the review"))
}

/// A text of the request, short and safe enough to be repeated.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(64).collect();
    ajj_engine::report::escape::escape(&short).into_owned()
}

#[cfg(test)]
mod tests;
