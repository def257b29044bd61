//! Reads the document of a suite.

use crate::decode::{Fields, Problems, expected};
use crate::diagnostic::Diagnostic;
use crate::read::Document;
use crate::tree::Node;

use super::{FileRole, KyvernoSuite, SuiteFile, entry, mocks};

/// The fields that list files, and what the files are for.
const LISTS: &[(&str, FileRole)] = &[
    ("policies", FileRole::Policy),
    ("resources", FileRole::Resource),
    ("targetResources", FileRole::Target),
    ("paramResources", FileRole::Parameter),
    ("exceptions", FileRole::Exception),
    ("clusterResources", FileRole::ClusterResource),
    ("jsonPayloads", FileRole::Other),
    ("httpPayloads", FileRole::Other),
    ("envoyPayloads", FileRole::Other),
];

/// The fields that name one file.
const SINGLE: &[(&str, FileRole)] = &[
    ("variables", FileRole::Values),
    ("userinfo", FileRole::UserInfo),
    ("context", FileRole::Other),
    ("jsonPayload", FileRole::Other),
];

pub(in crate::suite) fn suite(document: &Document) -> (KyvernoSuite, Vec<Diagnostic>) {
    let problems = Problems::of(document);
    let mut suite = KyvernoSuite::default();
    let root = document.tree().root();
    if let Some(fields) = Fields::of(root, "a suite", &problems) {
        read(&mut suite, fields.fold_case(), &problems);
    }
    suite.is_broken = problems.errors() > 0;
    (suite, problems.into_diagnostics())
}

fn read(suite: &mut KyvernoSuite, mut fields: Fields<'_, '_, '_>, problems: &Problems<'_>) {
    fields.ignore(&["apiVersion", "kind"]);
    let metadata = fields.get("metadata");
    let name = metadata.and_then(|metadata| metadata.get("name")?.as_str());
    suite.name = name.unwrap_or_default().to_owned();
    if let Some(node) = fields.get("name") {
        let message = "`name` is not read any more";
        let diagnostic = Diagnostic::error("removed-field", message);
        problems.at(node, diagnostic.help("write `metadata: {name: …}`"));
    }
    for (field, role) in LISTS {
        for node in fields.list(field).unwrap_or_default() {
            file(suite, node, *role, problems);
        }
    }
    let has_inline_values = fields.get("values").is_some();
    for (field, role) in SINGLE {
        let Some(node) = fields.get(field) else { continue };
        if has_inline_values && *role == FileRole::Values {
            let message = "`variables` is not read where there are `values`";
            problems.at(node, Diagnostic::warning("ignored-field", message));
            continue;
        }
        file(suite, node, *role, problems);
    }
    if let Some(inline) = fields.fields("values") {
        suite.values = Some(crate::values::spec(inline.fold_case(), problems));
    }
    let mut files = Vec::new();
    suite.mocks = mocks::decode(&mut fields, problems, &mut |node| files.push(node));
    for node in files {
        file(suite, node, FileRole::GlobalContext, problems);
    }
    match fields.list("results") {
        Some(results) => {
            for (number, node) in results.into_iter().enumerate() {
                let mut files = Vec::new();
                let entry = entry::decode(number, node, problems, &mut |node| files.push(node));
                for node in files {
                    file(suite, node, FileRole::Other, problems);
                }
                suite.entries.push(entry);
            }
        }
        None => {
            let message = "a suite without `results` tests nothing";
            problems.at(fields.node(), Diagnostic::warning("no-results", message));
        }
    }
    fields.finish();
}

fn file(suite: &mut KyvernoSuite, node: Node<'_>, role: FileRole, problems: &Problems<'_>) {
    match node.as_str() {
        Some("") => {}
        Some(path) => {
            suite.files.push(SuiteFile { path: path.to_owned(), role, node: node.index() });
        }
        None => problems.at(node, expected("a path", "a string", node)),
    }
}
