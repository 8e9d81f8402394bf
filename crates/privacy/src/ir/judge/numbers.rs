//! The numbers of a cell and how much one entity can change them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::bounds::{Unbounded, range};
use super::super::check::{Releasing, releasing};
use super::super::facts::{Facts, facts};
use super::super::{AggregateFunction, Expr, NamedAggregate, Parameters, Policy, Refusal, Rel, Rule};
use super::Terms;
use crate::disclosure::dp::{Cost, SENSITIVITY_MAX};

/// Limit: rows that one entity may have. With more the noise would leave nothing to be seen, and the time of the query would
/// tell whether somebody is there.
const ROWS_MAX: u64 = 100_000;

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// Rows or values.
    Count,
    /// Distinct entities.
    Entities,
    /// A sum.
    Sum,
}

/// One number of each cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// The aggregate it belongs to; a mean has two.
    pub aggregate: String,
    /// What it is.
    pub kind: NumberKind,
    /// Smallest value that one row adds. *Units*: those of the argument, whole, rounded down.
    pub low: i64,
    /// Largest value that one row adds. *Units*: as `low`, rounded up.
    pub high: i64,
    /// Most rows of one entity.
    pub rows_max: u32,
    /// By how much the number changes, over all cells together, when one entity comes or goes. *Units*: as `low`.
    pub sensitivity: u64,
    /// Its price.
    pub cost: Option<Cost>,
}

/// How much one entity can add to an aggregate, as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The aggregate.
    pub aggregate: String,
    /// The smallest and the largest value that a row adds; absent where it is not known to be bounded. *Units*: the
    /// argument's, whole, rounded outwards.
    pub values: Option<(i64, i64)>,
    /// Most rows of one entity; absent where they are not bounded.
    pub rows_max: Option<u32>,
}

impl Reach {
    /// The largest amount that a row adds, without its sign. *Units*: as `values`.
    #[must_use]
    pub fn value_max(&self) -> Option<u64> {
        self.values.map(|(low, high)| low.unsigned_abs().max(high.unsigned_abs()))
    }
}

/// How much one entity can add to each aggregate of a releasable query: from declarations alone, so that it tells nothing
/// about the data.
#[must_use]
pub fn reaches(rel: &Rel, policy: &Policy, parameters: &Parameters) -> Vec<Reach> {
    let Some(top) = releasing(rel) else { return Vec::new() };
    let Ok(facts) = facts(top.input, policy, parameters) else { return Vec::new() };
    let rows_max = rows_max(&facts).ok();
    let reach = |aggregate: &NamedAggregate| {
        let bounded = |argument: &Expr| range(argument, &facts, parameters).finite().ok()?.whole();
        let values = match (aggregate.function, &aggregate.argument) {
            (AggregateFunction::Sum | AggregateFunction::Avg, Some(argument)) => bounded(argument),
            _ => Some((0, 1)),
        };
        Reach { aggregate: aggregate.name.clone(), values, rows_max }
    };
    top.aggregates.iter().map(reach).collect()
}

/// The numbers of the releasing aggregate, in order.
pub(super) fn numbers(top: &Releasing<'_>, policy: &Policy, terms: &Terms) -> Result<Vec<Number>, Refusal> {
    let facts = facts(top.input, policy, &terms.parameters)?;
    let rows_max = rows_max(&facts)?;
    let mut numbers = Vec::new();
    for aggregate in top.aggregates {
        for (kind, low, high) in parts(aggregate, &facts, terms)? {
            let alone = kind == NumberKind::Entities && top.group.is_empty() && is_alone(&facts);
            let rows_max = if alone { 1 } else { rows_max };
            let largest = low.unsigned_abs().max(high.unsigned_abs()).max(1);
            let sensitivity = largest.saturating_mul(u64::from(rows_max));
            if sensitivity > SENSITIVITY_MAX {
                return Err(Refusal::new(Rule::Unbounded, aggregate.name.as_str()));
            }
            let aggregate = aggregate.name.clone();
            numbers.push(Number { aggregate, kind, low, high, rows_max, sensitivity, cost: terms.price });
        }
    }
    Ok(numbers)
}

/// Most rows that come or go with one entity: of all scans that hold its kind, since it may be in each.
fn rows_max(facts: &Facts) -> Result<u32, Refusal> {
    let mut of_kind: BTreeMap<&str, u64> = BTreeMap::new();
    for (track, fan) in facts.flow.tracks.iter().zip(&facts.fans).filter(|(track, _)| track.protected) {
        let kind = track.entity.kind.as_str();
        let fan = fan.ok_or(Refusal::new(Rule::FanOut, kind))?;
        let sum = of_kind.entry(kind).or_default();
        *sum = sum.saturating_add(fan);
    }
    let most = of_kind.into_iter().max_by_key(|(_, rows)| *rows);
    match most {
        Some((kind, rows)) if rows > ROWS_MAX => Err(Refusal::new(Rule::FanOut, kind)),
        Some((kind, rows)) => u32::try_from(rows).map_err(|_| Refusal::new(Rule::FanOut, kind)),
        None => Ok(1),
    }
}

/// Is one entity behind every row, so that its coming and going changes nobody else's number?
fn is_alone(facts: &Facts) -> bool {
    facts.flow.tracks.iter().filter(|track| track.protected).count() == 1
}

/// Kind and bounds of what one row adds to each number of an aggregate.
fn parts(
    aggregate: &NamedAggregate,
    facts: &Facts,
    terms: &Terms,
) -> Result<Vec<(NumberKind, i64, i64)>, Refusal> {
    use AggregateFunction::{Avg, Count, CountDistinct, Max, Median, Min, Stddev, Sum, Variance};
    let name = aggregate.name.as_str();
    let count = (NumberKind::Count, 1, 1);
    let Some(argument) = &aggregate.argument else { return Ok(vec![count]) };
    let range = range(argument, facts, &terms.parameters);
    match aggregate.function {
        Count => match range.why {
            Some(why @ Unbounded::Nulls { .. }) => Err(why.refusal(name)),
            _ => Ok(vec![count]),
        },
        CountDistinct if is_key(argument, facts) => Ok(vec![(NumberKind::Entities, 1, 1)]),
        CountDistinct => Err(Refusal::new(Rule::DistinctValues, name)),
        Sum | Avg => {
            let interval = range.finite().map_err(|why| why.refusal(name))?;
            let (low, high) = interval.whole().ok_or(Refusal::new(Rule::Unbounded, name))?;
            let sum = (NumberKind::Sum, low, high);
            Ok(if aggregate.function == Avg { vec![sum, count] } else { vec![sum] })
        }
        Min | Max | Median | Stddev | Variance => Err(Refusal::new(Rule::RawAggregate, name)),
    }
}

/// Is it the unchanged key, of one column, of an entity that is still told apart here?
fn is_key(argument: &Expr, facts: &Facts) -> bool {
    let Expr::Column { name } = argument else { return false };
    let Some((alias, column)) = facts.flow.origins.get(name) else { return false };
    facts.flow.tracks.iter().any(|track| {
        track.entity.alias == *alias && matches!(track.columns.as_slice(), [own] if own == column)
    })
}
