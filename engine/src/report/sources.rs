//! The texts that a report points into, and where their lines begin.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::source::{LineColumn, Source, Span};

/// Texts by name, with line numbers that are cheap to ask for often.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: BTreeMap<Arc<str>, Indexed>,
}

/// A place as people and other tools count it; the end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The name of the source.
    pub file: Arc<str>,
    /// Where it begins.
    pub start: LineColumn,
    /// Where it ends.
    pub end: LineColumn,
}

#[derive(Clone, Debug)]
struct Indexed {
    source: Source,
    /// The line and column, from 0, of every `STEP`th byte.
    marks: OnceLock<Vec<(u32, u32)>>,
}

/// Bytes between two known places: what one question costs at most.
const STEP: usize = 512;

impl Sources {
    /// Keeps a text; a later one of the same name replaces it.
    pub fn insert(&mut self, source: Source) {
        let indexed = Indexed { marks: OnceLock::new(), source };
        self.texts.insert(indexed.source.name.clone(), indexed);
    }

    /// The text of a name.
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.texts.get(name).map(|indexed| &indexed.source)
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Where a span is; `None` where its text is not known.
    pub fn place(&self, span: &Span) -> Option<Place> {
        let indexed = self.texts.get(&span.source)?;
        let start = indexed.line_column(span.start);
        let end = match span.end > span.start {
            true => indexed.line_column(span.end),
            false => start,
        };
        Some(Place { file: span.source.clone(), start, end })
    }
}

impl Indexed {
    fn line_column(&self, offset: usize) -> LineColumn {
        let bytes = self.source.text.as_bytes();
        let offset = self.source.text.floor_char_boundary(offset);
        let marks = self.marks.get_or_init(|| marks(bytes));
        let mark = offset / STEP;
        let known = marks.get(mark).copied().unwrap_or_default();
        let between = bytes.get(mark * STEP..offset).unwrap_or_default();
        let (line, column) = advance(known, between);
        LineColumn { line: line as usize + 1, column: column as usize + 1 }
    }
}

fn marks(bytes: &[u8]) -> Vec<(u32, u32)> {
    let mut at = (0, 0);
    let mut marks = vec![at];
    for piece in bytes.chunks(STEP) {
        at = advance(at, piece);
        marks.push(at);
    }
    marks
}

/// The place after `bytes`. Counts characters by their first bytes, so a piece may end inside one.
fn advance((mut line, mut column): (u32, u32), bytes: &[u8]) -> (u32, u32) {
    for byte in bytes {
        match byte {
            b'\n' => (line, column) = (line + 1, 0),
            0x80..=0xbf => (),
            _ => column += 1,
        }
    }
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::{STEP, Sources};
    use crate::source::{Source, Span};

    /// The index agrees with a scan from the start at every byte.
    #[test]
    fn agrees_with_the_scan() {
        let text = format!("a: ä\n{}\r\nü: {}\n", "é".repeat(STEP), "x\n".repeat(STEP));
        let source = Source::new("a.yaml", &text);
        let mut sources = Sources::default();
        sources.insert(source.clone());
        for offset in 0..=text.len() + 2 {
            let span = Span { source: "a.yaml".into(), start: offset, end: offset };
            let place = sources.place(&span).unwrap();
            assert_eq!(place.start, source.line_column(offset), "byte {offset}");
            assert_eq!(place.end, place.start);
        }
    }

    #[test]
    fn an_unknown_text_has_no_places() {
        let span = Span { source: "b.yaml".into(), start: 0, end: 1 };
        assert_eq!(Sources::default().place(&span), None);
    }
}
