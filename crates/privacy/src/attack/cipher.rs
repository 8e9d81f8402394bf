//! Ciphers that a few known pairs undo: character by character, by a constant, or by a codebook of a short part.

use std::collections::HashMap;

use super::data::{Col, Data, State};
use super::draw::{mix, ratio, sample};
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};

/// Pairs that the attacker knows (his own, those of friends).
const KNOWN: usize = 200;
/// Fewest values beside the known ones.
const ROWS_MIN: usize = 100;
/// Values looked at.
pub(super) const VALUES_MAX: usize = 20_000;
/// Longest identifier looked at.
const LENGTH_MAX: usize = 40;

type Pair = (Vec<char>, Vec<char>);

/// Substitution by position, learned from known pairs; and a constant that is added.
pub(super) fn substitution(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    judge(data, Attack::SimpleCipher, limits, |pairs, seed| {
        let constant = constant(pairs);
        by_place(pairs, seed).max(constant)
    })
}

/// Parts of a small domain, encrypted each for itself.
pub(super) fn codebook(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    judge(data, Attack::Codebook, limits, recovered_by_codebook)
}

fn judge(
    data: &Data<'_>,
    attack: Attack,
    limits: &Limits,
    rate: impl Fn(&[Pair], u64) -> f64,
) -> Result<Vec<Finding>, Reason> {
    if data.pairs.is_none() {
        return Err(Reason::NoPairs);
    }
    let mut findings = Vec::new();
    let mut few = false;
    for column in data.identifiers().filter(|column| column.state != State::Kept) {
        let pairs = pairs(data, column);
        if pairs.len() < KNOWN + ROWS_MIN {
            few = true;
            continue;
        }
        let measure = Measure::at_most(Unit::Share, rate(&pairs, data.seed), limits.recovered_share_max);
        findings.push(Finding::judged(attack, measure, column.columns()));
    }
    if findings.is_empty() && few { Err(Reason::FewRows) } else { Ok(findings) }
}

/// Distinct values of the column's usual length, before and after.
fn pairs(data: &Data<'_>, column: &Col<'_>) -> Vec<Pair> {
    let all = data.value_pairs(column);
    let drawn = sample(all.len(), VALUES_MAX, data.seed);
    let chars = |code| -> Vec<char> { column.value(code).chars().take(LENGTH_MAX + 1).collect() };
    let mut pairs: Vec<Pair> = drawn
        .into_iter()
        .filter_map(|row| all.get(row))
        .map(|(left, right)| (chars(*left), chars(*right)))
        .filter(|(left, right)| left.len() <= LENGTH_MAX && right.len() <= LENGTH_MAX)
        .collect();
    let mut lengths: HashMap<(usize, usize), usize> = HashMap::new();
    for (left, right) in &pairs {
        *lengths.entry((left.len(), right.len())).or_default() += 1;
    }
    let usual = lengths.into_iter().max_by_key(|(length, count)| (*count, *length)).map(|(length, _)| length);
    pairs.retain(|(left, right)| Some((left.len(), right.len())) == usual);
    pairs
}

/// For each place before, the place after whose characters tell it, with what each character stands for.
struct Place {
    after: usize,
    table: HashMap<char, char>,
}

/// Share of unknown values that the learned substitution gives back wholly.
fn by_place(pairs: &[Pair], seed: u64) -> f64 {
    let known: Vec<usize> = sample(pairs.len(), KNOWN, seed);
    let learned: Vec<&Pair> = known.iter().filter_map(|row| pairs.get(*row)).collect();
    let Some((before, after)) = learned.first().map(|(left, right)| (left.len(), right.len())) else {
        return 0.0;
    };
    let places: Vec<Place> = (0..before).filter_map(|place| learn(&learned, place, after)).collect();
    if places.len() < before {
        return 0.0;
    }
    let mut rows = 0;
    let mut right = 0;
    for (_, (left, masked)) in pairs.iter().enumerate().filter(|(row, _)| known.binary_search(row).is_err()) {
        rows += 1;
        let read = |(place, c): (&Place, &char)| {
            masked.get(place.after).and_then(|code| place.table.get(code)) == Some(c)
        };
        right += usize::from(left != masked && places.iter().zip(left).all(read));
    }
    ratio(right, rows)
}

