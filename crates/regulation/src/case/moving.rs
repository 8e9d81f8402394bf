//! Moving a running case to another version of its pack, where that version's transition names it (过渡).
//!
//! [`moving()`] decides it and [`super::evolve()`] carries it out; the list that is shown before anybody activates a
//! version ([`crate::pack::tools::impact()`]) is made of the same decision. What the kernel fixes, whatever a transition
//! says:
//! - a case never moves into nothing: without the step, without a unit for it, without a day its clock needs, or where
//!   a form it filled would no longer show what was written, it is blocked and stays;
//! - a version does not reach back: a time limit that would have ended before the day of the move blocks it;
//! - what was done stays done: seats keep their marks, clocks keep their start, where the rule counts from the same
//!   event, and the time they stood still.

use base::Date;
use serde::{Deserialize, Serialize};

use super::length;
use super::owed::STEP_OWED;
use super::roles::holders;
use super::state::{ClockState, OpenStep, Seat};
use super::{CaseState, ClockDue, Context, Event, EventBody, PackRef, Rejection};
use crate::calendar::Pause;
use crate::pack::model::{
    Anchor, ClauseId, ClockNature, ClockRule, Pack, Period, Procedure, RoleKey, Run, Step, StepId,
    StopGround, UnitCode,
};

/// What becomes of a running case when another version comes into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moving {
    /// Nothing: no transition names it.
    Stays,
    /// It moves; the event says how it stands afterwards.
    Moves(Box<Event>),
    /// A transition names it, but it must stay, and why.
    Blocked(Blocked),
}

/// Why a case that a transition names cannot move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The open step as the new version holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedStep {
    /// Step.
    pub step: StepId,
    /// Role that acts.
    pub role: RoleKey,
    /// Units that hold its task, or a task each.
    pub units: Vec<UnitCode>,
    /// Anyone may act.
    pub anyone: bool,
    /// Each unit has its own task.
    pub each_unit: bool,
    /// Basis of the step.
    pub clauses: Vec<ClauseId>,
}

/// A clock as it runs after a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedClock {
    /// The day it starts from.
    pub start: Date,
    /// Length.
    pub period: Period,
    /// Which way it runs.
    #[serde(default, skip_serializing_if = "Run::is_forward")]
    pub run: Run,
    /// Whether the last day moves to a working day, where the rule itself says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolls: Option<bool>,
    /// When it stood still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// Nature.
    pub nature: ClockNature,
    /// Basis.
    pub clauses: Vec<ClauseId>,
    /// Its last day is another one: it reminds anew.
    pub anew: bool,
    /// Due day as known now.
    #[serde(flatten)]
    pub due: ClockDue,
}

/// Decides what becomes of a case of the version `old` when the version of the context comes into force.
#[must_use]
pub fn moving(state: &CaseState, old: &Pack, ctx: &Context<'_>) -> Moving {
    let other = state.pack.id == ctx.pack.id && state.pack.digest != ctx.pack.digest;
    let open = state.step.as_ref();
    let rule = ctx.pack.transitions.iter().find(|rule| {
        rule.procedure == state.procedure
            && (rule.steps.is_empty() || open.is_some_and(|open| rule.steps.contains(&open.step)))
    });
    let Some(rule) = rule.filter(|_| other && state.ended.is_none()) else { return Moving::Stays };
    let placed = match open {
        Some(open) => Place { state, open, old, ctx }.find().map(|(step, clocks)| (Some(step), clocks)),
        None if state.waits_for_opener() => owed(state, ctx).map(|()| (None, Vec::new())),
        None => return Moving::Stays,
    };
    match placed {
        Err(blocked) => Moving::Blocked(blocked),
        Ok((step, clocks)) => Moving::Moves(Box::new(Event {
            at: ctx.now,
            on: ctx.today(),
            actor: None,
            on_behalf_of: None,
            clauses: rule.clauses.clone(),
            body: EventBody::Moved {
                from: state.pack.clone(),
                to: super::decide::pack_ref(ctx),
                step,
                clocks,
            },
        })),
    }
}

/// A case that waits for its opener needs its procedure, and its units in the opener's role.
fn owed(state: &CaseState, ctx: &Context<'_>) -> Result<(), Blocked> {
    let Some((procedure, owed)) = ctx.pack.procedures.get(&state.procedure).zip(state.owed.as_ref()) else {
        return Err(no_step(&state.procedure, STEP_OWED));
    };
    let opener = &procedure.opener;
    let mut units = owed.units.iter();
    let fits = *opener == owed.role
        && units.all(|unit| super::players(ctx, opener, unit, &state.facts, &state.parties).includes(unit));
    if fits {
        return Ok(());
    }
    Err(Blocked {
        zh: format!("新版本里“{opener}”不再是应办的单位"),
        en: format!("in the new version `{opener}` is not played by the units that owe it"),
    })
}

