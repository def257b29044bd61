//! One entry of `results`: what is expected of a rule for some objects.

use crate::decode::{Fields, Problems, unknown_word};
use crate::diagnostic::Diagnostic;
use crate::request::Operation;
use crate::tree::Node;

/// What is expected of a rule for some objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) number: usize,
    pub(super) policy: String,
    /// Empty for every rule of the policy.
    pub(super) rule: String,
    /// Empty for every kind.
    pub(super) kind: String,
    pub(super) expected: String,
    /// Names, or namespaces and names; `None` where the field is not there.
    pub(super) resources: Option<Vec<String>>,
    pub(super) specs: Vec<ResourceSpec>,
    pub(super) operation: Option<Operation>,
}

/// An object by its parts; what is empty is met by everything.
#[derive(Clone, Debug, Default)]
pub(super) struct ResourceSpec {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// The results that can be expected.
const RESULTS: &[&str] = &["pass", "fail", "warn", "error", "skip"];

const OPERATIONS: &[(&str, Operation)] =
    &[("CREATE", Operation::Create), ("UPDATE", Operation::Update), ("DELETE", Operation::Delete)];

/// Fields of kinds of policies that are not evaluated here, and of older formats.
const FLAGS: &[&str] = &[
    "isValidatingAdmissionPolicy",
    "isMutatingAdmissionPolicy",
    "isValidatingPolicy",
    "isImageValidatingPolicy",
    "isMutatingPolicy",
    "isGeneratingPolicy",
    "isDeletingPolicy",
    "failOnMissingResources",
];

/// Reads one entry; `name_file` gets the files it names.
pub(super) fn decode<'t>(
    number: usize,
    node: Node<'t>,
    problems: &Problems<'_>,
    name_file: &mut dyn FnMut(Node<'t>),
) -> Entry {
    let mut entry = Entry { number, ..Entry::default() };
    let Some(fields) = Fields::of(node, "a result", problems) else { return entry };
    let mut fields = fields.fold_case();
    fields.require("policy");
    entry.policy = fields.text("policy").unwrap_or_default().to_owned();
    entry.rule = fields.text("rule").unwrap_or_default().to_owned();
    entry.kind = fields.text("kind").unwrap_or_default().to_owned();
    if let Some(result) = fields.require("result") {
        entry.expected = result.as_str().unwrap_or_default().to_owned();
        if !RESULTS.contains(&entry.expected.as_str()) {
            problems.at(result, unknown_word("result", result, RESULTS.iter().copied()));
        }
    }
    entry.resources = fields.texts("resources");
    for node in fields.list("resourceSpecs").unwrap_or_default() {
        entry.specs.extend(spec(node, problems));
    }
    entry.operation = fields.word("operation", OPERATIONS);
    for flag in FLAGS {
        fields.bool(flag);
    }
    for name in ["patchedResources", "patchedResource", "generatedResource", "cloneSourceResource"]
    {
        if fields.text(name).is_some_and(|path| !path.is_empty())
            && let Some(path) = fields.get(name)
        {
            name_file(path);
        }
    }
    for path in fields.list("generatedResources").unwrap_or_default() {
        name_file(path);
    }
    for (old, new) in [("status", "result"), ("resource", "resources"), ("namespace", "resources")]
    {
        if let Some(value) = fields.get(old) {
            let message = format!("`{old}` is not read any more");
            let diagnostic = Diagnostic::error("removed-field", message);
            problems.at(value, diagnostic.help(format!("write `{new}`")));
        }
    }
    fields.finish();
    entry
}

fn spec(node: Node<'_>, problems: &Problems<'_>) -> Option<ResourceSpec> {
    let mut fields = Fields::of(node, "a resource", problems)?.fold_case();
    let mut text = |name| fields.text(name).unwrap_or_default().to_owned();
    let spec = ResourceSpec {
        group: text("group"),
        version: text("version"),
        kind: text("kind"),
        namespace: text("namespace"),
        name: text("name"),
    };
    fields.ignore(&["subresource"]);
    fields.finish();
    Some(spec)
}

impl Entry {
    /// How the entry names its objects, one text each; one empty text where it names none.
    pub(super) fn resource_texts(&self) -> Vec<String> {
        let named = self.resources.iter().flatten().cloned();
        let mut texts: Vec<_> = named.chain(self.specs.iter().map(ResourceSpec::text)).collect();
        if texts.is_empty() {
            texts.push(String::new());
        }
        texts
    }
}

impl ResourceSpec {
    /// The object in few words.
    pub(super) fn text(&self) -> String {
        let parts = [&self.namespace, &self.name].into_iter().filter(|part| !part.is_empty());
        parts.map(String::as_str).collect::<Vec<_>>().join("/")
    }

    /// `group/version`, as objects have it.
    pub(super) fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }
}
