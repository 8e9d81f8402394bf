use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fixture::*;
use super::properties::{crowd, moves, play};
use crate::calendar::tests::national;
use crate::case::scenario::{sample_attachment, sample_form};
use crate::case::*;
use crate::pack::model::*;

fn owed_pack() -> Pack {
    let mut pack = pack();
    let procedure = pack.procedures.get_mut("需求评审").unwrap();
    procedure.waiver = Some("协调小组".to_owned());
    pack
}

fn due(ladder: &[i32]) -> OwedClock {
    OwedClock {
        start: date("2026-09-30"),
        period: Some(Period { length: 10, unit: PeriodUnit::Day }),
        due: date("2026-10-10"),
        provisional: false,
        nature: ClockNature::Statutory,
        ladder: ladder
            .iter()
            .map(|left| Rung { days_left: *left, before: None, tell: "主管部门".to_owned() })
            .collect(),
    }
}

fn cause() -> OwedCause {
    let word = |text: &str| text.to_owned();
    OwedCause::Duty {
        name: word("月报"),
        en: word("Monthly report"),
        period: word("2026-09"),
        label: word("2026年9月"),
        label_en: word("2026-09"),
    }
}

fn demand() -> OweCase {
    let units = vec!["water".to_owned(), "civil".to_owned()];
    OweCase {
        id: base::Id::new(at("2026-10-01"), [9; 10]),
        number: number("XQ", 2026, 9),
        procedure: "需求评审".to_owned(),
        title: "月报（2026年9月）".to_owned(),
        units: vec![APPLICANT.to_owned()],
        unit_name: "申请单位".to_owned(),
        facts: BTreeMap::from([("提供单位".to_owned(), FactValue::List(units))]),
        parties: BTreeMap::new(),
        cause: cause(),
        due: Some(due(&[2, 0, -2])),
        clauses: clause("义务"),
    }
}

/// The submission that fills an owed case in, without the facts it already carries.
pub(super) fn fill_in(pack: &Pack, state: &CaseState, on: base::Date) -> Command {
    let procedure = &pack.procedures[&state.procedure];
    let form = procedure.form.as_ref().map(|form| &pack.forms[form]);
    let required = procedure.attachments.iter().filter(|rule| rule.required);
    Command {
        form: form.map(|form| sample_form(form, on, &state.facts, None).0).unwrap_or_default(),
        attachments: required.map(|rule| sample_attachment(&rule.name)).collect(),
        ..Command::new(CommandKind::Submit)
    }
}

fn owing() -> Play {
    let (pack, calendar, now) = (owed_pack(), national(), at("2026-10-01"));
    let context = Context { pack: &pack, calendar: &calendar, now };
    let events = owe(&context, &demand()).unwrap();
    let state = fold(&events).unwrap();
    Play { pack, calendar, events, state, now }
}

fn submit(play: &Play) -> Command {
    fill_in(&play.pack, &play.state, play.context().today())
}

/// Owed twice: let go once, filled in and ended with another one owed the second time.
pub(super) fn story() -> Vec<Event> {
    let mut first = owing();
    let close =
        Command { opinion: Some("当期没有合作方".to_owned()), ..Command::new(CommandKind::Close) };
    first.try_do(&actor("协", COORDINATION), &close).unwrap();
    let mut second = owing();
    let branch = &mut second.pack.procedures.get_mut("需求评审").unwrap().steps[0].actions[2].then[0];
    if let Target::End { opens, .. } = &mut branch.to {
        *opens = Some("需求评审".to_owned());
    }
    let command = submit(&second);
    second.try_do(&actor("申", APPLICANT), &command).unwrap();
    second.act(("受", BUREAU), CommandKind::Refuse);
    [first.events, second.events].concat()
}

