//! What can go wrong with keys and sealed objects.

use std::io;

/// Why a key or a sealed object could not be used.
///
/// A wrong key, a flipped bit, a missing end and a moved object are one error on purpose: telling them apart would
/// help only the person who is trying.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sealed bytes do not authenticate under this key and this context.
    #[error("sealed data cannot be opened at chunk {chunk}")]
    Open {
        /// The first chunk that failed, counted from 0.
        chunk: u64,
    },
    /// The wrapped key does not authenticate under this key and these ids.
    #[error("wrapped key cannot be opened")]
    Unwrap,
    /// The bytes or the text are not in a format this version knows.
    #[error("not a sealed format known here: {what}")]
    Format {
        /// The part that is wrong.
        what: &'static str,
    },
    /// The asked range does not lie inside the object.
    #[error("range {start}..{end} does not lie inside the {plain_len} bytes of the object")]
    Range {
        /// First byte asked for.
        start: u64,
        /// Byte after the last asked for.
        end: u64,
        /// Length of the object.
        plain_len: u64,
    },
    /// The object has more chunks than one object may have.
    #[error("object is too large to be sealed as one")]
    Limit,
    /// The reader or writer beneath failed.
    #[error("sealed bytes cannot be read or written")]
    Io(#[source] io::Error),
}

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "vault.open",
            Self::Unwrap => "vault.unwrap",
            Self::Format { .. } => "vault.format",
            Self::Range { .. } => "vault.range",
            Self::Limit => "vault.limit",
            Self::Io(_) => "vault.io",
        }
    }
}

impl From<io::Error> for Error {
    /// Takes a vault error that travelled through [`std::io::Read`] or [`std::io::Write`] out again.
    fn from(error: io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(Self::Io)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(inner) => inner,
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}
