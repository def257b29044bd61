//! Which paths of the API server may be asked for.

use ajj_engine::Method;

/// Longer ones are no questions.
const MAX_PATH_BYTES: usize = 8 << 10;

/// Subresources that lead elsewhere: into pods, services, nodes. What answers there is no state
/// of the cluster, and it would be asked with the rights of whoever asks here.
const TUNNELS: &[&str] = &["attach", "exec", "portforward", "proxy"];

/// Reads a path below the API server as it may be sent, its query encoded where that is needed.
pub(in crate::live) fn sendable(method: Method, path: &str) -> Result<String, String> {
    if path.len() > MAX_PATH_BYTES {
        return Err(format!("a path of {} bytes is too long", path.len()));
    }
    let (steps, query) = match path.split_once('?') {
        Some((steps, query)) => (steps, Some(query)),
        None => (path, None),
    };
    let steps = check_steps(steps).map_err(|reason| format!("the path `{path}` {reason}"))?;
    if method == Method::Post && !asks_for_review(&steps) {
        // An admission webhook has no side effects, on dry runs least of all.
        return Err(format!(
            "the path `{path}` is not for POST: only reviews of rights and of tokens are"
        ));
    }
    let mut sendable = path.split('?').next().unwrap_or_default().to_owned();
    if let Some(query) = query {
        sendable.push('?');
        sendable.push_str(&encode_query(query).map_err(|reason| {
            format!("the query of the path `{}` {reason}", path.escape_debug())
        })?);
    }
    Ok(sendable)
}

/// Whether a path is that of one object, without a query.
pub(in crate::live) fn is_object(path: &str) -> bool {
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let (["api", _, rest @ ..] | ["apis", _, _, rest @ ..]) = steps.as_slice() else {
        return false;
    };
    let is_named = match rest {
        // One namespace, but not a list in it.
        ["namespaces", _] => true,
        ["namespaces", _, _] => false,
        ["namespaces", _, _, _] | [_, _] => true,
        _ => false,
    };
    is_named && !path.contains('?') && !path.ends_with('/')
}

fn check_steps(path: &str) -> Result<Vec<&str>, String> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err("does not begin with `/`: expected a path of the API server".to_owned());
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@!$&'()*+,;=/%".contains(&byte);
    if let Some(wrong) = rest.chars().find(|found| !u8::try_from(*found).is_ok_and(plain)) {
        return Err(format!("has the character {wrong:?}"));
    }
    if let Some(code) = encoded_separator(rest) {
        return Err(format!("has `{code}`, which hides a separator or a dot"));
    }
    let mut steps: Vec<&str> = rest.split('/').collect();
    if steps.len() > 1 && steps.last() == Some(&"") {
        steps.pop();
    }
    if let Some(step) = steps.iter().find(|step| matches!(**step, "" | "." | "..")) {
        return Err(format!("has the step `{step}`"));
    }
    let below = match steps.as_slice() {
        ["version"] | ["api" | "apis"] | ["api", _] | ["apis", _] | ["apis", _, _] => &[],
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
        _ => return Err("is not below /api, /apis or /version".to_owned()),
    };
    let sub = match below {
        ["watch" | "proxy", ..] => return Err("is not that of an object or a list".to_owned()),
        ["namespaces", _, _, _, sub @ ..] | [_, _, sub @ ..] => sub,
        _ => &[],
    };
    match sub.first().filter(|step| TUNNELS.contains(*step)) {
        Some(tunnel) => Err(format!("leads out of the API by `{tunnel}`")),
        None => Ok(steps),
    }
}

/// The first code of a byte that must be written as it is, or of none.
fn encoded_separator(path: &str) -> Option<String> {
    path.match_indices('%').find_map(|(start, _)| {
        let code = path.get(start + 1..start + 3).unwrap_or_default();
        let byte = u8::from_str_radix(code, 16).ok().filter(|_| !code.starts_with('+'));
        let harmless = |byte: u8| (0x20..0x7f).contains(&byte) && !b"/.\\%?#;".contains(&byte);
        (!byte.is_some_and(harmless)).then(|| format!("%{code}"))
    })
}

/// Whether it is a question that has to be sent as a POST, of which nothing remains.
fn asks_for_review(steps: &[&str]) -> bool {
    let ["apis", group, _, .., resource] = steps else { return false };
    let about_rights = group.starts_with("authorization.") || group.starts_with("authentication.");
    about_rights && resource.ends_with("reviews")
}

