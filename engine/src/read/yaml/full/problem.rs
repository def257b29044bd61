//! Says what is wrong with a YAML text, and what to do.

use granit_parser::{ErrorKind, ScanError};

use crate::read::ReadError;
use crate::read::yaml::scalar::Unfit;

/// A scalar that cannot stand where it does.
pub(super) fn unfit(unfit: Unfit, text: &str, place: (u32, u32)) -> ReadError {
    match unfit {
        Unfit::NotFinite => ReadError::new(
            "yaml-syntax",
            format!("expected a finite number, found `{text}`"),
            place,
        )
        .help("JSON, which Kubernetes stores, has no infinity; put a text into quotes"),
        Unfit::Key(kind) => {
            ReadError::new("yaml-syntax", format!("expected a text as key, found {kind}"), place)
                .help("put the key into quotes")
        }
    }
}

/// A text that the parser refuses.
/// `quote` is where a text between quotes began that was not read to its end.
pub(super) fn syntax(
    error: &ScanError,
    document: &str,
    base: usize,
    quote: Option<u32>,
) -> ReadError {
    let offset = error.marker().byte_offset().unwrap_or_default().min(document.len());
    let offset = document.floor_char_boundary(offset);
    let rest = document.get(offset..).unwrap_or_default();
    let width = rest.chars().next().filter(|next| !next.is_whitespace()).map_or(0, char::len_utf8);
    let start = base + offset;
    let place = (start as u32, (start + width) as u32);
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return ReadError::new("too-deep", "lists and maps stand too deep in each other", place);
    }
    let is_unclosed = matches!(
        error.kind(),
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::DocumentIndicatorInQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
    );
    let place = match quote {
        Some(quote) if is_unclosed => (quote, quote + 1),
        _ => place,
    };
    let (message, help) = explain(error);
    let error = ReadError::new("yaml-syntax", message, place);
    let line_start = document.get(..offset).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
    let line = document.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
    if line.contains("{{") {
        return error
            .help("this looks like a template: render it first, for example with `helm template`");
    }
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

fn explain(error: &ScanError) -> (String, Option<&'static str>) {
    use ErrorKind as Kind;
    let (message, help) = match error.kind() {
        Kind::TabNotAllowed | Kind::TabInBlockIndentation | Kind::TabInIndentation => {
            ("expected spaces as indentation, found a tab", "replace the tab by spaces")
        }
        Kind::InvalidQuotedScalarIndent => (
            "expected a closing quote, or more indentation in the lines behind it",
            "close the text that begins here",
        ),
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => (
            "expected a closing quote before the end of the document",
            "close the text that begins here",
        ),
        Kind::UnexpectedEofFlowSequence => {
            ("expected `]` before the end of the document", "close the list that begins with `[`")
        }
        Kind::UnexpectedEofFlowMapping | Kind::UnexpectedEofImplicitFlowMapping => {
            ("expected `}` before the end of the document", "close the map that begins with `{`")
        }
        Kind::UnclosedFlowCollection { open } => {
            let message = format!("expected the end of what `{open}` opened, found none");
            return (
                message,
                Some("close it, or put a text that begins with this character into quotes"),
            );
        }
        Kind::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("expected the end of what `{open}` opened, found `{close}`"), None);
        }
        Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement => (
            "found a `:` where no key can end",
            "put a text that contains `: ` into quotes, and let keys of one map begin in one column",
        ),
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => (
            "expected `:` behind a key, found none",
            "write `key: value`, with a space behind the `:`",
        ),
        Kind::ExpectedBlockMappingKey => (
            "expected a key in the column of the keys above, or the end of the map",
            "let the keys of one map begin in one column",
        ),
        Kind::ExpectedBlockSequenceEntry => (
            "expected `-` in the column of the items above, or the end of the list",
            "let the items of one list begin in one column",
        ),
        Kind::InvalidIndentation => {
            ("expected another indentation", "let the keys of one map begin in one column")
        }
        Kind::UnknownAnchor => (
            "found an alias of which there is no anchor in this document",
            "write `&name` where it is defined, or put a text that begins with `*` into quotes",
        ),
        Kind::UnexpectedCharacter { character } => {
            let message = format!("found `{character}`, with which no value can begin");
            return (message, Some("put the text into quotes"));
        }
        _ => return (error.info(), None),
    };
    (message.to_owned(), Some(help))
}
