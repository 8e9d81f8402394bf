//! Do synthetic rows give away the rows they were learned from?

use std::collections::HashMap;

use arrow::array::{Array, RecordBatch};
use serde::{Deserialize, Serialize};

use super::draw::{gain, half, ratio, sample, significant};
use super::report::{Measure, Unit};
use super::text::{TextColumn, read};
use super::{Attack, Column, Finding, Input, Limits, Reason};
use crate::Error;
use crate::ir::Label;

/// Rows of the training and of the held-back data that are compared.
const REAL_MAX: usize = 100_000;
/// Synthetic rows that are compared.
const SYNTHETIC_MAX: usize = 2_000;
const SYNTHETIC_MIN: usize = 100;
/// Comparisons of two cells in all.
const CELLS_MAX: usize = 600_000_000;

/// How near synthetic rows are to the rows they were learned from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Memorisation {
    /// Share of synthetic rows whose nearest real row is a training row, ties by chance. *Units*: 0–1.
    pub nearer_share: f64,
    /// The same if nothing was memorised: the training rows' share of the real rows. *Units*: 0–1.
    pub nearer_expected: f64,
    /// The score: what the first adds to the second, as a part of what it leaves. 0 none, 1 everything. *Units*: gain.
    pub gain: f64,
    /// Is the gain more than chance explains (four standard deviations)?
    pub significant: bool,
    /// Median distance of synthetic rows to the closest training row over that to the closest held-back row; 1 if both are
    /// zero. Depends on how many there are of each.
    pub distance_ratio: f64,
    /// Share of synthetic rows that equal a training row which is alone with its values. *Units*: 0–1.
    pub copies_share: f64,
    /// Share of held-back rows that do, or of synthetic rows that equal a held-back one, as if there were as many of those:
    /// the larger. *Units*: 0–1.
    pub copies_expected: f64,
    /// Synthetic rows that were compared, drawn by the seed.
    pub compared: usize,
}

/// Compares the distance of synthetic rows to the rows they were learned from with that to rows that were held back.
///
/// Rows are compared in the columns that all three have, except identifiers and entity keys, which synthetic rows make up:
/// numbers and dates by their difference in ranges (1st to 99th percentile), other values by equality.
///
/// *Shape*: the schemas may differ in order and types; rows need not correspond. Empty data score 0.
///
/// # Errors
/// [`Error::Column`] if no column can be compared.
pub fn memorisation(
    train: &RecordBatch,
    holdout: &RecordBatch,
    synthetic: &RecordBatch,
    columns: &[Column],
    seed: u64,
) -> Result<Memorisation, Error> {
    let sides = [train, holdout, synthetic].map(|batch| read(batch).0);
    let [train, holdout, synthetic] = &sides;
    let [train, holdout, synthetic] = encode([train, holdout, synthetic], columns)
        .ok_or(Error::Column { column: String::new(), expected: "in all three" })?;
    let train_rows = sample(train.rows(), REAL_MAX, seed);
    let holdout_rows = sample(holdout.rows(), REAL_MAX, seed ^ 1);
    let real = (train_rows.len() + holdout_rows.len()).max(1);
    let most = (CELLS_MAX / (real * train.width)).clamp(SYNTHETIC_MIN, SYNTHETIC_MAX);
    let drawn = sample(synthetic.rows(), most, seed ^ 2);
    let nearer_expected = ratio(train_rows.len(), real);
    let mut nearer = 0.0;
    let mut distances = (Vec::new(), Vec::new());
    for row in drawn.iter().filter_map(|row| synthetic.row(*row)) {
        let to_train = closest(&train, &train_rows, row);
        let to_holdout = closest(&holdout, &holdout_rows, row);
        nearer += match to_train.total_cmp(&to_holdout) {
            std::cmp::Ordering::Less => 1.0,
            std::cmp::Ordering::Equal => nearer_expected,
            std::cmp::Ordering::Greater => 0.0,
        };
        distances.0.push(to_train);
        distances.1.push(to_holdout);
    }
    let empty = drawn.is_empty() || train_rows.is_empty() || holdout_rows.is_empty();
    let nearer_share = if empty { nearer_expected } else { nearer / drawn.len() as f64 };
    let alone = train.alone();
    // Where values are dense, rows that were made up equal real ones by chance: as often those that were held back.
    let by_chance = synthetic.share_in(&holdout.alone()) * ratio(train.rows(), holdout.rows());
    Ok(Memorisation {
        nearer_share,
        nearer_expected,
        gain: gain(nearer_share, nearer_expected),
        significant: significant(nearer_share, nearer_expected, drawn.len()),
        distance_ratio: if empty { 1.0 } else { quotient(median(distances.0), median(distances.1)) },
        copies_share: synthetic.share_in(&alone),
        copies_expected: holdout.share_in(&alone).max(by_chance).min(1.0),
        compared: drawn.len(),
    })
}

