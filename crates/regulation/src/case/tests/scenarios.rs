use std::collections::BTreeMap;

use super::fixture::*;
use crate::calendar::tests::national;
use crate::case::scenario::run;
use crate::pack::model::*;

fn line(on: &str, role: Option<&str>, command: CommandKind) -> ScenarioEvent {
    ScenarioEvent {
        on: date(on),
        role: role.map(str::to_owned),
        unit: None,
        command: Some(command),
        step: None,
        facts: BTreeMap::new(),
        attached: Vec::new(),
        missing: Vec::new(),
        line: 0,
    }
}

fn scenario(given: Vec<ScenarioEvent>, then: Vec<Expectation>) -> Scenario {
    Scenario {
        name: "样例".to_owned(),
        procedure: "需求评审".to_owned(),
        given,
        then,
        clauses: clause("程序"),
        place: ScenarioPlace { file: "scenarios/样例.yaml".to_owned(), line: 3, then: 9 },
    }
}

fn failures(given: Vec<ScenarioEvent>, then: Vec<Expectation>) -> Vec<String> {
    let mut pack = pack();
    pack.scenarios = vec![scenario(given, then)];
    run(&pack, &national()).into_iter().map(|failure| failure.zh).collect()
}

fn with(mut line: ScenarioEvent, key: &str, value: &str) -> ScenarioEvent {
    line.facts.insert(key.to_owned(), FactValue::Text(value.to_owned()));
    line
}

fn to_vote() -> Vec<ScenarioEvent> {
    let submit = line("2026-09-18", None, CommandKind::Submit);
    let accept = line("2026-09-23", Some("主管部门"), CommandKind::Accept);
    let review = line("2026-09-24", Some("提供单位"), CommandKind::Approve);
    vec![submit, accept, review]
}

#[test]
fn stories_that_hold_give_no_failure() {
    let mut whole = to_vote();
    for _ in 0..3 {
        whole.push(line("2026-09-24", Some("专家组"), CommandKind::Approve));
    }
    let mut sign = line("2026-10-10", None, CommandKind::Sign);
    sign.facts.insert("收益率".to_owned(), FactValue::Number(499_999));
    whole.push(sign.clone());
    let effects = Expectation::Effects(vec![Effect::OpenAccess]);
    let outcome = Expectation::Outcome("通过".to_owned());
    let none: [String; 0] = [];
    assert_eq!(failures(whole.clone(), vec![outcome, effects]), none);
    whole.last_mut().unwrap().facts.insert("收益率".to_owned(), FactValue::Number(500_000));
    let refused = Expectation::Refused(clause("收益率").into_iter().collect());
    assert_eq!(failures(whole, vec![refused, Expectation::Open("签订".to_owned())]), none);
    let due = Expectation::Due("评审".to_owned(), date("2026-09-29"));
    assert_eq!(failures(to_vote(), vec![due, Expectation::Open("表决".to_owned())]), none);
}

#[test]
fn steering_facts_steer() {
    let none: [String; 0] = [];
    let refused = |id: &str| vec![Expectation::Refused(clause(id).into_iter().collect())];
    let missing = with(line("2026-09-18", None, CommandKind::Submit), "缺字段", "电话");
    assert_eq!(failures(vec![missing], refused("申请表")), none);
    let submit = line("2026-09-18", None, CommandKind::Submit);
    let accept = with(line("2026-09-21", Some("主管部门"), CommandKind::Accept), "经办人", "张");
    let dispute = line("2026-09-22", Some("提供单位"), CommandKind::Refuse);
    let mut resolve = with(line("2026-09-23", Some("协调小组"), CommandKind::Resolve), "经办人", "张");
    resolve.facts.insert("会议召开".to_owned(), FactValue::Flag(true));
    assert_eq!(failures(vec![submit, accept, dispute, resolve], refused("回避")), none);
}

#[test]
fn stories_that_do_not_hold_say_what_was_found() {
    let wrong = failures(
        to_vote(),
        vec![
            Expectation::Due("评审".to_owned(), date("2026-09-28")),
            Expectation::Open("协调".to_owned()),
            Expectation::Outcome("通过".to_owned()),
            Expectation::Refused(clause("回避").into_iter().collect()),
            Expectation::Effects(vec![Effect::GrantData]),
        ],
    );
    assert_eq!(wrong.len(), 5);
    assert!(wrong[0].contains("2026-09-29") && wrong[1].contains("表决"));
    let late =
        vec![line("2026-09-18", None, CommandKind::Submit), line("2026-09-17", None, CommandKind::Withdraw)];
    assert!(failures(late, Vec::new())[0].contains("早于"));
    assert!(failures(vec![line("2026-09-18", None, CommandKind::Accept)], Vec::new())[0].contains("提交"));
    let refused = vec![
        line("2026-09-18", None, CommandKind::Submit),
        line("2026-09-19", None, CommandKind::Accept),
        line("2026-09-20", Some("主管部门"), CommandKind::Accept),
    ];
    assert!(failures(refused, Vec::new())[0].contains("被拒绝"));
}

