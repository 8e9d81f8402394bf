//! Noise on the numbers of a cell that may not leave as it is.
//!
//! What has noise are the sums of stored columns and the numbers of rows: each is drawn by whom the cell holds and by what it
//! comes to, so that the same number has the same noise in whatever words it is asked, and another number another one. Every
//! linear form follows ([`ir::linear_forms`]), and a mean is the sum with its noise over the number with its noise: whatever
//! is computed from released numbers knows no more than they do. So columns that are computed from sums, means and numbers are
//! computed anew from these with their noise ([`Computed`]).
//!
//! The noise of a number of rows is that of its cell key (`privacy::disclosure::cell_key`); a sum, and a number of rows of
//! which an entity can have several, gets noise in units of its largest contribution, so that no single entity's share in it
//! can be had by subtraction. Where secrets choose or rows are counted more than once, that is the largest that anybody could
//! add, whoever has what ([`crate::reach`]): how far noise reaches would else tell who is in the cell. Such noise is never less than half the largest contribution: where it were none, the exact
//! number would be there for who can tell. Other numbers (smallest, largest, middle values, spreads, sums that are no linear
//! form) have no such noise: their cells are left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, Float64Type};
use base::Digest;
use privacy::disclosure::cell_key::{NOISE_MAX, Perturbation};
use privacy::disclosure::{Accuracy, Spreads, Statistics};
use privacy::ir::{
    self, AggregateFunction, ColumnInfo, Computed, ContributionKind, NamedAggregate, Reach, Rel, Schema, Term,
};

use crate::protocol::InputPin;
use crate::{Error, editions};

/// What a column of a result is.
#[derive(Debug, Clone, PartialEq)]
enum Carrier {
    /// A group key: stays.
    Key,
    /// A count, by the name of its aggregate, with what the noise of rows is drawn by where somebody has several, and whether
    /// it is of rows or entities, whatever they hold.
    Count(String, u32, bool),
    /// A sum, likewise, as a form over what is stored.
    Sum(String, Vec<Term>),
    /// A mean, likewise, with what the noise of its rows is drawn by.
    Mean(String, Vec<Term>, u32),
    /// Computed from others, by their places in [`Carriers::from`].
    Computed(Vec<usize>),
}

impl Carrier {
    /// What its numbers can be, as declared: noise takes none of them beyond. They are cut off after it was added, from what
    /// would have left without, so that this tells nothing.
    #[expect(clippy::cast_precision_loss, reason = "bounds are below 2^53")]
    fn possible(&self, reaches: &[Reach]) -> (f64, f64) {
        const ANY: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
        let values = |name: &String| reaches.iter().find(|reach| reach.aggregate == *name)?.values;
        match self {
            Self::Key | Self::Computed(_) => ANY,
            Self::Count(..) => (0.0, f64::INFINITY),
            Self::Sum(name, _) => values(name).map_or(ANY, |(low, high)| {
                (if low < 0 { ANY.0 } else { 0.0 }, if high > 0 { ANY.1 } else { 0.0 })
            }),
            Self::Mean(name, ..) => values(name).map_or(ANY, |(low, high)| (low as f64, high as f64)),
        }
    }
}

/// The columns of a result as carriers of noise.
pub(crate) struct Carriers {
    columns: Vec<Carrier>,
    /// What some columns are computed from.
    from: Vec<Carrier>,
    /// The same with the noise of who has consented, which is added: by itself it would be averaged out, since it is another
    /// one whenever anybody comes or goes.
    besides: Option<Box<Self>>,
}

/// What noise needs to know of a result.
pub(crate) struct Cells<'a> {
    pub(crate) statistics: &'a Statistics,
    /// Rows that get noise.
    pub(crate) noisy: &'a [bool],
    /// How far noise reaches.
    pub(crate) reaching: Reaching,
}

/// How far noise reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reaching {
    /// In units of an entity's largest contribution.
    most: u32,
    /// Entities in a cell, at least.
    fewest: u32,
    /// Secrets choose who is in a cell.
    chosen: bool,
}

impl Reaching {
    /// With a threshold: up to half of it, and up to all of it where secrets choose who is in a cell: everybody adds one or
    /// nothing there, and from a few dozen such numbers with less noise who has what could be solved for.
    pub(crate) fn of(min_entities: u32, chosen: bool) -> Self {
        let most = if chosen { min_entities } else { min_entities / 2 };
        Self { most: most.clamp(2, NOISE_MAX), fewest: min_entities, chosen }
    }

