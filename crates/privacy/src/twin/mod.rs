//! Synthetic twins: rows that never were, with the shape of rows that are, to be queried freely in the dev zone.
//!
//! A [`Description`] declares what the columns hold. A [`Survey`] and a [`Count`] read the data twice, batch by batch, and make a
//! [`Model`] of noisy marginals; [`generate()`] draws tables from it. [`fit`] does both passes over batches in memory.
//!
//! # What protects whom
//! Neighbouring data differ by all rows of one entity, in every table of the description. Of each entity only the first
//! [`Table::rows_max`] rows of a table count; every number that is kept is a count with exact discrete noise
//! ([`crate::disclosure::dp`]) that covers so many rows. The price is shared so that all measurements together cost what was
//! paid: equal parts for the tables; of each part half for the pairs and two tenths for choosing them where they are chosen, the
//! rest for one-way marginals; equal shares among those. A value of a column without a declared domain is kept only if its noisy
//! count passes a threshold, which adds δ = e⁻²¹ for each such column. Bounds and domains are declared: where they are
//! missing the fit is refused ([`Error::Undeclared`](crate::Error::Undeclared)), never taken from the data.
//!
//! # What is not kept
//! Identifiers, names and addresses are never learnt; of keys only how many rows point to one. Dependence is kept between pairs of
//! columns of one table, by at most 32 groups of each; dependence of three columns and between columns of two tables is
//! not. Within a bin values are even.
//!
//! # What goes with a twin
//! [`top_up`] makes further rows from a query's own literals, so that each of its branches is taken. [`memorisation()`] compares
//! a twin with the rows it was made from and with rows it never saw; of its figures only the [`Verdict`] leaves the domain.
//! [`Compare`] tells by a noisy, paid [`Grade`] how near the marginals are.
//!
//! # Where little is declared
//! [`standin`] makes the twin of one table from its classification alone: what a model must be told is measured with noise
//! first, and identifiers come from lists of the tenant.
//!
//! # Memory
//! Rows are not held. A fit holds, for each table, 17 bytes a slot for its entities, the same for the keys of each reference
//! (slots are a power of two, at least 8/7 of what is held: 285 MB for ten million, half as much again for a moment while they
//! double), 36 MB at most for each open column, and 8 KB for each candidate pair (16 MB for 64 columns).

mod bound;
mod coding;
mod count;
mod degree;
mod description;
mod example;
mod generate;
mod invent;
mod memorisation;
mod model;
mod plan;
mod project;
mod random;
pub mod standin;
mod survey;
#[cfg(test)]
mod tests;
mod topup;
mod utility;
mod value;

use arrow::record_batch::RecordBatch;

pub use coding::Domain;
pub use count::Count;
pub use description::{
    COLUMNS_MAX, Column, Content, Description, Pairs, Parts, TREE_COLUMNS_MAX, Table, VALUES_MAX,
};
pub use example::{Example, example};
pub use generate::{Generated, ROWS_MAX, generate, schema};
pub use memorisation::{Memorisation, Verdict, memorisation};
pub use model::Model;
pub use survey::Survey;
pub use topup::{Place, Reason, TopUp, Unfilled, top_up};
pub use utility::{Compare, Grade, Utility};

use crate::disclosure::dp::{Budget, Cost, NotGiven};

/// Fits a model to batches in memory: both passes at once. Each item is the name of a table and a batch of it.
///
/// # Errors
/// As [`Survey::new`] and [`Survey::push`]; what was spent stays spent.
pub fn fit(
    data: &[(&str, RecordBatch)],
    description: &Description,
    cost: Cost,
    budget: &mut Budget,
    seed: [u8; 32],
) -> Result<Model, NotGiven> {
    let mut survey = Survey::new(description, cost, budget, seed)?;
    let passes = || {
        data.iter().try_for_each(|(table, batch)| survey.push(table, batch))?;
        let mut count = survey.turn()?;
        data.iter().try_for_each(|(table, batch)| count.push(table, batch))?;
        count.finish()
    };
    passes().map_err(NotGiven::Fault)
}
