//! What the extensions of a certificate say.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::der::{
    BIT_STRING, BOOLEAN, Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, SET,
};
use super::{Map, base64, list, numbers, put};
use crate::value::{Text, Value};

/// Fields that are null unless an extension fills them.
const ABSENT: [&str; 23] = [
    "AuthorityKeyId",
    "CRLDistributionPoints",
    "ExcludedDNSDomains",
    "ExcludedEmailAddresses",
    "ExcludedIPRanges",
    "ExcludedURIDomains",
    "ExtKeyUsage",
    "ExtraExtensions",
    "IssuingCertificateURL",
    "OCSPServer",
    "PermittedDNSDomains",
    "PermittedEmailAddresses",
    "PermittedIPRanges",
    "PermittedURIDomains",
    "Policies",
    "PolicyIdentifiers",
    "PolicyMappings",
    "SubjectKeyId",
    "UnhandledCriticalExtensions",
    "UnknownExtKeyUsage",
    "DNSNames",
    "EmailAddresses",
    "IPAddresses",
];

/// Puts the fields of a certificate that depend on its extensions.
pub(super) fn certificate<'t>(extensions: Option<Element<'_>>, map: &mut Map<'t>) -> Option<()> {
    for field in ABSENT {
        put(map, field, Value::Null);
    }
    put(map, "URIs", Value::Null);
    for field in ["BasicConstraintsValid", "IsCA", "MaxPathLenZero", "PermittedDNSDomainsCritical"]
    {
        put(map, field, Value::Bool(false));
    }
    for field in ["InhibitAnyPolicy", "InhibitPolicyMapping", "RequireExplicitPolicy"] {
        put(map, field, Value::Int(0));
    }
    for field in ["InhibitAnyPolicyZero", "InhibitPolicyMappingZero", "RequireExplicitPolicyZero"] {
        put(map, field, Value::Bool(false));
    }
    for field in ["KeyUsage", "MaxPathLen"] {
        put(map, field, Value::Int(0));
    }
    each(extensions, map)
}

/// Puts the fields of a request that depend on its attributes.
pub(super) fn request<'t>(attributes: Option<Element<'_>>, map: &mut Map<'t>) -> Option<()> {
    for field in ["DNSNames", "EmailAddresses", "IPAddresses", "URIs", "ExtraExtensions"] {
        put(map, field, Value::Null);
    }
    put(map, "Extensions", Value::Null);
    let mut asked = None;
    for attribute in attributes.into_iter().flat_map(Element::elements) {
        let mut parts = attribute.inside();
        let kind = parts.expect(OBJECT_IDENTIFIER)?.identifier()?;
        if kind.as_slice() == [1, 2, 840, 113_549, 1, 9, 14] {
            asked = parts.expect(SET)?.inside().expect(SEQUENCE);
        }
    }
    // Go keeps what stands in `Attributes` only as type and value; no policy reads it.
    put(map, "Attributes", Value::Null);
    match asked {
        Some(_) => each(asked, map),
        None => Some(()),
    }
}

fn each<'t>(extensions: Option<Element<'_>>, map: &mut Map<'t>) -> Option<()> {
    let mut kept = Vec::new();
    for extension in extensions.into_iter().flat_map(Element::elements) {
        let mut parts = extension.inside();
        let identifier = parts.expect(OBJECT_IDENTIFIER)?.identifier()?;
        let critical = parts.expect(BOOLEAN).is_some_and(|flag| flag.content != [0]);
        let value = parts.expect(OCTET_STRING)?.content;
        read(&identifier, value, map)?;
        kept.push(Value::from(Map::from([
            (Text::Borrowed("Id"), numbers(&identifier)),
            (Text::Borrowed("Critical"), Value::Bool(critical)),
            (Text::Borrowed("Value"), base64(value)),
        ])));
    }
    put(map, "Extensions", list(kept));
    Some(())
}