    /// The noise, with a standard deviation of half of how far it reaches.
    pub(crate) fn table(self) -> Result<Perturbation, Error> {
        Ok(Perturbation::new(self.most, self.most * self.most * 250)?)
    }
}

impl Carriers {
    /// None if some number of the result could not be given noise. Values that were delivered anew get other noise than
    /// those before: the difference of two releases would else be that of the values.
    pub(crate) fn of(rel: &Rel, output: &Schema, inputs: &[InputPin]) -> Option<Self> {
        let rows = inputs.iter().map(editions::salt).fold(0, u32::wrapping_add);
        let mut forms = ir::linear_forms(rel);
        for term in forms.values_mut().flatten().flatten() {
            // Whatever else is joined: values in one state of the data have one noise, in another state another; with the
            // same one for equal sums it would be told that nothing changed.
            let own = |pin: &&InputPin| term.base.split_once('.').is_some_and(|(name, _)| name == pin.table);
            let salts = inputs.iter().filter(own).map(editions::salt);
            let salt = salts.reduce(u32::wrapping_add).unwrap_or(rows);
            term.base = format!("{}@{salt:08x}", term.base);
        }
        let computed = computed(rel, output);
        let top = releasing(rel);
        let from = computed.from.iter().map(|name| carrier(top, name, &forms, rows));
        let column = |column: &ColumnInfo| match computed.places(&column.name) {
            Some(places) => Some(Carrier::Computed(places)),
            None => carrier(rel, &column.name, &forms, rows),
        };
        let columns = output.columns.iter().map(column).collect::<Option<Vec<_>>>()?;
        Some(Self { columns, from: from.collect::<Option<Vec<_>>>()?, besides: None })
    }

    /// The same for inputs some of which are as an order sees them ([`editions::as_seen`]).
    pub(crate) fn of_seen(
        rel: &Rel,
        output: &Schema,
        inputs: &[InputPin],
        seen: &[InputPin],
    ) -> Option<Self> {
        let besides = match inputs == seen {
            true => None,
            false => Some(Box::new(Self::of(rel, output, seen)?)),
        };
        Some(Self { besides, ..Self::of(rel, output, inputs)? })
    }

    /// By what the noise of those numbers of a row is drawn that tell of secrets: numbers of which this is the same have the
    /// same noise. Where no secret has chosen whom a cell holds, how many they are is none.
    pub(crate) fn drawn_by(&self, cells: &Cells<'_>, row: usize, chosen: bool) -> Vec<u32> {
        let plain = self.columns.iter().filter(|carrier| !matches!(carrier, Carrier::Computed(_)));
        let numbers = plain.chain(&self.from).flat_map(|carrier| match carrier {
            Carrier::Key | Carrier::Computed(_) => Vec::new(),
            Carrier::Count(_, _, true) if !chosen => Vec::new(),
            Carrier::Count(aggregate, salt, _) => vec![cells.key_of_count(aggregate, *salt, row)],
            Carrier::Sum(aggregate, terms) => cells.keys_of_sum(aggregate, terms, row),
            Carrier::Mean(aggregate, terms, salt) => {
                let mut keys = cells.keys_of_sum(aggregate, terms, row);
                keys.push(cells.key_of_count(aggregate, *salt, row));
                keys
            }
        });
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The result with noise on the rows that need it. `reaches` are those of the query; `from` is what columns are computed
    /// from, and `compute` computes them from the same with its noise.
    pub(crate) fn perturb(
        &self,
        bare: &RecordBatch,
        cells: &Cells<'_>,
        reaches: &[Reach],
        from: &RecordBatch,
        compute: impl FnOnce(&RecordBatch) -> Result<Vec<ArrayRef>, Error>,
    ) -> Result<RecordBatch, Error> {
        let table = &cells.reaching.table()?;
        let besides = self.besides.as_deref();
        let noisy = |column: &ArrayRef, carrier: &Carrier, besides: Option<&Carrier>| {
            let carriers: Vec<&Carrier> = [Some(carrier), besides].into_iter().flatten().collect();
            noisy_column(column, &carriers, table, cells, carrier.possible(reaches))
        };
        let from_noisy = from.columns().iter().zip(&self.from).enumerate();
        let from_noisy = from_noisy.map(|(place, (column, carrier))| {
            noisy(column, carrier, besides.and_then(|besides| besides.from.get(place)))
        });
        let from_noisy = with_columns(from, from_noisy.collect::<Result<Vec<_>, _>>()?)?;
        let mut computed = compute(&from_noisy)?.into_iter();
        let mut column = |(place, (column, carrier)): (usize, (&ArrayRef, &Carrier))| match carrier {
            Carrier::Computed(_) => cells.where_noisy(&computed.next().ok_or(Error::RunFailed)?, column),
            _ => noisy(column, carrier, besides.and_then(|besides| besides.columns.get(place))),
        };
        let columns = bare.columns().iter().zip(&self.columns).enumerate().map(&mut column);
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        with_columns(bare, columns)
    }
}

fn with_columns(batch: &RecordBatch, columns: Vec<ArrayRef>) -> Result<RecordBatch, Error> {
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options).map_err(|_| Error::RunFailed)
}

