//! Temporary folders that go with the process that made them.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::process::{Lease, shell};

/// Removes the folder when the pipe on standard input ends; again for a while, since programs that
/// are being killed may still write to it.
const REMOVE_AFTERWARDS: &str = r#"
trap '' HUP INT QUIT TERM
read -r line
attempt=0
until rm -rf -- "$1" || [ $((attempt += 1)) -gt 50 ]; do sleep 0.1; done
"#;

/// A temporary folder; removed when it is dropped, or when this process ends.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    watcher: Child,
    lease: Lease,
}

impl Folder {
    /// Creates a folder that only this user can read, with a name that begins as given.
    pub fn create(prefix: &str) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(&format!("ajj-{prefix}")).tempdir()?;
        let mut watcher = shell(REMOVE_AFTERWARDS)
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let lease = Lease(watcher.stdin.take());
        Ok(Self { path: folder.keep(), watcher, lease })
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.lease.give_back();
        // The watcher removes it in any case, so that there is one way to do it.
        let _ = self.watcher.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_folder_is_gone_with_what_is_in_it() {
        let folder = Folder::create("folder-").unwrap();
        let path = folder.path().to_owned();
        std::fs::create_dir(path.join("inner")).unwrap();
        std::fs::write(path.join("inner/file"), "text").unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
