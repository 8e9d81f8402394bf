//! The application: what every use case has at hand.

use std::sync::Arc;

use access::{Action, Authorizer, Permit, ResourceRef};
use base::{Digest, canonical_json};
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::{Recorder, Store, StoreConfig, Tx, commands};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::identity::Strangers;
use crate::keys::{Keys, PLATFORM};
use crate::ledger::Log;
use crate::market::Market;
use crate::packs::{PackSource, Packs};
use crate::zones::Zones;
use crate::{Config, Ctx, Error, Result, cases, destructions, jobs, packs, zones};

/// A cheap handle to the application.
#[derive(Debug, Clone)]
pub struct App {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: Config,
    store: Store,
    authorizer: Authorizer,
    keys: Keys,
    clock: Clock,
    packs: Packs,
    log: Log,
    market: Market,
    recorder: Recorder,
    zones: Zones,
    strangers: Strangers,
    work: Notify,
    printing: Semaphore,
    ledger_turn: tokio::sync::Mutex<()>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl App {
    /// Opens everything in the data folder; makes it if it is empty.
    ///
    /// # Errors
    /// When a part cannot be opened, the schema is unknown, or a pack does not load.
    pub async fn open(config: Config, sources: &[PackSource]) -> Result<Self> {
        private_folder(&config.objects_dir())?;
        let store = Store::open(&StoreConfig { url: config.database_url(), readers: 4 }).await?;
        // Only the embedded default may migrate by itself; a shared database is migrated by an operator's command.
        if config.database.is_empty() {
            store.migrate().await?;
        }
        store.check_schema().await?;
        let keys = keys_of(&config, &store).await?;
        let log = Log::open(&config)?;
        let authorizer = Authorizer::embedded().map_err(|error| Error::internal("access.policies", error))?;
        let clock = config
            .fake_clock
            .map_or_else(Clock::system, |start| Clock::fake(base::Timestamp::from_micros(start)));
        catch_up(&clock, &store).await?;
        let packs = Packs::open(&store, sources, &config.jurisdiction).await?;
        let (recorder, writer) = Recorder::new(&store);
        let inner = Inner {
            config,
            store,
            authorizer,
            keys,
            clock,
            packs,
            log,
            market: Market::default(),
            recorder,
            zones: Zones::default(),
            strangers: Strangers::default(),
            work: Notify::new(),
            printing: Semaphore::new(1),
            ledger_turn: tokio::sync::Mutex::new(()),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let app = Self { inner: Arc::new(inner) };
        // The writer would wait for the last handle, which is ours; when the application closes nobody calls any more.
        let stopping = app.stopping().clone();
        app.tasks().spawn(async move {
            tokio::select! {
                () = writer => {}
                () = stopping.cancelled() => {}
            }
        });
        let now = app.now();
        let this = &app;
        this.store()
            .system("app.platform_key", |tx| {
                Box::pin(async move { this.keys().create_tenant(tx, PLATFORM, now).await })
            })
            .await?;
        packs::settle(&app, sources).await?;
        destructions::settle(&app).await?;
        Ok(app)
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The keys.
    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    /// The data API's memory.
    pub(crate) fn market(&self) -> &Market {
        &self.inner.market
    }

    /// Durable appends of many callers in one commit, for calls of products.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.inner.recorder
    }

    /// The key under which the platform's own journal payloads are sealed.
    pub(crate) async fn journal_key(&self) -> Result<vault::DataKey> {
        if let Some(key) = self.keys().derived_now(PLATFORM, "journal")? {
            return Ok(key);
        }
        self.store()
            .read("journal.key", |tx| {
                Box::pin(async move { self.keys().derived(tx, PLATFORM, "journal").await })
            })
            .await
    }

    /// The zone workers.
    pub(crate) fn zones(&self) -> &Zones {
        &self.inner.zones
    }

    /// Failed sign-ins under names that nobody has.
    pub(crate) fn strangers(&self) -> &Strangers {
        &self.inner.strangers
    }

    /// The packs.
    #[must_use]
    pub fn packs(&self) -> &Packs {
        &self.inner.packs
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> base::Timestamp {
        self.inner.clock.now()
    }

    /// The lane in which readers print.
    /// Held by whoever asks the release ledger.
    pub(crate) fn ledger_turn(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.ledger_turn
    }

    pub(crate) fn printing(&self) -> &Semaphore {
        &self.inner.printing
    }

    /// The ledger's files and key.
    pub(crate) fn log(&self) -> &Log {
        &self.inner.log
    }

    /// Claims the data folder for this process until the answer is dropped: jobs, keys in memory and quotas are one
    /// server's.
    ///
    /// # Errors
    /// `data.in_use` while another server runs on it.
    pub fn serve_alone(&self) -> Result<std::fs::File> {
        let fault = |error: std::io::Error| Error::internal("data.folder", error);
        let file = std::fs::File::create(self.config().data.join("serving")).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Conflict("data.in_use")),
            Err(std::fs::TryLockError::Error(error)) => Err(fault(error)),
        }
    }

    /// Starts what runs by itself: jobs, the ledger, the clocks of cases. Call once, in the process that serves.
    pub fn start_background(&self) {
        self.tasks().spawn(jobs::run(self.clone()));
        self.tasks().spawn(jobs::ledger::run(self.clone()));
        self.tasks().spawn(zones::watch(self.clone()));
        self.tasks().spawn(zones::probe(self.clone()));
        self.tasks().spawn(ring_clocks(self.clone()));
    }

    /// Wakes the job runner and the sequencer: called after a commit that pushed a job.
    pub(crate) fn committed(&self) {
        self.inner.market.forget();
        self.inner.log.wake();
        self.inner.work.notify_waiters();
        self.inner.work.notify_one();
    }

    /// Resolves at the next wake-up.
    pub(crate) async fn job_pushed(&self) {
        self.inner.work.notified().await;
    }

    /// Background tasks, waited for on shutdown.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.inner.tasks
    }

