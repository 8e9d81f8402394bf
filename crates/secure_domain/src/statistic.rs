//! Statistics without a reviewer: every cell there can be, each number with noise that was paid for.
//!
//! What an entity adds is bounded here by what was declared, whatever the data hold: its values and rows are clamped, over
//! all cells together, to the sensitivity that the noise was measured by. Declarations that are wrong make a statistic wrong,
//! never unsafe. Rows that no entity can be named for are left out, since nobody's bound covers them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Float64Array, RecordBatch, StringArray};
use arrow::compute::{SortColumn, cast, lexsort_to_indices};
use arrow::datatypes::{DataType as ArrowType, Float64Type};
use privacy::disclosure::dp::{Mechanism, Randomness};
use privacy::ir::{self, Number, Rel, Widest};
use serde_json::{Number as JsonNumber, Value};

use crate::Error;
use crate::contributions::PAIRS_MAX;
use crate::engine::ProdEngine;
use crate::guard::{Bound, Figure, Statistic, check_statistic, lower, policy};
use crate::protocol::{StatisticDone, StatisticOrder};
use crate::run::check_pin;
use crate::session::Fault;
use crate::value::{JsonColumns, texts};
use crate::widest::{Begun, Price};

/// Both noises of a mean reach no further than this together: `2·exp(-4)` is less than 5 %.
const MEAN_NATS: u32 = 4;

impl ProdEngine {
    /// Draws statistics that were paid for.
    ///
    /// # Errors
    /// A refusal; `domain.order_mismatch` if the text costs more than was paid, or reads other tables than are pinned;
    /// `domain.run_failed` without a reason.
    pub(crate) async fn statistic(&self, order: StatisticOrder) -> Result<StatisticDone, Error> {
        let _turn = self.turn.lock().await;
        let statistic = check_statistic(&self.session, order.asked.clone()).await?;
        if statistic.ir_digest() != order.ir_digest || statistic.cost() != order.paid {
            return Err(Error::OrderMismatch { what: "price" });
        }
        let pinned = |name: &str| order.inputs.iter().any(|pin| pin.table == name);
        if statistic.names().count() != order.inputs.len() || !statistic.names().all(pinned) {
            return Err(Error::OrderMismatch { what: "inputs" });
        }
        order.inputs.iter().try_for_each(|pin| check_pin(pin, &statistic.tables).map(|_| ()))?;
        self.check_extent(&statistic).await?;
        let statistic = Arc::new(statistic);
        let price = self.draw_widest(&statistic).await?;
        let done = self.draw(&statistic, &statistic.query.rel).await;
        if let Some((price, widest)) = price {
            price.pay(|| async { drop(self.draw(&statistic, &widest).await) }).await;
        }
        done
    }

    /// The statistic, of a relation of who adds what.
    async fn draw(&self, statistic: &Arc<Statistic>, rel: &Rel) -> Result<StatisticDone, Error> {
        let plan = lower(self.session.state(), rel, &statistic.tables, &Bound::default())
            .map_err(|_| Error::RunFailed)?;
        let mut gathered = Gathered::new(statistic)?;
        let more = self
            .session
            .each(&plan, PAIRS_MAX, |batch| gathered.take(batch))
            .await
            .map_err(Fault::uniform)?;
        if more {
            return Err(Error::Limit { what: "contributors" });
        }
        let statistic = Arc::clone(statistic);
        // Sorting a million pairs holds up a thread.
        tokio::task::spawn_blocking(move || answer(&statistic, gathered, &mut system_randomness))
            .await
            .map_err(|_| Error::RunFailed)?
    }

    /// Draws the statistic of whomever it could be about, for its price: nothing is kept of it.
    async fn draw_widest(&self, statistic: &Arc<Statistic>) -> Result<Option<(Price, Rel)>, Error> {
        let tables = &statistic.tables;
        let widest = ir::widest(&statistic.query.rel, &policy(tables)).map_err(|_| Error::RunFailed)?;
        let Some(Widest { rel, subqueries }) = widest else { return Ok(None) };
        let begun = Begun::now();
        self.ask_in_vain(&subqueries, tables, &Bound::default()).await?;
        drop(self.draw(statistic, &rel).await?);
        Ok(Some((begun.price(self.session.limits().millis_max)?, rel)))
    }

