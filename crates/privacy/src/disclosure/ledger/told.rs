//! How much has been told of each entity's secrets, by whatever left.
//!
//! Enough numbers over ever other groups of the same people tell what each of them has: with noise (I. Dinur, K. Nissim, *Revealing
//! information while preserving privacy*, 2003), and all the more without, where a value is one of few: so many equations as
//! there are people are not needed then, and [`super::ReleaseLedger`] sees none that speaks about a few. That a cell did not
//! leave tells as well. So what is told is counted, entity by entity and secret by secret, whoever received it, and there is a
//! most. The same number is counted once. Who is counted must not depend on secrets: that a number is missing would tell.
//!
//! Nor may it depend on secrets whether a number is near another one. Sets that secrets chose are never set against each
//! other: "income of 45 000 and more" and the same "but not of 60 000 to 60 500" leave together if nobody is between them,
//! and would not if somebody were. So exact numbers of a secret and a person leave either as sums over sets that no secret
//! chose, or as answers to one question; whatever else is asked about any of the same people is answered with noise, of its
//! own for each question.
//!
//! What is counted is about how much a number tells of one of its people. With noise of half the threshold's standard
//! deviation (`sd` = 5 where it is 10) of `m` people of whom half have something that is `½·log₂(1 + m/(4·sd²))` bits, or no
//! more than `1/140` for each of them: the unit. Without noise it is `½·log₂(2πe·m/4)` bits of all, about `500/m` units for each
//! of a few hundred. Whether a cell comes at all is, where about as many have something as the threshold is blurred over, 0.53
//! bits, or `75/m` units, and less of fewer than forty, since nearly all may not be told either. Exact numbers about few may
//! use up no more than three quarters, so that something with noise is left to be told, and numbers about few no more than
//! seven eighths, so that something is left to be told of many: of everybody little more can be told than of the one of whom
//! the most was.

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringBitmap;

use super::record::{Cell, MeasureId, Noise, Protection, Unshown};

/// A secret and a number of what its resource holds.
type Secret = (MeasureId, u32);

/// Parts of a unit: what one number with noise tells of each of a few people.
const UNIT: u32 = 64;
/// An exact number about so many people is one unit.
const EVEN: u64 = 500;
/// Whether a cell about so many people comes is one unit.
const COMES: u64 = 75;
/// No more than this.
const COMES_MAX: u32 = 2 * UNIT;
/// What one with half as much noise tells, pushed away from nothing (`secure_domain::perturb`).
const HALVED: u32 = 3 * UNIT;
/// No exact number counts more.
const EXACT_MAX: u32 = 10 * UNIT;

/// What has been told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// By number; and whether it was exact.
    seen: BTreeSet<(Secret, u32, bool)>,
    /// By the ordinal of an entity. *Units*: parts of [`UNIT`].
    counts: BTreeMap<Secret, Vec<u32>>,
    /// What left without noise, by the ordinal of an entity.
    exact: BTreeMap<Secret, Vec<Exact>>,
}

/// The exact numbers of a secret that an entity is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Exact {
    #[default]
    None,
    /// Of sets that no secret chose: they are set against each other by who is in them.
    Equations,
    /// Answers to one question that chose by secrets.
    Answer(u32),
}

/// What a row would tell of each secret.
type Telling = BTreeMap<Secret, Tells>;

/// What a row would tell of one secret.
#[derive(Default)]
struct Tells {
    /// About whom.
    people: RoaringBitmap,
    /// Which of its numbers are new.
    numbers: BTreeSet<u32>,
    /// Which of the questions that it answers are.
    questions: BTreeSet<u32>,
    /// What kind of exact number it is, or would be.
    exact: Exact,
    /// How much it tells of each of these people. *Units*: parts of [`UNIT`].
    cost: u32,
}

/// How it tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Exact,
    Noisy,
    /// By not being there, or perhaps not.
    Absent,
}

