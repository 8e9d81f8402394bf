//! From `privacy::ir` back to a plan of the engine. Only what has a form there can be executed on raw data.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema};
use datafusion::common::{Column, DFSchema, NullEquality, Result};
use datafusion::datasource::provider_as_source;
use datafusion::error::DataFusionError;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{
    EmptyRelation, Expr as PlanExpr, Join, JoinConstraint, JoinType, LogicalPlan, LogicalPlanBuilder,
    SortExpr,
};
use privacy::ir::{Computed, JoinKind, Named, NamedAggregate, Rel};

use super::lower_expressions::{aggregate, expression};
use super::parameters::Bound;
use super::total::total;
use crate::session::Table;

/// The engine's plan for a relation, with parameters bound. No value makes it fail.
pub(crate) fn lower(
    state: &SessionState,
    rel: &Rel,
    tables: &[Arc<Table>],
    bound: &Bound,
) -> Result<LogicalPlan> {
    total(state, Lowering { tables, bound }.relation(rel)?)
}

/// The name of a column in the engine's plan. Names of the IR may hold a point, which the engine would read as a
/// qualifier, so points are escaped.
pub(super) fn engine_name(name: &str) -> String {
    name.replace('%', "%25").replace('.', "%2e")
}

pub(super) fn engine_column(name: &str) -> PlanExpr {
    PlanExpr::Column(Column::new_unqualified(engine_name(name)))
}

