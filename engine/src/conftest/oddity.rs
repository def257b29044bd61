//! Rules that look as if they judged something, and never do.

use super::names::Severity;
use super::{Module, Policies, RuleHead};
use crate::diagnostic::Diagnostic;
use crate::rego::{RuleKind, Version};
use crate::source::Span;

impl Policies {
    /// What conftest counts as passed, or leaves out, without a word.
    pub fn oddities(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for module in &self.modules {
            found.extend(module.rules.iter().filter_map(|rule| self.oddity(module, rule)));
        }
        found
    }

    fn oddity(&self, module: &Module, rule: &RuleHead) -> Option<Diagnostic> {
        let name = &rule.name;
        let (start, end) = (rule.span.start as usize, rule.span.end as usize);
        let span = Span { source: module.source.name.clone(), start, end };
        let warn = |message: String, help: &str| {
            let diagnostic = Diagnostic::warning("conftest-rule", message);
            Some(diagnostic.at(Some(span.clone())).help(help))
        };
        if Severity::of(name).is_none() {
            let lower = name.to_lowercase();
            let looks_like = ["deny", "violation", "warn"].iter().any(|word| {
                lower
                    .strip_prefix(word)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            });
            return match looks_like && !rule.is_function {
                true => warn(
                    format!(
                        "the rule `{name}` is not judged: of its name only lower-case words \
                             and letters and digits behind `_` count"
                    ),
                    "name it such as `deny_words`",
                ),
                false => None,
            };
        }
        if rule.is_function || rule.has_keys && module.source.version == Version::V1 {
            return warn(
                format!("the rule `{name}` is not judged: it has arguments or keys"),
                "write `contains` and what is wrong behind its name",
            );
        }
        let path: Vec<&str> =
            module.package.iter().map(AsRef::as_ref).chain([name.as_ref()]).collect();
        match self.program.rule_kind(&path) {
            Some(RuleKind::Complete) if rule.is_true => warn(
                format!("the rule `{name}` is never wrong: its value is true, not a set"),
                "write `contains` and what is wrong behind its name",
            ),
            _ => None,
        }
    }
}
