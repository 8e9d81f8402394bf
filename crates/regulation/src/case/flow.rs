//! Moving a case through its steps. A [`Draft`] folds each event it makes, so that what follows sees it.

use std::collections::BTreeMap;

use super::condition::{Facts, holds, take_in};
use super::length;
use super::roles::{Players, players};
use super::{Actor, CaseState, ClockDue, Context, Event, EventBody, Rejection};
use crate::calendar::Deadline;
use crate::pack::model::{
    Action, Branch, ClauseId, CommandKind, FactValue, Procedure, RoleKey, Step, StepId, StopGround, Target,
};

/// Events in the making, with the state they lead to.
#[derive(Clone)]
pub(crate) struct Draft<'a> {
    pub(crate) ctx: &'a Context<'a>,
    pub(crate) procedure: &'a Procedure,
    pub(crate) actor: Option<Actor>,
    pub(crate) state: CaseState,
    pub(crate) events: Vec<Event>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(
        ctx: &'a Context<'a>,
        procedure: &'a Procedure,
        actor: Option<Actor>,
        state: CaseState,
    ) -> Self {
        Self { ctx, procedure, actor, state, events: Vec::new() }
    }

    /// Records an event on the first list of clauses that is not empty.
    pub(crate) fn push(&mut self, clauses: &[&[ClauseId]], body: EventBody) {
        let clauses = clauses.iter().find(|clauses| !clauses.is_empty()).map(|clauses| clauses.to_vec());
        let event = Event {
            at: self.ctx.now,
            on: self.ctx.today(),
            actor: self.actor.clone(),
            // A declaration of one's own conflict is nobody else's.
            on_behalf_of: (!matches!(body, EventBody::Recused { .. }))
                .then(|| self.state.acts_for(self.actor.as_ref()?).cloned())
                .flatten(),
            clauses: clauses.unwrap_or_else(|| self.procedure.clauses.clone()),
            body,
        };
        self.state.apply(&event);
        self.events.push(event);
    }

    /// Does an action's effects and follows its branches; stays where there are none.
    pub(crate) fn conclude(&mut self, step: &Step, action: &Action) -> Result<(), Box<Rejection>> {
        let clauses = [action.clauses.as_slice(), step.clauses.as_slice()];
        for effect in &action.effects {
            let facts = self.state.facts.clone();
            self.push(&clauses, EventBody::EffectDue { effect: *effect, facts });
        }
        if action.then.is_empty() {
            return self.start_clocks(step);
        }
        let target = self.branch(&action.then).cloned();
        let target = target.ok_or_else(|| no_way_on(self.ctx, action, step))?;
        self.go(step, &target, &clauses)
    }

    /// The first branch whose condition holds.
    pub(crate) fn branch<'b>(&self, branches: &'b [Branch]) -> Option<&'b Target> {
        let (facts, state) = (&self.state.facts, Some(&self.state));
        let facts = Facts { today: self.ctx.today(), facts, state, pack: self.ctx.pack };
        let open = |branch: &&Branch| branch.when.as_ref().is_none_or(|condition| holds(condition, &facts));
        branches.iter().find(open).map(|branch| &branch.to)
    }

    /// Leaves a step towards a target.
    pub(crate) fn go(
        &mut self,
        from: &Step,
        target: &Target,
        clauses: &[&[ClauseId]],
    ) -> Result<(), Box<Rejection>> {
        self.push(clauses, EventBody::StepLeft { step: from.id.clone() });
        match target {
            Target::Step(step) => self.enter(step),
            Target::End { outcome, granted, opens, .. } => {
                self.push(clauses, EventBody::Ended { outcome: outcome.clone(), granted: *granted });
                if let Some(next) = opens {
                    self.opens(next, clauses);
                }
                Ok(())
            }
        }
    }

    /// Enters a step: seats its units and starts its clocks.
    pub(crate) fn enter(&mut self, id: &StepId) -> Result<(), Box<Rejection>> {
        let Some(step) = self.procedure.steps.iter().find(|step| step.id == *id) else {
            return Err(Rejection::new(
                "case.unknown_step",
                format!("程序没有“{id}”环节"),
                format!("the procedure has no step `{id}`"),
            ));
        };
        let held = super::roles::holders(self.ctx, step, &self.state);
        let (units, anyone) = held.map_err(|role| {
            Rejection::new(
                "case.role_unbound",
                format!("没有单位承担“{role}”，不能进入“{id}”环节"),
                format!("no unit plays `{role}`, so the step `{id}` cannot be entered"),
            )
            .on(self.ctx, &[&step.clauses, &self.procedure.clauses])
            .remedy("请先明确承担该角色的单位", "say first which unit plays this role")
        })?;
        let visit = self.state.visits.get(id).copied().unwrap_or(0).saturating_add(1);
        let entered = EventBody::StepEntered {
            step: id.clone(),
            visit,
            role: step.role.clone(),
            each_unit: step.each_unit && !anyone,
            joint: step.joint.clone(),
            units,
            anyone,
        };
        self.push(&[&step.clauses], entered);
        self.start_clocks(step)
    }

    /// The units of a role in this case.
    pub(crate) fn players(&self, role: &RoleKey) -> Players {
        players(self.ctx, role, &self.state.opener.unit, &self.state.facts, &self.state.parties)
    }

    /// Starts the clocks of the open step once their anchor event has happened. A clock that cannot start for want of a
    /// fact is a refusal: no step is entered without its clock.
    fn start_clocks(&mut self, step: &Step) -> Result<(), Box<Rejection>> {
        let Some((rule, open)) = step.clock.as_ref().zip(self.state.step.as_ref()) else {
            return Ok(());
        };
        let started = |clock: &super::ClockState| clock.step == open.step && clock.visit == open.visit;
        if open.step != step.id || self.state.clocks.iter().any(started) {
            return Ok(());
        }
        let Some(start) = length::start(self.ctx, rule, &self.state)
            .map_err(|rejection| rejection.on(self.ctx, &[&rule.clauses, &step.clauses]))?
        else {
            return Ok(());
        };
        let (period, run) = length::length(self.ctx, rule, start, &self.state)
            .map_err(|rejection| rejection.on(self.ctx, &[&rule.clauses, &step.clauses]))?;
        let units: Vec<_> = if open.each_unit {
            open.seats.iter().filter(|seat| seat.done.is_none()).map(|seat| Some(seat.unit.clone())).collect()
        } else {
            vec![None]
        };
        let pauses = length::pauses(rule, start, &self.state);
        let deadline = length::deadline(self.ctx, start, period, run, rule.rolls, &pauses);
        for unit in units {
            let due = due_of(unit, &deadline);
            let (step, nature, rolls) = (step.id.clone(), rule.nature, rule.rolls);
            let pauses = pauses.clone();
            self.push(
                &[&rule.clauses],
                EventBody::ClockStarted { step, start, period, run, rolls, pauses, nature, due },
            );
        }
        Ok(())
    }

    /// Stops the clocks of a step on a ground, where its rule says so.
    pub(crate) fn stop_clocks(&mut self, step: &Step, ground: StopGround) {
        let Some(rule) = step.clock.as_ref().filter(|rule| rule.stops_on.contains(&ground)) else {
            return;
        };
        if self.state.clocks.iter().any(|clock| clock.step == step.id && clock.done_on.is_none()) {
            self.push(&[&rule.clauses], EventBody::ClockStopped { step: step.id.clone(), ground });
        }
    }

    /// Lets stopped clocks of a step go on.
    pub(crate) fn resume_clocks(&mut self, step: &Step, ground: StopGround) {
        let mut resumed = self.state.clone();
        let mut event = Event {
            at: self.ctx.now,
            on: self.ctx.today(),
            actor: self.actor.clone(),
            on_behalf_of: None,
            clauses: Vec::new(),
            body: EventBody::ClockResumed { step: step.id.clone(), ground, dues: Vec::new() },
        };
        resumed.apply(&event);
        let stopped = self.state.clocks.iter().zip(&resumed.clocks).filter(|(old, _)| old.is_stopped());
        let dues: Vec<ClockDue> = stopped
            .map(|(_, clock)| due_of(clock.unit.clone(), &super::clock::deadline(clock, self.ctx)))
            .collect();
        if dues.is_empty() {
            return;
        }
        event.body = EventBody::ClockResumed { step: step.id.clone(), ground, dues };
        let clauses = step.clock.as_ref().map(|rule| rule.clauses.as_slice()).unwrap_or_default();
        self.push(&[clauses, &step.clauses], event.body);
    }

    /// In a step of several tasks the least favourable action chosen decides: the last in the pack's list.
    pub(crate) fn deciding<'b>(&self, step: &'b Step, last: &'b Action) -> &'b Action {
        let seats = self.state.step.iter().flat_map(|open| &open.seats);
        let done: Vec<CommandKind> = seats.filter_map(|seat| seat.done).collect();
        let chosen = step.actions.iter().rev().find(|action| done.contains(&action.command));
        chosen.unwrap_or(last)
    }
}

