//! Raw identifiers that survive somewhere in the masked table.

use std::collections::HashSet;

use super::data::{Col, Data, NONE, Side, State, index};
use super::draw::ratio;
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};
use crate::SensitiveKind;
use crate::detect::{Folder, Scanner, Strength};
use crate::ir::Label;

/// Shorter identifiers are found by chance; they have to be found more often than those of other rows.
const SURE: usize = 8;
/// Shortest identifier that is looked for: letters and digits, or Han characters.
const LETTERS_MIN: usize = 5;
const HAN_MIN: usize = 2;
/// Longest text of a column that is not free text.
const SHORT: usize = 24;
/// Made-up identifiers that may be somebody's by chance, if it is not known which row is whose. *Units*: share of rows.
const CHANCE: f64 = 0.002;

/// Letters, digits and Han characters of every value of a column.
struct Words(Vec<String>);

impl Words {
    fn of(column: &Col<'_>) -> Self {
        let mut folder = Folder::default();
        Self(column.values.iter().map(|value| folder.words(value)).collect())
    }

    fn get(&self, code: u32) -> &str {
        index(code).and_then(|at| self.0.get(at)).map_or("", String::as_str)
    }
}

fn is_name(column: &Col<'_>) -> bool {
    matches!(
        column.kind,
        SensitiveKind::PersonName | SensitiveKind::OrganizationName | SensitiveKind::Address
    )
}

fn is_long_enough(words: &str) -> bool {
    if words.is_ascii() { words.len() >= LETTERS_MIN } else { words.chars().count() >= HAN_MIN }
}