/// A query as it can stand in a request, where people write `labelSelector=app in (a, b)`.
fn encode_query(query: &str) -> Result<String, String> {
    if query.contains(['#', '\\']) || query.contains(char::is_control) {
        return Err("has a character that must be encoded".to_owned());
    }
    let streams = query.split(['&', ';']).any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        // Whoever encodes the name of a parameter hides it.
        name.contains('%') || matches!(name, "watch" | "follow")
    });
    if streams {
        return Err("asks for a stream".to_owned());
    }
    let mut encoded = String::with_capacity(query.len());
    for byte in query.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@!$&'()*+,;=/?%[]".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use ajj_engine::Method;

    use super::{is_object, sendable};

    #[test]
    fn paths_of_the_api_are_sent() {
        for (path, expected) in [
            ("/api/v1/pods", "/api/v1/pods"),
            ("/apis/apps/v1/deployments/", "/apis/apps/v1/deployments/"),
            ("/api/v1/nodes/n%20m", "/api/v1/nodes/n%20m"),
            (
                "/api/v1/pods?labelSelector=app in (a,b)",
                "/api/v1/pods?labelSelector=app%20in%20(a,b)",
            ),
            ("/api/v1/pods?fieldSelector=a%3Db", "/api/v1/pods?fieldSelector=a%3Db"),
            ("/api/v1/pods?labelSelector=a=ä", "/api/v1/pods?labelSelector=a=%C3%A4"),
            ("/apis/route.openshift.io/v1/Routes", "/apis/route.openshift.io/v1/Routes"),
            ("/api/v1/namespaces/a/pods/x/log", "/api/v1/namespaces/a/pods/x/log"),
            ("/api/v1/namespaces/proxy/pods/exec", "/api/v1/namespaces/proxy/pods/exec"),
            ("/version", "/version"),
        ] {
            assert_eq!(sendable(Method::Get, path).as_deref(), Ok(expected), "{path}");
        }
    }

    #[test]
    fn other_paths_are_refused() {
        let long = format!("/api/v1/{}", "a".repeat(9_000));
        for path in [
            "",
            "api/v1/pods",
            "https://else.test/api/v1/pods",
            "//else.test/api/v1/pods",
            "/\\else.test/api",
            "@else.test/api",
            "/api/v1/../../healthz",
            "/api/v1/./pods",
            "/api//v1/pods",
            "/api/v1/pods//",
            "/api/v1/namespaces/a%2F..%2Fb/pods",
            "/api/v1/%2e%2E/pods",
            "/api/v1/pods%",
            "/api/v1/pods%zz",
            "/api/v1/pods%0a",
            "/api/v1/pods%+1",
            "/api/v1/pods%252f",
            "/api/v1/pods#x",
            "/api/v1/pods?x=1#y",
            "/api/v1/pods\r\nHost: else",
            "/api/v1/pods?x=\r\nHost: else",
            "/api/v1/pods ä",
            "/api/v1/pods?watch=true",
            "/api/v1/pods?x=1&watch=1",
            "/api/v1/pods?w%61tch=1",
            "/api/v1/namespaces/a/pods/x/log?follow=true",
            "/healthz",
            "/metrics",
            "/",
            "/api/v1/nodes/n/proxy/exec",
            "/api/v1/namespaces/a/pods/x/proxy",
            "/api/v1/namespaces/a/services/x:80/proxy/y",
            "/api/v1/namespaces/a/pods/x/exec?command=sh",
            "/api/v1/proxy/nodes/n",
            "/api/v1/watch/pods",
            &long,
        ] {
            let answer = sendable(Method::Get, path);
            assert!(answer.is_err(), "{path} is sent as {answer:?}");
        }
    }

    #[test]
    fn only_reviews_are_posted() {
        for path in [
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            "/apis/authorization.k8s.io/v1/namespaces/a/localsubjectaccessreviews",
            "/apis/authentication.k8s.io/v1/tokenreviews",
        ] {
            assert!(sendable(Method::Post, path).is_ok(), "{path}");
        }
        for path in [
            "/api/v1/namespaces/a/pods",
            "/api/v1/namespaces/a/serviceaccounts/default/token",
            "/api/v1/namespaces/a/pods/x/eviction",
            "/apis/example.com/v1/reviews",
            "/apis/authorization.k8s.io",
        ] {
            assert!(sendable(Method::Post, path).is_err(), "{path}");
        }
    }

    #[test]
    fn objects_and_lists() {
        for path in
            ["/api/v1/namespaces/a", "/api/v1/nodes/n", "/apis/apps/v1/namespaces/a/deployments/x"]
        {
            assert!(is_object(path), "{path}");
        }
        for path in [
            "/api/v1/pods",
            "/api/v1/namespaces/a/pods",
            "/api/v1/namespaces/a/pods/",
            "/version",
            "/api/v1/namespaces/a/pods/x/status",
            "/api/v1/nodes/n?x=1",
            "/api/v1/nodes/",
        ] {
            assert!(!is_object(path), "{path}");
        }
    }
}
