//! `conftest pull` and `test --update`: fetches policies from files of this machine.
//!
//! Conftest fetches from anywhere (`github.com/hashicorp/go-getter`); what is not a file is an
//! error here.

use std::fs;
use std::path::{Path, PathBuf};

use super::config_file::ConfigFile;
use super::files::{children, clean, reason};
use super::{Ended, Failure};
use crate::args::PullArguments;

pub(super) fn run(arguments: &PullArguments, settings: &ConfigFile) -> Result<Ended, Failure> {
    if arguments.urls.is_empty() {
        return Err("missing required arguments".to_owned());
    }
    let policy = settings.text("policy", arguments.policy.as_deref())?;
    let policy = policy.unwrap_or_else(|| "policy".to_owned());
    let keeps_root = settings.truth("absolute-paths", arguments.absolute_paths)?;
    let directory = match keeps_root {
        true => PathBuf::from(&policy),
        false => clean(Path::new(policy.trim_start_matches('/'))),
    };
    fetch(&arguments.urls, &directory)
        .map_err(|failure| format!("download policies: {failure}"))?;
    Ok(Ended::well(String::new()))
}

/// Copies what the URLs name into a directory.
pub(super) fn fetch(urls: &[String], directory: &Path) -> Result<(), Failure> {
    for url in urls {
        let source = local_path(url)?;
        let metadata = fs::metadata(&source)
            .map_err(|error| format!("stat {}: {}", source.display(), reason(&error)))?;
        fs::create_dir_all(directory)
            .map_err(|error| format!("mkdir {}: {}", directory.display(), reason(&error)))?;
        if metadata.is_dir() {
            copy_directory(&source, directory)?;
        } else if let Some(name) = source.file_name() {
            copy_file(&source, &directory.join(name))?;
        }
    }
    Ok(())
}

/// The path that `file::PATH`, `file://PATH` or a path that is there names.
fn local_path(url: &str) -> Result<PathBuf, Failure> {
    let forced = url.strip_prefix("file::");
    let rest = forced.unwrap_or(url);
    match rest.strip_prefix("file://") {
        Some(path) => Ok(PathBuf::from(path)),
        None if forced.is_some() || Path::new(rest).exists() => Ok(PathBuf::from(rest)),
        None => Err(format!(
            "`{url}` is not supported by ajj, which fetches files of this machine only; \
             fetch it with another tool and name the directory with --policy"
        )),
    }
}

/// Copies files and directories; systems bound how deep this goes.
fn copy_directory(source: &Path, target: &Path) -> Result<(), Failure> {
    for path in children(source)? {
        let Some(name) = path.file_name() else { continue };
        let copy = target.join(name);
        if path.is_dir() {
            fs::create_dir_all(&copy)
                .map_err(|error| format!("mkdir {}: {}", copy.display(), reason(&error)))?;
            copy_directory(&path, &copy)?;
        } else {
            copy_file(&path, &copy)?;
        }
    }
    Ok(())
}

fn copy_file(source: &Path, target: &Path) -> Result<(), Failure> {
    let copied = fs::copy(source, target);
    copied.map(drop).map_err(|error| format!("copy {}: {}", source.display(), reason(&error)))
}
