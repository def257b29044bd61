//! The lines of a source that show a finding, safe to print: escaped, and without hidden values.

use std::ops::Range;

use ajj_engine::{Source, Span};

use ajj_engine::report::escape;

/// A part of the source to point at.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// Bytes of the source.
    pub(crate) span: Range<usize>,
    /// What to say there.
    pub(crate) label: String,
    /// Whether this is what is wrong, rather than context.
    pub(crate) is_primary: bool,
}

/// Lines to show, with marks in bytes of them.
#[derive(Debug)]
pub(crate) struct Excerpt {
    pub(crate) text: String,
    /// The byte of the source at which it begins.
    pub(crate) start: usize,
    pub(crate) marks: Vec<Mark>,
}

/// More than this is not read by anybody, and would have to be rendered.
const MAX_BYTES: usize = 16 << 10;

/// A longer line is cut around its mark.
const MAX_LINE: usize = 400;

/// What stands for a hidden value.
const MASK: &str = "***";

/// The lines from the first mark to the last. Of marks far apart, or on very long lines, only
/// the first that is wrong is shown.
pub(crate) fn excerpt(source: &Source, marks: Vec<Mark>, hidden: &[Span]) -> Option<Excerpt> {
    let text = &*source.text;
    let marks: Vec<Mark> = marks.into_iter().filter_map(|mark| clip_to_line(text, mark)).collect();
    let first = marks.iter().find(|mark| mark.is_primary)?.clone();
    let lines = |mark: &Mark| line_around(text, mark.span.start);
    let start = marks.iter().map(|mark| lines(mark).start).min()?;
    let end = marks.iter().map(|mark| lines(mark).end).max()?;
    let is_long = |mark: &Mark| lines(mark).len() > MAX_LINE;
    let hidden: Vec<Range<usize>> = hidden
        .iter()
        .filter(|span| span.source == source.name)
        .map(|span| span.start..span.end)
        .collect();
    if end - start <= MAX_BYTES && !marks.iter().any(is_long) {
        return Some(show(text, start..end, marks, &hidden));
    }
    let line = lines(&first);
    let start =
        text.floor_char_boundary(first.span.start.saturating_sub(MAX_LINE / 4)).max(line.start);
    let end = text.ceil_char_boundary(start.saturating_add(MAX_LINE)).min(line.end);
    let span = first.span.start..first.span.end.min(end).max(first.span.start);
    Some(show(text, start..end, vec![Mark { span, ..first }], &hidden))
}

/// A mark over many lines marks the first of them.
fn clip_to_line(text: &str, mark: Mark) -> Option<Mark> {
    let start = text.floor_char_boundary(mark.span.start.min(text.len()));
    let end = text.ceil_char_boundary(mark.span.end.min(text.len()));
    let line = line_around(text, start);
    Some(Mark { span: start..end.min(line.end).max(start), ..mark })
}

/// The line that holds a byte, without its end.
fn line_around(text: &str, position: usize) -> Range<usize> {
    let before = text.get(..position).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |found| found + 1);
    let rest = text.get(position..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    start..position + line.strip_suffix('\r').unwrap_or(line).len()
}

/// Copies a window, with everything in it that may not be shown replaced, and the marks moved.
fn show(text: &str, window: Range<usize>, marks: Vec<Mark>, hidden: &[Range<usize>]) -> Excerpt {
    let mut shown = String::with_capacity(window.len() + 16);
    let mut moved: Vec<(Option<usize>, Option<usize>)> = vec![(None, None); marks.len()];
    let content = text.get(window.clone()).unwrap_or_default();
    let mut inside_hidden = false;
    for (offset, character) in content.char_indices() {
        let position = window.start + offset;
        let is_hidden = hidden.iter().any(|range| range.contains(&position));
        // Starts are taken before what stands there, ends after what stands before them.
        if !is_hidden || !inside_hidden {
            settle(&marks, &mut moved, position, shown.len());
        }
        match (is_hidden, inside_hidden) {
            (true, false) => shown.push_str(MASK),
            // Line breaks stay, so that numbers of lines are right.
            (true, true) if character == '\n' => shown.push('\n'),
            (true, true) => (),
            (false, _) if character == '\n' => shown.push('\n'),
            (false, _) if character == '\r' => (),
            (false, _) => escape::push_source(character, &mut shown),
        }
        inside_hidden = is_hidden;
    }
    settle(&marks, &mut moved, window.end, shown.len());
    let marks = marks
        .into_iter()
        .zip(moved)
        .map(|(mark, (start, end))| {
            let end = end.unwrap_or(shown.len());
            let start = start.unwrap_or(end).min(end);
            Mark { span: start..end, ..mark }
        })
        .collect();
    Excerpt { text: shown, start: window.start, marks }
}

