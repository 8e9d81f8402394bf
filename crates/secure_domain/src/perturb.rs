//! Noise on the numbers of a cell that may not leave as it is.
//!
//! The noise of a count is that of its cell key (`privacy::disclosure::cell_key`). A sum, and a count of rows of which an
//! entity can have several, gets noise in units of its largest contribution, so that no single entity's share in it can be
//! had by subtraction; a mean gets that noise divided by the number of rows. Such noise is never less than half the largest
//! contribution: where it were none, the exact number would be there for who can tell. Other numbers (smallest, largest, middle values, spreads, anything computed from aggregates) have no
//! such noise: their cells are left out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, Float64Type};
use base::Digest;
use privacy::disclosure::cell_key::{NOISE_MAX, Perturbation};
use privacy::disclosure::{Accuracy, Spreads, Statistics};
use privacy::ir::{self, AggregateFunction, ContributionKind, NamedAggregate, Reach, Rel, Schema};

use crate::Error;

/// What a column of a result is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Carrier {
    /// A group key: stays.
    Key,
    /// A count, by the name of its aggregate.
    Count(String),
    /// A sum, likewise, with what its noise is drawn by: one measure has one noise, in however many columns and words.
    Sum(String, u32),
    /// A mean, likewise.
    Mean(String, u32),
}

/// The columns of a result as carriers of noise.
pub(crate) struct Carriers(Vec<Carrier>);

/// What noise needs to know of a result.
pub(crate) struct Cells<'a> {
    pub(crate) statistics: &'a Statistics,
    /// One for each row.
    pub(crate) cell_keys: &'a [u32],
    /// Rows that get noise.
    pub(crate) noisy: &'a [bool],
}

/// The noise that goes with a threshold: up to half of it, with a standard deviation of a quarter.
pub(crate) fn table(min_entities: u32) -> Result<Perturbation, Error> {
    let max = noise_max(min_entities);
    Ok(Perturbation::new(max, max * max * 250)?)
}

const fn noise_max(min_entities: u32) -> u32 {
    let half = min_entities / 2;
    if half < 2 {
        2
    } else if half > NOISE_MAX {
        NOISE_MAX
    } else {
        half
    }
}

impl Carriers {
    /// None if some number of the result could not be given noise.
    pub(crate) fn of(rel: &Rel, output: &Schema) -> Option<Self> {
        let measured = ir::measured(rel);
        let salt = |aggregate: &str| {
            let own = measured.iter().find(|(name, _)| name == aggregate).map(|(_, measured)| measured);
            let [a, b, c, d, ..] = Digest::of(format!("{own:?}").as_bytes()).0;
            u32::from_be_bytes([a, b, c, d])
        };
        let carriers = output.columns.iter().map(|column| carrier(rel, &column.name, &salt));
        carriers.collect::<Option<Vec<_>>>().map(Self)
    }

    /// The result with noise on the rows that need it.
    pub(crate) fn perturb(
        &self,
        bare: &RecordBatch,
        table: &Perturbation,
        cells: &Cells<'_>,
    ) -> Result<RecordBatch, Error> {
        let columns = bare.columns().iter().zip(&self.0);
        let columns = columns.map(|(column, carrier)| noisy_column(column, carrier, table, cells));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(bare.num_rows()));
        RecordBatch::try_new_with_options(bare.schema(), columns, &options).map_err(|_| Error::RunFailed)
    }
}

/// What an output column shows unchanged.
pub(crate) enum Shown<'a> {
    /// A group key, by its place.
    Key(usize),
    /// An aggregate.
    Aggregate(&'a NamedAggregate),
}

/// What an output column shows; none if it is computed from what it could show.
pub(crate) fn shown<'a>(rel: &'a Rel, name: &str) -> Option<Shown<'a>> {
    match rel {
        Rel::Project { input, columns } => {
            let named = columns.iter().find(|named| named.name == name)?;
            let privacy::ir::Expr::Column { name } = &named.expr else { return None };
            shown(input, name)
        }
        Rel::Sort { input, .. } | Rel::Filter { input, .. } | Rel::Limit { input, .. } => shown(input, name),
        Rel::Aggregate { group, aggregates, .. } => match group.iter().position(|named| named.name == name) {
            Some(place) => Some(Shown::Key(place)),
            None => aggregates.iter().find(|one| one.name == name).map(Shown::Aggregate),
        },
        Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => None,
    }
}