/// Where an open step is looked for in the new version.
#[derive(Clone, Copy)]
struct Place<'a> {
    state: &'a CaseState,
    open: &'a OpenStep,
    old: &'a Pack,
    ctx: &'a Context<'a>,
}

impl<'a> Place<'a> {
    fn find(self) -> Result<(MovedStep, Vec<MovedClock>), Blocked> {
        let step_of = |pack: &'a Pack| -> Option<&'a Step> {
            let procedure: &Procedure = pack.procedures.get(&self.state.procedure)?;
            procedure.steps.iter().find(|step| step.id == self.open.step)
        };
        let (before, after) = (step_of(self.old), step_of(self.ctx.pack));
        let after = after.ok_or_else(|| no_step(&self.state.procedure, &self.open.step))?;
        self.forms()?;
        let step = self.seats(before, after)?;
        let clocks = self.clocks(before, after, &step)?;
        Ok((step, clocks))
    }

    /// What was written must be shown by the new version's forms too.
    fn forms(self) -> Result<(), Blocked> {
        for (id, values) in &self.state.forms {
            let form = self.ctx.pack.forms.get(id);
            let shown = |key: &String| {
                let mut fields = form.iter().flat_map(|form| &form.sections).flat_map(|part| &part.fields);
                fields.any(|field| field.key == *key)
            };
            if let Some(lost) = values.keys().find(|key| !shown(key)) {
                return Err(Blocked {
                    zh: format!("新版本的表“{id}”没有已填的栏目“{lost}”"),
                    en: format!("the new version's form `{id}` has no field `{lost}`, which was filled in"),
                });
            }
        }
        Ok(())
    }

    /// Who holds the step. Seats change only where the version changes them, so that a task handed over stays where
    /// it is.
    fn seats(self, before: Option<&Step>, after: &Step) -> Result<MovedStep, Blocked> {
        let (units, anyone) = holders(self.ctx, after, self.state).map_err(|role| Blocked {
            zh: format!("新版本里没有单位承担“{role}”"),
            en: format!("in the new version no unit plays `{role}`"),
        })?;
        let each_unit = after.each_unit && !anyone;
        let past = Context { pack: self.old, ..*self.ctx };
        let same = |before: &Step| {
            before.role == after.role
                && before.joint == after.joint
                && holders(&past, before, self.state).is_ok_and(|held| held == (units.clone(), anyone))
        };
        let seated = || self.open.seats.iter().map(|seat| seat.unit.clone()).collect();
        let units = if before.is_some_and(same) { seated() } else { units };
        if each_unit && units.iter().all(|unit| self.done(unit)) {
            return Err(Blocked {
                zh: "新版本里这个环节没有尚未办理的单位".to_owned(),
                en: "in the new version no unit is left to act in this step".to_owned(),
            });
        }
        let (step, role, clauses) = (after.id.clone(), after.role.clone(), after.clauses.clone());
        Ok(MovedStep { step, role, units, anyone, each_unit, clauses })
    }

    fn done(self, unit: &str) -> bool {
        self.open.seats.iter().any(|seat| seat.unit == unit && seat.done.is_some())
    }

    fn clocks(
        self,
        before: Option<&Step>,
        after: &Step,
        step: &MovedStep,
    ) -> Result<Vec<MovedClock>, Blocked> {
        let Some(rule) = &after.clock else { return Ok(Vec::new()) };
        let old = before.and_then(|step| step.clock.as_ref());
        let holders: Vec<Option<UnitCode>> = if step.each_unit {
            step.units.iter().filter(|unit| !self.done(unit)).cloned().map(Some).collect()
        } else {
            vec![None]
        };
        let mut found = Vec::new();
        for unit in holders {
            let mine = |clock: &&ClockState| {
                (&clock.step, clock.visit, &clock.unit) == (&self.open.step, self.open.visit, &unit)
            };
            let known = self.state.clocks.iter().rfind(mine);
            // A clock whose task is done has nothing to measure any more.
            if known.is_none_or(|clock| clock.done_on.is_none())
                && let Some(clock) = self.clock(unit.clone(), known, old, rule)?
            {
                found.push(clock);
            }
        }
        Ok(found)
    }

