//! How far a column has come from the rows it was stored in.
//!
//! ```text
//! Private ──compute──▶ UnitPreserving ──aggregate──▶ Aggregated ──perturb──▶ Perturbed ──release──▶ Released
//!                                                        └────────────release────────────────────────▶┘
//! Public ──anything──▶ Public
//! ```
//! There is no way from `Private` or `UnitPreserving` to `Released`. [`super::Label`] says how delicate a column is;
//! the stage says what has been done to it.

use serde::{Deserialize, Serialize};

/// Place of a column in the lattice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A value of one entity's row, as stored.
    #[default]
    Private,
    /// Computed, joined or summed up, but still about one entity.
    UnitPreserving,
    /// About a group of entities, not yet known to be large enough.
    Aggregated,
    /// Noise has been added.
    Perturbed,
    /// Has passed the rules for cells, or was paid for; may leave.
    Released,
    /// No protected entity stands behind it.
    Public,
}

/// What is done to a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// An expression, a join, an aggregate by an entity's whole key.
    Compute,
    /// An aggregate that drops the key of every protected entity.
    Aggregate,
    /// A mechanism of [`crate::disclosure::dp`] adds noise.
    Perturb,
    /// The rules of [`crate::disclosure`] let its cells through.
    Release,
}

impl Stage {
    /// Where a step leads; `None` if it must not be taken.
    #[must_use]
    pub const fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Public, _) => Some(Self::Public),
            (Self::Released, _) => Some(Self::Released),
            (Self::Private | Self::UnitPreserving, Step::Compute) => Some(Self::UnitPreserving),
            (Self::Private | Self::UnitPreserving, Step::Aggregate)
            | (Self::Aggregated, Step::Compute | Step::Aggregate) => Some(Self::Aggregated),
            (Self::Private | Self::UnitPreserving, Step::Perturb | Step::Release) => None,
            (Self::Aggregated, Step::Perturb)
            | (Self::Perturbed, Step::Compute | Step::Aggregate | Step::Perturb) => Some(Self::Perturbed),
            (Self::Aggregated | Self::Perturbed, Step::Release) => Some(Self::Released),
        }
    }

    /// The stage of a value computed from both: the least processed one wins.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        match self.min(other) {
            Self::Private => Self::UnitPreserving,
            least => least,
        }
    }
}
