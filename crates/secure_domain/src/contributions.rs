//! Who stands behind every cell of a result: computed in the prod zone, sealed beside the result, read by the ledger zone.
//!
//! Entities are named by keyed digests. The key is the installation's, not the tenant's: what two operators release about
//! the same people has to be comparable. Digests that leave the prod zone are sealed, and the ledger zone has no raw data
//! to try the key on.

mod sealed;

use std::collections::BTreeMap;

use privacy::disclosure::EntityCounts;
use privacy::disclosure::cell_key::cell_key;
use privacy::disclosure::ledger::{EntityDigest, MeasureId};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

/// Limit: pairs of cell and entity of one result, and amounts they add to its numbers.
pub(crate) const PAIRS_MAX: usize = 20_000_000;
/// Bytes of one digest.
const DIGEST_BYTES: usize = size_of::<EntityDigest>();
/// So many bytes of the digest of an entity with its rows are those of the entity's.
pub(crate) const OWNER_BYTES: usize = DIGEST_BYTES / 2;

/// The cells of one result.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Contributions {
    /// What the data held that it was computed on: 0 where no resource has held anything else yet, else a number that
    /// other rows of any of them do not share.
    pub(crate) snapshot: u64,
    /// Rows that leave with noise.
    pub(crate) noisy: RoaringBitmap,
    /// All rows leave with noise, whatever the ledger says: some number may count a value more than once, or adds up what is
    /// known of those whom secrets chose.
    pub(crate) weighted: bool,
    /// By what the noise of the numbers of each row is drawn, or would be.
    pub(crate) drawn_by: Vec<Vec<u32>>,
    /// Rows to whose numbers each entity adds one of few amounts.
    pub(crate) few: RoaringBitmap,
    /// Noise reaches half as far as the threshold.
    pub(crate) halved: bool,
    /// One for each entity that is counted.
    pub(crate) parts: Vec<Part>,
}

/// The cells as sets of entities of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// Kind of the entities.
    pub(crate) kind: String,
    /// What each cell tells about them.
    pub(crate) measures: Vec<MeasureId>,
    /// Entities are told apart by their rows as well.
    pub(crate) rows: bool,
    /// Who is in the cells.
    pub(crate) whom: Whom,
    /// The measures of which it is counted how much is told, if no secret decides who is in the cells: each with a number of
    /// what its resource holds.
    pub(crate) secrets: BTreeMap<MeasureId, u32>,
    /// What each cell asks.
    pub(crate) asks: Vec<Asks>,
    /// Cells that are asked for and not shown: what each asks of its people, and who they are.
    pub(crate) unshown: Vec<(Asks, RoaringBitmap)>,
    /// The entities; a cell's set holds places in this list.
    pub(crate) digests: Vec<EntityDigest>,
    /// One set for each row of the result.
    pub(crate) cells: Vec<RoaringBitmap>,
}

/// What tells what a cell asks of its people from what others ask of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Asks {
    /// The question: the query with the keys that are no secret.
    pub(crate) question: u32,
    /// The group that secrets make; nothing where they make none.
    pub(crate) group: u32,
}

impl Asks {
    /// By what it is known that the cell is there.
    pub(crate) const fn presence(self) -> u32 {
        self.question.wrapping_add(self.group)
    }
}

/// Who is in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whom {
    /// Those behind its numbers, of whom no secret chose any.
    #[default]
    All,
    /// Those behind its numbers, whom secrets chose.
    Chosen,
    /// Those of whom secrets chose.
    Population,
}

impl Part {
    /// How many entities are in each cell.
    pub(crate) fn counts(&self) -> EntityCounts {
        let counts = self.cells.iter().map(RoaringBitmap::len).collect();
        EntityCounts { kind: self.kind.clone(), counts, populations: None }
    }

    /// How many of a population are in each cell, and how many it has. Entities have the same numbers in both.
    pub(crate) fn counts_of(&self, population: &Self) -> EntityCounts {
        let both = self.cells.iter().zip(&population.cells);
        let counts = both.map(|(own, all)| own.intersection_len(all)).collect();
        let populations = population.cells.iter().map(RoaringBitmap::len).collect();
        EntityCounts { kind: self.kind.clone(), counts, populations: Some(populations) }
    }

    /// The sum of what the digests of a cell's entities begin with.
    fn key_of(&self, cell: &RoaringBitmap) -> u32 {
        let digests = cell.iter().filter_map(|one| self.digests.get(usize::try_from(one).ok()?));
        // Of an entity with its rows the first bytes are the entity's alone.
        let first = if self.rows { OWNER_BYTES } else { 0 };
        let records = digests.map(|digest| {
            let word = digest.iter().skip(first).take(4);
            word.fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
        });
        cell_key(records)
    }

