//! What a case reviews: an object where it is, or an AdmissionReview.
//!
//! Upstream: `runReview` and `validateAndReviewAdmissionReviewRequest` in
//! pkg/gator/verify/runner.go.

use std::sync::Arc;

use jiff::Timestamp;

use crate::decode::{Fields, Problems};
use crate::diagnostic::Diagnostic;
use crate::read::Document;
use crate::request::{Asked, GroupVersionKind, GroupVersionResource, Operation, Request, UserInfo};
use crate::tree::{Node, Tree};
use crate::user_texts::Extra;

const OPERATIONS: &[(&str, Operation)] = &[
    ("CREATE", Operation::Create),
    ("UPDATE", Operation::Update),
    ("DELETE", Operation::Delete),
    ("CONNECT", Operation::Connect),
];

/// The request that a document stands for: an object where it is, or the one that an AdmissionReview
/// holds.
///
/// # Errors
///
/// What is wrong with the AdmissionReview.
pub fn reviewed(document: &Document, time: Timestamp) -> Result<Request, Vec<Diagnostic>> {
    let root = document.tree().root();
    let text = |key: &str| root.get(key).and_then(Node::as_str).unwrap_or_default();
    let is_review =
        text("kind") == "AdmissionReview" && text("apiVersion").starts_with("admission.k8s.io/");
    let at_rest = Request { at_rest: true, ..Request::create(Arc::clone(document.tree()), time) };
    if !is_review {
        return Ok(at_rest);
    }
    let problems = Problems::of(document);
    let request = decode(root, time, &problems);
    match request {
        Some(request) if problems.errors() == 0 => Ok(request),
        _ => Err(problems.into_diagnostics()),
    }
}

fn decode(root: Node<'_>, time: Timestamp, problems: &Problems<'_>) -> Option<Request> {
    let mut review = Fields::of(root, "an AdmissionReview", problems)?;
    review.ignore(&["apiVersion", "kind", "metadata", "response"]);
    review.require("request");
    let mut fields = review.fields("request")?;
    let object = |node: Option<Node<'_>>| node.map(|node| Arc::new(node.to_tree()));
    let (new, old) = (fields.get("object"), fields.get("oldObject"));
    let operation = fields.word("operation", OPERATIONS);
    if new.is_none() && old.is_none() {
        let message = "the request has neither `object` nor `oldObject`";
        problems.at(fields.node(), Diagnostic::error("missing-field", message));
    }
    if let (Some(Operation::Delete), None) = (operation, old) {
        let message = "the request of a DELETE needs `oldObject`";
        problems.at(fields.node(), Diagnostic::error("missing-field", message));
    }
    for object in [new, old].into_iter().flatten() {
        if object.get("kind").and_then(Node::as_str).is_none_or(str::is_empty) {
            let message = "the object of the request has no `kind`";
            problems.at(object, Diagnostic::error("missing-field", message));
        }
    }
    let texts =
        |fields: &mut Fields<'_, '_, '_>, name| fields.text(name).unwrap_or_default().to_owned();
    let kind_of = |fields: Option<Fields<'_, '_, '_>>, last| {
        let mut fields = fields?;
        let mut text = |name| -> Arc<str> { fields.text(name).unwrap_or_default().into() };
        let parts = (text("group"), text("version"), text(last));
        fields.finish();
        Some(parts)
    };
    let as_kind = |(group, version, kind)| GroupVersionKind { group, version, kind };
    let as_resource =
        |(group, version, resource)| GroupVersionResource { group, version, resource };
    let kind = kind_of(fields.fields("kind"), "kind").map(as_kind).unwrap_or_default();
    let resource = kind_of(fields.fields("resource"), "resource").map(as_resource);
    let resource = resource.unwrap_or_default();
    let subresource = texts(&mut fields, "subResource");
    let asked_subresource = texts(&mut fields, "requestSubResource");
    let asked_kind = kind_of(fields.fields("requestKind"), "kind").map(as_kind);
    let asked_resource = kind_of(fields.fields("requestResource"), "resource").map(as_resource);
    let asked = asked_kind
        .zip(asked_resource)
        .map(|(kind, resource)| Box::new(Asked { kind, resource, subresource: asked_subresource }));
    let namespace = texts(&mut fields, "namespace");
    let request = Request {
        uid: texts(&mut fields, "uid"),
        kind,
        resource,
        resource_kind: None,
        subresource,
        asked,
        operation: operation.unwrap_or_default(),
        namespace: (!namespace.is_empty()).then_some(namespace),
        name: texts(&mut fields, "name"),
        object: object(new),
        old_object: object(old),
        user: fields.fields("userInfo").map(user),
        options: object(fields.get("options")),
        dry_run: fields.bool("dryRun").unwrap_or_default(),
        at_rest: operation.is_none(),
        time,
    };
    fields.finish();
    review.finish();
    Some(request)
}

fn user(mut fields: Fields<'_, '_, '_>) -> UserInfo {
    let mut text = |name| fields.text(name).unwrap_or_default().to_owned();
    let (username, uid) = (text("username"), text("uid"));
    let groups = fields.texts("groups").unwrap_or_default();
    let groups = groups.iter().map(String::as_str).collect();
    let extra = Extra::gather(fields.get("extra"));
    fields.finish();
    UserInfo { username, uid, groups, extra, ..UserInfo::default() }
}

/// The objects of an inventory file: one a document.
pub(super) fn objects(documents: &[Document]) -> impl Iterator<Item = &Tree> {
    documents.iter().map(|document| &**document.tree())
}
