//! The proof of one record, to be handed to someone who trusts only the log's public key.

use base::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::entry::JournalEntry;
use crate::merkle::{inclusion_proof, leaf_hash, verify_inclusion};
use crate::note::VerifierKey;
use crate::tile::{TileReader, TileSource, read_entry};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Everything needed to check, offline, that a journal entry stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordProof {
    /// The bytes of the entry, which are text.
    pub entry: String,
    /// Its index in the log.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling upwards.
    pub path: Vec<Digest>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

impl RecordProof {
    /// Builds the proof of one entry from the files of the log and a published checkpoint.
    ///
    /// # Errors
    /// [`Error::Range`] if the checkpoint does not cover the entry; otherwise as [`Checkpoint::open`] and when tiles
    /// cannot be read.
    pub fn build(
        source: &impl TileSource,
        checkpoint: &str,
        key: &VerifierKey,
        index: u64,
    ) -> Result<Self, Error> {
        let size = Checkpoint::open(checkpoint, key)?.size;
        let entry = String::from_utf8(read_entry(source, index, size)?)
            .map_err(|_| Error::Entry { what: "not text" })?;
        let path = inclusion_proof(&mut TileReader::new(source, size), index, size)?;
        Ok(Self { entry, index, path, checkpoint: checkpoint.to_owned() })
    }

    /// Checks signature, proof, form and place of the entry.
    ///
    /// # Errors
    /// [`Error::Signature`], [`Error::Note`], [`Error::Proof`], [`Error::Range`], [`Error::Entry`] or [`Error::Order`]
    /// for what does not hold.
    pub fn verify(&self, key: &VerifierKey) -> Result<(JournalEntry, Checkpoint), Error> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let leaf = leaf_hash(self.entry.as_bytes());
        verify_inclusion(&leaf, self.index, checkpoint.size, &self.path, &checkpoint.root)?;
        let entry = JournalEntry::parse_at(self.entry.as_bytes(), self.index)?;
        Ok((entry, checkpoint))
    }

    /// The proof in the text format of C2SP tlog-proof, with the entry as its extra data. File extension: `.tlog-proof`.
    #[must_use]
    pub fn to_text(&self) -> String {
        proof_text(Some(&self.entry), self.index, &self.path, &self.checkpoint)
    }

    /// Reads what [`RecordProof::to_text`] writes.
    ///
    /// # Errors
    /// [`Error::Proof`] for any other text.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let bad = |what| Error::Proof { what };
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(|| bad("no checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(bad("not a proof"));
        }
        let mut field = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let entry = field("extra").and_then(|text| BASE64.decode(text).ok());
        let entry = entry.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| bad("entry"))?;
        let index = field("index").ok_or_else(|| bad("index"))?;
        let parsed: u64 = index.parse().map_err(|_| bad("index"))?;
        if parsed.to_string() != index {
            return Err(bad("index"));
        }
        let hash = |line: &str| BASE64.decode(line).ok().and_then(|bytes| bytes.try_into().ok()).map(Digest);
        let path = lines.map(|line| hash(line).ok_or_else(|| bad("hash"))).collect::<Result<_, _>>()?;
        Ok(Self { entry, index: parsed, path, checkpoint: checkpoint.to_owned() })
    }
}

/// A proof in the text format of C2SP tlog-proof. The entry, if it is given, is its extra data.
#[must_use]
pub fn proof_text(entry: Option<&str>, index: u64, path: &[Digest], checkpoint: &str) -> String {
    let extra = entry.map(|entry| format!("extra {}\n", BASE64.encode(entry))).unwrap_or_default();
    let mut text = format!("{HEADER}\n{extra}index {index}\n");
    for hash in path {
        text.push_str(&BASE64.encode(hash.0));
        text.push('\n');
    }
    text.push('\n');
    text.push_str(checkpoint);
    text
}
