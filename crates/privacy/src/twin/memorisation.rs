//! Does a twin repeat rows it was made from?
//!
//! Rows of the twin are compared with rows the model was fitted to (training) and with rows it never saw (holdout). A twin
//! that has learnt the population and no single row is as near to the one as to the other. Split by entity
//! ([`crate::masking::keep_entities`]), or a person's second row looks like memory.

use std::collections::HashSet;

use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use super::coding::{Bins, Coder, column_of, fingerprints};
use super::description::Table;
use super::random::{Draw, Fingerprint};
use crate::Error;

/// Rows sampled of each set for equal rows, and for distances. The second costs their product.
const EQUAL_ROWS: usize = 200_000;
const NEAR_ROWS: usize = 4_000;
const NEAR_TWIN_ROWS: usize = 1_000;

/// Distance of two values that differ altogether.
const APART: u64 = 1_000;

/// What is told of a twin outside the domain: this and nothing finer, since the figures are of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No nearer to the training rows than to others.
    Clear,
    /// Somewhat nearer, or a few more equal rows: look at it before it is published.
    Doubtful,
    /// Rows were copied, or nearly so: not to be published.
    Copied,
}

/// How a twin's rows lie between training and holdout. *Units*: thousandths. Stays inside the domain, but for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memorisation {
    /// Rows of the twin that equal a training row on all learnt columns, less those that equal a holdout row; as if all
    /// training rows had been looked at.
    pub copied_per_mille: i64,
    /// Rows of the twin whose nearest record is a training one; ties count half. 500 is no memory.
    pub nearer_per_mille: u64,
    /// Rows of each set that were compared.
    pub rows: u64,
    /// What they say.
    pub verdict: Verdict,
}

