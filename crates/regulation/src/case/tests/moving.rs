//! A running case moves to another version as the list says that was shown before, or it stays.

use proptest::prelude::*;

use super::fixture::*;
use super::properties::{command, crowd, moves, play};
use crate::calendar::tests::national;
use crate::case::*;
use crate::pack::model::*;
use crate::pack::tools::{Change, impact};

/// The fixture's pack as its next version, which takes all running cases along.
fn next(change: impl Fn(&mut Pack)) -> Pack {
    let mut new = pack();
    new.version = "2".to_owned();
    new.digest = base::Digest::of(b"second");
    let procedure = "需求评审".to_owned();
    new.transitions = vec![Transition { procedure, steps: Vec::new(), clauses: clause("过渡") }];
    change(&mut new);
    new
}

fn step<'a>(pack: &'a mut Pack, id: &str) -> &'a mut Step {
    let steps = &mut pack.procedures.get_mut("需求评审").unwrap().steps;
    steps.iter_mut().find(|step| step.id == id).unwrap()
}

fn period(pack: &mut Pack, id: &str, length: u32) {
    step(pack, id).clock.as_mut().unwrap().period.length = length;
}

fn decided(play: &Play, new: &Pack) -> Moving {
    moving(&play.state, &play.pack, &Context { pack: new, ..play.context() })
}

fn blocked(play: &Play, new: &Pack) -> String {
    match decided(play, new) {
        Moving::Blocked(why) => why.zh,
        other => panic!("{other:?}"),
    }
}

/// Moves the case; from here on the play goes on under the new version.
fn carried(play: &mut Play, new: Pack) -> Event {
    let Moving::Moves(event) = decided(play, &new) else { panic!("it does not move") };
    play.pack = new;
    play.add(vec![(*event).clone()]);
    *event
}

#[test]
fn a_moved_case_has_the_new_date_and_is_acted_on_by_the_new_rules() {
    let mut play = Play::open("2026-10-12");
    play.on("2026-10-16").tick();
    assert_eq!(play.due("受理"), Some(date("2026-10-19")));
    assert!(!play.state.clocks[0].rung.is_empty());
    let event = carried(&mut play, next(|new| period(new, "受理", 8)));
    assert_eq!(event.clauses, clause("过渡"));
    assert_eq!(play.state.pack.version, "2");
    assert_eq!(play.due("受理"), Some(date("2026-10-22")));
    assert!(play.state.clocks[0].rung.is_empty(), "it reminds anew of the new day");
    let told = timeline(&play.events).pop().unwrap();
    assert!(told.zh.contains("版本 2") && told.zh.contains("2026-10-22"), "{}", told.zh);
    assert!(matches!(decided(&play, &play.pack), Moving::Stays), "a second attempt changes nothing");
    play.accept();
    assert_eq!(play.step(), "评审");
    // The stored event says everything by itself.
    let json = serde_json::to_value(&event).unwrap();
    assert_eq!(json["type"], "moved");
    assert_eq!((&json["from"]["version"], &json["to"]["version"]), (&"1".into(), &"2".into()));
    assert_eq!(json["step"]["units"][0], BUREAU);
    assert_eq!((&json["clocks"][0]["due"], &json["clocks"][0]["anew"]), (&"2026-10-22".into(), &true.into()));
    assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
}

#[test]
fn what_was_done_stays_done() {
    let mut play = Play::open("2026-10-12");
    play.accept().act(("水", "water"), CommandKind::Approve);
    carried(&mut play, next(|new| period(new, "评审", 6)));
    let open = play.state.step.clone().unwrap();
    let done = |unit: &str| open.seats.iter().find(|seat| seat.unit == unit).unwrap().done;
    assert_eq!((done("water"), done("civil")), (Some(CommandKind::Approve), None));
    let clocks = clocks(&play.state, &play.context());
    let of = |unit: &str| clocks.iter().rfind(|clock| clock.unit.as_deref() == Some(unit)).unwrap();
    assert!(of("water").done_on.is_some());
    assert_eq!(of("civil").due, Some(date("2026-10-20")));
    play.act(("民", "civil"), CommandKind::Approve);
    assert_eq!(play.step(), "表决");
}

#[test]
fn a_stopped_clock_stays_stopped_and_goes_on_later() {
    let mut play = Play::open("2026-10-12");
    play.on("2026-10-14");
    play.try_do(&actor("受", BUREAU), &return_command()).unwrap();
    carried(&mut play, next(|new| period(new, "受理", 8)));
    assert_eq!(play.due("受理"), None);
    play.on("2026-10-21");
    play.try_do(&actor("申", APPLICANT), &supplement_command()).unwrap();
    let plain = date("2026-10-22");
    assert!(play.due("受理").unwrap() > plain, "the days of the correction do not count");
}

#[test]
fn who_holds_the_step_changes_with_the_role() {
    let mut play = Play::open("2026-10-12");
    let new = next(|new| step(new, "受理").role = "协调小组".to_owned());
    carried(&mut play, new);
    let may = |unit: &str| {
        let tasks = open_tasks(&play.state);
        tasks.iter().any(|task| task.unit.as_deref() == Some(unit))
    };
    assert!(may(COORDINATION) && !may(BUREAU));
}

