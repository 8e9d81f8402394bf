//! Owed cases (应办件): the platform opens a case because a duty or another case demands it, and it waits for its
//! opener to fill it in.
//!
//! The first event is [`EventBody::Owed`]; its clock reminds and escalates and does nothing else, because silence
//! never grants and never ends a case. A unit that owes it sends `Submit` with what [`super::open()`] would ask for and
//! by the same checks; the normal `Opened` event under the same id and number follows, and from there the case is like
//! any other, except that it cannot be withdrawn, before or after: who owes cannot un-owe. Only a unit of the role the
//! procedure names (`免办`), and none that owes it, may let it go with a reason; where the pack names no role, nobody
//! may.
//!
//! What the platform does: for each period [`crate::duty::periods()`] names whose key it has not used yet, and for each
//! [`EventBody::OpensCase`] among the events of a command, it calls [`owe()`] and stores the event as the first of a new
//! case, in the same transaction as the key or the command. Facts it observes about what the case points at (the holder
//! of an authorisation) go into [`OweCase::facts`]: the opener role and the reminders are found by them.

mod clock;
mod desk;

use std::collections::BTreeMap;

use base::{Date, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

use super::check::complete_title;
use super::decide::{Decision, find_procedure, may_open, pack_ref};
use super::flow::{Draft, merged};
use super::roles::{Players, players};
use super::{Actor, CaseState, Context, Event, EventBody, Rejection};
use crate::calendar::Deadline;
use crate::duty::{DutyPeriod, fixed};
use crate::pack::model::{
    ClauseId, ClockNature, Duty, FactValue, Period, Procedure, ProcedureId, RoleKey, Rung, UnitCode,
};

pub(crate) use clock::{clock_view, tick, wakes};
pub use desk::lapse;
pub(crate) use desk::{available, decide, may_withdraw, not_filled_in, tasks};

/// What stands for the step while an owed case waits for its opener.
pub const STEP_OWED: &str = "应办";
/// The fact by which a case points at an authorisation.
pub const FACT_AUTHORISATION: &str = "授权";
/// The fact by which a case points at another case; 转办 fills it with the case that ended.
pub const FACT_CASE: &str = "办件";
/// The outcome of an owed case that was let go.
const OUTCOME_WAIVED: &str = "免办";
/// How an owed case ends when what it is about has ended.
const OUTCOME_LAPSED: &str = "不再应办";

/// The English words of an outcome that is the kernel's own and not a pack's.
#[must_use]
pub fn own_outcome(outcome: &str) -> Option<&'static str> {
    match outcome {
        OUTCOME_WAIVED => Some("Waived"),
        OUTCOME_LAPSED => Some("No longer owed"),
        _ => None,
    }
}

/// Why a case is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum OwedCause {
    /// A periodic duty.
    Duty {
        /// The duty.
        name: String,
        /// Its English name.
        en: String,
        /// The period's code.
        period: String,
        /// The period's name in Chinese.
        label: String,
        /// The period's name in English.
        label_en: String,
    },
    /// The end of another case (转办).
    Case {
        /// That case.
        case: Id<kind::Case>,
        /// Its procedure.
        procedure: ProcedureId,
        /// Its number.
        number: String,
    },
}

/// The clock of an owed case as it was when the case was opened. It keeps its own ladder: the duty may be written
/// anew while the case is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedClock {
    /// The day it starts from.
    pub start: Date,
    /// Length; `None` where the due day is fixed.
    pub period: Option<Period>,
    /// Due day, as known then where it is counted.
    pub due: Date,
    /// Not settled by a holiday notice yet.
    pub provisional: bool,
    /// Nature; what a regulation's duty demands is statutory.
    pub nature: ClockNature,
    /// Reminders.
    pub ladder: Vec<Rung>,
}

impl OwedClock {
    /// The clock of one period of a duty; cadences that are a local choice bind inside only.
    #[must_use]
    pub fn of_duty(duty: &Duty, period: &DutyPeriod) -> Self {
        Self {
            start: period.due.start,
            period: duty.within,
            due: period.due.due,
            provisional: period.due.provisional,
            nature: if duty.local_choice { ClockNature::Internal } else { ClockNature::Statutory },
            ladder: duty.ladder.clone(),
        }
    }

    pub(super) fn deadline(&self, ctx: &Context<'_>) -> Deadline {
        match self.period {
            Some(period) => ctx.calendar.add_period(self.start, period, &ctx.pack.counting),
            None => fixed(self.start, self.due),
        }
    }
}

