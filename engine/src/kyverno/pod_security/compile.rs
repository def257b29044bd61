//! Reads `podSecurity` of a policy and of a PolicyException.

use super::PodSecurityRule;
use super::exclusion::{Control, Exclusion, Scope};
use crate::diagnostic::{Severity, nearest};
use crate::pod_security::{Level, Version};
use crate::tree::{Entries, Node};

/// What is wrong with a policy at one of its nodes.
#[derive(Clone, Debug)]
pub(crate) struct Problem<'t> {
    pub(crate) node: Node<'t>,
    /// `Error` where upstream would not load the policy, `Warning` where something has no effect.
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// The releases that the schema of Kyverno 1.19 names, `v1.19` to `v1.32`.
const VERSIONS: std::ops::RangeInclusive<u32> = 19..=32;

const RULE_FIELDS: [&str; 3] = ["level", "version", "exclude"];
const EXCLUSION_FIELDS: [&str; 4] = ["controlName", "images", "restrictedField", "values"];

impl PodSecurityRule {
    /// Reads `validate.podSecurity`; what is wrong is told in `problems`.
    ///
    /// `None` if one of them is an error.
    pub(crate) fn compile<'t>(node: Node<'t>, problems: &mut Vec<Problem<'t>>) -> Option<Self> {
        let mut reader = Reader { problems, errors: 0 };
        let entries = reader.map(node, "podSecurity", &RULE_FIELDS)?;
        let present = |name: &str| entries.get(name).filter(|node| !node.is_null());
        let level = present("level").and_then(|node| reader.level(node));
        let version = present("version").and_then(|node| reader.version(node));
        let exclude = present("exclude")
            .map(|node| reader.exclusions(node, "exclude", level == Some(Level::Baseline)))
            .unwrap_or_default();
        if RULE_FIELDS.iter().all(|name| present(name).is_none()) {
            reader.error(
                node,
                "podSecurity is empty",
                Some("write `level: baseline` or `level: restricted`"),
            );
        }
        if reader.errors > 0 {
            return None;
        }
        if level == Some(Level::Privileged) {
            reader.warn(
                entries.get("level").unwrap_or(node),
                "level `privileged` does not allow everything: every control is checked, as for `restricted`",
                None,
            );
        }
        if level.is_none() {
            reader.warn(
                node,
                "podSecurity has no level: every control is checked, as for `restricted`",
                None,
            );
        }
        Some(Self {
            level,
            version: version.unwrap_or(Version::Latest),
            version_word: version.map(|version| version.to_string()).unwrap_or_default(),
            exclude,
        })
    }
}

/// Reads `spec.podSecurity` of a PolicyException; `None` if that is not possible.
///
/// Upstream does not check there what it checks in a policy, so what has no effect is a warning.
pub(crate) fn compile_exclusions<'t>(
    node: Node<'t>,
    problems: &mut Vec<Problem<'t>>,
) -> Option<Vec<Exclusion>> {
    let mut reader = Reader { problems, errors: 0 };
    let Some(items) = node.as_list() else {
        reader.error(node, "expected a list of controls in `podSecurity`", None);
        return None;
    };
    let read: Vec<_> =
        items.iter().filter_map(|item| Some((item, reader.exclusion(item)?))).collect();
    if reader.errors > 0 {
        return None;
    }
    let before = reader.problems.len();
    for (item, exclusion) in &read {
        reader.check_effect(*item, exclusion, false);
    }
    for problem in problems.iter_mut().skip(before) {
        problem.severity = Severity::Warning;
    }
    Some(read.into_iter().map(|(_, exclusion)| exclusion).collect())
}

struct Reader<'p, 't> {
    problems: &'p mut Vec<Problem<'t>>,
    errors: usize,
}

