//! Hidden columns that follow from others.

use std::collections::HashMap;

use super::data::{Col, Data, NONE, Side, State};
use super::draw::{gain, mix, ratio, sample};
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};
use crate::ir::Label;

/// Rows looked at.
const ROWS_MAX: usize = 20_000;
/// Fewest rows.
const ROWS_MIN: usize = 200;

/// For each hidden quasi-identifier and sensitive column: how well each readable published column tells its raw values. The
/// rule is learned from some entities and tried on others, so that what is known of one person does not count.
pub(super) fn determined(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    if data.pairs.is_none() {
        return Err(Reason::NoPairs);
    }
    let pairs: Vec<(usize, usize)> = data.paired().collect();
    let rows: Vec<(usize, usize)> = sample(pairs.len(), ROWS_MAX, data.seed)
        .into_iter()
        .filter_map(|at| pairs.get(at))
        .copied()
        .collect();
    if rows.len() < ROWS_MIN {
        return Err(Reason::FewRows);
    }
    let mut findings = Vec::new();
    let hidden = data.columns.iter().filter(|column| {
        matches!(column.label, Label::Quasi | Label::Sensitive) && column.state != State::Kept
    });
    for target in hidden {
        let Some(raw) = target.raw.as_ref().filter(|raw| few_values(raw, &rows)) else { continue };
        let own = target.masked.as_ref().filter(|_| target.state.is_readable());
        let base = own.map_or(0.0, |own| told(data, raw, own, &rows)).max(mode(raw, &rows));
        if base >= 0.98 {
            continue;
        }
        let others =
            data.columns.iter().filter(|other| other.name != target.name && other.state.is_readable());
        let best = others
            .filter_map(|other| other.masked.as_ref().map(|masked| (other, masked)))
            .filter(|(_, masked)| varies(masked, &rows))
            .map(|(other, masked)| (told(data, raw, masked, &rows), other))
            .max_by(|left, right| left.0.total_cmp(&right.0));
        let Some((rate, by)) = best else { continue };
        let measure = Measure::at_most(Unit::Gain, gain(rate, base), limits.determined_gain_max);
        let columns = vec![target.name.to_owned(), by.name.to_owned()];
        findings.push(Finding::judged(Attack::Determined, measure, columns).with_chance(base));
    }
    Ok(findings)
}

fn distinct(codes: impl Iterator<Item = u32>) -> usize {
    codes.filter(|code| *code != NONE).collect::<std::collections::HashSet<_>>().len()
}

/// Only what has several rows a value can be learned.
fn few_values(raw: &Side<'_>, rows: &[(usize, usize)]) -> bool {
    let distinct = distinct(rows.iter().map(|(left, _)| raw.code(*left)));
    distinct >= 2 && distinct * 4 <= rows.len()
}

fn varies(masked: &Side<'_>, rows: &[(usize, usize)]) -> bool {
    let distinct = distinct(rows.iter().map(|(_, right)| masked.code(*right)));
    distinct >= 2 && distinct * 4 <= rows.len()
}

fn mode(raw: &Side<'_>, rows: &[(usize, usize)]) -> f64 {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    rows.iter().for_each(|(left, _)| *counts.entry(raw.code(*left)).or_default() += 1);
    ratio(counts.into_values().max().unwrap_or(0), rows.len())
}

/// Share of the raw values of one half of the entities that are told rightly.
fn told(data: &Data<'_>, raw: &Side<'_>, masked: &Side<'_>, rows: &[(usize, usize)]) -> f64 {
    let learns = |row: usize| {
        let entity = data.raw_entities.get(row).copied().unwrap_or(NONE);
        mix(data.seed ^ 0xde7e, u64::from(entity)) & 1 == 0
    };
    let mut counts: HashMap<(u32, u32), usize> = HashMap::new();
    for (left, right) in rows.iter().filter(|(left, _)| learns(*left)) {
        *counts.entry((masked.code(*right), raw.code(*left))).or_default() += 1;
    }
    let mut best: HashMap<u32, (usize, u32)> = HashMap::new();
    for ((code, value), count) in counts {
        let slot = best.entry(code).or_insert((count, value));
        *slot = (*slot).max((count, value));
    }
    let tried = rows.iter().filter(|(left, _)| !learns(*left));
    let (right, all) = tried.fold((0, 0), |(hits, all), (left, right)| {
        let guess = best.get(&masked.code(*right)).map(|(_, value)| *value);
        (hits + usize::from(guess == Some(raw.code(*left))), all + 1)
    });
    ratio(right, all)
}

impl Col<'_> {
    /// Is it published in a form that an attacker can read?
    #[must_use]
    pub(super) const fn is_published(&self) -> bool {
        self.masked.is_some() && self.state.is_readable()
    }
}
