//! What a masked column still shows, judged by its values.

use super::data::{Col, Data, NONE, Side, State, index};
use super::draw::{mix, ratio};
use super::order::rank_correlation;

/// A column is a coarser form if it has at most so many hundredths of the raw column's distinct values.
const COARSE: usize = 70;
/// Pairs that a correlation is measured on.
const PAIRS_MAX: usize = 5_000;

pub(super) fn state(data: &Data<'_>, column: &Col<'_>) -> State {
    let Some(masked) = &column.masked else { return State::Absent };
    if masked.present() == 0 {
        return State::Absent;
    }
    let Some(raw) = &column.raw else { return State::Unknown };
    if data.pairs.is_none() {
        return State::Unknown;
    }
    let (equal, both) = equal(data, raw, masked);
    if both == 0 {
        return State::Unknown;
    }
    if equal * 2 >= both {
        return State::Kept;
    }
    if is_coarse(data, column, raw, masked) {
        return State::Coarse;
    }
    let pairs: Vec<(f64, f64)> =
        data.paired().filter_map(|(left, right)| raw.number(left).zip(masked.number(right))).collect();
    let step = (pairs.len() / PAIRS_MAX).max(1);
    let pairs: Vec<(f64, f64)> = pairs.into_iter().step_by(step).collect();
    if pairs.len() >= 50 && rank_correlation(&pairs) >= 0.5 { State::Near } else { State::Hidden }
}

/// Rows with a value on both sides, and those of them with the same.
pub(super) fn equal(data: &Data<'_>, raw: &Side<'_>, masked: &Side<'_>) -> (usize, usize) {
    let codes = data.paired().map(|(left, right)| (raw.code(left), masked.code(right)));
    codes
        .filter(|(left, right)| *left != NONE && *right != NONE)
        .fold((0, 0), |(equal, both), (left, right)| (equal + usize::from(left == right), both + 1))
}

/// Is each raw value always masked in the same way, and does every masked value stand for several?
fn is_coarse(data: &Data<'_>, column: &Col<'_>, raw: &Side<'_>, masked: &Side<'_>) -> bool {
    let mut images = vec![NONE; column.values.len()];
    let mut used = vec![false; column.values.len()];
    let (mut rows, mut same) = (0, 0);
    for (left, right) in data.paired() {
        let (left, right) = (raw.code(left), masked.code(right));
        let Some(image) = index(left).and_then(|at| images.get_mut(at)).filter(|_| right != NONE) else {
            continue;
        };
        if *image == NONE {
            *image = right;
        }
        rows += 1;
        same += usize::from(*image == right);
        if let Some(used) = index(right).and_then(|at| used.get_mut(at)) {
            *used = true;
        }
    }
    let before = images.iter().filter(|image| **image != NONE).count();
    let after = used.iter().filter(|used| **used).count();
    rows > 0
        && ratio(same, rows) >= 0.99
        && after * 100 <= before * COARSE
        && !is_random(data, column, &images)
}

/// Do neighbouring raw values go to unrelated masked values? Then it is a keyed hash with few values, not a coarser
/// form: nobody without the key can reckon it. Judged for numbers only, whose neighbours are known.
fn is_random(data: &Data<'_>, column: &Col<'_>, images: &[u32]) -> bool {
    let Some(raw) = column.raw.as_ref().filter(|raw| raw.numbers.is_some()) else { return false };
    let mut points: Vec<(f64, u32)> = (0..data.raw_rows)
        .filter(|row| {
            mix(data.seed, u64::try_from(*row).unwrap_or(0)).is_multiple_of(8) || data.raw_rows < 2_000
        })
        .filter_map(|row| {
            let image = index(raw.code(row)).and_then(|at| images.get(at)).copied()?;
            raw.number(row).map(|number| (number, image))
        })
        .filter(|(_, image)| *image != NONE)
        .collect();
    points.sort_by(|left, right| left.0.total_cmp(&right.0));
    points.dedup_by(|left, right| left.0 == right.0);
    let mut counts = std::collections::HashMap::<u32, usize>::new();
    for (_, image) in &points {
        *counts.entry(*image).or_default() += 1;
    }
    let chance: f64 = counts.values().map(|count| ratio(*count, points.len()).powi(2)).sum();
    let pairs = points.windows(2).filter(|pair| matches!(pair, [left, right] if left.1 == right.1)).count();
    points.len() >= 20 && ratio(pairs, points.len() - 1) < chance + 0.1
}
