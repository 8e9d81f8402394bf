//! Refusing plans that pair every row with every other.
//!
//! Such joins do not give way while they work, so a time limit cannot end them; they are refused before they begin,
//! unless one side is a single row or both sides are small.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};

/// Pairs that a thread goes through in about a second.
const PAIRS_MAX: u64 = 10_000_000;
/// Rows that a VALUES list can have: a query has fewer words.
const VALUES_MAX: u64 = 8_000;
const JOINS_OF_ALL: [&str; 3] = ["CrossJoinExec", "NestedLoopJoinExec", "PiecewiseMergeJoinExec"];

/// Is there no join of too many pairs? `table_rows` is the size of the largest table.
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
        (0, _) => table_rows.max(VALUES_MAX),
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
