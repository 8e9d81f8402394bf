//! The first pass over the data: rows, one-way histograms, children a parent.

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;

use super::bound::Bound;
use super::coding::{Coder, Domain, column_of, fingerprints};
use super::count::{Count, Parts, Surveyed};
use super::degree::Degree;
use super::description::{Column, Content, Description, Table, VALUES_MAX};
use super::model::{ColumnModel, groups};
use super::plan::{Shares, mechanism};
use super::project::project;
use super::random::{Fingerprint, Fingerprints, derive};
use crate::Error;
use crate::disclosure::dp::{Budget, Cost, Mechanism, NotGiven, Seeded};

/// Limit: distinct values of an open column, before noise. A column with more has no frequent values worth learning.
const DISTINCT_MAX: i64 = 1 << 20;

/// A value of an open column that one entity alone has is told with chance `exp(-21)` at most: the δ of the model, less
/// than one in a thousand million, for each open column.
const DELTA_NATS: u32 = 21;

/// The first pass. Push every batch of every table, then call [`Self::turn`] and push them again.
pub struct Survey {
    parts: Parts,
    tables: Vec<TableSurvey>,
}

struct TableSurvey {
    rows: u64,
    tallies: Vec<Tally>,
    /// For columns that are references.
    degrees: Vec<Option<Degree>>,
}

enum Tally {
    Nothing,
    Codes { coder: Coder, domain: Domain, counts: Vec<u64> },
    Open(Open),
}

/// Counts of an open column's values, by fingerprint.
struct Open {
    counts: Fingerprints<u64>,
    nulls: u64,
    /// [`DISTINCT_MAX`] with noise: whether a column has passed it is so protected as well.
    limit: i64,
    passed: bool,
}

impl Survey {
    /// Pays for a model and begins it. `seed` must be secret and used once.
    ///
    /// *Limits*: the whole price is spent whatever happens later. Where tables have budgets of their own, all of them pay it.
    ///
    /// # Errors
    /// [`NotGiven`] if the description does not hold, the price is too small to be shared, or the budget refuses. Nothing is
    /// spent then.
    pub fn new(
        description: &Description,
        cost: Cost,
        budget: &mut Budget,
        seed: [u8; 32],
    ) -> Result<Self, NotGiven> {
        description.check().map_err(NotGiven::Fault)?;
        let shares = Shares::of(description, cost).map_err(NotGiven::Fault)?;
        budget.spend(cost).map_err(NotGiven::Refused)?;
        Self::paid(description, cost, shares, &seed).map_err(NotGiven::Fault)
    }

    fn paid(
        description: &Description,
        cost: Cost,
        shares: Vec<Shares>,
        seed: &[u8; 32],
    ) -> Result<Self, Error> {
        let mut noise = Seeded::new(*derive(seed, "noise", ""));
        let mut tables = Vec::new();
        for (table, share) in description.tables.iter().zip(&shares) {
            let limits = mechanism(u64::from(table.rows_max), share.one_way)?;
            let tallies = table
                .columns
                .iter()
                .map(|column| Tally::new(column, &limits, &mut noise))
                .collect::<Result<_, _>>()?;
            let degrees = table.columns.iter().map(|column| Degree::of(description, table, column)).collect();
            tables.push(TableSurvey { rows: 0, tallies, degrees });
        }
        let bounds = description.tables.iter().map(Bound::new).collect();
        let print = Fingerprint::new(seed, "values");
        Ok(Self {
            parts: Parts { description: description.clone(), cost, shares, noise, print, bounds },
            tables,
        })
    }

    /// Takes a batch of a table; the order of tables does not matter.
    ///
    /// # Errors
    /// [`Error::Twin`] for an unknown table, [`Error::Column`] for a column that is missing or of another type.
    pub fn push(&mut self, table: &str, batch: &RecordBatch) -> Result<(), Error> {
        let (place, kept) = self.parts.keep(table, batch)?;
        let Parts { description, print, .. } = &self.parts;
        let Some(described) = description.tables.get(place) else { return Ok(()) };
        let survey = self.tables.get_mut(place).ok_or_else(|| self.parts.unknown(table))?;
        survey.rows += kept.iter().map(|kept| u64::from(*kept)).sum::<u64>();
        let columns = described.columns.iter().zip(&mut survey.tallies).zip(&mut survey.degrees);
        for ((column, tally), degree) in columns {
            if matches!(tally, Tally::Nothing) && degree.is_none() {
                continue;
            }
            let array = column_of(batch, column)?;
            tally.count(&array, column, &kept, print)?;
            if let Some(degree) = degree {
                degree.child(fingerprints(&[array], print)?, &kept)?;
            }
        }
        register_keys(&self.parts, &mut self.tables, described, batch, &kept)
    }

