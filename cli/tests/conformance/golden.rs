//! Finds and reads the recorded answers.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of recorded answers and upstream corpora.
#[derive(Debug)]
pub(crate) struct Golden {
    root: PathBuf,
}

impl Golden {
    /// Where `AJJ_SHARED` points, else `shared` beside the repository.
    pub(crate) fn find() -> Option<Self> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
        let root = std::env::var_os("AJJ_SHARED").map_or(beside, PathBuf::from);
        root.join("golden").is_dir().then_some(Self { root })
    }

    pub(crate) fn golden(&self, path: &str) -> PathBuf {
        self.root.join("golden").join(path)
    }

    pub(crate) fn corpus(&self, path: &str) -> PathBuf {
        self.root.join("corpus").join(path)
    }

    pub(crate) fn text(&self, path: &str) -> String {
        read(&self.golden(path))
    }

    /// The documents of a file of JSON lines, which may be compressed.
    pub(crate) fn json_lines(&self, path: &str) -> Vec<Value> {
        let file = self.golden(path);
        let text = if path.ends_with(".gz") {
            let output = Command::new("gzip").arg("-dc").arg(&file).output().unwrap();
            assert!(output.status.success(), "gzip -dc {}", file.display());
            String::from_utf8(output.stdout).unwrap()
        } else {
            read(&file)
        };
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub(crate) fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The files below a folder whose name ends so, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

pub(crate) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}
