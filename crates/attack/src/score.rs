//! How much was learnt: guesses against the truth, in bits beyond chance.

use serde::Serialize;

/// A guess that was held against the truth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    /// Whether it is right.
    pub(crate) right: bool,
    /// How often a blind guess would be.
    pub(crate) chance: f64,
}

impl Guess {
    /// A guess of a bit.
    pub(crate) const fn bit(guessed: bool, truth: bool) -> Self {
        Self { right: guessed == truth, chance: 0.5 }
    }

    /// A guess of a number out of so many, right within a tolerance.
    pub(crate) fn number(guessed: f64, truth: f64, tolerance: f64, of: f64) -> Self {
        Self { right: (guessed - truth).abs() <= tolerance, chance: ((2.0 * tolerance + 1.0) / of).min(1.0) }
    }
}

/// What guesses amount to.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Score {
    /// Guesses made.
    pub(crate) guesses: usize,
    /// Of these, right ones.
    pub(crate) right: usize,
    /// Bits beyond chance; zero unless chance would do as well less than once in [`RARE`] times.
    pub(crate) bits: f64,
}

/// So seldom may chance do as well before it counts as knowledge. With some two hundred attacks in a run, one run in fifty
/// would otherwise find something in noise.
const RARE: f64 = 1e-4;

impl Score {
    /// Counts guesses of one chance.
    ///
    /// Information is n·KL(k/n ‖ p): what k right guesses of n tell where chance gives the part p.
    pub(crate) fn of(guesses: &[Guess]) -> Self {
        let (count, right) = (guesses.len(), guesses.iter().filter(|guess| guess.right).count());
        let Some(chance) = guesses.iter().map(|guess| guess.chance).reduce(f64::max) else {
            return Self::default();
        };
        let rate = right as f64 / count as f64;
        let known = rate > chance && tail(count, right, chance) < RARE;
        let bits = if known { count as f64 * divergence(rate, chance) } else { 0.0 };
        Self { guesses: count, right, bits }
    }
}

/// P(at least `right` of `count`) where each is right with probability `chance`.
fn tail(count: usize, right: usize, chance: f64) -> f64 {
    let mut term = (1.0 - chance).powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut below = 0.0;
    for hit in 0..right {
        below += term;
        term *= (count - hit) as f64 / (hit + 1) as f64 * chance / (1.0 - chance);
    }
    // The difference loses what is far out; the term itself bounds it there.
    (1.0 - below).max(term).clamp(0.0, 1.0)
}

fn divergence(rate: f64, chance: f64) -> f64 {
    let part = |a: f64, b: f64| if a > 0.0 { a * (a / b).log2() } else { 0.0 };
    part(rate, chance) + part(1.0 - rate, 1.0 - chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(right: usize, wrong: usize) -> Score {
        let guess = |right| Guess { right, chance: 0.5 };
        let all: Vec<Guess> =
            (0..right).map(|_| guess(true)).chain((0..wrong).map(|_| guess(false))).collect();
        Score::of(&all)
    }

    #[test]
    fn chance_is_no_knowledge() {
        for (right, wrong) in [(0, 0), (10, 10), (1, 0), (8, 0), (14, 6), (0, 20)] {
            assert!(bits(right, wrong).bits.abs() < 1e-9, "{right} of {}", right + wrong);
        }
    }

    #[test]
    fn all_right_is_all_bits() {
        assert!((bits(20, 0).bits - 20.0).abs() < 1e-9);
        assert!(bits(19, 1).bits > 10.0);
    }

    #[test]
    fn one_number_of_sixteen_bits_is_enough() {
        let hit = Guess::number(30_000.0, 30_000.0, 0.0, 65_536.0);
        assert!((Score::of(&[hit]).bits - 16.0).abs() < 1e-9);
        let near = Guess::number(30_000.0, 30_900.0, 1_000.0, 65_536.0);
        assert!(Score::of(&[near]).bits.abs() < 1e-9, "one near hit of wide tolerance may be chance");
    }
}
