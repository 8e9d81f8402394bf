//! What may be told of a resource in all, counted in whole millionths.

use serde::{Deserialize, Serialize};

use crate::Error;

/// How privacy loss is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Millionths of ε: pure differential privacy. Losses add up.
    MicroEpsilon,
    /// Millionths of ρ: zero-concentrated differential privacy. Losses add up. *Source*: M. Bun, T. Steinke,
    /// Concentrated Differential Privacy (2016).
    MicroRho,
}

/// The price of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Of what.
    pub unit: Unit,
    /// How many millionths.
    pub micro: u64,
}

impl Cost {
    /// The same loss in another unit, rounded up; none if there is no such bound. Pure ε-differential privacy implies
    /// ε²/2-zCDP (same source, proposition 1.4); zCDP implies no pure ε.
    #[must_use]
    pub fn in_unit(self, unit: Unit) -> Option<u64> {
        match (self.unit, unit) {
            (Unit::MicroEpsilon, Unit::MicroRho) => {
                u64::try_from(u128::from(self.micro).pow(2).div_ceil(2_000_000)).ok()
            }
            (Unit::MicroRho, Unit::MicroEpsilon) => None,
            (Unit::MicroEpsilon, Unit::MicroEpsilon) | (Unit::MicroRho, Unit::MicroRho) => Some(self.micro),
        }
    }
}

/// The budget of one resource, for all accounts together: several of them may pool what they learn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Budget {
    unit: Unit,
    total: u64,
    spent: u64,
}

/// The budget does not stretch to it. Nothing was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// It costs more than is left.
    Exhausted {
        /// What is left. *Units*: millionths of the budget's unit.
        left: u64,
    },
    /// It is priced in rho, the budget in epsilon.
    Unit,
    /// It costs nothing, so that it is not protected.
    Free,
}

impl Budget {
    /// A budget of which nothing is spent. *Units*: millionths.
    #[must_use]
    pub const fn new(unit: Unit, total: u64) -> Self {
        Self { unit, total, spent: 0 }
    }

    /// Spends a price, all of it or nothing; returns what is left. Spend before drawing noise, and durably: a number
    /// that left unpaid cannot be taken back.
    ///
    /// # Errors
    /// [`Refused`] if the budget does not stretch to it.
    pub fn spend(&mut self, cost: Cost) -> Result<u64, Refused> {
        if cost.micro == 0 {
            return Err(Refused::Free);
        }
        let price = match cost.in_unit(self.unit) {
            Some(price) => price,
            None if cost.unit == self.unit || self.unit == Unit::MicroRho => u64::MAX,
            None => return Err(Refused::Unit),
        };
        let left = self.left();
        self.spent = match self.spent.checked_add(price) {
            Some(spent) if price <= left => spent,
            _ => return Err(Refused::Exhausted { left }),
        };
        Ok(left - price)
    }

    /// What is left. *Units*: millionths.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.total - self.spent
    }

    /// The whole. *Units*: millionths.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// How loss is measured.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    unit: Unit,
    total: u64,
    spent: u64,
}

impl From<Budget> for Stored {
    fn from(budget: Budget) -> Self {
        Self { unit: budget.unit, total: budget.total, spent: budget.spent }
    }
}

impl TryFrom<Stored> for Budget {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        if stored.spent > stored.total {
            return Err(Error::Threshold { name: "spent" });
        }
        Ok(Self { unit: stored.unit, total: stored.total, spent: stored.spent })
    }
}
