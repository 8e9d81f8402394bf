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
//! What is counted is about how much a number tells of one of its people by whoever knows the rest: such sets can differ by a
//! few of many. With noise of half the threshold's standard deviation (`sd` = 5 where it is 10) that is `1/(8·ln 2·sd²)` bits,
//! or `1/140`: the unit. Noise about more than [`EVEN`] people reaches as many times as far as [`coarseness`] says, and tells
//! as many times less, squared; whether a cell comes at all, of which the threshold is blurred as much, less by as many times.
//!
//! Without noise there is nothing between those who differ. So exact sums of what is one of few are of the same people or of
//! others; each tells `½·log₂(2πe·m/4)` bits of all `m` of them, about `500/m` units for each of a few hundred. Sums of what may
//! be very much are also compared as equations ([`super::ReleaseLedger`]), but whole numbers that are bounded can be solved for
//! from fewer of those than there are people: each counts so much that there are no more than a quarter as many.
//!
//! Groups that secrets make of the same people are parts of one question: who is in another one changes two of them.
//!
//! Exact numbers about few may use up no more than three quarters, so that something with noise is left to be told, and numbers
//! about few no more than seven eighths, so that something is left to be told of many: of everybody little more can be told than
//! of the one of whom the most was.

use std::collections::{BTreeMap, BTreeSet};

use base::Digest;
use roaring::RoaringBitmap;

use super::record::{Cell, MeasureId, Noise, Protection, Unshown};
use crate::disclosure::{EVEN, coarseness};

/// A secret and a number of what its resource holds.
type Secret = (MeasureId, u32);

/// Parts of a unit: what one number with noise tells of each of a few people.
const UNIT: u32 = 64;
/// Whether a cell comes.
const COMES: u32 = 2 * UNIT;
/// What one with half as much noise tells, pushed away from nothing (`secure_domain::perturb`).
const HALVED: u32 = 3 * UNIT;
/// No exact number counts more.
const EXACT_MAX: u32 = 10 * UNIT;
/// An exact sum of what may be very much, about so many people, is one unit.
const EVEN_OF_MUCH: u64 = 100;
/// Who has another value changes so many of the groups that a secret makes.
const GROUPS_CHANGED: usize = 2;

/// What has been told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// By number; and whether it was exact.
    seen: BTreeSet<(Secret, u32, bool)>,
    /// By the ordinal of an entity. *Units*: parts of [`UNIT`].
    counts: BTreeMap<Secret, Vec<u32>>,
    /// What left without noise, by the ordinal of an entity.
    exact: BTreeMap<Secret, Vec<Exact>>,
    /// The groups of each question that have been paid for, with their numbers or without.
    groups: BTreeMap<(Secret, u32, bool), BTreeSet<u32>>,
}

