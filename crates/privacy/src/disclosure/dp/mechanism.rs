//! Noise of whole numbers, drawn exactly: no floating point takes part, so no rounding leaks what was added to.
//!
//! *Source*: C. Canonne, G. Kamath, T. Steinke, The Discrete Gaussian for Differential Privacy (2020): algorithms 1–3,
//! theorem 4 (a discrete Gaussian of variance σ² over sensitivity Δ satisfies Δ²/2σ²-zCDP).

use serde::{Deserialize, Serialize};

use super::random::{Draws, Randomness};
use super::{Cost, Unit};
use crate::Error;

/// Limit: sensitivities. *Units*: those of the number published.
pub const SENSITIVITY_MAX: u64 = 1 << 40;

/// Limit: price of one number. *Units*: millionths of epsilon or rho; ten or one are no protection to speak of.
const EPSILON_MICRO_MAX: u64 = 10_000_000;
const RHO_MICRO_MAX: u64 = 1_000_000;

/// Variances up to here are taken as exact fractions; above, the deviation is rounded up to a whole number.
const FRACTION_VARIANCE_MAX: u128 = 1 << 20;

/// A mechanism for numbers of one sensitivity at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mechanism {
    cost: Cost,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    /// `P(x) ∝ exp(-|x|·under/over)`.
    Laplace { over: u64, under: u64 },
    /// `P(x) ∝ exp(-x²·under/(2·over))`, with `step` the scale of the proposal.
    Gaussian { over: u128, under: u64, step: u64 },
}

impl Mechanism {
    /// For a number that changes by at most `sensitivity` when one entity comes or goes. A price in epsilon gives
    /// discrete Laplace noise, one in rho discrete Gaussian noise.
    ///
    /// # Errors
    /// [`Error::Threshold`] for a sensitivity or price of zero or past its limit.
    pub fn new(sensitivity: u64, cost: Cost) -> Result<Self, Error> {
        if !(1..=SENSITIVITY_MAX).contains(&sensitivity) {
            return Err(Error::Threshold { name: "sensitivity" });
        }
        let most = match cost.unit {
            Unit::MicroEpsilon => EPSILON_MICRO_MAX,
            Unit::MicroRho => RHO_MICRO_MAX,
        };
        if !(1..=most).contains(&cost.micro) {
            return Err(Error::Threshold { name: "cost" });
        }
        let shape = match cost.unit {
            Unit::MicroEpsilon => laplace(sensitivity, cost.micro),
            Unit::MicroRho => gaussian(sensitivity, cost.micro),
        };
        Ok(Self { cost, shape })
    }

    /// What one number costs.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// Draws noise.
    ///
    /// # Errors
    /// [`Error::Randomness`] if the source is broken.
    pub fn noise(&self, source: &mut dyn Randomness) -> Result<i64, Error> {
        let mut draws = Draws::new(source);
        let noise = match self.shape {
            Shape::Laplace { over, under } => draws.laplace(u128::from(over), u128::from(under))?,
            Shape::Gaussian { over, under, step } => {
                draws.gaussian(over, u128::from(under), u128::from(step))?
            }
        };
        i64::try_from(noise).map_err(|_| Error::Randomness)
    }

    /// Half the width of a 95 % interval: the noise is within it with probability 0.95 at least.
    ///
    /// Laplace: with `q = exp(-under/over)` the chance of more than `h` is `2q/(1+q)·q^h ≤ q^h`, which is at most 1/20
    /// from `h = ln 20·over/under` on. Gaussian: the discrete tail from `h+1` is at most the continuous one from `h`
    /// (same source, proposition 25), which is at most 5 % from 1.96 σ on.
    #[must_use]
    pub fn half_width_95(&self) -> u64 {
        let width = match self.shape {
            // ln 20 = 2.99573…
            Shape::Laplace { over, under } => {
                (u128::from(over) * 299_574).div_ceil(u128::from(under) * 100_000)
            }
            Shape::Gaussian { over, under, .. } => {
                // 1.96² = 3.8416; what is above the limit is a square, so that nothing overflows.
                let under = u128::from(under);
                root_up(over / under * 38_416 / 10_000 + (over % under * 38_416).div_ceil(under * 10_000) + 1)
            }
        };
        u64::try_from(width).unwrap_or(u64::MAX)
    }
}

