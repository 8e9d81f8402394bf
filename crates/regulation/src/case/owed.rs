//! Owed cases (应办件): the platform opens a case because a duty or another case demands it, and it waits for its
//! opener to fill it in.
//!
//! The first event is [`EventBody::Owed`]; its clock reminds and escalates and does nothing else, because silence
//! never grants and never ends a case. A unit that owes it sends `Submit` with what [`super::open()`] would ask for and
//! by the same checks; the normal `Opened` event under the same id and number follows, and from there the case is like
//! any other. It cannot be withdrawn: who owes cannot un-owe. Only a unit of the role the procedure names (`免办`), and
//! none that owes it, may let it go with a reason; where the pack names no role, nobody may.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

use super::available::Available;
use super::check::{Sent, complete_title};
use super::clock::{ClockView, Light, days_left};
use super::decide::{Decision, begin, complete, find_procedure, may_open, pack_ref};
use super::flow::{Draft, merged};
use super::people::Asks;
use super::roles::{Players, players};
use super::views::Task;
use super::{
    Actor, CaseState, Command, Context, Event, EventBody, FieldError, LONG_TEXT_CHARS_MAX, Rejection,
};
use crate::calendar::Deadline;
use crate::duty::{DutyPeriod, fixed};
use crate::pack::model::{
    ClauseId, ClockNature, CommandKind, Duty, FactValue, OnExpiry, Period, PeriodUnit, Procedure,
    ProcedureId, RoleKey, Rung, UnitCode,
};

/// What stands for the step while an owed case waits for its opener.
pub const STEP_OWED: &str = "应办";
/// The fact by which a case points at an authorisation.
pub const FACT_AUTHORISATION: &str = "授权";
/// The fact by which a case points at another case; 转办 fills it with the case that ended.
pub const FACT_CASE: &str = "办件";
/// The outcome of an owed case that was let go.
const OUTCOME_WAIVED: &str = "免办";

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

    fn deadline(&self, ctx: &Context<'_>) -> Deadline {
        match self.period {
            Some(period) => ctx.calendar.add_period(self.start, period, &ctx.pack.counting),
            None => fixed(self.start, self.due),
        }
    }
}

impl OwedCause {
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
    /// Rungs that rang.
    pub rung: Vec<(i32, RoleKey)>,
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
            EventBody::ClockRang { days_left, tell, .. } => owed.rung.push((*days_left, tell.clone())),
            EventBody::Expired { .. } => owed.expired = true,
            _ => return false,
        }
        true
    }
}

/// The clock of an owed case for a page, kept after it was filled in.
pub(crate) fn clock_view(state: &CaseState, ctx: &Context<'_>) -> Option<ClockView> {
    let owed = state.owed.as_ref()?;
    let clock = owed.clock.as_ref()?;
    let counted = clock.deadline(ctx);
    let left = days_left(counted.due, ctx);
    let soon = clock.ladder.iter().map(|rung| rung.days_left).max().unwrap_or(1).max(1);
    let light = match owed.done_on {
        Some(_) => Light::Done,
        None if counted.due < ctx.today() => Light::Overdue,
        None if left <= soon => Light::Soon,
        None => Light::Normal,
    };
    let length = counted.due.days().saturating_sub(clock.start.days());
    let whole = Period { length: u32::try_from(length).unwrap_or(0), unit: PeriodUnit::Day };
    let unit = match owed.units.as_slice() {
        [unit] => Some(unit.clone()),
        _ => None,
    };
    Some(ClockView {
        step: STEP_OWED.to_owned(),
        visit: 1,
        unit,
        start: clock.start,
        period: clock.period.unwrap_or(whole),
        due: Some(counted.due),
        provisional: counted.provisional,
        days_left: owed.done_on.is_none().then_some(left),
        light,
        nature: clock.nature,
        correction: false,
        clauses: owed.clauses.clone(),
        explanation: counted.days,
        done_on: owed.done_on,
        late: owed.done_on.is_some_and(|day| day > counted.due),
    })
}

