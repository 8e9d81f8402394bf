//! Law as data: regulation packs, Chinese working days and the case kernel that executes a pack.
//!
//! Four rooms. [`pack`] parses, layers and checks the texts of `packs/<jurisdiction>/`; [`calendar`] counts
//! periods and explains every counted day; [`case`] decides commands on an event-sourced case; [`duty`] says when
//! what comes back every month or year is owed.
//!
//! It is not a workflow language: a pack selects from closed lists (commands, effects, consequences) and never
//! computes. Invariants: no I/O, no clock, no randomness; the same events give the same state; every event and
//! every refusal names the clause it rests on.

pub mod calendar;
pub mod case;
pub mod duty;
pub mod pack;
