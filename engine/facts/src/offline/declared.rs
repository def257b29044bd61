//! Documents of kind `Facts`: questions with their answers.
//!
//! ```yaml
//! apiVersion: ajj.dev/v1
//! kind: Facts
//! api:
//! - path: /api/v1/namespaces/prod/pods     # method: POST and body for a POST
//!   answer: {items: []}
//! services:
//! - url: https://owners.example.com/web
//!   answer: {team: shop}
//! images:
//! - reference: nginx:1.27
//!   error: forbidden
//! globalContext:
//! - name: deployments
//!   answer: []
//! externalUrls:
//! - url: https://example.com
//!   answer: true
//! accessReviews:
//! - spec: {user: jane}
//!   answer: {allowed: false}
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use ajj_engine::{Diagnostic, Document, FactError, FactKey, Method, Node, Tree, nearest};

/// The answers of all `Facts` documents.
#[derive(Debug, Default)]
pub(super) struct Declared {
    answers: BTreeMap<FactKey, Answer>,
}

type Answer = Result<Arc<Tree>, FactError>;

/// Lists of a document, with the field that asks in each of their entries.
const LISTS: &[(&str, &str)] = &[
    ("api", "path"),
    ("services", "url"),
    ("images", "reference"),
    ("globalContext", "name"),
    ("externalUrls", "url"),
    ("accessReviews", "spec"),
];

/// Whether a document holds facts rather than an object.
pub(super) fn is_facts(root: Node<'_>) -> bool {
    let text = |key: &str| root.get(key).and_then(|node| node.as_str()).unwrap_or_default();
    text("kind") == "Facts" && text("apiVersion").starts_with("ajj.dev/")
}

impl Declared {
    pub(super) fn get(&self, key: &FactKey) -> Option<&Answer> {
        self.answers.get(&plain(key))
    }

    /// Takes over a document; what it does not understand is an error with its place.
    pub(super) fn add(&mut self, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
        let root = document.tree().root();
        let mut problems = Vec::new();
        let known = ["apiVersion", "kind", "metadata"].into_iter();
        let known: Vec<&str> = known.chain(LISTS.iter().map(|(list, _)| *list)).collect();
        unknown_keys(root, &known, &[], &mut problems);
        for (list, question) in LISTS {
            let Some(node) = root.get(list).filter(|node| !node.is_null()) else { continue };
            let Some(items) = node.as_list() else {
                problems.push((vec![(*list).to_owned()], "expected a list".to_owned()));
                continue;
            };
            for (position, item) in items.iter().enumerate() {
                let steps = [(*list).to_owned(), position.to_string()];
                let known = [question, "method", "body", "answer", "error"];
                unknown_keys(item, &known, &steps, &mut problems);
                match entry(list, item) {
                    Ok((key, answer)) => {
                        self.answers.insert(plain(&key), answer);
                    }
                    Err(message) => problems.push((steps.to_vec(), message)),
                }
            }
        }
        let places = (!problems.is_empty()).then(|| document.places());
        for (steps, message) in problems {
            let span = places.as_ref().map(|places| places.span(&steps));
            diagnostics.push(Diagnostic::error("facts", message).at(span));
        }
    }
}

type Problem = (Vec<String>, String);

fn unknown_keys(node: Node<'_>, known: &[&str], steps: &[String], problems: &mut Vec<Problem>) {
    let keys = node.as_map().into_iter().flat_map(|entries| entries.iter().map(|(key, _)| key));
    for key in keys.filter(|key| !known.contains(key)) {
        let message = match nearest(key, known.iter().copied()) {
            Some(near) => format!("unknown field `{key}`; did you mean `{near}`?"),
            None => format!("unknown field `{key}`; expected one of {}", known.join(", ")),
        };
        problems.push((steps.iter().cloned().chain([key.to_owned()]).collect(), message));
    }
}

/// The question and answer of one entry.
fn entry(list: &str, item: Node<'_>) -> Result<(FactKey, Answer), String> {
    let text = |key: &str| -> Result<Arc<str>, String> {
        let found = item.get(key).and_then(|node| node.as_str());
        found.map(Arc::from).ok_or_else(|| format!("expected the text `{key}`"))
    };
    let method = match item.get("method").map(|node| node.as_str()) {
        None | Some(Some("GET")) => Method::Get,
        Some(Some("POST")) => Method::Post,
        Some(_) => return Err("`method` is expected to be GET or POST".to_owned()),
    };
    let body: Arc<str> = item.get("body").map(|node| node.to_json()).unwrap_or_default().into();
    let key = match list {
        "api" => FactKey::Api { method, path: text("path")?, body },
        "services" => FactKey::Service {
            method,
            url: text("url")?,
            body,
            headers: Vec::new(),
            ca_bundle: "".into(),
        },
        "images" => FactKey::Image(text("reference")?),
        "globalContext" => FactKey::GlobalContext(text("name")?),
        "externalUrls" => FactKey::ExternalUrl(text("url")?),
        _ => {
            let spec = item.get("spec").ok_or("expected the map `spec`")?;
            FactKey::AccessReview(spec.to_json().into())
        }
    };
    let answer = match (item.get("answer"), item.get("error")) {
        (Some(answer), None) => Ok(Arc::new(answer.to_tree())),
        (None, Some(error)) => Err(match error.as_str() {
            Some("not found") => FactError::NotFound,
            Some("forbidden") => FactError::Forbidden,
            Some("timeout") => FactError::Timeout,
            Some(text) => FactError::Failed(text.to_owned()),
            None => return Err("`error` is expected to be a text".to_owned()),
        }),
        _ => return Err("expected either `answer` or `error`".to_owned()),
    };
    Ok((key, answer))
}

/// The question without what a person who answers it does not care about.
fn plain(key: &FactKey) -> FactKey {
    let normal = |body: &Arc<str>| -> Arc<str> {
        match ajj_engine::parse_json(Arc::clone(body), &ajj_engine::Limits::default()) {
            Ok(tree) => tree.root().to_json().into(),
            // No JSON: compared as it is.
            Err(_) => Arc::clone(body),
        }
    };
    match key {
        FactKey::Api { method, path, body } => {
            FactKey::Api { method: *method, path: path.clone(), body: normal(body) }
        }
        FactKey::Service { method, url, body, .. } => FactKey::Service {
            method: *method,
            url: url.clone(),
            body: normal(body),
            headers: Vec::new(),
            ca_bundle: "".into(),
        },
        FactKey::AccessReview(spec) => FactKey::AccessReview(normal(spec)),
        FactKey::Image(_)
        | FactKey::GlobalContext(_)
        | FactKey::Inventory
        | FactKey::ExternalUrl(_) => key.clone(),
    }
}
