//! Randomness for the mechanisms: bytes that the caller passes in, turned into exact choices.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::Error;

/// A source of even, independent bytes. Outside tests it must be the operating system's or seeded from it.
pub trait Randomness {
    /// Fills a buffer.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Randomness for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// Bytes spun out of a seed: SHA-256 over seed and counter. A seed must be secret and used for one release only: whoever
/// knows it can take the noise off.
#[derive(Clone)]
pub struct Seeded {
    seed: Zeroizing<[u8; 32]>,
    counter: u64,
    block: Zeroizing<[u8; 32]>,
    used: usize,
}

impl std::fmt::Debug for Seeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seeded(..)")
    }
}

impl Seeded {
    /// From 32 secret random bytes.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed: Zeroizing::new(seed), counter: 0, block: Zeroizing::new([0; 32]), used: 32 }
    }
}

impl Randomness for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.used == self.block.len() {
                let mut hash = Sha256::new();
                hash.update(b"shuyu-noise-v1\0");
                hash.update(&self.seed[..]);
                hash.update(self.counter.to_be_bytes());
                *self.block = hash.finalize().into();
                self.counter += 1;
                self.used = 0;
            }
            *byte = self.block.get(self.used).copied().unwrap_or(0);
            self.used += 1;
        }
    }
}

/// Limit: draws for one noisy number. A sound source needs a few hundred at most; a million are never reached but by a
/// broken one, which is an error and not a number.
const DRAWS_MAX: u32 = 1_000_000;

/// Exact choices from a source.
pub(super) struct Draws<'a> {
    source: &'a mut dyn Randomness,
    left: u32,
}

impl<'a> Draws<'a> {
    pub(super) fn new(source: &'a mut dyn Randomness) -> Self {
        Self { source, left: DRAWS_MAX }
    }

    /// An even choice of `0..bound`, by rejection; `bound` is at least 1.
    pub(super) fn below(&mut self, bound: u128) -> Result<u128, Error> {
        let last = bound.saturating_sub(1);
        if last == 0 {
            return Ok(0);
        }
        let bits = u128::BITS - last.leading_zeros();
        let length = usize::try_from(bits.div_ceil(8)).unwrap_or(16);
        loop {
            self.left = self.left.checked_sub(1).ok_or(Error::Randomness)?;
            let mut bytes = [0_u8; 16];
            let (head, _) = bytes.split_at_mut(length.min(16));
            self.source.fill(head);
            let word = u128::from_le_bytes(bytes) & (u128::MAX >> (u128::BITS - bits));
            if word <= last {
                return Ok(word);
            }
        }
    }

    /// True with probability `exp(-over/under)`. *Source*: C. Canonne, G. Kamath, T. Steinke, The Discrete Gaussian for
    /// Differential Privacy (2020), algorithm 1.
    pub(super) fn exp_minus(&mut self, over: u128, under: u128) -> Result<bool, Error> {
        let under = under.max(1);
        let (whole, rest) = (over / under, over % under);
        for _ in 0..whole {
            if !self.exp_minus_fraction(1, 1)? {
                return Ok(false);
            }
        }
        self.exp_minus_fraction(rest, under)
    }

    /// The same for `over ≤ under`: the length of a run of successes with chances γ, γ/2, γ/3 … is even with probability
    /// `exp(-γ)`, as the alternating series says.
    fn exp_minus_fraction(&mut self, over: u128, under: u128) -> Result<bool, Error> {
        let mut step: u128 = 1;
        while self.below(under.checked_mul(step).ok_or(Error::Randomness)?)? < over {
            step += 1;
        }
        Ok(step % 2 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_source_is_an_error() {
        let mut stuck = |bytes: &mut [u8]| bytes.fill(255);
        assert_eq!(Draws::new(&mut stuck).below(5).unwrap_err().code(), "privacy.randomness");
        assert_eq!(Draws::new(&mut stuck).below(1).unwrap(), 0);
        assert_eq!(Draws::new(&mut stuck).below(u128::MAX).unwrap_err(), Error::Randomness);
    }

    #[test]
    fn choices_are_even_and_seeds_repeat() {
        let mut source = Seeded::new([3; 32]);
        let mut draws = Draws::new(&mut source);
        let mut counts = [0_u32; 10];
        for _ in 0..100_000 {
            counts[usize::try_from(draws.below(10).unwrap()).unwrap()] += 1;
        }
        // Chi-square with 9 degrees of freedom: 27.9 at one in a thousand.
        let chi: f64 = counts.iter().map(|n| (f64::from(*n) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 27.9, "{chi}");
        let (mut one, mut two) = ([0; 100], [0; 100]);
        Seeded::new([4; 32]).fill(&mut one);
        let mut again = Seeded::new([4; 32]);
        two.chunks_mut(7).for_each(|part| again.fill(part));
        assert_eq!(one, two);
    }

    #[test]
    fn exponentials_have_their_probability() {
        for (over, under) in [(0_u128, 1_u128), (1, 10), (1, 2), (1, 1), (5, 2), (4, 1)] {
            let mut source = Seeded::new([9; 32]);
            let hits =
                (0..50_000).filter(|_| Draws::new(&mut source).exp_minus(over, under).unwrap()).count();
            let expected = 50_000.0 * (-(over as f64) / under as f64).exp();
            // Five standard deviations.
            assert!((hits as f64 - expected).abs() <= 5.0 * expected.sqrt() + 1e-9, "{over}/{under}: {hits}");
            assert!(over > 0 || hits == 50_000);
        }
    }
}
