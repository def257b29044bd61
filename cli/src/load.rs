//! Finds and reads files: named ones, those of directories, those that globs match, and stdin.

mod find;
mod walk;

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ajj_engine::{Diagnostic, Source, Span};

use find::What;
pub(crate) use find::is_rego;

/// What was read, each file once, in the order of the arguments, sorted within each.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The texts.
    pub(crate) sources: Vec<Source>,
    /// What could not be read, and what is odd.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Texts that are there for the places of diagnostics only.
    pub(crate) broken: Vec<Source>,
}

/// The argument and file name of standard input.
pub(crate) const STDIN: &str = "-";

/// Reads what the arguments name. Whatever cannot be read is a diagnostic; the rest still is.
pub(crate) fn load(arguments: &[String], stdin: impl Read) -> Loaded {
    load_for(What::Documents, arguments, stdin)
}

/// Reads policies, among which may be Rego.
pub(crate) fn load_policies(arguments: &[String], stdin: impl Read) -> Loaded {
    load_for(What::Policies, arguments, stdin)
}

fn load_for(what: What, arguments: &[String], stdin: impl Read) -> Loaded {
    let mut loaded = Loaded::default();
    let mut seen = BTreeSet::new();
    let mut stdin = Some(stdin);
    for argument in arguments {
        if argument == STDIN {
            match stdin.take() {
                Some(stdin) => loaded.read(STDIN, stdin),
                None => loaded.diagnostics.push(Diagnostic::warning(
                    "stdin-twice",
                    "`-` is given twice; stdin is read once",
                )),
            }
            continue;
        }
        let found = find::find(argument, what);
        loaded.diagnostics.extend(found.diagnostics);
        for path in found.files {
            if seen.insert(Identity::of(&path)) {
                loaded.read_file(&path);
            }
        }
    }
    loaded
}

/// The files of policies that arguments stand for, unread.
pub(crate) fn find_files(arguments: &[String]) -> Vec<PathBuf> {
    arguments.iter().flat_map(|argument| find::find(argument, What::Policies).files).collect()
}

/// A file, by whatever name: links may lead to one file by two.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Identity {
    /// Device and number in it.
    #[cfg(unix)]
    Inode(u64, u64),
    /// Where the system has no such numbers, and for what is not there.
    Path(PathBuf),
}

impl Identity {
    #[cfg(unix)]
    pub(crate) fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        match std::fs::metadata(path) {
            Ok(metadata) => Self::Inode(metadata.dev(), metadata.ino()),
            Err(_) => Self::Path(path.to_owned()),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(path: &Path) -> Self {
        Self::Path(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    }
}

/// The names of files below a directory that may hold test suites, and of texts of Rego.
pub(crate) fn find_suites(
    path: &Path,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (found, rego) = find::find_suites(path);
    diagnostics.extend(found.diagnostics);
    (found.files, rego)
}

fn read_all(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_into(&mut bytes, reader)?;
    Ok(bytes)
}

/// Reads to the end, in place of what `bytes` held. A file is not asked for its size first: most fit
/// into the first buffer.
pub(crate) fn read_into(bytes: &mut Vec<u8>, reader: impl Read) -> std::io::Result<()> {
    bytes.clear();
    bytes.reserve(16 << 10);
    // Invariant: no file is as long, so the limit only hides which reader it is.
    reader.take(u64::MAX).read_to_end(bytes)?;
    Ok(())
}

impl Loaded {
    /// Reads one file that is known to be there.
    pub(crate) fn of_file(path: &Path) -> Self {
        let mut loaded = Self::default();
        loaded.read_file(path);
        loaded
    }

    /// Takes what was read of a file.
    pub(crate) fn of_bytes(path: &Path, bytes: Vec<u8>) -> Self {
        let mut loaded = Self::default();
        loaded.take(&display_name(path), bytes);
        loaded
    }

    fn read_file(&mut self, path: &Path) {
        let name = display_name(path);
        match std::fs::File::open(path) {
            Ok(file) => self.read(&name, file),
            Err(error) => self.diagnostics.push(unreadable(&name, &error)),
        }
    }

    fn read(&mut self, name: &str, reader: impl Read) {
        match read_all(reader) {
            Ok(bytes) => self.take(name, bytes),
            Err(error) => self.diagnostics.push(unreadable(name, &error)),
        }
    }

    fn take(&mut self, name: &str, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) => self.sources.push(Source::new(name, text)),
            Err(error) => {
                let start = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let is_utf16 = matches!(error.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
                let byte = error.as_bytes().get(start).copied().unwrap_or_default();
                // The place counts from after a byte order mark, as `Source` leaves it out.
                let start = start.saturating_sub(if text.starts_with('\u{feff}') { 3 } else { 0 });
                let source = Source::new(name, text);
                let span = Span { source: source.name.clone(), start, end: start };
                let message = format!("expected UTF-8, found the byte 0x{byte:02x}");
                let help = match is_utf16 {
                    true => "this looks like UTF-16; save the file as UTF-8",
                    false => "save the file as UTF-8",
                };
                let diagnostic = Diagnostic::error("invalid-utf8", message);
                self.diagnostics.push(diagnostic.at(Some(span)).help(help));
                self.broken.push(source);
            }
        }
    }
}

/// A diagnostic about a file as a whole; its first byte stands for it.
pub(crate) fn at_file(diagnostic: Diagnostic, name: &str) -> Diagnostic {
    diagnostic.at(Some(Span { source: Arc::from(name), start: 0, end: 0 }))
}

fn unreadable(name: &str, error: &std::io::Error) -> Diagnostic {
    let (code, why) = match error.kind() {
        ErrorKind::NotFound => ("path-not-found", "no such file or directory".to_owned()),
        ErrorKind::PermissionDenied => ("unreadable", "permission denied".to_owned()),
        _ => ("unreadable", error.to_string()),
    };
    at_file(Diagnostic::error(code, format!("cannot read `{name}`: {why}")), name)
}

/// A path as it was given, with `/` and without a leading `./`.
pub(crate) fn display_name(path: &Path) -> String {
    let mut name = String::new();
    for component in path.components() {
        use std::path::Component::{CurDir, Normal, ParentDir, Prefix, RootDir};
        let part = match component {
            CurDir => continue,
            RootDir => {
                name.push('/');
                continue;
            }
            ParentDir => "..".into(),
            Prefix(prefix) => prefix.as_os_str().to_string_lossy(),
            Normal(part) => part.to_string_lossy(),
        };
        if !name.is_empty() && !name.ends_with('/') {
            name.push('/');
        }
        name.push_str(&part);
    }
    if name.is_empty() { ".".to_owned() } else { name }
}

/// A path without `.` parts, so that names and order do not depend on how it was spelled.
fn tidy(path: &Path) -> PathBuf {
    let tidied: PathBuf =
        path.components().filter(|part| *part != std::path::Component::CurDir).collect();
    if tidied.as_os_str().is_empty() { PathBuf::from(".") } else { tidied }
}

#[cfg(test)]
mod tests;
