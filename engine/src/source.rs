//! Names texts and places in them.

use std::sync::Arc;

/// A named text: a file in a repository, or an object in a cluster.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file name as the user gave it, with `/`.
    pub name: Arc<str>,
    /// The whole text, without a byte order mark.
    pub text: Arc<str>,
}

/// A place in a [`Source`], in bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The name of the source.
    pub source: Arc<str>,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A place as people count it: both from 1, columns in Unicode characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Source {
    /// A named text; a byte order mark at its start is left out.
    pub fn new(name: impl Into<Arc<str>>, text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        Self { name: name.into(), text: text.strip_prefix('\u{feff}').unwrap_or(text).into() }
    }

    /// Where a byte offset is. Costs one scan from the start of the text.
    pub fn line_column(&self, offset: usize) -> LineColumn {
        let offset = self.text.floor_char_boundary(offset);
        let before = self.text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |position| position + 1);
        LineColumn {
            line: memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LineColumn, Source};

    #[test]
    fn columns_count_characters() {
        let source = Source::new("a.yaml", "\u{feff}a: 1\nä: ü\n");
        assert_eq!(source.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(source.line_column(9), LineColumn { line: 2, column: 4 });
        assert_eq!(source.line_column(999), LineColumn { line: 3, column: 1 });
    }
}
