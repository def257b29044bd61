//! How replicas know one another: by certificates of the authority that only they share.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::client::ClientConfig;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::{Certificates, TlsError, provider, roots, secured};

/// How connections to the address of metrics are secured: other replicas may show who they are.
pub(crate) fn metrics_config(certificates: Arc<Certificates>) -> Result<ServerConfig, TlsError> {
    if !certificates.are_shared() {
        return super::server_config(certificates, None);
    }
    secured(Arc::clone(&certificates), |builder| {
        Ok(builder.with_client_cert_verifier(Arc::new(ReplicaVerifier(certificates))))
    })
}

/// How a replica calls another one, which has to have a certificate of the same authority.
pub(crate) fn replica_client(
    certificates: &Certificates,
    now: Timestamp,
) -> Result<ClientConfig, TlsError> {
    let none = || TlsError("the authority that replicas share is not known yet".to_owned());
    let bundle = certificates.ca_bundle().ok_or_else(none)?;
    let own = certificates.issue_for_replica(now)?.ok_or_else(none)?;
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|problem| TlsError(format!("no TLS with this build: {problem}")))?;
    let builder = builder.with_root_certificates(roots(bundle.as_bytes())?);
    Ok(builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))))
}

/// Accepts certificates for clients of the authority that replicas share, whichever is current.
#[derive(Debug)]
struct ReplicaVerifier(Arc<Certificates>);

impl ClientCertVerifier for ReplicaVerifier {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let unknown = || Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let bundle = self.0.ca_bundle().ok_or_else(unknown)?;
        let roots = roots(bundle.as_bytes()).map_err(|_| unknown())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build();
        let verifier = verifier.map_err(|problem| Error::General(problem.to_string()))?;
        verifier.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{CertificateSource, SharedAuthority};

    fn replica(shared: &SharedAuthority, now: Timestamp) -> Arc<Certificates> {
        let names = vec!["ajj.ajj.svc".to_owned()];
        let certificates = Certificates::new(CertificateSource::Shared(names), now).unwrap();
        certificates.share(shared, now).unwrap();
        Arc::new(certificates)
    }

    fn verified(
        by: &Arc<Certificates>,
        chain: &[CertificateDer<'static>],
        now: Timestamp,
    ) -> Result<ClientCertVerified, Error> {
        let seconds = u64::try_from(now.as_second()).unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        ReplicaVerifier(Arc::clone(by)).verify_client_cert(&chain[0], &chain[1..], now)
    }

    #[test]
    fn replicas_know_one_another_and_nobody_else() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let shared = SharedAuthority::new(now).unwrap();
        let (one, other) = (replica(&shared, now), replica(&shared, now));
        let client = one.issue_for_replica(now).unwrap().unwrap();
        assert!(verified(&other, &client.cert, now).is_ok());
        let late = now + jiff::SignedDuration::from_hours(2);
        assert!(verified(&other, &client.cert, late).is_err(), "it is for a moment");
        // What serves is no proof: whoever serves may be somebody else's file.
        assert!(verified(&other, &one.served.load().cert, now).is_err());
        let stranger = replica(&SharedAuthority::new(now).unwrap(), now);
        let client = stranger.issue_for_replica(now).unwrap().unwrap();
        assert!(verified(&other, &client.cert, now).is_err());
    }

    #[test]
    fn a_replica_that_waits_for_the_authority_is_nobody_yet() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let waiting = Certificates::new(CertificateSource::Shared(Vec::new()), now).unwrap();
        assert!(replica_client(&waiting, now).is_err());
        let waiting = Arc::new(waiting);
        let client = waiting.issue_for_replica(now).unwrap();
        assert!(client.is_none());
        let own = Certificates::new(CertificateSource::Own(Vec::new()), now).unwrap();
        assert!(own.issue_for_replica(now).unwrap().is_none());
    }
}
