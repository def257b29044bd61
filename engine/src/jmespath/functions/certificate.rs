//! `x509_decode()`: an RSA certificate or request (Kyverno `functions.go`).

use super::Arguments;
use crate::certificate::{LIMIT, RSA, certificate, pem, request};
use crate::jmespath::evaluate::{Failure, Result};
use crate::value::Value;

pub(super) fn x509_decode<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.read(text.len())?;
    let Some((kind, bytes)) = pem(&text) else {
        return Err(Failure::failed("failed to decode PEM block"));
    };
    if bytes.len() > LIMIT {
        return Err(Failure::failed("x509: the certificate is too long"));
    }
    // Texts and lists of it take several times its size.
    arguments.steps(bytes.len())?;
    arguments.evaluation.made(bytes.len().saturating_mul(16))?;
    let decoded = match kind {
        "CERTIFICATE" => certificate(&bytes),
        "CERTIFICATE REQUEST" => request(&bytes),
        _ => {
            return Err(Failure::failed(
                "PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST",
            ));
        }
    };
    let Some(mut map) = decoded else {
        return Err(Failure::failed("x509: malformed certificate"));
    };
    if !matches!(map.get("PublicKeyAlgorithm"), Some(Value::Int(RSA))) {
        return Err(Failure::failed("certificate should use rsa algorithm"));
    }
    // The float that `encoding/json` makes of it.
    if let Some(serial) = map.get_mut("SerialNumber") {
        let digits = serial.as_str().and_then(|digits| digits.parse().ok());
        *serial = Value::Float(digits.unwrap_or(f64::MAX));
    }
    arguments.evaluation.map(map)
}

#[cfg(test)]
mod tests;
