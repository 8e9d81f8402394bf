//! How many rows of one table point to one key of another.

use super::description::{Column, Content, Description, Table};
use super::plan::mechanism;
use super::random::Fingerprints;
use super::survey::histogram;
use crate::Error;
use crate::disclosure::dp::{Cost, Seeded};

/// Limit: keys of one reference. *Units*: 17 bytes each at best.
const KEYS_MAX: usize = 100_000_000;

/// Children of every key, while rows stream by in any order.
pub(super) struct Degree {
    keys: Fingerprints<Key>,
    children_max: u16,
    sensitivity: u64,
}

#[derive(Clone, Copy, Default)]
struct Key {
    is_there: bool,
    children: u16,
}

impl Degree {
    /// `None` unless the column is a reference.
    ///
    /// The histogram has one place for each key of the parent. An entity takes away its own keys (`rows_max` of the parent)
    /// and moves the keys to which its child rows point from one place to another, which counts twice. Where the key is the
    /// entity on both sides, all of it is one key in one place.
    pub(super) fn of(description: &Description, table: &Table, column: &Column) -> Option<Self> {
        let Content::Reference { table: parent, column: key, children_max } = &column.content else {
            return None;
        };
        let (_, parent) = description.table(parent)?;
        let same = parent.entity == [key.clone()] && table.entity == [column.name.clone()];
        let general = u64::from(parent.rows_max) + 2 * u64::from(table.rows_max);
        let sensitivity = if same { 1 } else { general };
        Some(Self { keys: Fingerprints::default(), children_max: *children_max, sensitivity })
    }

    pub(super) fn parent(&mut self, keys: Vec<Option<u64>>, kept: &[bool]) -> Result<(), Error> {
        self.each(keys, kept, |key| key.is_there = true)
    }

    pub(super) fn child(&mut self, keys: Vec<Option<u64>>, kept: &[bool]) -> Result<(), Error> {
        let most = self.children_max;
        self.each(keys, kept, |key| key.children = key.children.saturating_add(1).min(most))
    }

    fn each(
        &mut self,
        keys: Vec<Option<u64>>,
        kept: &[bool],
        change: impl Fn(&mut Key),
    ) -> Result<(), Error> {
        for (key, _) in keys.into_iter().zip(kept).filter(|(_, kept)| **kept) {
            if self.keys.len() >= KEYS_MAX {
                return Err(Error::TwinLimit { what: "keys" });
            }
            if let Some(key) = key {
                change(self.keys.entry(key).or_default());
            }
        }
        Ok(())
    }

    /// Noisy numbers of keys with 0, 1, 2, … children.
    pub(super) fn release(self, cost: Cost, noise: &mut Seeded) -> Result<Vec<u64>, Error> {
        let mut exact = vec![0_u64; usize::from(self.children_max) + 1];
        for key in self.keys.values().filter(|key| key.is_there) {
            if let Some(slot) = exact.get_mut(usize::from(key.children)) {
                *slot += 1;
            }
        }
        histogram(&exact, &mechanism(self.sensitivity, cost)?, noise)
    }
}
