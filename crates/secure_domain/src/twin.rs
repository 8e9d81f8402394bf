//! What leaves raw data for another seal: granted columns for the tenant's own zone, twins for its dev zone.
//!
//! Three sorts of twins. Where everything is public and nobody is protected, all rows. Else rows of nobody
//! ([`privacy::twin::standin`]); or, where the provider asked for it, masked rows of sampled entities. The last two are attacked
//! here, where the raw rows are, before anything is written: what an attack gets through is refused with the report.

mod copy;
mod sample;
mod synthetic;

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use catalog::TwinForm;
use privacy::ir::Label;
use privacy::masking::{MaskKey, MaskSpec};

use crate::Error;
use crate::objects::{Content, KeyRing, ObjectFile, ObjectRows, ParquetObject, Written};
use crate::protocol::{
    Examined, ExaminedColumn, GrantOrder, MadeOf, OutputColumn, SampleDone, TwinColumn, TwinDone, TwinOrder,
};
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

/// The raw table of an order for a twin, to be gone over several times.
struct Source<'a> {
    order: &'a TwinOrder,
    file: Arc<ObjectFile>,
    /// Columns of the twin.
    columns: Vec<OutputColumn>,
    rows: u64,
}

/// Makes the twin of a raw table. Blocks.
///
/// # Errors
/// `domain.order_mismatch` if the object is not the ordered one or a mask leaves an identifier readable.
pub(crate) fn twin(
    objects_dir: &Path,
    keys: &KeyRing,
    order: &TwinOrder,
    (mask_key, shared): (&MaskKey, &MaskKey),
) -> Result<TwinDone, Error> {
    check_masks(order)?;
    let file = Arc::new(ObjectFile::open(objects_dir, keys, &order.table.object)?);
    check_digest(&file, order.digest)?;
    let names: Vec<String> = order.columns.iter().map(|column| column.name.clone()).collect();
    let rows = ObjectRows::open(&file, Some(&read(order)))?;
    rows.check_content(&[Content::Raw])?;
    let source = Source { order, file, columns: in_order(&rows, &names)?, rows: rows.rows };
    drop(rows);
    let writer = Writer { objects_dir, order, columns: &source.columns };
    let public = order.columns.iter().all(|column| label(order, column) == Some(Label::Public));
    let (written, examined) = match order.form {
        _ if public && !order.entity.protected => copy::copy(&source, &writer, mask_key)?,
        TwinForm::Synthetic => synthetic::synthetic(&source, &writer, (mask_key, shared))?,
        TwinForm::Sample => sample::sample(&source, &writer, mask_key)?,
    };
    Ok(TwinDone { written, columns: source.columns, source_rows: source.rows, examined })
}

/// The columns that are read: the twin's, and the entity's key.
fn read(order: &TwinOrder) -> Vec<String> {
    let names = order.columns.iter().map(|column| &column.name);
    names.chain(&order.entity.columns).cloned().collect()
}

fn label(order: &TwinOrder, column: &TwinColumn) -> Option<Label> {
    order.table.columns.iter().find(|known| known.name == column.name)?.label
}

impl Source<'_> {
    /// Some columns of the rows, from the beginning.
    fn scan(&self, columns: &[String]) -> Result<ObjectRows, Error> {
        ObjectRows::open(&self.file, Some(columns))
    }

    /// What is told of a twin besides what attacks reached.
    fn examined(&self, form: MadeOf) -> Examined {
        let column = |column: &TwinColumn| ExaminedColumn {
            name: column.name.clone(),
            label: label(self.order, column).unwrap_or(Label::Identifier),
            mask: column.mask.name().to_owned(),
            treatment: None,
        };
        let columns = self.order.columns.iter().map(column).collect();
        Examined { form, columns, report: None, memorisation: None, cost: None, attempts: 1 }
    }
}

/// Writes the twin's object.
struct Writer<'a> {
    objects_dir: &'a Path,
    order: &'a TwinOrder,
    columns: &'a [OutputColumn],
}

impl Writer<'_> {
    fn write(&self, batches: impl Iterator<Item = Result<RecordBatch, Error>>) -> Result<Written, Error> {
        let into = KeyRing::default();
        into.add(vec![self.order.into_key.clone()]);
        let (key, context) = into.open(&self.order.into)?;
        let schema = stored_schema(self.columns);
        let mut object =
            ParquetObject::create_as(Content::Twin, self.objects_dir, &key, &context, Arc::clone(&schema))?;
        for batch in batches {
            object.write(&store(&batch?, &schema)?)?;
        }
        object.finish()
    }
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
            Some(Label::Identifier) => column.mask.hides_identifier(),
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
