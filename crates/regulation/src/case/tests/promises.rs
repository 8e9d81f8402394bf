//! What every pack of the repository keeps in random lives, besides the kernel's own promises: nothing the platform does
//! comes before its conditions or out of order, nobody is stuck, every reminder reaches somebody, the same events give
//! the same state however many there are.

use std::collections::BTreeMap;
use std::time::Instant;

use proptest::prelude::*;

use super::fixture::{actor, application, at, date, pack as sample_pack};
use super::packs::{PACKS, crowd};
use super::properties::{command, moves};
use crate::calendar::tests::national;
use crate::case::scenario::sample_opening;
use crate::case::*;
use crate::pack::model::*;

/// Pairs of effects of which the second never comes before the first in a case that can have both.
const ORDER: [(Effect, Effect); 4] = [
    (Effect::ActivateAgreement, Effect::OpenAccess),
    (Effect::CloseAccess, Effect::RestoreAccess),
    (Effect::CloseAccess, Effect::SealTenant),
    (Effect::SealTenant, Effect::DestroyTenant),
];

/// Every effect an action can have is in the pack's list of the step that was open, and its conditions held.
fn check_effects(before: &CaseState, command: &Command, new: &[Event], pack: &Pack) {
    let after = new.iter().fold(Some(before.clone()), evolve).unwrap();
    let procedure = &pack.procedures[&before.procedure];
    let open = before.step.as_ref().unwrap();
    let step = procedure.steps.iter().find(|step| step.id == open.step).unwrap();
    for event in new {
        let EventBody::EffectDue { effect, .. } = &event.body else { continue };
        let mut giving = step.actions.iter().filter(|action| action.effects.contains(effect)).peekable();
        assert!(giving.peek().is_some(), "{effect:?} is no effect of step {}", step.id);
        // In a step of several tasks, and in a vote, the deciding action may be another than the last one done.
        if open.each_unit || step.vote.is_some() {
            continue;
        }
        let today = new.last().unwrap().on;
        let facts = Facts { today, facts: &after.facts, state: Some(before), pack };
        let held = |action: &&Action| {
            action.command == command.kind
                && action.requires.iter().all(|condition| evaluate(&condition.test, &facts) == Truth::True)
        };
        assert!(giving.any(|action| held(&action)), "{effect:?} without its conditions in {}", procedure.id);
    }
}

fn check_order(state: &CaseState, procedure: &Procedure) {
    let actions = || procedure.steps.iter().flat_map(|step| &step.actions);
    let can = |effect: Effect| actions().any(|action| action.effects.contains(&effect));
    for (first, second) in ORDER {
        let at = |effect: Effect| state.effects.iter().position(|done| *done == effect);
        if let (true, Some(later)) = (can(first), at(second)) {
            assert!(
                at(first).is_some_and(|earlier| earlier < later),
                "{second:?} before {first:?} in {}",
                procedure.id
            );
        }
    }
}

/// Somebody fresh from a unit that holds the open step, or from the opener's, finds something to do; or the case waits
/// for a correction, or for its clock.
fn check_not_stuck(state: &CaseState, context: &Context<'_>) {
    let Some(open) = &state.step else {
        assert!(state.ended.is_some());
        return;
    };
    assert!(open.anyone || !open.seats.is_empty(), "a step without anybody: {}", open.step);
    let waiting = open.seats.iter().filter(|seat| seat.done.is_none()).map(|seat| seat.unit.as_str());
    let mut waiting: Vec<&str> = if open.anyone { vec!["anybody"] } else { waiting.collect() };
    waiting.push(&state.opener.unit);
    let may = |unit: &&str| {
        available(state, &actor("新来的人", unit), context).iter().any(|one| one.refused.is_none())
    };
    let clock = clocks(state, context).iter().any(|view| view.step == open.step && view.done_on.is_none());
    assert!(
        state.awaiting.is_some() || waiting.iter().any(may) || clock,
        "nobody can do anything in step {} of {}",
        open.step,
        state.procedure
    );
}

