//! Backup and restore: one portable file for both engines.
//!
//! JSON lines: a header, then every row as `[table, value …]` sorted by its key (bytes in hexadecimal), then a trailer
//! with the number of rows and a digest chained over all lines. The same data gives the same bytes on either engine, so a
//! backup is also the way from SQLite to PostgreSQL. Sessions are left out: after a restore everybody signs in again.

mod tables;

use std::path::{Path, PathBuf};

use base::Digest;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sqlx::Row as _;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, BufWriter};

use crate::engine::dialect::{self, Value};
use crate::engine::pools::Access;
use crate::engine::{Conn, Tx, execute, fetch};
use crate::{Error, Store, schema};
use tables::{Kind, TABLES, Table};

const FORMAT: &str = "shuyu-backup-1";
/// Rows in one insert while restoring.
const CHUNK_ROWS: usize = 256;

/// What a backup or restore moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Rows of all tables.
    pub rows: u64,
    /// Digest over all lines; equal for equal data.
    pub digest: Digest,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    schema: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    rows: u64,
    digest: Digest,
}

/// Digest chained over lines, so that a cut or changed line is found.
struct Chain(Digest);

impl Chain {
    const fn new() -> Self {
        Self(Digest([0; 32]))
    }

    fn add(&mut self, line: &[u8]) {
        let mut bytes = Vec::with_capacity(32 + line.len());
        bytes.extend_from_slice(&self.0.0);
        bytes.extend_from_slice(line);
        self.0 = Digest::of(&bytes);
    }
}

impl Store {
    /// Writes one consistent snapshot of all data into a new file; writers go on meanwhile. The file appears under its
    /// name only when it is complete and durable.
    ///
    /// # Errors
    /// `storage.unavailable` or `storage.full` if the file cannot be written; `storage.schema`; the engine's error.
    pub async fn backup(&self, path: &Path) -> Result<Summary, Error> {
        self.check_schema().await?;
        let partial = partial(path);
        let summary = self
            .run(Access::Read, "backup", |tx| {
                let partial = &partial;
                Box::pin(export(tx, partial))
            })
            .await;
        match summary {
            Ok(summary) => {
                tokio::fs::rename(&partial, path).await.map_err(of_io)?;
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    File::open(folder).await.map_err(of_io)?.sync_all().await.map_err(of_io)?;
                }
                Ok(summary)
            }
            Err(error) => {
                // The partial file is of no use to anybody; if it cannot be removed, the first error matters more.
                let _ = tokio::fs::remove_file(&partial).await;
                Err(error)
            }
        }
    }

    /// Fills an empty, migrated store from a backup file: all of it or nothing.
    ///
    /// # Errors
    /// `storage.not_empty`; `storage.schema` if file or store are of another version; `storage.backup` with the line at
    /// fault if the file is not a whole, unaltered backup.
    pub async fn restore(&self, path: &Path) -> Result<Summary, Error> {
        self.check_schema().await?;
        self.run(Access::Exclusive, "restore", |tx| Box::pin(import(tx, path))).await
    }
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

fn of_io(error: std::io::Error) -> Error {
    sqlx::Error::Io(error).into()
}

/// Writes lines, chaining their digest.
struct Writer {
    file: BufWriter<File>,
    chain: Chain,
    rows: u64,
}

impl Writer {
    async fn create(path: &Path) -> Result<Self, Error> {
        let mut options = tokio::fs::OpenOptions::new();
        // Wrapped keys and password hashes are inside: nobody but the owner reads the file.
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = BufWriter::with_capacity(1 << 20, options.open(path).await.map_err(of_io)?);
        Ok(Self { file, chain: Chain::new(), rows: 0 })
    }

    async fn line(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let mut line = serde_json::to_vec(value)
            .map_err(|error| Error::Value { kind: "backup line", cause: error.into() })?;
        self.chain.add(&line);
        line.push(b'\n');
        self.file.write_all(&line).await.map_err(of_io)
    }

    async fn finish(mut self) -> Result<Summary, Error> {
        let (rows, digest) = (self.rows, self.chain.0);
        self.line(&Trailer { rows, digest }).await?;
        self.file.flush().await.map_err(of_io)?;
        self.file.get_ref().sync_all().await.map_err(of_io)?;
        Ok(Summary { rows, digest })
    }
}

async fn export(tx: &mut Tx<'_>, path: &Path) -> Result<Summary, Error> {
    let mut writer = Writer::create(path).await?;
    writer.line(&Header { format: FORMAT.to_owned(), schema: schema::VERSION }).await?;
    for table in TABLES {
        export_table(tx, table, &mut writer).await?;
    }
    writer.finish().await
}

/// Reads a row of either engine into a line.
macro_rules! line_of {
    ($table:expr, $row:expr) => {{
        let mut line = vec![Json::from($table.name)];
        for (index, column) in $table.columns.iter().enumerate() {
            line.push(match column {
                Kind::Int => Json::from($row.try_get::<Option<i64>, _>(index)?),
                Kind::Text => Json::from($row.try_get::<Option<String>, _>(index)?),
                Kind::Bytes => Json::from($row.try_get::<Option<Vec<u8>>, _>(index)?.map(hex::encode)),
            });
        }
        line
    }};
}

