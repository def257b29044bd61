//! One instruction: its flags, its values, and what it may not be
//! (`frontend/dockerfile/instructions/parse.go`).

use serde_json::Value;

use super::words;

#[derive(Debug)]
pub(super) struct Instruction {
    pub(super) name: String,
    pub(super) flags: Vec<String>,
    pub(super) is_json: bool,
    values: Vec<String>,
    /// What `ONBUILD` waits with.
    trigger: Option<Box<Self>>,
}

/// How an instruction's arguments are read (`line_parsers.go`).
enum Arguments {
    JsonOrText,
    JsonOrWords,
    /// Names and values.
    Pairs,
    /// Words as a shell has them.
    Quoted,
    Words,
    Text,
    Health,
    Trigger,
}

fn arguments_of(name: &str) -> Option<Arguments> {
    Some(match name.to_ascii_uppercase().as_str() {
        "ADD" | "COPY" | "VOLUME" => Arguments::JsonOrWords,
        "CMD" | "ENTRYPOINT" | "RUN" | "SHELL" => Arguments::JsonOrText,
        "ENV" | "LABEL" => Arguments::Pairs,
        "ARG" => Arguments::Quoted,
        "EXPOSE" | "FROM" => Arguments::Words,
        "HEALTHCHECK" => Arguments::Health,
        "MAINTAINER" | "STOPSIGNAL" | "USER" | "WORKDIR" => Arguments::Text,
        "ONBUILD" => Arguments::Trigger,
        _ => return None,
    })
}

