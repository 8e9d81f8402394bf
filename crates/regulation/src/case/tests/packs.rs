//! The packs of the repository: their scenarios hold, and random lives keep the kernel's promises in them too.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::fixture::{actor, date};
use super::properties::{check_wakes, moves, play};
use crate::calendar::tests::national;
use crate::case::scenario::{play as play_scenario, run, run_one, sample_opening};
use crate::case::{Actor, Context, evolve, wakes};
use crate::pack::{Binding, Pack, SourceFile, load};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs");

fn texts(folder: &Path, into: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "typ") {
            let text = std::fs::read_to_string(&path).unwrap();
            into.push(SourceFile { path: path.display().to_string(), text });
        }
    }
}

/// All packs with a header, parents first.
pub(super) static PACKS: LazyLock<BTreeMap<String, Pack>> = LazyLock::new(|| {
    let mut waiting = Vec::new();
    for entry in std::fs::read_dir(ROOT).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(header) = std::fs::read_to_string(folder.join("pack.yaml")) else { continue };
        let parent =
            header.lines().find_map(|line| line.strip_prefix("上级:")).map(|id| id.trim().to_owned());
        let mut files = Vec::new();
        texts(&folder, &mut files);
        waiting.push((parent, files));
    }
    let mut packs: BTreeMap<String, Pack> = BTreeMap::new();
    while !waiting.is_empty() {
        let ready =
            |(parent, _): &(Option<String>, _)| parent.as_ref().is_none_or(|id| packs.contains_key(id));
        let index = waiting.iter().position(ready).expect("every parent is there");
        let (parent, files) = waiting.swap_remove(index);
        let pack = load(&files, parent.as_ref().map(|id| &packs[id])).unwrap();
        packs.insert(pack.id.clone(), pack);
    }
    packs
});

#[test]
fn every_scenario_holds() {
    let calendar = national();
    assert!(PACKS.values().any(|pack| !pack.scenarios.is_empty()));
    for pack in PACKS.values() {
        assert_eq!(run(pack, &calendar), [], "{}", pack.id);
    }
}

/// Every state of every story, at the moment it came about.
#[test]
fn every_state_of_every_scenario_is_woken_on_the_day_it_rings() {
    let calendar = national();
    let mut woken = 0;
    for pack in PACKS.values() {
        for scenario in &pack.scenarios {
            let events = play_scenario(pack, &calendar, scenario).events;
            let mut state = None;
            for event in &events {
                state = evolve(state, event);
                let context = Context { pack, calendar: &calendar, now: event.at };
                let state = state.as_ref().unwrap();
                check_wakes(state, &context);
                woken += usize::from(wakes(state, &context).is_some());
            }
        }
    }
    assert!(woken > 100, "{woken}");
}

#[test]
fn every_procedure_opens_with_valid_samples() {
    for pack in PACKS.values() {
        for procedure in pack.procedures.values() {
            let opened = sample_opening(pack, &national(), procedure, date("2026-09-18"));
            assert!(opened.is_ok(), "{} {}: {opened:?}", pack.id, procedure.id);
        }
    }
}

/// Two people for every unit that may play a role, and some others.
pub(super) fn crowd(pack: &Pack) -> Vec<Actor> {
    let mut people = Vec::new();
    for role in pack.roles.values() {
        let open = match &role.binding {
            Binding::Fact(fact) => format!("sample-{fact}"),
            _ => format!("sample-{}", role.key),
        };
        for unit in role.units.iter().chain([&open]) {
            people.extend(["一", "二"].map(|name| actor(&format!("{}{name}", role.key), unit)));
        }
    }
    let others = ["sample-applicant", "sample-applicant", "stranger"];
    people.extend(others.map(|unit| actor(unit, unit)));
    people
}

#[test]
fn every_procedure_of_a_duty_can_be_owed_and_filled_in_by_who_owes_it() {
    use crate::pack::model::{CommandKind, Expectation, FactValue, Scenario, ScenarioEvent, ScenarioPlace};
    for pack in PACKS.values() {
        for duty in &pack.duties {
            let procedure = &pack.procedures[&duty.procedure];
            let line = |on: &str, facts: &[(&str, FactValue)]| ScenarioEvent {
                on: date(on),
                role: None,
                unit: pack.roles[&duty.role].units.first().cloned(),
                command: Some(CommandKind::Submit),
                step: None,
                facts: facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
                attached: Vec::new(),
                missing: Vec::new(),
                line: 0,
            };
            let due = ("应办", FactValue::Date(date("2026-09-30")));
            let carried = ("授权", FactValue::Text("样例".to_owned()));
            let scenario = Scenario {
                name: duty.name.clone(),
                procedure: procedure.id.clone(),
                given: vec![line("2026-09-01", &[due, carried]), line("2026-09-18", &[])],
                then: vec![
                    Expectation::Open(procedure.steps[0].id.clone()),
                    Expectation::Due("应办".to_owned(), date("2026-09-30")),
                ],
                clauses: Vec::new(),
                place: ScenarioPlace::default(),
            };
            assert_eq!(run_one(pack, &national(), &scenario), [], "{} {}", pack.id, duty.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn random_lives_keep_every_promise(moves in moves(), which in 0_usize..1_000, day in 0_i32..360) {
        let calendar = national();
        let day = date("2025-12-20").plus_days(day);
        for pack in PACKS.values().filter(|pack| !pack.procedures.is_empty()) {
            let procedure = pack.procedures.values().nth(which % pack.procedures.len()).unwrap();
            let people = crowd(pack);
            let start = sample_opening(pack, &calendar, procedure, day).unwrap();
            play(pack, &calendar, start, &moves, &people);
        }
    }
}
