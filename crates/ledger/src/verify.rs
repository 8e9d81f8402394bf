//! Offline verification of a whole log: every entry, every tile, the checkpoint, and the journal beside it.

use std::fmt;

use base::Digest;
use serde::Serialize;

use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::entry::{FIRST_SEQ, JournalEntry};
use crate::merkle::{inclusion_proof, leaf_hash, verify_inclusion};
use crate::note::VerifierKey;
use crate::sequencer::Edge;
use crate::tile::{
    CHECKPOINT_PATH, TILE_WIDTH, TileId, TileKind, TileReader, TileSource, push_entry, read_file, read_tile,
    split_bundle, tile_bytes,
};

/// What is wrong with a file of the log or a row of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// There is no such file.
    Missing,
    /// The file cannot be read.
    Unreadable,
    /// The file is shorter or longer than it must be, or its entry lengths do not add up.
    Malformed,
    /// The entry is not the one the signed tree has here.
    EntryChanged,
    /// The hash is not the one that follows from the entries of the signed tree.
    HashChanged,
    /// Entries and tiles were replaced together; the signed tree above says otherwise.
    SubtreeChanged,
    /// The checkpoint is not signed by the log's key, or is no checkpoint.
    Checkpoint,
    /// The whole log is consistent, but it is not the one that was signed.
    Root,
    /// The entry is not canonical or stands at the wrong place.
    EntryForm,
    /// The row of the journal is missing.
    RowMissing,
    /// The row of the journal differs from the entry in the log.
    RowChanged,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "file is missing",
            Self::Unreadable => "file cannot be read",
            Self::Malformed => "file has the wrong length or form",
            Self::EntryChanged => "entry was changed",
            Self::HashChanged => "hash was changed",
            Self::SubtreeChanged => "entries and their tiles were replaced together",
            Self::Checkpoint => "checkpoint is not signed by this log",
            Self::Root => "entries are not those that were signed",
            Self::EntryForm => "entry is not canonical or not in its place",
            Self::RowMissing => "journal row is missing",
            Self::RowChanged => "journal row differs from the log",
        })
    }
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file below the log's prefix, or `journal/<seq>` for a row of the journal.
    pub path: String,
    /// The first bad byte in it.
    pub offset: u64,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.path, self.offset, self.problem)
    }
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// The name of the log.
    pub origin: String,
    /// Entries the signed checkpoint covers.
    pub size: u64,
    /// The signed root.
    pub root: Option<Digest>,
    /// Entries that were read and hashed.
    pub entries: u64,
    /// Tiles of hashes that were recomputed and compared.
    pub tiles: u64,
    /// Journal rows that were compared with their entries.
    pub rows: u64,
    /// Journal rows that wait to be sequenced.
    pub pending: u64,
    /// The first thing that is wrong; `None` if all is well.
    pub finding: Option<Finding>,
}

impl Report {
    /// Whether everything that was signed is there and unchanged.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.finding.is_none()
    }
}

/// A run of verification stops at the first finding or at an error of the journal's iterator.
enum Stop<E> {
    Finding(Finding),
    Journal(E),
}

impl<E> From<Finding> for Stop<E> {
    fn from(finding: Finding) -> Self {
        Self::Finding(finding)
    }
}

/// Verifies a log against the key that is trusted for it and against the journal.
///
/// `journal` yields number and entry bytes of every row, in order, from [`FIRST_SEQ`]. Rows beyond the checkpoint are
/// counted, not judged.
///
/// # Errors
/// The error of the journal's iterator. Whatever is wrong with the log is in the report, not an error.
pub fn verify<S: TileSource, E>(
    source: &S,
    key: &VerifierKey,
    journal: impl IntoIterator<Item = Result<(u64, Vec<u8>), E>>,
) -> Result<Report, E> {
    let mut report = Report::default();
    let outcome = run(source, key, journal.into_iter(), &mut report);
    match outcome {
        Ok(()) => Ok(report),
        Err(Stop::Finding(finding)) => {
            report.finding = Some(finding);
            Ok(report)
        }
        Err(Stop::Journal(error)) => Err(error),
    }
}

