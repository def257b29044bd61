//! Why a command could not do its work at all; exit code 2.

/// An error that ends a command, with what to do about it.
#[derive(Debug)]
pub(crate) struct CommandError {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// What was asked for cannot be done.
    User,
    /// A defect of this program.
    Internal,
}

impl CommandError {
    /// What was asked for cannot be done.
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self { kind: Kind::User, message: message.into(), hint: None }
    }

    /// A defect of this program.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { kind: Kind::Internal, message: message.into(), hint: None }
    }

    /// The same with a remedy.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let title = match self.kind {
            Kind::User => "error",
            Kind::Internal => "internal error",
        };
        write!(formatter, "{title}: {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(formatter, "\nhelp: {hint}")?;
        }
        Ok(())
    }
}
