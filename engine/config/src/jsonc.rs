//! JSON with comments: `//`, `/* */` and, as in conftest's parser, `#`.

use crate::ConfigError;
use crate::scan::Cursor;

/// The text without comments; blanks stand in their place, so that lines and columns hold.
pub(crate) fn to_json(text: &str) -> Result<String, ConfigError> {
    let mut out = String::with_capacity(text.len());
    let mut cursor = Cursor::new(text);
    while let Some(character) = cursor.peek() {
        let start = cursor.position;
        match (character, cursor.peek_second()) {
            ('"', _) => {
                cursor.next();
                string(&mut cursor);
                out.push_str(text.get(start..cursor.position).unwrap_or_default());
            }
            ('#', _) | ('/', Some('/')) => {
                let comment = cursor.take_while(|character| character != '\n');
                out.extend(comment.chars().map(|_| ' '));
            }
            ('/', Some('*')) => {
                cursor.eat("/*");
                if cursor.take_until("*/").is_none() {
                    cursor.position = start;
                    return Err(cursor.error("the comment is not closed by `*/`"));
                }
                let comment = text.get(start..cursor.position).unwrap_or_default();
                out.extend(comment.chars().map(|inside| if inside == '\n' { '\n' } else { ' ' }));
            }
            _ => {
                cursor.next();
                out.push(character);
            }
        }
    }
    Ok(out)
}

/// Steps over the rest of a string.
fn string(cursor: &mut Cursor<'_>) {
    while let Some(character) = cursor.next() {
        match character {
            '\\' => {
                cursor.next();
            }
            '"' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::to_json;

    #[test]
    fn comments_become_blanks() {
        assert_eq!(
            to_json("{\"a\": /* b\n*/ 1, // c\n\"d//\\\"e\": 2} # f").unwrap(),
            "{\"a\":     \n   1,     \n\"d//\\\"e\": 2}    "
        );
        let error = to_json("{} /* a").unwrap_err();
        assert_eq!(error.to_string(), "line 1, column 4: the comment is not closed by `*/`");
    }
}
