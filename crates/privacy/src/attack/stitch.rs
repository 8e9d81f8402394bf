//! What the published parts of an identifier, in whatever column, and what other columns say of it leave unknown.

use std::collections::{HashMap, HashSet};

use super::data::{Col, Data, NONE, State, index};
use super::draw::{ratio, sample};
use super::parts::{self, Sample};
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};
use crate::SensitiveKind;
use crate::ir::Label;

/// Identifiers looked at.
const VALUES_MAX: usize = 5_000;
/// Fewest identifiers.
const ROWS_MIN: usize = 20;
/// A statement that holds for so many rows is taken for a rule.
const RULE: f64 = 0.98;

/// Characters of a resident identity number that other columns may tell.
const SEGMENTS: [(usize, usize); 4] = [(0, 2), (0, 4), (0, 6), (6, 10)];

/// What is known of the characters of an identifier.
struct Known {
    /// Shown character by character somewhere.
    shown: Vec<bool>,
    /// Shown, or told by another column.
    told: Vec<bool>,
    /// Of a resident identity number: is the sex told?
    sex: bool,
    by: Vec<String>,
}

/// Both attacks on every raw identifier that is published in some form.
pub(super) fn stitching(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    if data.pairs.is_none() {
        return Err(Reason::NoPairs);
    }
    let mut findings = Vec::new();
    let mut few = false;
    for column in data.columns.iter().filter(|column| column.label == Label::Identifier) {
        let Some(sample) = drawn(data, column) else { continue };
        if sample.raw.len() < ROWS_MIN {
            few = true;
            continue;
        }
        let known = known(data, column, &sample);
        let shown = known.shown.iter().enumerate().any(|(at, shown)| *shown && varies(&sample.raw, at));
        if !shown && column.state == State::Absent {
            continue;
        }
        let mut columns = column.columns();
        columns.extend(known.by.iter().filter(|name| name.as_str() != column.name).cloned());
        let measure =
            Measure::at_least(Unit::Bits, bits(column.kind, &sample.raw, &known), limits.identifier_bits_min);
        // Of an identifier that shows nothing the domain may be small all the same: other attacks speak of that.
        let told = shown || known.sex || !known.by.is_empty();
        findings.push(Finding::judged(Attack::Stitch, measure, columns.clone()).unless_chance(told));
        if shown {
            let unique = unique_share(data, column, &known.shown);
            let measure = Measure::at_most(Unit::Share, unique, limits.fragments_unique_share_max);
            findings.push(Finding::judged(Attack::Fragments, measure, columns));
        }
    }
    if findings.is_empty() && few { Err(Reason::FewRows) } else { Ok(findings) }
}

/// Distinct identifiers of the usual length that are published, with their raw rows.
fn drawn(data: &Data<'_>, column: &Col<'_>) -> Option<Sample> {
    let raw = column.raw.as_ref()?;
    let written = matches!(column.kind, SensitiveKind::PersonName | SensitiveKind::OrganizationName);
    if written || column.kind == SensitiveKind::Address {
        return None;
    }
    let mut seen: HashSet<u32> = HashSet::new();
    let rows: Vec<usize> =
        data.paired().map(|(left, _)| left).filter(|row| seen.insert(raw.code(*row))).collect();
    let rows: Vec<usize> = sample(rows.len(), VALUES_MAX, data.seed)
        .into_iter()
        .filter_map(|at| rows.get(at).copied())
        .filter(|row| raw.code(*row) != NONE)
        .collect();
    Some(Sample::of_usual_length(rows, |row| column.value(raw.code(row))))
}

fn varies(raw: &[Vec<char>], at: usize) -> bool {
    let first = raw.first().and_then(|text| text.get(at));
    raw.iter().any(|text| text.get(at) != first)
}

fn known(data: &Data<'_>, column: &Col<'_>, sample: &Sample) -> Known {
    let length = sample.raw.first().map_or(0, Vec::len);
    let mut known =
        Known { shown: vec![false; length], told: vec![false; length], sex: false, by: Vec::new() };
    for shown in &data.shown {
        let places = parts::places(sample, shown);
        let news = places
            .iter()
            .any(|at| !known.shown.get(*at).copied().unwrap_or(true) && varies(&sample.raw, *at));
        for at in places {
            if let Some(slot) = known.shown.get_mut(at) {
                *slot = true;
            }
        }
        if news {
            known.by.push(shown.name.to_owned());
        }
    }
    known.told.clone_from(&known.shown);
    if column.kind == SensitiveKind::ResidentId && length == 18 {
        told_by_columns(data, column, sample, &mut known);
    }
    known.by.sort_unstable();
    known.by.dedup();
    known
}

