//! ECDSA on the curves of NIST (FIPS 186-4), `y² = x³ - 3x + b`.

use num_bigint::BigUint;

/// A curve by its parameters, in hexadecimal digits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Curve {
    /// As keys in JSON name it.
    pub(crate) name: &'static str,
    identifier: &'static [i64],
    /// The bytes of a coordinate.
    bytes: usize,
    prime: &'static str,
    order: &'static str,
    b: &'static str,
    base: (&'static str, &'static str),
}

static CURVES: [Curve; 3] = [
    Curve {
        name: "P-256",
        identifier: &[1, 2, 840, 10_045, 3, 1, 7],
        bytes: 32,
        prime: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        base: (
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        ),
    },
    Curve {
        name: "P-384",
        identifier: &[1, 3, 132, 0, 34],
        bytes: 48,
        prime: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
        order: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
        b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        base: (
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
            "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        ),
    },
    Curve {
        name: "P-521",
        identifier: &[1, 3, 132, 0, 35],
        bytes: 66,
        prime: "1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        order: "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        b: "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
        base: (
            "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
            "11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
        ),
    },
];

/// Digits of a parameter as a number.
fn number(digits: &str) -> BigUint {
    BigUint::parse_bytes(digits.as_bytes(), 16).unwrap_or_default()
}

/// A point as `x / z²` and `y / z³`; the one at infinity has `z` zero.
#[derive(Clone, Debug)]
struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

/// Numbers modulo the prime of a curve.
struct Field(BigUint);

impl Field {
    fn times(&self, left: &BigUint, right: &BigUint) -> BigUint {
        left * right % &self.0
    }

    fn less(&self, left: &BigUint, right: &BigUint) -> BigUint {
        (left + &self.0 - right) % &self.0
    }

    fn double(&self, point: &Point) -> Point {
        let Point { x, y, z } = point;
        let (zz, yy) = (self.times(z, z), self.times(y, y));
        // 3x² - 3z⁴, since the factor of x in the curve is -3.
        let slope = self.times(&self.less(x, &zz), &((x + &zz) * 3_u8));
        let beta = self.times(x, &yy) * 4_u8 % &self.0;
        let doubled = self.less(&self.times(&slope, &slope), &(&beta * 2_u8 % &self.0));
        let eighth = self.times(&yy, &yy) * 8_u8 % &self.0;
        let height = self.less(&self.times(&slope, &self.less(&beta, &doubled)), &eighth);
        Point { x: doubled, y: height, z: self.times(y, z) * 2_u8 % &self.0 }
    }

    fn add(&self, left: &Point, right: &Point) -> Point {
        let zero = BigUint::ZERO;
        if left.z == zero {
            return right.clone();
        }
        if right.z == zero {
            return left.clone();
        }
        let (zz, other_zz) = (self.times(&left.z, &left.z), self.times(&right.z, &right.z));
        let (u, other_u) = (self.times(&left.x, &other_zz), self.times(&right.x, &zz));
        let s = self.times(&left.y, &self.times(&right.z, &other_zz));
        let other_s = self.times(&right.y, &self.times(&left.z, &zz));
        let (h, r) = (self.less(&other_u, &u), self.less(&other_s, &s));
        if h == zero {
            return match r == zero {
                true => self.double(left),
                false => Point { x: BigUint::from(1_u8), y: BigUint::from(1_u8), z: zero },
            };
        }
        let hh = self.times(&h, &h);
        let (hhh, v) = (self.times(&h, &hh), self.times(&u, &hh));
        let x = self.less(&self.less(&self.times(&r, &r), &hhh), &(&v * 2_u8 % &self.0));
        let y = self.less(&self.times(&r, &self.less(&v, &x)), &self.times(&s, &hhh));
        Point { x, y, z: self.times(&h, &self.times(&left.z, &right.z)) }
    }

    /// The sum of two points, each so many times.
    fn sum(&self, pairs: [(&BigUint, &Point); 2]) -> Point {
        let mut sum = Point { x: BigUint::from(1_u8), y: BigUint::from(1_u8), z: BigUint::ZERO };
        let bits = pairs.iter().map(|(times, _)| times.bits()).max().unwrap_or_default();
        for bit in (0..bits).rev() {
            sum = self.double(&sum);
            for (times, point) in pairs {
                if times.bit(bit) {
                    sum = self.add(&sum, point);
                }
            }
        }
        sum
    }

    fn inverse(&self, value: &BigUint) -> BigUint {
        value.modpow(&(&self.0 - 2_u8), &self.0)
    }
}

impl Curve {
    pub(super) fn by_identifier(identifier: &[i64]) -> Option<&'static Self> {
        CURVES.iter().find(|curve| curve.identifier == identifier)
    }

    pub(crate) fn by_name(name: &str) -> Option<&'static Self> {
        CURVES.iter().find(|curve| curve.name == name)
    }

    /// A point of the curve in its uncompressed form.
    pub(super) fn point(&self, bytes: &[u8]) -> Option<(BigUint, BigUint)> {
        let (4, coordinates) = bytes.split_first().map(|(form, rest)| (*form, rest))? else {
            return None;
        };
        let (x, y) = coordinates.split_at_checked(self.bytes)?;
        (y.len() == self.bytes).then_some(())?;
        self.on_curve(BigUint::from_bytes_be(x), BigUint::from_bytes_be(y))
    }

    /// The coordinates, where they are of a point of the curve.
    pub(crate) fn on_curve(&self, x: BigUint, y: BigUint) -> Option<(BigUint, BigUint)> {
        let field = Field(number(self.prime));
        if x >= field.0 || y >= field.0 {
            return None;
        }
        let cube = field.times(&field.times(&x, &x), &x);
        let right = (field.less(&cube, &(&x * 3_u8 % &field.0)) + number(self.b)) % &field.0;
        (field.times(&y, &y) == right).then_some((x, y))
    }

    /// Checks a signature that is two numbers of the same length behind each other.
    pub(super) fn verify(
        &self,
        (x, y): (&BigUint, &BigUint),
        digest: &[u8],
        signature: &[u8],
    ) -> bool {
        let order = number(self.order);
        let (r, s) = signature.split_at(signature.len() / 2);
        let (r, s) = (BigUint::from_bytes_be(r), BigUint::from_bytes_be(s));
        let zero = BigUint::ZERO;
        if signature.len() > 2 * self.bytes + 2
            || r == zero
            || s == zero
            || r >= order
            || s >= order
        {
            return false;
        }
        // As many bits of the hash as the order has.
        let surplus = (digest.len() as u64 * 8).saturating_sub(order.bits());
        let hash = BigUint::from_bytes_be(digest) >> surplus;
        let inverse = s.modpow(&(&order - 2_u8), &order);
        let (base_times, key_times) = (hash * &inverse % &order, &r * &inverse % &order);
        let field = Field(number(self.prime));
        let one = || BigUint::from(1_u8);
        let base = Point { x: number(self.base.0), y: number(self.base.1), z: one() };
        let key = Point { x: x.clone(), y: y.clone(), z: one() };
        let sum = field.sum([(&base_times, &base), (&key_times, &key)]);
        if sum.z == zero {
            return false;
        }
        let z = field.inverse(&sum.z);
        field.times(&sum.x, &field.times(&z, &z)) % order == r
    }
}
