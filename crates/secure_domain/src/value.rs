//! Columns of the closed list of types, and their values as JSON and text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, Field, Float64Type, Int64Type, Schema, SchemaRef};
use privacy::DataType;
use serde_json::Value;

use crate::Error;
use crate::protocol::{OutputColumn, Page};

/// A schema of columns as they are stored.
pub(crate) fn stored_schema(columns: &[OutputColumn]) -> SchemaRef {
    let fields = columns.iter().map(|column| Field::new(&column.name, column.data_type.to_arrow(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns of a schema; a type outside the closed list is refused.
pub(crate) fn columns_of(schema: &Schema) -> Result<Vec<OutputColumn>, Error> {
    let column = |field: &Arc<Field>| {
        let data_type =
            DataType::from_arrow(field.data_type()).ok_or(Error::OrderMismatch { what: "types" })?;
        Ok(OutputColumn { name: field.name().clone(), data_type })
    };
    schema.fields().iter().map(column).collect()
}

/// Columns brought by position into stored types and names. A value that does not fit fails the whole batch.
pub(crate) fn store(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Error> {
    brought(batch, schema, false)
}

/// The same, with null for a value that does not fit: a run must not fail because of one.
pub(crate) fn store_what_fits(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Error> {
    brought(batch, schema, true)
}

fn brought(batch: &RecordBatch, schema: &SchemaRef, safe: bool) -> Result<RecordBatch, Error> {
    if batch.num_columns() != schema.fields().len() {
        return Err(Error::OrderMismatch { what: "columns" });
    }
    let options = CastOptions { safe, ..CastOptions::default() };
    let arrays = batch.columns().iter().zip(schema.fields()).map(|(array, field)| {
        cast_with_options(array, field.data_type(), &options).map_err(|_| Error::RunFailed)
    });
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options).map_err(|_| Error::RunFailed)
}

/// The text form of a column: plain decimals, `YYYY-MM-DD`, `YYYY-MM-DDTHH:MM:SS[.ffffff]`, `true`, `false`.
pub(crate) fn texts(array: &ArrayRef) -> Result<StringArray, Error> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let texts = cast_with_options(array, &ArrowType::Utf8, &options).map_err(|_| Error::RunFailed)?;
    texts.as_string_opt::<i32>().cloned().ok_or(Error::RunFailed)
}

/// Columns ready to be read as JSON, row by row.
pub(crate) struct JsonColumns(Vec<JsonColumn>);

enum JsonColumn {
    Integers(ArrayRef),
    Floats(ArrayRef),
    Booleans(ArrayRef),
    Texts(StringArray),
}

impl JsonColumns {
    pub(crate) fn new(batch: &RecordBatch) -> Result<Self, Error> {
        let columns = batch.columns().iter().map(|array| {
            let cast =
                |to| cast_with_options(array, &to, &CastOptions::default()).map_err(|_| Error::RunFailed);
            Ok(match DataType::from_arrow(array.data_type()) {
                Some(DataType::Integer) => JsonColumn::Integers(cast(ArrowType::Int64)?),
                Some(DataType::Float) => JsonColumn::Floats(cast(ArrowType::Float64)?),
                Some(DataType::Boolean) => JsonColumn::Booleans(Arc::clone(array)),
                _ => JsonColumn::Texts(texts(array)?),
            })
        });
        columns.collect::<Result<_, Error>>().map(Self)
    }

    pub(crate) fn row(&self, row: usize) -> Vec<Value> {
        self.0.iter().map(|column| column.value(row)).collect()
    }
}

impl JsonColumn {
    fn value(&self, row: usize) -> Value {
        match self {
            Self::Integers(array) if array.is_valid(row) => {
                array.as_primitive::<Int64Type>().value(row).into()
            }
            Self::Floats(array) if array.is_valid(row) => {
                let number = array.as_primitive::<Float64Type>().value(row);
                serde_json::Number::from_f64(number)
                    .map_or_else(|| Value::from(number.to_string()), Value::Number)
            }
            Self::Booleans(array) if array.is_valid(row) => array.as_boolean().value(row).into(),
            Self::Texts(array) if array.is_valid(row) => array.value(row).into(),
            _ => Value::Null,
        }
    }
}

/// Some rows of some batches.
pub(crate) fn page(
    schema: &Schema,
    batches: &[RecordBatch],
    offset: usize,
    limit: usize,
) -> Result<Page, Error> {
    let columns = lenient_columns(schema);
    let total: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let (mut rows, mut skip) = (Vec::with_capacity(limit.min(total)), offset);
    for batch in batches {
        let here = batch.num_rows();
        if skip >= here {
            skip -= here;
            continue;
        }
        let wanted = (here - skip).min(limit - rows.len());
        let part = JsonColumns::new(&batch.slice(skip, wanted))?;
        rows.extend((0..wanted).map(|row| part.row(row)));
        skip = 0;
        if rows.len() >= limit {
            break;
        }
    }
    let more = total > offset.saturating_add(rows.len());
    Ok(Page { columns, rows, more })
}

/// Columns for display: a type outside the closed list is shown as text.
fn lenient_columns(schema: &Schema) -> Vec<OutputColumn> {
    let fields = schema.fields().iter();
    fields
        .map(|field| OutputColumn {
            name: field.name().clone(),
            data_type: DataType::from_arrow(field.data_type()).unwrap_or(DataType::Text),
        })
        .collect()
}
