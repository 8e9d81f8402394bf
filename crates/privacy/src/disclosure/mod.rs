//! Is a result fit to leave? Arithmetic over cells: how many distinct entities stand behind each, how much of it the
//! largest one makes up, and what everything that left before gives away beside it ([`ledger`]).
//!
//! Reports hold counts and buckets, never values, and never exact counts of cells that failed.

mod appetite;
pub mod cell_key;
pub mod dp;
pub mod ledger;
mod rules;
mod suppress;
pub mod table;
#[cfg(test)]
mod tests;

use arrow::array::{Array, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use serde::{Deserialize, Serialize};

pub use appetite::{Appetite, Dominance, Group, Limits};
pub use rules::{
    CellStatistics, CellVerdict, ColumnStatistics, Contributions, Rule, judge_cells, passed, round,
};
pub use suppress::{Suppression, suppress};

use crate::Error;
use crate::ir::Counted;

/// Thresholds that a pack or an agreement sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Fewest distinct entities in a cell, at least 2.
    pub min_entities: u32,
    /// Largest share of one entity in a sum or mean. *Units*: parts per million, 1–1 000 000 (no limit).
    pub max_dominance_ppm: u32,
}

impl Thresholds {
    /// Checks both numbers.
    ///
    /// # Errors
    /// [`Error::Threshold`] for a number that would switch the protection off.
    pub fn check(self) -> Result<(), Error> {
        if self.min_entities < 2 {
            return Err(Error::Threshold { name: "min_entities" });
        }
        if !(1..=1_000_000).contains(&self.max_dominance_ppm) {
            return Err(Error::Threshold { name: "max_dominance_ppm" });
        }
        Ok(())
    }
}

/// What is known of each cell (row) of a result.
#[derive(Debug, Clone)]
pub struct Statistics {
    /// Rows of the result.
    pub rows: usize,
    /// Distinct entities, one entry for each entity to be counted.
    pub entities: Vec<EntityCounts>,
    /// Largest entity's share, one array for each sum or mean. *Units*: parts per million. *Shape*: one a row.
    pub dominance: Vec<Int64Array>,
    /// The largest entity's absolute contribution itself, in the order of `dominance`. *Units*: those of what is summed.
    /// *Shape*: one a row.
    pub extents: Vec<Float64Array>,
}

/// Distinct entities of one kind in each cell.
#[derive(Debug, Clone)]
pub struct EntityCounts {
    /// Kind of the entity.
    pub kind: String,
    /// *Shape*: one a row.
    pub counts: Int64Array,
}

/// Takes the statistics out of the result of a query that [`crate::ir::count_entities`] rewrote; also returns the
/// result without them.
///
/// # Errors
/// [`Error::Column`] if a statistics column is absent or of another type.
pub fn split(batch: &RecordBatch, counted: &Counted) -> Result<(RecordBatch, Statistics), Error> {
    let integers = |name: &str| {
        let missing = || Error::Column { column: name.to_owned(), expected: "integer" };
        let column = batch.column_by_name(name).ok_or_else(missing)?;
        column.as_primitive_opt::<Int64Type>().cloned().ok_or_else(missing)
    };
    let entities = counted
        .entities
        .iter()
        .map(|entity| {
            Ok(EntityCounts { kind: entity.need.entity.kind.clone(), counts: integers(&entity.column)? })
        })
        .collect::<Result<_, Error>>()?;
    let dominance =
        counted.dominance.iter().map(|share| integers(&share.column)).collect::<Result<_, _>>()?;
    let floats = |name: &str| {
        let missing = || Error::Column { column: name.to_owned(), expected: "float" };
        let column = batch.column_by_name(name).ok_or_else(missing)?;
        column.as_primitive_opt::<Float64Type>().cloned().ok_or_else(missing)
    };
    let extents = counted.dominance.iter().map(|share| floats(&share.extent)).collect::<Result<_, _>>()?;
    let kept: Vec<usize> = (0..batch.num_columns().min(counted.checked.schema().columns.len())).collect();
    let bare = batch.project(&kept).map_err(|_| Error::Arrow { operation: "project" })?;
    Ok((bare, Statistics { rows: batch.num_rows(), entities, dominance, extents }))
}

/// The verdict on a result.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// What reviewers see.
    pub report: DisclosureReport,
    passed: BooleanArray,
}

impl Assessment {
    /// Which cells passed. *Shape*: one a row, never null.
    #[must_use]
    pub const fn passed(&self) -> &BooleanArray {
        &self.passed
    }

    /// Fails cells that the release ledger does not let leave, and notes how many leave with noise only. *Shape*: one
    /// verdict a row.
    ///
    /// # Errors
    /// [`Error::Length`] if the verdicts are about another result.
    pub fn apply(&mut self, refused: &[bool], perturbed: &[bool]) -> Result<(), Error> {
        let rows = self.passed.len();
        if let Some(odd) = [refused, perturbed].into_iter().find(|flags| flags.len() != rows) {
            return Err(Error::Length { left: rows, right: odd.len() });
        }
        // What failed by itself needs no comparison to fail.
        let found = self.passed.values().iter().zip(refused);
        self.report.failures.differencing = count(found.map(|(fine, no)| fine && *no));
        self.passed = self.passed.values().iter().zip(refused).map(|(fine, no)| Some(fine && !no)).collect();
        self.report.passed = count(self.passed.values().iter());
        self.report.suppressed = self.report.cells - self.report.passed;
        let leave = self.passed.values().iter().zip(perturbed);
        self.report.perturbed = count(leave.map(|(fine, noisy)| fine && *noisy));
        Ok(())
    }
}

