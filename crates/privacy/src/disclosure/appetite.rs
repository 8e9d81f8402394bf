//! Risk appetite: how much may be told. A pack or an agreement sets it; nothing here has a default.

use serde::{Deserialize, Serialize};

use crate::Error;

/// The numbers of a risk appetite, unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Fewest distinct entities in a cell and in every combination of cells, at least 2.
    pub min_entities: u32,
    /// (n,k) rule: the largest `n` contributions may make up no more than `k` of the total.
    pub dominance: Option<Dominance>,
    /// p% rule: the second largest contributor must not be able to estimate the largest closer than this share of it.
    /// *Units*: per cent, 1–100.
    pub p_percent: Option<u32>,
    /// May a cell say that no member of a group has the attribute?
    pub zero_cells: Group,
    /// May a cell say that every member of a group has it?
    pub full_cells: Group,
    /// Fewest degrees of freedom of a mean, a variance or a regression, at least 1.
    pub min_degrees_of_freedom: u32,
    /// Numbers are rounded to multiples of it, at least 2.
    pub rounding_base: Option<u32>,
}

/// The (n,k) rule. *Source*: P.-P. de Wolf, A. Hundepool and others, Statistical Disclosure Control (2012), 4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dominance {
    /// `n`, 1–10.
    pub contributors: u32,
    /// `k`. *Units*: parts per million, 1–999 999.
    pub share_ppm: u32,
}

/// What to do with a cell that speaks about a whole group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// It may leave.
    Allowed,
    /// It may not.
    Refused,
}

/// A checked risk appetite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Limits", into = "Limits")]
pub struct Appetite(Limits);

impl Appetite {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::Threshold`] names the first number that would switch a protection off or make no sense.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        let fine = [
            ("min_entities", limits.min_entities >= 2),
            ("dominance.contributors", limits.dominance.is_none_or(|d| (1..=10).contains(&d.contributors))),
            ("dominance.share_ppm", limits.dominance.is_none_or(|d| (1..=999_999).contains(&d.share_ppm))),
            ("p_percent", limits.p_percent.is_none_or(|p| (1..=100).contains(&p))),
            ("min_degrees_of_freedom", limits.min_degrees_of_freedom >= 1),
            ("rounding_base", limits.rounding_base.is_none_or(|base| base >= 2)),
        ];
        match fine.into_iter().find(|(_, fine)| !fine) {
            Some((name, _)) => Err(Error::Threshold { name }),
            None => Ok(Self(limits)),
        }
    }

    /// The numbers.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.0
    }
}

impl TryFrom<Limits> for Appetite {
    type Error = Error;

    fn try_from(limits: Limits) -> Result<Self, Error> {
        Self::new(limits)
    }
}

impl From<Appetite> for Limits {
    fn from(appetite: Appetite) -> Self {
        appetite.0
    }
}
