//! Reads the document of a suite.

use super::{Case, GatorSuite, Test, assertion};
use crate::decode::{Fields, Problems};
use crate::diagnostic::Diagnostic;
use crate::read::Document;
use crate::suite::file::{FileRole, SuiteFile};
use crate::tree::Node;

pub(in crate::suite) fn suite(document: &Document) -> (GatorSuite, Vec<Diagnostic>) {
    let problems = Problems::of(document);
    let mut suite = GatorSuite::default();
    read(&mut suite, document.tree().root(), &problems);
    suite.is_broken = problems.errors() > 0;
    (suite, problems.into_diagnostics())
}

fn read(suite: &mut GatorSuite, root: Node<'_>, problems: &Problems<'_>) -> Option<()> {
    let mut fields = Fields::of(root, "a suite", problems)?;
    fields.ignore(&["apiVersion", "kind"]);
    let metadata = fields.get("metadata");
    let name = metadata.and_then(|metadata| metadata.get("name")?.as_str());
    suite.name = name.unwrap_or_default().to_owned();
    suite.skip = fields.bool("skip").unwrap_or_default();
    let tests = fields.list("tests").unwrap_or_default();
    if tests.is_empty() {
        let message = "a suite without `tests` tests nothing";
        problems.at(root, Diagnostic::warning("no-results", message));
    }
    for node in tests {
        let test = test(node, &mut suite.files, problems);
        suite.tests.extend(test);
    }
    fields.finish();
    Some(())
}

fn test(node: Node<'_>, files: &mut Vec<SuiteFile>, problems: &Problems<'_>) -> Option<Test> {
    let mut fields = Fields::of(node, "a test", problems)?;
    fields.require("template");
    fields.require("constraint");
    let mut test = Test {
        name: fields.text("name").unwrap_or_default().to_owned(),
        template: file(&mut fields, "template", FileRole::Policy, files),
        constraint: file(&mut fields, "constraint", FileRole::Policy, files),
        invalid: fields.bool("invalid").unwrap_or_default(),
        skip: fields.bool("skip").unwrap_or_default(),
        cases: Vec::new(),
    };
    if let Some(node) = fields.get("expansion").filter(|node| node.as_str() != Some("")) {
        let message = "expansion is not supported: no object is generated from another";
        problems.at(node, Diagnostic::error("not-evaluated", message));
    }
    let cases = fields.list("cases").unwrap_or_default();
    match (test.invalid, cases.first()) {
        (true, Some(case)) => {
            let message = "a test that is `invalid` has no cases: these are not read";
            problems.at(*case, Diagnostic::warning("ignored-field", message));
        }
        (false, None) => {
            let message = "a test without `cases` tests nothing";
            problems.at(node, Diagnostic::warning("no-results", message));
        }
        _ => {}
    }
    for node in cases.into_iter().filter(|_| !test.invalid) {
        test.cases.extend(case(node, files, problems));
    }
    fields.finish();
    Some(test)
}

fn case(node: Node<'_>, files: &mut Vec<SuiteFile>, problems: &Problems<'_>) -> Option<Case> {
    let mut fields = Fields::of(node, "a case", problems)?;
    fields.require("object");
    let mut case = Case {
        name: fields.text("name").unwrap_or_default().to_owned(),
        object: file(&mut fields, "object", FileRole::Resource, files),
        inventory: fields.texts("inventory").unwrap_or_default(),
        skip: fields.bool("skip").unwrap_or_default(),
        assertions: Vec::new(),
    };
    for node in fields.list("inventory").unwrap_or_default() {
        if let Some(path) = node.as_str() {
            let role = FileRole::ClusterResource;
            files.push(SuiteFile { path: path.to_owned(), role, node: node.index() });
        }
    }
    for node in fields.list("assertions").unwrap_or_default() {
        case.assertions.extend(assertion::decode(node, problems));
    }
    fields.finish();
    Some(case)
}

/// The path in a field, noted as a file that the suite needs.
fn file(
    fields: &mut Fields<'_, '_, '_>,
    name: &'static str,
    role: FileRole,
    files: &mut Vec<SuiteFile>,
) -> String {
    let path = fields.text(name).unwrap_or_default().to_owned();
    if let Some(node) = fields.get(name).filter(|_| !path.is_empty()) {
        files.push(SuiteFile { path: path.clone(), role, node: node.index() });
    }
    path
}