/// The exact numbers of a secret that an entity is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Exact {
    #[default]
    None,
    /// Of what may be very much, over sets that no secret chose: they are set against each other by who is in them.
    Equations,
    /// Of what is one of few, over one such set.
    Set(u64),
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
    /// Of groups that secrets make: the question and the group, if it has to be paid for.
    group: Option<(u32, u32)>,
    /// They add one of few amounts.
    few: bool,
    /// The question, where secrets choose.
    question: Option<u32>,
    /// What kind of exact number it is, if it is one.
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
        // Rows without a number are told apart by what they ask.
        let mut rows = BTreeMap::<(&[u32], Option<u32>, bool), Vec<(&Noise, &RoaringBitmap)>>::new();
        for cell in cells {
            if let Some(noise) = &cell.noise {
                let exact = cell.protection == Protection::Exact;
                rows.entry((&noise.drawn_by, noise.asked, exact))
                    .or_default()
                    .push((noise, &cell.contributors));
            }
        }
        for ((.., exact), row) in rows {
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

    /// Have these numbers of secrets been told before, with noise or without?
    #[must_use]
    pub fn knows(&self, secrets: &[(MeasureId, u32)], numbers: &[u32]) -> bool {
        let seen =
            |secret, number| [true, false].iter().any(|how| self.seen.contains(&(secret, number, *how)));
        !numbers.is_empty()
            && secrets.iter().all(|secret| numbers.iter().all(|number| seen(*secret, *number)))
    }

    fn fits(&self, telling: &Telling, how: How, most: u32) -> bool {
        telling.iter().all(|(secret, Tells { people, cost, exact, .. })| {
            let limit = limit(coarseness(people.len()), how, most);
            let fits = |one| held(&self.counts, secret, one).saturating_add(*cost) <= limit;
            let alone = |one| {
                let known = held(&self.exact, secret, one);
                known == Exact::None || known == *exact
            };
            (how != How::Exact || people.iter().all(alone)) && (*cost == 0 || people.iter().all(fits))
        })
    }

    fn add(&mut self, telling: Telling, how: How) {
        for (secret, Tells { people, numbers, questions, group, exact, cost, .. }) in telling {
            let counts = self.counts.entry(secret).or_default();
            change(counts, &people, |count| *count = count.saturating_add(cost));
            let exactly = how == How::Exact;
            if exactly {
                change(self.exact.entry(secret).or_default(), &people, |held| *held = exact);
            }
            if let Some((question, group)) = group.filter(|_| !exactly) {
                self.groups.entry((secret, question, how == How::Absent)).or_default().insert(group);
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
                tells.few |= noise.few;
                tells.question = noise.question;
                let group = noise.question.zip(noise.asked).filter(|(question, asked)| question != asked);
                tells.group = tells.group.or(group);
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
        for (secret, tells) in &mut found {
            if exact {
                tells.exact = match tells.question {
                    Some(question) => Exact::Answer(question),
                    None if tells.few => Exact::Set(set(&tells.people)),
                    None => Exact::Equations,
                };
            }
            let cost = cost_of(tells, how, halved);
            // Without noise each group tells of all of them.
            let others = tells.group.filter(|_| !exact).and_then(|(question, group)| {
                let paid = self.groups.get(&(*secret, question, how == How::Absent))?;
                Some(paid.len() >= GROUPS_CHANGED && !paid.contains(&group))
            });
            tells.cost = if others == Some(true) { 0 } else { cost };
        }
        found
    }
}

/// How much is told of each of these people by what of it is new. *Units*: parts of [`UNIT`].
fn cost_of(tells: &Tells, how: How, halved: bool) -> u32 {
    let people = tells.people.len().max(1);
    let coarse = coarseness(people);
    let share = |of: u64| u32::try_from((of * u64::from(UNIT)).div_ceil(people)).unwrap_or(u32::MAX);
    let number = match how {
        How::Exact => share(if tells.few { EVEN } else { EVEN_OF_MUCH }).min(EXACT_MAX),
        How::Noisy | How::Absent => {
            (if halved { HALVED } else { UNIT }).div_ceil(coarse.saturating_mul(coarse))
        }
    };
    let comes = match how {
        // An exact number is all there is to be told, that it comes among it.
        How::Exact if !tells.numbers.is_empty() => 0,
        // So is a sum of what may be very much over people of whom no secret chose any, as far as its noise lets it.
        How::Noisy if tells.question.is_none() && !tells.few => 0,
        _ if tells.numbers.is_empty() && tells.questions.is_empty() => 0,
        _ => COMES.div_ceil(coarse),
    };
    number.saturating_mul(u32::try_from(tells.numbers.len()).unwrap_or(u32::MAX)).saturating_add(comes)
}

/// By what a set of people is known.
fn set(people: &RoaringBitmap) -> u64 {
    let mut bytes = Vec::with_capacity(people.serialized_size());
    // Writing into memory cannot fail.
    let _ = people.serialize_into(&mut bytes);
    let Digest(bytes) = Digest::of(&bytes);
    bytes.first_chunk().copied().map_or(0, u64::from_be_bytes)
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

/// How much may have been told of somebody after something about so many that noise would be so coarse. *Units*: parts of
/// [`UNIT`]; `most` in units.
fn limit(coarse: u32, how: How, most: u32) -> u32 {
    let most = most.min(u32::MAX / UNIT / UNIT) * UNIT;
    match how == How::Exact && coarse == 1 {
        true => most / 4 * 3,
        // The more people, the less is kept for others.
        false => most - most / 8 / coarse,
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
    fn exact_sums_of_one_of_few_amounts_are_of_the_same_people_or_of_others() {
        let mut told = Told::default();
        let mut take = |people: std::ops::Range<u32>, n: u32| {
            told.take_in_row(std::iter::once(&cell(people, &[n], 0)), false, 32)
        };
        // Ten units each, of 24.
        let numbers = (1..=3).map(|n| take(0..50, n)).collect::<Vec<_>>();
        assert_eq!(numbers, [Some(Exact), Some(Exact), Some(Perturbed)]);
        assert_eq!(take(0..50, 1), Some(Exact), "it has left already");
        assert_eq!(take(50..100, 4), Some(Exact), "of others");
        // All of them, though hardly anything is told of each of so many: what is known of those from 100 on may be much.
        assert_eq!(take(0..16_000, 5), Some(Perturbed));
        assert_eq!(take(100..16_000, 6), Some(Exact));
        for n in 7..100 {
            assert_eq!(take(100..16_000 - n, n), Some(Perturbed), "{n}");
        }
    }

    #[test]
    fn there_are_no_more_than_a_quarter_as_many_exact_sums_of_very_much_as_people() {
        let mut told = Told::default();
        let mut take = |people: std::ops::Range<u32>, n: u32| {
            let mut wide = cell(people, &[n], 0);
            wide.noise = wide.noise.map(|noise| Noise { few: false, halved: true, ..noise });
            told.take_in_row(std::iter::once(&wide), false, 32)
        };
        // Two units each, of 24.
        assert_eq!((0..100).filter(|n| take(0..50 + n % 3, *n) == Some(Exact)).count(), 12);
        // With noise three each, and two that they come; of 28.
        let ways = (100..200).map(|n| take(60..100, n)).collect::<Vec<_>>();
        let so = |how| ways.iter().filter(|way| **way == how).count();
        assert_eq!([Some(Exact), Some(Perturbed), None].map(so), [9, 1, 90]);
        let of_many = (400..10_000).filter(|n| take(1_000..17_000, *n) == Some(Exact)).count();
        assert!((2_000..4_001).contains(&of_many), "{of_many}");
    }

    #[test]
    fn whoever_uses_it_up_for_few_leaves_some_of_it_for_many() {
        let mut told = Told::default();
        let mut take =
            |people: u32, n: u32| told.take_in_row(std::iter::once(&cell(0..people, &[n], 0)), true, 32);
        let mut left = |people: u32, first: u32| {
            (first..first + 2_000).take_while(|n| take(people, *n).is_some()).count()
        };
        // Three units each, of 28.
        assert_eq!(left(50, 10_000), 9);
        // Each has room beside all that was told of fewer.
        let of_many = [1_000, 4_000, 16_000].map(|people| left(people, people));
        assert!(of_many.iter().all(|numbers| (1..100).contains(numbers)), "{of_many:?}");
    }

    /// Noise about more people reaches further: all of what ever other sets tell of the few in which they differ is counted.
    #[test]
    fn what_is_told_of_many_is_told_of_the_few_in_whom_they_differ() {
        let mut told = Told::default();
        let mut take = |n: u32| {
            let mut sum = cell(0..16_000 - n, &[n], 0);
            sum.noise = sum.noise.map(|noise| Noise { halved: true, ..noise });
            told.take_in_row(std::iter::once(&sum), true, 32)
        };
        let numbers = u32::try_from((1..2_000).filter(|n| take(*n).is_some()).count()).unwrap();
        let coarse = coarseness(16_000);
        assert_eq!(coarse, 8);
        // In units of noise as it is about few, which thirty-two of are the most.
        assert!((20..33 * coarse * coarse).contains(&(numbers * 3)), "{numbers}");
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
        assert_eq!(take(60..80, None), Some(Perturbed));
        assert_eq!(take(50..90, Some(4)), Some(Perturbed));
        assert_eq!(take(90..99, Some(4)), Some(Exact), "what left with noise is in nobody's way");
    }

    /// A cell without a number, or one group of secrets beside another that always comes.
    #[test]
    fn that_a_cell_comes_is_counted_by_itself() {
        let mut told = Told::default();
        let mut take = |question: u32, asked: u32| {
            let mut cell = cell(0..50, &[], 0);
            cell.noise =
                cell.noise.map(|noise| Noise { asked: Some(asked), question: Some(question), ..noise });
            told.take_in_row(std::iter::once(&cell), false, 32).is_some()
        };
        // Two each, of twenty-eight.
        assert_eq!((1..90).filter(|question| take(*question, *question)).count(), 14);
        assert!(take(10, 10) && !take(90, 90), "what has come tells nothing new");
    }

    /// Whoever has another value is in another of the groups: two of them change.
    #[test]
    fn the_groups_of_one_question_are_counted_as_two() {
        let mut told = Told::default();
        let mut take = |question: u32, group: u32, noisy: bool| {
            let mut cell = cell(0..50, &[question * 1_000 + group], 0);
            let asked = Some(question * 100 + group);
            cell.noise = cell.noise.map(|noise| Noise { asked, question: Some(question), ..noise });
            told.take_in_row(std::iter::once(&cell), noisy, 32)
        };
        // One and two each, twice; of twenty-eight.
        let groups = |take: &mut dyn FnMut(u32, u32, bool) -> Option<Protection>, question| {
            (1..=12).filter(|group| take(question, *group, true).is_some()).count()
        };
        assert_eq!(
            (1..=5).map(|question| groups(&mut take, question)).collect::<Vec<_>>(),
            [12, 12, 12, 12, 1]
        );
        // Exactly each of them is as much as a number of all.
        let mut told = Told::default();
        let mut exact = cell(0..50, &[1], 0);
        let mut take = |group: u32| {
            let noise = noise(&[group], 0);
            exact.noise = Some(Noise { asked: Some(group), question: Some(9), ..noise });
            told.take_in_row(std::iter::once(&exact), false, 32)
        };
        assert_eq!(
            (10..14).map(&mut take).collect::<Vec<_>>(),
            [Some(Exact), Some(Exact), Some(Perturbed), Some(Perturbed)]
        );
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
