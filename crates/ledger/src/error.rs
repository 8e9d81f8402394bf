//! What can be wrong with a log, a note or a proof.

use std::io;

/// Why something of the ledger could not be used or is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tile or bundle is missing, has a wrong length or wrong contents.
    #[error("bad tile `{path}`: {what}")]
    Tile {
        /// Its path below the log's prefix.
        path: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A file of the log cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// Its path below the log's prefix.
        path: String,
        /// The reader's error.
        #[source]
        source: io::Error,
    },
    /// A note bears no signature of the trusted key, or a wrong one.
    #[error("signature not accepted: {what}")]
    Signature {
        /// What is wrong.
        what: &'static str,
    },
    /// The text is not a signed note or not a checkpoint.
    #[error("not a checkpoint: {what}")]
    Note {
        /// What is wrong.
        what: &'static str,
    },
    /// The text is not a key in the verifier key format, or the name cannot be a key's name.
    #[error("not a verifier key: {what}")]
    Key {
        /// What is wrong.
        what: &'static str,
    },
    /// An inclusion or consistency proof does not prove what it should.
    #[error("proof does not hold: {what}")]
    Proof {
        /// What is wrong.
        what: &'static str,
    },
    /// The bytes are not a journal entry, or too many for one entry.
    #[error("not a journal entry: {what}")]
    Entry {
        /// What is wrong.
        what: &'static str,
    },
    /// A journal entry does not stand where its number says.
    #[error("entry {found} stands where {expected} belongs")]
    Order {
        /// The number that belongs there.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// The log has no such entry or size.
    #[error("{index} is beyond the {size} entries of the log")]
    Range {
        /// What was asked for.
        index: u64,
        /// The size of the log.
        size: u64,
    },
}

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Tile { .. } => "ledger.tile",
            Self::Read { .. } => "ledger.read",
            Self::Signature { .. } => "ledger.signature",
            Self::Note { .. } => "ledger.note",
            Self::Key { .. } => "ledger.key",
            Self::Proof { .. } => "ledger.proof",
            Self::Entry { .. } => "ledger.entry",
            Self::Order { .. } => "ledger.order",
            Self::Range { .. } => "ledger.range",
        }
    }
}
