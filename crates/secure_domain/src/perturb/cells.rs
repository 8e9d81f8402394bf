//! How much noise a number of a cell gets, and by what it is drawn.

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::{CastOptions, cast_with_options};
use base::Digest;
use privacy::disclosure::cell_key::{NOISE_MAX, Perturbation};
use privacy::disclosure::{Spreads, Statistics};
use privacy::ir::{ContributionKind, Term};

use crate::{Error, editions};

/// What noise needs to know of a result.
pub(crate) struct Cells<'a> {
    pub(crate) statistics: &'a Statistics,
    /// Rows that get noise.
    pub(crate) noisy: &'a [bool],
    /// How far noise reaches.
    pub(crate) reaching: Reaching,
}

/// How far noise reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reaching {
    /// In units of an entity's largest contribution.
    pub(super) most: u32,
    /// Entities in a cell, at least.
    pub(super) fewest: u32,
    /// Secrets choose who is in a cell.
    pub(super) chosen: bool,
}

impl Reaching {
    /// With a threshold: up to half of it, and up to all of it where secrets choose who is in a cell: everybody adds one or
    /// nothing there, and from a few dozen such numbers with less noise who has what could be solved for.
    pub(crate) fn of(min_entities: u32, chosen: bool) -> Self {
        let most = if chosen { min_entities } else { min_entities / 2 };
        Self { most: most.clamp(2, NOISE_MAX), fewest: min_entities, chosen }
    }

    /// The noise, with a standard deviation of half of how far it reaches.
    pub(crate) fn table(self) -> Result<Perturbation, Error> {
        Ok(Perturbation::new(self.most, self.most * self.most * 250)?)
    }
}

