//! RSA signatures (RFC 8017).

use num_bigint::BigUint;

use super::Hash;

/// Moduli outside of these bits are refused, as Go refuses what is shorter.
const SHORTEST: u64 = 1_024;
const LONGEST: u64 = 16_384;

/// The bytes of a signature to the power of the exponent, as many as the modulus has.
fn opened(modulus: &BigUint, exponent: &BigUint, signature: &[u8]) -> Option<Vec<u8>> {
    let bits = modulus.bits();
    let length = bits.div_ceil(8) as usize;
    let odd = exponent.bit(0) && modulus.bit(0);
    if !(SHORTEST..=LONGEST).contains(&bits) || exponent.bits() > 31 || exponent.bits() < 2 || !odd
    {
        return None;
    }
    let signature =
        BigUint::from_bytes_be(signature.get(..length).filter(|_| signature.len() == length)?);
    if signature >= *modulus {
        return None;
    }
    let bytes = signature.modpow(exponent, modulus).to_bytes_be();
    let mut padded = vec![0; length.saturating_sub(bytes.len())];
    padded.extend(bytes);
    Some(padded)
}

/// The DER of the hash's name, which stands before the hash.
fn prefix(hash: Hash) -> [u8; 19] {
    let (name, length) = match hash {
        Hash::Sha256 => (1, 32),
        Hash::Sha384 => (2, 48),
        Hash::Sha512 => (3, 64),
    };
    [
        0x30,
        0x11 + length,
        0x30,
        0x0d,
        0x06,
        0x09,
        0x60,
        0x86,
        0x48,
        0x01,
        0x65,
        0x03,
        0x04,
        0x02,
        name,
        0x05,
        0x00,
        0x04,
        length,
    ]
}

pub(super) fn verify_pkcs1(
    modulus: &BigUint,
    exponent: &BigUint,
    hash: Hash,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Some(found) = opened(modulus, exponent, signature) else { return false };
    let digest = hash.digest(message);
    let ending = [&prefix(hash)[..], &digest].concat();
    let Some(filling) = found.len().checked_sub(ending.len() + 3).filter(|filling| *filling >= 8)
    else {
        return false;
    };
    let expected = [&[0, 1][..], &vec![0xff; filling], &[0], &ending].concat();
    found == expected
}

pub(super) fn verify_pss(
    modulus: &BigUint,
    exponent: &BigUint,
    hash: Hash,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let found = opened(modulus, exponent, signature);
    found.and_then(|found| check_pss(&found, modulus.bits() - 1, hash, message)).unwrap_or(false)
}

/// The check of EMSA-PSS, whatever the length of the salt.
fn check_pss(found: &[u8], bits: u64, hash: Hash, message: &[u8]) -> Option<bool> {
    let length = bits.div_ceil(8) as usize;
    // Where the bits fill the bytes, the first byte of the signature is zero.
    let (extra, encoded) = found.split_at_checked(found.len() - length)?;
    let digest = hash.digest(message);
    let (rest, trailer) = encoded.split_at_checked(encoded.len().checked_sub(1)?)?;
    let (masked, seed) = rest.split_at_checked(rest.len().checked_sub(digest.len())?)?;
    if extra.iter().any(|byte| *byte != 0) || trailer != [0xbc] {
        return Some(false);
    }
    let unused = 8 * length as u64 - bits;
    let top = 0xff_u8.checked_shr(unused as u32).unwrap_or(0);
    if masked.first()? & !top != 0 {
        return Some(false);
    }
    let mask = generate_mask(seed, masked.len(), hash);
    let mut block: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    *block.first_mut()? &= top;
    let salt = block.iter().position(|byte| *byte != 0)?;
    let (marker, salt) = block.get(salt..)?.split_first()?;
    let expected = hash.digest(&[&[0; 8][..], &digest, salt].concat());
    Some(*marker == 1 && expected == seed)
}

/// MGF1.
fn generate_mask(seed: &[u8], length: usize, hash: Hash) -> Vec<u8> {
    let mut mask = Vec::with_capacity(length + 64);
    for counter in 0_u32.. {
        if mask.len() >= length {
            break;
        }
        mask.extend(hash.digest(&[seed, &counter.to_be_bytes()].concat()));
    }
    mask.truncate(length);
    mask
}
