//! Stories of cases: the scenarios of the county's pack, played through the kernel on days before today, as long as the
//! case stays open. A story is told again of many cases, with other ids, numbers, persons and units.

use anyhow::{Context as _, Result, ensure};
use app::cases::{CaseRecord, facts};
use app::regulation::case::scenario::play;
use app::regulation::case::{Context, Event, EventBody, evolve, fold, note, tick};
use app::regulation::pack::{Binding, FactValue, Procedure, Scenario};
use base::{Id, Timestamp, canonical_json, kind};
use storage::events::NewEvent;

use crate::law::{Law, county_id};
use crate::{BEGIN, NOW, case_id, id_of, operator, somebody};

/// Rounds of ringing until the clock has nothing more to say today.
const ROUNDS_MAX: usize = 16;
/// Persons who share the work of one in the scenarios.
const PERSONS: u32 = 20;
const DAY: i64 = 86_400;
/// A remark of usual length.
const REMARK: &str = "已与经办人电话核对申报材料，内容一致；原件存档，待下次会商时一并说明有关情况。";

/// A case that can be told again.
pub(crate) struct Story {
    /// When each event happened.
    at: Vec<Timestamp>,
    /// The bodies of the events, a line each, and the record's at the end.
    text: String,
    /// What is written into each retelling.
    case: String,
    number: String,
    prefix: String,
    operators: Vec<String>,
    persons: Vec<String>,
    digest: String,
    /// Something is due tomorrow.
    pub(crate) due: bool,
    /// Events.
    pub(crate) length: usize,
}

/// A case as it will be stored.
pub(crate) struct Told {
    pub(crate) id: Id<kind::Case>,
    pub(crate) events: Vec<NewEvent>,
    pub(crate) record: CaseRecord,
}

/// The county a case is told of.
pub(crate) struct County {
    pub(crate) number: u32,
    pub(crate) digest: String,
}

/// The authorisation of a county.
pub(crate) fn tenant_id(county: u32) -> Id<kind::Tenant> {
    id_of(BEGIN, &format!("tenant {county}"))
}

/// The stories of a pack, each with about so many events (between half and one and a half times as many), ending so many
/// days before today.
///
/// # Errors
/// If the kernel refuses what it made itself.
pub(crate) fn stories(law: &Law, events: usize, days: &[i32]) -> Result<Vec<Story>> {
    let mut stories = Vec::new();
    for (index, scenario) in law.model.scenarios.iter().enumerate() {
        for (place, back) in days.iter().enumerate() {
            let wanted = events / 2 + (index * 7 + place * 3) % (events + 1);
            stories.extend(story(law, scenario, *back, wanted)?);
        }
    }
    Ok(stories)
}

fn story(law: &Law, scenario: &Scenario, back: i32, wanted: usize) -> Result<Option<Story>> {
    let pack = &law.model;
    let Some(procedure) = pack.procedures.get(&scenario.procedure) else { return Ok(None) };
    // What anybody may start (an objection) has a projection of its own.
    if pack.roles.get(&procedure.opener).is_none_or(|role| role.binding == Binding::Anyone) {
        return Ok(None);
    }
    let context = |now| Context { pack, calendar: &law.calendar, now };
    let Some(mut events) = played(law, scenario, procedure, back) else { return Ok(None) };
    let Some(mut state) = fold(&events).filter(|state| state.ended.is_none()) else { return Ok(None) };
    let tomorrow = tick(&state, &context(NOW.plus_seconds(DAY)));
    // What the clock does tomorrow stays within the case: nothing else of the platform is there for it.
    let reaches_out = |event: &Event| {
        matches!(
            event.body,
            EventBody::EffectDue { .. } | EventBody::OpensCase { .. } | EventBody::Ended { .. }
        )
    };
    if !tick(&state, &context(NOW)).is_empty() || tomorrow.iter().any(reaches_out) {
        return Ok(None);
    }
    let now = events.last().map_or(NOW, |event| event.at);
    while events.len() < wanted {
        let Ok(remark) = note(&state, REMARK, &somebody(&state.opener.unit), &context(now)) else { break };
        state = remark.iter().fold(Some(state), evolve).context("no state")?;
        events.extend(remark);
    }
    let record = CaseRecord::of(&state, &context(now), now);
    // Every unit that the pack does not name is the county's operator.
    let mut operators: Vec<String> = record.participants.clone();
    operators.push(state.opener.unit.clone());
    operators.retain(|unit| !pack.roles.values().any(|role| role.units.contains(unit)));
    let mut persons: Vec<String> =
        events.iter().filter_map(|event| Some(event.actor.as_ref()?.person.to_string())).collect();
    persons.sort();
    persons.dedup();
    let mut text = String::new();
    for event in &events {
        text.push_str(&String::from_utf8(canonical_json(event)?)?);
        text.push('\n');
    }
    text.push_str(&serde_json::to_string(&record)?);
    Ok(Some(Story {
        at: events.iter().map(|event| event.at).collect(),
        text,
        case: state.id.to_string(),
        number: state.number.clone(),
        prefix: procedure.number_prefix.clone(),
        operators,
        persons,
        digest: pack.digest.to_string(),
        due: !tomorrow.is_empty(),
        length: events.len(),
    }))
}

