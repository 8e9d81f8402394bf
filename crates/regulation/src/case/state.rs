//! The state of a case, folded from its events.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, Id, Timestamp, kind};
use serde::Serialize;

use super::condition::{FACT_APPROVALS, FACT_PASSED, FACT_REFUSALS};
use super::{Actor, Attachment, Ballot, Defect, Event, EventBody, FormValues, PackRef};
use crate::calendar::Pause;
use crate::pack::model::{
    Anchor, ClauseId, ClockNature, CommandKind, Effect, FactValue, FormId, Period, ProcedureId, RoleKey,
    StepId, StopGround, UnitCode,
};

/// A case as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseState {
    /// Id.
    pub id: Id<kind::Case>,
    /// Number.
    pub number: String,
    /// Procedure.
    pub procedure: ProcedureId,
    /// Pack it stays under.
    pub pack: PackRef,
    /// Title.
    pub title: String,
    /// Who opened it.
    pub opener: Actor,
    /// When.
    pub opened_at: Timestamp,
    /// Key of the opening form.
    pub form_id: Option<FormId>,
    /// Forms filled so far, the opening form among them.
    pub forms: BTreeMap<FormId, FormValues>,
    /// Attachments as they stand.
    pub attachments: Vec<Attachment>,
    /// Facts known.
    pub facts: BTreeMap<String, FactValue>,
    /// Units of roles the pack leaves open.
    pub parties: BTreeMap<RoleKey, Vec<UnitCode>>,
    /// The open step; `None` once ended.
    pub step: Option<OpenStep>,
    /// Steps entered so far and how often.
    pub visits: BTreeMap<StepId, u32>,
    /// Steps entered so far with a task for each unit.
    pub each_unit_steps: BTreeSet<StepId>,
    /// Units seated in the latest visit of each step.
    pub seated: BTreeMap<StepId, Vec<UnitCode>>,
    /// What was done, oldest first.
    pub acts: Vec<Act>,
    /// Opinions, oldest first.
    pub opinions: Vec<Opinion>,
    /// Clocks, oldest first.
    pub clocks: Vec<ClockState>,
    /// A correction is awaited.
    pub awaiting: Option<Awaiting>,
    /// Days of the anchor events so far.
    pub accepted: Option<Date>,
    /// Day of the latest publication.
    pub published: Option<Date>,
    /// Day of the latest signature.
    pub signed: Option<Date>,
    /// Numbered resolutions.
    pub resolutions: Vec<Resolution>,
    /// Effects so far.
    pub effects: Vec<Effect>,
    /// How it ended.
    pub ended: Option<Ending>,
    /// Events folded.
    pub version: u64,
}

/// The open step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenStep {
    /// Step.
    pub step: StepId,
    /// How often it was entered, this time included.
    pub visit: u32,
    /// Role that acts.
    pub role: RoleKey,
    /// Since when.
    pub since: Timestamp,
    /// The day it was entered.
    pub on: Date,
    /// Units that hold the task, or a task each.
    pub seats: Vec<Seat>,
    /// Anyone may act.
    pub anyone: bool,
    /// Each unit has its own task.
    pub each_unit: bool,
    /// The vote's result, once it stands.
    pub counted: Option<bool>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// A unit's place in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seat {
    /// Unit.
    pub unit: UnitCode,
    /// Its own task is done.
    pub done: Option<CommandKind>,
}

/// Something done in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// Step.
    pub step: StepId,
    /// Which visit.
    pub visit: u32,
    /// Command.
    pub command: CommandKind,
    /// Vote, if it was one.
    pub vote: Option<Ballot>,
    /// Who.
    pub by: Actor,
    /// Day.
    pub on: Date,
    /// Hidden until the vote's result stands.
    pub sealed: bool,
}

/// An opinion, for the boxes of the paper form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// Step.
    pub step: StepId,
    /// Which visit.
    pub visit: u32,
    /// Box of the paper form.
    pub opinion_box: Option<String>,
    /// Who.
    pub by: Actor,
    /// Command.
    pub command: CommandKind,
    /// Text; may be empty where only the decision counts.
    pub text: String,
    /// Day.
    pub on: Date,
    /// Basis.
    pub clauses: Vec<ClauseId>,
    /// Hidden until the vote's result stands.
    pub sealed: bool,
}

