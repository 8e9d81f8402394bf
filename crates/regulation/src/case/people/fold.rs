//! Folding what happened among people into the state, and asking the state about it.

use base::{Id, kind};

use super::{Consult, Delegation, FACT_DRAWN, HandOver, Recusal};
use crate::case::state::{CaseState, Seat};
use crate::case::{Actor, Event, EventBody};
use crate::pack::model::{CommandKind, FactValue, StepId, UnitCode};

impl CaseState {
    /// Whether the person declared a conflict of interest in this case.
    #[must_use]
    pub fn is_recused(&self, person: Id<kind::Person>) -> bool {
        self.people.recusals.iter().any(|recusal| recusal.by.person == person)
    }

    /// Opinions still awaited in the open step.
    pub fn asked_here(&self) -> impl Iterator<Item = &Consult> {
        let open = self.step.as_ref();
        let here = move |consult: &&Consult| {
            open.is_some_and(|open| consult.step == open.step && consult.visit == open.visit)
        };
        self.people.consults.iter().filter(|consult| consult.done_on.is_none()).filter(here)
    }

    /// The delegation that counts for a unit in the open step: the latest, unless one of the two stood back since.
    pub(crate) fn delegation(&self, unit: &UnitCode) -> Option<&Delegation> {
        let open = self.step.as_ref()?;
        let here =
            |one: &&Delegation| one.step == open.step && one.visit == open.visit && one.to.unit == *unit;
        let latest = self.people.delegations.iter().rev().find(here)?;
        let out = self.is_recused(latest.from.person) || self.is_recused(latest.to.person);
        (!out).then_some(latest)
    }

    /// Whom the actor acts for in the open step.
    pub(crate) fn acts_for(&self, actor: &Actor) -> Option<&Actor> {
        let delegation = self.delegation(&actor.unit)?;
        (delegation.to.person == actor.person).then_some(&delegation.from)
    }

    /// Folds an event of this kind.
    pub(crate) fn people(&mut self, event: &Event) {
        match &event.body {
            EventBody::HandedOver { step, from, to, .. } => self.handed_over(event, step, from, to),
            EventBody::Delegated { step, to, .. } => {
                if let Some(from) = event.actor.clone() {
                    let (visit, to) = (self.visit(step), to.clone());
                    self.people.delegations.push(Delegation {
                        step: step.clone(),
                        visit,
                        from,
                        to,
                        on: event.on,
                    });
                }
            }
            EventBody::Consulted { step, units, opinion } => {
                let visit = self.visit(step);
                for unit in units {
                    let Some(by) = event.actor.clone() else { continue };
                    self.people.consults.push(Consult {
                        step: step.clone(),
                        visit,
                        unit: unit.clone(),
                        holder: by.unit.clone(),
                        by,
                        since: event.at,
                        question: opinion.clone(),
                        done_on: None,
                        dropped: false,
                    });
                }
            }
            EventBody::ConsultEnded { step, units, .. } => {
                for unit in units {
                    self.consult_done(event, step, unit, true);
                }
            }
            EventBody::Opined { step, opinion, attachments } => {
                self.attach(attachments);
                self.act(event, step, CommandKind::Opine, None, false);
                self.opine(event, step, CommandKind::Opine, Some(opinion), None, false);
                if let Some(unit) = event.actor.as_ref().map(|actor| actor.unit.clone()) {
                    self.consult_done(event, step, &unit, false);
                }
            }
            EventBody::Recused { step, reason } => {
                if let Some(by) = event.actor.clone() {
                    self.strike(step, &by);
                    self.people.recusals.push(Recusal { by, reason: reason.clone(), on: event.on });
                    self.settle(step);
                }
            }
            EventBody::Drawn { step, drawn, .. } => {
                self.people.drawn.push((step.clone(), self.visit(step)));
                self.facts.insert(FACT_DRAWN.to_owned(), FactValue::List(drawn.clone()));
            }
            _ => {}
        }
    }

    fn consult_done(&mut self, event: &Event, step: &StepId, unit: &UnitCode, dropped: bool) {
        let visit = self.visit(step);
        let mut consults = self.people.consults.iter_mut();
        let mine = consults.find(|one| {
            one.done_on.is_none() && one.step == *step && one.visit == visit && one.unit == *unit
        });
        if let Some(consult) = mine {
            consult.done_on = Some(event.on);
            consult.dropped = dropped;
        }
    }

    /// A ballot cast in the open vote is struck: where each unit has one, another person of the unit may cast it.
    fn strike(&mut self, step: &StepId, by: &Actor) {
        let visit = self.visit(step);
        let open = self.step.as_mut().filter(|open| open.step == *step && open.counted.is_none());
        let Some(open) = open else { return };
        let mut ballots = self.acts.iter().filter(|act| {
            act.vote.is_some() && act.step == *step && act.visit == visit && act.by.person == by.person
        });
        let Some(ballot) = ballots.next() else { return };
        for key in ballot.facts.keys().filter(|_| !ballot.sealed) {
            self.facts.remove(key);
        }
        for seat in open.seats.iter_mut().filter(|seat| seat.unit == by.unit) {
            seat.done = None;
        }
    }

    /// The seat, its own clock and the opinions it asked for change hands; the clock goes on.
    fn handed_over(&mut self, event: &Event, step: &StepId, from: &UnitCode, to: &UnitCode) {
        let visit = self.visit(step);
        if let Some(open) = self.step.as_mut().filter(|open| open.step == *step) {
            open.seats.retain(|seat| seat.unit != *from || seat.done.is_some());
            if open.seats.iter().all(|seat| seat.unit != *to) {
                open.seats.push(Seat { unit: to.clone(), done: None });
            }
        }
        if let Some(units) = self.seated.get_mut(step) {
            units.retain(|unit| unit != from);
            if !units.contains(to) {
                units.push(to.clone());
            }
        }
        let mine = self
            .clocks
            .iter_mut()
            .filter(|clock| clock.done_on.is_none() && clock.step == *step && clock.visit == visit);
        for clock in mine.filter(|clock| clock.unit.as_ref() == Some(from)) {
            clock.unit = Some(to.clone());
        }
        let asked =
            self.people.consults.iter_mut().filter(|consult| {
                consult.done_on.is_none() && consult.step == *step && consult.visit == visit
            });
        for consult in asked.filter(|consult| consult.holder == *from) {
            consult.holder = to.clone();
        }
        let (step, from, to) = (step.clone(), from.clone(), to.clone());
        self.people.handovers.push(HandOver { step, visit, from, to, on: event.on });
    }
}
