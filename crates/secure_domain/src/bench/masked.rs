//! A whole table masked in one pass.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::reader::ChunkReader;
use privacy::masking::{BatchMask, ColumnMask, MaskKey};

use super::{BenchTables, object};
use crate::Error;
use crate::objects::{ObjectFile, ParquetObject, Rewrite, SealedChunks, parquet_properties};

/// How a table is masked.
#[derive(Debug, Clone, Copy)]
pub struct Masked<'a> {
    /// Its columns.
    pub columns: &'a [ColumnMask],
    /// The project's key.
    pub key: &'a MaskKey,
    /// Threads that are kept busy.
    pub threads: usize,
}

impl Masked<'_> {
    /// From one clear Parquet file into another; rows written. Blocks.
    ///
    /// # Errors
    /// `domain.io`, `domain.run_failed`, or a mask that does not fit its column.
    pub fn clear(&self, from: &Path, into: &Path) -> Result<u64, Error> {
        let open = || File::open(from).map_err(Error::from);
        let masks = self.masks(&open()?)?;
        let writer = ArrowWriter::try_new(File::create(into)?, masks.schema(), Some(parquet_properties()))
            .map_err(|_| Error::RunFailed)?;
        let change = |batch: &RecordBatch, number| masks.mask(batch, number).map_err(Error::from);
        let (file, rows) = Rewrite { open, change, threads: self.threads }.write(writer)?;
        file.sync_all()?;
        Ok(rows)
    }

    /// From the sealed table of a number into the sealed object of another, as zones do it; rows written. Blocks.
    ///
    /// # Errors
    /// As [`Self::clear`], and `domain.order_used` if that is there.
    pub fn sealed(&self, tables: &BenchTables, from: u8, into: u8) -> Result<u64, Error> {
        let file = Arc::new(ObjectFile::open(&tables.dir, &tables.keys, &object(from))?);
        let open = || Ok(SealedChunks(Arc::clone(&file)));
        let masks = self.masks(&open()?)?;
        let (key, context) = tables.keys.open(&object(into))?;
        let into = ParquetObject::create(&tables.dir, &key, &context, masks.schema())?;
        let change = |batch: &RecordBatch, number| masks.mask(batch, number).map_err(Error::from);
        Ok(into.rewrite(&Rewrite { open, change, threads: self.threads })?.rows)
    }

    fn masks(&self, from: &impl ChunkReader) -> Result<BatchMask, Error> {
        let metadata =
            ArrowReaderMetadata::load(from, ArrowReaderOptions::new()).map_err(|_| Error::RunFailed)?;
        Ok(BatchMask::new(metadata.schema(), self.columns, self.key)?)
    }
}
