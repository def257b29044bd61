//! Mocked answers of services, of the API server and of the global context.
//!
//! Upstream: cmd/cli/kubectl-kyverno/store (mock.go, gctx_resolve.go), apis/v1alpha1/httpresponse.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::decode::{Fields, Problems};
use crate::diagnostic::Diagnostic;
use crate::facts::{FactError, FactKey, Facts, Method, MockedCall};
use crate::jmespath::Arena;
use crate::jmespath::{Budget, Expression, Scope};
use crate::manifest::{Content, objects};
use crate::read::{Document, Limits, parse_json};
use crate::tree::{Node, Tree};
use crate::value::{Text, Value};

/// What a suite answers instead of the world.
#[derive(Clone, Debug, Default)]
pub(super) struct Mocks {
    calls: Vec<MockedCall>,
    entries: Vec<GlobalEntry>,
}

/// A global context entry.
#[derive(Clone, Debug)]
struct GlobalEntry {
    name: String,
    data: Data,
    /// An expression that selects from the data; empty for all of it.
    field_path: String,
    projections: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
enum Data {
    None,
    Tree(Arc<Tree>),
    Files(Vec<String>),
}

/// Reads `apiCallResponses` and `globalContextEntries`; `name_file` gets the files they name.
pub(super) fn decode<'t>(
    fields: &mut Fields<'t, '_, '_>,
    problems: &Problems<'_>,
    name_file: &mut dyn FnMut(Node<'t>),
) -> Mocks {
    let mut mocks = Mocks::default();
    for node in fields.list("apiCallResponses").unwrap_or_default() {
        let Some(call) = call(node, problems) else { continue };
        let same =
            |known: &&MockedCall| known.address == call.address && known.method == call.method;
        if mocks.calls.iter().any(|known| same(&known)) {
            let message = "this call is answered twice";
            problems.at(node, Diagnostic::error("duplicate-mock", message));
        }
        mocks.calls.push(call);
    }
    for node in fields.list("globalContextEntries").unwrap_or_default() {
        mocks.entries.extend(global_entry(node, problems, name_file));
    }
    mocks
}

fn call(node: Node<'_>, problems: &Problems<'_>) -> Option<MockedCall> {
    let mut fields = Fields::of(node, "a call's response", problems)?.fold_case();
    let url = fields.text("url");
    let path = fields.text("urlPath");
    let methods = [("GET", Some(Method::Get)), ("POST", Some(Method::Post)), ("", None)];
    let method = fields.word("method", &methods).flatten();
    fields.require("response");
    let mut response = fields.fields("response")?.fold_case();
    let status = response.get("statusCode").map_or(Some(200), |status| match status.kind() {
        crate::tree::Kind::Int(status) => Some(status),
        _ => {
            problems.at(status, crate::decode::expected("statusCode", "a number", status));
            None
        }
    });
    let body = response.require("body").map(|body| Arc::new(body.to_tree()));
    response.finish();
    fields.finish();
    let ((Some(address), None) | (None, Some(address))) = (url, path) else {
        let message = "a call's response needs either `url` or `urlPath`";
        problems.at(node, Diagnostic::error("mock-address", message));
        return None;
    };
    Some(MockedCall { address: address.trim().to_owned(), method, status: status?, body: body? })
}

fn global_entry<'t>(
    node: Node<'t>,
    problems: &Problems<'_>,
    name_file: &mut dyn FnMut(Node<'t>),
) -> Option<GlobalEntry> {
    let mut fields = Fields::of(node, "a global context entry", problems)?.fold_case();
    fields.require("name");
    let name = fields.text("name").unwrap_or_default().to_owned();
    let data = fields.get("data").map(|data| Data::Tree(Arc::new(data.to_tree())));
    let list = fields.list("resources").filter(|items| !items.is_empty());
    let list = list.map(|items| Data::Tree(Arc::new(Tree::list_of(&items))));
    let files = fields.list("resourceFiles").filter(|files| !files.is_empty()).map(|files| {
        files.iter().for_each(|file| name_file(*file));
        Data::Files(files.iter().filter_map(|file| file.as_str()).map(str::to_owned).collect())
    });
    let field_path = fields.text("fieldPath").unwrap_or_default().to_owned();
    let mut projections = Vec::new();
    for node in fields.list("projections").unwrap_or_default() {
        let Some(item) = Fields::of(node, "a projection", problems) else { continue };
        let mut item = item.fold_case();
        item.require("name");
        item.require("path");
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        projections.push((text(item.text("name")), text(item.text("path"))));
        item.finish();
    }
    fields.finish();
    let mut given: Vec<_> = [data, list, files].into_iter().flatten().collect();
    if given.len() > 1 {
        let message = "only one of `data`, `resources` and `resourceFiles` can stand here";
        problems.at(node, Diagnostic::error("mock-data", message));
    }
    Some(GlobalEntry { name, data: given.pop().unwrap_or(Data::None), field_path, projections })
}

impl Mocks {
    /// The calls that it answers.
    pub(super) fn calls(&self) -> &[MockedCall] {
        &self.calls
    }

