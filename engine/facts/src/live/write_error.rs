//! What can come of a write.

/// Why an object was not read or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// It exists already, or changed since it was read, or another manager owns a field.
    Conflict(String),
    /// It, or its namespace or kind, does not exist.
    NotFound,
    /// The credentials do not suffice.
    Forbidden(String),
    /// No answer came in time: it may have been done or not.
    Timeout,
    /// It was not sent, since it is not among what may be changed.
    Refused(String),
    /// Everything else, in the other side's own words.
    Failed(String),
}

impl std::fmt::Display for WriteError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound => formatter.write_str("not found"),
            Self::Timeout => formatter.write_str("no answer in time"),
            Self::Conflict(text) => write!(formatter, "conflict: {text}"),
            Self::Forbidden(text) => write!(formatter, "forbidden: {text}"),
            Self::Refused(text) | Self::Failed(text) => formatter.write_str(text),
        }
    }
}

impl std::error::Error for WriteError {}
