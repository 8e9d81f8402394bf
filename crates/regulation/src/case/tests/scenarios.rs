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
    }
}

fn scenario(given: Vec<ScenarioEvent>, then: Vec<Expectation>) -> Scenario {
    Scenario {
        name: "样例".to_owned(),
        procedure: "需求评审".to_owned(),
        given,
        then,
        clauses: clause("程序"),
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
    let missing = with(line("2026-09-18", None, CommandKind::Submit), "缺附件", "自评报告");
    let refused = |id: &str| vec![Expectation::Refused(clause(id).into_iter().collect())];
    assert_eq!(failures(vec![missing], refused("附件")), none);
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
