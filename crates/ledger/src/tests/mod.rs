use std::collections::BTreeMap;
use std::sync::LazyLock;

use base::{Digest, Timestamp};

use crate::{
    CHECKPOINT_PATH, Checkpoint, FIRST_SEQ, JournalEntry, NoteSigner, Sequencer, VerifierKey, leaf_hash,
    node_hash,
};

mod log;
mod merkle;
mod note;
mod verify;

const ORIGIN: &str = "shuyu.example/ledger";

fn signer() -> NoteSigner {
    NoteSigner::log(ORIGIN, &[7; 32]).unwrap()
}

fn key() -> VerifierKey {
    signer().verifier()
}

/// Entries are asked for again and again, and making one costs more than hashing it.
static ENTRIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| (0..70_003).map(new_entry).collect());

fn entry(index: u64) -> Vec<u8> {
    ENTRIES.get(index as usize).cloned().unwrap_or_else(|| new_entry(index))
}

fn new_entry(index: u64) -> Vec<u8> {
    let entry = JournalEntry {
        seq: index + FIRST_SEQ,
        at: Timestamp::from_micros(1_790_000_000_000_000 + index as i64),
        action: "case.submit".to_owned(),
        actor: format!("person/{index}"),
        subject: "case/1".to_owned(),
        clauses: vec!["第十二条".to_owned()],
        payload_digest: Digest::of(&index.to_be_bytes()),
    };
    entry.bytes().unwrap()
}

/// A whole log as files, with its journal.
struct Stored {
    files: BTreeMap<String, Vec<u8>>,
    rows: Vec<(u64, Vec<u8>)>,
    size: u64,
}

impl Stored {
    /// Appends `size` entries in groups of `group`.
    fn new(size: u64, group: u64) -> Self {
        let sizes: Vec<_> = (0..size).step_by(group as usize).skip(1).chain([size]).collect();
        Self::with_checkpoints(&sizes)
    }

    /// Appends entries up to one size after the other, as the platform would, removing what is superseded.
    fn with_checkpoints(sizes: &[u64]) -> Self {
        let (mut sequencer, mut files) = (Sequencer::new(), BTreeMap::new());
        let size = sizes.last().copied().unwrap_or_default();
        let rows: Vec<_> = (0..size).map(|index| (index + FIRST_SEQ, entry(index))).collect();
        for size in sizes {
            let entries = rows[sequencer.size() as usize..*size as usize].iter().map(|row| &row.1);
            let batch = sequencer.append(&entries.collect::<Vec<_>>()).unwrap();
            files.extend(batch.writes.into_iter().map(|write| (write.path, write.bytes)));
            for folder in batch.superseded {
                files.retain(|path, _| !path.starts_with(&format!("{folder}/")));
            }
        }
        let mut stored = Self { files, rows, size };
        stored.publish(sequencer.root());
        stored
    }

    fn publish(&mut self, root: Digest) {
        let note = Checkpoint { origin: ORIGIN.to_owned(), size: self.size, root }.sign(&signer());
        self.files.insert(CHECKPOINT_PATH.to_owned(), note.into_bytes());
    }

    fn note(&self) -> String {
        String::from_utf8(self.files[CHECKPOINT_PATH].clone()).unwrap()
    }
}

/// The definition of RFC 6962, section 2.1, word for word.
fn naive_root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            node_hash(&naive_root(&leaves[..split]), &naive_root(&leaves[split..]))
        }
    }
}

fn leaves(size: u64) -> Vec<Digest> {
    (0..size).map(|index| leaf_hash(&entry(index))).collect()
}