/// Both attacks on synthetic rows. Without held-back rows only copies can be looked for: one half of the raw rows stands in
/// for them against the other.
pub(super) fn attacks(input: &Input<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    if !matches!(input.rows, super::Rows::Synthetic) {
        return Err(Reason::NotSynthetic);
    }
    let names = |columns: &[Column]| -> Vec<String> {
        columns.iter().filter(|column| is_compared(column)).map(|column| column.name.clone()).collect()
    };
    let columns = names(input.columns);
    let mut findings = Vec::new();
    let (share, expected, rows) = if let Some(holdout) = input.holdout {
        let score = memorisation(input.raw, holdout, input.masked, input.columns, input.seed)
            .map_err(|_| Reason::NoColumn)?;
        let measure = Measure::at_most(Unit::Gain, score.gain, limits.memorisation_gain_max);
        let finding = Finding::judged(Attack::Memorisation, measure, columns.clone());
        findings.push(finding.with_chance(0.0).unless_chance(score.significant));
        // What is expected was told from a part, so it is known so much worse.
        let scale = 2 * (1 + input.raw.num_rows() / holdout.num_rows().max(1));
        let rows = holdout.num_rows().min(input.masked.num_rows());
        (score.copies_share, score.copies_expected, rows / scale)
    } else {
        findings.push(Finding::not_applicable(Attack::Memorisation, Reason::NoHoldout));
        let (raw, synthetic) = (read(input.raw).0, read(input.masked).0);
        let [raw, _, synthetic] = encode([&raw, &raw, &synthetic], input.columns).ok_or(Reason::NoColumn)?;
        let (first, second) = raw.halves(input.seed);
        let alone = first.alone();
        (synthetic.share_in(&alone), second.share_in(&alone), second.rows().min(synthetic.rows()))
    };
    let excess = (share - expected).max(0.0);
    let measure = Measure::at_most(Unit::Share, excess, limits.copies_share_max);
    let finding = Finding::judged(Attack::Copies, measure, columns).with_chance(expected);
    findings.push(finding.unless_chance(significant(share, expected, rows)));
    Ok(findings)
}

fn is_compared(column: &Column) -> bool {
    !column.entity && column.label != Label::Identifier
}

/// Rows of cells: numbers scaled to their range, other values as codes.
#[derive(Debug)]
struct Cells {
    width: usize,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cell {
    None,
    Number(f32),
    Code(u32),
}

impl Cell {
    /// 0–1.
    fn distance(self, other: Self) -> f32 {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => (left - right).abs().min(1.0),
            (left, right) => f32::from(u8::from(left != right)),
        }
    }
}

impl Cells {
    fn rows(&self) -> usize {
        self.cells.len() / self.width
    }

    fn row(&self, row: usize) -> Option<&[Cell]> {
        self.cells.get(row * self.width..(row + 1) * self.width)
    }

