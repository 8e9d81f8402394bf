//! How a column is masked.

use base::Date;
use serde::{Deserialize, Serialize};

use super::ff1::Shape;
use crate::{Error, SensitiveKind};

/// Bands of [`MaskSpec::Bands`] at most.
const EDGES_MAX: usize = 256;

/// How a column is masked. The module's table says what survives each method and what it does not hide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum MaskSpec {
    /// Nothing is changed.
    Keep,
    /// Every value becomes null.
    Null,
    /// Another value of the same kind and format, with valid check digits. For text; mobile numbers may be integers,
    /// birth dates dates.
    Format {
        /// What the column holds. `General` gives tokens.
        kind: SensitiveKind,
    },
    /// An opaque token. For text, integers and decimals without places (which stay numbers).
    Token {
        /// Columns with one domain get equal tokens for equal values: use one name for a key and all its references.
        domain: String,
    },
    /// FF1 over a whole text of one length and alphabet, for codes of no kind known here. Other texts become tokens.
    Ff1 {
        /// The characters.
        alphabet: Alphabet,
        /// How many characters; all texts of that length together must be at least a million.
        length: u8,
        /// As of [`MaskSpec::Token`].
        domain: String,
    },
    /// Some leading and trailing characters of a text; the rest, and all of a text that is not longer, is filled.
    Partial {
        /// Characters shown at the beginning.
        head: u8,
        /// Characters shown at the end.
        tail: u8,
        /// If given, only texts of just so many characters are shown in part: those with the column's shape.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<u8>,
        /// What stands in place of a hidden character; no letter, digit or space.
        #[serde(default = "star")]
        fill: char,
    },
    /// A date or timestamp moved by up to so many days either way. Equal dates move equally.
    ShiftDate {
        /// Largest move, 1–3650.
        days_max: u16,
    },
    /// Dates and timestamps moved by up to so many days either way, all of one entity by the same number: needs
    /// the entity's columns. Where the entity is null, as [`MaskSpec::ShiftDate`].
    ShiftEntity {
        /// Kind of entity (`person`). Columns and tables with one kind move one entity alike.
        entity: String,
        /// Largest move, 1–3650.
        days_max: u16,
    },
    /// A number rounded to a multiple.
    Round {
        /// The multiple, at least 1.
        step: u32,
    },
    /// A number changed by up to so many thousandths either way. Equal numbers change equally.
    Noise {
        /// Largest relative change, 1–1000.
        per_mille: u16,
    },
    /// A number as the lower edge of its band; what lies below all bands as the lowest edge.
    Bands {
        /// Where bands begin, ascending, 1–256, in whole units.
        edges: Vec<i64>,
    },
    /// Top and bottom coding: what lies beyond a bound becomes the bound. Numbers in whole units, dates and timestamps in
    /// days since 1970-01-01.
    TopBottom {
        /// The least value shown.
        bottom: Option<i64>,
        /// The greatest value shown.
        top: Option<i64>,
    },
    /// An age in bands: `30-39` for a text, the lower end for an integer, the youngest birth date of the band for a date.
    /// Integers are ages; dates and texts of dates are birth dates.
    Age {
        /// The day on which ages are counted.
        reference: Date,
        /// Years in a band, 2–50.
        years: u8,
        /// The age from which all are one band, at least `years`.
        top: u8,
    },
    /// A code of an administrative division (GB/T 2260; town and village codes of nine and twelve digits) cut to
    /// a level, noughts behind. For text and integers.
    Region {
        /// The level kept.
        level: RegionLevel,
    },
    /// A date or timestamp as the first day of its period.
    Calendar {
        /// The period.
        unit: CalendarUnit,
    },
    /// A longitude or latitude, or a text of both, as the center of its cell in a grid. For floats, decimals, text.
    Grid {
        /// Width of a cell in millionths of a degree, 1 000–10 000 000. 10 000 is about 1.1 km from south to north.
        micro_degrees: u32,
    },
    /// The values of one batch exchanged among its rows; nulls stay. Weak alone: every true value is still there.
    Shuffle {
        /// Columns with one domain and the same nulls are exchanged alike, and stay true beside each other.
        domain: String,
    },
}

