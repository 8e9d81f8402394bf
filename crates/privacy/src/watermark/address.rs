//! Rows are known by their address.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType as ArrowType, Float64Type};

use super::key::{ReleaseKey, Tag};
use super::spec::Fixed;
use crate::{DataType, Error};

/// Keyed hashes of the addresses, one a row; `None` where a part is null. `None` in all if a column is missing.
pub(super) fn tags(
    batch: &RecordBatch,
    columns: &[String],
    key: &ReleaseKey,
) -> Result<Option<Vec<Option<Tag>>>, Error> {
    let mut texts = Vec::with_capacity(columns.len());
    for name in columns {
        let Some(column) = batch.column_by_name(name) else { return Ok(None) };
        texts.push(text(column)?);
    }
    let mut prefix = Vec::new();
    columns.iter().for_each(|name| push(&mut prefix, name));
    let mut message = Vec::new();
    let tags = (0..batch.num_rows()).map(|row| {
        message.clear();
        message.extend_from_slice(&prefix);
        for text in &texts {
            if text.is_null(row) {
                return None;
            }
            push(&mut message, &canonical(text.value(row)));
        }
        let mut tag = [0; 16];
        tag.iter_mut().zip(key.addresses.bytes(&message)).for_each(|(to, from)| *to = from);
        Some(tag)
    });
    Ok(Some(tags.collect()))
}

/// May a column of this type be part of an address? What files write in many ways may not.
pub(super) fn may_address(data_type: &ArrowType) -> bool {
    matches!(
        DataType::from_arrow(data_type),
        Some(DataType::Text | DataType::Integer | DataType::Date | DataType::Boolean)
    )
}

/// Which rows are fixed. A column that a leak lacks fixes none.
pub(super) fn fixed(batch: &RecordBatch, fixed: &[Fixed]) -> Result<Vec<bool>, Error> {
    let mut rows = vec![false; batch.num_rows()];
    for fixed in fixed {
        let Some(column) = batch.column_by_name(&fixed.column) else { continue };
        let text = text(column)?;
        for (row, is) in rows.iter_mut().enumerate() {
            *is |= text.is_valid(row) && canonical(text.value(row)) == canonical(&fixed.value);
        }
    }
    Ok(rows)
}

/// The number of each row's group, numbered as they first appear. Null is a value of its own.
pub(super) fn groups(batch: &RecordBatch, columns: &[&str]) -> Result<Vec<usize>, Error> {
    let mut texts = Vec::with_capacity(columns.len());
    for name in columns {
        let column = batch.column_by_name(name);
        let column = column.ok_or_else(|| missing(name, "a group of totals"))?;
        texts.push(text(column)?);
    }
    let mut known = std::collections::HashMap::new();
    let groups = (0..batch.num_rows()).map(|row| {
        let mut name = Vec::new();
        for text in &texts {
            if text.is_valid(row) {
                push(&mut name, text.value(row));
            } else {
                name.push(0xff);
            }
        }
        let next = known.len();
        *known.entry(name).or_insert(next)
    });
    Ok(groups.collect())
}

pub(super) fn missing(column: &str, expected: &'static str) -> Error {
    Error::Column { column: column.to_owned(), expected }
}

fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The text of a column. Whole floats read as integers: that is what spreadsheets make of keys.
pub(super) fn text(column: &ArrayRef) -> Result<StringArray, Error> {
    if matches!(DataType::from_arrow(column.data_type()), Some(DataType::Float)) {
        let floats = cast(column, &ArrowType::Float64)?;
        let floats = floats.as_primitive::<Float64Type>();
        let texts = floats.iter().map(|value| value.map(|value| format!("{value}")));
        return Ok(texts.collect());
    }
    Ok(cast(column, &ArrowType::Utf8)?.as_string::<i32>().clone())
}

pub(super) fn cast(column: &ArrayRef, to: &ArrowType) -> Result<ArrayRef, Error> {
    arrow::compute::cast(column, to).map_err(|_| Error::Arrow { operation: "cast" })
}

/// Without blanks around, and codes without the leading zeros that spreadsheets take away.
fn canonical(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(text.trim_start_matches('0'));
    }
    Cow::Borrowed(text)
}
