//! Is a result fit to leave? Arithmetic over cells: how many distinct entities stand behind each, how much of it the
//! largest one makes up, and what everything that left before gives away beside it ([`ledger`]).
//!
//! Reports hold counts and buckets, never values, and never exact counts of cells that failed.

pub mod cell_key;
pub mod dp;
pub mod ledger;
mod spread;
pub mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use serde::{Deserialize, Serialize};

pub use spread::{DOMINANT_MAX, Dominance, Spread, Spreads, Told};

use crate::Error;
use crate::ir::ContributionKind;

/// Thresholds that a pack or an agreement sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Fewest distinct entities in a cell, at least 2.
    pub min_entities: u32,
    /// Largest share of one entity in a number. *Units*: parts per million, 1–1 000 000 (no limit).
    pub max_dominance_ppm: u32,
    /// What all but the largest two add to a number, at least, relative to the largest: so far off is what the second
    /// largest can make of it (p % rule). *Units*: parts per million, 1–1 000 000.
    #[serde(default = "margin_before")]
    pub margin_ppm: u32,
    /// The (n,k) rule, where it is set: several of the largest together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dominance: Option<Dominance>,
    /// How much may be told in all about one entity and one sensitive column, as long as its resource holds the same, in numbers
    /// with noise ([`ledger::Told`]): from more of them, over ever other groups, everybody's value could be solved for.
    #[serde(default = "noisy_numbers_before")]
    pub noisy_numbers_max: u32,
}

/// Noise about so many people reaches as far as the threshold says.
pub(crate) const EVEN: u64 = 500;
/// Limit: noise reaches no more times as far.
const COARSEST: u32 = 1 << 12;

/// How many times as far noise reaches about so many people: the smallest power of two whose square is no less than how many
/// times 500 they are. A number about many may be one about few for whoever knows the rest; so each of many is told as much
/// less as if it were about all of them that something is told. Relative to the people such noise is less all the same.
#[must_use]
pub fn coarseness(people: u64) -> u32 {
    let mut coarse = 1;
    while coarse < COARSEST && EVEN.saturating_mul(u64::from(coarse).pow(2)) < people {
        coarse *= 2;
    }
    coarse
}

/// For what was ordered before such numbers were counted, and waits.
const fn noisy_numbers_before() -> u32 {
    32
}

/// For what was ordered before there was a margin, and waits.
const fn margin_before() -> u32 {
    150_000
}

impl Thresholds {
    /// Checks every number.
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
        if !(1..=1_000_000).contains(&self.margin_ppm) {
            return Err(Error::Threshold { name: "margin_ppm" });
        }
        match self.dominance {
            Some(dominance) => dominance.check(),
            None => Ok(()),
        }
    }
}

/// What is known of each cell (row) of a result.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    /// Rows of the result.
    pub rows: usize,
    /// Distinct entities, one entry for each entity to be counted.
    pub entities: Vec<EntityCounts>,
    /// How each number is spread over them, entity by entity.
    pub spreads: Vec<Spreads>,
    /// Every row leaves with noise that reaches further than any entity's share: whether one makes up most of a number, which
    /// may depend on what he has, does not matter then and is not told.
    pub covered: bool,
    /// Aggregates that count who has a value at all, where that is a secret: judged like what they count.
    pub known: BTreeSet<String>,
    /// Noise keys of the cells ([`cell_key`]): where a sensitive column decides who is counted, they blur the threshold.
    /// *Shape*: one a row, or none where no populations are given.
    pub cell_keys: Vec<u32>,
    /// In which state the data are: what is blurred is blurred anew in each. Whether the same people come with the next state
    /// would else tell that what one of them has has changed.
    pub state: u32,
}

impl Statistics {
    /// Leaves rows out. *Shape*: one flag a row.
    pub fn keep(&mut self, stays: &[bool]) {
        fn kept<T>(all: &mut Vec<T>, stays: &[bool]) {
            let mut stays = stays.iter();
            all.retain(|_| stays.next().is_some_and(|stays| *stays));
        }
        self.rows = stays.iter().filter(|stays| **stays).count();
        for entity in &mut self.entities {
            kept(&mut entity.counts, stays);
            if let Some(populations) = &mut entity.populations {
                kept(populations, stays);
            }
        }
        for spreads in &mut self.spreads {
            kept(&mut spreads.cells, stays);
            kept(&mut spreads.reach, stays);
        }
        kept(&mut self.cell_keys, stays);
    }

