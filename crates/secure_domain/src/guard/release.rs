//! The guard of raw data: text → resolved plan → IR → checked and counted → plan to be executed.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::Digest;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::Optimizer;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::eliminate_cross_join::EliminateCrossJoin;
use datafusion::optimizer::extract_equijoin_predicate::ExtractEquijoinPredicate;
use datafusion::optimizer::optimizer::OptimizerRule;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use privacy::DataType;
use privacy::ir::{self, Computed, Counted, Expr, Mode, Policy, Rel, Terms, judge_counted, resolve};

use super::parameters::{domains, with_types};
use super::parse::{on_large_stack, parse, spoken};
use super::refusal::{EXPRESSION, HIDDEN_KEY, Refusal};
use super::relations::{Translator, translate};
use crate::Error;
use crate::perturb::{Reaching, computed};
use crate::protocol::{OutputColumn, Parameter};
use crate::session::{Session, Table};

/// A query that may run on raw data.
pub(crate) struct Release {
    /// The query with the statistics that disclosure control needs.
    pub(crate) counted: Counted,
    /// The query as it was translated.
    pub(crate) rel: Rel,
    /// The tables of the zone at the time of the check.
    pub(crate) tables: Arc<Vec<Arc<Table>>>,
    /// Group keys by their names in the output.
    pub(crate) keys: Vec<String>,
}

impl Release {
    pub(crate) const fn ir_digest(&self) -> Digest {
        self.counted.checked.digest()
    }

    /// How far noise on its numbers reaches.
    pub(crate) fn reaching(&self, min_entities: u32) -> Reaching {
        Reaching::of(min_entities, self.is_chosen())
    }

    /// Do secrets choose who is counted?
    pub(crate) fn is_chosen(&self) -> bool {
        self.counted.contributors.iter().any(|query| query.population.is_some())
    }

    /// What columns of the output are computed from.
    pub(crate) fn computed(&self) -> Computed {
        computed(&self.rel, self.counted.checked.schema())
    }

    pub(crate) fn output(&self) -> Vec<OutputColumn> {
        let columns = self.counted.checked.schema().columns.iter();
        columns
            .map(|column| OutputColumn { name: column.name.clone(), data_type: column.data_type })
            .collect()
    }
}

/// What the guard knows of the zone's tables.
pub(crate) fn policy(tables: &[Arc<Table>]) -> Policy {
    let resources = tables.iter().map(|table| (table.spec.name.clone(), table.spec.policy()));
    Policy { resources: resources.collect() }
}

/// Checks a query for raw data.
pub(crate) async fn check_release(
    session: &Arc<Session>,
    sql: String,
    parameters: Vec<Parameter>,
) -> Result<Release, Error> {
    on_large_stack(session, move |session| {
        let tables = session.tables();
        let (rel, translator) = translated(session, &sql, &parameters)?;
        let policy = policy(&tables);
        let terms = Terms { parameters: domains(&parameters), ..Terms::new(Mode::Order) };
        let counted =
            judge_counted(&rel, &policy, &terms).map_err(|refusal| in_words(refusal.into(), &translator))?;
        // What cannot be otherwise in any table.
        ir::terms(&rel, &policy).map_err(|refusal| in_words(refusal.into(), &translator))?;
        let keys = visible_keys(&rel, counted.checked.keys())
            .map_err(|key| Error::from(HIDDEN_KEY.about(translator.spoken(&key))))?;
        Ok(Release { counted, rel, tables, keys })
    })
    .await
}

/// The translation of a text, with the author's names.
pub(super) fn translated(
    session: &Session,
    sql: &str,
    parameters: &[Parameter],
) -> Result<(Rel, Translator), Error> {
    let plan = with_types(parse(session.state(), sql)?, parameters)?;
    Ok(translate(&analyze(session.state(), plan)?)?)
}

/// The plan of an approved verification: the key as text and whether the condition holds, for every row.
pub(crate) async fn plan_condition(
    session: &Arc<Session>,
    table: Arc<Table>,
    key_column: String,
    condition: String,
    parameters: Vec<Parameter>,
) -> Result<Rel, Error> {
    on_large_stack(session, move |session| {
        let name = table.spec.name.clone();
        if condition.len() > base::limit::SQL_BYTES_MAX {
            return Err(super::refusal::TOO_LARGE.about("").into());
        }
        let source = datafusion::datasource::provider_as_source(Arc::clone(&table.provider));
        let scan = LogicalPlanBuilder::scan(name.as_str(), source, None).map_err(|error| spoken(&error))?;
        let schema = Arc::clone(scan.schema());
        let holds =
            session.state().create_logical_expr(&condition, &schema).map_err(|error| spoken(&error))?;
        let key = datafusion::logical_expr::Expr::Column(datafusion::common::Column::new(
            Some(name.as_str()),
            &key_column,
        ));
        let plan = scan
            .project([key.alias("key"), holds.alias("holds")])
            .and_then(LogicalPlanBuilder::build)
            .map_err(|error| spoken(&error))?;
        super::depth::check_size(&plan)?;
        let plan = analyze(session.state(), with_types(plan, &parameters)?)?;
        let (rel, translator) = translate(&plan)?;
        let policy = policy(std::slice::from_ref(&table));
        let columns =
            resolve(&rel, &policy).map_err(|refusal| in_words(refusal.into(), &translator))?.columns;
        match columns.as_slice() {
            [_, holds] if holds.data_type == DataType::Boolean => Ok(rel),
            _ => Err(EXPRESSION.about("condition").into()),
        }
    })
    .await
}

/// Types made explicit, subqueries turned into joins, lists of tables with a condition as well. Nothing else is rewritten: what
/// is checked stays recognisable.
pub(super) fn analyze(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan, Error> {
    let plan = state
        .analyzer()
        .execute_and_check(plan, state.config_options(), |_, _| {})
        .map_err(|error| spoken(&error))?;
    let rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![
        Arc::new(DecorrelatePredicateSubquery::new()),
        Arc::new(ScalarSubqueryToJoin::new()),
        Arc::new(EliminateCrossJoin::new()),
        Arc::new(ExtractEquijoinPredicate::new()),
    ];
    Optimizer::with_rules(rules).optimize(plan, state, |_, _| {}).map_err(|error| spoken(&error))
}

/// A refusal with the author's names in place of the translation's.
pub(super) fn in_words(mut refusal: Refusal, translator: &Translator) -> Error {
    refusal.subject = refusal.subject.map(|subject| translator.spoken(&subject));
    refusal.into()
}

/// The output columns that show the group keys; the first key that none shows is the error. Cells without their key
/// could not be compared with earlier releases.
pub(super) fn visible_keys(rel: &Rel, keys: &[String]) -> Result<Vec<String>, String> {
    keys.iter().map(|key| visible_key(rel, key).ok_or_else(|| key.clone())).collect()
}

fn visible_key(rel: &Rel, key: &str) -> Option<String> {
    match rel {
        Rel::Project { input, columns } => {
            let below = visible_key(input, key)?;
            let shows = |expr: &Expr| matches!(expr, Expr::Column { name } if *name == below);
            columns.iter().find(|named| shows(&named.expr)).map(|named| named.name.clone())
        }
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => {
            visible_key(input, key)
        }
        Rel::Aggregate { group, .. } => {
            group.iter().find(|named| named.name == key).map(|named| named.name.clone())
        }
        Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => None,
    }
}

/// Tables that a relation reads.
pub(crate) fn names_of(release: &Release) -> BTreeSet<&str> {
    release.counted.checked.resources().iter().map(String::as_str).collect()
}
