//! Runs a pack's scenario tests through the real kernel: open, decide and a tick for every day that passes.
//!
//! A scenario tells who did what on which day; forms, attachments, opinions and facts it does not mention are filled
//! with valid samples. Some facts steer the run instead of being stated:
//! `经办人` names the person (two lines with the same name are the same person), `表决` is the vote (`同意` or
//! `不同意`), `缺附件` and `缺字段` leave an attachment or a field out; `应办` on the first line makes the case owed until
//! that day, and the next `提交` fills it in; `对象机构`, `受托人`, `种子`, `会议文号` and `出席` say whom a command on people
//! and units is about.

mod expect;
mod people;
mod sample;

use std::collections::BTreeMap;

use base::{Date, Digest, Id, Timestamp, kind};
use serde::Serialize;

use super::{
    Actor, Ballot, CaseState, Command, Context, Defect, Event, EventBody, OpenCase, Players, Rejection,
    decide, evolve, number, open, players, tick,
};
use crate::calendar::{Calendar, DAYS_MAX};
use crate::pack::model::{
    Action, Binding, CommandKind, FactValue, Pack, Procedure, Role, RoleKey, Scenario, ScenarioEvent,
    UnitCode,
};

pub use sample::{sample_attachment, sample_fact, sample_form};

const FACT_PERSON: &str = "经办人";
const FACT_VOTE: &str = "表决";
const FACT_NO_ATTACHMENT: &str = "缺附件";
const FACT_NO_FIELD: &str = "缺字段";
const FACT_OWED: &str = "应办";
const FACT_UNITS: &str = "对象机构";
const FACT_DELEGATE: &str = "受托人";
const FACT_SEED: &str = "种子";
const FACT_MEETING: &str = "会议文号";
const FACT_PRESENT: &str = "出席";
const STEERING: [&str; 10] = [
    FACT_PERSON,
    FACT_VOTE,
    FACT_NO_ATTACHMENT,
    FACT_NO_FIELD,
    FACT_OWED,
    FACT_UNITS,
    FACT_DELEGATE,
    FACT_SEED,
    FACT_MEETING,
    FACT_PRESENT,
];
/// The unit that opens a case where the pack names none.
const OPENER: &str = "sample-applicant";

/// Something a scenario expected and did not find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScenarioFailure {
    /// The scenario's name.
    pub scenario: String,
    /// The line of its story, from 1; `None` for an expectation at the end.
    pub line: Option<usize>,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// Runs all scenarios of a pack, those of its duties included; an empty list means that all hold.
#[must_use]
pub fn run(pack: &Pack, calendar: &Calendar) -> Vec<ScenarioFailure> {
    let cases = pack.scenarios.iter().flat_map(|scenario| run_one(pack, calendar, scenario));
    let duties = pack.duty_scenarios.iter();
    let duties = duties.flat_map(|scenario| crate::duty::run_one(pack, calendar, scenario));
    cases.chain(duties).collect()
}

/// Runs one scenario.
#[must_use]
pub fn run_one(pack: &Pack, calendar: &Calendar, scenario: &Scenario) -> Vec<ScenarioFailure> {
    play(pack, calendar, scenario).failures
}

/// What a scenario's run left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What was expected and not found.
    pub failures: Vec<ScenarioFailure>,
    /// The refusal of the last line, if it was refused.
    pub refused: Option<Box<Rejection>>,
    /// What happened to the case; empty if it was never opened.
    pub events: Vec<Event>,
}

impl Run {
    /// The clock, not a person, brought the case where it stands.
    #[must_use]
    pub fn moved_by_clock(&self) -> bool {
        let entered = |event: &&Event| matches!(event.body, EventBody::StepEntered { .. });
        self.events.iter().rfind(entered).is_some_and(|event| event.actor.is_none())
    }
}

/// Runs one scenario and keeps what it shows.
#[must_use]
pub fn play(pack: &Pack, calendar: &Calendar, scenario: &Scenario) -> Run {
    let Some(procedure) = pack.procedures.get(&scenario.procedure) else {
        let name = &scenario.procedure;
        let (zh, en) = (format!("没有“{name}”程序"), format!("there is no procedure `{name}`"));
        let failure = ScenarioFailure { scenario: scenario.name.clone(), line: None, zh, en };
        return Run { failures: vec![failure], refused: None, events: Vec::new() };
    };
    let mut stage = Stage {
        pack,
        calendar,
        scenario,
        procedure,
        day: None,
        state: None,
        refused: None,
        events: Vec::new(),
    };
    let failures = match stage.play() {
        Ok(()) => stage.check(),
        Err(failure) => vec![*failure],
    };
    Run { failures, refused: stage.refused, events: stage.events }
}

