//! How far the ledger has sequenced the journal.

use crate::Error;
use crate::engine::{Tx, execute, fetch};

/// Number of journal rows that lie in published tiles.
///
/// # Errors
/// The engine's error.
pub async fn sequenced(tx: &mut Tx<'_>) -> Result<u64, Error> {
    let (value,) = fetch!(fetch_one, tx, (i64,), "SELECT value FROM counters WHERE name = 'ledger'")?;
    Ok(value.unsigned_abs())
}

/// Puts the position where a restored log stands: a backup's log is copied before its database, so it may be behind.
///
/// # Errors
/// The engine's error.
pub async fn put_back(tx: &mut Tx<'_>, size: u64) -> Result<(), Error> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    execute!(tx, "UPDATE counters SET value = $1 WHERE name = 'ledger' AND value > $1", size)?;
    Ok(())
}

/// Moves the position forward; it never goes back.
///
/// # Errors
/// `storage.conflict` if it stands further already.
pub async fn advance(tx: &mut Tx<'_>, size: u64) -> Result<(), Error> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let moved = execute!(tx, "UPDATE counters SET value = $1 WHERE name = 'ledger' AND value <= $1", size)?;
    if moved == 0 {
        Err(Error::Conflict { what: "ledger position".to_owned(), expected: size })
    } else {
        Ok(())
    }
}
