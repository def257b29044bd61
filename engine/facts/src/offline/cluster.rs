//! Objects of files, as a cluster would answer for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ajj_engine::manifest::{Content, objects};
use ajj_engine::{FactError, Limits, Source, Tree, inventory, parse_json, read};

use super::api_path::ApiPath;
use super::{declared, selector};

/// Objects by what a path names: group, version, resource; then namespace and name.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    kinds: BTreeMap<(String, String, String), Kind>,
}

#[derive(Debug, Default)]
struct Kind {
    kind: String,
    objects: BTreeMap<(String, String), Arc<Tree>>,
}

impl Cluster {
    /// Reads every object; of one name, the first counts. What cannot be read was said before.
    pub(super) fn new<'s>(sources: impl Iterator<Item = &'s Source>) -> Self {
        let mut found = Vec::new();
        for source in sources {
            for document in read(source, &Limits::default()).documents {
                if declared::is_facts(document.tree().root()) {
                    continue;
                }
                if let Content::Objects(manifests) = objects(document.tree()) {
                    found.extend(manifests.into_iter().map(|manifest| manifest.object));
                }
            }
        }
        let plurals = custom_plurals(&found);
        let mut cluster = Self::default();
        for object in found {
            let text = |keys: &[&str]| {
                let node = object.root().at(keys);
                node.and_then(|node| node.as_str()).unwrap_or_default().to_owned()
            };
            let (api_version, kind) = (text(&["apiVersion"]), text(&["kind"]));
            let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
            let known = plurals.get(&(group.to_owned(), kind.clone()));
            let resource = known.cloned().unwrap_or_else(|| plural(&kind));
            let place = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
            let key = (group.to_owned(), version.to_owned(), resource);
            let entry = cluster.kinds.entry(key).or_default();
            entry.kind = kind;
            entry.objects.entry(place).or_insert(object);
        }
        cluster
    }

    /// All objects, as `data.inventory` of Gatekeeper has them.
    pub(super) fn inventory(&self) -> Arc<Tree> {
        let objects = self.kinds.values().flat_map(|kind| kind.objects.values());
        inventory(objects.map(|object| &**object))
    }

    /// The object or list at a path. Without `is_complete`, what is not there is unknown.
    pub(super) fn get(&self, path: &ApiPath, is_complete: bool) -> Result<Arc<Tree>, FactError> {
        let absent = if is_complete { FactError::NotFound } else { FactError::Offline };
        let key = (path.group.clone(), path.version.clone(), path.resource.clone());
        let kind = self.kinds.get(&key);
        if !path.name.is_empty() {
            let place = (path.namespace.clone(), path.name.clone());
            return kind.and_then(|kind| kind.objects.get(&place)).cloned().ok_or(absent);
        }
        if kind.is_none() && !is_complete {
            return Err(absent);
        }
        let mut items = Vec::new();
        for ((namespace, _), object) in kind.iter().flat_map(|kind| &kind.objects) {
            if !path.namespace.is_empty() && *namespace != path.namespace {
                continue;
            }
            let root = object.root();
            let wanted = selector::matches_labels(root, &path.label_selector)
                .zip(selector::matches_fields(root, &path.field_selector));
            match wanted {
                Some((true, true)) => items.push(root.to_json()),
                Some(_) => (),
                None => return Err(FactError::Failed("the selector cannot be read".to_owned())),
            }
        }
        list(path, kind.map_or("", |kind| &kind.kind), &items)
    }
}

/// The list as the API server answers with it.
fn list(path: &ApiPath, kind: &str, items: &[String]) -> Result<Arc<Tree>, FactError> {
    let api_version = match path.group.as_str() {
        "" => path.version.clone(),
        group => format!("{group}/{}", path.version),
    };
    let text = format!(
        r#"{{"apiVersion":{},"kind":{},"metadata":{{"resourceVersion":""}},"items":[{}]}}"#,
        ajj_engine::Value::from(api_version).to_json(),
        ajj_engine::Value::from(format!("{kind}List")).to_json(),
        items.join(",")
    );
    let tree = parse_json(text, &Limits::default());
    tree.map(Arc::new).map_err(|error| FactError::Failed(error.to_string()))
}

/// The plurals that CustomResourceDefinitions give, by group and kind.
fn custom_plurals(objects: &[Arc<Tree>]) -> BTreeMap<(String, String), String> {
    let definitions = objects.iter().map(|object| object.root()).filter(|root| {
        root.get("kind").and_then(|kind| kind.as_str()) == Some("CustomResourceDefinition")
    });
    let names = definitions.filter_map(|root| {
        let text = |keys: &[&str]| Some(root.at(keys)?.as_str()?.to_owned());
        let group = text(&["spec", "group"])?;
        let kind = text(&["spec", "names", "kind"])?;
        Some(((group, kind), text(&["spec", "names", "plural"])?))
    });
    names.collect()
}

/// The plural of a kind, as Kubernetes' own kinds are named.
fn plural(kind: &str) -> String {
    let word = kind.to_ascii_lowercase();
    let before_last = word.chars().rev().nth(1).unwrap_or_default();
    let vowels = BTreeSet::from(['a', 'e', 'i', 'o', 'u']);
    if word.ends_with("endpoints") {
        return word;
    }
    match word.strip_suffix('y') {
        Some(stem) if !vowels.contains(&before_last) => format!("{stem}ies"),
        _ if word.ends_with(['s', 'x']) || word.ends_with("ch") || word.ends_with("sh") => {
            format!("{word}es")
        }
        _ => format!("{word}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn plurals() {
        for (kind, expected) in [
            ("Pod", "pods"),
            ("Endpoints", "endpoints"),
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("Gateway", "gateways"),
            ("StorageClass", "storageclasses"),
        ] {
            assert_eq!(plural(kind), expected);
        }
    }
}
