//! Signed notes and the keys that sign them (C2SP signed-note, tlog-cosignature).

use std::fmt;
use std::str::FromStr;

use base::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// Limit: bytes of a note, signatures included.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Limit: signatures of a note.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// The log's own Ed25519 signature over the note's text.
    Log = 0x01,
    /// A witness's Ed25519 signature over time and text (cosignature/v1).
    Witness = 0x04,
}

/// A public key that is trusted for notes.
///
/// Text and JSON: the verifier key format, `<name>+<key id, 8 hexadecimal digits>+<base64 of kind and key>`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: VerifyingKey,
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control()) {
        return Err(Error::Key { what: "name" });
    }
    Ok(())
}

impl VerifierKey {
    /// The name of the log or witness.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// First four bytes of the digest of name, kind and key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let bytes = [self.name.as_bytes(), b"\n", &[self.kind as u8], self.key.as_bytes()].concat();
        Digest::of(&bytes).0.first_chunk().copied().unwrap_or_default()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [&[self.kind as u8], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), BASE64.encode(material))
    }
}
impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for VerifierKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = |what| Error::Key { what };
        // The base64 part may hold a plus, the name may not.
        let (name, rest) = text.split_once('+').ok_or_else(|| bad("format"))?;
        let (id, material) = rest.split_once('+').ok_or_else(|| bad("format"))?;
        check_name(name)?;
        let material = BASE64.decode(material).map_err(|_| bad("base64"))?;
        let (kind, key) = material.split_first().ok_or_else(|| bad("length"))?;
        let kind = match kind {
            0x01 => KeyKind::Log,
            0x04 => KeyKind::Witness,
            _ => return Err(bad("kind")),
        };
        let key = VerifyingKey::from_bytes(key.try_into().map_err(|_| bad("length"))?)
            .map_err(|_| bad("not a point"))?;
        let parsed = Self { name: name.to_owned(), kind, key };
        if id != format!("{:08x}", u32::from_be_bytes(parsed.id())) {
            return Err(bad("key id"));
        }
        Ok(parsed)
    }
}
impl Serialize for VerifierKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for VerifierKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A private key that signs notes. The key is wiped on drop.
pub struct NoteSigner {
    name: String,
    kind: KeyKind,
    key: SigningKey,
}

impl NoteSigner {
    /// The key of a log, from its 32 secret bytes. The name should be the checkpoint's origin.
    ///
    /// # Errors
    /// [`Error::Key`] for a name that is empty or has spaces or a plus.
    pub fn log(name: &str, secret: &[u8; 32]) -> Result<Self, Error> {
        Self::new(name, KeyKind::Log, secret)
    }

    /// The key of a witness, from its 32 secret bytes.
    ///
    /// # Errors
    /// As [`NoteSigner::log`].
    pub fn witness(name: &str, secret: &[u8; 32]) -> Result<Self, Error> {
        Self::new(name, KeyKind::Witness, secret)
    }

    fn new(name: &str, kind: KeyKind, secret: &[u8; 32]) -> Result<Self, Error> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), kind, key: SigningKey::from_bytes(secret) })
    }

    /// The public key to trust.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), kind: self.kind, key: self.key.verifying_key() }
    }

    /// The signature line over a note's text, its newline included. A witness signs `seconds` (since 1970) too; a log
    /// has no time in its signature.
    pub(crate) fn line(&self, text: &str, seconds: u64) -> String {
        let mut material = self.verifier().id().to_vec();
        match self.kind {
            KeyKind::Log => material.extend(self.key.sign(text.as_bytes()).to_bytes()),
            KeyKind::Witness => {
                material.extend(seconds.to_be_bytes());
                material.extend(self.key.sign(witnessed(text, seconds).as_bytes()).to_bytes());
            }
        }
        format!("— {} {}\n", self.name, BASE64.encode(material))
    }
}

fn witnessed(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// A signature that was found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The name of the key.
    pub name: String,
    /// When a witness signed, in seconds since 1970; `None` for a log's signature.
    pub seconds: Option<u64>,
}

/// A note as it was read: nothing of it is to be believed before [`Note::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// The signed text, its last newline included.
    pub(crate) text: &'a str,
    signatures: Vec<(&'a str, [u8; 4], Vec<u8>)>,
}

impl<'a> Note<'a> {
    /// Reads a note.
    ///
    /// # Errors
    /// [`Error::Note`] if it is none or larger than the limits.
    pub fn parse(note: &'a str) -> Result<Self, Error> {
        let bad = |what| Error::Note { what };
        if note.len() > NOTE_BYTES_MAX {
            return Err(bad("too long"));
        }
        if note.contains(|c: char| c < ' ' && c != '\n') {
            return Err(bad("control character"));
        }
        let blank = note.rfind("\n\n").ok_or_else(|| bad("no signatures"))?;
        let (text, rest) = note.split_at_checked(blank + 1).ok_or_else(|| bad("no signatures"))?;
        let lines = rest.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let lines = lines.ok_or_else(|| bad("no final newline"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == NOTE_SIGNATURES_MAX {
                return Err(bad("too many signatures"));
            }
            let (name, material) = line
                .strip_prefix("— ")
                .and_then(|line| line.split_once(' '))
                .ok_or_else(|| bad("signature line"))?;
            check_name(name).map_err(|_| bad("signature name"))?;
            let material = BASE64.decode(material).map_err(|_| bad("signature base64"))?;
            let (id, signature) = material.split_first_chunk::<4>().ok_or_else(|| bad("signature length"))?;
            signatures.push((name, *id, signature.to_vec()));
        }
        Ok(Self { text, signatures })
    }

    /// The signatures of the given keys; those of other keys are passed over.
    ///
    /// # Errors
    /// [`Error::Signature`] if a signature that names one of the keys is wrong.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<Verified>, Error> {
        let mut found = Vec::new();
        for key in keys {
            let id = key.id();
            for (name, _, signature) in self.signatures.iter().filter(|s| s.0 == key.name && s.1 == id) {
                let seconds = check(key, self.text, signature).ok_or(Error::Signature { what: "wrong" })?;
                found.push(Verified { name: (*name).to_owned(), seconds });
            }
        }
        Ok(found)
    }
}

/// `None` if the signature is wrong, otherwise the time it carries.
fn check(key: &VerifierKey, text: &str, signature: &[u8]) -> Option<Option<u64>> {
    match key.kind {
        KeyKind::Log => {
            let signature = Signature::from_slice(signature).ok()?;
            key.key.verify_strict(text.as_bytes(), &signature).ok()?;
            Some(None)
        }
        KeyKind::Witness => {
            let (seconds, signature) = signature.split_first_chunk::<8>()?;
            let seconds = u64::from_be_bytes(*seconds);
            let signature = Signature::from_slice(signature).ok()?;
            key.key.verify_strict(witnessed(text, seconds).as_bytes(), &signature).ok()?;
            (seconds <= i64::MAX.unsigned_abs()).then_some(Some(seconds))
        }
    }
}
