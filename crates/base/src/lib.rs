//! Words every other crate speaks: typed ids, time, money, digests, canonical bytes and limits.
//!
//! It is not a place for rules. Invariants: no I/O, no clock, no randomness; every value that can be wrong is
//! checked when it is built. Start with [`Id`], [`Timestamp`] and [`Digest`].

mod canonical;
mod digest;
mod id;
pub mod limit;
mod money;
mod time;

pub use canonical::canonical_json;
pub use digest::Digest;
pub use id::{Id, Kind, kind};
pub use money::Fen;
pub use time::{Date, Timestamp, Weekday};

/// What can be wrong with a basic value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not an id of the expected kind.
    #[error("not a valid {kind} id: `{text}`")]
    Id {
        /// The expected kind.
        kind: &'static str,
        /// What was given.
        text: String,
    },
    /// The text is not a calendar date written `YYYY-MM-DD`.
    #[error("not a date: `{text}`")]
    Date {
        /// What was given.
        text: String,
    },
    /// The text is not a digest of 64 hexadecimal digits.
    #[error("not a digest: `{text}`")]
    Digest {
        /// What was given.
        text: String,
    },
    /// A sum of money does not fit.
    #[error("money amount out of range")]
    Money,
}

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Id { .. } => "base.id",
            Self::Date { .. } => "base.date",
            Self::Digest { .. } => "base.digest",
            Self::Money => "base.money",
        }
    }
}
