//! Proposing a classification for each column, from its name and a sample of its values.
//!
//! A proposal is a help for the person who confirms it, never a decision. It holds counts, never values.

pub(crate) mod dictionary;
mod hint;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType as ArrowType;
use serde::{Deserialize, Serialize};

use self::hint::Hint;
use crate::ir::Label;
use crate::masking::MaskSpec;
use crate::{DataType, Error, SensitiveKind};

/// Values looked at in one column, spread evenly over it.
pub const SAMPLE_MAX: usize = 2_000;

/// Confidence from which a kind is proposed on the evidence of values alone.
const CONFIDENT: u8 = 50;
/// Confidence that a column is general when no shape and no name says otherwise.
const NOTHING_FOUND: u8 = 70;

/// How a column could be classified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What it seems to hold.
    pub kind: SensitiveKind,
    /// Proposed place in the lattice.
    pub label: Label,
    /// Proposed grade, 1 (general) to 4 (core).
    pub level: u8,
    /// How sure, 0–100.
    pub confidence: u8,
    /// Why.
    pub evidence: Evidence,
    /// Proposed mask for twins.
    pub mask: MaskSpec,
}

/// Counts behind a proposal. Never values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// Values looked at (nulls and blanks are not).
    pub sampled: u32,
    /// Distinct values among them.
    pub distinct: u32,
    /// Values of the kind's shape.
    pub matched: u32,
    /// Values whose check digit is valid too; zero for kinds without one.
    pub checksum_valid: u32,
    /// Longer texts that contain an identity or mobile number somewhere.
    pub embedded: u32,
    /// Does the column's name or label suggest the kind?
    pub name_hint: bool,
}

/// Proposes a classification for a column. `names` are its name and, if it has one, its Chinese label.
///
/// # Errors
/// [`Error::Arrow`] if the column has no text form.
pub fn propose(names: &[&str], column: &ArrayRef) -> Result<Proposal, Error> {
    let hint = hint::of(names);
    let data_type = DataType::from_arrow(column.data_type());
    let values = sample(column)?;
    let seen = Seen::of(&values);
    // Stations and lines are written like names of people: only a column that may be one is taken for one.
    let people = hint.is_some() || !hint::is_no_person(names);
    let (kind, confidence, mut evidence) = best(&seen, data_type, hint, people);
    evidence.name_hint = hint.is_some_and(|hint| hint.kind == kind);
    let mut proposal = Proposal {
        kind,
        label: kind.label(),
        level: kind.level(),
        confidence,
        evidence,
        mask: mask_for(kind, data_type),
    };
    if kind == SensitiveKind::General {
        refine_general(&mut proposal, names, hint, data_type);
    }
    Ok(proposal)
}

fn sample(column: &ArrayRef) -> Result<Vec<String>, Error> {
    let step = (column.len() / SAMPLE_MAX).max(1);
    let text = |part: &ArrayRef| {
        cast(part, &ArrowType::Utf8).map_err(|_| Error::Arrow { operation: "cast to text" })
    };
    let texts = text(column)?;
    let texts = texts.as_string::<i32>();
    Ok((0..column.len())
        .step_by(step)
        .filter(|row| texts.is_valid(*row))
        .map(|row| texts.value(row).trim().to_owned())
        .filter(|value| !value.is_empty())
        .take(SAMPLE_MAX)
        .collect())
}

/// Counts per kind over a sample.
struct Seen {
    sampled: u32,
    distinct: u32,
    embedded: u32,
    counts: Vec<(SensitiveKind, shape::Count)>,
}

impl Seen {
    fn of(values: &[String]) -> Self {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            sampled: count(values.len()),
            distinct: count(values.iter().collect::<HashSet<_>>().len()),
            embedded: count(values.iter().filter(|value| shape::embeds_identifier(value)).count()),
            counts: SensitiveKind::ALL
                .into_iter()
                .filter(|kind| *kind != SensitiveKind::General)
                .map(|kind| (kind, shape::count(kind, values)))
                .collect(),
        }
    }

    fn evidence(&self, count: shape::Count) -> Evidence {
        Evidence {
            sampled: self.sampled,
            distinct: self.distinct,
            matched: count.matched,
            checksum_valid: count.valid,
            embedded: self.embedded,
            name_hint: false,
        }
    }
}

