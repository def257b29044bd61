//! Certificates: from files or of our own, replaced while connections go on.

mod files;
mod own;
mod replicas;
mod shared;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::server::{
    ClientHello, ResolvesServerCert, ServerConfig, WantsServerCert, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{ConfigBuilder, WantsVerifier};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tracing::{error, info, warn};

use files::Pair;
use own::Authority;
pub(crate) use replicas::{metrics_config, replica_client};
pub(crate) use shared::{SECRET, SharedAuthority};

/// Where the serving certificate comes from.
#[derive(Clone, Debug)]
pub enum CertificateSource {
    /// A pair of PEM files, looked at once a second.
    Files {
        /// The certificate, with what stands between it and its root.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// An authority of our own signs for these names and addresses.
    Own(Vec<String>),
    /// An authority that all replicas share signs for these names and addresses; until it is there,
    /// one that nobody trusts.
    Shared(Vec<String>),
}

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(pub(crate) String);

/// The certificate that is served now.
#[derive(Debug)]
pub(crate) struct Certificates {
    served: ArcSwap<CertifiedKey>,
    /// Seconds since 1970.
    expires: AtomicI64,
    /// Whether the files were offered in a state that could not be taken.
    is_stale: AtomicBool,
    /// What clients have to trust, in PEM, where that is known.
    bundle: ArcSwapOption<String>,
    /// What the API server has been told to trust, in PEM.
    published: ArcSwapOption<String>,
    origin: Origin,
}

#[derive(Debug)]
enum Origin {
    Files(Pair),
    Own(Box<Authority>, Vec<String>),
    Shared(ArcSwap<Authority>, Vec<String>),
}

/// How often files are looked at.
const PAUSE: Duration = Duration::from_secs(1);

impl Certificates {
    /// Loads or makes the first certificate.
    pub(crate) fn new(source: CertificateSource, now: Timestamp) -> Result<Self, TlsError> {
        let (origin, first) = match source {
            CertificateSource::Files { certificate, key } => {
                let pair = Pair { certificate, key };
                let served = pair.load(now)?;
                (Origin::Files(pair), served)
            }
            CertificateSource::Own(names) => {
                let authority = Authority::new(now)?;
                let served = authority.issue(&names, now)?;
                (Origin::Own(Box::new(authority), names), served)
            }
            CertificateSource::Shared(names) => {
                let authority = Authority::new(now)?;
                let served = authority.issue(&names, now)?;
                (Origin::Shared(ArcSwap::from_pointee(authority), names), served)
            }
        };
        let bundle = match &origin {
            Origin::Own(authority, _) => Some(Arc::new(authority.pem().to_owned())),
            Origin::Files(_) | Origin::Shared(..) => None,
        };
        Ok(Self {
            served: ArcSwap::from_pointee(first.key),
            expires: AtomicI64::new(first.expires.as_second()),
            is_stale: AtomicBool::new(false),
            bundle: ArcSwapOption::new(bundle),
            published: ArcSwapOption::default(),
            origin,
        })
    }

    /// What clients have to trust, in PEM, where that is known.
    pub(crate) fn ca_bundle(&self) -> Option<Arc<String>> {
        self.bundle.load_full()
    }

    /// Takes note of what vouches for certificates from files.
    pub(crate) fn set_ca_bundle(&self, pem: String) {
        self.bundle.store(Some(Arc::new(pem)));
    }

    /// Takes note of what the API server has been told to trust.
    pub(crate) fn set_published(&self, pem: Option<String>) {
        self.published.store(pem.map(Arc::new));
    }

    /// What the API server has been told to trust, in PEM.
    pub(crate) fn published(&self) -> Option<Arc<String>> {
        self.published.load_full()
    }

    /// Whether replicas share the authority.
    pub(crate) fn are_shared(&self) -> bool {
        matches!(self.origin, Origin::Shared(..))
    }

    /// Whether what is served can be trusted: not while a shared authority is still waited for.
    pub(crate) fn is_settled(&self) -> bool {
        !self.are_shared() || self.bundle.load().is_some()
    }

