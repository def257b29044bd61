//! An authority of our own; its certificates are short-lived and renewed in time.

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::files::validity;
use super::{Served, TlsError, provider};

/// How long an authority lives.
pub(super) const AUTHORITY: SignedDuration = SignedDuration::from_hours(24 * 365);
/// How long a certificate lives.
pub(super) const CERTIFICATE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// How long a certificate lives that one replica calls another with.
const CALL: SignedDuration = SignedDuration::from_mins(5);
/// Renewed when less than this is left: a third.
const RENEWED: SignedDuration = SignedDuration::from_hours(24 * 7 / 3);
/// Clocks differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// An authority that can sign.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    expires: Timestamp,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Authority").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes one, with a new key.
    pub(crate) fn new(now: Timestamp) -> Result<Self, TlsError> {
        let mut params = params();
        let expires = set_validity(&mut params, now, AUTHORITY)?;
        let key = KeyPair::generate().map_err(|problem| failed(&problem))?;
        let certificate = params.self_signed(&key).map_err(|problem| failed(&problem))?;
        let (pem, certificate) = (certificate.pem(), certificate.der().clone());
        Ok(Self { issuer: Issuer::new(params, key), certificate, pem, expires })
    }

    /// Takes up one that was made before.
    pub(crate) fn load(certificate: &str, key: &str) -> Result<Self, TlsError> {
        let key = KeyPair::from_pem(key).map_err(|problem| failed(&problem))?;
        let der = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|problem| failed(&problem))?;
        let parsed = Certificate::from_der(&der).map_err(|problem| failed(&problem))?;
        let public = parsed.tbs_certificate.subject_public_key_info.subject_public_key;
        if public.raw_bytes() != key.public_key_raw() {
            return Err(failed(&"the key of the authority is not that of its certificate"));
        }
        let (_, expires) = validity(&der).map_err(|problem| failed(&problem))?;
        let pem = certificate.to_owned();
        Ok(Self { issuer: Issuer::new(params(), key), certificate: der, pem, expires })
    }

    /// Its certificate in PEM: what clients have to trust.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// Its key in PEM, for those who share it.
    pub(crate) fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Whether a certificate that expires then is to be renewed.
    pub(super) fn is_due(&self, expires: i64, now: Timestamp) -> bool {
        expires - now.as_second() < RENEWED.as_secs()
    }

    /// A new certificate to serve with under these names, with a new key.
    pub(super) fn issue(&self, names: &[String], now: Timestamp) -> Result<Served, TlsError> {
        self.sign(names, ExtendedKeyUsagePurpose::ServerAuth, CERTIFICATE, now)
    }

    /// A new certificate to call with, for a moment.
    pub(super) fn issue_for_client(&self, now: Timestamp) -> Result<Served, TlsError> {
        self.sign(&[], ExtendedKeyUsagePurpose::ClientAuth, CALL, now)
    }

    fn sign(
        &self,
        names: &[String],
        purpose: ExtendedKeyUsagePurpose,
        life: SignedDuration,
        now: Timestamp,
    ) -> Result<Served, TlsError> {
        let mut params =
            CertificateParams::new(names.to_vec()).map_err(|problem| failed(&problem))?;
        params.distinguished_name = named("ajj webhook");
        params.extended_key_usages = vec![purpose];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let life = self.expires.duration_since(now).min(life);
        let expires = set_validity(&mut params, now, life)?;
        let key = KeyPair::generate().map_err(|problem| failed(&problem))?;
        let certificate =
            params.signed_by(&key, &self.issuer).map_err(|problem| failed(&problem))?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        let key =
            PrivateKeyDer::try_from(key.serialize_der()).map_err(|problem| failed(&problem))?;
        let key = CertifiedKey::from_der(chain, key, &provider());
        Ok(Served { key: key.map_err(|problem| failed(&problem))?, expires })
    }
}

/// What every authority of ours is called, and may do.
fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name = named("ajj webhook authority");
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn set_validity(
    params: &mut CertificateParams,
    now: Timestamp,
    life: SignedDuration,
) -> Result<Timestamp, TlsError> {
    let at = |time: Timestamp| {
        time::OffsetDateTime::from_unix_timestamp(time.as_second())
            .map_err(|problem| failed(&problem))
    };
    let expires = now.checked_add(life).map_err(|problem| failed(&problem))?;
    let begins = now.checked_sub(SKEW).map_err(|problem| failed(&problem))?;
    params.not_before = at(begins)?;
    params.not_after = at(expires)?;
    Ok(expires)
}

fn failed(problem: &dyn std::fmt::Display) -> TlsError {
    TlsError(format!("no certificate could be made: {problem}"))
}
