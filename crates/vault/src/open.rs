//! Opening, whole or by ranges.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use zeroize::Zeroizing;

use crate::Error;
use crate::format::{ChunkCipher, HEADER_BYTES, Header, Layout, SealContext};
use crate::keys::DataKey;
use crate::suite::TAG_BYTES;

/// Opens any range of one sealed object; it does not read, it is given bytes.
///
/// A range proves itself: its bytes, their place, their object and their tenant. It does not prove that the object is
/// whole; [`Opener::check_end`] does, once per object.
#[derive(Clone)]
pub struct Opener {
    cipher: ChunkCipher,
    layout: Layout,
}

impl Opener {
    /// From the first [`HEADER_BYTES`] bytes of the object and its length.
    ///
    /// # Errors
    /// [`Error::Format`] if this is no sealed object, [`Error::Open`] if it is another object or cut short.
    pub fn new(header: &[u8], sealed_len: u64, key: &DataKey, context: &SealContext) -> Result<Self, Error> {
        let header = Header::parse(header)?;
        if header.object != context.object {
            return Err(Error::Open { chunk: 0 });
        }
        let layout = Layout::new(header.chunk, sealed_len)?;
        Ok(Self { cipher: ChunkCipher::new(&header, key, context)?, layout })
    }

    /// Length of the plain bytes.
    #[must_use]
    pub const fn plain_len(&self) -> u64 {
        self.layout.plain_len
    }

    /// The sealed bytes that are needed to open a range of plain bytes: whole chunks, in one piece.
    ///
    /// # Errors
    /// [`Error::Range`] if the range does not lie inside the object.
    pub fn sealed_range(&self, plain: Range<u64>) -> Result<Range<u64>, Error> {
        self.layout.check(&plain)?;
        let start = self.layout.sealed_range(self.layout.chunk_of(plain.start)).start;
        if plain.is_empty() {
            return Ok(start..start);
        }
        Ok(start..self.layout.sealed_range(self.layout.chunk_of(plain.end - 1)).end)
    }

    /// Where a chunk begins in the sealed object. *Units*: bytes.
    #[must_use]
    pub const fn chunk_start(&self, chunk: u64) -> u64 {
        self.layout.sealed_range(chunk).start
    }

    /// The sealed bytes that [`Opener::check_end`] needs.
    #[must_use]
    pub const fn end_range(&self) -> Range<u64> {
        self.layout.sealed_range(self.layout.chunks - 1)
    }

    /// Checks the final chunk, and with it that the object is as long as it was when it was sealed.
    ///
    /// # Errors
    /// [`Error::Open`] if anything was cut off or added, or is otherwise wrong.
    pub fn check_end(&self, sealed: &[u8]) -> Result<(), Error> {
        let chunk = self.layout.chunks - 1;
        let mut plain = Zeroizing::new(vec![0; sealed.len().saturating_sub(TAG_BYTES)]);
        self.cipher.open(chunk, true, sealed, &mut plain)
    }

    /// Opens a range of plain bytes, given the sealed bytes of [`Opener::sealed_range`].
    ///
    /// # Errors
    /// [`Error::Range`] if the range does not lie inside the object; [`Error::Open`] with the first bad chunk.
    pub fn open(&self, plain: Range<u64>, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.layout.check(&plain)?;
        let len = usize::try_from(plain.end - plain.start).map_err(|_| Error::Limit)?;
        let mut out = vec![0; len];
        self.open_into(plain.start, sealed, &mut out)?;
        Ok(out)
    }

    /// Opens the plain bytes from `start` on into all of `out`, given the sealed bytes of [`Opener::sealed_range`].
    ///
    /// On an error `out` may hold bytes of the chunks before the bad one.
    ///
    /// # Errors
    /// As [`Opener::open`].
    pub fn open_into(&self, start: u64, sealed: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let wanted = start..start.saturating_add(out.len() as u64);
        let range = self.sealed_range(wanted.clone())?;
        if sealed.len() as u64 != range.end - range.start {
            return Err(Error::Open { chunk: self.layout.chunk_of(start) });
        }
        let (mut sealed, mut out) = (sealed, out);
        let mut chunk = self.layout.chunk_of(start);
        let mut edge = Zeroizing::new(Vec::new());
        while !out.is_empty() {
            let short = || Error::Open { chunk };
            let plain = self.layout.plain_range(chunk);
            let chunk_len = usize::try_from(plain.end - plain.start).map_err(|_| Error::Limit)?;
            let (this, rest) = sealed.split_at_checked(chunk_len + TAG_BYTES).ok_or_else(short)?;
            let from = plain.start.max(wanted.start);
            let taken = usize::try_from(plain.end.min(wanted.end) - from).map_err(|_| Error::Limit)?;
            let (here, later) = out.split_at_mut_checked(taken).ok_or_else(short)?;
            let last = self.layout.is_last(chunk);
            if taken == chunk_len {
                self.cipher.open(chunk, last, this, here)?;
            } else {
                edge.resize(chunk_len, 0);
                self.cipher.open(chunk, last, this, &mut edge)?;
                let skip = usize::try_from(from - plain.start).map_err(|_| Error::Limit)?;
                here.copy_from_slice(edge.get(skip..skip + taken).ok_or_else(short)?);
            }
            (sealed, out, chunk) = (rest, later, chunk + 1);
        }
        Ok(())
    }
}

