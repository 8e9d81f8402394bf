//! How many rows of a stored table are alike: asked of the whole table, once, and remembered as long as it lies there.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use arrow::array::AsArray;
use arrow::compute::max;
use arrow::datatypes::Int64Type;
use base::{Id, kind};
use privacy::ir::{self, AggregateFunction, Expr, LogicOp, Most, Named, NamedAggregate, Rel};

use crate::Error;
use crate::engine::ProdEngine;
use crate::guard::{Bound, Release, lower, policy};
use crate::session::Table;

/// What was seen: most rows of an object that agree in some columns.
pub(crate) type Seen = Mutex<HashMap<(Id<kind::Object>, BTreeSet<String>), u64>>;

impl ProdEngine {
    /// Refuses an order in whose joins one entity may meet very many rows ([`ir::check_meetings`]).
    pub(crate) async fn check_meetings(&self, rel: &Rel, tables: &[Arc<Table>]) -> Result<(), Error> {
        let policy = policy(tables);
        let mut most = Most::new();
        for asked in ir::alike(rel, &policy) {
            let table = tables.iter().find(|table| table.spec.name == asked.resource);
            if let Some(table) = table
                && let Some(rows) = self.most_alike(tables, table, &asked.columns).await
            {
                most.insert(asked, rows);
            }
        }
        ir::check_meetings(rel, &policy, &most).map_err(|refusal| Error::Refused(Box::new(refusal.into())))
    }

    /// Does no two rows' share what these columns hold, null apart? What cannot be found out is not unique.
    pub(crate) async fn is_unique(
        &self,
        release: &Release,
        table: &Arc<Table>,
        columns: &BTreeSet<String>,
    ) -> bool {
        self.most_alike(&release.tables, table, columns).await.is_some_and(|rows| rows <= 1)
    }

    /// Most rows of a table that agree in some columns, null apart; none if it cannot be found out.
    async fn most_alike(
        &self,
        tables: &[Arc<Table>],
        table: &Arc<Table>,
        columns: &BTreeSet<String>,
    ) -> Option<u64> {
        let about = (table.spec.object.object, columns.clone());
        if let Some(rows) = self.seen.lock().ok().and_then(|seen| seen.get(&about).copied()) {
            return Some(rows);
        }
        let asked = largest_group(&table.spec.name, columns);
        let plan = lower(self.session.state(), &asked, tables, &Bound::new()).ok()?;
        let rows = self.session.execute(&plan, 1).await.ok()?;
        let largest = |batch: &arrow::array::RecordBatch| {
            batch.columns().first().and_then(|column| max(column.as_primitive_opt::<Int64Type>()?))
        };
        let rows = rows.batches.iter().filter_map(largest).max().unwrap_or_default();
        let rows = u64::try_from(rows).ok()?;
        self.seen.lock().ok()?.insert(about, rows);
        Some(rows)
    }
}

/// The number of rows in the largest group of those that agree in some columns and have a value in each.
fn largest_group(resource: &str, columns: &BTreeSet<String>) -> Rel {
    const ALIAS: &str = "t";
    let stored = |column: &String| Expr::column(format!("{ALIAS}.{column}"));
    let mut input = Rel::Scan {
        resource: resource.to_owned(),
        alias: ALIAS.to_owned(),
        columns: columns.iter().cloned().collect(),
    };
    let mut there: Vec<Expr> = columns
        .iter()
        .map(|column| Expr::IsNull { input: Box::new(stored(column)), negated: true })
        .collect();
    let predicate = match there.len() {
        0 | 1 => there.pop(),
        _ => Some(Expr::Logic { op: LogicOp::And, args: there }),
    };
    if let Some(predicate) = predicate {
        input = Rel::Filter { input: Box::new(input), predicate };
    }
    let group = columns.iter().enumerate();
    let group =
        group.map(|(index, column)| Named { name: format!("k{index}"), expr: stored(column) }).collect();
    let number =
        |name: &str, function, argument| NamedAggregate { name: name.to_owned(), function, argument };
    let groups = Rel::Aggregate {
        input: Box::new(input),
        group,
        aggregates: vec![number("rows", AggregateFunction::Count, None)],
    };
    Rel::Aggregate {
        input: Box::new(groups),
        group: Vec::new(),
        aggregates: vec![number("most", AggregateFunction::Max, Some(Expr::column("rows")))],
    }
}
