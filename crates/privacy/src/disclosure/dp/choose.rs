//! Choosing one of some candidates by a score that depends on the data: the exponential mechanism, drawn exactly.

use super::random::{Draws, Randomness};
use super::{Cost, SENSITIVITY_MAX, Unit};
use crate::Error;

/// Limit: price of one choice. *Units*: millionths of epsilon or rho.
const EPSILON_MICRO_MAX: u64 = 10_000_000;
const RHO_MICRO_MAX: u64 = 1_000_000;

/// The index of a candidate, chosen with `P(i) ∝ exp(ε·score/(2·sensitivity))`. Pay the price before.
///
/// A candidate is drawn evenly and kept with probability `exp(-ε·(best − score)/(2·sensitivity))`, else drawn anew: no
/// floating-point number takes part, and the best one is kept whenever it is drawn.
///
/// *Source*: F. McSherry, K. Talwar, Mechanism Design via Differential Privacy (2007). A price in rho buys `ε = √(8ρ)`: M.
/// Cesar, R. Rogers, Bounding, Concentrating, and Truncating (2021), for mechanisms of bounded range.
///
/// # Errors
/// [`Error::Threshold`] for no candidates and for a sensitivity or price out of range, [`Error::Randomness`] if the source is
/// broken.
pub fn choose(
    scores: &[u64],
    sensitivity: u64,
    cost: Cost,
    source: &mut dyn Randomness,
) -> Result<usize, Error> {
    if !(1..=SENSITIVITY_MAX).contains(&sensitivity) {
        return Err(Error::Threshold { name: "sensitivity" });
    }
    let epsilon = match cost.unit {
        Unit::MicroEpsilon if cost.micro <= EPSILON_MICRO_MAX => u128::from(cost.micro),
        Unit::MicroRho if cost.micro <= RHO_MICRO_MAX => (u128::from(cost.micro) * 8_000_000).isqrt(),
        _ => 0,
    };
    if epsilon == 0 {
        return Err(Error::Threshold { name: "cost" });
    }
    let best = *scores.iter().max().ok_or(Error::Threshold { name: "candidates" })?;
    let under = u128::from(sensitivity) * 2_000_000;
    let count = u128::try_from(scores.len()).map_err(|_| Error::Threshold { name: "candidates" })?;
    let mut draws = Draws::new(source);
    loop {
        let index = usize::try_from(draws.below(count)?).map_err(|_| Error::Randomness)?;
        let short = best - scores.get(index).copied().ok_or(Error::Randomness)?;
        if draws.exp_minus(u128::from(short) * epsilon, under)? {
            return Ok(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Seeded;
    use super::*;

    #[test]
    fn choices_have_the_exact_distribution() {
        for (cost, epsilon) in [
            (Cost { unit: Unit::MicroEpsilon, micro: 2_000_000 }, 2.0_f64),
            (Cost { unit: Unit::MicroRho, micro: 500_000 }, 2.0),
        ] {
            let scores = [0_u64, 3, 4, 6];
            let weights = scores.map(|score| (epsilon * score as f64 / 6.0).exp());
            let mut source = Seeded::new([5; 32]);
            let mut counts = [0_u32; 4];
            for _ in 0..40_000 {
                counts[choose(&scores, 3, cost, &mut source).unwrap()] += 1;
            }
            let chi: f64 = counts
                .iter()
                .zip(weights)
                .map(|(n, weight)| {
                    let expected = 40_000.0 * weight / weights.iter().sum::<f64>();
                    (f64::from(*n) - expected).powi(2) / expected
                })
                .sum();
            // Three degrees of freedom: 16.3 at one in a thousand.
            assert!(chi < 16.3, "{chi}");
        }
    }

    #[test]
    fn senseless_arguments_are_refused() {
        let mut source = Seeded::new([1; 32]);
        let cost = |micro| Cost { unit: Unit::MicroEpsilon, micro };
        for (scores, sensitivity, micro) in
            [(&[][..], 1, 1), (&[1][..], 0, 1), (&[1][..], 1, 0), (&[1][..], 1, u64::MAX)]
        {
            let refused = choose(scores, sensitivity, cost(micro), &mut source).unwrap_err();
            assert_eq!(refused.code(), "privacy.threshold");
        }
        // A hopeless candidate does not hold up the others.
        assert_eq!(choose(&[0, u64::MAX], 1, cost(1_000_000), &mut source).unwrap(), 1);
    }
}
