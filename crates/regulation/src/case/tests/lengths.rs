//! Clocks whose length, start or end comes from the case, and reminders in periods.

use super::fixture::*;
use crate::case::*;
use crate::pack::model::*;

const STATED: &str = "协议年限";
const ENDS: &str = "协议期满日";

/// The first step's acceptance states a number and a date; the review's clock is as the test says.
fn pack_with(rule: impl FnOnce(&mut ClockRule)) -> Pack {
    let mut pack = pack();
    let procedure = pack.procedures.get_mut("需求评审").unwrap();
    procedure.steps[0].actions[0].facts =
        vec![fact(STATED, FactKind::Number, false), fact(ENDS, FactKind::Date, false)];
    let clock = procedure.steps[1].clock.as_mut().unwrap();
    clock.stops_on.clear();
    rule(clock);
    pack
}

fn accept(facts: &[(&str, FactValue)]) -> Command {
    let facts = facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Command { facts, ..Command::new(CommandKind::Accept) }
}

fn accepted(pack: Pack, facts: &[(&str, FactValue)]) -> Result<Play, Box<Rejection>> {
    let mut play = Play::open_with(pack, "2026-09-18");
    play.try_do(&actor("受", BUREAU), &accept(facts)).map(|()| play)
}

fn day(text: &str) -> FactValue {
    FactValue::Date(date(text))
}

fn years(rule: &mut ClockRule) {
    rule.period = Period { length: 0, unit: PeriodUnit::Year };
    rule.measure = Measure::Fact(STATED.to_owned());
}

#[test]
fn a_clock_is_as_long_as_a_fact_says() {
    for (number, due) in [(1, "2027-09-20"), (3, "2029-09-18"), (5, "2031-09-18")] {
        let play = accepted(pack_with(years), &[(STATED, FactValue::Number(number))]).unwrap();
        assert_eq!(play.due("评审"), Some(date(due)), "{number}");
        let started = play.events.iter().find_map(|event| match &event.body {
            EventBody::ClockStarted { step, period, .. } if step == "评审" => Some(*period),
            _ => None,
        });
        assert_eq!(started, Some(Period { length: u32::try_from(number).unwrap(), unit: PeriodUnit::Year }));
    }
}

#[test]
fn without_a_usable_fact_no_step_is_entered() {
    for (facts, name) in [
        (vec![], "missing"),
        (vec![(STATED, FactValue::Number(0))], "zero"),
        (vec![(STATED, FactValue::Number(-1))], "negative"),
        (vec![(STATED, FactValue::Number(101))], "longer than any agreement"),
    ] {
        let refused = accepted(pack_with(years), &facts).err().unwrap();
        assert_eq!((refused.code, &refused.clauses), ("case.clock_fact", &clause("评审期限")), "{name}");
        assert!(refused.zh.contains(STATED) && refused.remedy_zh.contains(STATED));
    }
}

#[test]
fn a_clock_runs_until_the_day_a_fact_names() {
    let until = |rule: &mut ClockRule| rule.measure = Measure::Until(ENDS.to_owned());
    // A Sunday: a day that was agreed is that day.
    let play = accepted(pack_with(until), &[(ENDS, day("2026-10-11"))]).unwrap();
    assert_eq!(play.due("评审"), Some(date("2026-10-11")));
    let view = clocks(&play.state, &play.context()).pop().unwrap();
    assert_eq!(view.run, Run::Until(date("2026-10-11")));
    assert_eq!(view.explanation.last().map(|day| day.date), Some(date("2026-10-11")));
    assert!(accepted(pack_with(until), &[(ENDS, day("2026-09-18"))]).is_ok(), "the same day is in time");
    for facts in [vec![], vec![(ENDS, day("2026-09-17"))]] {
        assert_eq!(accepted(pack_with(until), &facts).err().unwrap().code, "case.clock_fact", "{facts:?}");
    }
}

