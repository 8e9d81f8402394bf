//! Taking failed cells out of a result.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::kernels::nullif::nullif;
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::Schema;
use serde::{Deserialize, Serialize};

use super::Assessment;
use crate::Error;

/// What happens to cells that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    /// Their rows are left out.
    DropRows,
    /// Their values become null; the group keys stay. Tells that the group exists.
    NullValues,
}

/// Takes failed cells out of a result. `keys` are the names of the group keys among its columns.
///
/// *Shape*: same columns; all nullable after [`Suppression::NullValues`].
///
/// # Errors
/// [`Error::Length`] if the assessment is about another result.
pub fn suppress(
    batch: &RecordBatch,
    assessment: &Assessment,
    suppression: Suppression,
    keys: &[String],
) -> Result<RecordBatch, Error> {
    let passed = assessment.passed();
    if passed.len() != batch.num_rows() {
        return Err(Error::Length { left: batch.num_rows(), right: passed.len() });
    }
    match suppression {
        Suppression::DropRows => {
            filter_record_batch(batch, passed).map_err(|_| Error::Arrow { operation: "filter" })
        }
        Suppression::NullValues => null_values(batch, passed, keys),
    }
}

fn null_values(batch: &RecordBatch, passed: &BooleanArray, keys: &[String]) -> Result<RecordBatch, Error> {
    let failed = not(passed).map_err(|_| Error::Arrow { operation: "not" })?;
    let schema = batch.schema();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    let mut fields = Vec::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if keys.contains(field.name()) {
            fields.push(field.as_ref().clone());
            columns.push(Arc::clone(column));
        } else {
            fields.push(field.as_ref().clone().with_nullable(true));
            columns.push(nullif(column, &failed).map_err(|_| Error::Arrow { operation: "nullif" })?);
        }
    }
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|_| Error::Arrow { operation: "rebuild" })
}
