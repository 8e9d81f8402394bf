//! Runs a pack's scenario tests through the real kernel: open, decide and a tick for every day that passes.
//!
//! A scenario tells who did what on which day; forms, attachments, opinions and facts it does not mention are filled
//! with valid samples. The files that must come with a step are all there unless 缺附件 names them; 附件 names what comes
//! besides. Some facts steer the run instead of being stated:
//! `经办人` names the person (two lines with the same name are the same person), `表决` is the vote (`同意` or
//! `不同意`), `缺字段` leaves a field out; `应办` on the first line makes the case owed until that day, and the next `提交`
//! fills it in; `对象机构`, `受托人`, `种子`, `会议文号` and `出席` say whom a command on people and units is about.

mod expect;
mod fill;
mod people;
mod sample;

use std::collections::BTreeMap;

use base::{Date, Digest, Id, Timestamp, kind};
use serde::Serialize;

use super::{Actor, CaseState, Context, Event, EventBody, Rejection, evolve, tick};
use crate::calendar::{Calendar, DAYS_MAX};
use crate::pack::model::{CommandKind, FactValue, Pack, Procedure, Scenario, ScenarioEvent, ScenarioPlace};

pub use sample::{sample_attachment, sample_fact, sample_form};

const FACT_PERSON: &str = "经办人";
const FACT_VOTE: &str = "表决";
const FACT_NO_FIELD: &str = "缺字段";
const FACT_OWED: &str = "应办";
const FACT_UNITS: &str = "对象机构";
const FACT_DELEGATE: &str = "受托人";
const FACT_SEED: &str = "种子";
const FACT_MEETING: &str = "会议文号";
const FACT_PRESENT: &str = "出席";
const STEERING: [&str; 9] = [
    FACT_PERSON,
    FACT_VOTE,
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
    /// The file the scenario is written in; empty if it comes from none.
    pub file: String,
    /// The line of that file, from 1: of the line of the story, or of what is expected.
    pub at: u32,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl ScenarioFailure {
    /// A failure of a scenario that is written at `place`; `at` is the line of the step, where one failed.
    pub(crate) fn new(
        name: &str,
        place: &ScenarioPlace,
        line: Option<(usize, u32)>,
        zh: String,
        en: String,
    ) -> Self {
        let at = line.map_or(place.then, |(_, at)| at);
        let (scenario, file) = (name.to_owned(), place.file.clone());
        Self { scenario, line: line.map(|(line, _)| line), file, at, zh, en }
    }

    /// File and line, `scenarios/期限.yaml:12`; empty for a scenario that no file holds.
    #[must_use]
    pub fn place(&self) -> String {
        if self.file.is_empty() { String::new() } else { format!("{}:{}", self.file, self.at) }
    }
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
        let failure = ScenarioFailure::new(&scenario.name, &scenario.place, None, zh, en);
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
        attached: Vec::new(),
        missing: Vec::new(),
        line: 0,
    };
    let scenario = Scenario {
        name: procedure.id.clone(),
        procedure: procedure.id.clone(),
        given: Vec::new(),
        then: Vec::new(),
        clauses: Vec::new(),
        place: ScenarioPlace::default(),
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
        let told = |line: usize| line.checked_sub(1).and_then(|index| self.scenario.given.get(index));
        let line = line.map(|line| (line, told(line).map_or(self.scenario.place.line, |event| event.line)));
        Box::new(ScenarioFailure::new(&self.scenario.name, &self.scenario.place, line, zh, en))
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
