//! When a clock starts and ends, where its rule takes this from the facts of the case.

use base::Date;

use super::condition::Facts;
use super::{CaseState, Context, Rejection};
use crate::calendar::{Deadline, Pause};
use crate::pack::model::{
    Anchor, ClockRule, Counting, FactValue, Measure, Period, PeriodUnit, Run, StopGround,
};

/// Longest length a fact may give, in units of the period: what the calendar walks over.
const fn longest(unit: PeriodUnit) -> u32 {
    match unit {
        PeriodUnit::WorkingDay => 2_000,
        PeriodUnit::Day => 3_600,
        PeriodUnit::Month => 1_200,
        PeriodUnit::Year => 100,
    }
}

/// The day a clock starts from; `None` while its anchor event has not happened.
///
/// # Errors
/// When it starts from a date fact that is not known, or from a step that was never entered: the clock could never start, and nobody would see it.
pub(crate) fn start(
    ctx: &Context<'_>,
    rule: &ClockRule,
    state: &CaseState,
) -> Result<Option<Date>, Box<Rejection>> {
    match &rule.anchor {
        Anchor::Received => Ok(Some(ctx.today())),
        Anchor::Fact(key) => match known(ctx, state).get(key).as_deref() {
            Some(FactValue::Date(day)) => Ok(Some(*day)),
            _ => Err(unusable(key)),
        },
        // A way that leaves the other step out has no day to count from.
        Anchor::Entered(step) => state.entered.get(step).map(|day| Some(*day)).ok_or_else(|| unusable(step)),
        anchor => Ok(state.anchor(anchor)),
    }
}

/// How long the clock runs from this day.
///
/// # Errors
/// When a fact it needs is missing, not positive, too large or, for a date, before the start.
pub(crate) fn length(
    ctx: &Context<'_>,
    rule: &ClockRule,
    start: Date,
    state: &CaseState,
) -> Result<(Period, Run), Box<Rejection>> {
    match &rule.measure {
        Measure::Forward => Ok((rule.period, Run::Forward)),
        Measure::Backward => Ok((rule.period, Run::Backward)),
        Measure::Fact(key) => {
            let length = match known(ctx, state).get(key).as_deref() {
                Some(FactValue::Number(number)) => u32::try_from(*number).ok(),
                _ => None,
            };
            let unit = rule.period.unit;
            let length = length.filter(|length| (1..=longest(unit)).contains(length));
            length.map(|length| (Period { length, unit }, Run::Forward)).ok_or_else(|| unusable(key))
        }
        Measure::Until(key) => match known(ctx, state).get(key).as_deref() {
            Some(FactValue::Date(day)) if *day >= start => Ok((rule.period, Run::Until(*day))),
            _ => Err(unusable(key)),
        },
    }
}

/// When a clock that starts before its step was entered has stood still since: the corrections of earlier steps, where its
/// own rule stops for corrections.
pub(crate) fn pauses(rule: &ClockRule, start: Date, state: &CaseState) -> Vec<Pause> {
    if !rule.stops_on.contains(&StopGround::AwaitingCorrection) {
        return Vec::new();
    }
    let mut pauses: Vec<Pause> = Vec::new();
    let earlier = state.clocks.iter().flat_map(|clock| &clock.pauses);
    for pause in earlier.filter(|pause| pause.until.is_some_and(|until| until > start)) {
        let pause = Pause { from: pause.from.max(start), until: pause.until };
        if !pauses.contains(&pause) {
            pauses.push(pause);
        }
    }
    pauses
}

const fn known<'a>(ctx: &Context<'a>, state: &'a CaseState) -> Facts<'a> {
    Facts { today: ctx.today(), facts: &state.facts, state: Some(state), pack: ctx.pack }
}

/// The last day of a clock.
pub(crate) fn deadline(
    ctx: &Context<'_>,
    start: Date,
    period: Period,
    run: Run,
    rolls: Option<bool>,
    pauses: &[Pause],
) -> Deadline {
    let (calendar, profile) = (ctx.calendar, &ctx.pack.counting);
    let counting =
        Counting { roll_to_working_day: rolls.unwrap_or(profile.roll_to_working_day), ..profile.clone() };
    match run {
        Run::Forward => calendar.add_period_with_pauses(start, period, &counting, pauses),
        Run::Backward => calendar.sub_period(start, period, &counting),
        Run::Until(day) => calendar.until(start, day),
    }
}

fn unusable(fact: &str) -> Box<Rejection> {
    Rejection::new(
        "case.clock_fact",
        format!("期限要按“{fact}”计算，尚不掌握或者不合要求，不能在没有期限的情况下继续"),
        format!("the clock is counted by `{fact}`, which is not known or not usable; nothing goes on without its clock"),
    )
    .remedy(format!("请先说明或更正“{fact}”"), format!("state or correct `{fact}` first"))
}