/// Reminders before and after the due day, each once, and the passing of the day itself.
pub(crate) fn tick(state: &CaseState, ctx: &Context<'_>) -> Vec<Event> {
    let (Ok(procedure), Some(owed)) = (find_procedure(ctx, &state.procedure), state.owed.as_ref()) else {
        return Vec::new();
    };
    let Some(clock) = owed.clock.as_ref() else {
        return Vec::new();
    };
    let counted = clock.deadline(ctx);
    let left = days_left(counted.due, ctx);
    let reached = clock.ladder.iter().filter(|rung| left <= rung.days_left);
    let rungs: BTreeSet<_> =
        reached.map(|rung| (std::cmp::Reverse(rung.days_left), rung.tell.clone())).collect();
    let (before, after): (Vec<_>, Vec<_>) = rungs
        .into_iter()
        .map(|(days_left, tell)| (days_left.0, tell))
        .filter(|rung| !owed.rung.contains(rung))
        .partition(|(days_left, _)| *days_left >= 0);
    let mut draft = Draft::new(ctx, procedure, None, state.clone());
    let unit = clock_view(state, ctx).and_then(|view| view.unit);
    let step = || STEP_OWED.to_owned();
    let ring = |draft: &mut Draft<'_>, (days_left, tell): (i32, RoleKey)| {
        let units = match draft.players(&tell) {
            Players::Units(units) => units,
            Players::Anyone => Vec::new(),
        };
        let due = counted.due;
        let rang = EventBody::ClockRang { step: step(), unit: unit.clone(), days_left, tell, units, due };
        draft.push(&[&owed.clauses], rang);
    };
    before.into_iter().for_each(|rung| ring(&mut draft, rung));
    if ctx.today() > counted.due && !owed.expired {
        let (due, consequence) = (counted.due, OnExpiry::RemindAndEscalate);
        let expired = EventBody::Expired { step: step(), unit: unit.clone(), due, consequence };
        draft.push(&[&owed.clauses], expired);
    }
    after.into_iter().for_each(|rung| ring(&mut draft, rung));
    draft.events
}

/// Decides a command on a case that waits for its opener.
pub(crate) fn decide(
    state: &CaseState,
    command: &Command,
    actor: &Actor,
    ctx: &Context<'_>,
) -> Decision<Vec<Event>> {
    super::desk::same_pack(state, ctx)?;
    let procedure = find_procedure(ctx, &state.procedure)?;
    if command.step.as_ref().is_some_and(|step| step != STEP_OWED) {
        return Err(Rejection::new("case.wrong_step", "办件尚未填报", "the case has not been filled in yet")
            .on(ctx, &[&procedure.clauses])
            .remedy("请刷新页面后再办理", "reload the page and act on the open step"));
    }
    match command.kind {
        CommandKind::Submit => submit(state, command, actor, ctx, procedure),
        CommandKind::Close => waive(state, command, actor, ctx, procedure),
        _ => Err(not_filled_in(ctx, procedure)),
    }
}

/// Nothing else is possible before the opener has filled the case in.
pub(crate) fn not_filled_in(ctx: &Context<'_>, procedure: &Procedure) -> Box<Rejection> {
    Rejection::new(
        "case.not_filled_in",
        "该件为应办件，应办单位尚未填报",
        "this case is owed and has not been filled in yet",
    )
    .on(ctx, &[&procedure.clauses])
    .remedy("由应办单位填报后再办理", "the unit that owes it has to fill it in first")
}

fn may_submit(state: &CaseState, actor: &Actor, ctx: &Context<'_>, procedure: &Procedure) -> Decision<()> {
    let owing = state.owed.iter().flat_map(|owed| &owed.units);
    if owing.into_iter().any(|unit| *unit == actor.unit) {
        return Ok(());
    }
    let basis = state.owed.as_ref().map(|owed| owed.clauses.as_slice()).unwrap_or_default();
    let name = &state.opener.unit_name;
    Err(Rejection::new(
        "case.wrong_role",
        format!("该件由应办单位（{name}）填报"),
        format!("this case is for the unit that owes it ({name})"),
    )
    .on(ctx, &[basis, &procedure.clauses]))
}

fn submit(
    state: &CaseState,
    command: &Command,
    actor: &Actor,
    ctx: &Context<'_>,
    procedure: &Procedure,
) -> Decision<Vec<Event>> {
    may_submit(state, actor, ctx, procedure)?;
    let observed = merged(&state.facts, &BTreeMap::new(), &command.observed);
    may_open(ctx, procedure, &actor.unit, &observed, &state.parties)?;
    let stands = |key: &String| state.facts.get(key);
    let changed = command.facts.iter().filter(|(key, value)| stands(key).is_some_and(|own| own != *value));
    let changed: Vec<FieldError> = changed
        .map(|(key, _)| {
            FieldError::new(key, "fixed", "由平台带入，不能改", "given by the platform and stands")
        })
        .collect();
    if !changed.is_empty() {
        return Err(Rejection::new(
            "case.facts_invalid",
            "应办件带入的事实不能改",
            "facts an owed case starts with stand",
        )
        .on(ctx, &[&procedure.clauses])
        .remedy("请按带入的内容填报", "leave them as they are")
        .with_fields(changed));
    }
    let mut facts = command.facts.clone();
    for rule in &procedure.facts {
        facts.extend(stands(&rule.key).map(|value| (rule.key.clone(), value.clone())));
    }
    let sent = Sent { facts: &facts, title: Some(&state.title), ..Sent::of(command) };
    let checked = complete(ctx, procedure, &sent)?;
    let opened = Event {
        at: ctx.now,
        on: ctx.today(),
        actor: Some(actor.clone()),
        on_behalf_of: None,
        clauses: procedure.clauses.clone(),
        body: EventBody::Opened {
            case: state.id,
            number: state.number.clone(),
            procedure: procedure.id.clone(),
            pack: state.pack.clone(),
            title: state.title.clone(),
            form_id: procedure.form.clone(),
            form: checked.form,
            attachments: command.attachments.clone(),
            facts: merged(&BTreeMap::new(), &checked.facts, &observed),
            parties: state.parties.clone(),
        },
    };
    let mut after = state.clone();
    after.apply(&opened);
    begin(ctx, procedure, after, opened)
}