impl OwedCause {
    /// The end of a case (转办), for the case it makes owed.
    #[must_use]
    pub fn of_case(state: &CaseState) -> Self {
        let (procedure, number) = (state.procedure.clone(), state.number.clone());
        Self::Case { case: state.id, procedure, number }
    }

    /// One period of a duty.
    #[must_use]
    pub fn of_duty(duty: &Duty, period: &DutyPeriod) -> Self {
        Self::Duty {
            name: duty.name.clone(),
            en: duty.en.clone(),
            period: period.code.clone(),
            label: period.label_zh.clone(),
            label_en: period.label_en.clone(),
        }
    }
}

/// A case to be owed.
#[derive(Debug, Clone)]
pub struct OweCase {
    /// Id of the new case.
    pub id: Id<kind::Case>,
    /// Its number, see [`super::number`].
    pub number: String,
    /// The procedure.
    pub procedure: ProcedureId,
    /// What it is about, in one line.
    pub title: String,
    /// The units that owe it, one of which fills it in; each plays the procedure's opener role.
    pub units: Vec<UnitCode>,
    /// The first unit's name.
    pub unit_name: String,
    /// Facts it starts with, observed by the platform; what the procedure asks for is then not asked again.
    pub facts: BTreeMap<String, FactValue>,
    /// Units of roles the pack leaves open, as the platform knows them.
    pub parties: BTreeMap<RoleKey, Vec<UnitCode>>,
    /// Why.
    pub cause: OwedCause,
    /// Until when.
    pub due: Option<OwedClock>,
    /// Basis; empty for the procedure's own.
    pub clauses: Vec<ClauseId>,
}

/// An owed case as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owed {
    /// The opener role.
    pub role: RoleKey,
    /// Units that owe it.
    pub units: Vec<UnitCode>,
    /// Why.
    pub cause: OwedCause,
    /// Since when.
    pub since: Timestamp,
    /// Basis.
    pub clauses: Vec<ClauseId>,
    /// Until when.
    pub clock: Option<OwedClock>,
    /// Rungs that rang, by working days left.
    pub rung: Vec<(i32, RoleKey)>,
    /// Rungs that rang, by the period before the due day.
    pub rung_before: Vec<(Period, RoleKey)>,
    /// The due day passed.
    pub expired: bool,
    /// The day it was filled in or let go.
    pub done_on: Option<Date>,
}

/// Makes a case owed.
///
/// # Errors
/// A [`Rejection`] when the procedure, the units or the title do not fit; nothing a person sent is judged here.
pub fn owe(ctx: &Context<'_>, case: &OweCase) -> Decision<Vec<Event>> {
    let procedure = find_procedure(ctx, &case.procedure)?;
    super::validity::in_force(ctx, procedure)?;
    // A declared fact of another kind could never be submitted and is left to who fills the case in.
    let rules = || procedure.facts.iter().chain(&procedure.observed);
    let mut facts = merged(&BTreeMap::new(), &case.facts, &BTreeMap::new());
    facts.retain(|key, _| rules().all(|rule| rule.key != *key));
    facts.extend(declared(procedure, &case.facts));
    for unit in &case.units {
        may_open(ctx, procedure, unit, &facts, &case.parties)?;
    }
    if case.units.is_empty() {
        let role = &procedure.opener;
        return Err(Rejection::new(
            "case.role_unbound",
            format!("没有单位承担“{role}”，无人应办“{}”", procedure.id),
            format!("no unit plays `{role}`, so nobody owes `{}`", procedure.en),
        )
        .on(ctx, &[&procedure.clauses])
        .remedy("请先明确承担该角色的单位", "say first which unit plays this role"));
    }
    complete_title(&case.title).map_err(|rejection| rejection.on(ctx, &[&procedure.clauses]))?;
    let clauses = if case.clauses.is_empty() { &procedure.clauses } else { &case.clauses };
    Ok(vec![Event {
        at: ctx.now,
        on: ctx.today(),
        actor: None,
        on_behalf_of: None,
        clauses: clauses.clone(),
        body: EventBody::Owed {
            case: case.id,
            number: case.number.clone(),
            procedure: procedure.id.clone(),
            pack: pack_ref(ctx),
            title: case.title.trim().to_owned(),
            role: procedure.opener.clone(),
            units: case.units.clone(),
            unit_name: case.unit_name.clone(),
            facts,
            parties: case.parties.clone(),
            cause: case.cause.clone(),
            due: case.due.clone(),
        },
    }])
}

