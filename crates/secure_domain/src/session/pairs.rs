//! Refusing plans that pair every row with every other.
//!
//! Such joins do not give way while they work, so a time limit cannot end them; they are refused before they begin,
//! unless one side is a single row or both sides are small.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::statistics::StatisticsArgs;

/// Pairs that a thread goes through in about a second.
const PAIRS_MAX: u64 = 10_000_000;
const JOINS_OF_ALL: [&str; 3] = ["CrossJoinExec", "NestedLoopJoinExec", "PiecewiseMergeJoinExec"];

/// Is there no join of too many pairs? `table_rows` is the size of the largest table, for sources that do not know theirs.
pub(super) fn are_bounded(plan: &Arc<dyn ExecutionPlan>, table_rows: u64) -> bool {
    let sides: Vec<u64> = plan.children().into_iter().map(|side| rows_max(side, table_rows)).collect();
    let single = sides.iter().any(|rows| *rows <= 1);
    let pairs = sides.iter().copied().fold(1, u64::saturating_mul);
    let fine = single || pairs <= PAIRS_MAX || !JOINS_OF_ALL.contains(&plan.name());
    fine && plan.children().into_iter().all(|child| are_bounded(child, table_rows))
}

/// More rows than a plan can yield.
fn rows_max(plan: &Arc<dyn ExecutionPlan>, table_rows: u64) -> u64 {
    let below = plan.children().into_iter().map(|child| rows_max(child, table_rows));
    let rows = match (plan.children().len(), plan.name()) {
        // Predicates are not pushed into the decoder, so these are the rows of the file.
        (0, _) => plan
            .statistics_from_inputs(&[], &StatisticsArgs::new())
            .ok()
            .and_then(|known| known.num_rows.get_value().copied())
            .map_or(table_rows, |rows| rows as u64),
        (_, "UnionExec" | "InterleaveExec") => below.fold(0, u64::saturating_add),
        // An outer join keeps rows that have no match.
        _ => below.map(|rows| rows.max(1)).fold(1, u64::saturating_mul),
    };
    let whole = plan.downcast_ref::<AggregateExec>().is_some_and(|aggregate| {
        aggregate.group_expr().is_empty() && !matches!(aggregate.mode(), AggregateMode::Partial)
    });
    let rows = if whole { 1 } else { rows };
    plan.fetch().map_or(rows, |fetch| rows.min(fetch as u64))
}
