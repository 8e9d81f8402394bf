//! Folding events into a state. Total: nothing here can fail.

use std::collections::{BTreeMap, BTreeSet};

use base::Date;

use super::condition::{FACT_APPROVALS, FACT_PASSED, FACT_REFUSALS, take_in};
use super::state::{Act, Awaiting, CaseState, ClockState, Ending, OpenStep, Opinion, Resolution, Seat};
use super::{Attachment, Ballot, Defect, Event, EventBody};
use crate::calendar::Pause;
use crate::pack::model::{CommandKind, FactValue, StepId, StopGround};

/// Folds one more event. `None` before the opening event; events that cannot apply change nothing but the version.
#[must_use]
pub fn evolve(state: Option<CaseState>, event: &Event) -> Option<CaseState> {
    match state {
        Some(mut state) => {
            state.apply(event);
            Some(state)
        }
        None => opened(event).or_else(|| super::owed::begun(event)),
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
        opened_on: event.on,
        form_id: form_id.clone(),
        forms: form_id.iter().map(|id| (id.clone(), form.clone())).collect(),
        attachments: attachments.clone(),
        facts: facts.clone(),
        parties: parties.clone(),
        step: None,
        visits: BTreeMap::new(),
        entered: BTreeMap::new(),
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
        owed: None,
        people: super::people::PeopleState::default(),
        version: 1,
    })
}

