//! Cipher suites, and the one place that calls the AEADs.
//!
//! Two implementations of AES-GCM are used, each for what it does best: *ring* for chunks, because its assembly is
//! about four times as fast and every query reads through it; *aes-gcm* for wrapped keys, because it wipes its key
//! schedule on drop and the keys of the upper levels must leave no trace. A test opens the one's output with the other.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Error;

/// Bytes of an authentication tag, the same in every suite.
pub(crate) const TAG_BYTES: usize = 16;
/// Bytes of a nonce, the same in every suite.
pub(crate) const NONCE_BYTES: usize = 12;

/// A cipher suite. Its byte is part of every sealed object and wrapped key, so that 国密 suites can stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Suite {
    /// AES-256-GCM for sealing, HKDF with SHA-256 for derivation.
    #[default]
    Aes256GcmSha256 = 1,
}

impl Suite {
    /// The byte that stands for the suite in stored formats.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The suite of a stored byte.
    ///
    /// # Errors
    /// [`Error::Format`] for a byte no suite has.
    pub const fn from_byte(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::Aes256GcmSha256),
            _ => Err(Error::Format { what: "suite" }),
        }
    }
}

/// Encrypts a key in place and returns the tag.
pub(crate) fn wrap(
    suite: Suite,
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    associated: &[u8],
    buffer: &mut [u8],
) -> Result<[u8; TAG_BYTES], Error> {
    match suite {
        Suite::Aes256GcmSha256 => Aes256Gcm::new(key.into())
            .encrypt_inout_detached(nonce.into(), associated, buffer.into())
            .map(Into::into)
            .map_err(|_| Error::Limit),
    }
}

/// Checks `sealed` (ciphertext, then tag) and decrypts it into `plain`; `None` if anything does not fit.
pub(crate) fn unwrap(
    suite: Suite,
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    associated: &[u8],
    sealed: &[u8],
    plain: &mut [u8],
) -> Option<()> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>()?;
    let buffer = InOutBuf::new(ciphertext, plain).ok()?;
    match suite {
        Suite::Aes256GcmSha256 => Aes256Gcm::new(key.into())
            .decrypt_inout_detached(nonce.into(), associated, buffer, tag.into())
            .ok(),
    }
}

/// The AEAD of one object's chunks, ready to use. It holds only a key derived for that object.
#[derive(Clone)]
pub(crate) enum Cipher {
    Aes256Gcm(LessSafeKey),
}

impl Cipher {
    pub(crate) fn new(suite: Suite, key: &[u8; 32]) -> Result<Self, Error> {
        match suite {
            Suite::Aes256GcmSha256 => UnboundKey::new(&AES_256_GCM, key)
                .map(|key| Self::Aes256Gcm(LessSafeKey::new(key)))
                .map_err(|_| Error::Limit),
        }
    }

    /// Encrypts in place and returns the tag.
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], Error> {
        match self {
            Self::Aes256Gcm(key) => key
                .seal_in_place_separate_tag(
                    Nonce::assume_unique_for_key(nonce),
                    Aad::from(associated),
                    buffer,
                )
                .ok()
                .and_then(|tag| tag.as_ref().try_into().ok())
                .ok_or(Error::Limit),
        }
    }

    /// Checks and decrypts in place. Invariant: if the tag is wrong, `buffer` is left as zeros.
    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        buffer: &mut [u8],
        tag: [u8; TAG_BYTES],
    ) -> Option<()> {
        let opened = match self {
            Self::Aes256Gcm(key) => key
                .open_in_place_separate_tag(
                    Nonce::assume_unique_for_key(nonce),
                    Aad::from(associated),
                    tag.into(),
                    buffer,
                    0..,
                )
                .is_ok(),
        };
        if !opened {
            buffer.fill(0);
        }
        opened.then_some(())
    }
}

/// A key for one purpose, derived from another key.
pub(crate) fn derive(
    suite: Suite,
    key: &[u8; 32],
    salt: &[u8],
    info: &[&[u8]],
) -> Result<Zeroizing<[u8; 32]>, Error> {
    match suite {
        Suite::Aes256GcmSha256 => {
            let mut derived = Zeroizing::new([0; 32]);
            Hkdf::<Sha256>::new(Some(salt), key)
                .expand(&prefixed(info), derived.as_mut())
                .map_err(|_| Error::Limit)?;
            Ok(derived)
        }
    }
}

/// Fields joined so that no two different lists give the same bytes: each is preceded by its length.
pub(crate) fn prefixed(fields: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(fields.iter().map(|field| field.len() + 8).sum());
    for field in fields {
        joined.extend_from_slice(&(field.len() as u64).to_be_bytes());
        joined.extend_from_slice(field);
    }
    joined
}
