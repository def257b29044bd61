//! A Dockerfile in the shape of `parser/docker/docker.go`: the commands of all stages in one list,
//! as BuildKit's `frontend/dockerfile/parser` reads them.

mod instruction;
mod words;

use serde_json::{Value, json};

use crate::ConfigError;
use instruction::Instruction;

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut file = File {
        lines: text.split_inclusive('\n'),
        number: 0,
        escape: '\\',
        directives: Some(Vec::new()),
        comments: Vec::new(),
    };
    let mut commands = Vec::new();
    let mut stages = 0_usize;
    while let Some(statement) = file.statement()? {
        let Statement { line, number, comments } = statement;
        let wrong = |message: String| ConfigError::in_line(number, message);
        let instruction = Instruction::read(&line, file.escape).map_err(wrong)?;
        instruction.check().map_err(wrong)?;
        file.heredocs(&instruction, &line, number)?;
        stages += usize::from(instruction.name.eq_ignore_ascii_case("FROM"));
        let stage = stages.saturating_sub(1);
        for comment in comments {
            commands.push(command("comment", "", false, &[], Some(&[comment]), stage));
        }
        let value = Some(instruction.values()).filter(|values| !values.is_empty());
        commands.push(command(
            &instruction.name.to_lowercase(),
            instruction.trigger().map_or("", |trigger| &trigger.name),
            instruction.innermost().is_json,
            &instruction.flags,
            value.as_deref(),
            stage,
        ));
    }
    if commands.is_empty() {
        return Err(ConfigError::in_line(file.number.max(1), "file with no instructions"));
    }
    Ok(json!([commands]))
}

fn command(
    name: &str,
    trigger: &str,
    is_json: bool,
    flags: &[String],
    value: Option<&[String]>,
    stage: usize,
) -> Value {
    // Lists that were never made are null in Go's JSON; those of flags always are made.
    let flags = if name == "comment" { Value::Null } else { json!(flags) };
    json!({
        "Cmd": name, "SubCmd": trigger, "JSON": is_json, "Flags": flags, "Value": value,
        "Stage": stage,
    })
}

struct Statement {
    /// Without line breaks and the comments between its lines.
    line: String,
    /// Where it begins.
    number: usize,
    comments: Vec<String>,
}

struct File<'t> {
    lines: std::str::SplitInclusive<'t, char>,
    number: usize,
    escape: char,
    /// Those that were given; none once they cannot come any more.
    directives: Option<Vec<String>>,
    comments: Vec<String>,
}

impl<'t> File<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let line = self.lines.next()?;
        self.number += 1;
        Some(line)
    }

    /// The next instruction with the lines that continue it.
    fn statement(&mut self) -> Result<Option<Statement>, ConfigError> {
        while let Some(line) = self.next() {
            let number = self.number;
            if let Some(comment) = line.trim_start().strip_prefix('#') {
                if !self.directive(line)? {
                    match line.get(1..).map(str::trim) {
                        Some("") => self.comments.clear(),
                        _ if line.starts_with('#') => self.comments.push(comment.trim().to_owned()),
                        // Upstream leaves out the first byte, whatever it is.
                        rest => self.comments.push(rest.unwrap_or_default().to_owned()),
                    }
                }
                continue;
            }
            self.directives = None;
            let (first, mut is_end) = self.without_continuation(line.trim_start());
            if is_end && first.is_empty() {
                continue;
            }
            let mut statement = first.to_owned();
            while !is_end && let Some(line) = self.next() {
                let line = line.trim_end_matches(['\r', '\n']);
                if line.trim().is_empty() || line.trim_start().starts_with('#') {
                    continue;
                }
                let (part, ends) = self.without_continuation(line);
                statement.push_str(part);
                is_end = ends;
            }
            let comments = std::mem::take(&mut self.comments);
            return Ok(Some(Statement { line: statement, number, comments }));
        }
        Ok(None)
    }

    /// Reads a comment such as `# escape=` before anything else.
    fn directive(&mut self, line: &str) -> Result<bool, ConfigError> {
        let Some(given) = &mut self.directives else { return Ok(false) };
        let written = line.strip_prefix('#').map(str::trim).and_then(|line| line.split_once('='));
        let known = written.and_then(|(name, value)| {
            let name = name.trim_end().to_ascii_lowercase();
            let value = value.trim();
            let is_known = matches!(name.as_str(), "syntax" | "escape" | "check");
            (is_known && !value.is_empty()).then_some((name, value))
        });
        let Some((name, value)) = known else {
            self.directives = None;
            return Ok(false);
        };
        if given.contains(&name) {
            let message = format!("only one {name} parser directive can be used");
            return Err(ConfigError::in_line(self.number, message));
        }
        if name == "escape" {
            self.escape = match value {
                "\\" => '\\',
                "`" => '`',
                _ => {
                    let message = format!("invalid escape token `{value}`; expected ` or \\");
                    return Err(ConfigError::in_line(self.number, message));
                }
            };
        }
        given.push(name);
        Ok(true)
    }

    /// A line without what says that it goes on, and whether it ends.
    fn without_continuation<'l>(&self, line: &'l str) -> (&'l str, bool) {
        let line = line.trim_end_matches(['\r', '\n']);
        let part = line.trim_end_matches([' ', '\t']).strip_suffix(self.escape);
        match part {
            // Two of them stand for one.
            Some(part) if !part.ends_with(self.escape) => (part, false),
            _ => (line, true),
        }
    }

    /// Steps over the heredocs of an instruction; conftest shows none of their lines.
    fn heredocs(
        &mut self,
        instruction: &Instruction,
        line: &str,
        number: usize,
    ) -> Result<(), ConfigError> {
        if !instruction.may_have_heredocs() || !line.contains("<<") {
            return Ok(());
        }
        for (name, without_tabs) in words::heredocs(line) {
            let mut is_open = true;
            while is_open && let Some(line) = self.next() {
                let line = line.trim_end_matches(['\r', '\n']);
                let line = if without_tabs { line.trim_start_matches('\t') } else { line };
                is_open = line != name;
            }
            if is_open {
                return Err(ConfigError::in_line(number, "unterminated heredoc"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