/// A clock as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockState {
    /// Step.
    pub step: StepId,
    /// Which visit.
    pub visit: u32,
    /// The unit's own clock.
    pub unit: Option<UnitCode>,
    /// The day it starts from.
    pub start: Date,
    /// Length.
    pub period: Period,
    /// Nature.
    pub nature: ClockNature,
    /// Basis.
    pub clauses: Vec<ClauseId>,
    /// When it stood still.
    pub pauses: Vec<Pause>,
    /// Rungs that rang.
    pub rung: Vec<(i32, RoleKey)>,
    /// It ran out, with its consequence.
    pub expired: bool,
    /// The day its task was done.
    pub done_on: Option<Date>,
}

impl ClockState {
    /// It stands still now.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.done_on.is_none() && self.pauses.iter().any(|pause| pause.until.is_none())
    }
}

/// A correction is awaited from the opener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Awaiting {
    /// Step that returned it.
    pub step: StepId,
    /// Who.
    pub by: Option<Actor>,
    /// Day.
    pub on: Date,
    /// Since when.
    pub since: Timestamp,
    /// All defects.
    pub defects: Vec<Defect>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// A numbered resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolution {
    /// Step.
    pub step: StepId,
    /// Number.
    pub number: String,
    /// Day.
    pub on: Date,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// Outcome in words.
    pub outcome: String,
    /// It is what the opener asked for.
    pub granted: bool,
    /// Day.
    pub on: Date,
    /// When.
    pub at: Timestamp,
}

/// Folds one more event. `None` before the opening event; events that cannot apply change nothing but the version.
#[must_use]
pub fn evolve(state: Option<CaseState>, event: &Event) -> Option<CaseState> {
    match state {
        Some(mut state) => {
            state.apply(event);
            Some(state)
        }
        None => opened(event),
    }
}

/// Folds a stream from its beginning.
#[must_use]
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<CaseState> {
    events.into_iter().fold(None, evolve)
}

pub(crate) fn opened(event: &Event) -> Option<CaseState> {
    let EventBody::Opened {
        case,
        number,
        procedure,
        pack,
        title,
        form_id,
        form,
        attachments,
        facts,
        parties,
    } = &event.body
    else {
        return None;
    };
    Some(CaseState {
        id: *case,
        number: number.clone(),
        procedure: procedure.clone(),
        pack: pack.clone(),
        title: title.clone(),
        opener: event.actor.clone()?,
        opened_at: event.at,
        form_id: form_id.clone(),
        forms: form_id.iter().map(|id| (id.clone(), form.clone())).collect(),
        attachments: attachments.clone(),
        facts: facts.clone(),
        parties: parties.clone(),
        step: None,
        visits: BTreeMap::new(),
        each_unit_steps: BTreeSet::new(),
        seated: BTreeMap::new(),
        acts: Vec::new(),
        opinions: Vec::new(),
        clocks: Vec::new(),
        awaiting: None,
        accepted: None,
        published: None,
        signed: None,
        resolutions: Vec::new(),
        effects: Vec::new(),
        ended: None,
        version: 1,
    })
}

impl CaseState {
    /// Seats of the step's latest visit.
    pub(crate) fn seats_of(&self, step: &StepId) -> usize {
        self.seated.get(step).map_or(1, |units| units.len().max(1))
    }

    /// The day of an anchor event, if it happened.
    #[must_use]
    pub const fn anchor(&self, anchor: Anchor) -> Option<Date> {
        match anchor {
            Anchor::Received => None,
            Anchor::Accepted => self.accepted,
            Anchor::Published => self.published,
            Anchor::Signed => self.signed,
        }
    }