    /// What of the noise key of a row comes from here. Of secrets each question has noise of its own: with the same for the
    /// same people it would be told that nobody is between two conditions.
    fn noise_key(&self, cell: &RoaringBitmap, asks: Asks) -> u32 {
        if self.whom == Whom::Population {
            self.of_its_people(cell, asks).question
        } else {
            self.key_of(cell)
        }
    }

    /// What is asked of these people: the same of others is another question.
    fn of_its_people(&self, cell: &RoaringBitmap, asks: Asks) -> Asks {
        Asks { question: self.key_of(cell).wrapping_add(asks.question), ..asks }
    }

    /// Notes a cell that is asked for and not shown, if that tells of secrets.
    pub(crate) fn hide(&mut self, cell: RoaringBitmap, asks: Asks) {
        if !self.secrets.is_empty() && !cell.is_empty() {
            self.unshown.push((self.of_its_people(&cell, asks), cell));
        }
    }

    /// Notes for each question about groups that secrets make that some of them may not be there at all.
    pub(crate) fn hide_groups(&mut self) {
        let grouped = |(_, asks): &(&RoaringBitmap, Asks)| asks.group != 0;
        let bare = |(cell, asks): (&RoaringBitmap, Asks)| {
            (self.of_its_people(cell, asks).question, (cell.clone(), Asks { group: 0, ..asks }))
        };
        let questions: BTreeMap<u32, (RoaringBitmap, Asks)> =
            self.asking().filter(grouped).map(bare).collect();
        for (cell, asks) in questions.into_values() {
            self.hide(cell, asks);
        }
    }

    /// The cells with what each asks.
    fn asking(&self) -> impl Iterator<Item = (&RoaringBitmap, Asks)> {
        self.cells.iter().zip(self.asks.iter().copied())
    }

    /// What is asked of secrets, shown in a row or not, and of whom.
    pub(crate) fn asked(&self) -> impl Iterator<Item = (Option<usize>, Asks, &RoaringBitmap)> {
        let of_secrets = !self.secrets.is_empty();
        let shown = self.asking().enumerate().filter(move |(_, (cell, _))| of_secrets && !cell.is_empty());
        let shown = shown.map(|(row, (cell, asks))| (Some(row), self.of_its_people(cell, asks), cell));
        shown.chain(self.unshown.iter().map(|(asks, cell)| (None, *asks, cell)))
    }

    /// Forgets cells that are not shown of so few that they never would be: that tells nothing.
    pub(crate) fn forget_small(&mut self, least: u32) {
        self.unshown.retain(|(_, cell)| cell.len() >= u64::from(least));
    }
}

impl Contributions {
    /// The same without the rows that did not stay, some of them with noise.
    pub(crate) fn keep(self, stays: &[bool], noisy: &[bool]) -> Self {
        let kept = |mut part: Part| {
            let asks = std::mem::take(&mut part.asks);
            for ((cell, asks), stays) in std::mem::take(&mut part.cells).into_iter().zip(asks).zip(stays) {
                if *stays {
                    part.cells.push(cell);
                    part.asks.push(asks);
                } else {
                    part.hide(cell, asks);
                }
            }
            part
        };
        let left = |flags: &mut dyn Iterator<Item = bool>| -> RoaringBitmap {
            let left = flags.zip(stays).filter(|(_, stays)| **stays).map(|(flag, _)| flag);
            (0_u32..).zip(left).filter(|(_, flag)| *flag).map(|(row, _)| row).collect()
        };
        let noisy = left(&mut noisy.iter().copied());
        let few = left(&mut (0_u32..).map(|row| self.few.contains(row)));
        let drawn_by = self.drawn_by.into_iter().zip(stays).filter(|(_, stays)| **stays);
        let drawn_by = drawn_by.map(|(numbers, _)| numbers).collect();
        Self { noisy, drawn_by, few, parts: self.parts.into_iter().map(kept).collect(), ..self }
    }

    /// Does this row leave with noise?
    pub(crate) fn leaves_with_noise(&self, row: usize) -> bool {
        u32::try_from(row).is_ok_and(|row| self.noisy.contains(row))
    }

    /// What is asked of entities of a kind, row by row, and by what it is known that each row is there; none where no secret
    /// chose anybody.
    pub(crate) fn questions(&self, kind: &str) -> Vec<Option<Asks>> {
        let mut found: Vec<Option<Asks>> = vec![None; self.rows().unwrap_or_default()];
        let chosen =
            |part: &&Part| part.kind == kind && part.whom == Whom::Population && !part.secrets.is_empty();
        for part in self.parts.iter().filter(chosen) {
            let asking = found.iter_mut().zip(part.asking()).filter(|(_, (cell, _))| !cell.is_empty());
            for (found, (cell, asks)) in asking {
                let (known, more) = (found.unwrap_or_default(), part.of_its_people(cell, asks));
                let question = known.question.wrapping_add(more.question);
                *found = Some(Asks { question, group: known.group.wrapping_add(more.group) });
            }
        }
        found
    }