/// Characters of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// `0`–`9`.
    Digits,
    /// `0`–`9`, `A`–`Z`.
    Upper,
    /// `0`–`9`, `a`–`z`.
    Lower,
    /// `0`–`9`, `A`–`Z`, `a`–`z`.
    Mixed,
}

/// Level of an administrative division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionLevel {
    /// 省: two digits.
    Province,
    /// 市: four digits.
    Prefecture,
    /// 县: six digits.
    County,
    /// 乡镇: nine digits.
    Town,
}

impl RegionLevel {
    /// Digits that stay.
    #[must_use]
    pub const fn digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::Prefecture => 4,
            Self::County => 6,
            Self::Town => 9,
        }
    }
}

/// A period of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarUnit {
    /// 月.
    Month,
    /// 季.
    Quarter,
    /// 年.
    Year,
}

const fn star() -> char {
    '*'
}

impl MaskSpec {
    /// Stable name of the method.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Null => "null",
            Self::Format { .. } => "format",
            Self::Token { .. } => "token",
            Self::Ff1 { .. } => "ff1",
            Self::Partial { .. } => "partial",
            Self::ShiftDate { .. } => "shift_date",
            Self::ShiftEntity { .. } => "shift_entity",
            Self::Round { .. } => "round",
            Self::Noise { .. } => "noise",
            Self::Bands { .. } => "bands",
            Self::TopBottom { .. } => "top_bottom",
            Self::Age { .. } => "age",
            Self::Region { .. } => "region",
            Self::Calendar { .. } => "calendar",
            Self::Grid { .. } => "grid",
            Self::Shuffle { .. } => "shuffle",
        }
    }

    /// Does an identifier stay hidden under this mask? Only identifiers so masked may enter a dev zone.
    #[must_use]
    pub const fn hides_identifier(&self) -> bool {
        matches!(self, Self::Null | Self::Format { .. } | Self::Token { .. } | Self::Ff1 { .. })
    }

    /// Does the mask need the entity's columns beside its own?
    #[must_use]
    pub const fn needs_entity(&self) -> bool {
        matches!(self, Self::ShiftEntity { .. })
    }

    /// Are the parameters in range?
    ///
    /// # Errors
    /// [`Error::MaskParameter`], or [`Error::MaskDomain`] if FF1 would have too few texts to hide one among.
    pub fn check(&self) -> Result<(), Error> {
        let mask = self.name();
        let sound = match self {
            Self::ShiftDate { days_max } | Self::ShiftEntity { days_max, .. } => {
                (1..=3650).contains(days_max)
            }
            Self::Round { step } => *step >= 1,
            Self::Noise { per_mille } => (1..=1000).contains(per_mille),
            Self::Partial { head, tail, length, fill } => {
                let shown = u16::from(*head) + u16::from(*tail);
                let plain = fill.is_alphanumeric() || fill.is_whitespace() || fill.is_control();
                !plain && length.is_none_or(|length| u16::from(length) > shown)
            }
            Self::Bands { edges } => {
                (1..=EDGES_MAX).contains(&edges.len()) && edges.is_sorted_by(|low, high| low < high)
            }
            Self::TopBottom { bottom, top } => match (bottom, top) {
                (None, None) => false,
                (Some(bottom), Some(top)) => bottom <= top,
                _ => true,
            },
            Self::Age { years, top, .. } => (2..=50).contains(years) && top >= years,
            Self::Grid { micro_degrees } => (1_000..=10_000_000).contains(micro_degrees),
            Self::Ff1 { alphabet, length, .. } => {
                Shape::new(alphabet.size(), u32::from(*length)).ok_or(Error::MaskDomain { mask })?;
                true
            }
            _ => true,
        };
        if sound { Ok(()) } else { Err(Error::MaskParameter { mask }) }
    }
}
