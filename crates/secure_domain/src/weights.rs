//! Does a join of an order count somebody more than once? Asked of the stored rows: who is unique is seen, not believed.

use std::collections::BTreeSet;

use privacy::ir;

use crate::Error;
use crate::engine::ProdEngine;
use crate::guard::{Release, policy};
use crate::session::Table;

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
            if self.is_unique(table, &columns).await
                && let Some(known) = policy.resources.get_mut(&resource)
            {
                known.rows.unique.push(columns);
            }
        }
        ir::weighted(&release.rel, &policy).map(|found| !found.is_empty()).map_err(|_| Error::RunFailed)
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
