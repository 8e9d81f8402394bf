//! How many numbers with noise have left about each entity's secrets.
//!
//! Noise hides an entity in one number, not in many: of enough of them, over ever other groups of the same people, everybody's
//! value can be solved for (I. Dinur, K. Nissim, *Revealing information while preserving privacy*, 2003). So they are counted,
//! entity by entity and secret by secret, whoever received them, and there is a most. The same number with the same noise is
//! counted once. Who is counted must not depend on secrets: that a number is missing would tell.

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringBitmap;

use super::record::{Cell, MeasureId, Noise, Protection};

/// A secret and a number of what its resource holds.
type Secret = (MeasureId, u32);

/// Numbers with noise that have left.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    seen: BTreeSet<(Secret, u32)>,
    /// By the ordinal of an entity.
    counts: BTreeMap<Secret, Vec<u32>>,
}

impl Drawn {
    /// Takes in what left with noise.
    pub fn take_in(&mut self, cells: &[Cell]) {
        let noisy = cells.iter().filter(|cell| cell.protection == Protection::Perturbed);
        let mut rows = BTreeMap::<&[u32], Vec<(&Noise, &RoaringBitmap)>>::new();
        for cell in noisy {
            if let Some(noise) = &cell.noise {
                rows.entry(&noise.drawn_by).or_default().push((noise, &cell.contributors));
            }
        }
        rows.into_values().for_each(|row| self.add(&row));
    }

    /// Takes in a row that is to leave with noise, unless it makes more than `most` numbers for some entity: then nothing
    /// changes and it is false.
    pub fn take_in_row<'a>(&mut self, cells: impl Iterator<Item = &'a Cell>, most: u32) -> bool {
        let cells = cells.filter_map(|cell| Some((cell.noise.as_ref()?, &cell.contributors)));
        let row: Vec<_> = cells.collect();
        let fits = self.fresh(&row).into_iter().all(|(secret, (people, numbers))| {
            let counts = self.counts.get(&secret).map(Vec::as_slice).unwrap_or_default();
            let numbers = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let held = |entity: u32| usize::try_from(entity).ok().and_then(|entity| counts.get(entity));
            numbers == 0
                || people
                    .iter()
                    .all(|one| held(one).copied().unwrap_or_default().saturating_add(numbers) <= most)
        });
        if fits {
            self.add(&row);
        }
        fits
    }

    fn add(&mut self, row: &[(&Noise, &RoaringBitmap)]) {
        for (secret, (people, numbers)) in self.fresh(row) {
            let counts = self.counts.entry(secret).or_default();
            let length = people.max().and_then(|last| usize::try_from(last).ok()).map_or(0, |last| last + 1);
            counts.resize(counts.len().max(length), 0);
            let more = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            for one in people.iter().filter_map(|one| usize::try_from(one).ok()) {
                if let Some(count) = counts.get_mut(one) {
                    *count = count.saturating_add(more);
                }
            }
            self.seen.extend(numbers.into_iter().map(|number| (secret, number)));
        }
    }

    /// For each secret of which a row tells: about whom, and which of its numbers have not left.
    fn fresh(&self, row: &[(&Noise, &RoaringBitmap)]) -> BTreeMap<Secret, (RoaringBitmap, BTreeSet<u32>)> {
        let mut found = BTreeMap::<Secret, (RoaringBitmap, BTreeSet<u32>)>::new();
        for (noise, people) in row {
            for secret in &noise.secrets {
                let (all, numbers) = found.entry(*secret).or_default();
                *all |= *people;
                let fresh = noise.drawn_by.iter().filter(|number| !self.seen.contains(&(*secret, **number)));
                numbers.extend(fresh);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(people: std::ops::Range<u32>, drawn_by: &[u32], edition: u32) -> Cell {
        let secrets = vec![(MeasureId::of(&["illness"]), edition)];
        Cell {
            measure: MeasureId::of(&["count"]),
            snapshot: 0,
            protection: Protection::Perturbed,
            contributors: people.collect(),
            rows: false,
            noise: Some(Noise { secrets, drawn_by: drawn_by.to_vec() }),
        }
    }

    #[test]
    fn nobody_is_in_more_numbers_than_may_be() {
        let mut drawn = Drawn::default();
        let mut take = |cell: &Cell| drawn.take_in_row(std::iter::once(cell), 3);
        assert!(take(&cell(0..20, &[1, 2], 0)));
        // The same numbers in other words; and of others.
        assert!(take(&cell(0..20, &[2, 1], 0)));
        assert!(take(&cell(20..40, &[3, 4], 0)));
        // Two more are too many for a single one of them, and are not counted then.
        assert!(!take(&cell(19..60, &[5, 6], 0)));
        assert!(take(&cell(19..60, &[5], 0)));
        assert!(!take(&cell(0..1, &[7, 8], 0)) && take(&cell(0..1, &[8], 0)));
        // What the resource holds later is counted by itself.
        assert!(take(&cell(0..60, &[9, 10, 11], 1)));
    }

    #[test]
    fn what_left_is_counted_again_after_a_restart_as_it_was() {
        let exact = Cell { protection: Protection::Exact, ..cell(0..20, &[9], 0) };
        let silent = Cell { noise: None, ..cell(0..20, &[], 0) };
        // Two relations of one row: some are in both.
        let left = [cell(0..20, &[1, 2], 0), exact, silent, cell(10..30, &[1, 2], 0)];
        let mut drawn = Drawn::default();
        drawn.take_in(&left);
        let take = |cell: &Cell| drawn.clone().take_in_row(std::iter::once(cell), 3);
        assert!(take(&cell(0..30, &[3], 0)) && !take(&cell(29..40, &[3, 4], 0)));
        assert!(take(&cell(30..40, &[3, 4, 5], 0)));
    }
}
