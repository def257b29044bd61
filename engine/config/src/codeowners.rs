//! CODEOWNERS as `github.com/hmarr/codeowners` reads it (`parse.go`), with the shape of
//! `parser/codeowners/codeowners.go`.

use serde_json::{Value, json};

use crate::ConfigError;

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut rules = Vec::new();
    for (position, line) in text.lines().enumerate() {
        let number = position + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (pattern, owners, comment) =
            rule(line).map_err(|message| ConfigError::in_line(number, message))?;
        rules.push(json!({
            "pattern": pattern, "owners": owners, "comment": comment, "lineNumber": number,
        }));
    }
    let rules = if rules.is_empty() { Value::Null } else { Value::Array(rules) };
    Ok(json!({ "rules": rules }))
}

type Rule<'t> = (&'t str, Vec<Value>, &'t str);

fn rule(line: &str) -> Result<Rule<'_>, String> {
    let (line, comment) = match line.split_once('#') {
        Some((line, comment)) => (line, comment.trim()),
        None => (line, ""),
    };
    let mut is_escaped = false;
    let end = line.find(|character: char| {
        let ends = is_blank(character) && !is_escaped;
        is_escaped = character == '\\';
        ends
    });
    let (pattern, owners) = line.split_at(end.unwrap_or(line.len()));
    let odd = pattern.chars().find(|character| {
        !(character.is_ascii_alphanumeric()
            || is_blank(*character)
            || "*?./@_+-\\()".contains(*character))
    });
    if let Some(odd) = odd {
        return Err(format!("unexpected character `{odd}` in the pattern"));
    }
    if pattern.is_empty() || pattern.contains("***") {
        return Err("expected a pattern of files".to_owned());
    }
    let owners = owners.split(is_blank).filter(|owner| !owner.is_empty());
    Ok((pattern, owners.map(owner).collect::<Result<_, _>>()?, comment))
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

fn owner(text: &str) -> Result<Value, String> {
    let all = |text: &str, others: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || others.as_bytes().contains(&byte);
        !text.is_empty() && text.bytes().all(known)
    };
    if let Some(name) = text.strip_prefix('@') {
        match name.split_once('/') {
            Some((organisation, team)) if all(organisation, "-") && all(team, "_-") => {
                return Ok(json!({"type": "team", "value": name}));
            }
            None if all(name, "-_") => return Ok(json!({"type": "username", "value": name})),
            _ => {}
        }
    }
    let is_email = text.rsplit_once('@').is_some_and(|(user, host)| {
        let Some((domain, top)) = host.rsplit_once('.') else { return false };
        let is_top = (2..=6).contains(&top.len()) && top.bytes().all(|b| b.is_ascii_alphabetic());
        all(user, "._%+-") && all(domain, ".-") && is_top
    });
    match is_email {
        true => Ok(json!({"type": "email", "value": text})),
        false => {
            Err(format!("invalid owner format `{text}`; expected @name, @org/team or an email"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn rules() {
        let value = parse("# all\n*  @org/team a@b.co # why\n\n/docs\\ x/ @me\nlogs\n").unwrap();
        assert_eq!(
            value.to_string(),
            concat!(
                r#"{"rules":[{"comment":"why","lineNumber":2,"owners":[{"type":"team","value":"org/team"},"#,
                r#"{"type":"email","value":"a@b.co"}],"pattern":"*"},"#,
                r#"{"comment":"","lineNumber":4,"owners":[{"type":"username","value":"me"}],"pattern":"/docs\\ x/"},"#,
                r#"{"comment":"","lineNumber":5,"owners":[],"pattern":"logs"}]}"#,
            )
        );
        assert_eq!(parse("").unwrap().to_string(), r#"{"rules":null}"#);
        let error = parse("\n* me\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2, column 1: invalid owner format `me`"), "{error}");
        assert!(parse("a[b] @me\n").is_err());
    }
}
