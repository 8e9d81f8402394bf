//! The two engines: connections, transactions and the macros that write each statement once.
//!
//! Everything outside this folder sees only [`Tx`].

pub(crate) mod dialect;
mod lease;
pub(crate) mod pools;
mod tx;

pub(crate) use tx::Conn;
pub use tx::Tx;

/// Runs a statement without rows; answers how many rows it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let result = match &mut $tx.conn {
            $crate::engine::Conn::Sqlite(conn) => {
                sqlx::query($sql)$(.bind($bind))*.execute(&mut **conn).await.map(|done| done.rows_affected())
            }
            $crate::engine::Conn::Postgres(conn) => {
                sqlx::query($sql)$(.bind($bind))*.execute(&mut **conn).await.map(|done| done.rows_affected())
            }
        };
        result.map_err(|error| $tx.failed(error))
    }};
}

/// Runs a query with `fetch_one`, `fetch_optional` or `fetch_all`, each row being a tuple of the given type.
macro_rules! fetch {
    ($how:ident, $tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let result = match &mut $tx.conn {
            $crate::engine::Conn::Sqlite(conn) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.$how(&mut **conn).await
            }
            $crate::engine::Conn::Postgres(conn) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.$how(&mut **conn).await
            }
        };
        result.map_err(|error| $tx.failed(error))
    }};
}

pub(crate) use {execute, fetch};
