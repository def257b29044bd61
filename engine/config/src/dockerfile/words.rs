//! How a line of a Dockerfile falls into words (`split_command.go`, `line_parsers.go`).

/// What stands between words.
pub(super) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{b}' | '\u{c}' | '\r')
}

/// Words without regard to quotes.
pub(super) fn split(text: &str) -> Vec<String> {
    text.split(is_blank).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Words that keep their quotes and escapes, in which blanks do not divide.
pub(super) fn quoted(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if quote.is_none() && character.is_whitespace() {
            words.extend(word.take());
            continue;
        }
        let written = word.get_or_insert_default();
        if character == escape && quote != Some('\'') {
            let Some(escaped) = characters.next() else { break };
            written.push(character);
            written.push(escaped);
            continue;
        }
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '\'' | '"') => quote = Some(character),
            _ => {}
        }
        written.push(character);
    }
    words.extend(word);
    words
}

/// The words that begin with `--`, without quotes, and what stands behind them.
pub(super) fn flags(text: &str, escape: char) -> (Vec<String>, &str) {
    let mut flags = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if !rest.starts_with("--") {
            return (flags, rest);
        }
        let mut word = String::new();
        let mut quote = None;
        let mut characters = rest.chars();
        loop {
            let before = characters.as_str();
            let Some(character) = characters.next() else {
                rest = before;
                break;
            };
            if quote.is_none() && character.is_whitespace() {
                rest = before;
                break;
            }
            match quote {
                Some(open) if open == character => quote = None,
                None if matches!(character, '\'' | '"') => quote = Some(character),
                _ if character == escape => word.extend(characters.next()),
                _ => word.push(character),
            }
        }
        if word == "--" {
            return (flags, rest);
        }
        flags.push(word);
    }
}

/// The names of the heredocs that a line begins, and whether tabs before their lines are left out.
pub(super) fn heredocs(line: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for word in quoted(line, '\\') {
        let rest = word.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let Some(rest) = rest.strip_prefix("<<") else { continue };
        let (rest, without_tabs) = match rest.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let name: String = rest.chars().filter(|inside| !matches!(inside, '"' | '\'')).collect();
        if !name.is_empty() && !name.contains('<') {
            found.push((name, without_tabs));
        }
    }
    found
}
