//! Certificates: from files or of our own, replaced while connections go on.

mod files;
mod own;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tracing::{error, info, warn};

use files::Pair;
use own::Authority;

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
    origin: Origin,
}

#[derive(Debug)]
enum Origin {
    Files(Pair),
    Own(Box<Authority>),
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
                let authority = Authority::new(names, now)?;
                let served = authority.issue(now)?;
                (Origin::Own(Box::new(authority)), served)
            }
        };
        Ok(Self {
            served: ArcSwap::from_pointee(first.key),
            expires: AtomicI64::new(first.expires.as_second()),
            is_stale: AtomicBool::new(false),
            origin,
        })
    }

    /// The authority that signs, in PEM, where it is our own: what clients have to trust.
    pub(crate) fn ca_bundle(&self) -> Option<&str> {
        match &self.origin {
            Origin::Files(_) => None,
            Origin::Own(authority) => Some(authority.pem()),
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
                Origin::Own(authority) if authority.is_due(self.expires(), now) => {
                    authority.issue(now)
                }
                Origin::Own(_) => continue,
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
            Origin::Own(_) => 0,
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
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|problem| TlsError(format!("no TLS with this build: {problem}")))?;
    let builder = match client_authorities {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots(pem)?, provider)
                .allow_unauthenticated()
                .build()
                .map_err(|problem| TlsError(format!("client certificates: {problem}")))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_cert_resolver(certificates);
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