    /// Cancelled when the application stops.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.inner.stop
    }

    /// Stops background work and closes the store.
    pub async fn close(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.inner.zones.stop_all().await;
        self.inner.store.close().await;
    }

    /// Asks the policies.
    ///
    /// # Errors
    /// [`Error::Forbidden`], or [`Error::Unauthenticated`] when nobody is signed in.
    pub(crate) fn permit(&self, ctx: &Ctx, action: Action, resource: ResourceRef) -> Result<Permit> {
        self.inner.authorizer.authorize(&ctx.principal, action, &resource, ctx.now).map_err(|denial| {
            tracing::info!(action = action.key(), reason = %denial.reason, "denied");
            match ctx.principal.credential {
                access::Credential::Anonymous => Error::Unauthenticated("access.sign_in"),
                _ => Error::Forbidden(denial.code()),
            }
        })
    }

    /// Runs a command: the change, its journal row and its jobs in one transaction. With an idempotency key, a
    /// repeated request is answered with the first answer and changes nothing.
    ///
    /// # Errors
    /// What the work returns; `storage.replay_mismatch` when the key was used for another request.
    pub(crate) async fn command<'env, T, F>(
        &'env self,
        ctx: &'env Ctx,
        permit: &'env Permit,
        name: &'static str,
        request: &(impl Serialize + Sync),
        work: F,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'env,
        F: for<'t> Fn(&'t mut Tx<'env>) -> BoxFuture<'t, Result<T>> + Send + Sync + 'env,
    {
        let Some(key) = ctx.idempotency_key.as_deref() else {
            let done = self.store().transact(permit, name, |tx| work(tx)).await?;
            self.committed();
            return Ok(done);
        };
        let actor = actor_name(ctx);
        let bytes =
            canonical_json(&(name, request)).map_err(|error| Error::internal("command.request", error))?;
        let digest = Digest::of(&bytes);
        if let Some(first) = self.replayed(&actor, key, digest).await? {
            return Ok(first);
        }
        let (remembered_as, work) = (actor.clone(), Arc::new(work));
        let done = self
            .store()
            .transact(permit, name, |tx| {
                let (actor, work) = (remembered_as.clone(), Arc::clone(&work));
                Box::pin(async move {
                    let value = work(tx).await?;
                    let command = commands::Command { actor: &actor, key, request: digest };
                    let response = serde_json::to_vec(&value)
                        .map_err(|error| Error::internal("command.response", error))?;
                    commands::remember(tx, &command, &response, ctx.now).await?;
                    Ok(value)
                })
            })
            .await;
        self.committed();
        match done {
            // The same request ran at the same time and won.
            Err(Error::Conflict(code)) => {
                self.replayed(&actor, key, digest).await?.ok_or(Error::Conflict(code))
            }
            other => other,
        }
    }

    async fn replayed<T: DeserializeOwned + Send>(
        &self,
        actor: &str,
        key: &str,
        digest: Digest,
    ) -> Result<Option<T>> {
        let stored: Option<Vec<u8>> = self
            .store()
            .read("command.replayed", |tx| {
                let (actor, key) = (actor.to_owned(), key.to_owned());
                Box::pin(async move {
                    let command = commands::Command { actor: &actor, key: &key, request: digest };
                    Ok::<_, Error>(commands::replayed(tx, &command).await?)
                })
            })
            .await?;
        stored
            .map(|bytes| {
                serde_json::from_slice(&bytes).map_err(|error| Error::internal("command.response", error))
            })
            .transpose()
    }
}

