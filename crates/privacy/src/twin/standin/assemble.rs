//! Putting the columns of a stand-in together.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringArray, UInt32Array, new_null_array};
use arrow::compute::{concat, take};
use arrow::record_batch::RecordBatch;

use super::gauge::Gauged;
use super::pool::Pool;
use super::{Feature, Terms, Treatment};
use crate::masking::{MaskSpec, mask_column};
use crate::twin::generate::typed;
use crate::twin::random::{Draw, Weighted};
use crate::twin::value::Value;
use crate::{DataType, Error};

/// So many different values in a thousand entities, and every entity is taken to have its own.
const OWN_PER_MILLE: u128 = 900;

/// What the rows are made of.
pub(super) struct Rows<'a> {
    /// How many there are.
    pub(super) count: usize,
    /// Sampled public columns, in the order of delivery.
    pub(super) public: &'a [ArrayRef],
    /// Learnt columns, drawn.
    pub(super) generated: &'a [RecordBatch],
}

/// The columns wanted, and those of them that attacks compare, as they were before masks shaped them.
pub(super) fn assemble(
    terms: &Terms<'_>,
    gauged: &Gauged,
    rows: &Rows<'_>,
    seed: [u8; 32],
) -> Result<(Vec<ArrayRef>, Vec<ArrayRef>), Error> {
    let mut draw = Draw::new(&seed, "assemble", terms.table);
    let entities = entities(gauged, rows.count, &mut draw);
    // What is public and what is not come in orders that know nothing of each other, nor of the delivery.
    let (public, own) = (order(rows.count, &mut draw), order(rows.count, &mut draw));
    let mut publics = rows.public.iter();
    let mut invented = 0;
    let (mut columns, mut compared) = (Vec::new(), Vec::new());
    for feature in terms.features {
        let treatment = feature.treatment(terms.key);
        let column = match treatment {
            Treatment::Hidden => new_null_array(&feature.data_type.to_arrow(), rows.count),
            Treatment::Public => {
                let column = publics.next().ok_or(Error::Arrow { operation: "read" })?;
                take(column, &public, None).map_err(|_| Error::Arrow { operation: "take" })?
            }
            Treatment::Learnt | Treatment::Invented => {
                let drawn = drawn(feature, rows)?;
                let column = if treatment == Treatment::Invented {
                    let distinct = gauged.distinct.get(invented).copied().unwrap_or(u64::MAX);
                    invented += 1;
                    let keys = Keys { terms, gauged, entities: &entities, distinct };
                    keys.values(feature, &drawn, &mut draw)
                } else {
                    drawn
                };
                take(&column, &own, None).map_err(|_| Error::Arrow { operation: "take" })?
            }
        };
        if matches!(treatment, Treatment::Learnt | Treatment::Invented) {
            compared.push(Arc::clone(&column));
        }
        columns.push(shaped(feature, treatment, column, terms)?);
    }
    Ok((columns, compared))
}

/// Whose each row is: entities by number, those of one side by side.
fn entities(gauged: &Gauged, rows: usize, draw: &mut Draw) -> Vec<usize> {
    let (weights, range) = gauged.runs();
    let weighted = Weighted::new(weights.iter().copied());
    let mut entities = Vec::with_capacity(rows);
    let mut entity = 0;
    while entities.len() < rows {
        let (fewest, most) = range(weighted.draw(draw));
        let run = usize::try_from(draw.between(i128::from(fewest), i128::from(most))).unwrap_or(1);
        let run = run.min(rows - entities.len());
        entities.extend(std::iter::repeat_n(entity, run));
        entity += 1;
    }
    entities
}

fn order(rows: usize, draw: &mut Draw) -> UInt32Array {
    let mut order: Vec<u32> = (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect();
    draw.shuffle(&mut order);
    order.into()
}

/// A column of the generated rows in one piece.
fn drawn(feature: &Feature, rows: &Rows<'_>) -> Result<ArrayRef, Error> {
    let parts: Vec<&dyn Array> = rows
        .generated
        .iter()
        .filter_map(|batch| batch.column_by_name(&feature.name))
        .map(AsRef::as_ref)
        .collect();
    if parts.is_empty() {
        return Ok(new_null_array(&feature.data_type.to_arrow(), rows.count));
    }
    concat(&parts).map_err(|_| Error::Arrow { operation: "concat" })
}

/// What invented values are given out by.
struct Keys<'a> {
    terms: &'a Terms<'a>,
    gauged: &'a Gauged,
    entities: &'a [usize],
    /// Different values there are.
    distinct: u64,
}

impl Keys<'_> {
    /// Values from the tenant's list: of each entity its own, or some of fewer where several share one.
    fn values(&self, feature: &Feature, drawn: &ArrayRef, draw: &mut Draw) -> ArrayRef {
        let mut pool = Pool::of(feature, self.terms.secret);
        let spread = u128::from(self.distinct) * 1_000 / u128::from(self.gauged.entities.max(1));
        let own = *self.terms.key == [feature.name.clone()] || spread >= OWN_PER_MILLE;
        let many = u128::from(self.distinct) * u128::from(self.terms.per_mille) / 1_000;
        let many = u64::try_from(many).unwrap_or(u64::MAX).max(1);
        let mut integers = Vec::new();
        let mut texts = Vec::new();
        for (row, entity) in self.entities.iter().enumerate() {
            let shared = draw.below(many);
            let place = if own { *entity } else { usize::try_from(shared).unwrap_or(0) };
            // A key is always there; of the others, as often as was drawn.
            let is_there = *self.terms.key == [feature.name.clone()] || drawn.is_valid(row);
            let value = is_there.then(|| pool.value(place));
            match feature.data_type {
                DataType::Integer => integers.push(value.and_then(whole)),
                _ => texts.push(value.map(str::to_owned)),
            }
        }
        match feature.data_type {
            DataType::Integer => Arc::new(Int64Array::from(integers)),
            _ => Arc::new(StringArray::from(texts)),
        }
    }
}

fn whole(text: &str) -> Option<i64> {
    match typed(DataType::Integer, text.to_owned()) {
        Value::Integer(number) => Some(number),
        _ => None,
    }
}

/// The form that the provider's mask gives.
fn shaped(
    feature: &Feature,
    treatment: Treatment,
    column: ArrayRef,
    terms: &Terms<'_>,
) -> Result<ArrayRef, Error> {
    use MaskSpec as Mask;
    let masked = || mask_column(&column, &feature.mask, terms.secret);
    match (&feature.mask, treatment) {
        (Mask::Keep | Mask::Null | Mask::Shuffle { .. } | Mask::ShiftEntity { .. }, _) => Ok(column),
        (_, Treatment::Public) => masked(),
        // These hide values among others of the same form; nothing here is to be hidden.
        (Mask::Format { .. } | Mask::ShiftDate { .. } | Mask::Noise { .. }, _) => Ok(column),
        (Mask::Token { .. } | Mask::Ff1 { .. }, Treatment::Invented) => Ok(column),
        // A mask that does not fit the type shapes nothing.
        _ => Ok(masked().unwrap_or(column)),
    }
}
