//! The release ledger: what everything that ever left tells together.
//!
//! For every released number the ledger keeps which entities stand behind it and what was measured. A new number is set
//! against all former ones, whoever received them and through whichever channel, and across snapshots:
//!
//! - **Sets.** Two released sets that differ by at least one entity and by fewer than the threshold tell about the few,
//!   whichever of the two holds the other. If both carry the same measure, the few are exposed. With different measures
//!   nothing can be subtracted, but who joined or left shows, so that the cell may leave only with noise. Two sets of
//!   which neither nearly holds the other (`A∖B` small, `B∖A` large) expose nothing by themselves; what they
//!   expose together with further cells is found by the next rule.
//! - **Equations.** Released cells of one measure are linear equations over the values of the entities. `rank` proves
//!   that no combination of them speaks about fewer entities than the threshold; this covers margins, unions of disjoint
//!   cells and trackers. It computes modulo a secret prime; see `field` for the chance of an error (below 5·10^-14).
//! - **Snapshots.** A later snapshot of a resource holds the same entities with mostly the same values. The ledger takes
//!   the worst of both views. As if nothing had changed: cells of all snapshots are equations of one system, so that who
//!   came and who went cannot be singled out. And as if only changes were told: for each snapshot the entities whose
//!   values changed ([`ReleaseLedger::declare_changes`]) form a system of their own with the changed part of each cell,
//!   so that a change cannot be singled out either. Where the changes are not declared, or an older snapshot than the
//!   newest released is read, a cell may leave only with noise, whether or not somebody came or went: that some cells
//!   are missing would tell who did. Declare exactly what changed: with too large a declaration the second view believes
//!   in more cover than there is. And declare only where verdicts are not seen by who must not know who changed.
//!
//! Only exact cells are equations. Cells with noise are remembered and count as neighbours of none. How much all of them tell
//! of each entity's secrets is counted ([`Told`]).
//!
//! Limits: contributors count as covered by others although those may know their own values; set the threshold for the
//! coalition to be expected. Values that outsiders know are not modelled.

mod combination;
mod explain;
mod field;
mod form;
mod measure;
mod neighbour;
mod ordinal;
mod rank;
mod record;
mod sets;
#[cfg(test)]
mod tests;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringBitmap;

pub use explain::{Assessment, CellAssessment, Earlier, Reason, ReasonKind, Verdict};
pub use ordinal::{DigestBits, DigestNumbers, ENTITIES_MAX, EntityDigest, EntityHash, Ordinals};
pub use record::{Candidate, Cell, MeasureId, Noise, Protection, Record, Unshown};
pub use told::Told;

use crate::Error;
use explain::Own;
use field::Field;
use measure::{Family, Outcome};
use neighbour::{Neighbours, Place};

/// Limit: cells of one release.
pub const CELLS_MAX: usize = 10_000;

/// What everything that left tells together. Rebuilt from its records; see the module.
#[derive(Debug, Clone)]
pub struct ReleaseLedger {
    field: Field,
    releases: Vec<String>,
    ids: BTreeSet<String>,
    families: BTreeMap<MeasureId, Family>,
    neighbours: Neighbours,
}

impl ReleaseLedger {
    /// A new ledger and its first record. The seed is 32 secret random bytes.
    #[must_use]
    pub fn open(seed: &[u8; 32]) -> (Self, Record) {
        let field = Field::draw(seed);
        (Self::empty(field), Record::Opened { prime: field.prime() })
    }

    fn empty(field: Field) -> Self {
        Self {
            field,
            releases: Vec::new(),
            ids: BTreeSet::new(),
            families: BTreeMap::new(),
            neighbours: Neighbours::default(),
        }
    }

    /// Reads a ledger again.
    ///
    /// # Errors
    /// [`Error::Ledger`] if the first record does not open a ledger, a later one does, or one contradicts those before;
    /// [`Error::LedgerLimit`] as [`ReleaseLedger::append`].
    pub fn from_records(records: impl IntoIterator<Item = Record>) -> Result<Self, Error> {
        let mut records = records.into_iter();
        let Some(Record::Opened { prime }) = records.next() else {
            return Err(Error::Ledger { what: "first record" });
        };
        let mut ledger = Self::empty(Field::stored(prime)?);
        for record in records {
            match record {
                Record::Opened { .. } => return Err(Error::Ledger { what: "opening record" }),
                Record::Changes { measure, snapshot, entities } => {
                    ledger.declare_changes(measure, snapshot, entities)?;
                }
                Record::Released(candidate) => {
                    ledger.append(candidate)?;
                }
            }
        }
        Ok(ledger)
    }

