//! Checks signatures by public keys. Everything here is public, so nothing hides how long it takes.

mod curve;
mod edwards;
mod rsa;

#[cfg(test)]
mod tests;

use num_bigint::BigUint;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::certificate::der::{BIT_STRING, Element, INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE};

pub(crate) use curve::Curve;

/// A key that signatures are checked with.
#[derive(Clone, Debug)]
pub(crate) enum PublicKey {
    Rsa { modulus: BigUint, exponent: BigUint },
    Elliptic { curve: &'static Curve, x: BigUint, y: BigUint },
    Ed25519([u8; 32]),
}

/// The hash that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// How it is signed, in the families of RFC 7518 and RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `RS256`: RSA with the padding of PKCS #1 v1.5.
    Pkcs1(Hash),
    /// `PS256`: RSA with PSS.
    Pss(Hash),
    /// `ES256`: ECDSA, with both numbers behind each other.
    Ecdsa(Hash),
    /// `EdDSA`: Ed25519.
    EdDsa,
}

impl Hash {
    pub(crate) fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

impl PublicKey {
    /// Whether the signature is one of the message by this key; false also where the key is of
    /// another kind.
    pub(crate) fn verifies(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        match (self, scheme) {
            (Self::Rsa { modulus, exponent }, Scheme::Pkcs1(hash)) => {
                rsa::verify_pkcs1(modulus, exponent, hash, message, signature)
            }
            (Self::Rsa { modulus, exponent }, Scheme::Pss(hash)) => {
                rsa::verify_pss(modulus, exponent, hash, message, signature)
            }
            (Self::Elliptic { curve, x, y }, Scheme::Ecdsa(hash)) => {
                curve.verify((x, y), &hash.digest(message), signature)
            }
            (Self::Ed25519(key), Scheme::EdDsa) => edwards::verify(key, message, signature),
            _ => false,
        }
    }

    /// Reads a `SubjectPublicKeyInfo`; none where it is of a kind that is not known.
    pub(crate) fn from_der(bytes: &[u8]) -> Option<Self> {
        let mut outer = Reader(bytes);
        let key = outer.expect(SEQUENCE).filter(|_| outer.is_empty())?;
        Self::from_element(key)
    }

    /// The key of a certificate.
    pub(crate) fn from_certificate(bytes: &[u8]) -> Option<Self> {
        let mut outer = Reader(bytes);
        let whole = outer.expect(SEQUENCE).filter(|_| outer.is_empty())?;
        let mut fields = whole.inside().expect(SEQUENCE)?.inside();
        fields.expect(0xa0);
        fields.expect(INTEGER)?;
        // The algorithm, the issuer, the validity and the subject.
        for _ in 0..4 {
            fields.expect(SEQUENCE)?;
        }
        Self::from_element(fields.expect(SEQUENCE)?)
    }

    fn from_element(key: Element<'_>) -> Option<Self> {
        let mut parts = key.inside();
        let mut algorithm = parts.expect(SEQUENCE)?.inside();
        let kind = algorithm.expect(OBJECT_IDENTIFIER)?.identifier()?;
        let bits = parts.expect(BIT_STRING)?.bits()?;
        match kind.as_slice() {
            [1, 2, 840, 113_549, 1, 1, 1] => {
                let mut numbers = Reader(bits).expect(SEQUENCE)?.inside();
                let mut number = || Some(BigUint::from_bytes_be(numbers.expect(INTEGER)?.content));
                Some(Self::Rsa { modulus: number()?, exponent: number()? })
            }
            [1, 2, 840, 10_045, 2, 1] => {
                let name = algorithm.expect(OBJECT_IDENTIFIER)?.identifier()?;
                let curve = Curve::by_identifier(&name)?;
                let (x, y) = curve.point(bits)?;
                Some(Self::Elliptic { curve, x, y })
            }
            [1, 3, 101, 112] => Some(Self::Ed25519(bits.try_into().ok()?)),
            _ => None,
        }
    }
}
