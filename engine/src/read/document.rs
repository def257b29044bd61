//! One document of a text.

use std::ops::Range;
use std::sync::Arc;

use super::{Chunk, Limits, Places, json, yaml};
use crate::source::{Source, Span};
use crate::tree::Tree;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

/// One document of a text, with its tree and its place.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) tree: Arc<Tree>,
    pub(super) source: Source,
    pub(super) chunk: Chunk,
    pub(super) format: Format,
    pub(super) ordinal: usize,
}

impl Document {
    /// What the document says.
    pub fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// The text that the document is a part of.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The bytes from its first key to its last value.
    pub fn range(&self) -> Range<usize> {
        let start = self.chunk.content.unwrap_or(self.chunk.start);
        let written = self.source.text.get(start..self.chunk.end).unwrap_or_default();
        start..start + written.trim_ascii_end().len()
    }

    /// How it is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Its number among the documents of its text that hold something, from 0.
    pub fn ordinal(&self) -> usize {
        self.ordinal
    }

    /// The place of what a JSON pointer with these steps names.
    ///
    /// Reads the document a second time; for many places, ask [`Document::places`] once.
    pub fn span<S: AsRef<str>>(&self, steps: &[S]) -> Span {
        self.places().span(steps)
    }

    /// The place of every key and value, found by reading the document a second time.
    pub fn places(&self) -> Places {
        let limits = Limits::unlimited();
        let parsed = match self.format {
            Format::Yaml => yaml::parse(&self.source.text, &self.chunk, &limits, true),
            Format::Json => {
                json::parse(&self.source.text, &self.chunk, &limits, json::Extent::ValuesAndPlaces)
                    .map(|(parsed, _)| parsed)
            }
        };
        // Invariant: what was read once is read the same way again.
        let ranges = parsed.map(|parsed| parsed.places).unwrap_or_default();
        Places::new(Arc::clone(&self.tree), ranges, self.source.name.clone(), self.range())
    }
}