impl<'t> Reader<'_, 't> {
    fn error(&mut self, node: Node<'t>, message: impl Into<String>, help: Option<&str>) {
        self.errors += 1;
        self.tell(node, Severity::Error, message.into(), help);
    }

    fn warn(&mut self, node: Node<'t>, message: impl Into<String>, help: Option<&str>) {
        self.tell(node, Severity::Warning, message.into(), help);
    }

    fn tell(&mut self, node: Node<'t>, severity: Severity, message: String, help: Option<&str>) {
        self.problems.push(Problem { node, severity, message, help: help.map(str::to_owned) });
    }

    /// The entries of a map whose fields are all known.
    fn map(&mut self, node: Node<'t>, what: &str, known: &[&str]) -> Option<Entries<'t>> {
        let Some(entries) = node.as_map() else {
            self.error(node, format!("expected a map in `{what}`"), None);
            return None;
        };
        for (key, _) in entries.nodes() {
            let name = key.as_str().unwrap_or_default();
            if !known.contains(&name) {
                let help = suggest(name, known.iter().copied());
                self.error(key, format!("unknown field `{name}` in `{what}`"), Some(&help));
            }
        }
        Some(entries)
    }

    fn text(&mut self, node: Node<'t>, what: &str) -> Option<&'t str> {
        let text = node.as_str();
        if text.is_none() {
            self.error(
                node,
                format!("expected a string in `{what}`, found `{}`", node.to_json()),
                None,
            );
        }
        text
    }

    fn level(&mut self, node: Node<'t>) -> Option<Level> {
        let word = self.text(node, "level")?;
        let level = Level::parse(word);
        if level.is_none() {
            let help = suggest(word, Level::ALL.map(Level::as_str));
            self.error(node, format!("unknown level `{word}`"), Some(&help));
        }
        level
    }

    fn version(&mut self, node: Node<'t>) -> Option<Version> {
        let word = self.text(node, "version")?;
        let version = Version::parse(word).filter(|version| match version {
            Version::Minor(minor) => VERSIONS.contains(minor),
            Version::Latest => true,
        });
        if version.is_none() {
            let (first, last) = (VERSIONS.start(), VERSIONS.end());
            let help = format!("write `latest`, or one of `v1.{first}` to `v1.{last}`");
            self.error(node, format!("unknown version `{word}`"), Some(&help));
        }
        version
    }

    fn exclusions(&mut self, node: Node<'t>, what: &str, is_baseline: bool) -> Vec<Exclusion> {
        let Some(items) = node.as_list() else {
            self.error(node, format!("expected a list of controls in `{what}`"), None);
            return Vec::new();
        };
        let mut exclusions = Vec::with_capacity(items.len());
        for item in items.iter() {
            if let Some(exclusion) = self.exclusion(item) {
                self.check_effect(item, &exclusion, is_baseline);
                exclusions.push(exclusion);
            }
        }
        exclusions
    }

    fn exclusion(&mut self, node: Node<'t>) -> Option<Exclusion> {
        let before = self.errors;
        let entries = self.map(node, "exclude", &EXCLUSION_FIELDS)?;
        let present = |name: &str| entries.get(name).filter(|node| !node.is_null());
        let control = match present("controlName") {
            Some(node) => self.control(node),
            None => {
                let names = Control::ALL.map(Control::as_str).join("`, `");
                let help = format!("write one of `{names}`");
                self.error(node, "an exclusion needs a `controlName`", Some(&help));
                None
            }
        };
        let restricted_field =
            present("restrictedField").and_then(|node| self.text(node, "restrictedField"));
        let images = present("images").map(|node| self.texts(node, "images")).unwrap_or_default();
        let values = present("values").map(|node| self.texts(node, "values")).unwrap_or_default();
        (self.errors == before).then_some(Exclusion {
            control: control?,
            images,
            restricted_field: restricted_field.unwrap_or_default().to_owned(),
            values,
        })
    }

    fn control(&mut self, node: Node<'t>) -> Option<Control> {
        let name = self.text(node, "controlName")?;
        let control = Control::parse(name);
        if control.is_none() {
            let help = suggest(name, Control::ALL.map(Control::as_str));
            self.error(node, format!("unknown control `{name}`"), Some(&help));
        }
        control
    }

    fn texts(&mut self, node: Node<'t>, what: &str) -> Vec<String> {
        let Some(items) = node.as_list() else {
            self.error(node, format!("expected a list of strings in `{what}`"), None);
            return Vec::new();
        };
        items.iter().filter_map(|item| self.text(item, what)).map(str::to_owned).collect()
    }

    /// What upstream refuses although the schema allows it (api/kyverno/v1, Validate), and what
    /// it accepts although it can never apply.
    fn check_effect(&mut self, node: Node<'t>, exclusion: &Exclusion, is_baseline: bool) {
        let at = |name: &str| node.get(name).unwrap_or(node);
        let control = exclusion.control;
        let name = control.as_str();
        if is_baseline && control.is_restricted_only() {
            let message = format!("control `{name}` is not part of level `baseline`");
            self.error(at("controlName"), message, Some("leave the exclusion out"));
        }
        match control.scope() {
            Scope::Pod if !exclusion.images.is_empty() => {
                let message =
                    format!("control `{name}` is about the pod: its exclusion takes no `images`");
                self.error(at("images"), message, Some("leave `images` out"));
            }
            Scope::Container if exclusion.images.is_empty() => {
                let message =
                    format!("control `{name}` is about containers: its exclusion needs `images`");
                self.error(
                    at("controlName"),
                    message,
                    Some("write `images: [\"*\"]` for all containers"),
                );
            }
            _ => {}
        }
        match (exclusion.restricted_field.is_empty(), exclusion.values.is_empty()) {
            (true, false) => {
                let message = "an exclusion with `values` needs a `restrictedField`";
                self.error(at("values"), message, None);
            }
            (false, true) => {
                let message = "an exclusion with a `restrictedField` needs `values`";
                self.error(at("restrictedField"), message, None);
            }
            _ => {}
        }
        let field = exclusion.restricted_field.as_str();
        if !field.is_empty() && !control.knows(field) {
            let message =
                format!("control `{name}` never names the field `{field}`: nothing is excluded");
            let fields = control.example_fields();
            let help = suggest(field, fields.iter().map(String::as_str));
            self.warn(at("restrictedField"), message, Some(&help));
        }
    }
}

fn suggest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match nearest(word, candidates.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("write one of `{}`", candidates.join("`, `")),
    }
}
