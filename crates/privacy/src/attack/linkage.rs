//! Finding the person behind a masked row from a register with the raw quasi-identifiers.

use std::collections::HashMap;

use super::data::{Col, Data, NONE, Side, State, group, index};
use super::draw::{ratio, sample};
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};
use crate::ir::Label;

/// Masked rows that are compared with raw rows one by one.
const ROWS_MAX: usize = 1_000;
/// Comparisons in all.
const COMPARISONS_MAX: usize = 100_000_000;

/// The attacker knows the quasi-identifiers of everybody in the raw data, and the rules of the masks without their keys: what
/// is kept he compares, what is coarser he coarsens too, to what is near he takes the nearest. He names somebody only if a
/// single entity is the best match.
pub(super) fn reidentification(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    if data.synthetic {
        return Err(Reason::Synthetic);
    }
    if data.pairs.is_none() {
        return Err(Reason::NoPairs);
    }
    let quasi: Vec<&Col<'_>> = data
        .columns
        .iter()
        .filter(|column| column.label == Label::Quasi && column.is_published() && column.both().is_some())
        .collect();
    if quasi.is_empty() {
        return Err(Reason::NoColumn);
    }
    let entities: std::collections::HashSet<u32> = data.raw_entities.iter().copied().collect();
    let (raw_classes, masked_classes) = exact(data, &quasi);
    let near: Vec<&Col<'_>> = quasi.iter().copied().filter(|column| column.state == State::Near).collect();
    let (right, tried) = if near.is_empty() {
        by_class(data, &raw_classes, &masked_classes)
    } else {
        by_distance(data, &near, &raw_classes, &masked_classes)
    };
    if tried == 0 {
        return Err(Reason::FewRows);
    }
    let columns = quasi.iter().map(|column| column.name.to_owned()).collect();
    let measure = Measure::at_most(Unit::Share, ratio(right, tried), limits.reidentified_share_max);
    Ok(vec![
        Finding::judged(Attack::Reidentification, measure, columns).with_chance(ratio(1, entities.len())),
    ])
}

/// Classes of raw and masked rows by what can be compared exactly, in one numbering.
fn exact(data: &Data<'_>, quasi: &[&Col<'_>]) -> (Vec<u32>, Vec<u32>) {
    let sides: Vec<Side<'_>> = quasi
        .iter()
        .filter(|column| column.state != State::Near)
        .filter_map(|column| {
            let (raw, masked) = column.both()?;
            let coarse = column.state == State::Coarse;
            let images = if coarse { images(data, column, raw, masked) } else { HashMap::new() };
            let image =
                |code: &u32| if coarse { images.get(code).copied().unwrap_or(NONE - 1) } else { *code };
            let codes = raw.codes.iter().map(image).chain(masked.codes.iter().copied()).collect();
            Some(Side { codes, numbers: None })
        })
        .collect();
    let mut classes = group(&sides.iter().collect::<Vec<_>>(), data.raw_rows + data.masked_rows);
    let masked = classes.split_off(data.raw_rows);
    (classes, masked)
}

/// What each raw value is coarsened to.
fn images(data: &Data<'_>, column: &Col<'_>, raw: &Side<'_>, masked: &Side<'_>) -> HashMap<u32, u32> {
    let mut images = HashMap::with_capacity(column.values.len());
    for (left, right) in data.paired() {
        images.entry(raw.code(left)).or_insert_with(|| masked.code(right));
    }
    images
}

fn by_class(data: &Data<'_>, raw: &[u32], masked: &[u32]) -> (usize, usize) {
    // The only entity of each class; `NONE` if there are several.
    let mut only: HashMap<u32, u32> = HashMap::new();
    for (class, entity) in raw.iter().zip(&data.raw_entities) {
        only.entry(*class)
            .and_modify(|known| {
                if known != entity {
                    *known = NONE
                }
            })
            .or_insert(*entity);
    }
    let pairs = masked.iter().zip(&data.masked_entities).filter(|(_, entity)| **entity != NONE);
    pairs.fold((0, 0), |(right, tried), (class, entity)| {
        (right + usize::from(only.get(class) == Some(entity)), tried + 1)
    })
}

fn by_distance(data: &Data<'_>, near: &[&Col<'_>], raw: &[u32], masked: &[u32]) -> (usize, usize) {
    let mut members: HashMap<u32, Vec<usize>> = HashMap::new();
    for (row, class) in raw.iter().enumerate() {
        members.entry(*class).or_default().push(row);
    }
    let scales: Vec<f64> = near.iter().map(|column| spread(column)).collect();
    let rows: Vec<usize> = (0..data.masked_rows)
        .filter(|row| data.masked_entities.get(*row).is_some_and(|entity| *entity != NONE))
        .collect();
    let most = ROWS_MAX.min(COMPARISONS_MAX / (data.raw_rows.max(1) * near.len())).max(50);
    let (mut right, mut tried) = (0, 0);
    for row in sample(rows.len(), most, data.seed).into_iter().filter_map(|at| rows.get(at)).copied() {
        tried += 1;
        let class = masked.get(row).copied().unwrap_or(NONE);
        let mut best = (f64::MAX, NONE);
        for candidate in members.get(&class).into_iter().flatten() {
            let distance: f64 =
                near.iter().zip(&scales).map(|(column, scale)| apart(column, *candidate, row, *scale)).sum();
            let entity = data.raw_entities.get(*candidate).copied().unwrap_or(NONE);
            if distance < best.0 {
                best = (distance, entity);
            } else if distance == best.0 && entity != best.1 {
                best.1 = NONE;
            }
        }
        let truth = data.masked_entities.get(row).copied().unwrap_or(NONE);
        right += usize::from(best.1 != NONE && best.1 == truth);
    }
    (right, tried)
}

/// Squared distance in standard deviations; a missing value is one away from any other, and at no distance from none.
fn apart(column: &Col<'_>, raw_row: usize, masked_row: usize, scale: f64) -> f64 {
    let Some((raw, masked)) = column.both() else { return 0.0 };
    match (raw.number(raw_row), masked.number(masked_row)) {
        (Some(left), Some(right)) => ((left - right) / scale).powi(2),
        (None, None) => 0.0,
        _ => 1.0,
    }
}

fn spread(column: &Col<'_>) -> f64 {
    let Some(raw) = &column.raw else { return 1.0 };
    let values: Vec<f64> = (0..raw.codes.len()).filter_map(|row| raw.number(row)).collect();
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    if deviation.is_normal() { deviation } else { 1.0 }
}

/// Entities of the raw data, as a population if no larger one is declared.
pub(super) fn raw_entities(data: &Data<'_>) -> u64 {
    let mut seen = vec![false; data.raw_entities.len()];
    let mut count = 0;
    for entity in &data.raw_entities {
        if let Some(slot) = index(*entity).and_then(|at| seen.get_mut(at)).filter(|slot| !**slot) {
            *slot = true;
            count += 1;
        }
    }
    count
}
