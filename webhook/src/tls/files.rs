//! A certificate and its key in PEM files.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::{Served, TlsError, provider};

/// Where the pair stands.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Pair {
    /// Reads the pair; it has to belong together and to be in force.
    pub(super) fn load(&self, now: Timestamp) -> Result<Served, TlsError> {
        let chain = CertificateDer::pem_slice_iter(&read(&self.certificate)?)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|problem| wrong(&self.certificate, "certificates in PEM", &problem))?;
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?)
            .map_err(|problem| wrong(&self.key, "a private key in PEM", &problem))?;
        let Some(leaf) = chain.first() else {
            return Err(wrong(&self.certificate, "certificates in PEM", &"there are none"));
        };
        let (begins, expires) = validity(leaf)
            .map_err(|problem| wrong(&self.certificate, "an X.509 certificate", &problem))?;
        let path = self.certificate.display();
        if now >= expires {
            return Err(TlsError(format!("the certificate in `{path}` expired at {expires}")));
        }
        if now < begins {
            return Err(TlsError(format!("the certificate in `{path}` begins at {begins}")));
        }
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|problem| {
            TlsError(format!("`{path}` and `{}` are no pair: {problem}", self.key.display()))
        })?;
        Ok(Served { key, expires })
    }

    /// Changes when one of the files does; links are followed.
    pub(super) fn stamp(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        for path in [&self.certificate, &self.key] {
            if let Ok(metadata) = std::fs::metadata(path) {
                metadata.modified().ok().hash(&mut hash);
                metadata.len().hash(&mut hash);
                #[cfg(unix)]
                std::os::unix::fs::MetadataExt::ino(&metadata).hash(&mut hash);
            }
        }
        hash.finish()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path)
        .map_err(|problem| TlsError(format!("`{}` cannot be read: {problem}", path.display())))
}

fn wrong(path: &Path, expected: &str, problem: &dyn std::fmt::Display) -> TlsError {
    TlsError(format!("expected {expected} in `{}`: {problem}", path.display()))
}

/// From when until when a certificate is in force.
pub(super) fn validity(certificate: &[u8]) -> Result<(Timestamp, Timestamp), String> {
    let certificate = Certificate::from_der(certificate).map_err(|problem| problem.to_string())?;
    let validity = certificate.tbs_certificate.validity;
    let time = |time: x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
        Timestamp::from_second(seconds).map_err(|problem| problem.to_string())
    };
    Ok((time(validity.not_before)?, time(validity.not_after)?))
}
