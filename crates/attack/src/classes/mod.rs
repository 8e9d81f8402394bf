//! The attacks, by class.

mod absent;
mod cells;
mod chosen;
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
mod statistics;
mod walks;

use crate::attack::Attack;

/// Every attack, in the order in which they are made: those that end an authorisation come last.
pub(crate) fn all() -> Vec<Attack> {
    [
        cells::ATTACKS,
        differencing::ATTACKS,
        chosen::ATTACKS,
        absent::ATTACKS,
        snapshots::ATTACKS,
        noise::ATTACKS,
        statistics::ATTACKS,
        walks::ATTACKS,
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

/// Whether an attack waits until all others are made: it uses up what they share, or ends their authorisation.
pub(crate) fn in_turn(attack: &Attack) -> bool {
    attack.id.starts_with('L') || statistics::ATTACKS.iter().any(|own| own.id == attack.id)
}

/// What the design has and the server has not yet: no attack is made on it, and none is left out silently.
pub(crate) const ABSENT: &[&str] = &["models other than linear ones (trees) as exports: nothing makes them"];
