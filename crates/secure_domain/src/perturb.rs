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

mod cells;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, Float64Type};
use privacy::disclosure::cell_key::Perturbation;
use privacy::disclosure::{Accuracy, Statistics};
use privacy::ir::{self, AggregateFunction, ColumnInfo, Computed, NamedAggregate, Reach, Rel, Schema, Term};

pub(crate) use self::cells::{Cells, Reaching};
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
        // Steps of a cell's own amounts are up to twice as large: see [`Cells::step`].
        let steps = if statistics.covered || reaching.chosen { 1 } else { 2 };
        // What one entity adds at most, and once more: see [`spread`].
        let single =
            forms.get(&aggregate.name).and_then(Option::as_ref).is_some_and(|terms| terms.len() == 1);
        // Of several columns each has noise of its own, and only their sum is bounded.
        let largest = || reach?.value_max().filter(|_| single)?.checked_mul(rows?)?.checked_mul(steps);
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
            AggregateFunction::Count => {
                rows.and_then(|rows| (table + coarse).checked_mul(rows)?.checked_mul(steps))
            }
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
