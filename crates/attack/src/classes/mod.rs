//! The attacks, by class.

mod cells;
mod differencing;
mod exports;
mod inflow;
mod isolation;
mod lifecycle;
mod masks;
mod noise;
mod sql;
mod sql_shapes;

use crate::attack::Attack;

/// Every attack, in the order in which they are made: those that end an authorisation come last.
pub(crate) fn all() -> Vec<Attack> {
    [
        cells::ATTACKS,
        differencing::ATTACKS,
        noise::ATTACKS,
        sql::ATTACKS,
        sql_shapes::ATTACKS,
        exports::ATTACKS,
        masks::ATTACKS,
        isolation::ATTACKS,
        inflow::ATTACKS,
        lifecycle::ATTACKS,
    ]
    .concat()
}

/// What the design has and the server has not yet: no attack is made on it, and none is left out silently.
pub(crate) const ABSENT: &[&str] = &[
    "statistics mode (queries on raw data without an order, within budgets)",
    "noise of cell keys and of discrete mechanisms, error bars, one budget per resource",
    "exports as PNG, PDF, JSON and ONNX; the watermark of data sets and its detector",
    "mask attack report, synthetic twins, memorisation score",
    "partial masks, and so their stitching across profiles",
    "EXPLAIN of lineage, label, threshold and budget",
    "risk tiers of the airlock, planted bad files",
    "a new snapshot under a standing grant: a grant holds the snapshot it was made with",
];
