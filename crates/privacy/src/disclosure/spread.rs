//! How a number of a cell is spread over those who stand behind it, and what that gives away.
//!
//! - *Dominance*: the largest contribution makes up too much of the number; under an (n,k) rule also the largest `n` together.
//! - *p % rule*: who knows the second largest (its owner, for one) takes it from the number and knows the largest to within
//!   what the others add. *Source*: P.-P. de Wolf, A. Hundepool and others, Statistical Disclosure Control (2012), 4.2.
//! - *Uniformity*: nearly all add the same amount, nothing among them. A number of people who have something, told beside how
//!   many there are, speaks about each of them when it is all, none, or nearly so. Where there are two amounts only, the
//!   rarer one is a count like any other.

use serde::{Deserialize, Serialize};

use super::Thresholds;
use crate::Error;
use crate::ir::{Contribution, ContributionKind};

/// Limit: contributors that an (n,k) rule looks at together.
pub const DOMINANT_MAX: usize = 5;

/// The (n,k) rule: the largest `n` contributions may make up no more than `k` of a number. *Source*: P.-P. de Wolf,
/// A. Hundepool and others, Statistical Disclosure Control (2012), 4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dominance {
    /// `n`, 2 to [`DOMINANT_MAX`]; of the largest alone there is a share already.
    pub contributors: u32,
    /// `k`. *Units*: parts per million, 1–999 999.
    pub share_ppm: u32,
}

impl Dominance {
    /// Checks both numbers.
    pub(super) fn check(self) -> Result<(), Error> {
        let several = usize::try_from(self.contributors).is_ok_and(|n| (2..=DOMINANT_MAX).contains(&n));
        if !several {
            return Err(Error::Threshold { name: "dominance.contributors" });
        }
        if !(1..=999_999).contains(&self.share_ppm) {
            return Err(Error::Threshold { name: "dominance.share_ppm" });
        }
        Ok(())
    }
}

/// What the entities of one cell add to one number. *Units*: those of the number; amounts are absolute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The largest amount.
    pub largest: f64,
    /// The second largest.
    pub second: f64,
    /// The largest together: one, two and so on; all where there are fewer.
    pub leading: [f64; DOMINANT_MAX],
    /// All amounts together; not finite if one of them is not.
    pub total: f64,
    /// Entities.
    pub entities: usize,
    /// Entities that add the most frequent amount.
    pub commonest: usize,
    /// Different amounts.
    pub amounts: usize,
}

/// How one number of every cell is spread over entities of one kind.
#[derive(Debug, Clone)]
pub struct Spreads {
    /// The number.
    pub of: Contribution,
    /// *Shape*: one a row.
    pub cells: Vec<Spread>,
    /// How much an entity may add at most, whoever has what: noise is in units of it. *Shape*: one a row.
    pub reach: Vec<f64>,
}

impl Spreads {
    /// Of cells in which one row of each entity is added up: none adds more than the largest.
    #[must_use]
    pub fn of(of: Contribution, cells: Vec<Spread>) -> Self {
        Self { of, reach: cells.iter().map(|cell| cell.largest).collect(), cells }
    }
}

/// What a spread gives away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// One entity's amount, exactly or nearly.
    pub dominated: bool,
    /// What nearly all of them have in common.
    pub uniform: bool,
    /// Nothing can be said: an amount is no number.
    pub missing: bool,
}

