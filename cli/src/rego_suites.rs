//! Finds tests in Rego: the modules of a directory, and what they need from elsewhere.
//!
//! A directory with tests is a suite. Its modules come first; modules of other directories join
//! where they define what is read. A file `data.json`, `data.yaml` or `data.yml` in the directory
//! is its document `data`, as in a bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ajj_engine::suite::{RegoModule, RegoSuite};
use ajj_engine::{Diagnostic, Limits, Source, Tree, read};

use crate::load::{Identity, Loaded, display_name, is_rego};
use crate::suites::RegoFiles;

/// A suite of Rego and where it stands.
#[derive(Debug)]
pub(crate) struct FoundRego {
    /// The directory, or the file that was named.
    pub(crate) path: String,
    pub(crate) suite: RegoSuite,
    /// What could not be read.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The texts of the modules.
    pub(crate) sources: Vec<Source>,
}

/// One file of Rego.
#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    source: Source,
    module: Result<RegoModule, Box<Diagnostic>>,
}

/// The names of a directory's document `data`.
const DATA: [&str; 3] = ["data.json", "data.yaml", "data.yml"];

/// The suites among files of Rego.
pub(crate) fn find(files: RegoFiles, diagnostics: &mut Vec<Diagnostic>) -> Vec<FoundRego> {
    let mut paths = files.found;
    for named in &files.named {
        let folder = named.parent().filter(|folder| !folder.as_os_str().is_empty());
        let beside = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
        let beside = beside.into_iter().flatten().flatten().map(|entry| entry.path());
        let mut beside: Vec<_> = beside.filter(|path| is_rego(path)).collect();
        beside.sort();
        paths.extend(beside);
        paths.push(named.clone());
    }
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(Identity::of(path)));
    let pool: Vec<File> = paths.into_iter().filter_map(|path| file(path, diagnostics)).collect();
    let mut folders: BTreeMap<&Path, Vec<&File>> = BTreeMap::new();
    for file in &pool {
        folders.entry(folder(&file.path)).or_default().push(file);
    }
    let named: BTreeSet<Identity> = files.named.iter().map(|path| Identity::of(path)).collect();
    folders
        .iter()
        .filter(|(_, files)| files.iter().any(|file| has_tests(file)))
        .map(|(folder, files)| suite(folder, files, &pool, &named))
        .collect()
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Whether a file has tests; one that cannot be read may have some.
fn has_tests(file: &File) -> bool {
    match &file.module {
        Ok(module) => module.has_tests(),
        Err(_) => file.source.text.contains("test_"),
    }
}

fn file(path: PathBuf, diagnostics: &mut Vec<Diagnostic>) -> Option<File> {
    let loaded = Loaded::of_file(&path);
    diagnostics.extend(loaded.diagnostics);
    let source = loaded.sources.into_iter().next()?;
    let module = RegoModule::read(&source);
    Some(File { path, source, module })
}

fn suite(folder: &Path, own: &[&File], pool: &[File], named: &BTreeSet<Identity>) -> FoundRego {
    let is_named = |file: &File| named.is_empty() || named.contains(&Identity::of(&file.path));
    // Tests that are not asked for are there for what they define, not to be run.
    let (asked, beside): (Vec<&File>, Vec<&File>) =
        own.iter().partition(|file| is_named(file) || !has_tests(file));
    let mut modules: Vec<RegoModule> = Vec::new();
    let mut found = FoundRego {
        path: display_name(folder),
        suite: RegoSuite::new(Vec::new(), 0, None),
        diagnostics: Vec::new(),
        sources: Vec::new(),
    };
    for file in &asked {
        found.sources.push(file.source.clone());
        match &file.module {
            Ok(module) => modules.push(module.clone()),
            Err(problem) => found.diagnostics.push((**problem).clone()),
        }
    }
    let count = modules.len();
    modules.extend(beside.iter().filter_map(|file| file.module.as_ref().ok().cloned()));
    join(folder, &mut modules, pool, &mut found.sources);
    let data = data(folder, &mut found);
    found.suite = RegoSuite::new(modules, count, data);
    found
}

/// Adds modules of other directories that define what is read; of several copies the nearest.
fn join(folder: &Path, modules: &mut Vec<RegoModule>, pool: &[File], sources: &mut Vec<Source>) {
    let mut next = 0;
    while let Some(reader) = modules.get(next).cloned() {
        next += 1;
        let mut near: Vec<&File> = pool
            .iter()
            .filter(|file| {
                file.module.as_ref().is_ok_and(|module| !module.has_tests() && reader.needs(module))
            })
            .collect();
        let shared = |file: &&File| {
            let common = file.path.components().zip(folder.components());
            common.take_while(|(left, right)| left == right).count()
        };
        near.sort_by_key(|file| std::cmp::Reverse(shared(file)));
        for file in near {
            let Ok(module) = &file.module else { continue };
            let is_known = modules.iter().any(|known| known.name() == module.name());
            // Copies of a library in other directories would contradict it.
            let has_copy = modules.iter().any(|known| {
                known.shares_package(module) && folder_of(known.name()) != folder_of(module.name())
            });
            if !is_known && !has_copy {
                modules.push(module.clone());
                sources.push(file.source.clone());
            }
        }
    }
}

fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The directory's document `data`, if it has one.
fn data(folder: &Path, found: &mut FoundRego) -> Option<Arc<Tree>> {
    let path = DATA.iter().map(|name| folder.join(name)).find(|path| path.is_file())?;
    let loaded = Loaded::of_file(&path);
    found.diagnostics.extend(loaded.diagnostics);
    let source = loaded.sources.into_iter().next()?;
    let reading = read(&source, &Limits::default());
    found.diagnostics.extend(reading.diagnostics);
    found.sources.push(source);
    let document = reading.documents.into_iter().next()?;
    Some(Arc::clone(document.tree()))
}
