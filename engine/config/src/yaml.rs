//! YAML with any number of documents, each accounted for.
//!
//! As in conftest (`parser/yaml/yaml.go`) a part between `---` lines that holds nothing is `null`.
//! Unlike there, a line `--- # comment`, one with blanks behind it, and one that ends in CR LF
//! divide documents too.

use std::sync::Arc;

use ajj_engine::{Limits, Severity, Source, read};

use crate::{Config, ConfigError};

pub(crate) fn parse(source: &Source) -> Result<Config, ConfigError> {
    let reading = read(source, &Limits::default());
    if let Some(error) = reading.diagnostics.iter().find(|found| found.severity == Severity::Error)
    {
        return Err(match &error.span {
            Some(span) => ConfigError::at(&source.text, span.start, error.message.clone()),
            None => ConfigError::new(error.message.clone()),
        });
    }
    let mut documents = Vec::new();
    let mut read = reading.documents.iter().peekable();
    for part in parts(&source.text) {
        let mut is_empty = true;
        while let Some(document) = read.next_if(|document| document.range().start < part.end) {
            documents.push(Arc::clone(document.tree()));
            is_empty = false;
        }
        if is_empty && part.counts_when_empty {
            documents.push(crate::tree_of_json("null")?);
        }
    }
    if documents.is_empty() {
        documents.push(crate::tree_of_json("null")?);
    }
    Ok(Config { documents })
}

/// A part of a stream between lines `---`.
struct Part {
    end: usize,
    /// Whether conftest sees it too: the line that ends it is bare, or for the last part the line
    /// that begins it.
    counts_when_empty: bool,
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut is_bare = false;
    // Of two lines behind each other conftest sees the first: they share a line break.
    let mut seen_before = false;
    // Directives belong to the document behind the first line.
    let mut belongs_to_next = text.starts_with('%');
    for line in text.split_inclusive('\n') {
        if divides(line) && start > 0 && !std::mem::take(&mut belongs_to_next) {
            is_bare = matches!(line, "---\n" | "---\r\n") && !seen_before;
            parts.push(Part { end: start, counts_when_empty: is_bare });
            seen_before = is_bare;
        } else {
            seen_before = false;
        }
        start += line.len();
    }
    parts.push(Part { end: text.len(), counts_when_empty: is_bare });
    parts
}

fn divides(line: &str) -> bool {
    let rest = line.strip_prefix("---");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

#[cfg(test)]
mod tests {
    use ajj_engine::Source;

    use super::parse;

    #[test]
    fn every_document_is_there() {
        for (text, expected) in [
            ("a: 1\n", r#"{"a":1}"#),
            ("", "null"),
            ("# c\n---\na: 1\n", r#"[null,{"a":1}]"#),
            ("---\na: 1\n---\n", r#"[{"a":1},null]"#),
            ("---\n---\na: 1\n", r#"[null,{"a":1}]"#),
            ("a: 1\n---\n---\nb: 2\n", r#"[{"a":1},{"b":2}]"#),
            ("a: 1\n---", r#"{"a":1}"#),
            ("%YAML 1.1\n---\na: 1\n---\nb: 1\n", r#"[{"a":1},{"b":1}]"#),
            // Conftest reads the first document of these only.
            ("a: 1\n--- # why\nb: 2\n", r#"[{"a":1},{"b":2}]"#),
            ("a: 1\n--- \nb: 2\n", r#"[{"a":1},{"b":2}]"#),
            ("a: 1\n---\r\nb: 2\n", r#"[{"a":1},{"b":2}]"#),
        ] {
            let config = parse(&Source::new("", text)).unwrap();
            assert_eq!(config.to_tree().unwrap().root().to_json(), expected, "{text:?}");
        }
        let error = parse(&Source::new("", "a: 1\n---\nb: [\n")).unwrap_err();
        assert_eq!(error.place.map(|place| place.line), Some(3), "{error}");
    }
}
