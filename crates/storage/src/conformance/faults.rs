//! A full disk, a read-only database, another process that holds the lock, a damaged file. SQLite only: the same
//! conditions of PostgreSQL are its server's, and reach us as the codes tested here.

use sqlx::Connection as _;
use sqlx::Executor as _;

use super::fixture::{Fixture, append, permit};
use crate::engine::Conn;
use crate::engine::pools::Access;
use crate::{Error, Store, StoreConfig};

async fn pragma(store: &Store, text: &'static str) {
    let Conn::Sqlite(mut conn) = store.pools.lend(Access::System).await.unwrap() else {
        panic!("not sqlite")
    };
    (&mut *conn).execute(text).await.unwrap();
    conn.give_back();
}

async fn note(store: &Store, bytes: usize) -> Result<u64, Error> {
    let subject = "x".repeat(bytes);
    let subject = &subject;
    store.transact(&permit(), "note", |tx| Box::pin(append(tx, subject))).await
}

#[tokio::test]
async fn a_full_disk_is_named_and_nothing_half_done_is_left() {
    let fixture = Fixture::sqlite().await;
    pragma(&fixture.store, "PRAGMA max_page_count = 60").await;
    let mut kept = 0;
    let error = loop {
        match note(&fixture.store, 3_000).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((error.code(), error.to_string().as_str()), ("storage.full", "the store has no space left"));
    assert_eq!(fixture.journal().await.len(), kept);
    // The connection of the failed transaction is gone, and with it the limit.
    assert_eq!(note(&fixture.store, 3_000).await.unwrap(), kept as u64 + 1);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_unavailable() {
    let fixture = Fixture::sqlite().await;
    pragma(&fixture.store, "PRAGMA query_only = ON").await;
    assert_eq!(note(&fixture.store, 10).await.unwrap_err().code(), "storage.unavailable");
    let store = fixture.store.clone();
    fixture.store.close().await;
    assert_eq!(note(&store, 10).await.unwrap_err().code(), "storage.unavailable");
}

#[tokio::test]
async fn another_process_with_the_lock_is_waited_for_then_busy() {
    let fixture = Fixture::sqlite().await;
    pragma(&fixture.store, "PRAGMA busy_timeout = 20").await;
    let path = fixture.folder.path().join("store.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let error = note(&fixture.store, 10).await.unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), ("storage.busy", "the store is busy"));
    pragma(&fixture.store, "PRAGMA busy_timeout = 5000").await;
    let store = fixture.store.clone();
    let waiting = tokio::spawn(async move { note(&store, 10).await });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    other.execute("COMMIT").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.db");
    std::fs::write(&path, "not a database, and long enough to have a header".repeat(100)).unwrap();
    let url = format!("sqlite:{}", path.display());
    let error = Store::open(&StoreConfig { url, readers: 1 }).await.unwrap_err();
    assert_eq!(error.code(), "storage.damaged");
}