#[expect(clippy::cast_precision_loss, reason = "noise is small and counts of entities are below 2^53")]
impl Cells<'_> {
    pub(super) fn is_noisy(&self, row: usize) -> bool {
        self.noisy.get(row).copied().unwrap_or(true)
    }

    /// A column with other values in the rows that need noise; none where such a value does not fit.
    pub(super) fn where_noisy(&self, changed: &ArrayRef, column: &ArrayRef) -> Result<ArrayRef, Error> {
        let options = CastOptions { safe: true, ..CastOptions::default() };
        let changed =
            cast_with_options(changed, column.data_type(), &options).map_err(|_| Error::RunFailed)?;
        let mask: BooleanArray = (0..column.len()).map(|row| Some(self.is_noisy(row))).collect();
        arrow::compute::kernels::zip::zip(&mask, &changed, column).map_err(|_| Error::RunFailed)
    }

    /// The noise of a number of rows: in units of an entity's most rows, where one has several.
    pub(super) fn of_count(&self, table: &Perturbation, aggregate: &str, salt: u32, row: usize) -> f64 {
        let key = self.key_of_count(aggregate, salt, row);
        let coarse = self.statistics.coarseness(row);
        let noise = table.noise(self.entities(row), key) as f64;
        match self.several(aggregate, row) {
            Some(rows) => spread(noise, key) * rows * f64::from(coarse),
            None => between(noise, coarse, key),
        }
    }

    pub(super) fn key_of_count(&self, aggregate: &str, salt: u32, row: usize) -> u32 {
        let rows = self.total(&self.of(aggregate, ContributionKind::Rows), row);
        let several = self.several(aggregate, row).unwrap_or(1.0);
        let key = self.keyed(row, "rows", rows.unwrap_or_else(|| self.entities(row) as f64), several);
        // In each state of the data another one: that it stayed would tell that nobody came, went, or was chosen anew.
        if salt == 0 { key } else { mixed(key ^ salt) }
    }

    /// The most rows of one entity, if some may have several.
    fn several(&self, aggregate: &str, row: usize) -> Option<f64> {
        let rows =
            self.largest(&self.of(aggregate, ContributionKind::Rows), row).filter(|rows| *rows > 1.0)?;
        Some(self.step(rows, "rows", row))
    }

    /// In which steps noise comes. Where they are of a cell's own largest amount, that would be told by the steps in time: so it
    /// is doubled at most, up to one of a scale that is the cell's and known to nobody. What anybody could add stays as it is.
    fn step(&self, largest: f64, base: &str, row: usize) -> f64 {
        if self.statistics.covered || self.reaching.chosen || largest <= 0.0 {
            return largest;
        }
        // The same scale in each state of the data: of several ones the narrowest would be told.
        let base = base.split_once('@').map_or(base, |(column, _)| column);
        let cell = self.statistics.cell_keys.get(row).copied().unwrap_or_default();
        let scale = f64::from(editions::word(&Digest::of(format!("{cell:08x} step {base}").as_bytes())));
        let scale = scale / f64::from(u32::MAX);
        // What is the same in other words is rounded differently.
        (((largest * (1.0 - 1e-9)).log2() + scale).ceil() - scale).exp2()
    }

    /// The noise of a sum, term by term, if what each adds is known.
    pub(super) fn of_sum(
        &self,
        table: &Perturbation,
        aggregate: &str,
        terms: &[Term],
        row: usize,
    ) -> Option<f64> {
        let noise = |(place, term): (usize, &Term)| {
            let (of, by) = self.of_term(aggregate, term, place, terms.len());
            if by == 0.0 {
                return (term.factor == 0.0).then_some(0.0);
            }
            let largest = self.step(self.largest(&of, row)? / by.abs(), &term.base, row);
            let key = self.key_of_term(&of, by, term, row)?;
            let drawn = table.noise(self.entities(row), key) as f64;
            Some(spread(drawn, key) * largest * term.factor * f64::from(self.statistics.coarseness(row)))
        };
        terms.iter().enumerate().map(noise).sum()
    }

    pub(super) fn keys_of_sum(&self, aggregate: &str, terms: &[Term], row: usize) -> Vec<u32> {
        let key = |(place, term): (usize, &Term)| {
            let (of, by) = self.of_term(aggregate, term, place, terms.len());
            if by == 0.0 { None } else { self.key_of_term(&of, by, term, row) }
        };
        terms.iter().enumerate().filter_map(key).collect()
    }

    fn key_of_term(&self, of: &[&Spreads], by: f64, term: &Term, row: usize) -> Option<u32> {
        let (total, largest) = (self.total(of, row)? / by.abs(), self.largest(of, row)? / by.abs());
        Some(self.keyed(row, &term.base, total, self.step(largest, &term.base, row)))
    }

    /// What each adds to one of so many terms of a sum, and by what it is multiplied there.
    fn of_term(&self, aggregate: &str, term: &Term, place: usize, terms: usize) -> (Vec<&Spreads>, f64) {
        // One column is the whole of its sum, which carries the factor already.
        if terms == 1 {
            return (self.of(aggregate, ContributionKind::Values), term.factor);
        }
        let parts = self.of(aggregate, ContributionKind::Part);
        (parts.into_iter().skip(place).step_by(terms).collect(), term.inner)
    }

    /// Rows that a mean is over.
    pub(super) fn rows(&self, aggregate: &str, row: usize) -> f64 {
        let rows = self.total(&self.of(aggregate, ContributionKind::Rows), row);
        rows.unwrap_or_else(|| self.entities(row) as f64).max(1.0)
    }

    /// The key of one number of a cell: of whom it holds, what is summed, and what that comes to. Sums that differ by less
    /// than their rounding are one. Noise that reaches further is drawn anew: of two draws by one key the difference would
    /// tell both.
    fn keyed(&self, row: usize, base: &str, total: f64, largest: f64) -> u32 {
        let cell = self.statistics.cell_keys.get(row).copied().unwrap_or_default();
        let reach = self.reaching.most.saturating_mul(self.statistics.coarseness(row));
        let text = format!("{cell:08x} {total:.10e} {reach} {largest:.8e} {base}");
        editions::word(&Digest::of(text.as_bytes()))
    }

    /// Entities of the kind of which there are fewest.
    fn entities(&self, row: usize) -> i64 {
        let counts = self.statistics.entities.iter().filter_map(|entity| entity.counts.get(row));
        counts.min().and_then(|count| i64::try_from(*count).ok()).unwrap_or_default()
    }

    /// The largest amount that an entity of any kind may add.
    fn largest(&self, of: &[&Spreads], row: usize) -> Option<f64> {
        of.iter().filter_map(|spreads| spreads.reach.get(row)).copied().max_by(f64::total_cmp)
    }

    /// All amounts together, without their signs.
    fn total(&self, of: &[&Spreads], row: usize) -> Option<f64> {
        of.iter().filter_map(|spreads| spreads.cells.get(row)).map(|one| one.total).max_by(f64::total_cmp)
    }

    fn of(&self, aggregate: &str, kind: ContributionKind) -> Vec<&Spreads> {
        let spreads = self.statistics.spreads.iter();
        spreads.filter(|spreads| spreads.of.aggregate == aggregate && spreads.of.kind == kind).collect()
    }
}

