//! What a join leaves unread is read all the same, and matched as if there were something to match.
//!
//! A join whose one side turns out to be empty does not read the other, or reads it without looking for matches. Where one side
//! holds the person that a sensitive condition lets through or not, and the other a large table or a costly subquery, the time
//! would tell which. So whatever a join drops before its end is kept, and is joined with a stranger when the result is there; and
//! joins keep the rows of the side that is built, never of the one that is read: those are dropped if nothing was built.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll};

use arrow::array::{Array as _, ArrayRef, Int32Array, RecordBatch, RecordBatchOptions};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, NullEquality, Result, ScalarValue, exec_datafusion_err};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::joins::{HashJoinExec, JoinOn, PartitionMode};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, EmptyRecordBatchStream, ExecutionPlan,
    PhysicalExpr, PlanProperties, ReplaceChildrenOptions,
};
use futures::{Stream, StreamExt};
use tokio::task::JoinSet;

/// What reads all it has, one input after the other.
const UNIONS: [&str; 2] = ["UnionExec", "InterleaveExec"];

type Rules = Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>;

/// The engine's rules with [`KeepBuilt`] where the sides of joins have just been chosen.
pub(super) fn optimizer_rules() -> Rules {
    let mut rules = PhysicalOptimizer::new().rules;
    let chosen = rules.iter().position(|rule| rule.name() == "join_selection");
    rules.insert(chosen.map_or(0, |at| at + 1), Arc::new(KeepBuilt));
    rules
}

/// Joins that keep all rows of the side that is read are turned round.
#[derive(Debug)]
struct KeepBuilt;

impl PhysicalOptimizerRule for KeepBuilt {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let turned = node.downcast_ref::<HashJoinExec>().filter(|join| {
                matches!(join.join_type(), JoinType::Right | JoinType::RightAnti | JoinType::RightMark)
            });
            let turned = turned.map(|join| join.swap_inputs(*join.partition_mode())).transpose()?;
            Ok(turned.map_or_else(|| Transformed::no(node), Transformed::yes))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "keep_built"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

type Streams = Mutex<Vec<Unread>>;

/// What joins left unread. Who executes holds it; sides of joins refer to it weakly, since what is left unread holds further
/// sides.
#[derive(Default)]
pub(super) struct Leftovers(Arc<Streams>);

impl Leftovers {
    /// The plan, with the sides of all joins watched.
    pub(super) fn watch(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            if node.children().len() != 2 || UNIONS.contains(&node.name()) {
                return Ok(Transformed::no(node));
            }
            let join = node.downcast_ref::<HashJoinExec>();
            let probe = join.map(Probe::of).transpose()?.map(Arc::new);
            // The second side is the one that is read.
            let side = |(place, input): (usize, &Arc<dyn ExecutionPlan>)| {
                let (input, unread) = (Arc::clone(input), Arc::downgrade(&self.0));
                let probe = probe.clone().filter(|_| place == 1);
                Arc::new(Side { input, unread, probe }) as Arc<dyn ExecutionPlan>
            };
            let sides = node.children().into_iter().enumerate().map(side).collect();
            let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
            node.replace_children(sides, options).map(Transformed::yes)
        })
        .data()
    }

    /// Reads what is left, as many at once as there are.
    pub(super) async fn drain(&self, context: &Arc<TaskContext>) -> Result<()> {
        loop {
            let left = self.0.lock().map(|mut left| std::mem::take(&mut *left)).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            let mut reading = JoinSet::new();
            for unread in left {
                reading.spawn(unread.read(Arc::clone(context)));
            }
            while let Some(read) = reading.join_next().await {
                read.map_err(|error| exec_datafusion_err!("{error}"))??;
            }
        }
    }
}

/// A stream that a join left unread.
struct Unread {
    stream: SendableRecordBatchStream,
    probe: Option<Arc<Probe>>,
}

impl Unread {
    async fn read(self, context: Arc<TaskContext>) -> Result<()> {
        let mut stream = match self.probe {
            Some(probe) => probe.against(self.stream, context)?,
            None => self.stream,
        };
        while let Some(batch) = stream.next().await {
            batch?;
        }
        Ok(())
    }
}

/// How a hash join goes through what it reads.
#[derive(Debug)]
struct Probe {
    on: JoinOn,
    null_equality: NullEquality,
    /// One row that nobody meets, in place of those that were not there.
    stranger: RecordBatch,
}

