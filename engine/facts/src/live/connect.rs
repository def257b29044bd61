//! Finds the API server and the credentials for it.

use std::path::Path;

use kube::config::{KubeConfigOptions, Kubeconfig};

use super::body::chain;
use super::client;

/// Why there is no way to an API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError(String);

impl std::fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ConnectError {}

/// Makes a client from a kubeconfig, or from what a Pod is given where there is none.
///
/// Nothing is sent yet: an API server that is away is met later. To be called on the runtime that
/// the client shall live on.
pub async fn connect(kubeconfig: Option<&Path>) -> Result<kube::Client, ConnectError> {
    let config = match kubeconfig {
        Some(path) => {
            let wrong = |error: &dyn std::error::Error| {
                let shown = path.display();
                ConnectError(format!("the kubeconfig `{shown}` cannot be used: {}", chain(error)))
            };
            let kubeconfig = Kubeconfig::read_from(path).map_err(|error| wrong(&error))?;
            let options = KubeConfigOptions::default();
            let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await;
            config.map_err(|error| wrong(&error))?
        }
        None => kube::Config::incluster().map_err(|error| {
            let reason = chain(&error);
            ConnectError(format!("this does not look like a Pod of a cluster: {reason}"))
        })?,
    };
    client(config).map_err(|error| {
        ConnectError(format!("the API server cannot be talked to: {}", chain(&error)))
    })
}
