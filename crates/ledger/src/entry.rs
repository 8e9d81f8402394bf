//! The journal entry: the header of a journal row, and the leaf of the log.

use base::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::tile::ENTRY_BYTES_MAX;

/// Number of the first journal row. Row `n` is entry `n - 1` of the log.
pub const FIRST_SEQ: u64 = 1;

/// What the journal says in the clear about one act: who did what to what, when, under which clauses, and the digest of
/// the sealed particulars.
///
/// Invariant: no field holds a person's data. Actor and subject are ids; particulars are in the payload, which is sealed
/// and can be shredded without touching this entry or any proof of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalEntry {
    /// Number of the row, without gaps, from [`FIRST_SEQ`].
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What was done, for example `case.submit`.
    pub action: String,
    /// Who did it: the id of a person, key or job.
    pub actor: String,
    /// What it was done to: kind and id.
    pub subject: String,
    /// The clauses it rests on.
    pub clauses: Vec<String>,
    /// Digest of the sealed payload.
    pub payload_digest: Digest,
}

impl JournalEntry {
    /// The canonical bytes: what is stored, hashed and proven.
    ///
    /// # Errors
    /// [`Error::Entry`] if they are more than [`ENTRY_BYTES_MAX`].
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let bytes = base::canonical_json(self).map_err(|_| Error::Entry { what: "cannot be written" })?;
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(Error::Entry { what: "too long" });
        }
        Ok(bytes)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`Error::Entry`] for anything that [`JournalEntry::bytes`] would not have written.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let entry: Self = serde_json::from_slice(bytes).map_err(|_| Error::Entry { what: "not its JSON" })?;
        if entry.bytes()? != bytes {
            return Err(Error::Entry { what: "not canonical" });
        }
        Ok(entry)
    }

    /// Reads the entry at an index of the log.
    ///
    /// # Errors
    /// [`Error::Entry`] as [`JournalEntry::parse`]; [`Error::Order`] if it belongs elsewhere.
    pub fn parse_at(bytes: &[u8], index: u64) -> Result<Self, Error> {
        let entry = Self::parse(bytes)?;
        let expected = index.saturating_add(FIRST_SEQ);
        if entry.seq != expected {
            return Err(Error::Order { expected, found: entry.seq });
        }
        Ok(entry)
    }
}
