//! What can go wrong, with stable codes.

/// Boxed cause, for logs; never part of the text shown to a user.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Everything a storage function can answer instead of a value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else changed the stream or record first.
    #[error("{what} was changed by somebody else: expected version {expected}")]
    Conflict {
        /// Stream name, or `kind/id` of a record.
        what: String,
        /// The version the caller had seen; 0 for "does not exist".
        expected: i64,
    },
    /// A value that must be unique is taken.
    #[error("`{name}` of {kind} is already taken")]
    Duplicate {
        /// Record kind or table.
        kind: &'static str,
        /// Name of the unique value.
        name: String,
    },
    /// A command tried to commit without a journal row.
    #[error("transaction `{name}` recorded nothing in the journal and was rolled back")]
    Unrecorded {
        /// Name of the transaction.
        name: &'static str,
    },
    /// The same idempotency key came with another request.
    #[error("idempotency key `{key}` was used for a different request")]
    ReplayMismatch {
        /// The key.
        key: String,
    },
    /// The store stayed locked or contended for all attempts.
    #[error("the store is busy")]
    Busy(#[source] Option<Cause>),
    /// No space left.
    #[error("the store has no space left")]
    Full(#[source] Cause),
    /// The store cannot be reached, opened, or written.
    #[error("the store is unavailable")]
    Unavailable(#[source] Option<Cause>),
    /// The database was written by another release.
    #[error("schema version {found} does not match this release, which needs {needed}")]
    Schema {
        /// Version in the database; 0 for an empty one.
        found: i64,
        /// Version this release understands.
        needed: i64,
    },
    /// Stored data cannot be read back.
    #[error("stored data is damaged: {table} row {row}")]
    Damaged {
        /// Table.
        table: &'static str,
        /// Row, by its key.
        row: String,
        /// Why.
        #[source]
        cause: Option<Cause>,
    },
    /// The backup file is not one, is cut short, or was altered.
    #[error("backup file is not usable: line {line}")]
    Backup {
        /// Line at fault, counted from 1.
        line: u64,
        /// Why.
        #[source]
        cause: Option<Cause>,
    },
    /// Restore was asked of a store that has data.
    #[error("the store is not empty: table {table} has rows")]
    NotEmpty {
        /// First table with rows.
        table: &'static str,
    },
    /// A named bound was reached.
    #[error("more than {max} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        max: u64,
    },
    /// The store's URL names no known engine.
    #[error("storage url must start with `sqlite:` or `postgres:`")]
    Url,
    /// A value cannot be written as JSON.
    #[error("value of kind {kind} cannot be written")]
    Value {
        /// Record kind or setting.
        kind: &'static str,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The database refused a statement for a reason that should not occur.
    #[error("the store failed")]
    Query(#[source] Cause),
}

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "storage.conflict",
            Self::Duplicate { .. } => "storage.duplicate",
            Self::Unrecorded { .. } => "storage.unrecorded",
            Self::ReplayMismatch { .. } => "storage.replay_mismatch",
            Self::Busy(_) => "storage.busy",
            Self::Full(_) => "storage.full",
            Self::Unavailable(_) => "storage.unavailable",
            Self::Schema { .. } => "storage.schema",
            Self::Damaged { .. } => "storage.damaged",
            Self::Backup { .. } => "storage.backup",
            Self::NotEmpty { .. } => "storage.not_empty",
            Self::Limit { .. } => "storage.limit",
            Self::Url => "storage.url",
            Self::Value { .. } => "storage.value",
            Self::Query(_) => "storage.query",
        }
    }

    /// Whether the same transaction may succeed if it is run again.
    pub(crate) const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy(_))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) => {
                let code = inner.code().map(std::borrow::Cow::into_owned).unwrap_or_default();
                match inner.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
                    Some(_) => of_sqlite(code.parse().unwrap_or(0), error),
                    None => of_postgres(&code, error),
                }
            }
            sqlx::Error::PoolTimedOut => Self::Busy(Some(error.into())),
            sqlx::Error::Io(inner) if inner.kind() == std::io::ErrorKind::StorageFull => {
                Self::Full(error.into())
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(Some(error.into())),
            _ => Self::Query(error.into()),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(inner) => inner.into(),
            other => Self::Query(other.into()),
        }
    }
}

/// Source: <https://www.sqlite.org/rescode.html>; the low byte is the primary code.
fn of_sqlite(code: i64, error: sqlx::Error) -> Error {
    match code & 0xff {
        5 | 6 => Error::Busy(Some(error.into())),
        13 => Error::Full(error.into()),
        // READONLY, IOERR, CANTOPEN
        8 | 10 | 14 => Error::Unavailable(Some(error.into())),
        // CORRUPT, NOTADB
        11 | 26 => Error::Damaged { table: "database", row: "file".to_owned(), cause: Some(error.into()) },
        _ => Error::Query(error.into()),
    }
}

/// Source: PostgreSQL manual, appendix A.
fn of_postgres(code: &str, error: sqlx::Error) -> Error {
    match code {
        // serialization failure, deadlock, lock not available
        "40001" | "40P01" | "55P03" => Error::Busy(Some(error.into())),
        "53100" => Error::Full(error.into()),
        // read-only transaction, too many connections, shut down, crash, starting
        "25006" | "53300" | "57P01" | "57P02" | "57P03" => Error::Unavailable(Some(error.into())),
        _ if code.starts_with("08") => Error::Unavailable(Some(error.into())),
        "XX001" | "XX002" => {
            Error::Damaged { table: "database", row: "page".to_owned(), cause: Some(error.into()) }
        }
        _ => Error::Query(error.into()),
    }
}
