//! Serving out of a zone: canonical rebuilds, lookups over released results, verifications.

mod canonical;
mod index;
mod released;
#[cfg(test)]
mod tests;
mod verification;

pub(crate) use canonical::{canonical, compare};
pub use index::Index;
pub use released::ReleasedTable;
pub(crate) use verification::Verification;

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use crate::Error;
use crate::objects::{Content, KeyRing, ObjectFile, ObjectRows};
use crate::protocol::{ObjectRef, Page, PageOrder};
use crate::value::page;

/// Limit: rows of an object that is held in memory as one batch.
const ROWS_MAX: u64 = 5_000_000;

/// All rows of an object in one batch, if it holds what it should.
fn whole(file: &Arc<ObjectFile>, allowed: &[Content]) -> Result<RecordBatch, Error> {
    let rows = ObjectRows::open(file, None)?;
    rows.check_content(allowed)?;
    if rows.rows > ROWS_MAX {
        return Err(Error::Limit { what: "object_rows" });
    }
    let schema = Arc::clone(&rows.schema);
    let batches = rows.collect::<Result<Vec<_>, _>>()?;
    concat_batches(&schema, &batches).map_err(|_| Error::RunFailed)
}

/// Rows of a release in canonical form, which left the domain and is no raw data. Blocks.
///
/// # Errors
/// `domain.order_mismatch` for raw rows, twins and results that have not left; `vault.open`; `domain.limit`.
pub fn released_page(
    objects_dir: &Path,
    keys: &KeyRing,
    object: &ObjectRef,
    rows_max: usize,
) -> Result<Page, Error> {
    let file = Arc::new(ObjectFile::open(objects_dir, keys, object)?);
    let batch = whole(&file, &[Content::Unmarked])?;
    page(&batch.schema(), std::slice::from_ref(&batch), 0, rows_max)
}

/// Rows of a sealed result, for those who review it. Nothing but results of runs can be read. Blocks.
pub(crate) fn read_page(objects_dir: &Path, keys: &KeyRing, order: &PageOrder) -> Result<Page, Error> {
    let file = Arc::new(ObjectFile::open(objects_dir, keys, &order.object)?);
    let batch = whole(&file, &[Content::Result])?;
    let limit = order.limit.min(base::limit::QUERY_ROWS_MAX);
    page(&batch.schema(), std::slice::from_ref(&batch), order.offset, limit)
}