fn carrier(rel: &Rel, name: &str, salt: &impl Fn(&str) -> u32) -> Option<Carrier> {
    let aggregate = match shown(rel, name)? {
        Shown::Key(_) => return Some(Carrier::Key),
        Shown::Aggregate(aggregate) => aggregate,
    };
    let name = aggregate.name.clone();
    match aggregate.function {
        AggregateFunction::Count | AggregateFunction::CountDistinct => Some(Carrier::Count(name)),
        AggregateFunction::Sum => Some(Carrier::Sum(name.clone(), salt(&name))),
        AggregateFunction::Avg => Some(Carrier::Mean(name.clone(), salt(&name))),
        _ => None,
    }
}

/// How far noise can reach in each column of numbers, where `min_entities` are behind every cell; from declarations alone.
pub(crate) fn accuracy(rel: &Rel, output: &Schema, reaches: &[Reach], min_entities: u32) -> Vec<Accuracy> {
    let table = u64::from(noise_max(min_entities));
    let column = |name: &String| {
        let Shown::Aggregate(aggregate) = shown(rel, name)? else { return None };
        let reach = reaches.iter().find(|reach| reach.aggregate == aggregate.name);
        let rows = reach.and_then(|reach| reach.rows_max).map(u64::from);
        // What one entity adds at most, and once more: see [`spread`].
        let most = || (table + 1).checked_mul(reach?.value_max?)?.checked_mul(rows?);
        let within = match aggregate.function {
            AggregateFunction::CountDistinct => Some(table),
            AggregateFunction::Count if rows == Some(1) => Some(table),
            AggregateFunction::Avg => most().map(|most| most.div_ceil(u64::from(min_entities.max(1)))),
            _ => most(),
        };
        Some(Accuracy { column: name.clone(), within })
    };
    output.columns.iter().filter_map(|shown| column(&shown.name)).collect()
}

fn noisy_column(
    column: &ArrayRef,
    carrier: &Carrier,
    table: &Perturbation,
    cells: &Cells<'_>,
) -> Result<ArrayRef, Error> {
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let cast = |array: &ArrayRef, to: &ArrowType| {
        cast_with_options(array, to, &options).map_err(|_| Error::RunFailed)
    };
    let noise = |row: usize| match carrier {
        Carrier::Key => Some(0.0),
        Carrier::Count(aggregate) => Some(cells.of_count(table, aggregate, row)),
        Carrier::Sum(aggregate, salt) => cells.of_sum(table, aggregate, *salt, row),
        Carrier::Mean(aggregate, salt) => {
            Some(cells.of_sum(table, aggregate, *salt, row)? / cells.rows(aggregate, row))
        }
    };
    if *carrier == Carrier::Key {
        return Ok(Arc::clone(column));
    }
    let noisy = |row: usize| cells.noisy.get(row).copied().unwrap_or(true);
    let whole = column.data_type().is_integer();
    let count = matches!(carrier, Carrier::Count(_));
    let wide = cast(column, &ArrowType::Float64)?;
    let changed = |(row, number): (usize, Option<f64>)| {
        let noise = if noisy(row) { noise(row)? } else { 0.0 };
        let changed = number? + if whole { noise.round() } else { noise };
        Some(if count { changed.max(0.0) } else { changed })
    };
    let changed: Float64Array = wide.as_primitive::<Float64Type>().iter().enumerate().map(changed).collect();
    let changed = cast(&(Arc::new(changed) as ArrayRef), column.data_type())?;
    // What needed no noise keeps its exact value, which a detour over floats could blur.
    let mask: BooleanArray = (0..column.len()).map(|row| Some(noisy(row))).collect();
    arrow::compute::kernels::zip::zip(&mask, &changed, column).map_err(|_| Error::RunFailed)
}

