//! What is read, and what is not.

use super::{Source, Version, parse};

fn read(text: &str, version: Version) -> Result<super::ast::Module, super::Problem> {
    parse(&Source { name: "t.rego".into(), text: text.into(), version })
}

#[test]
fn what_nests_too_deeply_is_refused_at_once() {
    for (open, close) in [
        ("[", "]"),
        ("{", "}"),
        ("(", ")"),
        ("f(", ")"),
        ("{1: ", "}"),
        ("[1 | x := ", "]"),
        ("-a[", "]"),
        ("{[", "]}"),
        ("1+(", ")"),
    ] {
        for depth in [30, 90, 10_000] {
            let text = format!("package t\nr := {}1{}", open.repeat(depth), close.repeat(depth));
            if depth > 100 {
                read(&text, Version::V1).unwrap_err();
            }
            let open_only = format!("package t\nr := {}", open.repeat(depth));
            read(&open_only, Version::V1).unwrap_err();
        }
    }
}

/// Reads every module of OPA's own cases; for work on the parser, with the folder in `OPA_CASES`.
#[test]
fn opa_cases() {
    let Ok(folder) = std::env::var("OPA_CASES") else { return };
    let mut open = vec![std::path::PathBuf::from(folder)];
    let (mut good, mut bad) = (0, 0);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let reading = crate::read::read(&crate::Source::new("x", text), &crate::Limits::default());
        for document in &reading.documents {
            let version =
                if path.to_string_lossy().contains("/v0/") { Version::V0 } else { Version::V1 };
            for case in document
                .tree()
                .root()
                .get("cases")
                .and_then(|c| c.as_list())
                .into_iter()
                .flat_map(|c| c.iter())
            {
                let wants = case.get("want_error_code").and_then(|c| c.as_str())
                    == Some("rego_parse_error");
                for module in
                    case.get("modules").and_then(|c| c.as_list()).into_iter().flat_map(|c| c.iter())
                {
                    let text = module.as_str().unwrap_or_default();
                    match read(text, version) {
                        Ok(_) => good += 1,
                        Err(_) if wants => good += 1,
                        Err(problem) => {
                            bad += 1;
                            println!(
                                "{}: {} at {}:{}\n{text}\n---",
                                path.display(),
                                problem.message,
                                problem.span.line(text),
                                problem.span.column(text)
                            );
                        }
                    }
                }
            }
        }
        if reading.documents.is_empty() {
            println!(
                "unread {} {:?}",
                path.display(),
                reading.diagnostics.first().map(|d| &d.message)
            );
        }
    }
    println!("good {good} bad {bad}");
}
