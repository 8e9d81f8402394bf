//! How near the marginals of a twin come to those of the data, as a grade with noise.
//!
//! The measure is the total variation distance, the share of rows that would have to be changed, as a mean over one-way and over
//! two-way marginals. It is of the data, so it gets the noise of a differentially private number, is paid for, and is told
//! as a grade only.

use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use super::bound::Bound;
use super::coding::{Coder, column_of};
use super::description::{TREE_COLUMNS_MAX, Table};
use super::generate::Generated;
use super::model::{ColumnModel, Model, TableModel};
use super::plan::mechanism;
use super::random::{Fingerprint, derive};
use crate::Error;
use crate::disclosure::dp::{Budget, Cost, NotGiven, Seeded};

/// Rows of the twin are scaled to so many, which keeps sensitivities small. It is a ten-thousandth of exactness.
const TWIN_SCALE: u64 = 10_000;

/// Mean total variation distance, coarsely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Below 5 %.
    Close,
    /// Below 15 %.
    Fair,
    /// Below 30 %.
    Rough,
    /// Above, or nothing to compare.
    Poor,
}

impl Grade {
    const fn of(per_mille: u64) -> Self {
        match per_mille {
            0..50 => Self::Close,
            50..150 => Self::Fair,
            150..300 => Self::Rough,
            _ => Self::Poor,
        }
    }
}

/// The grades of one table of a twin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utility {
    /// The table.
    pub table: String,
    /// Of single columns.
    pub one_way: Grade,
    /// Of pairs of columns, by groups of values.
    pub two_way: Grade,
}

/// Reads the data once more, batch by batch, beside the tables of a twin.
pub struct Compare {
    tables: Vec<Compared>,
    print: Fingerprint,
    noise: Seeded,
    share: Cost,
}

struct Compared {
    model: TableModel,
    coders: Vec<Option<Coder>>,
    bound: Bound,
    rows: u64,
    raw: Marginals,
    twin: Marginals,
}

impl Compare {
    /// Pays and begins. `seed` must be secret and used once.
    ///
    /// # Errors
    /// [`NotGiven`] if the price is too small to be shared, the budget refuses, or a table of the twin does not have its
    /// described columns.
    pub fn new(
        model: &Model,
        twin: &[Generated],
        cost: Cost,
        budget: &mut Budget,
        seed: [u8; 32],
    ) -> Result<Self, NotGiven> {
        let numbers = u64::try_from(model.tables.len()).unwrap_or(1).max(1) * 2;
        let share = Cost { micro: cost.micro / numbers, ..cost };
        mechanism(1, share).map_err(NotGiven::Fault)?;
        budget.spend(cost).map_err(NotGiven::Refused)?;
        let print = Fingerprint::new(&seed, "utility");
        let tables = model
            .tables
            .iter()
            .map(|table| Compared::new(table, twin, &print))
            .collect::<Result<_, _>>()
            .map_err(NotGiven::Fault)?;
        Ok(Self { tables, print, noise: Seeded::new(*derive(&seed, "utility", "")), share })
    }

    /// Takes a batch of the data.
    ///
    /// # Errors
    /// [`Error::Twin`] for an unknown table, [`Error::Column`] for a column that is missing or of another type.
    pub fn push(&mut self, table: &str, batch: &RecordBatch) -> Result<(), Error> {
        let compared = self.tables.iter_mut().find(|compared| compared.model.table.name == table);
        let compared = compared.ok_or_else(|| Error::Twin { what: "table", name: table.into() })?;
        let kept = compared.bound.keep(&compared.model.table, batch, &self.print)?;
        compared.rows += kept.iter().map(|kept| u64::from(*kept)).sum::<u64>();
        compared.raw.count(&compared.model, &mut compared.coders, batch, &kept, &self.print)
    }

    /// Adds noise and grades.
    ///
    /// # Errors
    /// [`Error::Randomness`] if the source of noise is broken.
    pub fn finish(mut self) -> Result<Vec<Utility>, Error> {
        let mut grades = Vec::new();
        for compared in &self.tables {
            let mut grade = |one_way: bool| compared.grade(one_way, self.share, &mut self.noise);
            let (one_way, two_way) = (grade(true)?, grade(false)?);
            grades.push(Utility { table: compared.model.table.name.clone(), one_way, two_way });
        }
        Ok(grades)
    }
}

impl std::fmt::Debug for Compare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compare(..)")
    }
}

impl Compared {
    fn new(model: &TableModel, twin: &[Generated], print: &Fingerprint) -> Result<Self, Error> {
        let coders = model
            .table
            .columns
            .iter()
            .zip(&model.columns)
            .map(|(column, of)| of.domain.as_ref().map(|domain| Coder::new(column, domain)).transpose())
            .collect::<Result<_, _>>()?;
        let empty = Marginals::new(model);
        let bound = Bound::new(&model.table);
        let mut compared =
            Self { model: model.clone(), coders, bound, rows: 0, raw: empty.clone(), twin: empty };
        let tables = twin.iter().filter(|table| table.name == model.table.name);
        for batch in tables.flat_map(|table| &table.batches) {
            let all = vec![true; batch.num_rows()];
            compared.twin.count(&compared.model, &mut compared.coders, batch, &all, print)?;
        }
        Ok(compared)
    }

