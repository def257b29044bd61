//! The blocks of a page, and whether what was printed is what stands there.

/// Commands, and what they print.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) lines: String,
    pub(super) exit_code: i32,
    /// The block of text that follows.
    pub(super) printed: String,
    /// Where it stands.
    pub(super) line: usize,
}

/// Each block of `sh` with the block of `text` after it; `exit-code=1` says what the commands end
/// with. Other blocks are for people.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(&str, String)> = None;
    // Whether the last block of commands still waits for what it prints.
    let mut waits = false;
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some((info, String::new())),
            (Some(_), Some((info, text))) => {
                match info.split_once(' ').unwrap_or((info, "")) {
                    ("sh", options) => {
                        assert!(!waits, "line {number}: what is printed is missing before it");
                        let exit_code = match options.strip_prefix("exit-code=") {
                            Some(code) => code.parse().unwrap(),
                            None => 0,
                        };
                        let (lines, printed) = (std::mem::take(text), String::new());
                        blocks.push(Block { lines, exit_code, printed, line: number });
                        waits = true;
                    }
                    ("text", "") => {
                        assert!(waits, "line {number}: what prints this is missing");
                        blocks.last_mut().unwrap().printed = std::mem::take(text);
                        waits = false;
                    }
                    (other, _) => assert_eq!(other, "console", "line {number}"),
                }
                open = None;
            }
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none() && !waits, "a block is not closed, or prints nothing");
    blocks
}

/// What differs; `…` alone on a line stands for any lines, elsewhere for any text, and `<age>` and
/// `<id>` for what they say. How wide columns are means nothing.
pub(super) fn problem(expected: &str, found: &str) -> Option<String> {
    let expected: Vec<&str> = expected.lines().collect();
    let found: Vec<&str> = found.lines().collect();
    let mut rest = found.as_slice();
    let mut skips = false;
    for line in expected {
        if line == "…" {
            skips = true;
            continue;
        }
        let place = rest.iter().position(|found| is_like(line, found));
        match place {
            Some(0) => {}
            Some(_) if skips => {}
            _ => {
                return Some(format!("expected `{line}`, found `{}`", rest.first().unwrap_or(&"")));
            }
        }
        rest = &rest[place.unwrap_or(0) + 1..];
        skips = false;
    }
    match rest.first() {
        Some(line) if !skips => Some(format!("nothing was expected, found `{line}`")),
        _ => None,
    }
}

fn is_like(expected: &str, found: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (expected, found) = (words(expected), words(found));
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = after(first, &found) else { return false };
    let mut is_open = false;
    for part in parts {
        let starts = rest.char_indices().map(|(start, _)| start).chain([rest.len()]);
        let ends = starts.filter_map(|start| after(part, &rest[start..]));
        // What comes last has to reach to the end.
        let mut ends = ends.collect::<Vec<_>>();
        ends.sort_by_key(|end| std::cmp::Reverse(end.len()));
        let Some(end) = ends.first() else { return false };
        is_open = part.is_empty() || ends.iter().any(|end| end.is_empty());
        rest = end;
    }
    rest.is_empty() || is_open
}

/// What follows a text that begins like a part, whose placeholders stand for something.
fn after<'t>(part: &str, text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    for piece in part.split_inclusive('>') {
        let stands_for = |one: char, name: &str| match name {
            "<age>" => one.is_ascii_digit() || "smhd".contains(one),
            _ => one.is_ascii_digit() || one.is_ascii_uppercase(),
        };
        let Some(name) = ["<age>", "<id>"].into_iter().find(|name| piece.ends_with(name)) else {
            rest = rest.strip_prefix(piece)?;
            continue;
        };
        rest = rest.strip_prefix(piece.strip_suffix(name)?)?;
        let end = rest.find(|one| !stands_for(one, name)).unwrap_or(rest.len());
        rest = rest.get(end..).filter(|_| end > 0)?;
    }
    Some(rest)
}

/// The id of the decision that a denial names.
pub(super) fn decision_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("[decision ")?;
    rest.split(']').next().map(str::to_owned)
}

#[test]
fn what_differs_is_seen() {
    for (expected, found, is_same) in [
        ("a\n", "a\n", true),
        ("a\n", "b\n", false),
        ("a\n", "a\nb\n", false),
        ("a\nb\n", "a\n", false),
        ("a\n…\n", "a\nb\nc\n", true),
        ("…\nc\n", "a\nb\nc\n", true),
        ("…\nb\n", "a\nb\nc\n", false),
        ("a  b\n", "a      b\n", true),
        ("a <age>\n", "a 3m5s\n", true),
        ("a <age>\n", "a\n", false),
        ("a <age> b\n", "a 3s c\n", false),
        ("a…c d\n", "a b c c d\n", true),
        ("a…c d\n", "a b c d e\n", false),
        ("-:…: a…\n", "-:3:4: ab\n", true),
        ("-:…: a…\n", "-:3:4: b\n", false),
        ("[<id>] b…\n", "[7Q2MPZ6B7F1D] bcd\n", true),
        ("[<id>] b\n", "[7Q2MPZ6B7F1D] bcd\n", false),
    ] {
        assert_eq!(problem(expected, found).is_none(), is_same, "{expected:?} {found:?}");
    }
}

#[test]
fn blocks_are_commands_and_what_they_print() {
    let page =
        "# a\n```sh exit-code=1\nls\nls\n```\nwords\n```console\n$ x\n```\n```text\nb\n```\n";
    let block = Block { lines: "ls\nls\n".into(), exit_code: 1, printed: "b\n".into(), line: 4 };
    assert_eq!(blocks(page), [block]);
}
