//! The attacks, by class.

mod cells;
mod differencing;
mod exports;
mod inflow;
mod isolation;
mod lifecycle;
mod masks;
mod noise;
mod snapshots;
mod sql;
mod sql_shapes;

use crate::attack::Attack;

/// Every attack, in the order in which they are made: those that end an authorisation come last.
pub(crate) fn all() -> Vec<Attack> {
    [
        cells::ATTACKS,
        differencing::ATTACKS,
        snapshots::ATTACKS,
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
    "models as exports (ONNX): no run makes one",
];
