//! Who answers which question, and how new an answer has to be.

use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{FactError, FactKey, Limits, Method, Node, Value, parse_json};
use tokio::runtime::Handle;

use super::cache::{Cache, is_kept};
use super::cluster::Cluster;
use super::counters::LiveCounters;
use super::flight::Flights;
use super::global_context::GlobalContext;
use super::service::{ServiceCall, Services};
use super::watched::Watched;
use super::{Answer, LiveOptions, NAMESPACES, external};

const ACCESS_REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

/// All that answers, and what is under way.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) cluster: Arc<Cluster>,
    pub(super) namespaces: Arc<Watched>,
    services: Arc<Services>,
    pub(super) global_context: GlobalContext,
    pub(super) cache: Cache,
    pub(super) flights: Flights,
    pub(super) counters: Arc<LiveCounters>,
    pub(super) runtime: Handle,
    pub(super) options: LiveOptions,
}

impl Sources {
    pub(super) fn new(
        cluster: Cluster,
        runtime: Handle,
        options: LiveOptions,
        counters: Arc<LiveCounters>,
    ) -> Self {
        Self {
            cluster: Arc::new(cluster),
            namespaces: Arc::new(Watched::new(options.max_watched_bytes)),
            services: Arc::new(Services::new(&options, Arc::clone(&counters))),
            global_context: GlobalContext::default(),
            cache: Cache::new(&options),
            flights: Flights::new(options.max_open_questions),
            counters,
            runtime,
            options,
        }
    }

    /// The answer that is here already.
    pub(super) fn known(&self, key: &FactKey) -> Option<Answer> {
        if let Some(namespace) = namespace(key).and_then(|name| self.namespaces.get(name)) {
            LiveCounters::add(&self.counters.watch_hits);
            return Some(Ok(namespace));
        }
        if let FactKey::Image(_) = key {
            let message = "image registries are not read by this build";
            return Some(Err(FactError::Failed(message.to_owned())));
        }
        let kept = self.cache.get(key);
        let counter = match kept {
            Some(_) => &self.counters.cache_hits,
            None => &self.counters.cache_misses,
        };
        LiveCounters::add(counter);
        kept
    }

    /// Asks whoever knows.
    pub(super) async fn ask(&self, key: &FactKey) -> Answer {
        let answer = match key {
            FactKey::AccessReview(spec) => self.review(spec).await,
            FactKey::ExternalUrl(url) => external::look_up(url).await,
            FactKey::GlobalContext(reference) => self.global_context(reference).await,
            FactKey::Inventory => {
                let message = "the objects of a cluster are not kept by this build";
                Err(FactError::Failed(message.to_owned()))
            }
            FactKey::Api { .. } | FactKey::Service { .. } | FactKey::Image(_) => {
                self.callers().call(key).await
            }
        };
        if matches!(answer, Err(FactError::Failed(_))) {
            LiveCounters::add(&self.counters.failures);
        }
        answer
    }

    /// Whether a user may do something: the status of the review.
    async fn review(&self, spec: &str) -> Answer {
        let body = review_of(spec)?;
        let review = self.cluster.call(Method::Post, ACCESS_REVIEWS, &body).await?;
        let status = review
            .root()
            .get("status")
            .filter(|status| status.get("allowed").and_then(Node::as_bool).is_some());
        match status {
            Some(status) => Ok(Arc::new(status.to_tree())),
            None => Err(FactError::Failed("the access review has no status".to_owned())),
        }
    }
}

/// Who calls others, for a rule or for an entry that many rules share.
#[derive(Clone, Debug)]
pub(super) struct Callers {
    cluster: Arc<Cluster>,
    services: Arc<Services>,
    pub(super) timeout: Duration,
    pub(super) retry_at_most: Duration,
}

impl Sources {
    pub(super) fn callers(&self) -> Callers {
        Callers {
            cluster: Arc::clone(&self.cluster),
            services: Arc::clone(&self.services),
            timeout: self.options.call_timeout,
            retry_at_most: self.options.retry_at_most,
        }
    }
}

impl Callers {
    /// Calls the API server or a service.
    pub(super) async fn call(&self, key: &FactKey) -> Answer {
        match key {
            FactKey::Api { method, path, body } => self.cluster.call(*method, path, body).await,
            FactKey::Service { method, url, body, headers, ca_bundle } => {
                let call = ServiceCall { method: *method, url, body, headers, ca_bundle };
                self.services.call(call).await
            }
            _ => Err(FactError::NotFetched),
        }
    }
}

fn review_of(spec: &str) -> Result<String, FactError> {
    let wrong = |error: &dyn std::fmt::Display| {
        FactError::Failed(format!("the spec of the access review is no JSON: {error}"))
    };
    let spec = parse_json(spec, &Limits::default()).map_err(|error| wrong(&error))?;
    let spec = Value::from(spec.root()).to_json();
    Ok(format!(
        r#"{{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{spec}}}"#
    ))
}

/// The namespace that a question is about, as a whole.
fn namespace(key: &FactKey) -> Option<&str> {
    let FactKey::Api { method: Method::Get, path, .. } = key else { return None };
    let name = path.strip_prefix(NAMESPACES)?.strip_prefix('/')?;
    // What is no name is in no list either.
    (!name.is_empty()).then_some(name)
}

/// Whether those who ask the same can have the same answer.
pub(super) fn is_shared(key: &FactKey) -> bool {
    !matches!(
        key,
        FactKey::Api { method: Method::Post, .. } | FactKey::Service { method: Method::Post, .. }
    )
}

/// Whether an answer counts only if its question was asked after the request came.
///
/// A list has to show what was admitted a moment ago; and a namespace that was not there can be
/// there now, with labels that rules are about.
pub(super) fn must_be_new(key: &FactKey, answer: &Answer) -> bool {
    match answer {
        Ok(_) => !is_kept(key),
        Err(error) => *error == FactError::NotFound,
    }
}
