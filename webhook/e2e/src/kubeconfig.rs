//! Writes the file with which clients find the API server.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

/// How a client reaches an API server, and as whom.
#[derive(Debug, Clone)]
pub struct Kubeconfig {
    /// The URL of the API server.
    pub server: String,
    /// The file with the certificates that vouch for it.
    pub certificate_authority: PathBuf,
    /// The bearer token.
    pub token: String,
}

impl Kubeconfig {
    /// Writes the file; as JSON, which is YAML too.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{
                "name": "plane",
                "cluster": {
                    "server": self.server,
                    "certificate-authority": self.certificate_authority,
                },
            }],
            "users": [{"name": "user", "user": {"token": self.token}}],
            "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": "user"}}],
            "current-context": "plane",
        });
        std::fs::write(file, config.to_string())
    }
}
