//! Reads label selectors as every language writes them.

use super::filter::{LabelSelector, SelectorOperator, SelectorRequirement};
use super::selector::Selector;
use crate::decode::{Fields, Problems, unknown_word};
use crate::diagnostic::Diagnostic;
use crate::tree::Node;

const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

impl Selector {
    /// Reads a selector and makes it ready to be asked; `None` where it cannot be, which was noted.
    pub(crate) fn decode(node: Node<'_>, problems: &Problems<'_>) -> Option<Self> {
        LabelSelector::decode(node, problems)?.compiled(node, problems)
    }
}

impl LabelSelector {
    pub(crate) fn decode(node: Node<'_>, problems: &Problems<'_>) -> Option<Self> {
        let mut fields = Fields::of(node, "a selector", problems)?;
        let match_labels = fields.text_map("matchLabels").unwrap_or_default();
        let expressions = fields.list("matchExpressions").unwrap_or_default();
        fields.finish();
        let requirements = expressions.into_iter().filter_map(|node| {
            let mut fields = Fields::of(node, "matchExpressions", problems)?;
            fields.require("key");
            let word = fields.require("operator");
            let key = fields.text("key").unwrap_or_default().to_owned();
            let values = fields.texts("values").unwrap_or_default();
            fields.finish();
            let operator = word?.as_str().and_then(SelectorOperator::parse);
            if let (None, Some(word)) = (operator, word) {
                problems.at(word, unknown_word("operator", word, OPERATORS));
            }
            Some(SelectorRequirement { key, operator: operator?, values })
        });
        Some(Self { match_labels, match_expressions: requirements.collect() })
    }

    /// Ready to be asked; `None` where it cannot be, which is noted at `node`.
    pub(crate) fn compiled(&self, node: Node<'_>, problems: &Problems<'_>) -> Option<Selector> {
        match Selector::compile(self) {
            Ok(selector) => Some(selector),
            Err(error) => {
                problems.at(node, Diagnostic::error("selector", error.to_string()));
                None
            }
        }
    }
}