    /// Refuses a statistic in which one entity could meet too many rows of the stored tables, or, where sensitive columns
    /// decide how many pairs of cell and entity there are, one that could have too many: a limit that is reached would tell.
    pub(crate) async fn check_extent(&self, statistic: &Statistic) -> Result<(), Error> {
        let (rel, tables) = (&statistic.query.rel, &statistic.tables);
        self.check_meetings(rel, tables).await?;
        let Some(rows) = self.population(rel, tables, &Bound::default()).await? else { return Ok(()) };
        let fits = usize::try_from(rows).is_ok_and(|rows| rows <= PAIRS_MAX);
        if fits { Ok(()) } else { Err(Error::Limit { what: "contributors" }) }
    }
}

fn system_randomness(bytes: &mut [u8]) {
    use rand::RngExt as _;
    rand::rng().fill(bytes);
}

/// What entities add to the cells, pair by pair.
struct Gathered {
    /// Cells by the texts of their keys.
    cells: HashMap<Vec<Option<String>>, u32>,
    key_types: Vec<ArrowType>,
    /// Which contribution each number is the sum of; none for a number of entities.
    adds: Vec<Option<usize>>,
    known: HashMap<String, u32>,
    /// Entity and cell.
    pairs: Vec<(u32, u32)>,
    /// By number, by pair.
    amounts: Vec<Vec<f64>>,
}

impl Gathered {
    fn new(statistic: &Statistic) -> Result<Self, Error> {
        let columns = statistic.keys.iter().map(texts).collect::<Result<Vec<_>, _>>()?;
        let mut cells = HashMap::new();
        for (row, number) in (0..statistic.cells).zip(0..) {
            cells.insert(columns.iter().map(|column| text(column, row)).collect(), number);
        }
        Ok(Self {
            cells,
            key_types: statistic.keys.iter().map(|column| column.data_type().clone()).collect(),
            adds: statistic.numbers.iter().map(|(_, adds)| *adds).collect(),
            known: HashMap::new(),
            pairs: Vec::new(),
            amounts: vec![Vec::new(); statistic.numbers.len()],
        })
    }

    /// Takes pairs of cell and entity in: group keys, the entity's key, what it adds.
    fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let (groups, rest) =
            batch.columns().split_at_checked(self.key_types.len()).ok_or(Error::RunFailed)?;
        let (entity, added) = rest.split_first().ok_or(Error::RunFailed)?;
        let groups = groups
            .iter()
            .zip(&self.key_types)
            .map(|(column, to)| texts(&cast(column, to).map_err(|_| Error::RunFailed)?));
        let groups = groups.collect::<Result<Vec<_>, _>>()?;
        let added = added.iter().map(|column| column.as_primitive_opt::<Float64Type>());
        let added: Vec<&Float64Array> = added.collect::<Option<_>>().ok_or(Error::RunFailed)?;
        let entity = texts(entity)?;
        for row in 0..batch.num_rows() {
            let key: Vec<Option<String>> = groups.iter().map(|column| text(column, row)).collect();
            // A key that is not declared is in no cell: that it is there is told by the data alone.
            let Some(cell) = self.cells.get(&key).copied().filter(|_| !entity.is_null(row)) else { continue };
            let next = u32::try_from(self.known.len()).map_err(|_| Error::Limit { what: "contributors" })?;
            let who = *self.known.entry(entity.value(row).to_owned()).or_insert(next);
            self.pairs.push((who, cell));
            for (amounts, adds) in self.amounts.iter_mut().zip(&self.adds) {
                let amount = match adds {
                    None => 1.0,
                    Some(place) => {
                        let column = added.get(*place).ok_or(Error::RunFailed)?;
                        if column.is_null(row) { 0.0 } else { column.value(row) }
                    }
                };
                amounts.push(amount);
            }
        }
        Ok(())
    }

    /// The numbers of every cell with each entity's part in them bounded. *Shape*: numbers × cells.
    fn bounded(&self, numbers: &[(Number, Option<usize>)], cells: usize) -> Vec<Vec<i128>> {
        let mut order: Vec<usize> = (0..self.pairs.len()).collect();
        order.sort_unstable_by_key(|place| self.pairs.get(*place));
        let of_number = |(number, _): &(Number, Option<usize>), amounts: &Vec<f64>| {
            let mut totals = vec![0_i128; cells];
            let (mut whose, mut left) = (None, 0_i128);
            for place in &order {
                let (Some((who, cell)), Some(amount)) = (self.pairs.get(*place), amounts.get(*place)) else {
                    continue;
                };
                if whose != Some(*who) {
                    (whose, left) = (Some(*who), i128::from(number.sensitivity));
                }
                let amount = within(*amount, number).clamp(-left, left);
                left -= amount.abs();
                let cell = usize::try_from(*cell).ok().and_then(|cell| totals.get_mut(cell));
                if let Some(total) = cell {
                    *total += amount;
                }
            }
            totals
        };
        numbers.iter().zip(&self.amounts).map(|(number, amounts)| of_number(number, amounts)).collect()
    }
}

