//! Somebody else's PostgreSQL: a table read out as CSV, in pieces, for intake. Nothing is written there, and nothing of
//! it is kept here.

use std::str::FromStr as _;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use sqlx::postgres::{PgConnectOptions, PgPoolCopyExt as _, PgPoolOptions};

/// How long the other database may take to let us in.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the copy may take. *Units*: milliseconds.
const COPY_MILLIS_MAX: &str = "900000";
/// Bytes of a name in PostgreSQL.
const NAME_BYTES_MAX: usize = 63;

/// Why a table could not be read. None of these quotes a value or a password.
#[derive(Debug, thiserror::Error)]
pub enum CopyFault {
    /// Not a PostgreSQL address.
    #[error("not a postgres url")]
    Url,
    /// A name that no table can have.
    #[error("not the name of a schema or table")]
    Name,
    /// The database cannot be reached.
    #[error("the database cannot be reached")]
    Unreachable(#[source] sqlx::Error),
    /// It does not let us in, or not to this table.
    #[error("the database does not admit this account")]
    Refused(#[source] sqlx::Error),
    /// It has no such table.
    #[error("no such table")]
    NoTable(#[source] sqlx::Error),
    /// The copy broke off.
    #[error("the copy failed")]
    Failed(#[source] sqlx::Error),
}

impl CopyFault {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url => "external.url",
            Self::Name => "external.name",
            Self::Unreachable(_) => "external.unreachable",
            Self::Refused(_) => "external.refused",
            Self::NoTable(_) => "external.no_table",
            Self::Failed(_) => "external.failed",
        }
    }
}

impl From<sqlx::Error> for CopyFault {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::Database(inner) => {
                inner.code().map(std::borrow::Cow::into_owned).unwrap_or_default()
            }
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut => {
                return Self::Unreachable(error);
            }
            _ => return Self::Failed(error),
        };
        // Source: PostgreSQL manual, appendix A.
        match code.as_str() {
            "42P01" | "3F000" => Self::NoTable(error),
            "42501" => Self::Refused(error),
            _ if code.starts_with("28") || code == "3D000" => Self::Refused(error),
            _ if code.starts_with("08") || code.starts_with("57P") => Self::Unreachable(error),
            _ => Self::Failed(error),
        }
    }
}

/// Where a table lies, without the password, for the journal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// Schema.
    pub schema: String,
    /// Table or view.
    pub table: String,
}

/// A table being read.
pub struct TableCopy {
    /// Where it lies.
    pub place: Place,
    pieces: BoxStream<'static, Result<Vec<u8>, sqlx::Error>>,
}

impl std::fmt::Debug for TableCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableCopy").field("place", &self.place).finish_non_exhaustive()
    }
}

impl TableCopy {
    /// The next piece of the CSV text; `None` at its end.
    ///
    /// # Errors
    /// `external.failed`, `external.unreachable`.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CopyFault> {
        Ok(self.pieces.next().await.transpose()?)
    }
}

/// Begins to read a table or view as CSV with a header line, in UTF-8.
///
/// # Errors
/// `external.url`, `external.name`, `external.unreachable`, `external.refused`, `external.no_table`.
pub async fn copy_table(url: &str, schema: &str, table: &str) -> Result<TableCopy, CopyFault> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(CopyFault::Url);
    }
    let options = PgConnectOptions::from_str(url).map_err(|_| CopyFault::Url)?;
    let place = Place {
        host: options.get_host().to_owned(),
        port: options.get_port(),
        database: options.get_database().unwrap_or_default().to_owned(),
        schema: schema.to_owned(),
        table: table.to_owned(),
    };
    let statement = format!(
        "COPY (SELECT * FROM {}.{}) TO STDOUT (FORMAT csv, HEADER, ENCODING 'UTF8')",
        quoted(schema)?,
        quoted(table)?
    );
    let options = options
        .options([("default_transaction_read_only", "on"), ("statement_timeout", COPY_MILLIS_MAX)])
        .application_name("shuyu");
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT).connect_with(options).await?;
    let pieces = pool.copy_out_raw(&statement).await?;
    let pieces = pieces.map(|piece| piece.map(|bytes| bytes.to_vec())).boxed();
    Ok(TableCopy { place, pieces })
}

/// A name as an SQL identifier.
fn quoted(name: &str) -> Result<String, CopyFault> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(CopyFault::Name);
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(quoted("persons").unwrap(), "\"persons\"");
        assert_eq!(quoted("a\" ; DROP TABLE x; --").unwrap(), "\"a\"\" ; DROP TABLE x; --\"");
        for bad in ["", "a\0b", "a\nb", &"x".repeat(64)] {
            assert_eq!(quoted(bad).unwrap_err().code(), "external.name", "{bad:?}");
        }
    }

    #[tokio::test]
    async fn only_postgres_addresses_are_taken() {
        for url in ["", "sqlite:x", "http://example.org", "mysql://x"] {
            assert_eq!(copy_table(url, "public", "t").await.unwrap_err().code(), "external.url", "{url}");
        }
        let nobody = copy_table("postgres://nobody@127.0.0.1:1/none", "public", "t").await.unwrap_err();
        assert_eq!(nobody.code(), "external.unreachable");
    }
}
