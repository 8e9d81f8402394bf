//! Identifiers that are left as they are, and hashes without a key.

use super::data::{Col, Data, NONE, State, index};
use super::draw::{ratio, sample, significant};
use super::hashes::{Encoded, Hashes, Salt};
use super::report::{Measure, Unit};
use super::state::equal;
use super::{Attack, Finding, Limits, Reason};
use crate::SensitiveKind;
use crate::ir::Label;

/// Identifiers that are hashed in every way.
const TRIED: usize = 48;
/// Identifiers that are hashed in the ways that gave a hit.
const CHECKED: usize = 2_000;
/// Identifiers that are hashed if it is not known which row is whose.
const SEARCHED: usize = 20_000;
/// Bits of a domain that can be enumerated: a graphics card makes 2³⁵ hashes in seconds.
const ENUMERABLE_BITS: f64 = 48.0;

/// Are masked identifiers equal to the raw ones?
pub(super) fn identity(data: &Data<'_>, limits: &Limits) -> Vec<Finding> {
    let columns = data.identifiers().filter_map(|column| {
        let (raw, masked) = column.both()?;
        let values = column.values.len();
        let (before, after) = (raw.counts(values), masked.counts(values));
        let measure = |rate, bound| Measure::at_most(Unit::Share, rate, bound);
        if data.pairs.is_some() {
            let (same, rows) = equal(data, raw, masked);
            let products =
                before.iter().zip(&after).map(|(left, right)| f64::from(*left) * f64::from(*right));
            let whole = raw.present() as f64 * masked.present() as f64;
            let chance = if whole > 0.0 { products.sum::<f64>() / whole } else { 0.0 };
            let rate = ratio(same, rows);
            let judged =
                Finding::judged(Attack::Identity, measure(rate, limits.identity_share_max), column.columns());
            return Some(judged.with_chance(chance).unless_chance(significant(rate, chance, rows)));
        }
        // Names and plates are so few that invented ones are somebody's.
        let common = matches!(
            column.kind,
            SensitiveKind::PersonName
                | SensitiveKind::OrganizationName
                | SensitiveKind::Address
                | SensitiveKind::Plate
        );
        let bound = if common { 0.9 } else { limits.recovered_share_max };
        let present = masked.codes.iter().filter(|code| **code != NONE).count();
        let known = |code: &&u32| index(**code).and_then(|at| before.get(at)).is_some_and(|count| *count > 0);
        let rate = ratio(masked.codes.iter().filter(known).count(), present);
        Some(Finding::judged(Attack::Identity, measure(rate, bound), column.columns()))
    });
    columns.collect()
}

/// Can masked identifiers be recovered by hashing every possible value?
pub(super) fn unkeyed_hash(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    let mut findings = Vec::new();
    for column in &data.columns {
        let hidden = matches!(column.state, State::Hidden | State::Unknown | State::Coarse);
        if column.label == Label::Public || !hidden || column.both().is_none() || !is_enumerable(column) {
            continue;
        }
        let rate = if data.pairs.is_some() { known_rows(data, column) } else { any_row(data, column) };
        let measure = Measure::at_most(Unit::Share, rate, limits.recovered_share_max);
        findings.push(Finding::judged(Attack::UnkeyedHash, measure, column.columns()));
    }
    Ok(findings)
}

/// Is the domain small enough to try every value? Of a column without a known kind the characters at each place tell.
fn is_enumerable(column: &Col<'_>) -> bool {
    if column.kind != SensitiveKind::General {
        return true;
    }
    let Some(raw) = &column.raw else { return false };
    let mut places: Vec<std::collections::HashSet<char>> = Vec::new();
    for row in sample(raw.codes.len(), CHECKED, 0) {
        for (at, c) in column.value(raw.code(row)).chars().take(64).enumerate() {
            if places.len() <= at {
                places.push(std::collections::HashSet::new());
            }
            if let Some(place) = places.get_mut(at) {
                place.insert(c);
            }
        }
    }
    let bits: f64 = places.iter().map(|place| (place.len().max(1) as f64).log2()).sum();
    bits <= ENUMERABLE_BITS
}

/// The ways in which a value may have been written before it was hashed.
fn written(value: &str) -> Vec<String> {
    let plain: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut forms = vec![value.to_owned(), value.to_uppercase(), value.to_lowercase(), plain];
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// Share of distinct values whose masked value is a hash of them. First a few are tried in every way, then more in the
/// ways that gave a hit.
fn known_rows(data: &Data<'_>, column: &Col<'_>) -> f64 {
    let pairs = data.value_pairs(column);
    let salts = Salt::common(&[column.name, column.kind.name()]);
    let mut hits: Vec<(usize, usize)> = Vec::new();
    let try_pair = |pair: &(u32, u32), salts: &[(usize, &Salt)], hits: &mut Vec<(usize, usize)>| -> bool {
        let masked = Encoded::new(column.value(pair.1));
        let mut hit = false;
        for form in written(column.value(pair.0)) {
            for (number, salt) in salts {
                if let Some(hash) = Hashes::of(&salt.apply(&form)).find(&masked) {
                    hits.push((*number, hash));
                    hit = true;
                }
            }
        }
        hit
    };
    let all: Vec<(usize, &Salt)> = salts.iter().enumerate().collect();
    for row in sample(pairs.len(), TRIED, data.seed) {
        if let Some(pair) = pairs.get(row) {
            try_pair(pair, &all, &mut hits);
        }
    }
    let used: Vec<(usize, &Salt)> =
        all.into_iter().filter(|(number, _)| hits.iter().any(|hit| hit.0 == *number)).collect();
    if used.is_empty() {
        return 0.0;
    }
    let rows = sample(pairs.len(), CHECKED, data.seed);
    let found = rows.iter().filter_map(|row| pairs.get(*row));
    let found = found.filter(|pair| try_pair(pair, &used, &mut Vec::new())).count();
    ratio(found, rows.len())
}

/// The same if it is not known which row is whose: share of masked values that are hashes of some raw value, corrected
/// for the raw values that were not hashed.
fn any_row(data: &Data<'_>, column: &Col<'_>) -> f64 {
    let Some((raw, masked)) = column.both() else { return 0.0 };
    let distinct = |counts: Vec<u32>| -> Vec<u32> {
        let codes = counts.into_iter().zip(0_u32..);
        codes.filter(|(count, _)| *count > 0).map(|(_, code)| code).collect()
    };
    let before = distinct(raw.counts(column.values.len()));
    let after = distinct(masked.counts(column.values.len()));
    let masked = super::hashes::Search::new(after.iter().map(|code| column.value(*code)));
    let rows = sample(before.len(), SEARCHED, data.seed);
    let values = rows.iter().filter_map(|row| before.get(*row));
    let found = values.filter(|code| {
        written(column.value(**code)).iter().any(|form| masked.finds(&Hashes::of(form.as_bytes())))
    });
    let coverage = ratio(after.len(), before.len()).min(1.0);
    if coverage > 0.0 { (ratio(found.count(), rows.len()) / coverage).min(1.0) } else { 0.0 }
}
