//! Appending: entries become tiles.

use base::Digest;

use crate::Error;
use crate::merkle::{empty_root, leaf_hash, node_hash, root_of};
use crate::tile::{
    ENTRY_BYTES_MAX, TILE_WIDTH, TileId, TileKind, TileReader, TileSource, parse_bundle, push_entry,
    read_tile, tile_bytes,
};

/// The right edge of a tree: for each tile level the hashes of its unfinished tile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edge {
    size: u64,
    tails: Vec<Vec<Digest>>,
}

impl Edge {
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf and hands over every tile that it fills.
    pub(crate) fn push(&mut self, leaf: Digest, full: &mut Vec<(TileId, Vec<Digest>)>) {
        self.size += 1;
        let (mut hash, mut level) = (leaf, 0);
        loop {
            if self.tails.len() == level {
                self.tails.push(Vec::with_capacity(TILE_WIDTH as usize));
            }
            let Some(tail) = self.tails.get_mut(level) else { return };
            tail.push(hash);
            if (tail.len() as u64) < TILE_WIDTH {
                return;
            }
            hash = root_of(tail);
            let hashes = std::mem::replace(tail, Vec::with_capacity(TILE_WIDTH as usize));
            let kind = TileKind::Hashes { level: level as u8 };
            let index = self.size.checked_shr(8 * (level as u32 + 1)).unwrap_or(0).saturating_sub(1);
            if let Some(id) = TileId::in_tree(kind, index, self.size) {
                full.push((id, hashes));
            }
            level += 1;
        }
    }

    /// The unfinished tiles, lowest first.
    pub(crate) fn partials(&self) -> impl Iterator<Item = (TileId, &[Digest])> {
        self.tails.iter().enumerate().filter_map(|(level, tail)| {
            let index = self.size.checked_shr(8 * (level as u32 + 1)).unwrap_or(0);
            let id = TileId::in_tree(TileKind::Hashes { level: level as u8 }, index, self.size)?;
            Some((id, tail.as_slice()))
        })
    }

    pub(crate) fn root(&self) -> Digest {
        // The tails, seen from the lowest level up, are the complete subtrees of the tree from right to left.
        let mut root: Option<Digest> = None;
        for tail in &self.tails {
            let mut end = tail.len();
            while end > 0 {
                let start = end & (end - 1);
                let peak = root_of(tail.get(start..end).unwrap_or_default());
                root = Some(root.map_or(peak, |right| node_hash(&peak, &right)));
                end = start;
            }
        }
        root.unwrap_or_else(empty_root)
    }
}

/// A file to be written below the log's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileWrite {
    /// Where.
    pub path: String,
    /// What.
    pub bytes: Vec<u8>,
}

/// What one group of entries did to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Index of the first entry of the group.
    pub first: u64,
    /// Size of the log with the group.
    pub size: u64,
    /// Root of the log with the group: what the next checkpoint signs.
    pub root: Digest,
    /// Files to write, durably and before the checkpoint. Writing one again gives the same bytes.
    pub writes: Vec<TileWrite>,
    /// Folders of partial tiles that may be removed after the checkpoint: their full tiles are among the writes.
    pub superseded: Vec<String>,
}

/// The state of a log that grows: its size, its right edge and its unfinished bundle.
///
/// The order of work for the caller: append → write the files and sync them → sign and publish the checkpoint → remove
/// what is superseded. After a crash at any point, resume from the last published checkpoint and append the same entries
/// again: the same files come out.
#[derive(Debug, Clone, Default)]
pub struct Sequencer {
    edge: Edge,
    /// The bytes of the unfinished bundle.
    bundle: Vec<u8>,
}

impl Sequencer {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A log as its tiles and its last checkpoint say.
    ///
    /// # Errors
    /// [`Error::Tile`] or [`Error::Read`] if a tile of the right edge cannot be read; [`Error::Proof`] if the tiles are
    /// not those of the checkpoint.
    pub fn resume(source: &impl TileSource, size: u64, root: &Digest) -> Result<Self, Error> {
        let mut tiles = TileReader::new(source, size);
        let mut sequencer = Self { edge: Edge { size, tails: Vec::new() }, bundle: Vec::new() };
        let mut level = 0;
        while size.checked_shr(8 * u32::from(level)).is_some_and(|hashes| hashes > 0) {
            let index = size.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
            let id = TileId::in_tree(TileKind::Hashes { level }, index, size);
            sequencer.edge.tails.push(match id {
                Some(id) => tiles.tile(id)?.to_vec(),
                None => Vec::new(),
            });
            level += 1;
        }
        if sequencer.edge.root() != *root {
            return Err(Error::Proof { what: "tiles are not those of the checkpoint" });
        }
        if let Some(id) = TileId::in_tree(TileKind::Entries, size / TILE_WIDTH, size) {
            let (path, bytes) = read_tile(source, id)?;
            let leaves = sequencer.edge.tails.first().map(Vec::as_slice).unwrap_or_default();
            for (entry, leaf) in parse_bundle(id, &bytes)?.into_iter().zip(leaves) {
                if leaf_hash(entry) != *leaf {
                    return Err(Error::Tile { path, what: "an entry is not that of its tile" });
                }
                push_entry(&mut sequencer.bundle, entry)?;
            }
        }
        Ok(sequencer)
    }

    /// Number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Root of all entries.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.edge.root()
    }

    /// Appends a group of entries.
    ///
    /// # Errors
    /// [`Error::Entry`] if an entry is longer than [`ENTRY_BYTES_MAX`]; then nothing was appended.
    pub fn append<E: AsRef<[u8]>>(&mut self, entries: &[E]) -> Result<Batch, Error> {
        if entries.iter().any(|entry| entry.as_ref().len() > ENTRY_BYTES_MAX) {
            return Err(Error::Entry { what: "too long" });
        }
        let mut batch = Batch {
            first: self.size(),
            size: 0,
            root: empty_root(),
            writes: Vec::new(),
            superseded: Vec::new(),
        };
        let mut full = Vec::new();
        for entry in entries {
            push_entry(&mut self.bundle, entry.as_ref())?;
            self.edge.push(leaf_hash(entry.as_ref()), &mut full);
            if self.size().is_multiple_of(TILE_WIDTH) {
                let index = self.size() / TILE_WIDTH - 1;
                if let Some(id) = TileId::in_tree(TileKind::Entries, index, self.size()) {
                    batch.full(id, std::mem::take(&mut self.bundle));
                }
            }
            for (id, hashes) in full.drain(..) {
                batch.full(id, tile_bytes(&hashes));
            }
        }
        if !entries.is_empty() {
            self.write_partials(&mut batch);
        }
        batch.size = self.size();
        batch.root = self.root();
        Ok(batch)
    }

    /// Writes the unfinished tiles that the batch changed; the others lie there already.
    fn write_partials(&self, batch: &mut Batch) {
        let size = self.size();
        if let Some(id) = TileId::in_tree(TileKind::Entries, size / TILE_WIDTH, size) {
            batch.writes.push(TileWrite { path: id.to_string(), bytes: self.bundle.clone() });
        }
        for (id, hashes) in self.edge.partials() {
            if TileId::in_tree(id.kind(), id.index(), batch.first) != Some(id) {
                batch.writes.push(TileWrite { path: id.to_string(), bytes: tile_bytes(hashes) });
            }
        }
    }
}

impl Batch {
    fn full(&mut self, id: TileId, bytes: Vec<u8>) {
        self.superseded.push(id.partials_folder());
        self.writes.push(TileWrite { path: id.to_string(), bytes });
    }
}