#[expect(clippy::cast_precision_loss, reason = "noise is small and counts of entities are below 2^53")]
impl Cells<'_> {
    /// The noise of a count: that of its cell, unless some entity has several rows.
    fn of_count(&self, table: &Perturbation, aggregate: &str, row: usize) -> f64 {
        let key = self.key(row);
        let noise = table.noise(self.entities(row), key) as f64;
        match self.largest(aggregate, ContributionKind::Rows, row) {
            Some(rows) if rows > 1.0 => spread(noise, key) * rows,
            _ => noise,
        }
    }

    /// The noise of a sum, if its largest contribution is known.
    fn of_sum(&self, table: &Perturbation, aggregate: &str, salt: u32, row: usize) -> Option<f64> {
        // Each measure its own noise: with one for all, a count would give away that of the sum.
        let own = mixed(self.key(row) ^ salt);
        let noise = table.noise(self.entities(row), own) as f64;
        Some(spread(noise, own) * self.largest(aggregate, ContributionKind::Values, row)?)
    }

    /// Rows that a mean is over.
    fn rows(&self, aggregate: &str, row: usize) -> f64 {
        let own = self.of(aggregate, ContributionKind::Rows);
        let rows = own.into_iter().filter_map(|spreads| spreads.cells.get(row)).map(|spread| spread.total);
        rows.max_by(f64::total_cmp).unwrap_or_else(|| self.entities(row) as f64).max(1.0)
    }

    fn key(&self, row: usize) -> u32 {
        self.cell_keys.get(row).copied().unwrap_or_default()
    }

    /// Entities of the kind of which there are fewest.
    fn entities(&self, row: usize) -> i64 {
        let counts = self.statistics.entities.iter().filter_map(|entity| entity.counts.get(row));
        counts.min().and_then(|count| i64::try_from(*count).ok()).unwrap_or_default()
    }

    /// The largest amount that an entity of any kind adds.
    fn largest(&self, aggregate: &str, kind: ContributionKind, row: usize) -> Option<f64> {
        let own = self.of(aggregate, kind).into_iter().filter_map(|spreads| spreads.cells.get(row));
        own.map(|spread| spread.largest).max_by(f64::total_cmp)
    }

    fn of(&self, aggregate: &str, kind: ContributionKind) -> Vec<&Spreads> {
        let spreads = self.statistics.spreads.iter();
        spreads.filter(|spreads| spreads.of.aggregate == aggregate && spreads.of.kind == kind).collect()
    }
}

/// Noise of a whole number of contributions, pushed away from nothing by a half to a whole one.
fn spread(noise: f64, key: u32) -> f64 {
    let other = mixed(key ^ 0x5bd1_e995);
    let sign = match noise {
        _ if noise > 0.0 => 1.0,
        _ if noise < 0.0 => -1.0,
        _ if other & 1 == 0 => 1.0,
        _ => -1.0,
    };
    noise + sign * (0.5 + f64::from(other >> 1) / f64::from(u32::MAX))
}

/// A key with its bits spread, so that keys that differ little make numbers that differ much.
const fn mixed(key: u32) -> u32 {
    let key = (key ^ (key >> 16)).wrapping_mul(0x85eb_ca6b);
    let key = (key ^ (key >> 13)).wrapping_mul(0xc2b2_ae35);
    key ^ (key >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_a_sum_is_never_nothing_and_no_more_than_one_contribution_over_its_table() {
        let (mut up, mut zero) = (0, 0);
        for key in (0..20_000_u32).map(|n| n.wrapping_mul(0x9e37_79b9)) {
            for noise in [-5.0, -1.0, 0.0, 1.0, 5.0] {
                let spread = spread(noise, key);
                assert!((0.5..=6.0).contains(&spread.abs()) && (spread - noise).abs() <= 1.0, "{spread}");
                assert!(noise == 0.0 || noise.signum() == spread.signum());
                if noise == 0.0 {
                    zero += 1;
                    up += i32::from(spread > 0.0);
                }
            }
        }
        // Neither way more often than the other.
        assert!((up * 2 - zero).abs() < zero / 20, "{up} of {zero}");
    }
}
