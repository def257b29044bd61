//! Ed25519 signatures (RFC 8032), on `-x² + y² = 1 + d·x²·y²`.

use num_bigint::BigUint;
use sha2::{Digest, Sha512};

/// Numbers modulo 2^255 - 19, with the constants of the curve.
struct Field {
    prime: BigUint,
    d: BigUint,
}

/// A point as `x / z`, `y / z` and their product.
#[derive(Clone)]
struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
    t: BigUint,
}

pub(super) fn verify(key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    check(key, message, signature).unwrap_or(false)
}

fn check(key: &[u8; 32], message: &[u8], signature: &[u8]) -> Option<bool> {
    let (first, second) = signature.split_at_checked(32)?;
    let first: &[u8; 32] = first.try_into().ok()?;
    let (times, order) = (BigUint::from_bytes_le(second), order());
    if second.len() != 32 || times >= order {
        return Some(false);
    }
    let field = Field::new();
    let key_point = field.point(key)?;
    let hash = Sha512::new().chain_update(first).chain_update(key).chain_update(message).finalize();
    let challenge = BigUint::from_bytes_le(&hash) % &order;
    // The base times the second half, less the key times the challenge, is the first half.
    let negative = Point {
        x: field.less(&BigUint::ZERO, &key_point.x),
        t: field.less(&BigUint::ZERO, &key_point.t),
        ..key_point
    };
    let sum = field.sum([(&times, &field.base()?), (&challenge, &negative)]);
    Some(field.encoded(&sum) == *first)
}

/// 2^252 + 27742317777372353535851937790883648493.
fn order() -> BigUint {
    (BigUint::from(1_u8) << 252_u16)
        + BigUint::from(27_742_317_777_372_353_535_851_937_790_883_648_493_u128)
}

impl Field {
    fn new() -> Self {
        let prime = (BigUint::from(1_u8) << 255_u8) - 19_u8;
        // -121665 / 121666.
        let inverse = BigUint::from(121_666_u32).modpow(&(&prime - 2_u8), &prime);
        let d = (&prime - 121_665_u32) * inverse % &prime;
        Self { prime, d }
    }

    fn times(&self, left: &BigUint, right: &BigUint) -> BigUint {
        left * right % &self.prime
    }

    fn less(&self, left: &BigUint, right: &BigUint) -> BigUint {
        (left + &self.prime - right) % &self.prime
    }

    fn inverse(&self, value: &BigUint) -> BigUint {
        value.modpow(&(&self.prime - 2_u8), &self.prime)
    }

    /// The point whose `y` is 4/5 and whose `x` is even.
    fn base(&self) -> Option<Point> {
        let y = self.times(&BigUint::from(4_u8), &self.inverse(&BigUint::from(5_u8)));
        self.with_height(y, false)
    }

    /// A point of its 32 bytes: `y`, and in the last bit whether `x` is odd.
    fn point(&self, bytes: &[u8; 32]) -> Option<Point> {
        let mut y = BigUint::from_bytes_le(bytes);
        let odd = y.bit(255);
        y.set_bit(255, false);
        (y < self.prime).then(|| self.with_height(y, odd))?
    }

    fn with_height(&self, y: BigUint, odd: bool) -> Option<Point> {
        let one = BigUint::from(1_u8);
        let yy = self.times(&y, &y);
        let (above, below) =
            (self.less(&yy, &one), (self.times(&self.d, &yy) + &one) % &self.prime);
        let square = self.times(&above, &self.inverse(&below));
        let mut x = square.modpow(&((&self.prime + 3_u8) >> 3_u8), &self.prime);
        if self.times(&x, &x) != square {
            // Times a root of -1.
            let quarter = (&self.prime - 1_u8) >> 2_u8;
            x = self.times(&x, &BigUint::from(2_u8).modpow(&quarter, &self.prime));
        }
        if self.times(&x, &x) != square || x == BigUint::ZERO && odd {
            return None;
        }
        if x.bit(0) != odd {
            x = self.less(&BigUint::ZERO, &x);
        }
        let t = self.times(&x, &y);
        Some(Point { x, y, z: one, t })
    }

    fn add(&self, left: &Point, right: &Point) -> Point {
        let a = self.times(&self.less(&left.y, &left.x), &self.less(&right.y, &right.x));
        let b = self.times(&(&left.y + &left.x), &(&right.y + &right.x));
        let c = self.times(&self.times(&left.t, &right.t), &(&self.d * 2_u8));
        let d = self.times(&left.z, &right.z) * 2_u8 % &self.prime;
        let (e, f, g, h) = (self.less(&b, &a), self.less(&d, &c), &d + &c, &b + &a);
        Point {
            x: self.times(&e, &f),
            y: self.times(&g, &h),
            z: self.times(&f, &g),
            t: self.times(&e, &h),
        }
    }

    /// The sum of two points, each so many times.
    fn sum(&self, pairs: [(&BigUint, &Point); 2]) -> Point {
        let (zero, one) = (BigUint::ZERO, BigUint::from(1_u8));
        let mut sum = Point { x: zero.clone(), y: one.clone(), z: one, t: zero };
        let bits = pairs.iter().map(|(times, _)| times.bits()).max().unwrap_or_default();
        for bit in (0..bits).rev() {
            sum = self.add(&sum, &sum);
            for (times, point) in pairs {
                if times.bit(bit) {
                    sum = self.add(&sum, point);
                }
            }
        }
        sum
    }

    fn encoded(&self, point: &Point) -> [u8; 32] {
        let z = self.inverse(&point.z);
        let (x, mut y) = (self.times(&point.x, &z), self.times(&point.y, &z));
        y.set_bit(255, x.bit(0));
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().zip(y.to_bytes_le()) {
            *place = byte;
        }
        bytes
    }
}
