//! Matching codes with values by how frequent they are.

use super::data::{Col, Data, NONE, State, index};
use super::draw::{gain, half, mix, ratio};
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};
use crate::ir::Label;

/// Fewest rows on which frequencies say something.
const ROWS_MIN: usize = 100;

/// Matching by frequency. What the attacker knows is the distribution in one random half of the rows; the other half is
/// attacked, so that chance counts of the very same rows do not help him.
pub(super) fn matching(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    if data.pairs.is_none() {
        return Err(Reason::NoPairs);
    }
    let mut findings = Vec::new();
    let mut few = false;
    for column in &data.columns {
        let hidden = matches!(column.state, State::Hidden | State::Coarse | State::Near);
        if !hidden || column.label == Label::Public {
            continue;
        }
        match matched(data, column) {
            Some((rate, chance)) => {
                let measure = Measure::at_most(Unit::Gain, gain(rate, chance), limits.frequency_gain_max);
                findings
                    .push(Finding::judged(Attack::Frequency, measure, column.columns()).with_chance(chance));
            }
            None => few = true,
        }
    }
    if findings.is_empty() && few { Err(Reason::FewRows) } else { Ok(findings) }
}

/// Share of rows whose value is guessed rightly, and the share that the most frequent value has.
fn matched(data: &Data<'_>, column: &Col<'_>) -> Option<(f64, f64)> {
    let (raw, masked) = column.both()?;
    let mut known = vec![0_u32; column.values.len()];
    let mut seen = vec![0_u32; column.values.len()];
    let mut attacked = Vec::new();
    for (left, right) in data.paired() {
        let codes = (raw.code(left), masked.code(right));
        if codes.0 == NONE || codes.1 == NONE {
            continue;
        }
        if half(data.seed, 2, right) {
            count(&mut known, codes.0);
        } else {
            count(&mut seen, codes.1);
            attacked.push(codes);
        }
    }
    if attacked.len() < ROWS_MIN {
        return None;
    }
    let known = by_frequency(&known, data.seed);
    let seen = by_frequency(&seen, data.seed ^ 1);
    let mut guesses = vec![NONE; column.values.len()];
    for (masked, raw) in seen.into_iter().zip(known) {
        if let Some(guess) = index(masked).and_then(|at| guesses.get_mut(at)) {
            *guess = raw;
        }
    }
    let guess = |code: u32| index(code).and_then(|at| guesses.get(at)).copied().unwrap_or(NONE);
    let right = attacked.iter().filter(|(raw, masked)| guess(*masked) == *raw).count();
    let mut values = vec![0_u32; column.values.len()];
    attacked.iter().for_each(|(raw, _)| count(&mut values, *raw));
    let mode = values.into_iter().max().and_then(|most| usize::try_from(most).ok()).unwrap_or(0);
    Some((ratio(right, attacked.len()), ratio(mode, attacked.len())))
}

fn count(counts: &mut [u32], code: u32) {
    if let Some(slot) = index(code).and_then(|at| counts.get_mut(at)) {
        *slot += 1;
    }
}

/// Codes that occur, the most frequent first; equally frequent ones in random order.
fn by_frequency(counts: &[u32], seed: u64) -> Vec<u32> {
    let mut codes: Vec<(u32, u64, u32)> = counts
        .iter()
        .zip(0_u32..)
        .filter(|(count, _)| **count > 0)
        .map(|(count, code)| (u32::MAX - count, mix(seed, u64::from(code)), code))
        .collect();
    codes.sort_unstable();
    codes.into_iter().map(|(_, _, code)| code).collect()
}
