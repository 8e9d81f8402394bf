//! Keyed permutations of number ranges of any size.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt};

/// Rounds of the Feistel network. FF1 uses ten as well.
const ROUNDS: u8 = 10;

/// A family of keyed permutations of `0..size`, one for each tweak: an alternating Feistel network over a rectangle
/// that just covers the range, with AES as round function, and cycle walking for the few points outside.
///
/// It is the construction of NIST SP 800-38G's FF1, over numbers instead of digit strings: no conversion, and ranges
/// that are not a power of a radix (days of eight years × sequence numbers) are permuted directly.
///
/// *Limits*: sizes up to 2⁶³. Ranges below about a million are permuted, but a keyed permutation of a small range
/// hides little; callers choose ranges, and here say why each is large enough.
pub(super) struct Permutation {
    tweaking: Aes128,
    round: Aes128,
}

/// The permutation for one tweak.
pub(super) struct Tweaked<'a> {
    round: &'a Aes128,
    mask: u128,
}

impl Permutation {
    pub(super) const fn new(tweaking: Aes128, round: Aes128) -> Self {
        Self { tweaking, round }
    }

    /// Chooses one permutation of the family. The tweak is what stays visible beside the permuted number.
    pub(super) fn tweak(&self, tweak: u128) -> Tweaked<'_> {
        let mut block = Array(tweak.to_be_bytes());
        self.tweaking.encrypt_block(&mut block);
        Tweaked { round: &self.round, mask: u128::from_be_bytes(block.0) }
    }
}

impl Tweaked<'_> {
    /// Where `value` goes. Out of `0..size`, or for an empty range, the value itself.
    pub(super) fn permute(&self, value: u64, size: u64) -> u64 {
        if value >= size {
            return value;
        }
        let width = size.isqrt().max(1);
        let height = size.div_ceil(width);
        let mut next = value;
        // Fewer than `width` of `width × height` points are outside, so a second step is rare; the walk returns to
        // the range at the latest at `value` itself.
        loop {
            next = self.rectangle(next, width, height);
            if next < size {
                return next;
            }
        }
    }

    /// Like [`Self::permute`], on the points for which `inside` holds only. `value` must be one.
    pub(super) fn permute_within(&self, value: u64, size: u64, inside: impl Fn(u64) -> bool) -> u64 {
        let mut next = value;
        loop {
            next = self.permute(next, size);
            // The walk follows a cycle through `value`, which is inside, so it ends.
            if next == value || inside(next) {
                return next;
            }
        }
    }

    fn rectangle(&self, value: u64, width: u64, height: u64) -> u64 {
        let (mut left, mut right) = (value % width, value / width);
        for round in (0..ROUNDS).step_by(2) {
            left = add(left, self.function(round, right), width);
            right = add(right, self.function(round + 1, left), height);
        }
        right * width + left
    }

    fn function(&self, round: u8, half: u64) -> u64 {
        let input = (u128::from(round) + 1) << 64 | u128::from(half);
        let mut block = Array((input ^ self.mask).to_be_bytes());
        self.round.encrypt_block(&mut block);
        let word = u128::from_be_bytes(block.0) & u128::from(u64::MAX);
        u64::try_from(word).unwrap_or(0)
    }
}

/// `(a + b) mod size` without overflow; `a < size`.
fn add(a: u64, b: u64, size: u64) -> u64 {
    let b = b % size;
    let room = size - a;
    if b >= room { b - room } else { a + b }
}