#[test]
fn an_owed_case_waits_and_is_filled_in_by_the_unit_that_owes_it() {
    let mut play = owing();
    assert!(play.state.waits_for_opener() && play.state.step.is_none() && play.state.ended.is_none());
    let task = open_tasks(&play.state).remove(0);
    assert_eq!((task.step.as_str(), task.unit.as_deref(), task.owed), (STEP_OWED, Some(APPLICANT), true));
    let buttons = available(&play.state, &actor("申", APPLICANT), &play.context());
    assert_eq!(buttons.len(), 1);
    assert_eq!((buttons[0].label_zh.as_str(), buttons[0].command), ("填报", CommandKind::Submit));
    assert_eq!(buttons[0].attachments, ["自评报告", "信用报告"]);
    // What the platform knows already is not asked again.
    let asked: Vec<&str> = buttons[0].facts.iter().map(|fact| fact.key.as_str()).collect();
    assert_eq!(asked, ["紧急"]);
    play.on("2026-10-09");
    let command = submit(&play);
    play.try_do(&actor("申", APPLICANT), &command).unwrap();
    assert_eq!(play.step(), "受理");
    assert_eq!((play.state.opener.person_name.as_str(), play.state.number.as_str()), ("申", "XQ-2026-0009"));
    assert_eq!(play.state.id, demand().id);
    assert_eq!(play.state.facts["提供单位"], demand().facts["提供单位"]);
    assert!(play.state.forms.contains_key("申请表"));
    let views = clocks(&play.state, &play.context());
    assert_eq!((views[0].step.as_str(), views[0].light, views[0].late), (STEP_OWED, Light::Done, false));
    assert_eq!(views[1].step, "受理");
    assert_eq!(open_tasks(&play.state)[0].unit.as_deref(), Some(BUREAU));
    assert_eq!(fold(&play.events), Some(play.state.clone()));
    assert_eq!(play.state.version, play.events.len() as u64);
    // From here it is a case like any other, to its end.
    play.until_vote();
    assert_eq!(play.step(), "表决");
    assert!(timeline(&play.events).iter().all(|entry| !entry.zh.is_empty() && !entry.en.is_empty()));
    assert!(timeline(&play.events)[0].zh.contains("月报，2026年9月"));
}

#[test]
fn a_second_submission_is_refused() {
    let mut play = owing();
    let command = submit(&play);
    play.try_do(&actor("申", APPLICANT), &command).unwrap();
    assert_eq!(play.refused(("申", APPLICANT), &command), "case.not_offered");
    assert_eq!(
        play.refused(("申二", APPLICANT), &Command { step: Some(STEP_OWED.to_owned()), ..command }),
        "case.wrong_step"
    );
}

#[test]
fn what_is_owed_is_not_withdrawn_after_it_was_filled_in_either() {
    let mut play = owing();
    let command = submit(&play);
    play.try_do(&actor("申", APPLICANT), &command).unwrap();
    assert_eq!(play.refused(("申", APPLICANT), &Command::new(CommandKind::Withdraw)), "case.owed_stands");
    let buttons = available(&play.state, &actor("申", APPLICANT), &play.context());
    assert_eq!(buttons[0].refused.as_ref().unwrap().code, "case.owed_stands");
    // Who wants to correct it is helped by a return.
    play.try_do(&actor("受", BUREAU), &return_command()).unwrap();
    play.try_do(&actor("申", APPLICANT), &supplement_command()).unwrap();
}

#[test]
fn wrong_hands_and_incomplete_submissions_are_refused() {
    let mut play = owing();
    let command = submit(&play);
    assert_eq!(play.refused(("某", "stranger"), &command), "case.wrong_role");
    assert_eq!(play.refused(("受", BUREAU), &command), "case.wrong_role");
    for kind in [CommandKind::Withdraw, CommandKind::Accept, CommandKind::Supplement, CommandKind::Approve] {
        assert_eq!(play.refused(("申", APPLICANT), &Command::new(kind)), "case.not_filled_in");
    }
    let who = actor("申", APPLICANT);
    let bare = Command::new(CommandKind::Submit);
    let rejection = decide(&play.state, &bare, &who, &play.context()).unwrap_err();
    assert_eq!(rejection.code, "case.incomplete");
    let told: Vec<&str> = rejection.fields.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(told, ["自评报告", "信用报告", "单位", "电话", "应用场景"]);
    // Exactly what an opening without these would have been told, the carried fact aside.
    let mut opening = application(&play.pack, "2026-10-01");
    (opening.form, opening.attachments) = (FormValues::new(), Vec::new());
    let opened = open(&play.context(), &opening).unwrap_err();
    assert_eq!((opened.fields, opened.clauses), (rejection.fields, rejection.clauses));
    let mut changed = command.clone();
    changed.facts.insert("提供单位".to_owned(), FactValue::List(vec!["其他".to_owned()]));
    let rejection = decide(&play.state, &changed, &who, &play.context()).unwrap_err();
    assert_eq!((rejection.code, rejection.fields[0].code), ("case.facts_invalid", "fixed"));
    assert_eq!(note(&play.state, "备注", &who, &play.context()).unwrap_err().code, "case.not_filled_in");
    play.pack.id = "other".to_owned();
    assert_eq!(play.refused(("申", APPLICANT), &command), "case.wrong_pack");
}

