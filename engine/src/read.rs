//! Reads YAML and JSON texts into trees, as Kubernetes reads them.
//!
//! [`read`] takes a text with any number of documents. What is broken becomes a diagnostic with
//! its place, and the documents beside it are still read.

mod document;
mod error;
mod json;
mod places;
mod split;
mod yaml;

pub use document::{Document, Format};
pub use error::ReadError;
pub use places::Places;
pub(crate) use yaml::plain_is_text;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Source;
use crate::tree::Tree;

use error::Lines;
use json::Extent;
pub(crate) use json::read_part;
use split::Chunk;

/// What a text may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The bytes of a text.
    pub max_bytes: usize,
    /// How deep lists and maps stand in each other in YAML; go-yaml has the same limit.
    pub max_depth_yaml: usize,
    /// How deep lists and maps stand in each other in JSON; the API server has the same limit.
    pub max_depth_json: usize,
    /// The values of one document, keys included.
    pub max_nodes: usize,
    /// The values that aliases of one document repeat.
    pub max_alias_nodes: usize,
    /// The bytes of text that aliases of one document repeat.
    pub max_alias_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 256 << 20,
            max_depth_yaml: 10_000,
            max_depth_json: 10_000,
            max_nodes: 8 << 20,
            max_alias_nodes: 250_000,
            max_alias_bytes: 16 << 20,
        }
    }
}

/// What a text holds.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The documents that could be read, in order.
    pub documents: Vec<Document>,
    /// How many documents hold nothing, or comments only.
    pub empty: usize,
    /// What could not be read, and what is odd.
    pub diagnostics: Vec<Diagnostic>,
}

/// One document as it was read.
#[derive(Debug)]
struct Parsed {
    tree: Tree,
    /// The byte range of each node by its index, where places were asked for.
    places: Vec<(u32, u32)>,
    warnings: Vec<ReadError>,
}

/// Reads every document of a text: YAML documents between `---` lines, JSON values behind each
/// other.
///
/// ```
/// # use ajj_engine::{Limits, Source, read};
/// let source = Source::new("pods.yaml", "kind: Pod\n---\n# nothing\n---\n{\"kind\": \"Job\"}\n");
/// let reading = read(&source, &Limits::default());
/// assert_eq!((reading.documents.len(), reading.empty), (2, 1));
/// ```
pub fn read(source: &Source, limits: &Limits) -> Reading {
    let mut reading = Reading::default();
    if let Err(error) = limits.check_size(&source.text) {
        reading.diagnostics.push(Diagnostic::error(error.code, error.message));
        return reading;
    }
    let mut lines = Lines::default();
    for chunk in split::chunks(&source.text) {
        if chunk.content.is_none() {
            reading.empty += usize::from(chunk.is_explicit);
            continue;
        }
        for outcome in read_chunk(&source.text, &chunk, limits) {
            reading.take(outcome, source, &mut lines);
        }
    }
    if reading.documents.is_empty() && reading.diagnostics.is_empty() && reading.empty == 0 {
        reading.empty = 1;
    }
    reading
}

/// Reads one JSON value.
///
/// ```
/// # use ajj_engine::{Limits, parse_json};
/// let tree = parse_json(r#"{"replicas": 3}"#, &Limits::default())?;
/// assert_eq!(tree.root().to_json(), r#"{"replicas":3}"#);
/// # Ok::<(), ajj_engine::ReadError>(())
/// ```
pub fn parse_json(text: impl Into<Arc<str>>, limits: &Limits) -> Result<Tree, ReadError> {
    parse_json_value(&text.into(), limits, Extent::Values)
}

/// Reads one JSON value, and what stands under `managedFields` when something asks for it: then
/// nothing but rules about it pay for it. What is not JSON there is refused all the same.
///
/// ```
/// # use ajj_engine::{Limits, parse_json_lazily};
/// let object = r#"{"metadata":{"managedFields":[{"manager":"kubectl"}],"name":"web"}}"#;
/// let tree = parse_json_lazily(object, &Limits::default())?;
/// assert_eq!(tree.root().to_json(), object);
/// # Ok::<(), ajj_engine::ReadError>(())
/// ```
pub fn parse_json_lazily(text: impl Into<Arc<str>>, limits: &Limits) -> Result<Tree, ReadError> {
    parse_json_value(&text.into(), limits, Extent::Lazily)
}