    /// A clock under the new rule; `None` where the event it counts from has not happened.
    fn clock(
        self,
        unit: Option<UnitCode>,
        known: Option<&ClockState>,
        old: Option<&ClockRule>,
        rule: &ClockRule,
    ) -> Result<Option<MovedClock>, Blocked> {
        let ctx = self.ctx;
        let kept = known.filter(|_| old.is_some_and(|old| old.anchor == rule.anchor));
        let start = match (kept, &rule.anchor) {
            (Some(clock), _) => Some(clock.start),
            (None, Anchor::Received) => Some(self.open.on),
            (None, _) => length::start(ctx, rule, self.state).map_err(|rejection| unusable(&rejection))?,
        };
        let Some(start) = start else { return Ok(None) };
        // What the rule says did not change: neither does the length, whatever became of the facts since.
        let same = |old: &&ClockRule| old.period == rule.period && old.measure == rule.measure;
        let (period, run) = match kept.zip(old.filter(same)) {
            Some((clock, _)) => (clock.period, clock.run),
            None => length::length(ctx, rule, start, self.state).map_err(|rejection| unusable(&rejection))?,
        };
        let pauses = kept.map_or_else(|| self.pauses(rule, start), |clock| clock.pauses.clone());
        let deadline = length::deadline(ctx, start, period, run, rule.rolls, &pauses);
        let before = known.map(|clock| last_day(clock, self.old, ctx));
        let stopped = pauses.iter().any(|pause| pause.until.is_none());
        let late = |day: Date| day < ctx.today();
        if !stopped && late(deadline.due) && before.is_none_or(|day| !late(day)) {
            let day = deadline.due;
            return Err(Blocked {
                zh: format!("按新版本，期限已于{day}届满，不能溯及既往"),
                en: format!(
                    "under the new version its time would have ended on {day}; a version does not reach back"
                ),
            });
        }
        Ok(Some(MovedClock {
            start,
            period,
            run,
            rolls: rule.rolls,
            pauses,
            nature: rule.nature,
            clauses: rule.clauses.clone(),
            anew: before != Some(deadline.due),
            due: ClockDue { unit, due: deadline.due, provisional: deadline.provisional },
        }))
    }

    /// A clock that starts while a correction is awaited stands still at once, where its rule says so.
    fn pauses(self, rule: &ClockRule, start: Date) -> Vec<Pause> {
        let mut pauses = length::pauses(rule, start, self.state);
        let stops = rule.stops_on.contains(&StopGround::AwaitingCorrection);
        if let Some(awaiting) = self.state.awaiting.as_ref().filter(|_| stops) {
            pauses.push(Pause { from: awaiting.on.max(start), until: None });
        }
        pauses
    }
}

/// The last day of a clock under the version it ran under.
pub(crate) fn last_day(clock: &ClockState, pack: &Pack, ctx: &Context<'_>) -> Date {
    super::clock::deadline(clock, &Context { pack, ..*ctx }).due
}

fn no_step(procedure: &str, step: &str) -> Blocked {
    Blocked {
        zh: format!("新版本的程序“{procedure}”没有环节“{step}”"),
        en: format!("the new version of `{procedure}` has no step `{step}`"),
    }
}

fn unusable(rejection: &Rejection) -> Blocked {
    Blocked { zh: rejection.zh.clone(), en: rejection.en.clone() }
}

impl CaseState {
    /// The case goes on under another version.
    pub(crate) fn moved(&mut self, to: &PackRef, step: Option<&MovedStep>, clocks: &[MovedClock]) {
        self.pack = to.clone();
        let Some((moved, open)) =
            step.zip(self.step.as_mut()).filter(|(moved, open)| moved.step == open.step)
        else {
            return;
        };
        let was = std::mem::take(&mut open.seats);
        let done = |unit: &UnitCode| was.iter().find(|seat| seat.unit == *unit).and_then(|seat| seat.done);
        open.seats = moved.units.iter().map(|unit| Seat { unit: unit.clone(), done: done(unit) }).collect();
        open.role.clone_from(&moved.role);
        open.clauses.clone_from(&moved.clauses);
        (open.anyone, open.each_unit) = (moved.anyone, moved.each_unit);
        let (id, visit) = (open.step.clone(), open.visit);
        self.seated.insert(id.clone(), moved.units.clone());
        if moved.each_unit {
            self.each_unit_steps.insert(id.clone());
        } else {
            self.each_unit_steps.remove(&id);
        }
        let running =
            |clock: &ClockState| clock.step == id && clock.visit == visit && clock.done_on.is_none();
        let (ran, mut rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.clocks).into_iter().partition(running);
        rest.extend(clocks.iter().map(|clock| {
            let rang = ran.iter().find(|one| one.unit == clock.due.unit).filter(|_| !clock.anew);
            ClockState {
                step: id.clone(),
                visit,
                unit: clock.due.unit.clone(),
                start: clock.start,
                period: clock.period,
                run: clock.run,
                rolls: clock.rolls,
                nature: clock.nature,
                clauses: clock.clauses.clone(),
                pauses: clock.pauses.clone(),
                rung: rang.map(|one| one.rung.clone()).unwrap_or_default(),
                rung_before: rang.map(|one| one.rung_before.clone()).unwrap_or_default(),
                expired: rang.is_some_and(|one| one.expired),
                done_on: None,
            }
        }));
        self.clocks = rest;
    }
}
