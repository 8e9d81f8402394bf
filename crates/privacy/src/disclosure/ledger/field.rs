//! Arithmetic modulo a prime of 61 bits that only the ledger knows.
//!
//! Why modulo a prime: rational numbers grow without limit under elimination. Why a secret one: an answer modulo `p`
//! differs from the exact one only if `p` divides a certain minor of the matrix of released cells. That matrix has
//! entries 0 and 1, so with `n` rows the minor is at most `(n+1)^((n+1)/2) / 2^n` (Hadamard); for 10 000 rows it has
//! fewer than 57 000 bits and thus fewer than 950 prime factors of 61 bits. There are more than 2·10^16 primes to draw
//! from, so the chance that the drawn one is among them is below 5·10^-14 per system, and nobody who does not know the
//! prime can raise it by choosing queries.

use sha2::{Digest as _, Sha256};

use crate::Error;

const LOW: u64 = 1 << 60;

/// The field of a prime in 2^60..2^61. Elements are in Montgomery form (`x·2^64 mod p`), always below `p`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    prime: u64,
    /// `-1/p mod 2^64`.
    inverse: u64,
    /// `2^64 mod p`: the one.
    one: u64,
}

impl Field {
    /// A prime drawn evenly from a seed.
    pub(super) fn draw(seed: &[u8; 32]) -> Self {
        for counter in 0_u32..u32::MAX {
            let mut hash = Sha256::new();
            hash.update(b"shuyu-ledger-prime-v1\0");
            hash.update(seed);
            hash.update(counter.to_be_bytes());
            let bytes = hash.finalize();
            let word = bytes.iter().take(8).fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
            let candidate = LOW | (word & (LOW - 1)) | 1;
            if is_prime(candidate) {
                return Self::of(candidate);
            }
        }
        // Of 2^32 odd numbers of this size about two hundred million are prime; the line is never reached.
        Self::of((1 << 61) - 1)
    }

    /// The field of a stored prime.
    pub(super) fn stored(prime: u64) -> Result<Self, Error> {
        let fits = (LOW..2 * LOW).contains(&prime) && is_prime(prime);
        if fits { Ok(Self::of(prime)) } else { Err(Error::Ledger { what: "prime" }) }
    }

    fn of(prime: u64) -> Self {
        // Newton's iteration doubles the number of right bits; an odd number is its own inverse modulo 8.
        let inverse = (0..5).fold(prime, |x, _| x.wrapping_mul(2_u64.wrapping_sub(prime.wrapping_mul(x))));
        let one = reduce((1_u128 << 64) % u128::from(prime));
        Self { prime, inverse: inverse.wrapping_neg(), one }
    }

    pub(super) const fn prime(self) -> u64 {
        self.prime
    }

    pub(super) const fn one(self) -> u64 {
        self.one
    }

    #[inline]
    pub(super) const fn add(self, a: u64, b: u64) -> u64 {
        let sum = a + b;
        if sum >= self.prime { sum - self.prime } else { sum }
    }

    /// The sum of fewer than 2^64 elements.
    #[inline]
    pub(super) fn sum(self, elements: impl Iterator<Item = u64>) -> u64 {
        reduce(elements.map(u128::from).sum::<u128>() % u128::from(self.prime))
    }

    #[inline]
    pub(super) const fn sub(self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { a + self.prime - b }
    }

    #[inline]
    pub(super) const fn neg(self, a: u64) -> u64 {
        self.sub(0, a)
    }

    #[inline]
    pub(super) fn mul(self, a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        let low = reduce(product & u128::from(u64::MAX)).wrapping_mul(self.inverse);
        // Below 2^122 + 2^125: no carry is lost.
        let sum = reduce((product + u128::from(low) * u128::from(self.prime)) >> 64);
        if sum >= self.prime { sum - self.prime } else { sum }
    }

    /// `1/a`; zero for zero.
    pub(super) fn invert(self, a: u64) -> u64 {
        let (mut result, mut base, mut exponent) = (self.one, a, self.prime - 2);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = self.mul(result, base);
            }
            base = self.mul(base, base);
            exponent >>= 1;
        }
        result
    }

    /// The element of a small integer.
    #[cfg(test)]
    pub(super) fn element(self, value: u64) -> u64 {
        reduce((u128::from(value % self.prime) << 64) % u128::from(self.prime))
    }
}

/// The low 64 bits; callers pass numbers below 2^64.
#[inline]
const fn reduce(value: u128) -> u64 {
    value as u64
}

fn power(base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let modulus = u128::from(modulus);
    let (mut result, mut base) = (1_u128, u128::from(base) % modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    reduce(result)
}

/// Miller–Rabin with the first twelve primes as bases, which decides every number below 3·10^24.
fn is_prime(n: u64) -> bool {
    const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    if n < 2 {
        return false;
    }
    if let Some(base) = BASES.iter().find(|base| n.is_multiple_of(**base)) {
        return n == *base;
    }
    let twos = (n - 1).trailing_zeros();
    let odd = (n - 1) >> twos;
    BASES.iter().all(|base| {
        let mut x = power(*base, odd, n);
        if x == 1 || x == n - 1 {
            return true;
        }
        (1..twos).any(|_| {
            x = reduce(u128::from(x) * u128::from(x) % u128::from(n));
            x == n - 1
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_told_from_others() {
        for prime in [2, 3, 37, 41, 65_537, 4_294_967_311, (1 << 61) - 1] {
            assert!(is_prime(prime), "{prime}");
        }
        // Strong pseudoprimes to several small bases, and a product of two large primes.
        for other in [0, 1, 2047, 3_215_031_751, 3_825_123_056_546_413_051, 4_294_967_291 * 4_294_967_279] {
            assert!(!is_prime(other), "{other}");
        }
        assert_eq!(Field::stored((1 << 61) - 3).unwrap_err().code(), "privacy.ledger");
        assert_eq!(Field::stored(65_537).unwrap_err().code(), "privacy.ledger");
    }

    #[test]
    fn seeds_draw_different_primes_and_arithmetic_agrees_with_long_division() {
        let (one, two) = (Field::draw(&[1; 32]), Field::draw(&[2; 32]));
        assert_ne!(one.prime(), two.prime());
        assert_eq!(Field::draw(&[1; 32]), one);
        assert_eq!(Field::stored(one.prime()).unwrap(), one);
        let p = u128::from(one.prime());
        let mut x = 0x1234_5678_9abc_def1_u64 % one.prime();
        for step in 1_u64..200 {
            let y = x.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(step) % one.prime();
            let (ex, ey) = (one.element(x), one.element(y));
            let product = u64::try_from(u128::from(x) * u128::from(y) % p).unwrap();
            assert_eq!(one.mul(ex, ey), one.element(product));
            assert_eq!(one.add(ex, one.neg(ex)), 0);
            assert_eq!(one.sub(one.add(ex, ey), ey), ex);
            assert_eq!(one.sum([ex, ey, ex].into_iter()), one.add(one.add(ex, ex), ey));
            assert_eq!(one.mul(ey, one.invert(ey)), one.one());
            x = y;
        }
    }
}
