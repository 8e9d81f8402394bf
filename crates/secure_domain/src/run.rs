//! Run orders: approved SQL on raw data, once, with disclosure control.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::array::RecordBatch;
use base::Digest;
use privacy::disclosure::{self, Cells, Statistics};
use privacy::ir;
use privacy::masking::MaskKey;

use crate::Error;
use crate::engine::ProdEngine;
use crate::guard::{Bound, Release, bind, check_release, ir_name, lower, names_of};
use crate::objects::{Content, ObjectFile, ParquetObject, object_path, read_sealed, write_sealed};
use crate::protocol::{InputPin, RunDone, RunOrder};
use crate::session::{Fault, Table};
use crate::value::{store, store_what_fits, stored_schema};

impl ProdEngine {
    /// Executes a run order.
    ///
    /// # Errors
    /// `domain.order_used`, `domain.order_mismatch`, a refusal, `domain.parameter`, or `domain.run_failed` without a
    /// reason.
    pub(crate) async fn run(&self, order: RunOrder, mask_key: Option<&MaskKey>) -> Result<RunDone, Error> {
        order.thresholds.check()?;
        if object_path(&self.objects_dir, order.result.object).exists() {
            return Err(Error::OrderUsed);
        }
        if Digest::of(order.sql.as_bytes()) != order.sql_digest {
            return Err(Error::OrderMismatch { what: "sql_digest" });
        }
        let bound = bind(&order.parameters, &order.values)?;
        let release = check_release(&self.session, order.sql.clone(), order.parameters.clone()).await?;
        self.check_inputs(&order.inputs, &release)?;
        if release.output() != order.output {
            return Err(Error::OrderMismatch { what: "output" });
        }
        let counted = self.count(&release, &bound).await?;
        let engine = self.clone();
        let mask_key = mask_key.cloned();
        // Assessing, encoding and syncing block; they must not hold up the other requests of the zone.
        tokio::task::spawn_blocking(move || engine.conclude(&order, &release, &counted, mask_key.as_ref()))
            .await
            .map_err(|_| Error::RunFailed)?
    }

    /// Every table the text reads is pinned, and every pin is a table the text reads, with these very bytes.
    fn check_inputs(&self, inputs: &[InputPin], release: &Release) -> Result<(), Error> {
        let names = names_of(release);
        if names.len() != inputs.len() || !inputs.iter().all(|pin| names.contains(pin.table.as_str())) {
            return Err(Error::OrderMismatch { what: "inputs" });
        }
        inputs.iter().try_for_each(|pin| check_pin(pin, &release.tables).map(|_| ()))
    }

    /// The result with its statistics, in one batch.
    async fn count(&self, release: &Release, bound: &Bound) -> Result<RecordBatch, Error> {
        let plan = lower(self.session.state(), &release.counted.rel, &release.tables, bound)
            .map_err(|_| Error::RunFailed)?;
        let rows_max = self.session.limits().rows_max;
        let rows = self.session.execute(&plan, rows_max).await.map_err(Fault::uniform)?;
        if rows.more {
            return Err(Error::Limit { what: "rows_max" });
        }
        let batch =
            arrow::compute::concat_batches(&rows.schema, &rows.batches).map_err(|_| Error::RunFailed)?;
        let names = batch.schema().fields().iter().map(|field| ir_name(field.name())).collect::<Vec<_>>();
        let columns = names.iter().map(String::as_str).zip(batch.columns().iter().cloned());
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)));
        batch.map_err(|_| Error::RunFailed)
    }

    fn conclude(
        &self,
        order: &RunOrder,
        release: &Release,
        counted: &RecordBatch,
        mask_key: Option<&MaskKey>,
    ) -> Result<RunDone, Error> {
        let (bare, statistics) = disclosure::split(counted, &release.counted)?;
        let mut assessment = disclosure::assess(&statistics, order.thresholds)?;
        let schema = stored_schema(&order.output);
        let bare = store_what_fits(&bare, &schema)?;
        let cells = self.cells(release, &bare, &statistics, mask_key)?;
        for earlier in &order.earlier {
            let cells = cells.as_ref().ok_or(Error::OrderMismatch { what: "mask_key" })?;
            let bytes = read_sealed(&self.objects_dir, &self.keys, earlier)?;
            let earlier: Cells =
                serde_json::from_slice(&bytes).map_err(|_| Error::OrderMismatch { what: "earlier" })?;
            assessment.apply(&disclosure::compare(cells, &earlier, order.thresholds))?;
        }
        let safe = disclosure::suppress(&bare, &assessment, order.suppression, &release.keys)?;
        let safe = store(&safe, &schema)?;
        if let (Some(into), Some(cells)) = (&order.cells, &cells) {
            let (key, context) = self.keys.open(into)?;
            let bytes = serde_json::to_vec(cells).map_err(|_| Error::RunFailed)?;
            write_sealed(&self.objects_dir, &key, &context, &bytes)?;
        }
        // The result comes last: where it exists, the order is spent and everything else is there.
        let (key, context) = self.keys.open(&order.result)?;
        let mut object =
            ParquetObject::create_as(Content::Result, &self.objects_dir, &key, &context, schema)?;
        object.write(&safe)?;
        let written = object.finish()?;
        Ok(RunDone {
            written,
            output: order.output.clone(),
            report: assessment.report,
            ir_digest: release.ir_digest(),
        })
    }

    fn cells(
        &self,
        release: &Release,
        bare: &RecordBatch,
        statistics: &Statistics,
        mask_key: Option<&MaskKey>,
    ) -> Result<Option<Cells>, Error> {
        let (Some(key), Some(shape)) = (mask_key, ir::shape(&release.rel)) else { return Ok(None) };
        Ok(Some(disclosure::cells(shape, bare, &release.keys, statistics, key)?))
    }
}

/// The pinned table, if it is the one that lies here.
pub(crate) fn check_pin(pin: &InputPin, tables: &[Arc<Table>]) -> Result<Arc<Table>, Error> {
    let table = tables.iter().find(|table| table.spec.name == pin.table);
    let table = table.ok_or_else(|| Error::unknown("table", &pin.table))?;
    if table.spec.snapshot != pin.snapshot || table.spec.object.object != pin.object {
        return Err(Error::OrderMismatch { what: "snapshot" });
    }
    check_digest(&table.file, pin.digest)?;
    Ok(Arc::clone(table))
}

pub(crate) fn check_digest(file: &ObjectFile, digest: Digest) -> Result<(), Error> {
    if file.digest()? == digest { Ok(()) } else { Err(Error::OrderMismatch { what: "input_digest" }) }
}
