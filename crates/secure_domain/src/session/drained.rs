//! What a join leaves unread is read all the same.
//!
//! A join whose one side turns out to be empty does not read the other. Where one side holds the person that a sensitive
//! condition lets through or not, and the other a large table or a costly subquery, the time would tell which. So whatever a
//! join drops before its end is kept, and read to its end when the result is there.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::{Stream, StreamExt};

/// What reads all it has, one input after the other.
const UNIONS: [&str; 2] = ["UnionExec", "InterleaveExec"];

type Streams = Mutex<Vec<SendableRecordBatchStream>>;

/// Streams that a join left unread. Who executes holds them; sides of joins refer to them weakly, since what is left unread
/// holds further sides.
#[derive(Default)]
pub(super) struct Leftovers(Arc<Streams>);

impl Leftovers {
    /// The plan, with the sides of all joins watched.
    pub(super) fn watch(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            if node.children().len() != 2 || UNIONS.contains(&node.name()) {
                return Ok(Transformed::no(node));
            }
            let side = |input: &Arc<dyn ExecutionPlan>| {
                Arc::new(Side { input: Arc::clone(input), unread: Arc::downgrade(&self.0) })
                    as Arc<dyn ExecutionPlan>
            };
            let sides = node.children().into_iter().map(side).collect();
            let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
            node.replace_children(sides, options).map(Transformed::yes)
        })
        .data()
    }

    /// Reads what is left.
    pub(super) async fn drain(&self) -> Result<()> {
        while let Some(mut stream) = self.next() {
            while let Some(batch) = stream.next().await {
                batch?;
            }
        }
        Ok(())
    }

    fn next(&self) -> Option<SendableRecordBatchStream> {
        self.0.lock().ok()?.pop()
    }
}

/// A side of a join.
#[derive(Debug)]
struct Side {
    input: Arc<dyn ExecutionPlan>,
    unread: Weak<Streams>,
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
        Ok(Arc::new(Self { input, unread: self.unread.clone() }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let stream = self.input.execute(partition, context)?;
        let schema = stream.schema();
        Ok(Box::pin(Read { stream: Some(stream), schema, unread: self.unread.clone() }))
    }
}

/// What a join reads of a side.
struct Read {
    /// None once it has ended.
    stream: Option<SendableRecordBatchStream>,
    schema: SchemaRef,
    unread: Weak<Streams>,
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
            unread.push(stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};
    use datafusion::datasource::MemTable;
    use datafusion::physical_plan::aggregates::AggregateExec;
    use datafusion::physical_plan::execute_stream;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;

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

    /// The rows that were aggregated, and how many sides were left unread.
    async fn run(sql: &str, flag: i64) -> (usize, usize) {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
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
        unread.drain().await.unwrap();
        assert!(unread.0.lock().unwrap().is_empty());
        (aggregated(&plan), left)
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
