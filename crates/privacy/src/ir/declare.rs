//! What a provider declares of a resource beyond types and labels: bounds, nulls, grouping, keys and rows of one entity;
//! and what a reviewer approves of a parameter.
//!
//! A declaration comes from knowledge of the subject (a code list, a form's limits), never from looking at the data:
//! what is read off the data tells of the data. Rows that break a declaration are the intake's to refuse or clamp.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Literal;
use crate::Error;

/// Values that a list of groups or of a parameter may hold.
pub const CODES_MAX: usize = 10_000;
/// Values that a parameter compared with a key or unique column may have: few enough to be read and approved one by one.
pub const LOOKUP_VALUES_MAX: usize = 10;

/// What is declared of a column. Nothing declared means: not to be used in statistics mode.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declared {
    /// Smallest and largest value.
    pub bounds: Option<Bounds>,
    /// What an absent value means.
    pub nulls: Option<Nulls>,
    /// How rows may be grouped by it.
    pub groups: Option<Groups>,
    /// A coarser column of the same resource to group by instead (`division` for `address`).
    pub coarser: Option<String>,
}

/// Bounds of a column, both included. *Units*: those of the value, whole; days since 1970-01-01 for dates,
/// microseconds since then for timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Ends", into = "Ends")]
pub struct Bounds {
    low: i64,
    high: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    low: i64,
    high: i64,
}

impl From<Bounds> for Ends {
    fn from(bounds: Bounds) -> Self {
        Self { low: bounds.low, high: bounds.high }
    }
}

impl TryFrom<Ends> for Bounds {
    type Error = Error;

    fn try_from(ends: Ends) -> Result<Self, Error> {
        Self::new(ends.low, ends.high)
    }
}

impl Bounds {
    /// From `low` to `high`.
    ///
    /// # Errors
    /// [`Error::Threshold`] if they are reversed.
    pub const fn new(low: i64, high: i64) -> Result<Self, Error> {
        if low > high { Err(Error::Threshold { name: "bounds" }) } else { Ok(Self { low, high }) }
    }

    /// The smaller one.
    #[must_use]
    pub const fn low(self) -> i64 {
        self.low
    }

    /// The larger one.
    #[must_use]
    pub const fn high(self) -> i64 {
        self.high
    }
}

/// What an absent value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// There are none.
    Never,
    /// The entity has no such value: it counts for nothing, as SQL's aggregates do.
    Absent,
}

/// How rows may be grouped by a column in statistics mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Groups {
    /// By value, and by anything computed from it: the values are these public codes.
    Codes(Vec<Code>),
    /// By value only: a public register holds so many.
    AtMost(u32),
    /// In bands of at least so many neighbouring values (years of age, days): whole numbers and dates with bounds.
    Bands(u32),
}

/// A value of a public code list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Text.
    Text(String),
    /// Whole number.
    Integer(i64),
}

impl Code {
    /// As a constant.
    #[must_use]
    pub fn literal(&self) -> Literal {
        match self {
            Self::Text(text) => Literal::Text(text.clone()),
            Self::Integer(number) => Literal::Integer(*number),
        }
    }
}

/// What is declared of the rows of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rows {
    /// Sets of columns whose values together occur once only (unique keys).
    pub unique: Vec<BTreeSet<String>>,
    /// Most rows about one entity. A unique key inside the entity's key says one.
    pub per_entity: Option<u32>,
}

/// The values that a parameter of approved code may take. There is no free domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// One of these, seen by whoever approved them.
    List(Vec<Literal>),
    /// A code of a public list.
    Codes(Vec<Code>),
    /// `low`, `low + step`, `low + 2·step`, … up to `high`. The step is the least width of a range between two such
    /// parameters. *Units*: whole; days since 1970-01-01 for dates.
    Range {
        /// Smallest value.
        low: i64,
        /// Largest value.
        high: i64,
        /// Distance of neighbouring values, at least 1.
        step: u32,
    },
}

impl Domain {
    /// Is it a domain at all?
    ///
    /// # Errors
    /// [`Error::Threshold`] for one without values, with too many, or reversed.
    pub fn check(&self) -> Result<(), Error> {
        let count = |count: usize| (1..=CODES_MAX).contains(&count);
        let sound = match self {
            Self::List(values) => count(values.len()) && values.iter().all(is_value),
            Self::Codes(codes) => count(codes.len()),
            Self::Range { low, high, step } => low <= high && *step >= 1,
        };
        if sound { Ok(()) } else { Err(Error::Threshold { name: "domain" }) }
    }

    /// A few values that somebody has read one by one?
    #[must_use]
    pub fn is_few(&self) -> bool {
        matches!(self, Self::List(values) if values.len() <= LOOKUP_VALUES_MAX)
    }
}

const fn is_value(value: &Literal) -> bool {
    !matches!(value, Literal::Null(_) | Literal::Interval { .. })
}

/// Domains of the parameters of a query, by name.
pub type Parameters = BTreeMap<String, Domain>;