    /// The noise key of each row: the sum of what the digests of its entities begin with. The same people give the same
    /// key, whoever asks and in whatever words. Where a sensitive column decides who is counted, those whom the cell speaks
    /// about count as well: a cell whose noise stayed when somebody joined them would tell that he is in another one.
    pub(crate) fn cell_keys(&self) -> Vec<u32> {
        let mut keys = vec![0_u32; self.rows().unwrap_or_default()];
        for part in &self.parts {
            for (key, (cell, asks)) in keys.iter_mut().zip(part.asking()) {
                *key = key.wrapping_add(part.noise_key(cell, asks));
            }
        }
        keys
    }

    /// Rows of the result; none if nobody is counted.
    pub(crate) fn rows(&self) -> Option<usize> {
        self.parts.first().map(|part| part.cells.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: &str, cells: &[&[u32]], entities: u8) -> Part {
        Part {
            kind: kind.to_owned(),
            measures: vec![MeasureId::of(&["count", kind])],
            rows: false,
            whom: Whom::Chosen,
            secrets: BTreeMap::new(),
            asks: vec![Asks { question: 7, group: 9 }; cells.len()],
            unshown: vec![(
                Asks { question: 8, group: 3 },
                cells.iter().flat_map(|cell| cell.iter().copied()).collect(),
            )],
            digests: (0..entities).map(|n| [n; DIGEST_BYTES]).collect(),
            cells: cells.iter().map(|cell| cell.iter().copied().collect()).collect(),
        }
    }

    #[test]
    fn what_was_sealed_is_read_again_and_nothing_else_is() {
        let all = Contributions {
            snapshot: 7 << 40 | 1,
            noisy: [1].into(),
            weighted: true,
            drawn_by: vec![vec![7], vec![8, 9]],
            few: [1].into(),
            halved: true,
            parts: vec![part("person", &[&[0, 1, 2], &[]], 3), part("enterprise", &[&[0], &[1]], 2)],
        };
        let bytes = all.to_bytes().unwrap();
        assert_eq!(Contributions::from_bytes(&bytes).unwrap(), all);
        for length in 0..bytes.len() {
            assert!(Contributions::from_bytes(&bytes[..length]).is_err(), "{length}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(Contributions::from_bytes(&longer).is_err());
        // A member that is nobody, and parts of different results.
        let nobody = Contributions { parts: vec![part("person", &[&[3]], 3)], ..Contributions::default() };
        assert!(Contributions::from_bytes(&nobody.to_bytes().unwrap()).is_err());
        let parts = vec![part("person", &[&[0]], 1), part("person", &[], 1)];
        let uneven = Contributions { parts, ..Contributions::default() };
        assert!(Contributions::from_bytes(&uneven.to_bytes().unwrap()).is_err());
        let kept = all.keep(&[false, true], &[true, true]);
        assert_eq!(kept.parts[1].cells, [RoaringBitmap::from([1])]);
        assert_eq!((kept.noisy, kept.drawn_by, kept.few), ([0].into(), vec![vec![8, 9]], [0].into()));
    }

    #[test]
    fn the_noise_key_of_a_cell_is_its_peoples_and_not_the_questions() {
        let one =
            Contributions { parts: vec![part("person", &[&[0, 1], &[2]], 3)], ..Contributions::default() };
        // The same two people, found in another order among others.
        let other =
            Part { digests: [2, 1, 0].map(|n| [n; DIGEST_BYTES]).to_vec(), ..part("person", &[&[1, 2]], 3) };
        let other = Contributions { parts: vec![other], ..Contributions::default() };
        assert_eq!(one.cell_keys()[0], other.cell_keys()[0]);
        assert_ne!(one.cell_keys()[0], one.cell_keys()[1]);
    }

    /// Somebody joins those whom both cells speak about, and is in one of them: the other's noise must not stay.
    #[test]
    fn noise_follows_whom_a_cell_speaks_about() {
        let keys = |cells: &[&[u32]], all: &[&[u32]]| {
            let population = Part { rows: true, ..part("person", all, 5) };
            let parts = vec![part("person", cells, 5), population];
            Contributions { parts, ..Contributions::default() }.cell_keys()
        };
        let before = keys(&[&[0, 1], &[2, 3]], &[&[0, 1, 2, 3], &[0, 1, 2, 3]]);
        let after = keys(&[&[0, 1, 4], &[2, 3]], &[&[0, 1, 2, 3, 4], &[0, 1, 2, 3, 4]]);
        assert_ne!(before[0], after[0]);
        assert_ne!(before[1], after[1]);
    }
}
