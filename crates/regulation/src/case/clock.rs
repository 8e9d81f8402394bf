//! Clocks (期限): due days with their explanation, ladders and expiry.

use std::cmp::Reverse;

use base::Date;
use serde::Serialize;

use super::decide::find_procedure;
use super::flow::Draft;
use super::length;
use super::roles::Players;
use super::state::ClockState;
use super::{CaseState, Context, Event, EventBody};
use crate::calendar::{CountedDay, Deadline};
use crate::pack::model::{
    ClauseId, ClockNature, ClockRule, Effect, OnExpiry, Period, PeriodUnit, Run, Rung, Step, StepId, Target,
    UnitCode,
};

/// How a clock looks. Shown by shape, word and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// Time enough.
    Normal,
    /// Due soon: at the ladder's first rung, or a working day before.
    Soon,
    /// The due day has passed.
    Overdue,
    /// It stands still.
    Stopped,
    /// Its task is done.
    Done,
}

/// A clock for a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockView {
    /// Step.
    pub step: StepId,
    /// Which visit of the step.
    pub visit: u32,
    /// The unit's own clock.
    pub unit: Option<UnitCode>,
    /// The day it starts from.
    pub start: Date,
    /// Length.
    pub period: Period,
    /// Which way it runs from the start day.
    pub run: Run,
    /// Last day; `None` while it stands still.
    pub due: Option<Date>,
    /// The due day rests on days no holiday notice settles yet.
    pub provisional: bool,
    /// Working days left after today, negative when overdue; while it stands still, units of the period left;
    /// `None` once done.
    pub days_left: Option<i32>,
    /// How it looks.
    pub light: Light,
    /// 法定 / 承诺 / 内部.
    pub nature: ClockNature,
    /// It is the opener's time to answer a return.
    pub correction: bool,
    /// Basis.
    pub clauses: Vec<ClauseId>,
    /// Every day that was counted or left out, and why.
    pub explanation: Vec<CountedDay>,
    /// The day the task was done.
    pub done_on: Option<Date>,
    /// Done after the due day.
    pub late: bool,
}

/// All clocks of a case, oldest first.
#[must_use]
pub fn clocks(state: &CaseState, ctx: &Context<'_>) -> Vec<ClockView> {
    let corrections =
        correction(state, ctx).map(|clock| ClockView { correction: true, ..view(state, &clock, ctx) });
    let owed = super::owed::clock_view(state, ctx);
    let running = state.clocks.iter().map(|clock| view(state, clock, ctx));
    owed.into_iter().chain(running).chain(corrections).collect()
}

/// The time the opener has to answer a return, as a clock of its own: the step's clock may stand still meanwhile. The law
/// attaches no consequence to it, so nothing follows by itself when it is over.
fn correction(state: &CaseState, ctx: &Context<'_>) -> Option<ClockState> {
    let awaiting = state.awaiting.as_ref()?;
    let procedure = ctx.pack.procedures.get(&state.procedure)?;
    let step = procedure.steps.iter().find(|step| step.id == awaiting.step)?;
    Some(ClockState {
        step: step.id.clone(),
        visit: state.visits.get(&step.id).copied().unwrap_or(1),
        unit: Some(state.opener.unit.clone()),
        start: awaiting.on,
        period: step.correction?,
        run: Run::Forward,
        rolls: None,
        nature: ClockNature::Promised,
        clauses: awaiting.clauses.clone(),
        pauses: Vec::new(),
        rung: Vec::new(),
        rung_before: Vec::new(),
        expired: false,
        done_on: None,
    })
}

fn view(state: &CaseState, clock: &ClockState, ctx: &Context<'_>) -> ClockView {
    let counted = deadline(clock, ctx);
    let stopped = clock.is_stopped();
    let left = days_left(counted.due, ctx);
    let (light, days_left) = if clock.done_on.is_some() {
        (Light::Done, None)
    } else if stopped {
        let whole = matches!(clock.period.unit, PeriodUnit::WorkingDay | PeriodUnit::Day);
        let rest = clock.period.length.saturating_sub(counted.used);
        (Light::Stopped, whole.then(|| i32::try_from(rest).unwrap_or(i32::MAX)))
    } else if counted.due < ctx.today() {
        (Light::Overdue, Some(left))
    } else if soon(state, clock, ctx, &counted) {
        (Light::Soon, Some(left))
    } else {
        (Light::Normal, Some(left))
    };
    ClockView {
        step: clock.step.clone(),
        visit: clock.visit,
        unit: clock.unit.clone(),
        start: clock.start,
        period: clock.period,
        run: clock.run,
        due: (!stopped).then_some(counted.due),
        provisional: counted.provisional,
        days_left,
        light,
        nature: clock.nature,
        correction: false,
        clauses: clock.clauses.clone(),
        explanation: counted.days,
        done_on: clock.done_on,
        late: clock.done_on.is_some_and(|day| day > counted.due),
    }
}