    fn visit(&self, step: &StepId) -> u32 {
        self.visits.get(step).copied().unwrap_or(0)
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        self.version = self.version.saturating_add(1);
        match &event.body {
            EventBody::Opened { .. } | EventBody::Noted { .. } => {}
            EventBody::StepEntered { .. } => self.enter(event),
            EventBody::StepLeft { step } => self.leave(step, event.on),
            EventBody::TaskDone { .. } => self.task_done(event),
            EventBody::Returned { step, defects, opinion } => {
                self.act(event, step, CommandKind::ReturnForCorrection, None, false);
                self.opine(event, step, CommandKind::ReturnForCorrection, opinion.as_deref(), None, false);
                self.awaiting = Some(Awaiting {
                    step: step.clone(),
                    by: event.actor.clone(),
                    on: event.on,
                    since: event.at,
                    defects: defects.clone(),
                    clauses: event.clauses.clone(),
                });
            }
            EventBody::Supplemented { form, attachments, facts, .. } => {
                self.awaiting = None;
                if let Some(id) = self.form_id.clone().filter(|_| !form.is_empty()) {
                    self.forms.insert(id, form.clone());
                }
                self.attach(attachments);
                self.facts.extend(facts.clone());
            }
            EventBody::Voted { step, command, vote, opinion, opinion_box, sealed } => {
                self.act(event, step, *command, Some(*vote), *sealed);
                let text = opinion.as_deref().or(Some(""));
                self.opine(event, step, *command, text, opinion_box.as_deref(), *sealed);
                if self.step.as_ref().is_some_and(|open| open.each_unit) {
                    self.complete(event, step, *command);
                }
            }
            EventBody::VoteCounted { step, approvals, refusals, passed } => {
                self.counted(step, *approvals, *refusals, *passed);
            }
            EventBody::Resolved { step, number } => {
                self.resolutions.push(Resolution {
                    step: step.clone(),
                    number: number.clone(),
                    on: event.on,
                });
            }
            EventBody::EffectDue { effect, .. } => self.effects.push(*effect),
            EventBody::Ended { outcome, granted } => {
                self.step = None;
                self.awaiting = None;
                self.finish_clocks(event.on, |_| true);
                let (outcome, granted) = (outcome.clone(), *granted);
                self.ended = Some(Ending { outcome, granted, on: event.on, at: event.at });
            }
            EventBody::ClockStarted { .. }
            | EventBody::ClockStopped { .. }
            | EventBody::ClockResumed { .. }
            | EventBody::ClockRang { .. }
            | EventBody::Expired { .. } => self.clock(event),
        }
    }

    fn enter(&mut self, event: &Event) {
        let EventBody::StepEntered { step, visit, role, units, anyone, each_unit } = &event.body else {
            return;
        };
        self.visits.insert(step.clone(), *visit);
        self.seated.insert(step.clone(), units.clone());
        if *each_unit {
            self.each_unit_steps.insert(step.clone());
        }
        self.step = Some(OpenStep {
            step: step.clone(),
            visit: *visit,
            role: role.clone(),
            since: event.at,
            on: event.on,
            seats: units.iter().map(|unit| Seat { unit: unit.clone(), done: None }).collect(),
            anyone: *anyone,
            each_unit: *each_unit,
            counted: None,
            clauses: event.clauses.clone(),
        });
    }

    fn leave(&mut self, step: &StepId, on: Date) {
        self.step = self.step.take().filter(|open| open.step != *step);
        self.awaiting = self.awaiting.take().filter(|awaiting| awaiting.step != *step);
        self.finish_clocks(on, |clock| clock.step == *step);
    }

    fn task_done(&mut self, event: &Event) {
        let EventBody::TaskDone {
            step,
            command,
            completes,
            opinion,
            opinion_box,
            form_id,
            form,
            attachments,
            facts,
            label: _,
        } = &event.body
        else {
            return;
        };
        self.act(event, step, *command, None, false);
        // A box of the paper form is signed even where nothing is written.
        let text = opinion.as_deref().or_else(|| opinion_box.as_ref().map(|_| ""));
        self.opine(event, step, *command, text, opinion_box.as_deref(), false);
        if let Some(id) = form_id {
            self.forms.insert(id.clone(), form.clone());
        }
        self.attach(attachments);
        self.facts.extend(facts.clone());
        match command {
            CommandKind::Accept => self.accepted = Some(event.on),
            CommandKind::Publish => self.published = Some(event.on),
            CommandKind::Sign => self.signed = Some(event.on),
            _ => {}
        }
        if *completes {
            self.complete(event, step, *command);
        }
    }

    /// The acting unit's own task is done.
    fn complete(&mut self, event: &Event, step: &StepId, command: CommandKind) {
        let Some(unit) = event.actor.as_ref().map(|actor| &actor.unit) else {
            return;
        };
        let open = self.step.as_mut().filter(|open| open.step == *step);
        for seat in open.into_iter().flat_map(|open| &mut open.seats).filter(|seat| seat.unit == *unit) {
            seat.done = Some(command);
        }
        self.finish_clocks(event.on, |clock| clock.step == *step && clock.unit.as_ref() == Some(unit));
    }

