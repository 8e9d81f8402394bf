//! Sampling by entity: a sampled entity is in the sample of every table.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::DataType as ArrowType;

use super::MaskKey;
use crate::Error;

/// Does the sample contain the entity of this kind with this key? Keyed, so nobody without the key knows who is in
/// it; the same for one key, kind and value in every table.
///
/// *Units*: `per_mille` thousandths of all entities; 1000 or more keeps all.
#[must_use]
pub fn keep_entity(kind: &str, value: &str, key: &MaskKey, per_mille: u16) -> bool {
    kept(&key.hash("sample", kind), value.trim().as_bytes(), per_mille)
}

/// Which rows belong to sampled entities. `columns` are the entity key's columns; rows with a null among them are
/// left out.
///
/// *Shape*: as many booleans as rows, none null.
///
/// # Errors
/// [`Error::Length`] if the columns differ in length, [`Error::Arrow`] if one has no text form.
pub fn keep_entities(
    kind: &str,
    columns: &[ArrayRef],
    key: &MaskKey,
    per_mille: u16,
) -> Result<BooleanArray, Error> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut texts = Vec::new();
    for column in columns {
        if column.len() != rows {
            return Err(Error::Length { left: rows, right: column.len() });
        }
        let text = arrow::compute::cast(column, &ArrowType::Utf8)
            .map_err(|_| Error::Arrow { operation: "cast to text" })?;
        texts.push(text.as_string::<i32>().clone());
    }
    let hash = key.hash("sample", kind);
    let mut value = String::new();
    let rows = (0..rows).map(|row| {
        value.clear();
        for (index, text) in texts.iter().enumerate() {
            if text.is_null(row) {
                return false;
            }
            if index > 0 {
                value.push('\u{1f}');
            }
            value.push_str(text.value(row).trim());
        }
        kept(&hash, value.as_bytes(), per_mille)
    });
    Ok(rows.collect::<Vec<_>>().into())
}

fn kept(hash: &super::key::KeyedHash, value: &[u8], per_mille: u16) -> bool {
    hash.draw(value).below(1000) < usize::from(per_mille)
}
