//! What can go wrong in a zone.

use crate::guard::Refusal;
use crate::intake::Faults;
use crate::protocol::Failure;

/// A fault or a refusal in a zone. No variant holds a value from the data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The guard refused the query.
    #[error("query refused: {}", .0.code)]
    Refused(Box<Refusal>),
    /// The text is not one well-formed query over the zone's tables.
    #[error("query cannot be read: {detail}")]
    Sql {
        /// What the parser or planner found. It has seen the text and the schema, never the data.
        detail: String,
        /// The table or column that is not there, if that is it.
        name: String,
    },
    /// The text is no SQL: where it stops being some.
    #[error("no well-formed query at line {line}, column {column}, near `{token}`")]
    Syntax {
        /// Line, from 1; 0 where the text ends too early.
        line: u32,
        /// Column, from 1; 0 likewise.
        column: u32,
        /// What stands there; empty at the end of the text.
        token: String,
    },
    /// A bound was reached.
    #[error("limit reached: {what}")]
    Limit {
        /// Which bound.
        what: &'static str,
    },
    /// A run on data failed. Why is not told: the reason could quote a value.
    #[error("the run failed")]
    RunFailed,
    /// The time allowed for a query or run is over.
    #[error("time limit of {millis_max} ms reached")]
    TimeLimit {
        /// The limit.
        millis_max: u64,
    },
    /// Something that must be out of the worker's reach is not.
    #[error("the worker's isolation does not hold")]
    Isolation,
    /// The request was cancelled by the caller.
    #[error("cancelled")]
    Cancelled,
    /// The zone does not do this.
    #[error("operation `{operation}` does not belong in this zone")]
    WrongZone {
        /// What was asked.
        operation: &'static str,
    },
    /// No table, object, key, upload, index or definition of this name.
    #[error("unknown {what}: `{name}`")]
    Unknown {
        /// Its sort.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The order does not match what lies here.
    #[error("order does not match: {what}")]
    OrderMismatch {
        /// The part that differs.
        what: &'static str,
    },
    /// The order was used before.
    #[error("the order was used before")]
    OrderUsed,
    /// A parameter is missing, unknown, of the wrong type or outside its domain.
    #[error("parameter `{name}` is not acceptable: {why}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong, as a stable word.
        why: &'static str,
    },
    /// The delivered data cannot be taken in.
    #[error("data file not accepted, {} faults", .0.total)]
    Intake(Box<Faults>),
    /// A sealed object or a key cannot be used.
    #[error("sealed data cannot be used")]
    Vault(#[source] vault::Error),
    /// A privacy function refused its input.
    #[error("privacy function failed")]
    Privacy(#[source] privacy::Error),
    /// The file system failed.
    #[error("file operation failed")]
    Io(#[source] std::io::Error),
    /// The messages on the socket are not those of this version.
    #[error("protocol fault: {what}")]
    Protocol {
        /// What was wrong.
        what: &'static str,
    },
    /// The worker is gone.
    #[error("the zone worker closed the connection")]
    Closed,
    /// The worker did not answer in time.
    #[error("the zone worker did not answer in time")]
    NoAnswer,
    /// The worker answered with a failure.
    #[error("zone worker: {}", .0.message)]
    Remote(Box<Failure>),
}

/// Every code a zone gives on its own account; refusal rules of `privacy` and codes of `vault` come on top.
pub const CODES: &[&str] = &[
    "domain.sql",
    "domain.syntax",
    "domain.limit",
    "domain.run_failed",
    "domain.time_limit",
    "domain.isolation",
    "domain.cancelled",
    "domain.wrong_zone",
    "domain.unknown",
    "domain.order_mismatch",
    "domain.order_used",
    "domain.parameter",
    "domain.intake",
    "domain.io",
    "domain.protocol",
    "domain.closed",
    "domain.no_answer",
    "domain.remote",
];

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.static_code(),
            Self::Sql { .. } => "domain.sql",
            Self::Syntax { .. } => "domain.syntax",
            Self::Limit { .. } => "domain.limit",
            Self::RunFailed => "domain.run_failed",
            Self::TimeLimit { .. } => "domain.time_limit",
            Self::Isolation => "domain.isolation",
            Self::Cancelled => "domain.cancelled",
            Self::WrongZone { .. } => "domain.wrong_zone",
            Self::Unknown { .. } => "domain.unknown",
            Self::OrderMismatch { .. } => "domain.order_mismatch",
            Self::OrderUsed => "domain.order_used",
            Self::Parameter { .. } => "domain.parameter",
            Self::Intake(_) => "domain.intake",
            Self::Vault(error) => error.code(),
            Self::Privacy(error) => error.code(),
            Self::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => "storage.full",
            Self::Io(_) => "domain.io",
            Self::Protocol { .. } => "domain.protocol",
            Self::Closed => "domain.closed",
            Self::NoAnswer => "domain.no_answer",
            Self::Remote(failure) => failure.static_code(),
        }
    }

    /// What it is about, in no language: a name, or a place as `line:column token`. Empty where it is about the whole.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Syntax { line, column, token } => format!("{line}:{column} {token}"),
            Self::Sql { name, .. } | Self::Unknown { name, .. } | Self::Parameter { name, .. } => {
                name.clone()
            }
            Self::OrderMismatch { what } => (*what).to_owned(),
            Self::Remote(failure) => failure.subject.clone(),
            _ => String::new(),
        }
    }

    pub(crate) fn unknown(what: &'static str, name: impl ToString) -> Self {
        Self::Unknown { what, name: name.to_string() }
    }
}

impl From<vault::Error> for Error {
    fn from(error: vault::Error) -> Self {
        match error {
            vault::Error::Io(inner) => Self::Io(inner),
            other => Self::Vault(other),
        }
    }
}
impl From<privacy::Error> for Error {
    fn from(error: privacy::Error) -> Self {
        Self::Privacy(error)
    }
}
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        vault::Error::from(error).into()
    }
}
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}
impl From<privacy::ir::Refusal> for Error {
    fn from(refusal: privacy::ir::Refusal) -> Self {
        Refusal::from(refusal).into()
    }
}