    fn counted(&mut self, step: &StepId, approvals: u32, refusals: u32, passed: bool) {
        let visit = self.visit(step);
        for act in self.acts.iter_mut().filter(|act| act.step == *step && act.visit == visit) {
            act.sealed = false;
        }
        let opinions = self.opinions.iter_mut();
        for opinion in opinions.filter(|opinion| opinion.step == *step && opinion.visit == visit) {
            opinion.sealed = false;
        }
        if let Some(open) = self.step.as_mut().filter(|open| open.step == *step) {
            open.counted = Some(passed);
        }
        self.facts.insert(FACT_PASSED.to_owned(), FactValue::Flag(passed));
        self.facts.insert(FACT_APPROVALS.to_owned(), FactValue::Number(approvals.into()));
        self.facts.insert(FACT_REFUSALS.to_owned(), FactValue::Number(refusals.into()));
    }

    fn clock(&mut self, event: &Event) {
        match &event.body {
            EventBody::ClockStarted { step, start, period, nature, due } => self.clocks.push(ClockState {
                step: step.clone(),
                visit: self.visit(step),
                unit: due.unit.clone(),
                start: *start,
                period: *period,
                nature: *nature,
                clauses: event.clauses.clone(),
                pauses: Vec::new(),
                rung: Vec::new(),
                expired: false,
                done_on: None,
            }),
            EventBody::ClockStopped { step, ground: StopGround::AwaitingCorrection } => {
                for clock in self.running(step) {
                    clock.pauses.push(Pause { from: event.on, until: None });
                }
            }
            EventBody::ClockResumed { step, ground: StopGround::AwaitingCorrection, .. } => {
                let pauses = self.running(step).flat_map(|clock| &mut clock.pauses);
                for pause in pauses.filter(|pause| pause.until.is_none()) {
                    pause.until = Some(event.on);
                }
            }
            EventBody::ClockRang { step, unit, days_left, tell, .. } => {
                for clock in self.running(step).filter(|clock| clock.unit == *unit) {
                    clock.rung.push((*days_left, tell.clone()));
                }
            }
            EventBody::Expired { step, unit, .. } => {
                for clock in self.running(step).filter(|clock| clock.unit == *unit) {
                    clock.expired = true;
                }
            }
            _ => {}
        }
    }

    fn running(&mut self, step: &StepId) -> impl Iterator<Item = &mut ClockState> {
        let visit = self.visit(step);
        let mine = self.clocks.iter_mut().filter(move |clock| clock.step == *step && clock.visit == visit);
        mine.filter(|clock| clock.done_on.is_none())
    }

    fn finish_clocks(&mut self, on: Date, which: impl Fn(&ClockState) -> bool) {
        for clock in self.clocks.iter_mut().filter(|clock| clock.done_on.is_none() && which(clock)) {
            clock.done_on = Some(on);
            for pause in clock.pauses.iter_mut().filter(|pause| pause.until.is_none()) {
                pause.until = Some(on);
            }
        }
    }

    fn attach(&mut self, attachments: &[Attachment]) {
        self.attachments.retain(|old| attachments.iter().all(|new| new.name != old.name));
        self.attachments.extend_from_slice(attachments);
    }

    fn act(
        &mut self,
        event: &Event,
        step: &StepId,
        command: CommandKind,
        vote: Option<Ballot>,
        sealed: bool,
    ) {
        if let Some(by) = event.actor.clone() {
            let visit = self.visit(step);
            self.acts.push(Act { step: step.clone(), visit, command, vote, by, on: event.on, sealed });
        }
    }

    fn opine(
        &mut self,
        event: &Event,
        step: &StepId,
        command: CommandKind,
        text: Option<&str>,
        opinion_box: Option<&str>,
        sealed: bool,
    ) {
        if let (Some(by), Some(text)) = (event.actor.clone(), text) {
            self.opinions.push(Opinion {
                step: step.clone(),
                visit: self.visit(step),
                opinion_box: opinion_box.map(str::to_owned),
                by,
                command,
                text: text.to_owned(),
                on: event.on,
                clauses: event.clauses.clone(),
                sealed,
            });
        }
    }
}
