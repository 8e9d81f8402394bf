//! Records: typed JSON documents with declared keys (ADR 3).
//!
//! A record says under which keys it is listed and which of its values are unique; this module keeps the index rows in
//! step, in the same transaction. A list is one key, read page by page.

mod types;

use std::collections::BTreeSet;

use base::{Timestamp, limit::PAGE_ROWS_MAX};
use uuid::Uuid;

use crate::engine::{Tx, execute, fetch};
use crate::{Error, bound};

pub use types::{Cursor, Expected, Key, Order, Page, Query, Record, Versioned};

/// Index rows of one record.
pub const KEYS_MAX: usize = 200;
/// Records that [`all`] may return.
pub const ALL_MAX: usize = 10_000;

/// Writes a record and its index rows; answers the new version.
///
/// # Errors
/// `storage.conflict`, `storage.duplicate` when a unique value is taken, `storage.value`, `storage.limit`.
pub async fn put<R: Record>(
    tx: &mut Tx<'_>,
    record: &R,
    expected: Expected,
    now: Timestamp,
) -> Result<i64, Error> {
    let body =
        serde_json::to_string(record).map_err(|error| Error::Value { kind: R::KIND, cause: error.into() })?;
    let (id, at) = (record.id(), now.micros());
    let version = match expected {
        Expected::New => insert::<R>(tx, id, &body, at).await?,
        Expected::Version(version) => update::<R>(tx, id, version, &body, at).await?,
        Expected::Any => upsert::<R>(tx, id, &body, at).await?,
    };
    write_uniques::<R>(tx, id, record.uniques(), version).await?;
    write_keys::<R>(tx, id, record.keys(), version).await?;
    Ok(version)
}

async fn insert<R: Record>(tx: &mut Tx<'_>, id: Uuid, body: &str, at: i64) -> Result<i64, Error> {
    let inserted = execute!(
        tx,
        "INSERT INTO records (kind, id, version, updated_at, body) VALUES ($1, $2, 1, $3, $4) \
         ON CONFLICT (kind, id) DO NOTHING",
        R::KIND,
        id.as_bytes().as_slice(),
        at,
        body,
    )?;
    if inserted == 0 { Err(conflict::<R>(id, 0)) } else { Ok(1) }
}

async fn update<R: Record>(
    tx: &mut Tx<'_>,
    id: Uuid,
    version: i64,
    body: &str,
    at: i64,
) -> Result<i64, Error> {
    let updated = execute!(
        tx,
        "UPDATE records SET version = version + 1, updated_at = $4, body = $5 \
         WHERE kind = $1 AND id = $2 AND version = $3",
        R::KIND,
        id.as_bytes().as_slice(),
        version,
        at,
        body,
    )?;
    if updated == 0 { Err(conflict::<R>(id, version)) } else { Ok(version + 1) }
}

async fn upsert<R: Record>(tx: &mut Tx<'_>, id: Uuid, body: &str, at: i64) -> Result<i64, Error> {
    let (version,) = fetch!(
        fetch_one,
        tx,
        (i64,),
        "INSERT INTO records (kind, id, version, updated_at, body) VALUES ($1, $2, 1, $3, $4) \
         ON CONFLICT (kind, id) DO UPDATE SET version = records.version + 1, updated_at = excluded.updated_at, \
         body = excluded.body RETURNING version",
        R::KIND,
        id.as_bytes().as_slice(),
        at,
        body,
    )?;
    Ok(version)
}

fn conflict<R: Record>(id: Uuid, expected: i64) -> Error {
    Error::Conflict { what: format!("{}/{id}", R::KIND), expected }
}

async fn write_keys<R: Record>(
    tx: &mut Tx<'_>,
    id: Uuid,
    wanted: Vec<Key>,
    version: i64,
) -> Result<(), Error> {
    bound("keys of one record", wanted.len(), KEYS_MAX)?;
    let wanted: BTreeSet<(&str, String, i64)> =
        wanted.into_iter().map(|key| (key.name, key.value, key.sort)).collect();
    let rows = match version {
        // A new record has no index rows yet.
        1 => Vec::new(),
        _ => fetch!(
            fetch_all,
            tx,
            (String, String, i64),
            "SELECT name, value, sort FROM record_keys WHERE kind = $1 AND id = $2",
            R::KIND,
            id.as_bytes().as_slice(),
        )?,
    };
    let stored: BTreeSet<(&str, String, i64)> =
        rows.iter().map(|(name, value, sort)| (name.as_str(), value.clone(), *sort)).collect();
    for (name, value, sort) in stored.difference(&wanted) {
        execute!(
            tx,
            "DELETE FROM record_keys WHERE kind = $1 AND name = $2 AND value = $3 AND sort = $4 AND id = $5",
            R::KIND,
            *name,
            value,
            *sort,
            id.as_bytes().as_slice(),
        )?;
    }
    for (name, value, sort) in wanted.difference(&stored) {
        execute!(
            tx,
            "INSERT INTO record_keys (kind, name, value, sort, id) VALUES ($1, $2, $3, $4, $5)",
            R::KIND,
            *name,
            value,
            *sort,
            id.as_bytes().as_slice(),
        )?;
    }
    Ok(())
}

