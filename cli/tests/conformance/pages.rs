//! The page of what is supported and what differs on purpose: written from the lists, checked
//! against drift.

use std::fmt::Write;
use std::path::Path;

use crate::ledger::{Lists, table};

const HEAD: &str = "\
# Kyverno's classic policies in ajj

Compared with Kyverno 1.19. This page is written by `UPDATE=1 cargo test -p ajj-cli --test
conformance` from the lists in `testdata/conformance`; do not edit it.

## What is supported

| feature | supported | case |
|---|---|---|
";

const DIFFERENCES: &str = "
## What differs on purpose

Where upstream passes in silence because it could not read or evaluate something, ajj says so.

| case | what differs | why | upstream |
|---|---|---|---|
";

const GAPS: &str = "
## What differs and should not

| case | why it is so still |
|---|---|
";

/// Compares the page with the lists, or writes it under `UPDATE=1`.
pub(crate) fn check() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut page = HEAD.to_owned();
    for row in table("features.tsv", 3) {
        let [feature, supported, case] = <[String; 3]>::try_from(row).unwrap();
        let is_known =
            case == "-" || root.join("testdata/kyverno").join(&case).join("answer.json").is_file();
        if !is_known {
            return Err(format!("features.tsv: `{feature}` names no case of testdata/kyverno"));
        }
        if (supported == "no") != (case == "-") {
            return Err(format!("features.tsv: `{feature}` is supported and has no case"));
        }
        let case = if case == "-" { case } else { format!("`{case}`") };
        writeln!(page, "| {feature} | {supported} | {case} |").unwrap();
    }
    let lists = Lists::read();
    page.push_str(DIFFERENCES);
    for known in &lists.differences {
        let (case, what) = (cell(&known.case), cell(known.what.as_deref().unwrap_or_default()));
        let (area, reason, source) = (&known.area, cell(&known.reason), cell(&known.source));
        writeln!(page, "| {area}: `{case}` | {what} | {reason} | {source} |").unwrap();
    }
    page.push_str(GAPS);
    for known in &lists.gaps {
        let (case, reason) = (cell(&known.case), cell(&known.reason));
        writeln!(page, "| {}: `{case}` | {reason} |", known.area).unwrap();
    }
    let file = root.join("docs/kyverno.md");
    if std::env::var_os("UPDATE").is_some() {
        return std::fs::write(&file, page).map_err(|error| error.to_string());
    }
    match std::fs::read_to_string(&file) {
        Ok(found) if found == page => Ok(()),
        _ => Err("docs/kyverno.md is not what the lists say: run it with UPDATE=1".to_owned()),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