#[test]
fn the_due_day_reminds_escalates_and_does_nothing_else() {
    let mut play = owing();
    let kinds = |events: &[Event]| -> Vec<String> {
        events
            .iter()
            .map(|event| match &event.body {
                EventBody::ClockRang { days_left, .. } => format!("rang {days_left}"),
                EventBody::Expired { consequence, .. } => format!("expired {consequence:?}"),
                body => format!("{body:?}"),
            })
            .collect()
    };
    assert_eq!(kinds(&play.tick()), Vec::<String>::new());
    // Two working days are left after the holiday's first: 9 October and 10 October, worked in exchange.
    assert_eq!(kinds(&play.on("2026-10-07").tick()), Vec::<String>::new());
    assert_eq!(kinds(&play.on("2026-10-08").tick()), ["rang 2"]);
    assert_eq!(clocks(&play.state, &play.context())[0].light, Light::Soon);
    assert_eq!(kinds(&play.tick()), Vec::<String>::new());
    // Weeks of downtime: everything once, in order.
    let late = play.on("2026-11-02").tick();
    assert_eq!(kinds(&late), ["rang 0", "expired RemindAndEscalate", "rang -2"]);
    assert!(late.iter().all(|event| event.clauses == clause("义务")));
    assert_eq!(kinds(&play.tick()), Vec::<String>::new());
    let view = clocks(&play.state, &play.context()).remove(0);
    assert_eq!((view.light, view.due), (Light::Overdue, Some(date("2026-10-10"))));
    assert!(view.days_left.unwrap() < 0 && play.state.ended.is_none());
    // Late is better than never, and stays visible.
    let command = submit(&play);
    play.try_do(&actor("申", APPLICANT), &command).unwrap();
    assert!(clocks(&play.state, &play.context())[0].late);
    assert!(play.state.owed.as_ref().unwrap().expired);
    assert_eq!(fold(&play.events), Some(play.state.clone()));
}

#[test]
fn a_fixed_due_day_moves_with_no_notice_and_shows_its_length() {
    let mut play = owing();
    let mut case = demand();
    case.due = Some(OwedClock { period: None, due: date("2026-10-31"), ..due(&[]) });
    let events = owe(&play.context(), &case).unwrap();
    play.state = fold(&events).unwrap();
    let view = clocks(&play.state, &play.context()).remove(0);
    // A Saturday: a fixed day does not move.
    assert_eq!(
        (view.due, view.period.length, view.period.unit),
        (Some(date("2026-10-31")), 31, PeriodUnit::Day)
    );
    assert_eq!(view.nature, ClockNature::Statutory);
    case.due = None;
    play.state = fold(&owe(&play.context(), &case).unwrap()).unwrap();
    assert!(clocks(&play.state, &play.context()).is_empty() && play.on("2030-01-01").tick().is_empty());
}