/// Opens a case of a procedure with valid samples, as the scenarios do.
///
/// # Errors
/// The kernel's rejection.
pub fn sample_opening(
    pack: &Pack,
    calendar: &Calendar,
    procedure: &Procedure,
    on: Date,
) -> Result<Vec<Event>, Box<Rejection>> {
    let line = ScenarioEvent {
        on,
        role: None,
        unit: None,
        command: Some(CommandKind::Submit),
        step: None,
        facts: BTreeMap::new(),
    };
    let scenario = Scenario {
        name: procedure.id.clone(),
        procedure: procedure.id.clone(),
        given: Vec::new(),
        then: Vec::new(),
        clauses: Vec::new(),
    };
    let stage = Stage {
        pack,
        calendar,
        scenario: &scenario,
        procedure,
        day: None,
        state: None,
        refused: None,
        events: Vec::new(),
    };
    stage.open(&line)
}

struct Stage<'a> {
    pack: &'a Pack,
    calendar: &'a Calendar,
    scenario: &'a Scenario,
    procedure: &'a Procedure,
    day: Option<Date>,
    state: Option<CaseState>,
    refused: Option<Box<Rejection>>,
    events: Vec<Event>,
}

type Played<T> = Result<T, Box<ScenarioFailure>>;

impl Stage<'_> {
    fn play(&mut self) -> Played<()> {
        for (index, line) in self.scenario.given.iter().enumerate() {
            if let Some(refused) = &self.refused {
                let (zh, en) = (format!("被拒绝：{}", refused.zh), format!("refused: {}", refused.en));
                return Err(self.failure(Some(index), zh, en));
            }
            self.pass_days(index + 1, line.on)?;
            let decided = match &self.state {
                _ if line.command.is_none() && self.state.is_some() => Ok(Vec::new()),
                None if line.command == Some(CommandKind::Submit) => match people::owed_until(line) {
                    Some(due) => self.owe(line, due),
                    None => self.open(line),
                },
                None => {
                    let (zh, en) = ("第一行应为“提交”", "the first line must be a submission");
                    return Err(self.failure(Some(index + 1), zh.to_owned(), en.to_owned()));
                }
                Some(state) => self.decide(state, line),
            };
            match decided {
                Ok(events) => self.fold(events),
                Err(rejection) => self.refused = Some(rejection),
            }
        }
        Ok(())
    }

    /// Lets the clock tick on every day up to this one.
    fn pass_days(&mut self, line: usize, on: Date) -> Played<()> {
        let from = self.day.unwrap_or(on);
        if on < from || on.days() - from.days() > DAYS_MAX.cast_signed() {
            let (zh, en) = (format!("{on} 早于前一行或相隔过久"), format!("{on} is before the line above"));
            return Err(self.failure(Some(line), zh, en));
        }
        let mut first = from.days();
        while let Some(day) = self.next_tick(first, on.days()) {
            let now = self.morning(day);
            if let Some(state) = &self.state {
                let events = tick(state, &self.context(now));
                self.fold(events);
            }
            first = day.saturating_add(1);
        }
        self.day = Some(on);
        Ok(())
    }

    /// The first day on which the clock has something to do. What is due stays due until it is done, so the days need
    /// not be tried one by one.
    fn next_tick(&self, first: i32, last: i32) -> Option<i32> {
        let state = self.state.as_ref()?;
        let rings = |day: i32| !tick(state, &self.context(self.morning(day))).is_empty();
        if first > last || !rings(last) {
            return None;
        }
        let (mut quiet, mut rang) = (first.saturating_sub(1), last);
        while rang - quiet > 1 {
            let middle = quiet + (rang - quiet) / 2;
            if rings(middle) { rang = middle } else { quiet = middle }
        }
        Some(rang)
    }

    fn morning(&self, day: i32) -> Timestamp {
        Date::from_days(day).start_at(self.pack.counting.utc_offset_seconds).plus_seconds(3_600)
    }

    fn open(&self, line: &ScenarioEvent) -> Result<Vec<Event>, Box<Rejection>> {
        let mut facts = stated(line);
        let opener = self.opener(line, &self.parties(), &mut facts);
        let case = self.sample(line, &opener);
        open(&self.context(self.now(line.on)), &case)
    }

    /// An opening by this unit, filled with valid samples where the line does not say.
    fn sample(&self, line: &ScenarioEvent, opener: &UnitCode) -> OpenCase {
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
        let missing = steer(line, FACT_NO_ATTACHMENT);
        let required = self.procedure.attachments.iter().filter(|rule| rule.required);
        let attachments = required.filter(|rule| missing != Some(&rule.name));
        let now = self.now(line.on);
        OpenCase {
            id: Id::new(now, [7; 10]),
            number: number(&self.procedure.number_prefix, line.on.year(), 1),
            procedure: self.procedure.id.clone(),
            actor,
            title: self.scenario.name.clone(),
            form,
            attachments: attachments.map(|rule| sample_attachment(&rule.name)).collect(),
            facts,
            observed,
            parties,
        }
    }

    /// The unit that opens the case; where a fact names it and none is given, the fact is observed.
    fn opener(
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

    fn decide(&self, state: &CaseState, line: &ScenarioEvent) -> Result<Vec<Event>, Box<Rejection>> {
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
            command.attachments = vec![sample_attachment("补正材料")];
            let declared = |key: &String| self.procedure.facts.iter().any(|rule| rule.key == *key);
            (command.facts, command.observed) = facts.into_iter().partition(|(key, _)| declared(key));
        } else {
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

    /// Fills an action's form, facts and attachments; what it does not ask for stays in `facts`.
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
        let missing = steer(line, FACT_NO_ATTACHMENT);
        let names = action.attachments.iter().map(|one| &one.name).filter(|name| missing != Some(*name));
        command.attachments = names.map(|name| sample_attachment(name)).collect();
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
    fn party(&self, key: &str) -> UnitCode {
        let bound = |role: &&Role| matches!(&role.binding, Binding::Fact(fact) if fact == key);
        let listed = self.pack.roles.values().find(bound).and_then(|role| role.units.first());
        listed.cloned().unwrap_or_else(|| format!("sample-{key}"))
    }

    /// Open roles without a way to find their units get one party each.
    fn parties(&self) -> BTreeMap<RoleKey, Vec<UnitCode>> {
        let open = self.pack.roles.values();
        open.filter(|role| role.binding == Binding::Fixed && role.units.is_empty())
            .map(|role| (role.key.clone(), vec![format!("sample-{}", role.key)]))
            .collect()
    }

    fn fold(&mut self, events: Vec<Event>) {
        self.state = events.iter().fold(self.state.take(), evolve);
        self.events.extend(events);
    }

    fn now(&self, on: Date) -> Timestamp {
        let minutes = i64::try_from(self.events.len()).unwrap_or(0).min(600);
        on.start_at(self.pack.counting.utc_offset_seconds).plus_seconds(10 * 3_600 + minutes)
    }

    fn context(&self, now: Timestamp) -> Context<'_> {
        Context { pack: self.pack, calendar: self.calendar, now }
    }

    fn failure(&self, line: Option<usize>, zh: String, en: String) -> Box<ScenarioFailure> {
        Box::new(ScenarioFailure { scenario: self.scenario.name.clone(), line, zh, en })
    }
}

/// Facts of a line that are stated, not steering.
fn stated(line: &ScenarioEvent) -> BTreeMap<String, FactValue> {
    let facts = line.facts.iter().filter(|(key, _)| !STEERING.contains(&key.as_str()));
    facts.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn steer<'a>(line: &'a ScenarioEvent, key: &str) -> Option<&'a String> {
    match line.facts.get(key) {
        Some(FactValue::Text(text)) => Some(text),
        _ => None,
    }
}

/// One person per role, unit and place, unless the line names them.
fn person(line: &ScenarioEvent, role: &str, unit: &str, place: &str) -> Actor {
    let name = match steer(line, FACT_PERSON) {
        Some(name) => name.clone(),
        None => format!("{role}-{unit}-{place}"),
    };
    let mut random = [0; 10];
    for (byte, from) in random.iter_mut().zip(Digest::of(name.as_bytes()).0) {
        *byte = from;
    }
    Actor {
        person: Id::<kind::Person>::new(Timestamp::from_micros(0), random),
        unit: unit.to_owned(),
        unit_name: unit.to_owned(),
        person_name: name,
    }
}
