//! Statements that differ between the engines or whose text depends on a number of rows.

use sqlx::{Executor as _, Postgres, QueryBuilder, Sqlite};

use super::fetch;
use super::lease::{PostgresLease, SqliteLease};
use super::pools::{Access, Pools};
use super::tx::{Conn, Tx};
use crate::Error;
use crate::calls::Metered;
use crate::journal::Row;

/// Rows of one multi-row insert.
const ROWS_MAX: usize = 512;
/// From this many rows on, an insert takes a power of two of them, so that a connection prepares some 67 texts for a table
/// and not 512.
const ROWS_EXACT: usize = 64;

/// Inserts rows through one body for both engines; answers how many were inserted.
macro_rules! insert_many {
    ($tx:expr, $head:expr, $tail:expr, $rows:expr, |$tuple:ident, $row:ident| $push:block) => {{
        let mut inserted = 0;
        for chunk in chunks($rows) {
            let result = match &mut $tx.conn {
                Conn::Sqlite(conn) => {
                    let mut query = QueryBuilder::<Sqlite>::new($head);
                    query.push_values(chunk, |mut $tuple, $row| $push);
                    query.push($tail).build().execute(&mut **conn).await.map(|done| done.rows_affected())
                }
                Conn::Postgres(conn) => {
                    let mut query = QueryBuilder::<Postgres>::new($head);
                    query.push_values(chunk, |mut $tuple, $row| $push);
                    query.push($tail).build().execute(&mut **conn).await.map(|done| done.rows_affected())
                }
            };
            inserted += result.map_err(|error| $tx.failed(error))?;
        }
        inserted
    }};
}

fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = match rows.len().min(ROWS_MAX) {
            0 => return None,
            few @ ..ROWS_EXACT => few,
            many => 1 << many.ilog2(),
        };
        let (chunk, rest) = rows.split_at_checked(length)?;
        rows = rest;
        Some(chunk)
    })
}

pub(crate) async fn insert_journal(tx: &mut Tx<'_>, rows: &[Row]) -> Result<(), Error> {
    let head = "INSERT INTO journal (seq, at, action, actor, subject, permit, digest, entry, payload) ";
    insert_many!(tx, head, "", rows, |tuple, row| {
        tuple
            .push_bind(row.seq.cast_signed())
            .push_bind(row.at.micros())
            .push_bind(&row.action)
            .push_bind(&row.actor)
            .push_bind(&row.subject)
            .push_bind(&row.permit)
            .push_bind(row.digest.0.as_slice())
            .push_bind(&row.entry)
            .push_bind(&row.payload);
    });
    Ok(())
}

/// Inserts calls; one whose agreement has used its idempotency key before is left out. Answers how many went in.
pub(crate) async fn insert_calls(tx: &mut Tx<'_>, calls: &[Metered]) -> Result<u64, Error> {
    let head = "INSERT INTO calls (id, at, product, usage, scenario, request, api_key, units, outcome, price, \
        idempotency, seq) ";
    let tail = " ON CONFLICT (usage, idempotency) DO NOTHING";
    Ok(insert_many!(tx, head, tail, calls, |tuple, metered| {
        let call = &metered.call;
        tuple
            .push_bind(call.id.as_bytes().as_slice())
            .push_bind(call.at.micros())
            .push_bind(call.product.as_bytes().as_slice())
            .push_bind(call.usage.as_bytes().as_slice())
            .push_bind(&call.scenario)
            .push_bind(call.request.0.as_slice())
            .push_bind(call.api_key.as_bytes().as_slice())
            .push_bind(call.units)
            .push_bind(&call.outcome)
            .push_bind(call.price.0)
            .push_bind(call.idempotency.as_deref())
            .push_bind(metered.seq.cast_signed());
    }))
}

/// A column's value on its way into a restored table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// Inserts restored rows. `head` is `INSERT INTO table (columns) `.
pub(crate) async fn insert_values(
    tx: &mut Tx<'_>,
    head: &'static str,
    rows: &[Vec<Value>],
) -> Result<(), Error> {
    insert_many!(tx, head, "", rows, |tuple, row| {
        for value in row {
            match value {
                Value::Int(value) => tuple.push_bind(*value),
                Value::Text(value) => tuple.push_bind(value.as_deref()),
                Value::Bytes(value) => tuple.push_bind(value.as_deref()),
            };
        }
    });
    Ok(())
}

type DueJob = (String, String, i64, i64, Vec<u8>);

/// Jobs that are due and not leased. PostgreSQL skips those that another worker is leasing at this moment; SQLite has
/// one writer, so there is no other.
pub(crate) async fn due_jobs(tx: &mut Tx<'_>, now: i64, limit: i64) -> Result<Vec<DueJob>, Error> {
    const SQLITE: &str = "SELECT kind, key, run_at, attempt, body FROM jobs \
        WHERE state = 'waiting' AND run_at <= $1 AND lease_until <= $1 ORDER BY run_at, kind, key LIMIT $2";
    const POSTGRES: &str = "SELECT kind, key, run_at, attempt, body FROM jobs \
        WHERE state = 'waiting' AND run_at <= $1 AND lease_until <= $1 ORDER BY run_at, kind, key LIMIT $2 \
        FOR UPDATE SKIP LOCKED";
    let sql = match &tx.conn {
        Conn::Sqlite(_) => SQLITE,
        Conn::Postgres(_) => POSTGRES,
    };
    fetch!(fetch_all, tx, DueJob, sql, now, limit)
}

/// Drops old copies of pages that held erased secrets. The erasure itself is committed; a failure here leaves copies
/// inside the database's own files until its next checkpoint or vacuum, so it is logged, not returned.
pub(crate) async fn scrub(pools: &Pools) {
    let result = match pools.lend(Access::System).await {
        Ok(Conn::Sqlite(conn)) => scrub_sqlite(conn).await,
        Ok(Conn::Postgres(conn)) => scrub_postgres(conn).await,
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        tracing::warn!(error.code = error.code(), error = %error, "old pages could not be scrubbed yet");
    }
}

/// The log is copied into the database, whose freed bytes `secure_delete` zeroes, and cut to nothing. Readers of older
/// snapshots delay it, so it is tried a few times; each try waits for them up to the busy timeout.
async fn scrub_sqlite(mut conn: SqliteLease) -> Result<(), Error> {
    const TRIES: u32 = 3;
    for _ in 0..TRIES {
        let (busy, _, _): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *conn).await?;
        if busy == 0 {
            conn.give_back();
            return Ok(());
        }
    }
    conn.give_back();
    Err(Error::Busy(None))
}

async fn scrub_postgres(mut conn: PostgresLease) -> Result<(), Error> {
    // VACUUM takes no part in a transaction, so each is a statement of its own.
    (&mut *conn).execute("VACUUM tenant_keys").await?;
    (&mut *conn).execute("VACUUM objects").await?;
    conn.give_back();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_every_row_in_order_and_few_sizes() {
        let rows: Vec<usize> = (0..1_500).collect();
        let mut sizes = std::collections::BTreeSet::new();
        for count in 0..=rows.len() {
            let parts: Vec<&[usize]> = chunks(&rows[..count]).collect();
            assert_eq!(parts.concat(), rows[..count]);
            sizes.extend(parts.iter().map(|part| part.len()));
        }
        assert_eq!(sizes.len(), 67);
        assert_eq!(sizes.last(), Some(&ROWS_MAX));
    }
}
