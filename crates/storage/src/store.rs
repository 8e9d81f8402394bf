//! The store: opening, migrating and running transactions.

use std::time::Duration;

use futures::future::BoxFuture;
use tracing::Instrument as _;

use crate::engine::pools::{Access, Pools};
use crate::engine::{Tx, dialect};
use crate::{Error, Permit, schema};

/// Attempts of one transaction before it is given up as busy.
const ATTEMPTS_MAX: u32 = 8;

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite:<path>` or `postgres://user@host/database`.
    pub url: String,
    /// Connections for queries, besides the writer's.
    pub readers: u32,
}

/// The database. Cloning is cheap and shares the connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pools: Pools,
}

impl Store {
    /// Connects. A missing SQLite file is created, empty; nothing is migrated.
    ///
    /// # Errors
    /// `storage.url`, `storage.unavailable`.
    pub async fn open(config: &StoreConfig) -> Result<Self, Error> {
        let pools = match Pools::open(&config.url, config.readers).await {
            // Nothing can contend with a first connection: the server did not answer in time.
            Err(Error::Busy(cause)) => return Err(Error::Unavailable(cause)),
            other => other?,
        };
        Ok(Self { pools })
    }

    /// Applies the migrations that are missing.
    ///
    /// # Errors
    /// `storage.schema` if the database is newer than this release, else the engine's error.
    pub async fn migrate(&self) -> Result<(), Error> {
        schema::migrate(&self.pools).await
    }

    /// Version of the newest applied migration; 0 for an empty database.
    ///
    /// # Errors
    /// The engine's error.
    pub async fn schema_version(&self) -> Result<i64, Error> {
        schema::version(&self.pools).await
    }

    /// Refuses a database of any other schema version than this release's.
    ///
    /// # Errors
    /// `storage.schema`.
    pub async fn check_schema(&self) -> Result<(), Error> {
        match self.schema_version().await? {
            schema::VERSION => Ok(()),
            found => Err(Error::Schema { found, needed: schema::VERSION }),
        }
    }

    /// Runs a command: all of its changes and at least one journal row are committed together, or nothing is.
    ///
    /// The closure may run several times (lock or serialization failures), so it borrows what it needs and has no
    /// effect outside the transaction. It must not await anything else: other writers wait.
    ///
    /// ```
    /// # use storage::{Error, Permit, Store, events, journal};
    /// async fn submit(
    ///     store: &Store,
    ///     permit: &Permit,
    ///     event: events::NewEvent,
    ///     draft: journal::JournalDraft,
    /// ) -> Result<u64, Error> {
    ///     let (events, draft) = (&[event], &draft);
    ///     store
    ///         .transact(permit, "case.submit", |tx| {
    ///             Box::pin(async move {
    ///                 events::append(tx, "case:1", 0, events).await?;
    ///                 Ok(journal::append(tx, permit, draft).await?.seq)
    ///             })
    ///         })
    ///         .await
    /// }
    /// ```
    ///
    /// # Errors
    /// The closure's error; `storage.unrecorded` if it appended no journal row; `storage.busy` when the attempts are
    /// used up.
    pub async fn transact<'env, T, E, F>(&self, permit: &Permit, name: &'static str, work: F) -> Result<T, E>
    where
        F: for<'t> FnMut(&'t mut Tx<'env>) -> BoxFuture<'t, Result<T, E>> + Send,
        T: Send,
        E: From<Error> + Send,
    {
        let span = tracing::info_span!("storage.transact", name, actor.id = %permit.actor(), attempts = 0);
        self.run(Access::Command, name, work).instrument(span).await
    }

    /// Runs bookkeeping that changes nothing anybody decided: job leases, the ledger's position, session touches.
    ///
    /// # Errors
    /// The closure's error; `storage.busy` when the attempts are used up.
    pub async fn system<'env, T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: for<'t> FnMut(&'t mut Tx<'env>) -> BoxFuture<'t, Result<T, E>> + Send,
        T: Send,
        E: From<Error> + Send,
    {
        let span = tracing::debug_span!("storage.system", name, attempts = 0);
        self.run(Access::System, name, work).instrument(span).await
    }

    /// Runs a query on one consistent snapshot. Writing fails.
    ///
    /// # Errors
    /// The closure's error.
    pub async fn read<'env, T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: for<'t> FnMut(&'t mut Tx<'env>) -> BoxFuture<'t, Result<T, E>> + Send,
        T: Send,
        E: From<Error> + Send,
    {
        let span = tracing::debug_span!("storage.read", name, attempts = 0);
        self.run(Access::Read, name, work).instrument(span).await
    }

    /// Closes the connections after running transactions have ended.
    pub async fn close(&self) {
        self.pools.close().await;
    }

    pub(crate) async fn run<'env, T, E, F>(
        &self,
        access: Access,
        name: &'static str,
        mut work: F,
    ) -> Result<T, E>
    where
        F: for<'t> FnMut(&'t mut Tx<'env>) -> BoxFuture<'t, Result<T, E>> + Send,
        T: Send,
        E: From<Error> + Send,
    {
        let mut cause = None;
        for attempt in 0..ATTEMPTS_MAX {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(1 << attempt)).await;
            }
            tracing::Span::current().record("attempts", attempt + 1);
            match self.attempt(access, name, &mut work).await {
                Attempt::Done(value) => return Ok(value),
                Attempt::Failed(error) => return Err(error),
                Attempt::Again(error) => cause = Some(error),
            }
        }
        tracing::warn!(name, "transaction gave up after {ATTEMPTS_MAX} attempts");
        Err(cause.unwrap_or_else(|| Error::Busy(None).into()))
    }

    async fn attempt<'env, T, E, F>(&self, access: Access, name: &'static str, work: &mut F) -> Attempt<T, E>
    where
        F: for<'t> FnMut(&'t mut Tx<'env>) -> BoxFuture<'t, Result<T, E>> + Send,
        E: From<Error>,
    {
        let mut tx = match self.pools.begin(access).await {
            Ok(tx) => tx,
            // Beginning has waited long enough already.
            Err(error) => return Attempt::Failed(error.into()),
        };
        let value = match work(&mut tx).await {
            Ok(value) => value,
            Err(error) => {
                let transient = tx.transient;
                tx.rollback().await;
                return if transient { Attempt::Again(error) } else { Attempt::Failed(error) };
            }
        };
        if access == Access::Command && tx.recorded == 0 {
            tx.rollback().await;
            return Attempt::Failed(Error::Unrecorded { name }.into());
        }
        let erased = tx.erased;
        match tx.commit().await {
            Ok(()) => {}
            Err(error) if error.is_transient() => return Attempt::Again(error.into()),
            Err(error) => return Attempt::Failed(error.into()),
        }
        if erased {
            dialect::scrub(&self.pools).await;
        }
        Attempt::Done(value)
    }

    /// Drops old copies of pages that held erased secrets, as every erasing transaction does after its commit: once more,
    /// for what readers kept from it then.
    pub async fn scrub(&self) {
        dialect::scrub(&self.pools).await;
    }
}

enum Attempt<T, E> {
    Done(T),
    Failed(E),
    Again(E),
}
