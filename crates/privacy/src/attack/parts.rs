//! Where the characters of an identifier stand in other texts.

use std::collections::HashMap;

use super::data::NONE;
use super::draw::ratio;
use super::text::TextColumn;
use crate::format::{days_from_civil, number};

/// Rows on which a place is tried before all are.
const TRIED: usize = 50;
/// A place is shown if so many rows show it.
const SHOWN: f64 = 0.99;
/// Parts of a text that are looked at.
const RUNS_MAX: usize = 3;
/// Longest text that may be a form of an identifier.
const TEXT_MAX: usize = 80;

/// A published column with the row of each raw row.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) name: &'a str,
    pub(super) column: &'a TextColumn,
    pub(super) row_of: std::rc::Rc<Vec<u32>>,
}

impl<'a> Shown<'a> {
    fn get(&self, raw_row: usize) -> Option<&'a str> {
        let row = self.row_of.get(raw_row).copied().filter(|row| *row != NONE)?;
        self.column.get(usize::try_from(row).ok()?)
    }
}

/// Distinct identifiers as letters and digits, all of one length, with a raw row of each.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) rows: Vec<usize>,
    pub(super) raw: Vec<Vec<char>>,
}

impl Sample {
    pub(super) fn of_usual_length<'t>(rows: Vec<usize>, text: impl Fn(usize) -> &'t str) -> Self {
        let plain = |row: &usize| -> Vec<char> { letters(text(*row)).collect() };
        let mut raw: Vec<(usize, Vec<char>)> = rows.iter().map(|row| (*row, plain(row))).collect();
        let mut lengths: HashMap<usize, usize> = HashMap::new();
        raw.iter().for_each(|(_, text)| *lengths.entry(text.len()).or_default() += 1);
        let usual = lengths.into_iter().max_by_key(|(length, count)| (*count, *length));
        raw.retain(|(_, text)| Some(text.len()) == usual.map(|usual| usual.0) && text.len() <= TEXT_MAX);
        let (rows, raw) = raw.into_iter().unzip();
        Self { rows, raw }
    }
}

fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase)
}

/// Places of the identifier that a column shows.
pub(super) fn places(sample: &Sample, shown: &Shown<'_>) -> Vec<usize> {
    let length = sample.raw.first().map_or(0, Vec::len);
    let rows: Vec<(&[char], &str)> = sample
        .rows
        .iter()
        .zip(&sample.raw)
        .filter_map(|(row, raw)| shown.get(*row).map(|text| (raw.as_slice(), text)))
        .filter(|(_, text)| text.len() <= TEXT_MAX * 4)
        .collect();
    if rows.len() * 2 < sample.raw.len() || rows.is_empty() {
        return Vec::new();
    }
    let whole: Vec<(&[char], Vec<char>)> = rows
        .iter()
        .map(|(raw, text)| (*raw, text.chars().flat_map(char::to_uppercase).collect::<Vec<char>>()))
        .collect();
    if ratio(whole.iter().filter(|(_, text)| text.len() == length).count(), whole.len()) >= SHOWN {
        let equal = |at: usize| {
            let same = whole.iter().filter(|(raw, text)| raw.get(at) == text.get(at)).count();
            ratio(same, whole.len()) >= SHOWN
        };
        return (0..length).filter(|at| equal(*at)).collect();
    }
    by_runs(&rows, length, shown)
}

/// Places shown by the stretches of letters and digits of texts of another form: `330521********1234`, `…1234`, `1234`.
fn by_runs(rows: &[(&[char], &str)], length: usize, shown: &Shown<'_>) -> Vec<usize> {
    let width = if shown.column.numbers.is_some() {
        rows.iter().map(|(_, text)| text.len()).max().unwrap_or(0)
    } else {
        0
    };
    let runs: Vec<(&[char], Vec<Vec<char>>)> =
        rows.iter().map(|(raw, text)| (*raw, split(text, width))).collect();
    let mut places = Vec::new();
    for number in 0..RUNS_MAX {
        let part = |row: &(&[char], Vec<Vec<char>>)| row.1.get(number).map_or(0, Vec::len);
        let Some(size) = runs.first().map(part).filter(|size| (2..=length).contains(size)) else { continue };
        let all: Vec<(&[char], &[char])> = runs
            .iter()
            .filter_map(|(raw, runs)| runs.get(number).map(|run| (*raw, run.as_slice())))
            .filter(|(_, run)| run.len() == size)
            .collect();
        if ratio(all.len(), runs.len()) < SHOWN {
            continue;
        }
        for from in 0..=length - size {
            let fits = |(raw, run): &&(&[char], &[char])| raw.get(from..from + size) == Some(*run);
            let few = all.len().min(TRIED);
            let first = all.iter().take(few).filter(fits).count();
            if ratio(first, few) >= 0.9 && ratio(all.iter().filter(fits).count(), all.len()) >= SHOWN {
                places.extend(from..from + size);
            }
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// Stretches of letters and digits; two X or more are what hides the rest. Numbers get back the zeros they lost.
fn split(text: &str, width: usize) -> Vec<Vec<char>> {
    let padded = format!("{text:0>width$}");
    let chars: Vec<char> = padded.chars().flat_map(char::to_uppercase).collect();
    let hides = |at: usize| {
        let is_x = |at: usize| chars.get(at) == Some(&'X');
        is_x(at) && (is_x(at + 1) || at > 0 && is_x(at - 1))
    };
    let mut runs: Vec<Vec<char>> = Vec::new();
    let mut open = false;
    for (at, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() || hides(at) {
            open = false;
        } else if open {
            if let Some(run) = runs.last_mut() {
                run.push(*c);
            }
        } else {
            runs.push(vec![*c]);
            open = true;
        }
    }
    runs
}

/// Are the dates of a column those in the resident identity numbers?
pub(super) fn is_birth_date(sample: &Sample, shown: &Shown<'_>) -> bool {
    let Some(numbers) = shown.column.numbers.as_ref().filter(|numbers| numbers.days) else { return false };
    let day = |raw_row: usize| {
        let row = shown.row_of.get(raw_row).copied().filter(|row| *row != NONE)?;
        let day = numbers.values.get(usize::try_from(row).ok()?).copied()?;
        (!day.is_nan()).then_some(day.floor())
    };
    let dates = sample.rows.iter().zip(&sample.raw).filter_map(|(row, raw)| day(*row).zip(birth(raw)));
    let (same, all) =
        dates.fold((0, 0), |(same, all), (left, right)| (same + usize::from(left == right), all + 1));
    all * 2 >= sample.raw.len() && ratio(same, all) >= SHOWN
}

/// Day of birth in the 18 characters of a resident identity number.
fn birth(raw: &[char]) -> Option<f64> {
    let digits: Vec<u8> = raw.iter().filter_map(|c| u8::try_from(*c).ok()).collect();
    let part = |from: usize, to: usize| number(digits.get(from..to)?);
    let year = i32::try_from(part(6, 10)?).ok()?;
    let (month, day) = (u8::try_from(part(10, 12)?).ok()?, u8::try_from(part(12, 14)?).ok()?);
    days_from_civil(year, month, day).map(f64::from)
}
