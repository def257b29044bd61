//! Which namespaces are judged (`runner/test.go`, `filterNamespaces`).

use ajj_engine::scalar::regex::Regex;

use super::Failure;

/// Whether any pattern has a wildcard; else they are names.
pub(crate) fn has_wildcard(patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| pattern.contains(['*', '?', '[']))
}

/// The names that match one of the patterns, in their own order.
pub(crate) fn matching(names: &[&str], patterns: &[String]) -> Result<Vec<String>, Failure> {
    let patterns = patterns.iter().map(|pattern| {
        let compiled = expression(pattern).and_then(|text| Regex::compile(&text).ok());
        compiled.ok_or_else(|| format!("match pattern \"{pattern}\": syntax error in pattern"))
    });
    let patterns = patterns.collect::<Result<Vec<_>, _>>()?;
    let matches = |name: &&&str| patterns.iter().any(|pattern| pattern.is_match(name));
    Ok(names.iter().filter(matches).map(|name| (*name).to_owned()).collect())
}

/// A regular expression for what `path.Match` of Go matches.
fn expression(pattern: &str) -> Option<String> {
    let mut out = "^(?s:".to_owned();
    let mut characters = pattern.chars();
    let literal = |character: char| format!("\\x{{{:x}}}", character as u32);
    while let Some(character) = characters.next() {
        match character {
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '\\' => out.push_str(&literal(characters.next()?)),
            '[' => {
                out.push('[');
                let mut is_first = true;
                loop {
                    match characters.next()? {
                        '^' if is_first && out.ends_with('[') => {
                            out.push('^');
                            continue;
                        }
                        ']' if !is_first => break,
                        '-' => out.push('-'),
                        '\\' => out.push_str(&literal(characters.next()?)),
                        inside => out.push_str(&literal(inside)),
                    }
                    is_first = false;
                }
                out.push(']');
            }
            other => out.push_str(&literal(other)),
        }
    }
    out.push_str(")$");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::matching;

    #[test]
    fn wildcards() {
        let names = ["main", "main.gke", "commands", "m-x"];
        let matched = |pattern: &str| matching(&names, &[pattern.to_owned()]);
        assert_eq!(matched("*").unwrap(), names);
        assert_eq!(matched("main.*").unwrap(), ["main.gke"]);
        assert_eq!(matched("ma[a-k]n").unwrap(), ["main"]);
        assert_eq!(matched("ma[^i]n").unwrap(), [""; 0]);
        assert_eq!(matched("?-x").unwrap(), ["m-x"]);
        assert!(matched("a[").is_err());
    }
}
