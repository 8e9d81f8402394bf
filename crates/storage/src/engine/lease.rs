//! Connections on loan. One that is not handed back in good order is closed, which rolls back whatever was open on it;
//! so neither a cancelled caller nor a failed rollback can leave a transaction behind for the next one.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Postgres, Sqlite, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::Error;

/// The one connection that writes to a SQLite file, lent to one transaction at a time, first come first served.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    options: Arc<SqliteConnectOptions>,
    wait: Duration,
    slot: Arc<Mutex<Slot>>,
}

#[derive(Debug)]
pub(crate) enum Slot {
    /// Not opened yet, or closed after a fault.
    Empty,
    Idle(SqliteConnection),
    Closed,
}

impl Writer {
    pub(crate) fn new(options: SqliteConnectOptions, wait: Duration) -> Self {
        Self { options: Arc::new(options), wait, slot: Arc::new(Mutex::new(Slot::Empty)) }
    }

    pub(crate) async fn lend(&self) -> Result<SqliteLease, Error> {
        let locked = tokio::time::timeout(self.wait, Arc::clone(&self.slot).lock_owned()).await;
        let mut slot = locked.map_err(|elapsed| Error::Busy(Some(elapsed.into())))?;
        let conn = match std::mem::replace(&mut *slot, Slot::Empty) {
            Slot::Idle(conn) => conn,
            Slot::Empty => self.options.connect().await?,
            Slot::Closed => {
                *slot = Slot::Closed;
                return Err(Error::Unavailable(None));
            }
        };
        Ok(SqliteLease::Writer { conn, slot })
    }

    pub(crate) async fn close(&self) {
        let mut slot = self.slot.lock().await;
        if let Slot::Idle(conn) = std::mem::replace(&mut *slot, Slot::Closed)
            && let Err(error) = conn.close().await
        {
            tracing::warn!(error = %error, "the writer's connection did not close cleanly");
        }
    }
}

/// A SQLite connection on loan.
pub(crate) enum SqliteLease {
    /// The writer's; dropped, it leaves an empty slot.
    Writer { conn: SqliteConnection, slot: OwnedMutexGuard<Slot> },
    /// A reader's.
    Reader(PoolLease<Sqlite>),
}

impl SqliteLease {
    /// Hands the connection back.
    pub(crate) fn give_back(self) {
        match self {
            Self::Writer { conn, mut slot } => *slot = Slot::Idle(conn),
            Self::Reader(lease) => lease.give_back(),
        }
    }
}

impl Deref for SqliteLease {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Writer { conn, .. } => conn,
            Self::Reader(lease) => lease,
        }
    }
}
impl DerefMut for SqliteLease {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Writer { conn, .. } => conn,
            Self::Reader(lease) => lease,
        }
    }
}

/// A pool's connection on loan.
pub(crate) struct PoolLease<DB: sqlx::Database> {
    conn: PoolConnection<DB>,
    clean: bool,
}

/// A PostgreSQL connection on loan.
pub(crate) type PostgresLease = PoolLease<Postgres>;

impl<DB: sqlx::Database> PoolLease<DB> {
    pub(crate) const fn new(conn: PoolConnection<DB>) -> Self {
        Self { conn, clean: false }
    }

    pub(crate) fn give_back(mut self) {
        self.clean = true;
    }
}

impl<DB: sqlx::Database> Deref for PoolLease<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.conn
    }
}
impl<DB: sqlx::Database> DerefMut for PoolLease<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.conn
    }
}
impl<DB: sqlx::Database> Drop for PoolLease<DB> {
    fn drop(&mut self) {
        if !self.clean {
            self.conn.close_on_drop();
        }
    }
}
