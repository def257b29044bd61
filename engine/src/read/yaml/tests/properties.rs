//! Documents that chance wrote: both readers agree, nothing panics, places cover what is written.

use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::source::Source;

/// Writes a YAML document; each decision takes one byte of chance.
struct Writer {
    chance: Vec<u8>,
    text: String,
    /// JSON pointers and where their scalars stand.
    places: Vec<(Vec<String>, Range<usize>)>,
    steps: Vec<String>,
}

const SCALARS: [&str; 16] = [
    "a",
    "nginx:1.2",
    "yes",
    "0755",
    "1.5",
    "~",
    "-x",
    "'it''s'",
    "\"q\\n\\\" é\"",
    "a b  c",
    "http://x/#y",
    "''",
    "ü",
    "\"tab\\there\"",
    "12:30:45",
    "1e3",
];

const FLOW_SCALARS: [&str; 6] = ["a", "1", "'x, y'", "\"z\"", "b c", "no"];

impl Writer {
    fn choose(&mut self, count: u8) -> u8 {
        self.chance.pop().unwrap_or(0) % count
    }

    fn pad(&mut self, column: usize) {
        self.text.extend(std::iter::repeat_n(' ', column));
    }

    fn end_line(&mut self) {
        let endings =
            ["\n", "\n", "\n", " # comment\n", "  \n", "\n\n", "\n# comment\n", "\n   # comment\n"];
        let ending = self.choose(8);
        self.text.push_str(endings[usize::from(ending)]);
    }

    fn scalar(&mut self, scalars: &[&str]) {
        let scalar = scalars[usize::from(self.choose(scalars.len() as u8))];
        let start = self.text.len();
        self.text.push_str(scalar);
        self.places.push((self.steps.clone(), start..self.text.len()));
    }

    fn flow(&mut self, depth: usize) {
        let is_map = self.choose(2) == 0;
        self.text.push(if is_map { '{' } else { '[' });
        for number in 0..self.choose(4) {
            if number > 0 {
                self.text.push_str(", ");
            }
            self.steps.push(if is_map { format!("k{number}") } else { number.to_string() });
            if is_map {
                self.text.push_str(&format!("k{number}: "));
            }
            if depth < 2 && self.choose(4) == 0 {
                self.flow(depth + 1);
            } else {
                self.scalar(&FLOW_SCALARS);
            }
            self.steps.pop();
        }
        self.text.push(if is_map { '}' } else { ']' });
    }

    fn block_scalar(&mut self, column: usize) {
        let headers = ["|", ">", "|-", ">-", "|+", ">+"];
        let start = self.text.len();
        let header = headers[usize::from(self.choose(6))];
        self.text.push_str(header);
        let mut end = self.text.len();
        for number in 0..=self.choose(4) {
            self.text.push('\n');
            if number > 0 && self.choose(4) == 0 {
                continue;
            }
            let deeper = if number == 0 { 0 } else { usize::from(self.choose(3)) };
            self.pad(column + 2 + deeper);
            self.text.push_str("some: #text");
            end = self.text.len();
        }
        self.text.push('\n');
        self.places.push((self.steps.clone(), start..end));
    }

    fn long_scalar(&mut self, column: usize) {
        let quote = ["", "'", "\""][usize::from(self.choose(3))];
        let start = self.text.len();
        self.text.push_str(quote);
        self.text.push_str("one");
        for _ in 0..=self.choose(3) {
            self.text.push('\n');
            if self.choose(4) == 0 {
                self.text.push('\n');
            }
            self.pad(column + 1 + usize::from(self.chance.len().is_multiple_of(2)));
            self.text.push_str("- more");
        }
        self.text.push_str(quote);
        self.places.push((self.steps.clone(), start..self.text.len()));
        self.end_line();
    }

