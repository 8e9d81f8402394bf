//! One measure over its snapshots: the system of its values and one of changes for each later snapshot.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::Extent;
use super::field::Field;
use super::rank::{Finding, System};
use crate::Error;

/// The released cells of one measure.
#[derive(Debug, Clone)]
pub(super) struct Family {
    field: Field,
    /// As if nothing had changed between snapshots.
    values: System,
    /// As if only changes were told, by the later snapshot.
    changes: BTreeMap<u64, Changes>,
    /// First and newest snapshot of which an exact cell left.
    released: Option<(u64, u64)>,
    /// A cell left although changes were not declared: nothing is proved of changes any more.
    unclear: bool,
}

#[derive(Debug, Clone)]
struct Changes {
    entities: RoaringBitmap,
    system: System,
}

/// What a measure says of a new cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Fewer contributors than the threshold, and at least one.
    pub(super) few: bool,
    pub(super) values: Finding,
    /// The worst of the systems of changes.
    pub(super) changes: Finding,
    pub(super) snapshot: Snapshot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Snapshot {
    Clear,
    /// Changes since the newest released snapshot are not declared.
    Undeclared,
    /// Older than the newest released.
    Older,
}

impl Outcome {
    /// Of a cell that leaves with noise: noise does not hide that a handful is spoken of.
    pub(super) fn noisy(set: &RoaringBitmap, threshold: u32) -> Self {
        Self {
            few: is_few(set, threshold),
            values: Finding::Safe,
            changes: Finding::Safe,
            snapshot: Snapshot::Clear,
        }
    }
}

impl Family {
    pub(super) fn new(field: Field) -> Self {
        Self { field, values: System::new(field), changes: BTreeMap::new(), released: None, unclear: false }
    }

    /// Declares the changes between a snapshot and the one before.
    pub(super) fn declare(&mut self, snapshot: u64, entities: RoaringBitmap) -> Result<(), Error> {
        let declared = self.changes.last_key_value().map(|(last, _)| *last);
        let newest = self.released.map(|(_, newest)| newest);
        if [declared, newest].into_iter().flatten().any(|last| snapshot <= last) {
            return Err(Error::Ledger { what: "snapshot" });
        }
        self.changes.insert(snapshot, Changes { entities, system: System::new(self.field) });
        Ok(())
    }

    /// What the measure says of a new cell. Asked of a copy, since it may eliminate what [`Self::insert_ahead`] left.
    pub(super) fn check(&mut self, snapshot: u64, set: &RoaringBitmap, threshold: u32) -> Outcome {
        let changes = self
            .told(snapshot)
            .map(|changes| changes.system.check(&(set & &changes.entities), threshold))
            .max_by_key(badness);
        Outcome {
            few: is_few(set, threshold),
            values: self.values.check(set, threshold),
            changes: changes.unwrap_or(Finding::Known),
            snapshot: self.snapshot(snapshot),
        }
    }

    pub(super) fn insert(&mut self, snapshot: u64, set: &RoaringBitmap) {
        self.take_in(snapshot, set, System::insert);
    }

    /// As [`Self::insert`], for what is checked after it.
    pub(super) fn insert_ahead(&mut self, snapshot: u64, set: &RoaringBitmap) {
        self.take_in(snapshot, set, System::insert_ahead);
    }

    fn take_in(&mut self, snapshot: u64, set: &RoaringBitmap, insert: fn(&mut System, &RoaringBitmap)) {
        self.unclear |= self.snapshot(snapshot) != Snapshot::Clear;
        insert(&mut self.values, set);
        for changes in self.told(snapshot) {
            insert(&mut changes.system, &(set & &changes.entities));
        }
        let (first, newest) = self.released.unwrap_or((snapshot, snapshot));
        self.released = Some((first.min(snapshot), newest.max(snapshot)));
    }

    /// The changes that a cell of a snapshot tells of: those after the first released snapshot.
    fn told(&mut self, snapshot: u64) -> impl Iterator<Item = &mut Changes> {
        let first = self.released.map_or(snapshot, |(first, _)| first);
        self.changes
            .iter_mut()
            .filter(move |(at, _)| **at > first && **at <= snapshot)
            .map(|(_, changes)| changes)
    }

    fn snapshot(&self, snapshot: u64) -> Snapshot {
        let Some((_, newest)) = self.released else { return Snapshot::Clear };
        if snapshot < newest {
            return Snapshot::Older;
        }
        let declared = self.changes.keys().filter(|at| **at > newest && **at <= snapshot).count();
        let all = usize::try_from(snapshot - newest).is_ok_and(|steps| declared == steps);
        if all && !self.unclear { Snapshot::Clear } else { Snapshot::Undeclared }
    }

    pub(super) fn extent(&self) -> Extent {
        self.values.extent()
    }
}

fn is_few(set: &RoaringBitmap, threshold: u32) -> bool {
    (1..u64::from(threshold)).contains(&set.len())
}

fn badness(finding: &Finding) -> u8 {
    match finding {
        Finding::Known => 0,
        Finding::Safe => 1,
        Finding::Unclear => 2,
        Finding::Exposed(_) => 3,
    }
}