    /// The sum over marginals of `Σ |raw·N − twin·n|`, where `n` and `N` are the rows of data and twin, over `2·n·N` for
    /// each marginal. One entity changes `rows_max` rows of the data: it moves the sum by `rows_max·N` through `raw` and by as
    /// much through `n`, for each marginal.
    fn grade(&self, one_way: bool, share: Cost, noise: &mut Seeded) -> Result<Grade, Error> {
        let (raw, twin) = match one_way {
            true => (&self.raw.one, &self.twin.one),
            false => (&self.raw.two, &self.twin.two),
        };
        let mut sum = 0_u128;
        let (mut sensitivity, mut scale) = (0_u64, 0_u128);
        // The noisy number of rows, known already; the exact one would tell more.
        let known = u128::from(self.model.rows.max(1));
        for (raw, twin) in raw.iter().zip(twin) {
            let total = u128::from(twin.iter().sum::<u64>().max(1));
            let scaled = |count: u64| u128::from(count) * u128::from(TWIN_SCALE) / total;
            let size: u128 = twin.iter().map(|count| scaled(*count)).sum();
            for (raw, twin) in raw.iter().zip(twin) {
                sum += (u128::from(*raw) * size).abs_diff(scaled(*twin) * u128::from(self.rows));
            }
            let size = u64::try_from(size).unwrap_or(TWIN_SCALE);
            sensitivity += 2 * u64::from(self.model.table.rows_max) * size;
            scale += 2 * known * u128::from(size);
        }
        if sensitivity == 0 {
            return Ok(Grade::Poor);
        }
        let noise = mechanism(sensitivity, share)?.noise(noise)?;
        let sum = i128::try_from(sum).unwrap_or(i128::MAX).saturating_add(i128::from(noise)).max(0);
        let per_mille = u128::try_from(sum).unwrap_or(0).saturating_mul(1_000) / scale.max(1);
        Ok(Grade::of(u64::try_from(per_mille).unwrap_or(u64::MAX)))
    }
}

/// Counts of every learnt column, and of every pair of them by groups.
#[derive(Clone)]
struct Marginals {
    learnt: Vec<usize>,
    one: Vec<Vec<u64>>,
    two: Vec<Vec<u64>>,
}

impl Marginals {
    fn new(model: &TableModel) -> Self {
        let learnt: Vec<usize> = model.table.learnt().take(TREE_COLUMNS_MAX).collect();
        let of = |place: &usize| model.columns.get(*place);
        let one = learnt.iter().map(|place| vec![0; of(place).map_or(0, |of| of.counts.len())]).collect();
        let groups = |place: &usize| of(place).map_or(0, ColumnModel::group_count);
        let two = pairs(&learnt).map(|(left, right)| vec![0; groups(&left) * groups(&right)]).collect();
        Self { learnt, one, two }
    }

    fn count(
        &mut self,
        model: &TableModel,
        coders: &mut [Option<Coder>],
        batch: &RecordBatch,
        kept: &[bool],
        print: &Fingerprint,
    ) -> Result<(), Error> {
        let table: &Table = &model.table;
        let mut codes: Vec<Vec<u16>> = vec![Vec::new(); table.columns.len()];
        for (place, counts) in self.learnt.iter().zip(&mut self.one) {
            let (Some(column), Some(Some(coder)), Some(slot)) =
                (table.columns.get(*place), coders.get_mut(*place), codes.get_mut(*place))
            else {
                continue;
            };
            let all = coder.codes(&column_of(batch, column)?, column, print)?;
            *slot = all.into_iter().zip(kept).filter(|(_, kept)| **kept).map(|(code, _)| code).collect();
            for code in slot {
                if let Some(count) = counts.get_mut(usize::from(*code)) {
                    *count += 1;
                }
            }
        }
        for ((left, right), cells) in pairs(&self.learnt).zip(&mut self.two) {
            let (Some(a), Some(b)) = (model.columns.get(left), model.columns.get(right)) else { continue };
            let (Some(left), Some(right)) = (codes.get(left), codes.get(right)) else { continue };
            let width = b.group_count();
            for (left, right) in left.iter().zip(right) {
                if let Some(cell) = cells.get_mut(a.group(*left) * width + b.group(*right)) {
                    *cell += 1;
                }
            }
        }
        Ok(())
    }
}

fn pairs(learnt: &[usize]) -> impl Iterator<Item = (usize, usize)> + '_ {
    learnt
        .iter()
        .enumerate()
        .flat_map(|(first, left)| learnt.iter().skip(first + 1).map(|right| (*left, *right)))
}
