use std::path::PathBuf;

use super::{Loaded, load};

/// A directory of its own for each test, gone when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ajj-load-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn load(&self, arguments: &[&str]) -> Loaded {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| match *argument {
                "-" => "-".to_owned(),
                argument => format!("{}/{argument}", self.0.display()),
            })
            .collect();
        load(&arguments, "from: stdin".as_bytes())
    }

    /// The names of what was read, without the directory.
    fn names(&self, loaded: &Loaded) -> Vec<String> {
        let root = format!("{}/", self.0.display());
        loaded.sources.iter().map(|source| source.name.replace(&root, "")).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn codes(loaded: &Loaded) -> Vec<&'static str> {
    loaded.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn a_directory_is_walked_in_order_without_hidden_and_other_files() {
    let scratch = Scratch::new("walk");
    for name in
        ["b.yml", "a/z.YAML", "a/y.json", "a-b.yaml", ".hidden.yaml", ".git/x.yaml", "n.txt"]
    {
        scratch.write(name, "a: 1");
    }
    scratch.write(".gitignore", "b.yml");
    let loaded = scratch.load(&["./."]);
    assert_eq!(scratch.names(&loaded), ["a/y.json", "a/z.YAML", "a-b.yaml", "b.yml"]);
    assert_eq!(codes(&loaded), [""; 0]);
}

#[test]
fn a_file_is_read_once_and_whatever_its_name() {
    let scratch = Scratch::new("once");
    scratch.write("d/a.yaml", "a: 1");
    scratch.write("d/manifest.txt", "a: 1");
    let loaded = scratch.load(&["d/manifest.txt", "d/../d/a.yaml", "d", "./d/a.yaml"]);
    assert_eq!(scratch.names(&loaded), ["d/manifest.txt", "d/../d/a.yaml"]);
}

#[test]
fn globs() {
    let scratch = Scratch::new("glob");
    for name in ["a.yaml", "b.yaml", "c/d.yaml", "c/e/f.yaml", "c/e/g.txt"] {
        scratch.write(name, "a: 1");
    }
    for (glob, expected) in [
        ("*.yaml", &["a.yaml", "b.yaml"][..]),
        ("c/**/*.yaml", &["c/d.yaml", "c/e/f.yaml"]),
        ("**/{d,f}.yaml", &["c/d.yaml", "c/e/f.yaml"]),
        ("c/*/*", &["c/e/f.yaml", "c/e/g.txt"]),
    ] {
        let loaded = scratch.load(&[glob]);
        assert_eq!(scratch.names(&loaded), expected, "{glob}");
    }
    assert_eq!(
        codes(&scratch.load(&["*.json", "no/*.yaml", "[a"])),
        ["path-not-found", "path-not-found", "invalid-glob"]
    );
}

#[test]
fn stdin_is_read_once() {
    let scratch = Scratch::new("stdin");
    let loaded = scratch.load(&["-", "-"]);
    assert_eq!(scratch.names(&loaded), ["-"]);
    assert_eq!(&*loaded.sources[0].text, "from: stdin");
    assert_eq!(codes(&loaded), ["stdin-twice"]);
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_read() {
    let scratch = Scratch::new("bad");
    scratch.write("a.yaml", "a: 1");
    scratch.write("b.yaml", b"a: 1\nb: \xff\n");
    scratch.write("empty/n.txt", "");
    let loaded = scratch.load(&["missing.yaml", "b.yaml", "empty", "a.yaml"]);
    assert_eq!(scratch.names(&loaded), ["a.yaml"]);
    assert_eq!(codes(&loaded), ["path-not-found", "invalid-utf8", "no-manifests"]);
    let span = loaded.diagnostics[1].span.as_ref().unwrap();
    let place = loaded.broken[0].line_column(span.start);
    assert_eq!((place.line, place.column), (2, 4));
}

#[test]
fn charts_are_said_and_left_out() {
    let scratch = Scratch::new("chart");
    for name in ["web/Chart.yaml", "web/values.yaml", "web/templates/a.yaml", "b.yaml"] {
        scratch.write(name, "a: 1");
    }
    let loaded = scratch.load(&["./"]);
    assert_eq!(scratch.names(&loaded), ["b.yaml", "web/Chart.yaml", "web/values.yaml"]);
    assert_eq!(codes(&loaded), ["helm-chart"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    let scratch = Scratch::new("links");
    scratch.write("d/a.yaml", "a: 1");
    std::os::unix::fs::symlink(".", scratch.0.join("d/self")).unwrap();
    std::os::unix::fs::symlink("a.yaml", scratch.0.join("d/b.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere", scratch.0.join("d/c.yaml")).unwrap();
    let loaded = scratch.load(&["d"]);
    assert_eq!(scratch.names(&loaded), ["d/a.yaml"]);
    let mut codes = codes(&loaded);
    codes.sort_unstable();
    assert_eq!(codes, ["link-loop", "path-not-found"]);
}
