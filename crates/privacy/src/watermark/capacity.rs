//! What a table can carry, and what a promise needs.

use std::collections::HashSet;

use arrow::array::RecordBatch;
use serde::Serialize;

use super::mark::{Marker, Planned};
use super::{Promise, SIGNIFICANCE_BITS, Spec, WatermarkKey};
use crate::Error;

/// What a table can carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// Positions of the code: cells that can carry a bit and have an address of their own.
    pub positions: u64,
    /// The same by carrier.
    pub by_carrier: Vec<u64>,
    /// Positions that the promise needs.
    pub needed: u64,
}

impl Capacity {
    /// Can the table carry what was promised?
    #[must_use]
    pub const fn suffices(&self) -> bool {
        self.positions >= self.needed
    }

    pub(super) fn of(carriers: &[Planned], promise: Promise) -> Self {
        let by_carrier: Vec<u64> = carriers
            .iter()
            .map(|carrier| {
                let tags: HashSet<_> = carrier.usable().map(|cell| cell.tag).collect();
                u64::try_from(tags.len()).unwrap_or(u64::MAX)
            })
            .collect();
        Self { positions: by_carrier.iter().sum(), by_carrier, needed: needed(promise) }
    }
}

/// What a table can carry under a spec, before any copy is made.
///
/// # Errors
/// As [`Marker::new`], except that a table too small is no error.
pub fn capacity(batch: &RecordBatch, spec: &Spec, key: &WatermarkKey) -> Result<Capacity, Error> {
    Marker::plan(batch, spec, key).map(|marker| marker.capacity().clone())
}

/// Positions in a leak, then in the table.
fn needed(promise: Promise) -> u64 {
    let (mut low, mut high) = (0_u64, 1 << 32);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if enough(middle, promise) { high = middle } else { low = middle }
    }
    high.saturating_mul(1000).div_ceil(u64::from(promise.leak_per_mille.max(1)))
}

/// Do so many positions in a leak name a guilty buyer in at least 999 of 1000 cases?
///
/// Scores are in units of the standard deviation of one clear position. A coalition has `2·√(p(1−p))` of them in each
/// position, however it mixes, and its members share them. An innocent buyer stays below the threshold by Bernstein's
/// inequality with the significance of the promise; the guilty one must pass it by 3.1 deviations.
fn enough(positions: u64, promise: Promise) -> bool {
    const COALITION: f64 = 0.8165;
    const LARGEST: f64 = 1.9321;
    const MARGIN: f64 = 3.1;
    let positions = positions as f64;
    let whole = 1.0 - f64::from(promise.spoiled_per_mille) / 1000.0;
    let guilty = COALITION / f64::from(promise.colluders_max) * whole * positions;
    let chance = SIGNIFICANCE_BITS * std::f64::consts::LN_2 + f64::from(promise.buyers_max).ln();
    let large = LARGEST * chance / 3.0;
    let innocent = large + (large * large + 2.0 * positions * chance).sqrt();
    guilty - MARGIN * positions.sqrt() >= innocent
}
