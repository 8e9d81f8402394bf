//! One open transaction.

use std::marker::PhantomData;

use sqlx::Executor as _;

use super::lease::{PostgresLease, SqliteLease};
use crate::Error;

/// The connection of a transaction.
pub(crate) enum Conn {
    /// SQLite.
    Sqlite(SqliteLease),
    /// PostgreSQL.
    Postgres(PostgresLease),
}

/// One open transaction on either engine. Dropped without commit, it leaves nothing behind.
///
/// `'env` is the scope of what the transaction's closure borrows; write `&mut Tx<'_>` in signatures.
pub struct Tx<'env> {
    pub(crate) conn: Conn,
    /// Journal rows appended so far.
    pub(crate) recorded: u32,
    /// A statement failed in a way that may pass on another run.
    pub(crate) transient: bool,
    /// Secrets were erased: the engine must drop old copies of pages after the commit.
    pub(crate) erased: bool,
    /// Invariant in `'env`, like `std::thread::Scope`, so that the closure's borrows outlive every run of it.
    env: PhantomData<fn(&'env ()) -> &'env ()>,
}

impl Tx<'_> {
    pub(crate) fn new(conn: Conn) -> Self {
        Self { conn, recorded: 0, transient: false, erased: false, env: PhantomData }
    }

    /// Turns a driver's error into ours and remembers whether a new run could pass.
    pub(crate) fn failed(&mut self, error: sqlx::Error) -> Error {
        let error = Error::from(error);
        self.transient |= error.is_transient();
        error
    }

    /// Commits; after an error the connection is closed, for its state is not known.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        self.finish("COMMIT").await?;
        self.give_back();
        Ok(())
    }

    /// Rolls back and waits for it, so that the next attempt finds the writer free. If it fails (SQLite has rolled back
    /// by itself, the server is gone), the connection is closed.
    pub(crate) async fn rollback(mut self) {
        match self.finish("ROLLBACK").await {
            Ok(()) => self.give_back(),
            Err(error) => tracing::debug!(error = %error, "rollback failed; the connection is closed"),
        }
    }

    async fn finish(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        match &mut self.conn {
            Conn::Sqlite(conn) => (&mut **conn).execute(statement).await.map(|_| ()),
            Conn::Postgres(conn) => (&mut **conn).execute(statement).await.map(|_| ()),
        }
    }

    fn give_back(self) {
        match self.conn {
            Conn::Sqlite(lease) => lease.give_back(),
            Conn::Postgres(lease) => lease.give_back(),
        }
    }
}
