//! What a release gives away beside an earlier one.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType as ArrowType;
use base::Digest;
use serde::{Deserialize, Serialize};

use super::{Statistics, Thresholds};
use crate::Error;
use crate::masking::MaskKey;

/// The cells of a release as they are remembered for later comparison: no values, only keyed digests of group keys
/// and the numbers of entities. Keep it sealed: exact counts are not for people's eyes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// [`crate::ir::shape`] of the query: only releases of one shape are comparable.
    pub shape: Digest,
    /// Keyed digest of the group key → distinct entities, in the order of the query's needs.
    pub counts: BTreeMap<String, Vec<i64>>,
    /// The digests row by row, for [`Comparison`].
    #[serde(skip)]
    rows: Vec<String>,
}

/// Which cells of a result an earlier release would expose.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Same shape, so the cells could be compared?
    pub comparable: bool,
    /// Cells that both releases have.
    pub common: u64,
    /// *Shape*: one a row, never null.
    pub exposed: BooleanArray,
}

/// Builds the record of a result's cells. `keys` are the group keys among the columns of `batch`; `key` is the
/// tenant's.
///
/// # Errors
/// [`Error::Column`] if a key column is absent or has no text form.
pub fn cells(
    shape: Digest,
    batch: &RecordBatch,
    keys: &[String],
    statistics: &Statistics,
    key: &MaskKey,
) -> Result<Cells, Error> {
    if batch.num_rows() != statistics.rows {
        return Err(Error::Length { left: batch.num_rows(), right: statistics.rows });
    }
    let mut texts = Vec::new();
    for name in keys {
        let missing = || Error::Column { column: name.clone(), expected: "group key" };
        let column = batch.column_by_name(name).ok_or_else(missing)?;
        texts.push(cast(column, &ArrowType::Utf8).map_err(|_| missing())?);
    }
    let hash = key.hash("cells", "v1");
    let mut rows = Vec::with_capacity(statistics.rows);
    let mut counts = BTreeMap::new();
    for row in 0..statistics.rows {
        let mut value = Vec::new();
        for text in &texts {
            let text = text.as_string::<i32>();
            // Length first, so that neighbouring keys cannot be read as others; null apart from the empty text.
            if text.is_valid(row) {
                let text = text.value(row).as_bytes();
                value.push(1);
                value.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
                value.extend(text);
            } else {
                value.push(0);
            }
        }
        let mut digest = String::new();
        hash.token(&value, &mut digest);
        let entities = &statistics.entities;
        let numbers = entities
            .iter()
            .map(|entity| if entity.counts.is_valid(row) { entity.counts.value(row) } else { 0 });
        counts.insert(digest.clone(), numbers.collect());
        rows.push(digest);
    }
    Ok(Cells { shape, counts, rows })
}

/// Compares a result with an earlier release: a cell that both have, with numbers of entities that differ by at
/// least one and fewer than the threshold, exposes the few in between.
#[must_use]
pub fn compare(current: &Cells, earlier: &Cells, thresholds: Thresholds) -> Comparison {
    let comparable = current.shape == earlier.shape;
    let mut common = 0;
    let min = i64::from(thresholds.min_entities);
    let exposed = current
        .rows
        .iter()
        .map(|digest| {
            let (Some(now), Some(then)) = (current.counts.get(digest), earlier.counts.get(digest)) else {
                return Some(false);
            };
            if !comparable {
                return Some(false);
            }
            common += 1;
            let near = |(a, b): (&i64, &i64)| (1..min).contains(&(a - b).abs());
            Some(now.len() != then.len() || now.iter().zip(then).any(near))
        })
        .collect();
    Comparison { comparable, common, exposed }
}
