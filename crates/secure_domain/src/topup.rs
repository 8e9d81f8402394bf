//! Further invented rows for a dev zone, so that a query finds rows in each of its branches.
//!
//! They are drawn from the query's own literals and from the tables of the dev zone itself: the values, bounds and lists that
//! its author could select there as well. No raw row is near, so there is nothing that they could tell.

mod describe;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use privacy::ir::Rel;
use privacy::twin::{Description, Generated, top_up};

use crate::Error;
use crate::engine::DevEngine;
use crate::guard::{bind, relation_of};
use crate::objects::{Content, KeyRing, ParquetObject};
use crate::protocol::{OutputColumn, TopUpOrder, TopUpTable, ToppedTable, ToppedUp};
use crate::session::{Session, Table};
use crate::value::{store, stored_schema};

impl DevEngine {
    /// Makes and seals rows so that every branch of a query is met so many times.
    ///
    /// # Errors
    /// What is no query; a refusal for a form that is not understood; `privacy.twin_limit` for a query with too many branches;
    /// `domain.limit` for more rows than the zone answers with; a disk that refuses.
    pub async fn top_up(&self, order: TopUpOrder) -> Result<ToppedUp, Error> {
        let bound = bind(&order.parameters, &order.values)?;
        let rel = relation_of(&self.session, order.sql.clone(), bound).await?;
        let session = Arc::clone(&self.session);
        let made = tokio::task::spawn_blocking(move || make(&session, &rel, &order));
        made.await.map_err(|_| Error::RunFailed)?
    }
}

fn make(session: &Session, rel: &Rel, order: &TopUpOrder) -> Result<ToppedUp, Error> {
    let mut names = BTreeSet::new();
    scans(rel, &mut names);
    let held = session.tables();
    let read: Vec<&Arc<Table>> =
        held.iter().filter(|table| names.contains(table.spec.name.as_str())).collect();
    let described = read.iter().map(|table| describe::table(table, kinds(order, table)?));
    let description = Description { tables: described.collect::<Result<_, Error>>()? };
    let made = top_up(rel, &description, order.per_branch, order.seed)?;
    let rows: usize = made.tables.iter().map(rows_of).sum();
    if rows > session.limits().rows_max {
        return Err(Error::Limit { what: "rows_max" });
    }
    let mut tables = Vec::new();
    for (table, generated) in read.iter().zip(&made.tables) {
        if rows_of(generated) > 0 {
            tables.push(seal(session, kinds(order, table)?, table, generated)?);
        }
    }
    let filled = u64::try_from(made.filled).unwrap_or(u64::MAX);
    Ok(ToppedUp { tables, filled, unfilled: made.unfilled })
}

fn rows_of(made: &Generated) -> usize {
    made.batches.iter().map(arrow::array::RecordBatch::num_rows).sum()
}

fn kinds<'a>(order: &'a TopUpOrder, table: &Table) -> Result<&'a TopUpTable, Error> {
    let name = &table.spec.name;
    order.tables.iter().find(|of| of.table == *name).ok_or_else(|| Error::unknown("table", name))
}

fn seal(
    session: &Session,
    of: &TopUpTable,
    table: &Table,
    generated: &Generated,
) -> Result<ToppedTable, Error> {
    let columns: Vec<OutputColumn> = table
        .spec
        .columns
        .iter()
        .map(|column| OutputColumn { name: column.name.clone(), data_type: column.data_type })
        .collect();
    let into = KeyRing::default();
    into.add(vec![of.into_key.clone()]);
    let (key, context) = into.open(&of.into)?;
    let schema = stored_schema(&columns);
    let folder = session.objects_dir();
    let mut object = ParquetObject::create_as(Content::Twin, folder, &key, &context, Arc::clone(&schema))?;
    for batch in &generated.batches {
        object.write(&store(batch, &schema)?)?;
    }
    Ok(ToppedTable { table: of.table.clone(), written: object.finish()? })
}

/// The tables that a relation reads.
fn scans<'a>(rel: &'a Rel, into: &mut BTreeSet<&'a str>) {
    match rel {
        Rel::Scan { resource, .. } => {
            into.insert(resource);
        }
        Rel::Filter { input, .. }
        | Rel::Project { input, .. }
        | Rel::Aggregate { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. } => scans(input, into),
        Rel::Join { left, right, .. } => {
            scans(left, into);
            scans(right, into);
        }
        Rel::Union { inputs } => inputs.iter().for_each(|input| scans(input, into)),
    }
}
