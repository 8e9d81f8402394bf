//! Migrations: two folders with the same numbers, embedded.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::Error;
use crate::engine::pools::Pools;

/// The schema version this release reads and writes.
pub const VERSION: i64 = 1;

/// Number, name, text for SQLite, text for PostgreSQL. Append only.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[(
    1,
    "start",
    include_str!("../migrations/sqlite/0001_start.sql"),
    include_str!("../migrations/postgres/0001_start.sql"),
)];

pub(crate) async fn migrate(pools: &Pools) -> Result<(), Error> {
    let found = version(pools).await?;
    if found > VERSION {
        return Err(Error::Schema { found, needed: VERSION });
    }
    match pools {
        Pools::Sqlite { writer, .. } => {
            migrator(|(_, _, sqlite, _)| sqlite)
                .run_direct(None, &mut *writer.acquire().await?, false)
                .await?;
        }
        Pools::Postgres(pool) => {
            migrator(|(_, _, _, postgres)| postgres)
                .run_direct(None, &mut *pool.acquire().await?, false)
                .await?;
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
    const NEWEST: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";
    let exists: i64 = match pools {
        Pools::Sqlite { writer, .. } => {
            sqlx::query_scalar(
                "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
            )
            .fetch_one(writer)
            .await?
        }
        Pools::Postgres(pool) => {
            sqlx::query_scalar(
                "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = '_sqlx_migrations'",
            )
            .fetch_one(pool)
            .await?
        }
    };
    if exists == 0 {
        return Ok(0);
    }
    Ok(match pools {
        Pools::Sqlite { writer, .. } => sqlx::query_scalar(NEWEST).fetch_one(writer).await?,
        Pools::Postgres(pool) => sqlx::query_scalar(NEWEST).fetch_one(pool).await?,
    })
}
