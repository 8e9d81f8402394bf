//! One open transaction.

use std::marker::PhantomData;

use sqlx::{Postgres, Sqlite, Transaction};

use crate::Error;

/// The connection of a transaction.
pub(crate) enum Conn {
    /// SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
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

    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self.conn {
            Conn::Sqlite(tx) => tx.commit().await?,
            Conn::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Rolls back and waits for it, so that the next attempt finds the writer free. A failure to do so closes the
    /// connection, which rolls back as well.
    pub(crate) async fn rollback(self) {
        let result = match self.conn {
            Conn::Sqlite(tx) => tx.rollback().await,
            Conn::Postgres(tx) => tx.rollback().await,
        };
        if let Err(error) = result {
            tracing::warn!(error = %error, "rollback failed; the connection is dropped");
        }
    }
}