#[test]
fn nothing_moves_into_nothing_and_no_version_reaches_back() {
    let mut play = Play::open("2026-10-12");
    let gone = next(|new| {
        new.procedures.get_mut("需求评审").unwrap().steps.remove(0);
    });
    assert!(blocked(&play, &gone).contains("没有环节“受理”"));
    let nobody = next(|new| new.roles.get_mut("主管部门").unwrap().units.clear());
    assert!(blocked(&play, &nobody).contains("没有单位承担"));
    let fields = next(|new| {
        new.forms.get_mut("申请表").unwrap().sections[0].fields.remove(0);
    });
    assert!(blocked(&play, &fields).contains("单位"));
    play.on("2026-10-16");
    let short = next(|new| period(new, "受理", 2));
    assert!(blocked(&play, &short).contains("2026-10-14"));
    let other = next(|new| new.transitions[0].steps = vec!["评审".to_owned()]);
    assert_eq!(decided(&play, &other), Moving::Stays);
    let elsewhere = next(|new| new.id = "elsewhere".to_owned());
    assert_eq!(decided(&play, &elsewhere), Moving::Stays);
    play.act(("受", BUREAU), CommandKind::Refuse);
    assert_eq!(decided(&play, &short), Moving::Stays, "an ended case is over");
}

/// Versions that differ from the first in many ways.
fn versions() -> Vec<Pack> {
    vec![
        next(|new| period(new, "受理", 9)),
        next(|new| period(new, "评审", 1)),
        next(|new| step(new, "评审").clock = None),
        next(|new| step(new, "表决").clock = step(&mut pack(), "受理").clock.clone()),
        next(|new| step(new, "受理").role = "协调小组".to_owned()),
        next(|new| step(new, "评审").each_unit = false),
        next(|new| new.roles.get_mut("提供单位").unwrap().units = vec!["civil".to_owned()]),
        next(|new| new.counting.roll_to_working_day = !new.counting.roll_to_working_day),
        next(|new| {
            step(new, "公示").actions[0].then = to("协调");
            new.procedures.get_mut("需求评审").unwrap().steps.retain(|step| step.id != "答复");
        }),
        next(|new| step(new, "受理").clock.as_mut().unwrap().anchor = Anchor::Filed),
        next(|new| step(new, "签订").clock.as_mut().unwrap().anchor = Anchor::Accepted),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    /// What the list says is what happens: dates, roles, and who stays; and the case lives on by every promise.
    #[test]
    fn the_list_and_the_move_agree(before in moves(), after in moves(), which in 0_usize..11) {
        let (old, calendar) = (pack(), national());
        let mut now = at("2026-09-18");
        let ctx = Context { pack: &old, calendar: &calendar, now };
        let mut events = open(&ctx, &application(&old, "2026-09-18")).unwrap();
        let mut state = fold(&events).unwrap();
        for one in before.iter().take(12) {
            now = now.plus_seconds(i64::from(one.days) * 86_400 + 60);
            let ctx = Context { pack: &old, calendar: &calendar, now };
            let mut new = tick(&state, &ctx);
            state = new.iter().fold(Some(state), evolve).unwrap();
            let who = crowd().swap_remove(one.person % 13);
            if let Ok(done) = decide(&state, &command(&state, &old, one, ctx.today()), &who, &ctx) {
                state = done.iter().fold(Some(state), evolve).unwrap();
                new.extend(done);
            }
            events.extend(new);
        }
        let new = versions().swap_remove(which);
        let ctx = Context { pack: &new, calendar: &calendar, now };
        let listed = impact(&old, &new, std::slice::from_ref(&state), &calendar, now);
        let moved = moving(&state, &old, &ctx);
        let Moving::Moves(event) = moved else {
            let stays = |one: &crate::pack::tools::Impact| !matches!(one.change, Change::Moves { .. });
            prop_assert!(listed.iter().all(stays));
            prop_assert_eq!(listed.is_empty(), state.ended.is_some());
            return Ok(());
        };
        let Change::Moves { dates, role, units, clauses, .. } = &listed[0].change else {
            panic!("{listed:?}")
        };
        prop_assert_eq!(clauses, &event.clauses);
        let then = evolve(Some(state.clone()), &event).unwrap();
        let (was, is) = (state.step.as_ref().unwrap(), then.step.as_ref().unwrap());
        prop_assert_eq!((&was.step, was.visit), (&is.step, is.visit));
        prop_assert_eq!(role.is_some(), was.role != is.role);
        let held = |open: &OpenStep| open.seats.iter().map(|seat| seat.unit.clone()).collect::<Vec<_>>();
        prop_assert_eq!(units.as_deref().cloned().unwrap_or_else(|| (held(was), held(was))), (held(was), held(is)));
        // Every running clock has the day the list gives it, or the one it had.
        let running = |state: &CaseState, pack: &Pack| -> Vec<(Option<UnitCode>, base::Date)> {
            let ctx = Context { pack, ..ctx };
            let open = state.clocks.iter().filter(|clock| clock.done_on.is_none());
            open.map(|clock| (clock.unit.clone(), last_day(clock, pack, &ctx))).collect()
        };
        let (ran, runs) = (running(&state, &old), running(&then, &new));
        for (unit, day) in &runs {
            let before = ran.iter().find(|(one, _)| one == unit).map(|(_, day)| *day);
            let listed = dates.iter().find(|date| date.unit == *unit);
            prop_assert_eq!(listed.map_or(before, |date| date.after), Some(*day));
            prop_assert_eq!(listed.map_or(before, |date| date.before), before);
        }
        let gone = ran.iter().filter(|(unit, _)| runs.iter().all(|(one, _)| one != unit)).count();
        prop_assert_eq!(gone, dates.iter().filter(|date| date.after.is_none()).count());
        events.push(*event);
        play(&new, &calendar, events, &after, &crowd());
    }
}