impl CaseState {
    pub(crate) fn visit(&self, step: &StepId) -> u32 {
        self.visits.get(step).copied().unwrap_or(0)
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        self.version = self.version.saturating_add(1);
        match &event.body {
            EventBody::Opened { .. } => self.filled_in(event),
            EventBody::Owed { .. }
            | EventBody::Noted { .. }
            | EventBody::Waived { .. }
            | EventBody::Lapsed
            | EventBody::OpensCase { .. } => {}
            EventBody::HandedOver { .. }
            | EventBody::Delegated { .. }
            | EventBody::Consulted { .. }
            | EventBody::ConsultEnded { .. }
            | EventBody::Opined { .. }
            | EventBody::Recused { .. }
            | EventBody::Drawn { .. } => self.people(event),
            EventBody::StepEntered { .. } => self.enter(event),
            EventBody::StepLeft { step } => self.leave(step, event.on),
            EventBody::TaskDone { .. } => self.task_done(event),
            EventBody::Returned { step, defects, opinion } => {
                self.returned(event, step, defects, opinion.as_deref());
            }
            EventBody::Supplemented { form, attachments, facts, .. } => {
                self.awaiting = None;
                if let Some(id) = self.form_id.clone().filter(|_| !form.is_empty()) {
                    self.forms.insert(id, form.clone());
                }
                self.attach(attachments);
                take_in(&mut self.facts, facts);
            }
            EventBody::Voted { step, command, vote, opinion, opinion_box, sealed, facts } => {
                self.act(event, step, *command, Some(*vote), *sealed);
                if let Some(act) = self.acts.last_mut().filter(|_| event.actor.is_some()) {
                    act.facts.clone_from(facts);
                }
                self.settle(step);
                let text = opinion.as_deref().or(Some(""));
                self.opine(event, step, *command, text, opinion_box.as_deref(), *sealed);
                if self.step.as_ref().is_some_and(|open| open.each_unit) {
                    self.complete(event, step, *command);
                }
            }
            EventBody::VoteCounted { step, approvals, refusals, passed, observed } => {
                take_in(&mut self.facts, observed);
                self.counted(step, *approvals, *refusals, *passed);
            }
            EventBody::Resolved { .. } => self.resolved(event),
            EventBody::EffectDue { effect, .. } => self.effects.push(*effect),
            EventBody::Moved { to, step, clocks, .. } => self.moved(to, step.as_ref(), clocks),
            EventBody::Ended { outcome, granted } => {
                self.step = None;
                self.awaiting = None;
                self.finish_clocks(event.on, |_| true);
                self.owed_done(event.on);
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

    fn returned(&mut self, event: &Event, step: &StepId, defects: &[Defect], opinion: Option<&str>) {
        self.act(event, step, CommandKind::ReturnForCorrection, None, false);
        self.opine(event, step, CommandKind::ReturnForCorrection, opinion, None, false);
        self.awaiting = Some(Awaiting {
            step: step.clone(),
            by: event.actor.clone(),
            on: event.on,
            since: event.at,
            defects: defects.to_vec(),
            clauses: event.clauses.clone(),
        });
    }

    fn resolved(&mut self, event: &Event) {
        if let EventBody::Resolved { step, number, meeting } = &event.body {
            let (step, number, meeting) = (step.clone(), number.clone(), meeting.clone());
            self.resolutions.push(Resolution { step, number, on: event.on, meeting });
        }
    }

    fn enter(&mut self, event: &Event) {
        let EventBody::StepEntered { step, visit, role, units, anyone, each_unit, joint: _ } = &event.body
        else {
            return;
        };
        self.visits.insert(step.clone(), *visit);
        self.entered.insert(step.clone(), event.on);
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
        take_in(&mut self.facts, facts);
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
        self.settle(step);
        self.facts.insert(FACT_PASSED.to_owned(), FactValue::Flag(passed));
        self.facts.insert(FACT_APPROVALS.to_owned(), FactValue::Number(approvals.into()));
        self.facts.insert(FACT_REFUSALS.to_owned(), FactValue::Number(refusals.into()));
    }

    /// Takes in what the open votes of a step's visit state. Where they contradict each other nothing is known: the fact
    /// goes, and no condition passes on it.
    pub(crate) fn settle(&mut self, step: &StepId) {
        let visit = self.visit(step);
        let cast =
            self.acts.iter().filter(|act| act.step == *step && act.visit == visit && act.vote.is_some());
        // A struck ballot states nothing any more.
        let cast = cast.filter(|act| !self.is_recused(act.by.person));
        let mut stated: BTreeMap<String, Option<FactValue>> = BTreeMap::new();
        for (key, value) in cast.filter(|act| !act.sealed).flat_map(|act| &act.facts) {
            let agreed = stated.entry(key.clone()).or_insert_with(|| Some(value.clone()));
            if agreed.as_ref() != Some(value) {
                *agreed = None;
            }
        }
        for (key, value) in stated {
            match value {
                Some(value) => self.facts.insert(key, value),
                None => self.facts.remove(&key),
            };
        }
    }

    fn clock(&mut self, event: &Event) {
        if self.owed_clock(event) {
            return;
        }
        match &event.body {
            EventBody::ClockStarted { step, start, period, run, rolls, pauses, nature, due } => {
                self.clocks.push(ClockState {
                    step: step.clone(),
                    visit: self.visit(step),
                    unit: due.unit.clone(),
                    start: *start,
                    period: *period,
                    run: *run,
                    rolls: *rolls,
                    nature: *nature,
                    clauses: event.clauses.clone(),
                    pauses: pauses.clone(),
                    rung: Vec::new(),
                    rung_before: Vec::new(),
                    expired: false,
                    done_on: None,
                })
            }
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
            EventBody::ClockRang { step, unit, days_left, before, tell, .. } => {
                for clock in self.running(step).filter(|clock| clock.unit == *unit) {
                    match before {
                        Some(period) => clock.rung_before.push((*period, tell.clone())),
                        None => clock.rung.push((*days_left, tell.clone())),
                    }
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

    pub(crate) fn attach(&mut self, attachments: &[Attachment]) {
        self.attachments.retain(|old| attachments.iter().all(|new| new.name != old.name));
        self.attachments.extend_from_slice(attachments);
    }

    pub(crate) fn act(
        &mut self,
        event: &Event,
        step: &StepId,
        command: CommandKind,
        vote: Option<Ballot>,
        sealed: bool,
    ) {
        if let Some(by) = event.actor.clone() {
            let visit = self.visit(step);
            let (step, on, facts) = (step.clone(), event.on, BTreeMap::new());
            self.acts.push(Act { step, visit, command, vote, by, on, sealed, facts });
        }
    }

    pub(crate) fn opine(
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