    /// By what limits of a row are blurred.
    fn blur(&self, row: usize) -> Option<u32> {
        self.cell_keys.get(row).map(|key| key ^ self.state.wrapping_mul(0x9e37_79b9))
    }

    /// How many times as far noise on a row reaches ([`coarseness`]), by how many people it could be about.
    #[must_use]
    pub fn coarseness(&self, row: usize) -> u32 {
        let about =
            |entity: &EntityCounts| entity.populations.as_ref().unwrap_or(&entity.counts).get(row).copied();
        coarseness(self.entities.iter().filter_map(about).max().unwrap_or_default())
    }

    /// Do entities add one of few amounts to one of these numbers of a row? Then it tells more of each of them than an
    /// equation does. Of few people each may well have an amount of his own.
    #[must_use]
    pub fn has_few_amounts(&self, aggregates: &BTreeSet<String>, row: usize) -> bool {
        const FEW: u64 = 16;
        // Blurred by who is in it: of a limit that is known, one more amount would tell that somebody has it.
        let key = u64::from(self.blur(row).unwrap_or_default());
        let more = |most: u64| (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24) % (most + 1);
        let limit = |entities: u64| (FEW + more(3 * FEW)).min(entities / 2 + more(entities / 4));
        let added = |spreads: &&Spreads| {
            spreads.of.kind != ContributionKind::Rows && aggregates.contains(&spreads.of.aggregate)
        };
        let added = self.spreads.iter().filter(added);
        added
            .filter_map(|spreads| spreads.cells.get(row))
            .any(|spread| spread.amounts as u64 <= limit(spread.entities as u64))
    }
}

/// Distinct entities of one kind in each cell.
#[derive(Debug, Clone)]
pub struct EntityCounts {
    /// Kind of the entity.
    pub kind: String,
    /// *Shape*: one a row.
    pub counts: Vec<u64>,
    /// Whom the cells speak about (`crate::ir::PopulationQuery`), where that are others. *Shape*: one a row.
    pub populations: Option<Vec<u64>>,
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

    /// A result without the cells that failed.
    ///
    /// # Errors
    /// [`Error::Length`] if the assessment is about another result.
    pub fn keep(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        if self.passed.len() != batch.num_rows() {
            return Err(Error::Length { left: batch.num_rows(), right: self.passed.len() });
        }
        filter_record_batch(batch, &self.passed).map_err(|_| Error::Arrow { operation: "filter" })
    }

    /// Forgets which cells failed; the report still says how many.
    pub fn drop_failed(&mut self) {
        self.passed = self.passed.values().iter().filter(|fine| *fine).map(Some).collect();
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
    /// Columns some of whose numbers carry noise, and how far it reaches.
    #[serde(default)]
    pub accuracy: Vec<Accuracy>,
}

/// How exact the numbers of a column are that leave with noise. It is said of the whole column: which of its numbers carry
/// noise tells what else left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The column.
    pub column: String,
    /// Every number is at most so far from the true one, as long as the data keep to what was declared of them; absent where
    /// too little was. *Units*: the column's, whole, rounded up.
    pub within: Option<u64>,
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
    /// One entity makes up too much of a number, or the second largest could tell what the largest is.
    pub dominance: u64,
    /// Nearly all entities have the same, so that a number speaks about each of them.
    #[serde(default)]
    pub uniform: u64,
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
    let counts = statistics.entities.iter().map(|entity| entity.counts.len());
    let lengths = counts.chain(statistics.spreads.iter().map(|spreads| spreads.cells.len()));
    let blurred = statistics.entities.iter().any(|entity| entity.populations.is_some());
    let keys = Some(statistics.cell_keys.len()).filter(|_| blurred);
    if let Some(odd) = lengths.chain(keys).find(|length| *length != statistics.rows) {
        return Err(Error::Length { left: statistics.rows, right: odd });
    }
    let mut failures = Failures::default();
    let mut smallest: Option<u64> = None;
    let mut passed = Vec::with_capacity(statistics.rows);
    for row in 0..statistics.rows {
        let cell = judge(statistics, thresholds, row);
        failures.few_entities += u64::from(cell.few);
        failures.dominance += u64::from(cell.told.dominated);
        failures.uniform += u64::from(cell.told.uniform);
        failures.missing += u64::from(cell.told.missing);
        smallest = [smallest, cell.smallest].into_iter().flatten().min();
        passed.push(!cell.few && cell.told == Told::default());
    }
    let cells = u64::try_from(statistics.rows).unwrap_or(u64::MAX);
    let fine = count(passed.iter().copied());
    let report = DisclosureReport {
        thresholds,
        kinds: kinds(statistics),
        cells,
        passed: fine,
        suppressed: cells - fine,
        perturbed: 0,
        failures,
        smallest: smallest.map_or(Bucket::None, |count| bucket(count, thresholds.min_entities)),
        overlaps: Vec::new(),
        accuracy: Vec::new(),
    };
    Ok(Assessment { report, passed: passed.into() })
}

