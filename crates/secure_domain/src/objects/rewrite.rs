//! A table rewritten as it streams by: every batch changed, row groups side by side on several threads.
//!
//! Each thread has one row group in its hands and hands its columns over encoded, in the order of the file; so memory does
//! not grow with the table, and the same rows give the same bytes on any number of threads.

use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::file::reader::ChunkReader;

use super::rows::fault;
use super::write::parquet_fault;
use crate::Error;

/// Rows of a batch: few enough that a batch and what becomes of it stay in a processor's cache.
const BATCH_ROWS: usize = 8 * 1024;

/// What a thread made of a row group.
type Encoded = Result<(Vec<ArrowColumnChunk>, u64), Error>;

/// Where the rows come from and what becomes of them.
pub(crate) struct Rewrite<Open, Change> {
    /// Opens the file, for each row group anew.
    pub(crate) open: Open,
    /// Changes a batch. The number is the same for the same rows, and another for others.
    pub(crate) change: Change,
    /// Row groups in hand at once.
    pub(crate) threads: usize,
}

impl<R, Open, Change> Rewrite<Open, Change>
where
    R: ChunkReader + 'static,
    Open: Fn() -> Result<R, Error> + Sync,
    Change: Fn(&RecordBatch, u64) -> Result<RecordBatch, Error> + Sync,
{
    /// Writes all rows, changed; gives back what they were written to, with their number. Blocks.
    ///
    /// # Errors
    /// The first that opening or changing met; `domain.io`; `domain.run_failed` for a file that is no Parquet, or rows that
    /// are not those that the writer expects.
    pub(crate) fn write<W: Write + Send>(&self, into: ArrowWriter<W>) -> Result<(W, u64), Error> {
        let metadata =
            ArrowReaderMetadata::load(&(self.open)()?, ArrowReaderOptions::new()).map_err(fault)?;
        let groups = metadata.metadata().num_row_groups();
        let threads = self.threads.clamp(1, groups.max(1));
        let (mut writer, factory) = into.into_serialized_writer().map_err(parquet_fault)?;
        let rows = std::thread::scope(|scope| {
            // Row groups are dealt out in turn; a lane that is ahead waits when it has one more than it could hand over.
            let lanes: Vec<Receiver<Encoded>> = (0..threads)
                .map(|lane| {
                    let (sender, receiver) = sync_channel(1);
                    let (metadata, factory) = (&metadata, &factory);
                    let own = (lane..groups).step_by(threads);
                    scope.spawn(move || self.lane(metadata, factory, own, &sender));
                    receiver
                })
                .collect();
            let mut rows = 0;
            for group in 0..groups {
                let lane = lanes.get(group % threads).ok_or(Error::RunFailed)?;
                // A lane that is gone without a word has panicked.
                let (chunks, encoded) = lane.recv().map_err(|_| Error::RunFailed)??;
                let mut group = writer.next_row_group().map_err(parquet_fault)?;
                for chunk in chunks {
                    chunk.append_to_row_group(&mut group).map_err(parquet_fault)?;
                }
                group.close().map_err(parquet_fault)?;
                rows += encoded;
            }
            Ok::<u64, Error>(rows)
        })?;
        Ok((writer.into_inner().map_err(parquet_fault)?, rows))
    }

    fn lane(
        &self,
        metadata: &ArrowReaderMetadata,
        factory: &ArrowRowGroupWriterFactory,
        groups: impl Iterator<Item = usize>,
        sender: &SyncSender<Encoded>,
    ) {
        for group in groups {
            let encoded = self.encode(metadata, factory, group);
            let failed = encoded.is_err();
            if sender.send(encoded).is_err() || failed {
                return;
            }
        }
    }

    fn encode(
        &self,
        metadata: &ArrowReaderMetadata,
        factory: &ArrowRowGroupWriterFactory,
        group: usize,
    ) -> Encoded {
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata((self.open)()?, metadata.clone())
            .with_row_groups(vec![group])
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(fault)?;
        let mut columns = factory.create_column_writers(group).map_err(parquet_fault)?;
        let mut rows = 0;
        for (number, batch) in (0_u64..).zip(reader) {
            let batch = batch.map_err(|error| fault(error.into()))?;
            let changed = (self.change)(&batch, (group as u64) << 32 | number)?;
            rows += changed.num_rows() as u64;
            let schema = changed.schema();
            let mut writers = columns.iter_mut();
            for (field, array) in schema.fields().iter().zip(changed.columns()) {
                for leaf in compute_leaves(field, array).map_err(parquet_fault)? {
                    let writer = writers.next().ok_or(Error::RunFailed)?;
                    writer.write(&leaf).map_err(parquet_fault)?;
                }
            }
            if writers.next().is_some() {
                return Err(Error::RunFailed);
            }
        }
        let chunks = columns.into_iter().map(|column| column.close().map_err(parquet_fault));
        Ok((chunks.collect::<Result<Vec<_>, _>>()?, rows))
    }
}