#[test]
fn due_days_of_cases_go_into_a_calendar_file() {
    use crate::duty::ical::{Entry, Lang, ical};
    let mut play = owing();
    let entries = |play: &Play| -> Vec<Entry> {
        let views = clocks(&play.state, &play.context());
        views.iter().filter_map(|view| Entry::of_clock("XQ-2026-0009", "月报", view, play.now)).collect()
    };
    let first = entries(&play);
    let file = ical(&first, Lang::Zh);
    assert_eq!(first.len(), 1);
    assert!(
        file.contains("DTSTART;VALUE=DATE:20261010\r\n") && file.contains("XQ-2026-0009 应办：月报 到期")
    );
    // Filled in, it is no longer due, and the next step is; while a correction is awaited its clock stands still and
    // has no day.
    let command = submit(&play);
    play.try_do(&actor("申", APPLICANT), &command).unwrap();
    assert_eq!(
        entries(&play).iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(),
        ["case/XQ-2026-0009/受理/1/"]
    );
    play.try_do(&actor("受", BUREAU), &return_command()).unwrap();
    assert_eq!(entries(&play), []);
}

#[test]
fn only_the_named_authority_lets_an_owed_case_go() {
    let mut play = owing();
    let mut close =
        Command { opinion: Some("当期没有合作方".to_owned()), ..Command::new(CommandKind::Close) };
    assert_eq!(play.refused(("申", APPLICANT), &close), "case.wrong_role");
    assert_eq!(play.refused(("受", BUREAU), &close), "case.wrong_role");
    let buttons = available(&play.state, &actor("协", COORDINATION), &play.context());
    assert_eq!((buttons.len(), buttons[0].label_zh.as_str()), (1, "免办"));
    assert!(may_read(&play.state, COORDINATION, &play.context()));
    let reason = close.opinion.take();
    assert_eq!(play.refused(("协", COORDINATION), &close), "case.opinion_missing");
    close.opinion = reason;
    play.try_do(&actor("协", COORDINATION), &close).unwrap();
    let ended = play.state.ended.clone().unwrap();
    assert_eq!((ended.outcome.as_str(), ended.granted), ("免办", false));
    assert!(open_tasks(&play.state).is_empty() && !play.state.waits_for_opener());
    let command = submit(&play);
    assert_eq!(play.refused(("申", APPLICANT), &command), "case.ended");
    assert!(play.on("2027-01-01").tick().is_empty());
    let mut other = owing();
    other.pack.procedures.get_mut("需求评审").unwrap().waiver = None;
    assert_eq!(other.refused(("协", COORDINATION), &close), "case.not_offered");
    // Who owes it never lets it go, whatever role it plays besides.
    let mut own = demand();
    own.units.push(COORDINATION.to_owned());
    let mut play = owing();
    play.state = fold(&owe(&play.context(), &own).unwrap()).unwrap();
    assert_eq!(play.refused(("协", COORDINATION), &close), "case.wrong_role");
}

#[test]
fn any_of_several_units_fills_in_and_the_others_may_read() {
    let mut play = owing();
    let mut case = demand();
    case.units = vec![BUREAU.to_owned(), "second".to_owned()];
    play.events = owe(&play.context(), &case).unwrap();
    play.state = fold(&play.events).unwrap();
    assert_eq!(open_tasks(&play.state).len(), 2);
    let command = submit(&play);
    assert_eq!(play.refused(("申", APPLICANT), &command), "case.wrong_role");
    play.try_do(&actor("二", "second"), &command).unwrap();
    assert_eq!(play.state.opener.unit, "second");
    assert!(may_read(&play.state, BUREAU, &play.context()));
    assert_eq!(play.refused(("受", BUREAU), &command), "case.not_offered");
}

#[test]
fn what_cannot_be_owed_is_refused() {
    let play = owing();
    let code = |case: OweCase| owe(&play.context(), &case).unwrap_err().code;
    assert_eq!(code(OweCase { units: Vec::new(), ..demand() }), "case.role_unbound");
    assert_eq!(code(OweCase { title: " ".to_owned(), ..demand() }), "case.title_invalid");
    assert_eq!(code(OweCase { procedure: "无".to_owned(), ..demand() }), "case.unknown_procedure");
    let mut pack = owed_pack();
    pack.procedures.get_mut("需求评审").unwrap().opener = "主管部门".to_owned();
    let context = Context { pack: &pack, ..play.context() };
    assert_eq!(owe(&context, &demand()).unwrap_err().code, "case.wrong_opener");
    // A declared fact of another kind is left to be stated; one that is not declared stays as observed.
    let mut odd = demand();
    odd.facts.insert("紧急".to_owned(), FactValue::Number(3));
    odd.facts.insert("授权".to_owned(), FactValue::Text("甲".to_owned()));
    let state = fold(&owe(&play.context(), &odd).unwrap()).unwrap();
    assert!(!state.facts.contains_key("紧急") && state.facts.contains_key("授权"));
}