fn due_of(unit: Option<String>, deadline: &Deadline) -> ClockDue {
    ClockDue { unit, due: deadline.due, provisional: deadline.provisional }
}

fn no_way_on(ctx: &Context<'_>, action: &Action, step: &Step) -> Box<Rejection> {
    let conditions = action.then.iter().filter_map(|branch| branch.when.as_ref());
    let clauses: Vec<ClauseId> = conditions.clone().flat_map(|condition| condition.clauses.clone()).collect();
    let remedies: Vec<&str> = conditions.filter_map(|condition| condition.remedy.as_deref()).collect();
    Rejection::new(
        "case.no_way_on",
        "现有事实不满足任何一个后续环节的条件",
        "the facts known satisfy none of the ways on",
    )
    .on(ctx, &[&clauses, &action.clauses, &step.clauses])
    .remedy(remedies.join("；"), "state the facts the conditions name")
}

/// Facts as they stand, with what a command adds; what the platform observed wins.
///
/// A text that reads as a date becomes one: that is what storage gives back, and a stored case must equal a live one.
pub(crate) fn merged(
    known: &BTreeMap<String, FactValue>,
    stated: &BTreeMap<String, FactValue>,
    observed: &BTreeMap<String, FactValue>,
) -> BTreeMap<String, FactValue> {
    let canonical = |value: &FactValue| match value {
        FactValue::Text(text) => text.parse().map_or_else(|_| value.clone(), FactValue::Date),
        _ => value.clone(),
    };
    let added = stated.iter().chain(observed).map(|(key, value)| (key.clone(), canonical(value)));
    let mut facts = known.clone();
    take_in(&mut facts, &added.collect());
    facts
}
