//! Image references, as Kyverno takes them apart (`pkg/utils/image`).

use std::fmt;

/// An image reference with its defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImageReference {
    /// Such as `docker.io`.
    pub(crate) registry: String,
    /// The repository without the registry, such as `library/nginx`.
    pub(crate) path: String,
    /// The last element of the path.
    pub(crate) name: String,
    /// `latest` where there is neither tag nor digest.
    pub(crate) tag: Option<String>,
    /// Such as `sha256:…`.
    pub(crate) digest: Option<String>,
}

/// Takes `text` apart; a reference without registry is one of `default_registry`.
///
/// The error is upstream's.
pub(crate) fn parse(text: &str, default_registry: &str) -> Result<ImageReference, String> {
    let full = with_registry(text, default_registry);
    read(&full).map_err(|reason| {
        format!(
            "bad image: {full}, defaultRegistry: {default_registry}, \
             enableDefaultRegistryMutation: true: {reason}"
        )
    })
}

impl ImageReference {
    /// The reference with digest, or else with tag.
    pub(crate) fn reference(&self) -> String {
        match &self.digest {
            Some(digest) => format!("{}/{}@{digest}", self.registry, self.path),
            None => self.reference_with_tag(),
        }
    }

    /// The reference with tag, which is empty where only a digest is written.
    pub(crate) fn reference_with_tag(&self) -> String {
        let tag = self.tag.as_deref().unwrap_or_default();
        format!("{}/{}:{tag}", self.registry, self.path)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reference())
    }
}

/// The first element is a registry if it looks like a host or cannot be part of a path.
fn with_registry(text: &str, default_registry: &str) -> String {
    let host = text.split_once('/').map(|(first, _)| first).filter(|first| {
        first.contains(['.', ':'])
            || *first == "localhost"
            || first.chars().any(|character| character.is_uppercase())
    });
    match host {
        Some(_) => text.to_owned(),
        None => format!("{default_registry}/{text}"),
    }
}

/// Reads a reference by the grammar of `distribution/reference`.
fn read(full: &str) -> Result<ImageReference, &'static str> {
    const FORMAT: &str = "invalid reference format";
    let (named, digest) = match full.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (full, None),
    };
    let (registry, rest) = named.split_once('/').ok_or(FORMAT)?;
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    let valid = is_domain(registry) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
    if !valid || !path.to_lowercase().split('/').all(is_path_component) {
        return Err(FORMAT);
    }
    if !path.split('/').all(is_path_component) {
        return Err("repository name must be lowercase");
    }
    if registry.len() + 1 + path.len() > 255 {
        return Err("repository name must not be more than 255 characters");
    }
    if let Some(digest) = digest {
        check_digest(digest)?;
    }
    let tag = match (tag, digest) {
        (None, None) => Some("latest"),
        (tag, _) => tag,
    };
    Ok(ImageReference {
        registry: registry.to_owned(),
        path: path.to_owned(),
        name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
    })
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let valid = !address.is_empty()
                && address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
            if !valid {
                return false;
            }
            (None, if port.is_empty() { None } else { Some(port.strip_prefix(':').unwrap_or("")) })
        }
        None => match domain.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(domain), None),
        },
    };
    let component = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    host.is_none_or(|host| host.split('.').all(component))
        && port
            .is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Small letters and digits, with `.`, `_`, `__` or hyphens between them.
fn is_path_component(part: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut between = String::new();
    let mut last_plain = false;
    for character in part.chars() {
        if character.is_ascii() && plain(character as u8) {
            let separated = between.is_empty()
                || matches!(between.as_str(), "." | "_" | "__")
                || between.bytes().all(|byte| byte == b'-');
            if !separated {
                return false;
            }
            between.clear();
            last_plain = true;
        } else if last_plain || !between.is_empty() {
            between.push(character);
            last_plain = false;
        } else {
            return false;
        }
    }
    last_plain
}

fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hash)) = digest.split_once(':') else { return false };
    let component = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    algorithm.split(['-', '_', '+', '.']).all(component)
        && hash.len() >= 32
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn check_digest(digest: &str) -> Result<(), &'static str> {
    let (algorithm, hash) = digest.split_once(':').unwrap_or((digest, ""));
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err("unsupported digest algorithm"),
    };
    if hash.len() != length {
        return Err("invalid checksum digest length");
    }
    if hash.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("invalid checksum digest format");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse;

    const SHA: &str = "sha256:4bf0d0fe1ba2a5d8c0f9a6b6bd0b0d4f3f9c2b3b8e1a5f6d7c8b9a0b1c2d3e4f";

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = parse(text, "docker.io").map_or_else(
            |error| error.rsplit(": ").next().unwrap_or_default().to_owned(),
            |image| {
                format!(
                    "{} {} {} {} {}",
                    image.registry,
                    image.path,
                    image.name,
                    image.tag.as_deref().unwrap_or("-"),
                    image.digest.as_deref().unwrap_or("-")
                )
            },
        );
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn takes_references_apart() {
        check("nginx", "docker.io nginx nginx latest -");
        check("o/app:1.2", "docker.io o/app app 1.2 -");
        check("ghcr.io:443/o/app:1", "ghcr.io:443 o/app app 1 -");
        check("localhost/x", "localhost x x latest -");
        check("Foo/x", "Foo x x latest -");
        check("[::1]:5000/x:y", "[::1]:5000 x x y -");
        check("a__b/c--d/e.f", "docker.io a__b/c--d/e.f e.f latest -");
        check(&format!("a@{SHA}"), &format!("docker.io a a - {SHA}"));
        check(&format!("a.b/c:1@{SHA}"), &format!("a.b c c 1 {SHA}"));
    }

    #[test]
    fn refuses_what_is_none() {
        let format = "invalid reference format";
        for text in
            ["", "nginx:", "a//b", "-a/b", "a_-b", "a/b:c:d", " nginx", "x-.y/b", "a@md5:abc"]
        {
            check(text, format);
        }
        check("A", "repository name must be lowercase");
        check("a/B", "repository name must be lowercase");
        check(&format!("a@{SHA}a"), "invalid checksum digest length");
        check(&format!("a@{}", SHA.replace("256", "512")), "invalid checksum digest length");
        check(&format!("a@{}", SHA.replace("sha256", "md5")), "unsupported digest algorithm");
    }

    #[test]
    fn writes_references() {
        let image = parse(&format!("a:1@{SHA}"), "docker.io").expect("valid");
        assert_eq!(image.to_string(), format!("docker.io/a@{SHA}"));
        assert_eq!(image.reference_with_tag(), "docker.io/a:1");
    }
}
