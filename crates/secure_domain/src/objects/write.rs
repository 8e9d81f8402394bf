//! Writing sealed Parquet objects.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use base::{Digest, Id, kind};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::ChunkReader;
use serde::{Deserialize, Serialize};
use vault::{DataKey, SealContext, Sealer};

use super::content::{CONTENT_KEY, Content};
use super::object_path;
use super::rewrite::Rewrite;
use crate::Error;

/// Rows of a row group: small enough that two cores share a table of some hundred thousand rows.
const ROW_GROUP_ROWS: usize = 256 * 1024;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The object.
    pub object: Id<kind::Object>,
    /// Digest of the sealed bytes.
    pub digest: Digest,
    /// Bytes on disk.
    pub sealed_bytes: u64,
    /// Rows.
    pub rows: u64,
}

/// A Parquet file that is sealed while it is written. Nothing is visible before [`ParquetObject::finish`]; a writer that
/// is dropped removes its temporary file.
pub struct ParquetObject {
    writer: Option<ArrowWriter<Sealer<BufWriter<File>>>>,
    temporary: PathBuf,
    target: PathBuf,
    object: Id<kind::Object>,
    rows: u64,
}

impl ParquetObject {
    /// Starts an object without a mark; a zone takes it for neither raw data nor a result.
    ///
    /// # Errors
    /// `domain.order_used` if the object exists already, `domain.io` if the disk refuses.
    pub fn create(
        objects_dir: &Path,
        key: &DataKey,
        context: &SealContext,
        schema: SchemaRef,
    ) -> Result<Self, Error> {
        Self::start(objects_dir, key, context, schema, parquet_properties())
    }

    /// Starts an object that says under its seal what it holds.
    pub(crate) fn create_as(
        content: Content,
        objects_dir: &Path,
        key: &DataKey,
        context: &SealContext,
        schema: SchemaRef,
    ) -> Result<Self, Error> {
        let mark = KeyValue::new(CONTENT_KEY.to_owned(), content.name().to_owned());
        // What the engine plans by least and greatest values would tell, by its time, the value of whoever has the greatest.
        let statistics = match content {
            Content::Raw => EnabledStatistics::None,
            _ => EnabledStatistics::Page,
        };
        let properties = parquet_properties().into_builder().set_key_value_metadata(Some(vec![mark]));
        let properties = properties.set_statistics_enabled(statistics).build();
        Self::start(objects_dir, key, context, schema, properties)
    }

    fn start(
        objects_dir: &Path,
        key: &DataKey,
        context: &SealContext,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, Error> {
        let (temporary, target, file) = create(objects_dir, context.object)?;
        let sealer = Sealer::new(BufWriter::with_capacity(1 << 20, file), key, context, rand::random())?;
        let mut made = Self { writer: None, temporary, target, object: context.object, rows: 0 };
        made.writer = Some(ArrowWriter::try_new(sealer, schema, Some(properties)).map_err(parquet_fault)?);
        Ok(made)
    }

    /// Appends rows.
    ///
    /// # Errors
    /// `domain.io` if the disk refuses, `domain.run_failed` if the rows do not fit the schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let writer = self.writer.as_mut().ok_or(Error::RunFailed)?;
        writer.write(batch).map_err(parquet_fault)?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Fills the object with the rows of another file, changed batch by batch on several threads, and completes it.
    ///
    /// # Errors
    /// As [`Rewrite::write`] and [`ParquetObject::finish`].
    pub(crate) fn rewrite<R, Open, Change>(mut self, from: &Rewrite<Open, Change>) -> Result<Written, Error>
    where
        R: ChunkReader + 'static,
        Open: Fn() -> Result<R, Error> + Sync,
        Change: Fn(&RecordBatch, u64) -> Result<RecordBatch, Error> + Sync,
    {
        let writer = self.writer.take().ok_or(Error::RunFailed)?;
        let written = from.write(writer).and_then(|(sealer, rows)| {
            let (sealed, file) = sealer.finish()?;
            publish(file, &self.temporary, &self.target)?;
            Ok(Written {
                object: self.object,
                digest: sealed.digest,
                sealed_bytes: sealed.sealed_len,
                rows: self.rows + rows,
            })
        });
        if written.is_err() {
            // As when a writer is dropped.
            let _gone = fs::remove_file(&self.temporary);
        }
        written
    }

    /// Completes the object: footer, final chunk, sync, rename, sync of the folder.
    ///
    /// # Errors
    /// `domain.io` if the disk refuses.
    pub fn finish(mut self) -> Result<Written, Error> {
        let writer = self.writer.take().ok_or(Error::RunFailed)?;
        let sealer = writer.into_inner().map_err(parquet_fault)?;
        let (sealed, file) = sealer.finish()?;
        publish(file, &self.temporary, &self.target)?;
        let (digest, sealed_bytes) = (sealed.digest, sealed.sealed_len);
        Ok(Written { object: self.object, digest, sealed_bytes, rows: self.rows })
    }
}

impl Drop for ParquetObject {
    fn drop(&mut self) {
        if self.writer.is_some() {
            // Nothing can be done if it fails; the temporary file is sealed and unreachable.
            let _gone = fs::remove_file(&self.temporary);
        }
    }
}

/// How sealed tables are encoded, but for raw ones.
pub(crate) fn parquet_properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by("shuyu".to_owned())
        .build()
}

/// Seals some bytes as an object.
///
/// # Errors
/// `domain.order_used` if the object exists already, `domain.io` if the disk refuses.
pub fn write_sealed(
    objects_dir: &Path,
    key: &DataKey,
    context: &SealContext,
    bytes: &[u8],
) -> Result<Written, Error> {
    let (temporary, target, file) = create(objects_dir, context.object)?;
    let mut sealer = Sealer::new(BufWriter::new(file), key, context, rand::random())?;
    sealer.write_all(bytes)?;
    let (sealed, file) = sealer.finish()?;
    publish(file, &temporary, &target)?;
    Ok(Written { object: context.object, digest: sealed.digest, sealed_bytes: sealed.sealed_len, rows: 0 })
}

fn create(objects_dir: &Path, object: Id<kind::Object>) -> Result<(PathBuf, PathBuf, File), Error> {
    let target = object_path(objects_dir, object);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    if target.exists() {
        return Err(Error::OrderUsed);
    }
    let temporary = target.with_extension(format!("{:016x}.tmp", rand::random::<u64>()));
    let file = File::create_new(&temporary)?;
    Ok((temporary, target, file))
}

fn publish(writer: BufWriter<File>, temporary: &Path, target: &Path) -> Result<(), Error> {
    let file = writer.into_inner().map_err(|error| Error::Io(error.into_error()))?;
    file.sync_all()?;
    // A hard link does not replace: of two writers of one object the second fails.
    let linked = fs::hard_link(temporary, target).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists { Error::OrderUsed } else { Error::Io(error) }
    });
    fs::remove_file(temporary)?;
    linked?;
    if let Some(folder) = target.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

pub(super) fn parquet_fault(error: parquet::errors::ParquetError) -> Error {
    match error {
        parquet::errors::ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => (*io).into(),
            Err(_) => Error::RunFailed,
        },
        _ => Error::RunFailed,
    }
}
