//! A fresh store for each test, and the throw-away PostgreSQL cluster behind half of them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use access::{Action, Authorizer, Permit, Principal, ResourceRef};
use base::{Id, Kind, Timestamp};
use sqlx::{Connection as _, Executor as _};
use tempfile::TempDir;

use super::cluster;
use crate::engine::Tx;
use crate::journal::{self, JournalDraft};
use crate::{Error, Store, StoreConfig};

/// A migrated, empty store.
pub(super) struct Fixture {
    pub(super) store: Store,
    pub(super) config: StoreConfig,
    pub(super) folder: TempDir,
}

impl Fixture {
    pub(super) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        Self::open(url, folder).await
    }

    pub(super) async fn postgres() -> Self {
        Self::open(new_database().await, tempfile::tempdir().unwrap()).await
    }

    async fn open(url: String, folder: TempDir) -> Self {
        let config = StoreConfig { url, readers: 3 };
        let store = Store::open(&config).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, config, folder }
    }

    /// Another empty store of the other engine.
    pub(super) async fn other_engine(&self) -> Self {
        if self.is_sqlite() { Self::postgres().await } else { Self::sqlite().await }
    }

    /// Another empty store of the same engine.
    pub(super) async fn same_engine(&self) -> Self {
        if self.is_sqlite() { Self::sqlite().await } else { Self::postgres().await }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        self.config.url.starts_with("sqlite:")
    }

    /// Appends one journal row in a command of its own.
    pub(super) async fn note(&self, subject: &str) -> u64 {
        let (permit, draft) = (&permit(), &draft(subject));
        let appended: Result<_, Error> =
            self.store.transact(permit, "note", |tx| Box::pin(journal::append(tx, permit, draft))).await;
        appended.unwrap().seq
    }

    pub(super) async fn journal(&self) -> Vec<journal::Row> {
        self.store.read("journal", |tx| Box::pin(journal::from(tx, 0, 10_000))).await.unwrap()
    }
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000)
}

/// An id that is the same in every run.
pub(super) fn id<K: Kind>(number: u8) -> Id<K> {
    Id::new(now(), [number; 10])
}

pub(super) fn permit() -> Permit {
    static AUTHORIZER: OnceLock<Authorizer> = OnceLock::new();
    let authorizer = AUTHORIZER.get_or_init(|| Authorizer::embedded().unwrap());
    let service = Principal::service("storage.test");
    authorizer.authorize(&service, Action::JobRun, &ResourceRef::platform(), now()).unwrap()
}

pub(super) fn draft(subject: &str) -> JournalDraft {
    JournalDraft {
        at: now(),
        action: "test.note".to_owned(),
        subject: subject.to_owned(),
        clauses: vec!["第一条".to_owned()],
        payload: b"sealed".to_vec(),
    }
}

/// Appends a journal row in an open transaction.
pub(super) async fn append(tx: &mut Tx<'_>, subject: &str) -> Result<u64, Error> {
    Ok(journal::append(tx, &permit(), &draft(subject)).await?.seq)
}

/// Makes an empty database; answers its URL.
async fn new_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder =
        tokio::task::spawn_blocking(|| cluster::cluster().folder.display().to_string()).await.unwrap();
    let url = |name: &str| format!("postgres:///{name}?host={folder}&user=postgres");
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut admin = sqlx::PgConnection::connect(&url("postgres")).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    admin.execute(sqlx::raw_sql(create)).await.unwrap();
    url(&name)
}
