//! Finds test suites, and reads the files that they name, each file once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ajj_engine::suite::{FileRole, Suite};
use ajj_engine::{Diagnostic, Document, Limits, Reading, Source, read};

use memchr::memmem;

use crate::load::{Identity, Loaded, at_file, find_suites, is_rego, load, read_into};

/// A suite and where it stands.
#[derive(Debug)]
pub(crate) struct Found {
    /// The file's name as it was given.
    pub(crate) path: String,
    pub(crate) suite: Suite,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What the arguments name.
#[derive(Debug, Default)]
pub(crate) struct Suites {
    pub(crate) found: Vec<Found>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Texts that diagnostics point into.
    pub(crate) sources: Vec<Source>,
    /// What else was read: most of it is what the suites name.
    pub(crate) others: Others,
    /// Files of Rego, of which some may hold tests.
    pub(crate) rego: RegoFiles,
}

/// Files of Rego.
#[derive(Debug, Default)]
pub(crate) struct RegoFiles {
    /// All of directories that were named.
    pub(crate) found: Vec<PathBuf>,
    /// Those that were named themselves.
    pub(crate) named: Vec<PathBuf>,
}

/// The bytes of files that were looked through, by path.
#[derive(Debug, Default)]
pub(crate) struct Others {
    bytes: HashMap<PathBuf, Box<[u8]>>,
    length: usize,
}

/// No more is kept of files that suites may name; what is beyond is read again.
const KEPT: usize = 16 << 20;

/// What every suite is known by, wherever it stands in a file.
const MARKS: [&[u8]; 2] = [b"cli.kyverno.io/", b"test.gatekeeper.sh/"];

/// The file that upstream takes for a suite, whatever it holds.
const NAME: &str = "kyverno-test.yaml";

/// Finds the suites that arguments name: in files, and in files below directories.
pub(crate) fn find(arguments: &[String]) -> Suites {
    let mut suites = Suites::default();
    let mut seen = BTreeSet::new();
    let mut buffer = Vec::new();
    for argument in arguments {
        let path = Path::new(argument);
        if path.is_dir() {
            let (files, rego) = find_suites(path, &mut suites.diagnostics);
            for file in files {
                suites.read_if_marked(file, &mut buffer, &mut seen);
            }
            suites.rego.found.extend(rego);
        } else if is_rego(path) {
            suites.rego.named.push(path.to_owned());
        } else if seen.insert(Identity::of(path)) {
            let named = std::slice::from_ref(argument);
            suites.take(load(named, std::io::stdin().lock()), false);
        }
    }
    suites
}

impl Suites {
    /// Reads a file that may hold suites; most do not, but one that is named so has to.
    fn read_if_marked(
        &mut self,
        file: PathBuf,
        buffer: &mut Vec<u8>,
        seen: &mut BTreeSet<Identity>,
    ) {
        let may_be_none = file.file_name().is_none_or(|name| name != NAME);
        let read = std::fs::File::open(&file).and_then(|open| read_into(buffer, open));
        let loaded = match read {
            Ok(())
                if may_be_none && MARKS.iter().all(|mark| memmem::find(buffer, mark).is_none()) =>
            {
                return self.others.keep(file, buffer);
            }
            Ok(()) => Loaded::of_bytes(&file, buffer.clone()),
            // One that cannot be read may hold anything, and is said.
            Err(_) => Loaded::of_file(&file),
        };
        if seen.insert(Identity::of(&file)) {
            self.take(loaded, may_be_none);
        }
    }