impl Told {
    /// Takes in what left, and what was asked for and did not.
    pub fn take_in(&mut self, cells: &[Cell], unshown: &[Unshown]) {
        let mut rows = BTreeMap::<(&[u32], bool), Vec<(&Noise, &RoaringBitmap)>>::new();
        for cell in cells {
            if let Some(noise) = &cell.noise {
                let exact = cell.protection == Protection::Exact;
                rows.entry((&noise.drawn_by, exact)).or_default().push((noise, &cell.contributors));
            }
        }
        for ((_, exact), row) in rows {
            let how = if exact { How::Exact } else { How::Noisy };
            let telling = self.telling(&row, how);
            self.add(telling, how);
        }
        for one in unshown {
            let telling = self.telling(&[(&one.noise, &one.contributors)], How::Absent);
            self.add(telling, How::Absent);
        }
    }

    /// Takes in what is asked for and does not come; false, and only some of it, if that tells more than `most` about somebody.
    pub fn take_in_unshown(&mut self, unshown: &[Unshown], most: u32) -> bool {
        unshown.iter().all(|one| {
            let telling = self.telling(&[(&one.noise, &one.contributors)], How::Absent);
            let fits = self.fits(&telling, How::Absent, most);
            if fits {
                self.add(telling, How::Absent);
            }
            fits
        })
    }

    /// Takes in a row that is to leave, exactly if it can, or else with noise, and says which; none if it tells more than
    /// `most` about somebody: then nothing changes.
    pub fn take_in_row<'a>(
        &mut self,
        cells: impl Iterator<Item = &'a Cell>,
        noisy: bool,
        most: u32,
    ) -> Option<Protection> {
        let cells = cells.filter_map(|cell| Some((cell.noise.as_ref()?, &cell.contributors)));
        let row: Vec<_> = cells.collect();
        let ways = [(How::Exact, Protection::Exact), (How::Noisy, Protection::Perturbed)];
        for (how, protection) in ways.into_iter().skip(usize::from(noisy)) {
            let telling = self.telling(&row, how);
            if self.fits(&telling, how, most) {
                self.add(telling, how);
                return Some(protection);
            }
        }
        None
    }

    fn fits(&self, telling: &Telling, how: How, most: u32) -> bool {
        telling.iter().all(|(secret, Tells { people, cost, exact, .. })| {
            let limit = limit(*cost, how, most);
            let fits = |one| held(&self.counts, secret, one).saturating_add(*cost) <= limit;
            let alone = |one| {
                let known = held(&self.exact, secret, one);
                known == Exact::None || known == *exact
            };
            (how != How::Exact || people.iter().all(alone)) && (*cost == 0 || people.iter().all(fits))
        })
    }

    fn add(&mut self, telling: Telling, how: How) {
        for (secret, Tells { people, numbers, questions, exact, cost }) in telling {
            let counts = self.counts.entry(secret).or_default();
            change(counts, &people, |count| *count = count.saturating_add(cost));
            let exactly = how == How::Exact;
            if exactly {
                change(self.exact.entry(secret).or_default(), &people, |held| *held = exact);
            }
            self.seen.extend(numbers.into_iter().map(|number| (secret, number, exactly)));
            self.seen.extend(questions.into_iter().map(|question| (secret, question, false)));
        }
    }

    /// For each secret of which a row tells: about whom, which of its numbers are new, and how much these tell of each of them.
    fn telling(&self, row: &[(&Noise, &RoaringBitmap)], how: How) -> Telling {
        let exact = how == How::Exact;
        let mut found = Telling::new();
        for (noise, people) in row {
            for secret in &noise.secrets {
                let tells = found.entry(*secret).or_default();
                tells.people |= *people;
                tells.exact = noise.question.map_or(Exact::Equations, Exact::Answer);
                // An exact sum of what may be very much is an equation, and nothing but that.
                if exact && !noise.few {
                    continue;
                }
                let seen = |known: &u32, exact| self.seen.contains(&(*secret, *known, exact));
                let (numbers, questions) = match how {
                    How::Absent => ([].as_slice(), noise.drawn_by.as_slice()),
                    _ => (noise.drawn_by.as_slice(), noise.asked.as_slice()),
                };
                tells.numbers.extend(numbers.iter().filter(|number| !seen(number, exact)));
                tells.questions.extend(questions.iter().filter(|question| !seen(question, false)));
            }
        }
        let halved = row.iter().any(|(noise, _)| noise.halved);
        for tells in found.values_mut() {
            tells.cost = cost_of(tells, how, halved);
        }
        found
    }
}

