//! Compiles `match` and `exclude`.
//!
//! Upstream: api/kyverno/v1/match_resources_types.go, resource_description_types.go.

use crate::decode::{Fields, Problems, unknown_word};
use crate::diagnostic::Diagnostic;
use crate::kyverno::schema::RuleSpec;
use crate::matcher::{
    Filters, LabelSelector, Matcher, ResourceDescription, ResourceFilter, SubjectKind,
    SubjectReference, UserFilter,
};
use crate::request::Operation;
use crate::tree::Node;

/// The matcher of a rule; `None` where it cannot be read, which was noted.
pub(super) fn matcher(rule: &RuleSpec<'_>, problems: &Problems<'_>) -> Option<Matcher> {
    let before = problems.errors();
    let matching = filters(rule.matches?, "match", problems);
    let excluding = rule.excludes.and_then(|node| filters(node, "exclude", problems));
    if problems.errors() > before {
        return None;
    }
    compile(rule.node, &matching?, excluding.as_ref(), problems)
}

/// A matcher of what an exception is not about.
///
/// An exception asks for users as `exclude` does: where nobody is named, one that asks for a user
/// exempts nothing.
pub(crate) fn exception(node: Node<'_>, problems: &Problems<'_>) -> Option<Matcher> {
    let before = problems.errors();
    let excluding = filters(node, "match", problems)?;
    if problems.errors() > before {
        return None;
    }
    let everything = ResourceDescription {
        written: true,
        kinds: vec!["*/*".to_owned()],
        ..ResourceDescription::default()
    };
    let everything = ResourceFilter { resources: everything, ..ResourceFilter::default() };
    let matching = Filters { any: vec![everything], ..Filters::default() };
    compile(node, &matching, Some(&excluding), problems)
}

fn compile(
    node: Node<'_>,
    matching: &Filters,
    excluding: Option<&Filters>,
    problems: &Problems<'_>,
) -> Option<Matcher> {
    match Matcher::compile(matching, excluding) {
        Ok(matcher) => Some(matcher),
        Err(error) => {
            let (place, _) = node.nearest(&error.steps);
            problems.at(place, Diagnostic::error("selector", error.error.to_string()));
            None
        }
    }
}

fn filters(node: Node<'_>, what: &'static str, problems: &Problems<'_>) -> Option<Filters> {
    let mut fields = Fields::of(node, what, problems)?;
    let any = fields.list("any");
    let all = fields.list("all");
    if let (Some(_), Some(_)) = (&any, &all) {
        let message = format!("`{what}` has `any` and `all`");
        problems.at(node, Diagnostic::error("any-and-all", message).help("keep one of them"));
    }
    let direct = filter(&mut fields, problems);
    fields.finish();
    let each = |blocks: Option<Vec<Node<'_>>>| -> Vec<ResourceFilter> {
        let filters = blocks.into_iter().flatten().filter_map(|block| {
            let mut block = Fields::of(block, "a match block", problems)?;
            let filter = filter(&mut block, problems);
            block.finish();
            Some(filter)
        });
        filters.collect()
    };
    Some(Filters { any: each(any), all: each(all), direct })
}

fn filter(fields: &mut Fields<'_, '_, '_>, problems: &Problems<'_>) -> ResourceFilter {
    let resources = fields.fields("resources").map(|resources| description(resources, problems));
    let subjects = fields.list("subjects");
    let roles = fields.texts("roles");
    let cluster_roles = fields.texts("clusterRoles");
    ResourceFilter {
        resources: resources.unwrap_or_default(),
        user: UserFilter {
            written: subjects.is_some() || roles.is_some() || cluster_roles.is_some(),
            subjects: subjects
                .into_iter()
                .flatten()
                .filter_map(|node| subject(node, problems))
                .collect(),
            roles: roles.unwrap_or_default(),
            cluster_roles: cluster_roles.unwrap_or_default(),
        },
    }
}

fn description(mut resources: Fields<'_, '_, '_>, problems: &Problems<'_>) -> ResourceDescription {
    const OPERATIONS: [&str; 4] = ["CREATE", "CONNECT", "UPDATE", "DELETE"];
    let operations = resources.list("operations").into_iter().flatten().filter_map(|node| {
        let operation = node.as_str().and_then(Operation::parse);
        if operation.is_none() {
            problems.at(node, unknown_word("operations", node, OPERATIONS));
        }
        operation
    });
    let operations: Vec<_> = operations.collect();
    let selector =
        |node: Option<Node<'_>>| node.and_then(|node| LabelSelector::decode(node, problems));
    let mut description = ResourceDescription {
        written: false,
        kinds: resources.texts("kinds").unwrap_or_default(),
        name: resources.text("name").unwrap_or_default().to_owned(),
        names: resources.texts("names").unwrap_or_default(),
        namespaces: resources.texts("namespaces").unwrap_or_default(),
        annotations: resources.text_map("annotations").unwrap_or_default(),
        selector: selector(resources.get("selector")),
        namespace_selector: selector(resources.get("namespaceSelector")),
        operations,
    };
    resources.finish();
    // Empty lists say nothing: upstream does not keep them.
    description.written = description != ResourceDescription::default();
    description
}

fn subject(node: Node<'_>, problems: &Problems<'_>) -> Option<SubjectReference> {
    let mut fields = Fields::of(node, "a subject", problems)?;
    fields.ignore(&["apiGroup"]);
    let word = fields.require("kind");
    fields.require("name");
    let reference = SubjectReference {
        kind: SubjectKind::User,
        name: fields.text("name").unwrap_or_default().to_owned(),
        namespace: fields.text("namespace").unwrap_or_default().to_owned(),
    };
    fields.finish();
    let kind = word?.as_str().and_then(SubjectKind::parse);
    if let (None, Some(word)) = (kind, word) {
        problems.at(word, unknown_word("kind", word, ["User", "Group", "ServiceAccount"]));
    }
    Some(SubjectReference { kind: kind?, ..reference })
}
