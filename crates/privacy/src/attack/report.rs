//! What an examination found. Counts, rates and names of columns; never a value.

use serde::{Deserialize, Serialize};

use super::{Attack, Limits, Reason};

/// The outcome of one attack on some columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did not get through.
    Held,
    /// It got through: the data may not be published so.
    Succeeded,
    /// It could not be tried.
    NotApplicable(Reason),
}

/// What a measure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Part of the rows, values or entities, 0–1.
    Share,
    /// Share above chance, as a part of what chance leaves, 0–1.
    Gain,
    /// Entities.
    Entities,
    /// Sensitive values in a class: distinct ones, or the exponential of their entropy.
    Values,
    /// Earth mover's distance between distributions, 0–1.
    Distance,
    /// Bits of uncertainty that an attacker is left with.
    Bits,
    /// Absolute rank correlation, 0–1.
    Correlation,
}

/// The bound that a measure has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Held if the measure is not above.
    AtMost(f64),
    /// Held if the measure is not below.
    AtLeast(f64),
}

/// A measured figure with its bound. *Units*: rounded to six places, always finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// What it counts.
    pub unit: Unit,
    /// The figure.
    pub value: f64,
    /// What it may be.
    pub bound: Bound,
}

impl Measure {
    pub(super) fn at_most(unit: Unit, value: f64, bound: f64) -> Self {
        Self { unit, value: round(value), bound: Bound::AtMost(bound) }
    }

    pub(super) fn at_least(unit: Unit, value: f64, bound: f64) -> Self {
        Self { unit, value: round(value), bound: Bound::AtLeast(bound) }
    }

    /// Is the bound kept?
    #[must_use]
    pub fn keeps_bound(&self) -> bool {
        match self.bound {
            Bound::AtMost(bound) => self.value <= bound,
            Bound::AtLeast(bound) => self.value >= bound,
        }
    }
}

fn round(value: f64) -> f64 {
    // What is not a number would pass every comparison in one direction.
    if value.is_finite() { (value * 1e6).round() / 1e6 } else { 1e9_f64.copysign(value) }
}

/// One attack on some columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The attack.
    pub attack: Attack,
    /// Its outcome.
    pub outcome: Outcome,
    /// What was measured; none if it could not be tried.
    pub measure: Option<Measure>,
    /// What a guess without the masked data reaches, in the measure's unit, where that means something.
    pub chance: Option<f64>,
    /// Columns concerned; the attacked one first.
    pub columns: Vec<String>,
}

impl Finding {
    /// Judged by its measure.
    pub(super) fn judged(attack: Attack, measure: Measure, columns: Vec<String>) -> Self {
        let outcome = if measure.keeps_bound() { Outcome::Held } else { Outcome::Succeeded };
        Self { attack, outcome, measure: Some(measure), chance: None, columns }
    }

    pub(super) fn with_chance(mut self, chance: f64) -> Self {
        self.chance = Some(round(chance));
        self
    }

    /// What lies over its bound by no more than chance explains is held.
    pub(super) fn unless_chance(mut self, significant: bool) -> Self {
        if !significant {
            self.outcome = Outcome::Held;
        }
        self
    }

    pub(super) const fn not_applicable(attack: Attack, reason: Reason) -> Self {
        let outcome = Outcome::NotApplicable(reason);
        Self { attack, outcome, measure: None, chance: None, columns: Vec::new() }
    }

    /// Did the attack get through?
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        matches!(self.outcome, Outcome::Succeeded)
    }

    /// One plain sentence in Chinese.
    #[must_use]
    pub fn sentence_zh(&self) -> String {
        let name = self.attack.name_zh();
        match self.outcome {
            Outcome::Succeeded => format!("{}。", self.attack.worked_zh()),
            Outcome::Held => format!("“{name}”攻击未得手。"),
            Outcome::NotApplicable(reason) => format!("“{name}”攻击不适用：{}。", reason.zh()),
        }
    }

    /// One plain sentence in English.
    #[must_use]
    pub fn sentence_en(&self) -> String {
        let name = self.attack.name_en();
        match self.outcome {
            Outcome::Succeeded => format!("Attack “{name}” worked: {}.", self.attack.worked_en()),
            Outcome::Held => format!("Attack “{name}” did not get through."),
            Outcome::NotApplicable(reason) => {
                format!("Attack “{name}” does not apply: {}.", reason.en())
            }
        }
    }
}

/// May the masked data be published?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No attack got through.
    Publishable,
    /// Some did.
    Refused {
        /// Codes of the attacks that worked, each once, in the order of [`Attack::ALL`].
        by: Vec<String>,
    },
}

/// How many rows were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// Raw rows.
    pub raw: usize,
    /// Masked or synthetic rows.
    pub masked: usize,
    /// Masked rows of which the raw row is known.
    pub paired: usize,
    /// Most rows that an attack which compares rows with rows drew from these, by the seed.
    pub sampled: usize,
}

/// The report of an examination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Every attack that was tried or could not be, in the order of [`Attack::ALL`].
    pub attacks: Vec<Finding>,
    /// May the data be published?
    pub verdict: Verdict,
    /// The limits that were used.
    pub limits: Limits,
    /// Rows looked at.
    pub rows: Looked,
}

impl Report {
    pub(super) fn new(mut attacks: Vec<Finding>, limits: Limits, rows: Looked) -> Self {
        attacks.sort_by_key(|finding| finding.attack);
        let mut by: Vec<String> = Vec::new();
        for finding in attacks.iter().filter(|finding| finding.succeeded()) {
            if by.last().is_none_or(|last| last != finding.attack.code()) {
                by.push(finding.attack.code().to_owned());
            }
        }
        let verdict = if by.is_empty() { Verdict::Publishable } else { Verdict::Refused { by } };
        Self { attacks, verdict, limits, rows }
    }

    /// May the data be published?
    #[must_use]
    pub const fn publishable(&self) -> bool {
        matches!(self.verdict, Verdict::Publishable)
    }

    /// The attacks that worked.
    pub fn succeeded(&self) -> impl Iterator<Item = &Finding> {
        self.attacks.iter().filter(|finding| finding.succeeded())
    }
}
