//! What of a value a mask leaves readable, so that two masks of one identifier can be compared.

use std::collections::BTreeSet;

use super::{CalendarUnit, MaskSpec, RegionLevel};
use crate::SensitiveKind;

/// A piece of what can be read off a masked value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// The character at a place from the beginning.
    First(usize),
    /// The character at a place from the end, of texts whose length varies.
    Last(usize),
    /// A period of the calendar or a level of the divisions.
    Period(&'static str),
    /// Something else, by the method and its parameters.
    Other(String),
}

/// All that can be read off a masked value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    Everything,
    Pieces(Pieces),
}

/// A set of pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pieces(BTreeSet<Piece>);

impl Shown {
    /// What a mask shows of a kind of identifier.
    pub(super) fn of(kind: SensitiveKind, spec: &MaskSpec) -> Self {
        let pieces = match spec {
            MaskSpec::Keep => return Self::Everything,
            // Tokens and codes are other values altogether.
            MaskSpec::Null | MaskSpec::Token { .. } | MaskSpec::Ff1 { .. } => BTreeSet::new(),
            MaskSpec::Format { kind: format } => shown_by_format(*format),
            MaskSpec::Partial { head, tail, length, .. } => {
                let length = length.map(usize::from).or_else(|| fixed_length(kind));
                let tail = (0..usize::from(*tail)).map(|place| match length {
                    Some(length) => Piece::First(length.saturating_sub(place + 1)),
                    None => Piece::Last(place),
                });
                first(*head).chain(tail).collect()
            }
            MaskSpec::Calendar { unit } => {
                let periods: &[&str] = match unit {
                    CalendarUnit::Year => &["year"],
                    CalendarUnit::Quarter => &["year", "quarter"],
                    CalendarUnit::Month => &["year", "quarter", "month"],
                };
                periods.iter().map(|period| Piece::Period(period)).collect()
            }
            MaskSpec::Region { level } => {
                let levels = [
                    (RegionLevel::Province, "province"),
                    (RegionLevel::Prefecture, "prefecture"),
                    (RegionLevel::County, "county"),
                    (RegionLevel::Town, "town"),
                ];
                let coarser = levels.iter().filter(|(known, _)| known <= level);
                coarser.map(|(_, name)| Piece::Period(name)).collect()
            }
            // Two bands, roundings, noises or shifts with other parameters narrow each other down.
            other => BTreeSet::from([Piece::Other(format!("{other:?}"))]),
        };
        Self::Pieces(Pieces(pieces))
    }

    /// Do the two together tell no more than one of them alone?
    pub(super) fn nests_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pieces(Pieces(left)), Self::Pieces(Pieces(right))) => {
                left.is_subset(right) || right.is_subset(left)
            }
            _ => true,
        }
    }
}

fn first(count: u8) -> impl Iterator<Item = Piece> {
    (0..usize::from(count)).map(Piece::First)
}

/// What [`MaskSpec::Format`] leaves as it is; see the modules of the identifiers.
fn shown_by_format(kind: SensitiveKind) -> BTreeSet<Piece> {
    use SensitiveKind as Kind;
    let other = |text: &str| Piece::Other(format!("format {} {text}", kind.name()));
    match kind {
        Kind::ResidentId | Kind::ForeignerPermit => {
            first(6).chain([other("birth within eight years"), other("sex")]).collect()
        }
        Kind::CreditCode => first(8).chain([other("inner check")]).collect(),
        Kind::BankCard => first(6).collect(),
        Kind::Mobile => first(3).collect(),
        Kind::Landline => BTreeSet::from([other("area code")]),
        Kind::Plate => first(2).chain([other("class")]).collect(),
        Kind::Passport | Kind::TravelPermit => BTreeSet::from([other("letters")]),
        Kind::Vin => first(8).chain([Piece::First(9)]).collect(),
        Kind::PersonName => BTreeSet::from([other("length")]),
        Kind::OrganizationName => BTreeSet::from([other("legal form")]),
        Kind::Address => BTreeSet::from([other("province and city")]),
        Kind::BirthDate => BTreeSet::from([other("date within 180 days")]),
        _ => BTreeSet::new(),
    }
}

/// Characters that every value of the kind has.
const fn fixed_length(kind: SensitiveKind) -> Option<usize> {
    match kind {
        SensitiveKind::ResidentId | SensitiveKind::CreditCode => Some(18),
        SensitiveKind::Vin => Some(17),
        SensitiveKind::Mobile => Some(11),
        SensitiveKind::Passport => Some(9),
        _ => None,
    }
}
