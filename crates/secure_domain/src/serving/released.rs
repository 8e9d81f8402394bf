//! Whole releases as tables: what left the domain and is no raw data, marked for a buyer, and leaked parts of it.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType as ArrowType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use privacy::watermark::{self, Buyer, Capacity, Finding, Spec, WatermarkKey};

use super::canonical::{form, is_formula, sorted};
use super::whole;
use crate::Error;
use crate::intake::decode;
use crate::objects::{BATCH_ROWS, Content, KeyRing, ObjectFile};
use crate::protocol::{CanonicalFormat, ObjectRef};

/// Limit: columns of a leaked table.
const COLUMNS_MAX: usize = 500;

/// A table of released cells.
pub struct ReleasedTable(RecordBatch);

impl ReleasedTable {
    /// Opens a release in canonical form. Blocks.
    ///
    /// # Errors
    /// `domain.order_mismatch` for raw rows, twins and results that have not left; `vault.open`; `domain.limit`.
    pub fn open(objects_dir: &Path, keys: &KeyRing, object: &ObjectRef) -> Result<Self, Error> {
        let file = Arc::new(ObjectFile::open(objects_dir, keys, object)?);
        Ok(Self(whole(&file, &[Content::Unmarked])?))
    }

    /// The table with these columns only, in this order.
    ///
    /// # Errors
    /// `domain.unknown` for a column that it does not have.
    pub fn only(&self, columns: &[String]) -> Result<Self, Error> {
        let schema = self.0.schema();
        let index = |name: &String| schema.index_of(name).map_err(|_| Error::unknown("column", name));
        let indexes = columns.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(self.0.project(&indexes).map_err(|_| Error::RunFailed)?))
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.0.num_rows()
    }

    /// What it can carry.
    ///
    /// # Errors
    /// `privacy.watermark` if the marks cannot be followed, `privacy.column` for a column that is missing or of another
    /// type.
    pub fn capacity(&self, spec: &Spec, key: &WatermarkKey) -> Result<Capacity, Error> {
        Ok(watermark::capacity(&self.0, spec, key)?)
    }

    /// The copy of one buyer.
    ///
    /// # Errors
    /// As [`Self::capacity`]; `privacy.watermark_capacity` for a table that is too small.
    pub fn marked(&self, spec: &Spec, key: &WatermarkKey, buyer: &Buyer) -> Result<Self, Error> {
        Ok(Self(watermark::mark(&self.0, spec, key, buyer)?))
    }

    /// Its canonical bytes.
    ///
    /// # Errors
    /// `domain.run_failed` for columns that have no such form.
    pub fn bytes(&self, format: CanonicalFormat) -> Result<Vec<u8>, Error> {
        form(&sorted(&self.0)?, format)
    }

    /// A part that was found outside: CSV with a header line, or Parquet. Rows that are too short are filled with nulls;
    /// the apostrophe that our CSV puts before what a spreadsheet would compute is taken off. Blocks.
    ///
    /// # Errors
    /// `domain.intake` for what is neither, `domain.limit`.
    pub fn leaked(bytes: &[u8]) -> Result<Self, Error> {
        let table = if bytes.starts_with(b"PAR1") { parquet(bytes)? } else { csv(bytes)? };
        if table.num_rows() > watermark::ROWS_MAX {
            return Err(Error::Limit { what: "leaked_rows" });
        }
        Ok(Self(table))
    }

    /// Whose copies it was made of.
    ///
    /// # Errors
    /// `privacy.watermark` if the marks cannot be followed or a limit is passed.
    pub fn trace(&self, spec: &Spec, key: &WatermarkKey, buyers: &[Buyer]) -> Result<Finding, Error> {
        Ok(watermark::detect(&self.0, spec, key, buyers)?)
    }
}

fn unreadable() -> Error {
    crate::intake::unreadable()
}

fn parquet(bytes: &[u8]) -> Result<RecordBatch, Error> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes)).map_err(|_| unreadable())?;
    let schema = Arc::clone(builder.schema());
    let rows = builder.metadata().file_metadata().num_rows();
    if schema.fields().len() > COLUMNS_MAX
        || usize::try_from(rows).is_ok_and(|rows| rows > watermark::ROWS_MAX)
    {
        return Err(Error::Limit { what: "leaked_rows" });
    }
    let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(|_| unreadable())?;
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(|_| unreadable())?;
    concat_batches(&schema, &batches).map_err(|_| unreadable())
}

fn csv(bytes: &[u8]) -> Result<RecordBatch, Error> {
    let (text, _) = decode(bytes)?;
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| unreadable())?.clone();
    if header.is_empty() || header.len() > COLUMNS_MAX {
        return Err(unreadable());
    }
    let mut columns: Vec<StringBuilder> = header.iter().map(|_| StringBuilder::new()).collect();
    let mut record = ::csv::StringRecord::new();
    let mut rows = 0_usize;
    while reader.read_record(&mut record).map_err(|_| unreadable())? {
        rows += 1;
        if rows > watermark::ROWS_MAX {
            return Err(Error::Limit { what: "leaked_rows" });
        }
        for (at, column) in columns.iter_mut().enumerate() {
            match record.get(at).filter(|field| !field.is_empty()) {
                Some(field) => column.append_value(plain(field)),
                None => column.append_null(),
            }
        }
    }
    let fields: Vec<Field> =
        header.iter().map(|name| Field::new(plain(name.trim()), ArrowType::Utf8, true)).collect();
    let arrays: Vec<ArrayRef> =
        columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|_| unreadable())
}

/// A text of our CSV as it was before it was made harmless.
fn plain(field: &str) -> &str {
    match field.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => field,
    }
}
