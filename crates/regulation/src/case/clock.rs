//! Clocks (期限): due days with their explanation, ladders and expiry.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use base::Date;
use serde::Serialize;

use super::decide::find_procedure;
use super::flow::Draft;
use super::roles::Players;
use super::state::ClockState;
use super::{CaseState, Context, Event, EventBody};
use crate::calendar::{CountedDay, Deadline};
use crate::pack::model::{
    ClauseId, ClockNature, ClockRule, Effect, OnExpiry, Period, PeriodUnit, Rung, Step, StepId, Target,
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
        nature: ClockNature::Promised,
        clauses: awaiting.clauses.clone(),
        pauses: Vec::new(),
        rung: Vec::new(),
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
    } else if left <= soon(state, clock, ctx) {
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
    ctx.calendar.add_period_with_pauses(clock.start, clock.period, &ctx.pack.counting, &clock.pauses)
}

pub(crate) fn days_left(due: Date, ctx: &Context<'_>) -> i32 {
    ctx.calendar.working_days_between(ctx.today(), due).working_days
}

fn soon(state: &CaseState, clock: &ClockState, ctx: &Context<'_>) -> i32 {
    let procedure = ctx.pack.procedures.get(&state.procedure);
    let step = procedure.and_then(|procedure| procedure.steps.iter().find(|step| step.id == clock.step));
    let ladder = step.and_then(|step| step.clock.as_ref()).map(|rule| rule.ladder.as_slice());
    ladder.unwrap_or_default().iter().map(|rung| rung.days_left).max().unwrap_or(1).max(1)
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

/// Rings the rungs reached, the earliest first.
fn ring(
    draft: &mut Draft<'_>,
    clock: &ClockState,
    rule: &ClockRule,
    counted: &Deadline,
    which: impl Fn(&Rung) -> bool,
) {
    let left = days_left(counted.due, draft.ctx);
    let reached = rule.ladder.iter().filter(|rung| which(rung) && left <= rung.days_left);
    let rungs: BTreeSet<_> = reached.map(|rung| (Reverse(rung.days_left), &rung.tell)).collect();
    for (Reverse(days_left), tell) in rungs {
        if clock.rung.contains(&(days_left, tell.clone())) {
            continue;
        }
        let units = match draft.players(tell) {
            Players::Units(units) => units,
            Players::Anyone => Vec::new(),
        };
        let rang = EventBody::ClockRang {
            step: clock.step.clone(),
            unit: clock.unit.clone(),
            days_left,
            tell: tell.clone(),
            units,
            due: counted.due,
        };
        draft.push(&[&rule.clauses], rang);
    }
}

/// The consequence of a clock that ran out.
fn expire(draft: &mut Draft<'_>, step: &Step, clock: &ClockState, rule: &ClockRule, counted: &Deadline) {
    if clock.expired || draft.ctx.today() <= counted.due {
        return;
    }
    // A date no notice settles yet may still move: it may warn and close doors, never end or move a case.
    let settled = !counted.provisional;
    if !settled && !matches!(rule.on_expiry, OnExpiry::RemindAndEscalate | OnExpiry::CloseAccess) {
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
        OnExpiry::CloseAccess => {
            let facts = draft.state.facts.clone();
            draft.push(&[&rule.clauses], EventBody::EffectDue { effect: Effect::CloseAccess, facts });
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