    /// Writes what stands behind `key:` or `-` in this column.
    fn value(&mut self, column: usize, depth: usize, is_item: bool) {
        match self.choose(if depth < 4 { 9 } else { 5 }) {
            0 => {
                self.text.push(' ');
                self.flow(0);
                self.end_line();
            }
            1 => {
                self.text.push(' ');
                self.block_scalar(column);
            }
            2 => {
                self.text.push(' ');
                self.long_scalar(column);
            }
            3 | 4 => {
                self.text.push(' ');
                self.scalar(&SCALARS);
                self.end_line();
            }
            5 if is_item => {
                self.text.push(' ');
                self.map(column + 2, depth + 1, true);
            }
            5 | 6 => {
                self.end_line();
                self.map(column + 2, depth + 1, false);
            }
            7 if !is_item => {
                self.end_line();
                self.list(column, depth + 1);
            }
            7 => self.end_line(),
            _ => {
                self.end_line();
                self.list(column + 1, depth + 1);
            }
        }
    }

    fn map(&mut self, column: usize, depth: usize, is_open: bool) {
        for number in 0..=self.choose(4) {
            if number > 0 || !is_open {
                self.pad(column);
            }
            let key = match self.choose(3) {
                0 => format!("\"k {number}\""),
                1 => format!("k/{number}"),
                _ => format!("k{number}"),
            };
            self.text.push_str(&key);
            self.text.push(':');
            self.steps.push(key.trim_matches('"').to_owned());
            self.value(column, depth, false);
            self.steps.pop();
        }
    }

    fn list(&mut self, column: usize, depth: usize) {
        for number in 0..=self.choose(3) {
            self.pad(column);
            self.text.push('-');
            self.steps.push(number.to_string());
            self.value(column, depth, true);
            self.steps.pop();
        }
    }
}

fn written(chance: Vec<u8>) -> Writer {
    let mut writer = Writer { chance, text: String::new(), places: Vec::new(), steps: Vec::new() };
    writer.map(0, 0, false);
    writer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn readers_agree_and_places_cover_what_is_written(chance in prop::collection::vec(any::<u8>(), 0..400)) {
        let writer = written(chance);
        let text: Arc<str> = writer.text.as_str().into();
        let chunks: Vec<_> = split::chunks(&text).collect();
        prop_assert_eq!(chunks.len(), 1);
        prop_assert!(agree(&text, &chunks[0]), "the fast reader refuses {}", text);
        let source = Source::new("a.yaml", &*text);
        let reading = crate::read(&source, &Limits::default());
        let places = reading.documents[0].places();
        for (steps, expected) in writer.places {
            let span = places.span(&steps);
            prop_assert_eq!(&text[span.start..span.end], &text[expected.clone()], "{:?}", steps);
            prop_assert_eq!(span.start, expected.start);
        }
    }

    #[test]
    fn damaged_documents_are_read_alike(
        chance in prop::collection::vec(any::<u8>(), 0..100),
        position in any::<prop::sample::Index>(),
        inserted in "[-:#'\"|>{},\\[\\] \n&*!?~ax]{0,4}",
        removed in 0usize..4,
    ) {
        let mut text = written(chance).text;
        let start = text.floor_char_boundary(position.index(text.len() + 1));
        let end = text.ceil_char_boundary((start + removed).min(text.len()));
        text.replace_range(start..end, &inserted);
        let text: Arc<str> = text.into();
        for chunk in split::chunks(&text).filter(|chunk| chunk.content.is_some()) {
            let fully = parse_fully(&text, &chunk, &Limits::default(), true);
            // What go-yaml takes, and the complete parser does not.
            let is_lenient = matches!(&fully, Err(error)
                if error.message.contains("closing quote") || error.message.contains("escape"));
            if !is_lenient {
                agree(&text, &chunk);
            }
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,60}|[-:#'\"|>{},\\[\\] \t\r\n&*!?~%.@0-9a-f<\\\\]{0,80}") {
        let source = Source::new("a", &text);
        let reading = crate::read(&source, &Limits::default());
        for document in &reading.documents {
            let places = document.places();
            let mut nodes = vec![document.tree().root()];
            while let Some(node) = nodes.pop() {
                let span = places.node_span(node);
                prop_assert!(source.text.get(span.start..span.end).is_some());
                nodes.extend(node.as_list().iter().flat_map(crate::Items::iter));
                nodes.extend(node.as_map().iter().flat_map(|map| map.nodes()).flat_map(|(key, value)| [key, value]));
            }
        }
        let _ = crate::parse_json(&*text, &Limits::default());
    }
}