/// The place that tells best; none if even it errs in a fifth of the known pairs.
fn learn(learned: &[&Pair], place: usize, after: usize) -> Option<Place> {
    let tables = (0..after).map(|at| {
        let mut counts: HashMap<(char, char), usize> = HashMap::new();
        for (left, right) in learned {
            if let Some((c, code)) = left.get(place).zip(right.get(at)) {
                *counts.entry((*code, *c)).or_default() += 1;
            }
        }
        let mut best: HashMap<char, (usize, char)> = HashMap::new();
        for ((code, c), count) in counts {
            let slot = best.entry(code).or_insert((0, c));
            *slot = (*slot).max((count, c));
        }
        let right: usize = best.values().map(|(count, _)| *count).sum();
        (right, at, best)
    });
    let (right, after, best) = tables.max_by_key(|(right, at, _)| (*right, usize::MAX - at))?;
    (right * 5 >= learned.len() * 4)
        .then(|| Place { after, table: best.into_iter().map(|(code, (_, c))| (code, c)).collect() })
}

/// Share of values to which one and the same number was added.
fn constant(pairs: &[Pair]) -> f64 {
    let number = |text: &[char]| text.iter().collect::<String>().parse::<i128>().ok();
    let mut counts: HashMap<i128, usize> = HashMap::new();
    for (left, right) in pairs {
        let difference = number(left).zip(number(right)).map(|(left, right)| right.wrapping_sub(left));
        if let Some(difference) = difference.filter(|difference| *difference != 0) {
            *counts.entry(difference).or_default() += 1;
        }
    }
    ratio(counts.into_values().max().filter(|most| *most > 1).unwrap_or(0), pairs.len())
}

/// Share of values that are recovered by whoever knows one pair in a hundred, if the changed parts are encrypted each for
/// itself.
fn recovered_by_codebook(pairs: &[Pair], seed: u64) -> f64 {
    let runs = changed_runs(pairs);
    if runs.is_empty() || !runs.iter().all(|run| is_function(pairs, run)) {
        return 0.0;
    }
    let known = |row: usize| mix(seed ^ 0xc0de, u64::try_from(row).unwrap_or(0)).is_multiple_of(100);
    let mut books: Vec<HashMap<&[char], &[char]>> = runs.iter().map(|_| HashMap::new()).collect();
    for (_, (left, right)) in pairs.iter().enumerate().filter(|(row, _)| known(*row)) {
        for (book, run) in books.iter_mut().zip(&runs) {
            if let Some((before, after)) = left.get(run.clone()).zip(right.get(run.clone())) {
                book.insert(after, before);
            }
        }
    }
    let (mut rows, mut right) = (0, 0);
    for (_, (left, masked)) in pairs.iter().enumerate().filter(|(row, _)| !known(*row)) {
        rows += 1;
        right += usize::from(books.iter().zip(&runs).all(|(book, run)| {
            let part = masked.get(run.clone()).and_then(|part| book.get(part));
            part.is_some() && part.copied() == left.get(run.clone())
        }));
    }
    ratio(right, rows)
}

/// Stretches of places that are not the same before and after in nearly all values.
fn changed_runs(pairs: &[Pair]) -> Vec<std::ops::Range<usize>> {
    let length =
        pairs.first().filter(|(left, right)| left.len() == right.len()).map_or(0, |pair| pair.0.len());
    let kept = |at: usize| {
        let same = pairs.iter().filter(|(left, right)| left.get(at) == right.get(at)).count();
        ratio(same, pairs.len()) >= 0.99
    };
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for at in (0..length).filter(|at| !kept(*at)) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// Is the part after always the same for the same part before, whatever stands around it?
fn is_function(pairs: &[Pair], run: &std::ops::Range<usize>) -> bool {
    let mut first: HashMap<&[char], &[char]> = HashMap::new();
    let (mut repeated, mut same) = (0, 0);
    for (left, right) in pairs {
        let Some((before, after)) = left.get(run.clone()).zip(right.get(run.clone())) else { continue };
        if let Some(known) = first.get(before) {
            repeated += 1;
            same += usize::from(*known == after);
        } else {
            first.insert(before, after);
        }
    }
    repeated >= ROWS_MIN && ratio(same, repeated) >= 0.9
}
