//! What nobody states: the day, other cases. And what depends on facts: attachments, joint steps, sealed statements.

use std::collections::BTreeMap;

use super::fixture::*;
use crate::case::scenario::sample_attachment;
use crate::case::*;
use crate::pack::model::*;
use crate::pack::{FACT_FILED, FACT_TODAY};

type Values = BTreeMap<String, FactValue>;

fn values(facts: &[(&str, FactValue)]) -> Values {
    facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn truth(test: &Test, facts: &Values, today: &str, state: Option<&CaseState>) -> Truth {
    evaluate(test, &Facts { today: date(today), facts, state, pack: &pack() })
}

fn two(one: &str, comparator: Comparator, other: &str) -> Test {
    Test::CompareFacts(one.to_owned(), comparator, other.to_owned())
}

#[test]
fn the_day_and_the_day_of_filing_are_always_known() {
    let play = Play::open("2026-09-18");
    let is = |key: &str, day: &str| Test::Is(key.to_owned(), FactValue::Date(date(day)));
    let (none, state) = (Values::new(), Some(&play.state));
    for (test, today, state, expected) in [
        (is(FACT_TODAY, "2026-09-18"), "2026-09-18", None, Truth::True),
        (is(FACT_FILED, "2026-09-18"), "2026-09-18", None, Truth::True),
        (is(FACT_TODAY, "2026-10-09"), "2026-10-09", state, Truth::True),
        (is(FACT_FILED, "2026-09-18"), "2026-10-09", state, Truth::True),
        (is(FACT_FILED, "2026-10-09"), "2026-10-09", state, Truth::False),
        (two(FACT_FILED, Comparator::Less, FACT_TODAY), "2026-10-09", state, Truth::True),
    ] {
        assert_eq!(truth(&test, &none, today, state), expected, "{test:?} on {today}");
    }
    // A fact of that name in the case, from wherever, does not stand against the calendar.
    let stated = values(&[(FACT_TODAY, FactValue::Date(date("2030-01-01")))]);
    assert_eq!(truth(&is(FACT_TODAY, "2026-09-18"), &stated, "2026-09-18", None), Truth::True);
}

#[test]
fn two_facts_compare_and_unknown_stays_unknown() {
    let facts = values(&[
        ("三", FactValue::Number(3)),
        ("五", FactValue::Number(5)),
        ("早", FactValue::Date(date("2026-09-18"))),
        ("晚", FactValue::Date(date("2026-09-19"))),
        ("甲", FactValue::Text("甲".to_owned())),
        ("表", FactValue::List(vec!["甲".to_owned()])),
    ]);
    let same = |one: &str, other: &str| Test::Same(one.to_owned(), other.to_owned());
    use Comparator::{AtLeast, AtMost, Less, More};
    for (test, expected) in [
        (two("三", Less, "五"), Truth::True),
        (two("五", AtMost, "三"), Truth::False),
        (two("早", AtMost, "早"), Truth::True),
        (two("晚", More, "早"), Truth::True),
        (two("早", AtLeast, "三"), Truth::Unknown),
        (two("早", AtMost, "无"), Truth::Unknown),
        (two("无", AtMost, "早"), Truth::Unknown),
        (same("三", "三"), Truth::True),
        (same("三", "五"), Truth::False),
        (same("表", "甲"), Truth::True),
        (same("甲", "无"), Truth::Unknown),
        (Test::Not(Box::new(same("甲", "无"))), Truth::Unknown),
    ] {
        assert_eq!(truth(&test, &facts, "2026-09-18", None), expected, "{test:?}");
    }
}

fn recent(what: &str) -> String {
    format!("近件.评价考核.{what}")
}

fn passes_after_assessment() -> Pack {
    let mut pack = pack();
    let accept = &mut pack.procedures.get_mut("需求评审").unwrap().steps[0].actions[0];
    accept.requires = vec![Condition {
        test: Test::Is(recent("结果"), FactValue::Text("合格".to_owned())),
        remedy: None,
        clauses: clause("受理"),
    }];
    pack
}

#[test]
fn another_case_is_known_only_by_observation() {
    let passed = values(&[
        (&recent("结果"), FactValue::Text("合格".to_owned())),
        (&recent("已准予"), FactValue::Flag(true)),
        (&recent("在办"), FactValue::Flag(false)),
    ]);
    let begun = values(&[(&recent("在办"), FactValue::Flag(true))]);
    let mut play = Play::open_with(passes_after_assessment(), "2026-09-18");
    let who = actor("受", BUREAU);
    let accept =
        |observed: &Values| Command { observed: observed.clone(), ..Command::new(CommandKind::Accept) };
    let refused = play.try_do(&who, &accept(&Values::new())).unwrap_err();
    assert_eq!((refused.code, refused.clauses), ("case.fact_unknown", clause("受理")));
    // Nobody states it.
    let stated = Command { facts: passed.clone(), ..Command::new(CommandKind::Accept) };
    assert_eq!(play.refused(("受", BUREAU), &stated), "case.facts_invalid");
    // The button is offered by the other case as it stands now.
    let refused = |observed: &Values| {
        let offered = available_with(&play.state, &who, &play.context(), observed);
        offered
            .into_iter()
            .find(|one| one.command == CommandKind::Accept)
            .unwrap()
            .refused
            .map(|one| one.code)
    };
    assert_eq!(refused(&Values::new()), Some("case.fact_unknown"));
    assert_eq!(refused(&passed), None);
    // A newer case of the same procedure is open: the older result is no longer the newest.
    play.state.facts.extend(passed.clone());
    assert_eq!(play.try_do(&who, &accept(&begun)).unwrap_err().code, "case.fact_unknown");
    play.try_do(&who, &accept(&passed)).unwrap();
    assert_eq!(play.state.facts[&recent("结果")], FactValue::Text("合格".to_owned()));
    let back = Command { observed: begun, ..Command::new(CommandKind::Approve) };
    play.try_do(&actor("水", "water"), &back).unwrap();
    assert!(!play.state.facts.contains_key(&recent("结果")), "a group is replaced as a whole");
    assert_eq!(fold(&play.events).map(|state| state.facts.contains_key(&recent("结果"))), Some(false));
}

#[test]
fn a_button_waits_for_the_case_that_it_asks_for() {
    let mut pack = pack();
    let accept = &mut pack.procedures.get_mut("需求评审").unwrap().steps[0].actions[0];
    accept.facts = vec![fact("方案", FactKind::Reference, true)];
    accept.requires = vec![Condition {
        test: Test::Is("方案.已准予".to_owned(), FactValue::Flag(true)),
        remedy: None,
        clauses: clause("受理"),
    }];
    let mut play = Play::open_with(pack, "2026-09-18");
    assert!(available(&play.state, &actor("受", BUREAU), &play.context())[0].refused.is_none());
    let facts = values(&[("方案", FactValue::Text("一号".to_owned()))]);
    let accept = |granted: Option<bool>| Command {
        facts: facts.clone(),
        observed: granted
            .map(|granted| ("方案.已准予".to_owned(), FactValue::Flag(granted)))
            .into_iter()
            .collect(),
        ..Command::new(CommandKind::Accept)
    };
    assert_eq!(play.refused(("受", BUREAU), &accept(None)), "case.fact_unknown");
    assert_eq!(play.refused(("受", BUREAU), &accept(Some(false))), "case.condition_not_met");
    play.try_do(&actor("受", BUREAU), &accept(Some(true))).unwrap();
}

#[test]
fn a_procedure_says_what_has_to_be_observed() {
    let mut pack = passes_after_assessment();
    let procedure = pack.procedures.get_mut("需求评审").unwrap();
    assert_eq!(procedure.recent_procedures().into_iter().collect::<Vec<_>>(), ["评价考核"]);
    assert!(procedure.named_cases().is_empty());
    let plan = Test::Is("方案.已准予".to_owned(), FactValue::Flag(true));
    procedure.attachments[2].when = Some(Test::Not(Box::new(plan)));
    assert_eq!(procedure.named_cases().into_iter().collect::<Vec<_>>(), ["方案"]);
    assert!(procedure.named_facts().contains("收益率"));
}

fn urgent(attachment: &str) -> Pack {
    let mut pack = pack();
    let procedure = pack.procedures.get_mut("需求评审").unwrap();
    let test = Test::Is("紧急".to_owned(), FactValue::Flag(true));
    procedure.attachments.push(AttachmentRule {
        when: Some(test.clone()),
        clauses: clause("急件"),
        ..super::fixture::attachment(attachment, true)
    });
    let accept = &mut procedure.steps[0].actions[0];
    accept.attachments = vec![
        Enclosure { clauses: clause("急件受理"), ..enclosure("受理说明", Some(test)) },
        enclosure("回执", None),
    ];
    pack
}

#[test]
fn an_attachment_may_depend_on_a_fact_and_unknown_asks_for_it() {
    let pack = urgent("加急函");
    let (calendar, now) = (crate::calendar::tests::national(), at("2026-09-18"));
    let context = Context { pack: &pack, calendar: &calendar, now };
    let mut case = application(&pack, "2026-09-18");
    for (stated, needed) in [(None, true), (Some(true), true), (Some(false), false)] {
        case.facts.remove("紧急");
        case.facts.extend(stated.map(|flag| ("紧急".to_owned(), FactValue::Flag(flag))));
        let opened = open(&context, &case);
        let missing = opened.err().map(|refused| (refused.code, refused.fields[0].field.clone()));
        assert_eq!(missing, needed.then(|| ("case.attachments_missing", "加急函".to_owned())), "{stated:?}");
    }
    // The action asks by what the case knows: not urgent.
    let events = open(&context, &case).unwrap();
    let state = fold(&events).unwrap();
    let who = actor("受", BUREAU);
    let accept = |state: &CaseState, names: &[&str]| {
        let attachments = names.iter().map(|name| sample_attachment(name)).collect();
        decide(state, &Command { attachments, ..Command::new(CommandKind::Accept) }, &who, &context)
    };
    assert!(accept(&state, &["回执"]).is_ok());
    assert_eq!(accept(&state, &[]).unwrap_err().clauses, clause("受理"));
    assert_eq!(available(&state, &who, &context)[0].attachments, ["回执"]);
    let mut unknown = state;
    unknown.facts.remove("紧急");
    let refused = accept(&unknown, &["回执"]).unwrap_err();
    assert_eq!((refused.code, refused.clauses), ("case.attachments_missing", clause("急件受理")));
    assert_eq!(available(&unknown, &who, &context)[0].attachments, ["受理说明", "回执"]);
}

#[test]
fn a_button_tells_what_may_have_to_be_attached() {
    let mut pack = urgent("加急函");
    let accept = &mut pack.procedures.get_mut("需求评审").unwrap().steps[0].actions[0];
    accept.facts = vec![fact("紧急", FactKind::Flag, true)];
    let mut case = application(&pack, "2026-09-18");
    case.attachments.push(sample_attachment("加急函"));
    let (calendar, now) = (crate::calendar::tests::national(), at("2026-09-18"));
    let context = Context { pack: &pack, calendar: &calendar, now };
    let state = fold(&open(&context, &case).unwrap()).unwrap();
    let button = available(&state, &actor("受", BUREAU), &context).remove(0);
    assert_eq!(
        (button.attachments.as_slice(), button.may_attach.as_slice()),
        (["回执".to_owned()].as_slice(), ["受理说明".to_owned()].as_slice())
    );
    assert_eq!(button.files().collect::<Vec<_>>(), ["回执", "受理说明"]);
    assert!(button.must_attach("回执") && !button.must_attach("受理说明"));
}

#[test]
fn several_roles_act_in_one_step() {
    let mut pack = pack();
    pack.procedures.get_mut("需求评审").unwrap().steps[1].joint = vec!["主管部门".to_owned()];
    let mut play = Play::open_with(pack.clone(), "2026-09-18");
    play.accept();
    let tasks: Vec<_> = open_tasks(&play.state).into_iter().filter_map(|task| task.unit).collect();
    assert_eq!(tasks, [BUREAU, "civil", "water"], "each unit has its own task");
    play.act(("水", "water"), CommandKind::Approve).act(("民", "civil"), CommandKind::Approve);
    assert_eq!(play.step(), "评审");
    play.act(("审", BUREAU), CommandKind::Approve);
    assert_eq!(play.step(), "表决");
    // Without 逐家办理 one of them is enough.
    pack.procedures.get_mut("需求评审").unwrap().steps[1].each_unit = false;
    let mut play = Play::open_with(pack.clone(), "2026-09-18");
    play.accept().act(("审", BUREAU), CommandKind::Approve);
    assert_eq!(play.step(), "表决");
    // Each role has to be played.
    pack.roles.get_mut("主管部门").unwrap().units.clear();
    pack.procedures.get_mut("需求评审").unwrap().steps[0].role = "协调小组".to_owned();
    let mut play = Play::open_with(pack, "2026-09-18");
    let refused = play.refused(("协", COORDINATION), &Command::new(CommandKind::Accept));
    assert_eq!(refused, "case.role_unbound");
}

fn voting() -> Pack {
    let mut pack = pack();
    let vote = &mut pack.procedures.get_mut("需求评审").unwrap().steps[2];
    for action in &mut vote.actions {
        action.facts = vec![fact("清单齐全", FactKind::Flag, true)];
    }
    pack
}

#[test]
fn what_is_stated_with_a_sealed_vote_is_sealed_with_it() {
    let ballot = |complete| Command {
        facts: values(&[("清单齐全", FactValue::Flag(complete))]),
        ..Command::new(CommandKind::Approve)
    };
    for (third, known) in [(true, Some(FactValue::Flag(true))), (false, None)] {
        let mut play = Play::open_with(voting(), "2026-09-18");
        play.until_vote();
        play.try_do(&actor("甲", PANEL), &ballot(true)).unwrap();
        play.try_do(&actor("乙", PANEL), &ballot(true)).unwrap();
        assert!(!play.state.facts.contains_key("清单齐全"), "sealed");
        play.try_do(&actor("丙", PANEL), &ballot(third)).unwrap();
        // Statements that contradict each other are no knowledge.
        assert_eq!(play.state.facts.get("清单齐全"), known.as_ref());
        assert_eq!(fold(&play.events).as_ref(), Some(&play.state));
    }
    let mut play = Play::open_with(voting(), "2026-09-18");
    play.until_vote();
    assert_eq!(play.refused(("甲", PANEL), &Command::new(CommandKind::Approve)), "case.facts_invalid");
}

#[test]
fn an_old_vote_has_no_facts() {
    let old = r#"{"at":1790000000000000,"on":"2026-09-18","actor":null,"clauses":[],"type":"voted","step":"表决",
        "command":"approve","vote":"approve","opinion":null,"opinion_box":null,"sealed":true}"#;
    let event: Event = serde_json::from_str(old).unwrap();
    assert!(matches!(&event.body, EventBody::Voted { facts, .. } if facts.is_empty()));
    assert!(!serde_json::to_string(&event).unwrap().contains("facts"));
}

