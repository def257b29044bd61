//! The configuration files that arguments name (`runner/test.go`, `parseFileList`).

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ajj_config::Parser;
use ajj_engine::scalar::regex::Regex;

use super::Failure;

/// Files in the order of the arguments; those of a directory that have a parser, sorted by path.
pub(crate) fn configuration_files(
    arguments: &[String],
    ignore: Option<&str>,
) -> Result<Vec<String>, Failure> {
    let ignore = match ignore.filter(|pattern| !pattern.is_empty()) {
        None => None,
        Some(pattern) => Some(Regex::compile(pattern).map_err(|error| {
            format!("given regexp couldn't be parsed :error parsing regexp: {error}")
        })?),
    };
    let is_ignored = |path: &str| ignore.as_ref().is_some_and(|ignore| ignore.is_match(path));
    let mut files = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.is_empty()) {
        if argument == "-" {
            files.push(argument.clone());
            continue;
        }
        let metadata = fs::metadata(argument)
            .map_err(|error| format!("get file info: stat {argument}: {}", reason(&error)))?;
        if metadata.is_dir() {
            let mut visited = BTreeSet::new();
            walk(Path::new(argument), &is_ignored, &mut visited, &mut files)
                .map_err(|failure| format!("get files from directory: walk path: {failure}"))?;
        } else if !is_ignored(argument) {
            files.push(argument.clone());
        }
    }
    match files.is_empty() {
        true => Err("no files found".to_owned()),
        false => Ok(files),
    }
}

/// Lists a directory; links are followed, each directory once. Systems bound how deep this goes.
fn walk(
    directory: &Path,
    is_ignored: &impl Fn(&str) -> bool,
    visited: &mut BTreeSet<PathBuf>,
    files: &mut Vec<String>,
) -> Result<(), Failure> {
    if !visited.insert(directory.to_owned()) {
        return Ok(());
    }
    for path in children(directory)? {
        let name = path.to_string_lossy().into_owned();
        let failed = |error| format!("lstat {name}: {}", reason(&error));
        let kind = fs::symlink_metadata(&path).map_err(failed)?.file_type();
        if kind.is_dir() {
            walk(&path, is_ignored, visited, files)?;
        } else if is_ignored(&name) {
            continue;
        } else if !kind.is_symlink() {
            if Parser::knows(&name) {
                files.push(name);
            }
        } else {
            let real = fs::canonicalize(&path).map_err(failed)?;
            if real.is_dir() {
                walk(&real, is_ignored, visited, files)?;
            } else if Parser::knows(&real.to_string_lossy()) {
                files.push(real.to_string_lossy().into_owned());
            }
        }
    }
    Ok(())
}

/// What stands in a directory, sorted by name.
pub(crate) fn children(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| format!("open {}: {}", directory.display(), reason(&error));
    let entries = fs::read_dir(directory).map_err(failed)?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.sort();
    Ok(names.into_iter().map(|name| clean(&directory.join(name))).collect())
}

/// A path without `.` parts, as `path/filepath` of Go joins them.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut parts = Vec::new();
    for part in path.components() {
        use std::path::Component::{CurDir, Normal, ParentDir};
        match (part, parts.last()) {
            (CurDir, _) => {}
            (ParentDir, Some(Normal(_))) => {
                parts.pop();
            }
            (part, _) => parts.push(part),
        }
    }
    match parts.is_empty() {
        true => PathBuf::from("."),
        false => parts.into_iter().collect(),
    }
}

/// Why a file cannot be read, in the words of Go.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        io::ErrorKind::NotADirectory => "not a directory".to_owned(),
        _ => error.to_string(),
    }
}
