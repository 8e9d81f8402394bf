//! Owed cases and commands on people in a scenario: whom a line is about, where it does not say.

use base::{Date, Id};

use super::{
    FACT_DELEGATE, FACT_MEETING, FACT_OWED, FACT_PRESENT, FACT_SEED, FACT_UNITS, Stage, person, stated, steer,
};
use crate::case::{
    Actor, CaseState, Command, Event, Meeting, OweCase, OwedCause, OwedClock, People, Rejection, STEP_OWED,
    available, number, owe,
};
use crate::pack::model::{ClockNature, CommandKind, FactValue, ScenarioEvent, UnitCode};

/// The day an owed case is due, if the line makes one owed.
pub(super) fn owed_until(line: &ScenarioEvent) -> Option<Date> {
    match line.facts.get(FACT_OWED) {
        Some(FactValue::Date(due)) => Some(*due),
        _ => None,
    }
}

impl Stage<'_> {
    /// `{日期: …, 做: 提交, 事实: {应办: 2026-10-10}}`: the platform makes the case owed until then.
    pub(super) fn owe(&self, line: &ScenarioEvent, due: Date) -> Result<Vec<Event>, Box<Rejection>> {
        let parties = self.parties();
        let mut facts = stated(line);
        let unit = self.opener(line, &parties, &mut facts);
        let now = self.now(line.on);
        let case = OweCase {
            id: Id::new(now, [7; 10]),
            number: number(&self.procedure.number_prefix, line.on.year(), 1),
            procedure: self.procedure.id.clone(),
            title: self.scenario.name.clone(),
            units: vec![unit.clone()],
            unit_name: unit,
            facts,
            parties,
            cause: OwedCause::Duty {
                name: self.scenario.name.clone(),
                en: self.scenario.name.clone(),
                period: line.on.to_string(),
                label: line.on.to_string(),
                label_en: line.on.to_string(),
            },
            due: Some(OwedClock {
                start: line.on,
                period: None,
                due,
                provisional: false,
                nature: ClockNature::Statutory,
                ladder: Vec::new(),
            }),
            clauses: Vec::new(),
        };
        owe(&self.context(now), &case)
    }

    /// What fills an owed case in: valid samples, without what the platform gave.
    pub(super) fn fill_owed(&self, command: &mut Command, state: &CaseState, line: &ScenarioEvent) {
        let opening = self.sample(line, &state.opener.unit);
        command.form = opening.form;
        command.attachments = opening.attachments;
        command.facts = opening.facts;
        command.facts.retain(|key, _| !state.facts.contains_key(key));
        command.observed = opening.observed;
        command.step = Some(STEP_OWED.to_owned());
    }

    /// Whom a command on people is about: as the line says, or whoever the button offers.
    pub(super) fn people(&self, state: &CaseState, actor: &Actor, line: &ScenarioEvent) -> People {
        let context = self.context(self.now(line.on));
        let buttons = available(state, actor, &context);
        let button = buttons.iter().find(|button| Some(button.command) == line.command);
        let offered = button.map(|button| button.asks.units.clone()).unwrap_or_default();
        let units = match named(line, FACT_UNITS) {
            Some(units) => units,
            None if line.command == Some(CommandKind::EndConsult) => offered,
            None => offered.into_iter().take(1).collect(),
        };
        let text = |key, sample: &str| steer(line, key).map_or_else(|| sample.to_owned(), String::clone);
        let procedure = self.procedure.steps.iter();
        let open = state.step.as_ref();
        let step = procedure.clone().find(|step| open.is_some_and(|open| open.step == step.id));
        let mut actions = step.into_iter().flat_map(|step| &step.actions);
        let action = actions.find(|action| Some(action.command) == line.command);
        let meets = action.is_some_and(|action| action.people.meeting.is_some());
        let seats = || state.step.iter().flat_map(|open| &open.seats).map(|seat| seat.unit.clone());
        let meeting = meets.then(|| Meeting {
            number: text(FACT_MEETING, "样例〔2026〕1号"),
            held_on: line.on,
            agenda: vec![state.id],
            present: named(line, FACT_PRESENT).unwrap_or_else(|| seats().collect()),
        });
        let colleague = text(FACT_DELEGATE, "样例受托人");
        let mut to = line.clone();
        to.facts.insert(super::FACT_PERSON.to_owned(), FactValue::Text(colleague));
        People {
            units,
            delegate: (line.command == Some(CommandKind::Delegate)).then(|| person(&to, "", &actor.unit, "")),
            seed: (line.command == Some(CommandKind::Draw)).then(|| text(FACT_SEED, "样例种子 2026")),
            meeting,
        }
    }
}

/// Units a steering fact names, one or several.
fn named(line: &ScenarioEvent, key: &str) -> Option<Vec<UnitCode>> {
    match line.facts.get(key)? {
        FactValue::List(units) => Some(units.clone()),
        FactValue::Text(unit) => Some(vec![unit.clone()]),
        _ => None,
    }
}