fn read<'t>(identifier: &[i64], value: &[u8], map: &mut Map<'t>) -> Option<()> {
    let content = Reader(value).next()?;
    match identifier {
        [2, 5, 29, 14] => put(map, "SubjectKeyId", base64(content.content)),
        [2, 5, 29, 35] => {
            if let Some(key) = content.inside().expect(0x80) {
                put(map, "AuthorityKeyId", base64(key.content));
            }
        }
        [2, 5, 29, 19] => {
            let mut parts = content.inside();
            let authority = parts.expect(BOOLEAN).is_some_and(|flag| flag.content != [0]);
            let length = match parts.expect(INTEGER) {
                Some(length) => length.small()?,
                None => -1,
            };
            put(map, "BasicConstraintsValid", Value::Bool(true));
            put(map, "IsCA", Value::Bool(authority));
            put(map, "MaxPathLen", Value::Int(length));
            put(map, "MaxPathLenZero", Value::Bool(length == 0));
        }
        [2, 5, 29, 15] => {
            let bits = Some(content).filter(|bits| bits.tag == BIT_STRING)?.bits()?;
            let usage = bits.iter().enumerate().take(2).fold(0, |usage, (position, byte)| {
                usage | i64::from(byte.reverse_bits()) << (8 * position)
            });
            put(map, "KeyUsage", Value::Int(usage));
        }
        [2, 5, 29, 17] => alternative_names(content, map)?,
        [2, 5, 29, 37] => extended_usage(content, map)?,
        [2, 5, 29, 31] => {
            let mut points = Vec::new();
            for point in content.elements() {
                // distributionPoint, fullName, URI.
                let full = point.inside().expect(0xa0).and_then(|name| name.inside().expect(0xa0));
                points.extend(full.into_iter().flat_map(Element::elements).filter_map(uri));
            }
            put(map, "CRLDistributionPoints", list(points));
        }
        [2, 5, 29, 32] => {
            let mut identifiers = Vec::new();
            for policy in content.elements() {
                identifiers.push(policy.inside().expect(OBJECT_IDENTIFIER)?.identifier()?);
            }
            let dotted = |numbers: &Vec<i64>| {
                let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
                Value::from(numbers.join("."))
            };
            put(map, "Policies", list(identifiers.iter().map(dotted).collect()));
            let lists = identifiers.iter().map(|identifier| numbers(identifier));
            put(map, "PolicyIdentifiers", list(lists.collect()));
        }
        [1, 3, 6, 1, 5, 5, 7, 1, 1] => {
            let (mut responders, mut issuers) = (Vec::new(), Vec::new());
            for access in content.elements() {
                let mut parts = access.inside();
                let method = parts.expect(OBJECT_IDENTIFIER)?.identifier()?;
                let location = parts.next().and_then(uri);
                match method.as_slice() {
                    [1, 3, 6, 1, 5, 5, 7, 48, 1] => responders.extend(location),
                    [1, 3, 6, 1, 5, 5, 7, 48, 2] => issuers.extend(location),
                    _ => {}
                }
            }
            put(map, "OCSPServer", list(responders));
            put(map, "IssuingCertificateURL", list(issuers));
        }
        _ => {}
    }
    Some(())
}

fn plain<'t>(element: Element<'_>) -> Value<'t> {
    Value::from(String::from_utf8_lossy(element.content).into_owned())
}

fn uri<'t>(name: Element<'_>) -> Option<Value<'t>> {
    (name.tag == 0x86).then(|| plain(name))
}

fn alternative_names<'t>(names: Element<'_>, map: &mut Map<'t>) -> Option<()> {
    let (mut hosts, mut mails, mut addresses, mut uris) = (vec![], vec![], vec![], vec![]);
    for name in names.elements() {
        match name.tag {
            0x81 => mails.push(plain(name)),
            0x82 => hosts.push(plain(name)),
            0x86 => uris.push(url(&String::from_utf8_lossy(name.content))),
            0x87 => {
                let four = <[u8; 4]>::try_from(name.content)
                    .map(|bytes| Ipv4Addr::from(bytes).to_string());
                let sixteen = <[u8; 16]>::try_from(name.content)
                    .map(|bytes| Ipv6Addr::from(bytes).to_string());
                addresses.push(Value::from(four.or(sixteen).ok()?));
            }
            _ => {}
        }
    }
    put(map, "DNSNames", list(hosts));
    put(map, "EmailAddresses", list(mails));
    put(map, "IPAddresses", list(addresses));
    put(map, "URIs", list(uris));
    Some(())
}

/// A URL as Go's `url.URL`; user and escapes are left in their places.
fn url<'t>(text: &str) -> Value<'t> {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once(':').unwrap_or(("", rest));
    let (host, path, opaque) = match rest.strip_prefix("//") {
        Some(after) => {
            let end = after.find('/').unwrap_or(after.len());
            let (host, path) = after.split_at_checked(end).unwrap_or((after, ""));
            (host, path, "")
        }
        None if rest.starts_with('/') => ("", rest, ""),
        None => ("", "", rest),
    };
    let mut map = Map::new();
    let texts = [
        ("Scheme", scheme),
        ("Host", host),
        ("Path", path),
        ("Opaque", opaque),
        ("RawQuery", query),
        ("Fragment", fragment),
        ("RawPath", ""),
        ("RawFragment", ""),
    ];
    for (field, text) in texts {
        put(&mut map, field, Value::from(text.to_owned()));
    }
    put(&mut map, "User", Value::Null);
    put(&mut map, "ForceQuery", Value::Bool(false));
    put(&mut map, "OmitHost", Value::Bool(false));
    Value::from(map)
}

fn extended_usage<'t>(usages: Element<'_>, map: &mut Map<'t>) -> Option<()> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for usage in usages.elements() {
        let identifier = usage.identifier()?;
        // The numbers of Go's `x509.ExtKeyUsage`.
        match identifier.as_slice() {
            [2, 5, 29, 37, 0] => known.push(Value::Int(0)),
            [1, 3, 6, 1, 5, 5, 7, 3, number @ 1..=9] => known.push(Value::Int(*number)),
            _ => unknown.push(numbers(&identifier)),
        }
    }
    put(map, "ExtKeyUsage", list(known));
    put(map, "UnknownExtKeyUsage", list(unknown));
    Some(())
}