#[test]
fn a_clock_counts_backward_from_a_day() {
    let before = |rule: &mut ClockRule| {
        rule.anchor = Anchor::Fact(ENDS.to_owned());
        rule.period = Period { length: 6, unit: PeriodUnit::Month };
        rule.measure = Measure::Backward;
        rule.on_expiry = OnExpiry::CloseAccess;
    };
    // Six months before 2027-05-14 is Saturday 2026-11-14: the Friday before it.
    let mut play = accepted(pack_with(before), &[(ENDS, day("2027-05-14"))]).unwrap();
    assert_eq!(play.due("评审"), Some(date("2026-11-13")));
    let view = clocks(&play.state, &play.context()).pop().unwrap();
    assert_eq!((view.start, view.run), (date("2027-05-14"), Run::Backward));
    let told = timeline(&play.events).into_iter().find(|line| line.zh.contains("倒算")).unwrap();
    assert_eq!(told.zh, "期限自 2027-05-14 倒算，2026-11-13到期");
    assert!(play.on("2026-11-13").tick().is_empty());
    play.on("2026-11-14").tick();
    assert!(play.state.effects.contains(&Effect::CloseAccess));
    assert_eq!(accepted(pack_with(before), &[]).err().unwrap().code, "case.clock_fact");
}

#[test]
fn one_clock_may_refuse_to_roll() {
    let year = |rolls| {
        move |rule: &mut ClockRule| {
            rule.period = Period { length: 1, unit: PeriodUnit::Year };
            rule.rolls = rolls;
        }
    };
    // 2027-09-18 is a Saturday.
    for (rolls, due) in [(None, "2027-09-20"), (Some(true), "2027-09-20"), (Some(false), "2027-09-18")] {
        let play = accepted(pack_with(year(rolls)), &[]).unwrap();
        assert_eq!(play.due("评审"), Some(date(due)), "{rolls:?}");
        assert_eq!(fold(&play.events).as_ref(), Some(&play.state));
    }
}

#[test]
fn two_steps_share_the_day_of_filing() {
    let filed = |rule: &mut ClockRule| rule.anchor = Anchor::Filed;
    let mut play = Play::open_with(pack_with(filed), "2026-09-18");
    // Filed on Friday; Sunday the 20th is worked in exchange, so the third working day is the 22nd.
    play.on("2026-09-21").accept();
    assert_eq!(play.due("评审"), Some(date("2026-09-22")));
}

#[test]
fn one_clock_runs_over_two_steps_and_corrections_do_not_count() {
    let mut pack = pack();
    let procedure = pack.procedures.get_mut("需求评审").unwrap();
    procedure.steps[1].clock.as_mut().unwrap().anchor = Anchor::Entered("受理".to_owned());
    let mut play = Play::open_with(pack.clone(), "2026-09-21");
    play.on("2026-09-23").accept();
    // Three working days from Monday the 21st, whenever the second step began.
    assert_eq!(play.due("评审"), Some(date("2026-09-24")));
    // A correction in the first step stops the clock of both: 22, then 09-29 and 09-30.
    let mut play = Play::open_with(pack.clone(), "2026-09-21");
    play.on("2026-09-22").try_do(&actor("受", BUREAU), &return_command()).unwrap();
    play.on("2026-09-28").try_do(&actor("申", APPLICANT), &supplement_command()).unwrap();
    play.on("2026-09-29").accept();
    assert_eq!(play.due("评审"), Some(date("2026-09-30")));
    assert_eq!(fold(&play.events).as_ref(), Some(&play.state));
    // A step that was left out has no day.
    let clock = pack.procedures.get_mut("需求评审").unwrap().steps[1].clock.as_mut().unwrap();
    clock.anchor = Anchor::Entered("协调".to_owned());
    let mut play = Play::open_with(pack.clone(), "2026-09-21");
    assert_eq!(play.refused(("受", BUREAU), &Command::new(CommandKind::Accept)), "case.clock_fact");
    let clock = pack.procedures.get_mut("需求评审").unwrap().steps[1].clock.as_mut().unwrap();
    clock.anchor = Anchor::Entered("受理".to_owned());
    // Unless its own rule does not stop for corrections.
    pack.procedures.get_mut("需求评审").unwrap().steps[1].clock.as_mut().unwrap().stops_on.clear();
    let mut play = Play::open_with(pack, "2026-09-21");
    play.on("2026-09-22").try_do(&actor("受", BUREAU), &return_command()).unwrap();
    play.on("2026-09-28").try_do(&actor("申", APPLICANT), &supplement_command()).unwrap();
    play.on("2026-09-29").accept();
    assert_eq!(play.due("评审"), Some(date("2026-09-24")));
}

