//! Sorts the documents of a suite's files by what they are for.

use std::collections::BTreeMap;

use crate::decode::{Fields, Problems};
use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::{Content, objects};
use crate::read::Document;
use crate::request::UserInfo;
use crate::tree::Node;

use super::objects::{TestObject, under_test};
use super::{FileRole, Inputs, KyvernoSuite};
use crate::values::Values;

/// What the files of a suite hold.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Policies and exceptions.
    pub(super) policies: Vec<Document>,
    pub(super) objects: Vec<TestObject>,
    pub(super) values: Values,
    pub(super) user: Option<UserInfo>,
    /// Whether a file does not hold what the suite says it does.
    pub(super) is_broken: bool,
}

pub(super) fn gather(
    suite: &KyvernoSuite,
    inputs: &Inputs<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Gathered {
    let of = |role| documents(suite, inputs.files, role);
    let mut gathered = Gathered {
        policies: of(FileRole::Policy).chain(of(FileRole::Exception)).cloned().collect(),
        objects: under_test(of(FileRole::Resource), diagnostics),
        values: suite.values.clone().unwrap_or_default(),
        ..Gathered::default()
    };
    for document in of(FileRole::Values) {
        let (values, found) = Values::read(document);
        let is_sound = found.iter().all(|found| found.severity != Severity::Error);
        diagnostics.extend(found);
        gathered.values = values;
        gathered.is_broken |= !is_sound;
    }
    for document in of(FileRole::UserInfo) {
        let (user, found) = UserInfo::read(document);
        gathered.user = user;
        gathered.is_broken |= found.iter().any(|found| found.severity == Severity::Error);
        diagnostics.extend(found);
    }
    for document in of(FileRole::ClusterResource) {
        let problems = Problems::of(document);
        check_cluster(document.tree().root(), &problems);
        gathered.is_broken |= problems.errors() > 0;
        diagnostics.extend(problems.into_diagnostics());
    }
    gathered
}

fn documents<'f>(
    suite: &'f KyvernoSuite,
    files: &'f BTreeMap<String, Vec<Document>>,
    role: FileRole,
) -> impl Iterator<Item = &'f Document> {
    let named = suite.files.iter().filter(move |file| file.role == role);
    named.filter_map(|file| files.get(&file.path)).flatten()
}

fn check_cluster(root: Node<'_>, problems: &Problems<'_>) -> Option<()> {
    let mut fields = Fields::of(root, "a cluster", problems)?.fold_case();
    fields.ignore(&["apiVersion", "kind", "metadata"]);
    let mut spec = fields.fields("spec")?.fold_case();
    spec.texts("crds");
    spec.list("resources");
    spec.finish();
    fields.finish();
    Some(())
}

/// What the cluster of a suite holds, as JSON.
pub(super) fn cluster_objects(
    suite: &KyvernoSuite,
    files: &BTreeMap<String, Vec<Document>>,
) -> Vec<String> {
    let mut found = Vec::new();
    for document in documents(suite, files, FileRole::ClusterResource) {
        let resources = document.tree().root().at(&["spec", "resources"]);
        let items = resources.and_then(|resources| resources.as_list());
        found.extend(items.into_iter().flat_map(|items| items.iter()).map(|item| item.to_json()));
    }
    let has_cluster = suite.files.iter().any(|file| file.role == FileRole::ClusterResource);
    let roles = [FileRole::Resource, FileRole::Target, FileRole::Parameter];
    for role in roles.into_iter().filter(|_| has_cluster) {
        for document in documents(suite, files, role) {
            let Content::Objects(manifests) = objects(document.tree()) else { continue };
            found.extend(manifests.iter().map(|manifest| manifest.object.root().to_json()));
        }
    }
    found
}
