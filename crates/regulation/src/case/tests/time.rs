use super::fixture::*;
use crate::case::*;
use crate::pack::model::*;

fn rungs(events: &[Event]) -> Vec<i32> {
    let rang = events.iter().filter_map(|event| match &event.body {
        EventBody::ClockRang { days_left, .. } => Some(*days_left),
        EventBody::Expired { .. } => Some(-100),
        _ => None,
    });
    rang.collect()
}

#[test]
fn a_correction_does_not_count() {
    let mut play = Play::open("2026-09-21");
    play.on("2026-09-28").accept();
    play.on("2026-09-29").try_do(&actor("水", "water"), &return_command()).unwrap();
    let stopped = clocks(&play.state, &play.context()).remove(1);
    assert_eq!((stopped.light, stopped.due, stopped.days_left), (Light::Stopped, None, Some(2)));
    play.on("2026-10-12").try_do(&actor("申", APPLICANT), &supplement_command()).unwrap();
    assert_eq!(play.due("评审"), Some(date("2026-10-14")));
    let resumed = play.events.last().unwrap();
    let EventBody::ClockResumed { dues, .. } = &resumed.body else { panic!("{resumed:?}") };
    assert!(dues.len() == 2 && dues.iter().all(|due| due.due == date("2026-10-14")));
    let view = clocks(&play.state, &play.context()).remove(1);
    assert_eq!(view.clauses, clause("评审期限"));
    assert_eq!(view.explanation.iter().filter(|day| day.counted).count(), 3);
}

#[test]
fn the_ladder_rings_each_rung_once_and_in_order() {
    let mut play = Play::open("2026-10-12");
    assert_eq!(play.due("受理"), Some(date("2026-10-19")));
    assert!(rungs(&play.tick()).is_empty());
    assert_eq!(rungs(&play.on("2026-10-16").tick()), [1]);
    assert!(rungs(&play.tick()).is_empty());
    // A week of downtime.
    assert_eq!(rungs(&play.on("2026-10-30").tick()), [0, -100, -5]);
    assert!(rungs(&play.on("2026-11-05").tick()).is_empty());
    let told = play.events.iter().find_map(|event| match &event.body {
        EventBody::ClockRang { days_left: -5, units, .. } => Some(units.clone()),
        _ => None,
    });
    assert_eq!(told.unwrap(), [COORDINATION]);
    assert_eq!(play.step(), "受理");
}

#[test]
fn lights_change_with_the_days() {
    let mut play = Play::open("2026-10-12");
    let light = |play: &Play| {
        let view = clocks(&play.state, &play.context()).remove(0);
        (view.light, view.days_left)
    };
    assert_eq!(light(&play), (Light::Normal, Some(5)));
    assert_eq!(light(play.on("2026-10-16")), (Light::Soon, Some(1)));
    assert_eq!(light(play.on("2026-10-19")), (Light::Soon, Some(0)));
    assert_eq!(light(play.on("2026-10-20")), (Light::Overdue, Some(-1)));
    play.accept();
    assert_eq!(light(&play), (Light::Done, None));
    assert!(clocks(&play.state, &play.context())[0].late);
}

#[test]
fn a_window_passes_and_an_objection_opens_it_again() {
    let mut play = Play::open("2026-09-18");
    play.until_notice();
    assert_eq!(play.due("公示"), Some(date("2026-09-24")));
    assert!(play.on("2026-09-24").tick().is_empty());
    play.act(("某", "citizen"), CommandKind::Object);
    assert_eq!(play.step(), "答复");
    play.act(("受", BUREAU), CommandKind::Answer);
    assert_eq!((play.step(), play.due("公示")), ("公示", Some(date("2026-10-09"))));
    play.on("2026-10-10").tick();
    assert_eq!(play.step(), "签订");
    let expired = play.events.iter().find(|event| matches!(event.body, EventBody::Expired { .. })).unwrap();
    assert_eq!((&expired.actor, &expired.clauses), (&None, &clause("公示期限")));
}