impl Probe {
    fn of(join: &HashJoinExec) -> Result<Self> {
        let schema = join.left().schema();
        let columns =
            schema.fields().iter().map(|field| stranger(field.data_type())).collect::<Result<_>>()?;
        let one = RecordBatchOptions::new().with_row_count(Some(1));
        Ok(Self {
            on: join.on().to_vec(),
            null_equality: join.null_equality(),
            stranger: RecordBatch::try_new_with_options(schema, columns, &one)?,
        })
    }

    /// The join of a stream with the stranger.
    fn against(
        &self,
        stream: SendableRecordBatchStream,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let row = futures::stream::iter([Ok(self.stranger.clone())]);
        let built = Given::plan(Box::pin(RecordBatchStreamAdapter::new(self.stranger.schema(), row)))?;
        let (read, on, inner) = (Given::plan(stream)?, self.on.clone(), JoinType::Inner);
        let mode = PartitionMode::CollectLeft;
        HashJoinExec::try_new(built, read, on, None, &inner, None, mode, self.null_equality, false)?
            .execute(0, context)
    }
}

/// A value that is in no table but by chance: one that all know could be put into a table on purpose.
fn stranger(data_type: &DataType) -> Result<ArrayRef> {
    let number: ArrayRef = Arc::new(Int32Array::from(vec![rand::random::<i32>()]));
    if can_cast_types(number.data_type(), data_type) {
        let value = cast(&number, data_type)?;
        if value.null_count() == 0 {
            return Ok(value);
        }
    }
    ScalarValue::new_default(data_type)?.to_array()
}

/// A stream that is there already, for a plan.
struct Given {
    stream: Mutex<Option<SendableRecordBatchStream>>,
    schema: SchemaRef,
}

impl Given {
    fn plan(stream: SendableRecordBatchStream) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = stream.schema();
        let given = Self { stream: Mutex::new(Some(stream)), schema: Arc::clone(&schema) };
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![Arc::new(given)], None, [], false, None)?))
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

impl PartitionStream for Given {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let given = self.stream.lock().ok().and_then(|mut given| given.take());
        given.unwrap_or_else(|| Box::pin(EmptyRecordBatchStream::new(Arc::clone(&self.schema))))
    }
}

/// A side of a join.
#[derive(Debug)]
struct Side {
    input: Arc<dyn ExecutionPlan>,
    unread: Weak<Streams>,
    /// Of the side that is read.
    probe: Option<Arc<Probe>>,
}

impl DisplayAs for Side {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SideExec")
    }
}

impl ExecutionPlan for Side {
    fn name(&self) -> &'static str {
        "SideExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self { input, unread: self.unread.clone(), probe: self.probe.clone() }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let stream = self.input.execute(partition, context)?;
        let schema = stream.schema();
        let (unread, probe) = (self.unread.clone(), self.probe.clone());
        Ok(Box::pin(Read { stream: Some(stream), schema, unread, probe }))
    }
}

/// What a join reads of a side.
struct Read {
    /// None once it has ended.
    stream: Option<SendableRecordBatchStream>,
    schema: SchemaRef,
    unread: Weak<Streams>,
    probe: Option<Arc<Probe>>,
}

impl Stream for Read {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let found = stream.poll_next_unpin(context);
        if matches!(found, Poll::Ready(None | Some(Err(_)))) {
            self.stream = None;
        }
        found
    }
}

impl RecordBatchStream for Read {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        // Where nobody waits for the result any more, nothing is kept.
        if let (Some(stream), Some(unread)) = (self.stream.take(), self.unread.upgrade())
            && let Ok(mut unread) = unread.lock()
        {
            unread.push(Unread { stream, probe: self.probe.take() });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow::array::Int64Array;
    use datafusion::datasource::MemTable;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::physical_plan::aggregates::AggregateExec;
    use datafusion::physical_plan::execute_stream;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;
    use crate::session::tests::costly;

    fn table(columns: [(&str, Vec<i64>); 2]) -> Arc<MemTable> {
        let columns = columns.map(|(name, values)| (name, Arc::new(Int64Array::from(values)) as ArrayRef));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap())
    }

