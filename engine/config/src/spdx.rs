//! SPDX in tags and values, in the JSON of `github.com/spdx/tools-golang`: the document, its
//! packages and their relationships.
//!
//! Files, snippets, reviews and annotations are errors that say so.

use serde_json::{Map, Value, json};

use crate::ConfigError;

/// The version to which tools-golang converts every document.
const VERSION: &str = "SPDX-2.3";

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut document = Map::new();
    let mut creation = Map::new();
    let mut creators: Vec<Value> = Vec::new();
    let mut packages: Vec<Map<String, Value>> = Vec::new();
    let mut relationships: Vec<Value> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((position, line)) = lines.next() {
        let number = position + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |message: String| ConfigError::in_line(number, message);
        let Some((tag, value)) = line.split_once(':') else {
            return Err(wrong("expected a tag, `:` and a value".to_owned()));
        };
        let mut value = value.trim().to_owned();
        if let Some(begun) = value.strip_prefix("<text>") {
            // A text goes on for lines, to the tag that closes it.
            let mut whole = begun.to_owned();
            let mut is_open = !begun.contains("</text>");
            while is_open {
                let Some((_, line)) = lines.next() else {
                    return Err(wrong("the text is not closed by `</text>`".to_owned()));
                };
                whole.push('\n');
                whole.push_str(line);
                is_open = !line.contains("</text>");
            }
            value = whole.replace("</text>", "");
        }
        if let Some(package) =
            packages.last_mut().filter(|_| tag.starts_with("Package") && tag != "PackageName")
        {
            package_tag(package, tag, value).map_err(wrong)?;
            continue;
        }
        let text = |key: &str, map: &mut Map<String, Value>| {
            map.insert(key.to_owned(), Value::String(value.clone()));
        };
        match tag {
            "SPDXVersion" if value.starts_with("SPDX-2.") => {
                document.insert("spdxVersion".to_owned(), VERSION.into());
            }
            "SPDXVersion" => return Err(wrong(format!("the version `{value}` is not known"))),
            "DataLicense" => text("dataLicense", &mut document),
            "DocumentName" => text("name", &mut document),
            "DocumentNamespace" => text("documentNamespace", &mut document),
            "DocumentComment" => text("comment", &mut document),
            "SPDXID" => match packages.last_mut() {
                Some(package) => text("SPDXID", package),
                None => text("SPDXID", &mut document),
            },
            "LicenseListVersion" => text("licenseListVersion", &mut creation),
            "Created" => text("created", &mut creation),
            "CreatorComment" => text("comment", &mut creation),
            "Creator" => creators.push(Value::String(value)),
            "PackageName" => {
                let mut package = Map::new();
                package.insert("name".to_owned(), Value::String(value));
                package.insert("downloadLocation".to_owned(), Value::String(String::new()));
                package.insert("filesAnalyzed".to_owned(), Value::Bool(true));
                packages.push(package);
            }
            "FilesAnalyzed"
            | "ExternalRef"
            | "PrimaryPackagePurpose"
            | "BuiltDate"
            | "ReleaseDate"
            | "ValidUntilDate" => match packages.last_mut() {
                Some(package) => package_tag(package, tag, value).map_err(wrong)?,
                None => return Err(wrong(format!("the tag `{tag}` stands before any package"))),
            },
            "Relationship" => relationships.push(relationship(&value).map_err(wrong)?),
            _ => return Err(wrong(format!("the tag `{tag}` is not supported by ajj"))),
        }
    }
    for key in ["spdxVersion", "SPDXID", "dataLicense", "name", "documentNamespace"] {
        document.entry(key).or_insert_with(|| Value::String(String::new()));
    }
    creation.insert("creators".to_owned(), Value::Array(creators));
    creation.entry("created").or_insert_with(|| Value::String(String::new()));
    document.insert("creationInfo".to_owned(), Value::Object(creation));
    if !packages.is_empty() {
        document.insert("packages".to_owned(), packages.into_iter().map(Value::Object).collect());
    }
    if !relationships.is_empty() {
        document.insert("relationships".to_owned(), Value::Array(relationships));
    }
    Ok(Value::Object(document))
}