    fn keys(&self) -> impl Iterator<Item = Vec<(u8, u32)>> + '_ {
        let key = |cell: &Cell| match cell {
            Cell::None => (0, 0),
            Cell::Number(number) => (1, number.to_bits()),
            Cell::Code(code) => (2, *code),
        };
        self.cells.chunks_exact(self.width).map(move |row| row.iter().map(key).collect())
    }

    /// Rows that no other row equals.
    fn alone(&self) -> HashMap<Vec<(u8, u32)>, bool> {
        let mut alone = HashMap::new();
        for key in self.keys() {
            alone.entry(key).and_modify(|alone| *alone = false).or_insert(true);
        }
        alone
    }

    fn share_in(&self, alone: &HashMap<Vec<(u8, u32)>, bool>) -> f64 {
        ratio(self.keys().filter(|key| alone.get(key) == Some(&true)).count(), self.rows())
    }

    fn halves(&self, seed: u64) -> (Self, Self) {
        let part = |first: bool| {
            let rows = (0..self.rows()).filter(|row| half(seed, 3, *row) == first);
            let cells = rows.filter_map(|row| self.row(row)).flatten().copied().collect();
            Self { width: self.width, cells }
        };
        (part(true), part(false))
    }
}

/// The compared columns of three tables; none if there is none.
fn encode(sides: [&Vec<TextColumn>; 3], columns: &[Column]) -> Option<[Cells; 3]> {
    let mut found: Vec<[&TextColumn; 3]> = Vec::new();
    for column in columns.iter().filter(|column| is_compared(column)) {
        let by_name = sides.map(|side| side.iter().find(|known| known.name == column.name));
        if let [Some(first), Some(second), Some(third)] = by_name {
            found.push([first, second, third]);
        }
    }
    let columns: Vec<[Vec<Cell>; 3]> = found.into_iter().map(cells).collect();
    let width = columns.len();
    (width > 0).then(|| {
        [0, 1, 2].map(|side| {
            let sides: Vec<&Vec<Cell>> = columns.iter().filter_map(|column| column.get(side)).collect();
            let rows = sides.first().map_or(0, |cells| cells.len());
            let cell =
                |row: usize| sides.iter().map(move |cells| cells.get(row).copied().unwrap_or(Cell::None));
            Cells { width, cells: (0..rows).flat_map(cell).collect() }
        })
    })
}

fn cells(sides: [&TextColumn; 3]) -> [Vec<Cell>; 3] {
    if sides.iter().all(|side| side.numbers.is_some()) {
        let numbers = |side: &TextColumn| {
            let values = side.numbers.as_ref().map(|numbers| numbers.values.clone());
            values.unwrap_or_default()
        };
        let mut real: Vec<f64> = sides.iter().take(2).flat_map(|side| numbers(side)).collect();
        real.retain(|value| !value.is_nan());
        real.sort_by(f64::total_cmp);
        let at = |part: usize| real.get(real.len().saturating_sub(1) * part / 100).copied().unwrap_or(0.0);
        let (low, range) = (at(1), at(99) - at(1));
        let range = if range.is_normal() { range } else { 1.0 };
        let cell = |value: f64| {
            if value.is_nan() { Cell::None } else { Cell::Number(((value - low) / range) as f32) }
        };
        return sides.map(|side| numbers(side).into_iter().map(cell).collect());
    }
    let mut codes: HashMap<&str, u32> = HashMap::new();
    sides.map(|side| {
        let rows = (0..side.texts.len()).map(|row| {
            let Some(text) = side.get(row) else { return Cell::None };
            let next = u32::try_from(codes.len()).unwrap_or(u32::MAX);
            Cell::Code(*codes.entry(text).or_insert(next))
        });
        rows.collect()
    })
}

/// Distance to the closest of some rows; infinite if there is none.
fn closest(cells: &Cells, rows: &[usize], row: &[Cell]) -> f32 {
    let mut best = f32::INFINITY;
    for other in rows.iter().filter_map(|at| cells.row(*at)) {
        let mut distance = 0.0;
        for (left, right) in row.iter().zip(other) {
            distance += left.distance(*right);
            if distance >= best {
                break;
            }
        }
        best = best.min(distance);
    }
    best
}

fn median(mut values: Vec<f32>) -> f64 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().map_or(0.0, f64::from)
}

fn quotient(left: f64, right: f64) -> f64 {
    if right > 0.0 {
        (left / right).min(1e6)
    } else if left > 0.0 {
        1e6
    } else {
        1.0
    }
}