fn run<S: TileSource, E>(
    source: &S,
    key: &VerifierKey,
    mut journal: impl Iterator<Item = Result<(u64, Vec<u8>), E>>,
    report: &mut Report,
) -> Result<(), Stop<E>> {
    let finding = |path: &str, problem| Finding { path: path.to_owned(), offset: 0, problem };
    let note = match read_file(source, CHECKPOINT_PATH) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(finding(CHECKPOINT_PATH, Problem::Missing).into()),
        Err(_) => return Err(finding(CHECKPOINT_PATH, Problem::Unreadable).into()),
    };
    let checkpoint = std::str::from_utf8(&note).ok().and_then(|note| Checkpoint::open(note, key).ok());
    let checkpoint = checkpoint.ok_or_else(|| finding(CHECKPOINT_PATH, Problem::Checkpoint))?;
    report.origin.clone_from(&checkpoint.origin);
    (report.size, report.root) = (checkpoint.size, Some(checkpoint.root));
    let mut log = Log { source, checkpoint: &checkpoint, edge: Edge::default(), tiles: 0 };
    for index in 0..checkpoint.size.div_ceil(TILE_WIDTH) {
        let id = TileId::in_tree(TileKind::Entries, index, checkpoint.size);
        let id = id.ok_or_else(|| finding(CHECKPOINT_PATH, Problem::Malformed))?;
        let rows: Result<Vec<_>, E> = journal.by_ref().take(id.width()).collect();
        let rows = rows.map_err(Stop::Journal)?;
        log.bundle(id, &rows)?;
        (report.entries, report.tiles) = (log.edge.size(), log.tiles);
        report.rows += rows.len() as u64;
    }
    log.right_edge()?;
    report.tiles = log.tiles;
    for row in journal {
        row.map_err(Stop::Journal)?;
        report.pending += 1;
    }
    Ok(())
}

fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    if a == b {
        return None;
    }
    let common = a.iter().zip(b).position(|(a, b)| a != b);
    Some(common.unwrap_or_else(|| a.len().min(b.len())))
}

/// The log that is recomputed from its entries, beside the one that is stored.
struct Log<'a, S> {
    source: &'a S,
    checkpoint: &'a Checkpoint,
    edge: Edge,
    tiles: u64,
}

