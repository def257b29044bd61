//! The Secret with the authority that all replicas share: made once, read often, followed.

#![expect(
    clippy::indexing_slicing,
    reason = "values of JSON: what is not there is null, and what is written to is a map of ours"
)]

use std::sync::Arc;
use std::time::Duration;

use ajj_facts::{WriteError, Writer};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Mutex;
use tracing::{info, warn};

use super::owner::Owner;
use crate::tls::{Certificates, SECRET, SharedAuthority};

/// How often the Secret is read. Within that time all replicas know of the next authority, which is
/// published for longer before it is used.
const LOOK: Duration = Duration::from_secs(10);
/// How soon it is read again after something was in the way, or was changed.
const SOON: Duration = Duration::from_secs(1);
/// Another replica may come first, again and again.
const TRIES: usize = 5;

/// Keeps certificates in step with the Secret.
#[derive(Debug)]
pub(crate) struct AuthorityInSecret {
    writer: Writer,
    namespace: String,
    owner: Arc<Owner>,
    certificates: Arc<Certificates>,
    /// What was known last; one look at a time.
    known: Mutex<Option<SharedAuthority>>,
}

impl AuthorityInSecret {
    pub(crate) fn new(
        writer: Writer,
        namespace: &str,
        owner: Arc<Owner>,
        certificates: Arc<Certificates>,
    ) -> Self {
        let namespace = namespace.to_owned();
        Self { writer, namespace, owner, certificates, known: Mutex::default() }
    }

    /// Keeps looking, for as long as it is polled.
    pub(crate) async fn keep(&self) {
        let mut said = String::new();
        loop {
            let pause = match self.look().await {
                Ok(false) => LOOK,
                Ok(true) => SOON,
                Err(problem) if problem == said => SOON,
                Err(problem) => {
                    warn!(%problem, "the authority that replicas share is not to be had");
                    said = problem;
                    tokio::time::sleep(SOON).await;
                    continue;
                }
            };
            if pause == LOOK {
                said.clear();
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Reads the Secret, serves by it, and does what is due; says whether something was done.
    pub(crate) async fn look(&self) -> Result<bool, String> {
        let mut known = self.known.lock().await;
        for _ in 0..TRIES {
            let now = Timestamp::now();
            let secret = match self.writer.get(&self.path(Some(SECRET))).await {
                Ok(secret) => secret,
                Err(WriteError::NotFound) => {
                    // Those who have certificates of the last one go on with it.
                    let first = match known.clone() {
                        Some(known) => known,
                        None => SharedAuthority::new(now).map_err(|error| error.to_string())?,
                    };
                    let secret = first.to_secret(&self.namespace).to_string();
                    match self.writer.create(&self.path(None), secret).await {
                        Ok(_) => {
                            info!(secret = SECRET, "authority made");
                            continue;
                        }
                        // Another replica came first.
                        Err(WriteError::Conflict(_)) => continue,
                        Err(WriteError::NotFound) => {
                            return Err(format!("there is no namespace `{}`", self.namespace));
                        }
                        Err(error) => return Err(format!("`{SECRET}` is not created: {error}")),
                    }
                }
                Err(error) => return Err(format!("`{SECRET}` is not read: {error}")),
            };
            let secret: Value = serde_json::from_str(&secret.root().to_json())
                .map_err(|error| format!("`{SECRET}` is not read: {error}"))?;
            self.owner.adopt(&self.writer, &self.path(Some(SECRET)), &secret).await;
            let shared = SharedAuthority::read(&secret).map_err(|error| error.to_string())?;
            self.certificates.share(&shared, now).map_err(|error| error.to_string())?;
            let published = self.certificates.published();
            let step = shared.step(now, published.as_ref().map(|text| text.as_str()));
            *known = Some(shared);
            let Some(next) = step.map_err(|error| error.to_string())? else { return Ok(false) };
            let version = secret["metadata"]["resourceVersion"].as_str().unwrap_or_default();
            let patch = next.to_patch(version).to_string();
            match self.writer.merge(&self.path(Some(SECRET)), patch).await {
                Ok(_) => {
                    info!(secret = SECRET, "authority goes a step on");
                    self.certificates.share(&next, now).map_err(|error| error.to_string())?;
                    *known = Some(next);
                    return Ok(true);
                }
                // Another replica did the same.
                Err(WriteError::Conflict(_) | WriteError::NotFound) => {}
                Err(error) => return Err(format!("`{SECRET}` is not changed: {error}")),
            }
        }
        Err(format!("`{SECRET}` is changed all the time"))
    }

    fn path(&self, name: Option<&str>) -> String {
        let list = format!("/api/v1/namespaces/{}/secrets", self.namespace);
        match name {
            Some(name) => format!("{list}/{name}"),
            None => list,
        }
    }
}