async fn write_uniques<R: Record>(
    tx: &mut Tx<'_>,
    id: Uuid,
    wanted: Vec<(&'static str, String)>,
    version: i64,
) -> Result<(), Error> {
    bound("unique values of one record", wanted.len(), KEYS_MAX)?;
    if version > 1 {
        execute!(
            tx,
            "DELETE FROM record_uniques WHERE kind = $1 AND id = $2",
            R::KIND,
            id.as_bytes().as_slice()
        )?;
    }
    for (name, value) in wanted {
        let inserted = execute!(
            tx,
            "INSERT INTO record_uniques (kind, name, value, id) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (kind, name, value) DO NOTHING",
            R::KIND,
            name,
            &value,
            id.as_bytes().as_slice(),
        )?;
        if inserted == 0 {
            return Err(Error::Duplicate { kind: R::KIND, name: name.to_owned() });
        }
    }
    Ok(())
}

/// Removes a record and its index rows; answers whether it existed.
///
/// # Errors
/// The engine's error.
pub async fn remove<R: Record>(tx: &mut Tx<'_>, id: Uuid) -> Result<bool, Error> {
    let id = id.as_bytes().as_slice();
    let removed = execute!(tx, "DELETE FROM records WHERE kind = $1 AND id = $2", R::KIND, id)?;
    execute!(tx, "DELETE FROM record_keys WHERE kind = $1 AND id = $2", R::KIND, id)?;
    execute!(tx, "DELETE FROM record_uniques WHERE kind = $1 AND id = $2", R::KIND, id)?;
    Ok(removed > 0)
}

/// A record by its id.
///
/// # Errors
/// `storage.damaged` if it cannot be read back.
pub async fn get<R: Record>(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Versioned<R>>, Error> {
    let row = fetch!(
        fetch_optional,
        tx,
        (i64, i64, String),
        "SELECT version, updated_at, body FROM records WHERE kind = $1 AND id = $2",
        R::KIND,
        id.as_bytes().as_slice(),
    )?;
    row.map(|(version, at, body)| versioned(id.as_bytes(), version, at, &body)).transpose()
}

/// A record by one of its unique values.
///
/// # Errors
/// `storage.damaged` if it cannot be read back.
pub async fn by_unique<R: Record>(
    tx: &mut Tx<'_>,
    name: &str,
    value: &str,
) -> Result<Option<Versioned<R>>, Error> {
    let row = fetch!(
        fetch_optional,
        tx,
        (Vec<u8>, i64, i64, String),
        "SELECT r.id, r.version, r.updated_at, r.body FROM record_uniques u \
         JOIN records r ON r.kind = u.kind AND r.id = u.id WHERE u.kind = $1 AND u.name = $2 AND u.value = $3",
        R::KIND,
        name,
        value,
    )?;
    row.map(|(id, version, at, body)| versioned(&id, version, at, &body)).transpose()
}

/// A unique value with the record that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The value.
    pub value: String,
    /// The record's id.
    pub id: Uuid,
    /// See [`named`].
    pub listed: bool,
}

/// One page of the unique values that begin with `prefix`, in their order, behind the value `after`; each with whether the
/// record of kind `R` with the same id is listed under the key `(key, "")`. No record is read for it. It is the last page
/// if it is shorter than the limit.
///
/// # Errors
/// `storage.limit` if the page is larger than [`ALL_MAX`]; `storage.damaged`.
pub async fn named<O: Record, R: Record>(
    tx: &mut Tx<'_>,
    name: &str,
    prefix: &str,
    key: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Named>, Error> {
    bound("records in a page", limit, ALL_MAX)?;
    // Both engines compare these texts byte by byte, and no character is greater than the last one. The prefix itself is
    // left out: nothing is named by it alone.
    let end = format!("{prefix}{}", char::MAX);
    // The key's name is hidden from the planner, which would otherwise walk everything listed under it for each id.
    let rows = fetch!(
        fetch_all,
        tx,
        (String, Vec<u8>, bool),
        "SELECT u.value, u.id, EXISTS (SELECT 1 FROM record_keys k \
         WHERE k.kind = $1 AND k.id = u.id AND k.name || '' = $2 AND k.value = '') \
         FROM record_uniques u WHERE u.kind = $3 AND u.name = $4 AND u.value > $5 AND u.value < $6 \
         ORDER BY u.value LIMIT $7",
        R::KIND,
        key,
        O::KIND,
        name,
        after.unwrap_or(prefix),
        end.as_str(),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )?;
    let read = |(value, id, listed): (String, Vec<u8>, bool)| {
        Ok(Named { value, id: uuid_of("record_uniques", &id)?, listed })
    };
    rows.into_iter().map(read).collect()
}

/// One page of a list.
///
/// # Errors
/// `storage.limit` if the page is too large; `storage.damaged`.
pub async fn list<R: Record>(tx: &mut Tx<'_>, query: &Query<'_>) -> Result<Page<R>, Error> {
    bound("records in a page", query.limit as usize, PAGE_ROWS_MAX as usize)?;
    page(tx, query).await
}

async fn page<R: Record>(tx: &mut Tx<'_>, query: &Query<'_>) -> Result<Page<R>, Error> {
    const ASCENDING: &str = "SELECT k.sort, r.id, r.version, r.updated_at, r.body FROM record_keys k \
        JOIN records r ON r.kind = k.kind AND r.id = k.id \
        WHERE k.kind = $1 AND k.name = $2 AND k.value = $3 AND (k.sort, k.id) > ($4, $5) \
        ORDER BY k.sort, k.id LIMIT $6";
    const DESCENDING: &str = "SELECT k.sort, r.id, r.version, r.updated_at, r.body FROM record_keys k \
        JOIN records r ON r.kind = k.kind AND r.id = k.id \
        WHERE k.kind = $1 AND k.name = $2 AND k.value = $3 AND (k.sort, k.id) < ($4, $5) \
        ORDER BY k.sort DESC, k.id DESC LIMIT $6";
    // The open ends: no id is shorter than 0 bytes or greater than 17 times 0xff.
    let (sql, open) = match query.order {
        Order::Ascending => (ASCENDING, (i64::MIN, Vec::new())),
        Order::Descending => (DESCENDING, (i64::MAX, vec![0xff; 17])),
    };
    let (sort, id) = query.after.map_or(open, |cursor| (cursor.sort, cursor.id.as_bytes().to_vec()));
    let mut rows = fetch!(
        fetch_all,
        tx,
        (i64, Vec<u8>, i64, i64, String),
        sql,
        R::KIND,
        query.name,
        query.value,
        sort,
        &id,
        i64::from(query.limit) + 1,
    )?;
    let more = rows.len() > query.limit as usize;
    rows.truncate(query.limit as usize);
    let next = match rows.last() {
        Some((sort, id, ..)) if more => Some(Cursor { sort: *sort, id: uuid_of("records", id)? }),
        _ => None,
    };
    let items = rows.iter().map(|(_, id, version, at, body)| versioned(id, *version, *at, body)).collect();
    Ok(Page { items: Result::<Vec<_>, Error>::from_iter::<Vec<_>>(items)?, next })
}

/// A whole short list, ascending.
///
/// # Errors
/// `storage.limit` if it has more than `max` records (never more than [`ALL_MAX`]); `storage.damaged`.
pub async fn all<R: Record>(
    tx: &mut Tx<'_>,
    name: &str,
    value: &str,
    max: usize,
) -> Result<Vec<Versioned<R>>, Error> {
    let max = max.min(ALL_MAX);
    let limit = u32::try_from(max).unwrap_or(u32::MAX);
    let query = Query { name, value, after: None, limit, order: Order::Ascending };
    let found = page(tx, &query).await?;
    match found.next {
        Some(_) => Err(Error::Limit { what: "records in a whole list", max: max as u64 }),
        None => Ok(found.items),
    }
}

/// Length of a list.
///
/// # Errors
/// The engine's error.
pub async fn count<R: Record>(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<u64, Error> {
    let (count,) = fetch!(
        fetch_one,
        tx,
        (i64,),
        "SELECT COUNT(*) FROM record_keys WHERE kind = $1 AND name = $2 AND value = $3",
        R::KIND,
        name,
        value,
    )?;
    Ok(count.unsigned_abs())
}

fn versioned<R: Record>(id: &[u8], version: i64, at: i64, body: &str) -> Result<Versioned<R>, Error> {
    let value = serde_json::from_str(body).map_err(|error| Error::Damaged {
        table: "records",
        row: format!("{}/{}", R::KIND, hex::encode(id)),
        cause: Some(error.into()),
    })?;
    Ok(Versioned { value, version, updated_at: Timestamp::from_micros(at) })
}

/// An id column as a UUID.
pub(crate) fn uuid_of(table: &'static str, bytes: &[u8]) -> Result<Uuid, Error> {
    Uuid::from_slice(bytes).map_err(|error| Error::Damaged {
        table,
        row: hex::encode(bytes),
        cause: Some(error.into()),
    })
}