/// A running clock belongs to the open step, and what rings reaches a unit.
fn check_clocks(state: &CaseState, new: &[Event], pack: &Pack) {
    let open = state.step.as_ref().map(|open| (open.step.as_str(), open.visit));
    for clock in state.clocks.iter().filter(|clock| clock.done_on.is_none()) {
        assert_eq!(Some((clock.step.as_str(), clock.visit)), open, "a clock runs without its step");
        if let Some(unit) = &clock.unit {
            let seats = &state.step.as_ref().unwrap().seats;
            assert!(seats.iter().any(|seat| seat.unit == *unit), "a clock of a unit without a seat");
        }
    }
    for event in new {
        if let EventBody::ClockRang { tell, units, .. } = &event.body {
            let role = &pack.roles[tell];
            // Who plays a role that the platform registers is not known here.
            let registered = role.binding == Binding::Fixed && role.units.is_empty();
            let found = !units.is_empty() || registered || role.binding == Binding::Anyone;
            assert!(found || matches!(role.binding, Binding::Fact(_)), "{tell} is told, but nobody plays it");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_procedure_of_every_pack_keeps_them(moves in moves(), day in 0_i32..360) {
        let calendar = national();
        let day = date("2025-12-20").plus_days(day);
        for pack in PACKS.values() {
            let people = crowd(pack);
            for procedure in pack.procedures.values() {
                let mut events = sample_opening(pack, &calendar, procedure, day).unwrap();
                let mut now = events[0].at;
                let mut state = fold(&events).unwrap();
                for one in &moves {
                    now = now.plus_seconds(i64::from(one.days) * 86_400 + 60);
                    let context = Context { pack, calendar: &calendar, now };
                    let ticked = tick(&state, &context);
                    state = ticked.iter().fold(Some(state), evolve).unwrap();
                    check_clocks(&state, &ticked, pack);
                    events.extend(ticked);
                    // Half of the moves are by somebody who holds the step, or most lives would stand still.
                    let seat = state.step.as_ref().and_then(|open| open.seats.first());
                    let seated = seat.map(|seat| actor(&format!("席{}", one.person % 3), &seat.unit));
                    let who = seated.filter(|_| one.person % 2 == 0);
                    let who = who.unwrap_or_else(|| people[one.person % people.len()].clone());
                    let command = command(&state, pack, one, context.today());
                    if let Ok(new) = decide(&state, &command, &who, &context) {
                        check_effects(&state, &command, &new, pack);
                        state = new.iter().fold(Some(state), evolve).unwrap();
                        events.extend(new);
                    }
                    check_order(&state, procedure);
                    check_not_stuck(&state, &context);
                    check_clocks(&state, &[], pack);
                }
                prop_assert_eq!(fold(&events), Some(state), "the same events give the same state");
            }
        }
    }
}

/// What the platform has to observe before access opens: flags that the opening action requires and nobody can state.
fn observed_before_access(procedure: &Procedure) -> Vec<String> {
    let actions = procedure.steps.iter().flat_map(|step| &step.actions);
    let opening = actions.filter(|action| action.effects.contains(&Effect::OpenAccess));
    let required =
        opening.flat_map(|action| &action.requires).filter_map(|condition| match &condition.test {
            Test::Is(key, FactValue::Flag(true)) => Some(key.clone()),
            _ => None,
        });
    required.filter(|key| procedure.observed.iter().any(|rule| rule.key == *key)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn access_stays_closed_until_the_platform_sees_what_the_pack_demands(moves in moves(), unseen in any::<bool>()) {
        let calendar = national();
        let mut tried = 0;
        for pack in PACKS.values() {
            for procedure in pack.procedures.values() {
                for key in observed_before_access(procedure) {
                    tried += 1;
                    let mut events = sample_opening(pack, &calendar, procedure, date("2026-03-02")).unwrap();
                    if let EventBody::Opened { facts, .. } = &mut events[0].body {
                        // Not so, or not known: neither opens anything, whoever says what.
                        facts.remove(&key);
                        if !unseen {
                            facts.insert(key.clone(), FactValue::Flag(false));
                        }
                    }
                    let mut state = fold(&events).unwrap();
                    let mut now = events[0].at;
                    for one in &moves {
                        now = now.plus_seconds(i64::from(one.days) * 86_400 + 60);
                        let context = Context { pack, calendar: &calendar, now };
                        let Some(seat) = state.step.as_ref().and_then(|open| open.seats.first()) else { break };
                        let who = actor(&format!("席{}", one.person % 3), &seat.unit);
                        let mut command = command(&state, pack, one, context.today());
                        // Saying it oneself does not help.
                        command.facts.insert(key.clone(), FactValue::Flag(true));
                        let honest = Command { facts: BTreeMap::from_iter(command.facts.clone().into_iter().filter(|(fact, _)| *fact != key)), ..command.clone() };
                        for command in [command, honest] {
                            if let Ok(new) = decide(&state, &command, &who, &context) {
                                state = new.iter().fold(Some(state), evolve).unwrap();
                                break;
                            }
                        }
                    }
                    prop_assert!(!state.effects.contains(&Effect::OpenAccess), "{} {} without {key}", pack.id, procedure.id);
                }
            }
        }
        prop_assert!(tried >= 4, "every county's access waits for something the platform observes");
    }
}

/// Run with `--nocapture` in release for the figure; the folding itself is what is asserted.
#[test]
fn a_hundred_thousand_events_fold() {
    let (pack, calendar) = (sample_pack(), national());
    let context = Context { pack: &pack, calendar: &calendar, now: at("2026-09-18") };
    let opened = open(&context, &application(&pack, "2026-09-18")).unwrap();
    let remark = Event {
        at: context.now,
        on: context.today(),
        actor: Some(actor("申", super::fixture::APPLICANT)),
        on_behalf_of: None,
        clauses: opened[0].clauses.clone(),
        body: EventBody::Noted { text: "备注".to_owned() },
    };
    let mut case = opened;
    let notes = (EVENTS_MAX as usize).saturating_sub(case.len());
    case.extend(std::iter::repeat_n(remark, notes));
    let started = Instant::now();
    let mut folded = 0_u64;
    for _ in 0..100_000 / EVENTS_MAX {
        folded += fold(&case).unwrap().version;
    }
    println!("{folded} events folded in {:?}", started.elapsed());
    assert_eq!(folded, 100_000);
}
