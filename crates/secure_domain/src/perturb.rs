//! Noise on the numbers of a cell that may not leave as it is.
//!
//! The noise of a count is that of its cell key (`privacy::disclosure::cell_key`). A sum gets noise in units of its largest
//! contribution, so that no single entity's share in it can be had by subtraction; a mean gets that noise divided by the
//! number of entities. Other numbers (smallest, largest, middle values, spreads, anything computed from aggregates) have no
//! such noise: their cells are left out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, Float64Type, Int64Type};
use privacy::disclosure::Statistics;
use privacy::disclosure::cell_key::{NOISE_MAX, Perturbation};
use privacy::ir::{AggregateFunction, Counted, Rel};

use crate::Error;

/// What a column of a result is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Carrier {
    /// A group key: stays.
    Key,
    /// A count.
    Count,
    /// A sum, by its places among the dominance statistics: one for each kind of entity.
    Sum(Vec<usize>),
    /// A mean, likewise.
    Mean(Vec<usize>),
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
    pub(crate) fn of(rel: &Rel, counted: &Counted) -> Option<Self> {
        let columns = counted.checked.schema().columns.iter();
        columns.map(|column| carrier(rel, counted, &column.name)).collect::<Option<Vec<_>>>().map(Self)
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
fn carrier(rel: &Rel, counted: &Counted, name: &str) -> Option<Carrier> {
    match rel {
        Rel::Project { input, columns } => {
            let named = columns.iter().find(|named| named.name == name)?;
            let privacy::ir::Expr::Column { name } = &named.expr else { return None };
            carrier(input, counted, name)
        }
        Rel::Sort { input, .. } | Rel::Filter { input, .. } | Rel::Limit { input, .. } => {
            carrier(input, counted, name)
        }
        Rel::Aggregate { group, aggregates, .. } => {
            if group.iter().any(|named| named.name == name) {
                return Some(Carrier::Key);
            }
            let aggregate = aggregates.iter().find(|aggregate| aggregate.name == name)?;
            let places = || {
                let shares = counted.dominance.iter().enumerate();
                shares
                    .filter(|(_, share)| share.aggregate == name)
                    .map(|(place, _)| place)
                    .collect::<Vec<_>>()
            };
            match aggregate.function {
                AggregateFunction::Count | AggregateFunction::CountDistinct => Some(Carrier::Count),
                AggregateFunction::Sum => Some(Carrier::Sum(places())),
                AggregateFunction::Avg => Some(Carrier::Mean(places())),
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
        let counts = cells.statistics.entities.iter().map(|entity| entity.counts.value(row));
        counts.min().unwrap_or_default()
    };
    let noisy = |row: usize| cells.noisy.get(row).copied().unwrap_or(true);
    let key = |row: usize| cells.cell_keys.get(row).copied().unwrap_or_default();
    match carrier {
        Carrier::Key => Ok(Arc::clone(column)),
        Carrier::Count => {
            let wide = cast(column, &ArrowType::Int64)?;
            let counts = wide.as_primitive::<Int64Type>();
            let changed = |(row, count): (usize, Option<i64>)| {
                let noise = if noisy(row) { table.noise(entities(row), key(row)) } else { 0 };
                count.map(|count| count.saturating_add(noise).max(0))
            };
            let changed: Int64Array = counts.iter().enumerate().map(changed).collect();
            cast(&(Arc::new(changed) as ArrayRef), column.data_type())
        }
        Carrier::Sum(places) | Carrier::Mean(places) => {
            let largest = |row: usize| {
                let extents = places.iter().filter_map(|place| cells.statistics.extents.get(*place));
                let known = extents.filter(|extents| extents.is_valid(row)).map(|extents| extents.value(row));
                known.max_by(f64::total_cmp)
            };
            let wide = cast(column, &ArrowType::Float64)?;
            let sums = wide.as_primitive::<Float64Type>();
            let changed = |(row, sum): (usize, Option<f64>)| {
                let sum = sum?;
                if !noisy(row) {
                    return Some(sum);
                }
                let largest = largest(row)?;
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
                Some(sum + if matches!(carrier, Carrier::Mean(_)) { noise / count } else { noise })
            };
            let changed: Float64Array = sums.iter().enumerate().map(changed).collect();
            let kept = cast(&(Arc::new(changed) as ArrayRef), column.data_type())?;
            // What needed no noise keeps its exact value, which a detour over floats could blur.
            let mask: arrow::array::BooleanArray = (0..column.len()).map(|row| Some(noisy(row))).collect();
            arrow::compute::kernels::zip::zip(&mask, &kept, column).map_err(|_| Error::RunFailed)
        }
    }
}