impl Instruction {
    pub(super) fn read(line: &str, escape: char) -> Result<Self, String> {
        let line = line.trim();
        let end = line.find(words::is_blank).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let (flags, rest) = words::flags(rest.trim_start_matches(words::is_blank), escape);
        let rest = rest.trim();
        let mut instruction = Self {
            name: name.to_owned(),
            flags,
            is_json: false,
            values: Vec::new(),
            trigger: None,
        };
        let Some(arguments) = arguments_of(name) else {
            return Err(format!("unknown instruction: {name}"));
        };
        match arguments {
            Arguments::JsonOrText => instruction.json_or(rest, |rest| vec![rest.to_owned()])?,
            Arguments::JsonOrWords => instruction.json_or(rest, words::split)?,
            Arguments::Pairs => instruction.values = pairs(rest, escape, name)?,
            Arguments::Quoted => instruction.values = words::quoted(rest, escape),
            Arguments::Words => instruction.values = words::split(rest),
            Arguments::Text if rest.is_empty() => {}
            Arguments::Text => instruction.values = vec![rest.to_owned()],
            Arguments::Health => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                let (kind, rest) = rest.split_at(end);
                instruction.json_or(rest.trim_start(), |rest| vec![rest.to_owned()])?;
                if !kind.is_empty() {
                    instruction.values.insert(0, kind.to_owned());
                }
            }
            Arguments::Trigger if rest.is_empty() => {}
            Arguments::Trigger => {
                let first = rest.split(words::is_blank).next().unwrap_or_default();
                // Checked before it is read, which bounds how deep this goes.
                match first.to_ascii_uppercase().as_str() {
                    "ONBUILD" => return Err("ONBUILD ONBUILD isn't allowed".to_owned()),
                    trigger @ ("MAINTAINER" | "FROM") => {
                        return Err(format!("{trigger} isn't allowed as an ONBUILD trigger"));
                    }
                    _ => instruction.trigger = Some(Box::new(Self::read(rest, escape)?)),
                }
            }
        }
        Ok(instruction)
    }

    /// A JSON list of texts, or what `otherwise` makes of the rest.
    fn json_or(
        &mut self,
        rest: &str,
        otherwise: impl FnOnce(&str) -> Vec<String>,
    ) -> Result<(), String> {
        if rest.is_empty() {
            return Ok(());
        }
        let json: Option<Vec<Value>> =
            rest.starts_with('[').then(|| serde_json::from_str(rest).ok()).flatten();
        let Some(items) = json else {
            self.values = otherwise(rest);
            return Ok(());
        };
        self.is_json = true;
        for item in items {
            match item {
                Value::String(text) => self.values.push(text),
                _ => {
                    return Err(
                        "when using JSON array syntax, arrays must be comprised of strings \
                                only"
                            .to_owned(),
                    );
                }
            }
        }
        Ok(())
    }

    pub(super) fn trigger(&self) -> Option<&Self> {
        self.trigger.as_deref()
    }

    /// The instruction that `ONBUILD` waits with, or this one.
    pub(super) fn innermost(&self) -> &Self {
        self.trigger().unwrap_or(self)
    }

    pub(super) fn values(&self) -> Vec<String> {
        self.innermost().values.clone()
    }

    pub(super) fn may_have_heredocs(&self) -> bool {
        let innermost = self.innermost();
        let name = innermost.name.to_ascii_uppercase();
        matches!(name.as_str(), "ADD" | "COPY" | "RUN") && !innermost.is_json
    }

    /// What is wrong with its flags and the number of its values.
    pub(super) fn check(&self) -> Result<(), String> {
        let name = self.name.to_ascii_uppercase();
        let count = self.values.len();
        match name.as_str() {
            "ADD" | "COPY" if count < 2 => {
                return Err(format!(
                    "{name} requires at least two arguments, but only one was provided. \
                     Destination could not be determined"
                ));
            }
            "MAINTAINER" | "USER" | "WORKDIR" | "STOPSIGNAL" if count != 1 => {
                return Err(format!("{name} requires exactly one argument"));
            }
            "ENV" | "LABEL" | "EXPOSE" | "VOLUME" | "ARG" | "SHELL" | "HEALTHCHECK"
                if count == 0 =>
            {
                return Err(format!("{name} requires at least one argument"));
            }
            "ONBUILD" if self.trigger.is_none() => {
                return Err(format!("{name} requires at least one argument"));
            }
            "SHELL" if !self.is_json => {
                return Err(format!("{name} requires the arguments to be in JSON form"));
            }
            "FROM" => self.check_from()?,
            "HEALTHCHECK" => self.check_health()?,
            "ENV" | "LABEL" if self.values.iter().step_by(3).any(String::is_empty) => {
                return Err(format!("{name} names can not be blank"));
            }
            "ARG" if self.values.iter().any(|value| value.starts_with('=')) => {
                return Err(format!("{name} names can not be blank"));
            }
            "VOLUME" if self.values.iter().any(|value| value.trim().is_empty()) => {
                return Err("VOLUME specified can not be an empty string".to_owned());
            }
            _ => {}
        }
        self.check_flags(&name)
    }

    fn check_from(&self) -> Result<(), String> {
        match self.values.as_slice() {
            [_] => Ok(()),
            [_, word, stage] if word.eq_ignore_ascii_case("as") => {
                let stage_name = stage.to_lowercase();
                let is_known = |byte: u8| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte)
                };
                let begins = stage_name.starts_with(|first: char| first.is_ascii_lowercase());
                match begins && stage_name.bytes().all(is_known) {
                    true => Ok(()),
                    false => Err(format!(
                        "invalid name for build stage: `{stage}`, name can't start with a number \
                         or contain symbols"
                    )),
                }
            }
            _ => Err("FROM requires either one or three arguments".to_owned()),
        }
    }

    fn check_health(&self) -> Result<(), String> {
        let kind = self.values.first().map(|kind| kind.to_uppercase()).unwrap_or_default();
        match (kind.as_str(), self.values.len()) {
            ("NONE", 1) => Ok(()),
            ("NONE", _) => Err("HEALTHCHECK NONE takes no arguments".to_owned()),
            ("CMD", 1) => Err("Missing command after HEALTHCHECK CMD".to_owned()),
            ("CMD", _) => Ok(()),
            _ => Err(format!("Unknown type `{kind}` in HEALTHCHECK (try CMD)")),
        }
    }

    fn check_flags(&self, name: &str) -> Result<(), String> {
        // Truth values may stand without one.
        let (with_value, alone): (&[&str], &[&str]) = match name {
            "ADD" => {
                (&["chown", "chmod", "checksum", "exclude"], &["link", "keep-git-dir", "unpack"])
            }
            "COPY" => (&["chown", "from", "chmod", "exclude"], &["link", "parents"]),
            "FROM" => (&["platform"], &[]),
            "RUN" => (&["mount", "network", "security", "device"], &[]),
            "HEALTHCHECK" => {
                (&["interval", "timeout", "start-period", "start-interval", "retries"], &[])
            }
            // Neither reads its flags.
            "ARG" | "STOPSIGNAL" => return Ok(()),
            _ => (&[], &[]),
        };
        let mut seen: Vec<&str> = Vec::new();
        for flag in &self.flags {
            let (written, value) = match flag.split_once('=') {
                Some((written, value)) => (written, Some(value)),
                None => (flag.as_str(), None),
            };
            let known = written.trim_start_matches('-');
            let takes_value = with_value.contains(&known);
            if !takes_value && !alone.contains(&known) {
                return Err(format!("unknown flag: {written}"));
            }
            if seen.contains(&known) && !matches!(known, "exclude" | "mount" | "device") {
                return Err(format!("duplicate flag specified: {written}"));
            }
            match value {
                None if takes_value => return Err(format!("missing a value on flag: {written}")),
                Some("") if !takes_value => {
                    return Err(format!("missing a value on flag: {written}"));
                }
                Some(value)
                    if !takes_value
                        && !value.eq_ignore_ascii_case("true")
                        && !value.eq_ignore_ascii_case("false") =>
                {
                    let message = "expecting boolean value for flag";
                    return Err(format!("{message} {written}, not: {value}"));
                }
                _ => {}
            }
            seen.push(known);
        }
        Ok(())
    }
}

/// Names, values and what stood between them, as BuildKit's tree has them.
fn pairs(rest: &str, escape: char, name: &str) -> Result<Vec<String>, String> {
    let words = words::quoted(rest, escape);
    let Some(first) = words.first() else { return Ok(Vec::new()) };
    if !first.contains('=') {
        // The old form, `ENV name value`.
        let Some((key, value)) = rest.split_once(words::is_blank) else {
            return Err(format!("{} must have two arguments", name.to_uppercase()));
        };
        let value = value.trim_start_matches(words::is_blank);
        return Ok(vec![key.to_owned(), value.to_owned(), String::new()]);
    }
    let mut values = Vec::new();
    for word in &words {
        let Some((key, value)) = word.split_once('=') else {
            return Err(format!(
                "Syntax error - can't find = in `{word}`. Must be of the form: name=value"
            ));
        };
        values.extend([key.to_owned(), value.to_owned(), "=".to_owned()]);
    }
    Ok(values)
}