/// Date of birth, sex and region of a resident identity number, as other columns tell them.
fn told_by_columns(data: &Data<'_>, column: &Col<'_>, sample: &Sample, known: &mut Known) {
    for shown in &data.shown {
        if parts::is_birth_date(sample, shown) {
            tell(known, 6..14, shown.name);
        }
    }
    let raw_rows: HashMap<usize, usize> = data.paired().collect();
    for other in data.columns.iter().filter(|other| other.name != column.name && other.state.is_readable()) {
        let Some(masked) = &other.masked else { continue };
        let codes: Vec<u32> = sample
            .rows
            .iter()
            .map(|row| raw_rows.get(row).map_or(NONE, |masked_row| masked.code(*masked_row)))
            .collect();
        let distinct: HashSet<u32> = codes.iter().copied().filter(|code| *code != NONE).collect();
        if distinct.is_empty() || distinct.len() * 20 > codes.len() {
            continue;
        }
        for (from, to) in SEGMENTS {
            let part = |text: &Vec<char>| text.get(from..to).map(<[char]>::to_vec).unwrap_or_default();
            let parts: Vec<Vec<char>> = sample.raw.iter().map(part).collect();
            if is_rule(&codes, &parts)
                && !known.told.get(from..to).is_some_and(|told| told.iter().all(|t| *t))
            {
                tell(known, from..to, other.name);
            }
        }
        let sex = |text: &Vec<char>| text.get(16).and_then(|c| c.to_digit(10)).map_or(0, |digit| digit % 2);
        let sexes: Vec<u32> = sample.raw.iter().map(sex).collect();
        // The last digit of the sequence, where it is shown, tells the sex itself.
        if known.told.get(16) == Some(&false) && is_rule(&codes, &sexes) {
            known.sex = true;
            known.by.push(other.name.to_owned());
        }
    }
}

fn tell(known: &mut Known, places: std::ops::Range<usize>, by: &str) {
    if let Some(told) = known.told.get_mut(places) {
        told.fill(true);
        known.by.push(by.to_owned());
    }
}

/// Does the code determine the part? Learned from one half, tried on the other; a part that does not vary needs no rule.
fn is_rule<T: std::hash::Hash + Eq + Clone>(codes: &[u32], parts: &[T]) -> bool {
    if parts.iter().all(|part| Some(part) == parts.first()) {
        return false;
    }
    let mut counts: HashMap<(u32, &T), usize> = HashMap::new();
    for (code, part) in codes.iter().zip(parts).step_by(2) {
        *counts.entry((*code, part)).or_default() += 1;
    }
    let mut best: HashMap<u32, (usize, &T)> = HashMap::new();
    for ((code, part), count) in counts {
        let slot = best.entry(code).or_insert((0, part));
        if count > slot.0 {
            *slot = (count, part);
        }
    }
    let tried = codes.iter().zip(parts).skip(1).step_by(2).filter(|(code, _)| **code != NONE);
    let (right, rows) = tried.fold((0, 0), |(right, rows), (code, part)| {
        (right + usize::from(best.get(code).is_some_and(|(_, guess)| *guess == part)), rows + 1)
    });
    rows >= ROWS_MIN / 2 && ratio(right, rows) >= RULE
}

/// Bits of uncertainty that are left.
fn bits(kind: SensitiveKind, raw: &[Vec<char>], known: &Known) -> f64 {
    let told = |at: usize| known.told.get(at).copied().unwrap_or(false);
    let resident = kind == SensitiveKind::ResidentId && known.told.len() == 18;
    let mut left = if resident { resident_bits(raw, known) } else { 0.0 };
    if !resident {
        for at in (0..known.told.len()).filter(|at| !told(*at)) {
            let distinct: HashSet<char> = raw.iter().filter_map(|text| text.get(at)).copied().collect();
            left += (distinct.len().max(1) as f64).log2();
        }
    }
    // A check digit that is shown rules most candidates out.
    let check = match kind {
        SensitiveKind::ResidentId => 11.0_f64,
        SensitiveKind::BankCard => 10.0,
        SensitiveKind::CreditCode => 31.0,
        _ => 1.0,
    };
    if known.told.last() == Some(&true) { (left - check.log2()).max(0.0) } else { left }
}

/// Bits of the parts of a resident identity number without its check digit: the regions of these data, a hundred years of
/// birth, a thousand sequence numbers.
fn resident_bits(raw: &[Vec<char>], known: &Known) -> f64 {
    let told = |at: usize| known.told.get(at).copied().unwrap_or(false);
    let regions: HashSet<&[char]> = raw.iter().filter_map(|text| text.get(..6)).collect();
    let read = |region: &[char]| -> Vec<char> {
        region.iter().enumerate().filter(|(at, _)| told(*at)).map(|(_, c)| *c).collect()
    };
    let classes: HashSet<Vec<char>> = regions.iter().map(|region| read(region)).collect();
    let mut bits = (regions.len().max(1) as f64 / classes.len().max(1) as f64).log2();
    let unknown = |from: usize, to: usize| (from..to).any(|at| !told(at));
    for (from, to, size) in [(8, 9, 10.0_f64), (9, 10, 10.0), (10, 12, 12.0), (12, 14, 30.4)] {
        bits += if unknown(from, to) { size.log2() } else { 0.0 };
    }
    bits += (14..17).filter(|at| !told(*at)).count() as f64 * 10.0_f64.log2();
    if known.sex && !told(16) { bits - 1.0 } else { bits }
}

/// Share of all distinct raw identifiers that are alone with their shown characters.
fn unique_share(data: &Data<'_>, column: &Col<'_>, shown: &[bool]) -> f64 {
    let Some(raw) = &column.raw else { return 0.0 };
    let counts = raw.counts(column.values.len());
    let mut classes: HashMap<String, usize> = HashMap::new();
    let mut all = 0;
    let codes = counts.iter().zip(0_u32..).filter(|(count, _)| **count > 0);
    for text in codes.filter_map(|(_, code)| index(code).and_then(|at| column.values.get(at))) {
        let plain = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase);
        let part: String = plain.zip(shown).filter(|(_, shown)| **shown).map(|(c, _)| c).collect();
        *classes.entry(part).or_default() += 1;
        all += 1;
    }
    debug_assert!(data.raw_rows >= all, "a distinct value has a row");
    ratio(classes.values().filter(|count| **count == 1).count(), all)
}
