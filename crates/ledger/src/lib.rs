//! The ledger: a transparency log over the journal, so that what was recorded can be proven later to someone who does
//! not trust the one who recorded it.
//!
//! # What it is
//! The arithmetic and the formats of a C2SP [tlog-tiles](https://c2sp.org/tlog-tiles) log:
//! - [`JournalEntry`]: the header of a journal row; its canonical bytes are the leaf;
//! - [`Sequencer`]: groups of entries become tiles and a new root;
//! - [`Checkpoint`], [`NoteSigner`], [`VerifierKey`]: size and root as a signed note (Ed25519), with cosignatures of
//!   witnesses;
//! - [`inclusion_proof`], [`consistency_proof`] and their verification (RFC 6962, RFC 9162); [`RecordProof`] for one
//!   record;
//! - [`verify()`]: everything recomputed from the entries up, offline, naming the first bad byte.
//!
//! # What it is not
//! It does no I/O, reads no clock and holds no secret but the signing key it is given. It does not store the journal
//! and does not know the payloads: it sees the digests of *sealed* bytes only, so that shredding a key erases a person
//! and leaves every proof valid.
//!
//! # Files
//! ```text
//! checkpoint                  the signed note; the only file that ever changes
//! tile/entries/<N>[.p/<W>]    256 (or W) entries, each preceded by its length (2 bytes, big-endian)
//! tile/<L>/<N>[.p/<W>]        256 (or W) hashes of 32 bytes; level L hashes complete tiles of level L - 1
//! ```
//! `<N>` is written in groups of three digits, all but the last with an `x`: 1234067 is `x001/x234/067`. Any web server
//! can serve these files and any tlog client can verify them.
//!
//! # Invariants
//! - Row `seq` of the journal is entry `seq - 1` of the log; the log only grows.
//! - The same entries give the same files, however they were grouped: repeating a write after a crash is harmless.
//! - A checkpoint is published only after its tiles are durable.
//! - Every hash in a full tile is final. Partial tiles may be removed once their full tile is published.
//!
//! # Where to start
//! ```
//! use std::collections::BTreeMap;
//! use ledger::{CHECKPOINT_PATH, Checkpoint, JournalEntry, NoteSigner, RecordProof, Sequencer, verify};
//! # use base::{Digest, Timestamp};
//! # fn main() -> Result<(), ledger::Error> {
//! let signer = NoteSigner::log("example.org/ledger", &[7; 32])?;
//! let entry = JournalEntry {
//!     seq: 1,
//!     at: Timestamp::from_micros(1_790_000_000_000_000),
//!     action: "case.submit".into(),
//!     actor: "person/0192".into(),
//!     subject: "case/0193".into(),
//!     clauses: vec!["第十二条".into()],
//!     payload_digest: Digest::of(b"sealed"),
//! };
//! let mut sequencer = Sequencer::new();
//! let batch = sequencer.append(&[entry.bytes()?])?;
//! let mut files: BTreeMap<String, Vec<u8>> =
//!     batch.writes.into_iter().map(|write| (write.path, write.bytes)).collect();
//! let checkpoint = Checkpoint { origin: "example.org/ledger".into(), size: batch.size, root: batch.root };
//! let note = checkpoint.sign(&signer);
//! files.insert(CHECKPOINT_PATH.into(), note.clone().into_bytes());
//!
//! let proof = RecordProof::build(&files, &note, &signer.verifier(), 0)?;
//! assert_eq!(proof.verify(&signer.verifier())?.0, entry);
//! let report = verify(&files, &signer.verifier(), [Ok::<_, ledger::Error>((1, entry.bytes()?))])?;
//! assert!(report.is_sound());
//! # Ok(())
//! # }
//! ```

mod checkpoint;
mod entry;
mod error;
mod merkle;
mod note;
mod proof;
mod sequencer;
mod tile;
mod verify;

pub use checkpoint::{Checkpoint, cosign, cosignatures};
pub use entry::{FIRST_SEQ, JournalEntry};
pub use error::Error;
pub use merkle::{
    Nodes, consistency_proof, empty_root, inclusion_proof, leaf_hash, node_hash, root, verify_consistency,
    verify_inclusion,
};
pub use note::{KeyKind, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, Note, NoteSigner, Verified, VerifierKey};
pub use proof::{RecordProof, proof_text};
pub use sequencer::{Batch, Sequencer, TileWrite};
pub use tile::{
    CHECKPOINT_PATH, ENTRY_BYTES_MAX, TILE_WIDTH, TileId, TileKind, TileReader, TileSource, parse_bundle,
    read_entry,
};
pub use verify::{Finding, Problem, Report, verify};

#[cfg(test)]
mod tests;