/// What an entity adds to a cell, whole and between what all its rows can add.
#[expect(
    clippy::cast_possible_truncation,
    reason = "floats become whole numbers that saturate, NaN becomes zero"
)]
fn within(amount: f64, number: &Number) -> i128 {
    let rows = i128::from(number.rows_max);
    let (low, high) = (i128::from(number.low.min(0)) * rows, i128::from(number.high.max(0)) * rows);
    (amount.round() as i128).clamp(low, high)
}

/// The answer: noise on every number of every cell, cells in the order of their keys.
fn answer(
    statistic: &Statistic,
    gathered: Gathered,
    source: &mut dyn Randomness,
) -> Result<StatisticDone, Error> {
    let totals = gathered.bounded(&statistic.numbers, statistic.cells);
    drop(gathered);
    let mut drawn = Vec::new();
    for ((number, _), totals) in statistic.numbers.iter().zip(totals) {
        let cost = number.cost.ok_or(Error::OrderMismatch { what: "price" })?;
        let mechanism = Mechanism::new(number.sensitivity, cost)?;
        let mut noisy = Vec::with_capacity(totals.len());
        for total in totals {
            let noise = i128::from(mechanism.noise(source)?);
            noisy.push(i64::try_from(total + noise).map_err(|_| Error::RunFailed)?);
        }
        drawn.push((mechanism, noisy));
    }
    let names = statistic.keys.iter().enumerate().map(|(place, column)| (place.to_string(), column.clone()));
    let keys = match statistic.keys.is_empty() {
        true => None,
        false => Some(RecordBatch::try_from_iter(names).map_err(|_| Error::RunFailed)?),
    };
    let keys = keys.as_ref().map(JsonColumns::new).transpose()?;
    let mut order: Vec<usize> = (0..statistic.cells).collect();
    if !statistic.keys.is_empty() {
        let sorted = statistic.keys.iter().map(|column| SortColumn { values: column.clone(), options: None });
        let sorted = lexsort_to_indices(&sorted.collect::<Vec<_>>(), None).map_err(|_| Error::RunFailed)?;
        order = sorted.values().iter().filter_map(|row| usize::try_from(*row).ok()).collect();
    }
    let (mut rows, mut within) = (Vec::new(), Vec::new());
    for row in order {
        let keys = keys.as_ref().map(|keys| keys.row(row)).unwrap_or_default();
        let shown = statistic.columns.iter().map(|(_, figure)| match figure {
            Figure::Key(place) => Some((keys.get(*place)?.clone(), Value::Null)),
            Figure::Number(place) => {
                let (mechanism, noisy) = drawn.get(*place)?;
                Some((Value::from(*noisy.get(row)?), Value::from(mechanism.half_width_95())))
            }
            Figure::Mean(sum, count) => {
                let of = |place: &usize| {
                    let (mechanism, noisy) = drawn.get(*place)?;
                    Some((*noisy.get(row)?, mechanism.reach(MEAN_NATS)))
                };
                Some(mean(of(sum)?, of(count)?))
            }
        });
        let shown = shown.collect::<Option<Vec<_>>>().ok_or(Error::RunFailed)?;
        let (values, bars): (Vec<_>, Vec<_>) = shown.into_iter().unzip();
        rows.push(values);
        within.push(bars);
    }
    Ok(StatisticDone {
        columns: statistic.columns.iter().map(|(column, _)| column.clone()).collect(),
        rows,
        within,
    })
}

/// A mean with its bar: the noisy sum over the noisy count, and how far the true one can be from it while each of them is
/// within its reach. Nothing is said where there may be nobody.
#[expect(clippy::cast_precision_loss, reason = "a mean with a bar needs no more digits")]
fn mean((sum, sum_reach): (i64, u64), (count, count_reach): (i64, u64)) -> (Value, Value) {
    let fewest = i128::from(count) - i128::from(count_reach);
    if fewest < 1 {
        return (Value::Null, Value::Null);
    }
    let mean = sum as f64 / count as f64;
    let bar = (sum_reach as f64 + mean.abs() * count_reach as f64) / fewest as f64;
    (float(mean), float(bar))
}

/// Four digits after the point at most: more would pretend to an exactness that noise has not.
fn float(number: f64) -> Value {
    JsonNumber::from_f64((number * 10_000.0).round() / 10_000.0).map_or(Value::Null, Value::Number)
}

fn text(column: &StringArray, row: usize) -> Option<String> {
    Some(column.value(row).to_owned()).filter(|_| !column.is_null(row))
}
