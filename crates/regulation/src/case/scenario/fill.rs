//! What a line of a scenario does not say: who acts, and valid samples for everything that is asked for.

use std::collections::BTreeMap;

use base::Id;

use super::sample::{sample_attachment, sample_fact, sample_form};
use super::{FACT_NO_FIELD, FACT_PERSON, FACT_VOTE, OPENER, Stage, person, stated, steer};
use crate::case::{
    Actor, Attachment, Ballot, CaseState, Command, Defect, Event, OpenCase, Players, Rejection, decide,
    number, open, players,
};
use crate::pack::model::{Action, Binding, CommandKind, FactValue, Role, RoleKey, ScenarioEvent, UnitCode};

impl Stage<'_> {
    pub(super) fn open(&self, line: &ScenarioEvent) -> Result<Vec<Event>, Box<Rejection>> {
        let mut facts = stated(line);
        let opener = self.opener(line, &self.parties(), &mut facts);
        let case = self.sample(line, &opener);
        open(&self.context(self.now(line.on)), &case)
    }

    /// An opening by this unit, filled with valid samples where the line does not say.
    pub(super) fn sample(&self, line: &ScenarioEvent, opener: &UnitCode) -> OpenCase {
        let parties = self.parties();
        let mut facts = stated(line);
        self.opener(line, &parties, &mut facts);
        let actor = person(line, &self.procedure.opener, opener, "opener");
        let asked = self.procedure.facts.iter().chain(&self.procedure.observed);
        for rule in asked.filter(|rule| rule.required) {
            let party = self.party(&rule.key);
            facts.entry(rule.key.clone()).or_insert_with(|| sample_fact(rule.kind, line.on, &party));
        }
        for role in self.pack.roles.values() {
            if let Binding::Fact(key) = &role.binding {
                facts.entry(key.clone()).or_insert_with(|| FactValue::List(vec![self.party(key)]));
            }
        }
        let form = self.procedure.form.as_ref().and_then(|form| self.pack.forms.get(form));
        let form = form.map(|form| sample_form(form, line.on, &facts, steer(line, FACT_NO_FIELD)));
        let (form, set) = form.unwrap_or_default();
        facts.retain(|key, _| !set.contains(key));
        let declared = |key: &String| self.procedure.facts.iter().any(|rule| rule.key == *key);
        let (facts, observed) = facts.into_iter().partition(|(key, _)| declared(key));
        let required = self.procedure.attachments.iter().filter(|rule| rule.required);
        let attachments = files(line, required.map(|rule| &rule.name));
        let now = self.now(line.on);
        OpenCase {
            id: Id::new(now, [7; 10]),
            number: number(&self.procedure.number_prefix, line.on.year(), 1),
            procedure: self.procedure.id.clone(),
            actor,
            title: self.scenario.name.clone(),
            form,
            attachments,
            facts,
            observed,
            parties,
        }
    }

    /// The unit that opens the case; where a fact names it and none is given, the fact is observed.
    pub(super) fn opener(
        &self,
        line: &ScenarioEvent,
        parties: &BTreeMap<RoleKey, Vec<UnitCode>>,
        facts: &mut BTreeMap<String, FactValue>,
    ) -> UnitCode {
        let named = line.unit.clone().unwrap_or_else(|| OPENER.to_owned());
        let Some(role) = self.pack.roles.get(&self.procedure.opener) else {
            return named;
        };
        let first = match &role.binding {
            Binding::Fixed => role.units.first().or(parties.get(&role.key).and_then(|units| units.first())),
            Binding::Fact(key) => {
                let party = line.unit.clone().unwrap_or_else(|| self.party(key));
                match facts.entry(key.clone()).or_insert(FactValue::Text(party)) {
                    FactValue::Text(unit) => Some(&*unit),
                    FactValue::List(units) => units.first(),
                    _ => None,
                }
            }
            Binding::Opener | Binding::Anyone => None,
        };
        match (&line.unit, first) {
            (None, Some(first)) => first.clone(),
            _ => named,
        }
    }

    pub(super) fn decide(
        &self,
        state: &CaseState,
        line: &ScenarioEvent,
    ) -> Result<Vec<Event>, Box<Rejection>> {
        let current = state.step.as_ref().map(|open| open.step.as_str()).unwrap_or_default();
        let step = self.procedure.steps.iter().find(|step| step.id == current);
        let actions = step.map(|step| step.actions.as_slice()).unwrap_or_default();
        let kind = line.command.unwrap_or(CommandKind::Submit);
        let action = actions.iter().find(|action| action.command == kind);
        let votes = state.acts.iter().filter(|act| act.step == current && act.vote.is_some()).count();
        let actor = self.actor(state, line, &format!("{current}#{votes}"));
        let mut command = Command { step: line.step.clone(), ..Command::new(kind) };
        command.opinion = Some("样例意见".to_owned());
        command.vote = Some(match steer(line, FACT_VOTE).map(String::as_str) {
            Some("不同意") => Ballot::Refuse,
            _ => Ballot::Approve,
        });
        command.people = self.people(state, &actor, line);
        let mut facts = stated(line);
        if kind == CommandKind::Submit && state.waits_for_opener() {
            self.fill_owed(&mut command, state, line);
            return decide(state, &command, &actor, &self.context(self.now(line.on)));
        }
        let supplement = kind == CommandKind::Supplement && state.awaiting.is_some();
        if supplement {
            command.attachments = files(line, std::iter::empty());
            if command.attachments.is_empty() {
                command.attachments = vec![sample_attachment("补正材料")];
            }
            let declared = |key: &String| self.procedure.facts.iter().any(|rule| rule.key == *key);
            (command.facts, command.observed) = facts.into_iter().partition(|(key, _)| declared(key));
        } else {
            command.attachments =
                files(line, action.iter().flat_map(|one| &one.attachments).map(|one| &one.name));
            if let Some(action) = action {
                self.fill(&mut command, action, line, &mut facts);
            }
            command.observed = facts;
        }
        if kind == CommandKind::ReturnForCorrection {
            command.defects = vec![Defect { field: "样例".to_owned(), note: "请补正".to_owned() }];
        }
        decide(state, &command, &actor, &self.context(self.now(line.on)))
    }

    /// Fills an action's form and facts; what it does not ask for stays in `facts`.
    fn fill(
        &self,
        command: &mut Command,
        action: &Action,
        line: &ScenarioEvent,
        facts: &mut BTreeMap<String, FactValue>,
    ) {
        for rule in &action.facts {
            let given = facts.remove(&rule.key);
            let value = given
                .or_else(|| rule.required.then(|| sample_fact(rule.kind, line.on, &self.party(&rule.key))));
            if let Some(value) = value {
                command.facts.insert(rule.key.clone(), value);
            }
        }
        if let Some(form) = action.form.as_ref().and_then(|form| self.pack.forms.get(form)) {
            let (values, set) = sample_form(form, line.on, facts, steer(line, FACT_NO_FIELD));
            command.form = values;
            facts.retain(|key, _| !set.contains(key));
        }
    }

    /// The acting person: of the unit named, or the first unit of the role with an open task.
    fn actor(&self, state: &CaseState, line: &ScenarioEvent, place: &str) -> Actor {
        let Some(role) = &line.role else {
            let opener = &state.opener;
            let named = line.unit.is_some() || steer(line, FACT_PERSON).is_some();
            return if !named && !state.waits_for_opener() {
                opener.clone()
            } else {
                let unit = line.unit.as_ref().unwrap_or(&opener.unit);
                person(line, &self.procedure.opener, unit, "opener")
            };
        };
        let context = self.context(self.now(line.on));
        let units = match players(&context, role, &state.opener.unit, &state.facts, &state.parties) {
            Players::Anyone => Vec::new(),
            Players::Units(units) => units,
        };
        let waiting = |unit: &&UnitCode| {
            let mut seats = state.step.iter().flat_map(|open| &open.seats);
            seats.any(|seat| seat.unit == **unit && seat.done.is_none())
        };
        let first = units.iter().find(waiting).or(units.first());
        let unit = line.unit.as_ref().or(first).cloned().unwrap_or_else(|| format!("sample-{role}"));
        person(line, role, &unit, place)
    }

    /// The unit a fact names where the scenario does not: the first the pack lists for the role it binds, else one of
    /// its own, so that two facts do not name the same unit by chance.
    pub(super) fn party(&self, key: &str) -> UnitCode {
        let bound = |role: &&Role| matches!(&role.binding, Binding::Fact(fact) if fact == key);
        let listed = self.pack.roles.values().find(bound).and_then(|role| role.units.first());
        listed.cloned().unwrap_or_else(|| format!("sample-{key}"))
    }

    /// Open roles without a way to find their units get one party each.
    pub(super) fn parties(&self) -> BTreeMap<RoleKey, Vec<UnitCode>> {
        let open = self.pack.roles.values();
        open.filter(|role| role.binding == Binding::Fixed && role.units.is_empty())
            .map(|role| (role.key.clone(), vec![format!("sample-{}", role.key)]))
            .collect()
    }
}

/// The files of a line: those that are asked for, without what is missing, and what else comes along.
fn files<'a>(line: &'a ScenarioEvent, asked: impl Iterator<Item = &'a String>) -> Vec<Attachment> {
    let mut names: Vec<&String> = asked.filter(|name| !line.missing.contains(name)).collect();
    let more: Vec<&String> = line.attached.iter().filter(|name| !names.contains(name)).collect();
    names.extend(more);
    names.into_iter().map(|name| sample_attachment(name)).collect()
}