/// How much is told of each of these people by what of it is new. *Units*: parts of [`UNIT`].
fn cost_of(tells: &Tells, how: How, halved: bool) -> u32 {
    let people = tells.people.len().max(1);
    let share = |of: u64| u32::try_from((of * u64::from(UNIT)).div_ceil(people)).unwrap_or(u32::MAX);
    let number = match how {
        How::Exact => share(EVEN).min(EXACT_MAX),
        How::Noisy | How::Absent => share(EVEN).min(if halved { HALVED } else { UNIT }),
    };
    let comes = match how {
        // An exact number is all there is to be told, that it comes among it.
        How::Exact if !tells.numbers.is_empty() => 0,
        _ if tells.numbers.is_empty() && tells.questions.is_empty() => 0,
        _ => share(COMES).min(COMES_MAX),
    };
    number.saturating_mul(u32::try_from(tells.numbers.len()).unwrap_or(u32::MAX)).saturating_add(comes)
}

/// What is known of an entity.
fn held<T: Copy + Default>(of: &BTreeMap<Secret, Vec<T>>, secret: &Secret, entity: u32) -> T {
    let known = of.get(secret).zip(usize::try_from(entity).ok());
    known.and_then(|(known, entity)| known.get(entity)).copied().unwrap_or_default()
}

/// Changes what is known of some entities.
fn change<T: Clone + Default>(known: &mut Vec<T>, people: &RoaringBitmap, with: impl Fn(&mut T)) {
    let length = people.max().and_then(|last| usize::try_from(last).ok()).map_or(0, |last| last + 1);
    known.resize(known.len().max(length), T::default());
    for one in people.iter().filter_map(|one| usize::try_from(one).ok()) {
        known.get_mut(one).map(&with);
    }
}

/// How much may have been told of somebody after something of this cost. *Units*: parts of [`UNIT`]; `most` in units.
fn limit(cost: u32, how: How, most: u32) -> u32 {
    let most = most.min(u32::MAX / UNIT / UNIT) * UNIT;
    match how == How::Exact && cost >= UNIT {
        true => most / 4 * 3,
        // The more people, the less, and the less of it is kept for others.
        false => most - most / 8 * cost.min(UNIT) / UNIT,
    }
}

#[cfg(test)]
mod tests {
    use Protection::{Exact, Perturbed};

    use super::*;

    fn noise(drawn_by: &[u32], edition: u32) -> Noise {
        let secrets = vec![(MeasureId::of(&["illness"]), edition)];
        Noise { secrets, drawn_by: drawn_by.to_vec(), asked: None, question: None, few: true, halved: false }
    }

    fn cell(people: std::ops::Range<u32>, drawn_by: &[u32], edition: u32) -> Cell {
        Cell {
            measure: MeasureId::of(&["count"]),
            snapshot: 0,
            protection: Perturbed,
            contributors: people.collect(),
            rows: false,
            noise: Some(noise(drawn_by, edition)),
        }
    }

    #[test]
    fn nobody_is_in_more_numbers_than_may_be() {
        let mut told = Told::default();
        let mut take = |cell: &Cell| told.take_in_row(std::iter::once(cell), true, 8).is_some();
        // Two for the numbers, two for their being there; of seven.
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
        // Of half as much noise each number counts as three.
        let mut half = cell(0..60, &[12, 13], 2);
        half.noise = half.noise.map(|noise| Noise { halved: true, ..noise });
        assert!(!take(&half) && take(&cell(0..60, &[12, 13], 2)));
    }

    #[test]
    fn exact_numbers_about_few_people_are_soon_too_many_and_leave_with_noise_then() {
        let mut told = Told::default();
        let mut take = |cell: &Cell| told.take_in_row(std::iter::once(cell), false, 32);
        // Ten units each, of 24.
        assert_eq!(
            (1..=3).map(|n| take(&cell(0..50, &[n], 0))).collect::<Vec<_>>(),
            [Some(Exact), Some(Exact), Some(Perturbed)]
        );
        assert_eq!(take(&cell(0..50, &[1], 0)), Some(Exact), "it has left already");
        // What is told of thousands tells little of each of them.
        for n in 1_000..1_500 {
            assert_eq!(take(&cell(100_000..116_000, &[n], 0)), Some(Exact), "{n}");
        }
        // Of what may have very many values an exact sum is an equation.
        let mut wide = cell(0..50, &[9], 0);
        wide.noise = wide.noise.map(|noise| Noise { few: false, ..noise });
        assert_eq!(take(&wide), Some(Exact));
        for n in 10..12 {
            assert_eq!(take(&cell(0..50, &[n], 0)), Some(Perturbed), "{n}");
        }
        assert_eq!(take(&cell(0..50, &[12], 0)), None);
    }

