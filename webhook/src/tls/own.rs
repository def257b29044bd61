//! An authority of our own: made at start, its certificates short-lived and renewed in time.

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;

use super::{Served, TlsError, provider};

/// How long the authority lives.
const AUTHORITY: SignedDuration = SignedDuration::from_hours(24 * 365);
/// How long a certificate lives.
const CERTIFICATE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Renewed when less than this is left: a third.
const RENEWED: SignedDuration = SignedDuration::from_hours(24 * 7 / 3);
/// Clocks differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The authority. Its key never leaves this process.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
    pem: String,
    names: Vec<String>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Authority").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Authority {
    pub(super) fn new(names: Vec<String>, now: Timestamp) -> Result<Self, TlsError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = named("ajj webhook authority");
        set_validity(&mut params, now, AUTHORITY)?;
        let key = KeyPair::generate().map_err(|problem| failed(&problem))?;
        let certificate = params.self_signed(&key).map_err(|problem| failed(&problem))?;
        let pem = certificate.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate, pem, names })
    }

    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// Whether a certificate that expires then is to be renewed.
    pub(super) fn is_due(&self, expires: i64, now: Timestamp) -> bool {
        expires - now.as_second() < RENEWED.as_secs()
    }

    /// A new certificate with a new key.
    pub(super) fn issue(&self, now: Timestamp) -> Result<Served, TlsError> {
        let names = self.names.clone();
        let mut params = CertificateParams::new(names).map_err(|problem| failed(&problem))?;
        params.distinguished_name = named("ajj webhook");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let expires = set_validity(&mut params, now, CERTIFICATE)?;
        let key = KeyPair::generate().map_err(|problem| failed(&problem))?;
        let certificate =
            params.signed_by(&key, &self.issuer).map_err(|problem| failed(&problem))?;
        let chain = vec![certificate.der().clone(), self.certificate.der().clone()];
        let key =
            PrivateKeyDer::try_from(key.serialize_der()).map_err(|problem| failed(&problem))?;
        let key = CertifiedKey::from_der(chain, key, &provider());
        Ok(Served { key: key.map_err(|problem| failed(&problem))?, expires })
    }
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
