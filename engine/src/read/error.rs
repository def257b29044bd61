//! What is wrong with a text, and where.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{LineColumn, Source, Span};
use crate::tree::DuplicateKey;

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// A stable name: `yaml-syntax`, `json-syntax`, `duplicate-key`, `too-deep`, `too-large`,
    /// `alias-limit`.
    pub code: &'static str,
    /// What was expected and what was found.
    pub message: String,
    /// The byte range in the text.
    pub range: std::ops::Range<usize>,
    /// What to do, if that is known.
    pub help: Option<String>,
    /// Where the thing stands that this collides with.
    first: Option<usize>,
    line: Option<LineColumn>,
}

impl ReadError {
    pub(super) fn new(code: &'static str, message: impl Into<String>, place: (u32, u32)) -> Self {
        Self {
            code,
            message: message.into(),
            range: place.0 as usize..place.1 as usize,
            help: None,
            first: None,
            line: None,
        }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with lines and columns in its text.
    pub(super) fn located(mut self, text: &str) -> Self {
        let mut lines = Lines::default();
        self.name_first(text, None, &mut lines);
        self.line = Some(Lines::default().line_column(text, self.range.start));
        self
    }

    fn name_first(&mut self, text: &str, name: Option<&str>, lines: &mut Lines) {
        if let Some(first) = self.first.take() {
            let LineColumn { line, column } = lines.line_column(text, first);
            let place = match name {
                Some(name) => format!(", first at {name}:{line}:{column}"),
                None => format!(", first at line {line}, column {column}"),
            };
            self.message.push_str(&place);
        }
    }

    pub(super) fn diagnostic(
        mut self,
        severity: Severity,
        source: &Source,
        lines: &mut Lines,
    ) -> Diagnostic {
        self.name_first(&source.text, Some(&source.name), lines);
        let span =
            Span { source: source.name.clone(), start: self.range.start, end: self.range.end };
        Diagnostic {
            code: self.code,
            severity,
            message: self.message,
            span: Some(span),
            help: self.help,
        }
    }
}

impl From<DuplicateKey> for ReadError {
    fn from(duplicate: DuplicateKey) -> Self {
        let DuplicateKey { key, first, second } = duplicate;
        Self {
            first: Some(first.0 as usize),
            ..Self::new("duplicate-key", format!("key `{key}` is there twice"), second)
                .help("keep one of them: readers disagree about which one counts")
        }
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(LineColumn { line, column }) = self.line {
            write!(formatter, "line {line}, column {column}: ")?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// Counts lines of one text; places that come in order cost one scan together.
#[derive(Default)]
pub(super) struct Lines {
    offset: usize,
    line: usize,
}

impl Lines {
    pub(super) fn line_column(&mut self, text: &str, offset: usize) -> LineColumn {
        if offset < self.offset {
            *self = Self::default();
        }
        let between = text.as_bytes().get(self.offset..offset).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count();
        self.offset = offset;
        let before = text.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |position| position + 1);
        let column = before.get(start..).unwrap_or_default().chars().count();
        LineColumn { line: self.line + 1, column: column + 1 }
    }
}