#[test]
fn days_tick_between_lines() {
    let mut story = to_vote();
    for _ in 0..3 {
        story.push(line("2026-09-24", Some("专家组"), CommandKind::Approve));
    }
    story.push(line("2026-10-20", None, CommandKind::Sign));
    // The window passed on 10-10, the agreement's clock started then and ran out on 10-20 at the latest.
    let failed = failures(story, vec![Expectation::Outcome("通过".to_owned())]);
    assert_eq!(failed, Vec::<String>::new());
}

#[test]
fn files_come_with_a_step_or_are_missing() {
    let none: [String; 0] = [];
    let submit = || line("2026-09-18", None, CommandKind::Submit);
    let without = |names: &[&str]| ScenarioEvent {
        missing: names.iter().map(|name| (*name).to_owned()).collect(),
        ..submit()
    };
    let refused = || vec![Expectation::Refused(clause("附件").into_iter().collect())];
    assert_eq!(failures(vec![without(&["自评报告"])], refused()), none);
    assert_eq!(failures(vec![without(&["自评报告", "信用报告"])], refused()), none);
    let held =
        |names: &[&str]| vec![Expectation::Attached(names.iter().map(|name| (*name).to_owned()).collect())];
    assert_eq!(failures(vec![submit()], held(&["自评报告", "信用报告"])), none);
    // What need not come is not there unless the line says so.
    assert!(failures(vec![submit()], held(&["其他"]))[0].contains("其他"));
    let with = ScenarioEvent { attached: vec!["其他".to_owned()], ..submit() };
    assert_eq!(failures(vec![with], held(&["自评报告", "其他"])), none);
}

#[test]
fn a_return_carries_its_time_and_the_correction_brings_its_files() {
    let none: [String; 0] = [];
    let mut pack = pack();
    let procedure = pack.procedures.get_mut("需求评审").unwrap();
    let step = procedure.steps.iter_mut().find(|step| step.id == "受理").unwrap();
    step.correction = Some(Period { length: 5, unit: PeriodUnit::WorkingDay });
    let run_on = |given: Vec<ScenarioEvent>, then: Vec<Expectation>| -> Vec<String> {
        let mut pack = pack.clone();
        pack.scenarios = vec![scenario(given, then)];
        run(&pack, &national()).into_iter().map(|failure| failure.zh).collect()
    };
    let submit = line("2026-09-18", None, CommandKind::Submit);
    let returned = line("2026-09-21", Some("主管部门"), CommandKind::ReturnForCorrection);
    let wait = |on: &str| ScenarioEvent { command: None, ..line(on, None, CommandKind::Submit) };
    // 22, 23, 24 September; 25 to 27 are the Mid-Autumn holiday; 28 and 29.
    let due = || Expectation::CorrectionDue(date("2026-09-29"));
    let story = |last: ScenarioEvent| vec![submit.clone(), returned.clone(), last];
    assert_eq!(run_on(story(wait("2026-09-29")), vec![due(), Expectation::CorrectionLate(false)]), none);
    let late = || Expectation::CorrectionLate(true);
    // Nothing follows when the time is over: the case still waits.
    assert_eq!(
        run_on(story(wait("2026-09-30")), vec![due(), late(), Expectation::Open("受理".to_owned())]),
        none
    );
    let wrong =
        run_on(story(wait("2026-09-29")), vec![Expectation::CorrectionDue(date("2026-09-30")), late()]);
    assert_eq!(wrong.len(), 2);
    assert!(wrong[0].contains("2026-09-29") && wrong[1].contains("没有逾期"));
    let answer = line("2026-10-09", None, CommandKind::Supplement);
    let answer = ScenarioEvent { attached: vec!["其他".to_owned()], ..answer };
    let held = Expectation::Attached(vec!["其他".to_owned(), "自评报告".to_owned()]);
    assert_eq!(run_on(story(answer.clone()), vec![held]), none);
    assert_eq!(run_on(story(answer), vec![due(), late()]).len(), 2, "no correction is awaited any more");
}

#[test]
fn a_failure_says_where_the_scenario_and_its_step_are_written() {
    let mut pack = pack();
    let mut given = to_vote();
    (given[0].line, given[1].line, given[2].line) = (5, 6, 7);
    pack.scenarios = vec![scenario(given.clone(), vec![Expectation::Outcome("通过".to_owned())])];
    let failed = run(&pack, &national());
    assert_eq!((failed[0].line, failed[0].place().as_str()), (None, "scenarios/样例.yaml:9"));
    given[1].role = Some("提供单位".to_owned());
    pack.scenarios = vec![scenario(given, vec![Expectation::Outcome("通过".to_owned())])];
    let failed = run(&pack, &national());
    assert_eq!((failed[0].line, failed[0].place().as_str()), (Some(2), "scenarios/样例.yaml:6"));
}
