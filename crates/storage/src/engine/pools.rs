//! Connections: SQLite with one writer and several readers, or a PostgreSQL pool.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Executor as _};

use super::lease::{PoolLease, SqliteLease, Writer};
use super::tx::{Conn, Tx};
use crate::Error;

/// How long a statement waits for another process's lock, or a caller for a connection.
const WAIT: Duration = Duration::from_secs(10);
/// The same for PostgreSQL's locks.
const LOCK_TIMEOUT: &str = "10s";
/// Prepared statements kept per connection: about 100 fixed texts, and the sizes of a group commit on two tables.
const STATEMENTS_MAX: usize = 256;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Sees one snapshot, changes nothing.
    Read,
    /// Changes something and says so in the journal: one at a time, refused if it says nothing.
    Command,
    /// One at a time like a command, but below the journal: a restore.
    Exclusive,
    /// Bookkeeping that touches no journal: on PostgreSQL it does not queue with the writers.
    System,
}

/// Open connections.
#[derive(Debug, Clone)]
pub(crate) enum Pools {
    /// SQLite.
    Sqlite {
        /// The writer's connection.
        writer: Writer,
        /// Read-only connections.
        readers: SqlitePool,
    },
    /// PostgreSQL.
    Postgres(PgPool),
}

impl Pools {
    pub(crate) async fn open(url: &str, readers: u32) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Self::open_sqlite(path, readers.max(1)).await;
        }
        if !(url.starts_with("postgres:") || url.starts_with("postgresql:")) {
            return Err(Error::Url);
        }
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| Error::Url)?
            .application_name("shuyu")
            .options([("lock_timeout", LOCK_TIMEOUT)])
            .statement_cache_capacity(STATEMENTS_MAX)
            .disable_statement_logging();
        // Two beyond the readers: one for the journal's writer, one for bookkeeping.
        let pool = PgPoolOptions::new()
            .max_connections(readers.max(1) + 2)
            .acquire_timeout(WAIT)
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }

    async fn open_sqlite(path: &str, readers: u32) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(WAIT)
            .statement_cache_capacity(STATEMENTS_MAX)
            .pragma("cache_size", "-16384")
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        let writing = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL syncs the log at every commit: what was acknowledged survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON")
            .pragma("wal_autocheckpoint", "4000");
        let writer = Writer::new(writing, WAIT);
        // Opens the file now, so that a wrong path is refused here and readers find it.
        writer.lend().await?.give_back();
        let readers = SqlitePoolOptions::new()
            .max_connections(readers)
            .acquire_timeout(WAIT)
            .test_before_acquire(false)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self::Sqlite { writer, readers })
    }

    /// A connection outside of any transaction.
    pub(crate) async fn lend(&self, access: Access) -> Result<Conn, Error> {
        Ok(match self {
            Self::Sqlite { readers, .. } if access == Access::Read => {
                Conn::Sqlite(SqliteLease::Reader(PoolLease::new(readers.acquire().await?)))
            }
            Self::Sqlite { writer, .. } => Conn::Sqlite(writer.lend().await?),
            Self::Postgres(pool) => Conn::Postgres(PoolLease::new(pool.acquire().await?)),
        })
    }

    pub(crate) async fn begin<'env>(&self, access: Access) -> Result<Tx<'env>, Error> {
        match self.lend(access).await? {
            Conn::Sqlite(mut conn) => {
                let begin = match access {
                    Access::Read => "BEGIN DEFERRED",
                    // A deferred transaction would fail at once when it turns into a writer.
                    Access::Command | Access::Exclusive | Access::System => "BEGIN IMMEDIATE",
                };
                match (&mut *conn).execute(begin).await {
                    Ok(_) => Ok(Tx::new(Conn::Sqlite(conn))),
                    Err(error) => {
                        // Nothing was begun, so the connection is as good as before.
                        conn.give_back();
                        Err(error.into())
                    }
                }
            }
            Conn::Postgres(mut conn) => {
                let begin = match access {
                    Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    Access::System => "BEGIN ISOLATION LEVEL REPEATABLE READ",
                    // LOCK takes no snapshot, so the transaction sees all that was committed while it waited. Without
                    // it, the gapless journal number would make every pair of concurrent writers fail and retry.
                    Access::Command | Access::Exclusive => {
                        "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE writer IN EXCLUSIVE MODE"
                    }
                };
                (&mut *conn).execute(sqlx::raw_sql(begin)).await?;
                Ok(Tx::new(Conn::Postgres(conn)))
            }
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}
