//! Values exchanged within a batch.

use arrow::array::{Array, ArrayRef, UInt64Array, new_null_array};
use arrow::compute::take;

use super::key::{KeyedHash, MaskKey};
use crate::Error;

/// Below so many values in a batch there is nobody to hide among, and the column is suppressed.
pub(super) const ROWS_MIN: usize = 32;

/// The column with its values in other rows: a keyed cycle through all of them, so that none keeps its own row.
/// Nulls stay where they are; a batch with fewer than [`ROWS_MIN`] values becomes null.
pub(super) fn mask(column: &ArrayRef, domain: &str, key: &MaskKey, batch: u64) -> Result<ArrayRef, Error> {
    let nulls = column.logical_nulls();
    let valid = |row: &usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row));
    let places: Vec<usize> = (0..column.len()).filter(valid).collect();
    if places.len() < ROWS_MIN {
        return Ok(new_null_array(column.data_type(), column.len()));
    }
    let mut from = places.clone();
    let mut words = Words { hash: key.hash("shuffle", domain), batch, count: 0, bytes: [0; 32] };
    // Sattolo's variant of the shuffle gives one cycle.
    for last in (1..from.len()).rev() {
        let other = words.below(last);
        from.swap(last, other);
    }
    let mut rows: Vec<u64> = (0..column.len()).filter_map(|row| u64::try_from(row).ok()).collect();
    for (place, source) in places.iter().zip(from) {
        if let Some(row) = rows.get_mut(*place) {
            *row = u64::try_from(source).unwrap_or(*row);
        }
    }
    take(column, &UInt64Array::from(rows), None).map_err(|_| Error::Arrow { operation: "take" })
}

/// Numbers drawn for one batch, four from each hash.
struct Words {
    hash: KeyedHash,
    batch: u64,
    count: u64,
    bytes: [u8; 32],
}

impl Words {
    fn below(&mut self, bound: usize) -> usize {
        if self.count.is_multiple_of(4) {
            let seed = u128::from(self.batch) << 64 | u128::from(self.count);
            self.bytes = self.hash.bytes(&seed.to_be_bytes());
        }
        let skip = usize::try_from(self.count % 4).unwrap_or(0) * 8;
        let word =
            self.bytes.iter().skip(skip).take(8).fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
        self.count += 1;
        usize::try_from((word * u128::try_from(bound).unwrap_or(1)) >> 64).unwrap_or(0)
    }
}