/// What a reviewer sees of the automatic check. Holds no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureReport {
    /// The thresholds applied.
    pub thresholds: Thresholds,
    /// Kinds of entities counted.
    pub kinds: Vec<String>,
    /// Cells in all.
    pub cells: u64,
    /// Cells that passed every rule.
    pub passed: u64,
    /// Cells that failed at least one.
    pub suppressed: u64,
    /// Cells that passed and leave with noise, because of what left before.
    #[serde(default)]
    pub perturbed: u64,
    /// Cells that failed, by rule; a cell may fail several.
    pub failures: Failures,
    /// Size of the smallest cell, roughly.
    pub smallest: Bucket,
    /// What left before and is in the way of some cells.
    #[serde(default)]
    pub overlaps: Vec<Overlap>,
}

/// Why some cells may not leave as they are, with the earlier releases that make it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// The rule.
    pub reason: ledger::ReasonKind,
    /// Kind of the entities concerned.
    pub entity: String,
    /// Earlier releases.
    pub earlier: Vec<ledger::Earlier>,
}

/// Cells that failed, by rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Failures {
    /// Too few distinct entities.
    pub few_entities: u64,
    /// One entity makes up too much of a sum or mean.
    pub dominance: u64,
    /// A statistic is missing.
    pub missing: u64,
    /// With what left before it exposes too few entities.
    pub differencing: u64,
}

/// A number of entities relative to the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// There are no cells, or nothing is counted.
    None,
    /// Below the threshold.
    Below,
    /// At least the threshold, less than twice.
    UpToTwice,
    /// At least twice, less than ten times.
    UpToTenfold,
    /// At least ten times the threshold.
    Larger,
}

/// Judges every cell.
///
/// # Errors
/// [`Error::Threshold`] for thresholds out of range, [`Error::Length`] if a statistic is not one a row.
pub fn assess(statistics: &Statistics, thresholds: Thresholds) -> Result<Assessment, Error> {
    thresholds.check()?;
    let arrays = statistics.entities.iter().map(|entity| &entity.counts).chain(&statistics.dominance);
    if let Some(odd) = arrays.into_iter().find(|array| array.len() != statistics.rows) {
        return Err(Error::Length { left: statistics.rows, right: odd.len() });
    }
    let mut failures = Failures::default();
    let mut smallest: Option<i64> = None;
    let mut passed = Vec::with_capacity(statistics.rows);
    for row in 0..statistics.rows {
        let cell = judge(statistics, thresholds, row);
        failures.few_entities += u64::from(cell.few);
        failures.dominance += u64::from(cell.dominated);
        failures.missing += u64::from(cell.missing);
        smallest = [smallest, cell.smallest].into_iter().flatten().min();
        passed.push(!cell.few && !cell.dominated && !cell.missing);
    }
    let cells = u64::try_from(statistics.rows).unwrap_or(u64::MAX);
    let fine = count(passed.iter().copied());
    let report = DisclosureReport {
        thresholds,
        kinds: statistics.entities.iter().map(|entity| entity.kind.clone()).collect(),
        cells,
        passed: fine,
        suppressed: cells - fine,
        perturbed: 0,
        failures,
        smallest: smallest.map_or(Bucket::None, |count| bucket(count, thresholds.min_entities)),
        overlaps: Vec::new(),
    };
    Ok(Assessment { report, passed: passed.into() })
}

struct Cell {
    few: bool,
    dominated: bool,
    missing: bool,
    smallest: Option<i64>,
}

fn judge(statistics: &Statistics, thresholds: Thresholds, row: usize) -> Cell {
    let mut cell = Cell { few: false, dominated: false, missing: false, smallest: None };
    for entity in &statistics.entities {
        if entity.counts.is_null(row) {
            cell.missing = true;
            continue;
        }
        let count = entity.counts.value(row);
        cell.few |= count < i64::from(thresholds.min_entities);
        cell.smallest = Some(cell.smallest.map_or(count, |smallest| smallest.min(count)));
    }
    for share in &statistics.dominance {
        cell.missing |= share.is_null(row);
        cell.dominated |= share.is_valid(row) && share.value(row) > i64::from(thresholds.max_dominance_ppm);
    }
    cell
}

fn bucket(count: i64, threshold: u32) -> Bucket {
    let threshold = i64::from(threshold);
    match count {
        _ if count < threshold => Bucket::Below,
        _ if count < threshold * 2 => Bucket::UpToTwice,
        _ if count < threshold * 10 => Bucket::UpToTenfold,
        _ => Bucket::Larger,
    }
}

fn count(flags: impl Iterator<Item = bool>) -> u64 {
    flags.map(u64::from).sum()
}