/// The columns of a result that are computed from others, which `from` holds in their order. No value makes it fail.
pub(crate) fn compute(
    state: &SessionState,
    computed: &Computed,
    from: &RecordBatch,
    bound: &Bound,
) -> Result<Vec<ArrayRef>> {
    let fields = computed.from.iter().zip(from.schema_ref().fields());
    let fields = fields.map(|(name, field)| Field::new(engine_name(name), field.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let rows = RecordBatchOptions::new().with_row_count(Some(from.num_rows()));
    let from = RecordBatch::try_new_with_options(Arc::clone(&schema), from.columns().to_vec(), &rows)?;
    let schema = DFSchema::try_from(schema.as_ref().clone())?;
    let empty = EmptyRelation { produce_one_row: false, schema: Arc::new(schema) };
    let columns = computed.columns.iter().enumerate();
    let columns = columns.map(|(place, (_, expr))| Ok(expression(expr, bound)?.alias(place.to_string())));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let plan = LogicalPlanBuilder::from(LogicalPlan::EmptyRelation(empty)).project(columns)?.build()?;
    let LogicalPlan::Projection(plan) = total(state, plan)? else { return Err(fault("computed columns")) };
    let compute = |expr: &PlanExpr| {
        let expr = state.create_physical_expr(expr.clone(), plan.input.schema())?;
        expr.evaluate(&from)?.into_array(from.num_rows())
    };
    plan.expr.iter().map(compute).collect()
}

struct Lowering<'a> {
    tables: &'a [Arc<Table>],
    bound: &'a Bound,
}

impl Lowering<'_> {
    fn relation(&self, rel: &Rel) -> Result<LogicalPlan> {
        match rel {
            Rel::Scan { resource, alias, columns } => self.scan(resource, alias, columns),
            Rel::Filter { input, predicate } => {
                let input = self.relation(input)?;
                LogicalPlanBuilder::from(input).filter(expression(predicate, self.bound)?)?.build()
            }
            Rel::Project { input, columns } => {
                let input = self.relation(input)?;
                let columns = columns.iter().map(|named| self.named(named)).collect::<Result<Vec<_>>>()?;
                LogicalPlanBuilder::from(input).project(columns)?.build()
            }
            Rel::Join { kind, left, right, on, nulls_equal, filter } => {
                let (left, right) = (self.relation(left)?, self.relation(right)?);
                let on = on
                    .iter()
                    .map(|(a, b)| Ok((expression(a, self.bound)?, expression(b, self.bound)?)))
                    .collect::<Result<Vec<_>>>()?;
                let filter = filter.as_ref().map(|filter| expression(filter, self.bound)).transpose()?;
                join(*kind, left, right, on, *nulls_equal, filter)
            }
            Rel::Aggregate { input, group, aggregates } => self.aggregate(input, group, aggregates),
            Rel::Sort { input, keys } => {
                let input = self.relation(input)?;
                let keys = keys
                    .iter()
                    .map(|key| {
                        let expr = expression(&key.expr, self.bound)?;
                        Ok(SortExpr { expr, asc: !key.descending, nulls_first: key.nulls_first })
                    })
                    .collect::<Result<Vec<_>>>()?;
                LogicalPlanBuilder::from(input).sort(keys)?.build()
            }
            Rel::Limit { input, skip, fetch } => {
                let input = self.relation(input)?;
                let rows = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
                LogicalPlanBuilder::from(input).limit(rows(*skip), fetch.map(rows))?.build()
            }
            Rel::Union { inputs } => {
                let mut branches = inputs.iter().map(|input| self.relation(input));
                let first = branches.next().ok_or_else(|| fault("empty union"))??;
                branches
                    .try_fold(LogicalPlanBuilder::from(first), |union, branch| union.union(branch?))?
                    .build()
            }
        }
    }

    fn scan(&self, resource: &str, alias: &str, columns: &[String]) -> Result<LogicalPlan> {
        let table = self.tables.iter().find(|table| table.spec.name == resource);
        let table = table.ok_or_else(|| fault("table is gone"))?;
        let schema = table.provider.schema();
        let projection = columns
            .iter()
            .map(|column| schema.index_of(column).map_err(DataFusionError::from))
            .collect::<Result<Vec<_>>>()?;
        let source = provider_as_source(Arc::clone(&table.provider));
        let named = columns.iter().map(|column| {
            let from = Column::new(Some(resource.to_owned()), column);
            PlanExpr::Column(from).alias(engine_name(&format!("{alias}.{column}")))
        });
        LogicalPlanBuilder::scan(resource, source, Some(projection))?.project(named)?.build()
    }

    fn aggregate(&self, input: &Rel, group: &[Named], aggregates: &[NamedAggregate]) -> Result<LogicalPlan> {
        let input = self.relation(input)?;
        let group = group.iter().map(|named| self.named(named)).collect::<Result<Vec<_>>>()?;
        let aggregates = aggregates
            .iter()
            .map(|call| Ok(aggregate(call, self.bound)?.alias(engine_name(&call.name))))
            .collect::<Result<Vec<_>>>()?;
        LogicalPlanBuilder::from(input).aggregate(group, aggregates)?.build()
    }

    fn named(&self, named: &Named) -> Result<PlanExpr> {
        Ok(expression(&named.expr, self.bound)?.alias(engine_name(&named.name)))
    }
}

fn join(
    kind: JoinKind,
    left: LogicalPlan,
    right: LogicalPlan,
    on: Vec<(PlanExpr, PlanExpr)>,
    nulls_equal: bool,
    filter: Option<PlanExpr>,
) -> Result<LogicalPlan> {
    let join_type = match kind {
        JoinKind::Inner => JoinType::Inner,
        JoinKind::Left => JoinType::Left,
        JoinKind::Semi => JoinType::LeftSemi,
        JoinKind::Anti => JoinType::LeftAnti,
    };
    let nulls = if nulls_equal { NullEquality::NullEqualsNull } else { NullEquality::NullEqualsNothing };
    let (left, right) = (Arc::new(left), Arc::new(right));
    Join::try_new(left, right, on, filter, join_type, JoinConstraint::On, nulls, false).map(LogicalPlan::Join)
}

pub(super) fn fault(what: &str) -> DataFusionError {
    DataFusionError::Plan(what.to_owned())
}

/// The name of a result column in the words of the IR.
pub(crate) fn ir_name(name: &str) -> String {
    name.replace("%2e", ".").replace("%25", "%")
}