    #[test]
    fn whoever_uses_it_up_for_few_leaves_some_of_it_for_many() {
        let mut told = Told::default();
        let mut take =
            |people: u32, n: u32| told.take_in_row(std::iter::once(&cell(0..people, &[n], 0)), false, 32);
        let mut left = |people: u32, first: u32| {
            (first..first + 2_000).take_while(|n| take(people, *n) == Some(Exact)).count()
        };
        assert_eq!((0..40).filter(|n| left(50, 10_000 + n) > 0).count(), 2);
        // Each has room beside all that was told of fewer.
        let of_many = [1_000, 4_000, 16_000].map(|people| left(people, people));
        assert!(of_many.iter().all(|numbers| (4..1_000).contains(numbers)), "{of_many:?}");
    }

    /// Of two exact numbers of whom secrets chose the difference would be one of those between them.
    #[test]
    fn one_question_that_chooses_by_secrets_is_answered_exactly() {
        let mut told = Told::default();
        let mut take = |people: std::ops::Range<u32>, question: Option<u32>| {
            let number = question.unwrap_or_default() * 1_000 + people.start;
            let mut cell = cell(people, &[number], 0);
            cell.noise = cell.noise.map(|noise| Noise { asked: question, question, ..noise });
            told.take_in_row(std::iter::once(&cell), false, 1_000)
        };
        assert_eq!(take(0..50, Some(1)), Some(Exact));
        assert_eq!(take(0..50, Some(1)), Some(Exact), "what has left");
        // Another condition, other people among them, or everybody of them.
        assert_eq!(take(0..50, Some(2)), Some(Perturbed));
        assert_eq!(take(49..90, Some(3)), Some(Perturbed));
        assert_eq!(take(20..40, None), Some(Perturbed));
        // Of others, and of these no more in turn.
        assert_eq!(take(50..90, None), Some(Exact));
        assert_eq!(take(60..80, None), Some(Exact));
        assert_eq!(take(50..90, Some(4)), Some(Perturbed));
        assert_eq!(take(90..99, Some(4)), Some(Exact), "what left with noise is in nobody's way");
    }

    /// A cell without a number, or one group of secrets beside another that always comes.
    #[test]
    fn that_a_cell_comes_is_counted_by_itself() {
        let mut told = Told::default();
        let mut take = |asked: u32| {
            let mut cell = cell(0..50, &[], 0);
            cell.noise = cell.noise.map(|noise| Noise { asked: Some(asked), question: Some(1), ..noise });
            told.take_in_row(std::iter::once(&cell), false, 32).is_some()
        };
        // One and a half each, of twenty-eight.
        assert_eq!((10..100).filter(|asked| take(*asked)).count(), 18);
        assert!(take(10) && !take(100), "what has come tells nothing new");
    }

    #[test]
    fn what_left_is_counted_again_after_a_restart_as_it_was() {
        let silent = Cell { noise: None, ..cell(0..20, &[], 0) };
        // Two relations of one row: some are in both.
        let left = [cell(0..20, &[1, 2], 0), silent, cell(10..30, &[1, 2], 0)];
        let unshown = [Unshown { noise: noise(&[3], 0), contributors: (30..40).collect() }];
        let mut told = Told::default();
        told.take_in(&left, &unshown);
        let take = |cell: &Cell| told.clone().take_in_row(std::iter::once(cell), true, 8).is_some();
        assert!(take(&cell(0..30, &[4], 0)) && !take(&cell(29..40, &[4, 5], 0)));
        assert!(take(&cell(30..40, &[4, 5], 0)) && !take(&cell(39..50, &[4, 5, 6, 7], 0)));
        assert!(take(&cell(40..50, &[4, 5, 6, 7], 0)));
    }
}
