//! Migrations: two folders with the same numbers, embedded.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::Error;
use crate::engine::pools::{Access, Pools};
use crate::engine::{Conn, fetch};

/// The schema version this release reads and writes.
pub const VERSION: i64 = 3;

/// Number, name, text for SQLite, text for PostgreSQL. Append only.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "start",
        include_str!("../migrations/sqlite/0001_start.sql"),
        include_str!("../migrations/postgres/0001_start.sql"),
    ),
    (
        2,
        "call request",
        include_str!("../migrations/sqlite/0002_call_request.sql"),
        include_str!("../migrations/postgres/0002_call_request.sql"),
    ),
    (
        3,
        "journal digest",
        include_str!("../migrations/sqlite/0003_journal_digest.sql"),
        include_str!("../migrations/postgres/0003_journal_digest.sql"),
    ),
];

pub(crate) async fn migrate(pools: &Pools) -> Result<(), Error> {
    let found = version(pools).await?;
    if found > VERSION {
        return Err(Error::Schema { found, needed: VERSION });
    }
    match &mut pools.lend(Access::Exclusive).await? {
        Conn::Sqlite(conn) => migrator(|migration| migration.2).run_direct(None, &mut **conn, false).await?,
        Conn::Postgres(conn) => {
            migrator(|migration| migration.3).run_direct(None, &mut **conn, false).await?
        }
    }
    Ok(())
}

fn migrator(text: impl Fn(&(i64, &str, &'static str, &'static str)) -> &'static str) -> Migrator {
    let migrations = MIGRATIONS.iter().map(|migration| {
        let sql = text(migration).into_sql_str();
        Migration::new(migration.0, migration.1.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

pub(crate) async fn version(pools: &Pools) -> Result<i64, Error> {
    // The writer's connection: on SQLite a reader would not see a file that does not exist yet.
    let mut tx = pools.begin(Access::System).await?;
    let tables = match &tx.conn {
        Conn::Sqlite(_) => {
            "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'"
        }
        Conn::Postgres(_) => {
            "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = '_sqlx_migrations'"
        }
    };
    let (tables,) = fetch!(fetch_one, tx, (i64,), tables)?;
    let version = match tables {
        0 => 0,
        _ => fetch!(fetch_one, tx, (i64,), "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations")?.0,
    };
    tx.rollback().await;
    Ok(version)
}