/// Notes where marks that begin or end at or before `position` are shown.
fn settle(
    marks: &[Mark],
    moved: &mut [(Option<usize>, Option<usize>)],
    position: usize,
    shown: usize,
) {
    for (mark, (start, end)) in marks.iter().zip(moved) {
        if start.is_none() && mark.span.start < position + 1 && mark.span.start >= position {
            *start = Some(shown);
        }
        if end.is_none() && mark.span.end <= position {
            *end = Some(shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use ajj_engine::{Source, Span};

    use super::{MAX_LINE, Mark, excerpt};

    /// The lines that show `wanted`, and what of them is marked.
    fn check(text: &str, wanted: &[&str], hidden: &[&str]) -> (String, Vec<String>) {
        let source = Source::new("a.yaml", text);
        let find = |part: &str| source.text.find(part).unwrap();
        let mark = |part: &&str| Mark {
            span: find(part)..find(part) + part.len(),
            label: String::new(),
            is_primary: true,
        };
        let span = |part: &&str| Span {
            source: source.name.clone(),
            start: find(part),
            end: find(part) + part.len(),
        };
        let hidden: Vec<Span> = hidden.iter().map(span).collect();
        let excerpt = excerpt(&source, wanted.iter().map(mark).collect(), &hidden).unwrap();
        let marked =
            excerpt.marks.iter().map(|mark| excerpt.text[mark.span.clone()].to_owned()).collect();
        (excerpt.text, marked)
    }

    #[test]
    fn lines_from_the_first_mark_to_the_last() {
        let (text, marked) = check("a: 1\nb: x\nc: 3\nd: y\ne: 5\n", &["y", "x"], &[]);
        assert_eq!(text, "b: x\nc: 3\nd: y");
        assert_eq!(marked, ["y", "x"]);
    }

    #[test]
    fn a_mark_over_lines_marks_the_first() {
        let (text, marked) = check("a: |\r\n  b\r\n  c\r\n", &["|\r\n  b\r\n  c"], &[]);
        assert_eq!((text.as_str(), marked[0].as_str()), ("a: |", "|"));
    }

    #[test]
    fn hidden_values_are_masked_whether_marked_or_beside() {
        let text = "user: admin\npassword: hunter2\nkey: |\n  first\n  second\nlast: x\n";
        let (shown, marked) =
            check(text, &["hunter2", "admin", "x"], &["hunter2", "|\n  first\n  second"]);
        assert_eq!(shown, "user: admin\npassword: ***\nkey: ***\n\n\nlast: x");
        assert_eq!(marked, ["***", "admin", "x"]);
    }

    #[test]
    fn control_characters_are_escaped_and_marks_follow() {
        let (shown, marked) = check("a: \u{1b}[2J\u{202e}x y\n", &["x"], &[]);
        assert_eq!(shown, "a: \\u{1b}[2J\\u{202e}x y");
        assert_eq!(marked, ["x"]);
    }

    #[test]
    fn a_very_long_line_is_cut_around_its_mark() {
        let text = format!("{{{}\"image\": \"x\"{}}}", "é".repeat(100_000), "b".repeat(100_000));
        let (shown, marked) = check(&text, &["\"x\""], &[]);
        assert!(shown.len() <= MAX_LINE + 4);
        assert_eq!(marked, ["\"x\""]);
    }

    #[test]
    fn marks_far_apart_show_the_first() {
        let text = format!("a: x\n{}b: y\n", "- filler\n".repeat(10_000));
        let (shown, marked) = check(&text, &["x", "y"], &[]);
        assert_eq!((shown.as_str(), marked.len()), ("a: x", 1));
    }
}
