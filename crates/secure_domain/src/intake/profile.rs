//! What is learnt of the columns while rows pass.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use catalog::Profiler;
use privacy::detect;

use crate::Error;
use crate::protocol::ColumnProfile;
use crate::value::columns_of;

/// Rows of each batch that are kept for the proposals.
const ROWS_PER_BATCH: usize = 2_000;
/// Batches of which some are kept.
const BATCHES_MAX: usize = 50;

/// Counts all rows and keeps a few.
pub(super) struct Observer {
    schema: SchemaRef,
    profiler: Profiler,
    sample: Vec<RecordBatch>,
}

impl Observer {
    pub(super) fn new(schema: &SchemaRef) -> Self {
        Self { schema: schema.clone(), profiler: Profiler::default(), sample: Vec::new() }
    }

    pub(super) fn observe(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.profiler.add(batch).map_err(|_| Error::RunFailed)?;
        if self.sample.len() < BATCHES_MAX {
            self.sample.push(batch.slice(0, batch.num_rows().min(ROWS_PER_BATCH)));
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<ColumnProfile>, Error> {
        let profile = self.profiler.finish();
        let sample = concat_batches(&self.schema, &self.sample).map_err(|_| Error::RunFailed)?;
        let mut columns = Vec::new();
        for (index, column) in columns_of(&self.schema)?.into_iter().enumerate() {
            let counts = profile.columns.get(index);
            let proposal = detect::propose(&[&column.name], sample.column(index))?;
            columns.push(ColumnProfile {
                name: column.name,
                data_type: column.data_type,
                nulls: counts.map_or(0, |counts| counts.nulls),
                distinct_approx: counts.map_or(0, |counts| counts.distinct),
                proposal,
            });
        }
        Ok(columns)
    }
}
