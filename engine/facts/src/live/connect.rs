//! Finds the API server and the credentials for it.

use std::path::Path;

use kube::config::{KubeConfigOptions, Kubeconfig};

use tokio::sync::oneshot;

use super::body::chain;
use super::{Live, LiveOptions, client};

/// Why there is no way to an API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError(String);

impl std::fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ConnectError {}

/// A cluster as somebody at a desk reaches it.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Answers from the cluster.
    pub live: Live,
}

/// Makes a client from a kubeconfig, or from what a Pod is given where there is none.
///
/// Nothing is sent yet: an API server that is away is met later. To be called on the runtime that
/// the client shall live on.
pub async fn connect(kubeconfig: Option<&Path>) -> Result<kube::Client, ConnectError> {
    let config = match kubeconfig {
        Some(path) => of_file(path).await?,
        None => kube::Config::incluster().map_err(|error| {
            let reason = chain(&error);
            ConnectError(format!("this does not look like a Pod of a cluster: {reason}"))
        })?,
    };
    talk(config)
}

impl Desk {
    /// Finds a cluster as `kubectl` does where no file is named: by `$KUBECONFIG`, by
    /// `~/.kube/config`, or as a Pod.
    ///
    /// Nothing is sent yet. Calls are made on a thread of their own, which lives as long as the
    /// process; whoever asks needs no runtime.
    pub fn connect(kubeconfig: Option<&Path>) -> Result<Self, ConnectError> {
        let refused = |error: std::io::Error| {
            ConnectError(format!("the system refuses a thread for calls: {error}"))
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(refused)?;
        let (say, said) = oneshot::channel();
        let kubeconfig = kubeconfig.map(Path::to_owned);
        let calls = move || {
            let handle = runtime.handle().clone();
            runtime.block_on(async move {
                let connected = async {
                    let config = match kubeconfig {
                        Some(path) => of_file(&path).await?,
                        None => kube::Config::infer().await.map_err(|error| {
                            let reason = chain(&error);
                            ConnectError(format!("there is no kubeconfig to be used: {reason}"))
                        })?,
                    };
                    Ok(Self { live: Live::new(talk(config)?, handle, LiveOptions::default()) })
                };
                if say.send(connected.await).is_ok() {
                    std::future::pending::<()>().await;
                }
            });
        };
        std::thread::Builder::new().name("cluster".to_owned()).spawn(calls).map_err(refused)?;
        let ended = |_| Err(ConnectError("the thread for calls ended".to_owned()));
        said.blocking_recv().unwrap_or_else(ended)
    }
}

async fn of_file(path: &Path) -> Result<kube::Config, ConnectError> {
    let wrong = |error: &dyn std::error::Error| {
        let shown = path.display();
        ConnectError(format!("the kubeconfig `{shown}` cannot be used: {}", chain(error)))
    };
    let kubeconfig = Kubeconfig::read_from(path).map_err(|error| wrong(&error))?;
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await;
    config.map_err(|error| wrong(&error))
}

fn talk(config: kube::Config) -> Result<kube::Client, ConnectError> {
    client(config).map_err(|error| {
        ConnectError(format!("the API server cannot be talked to: {}", chain(&error)))
    })
}
