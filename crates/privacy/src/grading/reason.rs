//! Why a class or a level is proposed.

use serde::{Deserialize, Serialize};

use super::{Class, Harm, Object};
use crate::SensitiveKind;
use crate::ir::Label;

/// One reason: a code and its parameters. JSON: `{"code":"personal_rows","rows":12000,"threshold":10000}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// A kind was found that has a level of its own.
    Kind {
        /// The kind.
        kind: SensitiveKind,
        /// Its level.
        level: u8,
    },
    /// No kind was found, but a column has a place in the lattice.
    Label {
        /// The place.
        label: Label,
        /// The level that goes with it.
        level: u8,
    },
    /// It is personal information.
    Personal {
        /// Least level of such.
        level: u8,
    },
    /// It is sensitive personal information.
    SensitivePersonal {
        /// Least level of such.
        level: u8,
    },
    /// It is about children under fourteen.
    Minors,
    /// It is about so many people that it is important.
    PersonalRows {
        /// People or rows.
        rows: u64,
        /// From how many on.
        threshold: u64,
    },
    /// It is sensitive and about so many people that it is important.
    SensitiveRows {
        /// People or rows.
        rows: u64,
        /// From how many on.
        threshold: u64,
    },
    /// Somebody said what its loss would harm.
    Harm {
        /// What.
        object: Object,
        /// How badly.
        harm: Harm,
    },
    /// A department's catalogue lists it.
    Catalogued {
        /// As what.
        class: Class,
    },
    /// It is opened on conditions only.
    Conditional {
        /// Least level of such.
        level: u8,
    },
    /// It must not be opened.
    Prohibited {
        /// Least level of such.
        level: u8,
    },
    /// Nobody can be told from it any more.
    Deidentified {
        /// Least level of such.
        level: u8,
    },
    /// It is made of something that is graded so.
    Inherited {
        /// Name of the source.
        source: String,
        /// Its class.
        class: Class,
        /// Its level.
        level: u8,
    },
    /// It is counted or summed over groups, so that the level of its sources does not pass on.
    Aggregated {
        /// Least entities in a group.
        group_min: u32,
    },
    /// It is counted or summed over groups that are too small for that.
    GroupsTooSmall {
        /// Least entities in a group.
        group_min: u32,
        /// Least that would do.
        needed: u32,
    },
    /// It is counted or summed over important or core data: whether the sum is so too, a person decides.
    AggregateOfImportant {
        /// Class of the source.
        class: Class,
    },
}

impl Reason {
    /// The stable code, the same as in JSON.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Kind { .. } => "kind",
            Self::Label { .. } => "label",
            Self::Personal { .. } => "personal",
            Self::SensitivePersonal { .. } => "sensitive_personal",
            Self::Minors => "minors",
            Self::PersonalRows { .. } => "personal_rows",
            Self::SensitiveRows { .. } => "sensitive_rows",
            Self::Harm { .. } => "harm",
            Self::Catalogued { .. } => "catalogued",
            Self::Conditional { .. } => "conditional",
            Self::Prohibited { .. } => "prohibited",
            Self::Deidentified { .. } => "deidentified",
            Self::Inherited { .. } => "inherited",
            Self::Aggregated { .. } => "aggregated",
            Self::GroupsTooSmall { .. } => "groups_too_small",
            Self::AggregateOfImportant { .. } => "aggregate_of_important",
        }
    }
}
