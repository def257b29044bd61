//! What an evaluation went through: coarser than OPA's trace, which shows each unification.

use super::Policies;
use super::names::namespace;
use crate::rego::Covered;

impl Policies {
    /// A line for each expression that was reached, and for each rule that has a value.
    pub(super) fn traces(&self, covered: &Covered) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, span) in covered {
            let Some(module) = self.modules.get(*number) else { continue };
            let source = &module.source;
            let line = span.line(&source.text);
            let written = span.text(&source.text);
            let first = written.lines().next().unwrap_or_default().trim_end();
            let rule = module.rules.iter().find(|rule| {
                rule.line == line && first.trim_start_matches("default ").starts_with(&*rule.name)
            });
            let place = format!("{}:{line}", source.name);
            lines.push(match rule {
                Some(rule) => {
                    format!("Exit data.{}.{}  {place}", namespace(&module.package), rule.name)
                }
                None => format!("| Eval {first}  {place}"),
            });
        }
        lines
    }
}
