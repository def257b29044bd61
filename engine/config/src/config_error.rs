//! Why a text is not what its parser expects.

use ajj_engine::{LineColumn, ReadError, Source};

/// What is wrong with a text, and where, if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// What was expected and what was found.
    pub message: String,
    /// The place in the text.
    pub place: Option<LineColumn>,
}

impl ConfigError {
    /// An error about a text as a whole.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None }
    }

    /// An error at a byte of a text.
    pub(crate) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let place = Source::new("", text).line_column(offset);
        Self { message: message.into(), place: Some(place) }
    }

    /// An error in a line, counted from 1.
    pub(crate) fn in_line(line: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Some(LineColumn { line, column: 1 }) }
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(LineColumn { line, column }) = self.place {
            write!(formatter, "line {line}, column {column}: ")?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

impl From<ReadError> for ConfigError {
    fn from(error: ReadError) -> Self {
        // The text of the error has its line and column.
        Self::new(error.to_string())
    }
}
