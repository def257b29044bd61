//! From texts and policies to a report: each object becomes a request, each request a decision.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ajj_engine::manifest::{Content, objects};
use ajj_engine::report::{Keep, ObjectIdentity, ObjectReport, Place, Report};
use ajj_engine::{
    Decision, Diagnostic, Document, FactError, FactKey, Facts, Limits, Operation, PolicySet,
    Request, Source, Span, Tree, UserInfo, Values, pointer_steps, read,
};
use ajj_facts::FactSource;
use jiff::Timestamp;
use rayon::prelude::*;

use crate::cluster::Cluster;

/// What is the same for every request.
#[derive(Debug)]
pub(crate) struct Circumstances<'c> {
    /// Who asks, if anybody was named.
    pub(crate) user: Option<UserInfo>,
    /// Values of variables, if any were given.
    pub(crate) values: Option<Values>,
    /// What is done; by default a creation, or an update of what `old` has.
    pub(crate) operation: Option<Operation>,
    /// The objects as they were.
    pub(crate) old: BTreeMap<ObjectIdentity, Arc<Tree>>,
    /// The cluster that has the other objects as they were, if one is asked.
    pub(crate) cluster: Option<&'c Cluster>,
    /// The current time.
    pub(crate) time: Timestamp,
    /// Which results the report keeps.
    pub(crate) keep: Keep,
}

/// What one file holds and what was decided about it.
#[derive(Debug, Default)]
struct Judged {
    documents: usize,
    others: usize,
    objects: Vec<ObjectReport>,
    diagnostics: Vec<Diagnostic>,
}

/// Judges every object of `sources`, in parallel; the report is in the order of the sources.
///
/// No more trees are held than there are threads: what a finding needs later is its place.
pub(crate) fn judge(
    sources: &[Source],
    policies: &PolicySet,
    facts: &(impl FactSource + Sync),
    circumstances: &Circumstances<'_>,
    done: &AtomicUsize,
) -> Report {
    let judged: Vec<Judged> = sources
        .par_iter()
        .map(|source| {
            let judged = judge_source(source, policies, facts, circumstances);
            done.fetch_add(1, Ordering::Relaxed);
            judged
        })
        .collect();
    let mut report = Report { files: sources.len(), ..Report::default() };
    for (source, judged) in sources.iter().zip(judged) {
        report.documents += judged.documents;
        report.others.extend((0..judged.others).map(|_| Arc::clone(&source.name)));
        report.objects.extend(judged.objects);
        report.diagnostics.extend(judged.diagnostics);
        report.sources.insert(source.clone());
    }
    let duplicates = duplicates(&report);
    report.diagnostics.extend(duplicates);
    report
}

fn judge_source(
    source: &Source,
    policies: &PolicySet,
    facts: &impl FactSource,
    circumstances: &Circumstances<'_>,
) -> Judged {
    let reading = read(source, &Limits::default());
    let mut judged = Judged { diagnostics: reading.diagnostics, ..Judged::default() };
    judged.documents = reading.documents.len();
    for document in &reading.documents {
        match objects(document.tree()) {
            Content::Objects(manifests) => {
                let mut places = None;
                for manifest in manifests {
                    let mut place = |pointer: &str| {
                        let places = places.get_or_insert_with(|| document.places());
                        Some(
                            places.span(&pointer_steps(&format!("{}{pointer}", manifest.pointer))?),
                        )
                    };
                    let span = match manifest.pointer.is_empty() {
                        true => Some(document_span(document)),
                        false => place(""),
                    };
                    let (request, unknown) = request(manifest.object, circumstances);
                    if let Some(reason) = unknown {
                        let identity = ObjectIdentity::of(&request);
                        let message = format!("{identity} is judged as a creation: {reason}");
                        let unknown = Diagnostic::error("existing-unknown", message);
                        judged.diagnostics.push(unknown.at(span.clone()));
                    }
                    let decided = catch_unwind(AssertUnwindSafe(|| {
                        let decision = decide(policies, &request, facts, circumstances);
                        ObjectReport::new(&request, decision, circumstances.keep, &mut place)
                    }));
                    let Ok(object) = decided else {
                        let identity = ObjectIdentity::of(&request);
                        let message = format!("a defect of ajj: {identity} could not be judged");
                        let defect = Diagnostic::error("internal", message);
                        judged.diagnostics.push(defect.at(span));
                        continue;
                    };
                    let mut object = ObjectReport { span, ..object };
                    for warning in std::mem::take(&mut object.warnings) {
                        let odd = Diagnostic::warning("odd-policy", warning);
                        judged.diagnostics.push(odd.at(object.span.clone()));
                    }
                    judged.objects.push(object);
                }
            }
            Content::Other => judged.others += 1,
            Content::Incomplete(message) => {
                judged.others += 1;
                let message = format!("this is not a Kubernetes object: {message}");
                let diagnostic = Diagnostic::warning("not-an-object", message);
                judged.diagnostics.push(diagnostic.at(Some(document_span(document))));
            }
        }
    }
    judged
}