    /// Serves with a certificate of the shared authority, if it does not yet.
    pub(crate) fn share(&self, shared: &SharedAuthority, now: Timestamp) -> Result<(), TlsError> {
        let Origin::Shared(held, names) = &self.origin else { return Ok(()) };
        if held.load().pem() != shared.current() {
            let authority = shared.authority()?;
            self.take(authority.issue(names, now));
            held.store(Arc::new(authority));
        }
        let bundle = shared.bundle();
        if self.bundle.load().as_deref().is_none_or(|known| *known != bundle) {
            self.bundle.store(Some(Arc::new(bundle)));
        }
        Ok(())
    }

    /// A certificate that says to other replicas that this is one; `None` without an authority that
    /// they share.
    fn issue_for_replica(&self, now: Timestamp) -> Result<Option<CertifiedKey>, TlsError> {
        match &self.origin {
            Origin::Shared(authority, _) if self.is_settled() => {
                Ok(Some(authority.load().issue_for_client(now)?.key))
            }
            _ => Ok(None),
        }
    }

    /// When the certificate expires.
    pub(crate) fn expires(&self) -> i64 {
        self.expires.load(Ordering::Relaxed)
    }

    /// Whether an older certificate serves because a newer one could not be taken.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }

    /// Keeps the certificate fresh: reads files that changed, issues a new one in time.
    pub(crate) async fn keep_fresh(self: Arc<Self>) {
        let mut stamp = self.stamp();
        loop {
            tokio::time::sleep(PAUSE).await;
            let now = Timestamp::now();
            let renewed = match &self.origin {
                Origin::Files(pair) => {
                    let found = pair.stamp();
                    if found == stamp {
                        continue;
                    }
                    stamp = found;
                    pair.load(now)
                }
                Origin::Own(authority, names) if authority.is_due(self.expires(), now) => {
                    authority.issue(names, now)
                }
                Origin::Shared(authority, names)
                    if authority.load().is_due(self.expires(), now) =>
                {
                    authority.load().issue(names, now)
                }
                Origin::Own(..) | Origin::Shared(..) => continue,
            };
            self.take(renewed);
        }
    }

    fn take(&self, renewed: Result<Served, TlsError>) {
        match renewed {
            Ok(served) => {
                info!(expires = %served.expires, "certificate replaced");
                self.expires.store(served.expires.as_second(), Ordering::Relaxed);
                self.served.store(Arc::new(served.key));
                self.is_stale.store(false, Ordering::Relaxed);
            }
            Err(problem) => {
                error!(%problem, "certificate refused; the one before goes on to serve");
                self.is_stale.store(true, Ordering::Relaxed);
            }
        }
    }

    fn stamp(&self) -> u64 {
        match &self.origin {
            Origin::Files(pair) => pair.stamp(),
            Origin::Own(..) | Origin::Shared(..) => 0,
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.served.load_full())
    }
}

/// A certificate that is ready to serve.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) key: CertifiedKey,
    pub(crate) expires: Timestamp,
}

/// How connections are secured. With `client_authorities`, clients may show a certificate of one
/// of them; who has to is for the routes to say.
pub(crate) fn server_config(
    certificates: Arc<Certificates>,
    client_authorities: Option<&[u8]>,
) -> Result<ServerConfig, TlsError> {
    secured(certificates, |builder| match client_authorities {
        None => Ok(builder.with_no_client_auth()),
        Some(pem) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots(pem)?, provider())
                .allow_unauthenticated()
                .build()
                .map_err(|problem| TlsError(format!("client certificates: {problem}")))?;
            Ok(builder.with_client_cert_verifier(verifier))
        }
    })
}

/// What all addresses have in common; `clients` says which certificates clients may show.
fn secured(
    certificates: Arc<Certificates>,
    clients: impl FnOnce(
        ConfigBuilder<ServerConfig, WantsVerifier>,
    ) -> Result<ConfigBuilder<ServerConfig, WantsServerCert>, TlsError>,
) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|problem| TlsError(format!("no TLS with this build: {problem}")))?;
    let mut config = clients(builder)?.with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // API servers do not resume sessions; tickets would only cost each handshake.
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The one provider of cryptography.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn roots(pem: &[u8]) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let added = certificate
            .map_err(|problem| problem.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|problem| problem.to_string()));
        if let Err(problem) = added {
            return Err(TlsError(format!("expected certificates in PEM: {problem}")));
        }
    }
    if roots.is_empty() {
        warn!("no client authority: no client certificate will be accepted");
        return Err(TlsError("expected certificates in PEM, found none".to_owned()));
    }
    Ok(Arc::new(roots))
}
