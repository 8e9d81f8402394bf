//! Canonical rebuild of a result: equal values give equal bytes, and nothing but the values is in them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::compute::take_record_batch;
use arrow::row::{RowConverter, SortField};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use base::Digest;
use serde_json::Value;

use super::whole;
use crate::Error;
use crate::objects::{Content, KeyRing, ObjectFile};
use crate::protocol::{CanonicalFormat, CanonicalOrder, CompareOrder, Compared, Frozen};
use crate::run::check_digest;
use crate::value::{JsonColumns, texts};

/// The bytes of a canonical rebuild, and its rows. Blocks.
///
/// # Errors
/// `domain.order_mismatch` if the object is not the frozen candidate.
pub(crate) fn canonical(
    objects_dir: &Path,
    keys: &KeyRing,
    order: &CanonicalOrder,
) -> Result<(Vec<u8>, u64), Error> {
    let file = Arc::new(ObjectFile::open(objects_dir, keys, &order.object)?);
    check_digest(&file, order.digest)?;
    let batch = sorted(&whole(&file, &[Content::Result])?)?;
    Ok((form(&batch, order.format)?, batch.num_rows() as u64))
}

/// A sorted table in a form.
pub(super) fn form(batch: &RecordBatch, format: CanonicalFormat) -> Result<Vec<u8>, Error> {
    match format {
        CanonicalFormat::Csv => csv(batch),
        CanonicalFormat::Json => json(batch),
        CanonicalFormat::Parquet => parquet(batch),
    }
}

/// Digests of two results in canonical form. Blocks.
///
/// # Errors
/// As [`canonical`].
pub(crate) fn compare(objects_dir: &Path, keys: &KeyRing, order: &CompareOrder) -> Result<Compared, Error> {
    let digest = |frozen: &Frozen| {
        let order = CanonicalOrder {
            object: frozen.object.clone(),
            digest: frozen.digest,
            format: CanonicalFormat::Csv,
        };
        canonical(objects_dir, keys, &order).map(|(bytes, _)| Digest::of(&bytes))
    };
    Ok(Compared { first: digest(&order.first)?, second: digest(&order.second)? })
}

/// Rows in the order of all their columns: the order in which the engine found them tells nothing.
pub(super) fn sorted(batch: &RecordBatch) -> Result<RecordBatch, Error> {
    let schema = batch.schema();
    let fields = schema.fields().iter().map(|field| SortField::new(field.data_type().clone()));
    let converter = RowConverter::new(fields.collect()).map_err(|_| Error::RunFailed)?;
    let rows = converter.convert_columns(batch.columns()).map_err(|_| Error::RunFailed)?;
    let mut order: Vec<(_, u32)> = rows.iter().zip(0_u32..).collect();
    order.sort_unstable();
    let order = order.into_iter().map(|(_, index)| index).collect::<arrow::array::UInt32Array>();
    take_record_batch(batch, &order).map_err(|_| Error::RunFailed)
}

/// Header line, then rows; lines end with a line feed; a null is empty, an empty text is `""`. A text that a spreadsheet
/// would run as a formula gets an apostrophe in front, and so does one that begins with an apostrophe, so that nothing is
/// ambiguous; Parquet holds the texts as they are.
fn csv(batch: &RecordBatch) -> Result<Vec<u8>, Error> {
    let columns = batch.columns().iter().map(texts).collect::<Result<Vec<_>, _>>()?;
    let mut out = String::new();
    for (index, field) in batch.schema().fields().iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_text(&mut out, field.name());
    }
    out.push('\n');
    let is_text: Vec<bool> = batch.columns().iter().map(|column| column.data_type().is_string()).collect();
    for row in 0..batch.num_rows() {
        for (index, (column, is_text)) in columns.iter().zip(&is_text).enumerate() {
            if index > 0 {
                out.push(',');
            }
            push_value(&mut out, column, row, *is_text);
        }
        out.push('\n');
    }
    Ok(out.into_bytes())
}

fn push_value(out: &mut String, column: &StringArray, row: usize, is_text: bool) {
    match column.is_valid(row).then(|| column.value(row)) {
        None => {}
        Some(text) if is_text => push_text(out, text),
        Some(number) => push_field(out, number),
    }
}

fn push_text(out: &mut String, text: &str) {
    if is_formula(text) {
        push_field(out, &format!("'{text}"));
    } else {
        push_field(out, text);
    }
}

/// Whether a spreadsheet would take a text for a formula, or could not tell one of ours.
pub(super) fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\''])
}

fn push_field(out: &mut String, text: &str) {
    if !text.is_empty() && !text.contains([',', '"', '\n', '\r']) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    out.push('"');
}

/// An array of objects, one a row; the names of an object in the order of their bytes, no space anywhere. Numbers are
/// numbers but decimals, which are texts like dates, so that no reader rounds them; texts are as they are.
fn json(batch: &RecordBatch) -> Result<Vec<u8>, Error> {
    let schema = batch.schema();
    let columns = JsonColumns::new(batch)?;
    let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
    let mut out = b"[".to_vec();
    for row in 0..batch.num_rows() {
        if row > 0 {
            out.push(b',');
        }
        let object: BTreeMap<&String, Value> = names.iter().copied().zip(columns.row(row)).collect();
        serde_json::to_writer(&mut out, &object).map_err(|_| Error::RunFailed)?;
    }
    out.push(b']');
    Ok(out)
}

/// No statistics, no dictionary order, no writer's metadata.
fn parquet(batch: &RecordBatch) -> Result<Vec<u8>, Error> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by("shuyu".to_owned())
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options)
        .map_err(|_| Error::RunFailed)?;
    writer.write(batch).map_err(|_| Error::RunFailed)?;
    writer.into_inner().map_err(|_| Error::RunFailed)
}