/// Tags of a package whose values are texts, and their keys.
const PACKAGE_TEXTS: &[(&str, &str)] = &[
    ("PackageComment", "comment"),
    ("PackageCopyrightText", "copyrightText"),
    ("PackageDescription", "description"),
    ("PackageDownloadLocation", "downloadLocation"),
    ("PackageFileName", "packageFileName"),
    ("PackageHomePage", "homepage"),
    ("PackageLicenseComments", "licenseComments"),
    ("PackageLicenseConcluded", "licenseConcluded"),
    ("PackageLicenseDeclared", "licenseDeclared"),
    ("PackageOriginator", "originator"),
    ("PackageSourceInfo", "sourceInfo"),
    ("PackageSummary", "summary"),
    ("PackageSupplier", "supplier"),
    ("PackageVersion", "versionInfo"),
    ("PrimaryPackagePurpose", "primaryPackagePurpose"),
    ("BuiltDate", "builtDate"),
    ("ReleaseDate", "releaseDate"),
    ("ValidUntilDate", "validUntilDate"),
];

fn package_tag(package: &mut Map<String, Value>, tag: &str, value: String) -> Result<(), String> {
    if let Some((_, key)) = PACKAGE_TEXTS.iter().find(|(known, _)| *known == tag) {
        package.insert((*key).to_owned(), Value::String(value));
        return Ok(());
    }
    let (key, item) = match tag {
        "FilesAnalyzed" => {
            let analyzed = value.eq_ignore_ascii_case("true");
            package.insert("filesAnalyzed".to_owned(), Value::Bool(analyzed));
            return Ok(());
        }
        "PackageLicenseInfoFromFiles" => ("licenseInfoFromFiles", Value::String(value)),
        "PackageAttributionText" => ("attributionTexts", Value::String(value)),
        "PackageChecksum" => match value.split_once(':') {
            Some((algorithm, sum)) => {
                ("checksums", json!({"algorithm": algorithm.trim(), "checksumValue": sum.trim()}))
            }
            None => return Err("expected an algorithm, `:` and a checksum".to_owned()),
        },
        "ExternalRef" => match value.split_whitespace().collect::<Vec<_>>().as_slice() {
            [category, kind, locator] => (
                "externalRefs",
                json!({
                    "referenceCategory": category,
                    "referenceType": kind,
                    "referenceLocator": locator,
                }),
            ),
            _ => return Err("expected a category, a type and a locator".to_owned()),
        },
        _ => return Err(format!("the tag `{tag}` is not supported by ajj")),
    };
    let items = package.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(items) = items {
        items.push(item);
    }
    Ok(())
}

fn relationship(value: &str) -> Result<Value, String> {
    match value.split_whitespace().collect::<Vec<_>>().as_slice() {
        [element, kind, related] => Ok(json!({
            "spdxElementId": element,
            "relationshipType": kind,
            "relatedSpdxElement": related,
        })),
        _ => Err("expected an element, a kind of relationship and an element".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    const HEAD: &str = "SPDXVersion: SPDX-2.2\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\nDocumentNamespace: https://a/b\nCreator: Tool: t\nCreated: 2021-08-26T01:46:00Z\n";

    #[test]
    fn documents() {
        assert_eq!(
            parse(HEAD).unwrap().to_string(),
            concat!(
                r#"{"SPDXID":"SPDXRef-DOCUMENT","creationInfo":{"created":"2021-08-26T01:46:00Z","creators":["Tool: t"]},"#,
                r#""dataLicense":"CC0-1.0","documentNamespace":"https://a/b","name":"d","spdxVersion":"SPDX-2.3"}"#,
            )
        );
        let text = format!(
            "{HEAD}# p\nPackageName: p\nSPDXID: SPDXRef-p\nPackageVersion: 1\nPackageCopyrightText: <text>a\nb</text>\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-p\n"
        );
        let value = parse(&text).unwrap();
        assert_eq!(
            value["packages"][0].to_string(),
            r#"{"SPDXID":"SPDXRef-p","copyrightText":"a\nb","downloadLocation":"","filesAnalyzed":true,"name":"p","versionInfo":"1"}"#
        );
        assert_eq!(value["relationships"][0]["relationshipType"], "DESCRIBES");
    }

    #[test]
    fn what_is_none() {
        for (text, expected) in [
            ("a", "line 1, column 1: expected a tag, `:` and a value"),
            ("FileName: x", "line 1, column 1: the tag `FileName` is not supported by ajj"),
            ("SPDXVersion: SPDX-3.0", "line 1, column 1: the version `SPDX-3.0` is not known"),
            ("DocumentComment: <text>a\n", "line 1, column 1: the text is not closed by `</text>`"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), expected);
        }
    }
}