fn best(
    seen: &Seen,
    data_type: Option<DataType>,
    hint: Option<Hint>,
    people: bool,
) -> (SensitiveKind, u8, Evidence) {
    let mut best = (SensitiveKind::General, 0, seen.evidence(shape::Count::default()));
    for (kind, count) in &seen.counts {
        if !fits(*kind, data_type) || (*kind == SensitiveKind::PersonName && !people) {
            continue;
        }
        let hinted = hint.is_some_and(|hint| hint.kind == *kind);
        let confidence = confidence(*kind, *count, seen.sampled, hinted);
        if confidence > best.1 {
            best = (*kind, confidence, seen.evidence(*count));
        }
    }
    let embedded = share(seen.embedded, seen.sampled);
    if best.1 < CONFIDENT && embedded >= 1 {
        // Free text with numbers inside is as sensitive as the numbers; its mask makes a token of it.
        return (SensitiveKind::ResidentId, CONFIDENT, seen.evidence(shape::Count::default()));
    }
    if best.1 < CONFIDENT {
        // That nothing was found is no proof that nothing is there.
        let sure = if seen.sampled == 0 { 0 } else { (100 - best.1).min(NOTHING_FOUND) };
        return (SensitiveKind::General, sure, seen.evidence(shape::Count::default()));
    }
    best
}

/// Can a column of this type hold this kind?
fn fits(kind: SensitiveKind, data_type: Option<DataType>) -> bool {
    match data_type {
        Some(DataType::Text) => true,
        Some(DataType::Integer) => matches!(kind, SensitiveKind::Mobile | SensitiveKind::BankCard),
        Some(DataType::Date | DataType::Timestamp) => kind == SensitiveKind::BirthDate,
        _ => false,
    }
}

fn share(part: u32, whole: u32) -> u32 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

/// *Units*: 0–100.
fn confidence(kind: SensitiveKind, count: shape::Count, sampled: u32, hinted: bool) -> u8 {
    let matched = share(count.matched, sampled);
    let valid = share(count.valid, sampled);
    let base = match kind {
        // One in a hundred is too many to be chance: a random 18-character text passes once in thousands.
        SensitiveKind::ResidentId | SensitiveKind::CreditCode if count.valid >= 3 || valid >= 50 => {
            if valid >= 1 { 60 + valid * 2 / 5 } else { 0 }
        }
        // One random number in ten has a valid Luhn digit.
        SensitiveKind::BankCard => {
            if valid >= 50 {
                valid * 95 / 100
            } else {
                0
            }
        }
        SensitiveKind::Mobile => matched * 92 / 100,
        SensitiveKind::Plate | SensitiveKind::Email => matched * 97 / 100,
        SensitiveKind::Passport => matched * 80 / 100,
        SensitiveKind::Address => matched * 90 / 100,
        SensitiveKind::OrganizationName => matched * 85 / 100,
        // Two to four characters with a surname are many things: without a name to say so, nearly all must be such.
        SensitiveKind::PersonName if matched >= 90 || hinted => matched * 75 / 100,
        // Most dates are not dates of birth: without a name to say so, a date is a date.
        SensitiveKind::BirthDate => matched * 40 / 100,
        SensitiveKind::ResidentId
        | SensitiveKind::CreditCode
        | SensitiveKind::PersonName
        | SensitiveKind::General => 0,
    };
    // A name alone proposes, weakly: better a question too many than a column too open.
    let hinted = if !hinted {
        base
    } else if sampled == 0 || base < 10 {
        CONFIDENT.into()
    } else {
        base.max(40) + 20
    };
    u8::try_from(hinted.min(99)).unwrap_or(99)
}

fn mask_for(kind: SensitiveKind, data_type: Option<DataType>) -> MaskSpec {
    match (kind, data_type) {
        (SensitiveKind::General, _) => MaskSpec::Keep,
        (SensitiveKind::BankCard, Some(DataType::Integer)) => {
            MaskSpec::Token { domain: SensitiveKind::BankCard.name().to_owned() }
        }
        _ => MaskSpec::Format { kind },
    }
}

/// A column without a known shape may still be sensitive by its name, or be a key.
fn refine_general(proposal: &mut Proposal, names: &[&str], hint: Option<Hint>, data_type: Option<DataType>) {
    let distinct = share(proposal.evidence.distinct, proposal.evidence.sampled);
    if let Some(hint) = hint.filter(|hint| hint.kind == SensitiveKind::General) {
        proposal.label = hint.label;
        proposal.level = if hint.label >= Label::Sensitive { 3 } else { 2 };
        proposal.confidence = 60;
        proposal.evidence.name_hint = true;
        let numeric = data_type.is_some_and(DataType::is_numeric);
        if numeric && hint.label == Label::Sensitive {
            proposal.mask = MaskSpec::Noise { per_mille: 100 };
        }
    }
    let key = hint::is_key(names) && matches!(data_type, Some(DataType::Text | DataType::Integer));
    if key && distinct >= 90 && proposal.evidence.sampled >= 20 {
        let domain = names.first().copied().unwrap_or_default().to_lowercase();
        proposal.label = Label::Identifier;
        proposal.level = proposal.level.max(2);
        proposal.confidence = 60;
        proposal.evidence.name_hint = true;
        proposal.mask = MaskSpec::Token { domain };
    }
}
