//! Finds the place of a JSON pointer in a YAML text by indentation: a second opinion on places
//! that shares nothing with the engine's reader. It knows no aliases and no merge keys.

/// Line and column from 1, the column in characters.
pub(crate) type Place = (usize, usize);

/// One document of a file.
#[derive(Debug)]
pub(crate) struct Text {
    lines: Vec<Vec<char>>,
    /// The first line of the document, and the line after its last.
    start: usize,
    end: usize,
}

/// A position: indexes from 0.
type At = (usize, usize);

impl Text {
    /// The document of `text` that holds `line` (from 1).
    pub(crate) fn new(text: &str, line: usize) -> Self {
        let lines: Vec<Vec<char>> = text
            .lines()
            .map(|line| line.trim_start_matches('\u{feff}').chars().collect())
            .collect();
        let is_mark = |index: usize| {
            let line: String = lines[index].iter().take(4).collect();
            ["---", "..."].contains(&line.trim_end())
        };
        let line = (line - 1).min(lines.len().saturating_sub(1));
        let start = (0..=line).rev().find(|index| is_mark(*index)).map_or(0, |index| index + 1);
        let start = start.min(lines.len());
        let end = (start..lines.len()).find(|index| is_mark(*index)).unwrap_or(lines.len());
        Self { lines, start, end }
    }

    /// The place of what `steps` lead to, or of its nearest ancestor that is there.
    pub(crate) fn place(&self, steps: &[String]) -> Option<Place> {
        let root = self.next((self.start, 0))?;
        let first = match self.at(root) {
            Some('{') => self.flow_space((root.0, root.1 + 1))?,
            _ => root,
        };
        let found =
            (1..=steps.len()).rev().find_map(|count| self.node(root, &steps[..count], root));
        let (line, column) = found.unwrap_or(first);
        Some((line + 1, column + 1))
    }

    fn at(&self, (line, column): At) -> Option<char> {
        if line >= self.end {
            return None;
        }
        self.lines.get(line)?.get(column).copied()
    }

    /// The next position that is neither space nor comment, over line ends.
    fn next(&self, (mut line, mut column): At) -> Option<At> {
        while line < self.end {
            let letters = &self.lines[line];
            while letters.get(column).is_some_and(|letter| letter.is_whitespace()) {
                column += 1;
            }
            match letters.get(column) {
                Some('#') if column == 0 || letters[column - 1].is_whitespace() => {}
                Some(_) => return Some((line, column)),
                None => {}
            }
            (line, column) = (line + 1, 0);
        }
        None
    }

    fn indent(&self, line: usize) -> Option<usize> {
        let position = self.lines[line].iter().position(|letter| !letter.is_whitespace())?;
        (self.lines[line][position] != '#').then_some(position)
    }

    fn is_item(&self, (line, column): At) -> bool {
        self.at((line, column)) == Some('-')
            && self.at((line, column + 1)).is_none_or(|letter| letter.is_whitespace())
    }

    /// Follows `steps` from the node at `position`; `holder` is the key or item that holds it.
    fn node(&self, position: At, steps: &[String], holder: At) -> Option<At> {
        let mut position = self.next(position)?;
        while matches!(self.at(position), Some('&' | '!')) {
            while self.at(position).is_some_and(|letter| !letter.is_whitespace()) {
                position.1 += 1;
            }
            position = self.next(position)?;
        }
        match self.at(position)? {
            '{' | '[' => self.flow(position, steps, holder),
            _ if self.is_item(position) => self.items(position, steps, holder),
            _ if self.key(position).is_some() => self.entries(position, steps, holder),
            _ => steps.is_empty().then_some(position),
        }
    }

    /// The key that begins at `position`, and where its value begins.
    fn key(&self, (line, column): At) -> Option<(String, At)> {
        let letters = self.lines.get(line)?;
        let (key, mut end) = match letters.get(column)? {
            quote @ ('"' | '\'') => self.quoted((line, column), *quote)?,
            _ => {
                let mut end = column;
                loop {
                    match letters.get(end)? {
                        ':' if letters.get(end + 1).is_none_or(|next| next.is_whitespace()) => {
                            break;
                        }
                        '#' if letters[end - 1].is_whitespace() => return None,
                        _ => end += 1,
                    }
                }
                (letters[column..end].iter().collect::<String>().trim_end().to_owned(), (line, end))
            }
        };
        while self.at(end).is_some_and(char::is_whitespace) {
            end.1 += 1;
        }
        (self.at(end) == Some(':')).then_some((key, (end.0, end.1 + 1)))
    }

    /// A quoted text and the position after it.
    fn quoted(&self, (mut line, column): At, quote: char) -> Option<(String, At)> {
        let mut text = String::new();
        let mut column = column + 1;
        while line < self.end {
            let letters = &self.lines[line];
            while let Some(letter) = letters.get(column) {
                column += 1;
                match *letter {
                    '\\' if quote == '"' => {
                        text.extend(letters.get(column));
                        column += 1;
                    }
                    letter if letter == quote => match letters.get(column) {
                        Some('\'') if quote == '\'' => {
                            text.push('\'');
                            column += 1;
                        }
                        _ => return Some((text, (line, column))),
                    },
                    letter => text.push(letter),
                }
            }
            text.push(' ');
            (line, column) = (line + 1, 0);
        }
        None
    }

