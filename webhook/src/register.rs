//! The registration at an API server: which requests it sends here, and what follows where it
//! cannot.
//!
//! `configuration` derives it from what rules can match and what is served; it is pure, so that
//! every replica derives the same. `keep` holds the API server to it.

mod authority;
mod comparison;
mod conditions;
mod configuration;
mod keep;
mod owner;
mod pacing;
mod rules;

use std::collections::BTreeSet;
use std::sync::Arc;

use ajj_facts::Live;
use tokio::runtime::Handle;

use crate::kinds::Kinds;
use crate::policies::Policies;
use crate::tls::Certificates;
use authority::AuthorityInSecret;
use configuration::{Client, Settings};
pub(crate) use keep::Registered;
use keep::{Registrar, keep};
use owner::Owner;

/// How to register at an API server.
#[derive(Clone, Debug)]
pub struct RegistrationConfig {
    /// Our own namespace: where the Service and the shared authority are; never covered.
    pub namespace: String,
    /// The Service by which the API server reaches us.
    pub service: String,
    /// A URL instead of the Service, for a process outside of the cluster.
    pub url: Option<String>,
    /// Namespaces that are not covered, beside our own, kube-system and kube-node-lease.
    pub exempt_namespaces: BTreeSet<String>,
    /// The ClusterRole that the registration and the shared authority belong to: when it is deleted,
    /// they are.
    pub owner: Option<String>,
    /// What vouches for a certificate from files, in PEM.
    pub ca_bundle: Option<String>,
    /// The Certificate of cert-manager, `namespace/name`, whose authority it injects.
    pub inject_from: Option<String>,
}

/// Begins to register, with tasks on `runtime`.
pub(crate) fn begin(
    config: RegistrationConfig,
    runtime: &Handle,
    live: &Live,
    policies: &Arc<Policies>,
    kinds: &Arc<Kinds>,
    certificates: &Arc<Certificates>,
) -> Arc<Registered> {
    let owner = Arc::new(Owner::new(live, config.owner));
    let authority = certificates.are_shared().then(|| {
        let (owner, certificates) = (Arc::clone(&owner), Arc::clone(certificates));
        Arc::new(AuthorityInSecret::new(live.writer(), &config.namespace, owner, certificates))
    });
    let looking = Arc::clone(&owner);
    runtime.spawn(async move { looking.keep().await });
    if let Some(authority) = authority.clone() {
        runtime.spawn(async move { authority.keep().await });
    }
    if let Some(pem) = config.ca_bundle {
        certificates.set_ca_bundle(pem);
    }
    let counters = Arc::<Registered>::default();
    runtime.spawn(keep(Registrar {
        live: live.clone(),
        settings: Settings {
            namespace: config.namespace,
            exempt_namespaces: config.exempt_namespaces,
            client: match config.url {
                Some(url) => Client::Url(url),
                None => Client::Service(config.service),
            },
            account: None,
            inject_from: config.inject_from,
        },
        policies: Arc::clone(policies),
        kinds: Arc::clone(kinds),
        certificates: Arc::clone(certificates),
        authority,
        owner,
        counters: Arc::clone(&counters),
    }));
    counters
}

/// The name of our ValidatingWebhookConfiguration.
pub(crate) const NAME: &str = "ajj";