    /// Rows that all aggregates of a plan have yielded.
    fn aggregated(plan: &Arc<dyn ExecutionPlan>) -> usize {
        let own = plan.downcast_ref::<AggregateExec>().and_then(|one| one.metrics()?.output_rows());
        let below = plan.children().into_iter().map(aggregated).sum::<usize>();
        own.unwrap_or_default() + below
    }

    /// The rows that were aggregated or whose keys were looked for, and how many sides were left unread.
    async fn run(sql: &str, flag: i64) -> (usize, usize) {
        let state = SessionStateBuilder::new_with_default_features();
        let state = state.with_config(SessionConfig::new().with_target_partitions(2));
        let context =
            SessionContext::new_with_state(state.with_physical_optimizer_rules(optimizer_rules()).build());
        let keys = Arc::new(AtomicUsize::new(0));
        context.register_udf(costly(&keys));
        let _none = context.register_table("person", table([("k", vec![3]), ("flag", vec![flag])])).unwrap();
        let numbers = table([("k", (0..50_000).map(|n| n % 500).collect()), ("n", (0..50_000).collect())]);
        let _none = context.register_table("large", numbers).unwrap();
        let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
        let unread = Leftovers::default();
        let plan = unread.watch(plan).unwrap();
        let mut stream = execute_stream(Arc::clone(&plan), context.task_ctx()).unwrap();
        while let Some(batch) = stream.next().await {
            batch.unwrap();
        }
        drop(stream);
        let left = unread.0.lock().unwrap().len();
        unread.drain(&context.task_ctx()).await.unwrap();
        assert!(unread.0.lock().unwrap().is_empty());
        (aggregated(&plan) + keys.load(Ordering::SeqCst), left)
    }

    /// The work on the other side is the same whether or not the only person passes.
    #[tokio::test(flavor = "multi_thread")]
    async fn an_empty_side_saves_no_work() {
        const LARGE: &str = "(SELECT k, count(DISTINCT n) AS c FROM large GROUP BY k)";
        let forms = [
            format!("SELECT count(*) FROM person p JOIN {LARGE} l ON l.k = p.k WHERE p.flag = 1"),
            format!(
                "SELECT count(*) FROM person p JOIN {LARGE} l ON l.k = p.k AND l.c > p.flag + 50 WHERE p.flag = 1"
            ),
            format!(
                "SELECT count(*) FROM person p WHERE p.flag = 1 AND p.k IN (SELECT k FROM {LARGE} l WHERE c > 5)"
            ),
            format!(
                "SELECT count(*) FROM person p WHERE p.flag = 1 AND NOT EXISTS (SELECT 1 FROM {LARGE} l WHERE l.k = p.k AND c > 5)"
            ),
            format!("SELECT count(l.c) FROM person p LEFT JOIN {LARGE} l ON l.k = p.k WHERE p.flag = 1"),
            "SELECT count(*) FROM person p JOIN large l ON costly(l.n) = p.k WHERE p.flag = 1".to_owned(),
            "SELECT count(*) FROM person p JOIN large l ON costly(l.n) = p.k JOIN large m ON costly(m.n) = l.n WHERE p.flag = 1".to_owned(),
            "SELECT count(*) FROM person p LEFT JOIN large l ON costly(l.n) = p.k WHERE p.flag = 1".to_owned(),
            "SELECT count(*), count(p.k) FROM large l LEFT JOIN (SELECT * FROM person WHERE flag = 1) p ON costly(l.n) = p.k".to_owned(),
            "SELECT count(*) FROM large l WHERE NOT EXISTS (SELECT 1 FROM person p WHERE flag = 1 AND p.k = costly(l.n))".to_owned(),
            "SELECT count(*) FROM person p WHERE flag = 1 AND EXISTS (SELECT 1 FROM large l WHERE p.k = costly(l.n))".to_owned(),
            "SELECT count(*) FROM person p WHERE flag = 1 AND p.k NOT IN (SELECT costly(l.n) FROM large l)".to_owned(),
        ];
        let mut unread = 0;
        for sql in forms {
            let (with, without) = (run(&sql, 1).await, run(&sql, 0).await);
            assert_eq!(with.0, without.0, "{sql}");
            assert!(with.0 > 500, "{sql}");
            unread += without.1;
        }
        assert!(unread > 0, "the engine reads everything by itself");
    }
}
