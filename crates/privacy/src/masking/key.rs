//! A tenant's masking key, its projects' keys and what is derived from them.

use aes::Aes128;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::permutation::Permutation;

/// A masking key: a tenant's, or that of one of its projects. Has no text form; wiped when dropped.
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

    /// The key of one project of this tenant. Inside a project equal values have equal masks; what two projects were
    /// given cannot be joined, for nothing ties their keys together but the tenant's.
    ///
    /// # Example
    /// ```
    /// use privacy::masking::MaskKey;
    /// let tenant = MaskKey::new([7; 32]);
    /// let key = tenant.project("med-2026-003");
    /// # let _ = key;
    /// ```
    #[must_use]
    pub fn project(&self, project: &str) -> Self {
        Self(self.derive("project", project))
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
        Permutation::new(self.cipher(name))
    }

    /// The cipher of FF1 for one name.
    pub(super) fn cipher(&self, name: &str) -> Aes128 {
        let bytes = self.derive("ff1", name);
        let mut half = [0; 16];
        half.iter_mut().zip(bytes.iter()).for_each(|(to, from)| *to = *from);
        let cipher = Aes128::new(&half.into());
        half.zeroize();
        cipher
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

    /// The first 64 bits.
    pub(super) fn word(&self, value: &[u8]) -> u64 {
        self.bytes(value).iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
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
