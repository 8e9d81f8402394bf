//! What a product call is compared with.

use std::io::Read as _;

use anyhow::{Context as _, Result, bail};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::any;
use axum::{Json, Router};
use serde_json::json;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::net::TcpListener;

/// About what the journal and the meter keep of one call. *Units*: bytes.
const ROW_BYTES: usize = 450;

/// Serves one peer until standard input ends.
pub(crate) async fn serve(kind: &str, file: Option<&str>) -> Result<()> {
    let router = match kind {
        "bare" => Router::new().fallback(any(bare)),
        "sqlite-full" => with_insert(open(file, SqliteSynchronous::Full).await?),
        "sqlite-normal" => with_insert(open(file, SqliteSynchronous::Normal).await?),
        other => bail!("no such peer: {other}"),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening {}", listener.local_addr()?);
    std::thread::spawn(|| {
        // Ends with the process that started this one, however it ends.
        let _ended = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    Ok(axum::serve(listener, router).await?)
}

async fn bare() -> impl IntoResponse {
    // As long as the answer of a lookup in the demonstration county.
    Json(
        json!({ "rows": [{ "origin": "JFK", "month": 7, "flights": 10_023, "mean_delay": 23.77 }], "more": false }),
    )
}

fn with_insert(pool: SqlitePool) -> Router {
    Router::new().fallback(any(insert)).with_state(pool)
}

async fn insert(State(pool): State<SqlitePool>) -> Result<impl IntoResponse, StatusCode> {
    let row = vec![0x5a_u8; ROW_BYTES];
    let done = sqlx::query("INSERT INTO calls (body) VALUES ($1)").bind(row).execute(&pool).await;
    done.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(bare().await)
}

/// One connection: SQLite has one writer, and a second would only wait for its lock.
async fn open(file: Option<&str>, synchronous: SqliteSynchronous) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(file.context("which file?")?)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    sqlx::query("CREATE TABLE calls (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
        .execute(&pool)
        .await?;
    Ok(pool)
}
