//! Proposing a classification for each column, from its name and a sample of its values.
//!
//! A proposal is a help for the person who confirms it, never a decision. It holds counts, never values.

mod addresses;
mod bytes;
mod codes;
pub mod corpus;
mod count;
pub(crate) mod dictionary;
mod hint;
mod names;
mod network;
mod organizations;
mod plates;
mod scan;
mod split;
mod symbol;
#[cfg(test)]
mod tests;
mod text;
mod words;

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::take;
use serde::{Deserialize, Serialize};

pub use self::bytes::decode;
use self::count::{Count, Seen};
use self::hint::Hint;
pub use self::scan::{Finding, Scanner, Strength};
pub use self::split::{SplitProposal, propose_split};
pub(crate) use self::symbol::Folder;
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
    /// Longer texts that contain an identifier somewhere.
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
    let binary = column.data_type().is_binary();
    let data_type = if binary { Some(DataType::Text) } else { DataType::from_arrow(column.data_type()) };
    let values = sample(column)?;
    let seen = Seen::of(&values, hint.map(|hint| hint.kind));
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
    if binary && proposal.mask != MaskSpec::Keep {
        // No other mask takes bytes.
        proposal.mask = MaskSpec::Null;
    }
    Ok(proposal)
}

/// Values looked at, spread evenly over the column.
fn sample(column: &ArrayRef) -> Result<Vec<String>, Error> {
    let step = (column.len() / SAMPLE_MAX).max(1);
    let rows: UInt64Array = (0..column.len())
        .step_by(step)
        .filter(|row| column.is_valid(*row))
        .take(SAMPLE_MAX)
        .filter_map(|row| u64::try_from(row).ok())
        .collect();
    let part = take(column, &rows, None).map_err(|_| Error::Arrow { operation: "take a sample" })?;
    let mut values = bytes::texts(&part)?;
    values.retain_mut(|value| {
        if value.trim().len() < value.len() {
            *value = value.trim().to_owned();
        }
        !value.is_empty()
    });
    Ok(values)
}

fn best(
    seen: &Seen,
    data_type: Option<DataType>,
    hint: Option<Hint>,
    people: bool,
) -> (SensitiveKind, u8, Evidence) {
    let mut best = (SensitiveKind::General, 0, seen.evidence(Count::default()));
    for (kind, count) in seen.counts() {
        if !fits(kind, data_type) || (kind == SensitiveKind::PersonName && !people) {
            continue;
        }
        let hinted = hint.is_some_and(|hint| hint.kind == kind);
        let confidence = confidence(kind, count, seen.sampled, hinted);
        if confidence > best.1 {
            best = (kind, confidence, seen.evidence(count));
        }
    }
    let embedded = share(seen.embedded, seen.sampled);
    if best.1 < CONFIDENT && embedded >= 1 {
        // Free text with numbers inside is as sensitive as the numbers; its mask makes a token of it.
        return (seen.embedded_kind(), CONFIDENT, seen.evidence(Count::default()));
    }
    if best.1 < CONFIDENT {
        // That nothing was found is no proof that nothing is there.
        let sure = if seen.sampled == 0 { 0 } else { (100 - best.1).min(NOTHING_FOUND) };
        return (SensitiveKind::General, sure, seen.evidence(Count::default()));
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
fn confidence(kind: SensitiveKind, count: Count, sampled: u32, hinted: bool) -> u8 {
    let matched = share(count.matched, sampled);
    let valid = share(count.valid, sampled);
    let base = base_confidence(kind, count, matched, valid, hinted);
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

/// What the values alone say. *Units*: 0–100; `matched` and `valid` in hundredths of the values.
fn base_confidence(kind: SensitiveKind, count: Count, matched: u32, valid: u32, hinted: bool) -> u32 {
    use SensitiveKind as Kind;
    match kind {
        // One in a hundred is too many to be chance: a random 18-character text passes once in thousands.
        Kind::ResidentId | Kind::CreditCode | Kind::ForeignerPermit if count.valid >= 3 || valid >= 50 => {
            if valid >= 1 {
                60 + valid * 2 / 5
            } else {
                0
            }
        }
        // Numbers of fifteen digits and cards of the older form have no check digit.
        Kind::ResidentId | Kind::ForeignerPermit => matched * 80 / 100,
        // One random number in ten has a valid Luhn digit, one in eleven that of the others.
        Kind::BankCard if valid >= 50 => valid * 95 / 100,
        Kind::Vin if valid >= 50 => valid * 96 / 100,
        Kind::Vin => matched * 60 / 100,
        Kind::OrganizationCode if valid >= 50 => valid * 92 / 100,
        Kind::Mobile => matched * 92 / 100,
        Kind::Landline => matched * 90 / 100,
        Kind::Plate | Kind::Email => matched * 97 / 100,
        Kind::IpAddress | Kind::Coordinate | Kind::EthnicGroup => matched * 95 / 100,
        Kind::Passport | Kind::TravelPermit => matched * 80 / 100,
        Kind::Address | Kind::Religion => matched * 90 / 100,
        Kind::OrganizationName | Kind::Medical => matched * 85 / 100,
        // Two to four characters with a surname are many things: without a name to say so, nearly all must be
        // such.
        Kind::PersonName if matched >= 90 || hinted => matched * 75 / 100,
        // Most dates are not dates of birth: without a name to say so, a date is a date.
        Kind::BirthDate => matched * 40 / 100,
        Kind::BankCard | Kind::OrganizationCode | Kind::CreditCode | Kind::PersonName | Kind::General => 0,
    }
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
    let by_name = |hint: &Hint| {
        // A code of an illness or a year of birth in a number has the place of its kind, without its shape.
        let number = data_type.is_some_and(DataType::is_numeric) && hint.label < Label::Identifier;
        hint.kind == SensitiveKind::General || number
    };
    if let Some(hint) = hint.filter(by_name) {
        proposal.label = hint.label;
        proposal.level = if hint.label >= Label::Sensitive { 3 } else { 2 };
        proposal.confidence = 60;
        proposal.evidence.name_hint = true;
        let numeric = data_type.is_some_and(DataType::is_numeric);
        if numeric && hint.label == Label::Sensitive {
            // A thousandth of a longitude is a dozen kilometres; a tenth of an income is an income still.
            let per_mille = if hint.kind == SensitiveKind::Coordinate { 1 } else { 100 };
            proposal.mask = MaskSpec::Noise { per_mille };
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
