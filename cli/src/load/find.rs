//! From an argument to files: a file itself, a directory's manifests, or what a glob matches.

use std::path::{Path, PathBuf};

use ajj_engine::Diagnostic;
use globset::GlobBuilder;

use super::walk::walk;
use super::{at_file, display_name, tidy};

/// What an argument stands for.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Sorted.
    pub(super) files: Vec<PathBuf>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Of a directory, files with these extensions are read.
const EXTENSIONS: &[&str] = &["yaml", "yml", "json"];

pub(super) fn find(argument: &str, what: What) -> Found {
    let path = tidy(Path::new(argument));
    if path.is_dir() {
        return directory(&path, what);
    }
    if !path.exists() && argument.contains(['*', '?', '[', '{']) {
        return glob(argument);
    }
    // Also where it does not exist: reading says so.
    Found { files: vec![path], diagnostics: Vec::new() }
}

/// What files are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Kubernetes objects, and documents about them.
    Documents,
    /// Policies, which may be Rego too.
    Policies,
}

fn directory(path: &Path, what: What) -> Found {
    let mut found = walk(path, true);
    let takes_rego = what == What::Policies;
    found.files.retain(|file| has_known_extension(file) || (takes_rego && is_rego(file)));
    leave_out_charts(&mut found);
    if found.files.is_empty() && found.diagnostics.is_empty() {
        let name = display_name(path);
        let rego = if takes_rego { ", .rego" } else { "" };
        let message = format!("`{name}` has no file that ends in .yaml, .yml{rego} or .json");
        let diagnostic = Diagnostic::warning("no-manifests", message);
        found.diagnostics.push(at_file(diagnostic, &name));
    }
    found
}

fn has_known_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
    })
}

/// Files that may hold test suites, and texts of Rego: those of hidden directories too, where
/// upstream's users keep them, but none of a version control's own.
pub(super) fn find_suites(path: &Path) -> (Found, Vec<PathBuf>) {
    let mut found = walk(&tidy(path), false);
    let rego = found.files.extract_if(.., |file| is_rego(file)).collect();
    found.files.retain(|file| has_known_extension(file));
    (found, rego)
}

/// Whether a file holds Rego, by its name.
pub(crate) fn is_rego(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rego")
}

/// The templates of a Helm chart are no YAML before they are rendered.
fn leave_out_charts(found: &mut Found) {
    let charts: Vec<PathBuf> = found
        .files
        .iter()
        .filter(|file| file.file_name().is_some_and(|name| name == "Chart.yaml"))
        .filter_map(|file| file.parent().map(Path::to_owned))
        .collect();
    for chart in charts {
        let templates = chart.join("templates");
        let before = found.files.len();
        found.files.retain(|file| !file.starts_with(&templates));
        let count = before - found.files.len();
        if count > 0 {
            let name = display_name(&chart);
            let files =
                if count == 1 { "1 template".to_owned() } else { format!("{count} templates") };
            let message = format!("the Helm chart `{name}` is not rendered: {files} not judged");
            let diagnostic = Diagnostic::warning("helm-chart", message)
                .help(format!("helm template {name} | ajj policy validate -"));
            let place = display_name(&chart.join("Chart.yaml"));
            found.diagnostics.push(at_file(diagnostic, &place));
        }
    }
}

fn glob(argument: &str) -> Found {
    let pattern = display_name(Path::new(argument));
    // A leading `./` is not part of the names that are matched.
    let matcher = match GlobBuilder::new(&pattern).literal_separator(true).build() {
        Ok(glob) => glob.compile_matcher(),
        Err(error) => {
            let message = format!("`{argument}` is not a glob: {}", error.kind());
            let diagnostic = at_file(Diagnostic::error("invalid-glob", message), argument);
            return Found { files: Vec::new(), diagnostics: vec![diagnostic] };
        }
    };
    let fixed: PathBuf = Path::new(&pattern)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    let root = tidy(&fixed);
    if !root.is_dir() {
        return no_match(argument);
    }
    let mut found = walk(&root, true);
    found.files.retain(|file| matcher.is_match(display_name(file)));
    match found.files.is_empty() {
        true => no_match(argument),
        false => found,
    }
}

fn no_match(argument: &str) -> Found {
    let message = format!("`{argument}` matches no file");
    let diagnostic = at_file(Diagnostic::error("path-not-found", message), argument);
    Found { files: Vec::new(), diagnostics: vec![diagnostic] }
}