    /// Ends the first pass: one-way marginals get their noise.
    ///
    /// # Errors
    /// [`Error::Randomness`] if the source of noise is broken.
    pub fn turn(mut self) -> Result<Count, Error> {
        let mut counts = Vec::new();
        let tables = std::mem::take(&mut self.tables);
        for (place, survey) in tables.into_iter().enumerate() {
            let Some((table, share)) =
                self.parts.description.tables.get(place).zip(self.parts.shares.get(place))
            else {
                continue;
            };
            let noise = &mut self.parts.noise;
            let mechanism = mechanism(u64::from(table.rows_max), share.one_way)?;
            let rows = noisy(survey.rows, &mechanism, noise)?;
            let rows = u64::try_from(rows).unwrap_or(0);
            let repeats = match self.parts.bounds.get(place) {
                Some(bound) if table.repeats() => repeats(bound, share.one_way, noise)?,
                _ => Vec::new(),
            };
            let mut columns = Vec::new();
            let mut coders = Vec::new();
            for (tally, degree) in survey.tallies.into_iter().zip(survey.degrees) {
                let (mut model, coder) = tally.release(rows, &mechanism, table.rows_max, noise)?;
                if let Some(degree) = degree {
                    model.children = degree.release(share.one_way, noise)?;
                }
                columns.push(model);
                coders.push(coder);
            }
            counts.push(Surveyed { rows, repeats, columns, coders });
        }
        self.parts.bounds.iter_mut().for_each(Bound::restart);
        Ok(Count::new(self.parts, counts))
    }
}

/// Notes the keys to which other tables refer.
fn register_keys(
    parts: &Parts,
    surveys: &mut [TableSurvey],
    table: &Table,
    batch: &RecordBatch,
    kept: &[bool],
) -> Result<(), Error> {
    let columns = parts.description.tables.iter().flat_map(|table| &table.columns);
    let degrees = surveys.iter_mut().flat_map(|survey| &mut survey.degrees);
    for (child, degree) in columns.zip(degrees) {
        let (Content::Reference { table: parent, column, .. }, Some(degree)) = (&child.content, degree)
        else {
            continue;
        };
        if let Some((_, key)) = table.column(column).filter(|_| *parent == table.name) {
            degree.parent(fingerprints(&[column_of(batch, key)?], &parts.print)?, kept)?;
        }
    }
    Ok(())
}

impl std::fmt::Debug for Survey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Survey(..)")
    }
}

/// A count with noise.
pub(super) fn noisy(exact: u64, mechanism: &Mechanism, noise: &mut Seeded) -> Result<i64, Error> {
    Ok(i64::try_from(exact).unwrap_or(i64::MAX).saturating_add(mechanism.noise(noise)?))
}

/// Noisy counts, nonnegative, adding up to what the noisy counts add up to.
pub(super) fn histogram(exact: &[u64], mechanism: &Mechanism, noise: &mut Seeded) -> Result<Vec<u64>, Error> {
    let cells = exact.iter().map(|count| noisy(*count, mechanism, noise)).collect::<Result<Vec<_>, _>>()?;
    let total = cells.iter().fold(0_i64, |sum, cell| sum.saturating_add(*cell));
    Ok(project(&cells, u64::try_from(total).unwrap_or(0)))
}

/// One entity is in one place of the histogram.
fn repeats(bound: &Bound, cost: Cost, noise: &mut Seeded) -> Result<Vec<u64>, Error> {
    histogram(&bound.histogram(), &mechanism(1, cost)?, noise)
}

impl Tally {
    fn new(column: &Column, limits: &Mechanism, noise: &mut Seeded) -> Result<Self, Error> {
        if column.content == Content::Open {
            let limit = DISTINCT_MAX.saturating_add(limits.noise(noise)?);
            // Noise that could lift the limit (and with it the memory) to twice itself means that no value can be kept:
            // the column is given up before any data is seen.
            let passed = i64::try_from(limits.reach(DELTA_NATS)).unwrap_or(i64::MAX) > DISTINCT_MAX;
            return Ok(Self::Open(Open { counts: Fingerprints::default(), nulls: 0, limit, passed }));
        }
        Ok(match Domain::declared(column) {
            Some(domain) => {
                Self::Codes { coder: Coder::new(column, &domain)?, counts: vec![0; domain.codes()], domain }
            }
            None => Self::Nothing,
        })
    }