#[test]
fn a_text_out_of_force_opens_no_case_and_lets_the_open_ones_go_on() {
    let opened = |status, days: (Option<&str>, Option<&str>), on: &str| {
        let mut pack = pack();
        pack.status = status;
        pack.in_force = (days.0.map(date), days.1.map(date));
        pack.in_force_clauses = clause("施行");
        let calendar = crate::calendar::tests::national();
        let context = Context { pack: &pack, calendar: &calendar, now: at(on) };
        open(&context, &application(&pack, on)).err().map(|refused| (refused.code, refused.clauses))
    };
    let refused = Some(("case.pack_not_in_force", clause("施行")));
    let days = (Some("2026-09-18"), Some("2026-09-30"));
    use Status::{Draft, Expired, InForce, Replaced};
    for (status, days, on, expected) in [
        (InForce, days, "2026-09-17", &refused),
        (InForce, days, "2026-09-18", &None),
        (InForce, days, "2026-09-30", &None),
        (InForce, days, "2026-10-01", &refused),
        (InForce, (None, None), "2026-10-01", &None),
        (Draft, (None, None), "2026-10-01", &None),
        (Replaced, (None, None), "2026-09-18", &refused),
        (Expired, (None, None), "2026-09-18", &refused),
    ] {
        assert_eq!(&opened(status, days, on), expected, "{status:?} {on}");
    }
    let mut play = Play::open("2026-09-18");
    play.pack.status = Status::Replaced;
    play.pack.in_force = (None, Some(date("2026-09-18")));
    play.on("2026-09-21").accept();
    assert_eq!(play.step(), "评审");
    play.pack.in_force_clauses.clear();
    let context = play.context();
    let refused = open(&context, &application(&play.pack, "2026-09-21")).unwrap_err();
    assert_eq!(refused.clauses, clause("程序"), "without a basis of its own it rests on the procedure's");
}

#[test]
fn a_field_may_name_a_unit() {
    let mut owner = field("提供单位", FieldKind::Unit, true);
    owner.fact = Some("提供单位".to_owned());
    let form = form("表", vec![owner]);
    let sent = |value: FormValue| check_form(&form, &FormValues::from([("提供单位".to_owned(), value)]));
    let list = |unit: &str| FactValue::List(vec![unit.to_owned()]);
    let text = sent(FormValue::from("water-bureau")).unwrap();
    assert_eq!(text.1["提供单位"], list("water-bureau"));
    assert_eq!(sent(FormValue::List(vec!["civil".to_owned()])).unwrap().1["提供单位"], list("civil"));
    for wrong in [FormValue::from("两个 机构"), FormValue::List(vec!["a".to_owned(), "b".to_owned()])] {
        assert_eq!(sent(wrong.clone()).unwrap_err()[0].code, "format", "{wrong:?}");
    }
    assert_eq!(sent(FormValue::from("")).unwrap_err()[0].code, "required");
}
