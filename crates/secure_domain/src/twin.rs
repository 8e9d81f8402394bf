//! What leaves raw data for another seal: granted columns for the tenant's own zone, masked samples for its dev zone.

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::filter_record_batch;
use privacy::masking::{MaskKey, MaskSpec, keep_entities, mask_column};

use crate::Error;
use crate::objects::{Content, KeyRing, ObjectFile, ObjectRows, ParquetObject};
use crate::protocol::{GrantOrder, OutputColumn, SampleDone, TwinOrder};
use crate::run::check_digest;
use crate::value::{columns_of, store, stored_schema};

/// Copies granted columns of a holding object under the tenant's own key. Blocks.
///
/// # Errors
/// `domain.order_mismatch` if the object is not the ordered one; `domain.unknown` for a column it does not have.
pub(crate) fn grant(objects_dir: &Path, keys: &KeyRing, order: &GrantOrder) -> Result<SampleDone, Error> {
    let from = KeyRing::default();
    from.add(vec![order.from_key.clone()]);
    let file = Arc::new(ObjectFile::open(objects_dir, &from, &order.from)?);
    check_digest(&file, order.digest)?;
    let rows = ObjectRows::open(&file, Some(&order.columns))?;
    rows.check_content(&[Content::Raw])?;
    let columns = in_order(&rows, &order.columns)?;
    let (key, context) = keys.open(&order.into)?;
    let schema = stored_schema(&columns);
    let source_rows = rows.rows;
    let mut object =
        ParquetObject::create_as(Content::Raw, objects_dir, &key, &context, Arc::clone(&schema))?;
    for batch in rows {
        object.write(&store(&reordered(&batch?, &order.columns)?, &schema)?)?;
    }
    Ok(SampleDone { written: object.finish()?, columns, source_rows })
}

/// Makes a masked sample of a raw table. Blocks.
///
/// # Errors
/// `domain.order_mismatch` if the object is not the ordered one or a mask leaves an identifier readable.
pub(crate) fn twin(
    objects_dir: &Path,
    keys: &KeyRing,
    order: &TwinOrder,
    mask_key: &MaskKey,
) -> Result<SampleDone, Error> {
    check_masks(order)?;
    let file = Arc::new(ObjectFile::open(objects_dir, keys, &order.table.object)?);
    check_digest(&file, order.digest)?;
    let names: Vec<String> = order.columns.iter().map(|column| column.name.clone()).collect();
    let read: Vec<String> = names.iter().chain(&order.entity.columns).cloned().collect();
    let rows = ObjectRows::open(&file, Some(&read))?;
    rows.check_content(&[Content::Raw])?;
    let columns = in_order(&rows, &names)?;
    let into = KeyRing::default();
    into.add(vec![order.into_key.clone()]);
    let (key, context) = into.open(&order.into)?;
    let schema = stored_schema(&columns);
    let source_rows = rows.rows;
    let mut object =
        ParquetObject::create_as(Content::Twin, objects_dir, &key, &context, Arc::clone(&schema))?;
    for batch in rows {
        let batch = batch?;
        let entity = reordered(&batch, &order.entity.columns)?;
        let kept = keep_entities(&order.entity.kind, entity.columns(), mask_key, order.sample_per_mille)?;
        let sample = reordered(&filter_record_batch(&batch, &kept).map_err(|_| Error::RunFailed)?, &names)?;
        let mut masked = Vec::with_capacity(order.columns.len());
        for (column, array) in order.columns.iter().zip(sample.columns()) {
            masked.push((column.name.as_str(), mask_column(array, &column.mask, mask_key)?, true));
        }
        let masked = RecordBatch::try_from_iter_with_nullable(masked).map_err(|_| Error::RunFailed)?;
        object.write(&store(&masked, &schema)?)?;
    }
    Ok(SampleDone { written: object.finish()?, columns, source_rows })
}

/// An identifier may only enter a dev zone hidden, and an unclassified column not at all.
fn check_masks(order: &TwinOrder) -> Result<(), Error> {
    if order.columns.is_empty() {
        return Err(Error::OrderMismatch { what: "columns" });
    }
    for column in &order.columns {
        let known = order.table.columns.iter().find(|known| known.name == column.name);
        let label = known.ok_or_else(|| Error::unknown("column", &column.name))?.label;
        let hidden = match label {
            None => matches!(column.mask, MaskSpec::Null),
            Some(privacy::ir::Label::Identifier) => column.mask.hides_identifier(),
            Some(_) => true,
        };
        if !hidden {
            return Err(Error::OrderMismatch { what: "mask" });
        }
    }
    Ok(())
}

fn in_order(rows: &ObjectRows, names: &[String]) -> Result<Vec<OutputColumn>, Error> {
    let columns = columns_of(&rows.schema)?;
    let find = |name: &String| columns.iter().find(|column| column.name == *name).cloned();
    names.iter().map(|name| find(name).ok_or_else(|| Error::unknown("column", name))).collect()
}

fn reordered(batch: &RecordBatch, names: &[String]) -> Result<RecordBatch, Error> {
    let schema = batch.schema();
    let indexes = names.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<_>, _>>();
    let indexes = indexes.map_err(|_| Error::OrderMismatch { what: "columns" })?;
    batch.project(&indexes).map_err(|_| Error::RunFailed)
}
