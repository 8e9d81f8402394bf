//! Proving that an expression is bounded, from declared bounds alone: interval arithmetic, clamps by `least`, `greatest`
//! and `CASE`, division where the divisor cannot be zero.
//!
//! Nothing here looks at data. What cannot be proven is not bounded, and the answer says what stands in the way.

mod evaluate;
mod interval;

use serde::{Deserialize, Serialize};

pub(super) use self::evaluate::{Range, range};
pub use self::interval::Interval;
pub(super) use self::interval::from_whole;
use super::facts::facts;
use super::{Expr, Parameters, Policy, Refusal, Rel, Rule};

/// Why an expression is not known to be bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[error("not bounded: {}", self.code())]
pub enum Unbounded {
    /// No bounds are declared for this column.
    Undeclared {
        /// The column, as the query names it.
        column: String,
    },
    /// What an absent value means is not declared for this column.
    Nulls {
        /// The column, as the query names it.
        column: String,
    },
    /// A divisor may be zero.
    Divisor,
    /// Whole numbers may wrap around, or a length or factor has no limit.
    Grows,
    /// It is not a number.
    NotNumber,
    /// No domain is given for this parameter, or it is not of numbers.
    Parameter {
        /// Its name.
        name: String,
    },
    /// One entity may have any number of rows below the inner aggregate.
    Rows,
}

impl Unbounded {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Undeclared { .. } => "privacy.unbounded.undeclared",
            Self::Nulls { .. } => "privacy.unbounded.nulls",
            Self::Divisor => "privacy.unbounded.divisor",
            Self::Grows => "privacy.unbounded.grows",
            Self::NotNumber => "privacy.unbounded.not_number",
            Self::Parameter { .. } => "privacy.unbounded.parameter",
            Self::Rows => "privacy.unbounded.rows",
        }
    }

    /// The refusal it amounts to; `about` is the aggregate or column concerned where the reason names none.
    pub(super) fn refusal(self, about: &str) -> Refusal {
        match self {
            Self::Undeclared { column } => Refusal::new(Rule::Unbounded, column),
            Self::Nulls { column } => Refusal::new(Rule::NullsUndeclared, column),
            Self::Parameter { name } => Refusal::new(Rule::ParameterUndeclared, name),
            Self::Divisor | Self::Grows | Self::NotNumber | Self::Rows => {
                Refusal::new(Rule::Unbounded, about)
            }
        }
    }
}

/// Between which numbers an expression over the columns of `input` lies. Dates count in days since 1970-01-01,
/// timestamps in microseconds, truth values as 0 and 1.
///
/// # Errors
/// [`Unbounded`] with what is missing; [`Unbounded::NotNumber`] too where `input` is malformed.
pub fn bounds(
    expr: &Expr,
    input: &Rel,
    policy: &Policy,
    parameters: &Parameters,
) -> Result<Interval, Unbounded> {
    let facts = facts(input, policy, parameters).map_err(|_| Unbounded::NotNumber)?;
    range(expr, &facts, parameters).finite()
}
