//! How the price of a model is shared among its measurements.

use super::description::{Content, Description, Pairs, Table};
use crate::Error;
use crate::disclosure::dp::{Cost, Mechanism, Unit};

/// Limit: price of one measurement, the same as a mechanism's. What a share has above it is paid and not used.
const EPSILON_MICRO_MAX: u64 = 10_000_000;
const RHO_MICRO_MAX: u64 = 1_000_000;

/// Tenths of a table's price for the choice of pairs and for the pairs themselves.
const CHOICE_TENTHS: u64 = 2;
const PAIR_TENTHS: u64 = 5;

/// Prices of one table's measurements. All tables have equal shares, since one entity may be in all of them and losses add
/// up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    /// Of one histogram of one column, of the number of rows, of children a parent, of rows an entity.
    pub(super) one_way: Cost,
    /// Of choosing one pair.
    pub(super) choice: Option<Cost>,
    /// Of one two-way histogram.
    pub(super) pair: Option<Cost>,
}

impl Shares {
    /// Shares of every table, in order.
    ///
    /// # Errors
    /// [`Error::Threshold`] if the price is too small to be shared.
    pub(super) fn of(description: &Description, cost: Cost) -> Result<Vec<Self>, Error> {
        let tables = u64::try_from(description.tables.len()).unwrap_or(1).max(1);
        description.tables.iter().map(|table| Self::table(table, cost.micro / tables, cost.unit)).collect()
    }

    fn table(table: &Table, micro: u64, unit: Unit) -> Result<Self, Error> {
        let (pairs, chosen) = match &table.pairs {
            Pairs::Tree => {
                let pairs = table.learnt().count().saturating_sub(1);
                (pairs, pairs)
            }
            Pairs::Given(pairs) => (pairs.len(), 0),
        };
        let tenth = micro / 10;
        let for_choice = if chosen > 0 { tenth * CHOICE_TENTHS } else { 0 };
        let for_pairs = if pairs > 0 { tenth * PAIR_TENTHS } else { 0 };
        let share = |micro: u64, count: usize| {
            let most = match unit {
                Unit::MicroEpsilon => EPSILON_MICRO_MAX,
                Unit::MicroRho => RHO_MICRO_MAX,
            };
            let micro = micro / u64::try_from(count).unwrap_or(u64::MAX).max(1);
            if micro == 0 {
                return Err(Error::Threshold { name: "cost" });
            }
            Ok(Cost { unit, micro: micro.min(most) })
        };
        Ok(Self {
            one_way: share(micro - for_choice - for_pairs, one_ways(table))?,
            choice: if chosen > 0 { Some(share(for_choice, chosen)?) } else { None },
            pair: if pairs > 0 { Some(share(for_pairs, pairs)?) } else { None },
        })
    }
}

/// How many measurements share the part for one-way marginals: the number of rows, rows an entity, and what
/// [`of_column`] counts.
fn one_ways(table: &Table) -> usize {
    1 + usize::from(table.repeats())
        + table.columns.iter().map(|column| of_column(&column.content, column.nullable)).sum::<usize>()
}

/// An open column is measured twice: its noisy limit of distinct values, and its histogram.
fn of_column(content: &Content, nullable: bool) -> usize {
    match content {
        Content::Open => 2,
        Content::Categories { .. } | Content::Flag | Content::Range { .. } => 1,
        Content::Invented { .. } => usize::from(nullable),
        Content::Reference { .. } => 1 + usize::from(nullable),
        Content::Key => 0,
    }
}

/// Noise for numbers that one entity moves by `sensitivity`.
pub(super) fn mechanism(sensitivity: u64, cost: Cost) -> Result<Mechanism, Error> {
    Mechanism::new(sensitivity, cost)
}
