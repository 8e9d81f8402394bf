//! Money in whole fen.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Error;

/// An amount of money in fen (1/100 yuan). JSON: an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Sum.
    ///
    /// # Errors
    /// [`Error::Money`] on overflow.
    pub fn plus(self, other: Self) -> Result<Self, Error> {
        self.0.checked_add(other.0).map(Self).ok_or(Error::Money)
    }

    /// Difference.
    ///
    /// # Errors
    /// [`Error::Money`] on overflow.
    pub fn minus(self, other: Self) -> Result<Self, Error> {
        self.0.checked_sub(other.0).map(Self).ok_or(Error::Money)
    }

    /// So many times the amount.
    ///
    /// # Errors
    /// [`Error::Money`] on overflow.
    pub fn times(self, count: i64) -> Result<Self, Error> {
        self.0.checked_mul(count).map(Self).ok_or(Error::Money)
    }
}

impl fmt::Display for Fen {
    /// Yuan with two decimals, for example `-12.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fen_are_printed_as_yuan_and_never_wrap() {
        assert_eq!(Fen(-1205).to_string(), "-12.05");
        assert_eq!(Fen(i64::MAX).plus(Fen(1)), Err(Error::Money));
        assert_eq!(Fen(3).times(7), Ok(Fen(21)));
    }
}