/// The last day of a clock, recomputed with the calendar of today.
pub(crate) fn deadline(clock: &ClockState, ctx: &Context<'_>) -> Deadline {
    length::deadline(ctx, clock.start, clock.period, clock.run, clock.rolls, &clock.pauses)
}

pub(crate) fn days_left(due: Date, ctx: &Context<'_>) -> i32 {
    ctx.calendar.working_days_between(ctx.today(), due).working_days
}

fn soon(state: &CaseState, clock: &ClockState, ctx: &Context<'_>, counted: &Deadline) -> bool {
    let procedure = ctx.pack.procedures.get(&state.procedure);
    let step = procedure.and_then(|procedure| procedure.steps.iter().find(|step| step.id == clock.step));
    let ladder = step.and_then(|step| step.clock.as_ref()).map(|rule| rule.ladder.as_slice());
    let ladder = ladder.unwrap_or_default();
    let by_days = ladder.iter().filter(|rung| rung.before.is_none()).map(|rung| rung.days_left).max();
    let left = days_left(counted.due, ctx);
    let mut by_period = ladder.iter().filter(|rung| rung.before.is_some());
    left <= by_days.unwrap_or(1).max(1)
        || by_period.any(|rung| rung_day(rung, counted.due, ctx) <= ctx.today())
}

/// The day a rung is reached.
fn rung_day(rung: &Rung, due: Date, ctx: &Context<'_>) -> Date {
    let before = rung.before.or_else(|| {
        let length = u32::try_from(rung.days_left).ok()?;
        Some(Period { length, unit: PeriodUnit::WorkingDay })
    });
    match before {
        Some(period) => ctx.calendar.sub_period(due, period, &ctx.pack.counting).due,
        None => ctx.calendar.add_working_days(due, rung.days_left.unsigned_abs()).due,
    }
}

impl ClockState {
    fn has_rung(&self, rung: &Rung) -> bool {
        match rung.before {
            Some(period) => self.rung_before.iter().any(|(rang, tell)| (*rang, tell) == (period, &rung.tell)),
            None => self.rung.iter().any(|(rang, tell)| (*rang, tell) == (rung.days_left, &rung.tell)),
        }
    }
}

/// What the passing of days does to a case: rungs ring once each and in order, clocks that ran out have their
/// consequence once. Calling it again at the same time gives nothing.
#[must_use]
pub fn tick(state: &CaseState, ctx: &Context<'_>) -> Vec<Event> {
    if state.waits_for_opener() {
        return super::owed::tick(state, ctx);
    }
    let (Ok(procedure), Some(open)) = (find_procedure(ctx, &state.procedure), &state.step) else {
        return Vec::new();
    };
    let step = procedure.steps.iter().find(|step| step.id == open.step);
    let Some((step, rule)) = step.and_then(|step| Some((step, step.clock.as_ref()?))) else {
        return Vec::new();
    };
    let mut draft = Draft::new(ctx, procedure, None, state.clone());
    let running = |clock: &&ClockState| clock.done_on.is_none() && !clock.is_stopped();
    let clocks: Vec<ClockState> = state.clocks.iter().filter(running).cloned().collect();
    for clock in &clocks {
        let counted = deadline(clock, ctx);
        ring(&mut draft, clock, rule, &counted, |rung| rung.days_left >= 0);
        let before = draft.state.visits.clone();
        expire(&mut draft, step, clock, rule, &counted);
        // The step was left: its other clocks are done with it.
        if draft.state.ended.is_some() || draft.state.visits != before {
            break;
        }
        ring(&mut draft, clock, rule, &counted, |rung| rung.days_left < 0);
    }
    draft.events
}

/// The first day on which [`tick()`] has something to do, counted with the calendar of today; `None` if the passing of
/// days alone does nothing more to the case. Whoever keeps the day must ask again after every event and after every new
/// holiday notice: both move due days.
#[must_use]
pub fn wakes(state: &CaseState, ctx: &Context<'_>) -> Option<Date> {
    if state.waits_for_opener() {
        return super::owed::wakes(state, ctx);
    }
    let procedure = find_procedure(ctx, &state.procedure).ok()?;
    let open = state.step.as_ref()?;
    let rule = procedure.steps.iter().find(|step| step.id == open.step)?.clock.as_ref()?;
    let running = state.clocks.iter().filter(|clock| clock.done_on.is_none() && !clock.is_stopped());
    let of_clock = |clock: &ClockState| {
        let counted = deadline(clock, ctx);
        let rung = next_rung(&rule.ladder, counted.due, ctx, |rung| !clock.has_rung(rung));
        let expires = !clock.expired && may_expire(rule, &counted);
        rung.into_iter().chain(expires.then(|| counted.due.plus_days(1))).min()
    };
    running.filter_map(of_clock).min()
}

