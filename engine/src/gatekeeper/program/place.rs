//! Where Rego stands in the template that holds it.

use crate::diagnostic::Diagnostic;
use crate::read::{Document, Places};
use crate::rego::{Problem, Source, Span};
use crate::source;
use crate::tree::Node;

/// Finds the places of texts in the document that holds them as strings.
pub(super) struct TextPlaces<'p> {
    document: &'p Document,
    places: Places,
    nodes: &'p [Node<'p>],
    sources: &'p [Source],
}

impl<'p> TextPlaces<'p> {
    pub(super) fn new(
        document: &'p Document,
        nodes: &'p [Node<'p>],
        sources: &'p [Source],
    ) -> Self {
        Self { document, places: document.places(), nodes, sources }
    }

    /// A problem with its place in the document.
    pub(super) fn diagnostic(&self, problem: Problem) -> Diagnostic {
        let Problem { code, message, source, span } = problem;
        let number = self.sources.iter().position(|known| known.name == source);
        let place = number.and_then(|number| {
            let (node, source) = (self.nodes.get(number)?, self.sources.get(number)?);
            let whole = self.places.node_span(*node);
            let place = self.place(&whole, source, span);
            Some(place.unwrap_or(whole))
        });
        let line = number.and_then(|number| self.sources.get(number));
        let line = line.map_or(0, |source| span.line(&source.text));
        // The line within the text helps where the text is not written as a block.
        let message = match code {
            "invalid_template" => message,
            _ => format!("{source}:{line}: {code}: {message}"),
        };
        Diagnostic::error("rego", message).at(place)
    }

    /// The place of a part of a text that is written as a block (`|`), whose lines stand in the
    /// document as they are but for their indentation.
    fn place(&self, whole: &source::Span, source: &Source, span: Span) -> Option<source::Span> {
        let file = &*self.document.source().text;
        let line = source.text.lines().nth(span.line(&source.text).checked_sub(1)?)?;
        let column = span.column(&source.text).checked_sub(1)?;
        let block = file.get(whole.start..whole.end.min(file.len()))?;
        let mut start = whole.start;
        // The indicator's own line, if the text begins below it.
        let is_below = block.starts_with(['|', '>']);
        let skipped = usize::from(is_below) + span.line(&source.text) - 1;
        let mut lines = block.split_inclusive('\n');
        for _ in 0..skipped {
            start += lines.next()?.len();
        }
        let written = lines.next()?;
        start += written.find(line)? + column;
        let length = (span.end - span.start) as usize;
        let rest = line.len().saturating_sub(column);
        let end = start + length.clamp(1, rest.max(1));
        Some(source::Span { source: whole.source.clone(), start, end: end.min(file.len()) })
    }
}
