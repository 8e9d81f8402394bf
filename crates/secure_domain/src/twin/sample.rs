//! Masked rows of sampled entities, in another order: only where no attack on them gets through.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, filter_record_batch, take};
use privacy::attack::{self, Input, Rows};
use privacy::ir::Label;
use privacy::masking::{Beside, MaskKey, keep_entities, mask_beside};
use rand::seq::SliceRandom as _;

use super::{Source, Writer, label, read, reordered};
use crate::Error;
use crate::objects::Written;
use crate::protocol::{Examined, MadeOf};

/// Rows that attacks compare with, if the sample itself has not more.
const LOOKED_AT: u64 = 100_000;

pub(super) fn sample(
    source: &Source<'_>,
    writer: &Writer<'_>,
    mask_key: &MaskKey,
) -> Result<(Option<Written>, Examined), Error> {
    let order = source.order;
    // Whoever is in the sample is looked at as well: the share is larger, and drawn in the same way.
    let enough = u16::try_from((LOOKED_AT * 1_000 / source.rows.max(1)).min(1_000)).unwrap_or(1_000);
    let looked = order.sample_per_mille.max(enough);
    let raw = kept(source, mask_key, looked)?;
    let entity = reordered(&raw, &order.entity.columns)?;
    let sampled = keep_entities(&order.entity.kind, entity.columns(), mask_key, order.sample_per_mille)?;
    let places = shuffled(&sampled);
    let masked = masked(source, &raw, &entity, &places, mask_key)?;
    let pairs: Vec<Option<usize>> =
        places.values().iter().map(|place| usize::try_from(*place).ok()).collect();
    let columns = columns(source, &raw);
    let mut input = Input::new(&raw, &masked, &columns, Rows::From(&pairs));
    input.population = Some(source.rows);
    let report = attack::examine(&input, &order.limits)?;
    let examined = Examined { report: Some(report), ..source.examined(MadeOf::Sample) };
    if !examined.publishable() {
        return Ok((None, examined));
    }
    Ok((Some(writer.write(std::iter::once(Ok(masked)))?), examined))
}

/// All rows of so many entities of a thousand, in one piece.
fn kept(source: &Source<'_>, mask_key: &MaskKey, per_mille: u16) -> Result<RecordBatch, Error> {
    let entity = &source.order.entity;
    let rows = source.scan(&read(source.order))?;
    let schema = rows.schema.clone();
    let mut batches = Vec::new();
    for batch in rows {
        let batch = batch?;
        let keys = reordered(&batch, &entity.columns)?;
        let kept = keep_entities(&entity.kind, keys.columns(), mask_key, per_mille)?;
        batches.push(filter_record_batch(&batch, &kept).map_err(|_| Error::RunFailed)?);
    }
    concat_batches(&schema, &batches).map_err(|_| Error::RunFailed)
}

/// Places of the sampled rows, in an order that tells nothing of the delivery.
fn shuffled(sampled: &BooleanArray) -> UInt32Array {
    let mut places: Vec<u32> = (0_u32..)
        .zip(sampled.iter())
        .filter(|(_, kept)| *kept == Some(true))
        .map(|(place, _)| place)
        .collect();
    places.shuffle(&mut rand::rng());
    places.into()
}

fn masked(
    source: &Source<'_>,
    raw: &RecordBatch,
    entity: &RecordBatch,
    places: &UInt32Array,
    mask_key: &MaskKey,
) -> Result<RecordBatch, Error> {
    let taken = |array: &ArrayRef| take(array, places, None).map_err(|_| Error::RunFailed);
    let keys = entity.columns().iter().map(taken).collect::<Result<Vec<_>, _>>()?;
    let mut columns = Vec::with_capacity(source.order.columns.len());
    for column in &source.order.columns {
        let array = raw.column_by_name(&column.name).ok_or_else(|| Error::unknown("column", &column.name))?;
        let beside = Beside { entity: &keys, batch: 0 };
        columns.push((
            column.name.as_str(),
            mask_beside(&taken(array)?, &column.mask, mask_key, beside)?,
            true,
        ));
    }
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|_| Error::RunFailed)
}

/// What attacks have to know of the raw columns. A column that came along as part of the key identifies.
fn columns(source: &Source<'_>, raw: &RecordBatch) -> Vec<attack::Column> {
    let order = source.order;
    let schema = raw.schema();
    let column = |name: &String| {
        let known = order.columns.iter().find(|column| column.name == *name);
        attack::Column {
            name: name.clone(),
            kind: known.map_or(privacy::SensitiveKind::General, |known| known.kind),
            label: known.and_then(|known| label(order, known)).unwrap_or(Label::Identifier),
            entity: order.entity.columns.contains(name),
        }
    };
    schema.fields().iter().map(|field| column(field.name())).collect()
}
