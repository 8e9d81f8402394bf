//! Numbers and dates that are all moved or scaled by one constant.

use std::collections::HashMap;

use super::data::{Data, Side, State};
use super::draw::ratio;
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};
use crate::ir::Label;

/// Fewest rows, and fewest distinct numbers, on which a shift is looked for.
const ROWS_MIN: usize = 50;
const DISTINCT_MIN: usize = 20;
/// Parts of the distributions that are laid on one another.
const QUANTILES: [f64; 9] = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0];
/// Steps around each candidate.
const AROUND: i64 = 3;

/// One constant for all values. With known pairs their differences and quotients are counted; without, the distributions
/// are laid on one another as an attacker would.
pub(super) fn constant(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    let mut findings = Vec::new();
    let mut few = false;
    for column in &data.columns {
        let Some((raw, masked)) = column.both() else { continue };
        let hidden = matches!(column.state, State::Near | State::Hidden | State::Unknown);
        let numbers = raw.numbers.is_some() && masked.numbers.is_some();
        if !hidden || !numbers || matches!(column.label, Label::Identifier | Label::Public) {
            continue;
        }
        let share = if data.pairs.is_some() { known(data, raw, masked) } else { aligned(raw, masked) };
        match share {
            Some(share) => {
                let measure = Measure::at_most(Unit::Share, share, limits.constant_shift_share_max);
                findings.push(Finding::judged(Attack::ConstantShift, measure, column.columns()));
            }
            None => few = true,
        }
    }
    if findings.is_empty() && few { Err(Reason::FewRows) } else { Ok(findings) }
}

/// A number as a key: nine digits, so that the last bits do not count.
fn key(value: f64) -> Option<String> {
    value.is_finite().then(|| format!("{value:.8e}"))
}

/// Share of rows with the most frequent difference or quotient (of numbers that are no dates).
fn known(data: &Data<'_>, raw: &Side<'_>, masked: &Side<'_>) -> Option<f64> {
    let pairs: Vec<(f64, f64)> =
        data.paired().filter_map(|(left, right)| raw.number(left).zip(masked.number(right))).collect();
    let mut distinct: Vec<u64> = pairs.iter().map(|pair| pair.0.to_bits()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if pairs.len() < ROWS_MIN || distinct.len() < DISTINCT_MIN {
        return None;
    }
    let most = |of: &dyn Fn(&(f64, f64)) -> Option<f64>, neutral: f64| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for value in pairs.iter().filter_map(of).filter(|value| (value - neutral).abs() > 1e-12) {
            if let Some(key) = key(value) {
                *counts.entry(key).or_default() += 1;
            }
        }
        counts.into_values().max().unwrap_or(0)
    };
    let mut best = most(&|(left, right)| Some(((right - left) * 1e6).round() / 1e6), 0.0);
    if !raw.is_dates() {
        best = best.max(most(&|(left, right)| (*left != 0.0 && *right != 0.0).then(|| right / left), 1.0));
    }
    Some(ratio(best, pairs.len()))
}

/// How much better the distributions fit after the best shift than after neighbouring ones: 1 if they are the same then.
/// Whole numbers and days only.
fn aligned(raw: &Side<'_>, masked: &Side<'_>) -> Option<f64> {
    let whole = |side: &Side<'_>| -> Vec<i64> {
        let numbers = (0..side.codes.len()).filter_map(|row| side.number(row));
        let mut values: Vec<i64> = numbers.filter(|n| n.abs() < 1e15).map(|n| n.floor() as i64).collect();
        values.sort_unstable();
        values
    };
    let (before, after) = (whole(raw), whole(masked));
    if before.len() < ROWS_MIN || after.len() < ROWS_MIN {
        return None;
    }
    let mut counts: HashMap<i64, usize> = HashMap::new();
    before.iter().for_each(|value| *counts.entry(*value).or_default() += 1);
    if counts.len() < DISTINCT_MIN {
        return None;
    }
    let scale = before.len() as f64 / after.len() as f64;
    let overlap = |shift: i64| {
        let shared = after.chunk_by(|left, right| left == right).map(|equal| {
            let there = equal.first().and_then(|value| counts.get(&(value - shift))).copied().unwrap_or(0);
            (equal.len() as f64).min(there as f64 / scale.max(1e-9)).min(there as f64)
        });
        shared.sum::<f64>() / after.len() as f64
    };
    let at = |values: &[i64], part: f64| values.get(((values.len() - 1) as f64 * part) as usize).copied();
    let mut best = (0.0, 0);
    for part in QUANTILES {
        let Some(shift) = at(&after, part).zip(at(&before, part)).map(|(after, before)| after - before)
        else {
            continue;
        };
        for shift in (shift - AROUND..=shift + AROUND).filter(|shift| *shift != 0) {
            let score = overlap(shift);
            if score > best.0 {
                best = (score, shift);
            }
        }
    }
    let around = [-29, -17, -11, 11, 17, 29].map(|step| overlap(best.1 + step));
    let background = around.iter().sum::<f64>() / around.len() as f64;
    Some(super::draw::gain(best.0, background.max(overlap(0))))
}
