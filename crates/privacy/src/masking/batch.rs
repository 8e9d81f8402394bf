//! Masking record batches as they stream by.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};

use super::column::{check_mask, mask_rows};
use super::{MaskKey, MaskSpec, entity};
use crate::Error;

/// How one column of a table is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMask {
    /// The column.
    pub column: String,
    /// How.
    pub spec: MaskSpec,
    /// The columns of the entity's key, for masks that need one.
    pub entity: Vec<String>,
}

/// The masks of a table, ready for its batches. A column that no mask names does not come out.
///
/// Batches may be masked in any order and on several threads; nothing of a batch is kept.
///
/// # Example
/// ```
/// # use std::sync::Arc;
/// # use arrow::array::{RecordBatch, StringArray, ArrayRef};
/// use privacy::masking::{BatchMask, ColumnMask, MaskKey, MaskSpec};
///
/// let ids: ArrayRef = Arc::new(StringArray::from(vec!["a-1", "b-2"]));
/// let batch = RecordBatch::try_from_iter([("case", ids)]).unwrap();
/// let spec = MaskSpec::Token { domain: "case".into() };
/// let columns = [ColumnMask { column: "case".into(), spec, entity: vec![] }];
/// let key = MaskKey::new([7; 32]).project("p-1");
/// let masks = BatchMask::new(&batch.schema(), &columns, &key).unwrap();
/// assert_eq!(masks.mask(&batch, 0).unwrap().num_rows(), 2);
/// ```
#[derive(Debug, Clone)]
pub struct BatchMask {
    input: SchemaRef,
    output: SchemaRef,
    columns: Vec<Planned>,
    key: MaskKey,
}

#[derive(Debug, Clone)]
struct Planned {
    index: usize,
    spec: MaskSpec,
    entity: Option<Entity>,
}

/// An entity beside a column: its kind and where its key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entity {
    kind: String,
    columns: Vec<usize>,
}

impl BatchMask {
    /// Checks the masks against a table's columns. Order and names of what comes out are those of `columns`; every column
    /// of it may be null.
    ///
    /// # Errors
    /// [`Error::Column`] for a column that is missing or named twice, [`Error::MaskEntity`] if a mask needs an entity
    /// and names no columns of it, else as [`super::mask_column`].
    pub fn new(schema: &SchemaRef, columns: &[ColumnMask], key: &MaskKey) -> Result<Self, Error> {
        let index = |name: &String| {
            let missing = || Error::Column { column: name.clone(), expected: "present" };
            schema.index_of(name).map_err(|_| missing())
        };
        let mut planned: Vec<Planned> = Vec::with_capacity(columns.len());
        let mut fields = Vec::with_capacity(columns.len());
        for mask in columns {
            let at = index(&mask.column)?;
            if planned.iter().any(|planned| planned.index == at) {
                return Err(Error::Column { column: mask.column.clone(), expected: "named once" });
            }
            let field = schema.field(at);
            check_mask(&mask.spec, field.data_type())?;
            let entity = match &mask.spec {
                MaskSpec::ShiftEntity { entity, .. } => {
                    if mask.entity.is_empty() {
                        return Err(Error::MaskEntity { mask: mask.spec.name() });
                    }
                    let columns = mask.entity.iter().map(index).collect::<Result<Vec<_>, _>>()?;
                    Some(Entity { kind: entity.clone(), columns })
                }
                _ => None,
            };
            fields.push(Field::new(&mask.column, field.data_type().clone(), true));
            planned.push(Planned { index: at, spec: mask.spec.clone(), entity });
        }
        let output = Arc::new(Schema::new(fields));
        Ok(Self { input: Arc::clone(schema), output, columns: planned, key: key.clone() })
    }

    /// The schema of what comes out. It holds names and types only, no metadata of the table.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.output)
    }

    /// Masks one batch. `number` is its place in the table, from nought: the same for the same rows, another for others.
    ///
    /// *Shape*: as many rows, in the same order.
    ///
    /// # Errors
    /// [`Error::Column`] if the batch is not of the table, else as [`super::mask_column`].
    pub fn mask(&self, batch: &RecordBatch, number: u64) -> Result<RecordBatch, Error> {
        for (expected, field) in self.input.fields().iter().zip(batch.schema_ref().fields()) {
            if (expected.name(), expected.data_type()) != (field.name(), field.data_type()) {
                return Err(Error::Column { column: expected.name().clone(), expected: "that of the table" });
            }
        }
        // Several dates of one entity are drawn for once.
        let mut drawn: Vec<(&Entity, Vec<Option<u64>>)> = Vec::new();
        let mut masked = Vec::with_capacity(self.columns.len());
        for planned in &self.columns {
            if let Some(named) = &planned.entity
                && drawn.iter().all(|(known, _)| *known != named)
            {
                let columns =
                    named.columns.iter().map(|at| column(batch, *at)).collect::<Result<Vec<_>, _>>()?;
                drawn.push((named, entity::words(&named.kind, &columns, &self.key)?));
            }
            let words = planned.entity.as_ref().and_then(|named| {
                drawn.iter().find(|(known, _)| *known == named).map(|(_, words)| words.as_slice())
            });
            masked.push(mask_rows(&column(batch, planned.index)?, &planned.spec, &self.key, words, number)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema(), masked, &options)
            .map_err(|_| Error::Arrow { operation: "batch" })
    }
}

fn column(batch: &RecordBatch, at: usize) -> Result<ArrayRef, Error> {
    let missing = || Error::Column { column: String::new(), expected: "present" };
    batch.columns().get(at).cloned().ok_or_else(missing)
}
