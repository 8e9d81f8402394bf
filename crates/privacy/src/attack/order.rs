//! What the order of masked values tells: matching by rank, and identifiers whose order is kept.

use super::data::{Col, Data, State};
use super::draw::{gain, half, ratio, sample};
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};
use crate::SensitiveKind;
use crate::format::ResidentId;
use crate::ir::Label;

/// Fewest rows on which ranks say something.
const ROWS_MIN: usize = 100;
/// Identifiers that a correlation is measured on.
const PAIRS_MAX: usize = 20_000;
/// A number is recovered if the guess is within so much of the range from the 5th to the 95th percentile.
const TOLERANCE: f64 = 0.01;

/// Absolute rank correlation (Spearman's, ties by their mean rank); 0 if one side does not vary.
pub(super) fn rank_correlation(pairs: &[(f64, f64)]) -> f64 {
    let left = ranks(pairs.iter().map(|pair| pair.0));
    let right = ranks(pairs.iter().map(|pair| pair.1));
    let n = pairs.len() as f64;
    let mean = (n - 1.0) / 2.0;
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    for (left, right) in left.iter().zip(&right) {
        both += (left - mean) * (right - mean);
        first += (left - mean).powi(2);
        second += (right - mean).powi(2);
    }
    if first > 0.0 && second > 0.0 { (both / (first * second).sqrt()).abs() } else { 0.0 }
}

fn ranks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<(f64, usize)> = values.zip(0..).collect();
    sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut ranks = vec![0.0; sorted.len()];
    let mut from = 0;
    for tied in sorted.chunk_by(|left, right| left.0 == right.0) {
        let rank = from as f64 + (tied.len() - 1) as f64 / 2.0;
        for (_, at) in tied {
            if let Some(slot) = ranks.get_mut(*at) {
                *slot = rank;
            }
        }
        from += tied.len();
    }
    ranks
}

/// Matching by rank, for numbers and dates that are no identifiers.
pub(super) fn by_rank(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    if data.pairs.is_none() {
        return Err(Reason::NoPairs);
    }
    let mut findings = Vec::new();
    let mut few = false;
    let hides = |state| !matches!(state, State::Absent | State::Kept | State::Unknown);
    for column in &data.columns {
        let numbers =
            column.both().is_some_and(|(raw, masked)| raw.numbers.is_some() && masked.numbers.is_some());
        if !numbers || !hides(column.state) || matches!(column.label, Label::Identifier | Label::Public) {
            continue;
        }
        match matched(data, column) {
            Some((rate, chance)) => {
                let measure = Measure::at_most(Unit::Gain, gain(rate, chance), limits.rank_gain_max);
                findings.push(Finding::judged(Attack::Rank, measure, column.columns()).with_chance(chance));
            }
            None => few = true,
        }
    }
    if findings.is_empty() && few { Err(Reason::FewRows) } else { Ok(findings) }
}

/// Share of the rows of one half whose value is recovered from the distribution of the other half, and the share that
/// needs no ranks: the masked value as it is, or the best constant guess.
fn matched(data: &Data<'_>, column: &Col<'_>) -> Option<(f64, f64)> {
    let (raw, masked) = column.both()?;
    let mut known = Vec::new();
    let mut attacked = Vec::new();
    for (left, right) in data.paired() {
        let Some((before, after)) = raw.number(left).zip(masked.number(right)) else { continue };
        if half(data.seed, 1, right) { known.push(before) } else { attacked.push((before, after)) }
    }
    if known.len() < ROWS_MIN || attacked.len() < ROWS_MIN {
        return None;
    }
    known.sort_by(f64::total_cmp);
    attacked.sort_by(|left, right| left.1.total_cmp(&right.1));
    let at = |part: f64| known.get(((known.len() - 1) as f64 * part) as usize).copied().unwrap_or(0.0);
    let tolerance = (at(0.95) - at(0.05)).abs() * TOLERANCE;
    let count = attacked.len();
    let mut hits = [0_usize; 2];
    let mut from = 0;
    // Ties have the middle of their ranks.
    for tied in attacked.chunk_by(|left, right| left.1 == right.1) {
        let part = (from as f64 + (tied.len() - 1) as f64 / 2.0) / (count - 1) as f64;
        for (hits, guess) in hits.iter_mut().zip([at(part), at(1.0 - part)]) {
            *hits += tied.iter().filter(|(before, _)| (before - guess).abs() <= tolerance).count();
        }
        from += tied.len();
    }
    let rate = ratio(hits.into_iter().max().unwrap_or(0), count);
    let plain = attacked.iter().filter(|(before, after)| (before - after).abs() <= tolerance).count();
    Some((rate, ratio(plain, count).max(densest(&known, tolerance))))
}