#[test]
fn a_case_that_ends_makes_another_one_owed() {
    let mut pack = owed_pack();
    let mut next = pack.procedures["需求评审"].clone();
    next.id = "整改".to_owned();
    next.number_prefix = "ZG".to_owned();
    next.opener = "主管部门".to_owned();
    let fact = |key: &str, kind| FactRule { key: key.to_owned(), en: key.to_owned(), kind, required: false };
    next.facts.push(fact("办件", FactKind::Reference));
    next.facts.push(fact("应用场景", FactKind::Number));
    pack.procedures.insert(next.id.clone(), next);
    let first = pack.procedures.get_mut("需求评审").unwrap();
    first.steps[0].actions[2].then[0].to = Target::End {
        outcome: "不予受理".to_owned(),
        en: "Refused".to_owned(),
        granted: false,
        opens: Some("整改".to_owned()),
    };
    let mut play = Play::open_with(pack, "2026-09-18");
    play.act(("受", BUREAU), CommandKind::Refuse);
    let (last, ended) = (&play.events[play.events.len() - 1], &play.events[play.events.len() - 2]);
    assert!(matches!(ended.body, EventBody::Ended { .. }));
    let EventBody::OpensCase { procedure, units, facts } = &last.body else { panic!("{last:?}") };
    assert_eq!((procedure.as_str(), units.as_slice()), ("整改", &[BUREAU.to_owned()][..]));
    // By name and kind: the providers go along, the scene (a text here, a number there) does not.
    let carried: Vec<&str> = facts.keys().map(String::as_str).collect();
    assert_eq!(carried, ["办件", "提供单位"]);
    assert_eq!(facts["办件"], FactValue::Text(play.state.id.to_string()));
    assert_eq!(last.clauses, ended.clauses);
    // What the platform then does with it.
    let cause = OwedCause::of_case(&play.state);
    let case = OweCase {
        procedure: procedure.clone(),
        units: units.clone(),
        facts: facts.clone(),
        cause,
        due: None,
        clauses: last.clauses.clone(),
        ..demand()
    };
    let owed = owe(&play.context(), &case).unwrap();
    let state = fold(&owed).unwrap();
    let command = fill_in(&play.pack, &state, date("2026-09-18"));
    let opened = decide(&state, &command, &actor("受", BUREAU), &play.context()).unwrap();
    let state = opened.iter().fold(Some(state), evolve).unwrap();
    assert_eq!((state.step.unwrap().step.as_str(), state.opener.unit.as_str()), ("受理", BUREAU));
    assert!(timeline(&owed)[0].zh.contains("转办"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn random_lives_of_owed_cases_keep_every_promise(moves in moves(), day in -10_i32..60) {
        let (pack, calendar) = (owed_pack(), national());
        let now = at("2026-10-01").plus_seconds(i64::from(day) * 86_400);
        let context = Context { pack: &pack, calendar: &calendar, now };
        let start = owe(&context, &demand()).unwrap();
        play(&pack, &calendar, start, &moves, &crowd());
    }

    #[test]
    fn any_order_of_events_folds_around_an_owed_case(take in proptest::collection::vec(0_usize..12, 1..30)) {
        let mut play = owing();
        let command = submit(&play);
        play.on("2026-11-02").tick();
        play.try_do(&actor("申", APPLICANT), &command).unwrap();
        play.until_vote();
        // Both beginnings fold, and what follows in whatever order cannot hurt.
        let mut odd = vec![play.events[0].clone()];
        odd.extend(take.iter().map(|index| play.events[index % play.events.len()].clone()));
        let state = fold(&odd).unwrap();
        prop_assert_eq!(state.version, odd.len() as u64);
        prop_assert_eq!(state.id, play.state.id);
        prop_assert!(state.owed.is_some());
    }
}
