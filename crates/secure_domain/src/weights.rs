//! Does a join of an order count somebody more than once? Asked of the stored rows: who is unique is seen, not believed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use base::{Id, kind};
use privacy::ir::{self, AggregateFunction, CompareOp, Expr, Literal, LogicOp, Named, NamedAggregate, Rel};

use crate::Error;
use crate::engine::ProdEngine;
use crate::guard::{Bound, Release, lower, policy};
use crate::session::Table;

/// What was seen: sets of columns of an object, unique or not.
pub(crate) type Seen = Mutex<HashMap<(Id<kind::Object>, BTreeSet<String>), bool>>;

impl ProdEngine {
    /// May some number of the order's result count a value more than once ([`ir::weighted`])?
    pub(crate) async fn is_weighted(&self, release: &Release) -> Result<bool, Error> {
        if release.counted.contributors.is_empty() {
            return Ok(false);
        }
        let mut policy = policy(&release.tables);
        for (resource, joined) in ir::join_keys(&release.rel) {
            let Some(table) = release.tables.iter().find(|table| table.spec.name == resource) else {
                continue;
            };
            let Some(columns) = askable(table, joined) else { continue };
            if self.is_unique(release, table, &columns).await
                && let Some(known) = policy.resources.get_mut(&resource)
            {
                known.rows.unique.push(columns);
            }
        }
        ir::weighted(&release.rel, &policy).map(|found| !found.is_empty()).map_err(|_| Error::RunFailed)
    }

    /// Does no two rows' share what these columns hold, null apart? What cannot be found out is not unique.
    async fn is_unique(&self, release: &Release, table: &Arc<Table>, columns: &BTreeSet<String>) -> bool {
        let about = (table.spec.object.object, columns.clone());
        if let Some(seen) = self.seen.lock().ok().and_then(|seen| seen.get(&about).copied()) {
            return seen;
        }
        let Ok(plan) =
            lower(self.session.state(), &twice(&table.spec.name, columns), &release.tables, &Bound::new())
        else {
            return false;
        };
        let Ok(rows) = self.session.execute(&plan, 1).await else { return false };
        let unique = !rows.more && rows.batches.iter().all(|batch| batch.num_rows() == 0);
        if let Ok(mut seen) = self.seen.lock() {
            seen.insert(about, unique);
        }
        unique
    }
}

/// The columns whose uniqueness may be asked for. Whether people differ in this or that is nobody's to find out by what
/// leaves exactly and what with noise; that a register has one row for each is.
fn askable(table: &Table, joined: BTreeSet<String>) -> Option<BTreeSet<String>> {
    let entity = table.spec.entity.as_ref()?;
    let key: BTreeSet<String> = entity.columns.iter().cloned().collect();
    match entity.protected {
        false => Some(joined),
        true => Some(key).filter(|key| !key.is_empty() && key.is_subset(&joined)),
    }
}

/// Values that stand in two rows, if there are any.
fn twice(resource: &str, columns: &BTreeSet<String>) -> Rel {
    const ALIAS: &str = "t";
    let stored = |column: &String| Expr::column(format!("{ALIAS}.{column}"));
    let scan = Rel::Scan {
        resource: resource.to_owned(),
        alias: ALIAS.to_owned(),
        columns: columns.iter().cloned().collect(),
    };
    let mut there: Vec<Expr> = columns
        .iter()
        .map(|column| Expr::IsNull { input: Box::new(stored(column)), negated: true })
        .collect();
    let predicate = match there.len() {
        1 => there.remove(0),
        _ => Expr::Logic { op: LogicOp::And, args: there },
    };
    let group = columns.iter().enumerate();
    let group =
        group.map(|(index, column)| Named { name: format!("k{index}"), expr: stored(column) }).collect();
    let rows = NamedAggregate { name: "rows".to_owned(), function: AggregateFunction::Count, argument: None };
    let counted = Rel::Aggregate {
        input: Box::new(Rel::Filter { input: Box::new(scan), predicate }),
        group,
        aggregates: vec![rows],
    };
    let several = Expr::Compare {
        op: CompareOp::Greater,
        left: Box::new(Expr::column("rows")),
        right: Box::new(Expr::literal(Literal::Integer(1))),
    };
    let several = Rel::Filter { input: Box::new(counted), predicate: several };
    Rel::Limit { input: Box::new(several), skip: 0, fetch: Some(1) }
}
