//! Hashes and keyed hashes, as hexadecimal digits (`v1/topdown/crypto.go`).

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::encoding::to_hex;
use super::operand::{operands, string};
use crate::rego::{BuiltinError, Host, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

fn hashed<'v, D: Digest>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let text = string(value, 1)?;
    host.step(1 + text.len() / 8)?;
    host.text(to_hex(&D::digest(text)))
}

pub(super) fn md5<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    hashed::<Md5>(host, arguments)
}

pub(super) fn sha1<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    hashed::<Sha1>(host, arguments)
}

pub(super) fn sha256<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    hashed::<Sha256>(host, arguments)
}

/// A keyed hash (RFC 2104); `block` is how many bytes the hash takes at once.
pub(super) fn hmac<D: Digest>(key: &[u8], text: &[u8], block: usize) -> Vec<u8> {
    let mut padded = if key.len() > block { D::digest(key).to_vec() } else { key.to_vec() };
    padded.resize(block, 0);
    let with = |mask: u8| padded.iter().map(|byte| byte ^ mask).collect::<Vec<u8>>();
    let inner = D::new().chain_update(with(0x36)).chain_update(text).finalize();
    D::new().chain_update(with(0x5c)).chain_update(inner).finalize().to_vec()
}

fn keyed<'v, D: Digest>(host: &Host<'_, 'v>, arguments: &[Value<'v>], block: usize) -> Answer<'v> {
    let [text, key] = operands(arguments)?;
    let (text, key) = (string(text, 1)?, string(key, 2)?);
    host.step(1 + (text.len() + key.len()) / 8)?;
    host.text(to_hex(&hmac::<D>(key.as_bytes(), text.as_bytes(), block)))
}

pub(super) fn hmac_md5<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    keyed::<Md5>(host, arguments, 64)
}

pub(super) fn hmac_sha1<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    keyed::<Sha1>(host, arguments, 64)
}

pub(super) fn hmac_sha256<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    keyed::<Sha256>(host, arguments, 64)
}

pub(super) fn hmac_sha512<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    keyed::<Sha512>(host, arguments, 128)
}

/// Whether two hashes are the same, in a time that does not say where they differ.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    let differs = left.iter().zip(right).fold(0, |differs, (one, other)| differs | (one ^ other));
    left.len() == right.len() && differs == 0
}

pub(super) fn hmac_equal<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    let (left, right) = (string(left, 1)?, string(right, 2)?);
    Ok(Value::from(same(left.as_bytes(), right.as_bytes())))
}
