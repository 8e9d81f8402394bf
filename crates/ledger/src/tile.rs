//! Tiles of a log as files: names, formats, and reading hashes and entries back (C2SP tlog-tiles).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::str::FromStr;

use base::Digest;

use crate::Error;
use crate::merkle::{Nodes, root_of};

/// Hashes in a full tile and entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// Limit: bytes of one entry; its length is written as two bytes.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;
/// Path of the checkpoint below the log's prefix.
pub const CHECKPOINT_PATH: &str = "checkpoint";

const HASH_BYTES: usize = 32;
const LEVEL_MAX: u8 = 63;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Entries, each preceded by its length.
    Entries,
    /// Hashes of complete subtrees of `256^level` entries.
    Hashes {
        /// Level of the tile, 0 for leaf hashes.
        level: u8,
    },
}

/// The name of a tile. Its text is the path below the log's prefix, for example `tile/0/x001/234.p/17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    kind: TileKind,
    index: u64,
    /// 1 to 256.
    width: u16,
}

impl TileId {
    /// The tile of a kind that has an index in a tree of `size` entries, full or partial; `None` if it would be empty.
    #[must_use]
    pub fn in_tree(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let shift = match kind {
            TileKind::Entries => 0,
            TileKind::Hashes { level } => 8 * u32::from(level),
        };
        let hashes = size.checked_shr(shift).unwrap_or(0);
        let width = hashes.checked_sub(index.checked_mul(TILE_WIDTH)?)?.min(TILE_WIDTH);
        (width > 0).then_some(Self { kind, index, width: width as u16 })
    }

    /// Whether it is a bundle of entries, not of hashes.
    #[must_use]
    pub const fn is_entries(self) -> bool {
        matches!(self.kind, TileKind::Entries)
    }

    /// The full tile at the same place.
    #[must_use]
    pub const fn full(self) -> Self {
        Self { width: TILE_WIDTH as u16, ..self }
    }

    /// Whether the tile is full.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width as u64 == TILE_WIDTH
    }

    /// What the tile holds.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its index within its level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries in it, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width as usize
    }

    /// The folder that holds the partial forms of this tile, to be removed once the full tile is published.
    #[must_use]
    pub fn partials_folder(self) -> String {
        format!("{}.p", self.full())
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => f.write_str("tile/entries")?,
            TileKind::Hashes { level } => write!(f, "tile/{level}")?,
        }
        let mut divisor = 1;
        while self.index / divisor >= 1000 {
            divisor *= 1000;
        }
        while divisor > 1 {
            write!(f, "/x{:03}", self.index / divisor % 1000)?;
            divisor /= 1000;
        }
        write!(f, "/{:03}", self.index % 1000)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for TileId {
    type Err = Error;

    /// Reads a path. Only the exact form that [`fmt::Display`] writes is accepted, so that an accepted path is safe to
    /// join to a folder.
    fn from_str(path: &str) -> Result<Self, Error> {
        let parsed = parse(path).filter(|id| id.to_string() == path);
        parsed.ok_or_else(|| Error::Tile { path: path.chars().take(80).collect(), what: "not a tile path" })
    }
}

fn parse(path: &str) -> Option<TileId> {
    let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = match level {
        "entries" => TileKind::Entries,
        _ => TileKind::Hashes { level: level.parse().ok().filter(|level| *level <= LEVEL_MAX)? },
    };
    let (index, width) = match rest.split_once(".p/") {
        None => (rest, TILE_WIDTH as u16),
        Some((index, width)) => (index, width.parse().ok().filter(|width| (1..256).contains(width))?),
    };
    let mut value: u64 = 0;
    for part in index.split('/') {
        let digits = part.strip_prefix('x').unwrap_or(part);
        value = value.checked_mul(1000)?.checked_add(digits.parse().ok().filter(|part| *part < 1000)?)?;
    }
    Some(TileId { kind, index: value, width })
}

/// Where the files of a log are read from. Paths are those of [`TileId`] and [`CHECKPOINT_PATH`].
pub trait TileSource {
    /// The bytes of a file; `None` if there is none.
    ///
    /// # Errors
    /// When the file may exist but cannot be read.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;
}

impl<T: TileSource + ?Sized> TileSource for &T {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        (**self).read(path)
    }
}

impl TileSource for BTreeMap<String, Vec<u8>> {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.get(path).cloned())
    }
}