/// Noise of a whole number of contributions, pushed away from nothing by a half to a whole one.
fn spread(noise: f64, key: u32) -> f64 {
    let other = mixed(key ^ 0x5bd1_e995);
    let sign = match noise {
        _ if noise > 0.0 => 1.0,
        _ if noise < 0.0 => -1.0,
        _ if other & 1 == 0 => 1.0,
        _ => -1.0,
    };
    noise + sign * (0.5 + f64::from(other >> 1) / f64::from(u32::MAX))
}

/// Noise of so many times a whole number, and of whole numbers between: of multiples alone the rest would be told.
fn between(noise: f64, coarse: u32, key: u32) -> f64 {
    let half = coarse / 2;
    noise * f64::from(coarse) + f64::from(mixed(key ^ 0x2545_f491) % (2 * half + 1)) - f64::from(half)
}

/// A key with its bits spread, so that keys that differ little make numbers that differ much.
const fn mixed(key: u32) -> u32 {
    let key = (key ^ (key >> 16)).wrapping_mul(0x85eb_ca6b);
    let key = (key ^ (key >> 13)).wrapping_mul(0xc2b2_ae35);
    key ^ (key >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_a_sum_is_never_nothing_and_no_more_than_one_contribution_over_its_table() {
        let (mut up, mut zero) = (0, 0);
        for key in (0..20_000_u32).map(|n| n.wrapping_mul(0x9e37_79b9)) {
            for noise in [-5.0, -1.0, 0.0, 1.0, 5.0] {
                let spread = spread(noise, key);
                assert!((0.5..=6.0).contains(&spread.abs()) && (spread - noise).abs() <= 1.0, "{spread}");
                assert!(noise == 0.0 || noise.signum() == spread.signum());
                if noise == 0.0 {
                    zero += 1;
                    up += i32::from(spread > 0.0);
                }
            }
        }
        // Neither way more often than the other.
        assert!((up * 2 - zero).abs() < zero / 20, "{up} of {zero}");
    }

    /// Many numbers with noise tell in which steps it comes: a cell's own largest amount is somewhere below.
    #[test]
    fn steps_of_a_cells_own_are_up_to_twice_as_large_and_no_less() {
        let cells = 2_000_u32;
        let statistics = |covered| Statistics {
            covered,
            cell_keys: (0..cells).map(|key| key.wrapping_mul(0x9e37_79b9)).collect(),
            ..Statistics::default()
        };
        let (own, everybodys) = (statistics(false), statistics(true));
        let step = |statistics: &Statistics, largest: f64, base: &str, chosen, row| {
            Cells { statistics, noisy: &[], reaching: Reaching::of(10, chosen) }.step(largest, base, row)
        };
        let mut upper = 0;
        for row in 0..cells as usize {
            let one = step(&own, 6_000.0, "t.amount@00000001", false, row);
            assert!((6_000.0 * (1.0 - 1e-6)..12_000.0).contains(&one), "{one}");
            upper += u32::from(one > 6_000.0 * std::f64::consts::SQRT_2);
            // In each state of the data the same, and in other words.
            let again = step(&own, 6_000.0 * (1.0 + 1e-12), "t.amount@00000002", false, row);
            assert_eq!(one.to_bits(), again.to_bits());
        }
        assert!((cells * 2 / 5..cells * 3 / 5).contains(&upper), "{upper} of {cells}");
        assert_eq!(step(&own, 0.0, "t.amount", false, 0), 0.0);
        for steps in
            [step(&everybodys, 6_000.0, "t.amount", false, 0), step(&own, 6_000.0, "t.amount", true, 0)]
        {
            assert_eq!(steps, 6_000.0);
        }
    }

    /// Of noise that comes in steps the steps between would be told.
    #[test]
    fn coarse_noise_of_a_count_is_any_whole_number() {
        let mut seen = std::collections::BTreeMap::<i64, i32>::new();
        for key in (0..200_000_u32).map(|n| n.wrapping_mul(0x9e37_79b9)) {
            assert!(between(3.0, 1, key) == 3.0);
            #[expect(clippy::cast_possible_truncation, reason = "small and whole")]
            let noise = between(2.0, 8, key) as i64;
            *seen.entry(noise).or_default() += 1;
        }
        // Twice eight, and four to either side, each as often.
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), (12..=20).collect::<Vec<_>>());
        assert!(seen.values().all(|times| (times * 9 - 200_000).abs() < 10_000), "{seen:?}");
    }
}
