//! Events are stored for ever: their JSON may grow, never change. The golden file holds one of each.

use std::collections::BTreeSet;

use super::fixture::*;
use crate::case::scenario::sample_attachment;
use crate::case::*;
use crate::pack::model::*;

const GOLDEN: &str = include_str!("events.json");

fn one_of_each() -> Vec<Event> {
    let mut play = Play::open("2026-10-12");
    play.on("2026-10-20").tick();
    play.try_do(&actor("受", BUREAU), &return_command()).unwrap();
    play.try_do(&actor("申", APPLICANT), &supplement_command()).unwrap();
    let noted = note(&play.state, "已电话联系", &actor("受", BUREAU), &play.context()).unwrap();
    play.add(noted);
    play.until_vote();
    for (expert, kind) in
        [("甲", CommandKind::Approve), ("乙", CommandKind::Refuse), ("丙", CommandKind::Approve)]
    {
        play.act((expert, PANEL), kind);
    }
    play.act(("某", "citizen"), CommandKind::Object).act(("受", BUREAU), CommandKind::Dispute);
    let mut resolve = Command::new(CommandKind::Resolve);
    resolve.opinion = Some("维持".to_owned());
    resolve.facts.insert("会议召开".to_owned(), FactValue::Flag(true));
    resolve.attachments = vec![sample_attachment("会议纪要")];
    play.try_do(&actor("协", COORDINATION), &resolve).unwrap();
    play.on("2026-10-30").tick();
    let sign = play.sign_command("12.5");
    play.try_do(&actor("申", APPLICANT), &sign).unwrap();
    let mut seen = BTreeSet::new();
    play.events.retain(|event| seen.insert(kind_of(event)));
    play.events
}

const GOLDEN_PEOPLE: &str = include_str!("events_people.json");

/// One of each event of owed cases and of commands on people.
fn one_of_each_among_people() -> Vec<Event> {
    let mut events = [super::owed::story(), super::people::story()].concat();
    let mut seen: BTreeSet<String> = one_of_each().iter().map(kind_of).collect();
    seen.remove("resolved");
    events.retain(|event| seen.insert(kind_of(event)));
    events
}

#[test]
fn events_among_people_keep_their_shape() {
    let events = one_of_each_among_people();
    let kinds: Vec<String> = events.iter().map(kind_of).collect();
    assert_eq!(kinds.len(), 11, "one of each kind of event: {kinds:?}");
    let json = serde_json::to_string_pretty(&events).unwrap() + "\n";
    // To take over a deliberate addition, write `json` to tests/events_people.json.
    assert_eq!(json, GOLDEN_PEOPLE);
    let stored: Vec<Event> = serde_json::from_str(GOLDEN_PEOPLE).unwrap();
    assert_eq!(stored, events);
}

fn kind_of(event: &Event) -> String {
    serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned()
}

#[test]
fn events_keep_their_shape() {
    let events = one_of_each();
    assert_eq!(events.len(), 17, "one of each kind of event");
    let json = serde_json::to_string_pretty(&events).unwrap() + "\n";
    // To take over a deliberate addition, write `json` to tests/events.json.
    assert_eq!(json, GOLDEN);
}

#[test]
fn stored_events_are_readable() {
    let events: Vec<Event> = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!(events, one_of_each());
    let canonical = base::canonical_json(&events).unwrap();
    assert_eq!(serde_json::from_slice::<Vec<Event>>(&canonical).unwrap(), events);
}