pub(crate) fn read_file(source: &impl TileSource, path: &str) -> Result<Option<Vec<u8>>, Error> {
    source.read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// Reads a tile; where the partial one is gone, the full one that replaced it. Returns the path that was read.
pub(crate) fn read_tile(source: &impl TileSource, id: TileId) -> Result<(String, Vec<u8>), Error> {
    for candidate in [id, id.full()] {
        let path = candidate.to_string();
        if let Some(bytes) = read_file(source, &path)? {
            return Ok((path, bytes));
        }
    }
    Err(Error::Tile { path: id.to_string(), what: "missing" })
}

/// Hashes as the bytes of a tile.
pub(crate) fn tile_bytes(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The first `id.width()` hashes of a tile that was read for `id`.
pub(crate) fn parse_hashes(id: TileId, path: &str, bytes: &[u8]) -> Result<Vec<Digest>, Error> {
    let wrong = || Error::Tile { path: path.to_owned(), what: "wrong length" };
    let full = HASH_BYTES * TILE_WIDTH as usize;
    if bytes.len() != id.width() * HASH_BYTES && bytes.len() != full {
        return Err(wrong());
    }
    let wanted = bytes.get(..id.width() * HASH_BYTES).ok_or_else(wrong)?;
    let (hashes, _) = wanted.as_chunks::<HASH_BYTES>();
    Ok(hashes.iter().copied().map(Digest).collect())
}

/// Appends an entry to a bundle.
pub(crate) fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), Error> {
    let len = u16::try_from(entry.len()).map_err(|_| Error::Entry { what: "too long" })?;
    bundle.extend_from_slice(&len.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle, each with its offset in the file; at the first malformed byte, its offset.
pub(crate) fn split_bundle(bytes: &[u8]) -> Result<Vec<(usize, &[u8])>, usize> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let offset = bytes.len() - rest.len();
        let (len, tail) = rest.split_first_chunk::<2>().ok_or(offset)?;
        let (entry, tail) = tail.split_at_checked(u16::from_be_bytes(*len).into()).ok_or(offset)?;
        entries.push((offset, entry));
        rest = tail;
    }
    Ok(entries)
}

/// The entries of a bundle.
///
/// # Errors
/// [`Error::Tile`] if the bytes are not a bundle of that many entries (or of 256).
pub fn parse_bundle(id: TileId, bytes: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let wrong = |what| Error::Tile { path: id.to_string(), what };
    let entries = split_bundle(bytes).map_err(|_| wrong("malformed bundle"))?;
    if entries.len() != id.width() && entries.len() as u64 != TILE_WIDTH {
        return Err(wrong("wrong number of entries"));
    }
    Ok(entries.into_iter().take(id.width()).map(|(_, entry)| entry).collect())
}

/// One entry of a log of `size` entries.
///
/// # Errors
/// [`Error::Range`] if there is no such entry; [`Error::Tile`] or [`Error::Read`] if its bundle cannot be read.
pub fn read_entry(source: &impl TileSource, index: u64, size: u64) -> Result<Vec<u8>, Error> {
    let range = || Error::Range { index, size };
    if index >= size {
        return Err(range());
    }
    let id = TileId::in_tree(TileKind::Entries, index / TILE_WIDTH, size).ok_or_else(range)?;
    let (_, bytes) = read_tile(source, id)?;
    let entries = parse_bundle(id, &bytes)?;
    entries.get((index % TILE_WIDTH) as usize).map(|entry| entry.to_vec()).ok_or_else(range)
}

/// Hashes of a log of a given size, read from its tiles; each tile is read once.
pub struct TileReader<S> {
    source: S,
    size: u64,
    tiles: HashMap<TileId, Vec<Digest>>,
}

impl<S: TileSource> TileReader<S> {
    /// Reads the tiles that a tree of `size` entries has.
    #[must_use]
    pub fn new(source: S, size: u64) -> Self {
        Self { source, size, tiles: HashMap::new() }
    }

    /// The hashes of one tile.
    pub(crate) fn tile(&mut self, id: TileId) -> Result<&[Digest], Error> {
        if !self.tiles.contains_key(&id) {
            let (path, bytes) = read_tile(&self.source, id)?;
            self.tiles.insert(id, parse_hashes(id, &path, &bytes)?);
        }
        Ok(self.tiles.get(&id).map(Vec::as_slice).unwrap_or_default())
    }
}

impl<S: TileSource> Nodes for TileReader<S> {
    fn node(&mut self, level: u8, index: u64) -> Result<Digest, Error> {
        // A node lies `row` levels above the hashes of its tile and covers 2^row of them.
        let (tile_level, row) = (level / 8, level % 8);
        let size = self.size;
        let range = || Error::Range { index, size };
        let id = TileId::in_tree(TileKind::Hashes { level: tile_level }, index >> (8 - row), size)
            .ok_or_else(range)?;
        let start = ((index << row) % TILE_WIDTH) as usize;
        let hashes = self.tile(id)?.get(start..start + (1 << row)).ok_or_else(range)?;
        Ok(root_of(hashes))
    }
}