/// Brings the database to this release's schema; answers its version.
///
/// # Errors
/// When the database cannot be reached or is newer than this release.
pub async fn migrate(config: &Config) -> Result<i64> {
    std::fs::create_dir_all(&config.data).map_err(|error| Error::internal("data.folder", error))?;
    let store = Store::open(&StoreConfig { url: config.database_url(), readers: 1 }).await?;
    store.migrate().await?;
    let version = store.schema_version().await?;
    store.close().await;
    Ok(version)
}

/// Makes a folder that nobody but its owner enters, with those above it.
fn private_folder(path: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(|error| Error::internal("data.folder", error))
}

/// The root key that this store was filled under. A new one would lock everybody out of what is there, so it is made for
/// an empty store only.
async fn keys_of(config: &Config, store: &Store) -> Result<Keys> {
    let known = store
        .read("app.platform_key", |tx| {
            Box::pin(
                async move { Ok::<_, Error>(storage::objects::tenant_key(tx, PLATFORM).await?.is_some()) },
            )
        })
        .await?;
    if known && !config.keys_dir().join("root.key").is_file() {
        return Err(Error::invalid("key.missing", config.keys_dir().join("root.key").display().to_string()));
    }
    let keys = Keys::open(&config.keys_dir())?;
    if known {
        let opened = store
            .read("app.platform_key", |tx| {
                let keys = &keys;
                Box::pin(async move { keys.tenant(tx, PLATFORM).await.map(|_| ()) })
            })
            .await;
        opened.map_err(|_| {
            Error::invalid("key.wrong", config.keys_dir().join("root.key").display().to_string())
        })?;
    }
    Ok(keys)
}

/// How often the clocks of open cases are looked at.
const SWEEP: std::time::Duration = std::time::Duration::from_secs(30);

async fn ring_clocks(app: App) {
    while !app.stopping().is_cancelled() {
        if let Err(error) = cases::sweep(&app).await {
            tracing::error!(error.code = error.code(), error = ?error, "the clocks of cases cannot be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            () = app.stopping().cancelled() => {}
        }
    }
}

/// A fake clock that is started again goes on where the last move or the last record left it.
async fn catch_up(clock: &Clock, store: &Store) -> Result<()> {
    if !clock.is_fake() {
        return Ok(());
    }
    let (moved, newest) = store
        .read("clock.catch_up", |tx| {
            Box::pin(async move {
                let moved = storage::settings::get::<i64>(tx, crate::clock::MOVED).await?;
                Ok::<_, Error>((moved, storage::journal::newest(tx, None, 1).await?))
            })
        })
        .await?;
    if let Some(micros) = moved {
        let _moved = clock.advance_to(base::Timestamp::from_micros(micros));
    }
    if let Some(row) = newest.first() {
        let _moved = clock.advance_to(row.at.plus_seconds(1));
    }
    Ok(())
}

/// Who a remembered answer belongs to: the person or key, whatever the session.
fn actor_name(ctx: &Ctx) -> String {
    match &ctx.principal.credential {
        access::Credential::Person { .. } => format!("person/{}", ctx.principal.person),
        access::Credential::ApiKey { key, .. } => format!("key/{key}"),
        access::Credential::Service { job } => format!("service/{job}"),
        access::Credential::Anonymous => "anonymous".to_owned(),
    }
}
