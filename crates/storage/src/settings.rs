//! Settings: a name and a JSON value.

use base::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::Error;
use crate::engine::{Tx, execute, fetch};

/// A setting, or `None` if it was never put.
///
/// # Errors
/// `storage.damaged` if it cannot be read as a `T`.
pub async fn get<T: DeserializeOwned>(tx: &mut Tx<'_>, key: &str) -> Result<Option<T>, Error> {
    let row = fetch!(fetch_optional, tx, (String,), "SELECT body FROM settings WHERE key = $1", key)?;
    row.map(|(body,)| serde_json::from_str(&body)).transpose().map_err(|error| Error::Damaged {
        table: "settings",
        row: key.to_owned(),
        cause: Some(error.into()),
    })
}

/// Writes a setting.
///
/// # Errors
/// `storage.value`.
pub async fn put<T: Serialize>(tx: &mut Tx<'_>, key: &str, value: &T, now: Timestamp) -> Result<(), Error> {
    let body = serde_json::to_string(value)
        .map_err(|error| Error::Value { kind: "setting", cause: error.into() })?;
    execute!(
        tx,
        "INSERT INTO settings (key, updated_at, body) VALUES ($1, $2, $3) \
         ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at, body = excluded.body",
        key,
        now.micros(),
        body.as_str(),
    )?;
    Ok(())
}
