//! Identifiers cut over neighbouring columns: six digits here, twelve there; area code and number; province,
//! road and number.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType as ArrowType;
use serde::{Deserialize, Serialize};

use super::{Finding, Scanner, Strength, bytes};
use crate::{Error, SensitiveKind};

/// Columns that one identifier may be cut over.
const PIECES_MAX: usize = 4;
/// Rows looked at.
const ROWS_MAX: usize = 500;
/// Rows that must hold all pieces before anything is proposed.
const ROWS_MIN: u32 = 3;

/// Neighbouring columns that together seem to hold what none of them shows alone. Counts, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitProposal {
    /// Places of the first and the last of the columns, counted from nought.
    pub columns: (usize, usize),
    /// What they hold together.
    pub kind: SensitiveKind,
    /// How sure, 0–100.
    pub confidence: u8,
    /// Rows in which all of the columns have a value.
    pub sampled: u32,
    /// Rows whose joined values have the kind's shape.
    pub matched: u32,
    /// Rows whose joined values have a valid check digit too.
    pub checksum_valid: u32,
}

/// Joins each two to four neighbouring columns and looks at the joined values. Columns that are such an
/// identifier alone take no part.
///
/// *Shape*: columns of the same rows; other types than text, bytes and numbers are left out. Numbers lose
/// their leading noughts, so a piece that begins with one is found only if it is text.
///
/// # Errors
/// [`Error::Length`] if the columns differ in length, [`Error::Arrow`] if one has no text form.
pub fn propose_split(columns: &[ArrayRef]) -> Result<Vec<SplitProposal>, Error> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut texts = Vec::new();
    for column in columns {
        if column.len() != rows {
            return Err(Error::Length { left: rows, right: column.len() });
        }
        texts.push(pieces(&column.slice(0, rows.min(ROWS_MAX)))?);
    }
    let mut scanner = Scanner::new();
    let alone: Vec<bool> = texts.iter().map(|column| is_identifier(column, &mut scanner)).collect();
    let mut found: Vec<SplitProposal> = Vec::new();
    for count in 2..=PIECES_MAX.min(columns.len()) {
        for first in 0..=columns.len() - count {
            let last = first + count - 1;
            let taken = |split: &SplitProposal| split.columns.0 <= last && first <= split.columns.1;
            if alone.iter().skip(first).take(count).any(|alone| *alone) || found.iter().any(taken) {
                continue;
            }
            let parts = texts.get(first..=last).unwrap_or_default();
            found.extend(together(parts, (first, last), &mut scanner));
        }
    }
    found.sort_by_key(|split| split.columns);
    Ok(found)
}

/// The values of a column in the order of the rows, trimmed.
fn pieces(column: &ArrayRef) -> Result<Vec<Option<String>>, Error> {
    let failed = |_| Error::Arrow { operation: "cast to text" };
    let kept = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    if column.data_type().is_binary() {
        let wide = cast(column, &ArrowType::LargeBinary).map_err(failed)?;
        let decoded = |value: Option<&[u8]>| value.and_then(bytes::decode).and_then(|text| kept(&text));
        return Ok(wide.as_binary::<i64>().iter().map(decoded).collect());
    }
    let texts = cast(column, &ArrowType::Utf8).map_err(failed)?;
    Ok(texts.as_string::<i32>().iter().map(|value| value.and_then(kept)).collect())
}

/// Do most values show an identifier by themselves?
fn is_identifier(column: &[Option<String>], scanner: &mut Scanner) -> bool {
    let values = column.iter().flatten().count();
    let telling = column
        .iter()
        .flatten()
        .filter(|value| {
            let found = scanner.best(value, Strength::Shape);
            found.is_some_and(|finding| finding.whole && can_be_cut(finding.kind))
        })
        .count();
    telling * 2 > values
}

/// Kinds that are looked for in joined values. Names of people are not: any two short columns would make
/// some.
const fn can_be_cut(kind: SensitiveKind) -> bool {
    use SensitiveKind as Kind;
    matches!(
        kind,
        Kind::ResidentId
            | Kind::ForeignerPermit
            | Kind::CreditCode
            | Kind::BankCard
            | Kind::Vin
            | Kind::OrganizationCode
            | Kind::Mobile
            | Kind::Landline
            | Kind::Address
            | Kind::Coordinate
            | Kind::Email
            | Kind::Plate
    )
}

fn together(
    parts: &[Vec<Option<String>>],
    columns: (usize, usize),
    scanner: &mut Scanner,
) -> Option<SplitProposal> {
    let rows = parts.first().map_or(0, Vec::len);
    let mut sampled = 0;
    let mut counts = [(0_u32, 0_u32); SensitiveKind::ALL.len()];
    let mut joined = String::new();
    for row in 0..rows {
        let pieces = || parts.iter().map(|column| column.get(row).and_then(Option::as_deref));
        if pieces().any(|piece| piece.is_none()) {
            continue;
        }
        sampled += 1;
        joined.clear();
        joined.extend(pieces().flatten());
        let mut found = whole(scanner, &joined);
        // Two numbers with points are a pair only with something between them.
        if found.is_none() && parts.len() == 2 {
            joined.clear();
            for piece in pieces().flatten() {
                if !joined.is_empty() {
                    joined.push(',');
                }
                joined.push_str(piece);
            }
            found = whole(scanner, &joined).filter(|finding| finding.kind == SensitiveKind::Coordinate);
        }
        let Some(finding) = found else { continue };
        let slot = SensitiveKind::ALL.iter().position(|kind| *kind == finding.kind);
        if let Some((matched, valid)) = slot.and_then(|slot| counts.get_mut(slot)) {
            *matched += 1;
            *valid += u32::from(finding.strength == Strength::Checked);
        }
    }
    let (kind, (matched, checksum_valid)) =
        SensitiveKind::ALL.into_iter().zip(counts).max_by_key(|(_, (matched, _))| *matched)?;
    let share = |part: u32| part.saturating_mul(100).checked_div(sampled).unwrap_or(0);
    let confidence = if share(checksum_valid) >= 50 {
        60 + share(checksum_valid) * 39 / 100
    } else if share(matched) >= 90 {
        share(matched) * 85 / 100
    } else {
        0
    };
    (sampled >= ROWS_MIN && confidence > 0).then(|| SplitProposal {
        columns,
        kind,
        confidence: u8::try_from(confidence.min(99)).unwrap_or(99),
        sampled,
        matched,
        checksum_valid,
    })
}

fn whole(scanner: &mut Scanner, joined: &str) -> Option<Finding> {
    scanner.best(joined, Strength::Shape).filter(|finding| finding.whole && can_be_cut(finding.kind))
}
