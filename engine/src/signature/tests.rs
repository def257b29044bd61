use super::*;

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The second test of RFC 8032, 7.1.
#[test]
fn ed25519_is_that_of_the_rfc() {
    let key = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signature = bytes(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    let key = PublicKey::Ed25519(key.try_into().unwrap());
    assert!(key.verifies(Scheme::EdDsa, &[0x72], &signature));
    assert!(!key.verifies(Scheme::EdDsa, &[0x73], &signature));
    assert!(!key.verifies(Scheme::EdDsa, &[0x72], &signature[..63]));
    assert!(!key.verifies(Scheme::Ecdsa(Hash::Sha256), &[0x72], &signature));
    // The order added to the second half: the same number, and no signature.
    let mut shifted = signature;
    shifted[63] |= 0x10;
    assert!(!key.verifies(Scheme::EdDsa, &[0x72], &shifted));
}

/// RFC 6979, A.2.5: P-256 and SHA-256 of `sample`.
#[test]
fn ecdsa_is_that_of_the_rfc() {
    let curve = Curve::by_name("P-256").unwrap();
    let number = |digits: &str| BigUint::from_bytes_be(&bytes(digits));
    let (x, y) = curve
        .on_curve(
            number("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
            number("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
        )
        .unwrap();
    let signature = bytes(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
         f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    );
    assert!(curve.on_curve(x.clone(), y.clone() + 1_u8).is_none());
    let key = PublicKey::Elliptic { curve, x, y };
    let scheme = Scheme::Ecdsa(Hash::Sha256);
    assert!(key.verifies(scheme, b"sample", &signature));
    assert!(!key.verifies(scheme, b"simple", &signature));
    for wrong in [&[][..], &[0; 64], &[0xff; 64], &signature[1..], &[1; 4_096]] {
        assert!(!key.verifies(scheme, b"sample", wrong));
    }
}

#[test]
fn odd_keys_of_rsa_verify_nothing_and_take_no_time() {
    let signature = [1; 256];
    for (modulus, exponent) in [
        (BigUint::ZERO, BigUint::ZERO),
        (BigUint::from(15_u8), BigUint::from(3_u8)),
        (BigUint::from(1_u8) << 2_047_u32, BigUint::from(3_u8)),
        ((BigUint::from(1_u8) << 2_048_u32) - 1_u8, BigUint::from(1_u8)),
        ((BigUint::from(1_u8) << 2_048_u32) - 1_u8, BigUint::from(1_u8) << 40_u8),
        ((BigUint::from(1_u8) << 1_000_000_u32) - 1_u8, BigUint::from(3_u8)),
        ((BigUint::from(1_u8) << 2_048_u32) - 1_u8, BigUint::from(65_537_u32)),
    ] {
        let key = PublicKey::Rsa { modulus, exponent };
        for scheme in [Scheme::Pkcs1(Hash::Sha256), Scheme::Pss(Hash::Sha512)] {
            assert!(!key.verifies(scheme, b"", &signature));
            assert!(!key.verifies(scheme, b"", &[]));
        }
    }
}

#[test]
fn what_is_no_key_is_none() {
    for der in [&[][..], &[0x30, 0], &[0x30, 0x80], &[0x30, 2, 0x30, 0], &[0xff; 100]] {
        assert!(PublicKey::from_der(der).is_none());
        assert!(PublicKey::from_certificate(der).is_none());
    }
}
