//! Bounding what one entity contributes, while rows stream by.

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;

use super::coding::{column_of, fingerprints};
use super::description::Table;
use super::random::{Fingerprint, Fingerprints};
use crate::Error;

/// Limit: entities of one table. *Units*: 17 bytes each at best, 39 while the map grows.
const ENTITIES_MAX: usize = 100_000_000;

/// Keeps the first rows of every entity.
///
/// Entities are told apart by keyed fingerprints of 64 bits. Should two of them meet (chance 3·10⁻⁶ among ten million),
/// they share their bound, and the protection of these two is that of twice the price.
pub(super) struct Bound {
    rows: Fingerprints<u16>,
    rows_max: u16,
}

impl Bound {
    pub(super) fn new(table: &Table) -> Self {
        Self { rows: Fingerprints::default(), rows_max: table.rows_max }
    }

    /// Forgets all rows and keeps the memory.
    pub(super) fn restart(&mut self) {
        self.rows.clear();
    }

    /// Which rows count. Rows without an entity do not: nobody's bound covers them.
    pub(super) fn keep(
        &mut self,
        table: &Table,
        batch: &RecordBatch,
        print: &Fingerprint,
    ) -> Result<Vec<bool>, Error> {
        let columns: Vec<ArrayRef> = table
            .entity
            .iter()
            .filter_map(|name| table.column(name))
            .map(|(_, column)| column_of(batch, column))
            .collect::<Result<_, _>>()?;
        let mut kept = Vec::with_capacity(batch.num_rows());
        for entity in fingerprints(&columns, print)? {
            let Some(entity) = entity else {
                kept.push(false);
                continue;
            };
            if self.rows.len() >= ENTITIES_MAX && !self.rows.contains_key(&entity) {
                return Err(Error::TwinLimit { what: "entities" });
            }
            let rows = self.rows.entry(entity).or_default();
            kept.push(*rows < self.rows_max);
            *rows = rows.saturating_add(1).min(self.rows_max);
        }
        Ok(kept)
    }

    /// How many entities have 1, 2, … rows. One entity is in one place.
    pub(super) fn histogram(&self) -> Vec<u64> {
        let mut histogram = vec![0; usize::from(self.rows_max)];
        for rows in self.rows.values() {
            if let Some(slot) = histogram.get_mut(usize::from(rows.saturating_sub(1))) {
                *slot += 1;
            }
        }
        histogram
    }
}