/// The day on which the next of the rungs that wait is reached.
pub(crate) fn next_rung(
    ladder: &[Rung],
    due: Date,
    ctx: &Context<'_>,
    waiting: impl Fn(&Rung) -> bool,
) -> Option<Date> {
    let day = |rung: &Rung| match rung.before {
        Some(_) => rung_day(rung, due, ctx),
        // Counted by working days left, as `reached` does: the rung of a due day that is no working day is reached on
        // the first day with so many left, which may be a day of rest as well.
        None => crate::duty::ring_day(ctx.calendar, due, rung.days_left),
    };
    ladder.iter().filter(|rung| waiting(rung)).map(day).min()
}

/// The rungs of a ladder reached today among those that wait, the earliest first.
pub(crate) fn reached<'r>(
    ladder: &'r [Rung],
    due: Date,
    ctx: &Context<'_>,
    waiting: impl Fn(&Rung) -> bool,
) -> Vec<&'r Rung> {
    let (left, today) = (days_left(due, ctx), ctx.today());
    let mut reached: Vec<(Date, &Rung)> = ladder
        .iter()
        .filter(|rung| waiting(rung))
        .map(|rung| (rung_day(rung, due, ctx), rung))
        .filter(|(day, rung)| if rung.before.is_some() { *day <= today } else { left <= rung.days_left })
        .collect();
    reached.sort_by_key(|(day, rung)| {
        (*day, Reverse(rung.days_left), rung.before.map(|period| period.length), rung.tell.clone())
    });
    reached.dedup_by(|(_, one), (_, other)| one == other);
    reached.into_iter().map(|(_, rung)| rung).collect()
}

/// Rings the rungs reached, the earliest first.
fn ring(
    draft: &mut Draft<'_>,
    clock: &ClockState,
    rule: &ClockRule,
    counted: &Deadline,
    which: impl Fn(&Rung) -> bool,
) {
    let left = days_left(counted.due, draft.ctx);
    let waiting = |rung: &Rung| which(rung) && !clock.has_rung(rung);
    for rung in reached(&rule.ladder, counted.due, draft.ctx, waiting) {
        let units = match draft.players(&rung.tell) {
            Players::Units(units) => units,
            Players::Anyone => Vec::new(),
        };
        let rang = EventBody::ClockRang {
            step: clock.step.clone(),
            unit: clock.unit.clone(),
            days_left: if rung.before.is_some() { left } else { rung.days_left },
            before: rung.before,
            tell: rung.tell.clone(),
            units,
            due: counted.due,
        };
        draft.push(&[&rule.clauses], rang);
    }
}

/// A date no notice settles yet may still move: it may warn and close doors, never end or move a case, nor destroy copies
/// that nothing brings back.
fn may_expire(rule: &ClockRule, counted: &Deadline) -> bool {
    !counted.provisional || matches!(rule.on_expiry, OnExpiry::RemindAndEscalate | OnExpiry::CloseAccess)
}

/// The consequence of a clock that ran out.
fn expire(draft: &mut Draft<'_>, step: &Step, clock: &ClockState, rule: &ClockRule, counted: &Deadline) {
    if clock.expired || draft.ctx.today() <= counted.due || !may_expire(rule, counted) {
        return;
    }
    let expired = EventBody::Expired {
        step: step.id.clone(),
        unit: clock.unit.clone(),
        due: counted.due,
        consequence: rule.on_expiry,
    };
    draft.push(&[&rule.clauses], expired);
    let target = match rule.on_expiry {
        OnExpiry::RemindAndEscalate => None,
        OnExpiry::CloseAccess | OnExpiry::TakeBackData => {
            let close = rule.on_expiry == OnExpiry::CloseAccess;
            let effect = if close { Effect::CloseAccess } else { Effect::RevokeGrant };
            let facts = draft.state.facts.clone();
            draft.push(&[&rule.clauses], EventBody::EffectDue { effect, facts });
            None
        }
        OnExpiry::ReturnAutomatically => {
            let (outcome, en) = ("逾期自动退回".to_owned(), "Returned when overdue".to_owned());
            Some(Target::End { outcome, en, granted: false, opens: None })
        }
        // Silence never ends a case in the opener's favour: a window only leads to another step.
        OnExpiry::Advance | OnExpiry::MoveToCoordination => rule.expiry_to.clone().map(Target::Step),
    };
    if let Some(target) = target {
        let mut moved = draft.clone();
        // A step that cannot be entered (nobody plays its role) leaves the case where it is, expired and visible.
        if moved.go(step, &target, &[&rule.clauses]).is_ok() {
            *draft = moved;
        }
    }
}
