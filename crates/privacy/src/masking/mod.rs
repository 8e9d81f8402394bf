//! Keyed, deterministic masks that keep the shape of what they hide.
//!
//! One [`MaskKey`] belongs to a tenant. Keys for the single kinds are derived from it, by kind and never by column,
//! so the same identity number has the same token in every table of a tenant, and another token for another tenant.
//! On identifiers masks are injective: distinct values stay distinct. A value that does not have its column's shape
//! is replaced by a token; it never passes through.

mod column;
mod identifier;
mod integer;
mod key;
mod permutation;
mod sample;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub(crate) use text::is_han;

use serde::{Deserialize, Serialize};

pub use column::mask_column;
pub(crate) use key::KeyedHash;
pub use key::MaskKey;
pub use sample::{keep_entities, keep_entity};

use crate::SensitiveKind;

/// How a column is masked.
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
    /// An opaque token. For text and integers (which stay integers).
    Token {
        /// Columns with one domain get equal tokens for equal values: use one name for a key and all its references.
        domain: String,
    },
    /// A date or timestamp moved by up to so many days either way. Equal dates move equally.
    ShiftDate {
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
            Self::ShiftDate { .. } => "shift_date",
            Self::Round { .. } => "round",
            Self::Noise { .. } => "noise",
        }
    }

    /// Does an identifier stay hidden under this mask? Only identifiers so masked may enter a dev zone.
    #[must_use]
    pub const fn hides_identifier(&self) -> bool {
        matches!(self, Self::Null | Self::Format { .. } | Self::Token { .. })
    }
}