/// Opens a whole sealed object at once.
///
/// # Errors
/// [`Error::Format`] if this is no sealed object, [`Error::Open`] if anything about it is wrong.
pub fn open_bytes(key: &DataKey, context: &SealContext, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let opener = Opener::new(sealed, sealed.len() as u64, key, context)?;
    let body = sealed.get(HEADER_BYTES..).unwrap_or_default();
    if opener.plain_len() == 0 {
        opener.check_end(body)?;
        return Ok(Vec::new());
    }
    opener.open(0..opener.plain_len(), body)
}

/// A reader over the plain bytes of a sealed object.
///
/// The end of the object is checked when the reader is made, each chunk when it is first read. A chunk that fails is an
/// [`io::Error`] of kind `InvalidData` around an [`Error`].
pub struct OpenReader<R> {
    inner: R,
    opener: Opener,
    position: u64,
    /// The chunk whose plain bytes `plain` holds.
    held: Option<u64>,
    plain: Zeroizing<Vec<u8>>,
}

impl<R: Read + Seek> OpenReader<R> {
    /// Reads header and end of a sealed object that is all of `inner`.
    ///
    /// # Errors
    /// [`Error::Format`] if this is no sealed object, [`Error::Open`] if it is another one, cut short or tampered with,
    /// [`Error::Io`] if `inner` fails.
    pub fn new(mut inner: R, key: &DataKey, context: &SealContext) -> Result<Self, Error> {
        let sealed_len = inner.seek(SeekFrom::End(0))?;
        let mut header = [0; HEADER_BYTES];
        if sealed_len < HEADER_BYTES as u64 {
            return Err(Error::Format { what: "header length" });
        }
        inner.seek(SeekFrom::Start(0))?;
        inner.read_exact(&mut header)?;
        let opener = Opener::new(&header, sealed_len, key, context)?;
        // Allocated once: a buffer that grows would leave plain bytes behind in freed memory.
        let chunk = opener.layout.sealed_range(0);
        let chunk = usize::try_from(chunk.end - chunk.start).map_err(|_| Error::Limit)?;
        let mut reader =
            Self { inner, opener, position: 0, held: None, plain: Zeroizing::new(Vec::with_capacity(chunk)) };
        reader.load(reader.opener.layout.chunks - 1)?;
        Ok(reader)
    }

    /// Length of the plain bytes.
    #[must_use]
    pub const fn plain_len(&self) -> u64 {
        self.opener.plain_len()
    }

    fn load(&mut self, chunk: u64) -> Result<(), Error> {
        if self.held == Some(chunk) {
            return Ok(());
        }
        self.held = None;
        let range = self.opener.layout.sealed_range(chunk);
        let len = usize::try_from(range.end - range.start).map_err(|_| Error::Limit)?;
        self.plain.resize(len, 0);
        self.inner.seek(SeekFrom::Start(range.start))?;
        self.inner.read_exact(&mut self.plain)?;
        let last = self.opener.layout.is_last(chunk);
        self.opener.cipher.open_in_place(chunk, last, &mut self.plain)?;
        self.held = Some(chunk);
        Ok(())
    }
}

impl<R: Read + Seek> Read for OpenReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || self.position >= self.plain_len() {
            return Ok(0);
        }
        let chunk = self.opener.layout.chunk_of(self.position);
        self.load(chunk)?;
        let skip = usize::try_from(self.position - self.opener.layout.plain_range(chunk).start)
            .map_err(|_| Error::Limit)?;
        // Copying out of a slice is what `Read` for slices does.
        let taken = self.plain.get(skip..).unwrap_or_default().read(out)?;
        self.position += taken as u64;
        Ok(taken)
    }
}

impl<R: Read + Seek> Seek for OpenReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.plain_len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
