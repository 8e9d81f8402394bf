//! Checkpoints: signed statements of the log's size and root (C2SP tlog-checkpoint).

use base::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::Error;
use crate::note::{KeyKind, Note, NoteSigner, Verified, VerifierKey};

/// What a log states about itself: how many entries it has and their root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over all entries.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root.0))
    }

    /// The checkpoint as a signed note, ready to be published.
    #[must_use]
    pub fn sign(&self, signer: &NoteSigner) -> String {
        let text = self.text();
        format!("{text}\n{}", signer.line(&text, 0))
    }

    /// Reads a published checkpoint and checks the log's signature.
    ///
    /// # Errors
    /// [`Error::Signature`] if the log's signature is missing or wrong, or the checkpoint is that of another log;
    /// [`Error::Note`] if this is no checkpoint; [`Error::Key`] if the key is not a log's.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, Error> {
        if key.kind() != KeyKind::Log {
            return Err(Error::Key { what: "not a log's key" });
        }
        let note = Note::parse(note)?;
        if note.verify([key])?.is_empty() {
            return Err(Error::Signature { what: "missing" });
        }
        let checkpoint = Self::parse(note.text)?;
        if checkpoint.origin != key.name() {
            return Err(Error::Signature { what: "another log" });
        }
        Ok(checkpoint)
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let bad = |what| Error::Note { what };
        let mut lines = text.lines();
        let mut line = || lines.next().filter(|line| !line.is_empty()).ok_or_else(|| bad("missing line"));
        let (origin, size, root) = (line()?, line()?, line()?);
        let parsed: u64 = size.parse().map_err(|_| bad("size"))?;
        if parsed.to_string() != size {
            return Err(bad("size"));
        }
        let root = BASE64.decode(root).map_err(|_| bad("root"))?;
        let root = Digest(root.try_into().map_err(|_| bad("root"))?);
        if lines.any(str::is_empty) {
            return Err(bad("empty line"));
        }
        Ok(Self { origin: origin.to_owned(), size: parsed, root })
    }
}

/// Adds a witness's signature to a published checkpoint. The witness must have checked before that the checkpoint is
/// consistent with the last one it signed; `seconds` is the time since 1970.
///
/// # Errors
/// [`Error::Note`] if this is no signed checkpoint; [`Error::Key`] if the key is not a witness's.
pub fn cosign(note: &str, witness: &NoteSigner, seconds: u64) -> Result<String, Error> {
    if witness.verifier().kind() != KeyKind::Witness {
        return Err(Error::Key { what: "not a witness's key" });
    }
    let parsed = Note::parse(note)?;
    Checkpoint::parse(parsed.text)?;
    Ok(format!("{note}{}", witness.line(parsed.text, seconds)))
}

/// The signatures of known witnesses on a published checkpoint.
///
/// # Errors
/// [`Error::Note`] if this is no signed note; [`Error::Signature`] if a known witness's signature is wrong.
pub fn cosignatures<'k>(
    note: &str,
    witnesses: impl IntoIterator<Item = &'k VerifierKey>,
) -> Result<Vec<Verified>, Error> {
    Note::parse(note)?.verify(witnesses.into_iter().filter(|key| key.kind() == KeyKind::Witness))
}