fn parse_json_value(text: &Arc<str>, limits: &Limits, extent: Extent) -> Result<Tree, ReadError> {
    parse_one(text, limits, |chunk| {
        let (parsed, end) = json::parse(text, chunk, limits, extent)?;
        json::expect_end(text, end)?;
        Ok(parsed)
    })
}

/// Reads one YAML document; a text without any is `null`.
pub fn parse_yaml(text: impl Into<Arc<str>>, limits: &Limits) -> Result<Tree, ReadError> {
    let text = text.into();
    let Some(chunk) = split::chunks(&text).find(|chunk| chunk.content.is_some()) else {
        return parse_json("null", limits);
    };
    parse_one(&text, limits, |_| yaml::parse(&text, &chunk, limits, false))
}

fn parse_one(
    text: &Arc<str>,
    limits: &Limits,
    parse: impl FnOnce(&Chunk) -> Result<Parsed, ReadError>,
) -> Result<Tree, ReadError> {
    limits.check_size(text)?;
    match parse(&Chunk::whole(text)) {
        Ok(parsed) => Ok(parsed.tree),
        Err(error) => Err(error.located(text)),
    }
}

/// A document, or what is wrong with it.
type Outcome = (Chunk, Format, Result<Parsed, ReadError>);

fn read_chunk(text: &Arc<str>, chunk: &Chunk, limits: &Limits) -> Vec<Outcome> {
    if !chunk.looks_like_json(text) {
        let parsed = yaml::parse(text, chunk, limits, false);
        return vec![(chunk.clone(), Format::Yaml, parsed)];
    }
    let values = json::parse_stream(text, chunk, limits);
    let syntax_error = values.iter().find_map(|(_, outcome)| match outcome {
        Err(error) if error.code == "json-syntax" => Some(error.range.start),
        _ => None,
    });
    if let Some(json_offset) = syntax_error.filter(|_| values.len() <= 2) {
        // A flow collection of YAML begins as JSON does; whoever reads farther is right.
        let parsed = yaml::parse(text, chunk, limits, false);
        let is_yaml = match &parsed {
            Ok(_) => true,
            Err(error) => error.range.start > json_offset,
        };
        if is_yaml {
            return vec![(chunk.clone(), Format::Yaml, parsed)];
        }
    }
    values.into_iter().map(|(chunk, outcome)| (chunk, Format::Json, outcome)).collect()
}

impl Reading {
    fn take(&mut self, outcome: Outcome, source: &Source, lines: &mut Lines) {
        let (chunk, format, parsed) = outcome;
        match parsed {
            Ok(Parsed { tree, warnings, .. }) => {
                let ordinal = self.documents.len();
                let tree = Arc::new(tree);
                let source_copy = source.clone();
                self.documents.push(Document { tree, source: source_copy, chunk, format, ordinal });
                for warning in warnings {
                    self.diagnostics.push(warning.diagnostic(Severity::Warning, source, lines));
                }
            }
            Err(error) => {
                self.diagnostics.push(error.diagnostic(Severity::Error, source, lines));
            }
        }
    }
}

impl Limits {
    /// Limits for what was read before.
    fn unlimited() -> Self {
        Self {
            max_bytes: usize::MAX,
            max_depth_yaml: usize::MAX,
            max_depth_json: usize::MAX,
            max_nodes: usize::MAX,
            max_alias_nodes: usize::MAX,
            max_alias_bytes: usize::MAX,
        }
    }

    fn check_size(&self, text: &str) -> Result<(), ReadError> {
        // Places are 32 bits wide.
        let max = self.max_bytes.min(u32::MAX as usize);
        if text.len() <= max {
            return Ok(());
        }
        let message = format!("expected at most {max} bytes, found {}", text.len());
        Err(ReadError::new("too-large", message, (0, 0)))
    }
}

#[cfg(test)]
mod tests;
