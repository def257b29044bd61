//! `.gitignore` and `.dockerignore` as `github.com/shteou/go-ignore` reads them, in one more list.

use serde_json::{Value, json};

pub(crate) fn parse(text: &str) -> Value {
    Value::Array(vec![text.split('\n').map(entry).collect()])
}

fn entry(line: &str) -> Value {
    let stripped = strip(line);
    let (kind, value) = match stripped {
        "" => ("Empty", line.to_owned()),
        _ if line.starts_with('#') => {
            ("Comment", stripped.get(1..).unwrap_or_default().trim().to_owned())
        }
        _ => match stripped.strip_prefix('!') {
            Some(path) => ("NegatedPath", unescaped(path)),
            None => ("Path", unescaped(stripped)),
        },
    };
    json!({"Kind": kind, "Value": value, "Original": line})
}

/// A line without the blanks at its end, but for one behind a backslash.
fn strip(line: &str) -> &str {
    let stripped = line.trim_end_matches(' ');
    match stripped.ends_with('\\') && stripped.len() < line.len() {
        true => line.get(..stripped.len() + 1).unwrap_or(line),
        false => stripped,
    }
}

/// A path without its backslashes; two stand for one.
fn unescaped(path: &str) -> String {
    let mut value = String::with_capacity(path.len());
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                if characters.as_str().starts_with('\\') {
                    characters.next();
                    value.push('\\');
                }
            }
            _ => value.push(character),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lines_are_of_four_kinds() {
        for (line, kind, value) in [
            ("", "Empty", ""),
            ("  ", "Empty", "  "),
            ("# why ", "Comment", "why"),
            ("!a/b", "NegatedPath", "a/b"),
            ("a b  ", "Path", "a b"),
            ("a\\  ", "Path", "a "),
            ("\\#a\\\\b", "Path", "#a\\b"),
        ] {
            let entry = &parse(line)[0][0];
            assert_eq!(
                (&entry["Kind"], &entry["Value"]),
                (&kind.into(), &value.into()),
                "{line:?}"
            );
            assert_eq!(entry["Original"], line);
        }
        assert_eq!(parse("a\nb\n")[0].as_array().unwrap().len(), 3);
    }
}
