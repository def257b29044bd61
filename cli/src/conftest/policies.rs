//! Policies and data from files, as OPA's loader takes them (`policy/engine.go`, `v1/loader`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ajj_config::Parser;
use ajj_engine::conftest::{Options, Outside, Policies, allowed_functions};
use ajj_engine::{Source, Tree};

use super::files::{children, clean, reason};
use super::{Failure, configurations};

/// Where policies are and how they are read.
#[derive(Debug, Default)]
pub(crate) struct PolicyOptions {
    pub(crate) paths: Vec<String>,
    pub(crate) rego_version: Option<String>,
    pub(crate) capabilities: Option<String>,
    pub(crate) is_strict: bool,
    /// Whether files whose names end in `_test.rego` are left out.
    pub(crate) leaves_out_tests: bool,
}

impl PolicyOptions {
    /// Reads and compiles the policies.
    pub(crate) fn load(&self) -> Result<Policies, Failure> {
        let allowed = match self.capabilities.as_deref().filter(|path| !path.is_empty()) {
            None => None,
            Some(path) => {
                let wrong = |why| format!("load capabilities: {why}");
                let text = fs::read_to_string(path)
                    .map_err(|error| wrong(format!("open {path}: {}", reason(&error))))?;
                Some(allowed_functions(&text).map_err(wrong)?)
            }
        };
        self.compile(allowed).map_err(|failure| format!("load: loading policies: {failure}"))
    }

    fn compile(
        &self,
        allowed: Option<std::collections::BTreeSet<String>>,
    ) -> Result<Policies, Failure> {
        let is_v0 = match self.rego_version.as_deref() {
            None | Some("v1" | "V1") => false,
            Some("v0" | "V0") => true,
            Some(other) => return Err(format!("invalid Rego version: {other}")),
        };
        let (mut sources, mut wrong) = (Vec::new(), Vec::new());
        let is_wanted = |name: &str| {
            name.ends_with(".rego") && !(self.leaves_out_tests && name.ends_with("_test.rego"))
        };
        for path in &self.paths {
            for file in files(Path::new(path), &is_wanted, &mut wrong) {
                let name = file.to_string_lossy().into_owned();
                if sources.iter().any(|source: &Source| *source.name == *name) {
                    continue;
                }
                match fs::read_to_string(&file) {
                    Ok(text) => sources.push(Source::new(name, text)),
                    Err(error) => wrong.push(format!("open {name}: {}", reason(&error))),
                }
            }
        }
        if !wrong.is_empty() {
            return Err(loading(&wrong));
        }
        if sources.is_empty() {
            return Err(format!("load: no policies found in [{}]", self.paths.join(" ")));
        }
        let policies =
            Policies::compile(&sources, &Options { is_v0, is_strict: self.is_strict, allowed });
        let policies = policies.map_err(|problems| {
            let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
            match problems.iter().all(|problem| problem.code == "rego_parse_error") {
                true => loading(&lines),
                false => format!("get compiler: {}", counted(&lines, "occurred")),
            }
        })?;
        if let Some((file, line)) = policies.problematic_if() {
            return Err(format!(
                "rule is using 'if' keyword without 'contains' keyword: rule in {file} at line {line}"
            ));
        }
        Ok(policies.asking(Box::new(ConfigFunctions)))
    }
}

fn loading(lines: &[String]) -> Failure {
    format!("load: {}", counted(lines, "occurred during loading"))
}

/// Errors as OPA counts them.
fn counted(lines: &[String], occurred: &str) -> String {
    match lines {
        [line] => format!("1 error {occurred}: {line}"),
        lines => format!("{} errors {occurred}:\n{}", lines.len(), lines.join("\n")),
    }
}

/// The files that a path stands for, those of directories sorted. What cannot be read is noted.
fn files(path: &Path, is_wanted: &impl Fn(&str) -> bool, wrong: &mut Vec<String>) -> Vec<PathBuf> {
    let path = clean(path);
    let mut found = Vec::new();
    match fs::metadata(&path) {
        Err(error) => wrong.push(format!("stat {}: {}", path.display(), reason(&error))),
        Ok(metadata) if metadata.is_dir() => match children(&path) {
            Err(failure) => wrong.push(failure),
            Ok(children) => {
                for child in children {
                    found.extend(files(&child, is_wanted, wrong));
                }
            }
        },
        Ok(_) if is_wanted(&path.to_string_lossy()) => found.push(path),
        Ok(_) => {}
    }
    found
}

/// Answers `parse_config` and its kin (`builtins/parse_config.go`).
#[derive(Debug)]
pub(crate) struct ConfigFunctions;

impl Outside for ConfigFunctions {
    fn knows(&self, name: &str) -> bool {
        matches!(name, "parse_config" | "parse_config_file" | "parse_combined_config_files")
    }

    fn call(&self, name: &str, policy: &str, arguments: &[String]) -> Result<Tree, String> {
        let whole = |config: ajj_config::Config| -> Result<Tree, String> {
            let tree = config.to_tree().map_err(|error| error.to_string())?;
            Ok(Arc::unwrap_or_clone(tree))
        };
        if let ("parse_config", [parser, text]) = (name, arguments) {
            let parser = Parser::named(parser);
            let parser = parser.map_err(|error| format!("create config parser: {error}"))?;
            let config = ajj_config::parse(parser, text);
            return whole(config.map_err(|error| format!("unmarshal config: {error}"))?);
        }
        // Paths begin where the policy is.
        let directory = Path::new(policy).parent().unwrap_or(Path::new("."));
        let beside = |path: &String| clean(&directory.join(path)).to_string_lossy().into_owned();
        let paths: Vec<_> = arguments.iter().map(beside).collect();
        if let ("parse_config_file", [path]) = (name, paths.as_slice()) {
            let parser = Parser::of_path(path);
            let parser = parser.map_err(|error| format!("create config parser: {error}"))?;
            let text = fs::read_to_string(path).map_err(|error| {
                format!("read config file {path}: open {path}: {}", reason(&error))
            })?;
            let config = ajj_config::parse(parser, &text);
            return whole(config.map_err(|error| format!("unmarshal config: {error}"))?);
        }
        let configurations = configurations::read(&paths, None)
            .map_err(|failure| format!("parse combine configurations: {failure}"))?;
        super::data::tree(&configurations::combined(&configurations)).map(Arc::unwrap_or_clone)
    }
}

/// Documents of data files, put together.
pub(crate) fn load_data(paths: &[String]) -> Result<Arc<Tree>, Failure> {
    let mut data = super::data::Data::default();
    let mut wrong = Vec::new();
    for path in paths {
        let root = clean(Path::new(path));
        let is_data = |name: &str| {
            let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
            extension.is_some_and(|extension| matches!(&*extension, "yaml" | "yml" | "json"))
        };
        for file in files(&root, &is_data, &mut wrong) {
            let keys = match file.parent().and_then(|parent| parent.strip_prefix(&root).ok()) {
                Some(below) => below.iter().map(|key| key.to_string_lossy().into_owned()).collect(),
                None => Vec::new(),
            };
            if let Err(failure) = data.add(&file, &keys) {
                wrong.push(failure);
            }
        }
    }
    match wrong.is_empty() {
        true => data.finish(),
        false => {
            let wrong = counted(&wrong, "occurred during loading");
            Err(format!("load: load documents: {wrong}"))
        }
    }
}
