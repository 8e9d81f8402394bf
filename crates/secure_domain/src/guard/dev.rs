//! The guard of dev zones: read-only, bounded, registered functions. The data are twins, so any shape is fine.

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use privacy::ir::Rel;

use super::parameters::{Bound, with_values};
use super::parse::{on_large_stack, parse, spoken};
use super::refusal::{RELATION, Refusal};
use super::relations::translate;
use super::release::analyze;
use crate::Error;
use crate::session::Session;

/// Plans a free query.
pub(crate) async fn plan_query(
    session: &Arc<Session>,
    sql: String,
    bound: Bound,
) -> Result<LogicalPlan, Error> {
    on_large_stack(session, move |session| {
        let plan = parse(session.state(), &sql)?;
        check(&plan)?;
        with_values(plan, &bound)
    })
    .await
}

/// A free query in the words of the lattice, with its values.
///
/// # Errors
/// As [`plan_query`]; a refusal for what has no form there.
pub(crate) async fn relation_of(session: &Arc<Session>, sql: String, bound: Bound) -> Result<Rel, Error> {
    on_large_stack(session, move |session| {
        let plan = parse(session.state(), &sql)?;
        check(&plan)?;
        let plan = analyze(session.state(), with_values(plan, &bound)?)?;
        Ok(translate(&plan)?.0)
    })
    .await
}

/// Allows the relations that read, and no others.
fn check(plan: &LogicalPlan) -> Result<(), Error> {
    let mut refused: Option<Refusal> = None;
    plan.apply_with_subqueries(|node| {
        let allowed = matches!(
            node,
            LogicalPlan::Projection(_)
                | LogicalPlan::Filter(_)
                | LogicalPlan::Window(_)
                | LogicalPlan::Aggregate(_)
                | LogicalPlan::Sort(_)
                | LogicalPlan::Join(_)
                | LogicalPlan::Union(_)
                | LogicalPlan::TableScan(_)
                | LogicalPlan::EmptyRelation(_)
                | LogicalPlan::Subquery(_)
                | LogicalPlan::SubqueryAlias(_)
                | LogicalPlan::Limit(_)
                | LogicalPlan::Values(_)
                | LogicalPlan::Distinct(_)
        );
        if allowed {
            return Ok(TreeNodeRecursion::Continue);
        }
        let name = node.display().to_string();
        refused = Some(RELATION.about(name.split([':', ' ']).next().unwrap_or_default()));
        Ok(TreeNodeRecursion::Stop)
    })
    .map_err(|error| spoken(&error))?;
    refused.map_or(Ok(()), |refusal| Err(refusal.into()))
}
