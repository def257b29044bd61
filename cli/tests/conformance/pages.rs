//! The page of what is supported and what differs on purpose: written from the lists, checked
//! against drift.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::golden::{read, text};
use crate::ledger::{Known, Lists, table};
use crate::probes;

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

Where upstream passes in silence because it could not read or evaluate something, ajj says so. Each
reason is followed by the cases that hold it: folders of `testdata/kyverno`, or of the records of
upstream's answers.
";

const GAPS: &str = "
## What differs and should not

| case | why it is so still |
|---|---|
";

/// Compares the pages with the lists, or writes them under `UPDATE=1`.
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
    for ((reason, source), cases) in differences(&lists) {
        writeln!(page, "\n**{reason}.** Upstream: {source}.\n").unwrap();
        for (case, what) in cases {
            writeln!(page, "- `{case}`: {what}").unwrap();
        }
    }
    let (of_rego, others): (Vec<&Known>, Vec<&Known>) =
        lists.gaps.iter().partition(|known| known.area == "opa");
    page.push_str(&gaps(&others));
    hold("docs/kyverno.md", &page)?;
    // The rest of that page is written by hand.
    let rego = read(&root.join("docs/rego.md"));
    let (by_hand, _) = rego.split_once(GAPS).ok_or("docs/rego.md has no list of gaps")?;
    hold("docs/rego.md", &format!("{by_hand}{}", gaps(&of_rego)))
}

/// The list of gaps with its head.
fn gaps(known: &[&Known]) -> String {
    let mut list = GAPS.to_owned();
    for known in known {
        let (case, reason) = (cell(&known.case), cell(&known.reason));
        writeln!(list, "| {}: `{case}` | {reason} |", known.area).unwrap();
    }
    list
}

/// Compares a page with what it should be, or writes it under `UPDATE=1`.
fn hold(name: &str, page: &str) -> Result<(), String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    if std::env::var_os("UPDATE").is_some() {
        return std::fs::write(&file, page).map_err(|error| error.to_string());
    }
    match std::fs::read_to_string(&file) {
        Ok(found) if found == page => Ok(()),
        _ => Err(format!("{name} is not what the lists say: run it with UPDATE=1")),
    }
}

/// The cases that differ, by the reason and the place upstream.
fn differences(lists: &Lists) -> BTreeMap<(String, String), Vec<(String, String)>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, folder) in probes::own() {
        let answer: Value = serde_json::from_str(&read(&folder.join("answer.json"))).unwrap();
        let differs = &answer["differs"];
        if differs.is_object() {
            let reason = (text(differs, "reason").to_owned(), text(differs, "source").to_owned());
            let what = format!("upstream {}", text(differs, "upstream"));
            all.entry(reason).or_default().push((name, what));
        }
    }
    for known in &lists.differences {
        let reason = (known.reason.clone(), known.source.clone());
        let case = format!("{}: {}", known.area, known.case);
        let what = known.what.as_deref().unwrap_or_default().replace('<', "&lt;");
        all.entry(reason).or_default().push((case, what));
    }
    all.values_mut().for_each(|cases| cases.sort());
    all
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
