//! Cuts a text into documents at its `---` and `...` lines.
//!
//! Neither line can stand inside a value, so this is exact, and an error in one document does not
//! reach the next.

use memchr::memmem;

/// A part of a text that holds at most one YAML document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where its first value or directive begins; none if there are only comments.
    pub(super) content: Option<usize>,
    /// Whether a `---` line opens it.
    pub(super) is_explicit: bool,
}

impl Chunk {
    /// A whole text as one chunk.
    pub(super) fn whole(text: &str) -> Self {
        Self {
            start: 0,
            end: text.len(),
            content: content(text, 0, text.len()),
            is_explicit: false,
        }
    }

    /// Whether its content begins as JSON does.
    pub(super) fn looks_like_json(&self, text: &str) -> bool {
        let first = self.content.and_then(|content| text.as_bytes().get(content));
        matches!(first, Some(b'{' | b'['))
    }
}

/// The documents of a text in order.
pub(super) fn chunks(text: &str) -> impl Iterator<Item = Chunk> {
    let mut position = 0;
    std::iter::from_fn(move || {
        (position < text.len()).then(|| {
            let (chunk, next) = next_chunk(text, position);
            position = next;
            chunk
        })
    })
}

/// The chunk that begins at a line start, and where the next one begins.
fn next_chunk(text: &str, start: usize) -> (Chunk, usize) {
    let is_explicit = marker_at(text, start) == Some(Marker::Start);
    let mut body = if is_explicit { start + 3 } else { start };
    let mut is_open = is_explicit;
    let mut search = body;
    loop {
        let line = match search == start {
            true => Some(start),
            false => next_marker_candidate(text, search),
        };
        let Some(line) = line else {
            return (chunk(text, start, text.len(), body, is_open), text.len());
        };
        search = line + 1;
        match marker_at(text, line) {
            None => {}
            Some(Marker::End) => {
                let next = line_end(text, line);
                return (chunk(text, start, line, body, is_open), next);
            }
            Some(Marker::Start) if !is_open && has_only_directives(text, start, line) => {
                is_open = true;
                body = line + 3;
                search = body;
            }
            Some(Marker::Start) => return (chunk(text, start, line, body, is_open), line),
        }
    }
}

fn chunk(text: &str, start: usize, end: usize, body: usize, is_explicit: bool) -> Chunk {
    Chunk { start, end, content: content(text, body, end), is_explicit }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    Start,
    End,
}

/// The document marker at a line start.
fn marker_at(text: &str, line: usize) -> Option<Marker> {
    let rest = text.as_bytes().get(line..)?;
    let marker = match rest.get(..3)? {
        b"---" => Marker::Start,
        b"..." => Marker::End,
        _ => return None,
    };
    match (rest.get(3), marker) {
        (None | Some(b'\n' | b'\r'), _) | (Some(b' ' | b'\t'), Marker::Start) => Some(marker),
        (Some(b' ' | b'\t'), Marker::End) => {
            // What stands behind `...` has to be a comment; the parser says so if it is not.
            let behind = text.get(line + 3..line_end(text, line)).unwrap_or_default();
            let behind = behind.trim_ascii();
            (behind.is_empty() || behind.starts_with('#')).then_some(marker)
        }
        _ => None,
    }
}

/// The next line start behind `from` that begins with `---` or `...`.
fn next_marker_candidate(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from.saturating_sub(1)..)?;
    let dashes = memmem::find(rest, b"\n---");
    let dots = memmem::find(rest.get(..dashes.unwrap_or(rest.len()))?, b"\n...");
    Some(from.saturating_sub(1) + dots.or(dashes)? + 1)
}

/// The byte behind the line break that ends a line.
fn line_end(text: &str, line: usize) -> usize {
    let rest = text.as_bytes().get(line..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(text.len(), |length| line + length + 1)
}

/// Whether there is a directive, and else only comments.
fn has_only_directives(text: &str, start: usize, end: usize) -> bool {
    let part = text.get(start..end).unwrap_or_default();
    let mut has_directive = false;
    for line in part.lines() {
        if line.starts_with('%') {
            has_directive = true;
        } else if !line.trim_ascii().is_empty() && !line.trim_ascii().starts_with('#') {
            return false;
        }
    }
    has_directive
}

/// The first byte that is neither white space nor comment.
fn content(text: &str, start: usize, end: usize) -> Option<usize> {
    let bytes = text.as_bytes().get(..end)?;
    let mut position = start;
    loop {
        match bytes.get(position)? {
            b' ' | b'\t' | b'\n' | b'\r' => position += 1,
            b'#' => position += memchr::memchr2(b'\n', b'\r', bytes.get(position..)?)?,
            _ => return Some(position),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::chunks;

    fn check(text: &str, expected: &[(&str, bool)]) {
        let found: Vec<_> = chunks(text)
            .map(|chunk| {
                let content = chunk.content.map_or("", |start| &text[start..chunk.end]);
                (content.trim_end(), chunk.is_explicit)
            })
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn markers_cut() {
        check("a: 1", &[("a: 1", false)]);
        check("# licence\n\n---\na: 1\n", &[("", false), ("a: 1", true)]);
        check(
            "a: 1\n--- # why\nb: 2\n---   \nc: 3",
            &[("a: 1", false), ("b: 2", true), ("c: 3", true)],
        );
        check("a: 1\r\n---\r\nb: 2\r\n", &[("a: 1", false), ("b: 2", true)]);
        check("--- {a: 1}\n---\n", &[("{a: 1}", true), ("", true)]);
        check("a: 1\n...\n# end\n", &[("a: 1", false), ("", false)]);
        check("a: 1\n... # end\nb: 2\n", &[("a: 1", false), ("b: 2", false)]);
        check("---\n---", &[("", true), ("", true)]);
    }

    #[test]
    fn what_only_looks_like_a_marker_does_not_cut() {
        check("a: |\n  ---\n  b\n---x: 1\n", &[("a: |\n  ---\n  b\n---x: 1", false)]);
        check("a: 1\n... b\n", &[("a: 1\n... b", false)]);
        check("a: 1\n----\n", &[("a: 1\n----", false)]);
    }

    #[test]
    fn directives_belong_to_the_document_behind_them() {
        check("%YAML 1.1\n# x\n---\na: 1\n---\nb: 2\n", &[("a: 1", true), ("b: 2", true)]);
        check("a: 1\n...\n%YAML 1.1\n---\nb: 2\n", &[("a: 1", false), ("b: 2", true)]);
    }
}