    /// The answer to a question, where the suite has one; calls are answered by themselves.
    pub(super) fn answer(
        &self,
        key: &FactKey,
        files: &BTreeMap<String, Vec<Document>>,
        time: Timestamp,
    ) -> Option<Result<Arc<Tree>, FactError>> {
        match key {
            FactKey::GlobalContext(name) => self.global(name, files, time),
            FactKey::Api { .. }
            | FactKey::Service { .. }
            | FactKey::Image(_)
            | FactKey::Inventory
            | FactKey::ExternalUrl(_)
            | FactKey::AccessReview(_) => None,
        }
    }

    fn global(
        &self,
        name: &str,
        files: &BTreeMap<String, Vec<Document>>,
        time: Timestamp,
    ) -> Option<Result<Arc<Tree>, FactError>> {
        let find = |name: &str| self.entries.iter().find(|entry| entry.name == name);
        let (entry, projection) = match (find(name), name.split_once('.')) {
            (Some(entry), _) => (entry, None),
            (None, projected) => {
                let found = projected.and_then(|(name, path)| Some((find(name)?, Some(path))));
                match found {
                    Some(found) => found,
                    None if self.entries.is_empty() => return None,
                    // A suite that has entries has all there are.
                    None => return Some(Err(FactError::NotFound)),
                }
            }
        };
        Some(entry.data(files, projection, time).map_err(FactError::Failed))
    }
}

impl GlobalEntry {
    fn data(
        &self,
        files: &BTreeMap<String, Vec<Document>>,
        projection: Option<&str>,
        time: Timestamp,
    ) -> Result<Arc<Tree>, String> {
        let tree = match &self.data {
            Data::None => Arc::new(Tree::null()),
            Data::Tree(tree) => Arc::clone(tree),
            Data::Files(paths) => Arc::new(listed(paths, files)),
        };
        if self.field_path.is_empty() && self.projections.is_empty() && projection.is_none() {
            return Ok(tree);
        }
        let facts = Facts::default();
        let arena = Arena::default();
        let budget = Budget::default();
        let scope = Scope {
            arena: &arena,
            now: time,
            seed: 0,
            budget: &budget,
            facts: &facts,
            trace: None,
        };
        let select = |text: &str, data: &Value<'_>| -> Result<String, String> {
            let expression = Expression::parse(text).map_err(|error| error.to_string())?;
            let expression = arena.expression(expression);
            let tree = parse_json(data.to_json(), &Limits::default());
            let data = arena.tree(tree.map_err(|error| error.to_string())?);
            let found = expression.search(&Value::from(data.root()), &scope);
            Ok(found.map_err(|error| error.to_string())?.to_json())
        };
        let parse =
            |json: String| parse_json(json, &Limits::default()).map_err(|error| error.to_string());
        let root = match self.field_path.as_str() {
            "" => tree,
            path => Arc::new(parse(select(path, &Value::from(tree.root()))?)?),
        };
        let root = match self.projections.is_empty() {
            true => root,
            false => {
                let mut entries = BTreeMap::new();
                for (name, path) in &self.projections {
                    let found = parse(select(path, &Value::from(root.root()))?)?;
                    entries.insert(name.as_str(), found);
                }
                let entries = entries
                    .iter()
                    .map(|(name, tree)| (Text::Borrowed(name), Value::from(tree.root())));
                Arc::new(parse(Value::from(entries.collect::<BTreeMap<_, _>>()).to_json())?)
            }
        };
        match projection {
            None => Ok(root),
            Some(name) => match root.root().get(name) {
                Some(value) => Ok(Arc::new(value.to_tree())),
                None => Err(format!("global context entry {} has no `{name}`", self.name)),
            },
        }
    }
}

fn listed(paths: &[String], files: &BTreeMap<String, Vec<Document>>) -> Tree {
    let documents = paths.iter().filter_map(|path| files.get(path)).flatten();
    let contents: Vec<_> = documents.map(|document| objects(document.tree())).collect();
    let manifests: Vec<_> = contents
        .iter()
        .flat_map(|content| match content {
            Content::Objects(manifests) => manifests.as_slice(),
            Content::Other | Content::Incomplete(_) => &[],
        })
        .collect();
    let roots: Vec<_> = manifests.iter().map(|manifest| manifest.object.root()).collect();
    Tree::list_of(&roots)
}
