//! Calendar months: the period of quotas and bills.

use std::fmt;
use std::str::FromStr;

use base::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// A calendar month. Text and JSON: `YYYY-MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    first: Date,
}

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(date: Date) -> Self {
        let (_, _, day) = date.parts();
        Self { first: date.plus_days(1 - i32::from(day)) }
    }

    /// Its first day.
    #[must_use]
    pub const fn first(self) -> Date {
        self.first
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> Date {
        self.next().first.plus_days(-1)
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self { first: self.first.plus_months(1) }
    }

    /// Whether the day lies in it.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        Self::of(date) == self
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, _) = self.first.parts();
        write!(f, "{year:04}-{month:02}")
    }
}
impl FromStr for Month {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let first = format!("{text}-01").parse();
        first.map(|first| Self { first }).map_err(|_| Error::Month { text: text.chars().take(16).collect() })
    }
}
impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_know_their_days() {
        let month = Month::of("2028-02-10".parse().unwrap());
        assert_eq!(month.to_string(), "2028-02");
        assert_eq!(month.last().to_string(), "2028-02-29");
        assert!(month.contains("2028-02-29".parse().unwrap()));
        assert!(!month.contains("2028-03-01".parse().unwrap()));
        assert_eq!("2026-11".parse::<Month>().unwrap().next().next().to_string(), "2027-01");
        assert_eq!("2026-13".parse::<Month>().unwrap_err().code(), "products.month");
    }
}
