//! Changes objects of the cluster: few kinds, through the one way to the API.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ajj_engine::Tree;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::Live;
use super::cluster::{Cluster, Write};
use super::write_error::WriteError;

/// Reads and changes the objects that [`WRITES`](crate::WRITES) names.
///
/// Every call goes to the API server, once: what was read before is never the answer. A call that
/// was sent goes on when nobody waits for it any more.
#[derive(Clone, Debug)]
pub struct Writer {
    cluster: Arc<Cluster>,
    runtime: Handle,
    call_timeout: Duration,
}

impl Live {
    /// What changes objects, with the same connection, credentials and checks.
    pub fn writer(&self) -> Writer {
        Writer {
            cluster: Arc::clone(&self.sources.cluster),
            runtime: self.sources.runtime.clone(),
            call_timeout: self.sources.options.call_timeout,
        }
    }
}

impl Writer {
    /// Reads an object by its path.
    pub async fn get(&self, path: &str) -> Result<Arc<Tree>, WriteError> {
        self.send(Write::Get, path, String::new()).await
    }

    /// Creates an object below the path of its list; `object` is JSON.
    ///
    /// One that exists is a [`WriteError::Conflict`].
    pub async fn create(&self, path: &str, object: String) -> Result<Arc<Tree>, WriteError> {
        self.send(Write::Create, path, object).await
    }

    /// Lets the fields of `object`, JSON with `apiVersion` and `kind`, hold at its path, as manager
    /// `ajj`: server-side apply.
    ///
    /// Fields that another manager owns are taken over; those that were applied before and are not
    /// given any more go away.
    pub async fn apply(&self, path: &str, object: String) -> Result<Arc<Tree>, WriteError> {
        self.send(Write::Apply, path, object).await
    }

    /// Merges `patch` into the object at a path, or into its status at `<path>/status`.
    ///
    /// With `metadata.resourceVersion` in it, an object that changed since is a
    /// [`WriteError::Conflict`].
    pub async fn merge(&self, path: &str, patch: String) -> Result<Arc<Tree>, WriteError> {
        self.send(Write::Merge, path, patch).await
    }

    /// Deletes the object at a path.
    pub async fn delete(&self, path: &str) -> Result<Arc<Tree>, WriteError> {
        self.send(Write::Delete, path, String::new()).await
    }

    fn send(
        &self,
        write: Write,
        path: &str,
        body: String,
    ) -> impl Future<Output = Result<Arc<Tree>, WriteError>> + Send + use<> {
        let (cluster, path) = (Arc::clone(&self.cluster), path.to_owned());
        let within = self.call_timeout;
        // Connections live where they were opened.
        let sent = self.runtime.spawn(async move {
            let written = timeout(within, cluster.write(write, &path, body));
            written.await.unwrap_or(Err(WriteError::Timeout))
        });
        async move {
            let closed = |_| Err(WriteError::Failed("the call was given up".to_owned()));
            sent.await.unwrap_or_else(closed)
        }
    }
}
