//! Lookup over a released result: rows by key, from memory.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::take_record_batch;

use super::whole;
use crate::Error;
use crate::objects::{Content, KeyRing, ObjectFile};
use crate::protocol::{ObjectRef, OutputColumn, Page};
use crate::value::{JsonColumns, columns_of, texts};

/// Limit: rows of one answer.
const LOOKUP_ROWS_MAX: usize = 1_000;
/// Does not occur in keys.
const SEPARATOR: char = '\u{1f}';

/// Rows by key. Building sorts once; a lookup is one hash and as many copies as there are rows.
pub struct Index {
    columns: Vec<OutputColumn>,
    keys: HashMap<Box<str>, Range<usize>>,
    rows: JsonColumns,
    total: usize,
    width: usize,
}

impl Index {
    /// Opens a released object and indexes it by some columns. Blocks.
    ///
    /// # Errors
    /// `domain.unknown` for a column or object that is not there, `domain.order_mismatch` for raw rows and twins,
    /// `vault.open`, `domain.limit`.
    pub fn open(
        objects_dir: &Path,
        keys: &KeyRing,
        object: &ObjectRef,
        key_columns: &[String],
    ) -> Result<Self, Error> {
        let file = Arc::new(ObjectFile::open(objects_dir, keys, object)?);
        // Releases in canonical form bear no mark; raw rows and twins are not for serving.
        Self::build(&whole(&file, &[Content::Result, Content::Unmarked])?, key_columns)
    }

    fn build(batch: &RecordBatch, key_columns: &[String]) -> Result<Self, Error> {
        let schema = batch.schema();
        let mut parts = Vec::with_capacity(key_columns.len());
        for name in key_columns {
            let index = schema.index_of(name).map_err(|_| Error::unknown("column", name))?;
            parts.push(texts(batch.column(index))?);
        }
        if parts.is_empty() {
            return Err(Error::unknown("column", ""));
        }
        let mut order: Vec<(Box<str>, u32)> = (0..batch.num_rows())
            .zip(0_u32..)
            .filter_map(|(row, index)| Some((key(&parts, row)?, index)))
            .collect();
        order.sort_unstable();
        let indexes: UInt32Array = order.iter().map(|(_, index)| *index).collect();
        let sorted = take_record_batch(batch, &indexes).map_err(|_| Error::RunFailed)?;
        let mut keys: HashMap<Box<str>, Range<usize>> = HashMap::new();
        for (place, (key, _)) in order.into_iter().enumerate() {
            keys.entry(key).or_insert(place..place).end = place + 1;
        }
        Ok(Self {
            columns: columns_of(&schema)?,
            keys,
            rows: JsonColumns::new(&sorted)?,
            total: sorted.num_rows(),
            width: key_columns.len(),
        })
    }

    /// Columns of the rows.
    #[must_use]
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// Rows that have a key.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.total
    }

    /// Distinct keys.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The rows of a key; none if it is not known. Values are given in text form.
    ///
    /// # Errors
    /// `domain.order_mismatch` for a wrong number of values.
    pub fn lookup(&self, key: &[String]) -> Result<Page, Error> {
        if key.len() != self.width {
            return Err(Error::OrderMismatch { what: "key" });
        }
        let mut text = String::with_capacity(64);
        for (index, part) in key.iter().enumerate() {
            if index > 0 {
                text.push(SEPARATOR);
            }
            text.push_str(part.trim());
        }
        let range = self.keys.get(text.as_str()).cloned().unwrap_or_default();
        let more = range.len() > LOOKUP_ROWS_MAX;
        let rows = range.take(LOOKUP_ROWS_MAX).map(|row| self.rows.row(row)).collect();
        Ok(Page { columns: self.columns.clone(), rows, more })
    }
}

/// The key of a row; rows with a null in their key cannot be asked for.
fn key(parts: &[StringArray], row: usize) -> Option<Box<str>> {
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            text.push(SEPARATOR);
        }
        text.push_str(part.is_valid(row).then(|| part.value(row).trim())?);
    }
    Some(text.into_boxed_str())
}