/// Largest share of sorted values within a tolerance of one point.
fn densest(sorted: &[f64], tolerance: f64) -> f64 {
    let mut from = 0;
    let mut most = 0;
    for (at, value) in sorted.iter().enumerate() {
        while sorted.get(from).is_some_and(|first| value - first > 2.0 * tolerance) {
            from += 1;
        }
        most = most.max(at + 1 - from);
    }
    ratio(most, sorted.len())
}

/// Rank correlation of raw and masked identifiers.
pub(super) fn kept(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    if data.pairs.is_none() {
        return Err(Reason::NoPairs);
    }
    let mut findings = Vec::new();
    let mut few = false;
    for column in data.identifiers().filter(|column| column.state != State::Kept) {
        let pairs = data.value_pairs(column);
        let rows = sample(pairs.len(), PAIRS_MAX, data.seed);
        let pairs: Vec<(u32, u32)> = rows.iter().filter_map(|row| pairs.get(*row)).copied().collect();
        let points = points(column, &pairs);
        if points.len() < ROWS_MIN {
            few = true;
            continue;
        }
        let correlation = rank_correlation(&points);
        let chance = 4.0 / (points.len() as f64).sqrt();
        let measure = Measure::at_most(Unit::Correlation, correlation, limits.order_correlation_max);
        let finding = Finding::judged(Attack::Order, measure, column.columns());
        findings.push(finding.unless_chance(correlation > chance));
    }
    if findings.is_empty() && few { Err(Reason::FewRows) } else { Ok(findings) }
}

/// Places in the order of both sides. What a form keeps on purpose (region, date of birth, prefix) is not looked at: of it
/// other attacks speak.
fn points(column: &Col<'_>, pairs: &[(u32, u32)]) -> Vec<(f64, f64)> {
    let texts = pairs.iter().map(|(left, right)| (column.value(*left), column.value(*right)));
    if column.kind == SensitiveKind::ResidentId {
        let sequence = |text: &str| ResidentId::parse(text).map(|id| f64::from(id.sequence / 2));
        let points: Vec<(f64, f64)> =
            texts.clone().filter_map(|(left, right)| sequence(left).zip(sequence(right))).collect();
        if points.len() * 2 >= pairs.len() {
            return points;
        }
    }
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('0'));
    let numbers: Vec<(u64, u64)> =
        texts.clone().filter_map(|(left, right)| number(left).zip(number(right))).collect();
    let varied = |side: &dyn Fn(&(u64, u64)) -> u64| {
        let first = numbers.first().map(|pair| side(pair).to_string().len());
        numbers.iter().any(|pair| Some(side(pair).to_string().len()) != first)
    };
    if numbers.len() == pairs.len() && (varied(&|pair| pair.0) || varied(&|pair| pair.1)) {
        return numbers.into_iter().map(|(left, right)| (left as f64, right as f64)).collect();
    }
    let texts: Vec<(Vec<char>, Vec<char>)> =
        texts.map(|(left, right)| (left.chars().collect(), right.chars().collect())).collect();
    let kept = kept_places(&texts);
    let rest = |text: &[char]| -> String {
        text.iter().enumerate().filter(|(at, _)| !kept.contains(at)).map(|(_, c)| *c).collect()
    };
    let left: Vec<String> = texts.iter().map(|(left, _)| rest(left)).collect();
    let right: Vec<String> = texts.iter().map(|(_, right)| rest(right)).collect();
    let (left, right) = (places(&left), places(&right));
    left.into_iter().zip(right).collect()
}

/// Places at which nearly all texts have the same character before and after.
fn kept_places(texts: &[(Vec<char>, Vec<char>)]) -> Vec<usize> {
    let most = texts.iter().map(|(left, right)| left.len().min(right.len())).max().unwrap_or(0).min(64);
    let same = |at: usize| {
        let both =
            texts.iter().filter(|(left, right)| left.get(at).is_some() && left.get(at) == right.get(at));
        ratio(both.count(), texts.len()) >= 0.99
    };
    (0..most).filter(|at| same(*at)).collect()
}

/// The place of each text in the order of all; equal texts have equal places.
fn places(texts: &[String]) -> Vec<f64> {
    let mut sorted: Vec<(&str, usize)> = texts.iter().map(String::as_str).zip(0..).collect();
    sorted.sort_unstable();
    let mut places = vec![0.0; texts.len()];
    for (place, tied) in sorted.chunk_by(|left, right| left.0 == right.0).enumerate() {
        for (_, at) in tied {
            if let Some(slot) = places.get_mut(*at) {
                *slot = place as f64;
            }
        }
    }
    places
}
