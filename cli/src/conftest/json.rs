//! JSON as `encoding/json` of Go indents it.

use ajj_engine::Value;

/// A map whose keys stand in the order they are given.
#[derive(Debug, Default)]
pub(crate) struct Object {
    text: String,
}

impl Object {
    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &quoted(value));
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        self.text.push_str(&quoted(key));
        self.text.push(':');
        self.text.push_str(json);
    }

    pub(crate) fn finish(self) -> String {
        if self.text.is_empty() { "{}".to_owned() } else { self.text + "}" }
    }
}

pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_json()
}

/// Indents JSON that has no blanks between its tokens.
pub(crate) fn indented(compact: &str, indent: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut is_escaped = false;
    let mut characters = compact.chars().peekable();
    let break_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(indent, depth));
    };
    while let Some(character) = characters.next() {
        if in_text {
            out.push(character);
            in_text = character != '"' || is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            continue;
        }
        match character {
            '{' | '[' => {
                out.push(character);
                if matches!(characters.peek(), Some('}' | ']')) {
                    out.extend(characters.next());
                } else {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_text = character == '"';
                out.push(character);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn indents_as_go_does() {
        let compact = r#"{"a":{},"b":[],"c":[1,{"d":"{\"x\":[1,2]}\\"}]}"#;
        let expected = "{\n  \"a\": {},\n  \"b\": [],\n  \"c\": [\n    1,\n    {\n      \"d\": \"{\\\"x\\\":[1,2]}\\\\\"\n    }\n  ]\n}";
        assert_eq!(indented(compact, "  "), expected);
        assert_eq!(indented("[]", "  "), "[]");
    }
}