/// Where a document begins: known without reading it again.
fn document_span(document: &Document) -> Span {
    let start = document.range().start;
    Span { source: Arc::clone(&document.source().name), start, end: start }
}

/// The request that would bring an object to the cluster, change it or remove it; and why it is not
/// known whether the cluster has the object, where that is so.
fn request(object: Arc<Tree>, circumstances: &Circumstances<'_>) -> (Request, Option<String>) {
    let identity = ObjectIdentity::of_object(object.root());
    let mut request = Request::create(Arc::clone(&object), circumstances.time);
    let mut old = circumstances.old.get(&identity).cloned();
    let mut unknown = None;
    if let Some(cluster) = circumstances.cluster {
        if !cluster.is_namespaced(&request.kind) {
            request.namespace = None;
        }
        let creates =
            matches!(circumstances.operation, Some(Operation::Create | Operation::Connect));
        if old.is_none() && !creates {
            let namespace = request.namespace.as_deref().unwrap_or_default();
            match cluster.existing(&request.kind, namespace, &request.name) {
                Ok(existing) => old = existing,
                Err(reason) => unknown = Some(reason),
            }
        }
    }
    let operation = match (circumstances.operation, &old) {
        (Some(operation), _) => operation,
        (None, Some(_)) => Operation::Update,
        (None, None) => Operation::Create,
    };
    let (object, old_object) = match operation {
        Operation::Create | Operation::Connect => (Some(object), None),
        // Without --old, an update that changes nothing, as upstream's command line has it
        // (cmd/cli/kubectl-kyverno/processor/policy_processor.go).
        Operation::Update => (Some(Arc::clone(&object)), Some(old.unwrap_or(object))),
        Operation::Delete => (None, Some(old.unwrap_or(object))),
    };
    let user = circumstances.user.clone();
    (Request { operation, object, old_object, user, ..request }, unknown)
}

/// Decides an object: with values, each policy can see another request.
fn decide(
    policies: &PolicySet,
    request: &Request,
    facts: &impl FactSource,
    circumstances: &Circumstances<'_>,
) -> Decision {
    let ask = |request: &Request, known: Facts| {
        pollster::block_on(ajj_facts::decide(policies, request, known, facts))
    };
    let Some(values) = &circumstances.values else { return ask(request, Facts::default()) };
    let mut whole = Decision::default();
    let asked = circumstances.operation.or(request.old_object.as_ref().map(|_| request.operation));
    for case in values.cases(policies, request, asked) {
        let mut known = case.facts.clone();
        let namespace = request.namespace.as_deref().unwrap_or_default();
        if values.describes_namespaces() && values.namespace(namespace).is_none() {
            let key = FactKey::get(format!("/api/v1/namespaces/{namespace}"));
            known.insert(key, Err(FactError::NotFound));
        }
        let decision = ask(&case.request, known);
        whole.results.extend(decision.results.into_iter().filter(|result| case.is_about(result)));
        whole.warnings.extend(decision.warnings);
    }
    whole
}

/// A warning for every object whose name another one has, with both places.
fn duplicates(report: &Report) -> Vec<Diagnostic> {
    let mut first = BTreeMap::new();
    let mut found = Vec::new();
    for object in &report.objects {
        let identity = &object.object;
        if identity.name.is_empty() {
            continue;
        }
        // Versions of one group name the same object in the cluster.
        let group = identity.api_version.split_once('/').map_or("", |(group, _)| group);
        let key = (group, &identity.kind, &identity.namespace, &identity.name);
        match first.entry(key) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(object);
            }
            std::collections::btree_map::Entry::Occupied(entry) => {
                let place = |object: &ObjectReport| {
                    let place = report.sources.place(object.span.as_ref()?)?;
                    let Place { file, start, .. } = place;
                    Some(format!("{file}:{}:{}", start.line, start.column))
                };
                let there = place(entry.get()).unwrap_or_default();
                let here = place(object).unwrap_or_default();
                let message = format!("two objects are named {identity}: at {there} and at {here}");
                let diagnostic = Diagnostic::warning("duplicate-object", message)
                    .help("both are judged; a cluster would keep the last one applied");
                found.push(diagnostic.at(object.span.clone()));
            }
        }
    }
    found
}