/// Each once: entities of one kind are counted behind cells, behind numbers and in populations.
fn kinds(statistics: &Statistics) -> Vec<String> {
    let mut kinds = Vec::new();
    for entity in &statistics.entities {
        if !kinds.contains(&entity.kind) {
            kinds.push(entity.kind.clone());
        }
    }
    kinds
}

struct Cell {
    few: bool,
    told: Told,
    smallest: Option<u64>,
}

fn judge(statistics: &Statistics, thresholds: Thresholds, row: usize) -> Cell {
    let counts = statistics.entities.iter().filter_map(|entity| entity.counts.get(row).copied());
    let smallest = counts.min();
    let least = u64::from(thresholds.min_entities);
    let coarse = u64::from(statistics.coarseness(row));
    let more = statistics.blur(row).map_or(0, |key| more_than_least(key, least, coarse));
    let wanted = |entity: &EntityCounts| if entity.populations.is_some() { least + more } else { least };
    let few = |entity: &EntityCounts| entity.counts.get(row).is_none_or(|count| *count < wanted(entity));
    let few = statistics.entities.iter().any(few);
    let mut told = Told {
        uniform: statistics.entities.iter().any(|one| is_nearly_whole(one, least, more, row)),
        ..Told::default()
    };
    for spreads in &statistics.spreads {
        let of_secrets = statistics.known.contains(&spreads.of.aggregate);
        let kind = if of_secrets { ContributionKind::Values } else { spreads.of.kind };
        let one = spreads.cells.get(row).map(|spread| spread.told(kind, thresholds, more));
        let one = one.unwrap_or(Told { missing: true, ..Told::default() });
        told.dominated |= one.dominated && !statistics.covered;
        told.uniform |= one.uniform;
        told.missing |= one.missing;
    }
    Cell { few, told, smallest }
}

/// How many more than the threshold a cell must hold whose people a sensitive column chose: none up to half of it, and more of
/// many people, by its key. With a threshold that is known, a cell that comes with the next ten people would tell that one of
/// them has it.
const fn more_than_least(key: u32, least: u64, coarse: u64) -> u64 {
    // The key chooses noise as well.
    let other = (key ^ 0x3c6e_f372).wrapping_mul(0x9e37_79b1);
    ((other >> 8) as u64) % (least / 2 * coarse + 1)
}

/// Does a cell of those who have something hold nearly everybody of a group that is not large? How many have not is a number
/// like how many have. In a large group it is knowledge about the world.
fn is_nearly_whole(entities: &EntityCounts, least: u64, more: u64, row: usize) -> bool {
    const LARGE: u64 = 10;
    let counts = (entities.counts.get(row), entities.populations.as_ref().and_then(|all| all.get(row)));
    let (Some(count), Some(all)) = counts else { return false };
    all.saturating_sub(*count) < least + more && *all < least.saturating_mul(LARGE)
}

fn bucket(count: u64, threshold: u32) -> Bucket {
    let threshold = u64::from(threshold);
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
