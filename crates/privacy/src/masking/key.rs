//! A tenant's masking key and what is derived from it.

use aes::Aes128;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::permutation::Permutation;

/// A tenant's masking key. Has no text form; wiped when dropped.
#[derive(Clone)]
pub struct MaskKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MaskKey(..)")
    }
}

impl MaskKey {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Key material for one purpose. Masters and purposes that differ give independent material.
    fn derive(&self, purpose: &str, name: &str) -> Zeroizing<[u8; 32]> {
        let mut mac = keyed(&self.0[..]);
        mac.update(b"shuyu-mask-v1\0");
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(name.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// The keyed hash for one purpose and name.
    pub(crate) fn hash(&self, purpose: &str, name: &str) -> KeyedHash {
        KeyedHash(keyed(&self.derive(purpose, name)[..]))
    }

    /// The keyed permutation for one kind.
    pub(super) fn permutation(&self, name: &str) -> Permutation {
        let bytes = self.derive("permutation", name);
        let half = |skip: usize| -> [u8; 16] {
            let mut half = [0; 16];
            half.iter_mut().zip(bytes.iter().skip(skip)).for_each(|(to, from)| *to = *from);
            half
        };
        Permutation::new(Aes128::new(&half(0).into()), Aes128::new(&half(16).into()))
    }
}

/// HMAC takes a key of any length, so this cannot fail; a zero key stands in for the impossible branch and is
/// never reached.
fn keyed(bytes: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(bytes).unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()))
}

/// A keyed hash with its key schedule ready: HMAC-SHA-256.
#[derive(Clone)]
pub(crate) struct KeyedHash(Hmac<Sha256>);

impl KeyedHash {
    pub(crate) fn bytes(&self, value: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(value);
        mac.finalize().into_bytes().into()
    }

    /// Numbers drawn from the hash of a value.
    pub(super) fn draw(&self, value: &[u8]) -> Draw {
        Draw { bytes: self.bytes(value), used: 0 }
    }

    /// A token of 20 characters (100 bits). Begins with `~`, which no identifier does.
    pub(crate) fn token(&self, value: &[u8], out: &mut String) {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        out.push('~');
        for byte in self.bytes(value).iter().take(20) {
            out.push(char::from(DIGITS.get(usize::from(byte & 31)).copied().unwrap_or(b'0')));
        }
    }
}

/// Numbers drawn from one hash: at most eight, of 32 bits each.
pub(super) struct Draw {
    bytes: [u8; 32],
    used: usize,
}

impl Draw {
    /// The next number below `bound` (at least 1).
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let word = self.bytes.iter().cycle().skip(self.used).take(4);
        let word = word.fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        self.used += 4;
        usize::try_from(word % u64::try_from(bound).unwrap_or(u64::MAX).max(1)).unwrap_or(0)
    }

    /// One of some choices.
    pub(super) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices.get(self.below(choices.len())).copied().unwrap_or_default()
    }
}
