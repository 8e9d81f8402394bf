//! The case kernel: what may be done with a case (办件), by whom, until when and on which clause.
//!
//! A case is its events. [`open()`] and [`decide()`] turn a command into events or a [`Rejection`]; [`tick()`] turns the
//! passing of days into events; [`evolve()`] folds events into a [`CaseState`] and cannot fail. Storage keeps the
//! events, everything else is computed: buttons by [`available()`], dates by [`clocks()`], the inbox by [`open_tasks()`].
//!
//! What the kernel fixes, whatever a pack says:
//! - a step's task is done only by a unit that holds it, once, by a person no separation rule keeps away;
//! - silence never grants: on expiry a clock reminds, returns, closes access, hands over to coordination or lets a
//!   window pass, and a date no holiday notice settles yet never ends or moves a case;
//! - a return names all defects at once and stops the clocks that say so; correcting and withdrawing belong to the
//!   unit that opened the case;
//! - in a step of several tasks the least favourable action chosen (the last in the pack's list) decides the way on;
//! - an ended case refuses everything.

mod available;
mod basis;
mod check;
mod clock;
mod command;
mod condition;
mod decide;
mod desk;
pub mod draw;
mod event;
mod evolve;
mod flow;
mod form;
mod length;
mod moving;
mod occasion;
mod owed;
mod people;
mod rejection;
mod roles;
pub mod scenario;
mod state;
mod timeline;
mod told;
mod validity;
mod views;
mod vote;
mod words;

use base::{Date, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

pub use available::{Available, available, available_with};
pub use clock::{ClockView, Light, clocks, tick, wakes};
pub use command::{Attachment, Ballot, Command, Defect, FormValue, FormValues, OpenCase};
pub use condition::{FACT_APPROVALS, FACT_PASSED, FACT_REFUSALS, Facts, Truth, evaluate};
pub use decide::{FACT_DEADLINE, decide, note, open};
pub use event::{ClockDue, Event, EventBody, PackRef};
pub use evolve::{evolve, fold};
pub use form::{check_facts, check_form, decimal};
pub(crate) use moving::last_day;
pub use moving::{Blocked, MovedClock, MovedStep, Moving, moving};
pub use occasion::occasions;
pub use owed::{
    FACT_AUTHORISATION, FACT_CASE, OweCase, Owed, OwedCause, OwedClock, STEP_OWED, lapse, owe, own_outcome,
};
pub use people::{
    Asks, Consult, Delegation, FACT_DRAWN, HandOver, Manning, Meeting, People, PeopleState, Recusal,
    SEED_CHARS, manning,
};
pub use rejection::{FieldError, Rejection};
pub use roles::{Players, players};
pub use state::{Act, Awaiting, CaseState, ClockState, Ending, OpenStep, Opinion, Resolution, Seat};
pub use timeline::{TimelineEntry, effect_words, timeline};
pub use views::{Readers, Task, may_read, open_tasks, participants, readers};
pub use words::command_words;

use crate::calendar::Calendar;
use crate::pack::model::{Pack, UnitCode};

/// Characters of a one-line field.
pub const TEXT_CHARS_MAX: usize = 500;
/// Characters of a long field or an opinion.
pub const LONG_TEXT_CHARS_MAX: usize = 20_000;
/// Entries of a list field or list fact.
pub const ITEMS_MAX: usize = 500;
/// Events of one case; beyond it only the clock writes.
pub const EVENTS_MAX: u64 = 10_000;
/// Attachments of one command.
pub const ATTACHMENTS_MAX: usize = 100;
/// Defects of one return.
pub const DEFECTS_MAX: usize = 200;

/// Who acts: a person for a unit. Names are kept with the event, as they were that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The person.
    pub person: Id<kind::Person>,
    /// The unit acted for.
    pub unit: UnitCode,
    /// The unit's name that day.
    pub unit_name: String,
    /// The person's name that day.
    pub person_name: String,
}

/// What a decision rests on besides the case itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The pack version the case runs under.
    pub pack: &'a Pack,
    /// The working-day calendar.
    pub calendar: &'a Calendar,
    /// Now.
    pub now: Timestamp,
}

impl Context<'_> {
    /// The legal day: the date in the pack's zone.
    #[must_use]
    pub const fn today(&self) -> Date {
        self.now.date_at(self.pack.counting.utc_offset_seconds)
    }
}

/// The number people use for a case, for example `SQ-2026-0001`.
#[must_use]
pub fn number(prefix: &str, year: i32, sequence: u32) -> String {
    format!("{prefix}-{year}-{sequence:04}")
}

#[cfg(test)]
mod tests;
