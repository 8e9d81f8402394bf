//! Sampling by entity: a sampled entity is in the sample of every table.

use arrow::array::{ArrayRef, BooleanArray};

use super::MaskKey;
use super::entity::EntityTexts;
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
    let hash = key.hash("sample", kind);
    let kept = EntityTexts::new(columns)?
        .map(|value| value.is_some_and(|value| kept(&hash, value.as_bytes(), per_mille)));
    Ok(kept.into())
}

fn kept(hash: &super::key::KeyedHash, value: &[u8], per_mille: u16) -> bool {
    hash.draw(value).below(1000) < usize::from(per_mille)
}