/// Facts a procedure declares, of the declared kind.
fn declared(procedure: &Procedure, facts: &BTreeMap<String, FactValue>) -> BTreeMap<String, FactValue> {
    let rules = procedure.facts.iter().chain(&procedure.observed);
    let known = rules.filter_map(|rule| {
        let value = super::form::check_fact(rule.kind, facts.get(&rule.key)?)?;
        Some((rule.key.clone(), value))
    });
    merged(&BTreeMap::new(), &known.collect(), &BTreeMap::new())
}

/// The state after [`EventBody::Owed`] as the first event. Until somebody fills it in, the first unit that owes it
/// stands as the opener, without a person.
pub(crate) fn begun(event: &Event) -> Option<CaseState> {
    let EventBody::Owed {
        case,
        number,
        procedure,
        pack,
        title,
        role,
        units,
        unit_name,
        facts,
        parties,
        cause,
        due,
    } = &event.body
    else {
        return None;
    };
    let opener = Actor {
        person: Id::new(Timestamp::from_micros(0), [0; 10]),
        unit: units.first()?.clone(),
        unit_name: unit_name.clone(),
        person_name: String::new(),
    };
    let opened = Event {
        actor: Some(opener),
        body: EventBody::Opened {
            case: *case,
            number: number.clone(),
            procedure: procedure.clone(),
            pack: pack.clone(),
            title: title.clone(),
            form_id: None,
            form: BTreeMap::new(),
            attachments: Vec::new(),
            facts: facts.clone(),
            parties: parties.clone(),
        },
        ..event.clone()
    };
    let mut state = super::evolve::opened(&opened)?;
    state.owed = Some(Owed {
        role: role.clone(),
        units: units.clone(),
        cause: cause.clone(),
        since: event.at,
        clauses: event.clauses.clone(),
        clock: due.clone(),
        rung: Vec::new(),
        rung_before: Vec::new(),
        expired: false,
        done_on: None,
    });
    Some(state)
}

impl CaseState {
    /// It is owed and not filled in yet.
    #[must_use]
    pub fn waits_for_opener(&self) -> bool {
        self.ended.is_none() && self.owed.as_ref().is_some_and(|owed| owed.done_on.is_none())
    }

    /// An owed case is filled in; id, number and version go on.
    pub(crate) fn filled_in(&mut self, event: &Event) {
        if !self.waits_for_opener() {
            return;
        }
        if let Some(opened) = super::evolve::opened(event) {
            let (id, number, version) = (self.id, self.number.clone(), self.version);
            *self = Self { id, number, version, owed: self.owed.take(), ..opened };
            self.owed_done(event.on);
        }
    }

    pub(crate) fn owed_done(&mut self, on: Date) {
        if let Some(owed) = self.owed.as_mut().filter(|owed| owed.done_on.is_none()) {
            owed.done_on = Some(on);
        }
    }

    /// Whether the event belongs to the clock of the owed case, which takes it.
    pub(crate) fn owed_clock(&mut self, event: &Event) -> bool {
        let Some(owed) = self.owed.as_mut().filter(|owed| owed.done_on.is_none()) else {
            return false;
        };
        match &event.body {
            EventBody::ClockRang { before: Some(period), tell, .. } => {
                owed.rung_before.push((*period, tell.clone()));
            }
            EventBody::ClockRang { days_left, tell, .. } => owed.rung.push((*days_left, tell.clone())),
            EventBody::Expired { .. } => owed.expired = true,
            _ => return false,
        }
        true
    }
}

impl Draft<'_> {
    /// The end of this case makes another one owed. Facts go along by name; 办件 points at this case.
    pub(crate) fn opens(&mut self, next: &ProcedureId, clauses: &[&[ClauseId]]) {
        let Ok(procedure) = find_procedure(self.ctx, next) else {
            return;
        };
        let mut facts = self.state.facts.clone();
        facts.insert(FACT_CASE.to_owned(), FactValue::Text(self.state.id.to_string()));
        let facts = declared(procedure, &facts);
        let (opener, parties) = (&self.state.opener.unit, &self.state.parties);
        let units = match players(self.ctx, &procedure.opener, opener, &facts, parties) {
            Players::Units(units) => units,
            Players::Anyone => Vec::new(),
        };
        self.push(clauses, EventBody::OpensCase { procedure: next.clone(), units, facts });
    }
}