fn rang(events: &[Event]) -> Vec<(Option<Period>, i32, String)> {
    let told = events.iter().filter_map(|event| match &event.body {
        EventBody::ClockRang { before, days_left, tell, .. } => Some((*before, *days_left, tell.clone())),
        _ => None,
    });
    told.collect()
}

#[test]
fn rungs_in_periods_ring_once_and_in_order() {
    let months = |length| Period { length, unit: PeriodUnit::Month };
    let rung =
        |before: Option<Period>, days_left| Rung { days_left, before, tell: "协调小组".to_owned() };
    let ladder = move |rule: &mut ClockRule| {
        rule.period = Period { length: 1, unit: PeriodUnit::Year };
        rule.rolls = Some(false);
        rule.ladder = vec![rung(None, 1), rung(Some(months(1)), 0), rung(Some(months(6)), 0), rung(None, -2)];
    };
    let mut play = Play::open_with(pack_with(ladder), "2025-09-18");
    play.accept();
    assert_eq!(play.due("评审"), Some(date("2026-09-18")));
    assert!(rang(&play.on("2026-03-17").tick()).is_empty());
    let light = |play: &Play| clocks(&play.state, &play.context()).pop().unwrap().light;
    assert_eq!(light(&play), Light::Normal);
    // 2026-03-18 is six months before; a period that reached back in the tick rings once for each unit's own clock.
    let told = rang(&play.on("2026-03-18").tick());
    assert_eq!(told.iter().map(|(before, ..)| *before).collect::<Vec<_>>(), [Some(months(6)); 2]);
    assert_eq!(light(&play), Light::Soon);
    assert!(play.tick().is_empty());
    // The month before begins on 2026-08-18; after downtime it rings first, then the working-day rung.
    let told: Vec<_> =
        rang(&play.on("2026-09-17").tick()).into_iter().map(|(before, left, _)| (before, left)).collect();
    assert_eq!(told, [(Some(months(1)), 1), (None, 1), (Some(months(1)), 1), (None, 1)]);
    // Two years late, on the first tick after it: everything in order, each once.
    let mut late = Play::open_with(pack_with(ladder), "2025-09-18");
    late.accept();
    let told = rang(&late.on("2026-12-18").tick());
    let first: Vec<_> = told.iter().take(4).map(|(before, left, _)| (*before, *left < 0)).collect();
    assert_eq!(first, [(Some(months(6)), true), (Some(months(1)), true), (None, false), (None, true)]);
    assert!(late.tick().is_empty());
}

#[test]
fn what_is_stored_reads_as_before_and_says_the_new() {
    let old = r#"{"at":1790000000000000,"on":"2026-09-18","actor":null,"clauses":[],"type":"clock_started",
        "step":"评审","start":"2026-09-18","period":{"length":3,"unit":"working_day"},"nature":"statutory",
        "unit":null,"due":"2026-09-22","provisional":false}"#;
    let event: Event = serde_json::from_str(old).unwrap();
    let EventBody::ClockStarted { run, rolls, .. } = event.body else { panic!("{event:?}") };
    assert_eq!((run, rolls), (Run::Forward, None));
    let rung = r#"{"at":1790000000000000,"on":"2026-09-18","actor":null,"clauses":[],"type":"clock_rang",
        "step":"评审","unit":null,"days_left":1,"tell":"协调小组","units":[],"due":"2026-09-22"}"#;
    let event: Event = serde_json::from_str(rung).unwrap();
    assert!(matches!(event.body, EventBody::ClockRang { before: None, days_left: 1, .. }));
    let until = |rule: &mut ClockRule| rule.measure = Measure::Until(ENDS.to_owned());
    let play = accepted(pack_with(until), &[(ENDS, day("2026-10-11"))]).unwrap();
    let json = serde_json::to_string(&play.events).unwrap();
    assert!(json.contains(r#""run":{"until":"2026-10-11"}"#), "{json}");
    assert_eq!(serde_json::from_str::<Vec<Event>>(&json).unwrap(), play.events);
}
