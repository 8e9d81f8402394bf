//! Noise on the numbers of a cell that may not leave as it is.
//!
//! The noise of a count is that of its cell key (`privacy::disclosure::cell_key`). A sum, and a count of rows of which an
//! entity can have several, gets noise in units of its largest contribution, so that no single entity's share in it can be
//! had by subtraction; a mean gets that noise divided by the number of rows. Other numbers (smallest, largest, middle values, spreads, anything computed from aggregates) have no
//! such noise: their cells are left out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, Float64Type, Int64Type};
use privacy::disclosure::Statistics;
use privacy::disclosure::cell_key::{NOISE_MAX, Perturbation};
use privacy::ir::{AggregateFunction, ContributionKind, Rel, Schema};

use crate::Error;

/// What a column of a result is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Carrier {
    /// A group key: stays.
    Key,
    /// A count, by the name of its aggregate.
    Count(String),
    /// A sum, likewise.
    Sum(String),
    /// A mean, likewise.
    Mean(String),
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
    let max = (min_entities / 2).clamp(2, NOISE_MAX);
    Ok(Perturbation::new(max, max * max * 250)?)
}

impl Carriers {
    /// None if some number of the result could not be given noise.
    pub(crate) fn of(rel: &Rel, output: &Schema) -> Option<Self> {
        output.columns.iter().map(|column| carrier(rel, &column.name)).collect::<Option<Vec<_>>>().map(Self)
    }

    /// The result with noise on the rows that need it.
    pub(crate) fn perturb(
        &self,
        bare: &RecordBatch,
        table: &Perturbation,
        cells: &Cells<'_>,
    ) -> Result<RecordBatch, Error> {
        let columns = bare.columns().iter().zip(&self.0).enumerate();
        let columns = columns.map(|(place, (column, carrier))| {
            let salt = u32::try_from(place).unwrap_or_default();
            noisy_column(column, carrier, salt, table, cells)
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(bare.num_rows()));
        RecordBatch::try_new_with_options(bare.schema(), columns, &options).map_err(|_| Error::RunFailed)
    }
}

/// What an output column shows: a key or an aggregate, unchanged.
fn carrier(rel: &Rel, name: &str) -> Option<Carrier> {
    match rel {
        Rel::Project { input, columns } => {
            let named = columns.iter().find(|named| named.name == name)?;
            let privacy::ir::Expr::Column { name } = &named.expr else { return None };
            carrier(input, name)
        }
        Rel::Sort { input, .. } | Rel::Filter { input, .. } | Rel::Limit { input, .. } => {
            carrier(input, name)
        }
        Rel::Aggregate { group, aggregates, .. } => {
            if group.iter().any(|named| named.name == name) {
                return Some(Carrier::Key);
            }
            let aggregate = aggregates.iter().find(|aggregate| aggregate.name == name)?;
            let name = name.to_owned();
            match aggregate.function {
                AggregateFunction::Count | AggregateFunction::CountDistinct => Some(Carrier::Count(name)),
                AggregateFunction::Sum => Some(Carrier::Sum(name)),
                AggregateFunction::Avg => Some(Carrier::Mean(name)),
                _ => None,
            }
        }
        Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => None,
    }
}

fn noisy_column(
    column: &ArrayRef,
    carrier: &Carrier,
    salt: u32,
    table: &Perturbation,
    cells: &Cells<'_>,
) -> Result<ArrayRef, Error> {
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let cast = |array: &ArrayRef, to: &ArrowType| {
        cast_with_options(array, to, &options).map_err(|_| Error::RunFailed)
    };
    let entities = |row: usize| {
        let counts = cells.statistics.entities.iter().filter_map(|entity| entity.counts.get(row));
        counts.min().and_then(|count| i64::try_from(*count).ok()).unwrap_or_default()
    };
    // The largest amount that an entity of any kind adds.
    let largest = |aggregate: &str, kind: ContributionKind, row: usize| {
        let spreads = cells.statistics.spreads.iter();
        let own = spreads.filter(|spreads| spreads.of.aggregate == aggregate && spreads.of.kind == kind);
        own.filter_map(|spreads| spreads.cells.get(row)).map(|spread| spread.largest).max_by(f64::total_cmp)
    };
    let noisy = |row: usize| cells.noisy.get(row).copied().unwrap_or(true);
    let key = |row: usize| cells.cell_keys.get(row).copied().unwrap_or_default();
    let total = |aggregate: &str, kind: ContributionKind, row: usize| {
        let mut spreads = cells.statistics.spreads.iter();
        let own = spreads.find(|spreads| spreads.of.aggregate == aggregate && spreads.of.kind == kind);
        own.and_then(|spreads| spreads.cells.get(row)).map(|spread| spread.total)
    };
    match carrier {
        Carrier::Key => Ok(Arc::clone(column)),
        Carrier::Count(aggregate) => {
            let wide = cast(column, &ArrowType::Int64)?;
            let counts = wide.as_primitive::<Int64Type>();
            let changed = |(row, count): (usize, Option<i64>)| {
                let noise = if noisy(row) { table.noise(entities(row), key(row)) } else { 0 };
                #[expect(clippy::cast_possible_truncation, reason = "rows of one entity, saturating")]
                let rows = largest(aggregate, ContributionKind::Rows, row).map_or(1, |rows| rows as i64);
                let noise = noise.saturating_mul(rows.max(1));
                count.map(|count| count.saturating_add(noise).max(0))
            };
            let changed: Int64Array = counts.iter().enumerate().map(changed).collect();
            cast(&(Arc::new(changed) as ArrayRef), column.data_type())
        }
        Carrier::Sum(aggregate) | Carrier::Mean(aggregate) => {
            let wide = cast(column, &ArrowType::Float64)?;
            let sums = wide.as_primitive::<Float64Type>();
            let changed = |(row, sum): (usize, Option<f64>)| {
                let sum = sum?;
                if !noisy(row) {
                    return Some(sum);
                }
                let largest = largest(aggregate, ContributionKind::Values, row)?;
                // Each column its own noise: with one for all, a count would give away that of the sum.
                let own =
                    (key(row) ^ salt.wrapping_add(1).wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
                let count = entities(row);
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "noise is small and counts of entities are below 2^53"
                )]
                let (noise, count) = (table.noise(count, own) as f64, count.max(1) as f64);
                let noise = noise * largest;
                let rows = total(aggregate, ContributionKind::Rows, row).unwrap_or(count).max(1.0);
                Some(sum + if matches!(carrier, Carrier::Mean(_)) { noise / rows } else { noise })
            };
            let changed: Float64Array = sums.iter().enumerate().map(changed).collect();
            let kept = cast(&(Arc::new(changed) as ArrayRef), column.data_type())?;
            // What needed no noise keeps its exact value, which a detour over floats could blur.
            let mask: arrow::array::BooleanArray = (0..column.len()).map(|row| Some(noisy(row))).collect();
            arrow::compute::kernels::zip::zip(&mask, &kept, column).map_err(|_| Error::RunFailed)
        }
    }
}