impl Spread {
    /// Of the amounts that the entities of a cell add, with their signs, in any order; zero for who adds nothing.
    #[must_use]
    pub fn of(mut amounts: Vec<f64>) -> Self {
        // Zero and minus zero are one amount.
        amounts.iter_mut().filter(|amount| **amount == 0.0).for_each(|amount| *amount = 0.0);
        amounts.sort_unstable_by(f64::total_cmp);
        let (mut commonest, mut different) = (0, 0);
        for same in amounts.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
            commonest = commonest.max(same.len());
            different += 1;
        }
        let mut top = [0.0_f64; DOMINANT_MAX];
        let mut total = 0.0;
        for amount in amounts.iter().map(|amount| amount.abs()) {
            total += amount;
            let mut moved = amount;
            for place in &mut top {
                if moved > *place {
                    std::mem::swap(&mut moved, place);
                }
            }
        }
        let [largest, second, ..] = top;
        let mut sum = 0.0;
        let leading = top.map(|amount| {
            sum += amount;
            sum
        });
        Self { largest, second, leading, total, entities: amounts.len(), commonest, amounts: different }
    }

    /// What it gives away. So many more than the threshold must differ from what most have: with one that is known, the first
    /// number that leaves while people join one by one would tell what the last of them has.
    #[must_use]
    pub fn told(&self, kind: ContributionKind, thresholds: Thresholds, more: u64) -> Told {
        if !self.total.is_finite() {
            return Told { missing: true, ..Told::default() };
        }
        // Where everybody has one row, rows are entities, and their number is judged as such.
        let counted = kind == ContributionKind::Rows && self.largest <= 1.0;
        let share = f64::from(thresholds.max_dominance_ppm) / 1_000_000.0;
        let margin = f64::from(thresholds.margin_ppm) / 1_000_000.0;
        let rest = self.total - self.largest - self.second;
        let dominated = !counted
            && self.largest > 0.0
            && (self.largest > share * self.total
                || rest < margin * self.largest
                || thresholds.dominance.is_some_and(|rule| self.is_led(rule)));
        let others = self.entities - self.commonest;
        let least = u64::from(thresholds.min_entities).saturating_add(more);
        let few = others < usize::try_from(least).unwrap_or(usize::MAX);
        let most = self.amounts <= 2 || self.commonest.saturating_mul(2) > self.entities;
        let uniform = kind != ContributionKind::Rows && few && most;
        Told { dominated, uniform, missing: false }
    }

    /// Do the largest few make up more of it than an (n,k) rule allows?
    fn is_led(&self, rule: Dominance) -> bool {
        let place = usize::try_from(rule.contributors).ok().and_then(|n| n.checked_sub(1));
        let led = place.and_then(|place| self.leading.get(place));
        // A rule that cannot be applied lets nothing pass.
        led.is_none_or(|led| *led > f64::from(rule.share_ppm) / 1_000_000.0 * self.total)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THRESHOLDS: Thresholds = Thresholds {
        min_entities: 10,
        max_dominance_ppm: 500_000,
        margin_ppm: 150_000,
        dominance: None,
        noisy_numbers_max: 32,
    };

    fn told(amounts: &[f64]) -> Told {
        Spread::of(amounts.to_vec()).told(ContributionKind::Values, THRESHOLDS, 0)
    }

    fn many(rest: usize, of: impl Fn(usize) -> f64, first: &[f64]) -> Vec<f64> {
        first.iter().copied().chain((0..rest).map(of)).collect()
    }

    #[test]
    fn two_who_are_nearly_all_are_seen_though_neither_has_half() {
        let small = |n| 7.0 + n as f64 / 10.0;
        assert!(told(&many(12, small, &[1_000.0, 980.0])).dominated);
        assert!(!told(&many(30, small, &[1_000.0, 980.0])).dominated);
        assert!(told(&many(30, small, &[1_000.0])).dominated, "one alone");
        // Losses count as much as gains.
        assert!(told(&many(12, small, &[1_000.0, -980.0])).dominated);
    }

    #[test]
    fn several_large_ones_together_are_judged_where_a_pack_says_so() {
        // Three with 100 each, and forty with 1 to 5: the three have 72 %.
        let amounts = many(40, |n| 1.0 + n as f64 / 10.0, &[100.0, 101.0, 102.0]);
        let of = |contributors, percent| {
            let dominance = Some(Dominance { contributors, share_ppm: percent * 10_000_u32 });
            let told = Spread::of(amounts.clone()).told(
                ContributionKind::Values,
                Thresholds { dominance, ..THRESHOLDS },
                0,
            );
            told.dominated
        };
        assert!(!told(&amounts).dominated, "no rule");
        assert_eq!(
            [of(2, 60), of(3, 60), of(3, 75), of(5, 74), of(4, 76)],
            [false, true, false, true, false]
        );
        // Fewer than the rule speaks of are all of it.
        let three = Spread::of(vec![1.0, 2.0, 3.0]);
        assert_eq!(three.leading, [3.0, 5.0, 6.0, 6.0, 6.0]);
        for (contributors, share_ppm) in [(1, 500_000), (6, 500_000), (3, 0), (3, 1_000_000)] {
            let odd = Thresholds { dominance: Some(Dominance { contributors, share_ppm }), ..THRESHOLDS };
            assert_eq!(odd.check().unwrap_err().code(), "privacy.threshold", "{contributors} {share_ppm}");
        }
    }

    #[test]
    fn all_none_and_nearly_so_are_uniform() {
        let having = |having: usize, of: usize| {
            let amounts: Vec<f64> = (0..of).map(|n| f64::from(u8::from(n < having))).collect();
            Spread::of(amounts).told(ContributionKind::Values, THRESHOLDS, 0).uniform
        };
        for (n, of) in [(0, 40), (1, 40), (9, 40), (31, 40), (40, 40), (5, 12)] {
            assert!(having(n, of), "{n} of {of}");
        }
        for (n, of) in [(10, 40), (20, 40), (30, 40)] {
            assert!(!having(n, of), "{n} of {of}");
        }
        let amounts: Vec<f64> = (0..40).map(|n| f64::from(u8::from(n < 12))).collect();
        let with =
            |more| Spread::of(amounts.clone()).told(ContributionKind::Values, THRESHOLDS, more).uniform;
        assert!(!with(2) && with(3), "twelve of forty");
        // Everybody differs: twelve are enough, though fewer than ten differ from any one.
        assert!(!told(&many(12, |n| n as f64, &[])).uniform);
        assert!(told(&many(3, |n| 5.0 + n as f64, &[0.0; 30])).uniform, "a sum over three");
    }

    #[test]
    fn rows_are_judged_where_somebody_has_several() {
        let rows = |amounts: &[f64]| Spread::of(amounts.to_vec()).told(ContributionKind::Rows, THRESHOLDS, 0);
        assert_eq!(rows(&[1.0; 12]), Told::default());
        assert!(rows(&many(12, |_| 1.0, &[100.0])).dominated);
        assert_eq!(rows(&many(12, |_| 5.0, &[])), Told::default());
    }

    #[test]
    fn an_amount_that_is_no_number_lets_nothing_pass() {
        for odd in [f64::NAN, f64::INFINITY] {
            assert!(told(&many(20, |n| n as f64, &[odd])).missing);
        }
        assert!(!Spread::of(vec![]).told(ContributionKind::Values, THRESHOLDS, 0).missing);
    }

    proptest! {
        /// Whatever leaves, its second largest contributor errs by the margin at least.
        #[test]
        fn the_margin_holds(amounts in proptest::collection::vec(0.0_f64..1e6, 2..40)) {
            if told(&amounts).dominated {
                return Ok(());
            }
            let mut sorted = amounts.clone();
            sorted.sort_by(f64::total_cmp);
            let (first, second) = (sorted[sorted.len() - 1], sorted[sorted.len() - 2]);
            let guess = amounts.iter().sum::<f64>() - second;
            prop_assert!(guess - first >= 0.15 * first - 1e-6);
        }
    }
}