/// One finding for each masked column: rows in which an identifier of the same raw row stands, however it is written, and
/// rows of free text in which the detectors find an identifier that stood there before.
pub(super) fn residue(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    let all: Vec<(&Col<'_>, Words)> = data.columns.iter().map(|column| (column, Words::of(column))).collect();
    let identifiers: Vec<&(&Col<'_>, Words)> =
        all.iter().filter(|(column, _)| column.label == Label::Identifier && column.raw.is_some()).collect();
    let texts: Vec<&(&Col<'_>, Words)> =
        all.iter().filter(|(column, _)| column.state != State::Absent).collect();
    if texts.is_empty() {
        return Err(Reason::NoColumn);
    }
    let known: HashSet<&str> = identifiers
        .iter()
        .filter(|(column, _)| !is_name(column))
        .flat_map(|(column, words)| {
            let raw = column.raw.iter().flat_map(|raw| raw.codes.iter());
            raw.map(|code| words.get(*code)).filter(|text| text.len() >= SURE)
        })
        .collect();
    let mut findings = Vec::new();
    for (column, words) in texts {
        let Some(masked) = &column.masked else { continue };
        let (rate, bound) = if data.pairs.is_some() {
            let own = own_rows(data, &identifiers, column, masked, words);
            let found = found_rows(data, column, masked, words, &known);
            (ratio(own.max(found), masked.present()), limits.residue_share_max)
        } else if column.label == Label::Identifier && column.raw.is_some() {
            // Another attack counts what is equal in the column itself.
            continue;
        } else {
            let hit: Vec<bool> = scanned(column, &known);
            let rows =
                masked.codes.iter().filter(|code| index(**code).and_then(|at| hit.get(at)) == Some(&true));
            (ratio(rows.count(), masked.present()), limits.residue_share_max.max(CHANCE))
        };
        let measure = Measure::at_most(Unit::Share, rate, bound);
        findings.push(Finding::judged(Attack::Residue, measure, column.columns()));
    }
    Ok(findings)
}

/// Rows whose text holds an identifier of their own raw row, and, as a control, of the next pair's.
fn own_rows(
    data: &Data<'_>,
    identifiers: &[&(&Col<'_>, Words)],
    column: &Col<'_>,
    masked: &Side<'_>,
    words: &Words,
) -> usize {
    let pairs: Vec<(usize, usize)> = data.paired().collect();
    let mut all = 0;
    for (identifier, raw_words) in identifiers {
        let Some(raw) = &identifier.raw else { continue };
        let same_column = identifier.name == column.name;
        if same_column && (is_name(identifier) || identifier.state == State::Kept) {
            continue;
        }
        let (mut sure, mut own, mut control) = (0, 0, 0);
        for (at, (left, right)) in pairs.iter().enumerate() {
            let text = words.get(masked.code(*right));
            let code = raw.code(*left);
            let name = raw_words.get(code);
            if text.len() < name.len() || !is_long_enough(name) {
                continue;
            }
            if text.contains(name) {
                // A made-up number equal to the raw one by chance is another attack's.
                own += usize::from(!same_column || masked.code(*right) != code);
                sure += usize::from(!same_column && name.is_ascii() && name.len() >= SURE);
            }
            let other = pairs.get((at + pairs.len() / 2) % pairs.len()).map_or(NONE, |pair| raw.code(pair.0));
            let other = raw_words.get(other);
            control += usize::from(other != name && is_long_enough(other) && text.contains(other));
        }
        let by_chance = own < 3 || own <= 4 * control;
        all += if by_chance { sure } else { own };
    }
    all
}

/// Rows in whose text the detectors find an identifier that stood in the text of the raw row, or is one of the raw data's.
fn found_rows(
    data: &Data<'_>,
    column: &Col<'_>,
    masked: &Side<'_>,
    words: &Words,
    known: &HashSet<&str>,
) -> usize {
    let Some(raw) = column.raw.as_ref().filter(|_| column.label != Label::Identifier) else { return 0 };
    let spans = spans(column);
    let survived = |(left, right): &(usize, usize)| {
        let code = masked.code(*right);
        let before = words.get(raw.code(*left));
        let of_text = index(code).and_then(|at| spans.get(at)).into_iter().flatten();
        of_text.into_iter().any(|(kind, span)| {
            (is_strong(*kind) || known.contains(span.as_str())) && before.contains(span.as_str())
        })
    };
    data.paired().filter(survived).count()
}

/// Kinds whose shape no other number has.
const fn is_strong(kind: SensitiveKind) -> bool {
    matches!(kind, SensitiveKind::ResidentId | SensitiveKind::Mobile | SensitiveKind::Email)
}

/// Identifiers that the detectors find in each masked value of a text column.
fn spans(column: &Col<'_>) -> Vec<Vec<(SensitiveKind, String)>> {
    let Some(masked) = &column.masked else { return Vec::new() };
    let counts = masked.counts(column.values.len());
    let (mut scanner, mut folder) = (Scanner::new(), Folder::default());
    let mut scan = |(value, count): (&&str, &u32)| -> Vec<(SensitiveKind, String)> {
        if *count == 0 || masked.numbers.is_some() && value.len() <= SHORT {
            return Vec::new();
        }
        let findings = scanner.scan(value).iter();
        findings
            .filter(|finding| finding.strength >= Strength::Shape && finding.kind.is_identifier())
            .filter(|finding| {
                finding.kind != SensitiveKind::ResidentId || finding.strength == Strength::Checked
            })
            .filter_map(|finding| {
                let span = value.get(finding.start..finding.end)?;
                Some((finding.kind, folder.words(span)))
            })
            .filter(|(_, span)| span.len() >= SURE)
            .collect()
    };
    column.values.iter().zip(&counts).map(&mut scan).collect()
}

/// Which values hold an identifier of the raw data.
fn scanned(column: &Col<'_>, known: &HashSet<&str>) -> Vec<bool> {
    let spans = spans(column);
    let mut folder = Folder::default();
    let mut found = |(value, spans): (&&str, &Vec<(SensitiveKind, String)>)| {
        let mut token = |part: &str| known.contains(folder.words(part).as_str());
        spans.iter().any(|(_, span)| known.contains(span.as_str()))
            || value.split(|c: char| !c.is_alphanumeric()).any(&mut token)
            || token(value)
    };
    column.values.iter().zip(&spans).map(&mut found).collect()
}
