//! Rows that never were, drawn from a model.

mod cells;
mod rows;
mod sample;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;

pub use self::rows::ROWS_MAX;

pub(super) use self::cells::{key, known, number, typed};

use self::cells::Cells;
use self::rows::{Keys, Rows, rows};
use self::sample::Sampler;
use super::description::{Content, Description, Table};
use super::model::{Model, TableModel};
use super::random::Draw;
use super::value::{Value, array};
use crate::Error;

/// Rows of one batch.
const BATCH_ROWS: usize = 8_192;

/// Rows of one table of a twin.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The table.
    pub name: String,
    /// Batches of the described schema.
    pub batches: Vec<RecordBatch>,
}

/// Draws the tables of a model. `rows` names how many each table without a reference has; a table with one has as many as
/// the children drawn for the keys of its first reference, and every reference points to a key that is there.
///
/// The same model, rows and seed give the same tables. The seed protects nothing: whoever knows it learns no more than the model
/// holds.
///
/// *Limits*: [`ROWS_MAX`] rows a table; all rows are in memory.
///
/// # Errors
/// [`Error::Twin`] if the number of rows of a table is missing, [`Error::TwinLimit`] past a limit or if there are not enough
/// identifiers.
pub fn generate(
    model: &Model,
    rows: &BTreeMap<String, u64>,
    seed: [u8; 32],
) -> Result<Vec<Generated>, Error> {
    let description = model.description();
    let mut keys: Vec<Keys> = referenced(&description);
    let mut generated = Vec::new();
    for table in &model.tables {
        let wanted = rows.get(&table.table.name).copied();
        generated.push(table_of(table, wanted, &mut keys, &seed)?);
    }
    Ok(generated)
}

/// The Arrow schema of a table of a twin.
#[must_use]
pub fn schema(table: &Table) -> Schema {
    let field =
        |column: &super::Column| Field::new(&column.name, column.data_type.to_arrow(), column.nullable);
    Schema::new(table.columns.iter().map(field).collect::<Vec<_>>())
}

/// The columns that are referred to, without keys yet.
fn referenced(description: &Description) -> Vec<Keys> {
    let mut keys: Vec<Keys> = Vec::new();
    for column in description.tables.iter().flat_map(|table| &table.columns) {
        if let Content::Reference { table, column, .. } = &column.content
            && !keys.iter().any(|keys| keys.table == *table && keys.column == *column)
        {
            keys.push(Keys { table: table.clone(), column: column.clone(), values: Vec::new() });
        }
    }
    keys
}

/// The keys behind a reference column.
fn keys_of<'a>(table: &Table, place: usize, keys: &'a [Keys]) -> Option<&'a Keys> {
    let Content::Reference { table: parent, column, .. } = &table.columns.get(place)?.content else {
        return None;
    };
    keys.iter().find(|keys| keys.table == *parent && keys.column == *column)
}

fn table_of(
    model: &TableModel,
    wanted: Option<u64>,
    keys: &mut [Keys],
    seed: &[u8; 32],
) -> Result<Generated, Error> {
    let table = &model.table;
    let mut draw = Draw::new(seed, "generate", &table.name);
    let laid =
        rows(model, wanted, |place| keys_of(table, place, keys).map_or(0, |k| k.values.len()), &mut draw)?;
    let schema = Arc::new(schema(table));
    let sampler = Sampler::new(model);
    let mut cells = Cells::new(table, keys);
    let mut batches = Vec::new();
    for start in (0..laid.count).step_by(BATCH_ROWS) {
        let end = laid.count.min(start + BATCH_ROWS);
        let columns = batch(model, &sampler, &mut cells, &laid, start..end, keys, &mut draw)?;
        let arrays = columns
            .iter()
            .zip(&table.columns)
            .map(|(values, column)| array(column.data_type, values))
            .collect::<Result<Vec<_>, _>>()?;
        let batch = RecordBatch::try_new(schema.clone(), arrays)
            .map_err(|_| Error::Arrow { operation: "build a batch" })?;
        batches.push(batch);
        for (column, values) in table.columns.iter().zip(columns) {
            let kept = keys.iter_mut().find(|keys| keys.table == table.name && keys.column == column.name);
            if let Some(kept) = kept {
                // A key of several rows is one key.
                let begins = laid.begins.get(start..end).unwrap_or_default();
                let begins = begins.iter().copied().chain(std::iter::repeat(true));
                kept.values.extend(values.into_iter().zip(begins).filter(|(_, b)| *b).map(|(v, _)| v));
            }
        }
    }
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(schema));
    }
    Ok(Generated { name: table.name.clone(), batches })
}

/// The values of some rows, column by column.
fn batch(
    model: &TableModel,
    sampler: &Sampler<'_>,
    cells: &mut Cells<'_>,
    laid: &Rows,
    range: std::ops::Range<usize>,
    keys: &[Keys],
    draw: &mut Draw,
) -> Result<Vec<Vec<Option<Value>>>, Error> {
    let width = model.table.columns.len();
    let mut columns: Vec<Vec<Option<Value>>> = vec![Vec::with_capacity(range.len()); width];
    for row in range {
        let begins = laid.begins.get(row).copied().unwrap_or(true);
        cells.row(model, sampler, begins, draw)?;
        for (place, pointing) in &laid.references {
            let key = pointing.get(row).and_then(|key| usize::try_from(*key).ok());
            let value = keys_of(&model.table, *place, keys)
                .zip(key)
                .and_then(|(keys, key)| keys.values.get(key).cloned().flatten());
            cells.point(*place, value);
        }
        for (column, value) in columns.iter_mut().zip(cells.values()) {
            column.push(value.clone());
        }
    }
    Ok(columns)
}