/// What happened in a scenario that ended so many days before today, and what the clock did until today.
fn played(law: &Law, scenario: &Scenario, procedure: &Procedure, back: i32) -> Option<Vec<Event>> {
    let pack = &law.model;
    let today = NOW.date_at(pack.counting.utc_offset_seconds);
    let shift = today.days() - back - scenario.given.last()?.on.days();
    let mut scenario = scenario.clone();
    scenario.given.iter_mut().for_each(|line| line.on = line.on.plus_days(shift));
    let mut events = play(pack, &law.calendar, &scenario).events;
    // A case about an authorisation is about one that there is.
    if procedure.facts.iter().any(|rule| rule.key == facts::TENANT) {
        let tenant = FactValue::Text(tenant_id(0).to_string());
        for event in &mut events {
            if let EventBody::Opened { facts, .. } | EventBody::Owed { facts, .. } = &mut event.body {
                facts.insert(facts::TENANT.to_owned(), tenant.clone());
            }
        }
    }
    for _ in 0..ROUNDS_MAX {
        let rang = tick(&fold(&events)?, &Context { pack, calendar: &law.calendar, now: NOW });
        if rang.is_empty() {
            break;
        }
        events.extend(rang);
    }
    Some(events)
}

impl Story {
    /// Tells it of another case.
    ///
    /// # Errors
    /// If what comes out is no case.
    pub(crate) fn told(&self, number: u32, county: &County) -> Result<Told> {
        let id = case_id(number);
        let mut text = self.text.replace(&self.case, &id.to_string());
        let mut swap = |from: &str, to: &str| text = text.replace(from, to);
        swap(&format!("\"{}\"", self.number), &format!("\"{}-2026-9{number:06}\"", self.prefix));
        swap(&self.digest, &county.digest);
        swap(&format!("\"{}\"", county_id(0)), &format!("\"{}\"", county_id(county.number)));
        swap(&tenant_id(0).to_string(), &tenant_id(county.number).to_string());
        for unit in &self.operators {
            swap(&format!("\"{unit}\""), &format!("\"{}\"", operator(county.number)));
        }
        for person in &self.persons {
            let (head, _) = person.split_at(person.len() - 2);
            swap(person, &format!("{head}{:02x}", number % PERSONS));
        }
        let mut lines: Vec<&str> = text.split('\n').collect();
        let record = lines.pop().context("no record")?;
        ensure!(lines.len() == self.at.len(), "an event of more than one line");
        let mut record: CaseRecord = serde_json::from_str(record)?;
        ensure!(record.id == id, "the record is another case's");
        // No two cases were touched in the same instant.
        record.updated_at = Timestamp::from_micros(record.updated_at.micros() + i64::from(number));
        let event = |(line, at): (&&str, &Timestamp)| NewEvent {
            kind: "case".to_owned(),
            at: *at,
            body: line.as_bytes().to_vec(),
        };
        Ok(Told { id, events: lines.iter().zip(&self.at).map(event).collect(), record })
    }
}