impl Mechanism {
    /// How far noise goes: it is this much or more with chance `exp(-nats)` at most.
    ///
    /// Laplace: with `q = exp(-under/over)` the chance is `q^t/(1+q)`. Gaussian: `exp(-t²/2σ²)`, since the discrete one is
    /// subgaussian with the parameter of the continuous one (same source, corollary 17).
    #[must_use]
    pub fn reach(&self, nats: u32) -> u64 {
        let nats = u128::from(nats);
        let reach = match self.shape {
            Shape::Laplace { over, under } => (nats * u128::from(over)).div_ceil(u128::from(under)),
            Shape::Gaussian { over, under, .. } => {
                root_up((2 * nats).saturating_mul(over).div_ceil(u128::from(under)))
            }
        };
        u64::try_from(reach).unwrap_or(u64::MAX)
    }
}

/// Scale `sensitivity/epsilon`.
fn laplace(sensitivity: u64, micro: u64) -> Shape {
    // Below 2^60.
    let over = sensitivity * 1_000_000;
    let common = gcd(u128::from(over), u128::from(micro));
    let common = u64::try_from(common).unwrap_or(1);
    Shape::Laplace { over: over / common, under: micro / common }
}

/// Variance `sensitivity²/(2·rho)`.
fn gaussian(sensitivity: u64, micro: u64) -> Shape {
    // Below 2^99.
    let (over, under) = (u128::from(sensitivity).pow(2) * 500_000, u128::from(micro));
    if over <= FRACTION_VARIANCE_MAX * under {
        let common = gcd(over, under);
        let step = u64::try_from((over / under).isqrt() + 1).unwrap_or(u64::MAX);
        let under = u64::try_from(under / common).unwrap_or(1);
        return Shape::Gaussian { over: over / common, under, step };
    }
    // Rounding up adds less than a thousandth to the deviation, and never takes from the protection.
    let deviation = root_up(over.div_ceil(under));
    let step = u64::try_from(deviation).unwrap_or(u64::MAX);
    Shape::Gaussian { over: deviation * deviation, under: 1, step }
}

/// The smallest whole number whose square is not less.
fn root_up(square: u128) -> u128 {
    let root = square.isqrt();
    if root * root == square { root } else { root + 1 }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

impl Draws<'_> {
    /// `P(x) ∝ exp(-|x|·under/over)`: a geometric number built of a remainder and a quotient, divided, with a sign.
    fn laplace(&mut self, over: u128, under: u128) -> Result<i128, Error> {
        loop {
            let remainder = self.below(over)?;
            if !self.exp_minus(remainder, over)? {
                continue;
            }
            let mut quotient: u128 = 0;
            while self.exp_minus(1, 1)? {
                quotient += 1;
            }
            let size = quotient.checked_mul(over).and_then(|size| size.checked_add(remainder));
            let size =
                i128::try_from(size.ok_or(Error::Randomness)? / under).map_err(|_| Error::Randomness)?;
            match (self.below(2)?, size) {
                (0, size) => return Ok(size),
                // Zero has one sign only, or it would come twice as often.
                (_, 0) => {}
                (_, size) => return Ok(-size),
            }
        }
    }

    /// `P(x) ∝ exp(-x²/2σ²)` for `σ² = over/under`: a Laplace number of scale `step`, kept with a probability that
    /// turns its distribution into the wanted one.
    fn gaussian(&mut self, over: u128, under: u128, step: u128) -> Result<i128, Error> {
        loop {
            let proposal = self.laplace(step, 1)?;
            // (|x| - σ²/t)² / 2σ². For whole σ = t it is (|x| - t)² / 2t²; both forms stay below 2^127 unless the
            // proposal is past a hundred scales, which a sound source never draws.
            let (square, double) = if over == step * step && under == 1 {
                (proposal.unsigned_abs().abs_diff(step).checked_pow(2), over * 2)
            } else {
                let scaled = proposal.unsigned_abs().checked_mul(under * step);
                (
                    scaled.and_then(|scaled| scaled.abs_diff(over).checked_pow(2)),
                    2 * over * under * step * step,
                )
            };
            if self.exp_minus(square.ok_or(Error::Randomness)?, double)? {
                return Ok(proposal);
            }
        }
    }
}
