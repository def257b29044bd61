//! `conftest doc`: writes what annotations say of policies (`internal/commands/document.go`,
//! `document/resources/document.md`).

use std::path::Path;

use ajj_engine::conftest::Documented;

use super::files::reason;
use super::policies::PolicyOptions;
use super::{Ended, Failure};
use crate::args::DocArguments;

pub(super) fn run(arguments: &DocArguments) -> Result<Ended, Failure> {
    if arguments.paths.is_empty() {
        return Err("missing required arguments".to_owned());
    }
    if arguments.template.as_deref().is_some_and(|template| !template.is_empty()) {
        return Err("the flag `--template` is not supported by ajj: templates are Go's; leave it \
                    out for the template that conftest has"
            .to_owned());
    }
    let directory = arguments.out_dir.as_deref().unwrap_or(".");
    for path in &arguments.paths {
        let metadata =
            std::fs::metadata(path).map_err(|error| format!("stat {path}: {}", reason(&error)))?;
        if !metadata.is_dir() {
            return Err(format!("{path} is not a directory"));
        }
        let name = super::files::clean(Path::new(path));
        let name = name.file_name().map_or("policy".into(), |name| name.to_string_lossy());
        let file = Path::new(directory).join(format!("{name}.md"));
        let options = PolicyOptions {
            paths: vec![path.clone()],
            leaves_out_tests: true,
            ..PolicyOptions::default()
        };
        let failed =
            |failure: String| format!("generating document: parse rego annotations: {failure}");
        let documented = options.load().map_err(failed)?.documented();
        if documented.is_empty() {
            return Err(failed("no annotations found".to_owned()));
        }
        std::fs::write(&file, rendered(&documented)).map_err(|error| {
            let file = file.display();
            format!("opening {file} for writing output: open {file}: {}", reason(&error))
        })?;
    }
    Ok(Ended::well(String::new()))
}

fn rendered(documented: &[Documented]) -> String {
    let mut out = String::new();
    let (mut current, mut offset) = (0, 1);
    for (position, one) in documented.iter().enumerate() {
        // The path of a document begins with `data`.
        let mut depth = (one.depth + 1).saturating_sub(offset);
        if position == 0 && depth > 1 {
            offset = depth;
        }
        depth = depth.min(current + 1);
        current = depth;
        let Documented { path, title, description, related, .. } = one;
        out.push_str(&format!("{} {path} - {title}\n\n{description}\n", "#".repeat(depth)));
        if !related.is_empty() {
            out.push_str("\nRelated Resources:\n");
            for (reference, description) in related {
                match description.is_empty() {
                    true => out.push_str(&format!("\n* {reference}")),
                    false => out.push_str(&format!("\n* [{description}]({reference})")),
                }
            }
            out.push('\n');
        }
        out.push('\n');
    }
    out
}
