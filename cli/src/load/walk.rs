//! Lists the files below a directory.

use std::ffi::OsString;
use std::fs::{FileType, read_dir};
use std::io;
use std::path::{Path, PathBuf};

use ajj_engine::Diagnostic;

use super::find::Found;
use super::{Identity, at_file, display_name, unreadable};

/// Directories of version control.
const NOT_WALKED: &[&str] = &[".git", ".jj", ".hg", ".svn"];

/// Every file below a directory, in the order of their paths; links are followed.
pub(super) fn walk(path: &Path, skip_hidden: bool) -> Found {
    let mut walk = Walk { skip_hidden, found: Found::default() };
    walk.list(&Directory { path, around: None });
    walk.found.diagnostics.sort_by(|left, right| left.span.cmp(&right.span));
    walk.found
}

struct Walk {
    skip_hidden: bool,
    found: Found,
}

/// A directory that is being listed, and the one in which it was found.
struct Directory<'a> {
    path: &'a Path,
    around: Option<&'a Self>,
}

impl Walk {
    /// Lists a directory. Systems bound the length of paths, and with it how deep this goes.
    fn list(&mut self, directory: &Directory<'_>) {
        let children = match self.children(directory.path) {
            Ok(children) => children,
            Err(error) => return self.cannot_read(directory.path, &error),
        };
        for (name, kind) in children {
            let path = directory.path.join(name);
            match kind {
                Ok(kind) if kind.is_symlink() => self.follow(path, directory),
                Ok(kind) => self.take(path, kind, directory),
                Err(error) => self.cannot_read(&path, &error),
            }
        }
    }

    /// What stands in a directory, sorted by name, which sorts all paths where each directory's
    /// files are listed in its place.
    fn children(&mut self, path: &Path) -> io::Result<Vec<(OsString, io::Result<FileType>)>> {
        let mut children = Vec::new();
        for entry in read_dir(path)? {
            match entry {
                Ok(entry) => children.push((entry.file_name(), entry.file_type())),
                Err(error) => self.cannot_read(path, &error),
            }
        }
        children.retain(|(name, _)| !self.leaves_out(name));
        children.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        Ok(children)
    }

    fn leaves_out(&self, name: &OsString) -> bool {
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        is_hidden && (self.skip_hidden || NOT_WALKED.iter().any(|known| name == known))
    }

    fn take(&mut self, path: PathBuf, kind: FileType, directory: &Directory<'_>) {
        if kind.is_dir() {
            self.list(&Directory { path: &path, around: Some(directory) });
        } else if kind.is_file() {
            self.found.files.push(path);
        }
    }

    fn follow(&mut self, path: PathBuf, directory: &Directory<'_>) {
        let kind = match path.metadata() {
            Ok(metadata) => metadata.file_type(),
            Err(error) => return self.cannot_read(&path, &error),
        };
        if kind.is_dir()
            && let Some(ancestor) = directory.same_as(&path)
        {
            let (child, ancestor) = (display_name(&path), display_name(ancestor));
            let message = format!("`{child}` links back to `{ancestor}` and is not followed");
            let diagnostic = Diagnostic::warning("link-loop", message);
            return self.found.diagnostics.push(at_file(diagnostic, &child));
        }
        self.take(path, kind, directory);
    }

    fn cannot_read(&mut self, path: &Path, error: &io::Error) {
        self.found.diagnostics.push(unreadable(&display_name(path), error));
    }
}

impl Directory<'_> {
    /// The path of this directory or of one around it, if `path` leads to the same.
    fn same_as(&self, path: &Path) -> Option<&Path> {
        let wanted = Identity::of(path);
        let mut directory = Some(self);
        while let Some(known) = directory {
            if Identity::of(known.path) == wanted {
                return Some(known.path);
            }
            directory = known.around;
        }
        None
    }
}
