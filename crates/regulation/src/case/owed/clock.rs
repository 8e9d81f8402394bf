//! The clock of an owed case: shown, rung, and never more than that.

use base::Date;

use super::{Owed, STEP_OWED};
use crate::case::clock::{ClockView, Light, days_left, next_rung, reached};
use crate::case::decide::find_procedure;
use crate::case::flow::Draft;
use crate::case::roles::Players;
use crate::case::{CaseState, Context, Event, EventBody};
use crate::pack::model::{OnExpiry, Period, PeriodUnit, Run, Rung};

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
        run: Run::Forward,
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
    let waiting = reached(&clock.ladder, counted.due, ctx, |rung| !rang(owed, rung));
    let (before, after): (Vec<&Rung>, Vec<&Rung>) = waiting.into_iter().partition(|rung| rung.days_left >= 0);
    let mut draft = Draft::new(ctx, procedure, None, state.clone());
    let unit = clock_view(state, ctx).and_then(|view| view.unit);
    let step = || STEP_OWED.to_owned();
    let ring = |draft: &mut Draft<'_>, rung: &Rung| {
        let units = match draft.players(&rung.tell) {
            Players::Units(units) => units,
            Players::Anyone => Vec::new(),
        };
        let rang = EventBody::ClockRang {
            step: step(),
            unit: unit.clone(),
            days_left: if rung.before.is_some() { left } else { rung.days_left },
            before: rung.before,
            tell: rung.tell.clone(),
            units,
            due: counted.due,
        };
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

/// The first day on which [`tick`] has something to do.
pub(crate) fn wakes(state: &CaseState, ctx: &Context<'_>) -> Option<Date> {
    find_procedure(ctx, &state.procedure).ok()?;
    let owed = state.owed.as_ref()?;
    let clock = owed.clock.as_ref()?;
    let due = clock.deadline(ctx).due;
    let rung = next_rung(&clock.ladder, due, ctx, |rung| !rang(owed, rung));
    rung.into_iter().chain((!owed.expired).then(|| due.plus_days(1))).min()
}

fn rang(owed: &Owed, rung: &Rung) -> bool {
    match rung.before {
        Some(period) => owed.rung_before.contains(&(period, rung.tell.clone())),
        None => owed.rung.contains(&(rung.days_left, rung.tell.clone())),
    }
}