/// What output columns are computed from that show neither a key nor an aggregate as it is.
pub(crate) fn computed(rel: &Rel, output: &Schema) -> Computed {
    Computed::of(rel, output.columns.iter().map(|column| column.name.as_str()))
}

/// The aggregate below everything that only shows it.
fn releasing(rel: &Rel) -> &Rel {
    match rel {
        Rel::Project { input, .. }
        | Rel::Filter { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. } => releasing(input),
        Rel::Aggregate { .. } | Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => rel,
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

fn carrier(rel: &Rel, name: &str, forms: &BTreeMap<String, Option<Vec<Term>>>, rows: u32) -> Option<Carrier> {
    let aggregate = match shown(rel, name)? {
        Shown::Key(_) => return Some(Carrier::Key),
        Shown::Aggregate(aggregate) => aggregate,
    };
    let name = aggregate.name.clone();
    let terms = || forms.get(&name).cloned().flatten();
    match aggregate.function {
        AggregateFunction::Count => Some(Carrier::Count(name, rows, aggregate.argument.is_none())),
        AggregateFunction::CountDistinct => Some(Carrier::Count(name, rows, true)),
        AggregateFunction::Sum => terms().map(|terms| Carrier::Sum(name, terms)),
        AggregateFunction::Avg => terms().map(|terms| Carrier::Mean(name, terms, rows)),
        _ => None,
    }
}

/// How far noise can reach in each column of numbers, from declarations and the most people that a row could be about.
pub(crate) fn accuracy(
    rel: &Rel,
    output: &Schema,
    reaches: &[Reach],
    reaching: Reaching,
    statistics: &Statistics,
    carriers: &Carriers,
) -> Vec<Accuracy> {
    let forms = ir::linear_forms(rel);
    let coarse = (0..statistics.rows).map(|row| statistics.coarseness(row)).max().map_or(1, u64::from);
    let noises = if carriers.besides.is_some() { 2 } else { 1 };
    let (table, coarse) = ((u64::from(reaching.most) * coarse + coarse / 2) * noises, coarse * noises);
    let computed = computed(rel, output);
    let column = |name: &String| {
        if let Some(places) = computed.places(name) {
            let mut from = places.iter().filter_map(|place| computed.from.get(*place));
            let noisy = from.any(|name| matches!(shown(releasing(rel), name), Some(Shown::Aggregate(_))));
            return noisy.then(|| Accuracy { column: name.clone(), within: None });
        }
        let Shown::Aggregate(aggregate) = shown(rel, name)? else { return None };
        let reach = reaches.iter().find(|reach| reach.aggregate == aggregate.name);
        let rows = reach.and_then(|reach| reach.rows_max).map(u64::from);
        // What one entity adds at most, and once more: see [`spread`].
        let single =
            forms.get(&aggregate.name).and_then(Option::as_ref).is_some_and(|terms| terms.len() == 1);
        // Of several columns each has noise of its own, and only their sum is bounded.
        let largest = || reach?.value_max().filter(|_| single)?.checked_mul(rows?);
        let most = || (table + coarse).checked_mul(largest()?);
        let fewest = u64::from(reaching.fewest.max(1));
        let within = match aggregate.function {
            AggregateFunction::CountDistinct => Some(table),
            AggregateFunction::Count if rows == Some(1) => Some(table),
            // Of the sum, and of the number that it is over, which is never taken for less than there must be.
            AggregateFunction::Avg if rows == Some(1) => largest()
                .and_then(|one| (2 * table + coarse).checked_mul(one))
                // No further than from one end of what is declared to the other, where it is cut off.
                .map(|most| {
                    most.div_ceil(fewest).min(
                        reach
                            .and_then(|reach| reach.values)
                            .map_or(u64::MAX, |(low, high)| high.abs_diff(low)),
                    )
                }),
            AggregateFunction::Avg => None,
            AggregateFunction::Count => rows.and_then(|rows| (table + coarse).checked_mul(rows)),
            _ => most(),
        };
        Some(Accuracy { column: name.clone(), within })
    };
    output.columns.iter().filter_map(|shown| column(&shown.name)).collect()
}

fn noisy_column(
    column: &ArrayRef,
    carriers: &[&Carrier],
    table: &Perturbation,
    cells: &Cells<'_>,
    (low, high): (f64, f64),
) -> Result<ArrayRef, Error> {
    if carriers.contains(&&Carrier::Key) {
        return Ok(Arc::clone(column));
    }
    let noisy = |row: usize| cells.is_noisy(row);
    let whole = column.data_type().is_integer();
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let wide = cast_with_options(column, &ArrowType::Float64, &options).map_err(|_| Error::RunFailed)?;
    let changed = |(row, number): (usize, Option<f64>)| {
        let number = number?;
        if !noisy(row) {
            return Some(number);
        }
        let summed = |carrier: &&Carrier| match carrier {
            Carrier::Sum(aggregate, terms) | Carrier::Mean(aggregate, terms, _) => {
                cells.of_sum(table, aggregate, terms, row)
            }
            _ => Some(0.0),
        };
        let counted = |carrier: &&Carrier| match carrier {
            Carrier::Count(aggregate, salt, _) | Carrier::Mean(aggregate, _, salt) => {
                cells.of_count(table, aggregate, *salt, row)
            }
            _ => 0.0,
        };
        let sum = carriers.iter().map(summed).sum::<Option<f64>>()?;
        let count = carriers.iter().map(counted).sum::<f64>();
        let changed = match carriers.first() {
            Some(Carrier::Mean(aggregate, ..)) => {
                let rows = cells.rows(aggregate, row);
                (number * rows + sum) / (rows + count).round().max(f64::from(cells.reaching.fewest))
            }
            _ => number + sum + count,
        };
        let changed = if whole { changed.round() } else { changed };
        Some(changed.max(low).min(high))
    };
    let changed: Float64Array = wide.as_primitive::<Float64Type>().iter().enumerate().map(changed).collect();
    // What needed no noise keeps its exact value, which a detour over floats could blur.
    cells.where_noisy(&(Arc::new(changed) as ArrayRef), column)
}

#[expect(clippy::cast_precision_loss, reason = "noise is small and counts of entities are below 2^53")]
impl Cells<'_> {
    fn is_noisy(&self, row: usize) -> bool {
        self.noisy.get(row).copied().unwrap_or(true)
    }

    /// A column with other values in the rows that need noise; none where such a value does not fit.
    fn where_noisy(&self, changed: &ArrayRef, column: &ArrayRef) -> Result<ArrayRef, Error> {
        let options = CastOptions { safe: true, ..CastOptions::default() };
        let changed =
            cast_with_options(changed, column.data_type(), &options).map_err(|_| Error::RunFailed)?;
        let mask: BooleanArray = (0..column.len()).map(|row| Some(self.is_noisy(row))).collect();
        arrow::compute::kernels::zip::zip(&mask, &changed, column).map_err(|_| Error::RunFailed)
    }

    /// The noise of a number of rows: in units of an entity's most rows, where one has several.
    fn of_count(&self, table: &Perturbation, aggregate: &str, salt: u32, row: usize) -> f64 {
        let key = self.key_of_count(aggregate, salt, row);
        let coarse = self.statistics.coarseness(row);
        let noise = table.noise(self.entities(row), key) as f64;
        match self.several(aggregate, row) {
            Some(rows) => spread(noise, key) * rows * f64::from(coarse),
            None => between(noise, coarse, key),
        }
    }

    fn key_of_count(&self, aggregate: &str, salt: u32, row: usize) -> u32 {
        let rows = self.total(&self.of(aggregate, ContributionKind::Rows), row);
        let several = self.several(aggregate, row).unwrap_or(1.0);
        let key = self.keyed(row, "rows", rows.unwrap_or_else(|| self.entities(row) as f64), several);
        // In each state of the data another one: that it stayed would tell that nobody came, went, or was chosen anew.
        if salt == 0 { key } else { mixed(key ^ salt) }
    }

    /// The most rows of one entity, if some may have several.
    fn several(&self, aggregate: &str, row: usize) -> Option<f64> {
        self.largest(&self.of(aggregate, ContributionKind::Rows), row).filter(|rows| *rows > 1.0)
    }

    /// The noise of a sum, term by term, if what each adds is known.
    fn of_sum(&self, table: &Perturbation, aggregate: &str, terms: &[Term], row: usize) -> Option<f64> {
        let noise = |(place, term): (usize, &Term)| {
            let (of, by) = self.of_term(aggregate, term, place, terms.len());
            if by == 0.0 {
                return (term.factor == 0.0).then_some(0.0);
            }
            let largest = self.largest(&of, row)? / by.abs();
            let key = self.key_of_term(&of, by, term, row)?;
            let drawn = table.noise(self.entities(row), key) as f64;
            Some(spread(drawn, key) * largest * term.factor * f64::from(self.statistics.coarseness(row)))
        };
        terms.iter().enumerate().map(noise).sum()
    }

    fn keys_of_sum(&self, aggregate: &str, terms: &[Term], row: usize) -> Vec<u32> {
        let key = |(place, term): (usize, &Term)| {
            let (of, by) = self.of_term(aggregate, term, place, terms.len());
            if by == 0.0 { None } else { self.key_of_term(&of, by, term, row) }
        };
        terms.iter().enumerate().filter_map(key).collect()
    }

    fn key_of_term(&self, of: &[&Spreads], by: f64, term: &Term, row: usize) -> Option<u32> {
        let (total, largest) = (self.total(of, row)? / by.abs(), self.largest(of, row)? / by.abs());
        Some(self.keyed(row, &term.base, total, largest))
    }

    /// What each adds to one of so many terms of a sum, and by what it is multiplied there.
    fn of_term(&self, aggregate: &str, term: &Term, place: usize, terms: usize) -> (Vec<&Spreads>, f64) {
        // One column is the whole of its sum, which carries the factor already.
        if terms == 1 {
            return (self.of(aggregate, ContributionKind::Values), term.factor);
        }
        let parts = self.of(aggregate, ContributionKind::Part);
        (parts.into_iter().skip(place).step_by(terms).collect(), term.inner)
    }

    /// Rows that a mean is over.
    fn rows(&self, aggregate: &str, row: usize) -> f64 {
        let rows = self.total(&self.of(aggregate, ContributionKind::Rows), row);
        rows.unwrap_or_else(|| self.entities(row) as f64).max(1.0)
    }

    /// The key of one number of a cell: of whom it holds, what is summed, and what that comes to. Sums that differ by less
    /// than their rounding are one. Noise that reaches further is drawn anew: of two draws by one key the difference would
    /// tell both.
    fn keyed(&self, row: usize, base: &str, total: f64, largest: f64) -> u32 {
        let cell = self.statistics.cell_keys.get(row).copied().unwrap_or_default();
        let reach = self.reaching.most.saturating_mul(self.statistics.coarseness(row));
        let text = format!("{cell:08x} {total:.10e} {reach} {largest:.8e} {base}");
        editions::word(&Digest::of(text.as_bytes()))
    }

    /// Entities of the kind of which there are fewest.
    fn entities(&self, row: usize) -> i64 {
        let counts = self.statistics.entities.iter().filter_map(|entity| entity.counts.get(row));
        counts.min().and_then(|count| i64::try_from(*count).ok()).unwrap_or_default()
    }

    /// The largest amount that an entity of any kind may add.
    fn largest(&self, of: &[&Spreads], row: usize) -> Option<f64> {
        of.iter().filter_map(|spreads| spreads.reach.get(row)).copied().max_by(f64::total_cmp)
    }

    /// All amounts together, without their signs.
    fn total(&self, of: &[&Spreads], row: usize) -> Option<f64> {
        of.iter().filter_map(|spreads| spreads.cells.get(row)).map(|one| one.total).max_by(f64::total_cmp)
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

/// Noise of so many times a whole number, and of whole numbers between: of multiples alone the rest would be told.
fn between(noise: f64, coarse: u32, key: u32) -> f64 {
    let half = coarse / 2;
    noise * f64::from(coarse) + f64::from(mixed(key ^ 0x2545_f491) % (2 * half + 1)) - f64::from(half)
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

    /// Of noise that comes in steps the steps between would be told.
    #[test]
    fn coarse_noise_of_a_count_is_any_whole_number() {
        let mut seen = std::collections::BTreeMap::<i64, i32>::new();
        for key in (0..200_000_u32).map(|n| n.wrapping_mul(0x9e37_79b9)) {
            assert!(between(3.0, 1, key) == 3.0);
            #[expect(clippy::cast_possible_truncation, reason = "small and whole")]
            let noise = between(2.0, 8, key) as i64;
            *seen.entry(noise).or_default() += 1;
        }
        // Twice eight, and four to either side, each as often.
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), (12..=20).collect::<Vec<_>>());
        assert!(seen.values().all(|times| (times * 9 - 200_000).abs() < 10_000), "{seen:?}");
    }
}