/// The unit may let an owed case go: of the role the procedure names, and not one that owes it.
fn may_waive(state: &CaseState, actor: &Actor, ctx: &Context<'_>, procedure: &Procedure) -> Decision<()> {
    let Some(role) = &procedure.waiver else {
        return Err(Rejection::new(
            "case.not_offered",
            "制度没有规定由谁免办，应办件不能免办",
            "the pack names nobody who may waive an owed case",
        )
        .on(ctx, &[&procedure.clauses]));
    };
    let waivers = players(ctx, role, &state.opener.unit, &state.facts, &state.parties);
    let plays = matches!(&waivers, Players::Units(units) if units.contains(&actor.unit));
    if plays && state.owed.iter().all(|owed| !owed.units.contains(&actor.unit)) {
        return Ok(());
    }
    Err(Rejection::new(
        "case.wrong_role",
        format!("应办件只能由“{role}”免办，应办单位不能自行免办"),
        format!("an owed case is waived by `{role}` only, and never by a unit that owes it"),
    )
    .on(ctx, &[&procedure.clauses]))
}

fn waive(
    state: &CaseState,
    command: &Command,
    actor: &Actor,
    ctx: &Context<'_>,
    procedure: &Procedure,
) -> Decision<Vec<Event>> {
    may_waive(state, actor, ctx, procedure)?;
    let reason = command.opinion.as_deref().map(str::trim).unwrap_or_default();
    if reason.is_empty() || reason.chars().count() > LONG_TEXT_CHARS_MAX {
        return Err(Rejection::new(
            "case.opinion_missing",
            "免办应当写明理由",
            "a waiver needs a written reason",
        )
        .on(ctx, &[&procedure.clauses])
        .remedy("请写明免办理由", "write the reason"));
    }
    let mut draft = Draft::new(ctx, procedure, Some(actor.clone()), state.clone());
    draft.push(&[], EventBody::Waived { reason: reason.to_owned() });
    draft.push(&[], EventBody::Ended { outcome: OUTCOME_WAIVED.to_owned(), granted: false });
    Ok(draft.events)
}

/// The task of the units that owe the case.
pub(crate) fn tasks(state: &CaseState) -> Vec<Task> {
    let owed = state.owed.as_ref().filter(|_| state.waits_for_opener());
    let Some(owed) = owed else {
        return Vec::new();
    };
    let task = |unit: &UnitCode| Task {
        step: STEP_OWED.to_owned(),
        role: owed.role.clone(),
        unit: Some(unit.clone()),
        since: owed.since,
        done_by: Vec::new(),
        correction: false,
        owed: true,
        asked: false,
    };
    owed.units.iter().map(task).collect()
}

/// The buttons of a case that waits for its opener: fill in, or let go.
pub(crate) fn available(state: &CaseState, actor: &Actor, ctx: &Context<'_>) -> Vec<Available> {
    let Ok(procedure) = find_procedure(ctx, &state.procedure) else {
        return Vec::new();
    };
    let button = |command, label: (&str, &str)| Available {
        command,
        step: STEP_OWED.to_owned(),
        label_zh: label.0.to_owned(),
        label_en: label.1.to_owned(),
        primary: true,
        needs_opinion: false,
        needs_defects: false,
        form: None,
        attachments: Vec::new(),
        facts: Vec::new(),
        vote: None,
        needs_vote: false,
        asks: Asks::default(),
        clauses: procedure.clauses.clone(),
        refused: None,
    };
    let mut list = Vec::new();
    if may_submit(state, actor, ctx, procedure).is_ok() {
        let asked = procedure.facts.iter().filter(|rule| !state.facts.contains_key(&rule.key));
        let required = procedure.attachments.iter().filter(|rule| rule.required);
        let observed = &state.facts;
        list.push(Available {
            form: procedure.form.clone(),
            attachments: required.map(|rule| rule.name.clone()).collect(),
            facts: asked.cloned().collect(),
            refused: may_open(ctx, procedure, &actor.unit, observed, &state.parties).err(),
            ..button(CommandKind::Submit, ("填报", "Fill in and submit"))
        });
    }
    if may_waive(state, actor, ctx, procedure).is_ok() {
        let words = (OUTCOME_WAIVED, "Waive");
        list.push(Available { primary: false, needs_opinion: true, ..button(CommandKind::Close, words) });
    }
    list
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
