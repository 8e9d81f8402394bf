//! Columns that are shuffled inside groups.

use std::collections::HashMap;

use super::data::{Col, Data, NONE, Side, State, group};
use super::draw::{gain, ratio};
use super::report::{Measure, Unit};
use super::state::equal;
use super::{Attack, Finding, Limits, Reason};
use crate::ir::Label;

/// Fewest rows.
const ROWS_MIN: usize = 50;
/// Columns that may be the groups.
const GROUPS_MAX: usize = 16;
/// Groups of neighbouring rows that are tried. *Units*: rows.
const BLOCKS: [usize; 12] = [2, 3, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100];

/// For every column whose values are all still there, but elsewhere: the finest groups inside which they were shuffled, and
/// how well the group tells the value.
pub(super) fn shuffling(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    if data.pairs.is_none() {
        return Err(Reason::NoPairs);
    }
    let pairs: Vec<(usize, usize)> = data.paired().collect();
    if pairs.len() < ROWS_MIN {
        return Err(Reason::FewRows);
    }
    let mut findings = Vec::new();
    for column in data.columns.iter().filter(|column| column.label != Label::Public) {
        let Some((raw, masked)) = column.both() else { continue };
        if !is_shuffled(data, &pairs, raw, masked) {
            continue;
        }
        let whole = vec![0; pairs.len()];
        let mut groups: Vec<(Vec<u32>, Option<String>)> = vec![(whole, None)];
        groups.extend(candidates(data, column, &pairs));
        let fine = groups.into_iter().filter(|(groups, _)| is_inside(&pairs, raw, masked, groups));
        let tells = fine.map(|(groups, by)| (right(&pairs, raw, &groups), by));
        let Some((rate, by)) = tells.max_by(|left, right| left.0.total_cmp(&right.0)) else { continue };
        let chance = mode(&pairs, raw);
        let mut columns = column.columns();
        columns.extend(by);
        let measure = Measure::at_most(Unit::Gain, gain(rate, chance), limits.shuffle_gain_max);
        findings.push(Finding::judged(Attack::Shuffle, measure, columns).with_chance(chance));
    }
    Ok(findings)
}

/// The same values, as often, in another order.
fn is_shuffled(data: &Data<'_>, pairs: &[(usize, usize)], raw: &Side<'_>, masked: &Side<'_>) -> bool {
    let (same, both) = equal(data, raw, masked);
    same < both && is_inside(pairs, raw, masked, &vec![0; pairs.len()])
}

/// Groups by each other published column, by two of them, and by neighbouring rows.
fn candidates(
    data: &Data<'_>,
    target: &Col<'_>,
    pairs: &[(usize, usize)],
) -> Vec<(Vec<u32>, Option<String>)> {
    let others: Vec<&Col<'_>> = data
        .columns
        .iter()
        .filter(|other| other.name != target.name && matches!(other.state, State::Kept | State::Coarse))
        .take(GROUPS_MAX)
        .collect();
    let of = |columns: &[&Col<'_>]| -> Option<(Vec<u32>, Option<String>)> {
        let sides: Vec<Side<'_>> = columns
            .iter()
            .filter_map(|column| column.masked.as_ref())
            .map(|side| Side {
                codes: pairs.iter().map(|(_, right)| side.code(*right)).collect(),
                numbers: None,
            })
            .collect();
        let groups = group(&sides.iter().collect::<Vec<_>>(), pairs.len());
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        (!sides.is_empty()).then(|| (groups, Some(names.join("+"))))
    };
    let mut groups: Vec<(Vec<u32>, Option<String>)> =
        others.iter().filter_map(|other| of(&[other])).collect();
    for (at, first) in others.iter().enumerate() {
        groups.extend(others.iter().skip(at + 1).filter_map(|second| of(&[first, second])));
    }
    for block in BLOCKS {
        let number = |(_, right): &(usize, usize)| u32::try_from(right / block).unwrap_or(NONE);
        groups.push((pairs.iter().map(number).collect(), None));
    }
    groups
}

/// Has each group the same values before and after?
fn is_inside(pairs: &[(usize, usize)], raw: &Side<'_>, masked: &Side<'_>, groups: &[u32]) -> bool {
    let mut balance: HashMap<(u32, u32), i64> = HashMap::new();
    for ((left, right), group) in pairs.iter().zip(groups) {
        *balance.entry((*group, raw.code(*left))).or_default() += 1;
        *balance.entry((*group, masked.code(*right))).or_default() -= 1;
    }
    // Neighbouring rows of a sample may be cut at a group's edge.
    let off: i64 = balance.values().map(|balance| balance.abs()).sum();
    off as f64 <= 0.02 * pairs.len() as f64
}

/// Share of values that are guessed rightly by whoever guesses the most frequent one of the group, or one of the group at
/// random if all differ.
fn right(pairs: &[(usize, usize)], raw: &Side<'_>, groups: &[u32]) -> f64 {
    let mut counts: HashMap<(u32, u32), usize> = HashMap::new();
    for ((left, _), group) in pairs.iter().zip(groups) {
        *counts.entry((*group, raw.code(*left))).or_default() += 1;
    }
    let mut most: HashMap<u32, usize> = HashMap::new();
    for ((group, _), count) in counts {
        let slot = most.entry(group).or_default();
        *slot = (*slot).max(count);
    }
    ratio(most.values().sum(), pairs.len())
}

fn mode(pairs: &[(usize, usize)], raw: &Side<'_>) -> f64 {
    right(pairs, raw, &vec![0; pairs.len()])
}
