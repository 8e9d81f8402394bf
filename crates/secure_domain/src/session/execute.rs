//! Executing a plan within the zone's bounds.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;

use super::drained::Leftovers;
use super::{Session, eager, pairs};
use crate::Error;
use crate::guard::{ALL_PAIRS, Refusal};
use crate::objects::Content;

/// What a plan yielded.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
    /// Were there more rows than wanted?
    pub(crate) more: bool,
}

/// Why a plan did not yield anything. The engine's own words may quote values, so callers decide whether to show them.
#[derive(Debug)]
pub(crate) enum Fault {
    Engine(DataFusionError),
    TimeLimit(u64),
    /// Refused before it began; says nothing about values.
    Refused(Refusal),
    /// Found by who took the rows.
    Own(Box<Error>),
}

impl Fault {
    /// For raw data: a code and nothing else.
    pub(crate) fn uniform(self) -> Error {
        match self {
            Self::Engine(_) => Error::RunFailed,
            Self::TimeLimit(millis_max) => Error::TimeLimit { millis_max },
            Self::Refused(refusal) => refusal.into(),
            Self::Own(error) => *error,
        }
    }

    /// For twins: the engine's words help the engineer.
    pub(crate) fn spoken(self) -> Error {
        match self {
            Self::Engine(error) => match error.find_root() {
                DataFusionError::ResourcesExhausted(_) => Error::Limit { what: "memory_bytes" },
                // Its words quote the value that could not be converted, and twins may keep free text.
                DataFusionError::ArrowError(..) => Error::Sql {
                    detail: "a value cannot be converted to the type asked for".to_owned(),
                    name: String::new(),
                },
                root => Error::Sql { detail: clipped(&root.strip_backtrace()), name: String::new() },
            },
            Self::TimeLimit(millis_max) => Error::TimeLimit { millis_max },
            Self::Refused(refusal) => refusal.into(),
            Self::Own(error) => *error,
        }
    }
}

impl From<DataFusionError> for Fault {
    fn from(error: DataFusionError) -> Self {
        Self::Engine(error)
    }
}

/// The first line of an engine message, at most 300 characters.
pub(crate) fn clipped(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

impl Session {
    /// Executes a plan: at most `rows_max` rows are kept. Dropping the future stops the work.
    pub(crate) async fn execute(&self, plan: &LogicalPlan, rows_max: usize) -> Result<Rows, Fault> {
        // Tables that are replaced meanwhile stay readable for this query.
        let _held = self.tables();
        let millis_max = self.limits().millis_max;
        let work = self.collect(plan, rows_max);
        match tokio::time::timeout(Duration::from_millis(millis_max), work).await {
            Ok(result) => result,
            Err(_) => Err(Fault::TimeLimit(millis_max)),
        }
    }

    fn holds_raw(&self) -> bool {
        self.contents.contains(&Content::Raw)
    }

    /// The plan as it would run; refused if a time limit could not end it.
    pub(crate) async fn physical(&self, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>, Fault> {
        let mut plan = self.state().optimize(plan)?;
        if self.holds_raw() {
            plan = eager::eager(plan)?;
        }
        let physical = self.state().query_planner().create_physical_plan(&plan, self.state()).await?;
        let largest = self.tables().iter().map(|table| table.spec.rows).max().unwrap_or_default();
        if pairs::are_bounded(&physical, largest) {
            Ok(physical)
        } else {
            Err(Fault::Refused(ALL_PAIRS.about("JOIN")))
        }
    }

    /// The plan as it would run; on raw data its joins leave nothing unread.
    async fn watched(&self, plan: &LogicalPlan, unread: &Leftovers) -> Result<Arc<dyn ExecutionPlan>, Fault> {
        let physical = self.physical(plan).await?;
        if self.holds_raw() { Ok(unread.watch(physical)?) } else { Ok(physical) }
    }

    /// Executes a plan batch by batch, without keeping what it yields: at most `rows_max` rows. Were there more?
    pub(crate) async fn each(
        &self,
        plan: &LogicalPlan,
        rows_max: usize,
        mut take: impl FnMut(&RecordBatch) -> Result<(), Error>,
    ) -> Result<bool, Fault> {
        let _held = self.tables();
        let millis_max = self.limits().millis_max;
        let work = async {
            let unread = Leftovers::default();
            let physical = self.watched(plan, &unread).await?;
            let mut stream = execute_stream(physical, self.state().task_ctx())?;
            let mut rows = 0_usize;
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                rows = rows.saturating_add(batch.num_rows());
                if rows > rows_max {
                    return Ok(true);
                }
                take(&batch).map_err(|error| Fault::Own(Box::new(error)))?;
            }
            drop(stream);
            unread.drain(&self.state().task_ctx()).await?;
            Ok(false)
        };
        match tokio::time::timeout(Duration::from_millis(millis_max), work).await {
            Ok(result) => result,
            Err(_) => Err(Fault::TimeLimit(millis_max)),
        }
    }

    async fn collect(&self, plan: &LogicalPlan, rows_max: usize) -> Result<Rows, Fault> {
        let unread = Leftovers::default();
        let physical = self.watched(plan, &unread).await?;
        let mut stream = execute_stream(physical, self.state().task_ctx())?;
        let schema = stream.schema();
        let (mut batches, mut room, mut more) = (Vec::new(), rows_max, false);
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            if batch.num_rows() > room {
                more = true;
                batches.push(batch.slice(0, room));
                break;
            }
            room -= batch.num_rows();
            if batch.num_rows() > 0 {
                batches.push(batch);
            }
        }
        drop(stream);
        if !more {
            unread.drain(&self.state().task_ctx()).await?;
        }
        Ok(Rows { schema, batches, more })
    }
}
