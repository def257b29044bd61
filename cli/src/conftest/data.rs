//! The document `data`: the contents of files under the names of their directories.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ajj_config::Parser;
use ajj_engine::{Limits, Node, Tree, parse_json};

use super::Failure;
use super::files::reason;
use super::json::quoted;

/// How many directories and maps of several files may stand in each other.
const MAX_DEPTH: usize = 100;

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct Data {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
enum Entry {
    /// A map that several files fill.
    Map(BTreeMap<String, Self>),
    /// The JSON of a value that one file gives.
    Json(String),
}

impl Data {
    /// Adds a file below keys.
    pub(crate) fn add(&mut self, file: &Path, keys: &[String]) -> Result<(), Failure> {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("open {name}: {}", reason(&error)))?;
        let parser = match file.extension().and_then(|extension| extension.to_str()) {
            Some(extension) if extension.eq_ignore_ascii_case("json") => Parser::Json,
            _ => Parser::Yaml,
        };
        let config =
            ajj_config::parse(parser, &text).map_err(|error| format!("{name}: {error}"))?;
        let [tree] = config.documents.as_slice() else {
            return Err(format!("{name}: expected one document, found {}", config.documents.len()));
        };
        let mut entries = &mut self.entries;
        if keys.len() > MAX_DEPTH {
            return Err(format!("{name}: directories stand in each other too deep"));
        }
        let clash = || format!("{name}: merge error");
        let Some((last, before)) = keys.split_last() else {
            let Some(map) = tree.root().as_map() else {
                return Err(format!("{name}: document must be of type object"));
            };
            for (key, value) in map.iter() {
                merge(entries, key, value, 0).map_err(|()| clash())?;
            }
            return Ok(());
        };
        for key in before {
            entries = opened(entries, key).map_err(|()| clash())?;
        }
        merge(entries, last, tree.root(), before.len()).map_err(|()| clash())
    }

    pub(crate) fn finish(self) -> Result<Arc<Tree>, Failure> {
        tree(&shown(&self.entries))
    }
}

/// The map under a key, made if it is not there.
fn opened<'e>(
    entries: &'e mut BTreeMap<String, Entry>,
    key: &str,
) -> Result<&'e mut BTreeMap<String, Entry>, ()> {
    let entry = entries.entry(key.to_owned()).or_insert_with(|| Entry::Map(BTreeMap::new()));
    if let Entry::Json(json) = entry {
        let tree = parse_json(json.as_str(), &Limits::default()).map_err(|_| ())?;
        let map = tree.root().as_map().ok_or(())?;
        let entries = map.iter().map(|(key, value)| (key.to_owned(), Entry::Json(value.to_json())));
        *entry = Entry::Map(entries.collect());
    }
    match entry {
        Entry::Map(entries) => Ok(entries),
        Entry::Json(_) => Err(()),
    }
}

/// Puts a value under a key; maps are put together, anything else may be there once.
fn merge(
    entries: &mut BTreeMap<String, Entry>,
    key: &str,
    value: Node<'_>,
    depth: usize,
) -> Result<(), ()> {
    if !entries.contains_key(key) {
        entries.insert(key.to_owned(), Entry::Json(value.to_json()));
        return Ok(());
    }
    let map = value.as_map().filter(|_| depth < MAX_DEPTH).ok_or(())?;
    let known = opened(entries, key)?;
    map.iter().try_for_each(|(key, value)| merge(known, key, value, depth + 1))
}

/// The JSON of maps; how deep they stand in each other was bounded.
fn shown(entries: &BTreeMap<String, Entry>) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(key, entry)| {
            let value = match entry {
                Entry::Map(entries) => shown(entries),
                Entry::Json(json) => json.clone(),
            };
            format!("{}:{value}", quoted(key))
        })
        .collect();
    format!("{{{}}}", entries.join(","))
}

pub(crate) fn tree(json: &str) -> Result<Arc<Tree>, Failure> {
    parse_json(json, &Limits::default()).map(Arc::new).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::Data;

    #[test]
    fn directories_are_keys_and_maps_are_put_together() {
        let folder = std::env::temp_dir().join(format!("ajj-data-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let add = |data: &mut Data, name: &str, text: &str, keys: &[&str]| {
            let file = folder.join(name);
            std::fs::write(&file, text).unwrap();
            data.add(&file, &keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>())
        };
        let mut data = Data::default();
        add(&mut data, "a.yaml", "x: {v: 1}\n", &[]).unwrap();
        add(&mut data, "b.json", r#"{"z": [2]}"#, &["x"]).unwrap();
        add(&mut data, "c.yml", "- 3\n", &["x", "w"]).unwrap();
        assert!(add(&mut data, "d.yaml", "x: {v: 2}\n", &[]).unwrap_err().contains("merge error"));
        assert!(add(&mut data, "e.yaml", "- 1\n", &[]).unwrap_err().contains("of type object"));
        assert!(
            add(&mut data, "f.yaml", "a: 1\n---\nb: 2\n", &[]).unwrap_err().contains("found 2")
        );
        std::fs::remove_dir_all(&folder).unwrap();
        let shown = data.finish().unwrap().root().to_json();
        assert_eq!(shown, r#"{"x":{"v":1,"w":[3],"z":[2]}}"#);
    }
}
