//! A control runtime with a server and a live source on it; tests ask from runtimes of their own.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ajj_engine::{FactError, FactKey, Method};
use ajj_facts::{FactSource, Live, LiveOptions, client};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::server::{BOUND, Server};

pub(crate) const TOKEN: &str = "secret-token";

pub(crate) struct Fixture {
    pub(crate) control: Option<Runtime>,
    pub(crate) server: Server,
    pub(crate) live: Live,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if let Some(control) = self.control.take() {
            control.shutdown_background();
        }
    }
}

/// Kept answers stay for the test, errors not at all, and pauses are short.
pub(crate) fn options() -> LiveOptions {
    LiveOptions {
        cache_objects_for: Duration::from_secs(3600),
        cache_errors_for: Duration::ZERO,
        call_timeout: BOUND,
        retry_after: Duration::from_millis(10),
        retry_at_most: Duration::from_millis(50),
        loopback_services: true,
        ..LiveOptions::default()
    }
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A source of `server`'s answers, on a runtime.
pub(crate) async fn live(control: &Runtime, server: &Server, options: LiveOptions) -> Live {
    let url = format!("http://{}", server.address);
    let handle = control.handle().clone();
    let made = control.spawn(async move {
        let mut config = kube::Config::new(url.parse().unwrap());
        config.auth_info.token = Some(TOKEN.to_owned().into());
        Live::new(client(config).unwrap(), handle, options)
    });
    made.await.unwrap()
}

impl Fixture {
    /// With three namespaces that the watch has.
    pub(crate) async fn ready(options: LiveOptions) -> Self {
        let control = runtime();
        let server = Server::start(control.handle()).await;
        for name in ["one", "two", "three"] {
            server.put_namespace(name, &format!(r#"{{"is":"{name}"}}"#), true);
        }
        let live = live(&control, &server, options).await;
        tokio::time::timeout(BOUND, live.ready()).await.unwrap();
        server.until(|server| server.watches_begun() == 1).await;
        Self { control: Some(control), server, live }
    }

    pub(crate) async fn ask(&self, key: &FactKey) -> Result<String, FactError> {
        ask(&self.live, key).await
    }

    pub(crate) async fn get(&self, path: &str) -> Result<String, FactError> {
        self.ask(&FactKey::get(path)).await
    }

    pub(crate) fn count(&self, of: impl Fn(&ajj_facts::LiveCounters) -> &AtomicU64) -> u64 {
        of(self.live.counters()).load(Ordering::Relaxed)
    }
}

pub(crate) async fn ask(live: &Live, key: &FactKey) -> Result<String, FactError> {
    ask_until(live, key, Instant::now() + BOUND).await
}

pub(crate) async fn ask_until(
    live: &Live,
    key: &FactKey,
    deadline: Instant,
) -> Result<String, FactError> {
    let keys = BTreeSet::from([key.clone()]);
    let facts = live.until(deadline).fetch(&keys).await;
    facts.get(key).expect("every key is answered").clone().map(|tree| tree.root().to_json())
}

pub(crate) fn post(path: &str, body: &str) -> FactKey {
    FactKey::Api { method: Method::Post, path: path.into(), body: body.into() }
}

pub(crate) fn failed(answer: Result<String, FactError>) -> String {
    match answer {
        Err(FactError::Failed(message)) => message,
        other => panic!("expected a failure, found {other:?}"),
    }
}
