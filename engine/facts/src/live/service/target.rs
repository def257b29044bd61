//! Where a call goes, and whether it may.

use std::net::SocketAddr;

use ajj_engine::FactError;
use http::Uri;
use tokio::net::lookup_host;

use crate::live::address;
use crate::live::body::chain;

/// A URL, taken apart.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) is_https: bool,
    /// A name or an address, without brackets.
    pub(super) host: String,
    port: u16,
    /// Host and port as the URL has them.
    pub(super) authority: String,
    pub(super) path_and_query: String,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let wrong = |reason: &str| format!("`{url}` {reason}");
        let uri: Uri = url.parse().map_err(|_| wrong("is no URL"))?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("is expected to begin with https:// or http://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("is expected to have no user in it"));
        }
        let host = authority.host();
        let default = if is_https { 443 } else { 80 };
        let port = match authority.as_str().strip_prefix(host) {
            Some("" | ":") => default,
            Some(port) => port
                .trim_start_matches(':')
                .parse()
                .map_err(|_| wrong("has a port that is none"))?,
            None => return Err(wrong("has no host")),
        };
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = inner.unwrap_or(host);
        if host.is_empty() {
            return Err(wrong("has no host"));
        }
        let path_and_query = uri.path_and_query().map_or("/", |path| path.as_str());
        let slash = if path_and_query.starts_with('/') { "" } else { "/" };
        Ok(Self {
            is_https,
            host: host.to_owned(),
            port,
            authority: authority.to_string(),
            path_and_query: format!("{slash}{path_and_query}"),
        })
    }

    /// The addresses of the host; the connection goes to one of these and asks no name again.
    ///
    /// A name with an address that may not be connected to is refused as a whole: whoever
    /// answers for it has no good reason to say so.
    pub(super) async fn resolve(
        &self,
        loopback: bool,
    ) -> Result<Result<Vec<SocketAddr>, String>, FactError> {
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let found = found.map_err(|error| FactError::Failed(chain(&error)))?;
        let addresses: Vec<_> = found.collect();
        let refused = addresses.iter().find_map(|socket| {
            let reason = address::refusal(socket.ip(), loopback)?;
            Some(format!("`{}` may not be called: {} {reason}", self.authority, socket.ip()))
        });
        Ok(match refused {
            Some(reason) => Err(reason),
            None if addresses.is_empty() => Err(format!("`{}` has no address", self.host)),
            None => Ok(addresses),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn urls() {
        for (url, expected) in [
            ("http://a.test", Some("a.test 80 a.test /")),
            ("https://a.test:8443/x?y=1", Some("a.test 8443 a.test:8443 /x?y=1")),
            ("https://[fd00::1]/x", Some("fd00::1 443 [fd00::1] /x")),
            ("http://a.test?y=1", Some("a.test 80 a.test /?y=1")),
            ("http://a.test/x#y", Some("a.test 80 a.test /x")),
            ("ftp://a.test/", None),
            ("file:///etc/passwd", None),
            ("a.test/x", None),
            ("/x", None),
            ("", None),
            ("http://", None),
            ("http://user:pw@a.test/", None),
            ("http://a.test/\r\nx: y", None),
            ("http://a.test:99999/", None),
        ] {
            let target = Target::parse(url).ok().map(|target| {
                format!(
                    "{} {} {} {}",
                    target.host, target.port, target.authority, target.path_and_query
                )
            });
            assert_eq!(target.as_deref(), expected, "{url}");
        }
    }
}