#[test]
fn silence_returns_or_hands_over_but_never_grants() {
    let mut play = Play::open("2026-09-18");
    play.until_notice();
    play.on("2026-09-28").tick();
    assert_eq!((play.step(), play.due("签订")), ("签订", Some(date("2026-10-08"))));
    play.on("2026-10-09").tick();
    assert_eq!(play.state.ended.as_ref().map(|end| end.granted), Some(false));
    assert!(play.tick().is_empty());

    let mut play = Play::open("2026-09-18");
    play.until_notice().act(("某", "citizen"), CommandKind::Object);
    play.on("2026-11-20").tick();
    assert_eq!(play.step(), "协调");
    assert!(play.state.effects.is_empty());
}

#[test]
fn a_window_that_could_only_end_the_case_waits_for_a_person() {
    let mut pack = pack();
    let procedure = pack.procedures.get_mut("需求评审").unwrap();
    procedure.steps[4].clock.as_mut().unwrap().expiry_to = None;
    let mut play = Play::open_with(pack, "2026-09-18");
    play.until_notice();
    let events = play.on("2026-10-10").tick();
    assert!(matches!(events[0].body, EventBody::Expired { consequence: OnExpiry::Advance, .. }));
    assert_eq!((events.len(), play.step()), (1, "公示"));
}

#[test]
fn a_provisional_date_moves_nothing() {
    let mut play = Play::open("2026-12-28");
    play.until_notice();
    let view = clocks(&play.state, &play.context()).pop().unwrap();
    assert!(view.provisional);
    assert!(play.on("2027-02-01").tick().is_empty());
    assert_eq!(play.step(), "公示");
}

#[test]
fn closing_access_is_an_effect() {
    let mut pack = pack();
    let clock = pack.procedures.get_mut("需求评审").unwrap().steps[0].clock.as_mut().unwrap();
    clock.on_expiry = OnExpiry::CloseAccess;
    clock.ladder.clear();
    let mut play = Play::open_with(pack, "2026-10-12");
    play.on("2026-10-20").tick();
    assert_eq!(play.state.effects, [Effect::CloseAccess]);
    assert!(play.tick().is_empty());
}

#[test]
fn data_granted_for_a_time_go_back_when_it_is_over() {
    let mut pack = pack();
    let clock = pack.procedures.get_mut("需求评审").unwrap().steps[0].clock.as_mut().unwrap();
    clock.on_expiry = OnExpiry::TakeBackData;
    let step = pack.procedures["需求评审"].steps[0].id.clone();
    let mut play = Play::open_with(pack.clone(), "2026-10-12");
    // Five working days from the 12th: the last day is theirs.
    play.on("2026-10-19").tick();
    assert_eq!(play.state.effects, []);
    play.on("2026-10-20").tick();
    assert_eq!(
        (play.state.effects.as_slice(), play.step()),
        ([Effect::RevokeGrant].as_slice(), step.as_str())
    );
    assert!(play.tick().is_empty());
    let told = timeline(&play.events).into_iter().any(|line| line.zh.contains("收回数据"));
    assert!(told);
    // Copies that are gone do not come back: a day that no notice settles yet takes nothing.
    let mut play = Play::open_with(pack, "2026-12-30");
    play.on("2027-02-01").tick();
    assert_eq!(play.state.effects, []);
}

#[test]
fn a_clock_waits_for_its_anchor() {
    let mut pack = pack();
    let review = &mut pack.procedures.get_mut("需求评审").unwrap().steps[1];
    review.clock.as_mut().unwrap().anchor = Anchor::Signed;
    let mut sign = action(CommandKind::Sign, Vec::new());
    sign.clauses = clause("签");
    review.actions.push(sign);
    let mut play = Play::open_with(pack, "2026-09-18");
    play.accept();
    assert_eq!(play.due("评审"), None);
    play.on("2026-09-23").act(("水", "water"), CommandKind::Sign);
    assert_eq!(play.due("评审"), Some(date("2026-09-29")));
    assert_eq!(play.step(), "评审");
}

#[test]
fn an_acceptance_anchors_a_later_clock() {
    let mut pack = pack();
    let review = &mut pack.procedures.get_mut("需求评审").unwrap().steps[1];
    review.clock.as_mut().unwrap().anchor = Anchor::Accepted;
    let mut play = Play::open_with(pack, "2026-09-18");
    play.on("2026-09-23").accept();
    assert_eq!(play.due("评审"), Some(date("2026-09-29")));
}