async fn export_table(tx: &mut Tx<'_>, table: &Table, writer: &mut Writer) -> Result<(), Error> {
    match &mut tx.conn {
        Conn::Sqlite(conn) => {
            let mut rows = sqlx::query(table.select).fetch(&mut **conn);
            while let Some(row) = rows.next().await {
                let row = row?;
                writer.line(&line_of!(table, row)).await?;
                writer.rows += 1;
            }
        }
        Conn::Postgres(conn) => {
            let mut rows = sqlx::query(table.select).fetch(&mut **conn);
            while let Some(row) = rows.next().await {
                let row = row?;
                writer.line(&line_of!(table, row)).await?;
                writer.rows += 1;
            }
        }
    }
    Ok(())
}

async fn import(tx: &mut Tx<'_>, path: &Path) -> Result<Summary, Error> {
    empty(tx).await?;
    let mut reader = Reader::open(path).await?;
    reader.header().await?;
    let mut pending = Pending::default();
    loop {
        match reader.next().await? {
            Line::Row(table, values) => {
                if pending.table.is_some_and(|current| current.name != table.name)
                    || pending.rows.len() >= CHUNK_ROWS
                {
                    pending.flush(tx, reader.line).await?;
                }
                pending.table = Some(table);
                pending.rows.push(values);
            }
            Line::End(summary) => {
                pending.flush(tx, reader.line).await?;
                return Ok(summary);
            }
        }
    }
}

/// Refuses a store with rows, then removes the counters that the migration made.
async fn empty(tx: &mut Tx<'_>) -> Result<(), Error> {
    let rows = fetch!(fetch_all, tx, (String,), "SELECT name FROM counters WHERE value <> 0 ORDER BY name")?;
    if !rows.is_empty() {
        return Err(Error::NotEmpty { table: "counters" });
    }
    execute!(tx, "DELETE FROM counters")?;
    for table in TABLES {
        if fetch!(fetch_optional, tx, (i64,), table.any)?.is_some() {
            return Err(Error::NotEmpty { table: table.name });
        }
    }
    Ok(())
}

/// Rows of one table that wait to be inserted together.
#[derive(Default)]
struct Pending {
    table: Option<&'static Table>,
    rows: Vec<Vec<Value>>,
}

impl Pending {
    async fn flush(&mut self, tx: &mut Tx<'_>, line: u64) -> Result<(), Error> {
        let Some(table) = self.table else { return Ok(()) };
        let rows = std::mem::take(&mut self.rows);
        dialect::insert_values(tx, table.insert, &rows).await.map_err(|error| match error {
            // A row that the tables refuse (twice the same key, a wrong state) is the file's fault.
            Error::Query(cause) => Error::Backup { line, cause: Some(cause) },
            other => other,
        })
    }
}

enum Line {
    Row(&'static Table, Vec<Value>),
    End(Summary),
}

struct Reader {
    file: BufReader<File>,
    chain: Chain,
    rows: u64,
    line: u64,
}

impl Reader {
    async fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).await.map_err(of_io)?;
        Ok(Self { file: BufReader::with_capacity(1 << 20, file), chain: Chain::new(), rows: 0, line: 0 })
    }

    fn fault(&self, cause: Option<serde_json::Error>) -> Error {
        Error::Backup { line: self.line, cause: cause.map(Into::into) }
    }

    async fn read(&mut self) -> Result<Vec<u8>, Error> {
        let mut line = Vec::new();
        self.line += 1;
        self.file.read_until(b'\n', &mut line).await.map_err(of_io)?;
        // A line without an end is cut short.
        if line.pop() == Some(b'\n') { Ok(line) } else { Err(self.fault(None)) }
    }

    async fn header(&mut self) -> Result<(), Error> {
        let line = self.read().await?;
        let header: Header = serde_json::from_slice(&line).map_err(|error| self.fault(Some(error)))?;
        if header.format != FORMAT {
            return Err(self.fault(None));
        }
        if header.schema != schema::VERSION {
            return Err(Error::Schema { found: header.schema, needed: schema::VERSION });
        }
        self.chain.add(&line);
        Ok(())
    }

    async fn next(&mut self) -> Result<Line, Error> {
        let line = self.read().await?;
        if line.first() == Some(&b'{') {
            let trailer: Trailer = serde_json::from_slice(&line).map_err(|error| self.fault(Some(error)))?;
            let whole = trailer.rows == self.rows && trailer.digest == self.chain.0;
            let mut rest = Vec::new();
            self.file.read_until(b'\n', &mut rest).await.map_err(of_io)?;
            if !whole || !rest.is_empty() {
                return Err(self.fault(None));
            }
            return Ok(Line::End(Summary { rows: self.rows, digest: self.chain.0 }));
        }
        let row: Vec<Json> = serde_json::from_slice(&line).map_err(|error| self.fault(Some(error)))?;
        self.chain.add(&line);
        self.rows += 1;
        self.row(row)
    }

    fn row(&self, row: Vec<Json>) -> Result<Line, Error> {
        let mut cells = row.into_iter();
        let name = cells.next();
        let table = TABLES.iter().find(|table| name.as_ref().and_then(Json::as_str) == Some(table.name));
        let table = table.ok_or_else(|| self.fault(None))?;
        if cells.len() != table.columns.len() {
            return Err(self.fault(None));
        }
        let values =
            cells.zip(table.columns).map(|(cell, kind)| kind.value(cell)).collect::<Option<Vec<_>>>();
        Ok(Line::Row(table, values.ok_or_else(|| self.fault(None))?))
    }
}
