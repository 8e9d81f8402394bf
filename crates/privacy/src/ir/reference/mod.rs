//! A reference interpreter: evaluates a [`Rel`] over small tables in memory, slowly and obviously.
//!
//! It is what the real engine is compared with, and it computes the values of group keys over declared domains. Every
//! row also carries where it comes from, so that entities can be counted without the rewrite of
//! [`super::count_entities`]. Joins look at every pair; nothing is indexed.
//!
//! Where engines differ it follows the engine of the domain: whole numbers wrap around, a quotient of whole numbers is
//! cut off and null for the divisors 0 and -1, decimals are computed as floats, a cast that does not fit is null, and
//! floats are ordered totally (IEEE 754, 5.10).

mod aggregate;
mod call;
mod cast;
mod expression;
mod relation;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use super::{Expr, Literal, Rel};
pub use value::{as_float, compare, is_null, same};

/// Stored rows of one resource.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stored {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// *Shape*: rows × columns.
    pub rows: Vec<Vec<Literal>>,
}

/// Stored rows by resource.
pub type Tables = BTreeMap<String, Stored>;

/// Values of parameters by name.
pub type Values = BTreeMap<String, Literal>;

/// A result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row of a result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// *Shape*: one a column.
    pub values: Vec<Literal>,
    /// Stored rows that it is made of: alias of the scan and number of the row, from 0. Rows that a semi or anti join
    /// looked at are not among them.
    pub sources: BTreeSet<(String, usize)>,
}

/// What a query does that [`super::resolve()`] refuses, or that lacks its data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No such table, column or parameter.
    #[error("unknown name `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// Types or arguments do not fit.
    #[error("types do not fit")]
    Type,
    /// A decimal does not fit its 64 bits here.
    #[error("number too large")]
    Overflow,
}

/// Evaluates a query.
///
/// # Errors
/// [`Fault`]; never for a query that [`super::resolve()`] accepts over tables that fit the policy, save
/// [`Fault::Overflow`].
pub fn evaluate(rel: &Rel, tables: &Tables, parameters: &Values) -> Result<Table, Fault> {
    relation::Interpreter { tables, parameters }.relation(rel)
}

/// Evaluates an expression over one row.
///
/// # Errors
/// As [`evaluate`].
pub fn value(
    expr: &Expr,
    columns: &[String],
    values: &[Literal],
    parameters: &Values,
) -> Result<Literal, Fault> {
    expression::Scope { columns, values, parameters }.value(expr)
}
