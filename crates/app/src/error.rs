//! One error type for all use cases: a kind that the edges turn into a status, a stable code, and what to do.

use regulation::case::Rejection;
use secure_domain::guard::Refusal;
use secure_domain::intake::Faults;

/// How an edge must treat the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is malformed or a value is out of its domain.
    Invalid,
    /// Nobody is signed in, or the session or key has ended.
    Unauthenticated,
    /// Signed in, but not allowed.
    Forbidden,
    /// Not there, or not for this person to know.
    NotFound,
    /// Somebody else was faster, or the same key came with another body.
    Conflict,
    /// A rule refused: of the law, with the clause, or of a zone's guard, with the nearest legal form.
    Rejected,
    /// A limit was reached.
    Limited,
    /// Try again later.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// One place in the input that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// Name of the field.
    pub field: String,
    /// Stable code, for example `form.required`.
    pub code: String,
    /// Line of a file, counted from 1 with the header as the first, where it applies.
    pub row: Option<u64>,
}

/// Why a use case did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Bad input.
    #[error("invalid input: {code}")]
    Invalid {
        /// Stable code.
        code: &'static str,
        /// What exactly, in English for programs and logs, without personal data.
        detail: String,
        /// What it is about, in no language: a name or a number that a page puts into its own words. May be empty.
        subject: String,
        /// The places, all at once.
        fields: Vec<FieldError>,
    },
    /// Not signed in.
    #[error("not signed in: {0}")]
    Unauthenticated(&'static str),
    /// Not allowed.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// Not there.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// Lost a race or replayed with another body.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// Refused by a rule of the pack.
    #[error("refused by rule: {}", .0.code)]
    Rejected(Box<Rejection>),
    /// Refused by the guard of a zone: the rule, the column, and the nearest legal form.
    #[error("query refused: {}", .0.code)]
    Refused(Box<Refusal>),
    /// A pack that may not come into force, with everything that stands in the way.
    #[error("the pack is not fit to come into force")]
    Unfit(Box<crate::packs::Report>),
    /// A limit was reached.
    #[error("limit reached: {0}")]
    Limited(&'static str),
    /// Temporarily impossible.
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
    /// A fault. The source is logged, never shown.
    #[error("internal fault: {code}")]
    Internal {
        /// Stable code.
        code: &'static str,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Bad input with a code and the name or number it is about.
    pub fn invalid(code: &'static str, subject: impl Into<String>) -> Self {
        let subject = subject.into();
        Self::Invalid { code, detail: subject.clone(), subject, fields: Vec::new() }
    }

    /// Bad input with a code that says it all, and a detail for programs and logs.
    pub fn explained(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid { code, detail: detail.into(), subject: String::new(), fields: Vec::new() }
    }

    /// A file that could not be written: a full disk, which is said as such, or a fault with this code.
    pub(crate) fn write(code: &'static str, error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull => Self::Unavailable("storage.full"),
            _ => Self::internal(code, error),
        }
    }

    /// A fault with its cause.
    pub fn internal(code: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { code, source: source.into() }
    }

    /// The kind, for the edges.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Unauthenticated(_) => ErrorKind::Unauthenticated,
            Self::Forbidden(_) => ErrorKind::Forbidden,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::Rejected(_) | Self::Refused(_) | Self::Unfit(_) => ErrorKind::Rejected,
            Self::Limited(_) => ErrorKind::Limited,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Internal { .. } => ErrorKind::Internal,
        }
    }

    /// The stable code, for programs and for the help page `/help/errors`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { code, .. } | Self::Internal { code, .. } => code,
            Self::Unauthenticated(code)
            | Self::Forbidden(code)
            | Self::NotFound(code)
            | Self::Conflict(code)
            | Self::Limited(code)
            | Self::Unavailable(code) => code,
            Self::Unfit(_) => "pack.unfit",
            Self::Rejected(rejection) => rejection.code,
            Self::Refused(refusal) => refusal.static_code(),
        }
    }

    /// The guard's refusal, if that is what it is.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        use storage::Error as S;
        let code = error.code();
        match error {
            // The two codes that people choose themselves.
            S::Duplicate { kind: "product", .. } => Self::Conflict("product.code_taken"),
            S::Duplicate { kind: "resource", .. } => Self::Conflict("resource.code_taken"),
            S::Conflict { .. } | S::Duplicate { .. } | S::ReplayMismatch { .. } => Self::Conflict(code),
            S::Busy(_) | S::Full(_) | S::Unavailable(_) => {
                tracing::warn!(error.code = code, error = ?error, "storage is not available");
                Self::Unavailable(code)
            }
            S::Limit { .. } => Self::Limited(code),
            other => Self::Internal { code, source: Box::new(other) },
        }
    }
}

impl From<vault::Error> for Error {
    fn from(error: vault::Error) -> Self {
        Self::Internal { code: error.code(), source: Box::new(error) }
    }
}

impl From<access::Error> for Error {
    fn from(error: access::Error) -> Self {
        Self::Internal { code: error.code(), source: Box::new(error) }
    }
}

impl From<catalog::Error> for Error {
    fn from(error: catalog::Error) -> Self {
        let subject = error.subject().to_owned();
        Self::Invalid { code: error.code(), detail: error.to_string(), subject, fields: Vec::new() }
    }
}

impl From<products::Error> for Error {
    fn from(error: products::Error) -> Self {
        Self::explained(error.code(), error.to_string())
    }
}

impl From<secure_domain::Error> for Error {
    /// A worker's refusal keeps its code; its texts never carry values.
    fn from(error: secure_domain::Error) -> Self {
        let code = error.code();
        match error {
            secure_domain::Error::Refused(refusal) => return Self::Refused(refusal),
            secure_domain::Error::Intake(faults) => return faulty(code, &faults),
            secure_domain::Error::Remote(ref failure) => {
                if let Some(refusal) = &failure.refusal {
                    return Self::Refused(Box::new(refusal.clone()));
                }
                if let Some(faults) = &failure.faults {
                    return faulty(code, faults);
                }
            }
            _ => {}
        }
        match code {
            "domain.closed" | "domain.no_answer" | "storage.full" => Self::Unavailable(code),
            "domain.io" | "domain.protocol" | "domain.remote" => {
                Self::Internal { code, source: Box::new(error) }
            }
            _ if code.starts_with("vault.") => Self::Internal { code, source: Box::new(error) },
            _ => {
                let subject = error.subject();
                Self::Invalid { code, detail: error.to_string(), subject, fields: Vec::new() }
            }
        }
    }
}

/// The faults of a delivered file, by row and column; never by value.
fn faulty(code: &'static str, faults: &Faults) -> Error {
    let fields = faults.listed.iter().map(|fault| FieldError {
        field: fault.column.to_string(),
        code: fault.code.clone(),
        // A person looks for the line in an editor; the file as a whole has none.
        row: Some(fault.line).filter(|line| *line > 0),
    });
    Error::Invalid {
        code,
        detail: format!("{} faults", faults.total),
        subject: faults.total.to_string(),
        fields: fields.collect(),
    }
}

impl From<Box<Rejection>> for Error {
    fn from(rejection: Box<Rejection>) -> Self {
        Self::Rejected(rejection)
    }
}
