//! Differential privacy for counts and sums of whole numbers: each entity's contribution is bounded, its greatest effect
//! on the number is covered by exactly drawn noise, and the loss is paid from the budget of the resource.
//!
//! Neighbouring data differ by all rows of one entity. Nothing here is a floating-point number.

mod budget;
mod choose;
mod mechanism;
mod random;
mod regression;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use arrow::array::{Int64Array, UInt32Array};
use serde::{Deserialize, Serialize};

pub use budget::{Budget, Cost, Refused, Unit};
pub use choose::choose;
pub use mechanism::{Mechanism, SENSITIVITY_MAX};
pub use random::{Randomness, Seeded};
pub use regression::{Fit, Moment, Moments, fit};

use crate::Error;

/// Bounds declared for what one entity contributes. They come from knowledge of the subject, never from the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Declared", into = "Declared")]
pub struct Contribution {
    low: i64,
    high: i64,
    rows_max: u32,
}

#[derive(Serialize, Deserialize)]
struct Declared {
    low: i64,
    high: i64,
    rows_max: u32,
}

impl From<Contribution> for Declared {
    fn from(c: Contribution) -> Self {
        Self { low: c.low, high: c.high, rows_max: c.rows_max }
    }
}

impl TryFrom<Declared> for Contribution {
    type Error = Error;

    fn try_from(d: Declared) -> Result<Self, Error> {
        Self::new(d.low, d.high, d.rows_max)
    }
}

impl Contribution {
    /// Values from `low` to `high`, in at most `rows_max` rows of one entity.
    ///
    /// # Errors
    /// [`Error::Threshold`] if the bounds are reversed or both zero, no row is allowed, or the sensitivity passes
    /// [`SENSITIVITY_MAX`].
    pub fn new(low: i64, high: i64, rows_max: u32) -> Result<Self, Error> {
        let contribution = Self { low, high, rows_max };
        if low > high {
            return Err(Error::Threshold { name: "bounds" });
        }
        if !(1..=SENSITIVITY_MAX).contains(&contribution.sum_sensitivity()) {
            return Err(Error::Threshold { name: "sensitivity" });
        }
        Ok(contribution)
    }

    /// By how much a sum changes at most when one entity comes or goes.
    #[must_use]
    pub fn sum_sensitivity(&self) -> u64 {
        let largest = self.low.unsigned_abs().max(self.high.unsigned_abs());
        largest.saturating_mul(u64::from(self.rows_max))
    }

    /// By how much a number of rows changes at most.
    #[must_use]
    pub fn count_sensitivity(&self) -> u64 {
        u64::from(self.rows_max)
    }

    /// The sum within the bounds: values are clamped, null counts as absent, and of each entity only the first rows
    /// count. Rows of an unknown entity are left out, since nobody's bound covers them.
    ///
    /// # Errors
    /// [`Error::Length`] if the arrays differ in length, [`Error::Arrow`] if the sum does not fit.
    pub fn clamped_sum(&self, values: &Int64Array, entities: &UInt32Array) -> Result<i64, Error> {
        let kept = self.kept(values, entities)?;
        let sum: i128 = kept.into_iter().map(|value| i128::from(value.clamp(self.low, self.high))).sum();
        i64::try_from(sum).map_err(|_| Error::Arrow { operation: "sum" })
    }

    /// The number of rows within the bounds, as [`Contribution::clamped_sum`].
    ///
    /// # Errors
    /// [`Error::Length`] if the arrays differ in length, [`Error::Arrow`] if the number does not fit.
    pub fn clamped_count(&self, values: &Int64Array, entities: &UInt32Array) -> Result<i64, Error> {
        let kept = self.kept(values, entities)?;
        i64::try_from(kept.len()).map_err(|_| Error::Arrow { operation: "count" })
    }

    fn kept(&self, values: &Int64Array, entities: &UInt32Array) -> Result<Vec<i64>, Error> {
        if values.len() != entities.len() {
            return Err(Error::Length { left: values.len(), right: entities.len() });
        }
        let mut rows: HashMap<u32, u32> = HashMap::new();
        let pairs = values.iter().zip(entities.iter()).filter_map(|(value, entity)| value.zip(entity));
        let kept = pairs.filter(|(_, entity)| {
            let rows = rows.entry(*entity).or_default();
            *rows = rows.saturating_add(1);
            *rows <= self.rows_max
        });
        Ok(kept.map(|(value, _)| value).collect())
    }
}

/// A number that leaves with noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoisyNumber {
    /// The number with its noise. A count may be negative; setting it to zero is the reader's choice.
    pub value: i64,
    /// Half the width of its 95 % interval. It is about the noise only, not about clamping.
    pub half_width_95: u64,
    /// What it cost.
    pub cost: Cost,
}

impl NoisyNumber {
    /// The 95 % interval.
    #[must_use]
    pub fn interval_95(&self) -> (i64, i64) {
        let half = i64::try_from(self.half_width_95).unwrap_or(i64::MAX);
        (self.value.saturating_sub(half), self.value.saturating_add(half))
    }
}

/// Why a noisy number was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotGiven {
    /// The budget does not stretch to it; nothing was spent.
    Refused(Refused),
    /// A fault; what was spent stays spent.
    Fault(Error),
}

/// Pays for a number and adds noise to it.
///
/// # Errors
/// [`NotGiven`] if the budget refuses or the source of randomness is broken.
pub fn release(
    exact: i64,
    mechanism: &Mechanism,
    budget: &mut Budget,
    source: &mut dyn Randomness,
) -> Result<NoisyNumber, NotGiven> {
    budget.spend(mechanism.cost()).map_err(NotGiven::Refused)?;
    let noise = mechanism.noise(source).map_err(NotGiven::Fault)?;
    let value = exact.saturating_add(noise);
    Ok(NoisyNumber { value, half_width_95: mechanism.half_width_95(), cost: mechanism.cost() })
}
