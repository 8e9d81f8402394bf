//! Migrations and the shape of the tables.

use std::collections::BTreeMap;

use super::fixture::Fixture;
use crate::engine::pools::Access;
use crate::engine::{Conn, execute};
use crate::{SCHEMA_VERSION, Store, StoreConfig};

pub(super) async fn migrating_twice_changes_nothing(fixture: Fixture) {
    assert_eq!(fixture.store.schema_version().await.unwrap(), SCHEMA_VERSION);
    fixture.note("kept").await;
    fixture.store.migrate().await.unwrap();
    fixture.store.check_schema().await.unwrap();
    assert_eq!(fixture.journal().await.len(), 1);
    assert_eq!(described(&fixture.store).await, include_str!("../../schema.txt"));
}

pub(super) async fn an_unknown_schema_version_is_refused(fixture: Fixture) {
    let forge = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (999, 'future', TRUE, $1, 0)";
    let mut tx = fixture.store.pools.begin(Access::System).await.unwrap();
    execute!(tx, forge, vec![0_u8]).unwrap();
    tx.commit().await.unwrap();
    for error in [fixture.store.check_schema().await.unwrap_err(), fixture.store.migrate().await.unwrap_err()]
    {
        assert_eq!(error.code(), "storage.schema");
        assert_eq!(
            error.to_string(),
            format!("schema version 999 does not match this release, which needs {SCHEMA_VERSION}")
        );
    }
    let path = fixture.folder.path().join("backup");
    assert_eq!(fixture.store.backup(&path).await.unwrap_err().code(), "storage.schema");
}

#[tokio::test]
async fn an_empty_database_has_version_zero_and_a_strange_url_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let store = Store::open(&StoreConfig { url, readers: 1 }).await.unwrap();
    assert_eq!(store.schema_version().await.unwrap(), 0);
    assert_eq!(store.check_schema().await.unwrap_err().code(), "storage.schema");
    for (url, code) in [
        ("mysql://x", "storage.url"),
        ("", "storage.url"),
        ("sqlite:/no/such/folder/x.db", "storage.unavailable"),
        ("postgres:///x?host=/no/such/socket", "storage.unavailable"),
    ] {
        let config = StoreConfig { url: url.to_owned(), readers: 1 };
        assert_eq!(Store::open(&config).await.unwrap_err().code(), code, "{url}");
    }
}

/// The tables in one form for both engines: a line for each column, primary key and index.
async fn described(store: &Store) -> String {
    let mut lines = match &mut store.pools.lend(Access::Read).await.unwrap() {
        Conn::Sqlite(conn) => described_sqlite(conn).await,
        Conn::Postgres(conn) => described_postgres(conn).await,
    };
    lines.sort();
    lines.concat()
}

fn column(table: &str, name: &str, kind: &str, required: bool) -> String {
    let kind = match kind.to_ascii_lowercase().as_str() {
        "integer" | "bigint" => "integer",
        "blob" | "bytea" => "bytes",
        "text" => "text",
        other => panic!("column type {other}"),
    };
    format!("{table}.{name} {kind}{}\n", if required { " not null" } else { "" })
}

fn index(table: &str, kind: &str, columns: &BTreeMap<i64, String>) -> String {
    format!("{table} {kind} ({})\n", columns.values().cloned().collect::<Vec<_>>().join(", "))
}

async fn described_sqlite(conn: &mut sqlx::SqliteConnection) -> Vec<String> {
    let mut lines = Vec::new();
    let columns: Vec<(String, String, String, i64)> = sqlx::query_as(
        "SELECT t.name, c.name, c.type, c.\"notnull\" FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
         WHERE t.schema = 'main' AND t.type = 'table' AND t.strict = 1",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    lines.extend(
        columns.iter().map(|(table, name, kind, required)| column(table, name, kind, *required == 1)),
    );
    let indexes: Vec<(String, String, i64, String, i64, String)> = sqlx::query_as(
        "SELECT t.name, i.name, i.\"unique\", i.origin, c.seqno, c.name FROM pragma_table_list t \
         JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c \
         WHERE t.schema = 'main' AND t.type = 'table' AND t.strict = 1",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    let mut grouped: BTreeMap<(String, String, &str), BTreeMap<i64, String>> = BTreeMap::new();
    for (table, name, unique, origin, position, column) in indexes {
        let kind = if origin == "pk" {
            "primary"
        } else if unique == 1 {
            "unique"
        } else {
            "index"
        };
        grouped.entry((table, name, kind)).or_default().insert(position, column);
    }
    lines.extend(grouped.iter().map(|((table, _, kind), columns)| index(table, kind, columns)));
    // A single INTEGER PRIMARY KEY is the row id and has no index of its own.
    lines.push(index("journal", "primary", &BTreeMap::from([(0, "seq".to_owned())])));
    lines
}

async fn described_postgres(conn: &mut sqlx::PgConnection) -> Vec<String> {
    let mut lines = Vec::new();
    let columns: Vec<(String, String, String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    lines.extend(
        columns.iter().map(|(table, name, kind, nullable)| column(table, name, kind, nullable == "NO")),
    );
    let indexes: Vec<(String, String, bool, bool, i64, String)> = sqlx::query_as(
        "SELECT t.relname::text, x.relname::text, i.indisprimary, i.indisunique, k.place::bigint, a.attname::text \
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid \
         JOIN pg_namespace n ON n.oid = t.relnamespace \
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number \
         WHERE n.nspname = 'public' AND t.relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    let mut grouped: BTreeMap<(String, String, &str), BTreeMap<i64, String>> = BTreeMap::new();
    for (table, name, primary, unique, place, column) in indexes {
        let kind = if primary {
            "primary"
        } else if unique {
            "unique"
        } else {
            "index"
        };
        grouped.entry((table, name, kind)).or_default().insert(place, column);
    }
    lines.extend(grouped.iter().map(|((table, _, kind), columns)| index(table, kind, columns)));
    lines
}
