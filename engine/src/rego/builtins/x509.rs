//! Certificates and requests, in the shape that Go's `encoding/json` gives them
//! (`v1/topdown/crypto.go`).

use super::encoding::base64_bytes;
use super::operand::{failed, operands, string};
use crate::certificate::der::Reader;
use crate::certificate::{LIMIT, certificate, pem, request};
use crate::rego::{BuiltinError, Host, Number, Value};
use crate::value;

type Answer<'v> = Result<Value<'v>, BuiltinError>;

const BEGIN: &str = "-----BEGIN";

/// The DER of all PEM blocks of a text, which have to be of one kind.
fn blocks(mut text: &str, wanted: &str) -> Result<Vec<u8>, BuiltinError> {
    let mut all = Vec::new();
    while let Some(start) = text.find(BEGIN) {
        text = text.get(start..).unwrap_or_default();
        let Some((kind, bytes)) = pem(text) else { break };
        if kind != wanted {
            return Err(failed(format!("PEM block type is '{kind}', expected {wanted}")));
        }
        let end = format!("-----END {kind}-----");
        text = text.split_once(end.as_str()).map_or("", |(_, behind)| behind);
        all.extend(bytes);
        if all.len() > LIMIT {
            break;
        }
    }
    Ok(all)
}

/// The DER of a text: PEM, DER in base64, or PEM in base64.
fn der(
    host: &Host<'_, '_>,
    text: &str,
    begin: &str,
    wanted: &str,
) -> Result<Vec<u8>, BuiltinError> {
    host.make(text.len())?;
    let bytes = if text.starts_with(begin) {
        blocks(text, wanted)?
    } else {
        let decoded = base64_bytes(host, text)?;
        match std::str::from_utf8(&decoded).ok().filter(|text| text.starts_with(BEGIN)) {
            Some(text) => blocks(text, wanted)?,
            None => decoded,
        }
    };
    if bytes.len() > LIMIT {
        return Err(failed("x509: the certificates are too long"));
    }
    // Texts and lists of it take several times its size.
    host.step(bytes.len())?;
    host.make(bytes.len().saturating_mul(32))?;
    Ok(bytes)
}

pub(super) fn parse_certificates<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let bytes = der(host, string(value, 1)?, BEGIN, "CERTIFICATE")?;
    let mut certificates = Vec::new();
    let mut rest = Reader(&bytes);
    while !rest.is_empty() {
        let read = rest.next().and_then(|element| certificate(element.raw));
        let mut map = read.ok_or_else(|| failed("x509: malformed certificate"))?;
        let uris = map.get("URIs").and_then(|uris| uris.items());
        let texts = uris.map(|uris| value::Value::from(uris.iter().map(uri).collect::<Vec<_>>()));
        map.insert(value::Text::Borrowed("URIStrings"), texts.unwrap_or_default());
        certificates.push(converted(&value::Value::from(map), true));
    }
    Ok(Value::from(certificates))
}

pub(super) fn parse_certificate_request<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let (begin, wanted) = ("-----BEGIN CERTIFICATE REQUEST-----", "CERTIFICATE REQUEST");
    let bytes = der(host, string(value, 1)?, begin, wanted).map_err(|error| match error {
        BuiltinError::Failed(message) if message.starts_with("PEM block") => {
            failed("invalid PEM-encoded certificate signing request")
        }
        other => other,
    })?;
    let mut map = request(&bytes).ok_or_else(|| failed("asn1: structure error"))?;
    if let Some(extensions) = map.get("Extensions").and_then(|extensions| extensions.items()) {
        map.insert(value::Text::Borrowed("Attributes"), attributes(&extensions));
    }
    Ok(converted(&value::Value::from(map), true))
}

/// The attribute that asks for extensions, as Go shows it: of each the identifier and what is
/// behind it, which is the value or, where the extension is critical, that it is.
fn attributes<'t>(extensions: &[value::Value<'t>]) -> value::Value<'t> {
    let object = |first, second| {
        let entries = [("Type", first), ("Value", second)];
        let entries = entries.into_iter().map(|(key, field)| (value::Text::Borrowed(key), field));
        value::Value::from(entries.collect::<std::collections::BTreeMap<_, _>>())
    };
    let shown = extensions.iter().map(|extension| {
        let field = |name| extension.get(name).unwrap_or_default();
        let critical = field("Critical").as_bool() == Some(true);
        object(field("Id"), field(if critical { "Critical" } else { "Value" }))
    });
    let shown = value::Value::from(vec![value::Value::from(shown.collect::<Vec<_>>())]);
    let kind = [1, 2, 840, 113_549, 1, 9, 14].map(value::Value::Int);
    value::Value::from(vec![object(value::Value::from(kind.to_vec()), shown)])
}

/// A URL as a text again.
fn uri<'t>(url: &value::Value<'t>) -> value::Value<'t> {
    let part = |name| url.get(name).and_then(|part| part.as_str().map(str::to_owned));
    let part = |name| part(name).unwrap_or_default();
    let mut out = String::new();
    let mut add = |before: &str, text: String, behind: &str| {
        if !text.is_empty() {
            out.push_str(before);
            out.push_str(&text);
            out.push_str(behind);
        }
    };
    add("", part("Scheme"), ":");
    add("//", part("Host"), "");
    add("", part("Path"), "");
    add("", part("Opaque"), "");
    add("?", part("RawQuery"), "");
    add("#", part("Fragment"), "");
    value::Value::from(out)
}

/// The same value; digits of large numbers become numbers. As deep as certificates are.
fn converted<'v>(from: &value::Value<'_>, outermost: bool) -> Value<'v> {
    if let Some(items) = from.items() {
        return Value::from(items.iter().map(|item| converted(item, false)).collect::<Vec<_>>());
    }
    if let Some(entries) = from.entries() {
        let entries = entries.into_iter().map(|(key, inner)| {
            let is_number =
                matches!(&*key, "N" | "X" | "Y") || outermost && *key == *"SerialNumber";
            let converted = match inner.as_str() {
                Some(digits) if is_number => Value::from(Number::from_digits(digits)),
                _ => converted(&inner, false),
            };
            (Value::from(key.to_string()), converted)
        });
        return Value::object(entries.collect());
    }
    match from {
        value::Value::Bool(truth) => Value::from(*truth),
        value::Value::Int(number) => Value::from(*number),
        value::Value::Float(number) => Value::from(Number::from(*number)),
        value::Value::String(text) => Value::from(text.to_string()),
        _ => Value::Null,
    }
}