    fn count(
        &mut self,
        array: &ArrayRef,
        column: &Column,
        kept: &[bool],
        print: &Fingerprint,
    ) -> Result<(), Error> {
        match self {
            Self::Nothing => {}
            Self::Codes { coder, counts, .. } => {
                let codes = coder.codes(array, column, print)?;
                for (code, _) in codes.into_iter().zip(kept).filter(|(_, kept)| **kept) {
                    if let Some(slot) = counts.get_mut(usize::from(code)) {
                        *slot += 1;
                    }
                }
            }
            Self::Open(open) => {
                let prints = fingerprints(std::slice::from_ref(array), print)?;
                for (value, _) in prints.into_iter().zip(kept).filter(|(_, kept)| **kept) {
                    open.count(value);
                }
            }
        }
        Ok(())
    }

    fn release(
        self,
        rows: u64,
        mechanism: &Mechanism,
        rows_max: u16,
        noise: &mut Seeded,
    ) -> Result<(ColumnModel, Option<Coder>), Error> {
        let empty = ColumnModel { domain: None, counts: vec![], groups: vec![], children: vec![] };
        match self {
            Self::Nothing => Ok((empty, None)),
            Self::Codes { coder, domain, counts } => {
                let cells: Vec<i64> =
                    counts.iter().map(|count| noisy(*count, mechanism, noise)).collect::<Result<_, _>>()?;
                let counts = project(&cells, rows);
                let groups = groups(&domain, &counts);
                Ok((ColumnModel { domain: Some(domain), counts, groups, ..empty }, Some(coder)))
            }
            Self::Open(open) => {
                let (cells, coder) = open.release(rows, mechanism, rows_max, noise)?;
                let counts = project(&cells, rows);
                // Texts are not known before the second pass: [`Count`] puts them in.
                let domain = Domain::Values(vec![String::new(); cells.len().saturating_sub(2)]);
                let groups = groups(&domain, &counts);
                Ok((ColumnModel { domain: Some(domain), counts, groups, ..empty }, Some(coder)))
            }
        }
    }
}

impl Open {
    fn count(&mut self, value: Option<u64>) {
        let Some(value) = value else {
            self.nulls += 1;
            return;
        };
        if self.passed {
            return;
        }
        *self.counts.entry(value).or_default() += 1;
        if i64::try_from(self.counts.len()).unwrap_or(i64::MAX) > self.limit {
            self.passed = true;
            self.counts = Fingerprints::default();
        }
    }

    /// Null, the kept values, and the rest; and what finds the values again.
    ///
    /// Every value that occurs gets noise; those below `rows_max + reach` are dropped, so that a value of one entity (whose
    /// count is `rows_max` at most, over `rows_max` values at most) stays with chance `exp(-DELTA_NATS)` at most.
    fn release(
        self,
        rows: u64,
        mechanism: &Mechanism,
        rows_max: u16,
        noise: &mut Seeded,
    ) -> Result<(Vec<i64>, Coder), Error> {
        let nulls = noisy(self.nulls, mechanism, noise)?;
        // exp(-bits) is at most 1/rows_max.
        let nats = DELTA_NATS + (u16::BITS - rows_max.leading_zeros());
        let reach = i64::try_from(mechanism.reach(nats)).unwrap_or(i64::MAX);
        let threshold = reach.saturating_add(i64::from(rows_max));
        let mut values: Vec<(u64, u64)> = self.counts.into_iter().collect();
        values.sort_unstable();
        let mut kept = Vec::new();
        for (value, count) in values {
            let count = noisy(count, mechanism, noise)?;
            if count >= threshold {
                kept.push((count, value));
            }
        }
        kept.sort_unstable_by_key(|(count, value)| (std::cmp::Reverse(*count), *value));
        kept.truncate(VALUES_MAX);
        let codes: Fingerprints<u16> = kept.iter().map(|(_, value)| *value).zip(1..).collect();
        let mut cells = vec![nulls];
        cells.extend(kept.iter().map(|(count, _)| *count));
        let known = cells.iter().fold(0_i64, |sum, cell| sum.saturating_add((*cell).max(0)));
        cells.push(i64::try_from(rows).unwrap_or(i64::MAX).saturating_sub(known).max(0));
        let texts = vec![None; kept.len()];
        Ok((cells, Coder::Open { codes, texts }))
    }
}
