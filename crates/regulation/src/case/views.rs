//! Who has to act and who may look.

use std::collections::BTreeSet;

use base::{Id, Timestamp, kind};
use serde::Serialize;

use super::roles::{Players, players};
use super::{CaseState, Context};
use crate::pack::model::{CommandKind, RoleKey, StepId, UnitCode};

/// A task for an inbox (待办).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Step.
    pub step: StepId,
    /// Role that acts.
    pub role: RoleKey,
    /// Unit; `None` for anyone.
    pub unit: Option<UnitCode>,
    /// Since when.
    pub since: Timestamp,
    /// Persons who have done their part already (votes).
    pub done_by: Vec<Id<kind::Person>>,
    /// The opener has to correct a return.
    pub correction: bool,
    /// An owed case has to be filled in (填报).
    pub owed: bool,
    /// An opinion is asked for (加签).
    pub asked: bool,
}

/// Open tasks of a case. While a correction is awaited it is the only one.
#[must_use]
pub fn open_tasks(state: &CaseState) -> Vec<Task> {
    let Some(open) = &state.step else {
        return super::owed::tasks(state);
    };
    if let Some(awaiting) = &state.awaiting {
        return vec![Task {
            step: awaiting.step.clone(),
            role: open.role.clone(),
            unit: Some(state.opener.unit.clone()),
            since: awaiting.since,
            done_by: Vec::new(),
            correction: true,
            owed: false,
            asked: false,
        }];
    }
    let acts = state.acts.iter().filter(|act| act.step == open.step && act.visit == open.visit);
    let done_by: Vec<_> = acts
        .filter(|act| act.vote.is_some() && act.command != CommandKind::ReturnForCorrection)
        .map(|act| act.by.person)
        .collect();
    let task = |unit: Option<UnitCode>| Task {
        step: open.step.clone(),
        role: open.role.clone(),
        unit,
        since: open.since,
        done_by: done_by.clone(),
        correction: false,
        owed: false,
        asked: false,
    };
    let seats = open.seats.iter().filter(|seat| seat.done.is_none());
    let mut tasks: Vec<Task> = seats.map(|seat| task(Some(seat.unit.clone()))).collect();
    if open.anyone {
        tasks.push(task(None));
    }
    tasks.extend(state.asked_here().map(|consult| Task {
        since: consult.since,
        done_by: Vec::new(),
        asked: true,
        ..task(Some(consult.unit.clone()))
    }));
    tasks
}

/// Units that opened the case, held a task in it or acted in it.
#[must_use]
pub fn participants(state: &CaseState) -> BTreeSet<UnitCode> {
    let seated = state.seated.values().flatten();
    let acted = state.acts.iter().map(|act| &act.by.unit);
    let owing = state.owed.iter().flat_map(|owed| &owed.units);
    let people = state.people.units();
    seated.chain(acted).chain(owing).chain(people).chain([&state.opener.unit]).cloned().collect()
}

/// Who may read a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readers {
    /// Everyone signed in.
    pub anyone: bool,
    /// These units.
    pub units: BTreeSet<UnitCode>,
}

/// Participants and the units of the procedure's reader roles. Taking part in an open hearing does not open the file.
#[must_use]
pub fn readers(state: &CaseState, ctx: &Context<'_>) -> Readers {
    let acted_in_public = |unit: &UnitCode| {
        let mut acts = state.acts.iter().filter(|act| act.by.unit == *unit);
        *unit != state.opener.unit
            && !state.people.units().any(|own| own == unit)
            && state.owed.iter().all(|owed| !owed.units.contains(unit))
            && state.seated.values().all(|units| !units.contains(unit))
            && acts.all(|act| state.seated.get(&act.step).is_some_and(Vec::is_empty))
    };
    let mut units = participants(state);
    units.retain(|unit| !acted_in_public(unit));
    let mut found = Readers { anyone: false, units };
    let Some(procedure) = ctx.pack.procedures.get(&state.procedure) else {
        return found;
    };
    let waiver = procedure.waiver.iter().filter(|_| state.owed.is_some());
    for role in procedure.readers.iter().chain(waiver) {
        match players(ctx, role, &state.opener.unit, &state.facts, &state.parties) {
            Players::Anyone => found.anyone = true,
            Players::Units(units) => found.units.extend(units),
        }
    }
    found
}

/// Whether a unit may read a case.
#[must_use]
pub fn may_read(state: &CaseState, unit: &str, ctx: &Context<'_>) -> bool {
    let readers = readers(state, ctx);
    readers.anyone || readers.units.contains(unit)
}