    fn take(&mut self, loaded: Loaded, may_be_none: bool) {
        let Loaded { sources, diagnostics, broken } = loaded;
        self.diagnostics.extend(diagnostics);
        self.sources.extend(broken);
        for source in sources {
            let reading = read(&source, &Limits::default());
            let before = self.found.len();
            for (suite, diagnostics) in reading.documents.iter().filter_map(Suite::decode) {
                self.found.push(Found { path: source.name.to_string(), suite, diagnostics });
            }
            if self.found.len() == before && !may_be_none && reading.diagnostics.is_empty() {
                let message = format!("`{}` is no test suite", source.name);
                let help = "a suite has `apiVersion: cli.kyverno.io/v1alpha1` and `kind: Test`, or \
                            `apiVersion: test.gatekeeper.sh/v1alpha1` and `kind: Suite`";
                let diagnostic = Diagnostic::error("not-a-suite", message).help(help);
                self.diagnostics.push(at_file(diagnostic, &source.name));
            }
            if !reading.diagnostics.is_empty() {
                self.diagnostics.extend(reading.diagnostics);
                self.sources.push(source);
            }
        }
    }
}

impl Others {
    fn keep(&mut self, file: PathBuf, bytes: &[u8]) {
        if self.length + bytes.len() <= KEPT {
            self.length += bytes.len();
            self.bytes.insert(file, bytes.into());
        }
    }
}

/// The documents of files, read once for all suites.
#[derive(Debug, Default)]
pub(crate) struct Library {
    files: Mutex<HashMap<PathBuf, Arc<File>>>,
    others: Mutex<Others>,
}

/// What a path holds: a file, or the files of a directory.
#[derive(Debug, Default)]
struct File {
    documents: Vec<Document>,
    diagnostics: Vec<Diagnostic>,
    /// Texts of which a document could not be read.
    sources: Vec<Source>,
    /// Whether nothing could be read.
    is_missing: bool,
}

/// The files of one suite.
#[derive(Debug, Default)]
pub(crate) struct SuiteFiles {
    pub(crate) documents: BTreeMap<String, Vec<Document>>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) sources: Vec<Source>,
}

impl Library {
    /// Takes over what was read when suites were looked for.
    pub(crate) fn new(others: Others) -> Self {
        Self { files: Mutex::default(), others: Mutex::new(others) }
    }

    /// Reads the files that a suite names. One that cannot be read is left out, and said with the
    /// place where it is named.
    pub(crate) fn files_of(&self, found: &Found) -> SuiteFiles {
        let directory = Path::new(&found.path).parent().unwrap_or(Path::new(""));
        let mut files = SuiteFiles::default();
        for named in found.suite.files() {
            if files.documents.contains_key(&named.path) {
                continue;
            }
            let path = plain(&directory.join(&named.path));
            if named.role == FileRole::Other {
                // Nothing that this build evaluates reads it; a wrong path is wrong all the same.
                if path.exists() {
                    files.documents.insert(named.path.clone(), Vec::new());
                } else {
                    files.diagnostics.push(missing(found, named));
                }
                continue;
            }
            let file = self.read(&path);
            if file.is_missing {
                files.diagnostics.push(missing(found, named));
                continue;
            }
            files.diagnostics.extend(file.diagnostics.iter().cloned());
            files.sources.extend(file.sources.iter().cloned());
            files.documents.insert(named.path.clone(), file.documents.clone());
        }
        files
    }

    fn read(&self, path: &Path) -> Arc<File> {
        let known = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = known().get(path) {
            return Arc::clone(file);
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = others.bytes.remove(path);
        drop(others);
        let file = Arc::new(match bytes {
            Some(bytes) => File::of(Loaded::of_bytes(path, bytes.into_vec())),
            None => read_file(path),
        });
        known().insert(path.to_owned(), Arc::clone(&file));
        file
    }
}

fn read_file(path: &Path) -> File {
    match path.metadata() {
        Err(_) => File { is_missing: true, ..File::default() },
        Ok(metadata) if metadata.is_file() => File::of(Loaded::of_file(path)),
        Ok(_) => File::of(load(&[path.to_string_lossy().into_owned()], std::io::empty())),
    }
}

impl File {
    fn of(loaded: Loaded) -> Self {
        let Loaded { sources, diagnostics, broken } = loaded;
        let mut file = Self { diagnostics, sources: broken, ..Self::default() };
        for source in sources {
            let Reading { documents, diagnostics, .. } = read(&source, &Limits::default());
            if !diagnostics.is_empty() {
                file.sources.push(source);
            }
            file.diagnostics.extend(diagnostics);
            file.documents.extend(documents);
        }
        file
    }
}

fn missing(found: &Found, named: &ajj_engine::suite::SuiteFile) -> Diagnostic {
    let message = format!("`{}` does not exist", named.path);
    Diagnostic::error("path-not-found", message).at(Some(found.suite.file_span(named)))
}

/// A path without `.` and, where that changes nothing, `..`.
fn plain(path: &Path) -> PathBuf {
    use std::path::Component::{CurDir, Normal, ParentDir};
    let mut plain = PathBuf::new();
    for component in path.components() {
        let last_is_name = matches!(plain.components().next_back(), Some(Normal(_)));
        match component {
            CurDir => {}
            // A link may lead elsewhere, so that its parent is another.
            ParentDir if last_is_name && !plain.is_symlink() => {
                plain.pop();
            }
            component => plain.push(component),
        }
    }
    plain
}
