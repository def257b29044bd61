//! What a path of the Kubernetes API asks for.

/// A read of one object or of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ApiPath {
    pub(super) group: String,
    pub(super) version: String,
    /// Empty where the path names none.
    pub(super) namespace: String,
    /// The plural, such as `configmaps`.
    pub(super) resource: String,
    /// Empty for a list.
    pub(super) name: String,
    /// Which items of a list are wanted.
    pub(super) label_selector: String,
    /// The same by field.
    pub(super) field_selector: String,
}

impl ApiPath {
    /// Reads `/api/v1/…` and `/apis/<group>/<version>/…`; `None` for anything else.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, resource, name) = match rest {
            [resource] => ("", *resource, ""),
            [resource, name] => ("", *resource, *name),
            ["namespaces", namespace, resource] => (*namespace, *resource, ""),
            ["namespaces", namespace, resource, name] => (*namespace, *resource, *name),
            // Subresources, such as a scale, are not written in manifests.
            _ => return None,
        };
        let mut found = Self {
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: decode(namespace)?,
            resource: resource.to_owned(),
            name: decode(name)?,
            ..Self::default()
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "labelSelector" => found.label_selector = decode(value)?,
                "fieldSelector" => found.field_selector = decode(value)?,
                // How an answer is cut and stored changes nothing of it here.
                "limit" | "resourceVersion" | "resourceVersionMatch" | "timeoutSeconds" => (),
                _ => return None,
            }
        }
        Some(found)
    }
}

/// Takes `%2C` and `+` for what they stand for.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'+' => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::ApiPath;

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/api/v1/namespaces", Some(("", "v1", "", "namespaces", ""))),
            ("/api/v1/namespaces/x", Some(("", "v1", "", "namespaces", "x"))),
            ("/api/v1/namespaces/x/pods", Some(("", "v1", "x", "pods", ""))),
            ("/api/v1/namespaces/x/pods/y", Some(("", "v1", "x", "pods", "y"))),
            ("/api/v1/nodes/n%20m", Some(("", "v1", "", "nodes", "n m"))),
            ("/apis/apps/v1/deployments/", Some(("apps", "v1", "", "deployments", ""))),
            ("/apis/apps/v1/namespaces/x/deployments/y/scale", None),
            ("/version", None),
            ("/api/v1/pods?watch=true", None),
            ("/api/v1/pods?limit=5", Some(("", "v1", "", "pods", ""))),
            ("/api/v1/nodes/%zz", None),
        ] {
            let found = ApiPath::parse(path);
            let found = found.as_ref().map(|found| {
                let ApiPath { group, version, namespace, resource, name, .. } = found;
                (&**group, &**version, &**namespace, &**resource, &**name)
            });
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn selectors_are_decoded() {
        let path = "/api/v1/pods?labelSelector=app%3Dweb%2Ctier&fieldSelector=metadata.name=a";
        let found = ApiPath::parse(path).unwrap();
        assert_eq!(found.label_selector, "app=web,tier");
        assert_eq!(found.field_selector, "metadata.name=a");
    }
}
