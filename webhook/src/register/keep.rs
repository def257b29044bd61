//! Holds the API server to the configuration: written when something changed, restored when
//! somebody else changed it, never taken away.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ajj_engine::{FactKey, Method};
use ajj_facts::{Discovered, FactSource, Followed, Live, WriteError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::time::Instant;
use tracing::{info, warn};

use super::authority::AuthorityInSecret;
use super::comparison::{Standing, bundle, compare, replacement, sign, signature};
use super::configuration::{Client, Derived, Settings, configuration};
use super::owner::{Owner, own};
use super::rules::{LeftOut, Why};
use super::{NAME, pacing::Pacing};
use crate::kinds::Kinds;
use crate::policies::{Enforced, Policies};
use crate::tls::Certificates;

const LIST: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const WHO_AM_I: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
/// How often it is looked whether policies, kinds or authority have changed; what changes at the
/// API server is heard at once.
const LOOK: Duration = Duration::from_millis(500);
/// How long one question takes at most.
const WITHIN: Duration = Duration::from_secs(10);
/// Before the first registration, so that a Service knows by then who is ready.
const SETTLE: Duration = Duration::from_secs(5);
/// Kinds that are said to be left out, at most.
const MOST_SAID: usize = 20;

/// What is kept registered.
#[derive(Debug)]
pub(crate) struct Registrar {
    pub(crate) live: Live,
    pub(crate) settings: Settings,
    pub(crate) policies: Arc<Policies>,
    pub(crate) kinds: Arc<Kinds>,
    pub(crate) certificates: Arc<Certificates>,
    /// Where replicas share an authority.
    pub(crate) authority: Option<Arc<AuthorityInSecret>>,
    pub(crate) owner: Arc<Owner>,
    pub(crate) counters: Arc<Registered>,
}

/// How registration goes, for metrics.
#[derive(Debug, Default)]
pub(crate) struct Registered {
    /// Whether the API server holds what it should.
    pub(crate) is_current: AtomicBool,
    /// How often it was written.
    pub(crate) writes: AtomicU64,
    /// How often a stranger's change was undone.
    pub(crate) restored: AtomicU64,
    /// How often it could not be written.
    pub(crate) failures: AtomicU64,
    /// Kinds that rules name and about which no request comes.
    pub(crate) left_out: AtomicU64,
}

/// What a configuration was derived from, and the configuration.
struct Known {
    enforced: Arc<Enforced>,
    served: Arc<Discovered>,
    bundle: Option<Arc<String>>,
    owner: Option<Arc<Value>>,
    object: Value,
}

/// Keeps the configuration, for as long as it is polled.
pub(crate) async fn keep(registrar: Registrar) {
    let mut registrar = registrar;
    registrar.settings.account = registrar.account().await;
    let configurations = registrar.live.follow([LIST]);
    let mut known = None;
    let mut pacing = Pacing::default();
    let mut said = None;
    loop {
        let revision = configurations.revision();
        let pause = registrar.round(&configurations, &mut known, &mut pacing).await;
        let trouble = configurations.trouble();
        if let Some(trouble) = trouble.as_ref().filter(|_| trouble != said) {
            warn!(trouble, name = NAME, "registration cannot be watched");
        }
        said = trouble;
        tokio::select! {
            () = configurations.changed(revision) => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl Registrar {
    /// Looks once; says when to look again.
    async fn round(
        &self,
        configurations: &Followed,
        known: &mut Option<Known>,
        pacing: &mut Pacing,
    ) -> Duration {
        let Ok(snapshot) = configurations.snapshot() else { return LOOK };
        let named = snapshot.objects.iter().find(|object| {
            let name = object.root().at(&["metadata", "name"]);
            name.and_then(|name| name.as_str()) == Some(NAME)
        });
        let found: Option<Value> =
            named.and_then(|object| serde_json::from_str(&object.root().to_json()).ok());
        self.certificates.set_published(found.as_ref().and_then(bundle).and_then(decoded));
        let Some(wanted) = self.wanted(known) else { return LOOK };
        let standing = compare(found.as_ref(), wanted, self.is_injected());
        self.counters.is_current.store(standing == Standing::Same, Ordering::Relaxed);
        let now = Instant::now();
        match standing {
            Standing::Same => {
                pacing.settled(now, found.as_ref().and_then(signature));
                return LOOK;
            }
            // What it is derived from has changed here.
            Standing::OfPeer if pacing.agreed_to(found.as_ref().and_then(signature)) => {}
            Standing::OfPeer => {
                self.kinds.ask_again();
                if let Some(pause) = pacing.wait_for_peer(now) {
                    self.look_at_authority().await;
                    return pause.min(LOOK);
                }
            }
            Standing::Missing | Standing::Changed => {}
        }
        if let Some(pause) = pacing.wait_to_write(now) {
            return pause.min(LOOK);
        }
        let is_first = pacing.is_first();
        if is_first
            && standing == Standing::Missing
            && self.is_service()
            && let Some(pause) = pacing.wait_to_begin(now, SETTLE)
        {
            return pause.min(LOOK);
        }
        // It may have been deleted with an owner that was made anew; who is told nothing keeps looking.
        let _ = self.owner.look().await;
        // The authority may have gone on since: what is written is to hold for all replicas.
        self.look_at_authority().await;
        let Some(wanted) = self.wanted(known) else { return LOOK };
        if compare(found.as_ref(), wanted, self.is_injected()) == Standing::Same {
            return Duration::ZERO;
        }
        let written = self.write(wanted).await;
        pacing.wrote(Instant::now());
        match written {
            Ok(()) => {
                self.counters.writes.fetch_add(1, Ordering::Relaxed);
                if standing == Standing::Changed && !is_first {
                    self.counters.restored.fetch_add(1, Ordering::Relaxed);
                    warn!(name = NAME, "registration was changed by somebody else: restored");
                } else {
                    info!(name = NAME, "registration written");
                }
                // The watch brings what was written.
                let heard = configurations.changed(snapshot.revision);
                let _ = tokio::time::timeout(LOOK, heard).await;
                Duration::ZERO
            }
            Err(problem) => {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
                warn!(%problem, name = NAME, "registration is not written");
                LOOK
            }
        }
    }

    /// What should be registered; `None` as long as something is missing that it is derived from.
    fn wanted<'k>(&self, known: &'k mut Option<Known>) -> Option<&'k Value> {
        let enforced = Arc::clone(self.policies.current().as_ref()?);
        let served = self.kinds.served()?;
        let (bundle, owner) = (self.certificates.ca_bundle(), self.owner.reference());
        if bundle.is_none() && !self.is_injected() {
            return None;
        }
        let is_known = known.as_ref().is_some_and(|known| {
            Arc::ptr_eq(&known.enforced, &enforced)
                && Arc::ptr_eq(&known.served, &served)
                && known.bundle == bundle
                && known.owner == owner
        });
        if !is_known {
            let registrations = enforced.policies.registrations();
            let encoded = bundle.as_ref().map(|bundle| STANDARD.encode(bundle.as_str()));
            let Derived { mut object, left_out } = configuration(
                &self.settings,
                &registrations,
                &served.resources,
                encoded.as_deref(),
            );
            sign(&mut object);
            if let Some(owner) = owner.as_deref() {
                own(&mut object, owner);
            }
            self.say(&left_out);
            *known = Some(Known { enforced, served, bundle, owner, object });
        }
        known.as_ref().map(|known| &known.object)
    }

    /// Applies the configuration; what strangers added to its lists goes away too.
    async fn write(&self, wanted: &Value) -> Result<(), WriteError> {
        let writer = self.live.writer();
        let path = format!("{LIST}/{NAME}");
        let answer = writer.apply(&path, wanted.to_string()).await?;
        let unreadable = |error: serde_json::Error| WriteError::Failed(error.to_string());
        let found: Value = serde_json::from_str(&answer.root().to_json()).map_err(unreadable)?;
        if compare(Some(&found), wanted, self.is_injected()) != Standing::Same {
            let patch = replacement(&found, wanted, self.is_injected()).to_string();
            writer.merge(&path, patch).await?;
        }
        Ok(())
    }

    async fn look_at_authority(&self) {
        if let Some(authority) = &self.authority {
            // What is in the way is said by who keeps it.
            let _ = authority.look().await;
        }
    }

    fn say(&self, left_out: &BTreeSet<LeftOut>) {
        let before = self.counters.left_out.swap(left_out.len() as u64, Ordering::Relaxed);
        if before == left_out.len() as u64 {
            return;
        }
        for LeftOut { policy, rule, kind, why } in left_out.iter().take(MOST_SAID) {
            let why = match why {
                Why::NotServed => "the API server does not serve it; it is added when it does",
                Why::NeverCovered => "it is never covered, so that a cluster can be mended",
                Why::OfTheCluster => "the policy is of a namespace, and the kind of the cluster",
            };
            warn!(policy, rule, kind, why, "no request about this kind will be judged");
        }
        if left_out.len() > MOST_SAID {
            warn!(more = left_out.len() - MOST_SAID, "and about more kinds");
        }
    }

    /// Our own user, where it is a service account of our namespace: nobody else may go unjudged.
    async fn account(&self) -> Option<String> {
        let body = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
        let key = FactKey::Api { method: Method::Post, path: WHO_AM_I.into(), body: body.into() };
        let keys = BTreeSet::from([key.clone()]);
        loop {
            let facts = self.live.until(Instant::now() + WITHIN).fetch(&keys).await;
            match facts.get(&key) {
                Some(Ok(review)) => {
                    let name = review.root().at(&["status", "userInfo", "username"]);
                    let name = name.and_then(|name| name.as_str()).unwrap_or_default();
                    let own = format!("system:serviceaccount:{}:", self.settings.namespace);
                    return name.starts_with(&own).then(|| name.to_owned());
                }
                Some(Err(ajj_engine::FactError::NotFound)) => return None,
                Some(Err(problem)) => {
                    warn!(%problem, "the API server does not say who we are");
                }
                None => {}
            }
            tokio::time::sleep(WITHIN).await;
        }
    }

    fn is_injected(&self) -> bool {
        self.settings.inject_from.is_some()
    }

    fn is_service(&self) -> bool {
        matches!(self.settings.client, Client::Service(_))
    }
}

fn decoded(bundle: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(bundle).ok()?).ok()
}