impl<S: TileSource> Log<'_, S> {
    fn read(&self, id: TileId) -> Result<(String, Vec<u8>), Finding> {
        read_tile(self.source, id).map_err(|error| {
            let problem = match error {
                Error::Read { .. } => Problem::Unreadable,
                _ => Problem::Missing,
            };
            Finding { path: id.to_string(), offset: 0, problem }
        })
    }

    /// Checks a bundle: its form, the tiles that it completes, and the rows of the journal that belong to it.
    fn bundle(&mut self, id: TileId, rows: &[(u64, Vec<u8>)]) -> Result<(), Finding> {
        let (path, bytes) = self.read(id)?;
        let bad = |offset: usize, problem| Finding { path: path.clone(), offset: offset as u64, problem };
        // A bundle that was read in place of its partial form is full.
        let expected = if path == id.to_string() { id.width() } else { TILE_WIDTH as usize };
        let first = self.edge.size();
        let checked = split_bundle(&bytes)
            .map_err(|offset| bad(offset, Problem::Malformed))
            .and_then(|entries| match entries.get(expected) {
                None if entries.len() == expected => Ok(entries),
                None => Err(bad(bytes.len(), Problem::Malformed)),
                Some((offset, _)) => Err(bad(*offset, Problem::Malformed)),
            })
            .and_then(|entries| {
                self.tiles_of(id, &entries)?;
                Ok(entries)
            });
        let entries = checked.map_err(|finding| match finding.problem {
            Problem::Malformed | Problem::EntryChanged if finding.path == path => {
                match self.exact(id, &bytes, rows) {
                    Some(offset) => bad(offset, finding.problem),
                    None => finding,
                }
            }
            _ => finding,
        })?;
        for (slot, (offset, entry)) in entries.into_iter().take(id.width()).enumerate() {
            let index = first + slot as u64;
            if JournalEntry::parse_at(entry, index).is_err() {
                return Err(bad(offset, Problem::EntryForm));
            }
            let seq = index + FIRST_SEQ;
            let row = |offset, problem| Finding { path: format!("journal/{seq}"), offset, problem };
            let stored = rows.get(slot).filter(|(found, _)| *found == seq);
            let (_, stored) = stored.ok_or_else(|| row(0, Problem::RowMissing))?;
            if let Some(at) = first_difference(entry, stored) {
                let leaves = TileId::in_tree(TileKind::Hashes { level: 0 }, id.index(), self.checkpoint.size);
                let signed = leaves.is_some_and(|id| self.is_signed(id, slot, &leaf_hash(entry)));
                let (in_row, in_bundle) = (at as u64, offset + 2 + at);
                return Err(if signed {
                    row(in_row, Problem::RowChanged)
                } else {
                    bad(in_bundle, Problem::EntryChanged)
                });
            }
        }
        Ok(())
    }

    /// Adds the entries of a bundle to the recomputed log and compares the tiles that they complete.
    fn tiles_of(&mut self, id: TileId, entries: &[(usize, &[u8])]) -> Result<(), Finding> {
        let mut full = Vec::new();
        for (_, entry) in entries.iter().take(id.width()) {
            self.edge.push(leaf_hash(entry), &mut full);
        }
        if !id.is_full() {
            full.extend(self.edge.partials().next().map(|(tile, hashes)| (tile, hashes.to_vec())));
        }
        // The lowest tile comes first: it says which entry is bad, where the ones above know only a range.
        full.iter().try_for_each(|(tile, hashes)| self.compare(*tile, hashes))
    }

    /// The first byte of a bundle that differs from the journal, if the stored tile speaks for the journal.
    fn exact(&self, id: TileId, stored: &[u8], rows: &[(u64, Vec<u8>)]) -> Option<usize> {
        let leaves = TileId::in_tree(TileKind::Hashes { level: 0 }, id.index(), self.checkpoint.size)?;
        let mut tiles = TileReader::new(self.source, self.checkpoint.size);
        let hashes = tiles.tile(leaves).ok()?;
        let same =
            rows.len() == hashes.len() && rows.iter().zip(hashes).all(|(row, h)| leaf_hash(&row.1) == *h);
        let mut expected = Vec::new();
        for (_, row) in rows.iter().filter(|_| same) {
            push_entry(&mut expected, row).ok()?;
        }
        same.then(|| first_difference(&expected, stored)).flatten()
    }

    /// Compares the unfinished tiles and the root.
    fn right_edge(&mut self) -> Result<(), Finding> {
        let partials: Vec<_> = self.edge.partials().map(|(tile, hashes)| (tile, hashes.to_vec())).collect();
        for (tile, hashes) in partials {
            // The lowest one was compared with its bundle.
            if tile.kind() != (TileKind::Hashes { level: 0 }) {
                self.compare(tile, &hashes)?;
            }
        }
        if self.edge.root() == self.checkpoint.root {
            return Ok(());
        }
        // The third line of the checkpoint is the root.
        let offset = self.checkpoint.origin.len() + 1 + self.checkpoint.size.to_string().len() + 1;
        Err(Finding { path: CHECKPOINT_PATH.to_owned(), offset: offset as u64, problem: Problem::Root })
    }

    /// Compares a stored tile with the hashes that follow from the entries, and on a difference says which is bad.
    fn compare(&mut self, id: TileId, expected: &[Digest]) -> Result<(), Finding> {
        let (path, stored) = self.read(id)?;
        self.tiles += 1;
        let expected = tile_bytes(expected);
        let length = if path == id.to_string() { expected.len() } else { 32 * TILE_WIDTH as usize };
        let read = stored.get(..expected.len()).unwrap_or(&stored);
        let Some(difference) = first_difference(&expected, read) else {
            return if stored.len() == length {
                Ok(())
            } else {
                Err(Finding { path, offset: stored.len().min(length) as u64, problem: Problem::Malformed })
            };
        };
        let slot = difference / 32;
        let hash =
            |bytes: &[u8]| bytes.get(32 * slot..).and_then(|rest| rest.first_chunk().copied()).map(Digest);
        if hash(&stored).is_some_and(|hash| self.is_signed(id, slot, &hash)) {
            return Err(self.below(id, slot));
        }
        let problem = if stored.len() < expected.len() { Problem::Malformed } else { Problem::HashChanged };
        Err(Finding { path, offset: difference as u64, problem })
    }

    /// Whether the stored tiles lead from this hash to the signed root.
    fn is_signed(&self, id: TileId, slot: usize, hash: &Digest) -> bool {
        let TileKind::Hashes { level } = id.kind() else { return false };
        let node = id.index() * TILE_WIDTH + slot as u64;
        let shift = 8 * u32::from(level);
        let mut tiles = TileReader::new(self.source, self.checkpoint.size);
        let Ok(proof) = inclusion_proof(&mut tiles, node << shift, self.checkpoint.size) else {
            return false;
        };
        // Above complete subtrees of equal size the tree has the shape of a smaller one, whose leaves they are.
        let above = proof.get(shift as usize..).unwrap_or_default();
        let nodes = self.checkpoint.size.div_ceil(1 << shift);
        verify_inclusion(hash, node, nodes, above, &self.checkpoint.root).is_ok()
    }

    /// The finding for entries that differ from a hash that is signed.
    fn below(&self, id: TileId, slot: usize) -> Finding {
        let size = self.checkpoint.size;
        let (bundle, problem) = match id.kind() {
            TileKind::Hashes { level: level @ 1.. } => {
                let node = id.index() * TILE_WIDTH + slot as u64;
                (node << (8 * u32::from(level) - 8), Problem::SubtreeChanged)
            }
            _ => (id.index(), Problem::EntryChanged),
        };
        let Some(bundle) = TileId::in_tree(TileKind::Entries, bundle, size) else {
            return Finding { path: id.to_string(), offset: 32 * slot as u64, problem };
        };
        let (path, bytes) = self.read(bundle).unwrap_or_else(|finding| (finding.path, Vec::new()));
        let entries = split_bundle(&bytes).unwrap_or_default();
        let offset = match problem {
            Problem::EntryChanged => entries.get(slot).map_or(0, |(offset, _)| *offset as u64),
            _ => 0,
        };
        Finding { path, offset, problem }
    }
}