    fn entries(&self, position: At, steps: &[String], holder: At) -> Option<At> {
        let Some((step, rest)) = steps.split_first() else { return Some(holder) };
        let indent = position.1;
        let mut line = position.0;
        loop {
            // Items of a list, or the bracket that ends one, may stand as far left as their key.
            if !self.is_item((line, indent)) && !matches!(self.at((line, indent)), Some(']' | '}'))
            {
                let (key, value) = self.key((line, indent))?;
                if key == *step {
                    return self.value(value, indent, rest, (line, indent));
                }
            }
            line = self.sibling(line, indent)?;
        }
    }

    /// The value behind a key; one that is not there is null, and has the key's place.
    fn value(&self, value: At, indent: usize, steps: &[String], key: At) -> Option<At> {
        let next = self.next(value);
        let is_inside = next.is_some_and(|next| {
            next.0 == value.0 || next.1 > indent || (next.1 == indent && self.is_item(next))
        });
        match is_inside {
            true => self.node(value, steps, key),
            false => steps.is_empty().then_some(key),
        }
    }

    fn items(&self, position: At, steps: &[String], holder: At) -> Option<At> {
        let Some((step, rest)) = steps.split_first() else { return Some(holder) };
        let wanted: usize = step.parse().ok()?;
        let indent = position.1;
        let mut line = position.0;
        for _ in 0..wanted {
            line = self.sibling(line, indent)?;
            if !self.is_item((line, indent)) {
                return None;
            }
        }
        let item = self.next((line, indent + 1))?;
        self.node(item, rest, item)
    }

    /// The next line of the same collection.
    fn sibling(&self, line: usize, indent: usize) -> Option<usize> {
        for line in line + 1..self.end {
            match self.indent(line) {
                Some(other) if other < indent => return None,
                Some(other) if other == indent => return Some(line),
                _ => {}
            }
        }
        None
    }

    fn flow_space(&self, position: At) -> Option<At> {
        self.next(position)
    }

    /// Follows `steps` inside brackets.
    fn flow(&self, position: At, steps: &[String], holder: At) -> Option<At> {
        let Some((step, rest)) = steps.split_first() else { return Some(holder) };
        let is_map = self.at(position) == Some('{');
        let mut here = self.flow_space((position.0, position.1 + 1))?;
        for index in 0.. {
            if matches!(self.at(here)?, '}' | ']') {
                return None;
            }
            let start = here;
            let mut holder = start;
            let mut name = index.to_string();
            if is_map {
                let (key, colon) = self.flow_scalar(here)?;
                name = key;
                here = self.flow_space(colon)?;
                if self.at(here)? != ':' {
                    return None;
                }
                here = self.flow_space((here.0, here.1 + 1))?;
                holder = start;
            }
            if name == *step {
                return match self.at(here)? {
                    '{' | '[' => self.flow(here, rest, if is_map { holder } else { here }),
                    _ => rest.is_empty().then_some(here),
                };
            }
            here = self.flow_space(self.flow_end(here)?)?;
            if self.at(here)? == ',' {
                here = self.flow_space((here.0, here.1 + 1))?;
            }
        }
        None
    }

    /// A scalar inside brackets and the position after it.
    fn flow_scalar(&self, position: At) -> Option<(String, At)> {
        match self.at(position)? {
            quote @ ('"' | '\'') => self.quoted(position, quote),
            _ => {
                let (line, column) = position;
                let letters = &self.lines[line];
                let mut end = column;
                while let Some(letter) = letters.get(end) {
                    let ends = matches!(letter, ',' | '}' | ']' | '{' | '[');
                    let colon = *letter == ':'
                        && letters.get(end + 1).is_none_or(|next| {
                            next.is_whitespace() || matches!(next, ',' | '}' | ']')
                        });
                    if ends || colon {
                        break;
                    }
                    end += 1;
                }
                let text: String = letters[column..end].iter().collect();
                Some((text.trim_end().to_owned(), (line, end)))
            }
        }
    }

    /// The position after a value inside brackets.
    fn flow_end(&self, position: At) -> Option<At> {
        let mut here = position;
        let mut depth = 0;
        loop {
            match self.at(here)? {
                '{' | '[' => {
                    depth += 1;
                    here.1 += 1;
                }
                '}' | ']' => {
                    depth -= 1;
                    here.1 += 1;
                }
                ',' | ':' => here.1 += 1,
                _ => here = self.flow_scalar(here)?.1,
            }
            if depth == 0 {
                return Some(here);
            }
            here = self.flow_space(here)?;
        }
    }
}

/// Tries the finder itself: what it gets wrong would otherwise look like a wrong place.
pub(crate) fn check_itself() {
    let text = "# c\na:\n- b: [x, {c: \"d\"}]\n  e: |\n    a: no\n- 'f g': h # i\nj:\nk: {l: 1,\n  m: 2}\n";
    let cases: &[(&[&str], Place)] = &[
        (&["a"], (2, 1)),
        (&["a", "0"], (3, 3)),
        (&["a", "0", "b"], (3, 3)),
        (&["a", "0", "b", "0"], (3, 7)),
        (&["a", "0", "b", "1", "c"], (3, 14)),
        (&["a", "1", "f g"], (6, 10)),
        (&["a", "1", "none"], (6, 3)),
        (&["j"], (7, 1)),
        (&["k", "m"], (9, 6)),
        (&["none"], (2, 1)),
    ];
    for (steps, place) in cases {
        let owned: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        assert_eq!(Text::new(text, 1).place(&owned), Some(*place), "{steps:?}");
    }
}