    /// Declares which entities' values of a measure differ between a snapshot and the one before it; a release of the
    /// later snapshot needs it. Entities that came or went need not be among them.
    ///
    /// # Errors
    /// [`Error::Ledger`] if the snapshot is not newer than those released or declared, [`Error::LedgerLimit`] for an
    /// ordinal out of range.
    pub fn declare_changes(
        &mut self,
        measure: MeasureId,
        snapshot: u64,
        entities: RoaringBitmap,
    ) -> Result<Record, Error> {
        in_range(&entities)?;
        let family = self.families.entry(measure).or_insert_with(|| Family::new(self.field));
        family.declare(snapshot, entities.clone())?;
        Ok(Record::Changes { measure, snapshot, entities })
    }

    /// Judges a release, cell by cell in order: a later cell is also set against those before it that may leave. Cells
    /// that may not leave as they are must be left out, or be given noise, before [`ReleaseLedger::append`]; in between
    /// nothing else may be appended.
    ///
    /// `threshold` is the fewest entities that cells and their combinations may speak about, at least 2.
    ///
    /// # Errors
    /// [`Error::Ledger`] for a release id that the ledger has, [`Error::LedgerLimit`] past [`CELLS_MAX`] cells or
    /// [`ENTITIES_MAX`] ordinals, [`Error::Threshold`] for one that protects nobody.
    pub fn assess(&self, candidate: &Candidate, threshold: u32) -> Result<Assessment, Error> {
        if threshold < 2 {
            return Err(Error::Threshold { name: "min_entities" });
        }
        self.check(candidate)?;
        let mut scratch: BTreeMap<MeasureId, Family> = BTreeMap::new();
        let mut own = Own { release: &candidate.release, cells: Neighbours::default() };
        let mut cells = Vec::with_capacity(candidate.cells.len());
        let mut remaining: BTreeMap<MeasureId, usize> = BTreeMap::new();
        for cell in &candidate.cells {
            *remaining.entry(cell.measure).or_default() += 1;
        }
        for cell in &candidate.cells {
            let place = Place { release: self.releases.len(), measure: cell.measure };
            let outcome = match cell.protection {
                Protection::Perturbed => Outcome::noisy(&cell.contributors, threshold),
                Protection::Exact => {
                    let family = scratch.entry(cell.measure).or_insert_with(|| self.family(cell.measure));
                    family.check(cell.snapshot, &cell.contributors, threshold)
                }
            };
            let judged = explain::judge(self, &own, cell, &outcome, threshold);
            // The last cell of a measure has none after it that would need it.
            let left = remaining.entry(cell.measure).or_default();
            *left = left.saturating_sub(1);
            let last = *left == 0;
            if judged.verdict == Verdict::Allow && cell.protection == Protection::Exact {
                own.cells.insert(&cell.contributors, place);
                if !last && let Some(family) = scratch.get_mut(&cell.measure) {
                    family.insert_ahead(cell.snapshot, &cell.contributors);
                }
            }
            cells.push(judged);
        }
        Ok(Assessment::of(candidate, cells))
    }

    /// Takes a release in, whatever was judged of it: what left must be known. The record is to be sealed and kept.
    ///
    /// # Errors
    /// As [`ReleaseLedger::assess`].
    pub fn append(&mut self, candidate: Candidate) -> Result<Record, Error> {
        self.check(&candidate)?;
        let release = self.releases.len();
        for cell in &candidate.cells {
            if cell.protection == Protection::Exact {
                let family = self.families.entry(cell.measure).or_insert_with(|| Family::new(self.field));
                family.insert(cell.snapshot, &cell.contributors);
                self.neighbours.insert(&cell.contributors, Place { release, measure: cell.measure });
            }
        }
        self.ids.insert(candidate.release.clone());
        self.releases.push(candidate.release.clone());
        Ok(Record::Released(candidate))
    }

    /// Releases taken in, in order.
    #[must_use]
    pub fn releases(&self) -> &[String] {
        &self.releases
    }

    /// How large the equations of a measure have grown; none if nothing exact of it has left.
    #[must_use]
    pub fn extent(&self, measure: MeasureId) -> Option<Extent> {
        self.families.get(&measure).map(Family::extent)
    }

    /// What left of a measure, to be added to.
    fn family(&self, measure: MeasureId) -> Family {
        self.families.get(&measure).cloned().unwrap_or_else(|| Family::new(self.field))
    }

    fn check(&self, candidate: &Candidate) -> Result<(), Error> {
        if self.ids.contains(&candidate.release) {
            return Err(Error::Ledger { what: "release id" });
        }
        if candidate.cells.len() > CELLS_MAX {
            return Err(Error::LedgerLimit { what: "cells" });
        }
        candidate.cells.iter().try_for_each(|cell| in_range(&cell.contributors))
    }
}

/// How large the equations of a measure have grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Independent equations.
    pub rows: usize,
    /// Entries of the inverse by which cells are reduced.
    pub entries: usize,
    /// They outgrew their limit: of what cuts no atom widely nothing is proved any more.
    pub given_up: bool,
}

fn in_range(entities: &RoaringBitmap) -> Result<(), Error> {
    match entities.max() {
        Some(last) if last >= ENTITIES_MAX => Err(Error::LedgerLimit { what: "entities" }),
        _ => Ok(()),
    }
}
