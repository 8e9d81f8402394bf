//! Differential privacy for counts and sums of whole numbers: the greatest effect of an entity, whose contribution the caller
//! bounds, is covered by exactly drawn noise, and the loss is paid from the budget of the resource.
//!
//! Neighbouring data differ by all rows of one entity. Nothing here is a floating-point number.

mod budget;
mod choose;
mod mechanism;
mod random;
mod regression;
#[cfg(test)]
mod tests;

pub use budget::{Budget, Cost, Refused, Unit};
pub use choose::choose;
pub use mechanism::{Mechanism, SENSITIVITY_MAX};
pub use random::{Randomness, Seeded};
pub use regression::{Fit, Moment, Moments, fit};

use crate::Error;

/// Why a noisy number was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotGiven {
    /// The budget does not stretch to it; nothing was spent.
    Refused(Refused),
    /// A fault; what was spent stays spent.
    Fault(Error),
}