/// Compares one table of a twin with the rows it was made from and with others. Identifiers are left out: they are
/// invented. `seed` chooses the samples.
///
/// *Limits*: two hundred thousand rows of each set for equal rows; at most four thousand of each and a thousand of the twin for
/// distances. The larger of training and holdout is cut to the size of the smaller.
///
/// # Errors
/// [`Error::Column`] for a column that is missing or of another type; [`Error::Twin`] if a set is empty or no column is
/// learnt, so that nothing can be said.
pub fn memorisation(
    table: &Table,
    twin: &[RecordBatch],
    training: &[RecordBatch],
    holdout: &[RecordBatch],
    seed: [u8; 32],
) -> Result<Memorisation, Error> {
    let read = |batches, name| Records::read(table, batches, &mut Draw::new(&seed, "memorisation", name));
    let (twin, mut training, mut holdout) =
        (read(twin, "twin")?, read(training, "training")?, read(holdout, "holdout")?);
    if twin.rows.is_empty() || training.rows.is_empty() || holdout.rows.is_empty() || twin.width == 0 {
        return Err(Error::Twin { what: "rows to compare", name: table.name.clone() });
    }
    let rows = training.rows.len().min(holdout.rows.len());
    training.rows.truncate(rows);
    holdout.rows.truncate(rows);
    let equal = |to: &Records| {
        let rows: HashSet<&Vec<u64>> = to.rows.iter().map(|record| &record.prints).collect();
        let hits = twin.rows.iter().filter(|record| rows.contains(&record.prints)).count();
        count(hits) * 1_000
    };
    let (learnt, held) = (equal(&training), equal(&holdout));
    let excess = i128::from(learnt) - i128::from(held);
    // A copy of a row that was not sampled goes unseen.
    let scale = i128::from(training.seen.max(1));
    let copied = excess * scale / (i128::from(count(twin.rows.len())) * i128::from(count(rows)));
    let copied_per_mille = i64::try_from(copied.clamp(-1_000, 1_000)).unwrap_or(0);
    let nearer_per_mille = nearer(&twin, &training, &holdout);
    // What chance explains (four standard deviations) is no memory, whatever the figures.
    let hits = ((learnt + held) / 1_000) as f64;
    let copied = if excess as f64 > 4_000.0 * hits.sqrt() { copied_per_mille } else { 0 };
    let compared = twin.rows.len().min(NEAR_TWIN_ROWS) as f64;
    let chance = 500.0 + 4.0 * 500.0 / compared.sqrt();
    let nearer = if nearer_per_mille as f64 > chance { nearer_per_mille } else { 500 };
    let verdict = match (copied, nearer) {
        (100.., _) | (_, 650..) => Verdict::Copied,
        (20.., _) | (_, 560..) => Verdict::Doubtful,
        _ => Verdict::Clear,
    };
    Ok(Memorisation { copied_per_mille, nearer_per_mille, rows: count(rows), verdict })
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// The share of the twin's rows that have their nearest record in the training set.
fn nearer(twin: &Records, training: &Records, holdout: &Records) -> u64 {
    let near = |record: &Record, to: &Records| {
        to.rows.iter().take(NEAR_ROWS).map(|other| record.distance(other)).min().unwrap_or(u64::MAX)
    };
    let compared = twin.rows.iter().take(NEAR_TWIN_ROWS);
    let (halves, rows) = compared.fold((0_u64, 0_u64), |(halves, rows), record| {
        let nearer = match near(record, training).cmp(&near(record, holdout)) {
            std::cmp::Ordering::Less => 2,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Greater => 0,
        };
        (halves + nearer, rows + 1)
    });
    halves * 500 / rows.max(1)
}

/// A sample of a set of rows.
struct Records {
    rows: Vec<Record>,
    seen: u64,
    width: usize,
}

struct Record {
    /// One a learnt column, of the very value; zero for null.
    prints: Vec<u64>,
    /// For columns with bounds: where the value lies between them, in thousandths.
    places: Vec<Option<u64>>,
}

impl Record {
    fn distance(&self, other: &Self) -> u64 {
        let columns = self.prints.iter().zip(&other.prints).zip(self.places.iter().zip(&other.places));
        let between = columns.map(|((a, b), places)| match places {
            (Some(a), Some(b)) => a.abs_diff(*b),
            _ if a == b => 0,
            _ => APART,
        });
        between.sum()
    }
}

impl Records {
    /// An even sample in random order, in one pass.
    fn read(table: &Table, batches: &[RecordBatch], draw: &mut Draw) -> Result<Self, Error> {
        let print = Fingerprint::new(&[0; 32], "memorisation");
        let learnt: Vec<_> = table.learnt().filter_map(|place| table.columns.get(place)).collect();
        let mut sample = Self { rows: Vec::new(), seen: 0, width: learnt.len() };
        for batch in batches {
            let mut prints = Vec::new();
            let mut places = Vec::new();
            for column in &learnt {
                let array = column_of(batch, column)?;
                // A thousand bins between the bounds.
                let finer = Bins::of(column).map(|bins| bins.finer(APART));
                places.push(match finer {
                    Some(bins) => Some(Coder::Bins(bins).codes(&array, column, &print)?),
                    None => None,
                });
                prints.push(fingerprints(&[array], &print)?);
            }
            for row in 0..batch.num_rows() {
                let record = || Record {
                    prints: prints.iter().map(|of| of.get(row).copied().flatten().unwrap_or(0)).collect(),
                    places: places
                        .iter()
                        .map(|of| {
                            of.as_ref()?.get(row).filter(|code| **code > 0).map(|code| u64::from(*code))
                        })
                        .collect(),
                };
                sample.take(record, draw);
            }
        }
        draw.shuffle(&mut sample.rows);
        Ok(sample)
    }

    fn take(&mut self, record: impl Fn() -> Record, draw: &mut Draw) {
        self.seen += 1;
        if self.rows.len() < EQUAL_ROWS {
            self.rows.push(record());
            return;
        }
        let place = usize::try_from(draw.below(self.seen)).unwrap_or(usize::MAX);
        if let Some(slot) = self.rows.get_mut(place) {
            *slot = record();
        }
    }
}
