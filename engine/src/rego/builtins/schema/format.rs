//! The formats of texts that are known (`internal/gojsonschema/format_checkers.go`); any other is
//! fulfilled by every text.

use std::net::{IpAddr, Ipv6Addr};

use crate::scalar::regex::Regex;
use crate::scalar::time::Time;

pub(super) fn is_format(format: &str, text: &str) -> bool {
    let is_time = |layouts: &[&str]| layouts.iter().any(|layout| Time::parse(layout, text).is_ok());
    match format {
        "date" => is_time(&["2006-01-02"]),
        "time" => is_time(&["15:04:05", "15:04:05Z07:00"]),
        "date-time" => is_time(&[
            "15:04:05",
            "15:04:05Z07:00",
            "2006-01-02",
            "2006-01-02T15:04:05Z07:00",
            "2006-01-02T15:04:05.999999999Z07:00",
        ]),
        "hostname" => is_hostname(text),
        "email" | "idn-email" => is_address(text),
        "ipv4" => matches!(text.parse(), Ok(IpAddr::V4(_))),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uri" | "iri" => has_scheme(text) && !text.contains('\\'),
        "uri-reference" | "iri-reference" => !text.contains('\\'),
        "uri-template" => !text.contains('\\') && has_closed_braces(text),
        "uuid" => is_uuid(text),
        "regex" => Regex::compile(text).is_ok(),
        "json-pointer" => is_pointer(text),
        "relative-json-pointer" => is_relative_pointer(text),
        _ => true,
    }
}

fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() < 256 && text.split('.').all(is_label)
}

/// A mail address, with or without a name before it.
fn is_address(text: &str) -> bool {
    let address = match text.rsplit_once('<') {
        Some((_, inner)) => match inner.strip_suffix('>') {
            Some(address) => address,
            None => return false,
        },
        None => text,
    };
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii();
    let is_atoms =
        |text: &str| text.split('.').all(|part| !part.is_empty() && part.chars().all(atom));
    match address.rsplit_once('@') {
        Some((name, domain)) => {
            let quoted = name.len() > 1 && name.starts_with('"') && name.ends_with('"');
            (quoted || is_atoms(name)) && (is_atoms(domain) || domain.starts_with('['))
        }
        None => false,
    }
}

fn has_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    let known = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(known)
}

fn has_closed_braces(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('{') {
        match behind.split_once('}') {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    true
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

fn is_pointer(text: &str) -> bool {
    let escapes = |text: &str| text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    text.is_empty() || text.starts_with('/') && escapes(text)
}

fn is_relative_pointer(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let plain = number == "0" || !number.is_empty() && !number.starts_with('0');
    plain && (rest == "#" || is_pointer(rest))
}
