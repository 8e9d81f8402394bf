//! The rows of a sealed Parquet object, read without the query engine.

use std::io::{self, Read};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::{Buf as _, Bytes};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::ObjectFile;
use super::content::{CONTENT_KEY, Content};
use crate::Error;

/// Rows of a batch.
pub(crate) const BATCH_ROWS: usize = 64 * 1024;

/// Reads a sealed object for the Parquet decoder.
pub(crate) struct SealedChunks(pub(crate) Arc<ObjectFile>);

impl Length for SealedChunks {
    fn len(&self) -> u64 {
        self.0.plain_len()
    }
}

impl ChunkReader for SealedChunks {
    type T = SealedReader;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(SealedReader { file: Arc::clone(&self.0), position: start, held: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.range(start, start.saturating_add(length as u64))
    }
}

impl SealedChunks {
    fn range(&self, start: u64, end: u64) -> parquet::errors::Result<Bytes> {
        self.0.read(start..end).map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// Bytes opened ahead. The decoder asks for a reader to find the head of every page, which is short: to open all that
/// follows each time would be to open the object once a page.
const AHEAD_BYTES: u64 = 4 * 1024;

/// Plain bytes from a place on, opened as they are read.
pub(crate) struct SealedReader {
    file: Arc<ObjectFile>,
    position: u64,
    held: Bytes,
}

impl Read for SealedReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.held.is_empty() {
            let ahead = AHEAD_BYTES.max(into.len() as u64);
            let end = self.position.saturating_add(ahead).min(self.file.plain_len());
            if self.position >= end || into.is_empty() {
                return Ok(0);
            }
            self.held = self.file.read(self.position..end).map_err(io::Error::other)?;
            self.position = end;
        }
        let given = self.held.len().min(into.len());
        self.held.split_to(given).copy_to_slice(into.get_mut(..given).unwrap_or_default());
        Ok(given)
    }
}

/// Batches of an object, with some of its columns.
pub(crate) struct ObjectRows {
    reader: ParquetRecordBatchReader,
    /// The columns read, in the object's order.
    pub(crate) schema: SchemaRef,
    /// Rows of the object.
    pub(crate) rows: u64,
    /// What the object says it holds.
    pub(crate) content: Content,
}

impl ObjectRows {
    /// Starts reading; `columns` absent means all.
    pub(crate) fn open(file: &Arc<ObjectFile>, columns: Option<&[String]>) -> Result<Self, Error> {
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(SealedChunks(Arc::clone(file))).map_err(fault)?;
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let marks = builder.metadata().file_metadata().key_value_metadata();
        let mark = marks.and_then(|marks| marks.iter().find(|mark| mark.key == CONTENT_KEY));
        let content = mark
            .map_or(Content::Unmarked, |mark| Content::from_name(mark.value.as_deref().unwrap_or_default()));
        let all = Arc::clone(builder.schema());
        let builder = builder.with_batch_size(BATCH_ROWS);
        let (builder, schema) = match columns {
            None => (builder, all),
            Some(columns) => {
                let mut indexes = Vec::with_capacity(columns.len());
                for column in columns {
                    indexes.push(all.index_of(column).map_err(|_| Error::unknown("column", column))?);
                }
                indexes.sort_unstable();
                indexes.dedup();
                let schema = Arc::new(all.project(&indexes).map_err(|_| Error::RunFailed)?);
                let mask = ProjectionMask::roots(builder.parquet_schema(), indexes);
                (builder.with_projection(mask), schema)
            }
        };
        Ok(Self { reader: builder.build().map_err(fault)?, schema, rows, content })
    }
}

impl ObjectRows {
    /// Refuses an object that holds something else.
    pub(crate) fn check_content(&self, allowed: &[Content]) -> Result<(), Error> {
        let fits = allowed.contains(&self.content);
        if fits { Ok(()) } else { Err(Error::OrderMismatch { what: "content" }) }
    }
}

impl Iterator for ObjectRows {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next().map(|batch| batch.map_err(|error| fault(error.into())))
    }
}

/// A seal that does not open keeps its code; everything else is a fault of the run.
pub(super) fn fault(error: ParquetError) -> Error {
    let source = std::error::Error::source(&error);
    // A reader can only fail as readers do, around what it is.
    let read =
        source.and_then(|source| source.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<Error>());
    match source.and_then(|source| source.downcast_ref::<Error>()).or(read) {
        Some(Error::Vault(vault::Error::Open { chunk })) => vault::Error::Open { chunk: *chunk }.into(),
        _ => Error::RunFailed,
    }
}
