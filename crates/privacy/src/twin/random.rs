//! Numbers for invented rows, and keyed fingerprints of values. Noise is not drawn here: it comes from
//! [`crate::disclosure::dp`].

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// A seed of its own for one purpose.
pub(super) fn derive(seed: &[u8; 32], purpose: &str, name: &str) -> Zeroizing<[u8; 32]> {
    let mut hash = Sha256::new();
    hash.update(b"shuyu-twin-v1\0");
    hash.update(seed);
    hash.update(purpose.as_bytes());
    hash.update(b"\0");
    hash.update(name.as_bytes());
    Zeroizing::new(hash.finalize().into())
}

fn cipher(seed: &[u8; 32], purpose: &str, name: &str) -> Aes128 {
    let bytes = derive(seed, purpose, name);
    let mut key = [0_u8; 16];
    key.iter_mut().zip(bytes.iter()).for_each(|(to, from)| *to = *from);
    Aes128::new(&key.into())
}

/// Numbers that are the same for the same seed everywhere: AES-128 of a counter.
pub(super) struct Draw {
    cipher: Aes128,
    counter: u64,
}

impl Draw {
    pub(super) fn new(seed: &[u8; 32], purpose: &str, name: &str) -> Self {
        Self { cipher: cipher(seed, purpose, name), counter: 0 }
    }

    fn next(&mut self) -> u64 {
        let mut block = u128::from(self.counter).to_le_bytes().into();
        self.cipher.encrypt_block(&mut block);
        self.counter = self.counter.wrapping_add(1);
        let mut half = [0_u8; 8];
        half.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
        u64::from_le_bytes(half)
    }

    /// A number below a bound; zero for no bound. The bias is `bound/2^64`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or(u64::MAX))).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i128, high: i128) -> i128 {
        let span = u64::try_from(high.saturating_sub(low).saturating_add(1)).unwrap_or(u64::MAX);
        low + i128::from(self.below(span))
    }

    pub(super) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.index(from.len())).copied().unwrap_or_default()
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

/// Weights to draw indices by.
#[derive(Debug, Clone)]
pub(super) struct Weighted {
    sums: Vec<u64>,
}

impl Weighted {
    /// Of no weight at all, every index is as likely.
    pub(super) fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let mut sum = 0_u64;
        let mut sums: Vec<u64> = weights
            .into_iter()
            .map(|weight| {
                sum = sum.saturating_add(weight);
                sum
            })
            .collect();
        if sum == 0 {
            sums = (1..).take(sums.len()).collect();
        }
        Self { sums }
    }

    pub(super) fn draw(&self, draw: &mut Draw) -> usize {
        let total = self.sums.last().copied().unwrap_or(0);
        let point = draw.below(total);
        self.sums.partition_point(|sum| *sum <= point)
    }
}

/// Keyed 64-bit fingerprints: AES-128 in a chain over length and bytes. Nobody without the key can make two values meet.
pub(super) struct Fingerprint {
    cipher: Aes128,
}

impl Fingerprint {
    pub(super) fn new(seed: &[u8; 32], purpose: &str) -> Self {
        Self { cipher: cipher(seed, "fingerprint", purpose) }
    }

    /// Of parts in order: the length of each is part of it, so that no two lists of parts read the same.
    pub(super) fn of<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
        let mut state = [0_u8; 16];
        for part in parts {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes();
            self.absorb(&mut state, &length);
            for block in part.chunks(16) {
                self.absorb(&mut state, block);
            }
        }
        let [a, b, c, d, e, f, g, h, ..] = state;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    fn absorb(&self, state: &mut [u8; 16], bytes: &[u8]) {
        state.iter_mut().zip(bytes).for_each(|(to, from)| *to ^= from);
        let mut block = (*state).into();
        self.cipher.encrypt_block(&mut block);
        *state = block.into();
    }
}

/// A hasher for keys that are fingerprints already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ready(u64);

impl std::hash::Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// A map from fingerprints. *Units*: 17 bytes a slot for values of up to eight bytes; slots are a power of two, at most
/// seven eighths full.
pub(super) type Fingerprints<V> = std::collections::HashMap<u64, V, std::hash::BuildHasherDefault<Ready>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_repeat() {
        let mut draw = Draw::new(&[1; 32], "test", "");
        let mut counts = [0_u32; 10];
        for _ in 0..100_000 {
            counts[draw.index(10)] += 1;
        }
        let chi: f64 = counts.iter().map(|n| (f64::from(*n) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 27.9, "{chi}");
        let twice = || (0..9).map(|_| 0).scan(Draw::new(&[2; 32], "a", "b"), |d, _| Some(d.next()));
        assert!(twice().eq(twice()));
        assert_ne!(Draw::new(&[2; 32], "a", "b").next(), Draw::new(&[2; 32], "a", "c").next());
    }

    #[test]
    fn weights_of_zero_are_never_drawn() {
        let weighted = Weighted::new([0, 3, 0, 1, 0]);
        let mut draw = Draw::new(&[3; 32], "test", "");
        let mut counts = [0_u32; 5];
        for _ in 0..4_000 {
            counts[weighted.draw(&mut draw)] += 1;
        }
        assert_eq!((counts[0], counts[2], counts[4]), (0, 0, 0));
        assert!((2_800..3_200).contains(&counts[1]), "{counts:?}");
        let even = Weighted::new([0, 0]);
        assert!((0..100).map(|_| even.draw(&mut draw)).any(|index| index == 1));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let print = Fingerprint::new(&[4; 32], "test");
        let of = |parts: &[&str]| print.of(parts.iter().map(|part| part.as_bytes()));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a", ""]), of(&["a"]));
        assert_ne!(of(&[""]), of(&["\0"]));
        assert_eq!(of(&["甲", "一二三四五六七八"]), of(&["甲", "一二三四五六七八"]));
    }
}
