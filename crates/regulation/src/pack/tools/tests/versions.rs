use std::collections::BTreeMap;

use base::{Date, Id, Timestamp};

use super::*;
use crate::case::scenario::{sample_attachment, sample_form};
use crate::case::{Actor, CaseState, Context, OpenCase, fold, open};
use crate::pack::{Status, load};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Deqing with some texts replaced, as its next version.
fn next(changes: &[(&str, &str, &str)]) -> Pack {
    let mut sources = files("deqing");
    for (path, from, to) in changes {
        let file = sources.iter_mut().find(|file| file.path.ends_with(path)).unwrap();
        assert!(file.text.contains(from), "{path}: {from}");
        file.text = file.text.replace(from, to);
    }
    parsed(&sources, Some(&zhejiang()))
}

/// The day after the cases of these tests were opened.
fn noon() -> Timestamp {
    day("2026-09-15").start_at(28_800).plus_seconds(43_200)
}

const ALL: &str = "上级: zhejiang\n过渡: [{程序: 授权申请, 依据: [德清.二.1]}]";

fn case(pack: &Pack, on: &str) -> CaseState {
    let (calendar, on) = (calendar(), day(on));
    let now: Timestamp = on.start_at(28_800).plus_seconds(36_000);
    let ctx = Context { pack, calendar: &calendar, now };
    let procedure = &pack.procedures["授权申请"];
    let (form, _) = sample_form(&pack.forms["附件2"], on, &BTreeMap::new(), None);
    let case = OpenCase {
        id: Id::new(now, [7; 10]),
        number: "SQ-2026-0001".to_owned(),
        procedure: procedure.id.clone(),
        actor: Actor {
            person: Id::new(now, [1; 10]),
            unit: "applicant".to_owned(),
            unit_name: "申请单位".to_owned(),
            person_name: "申请人".to_owned(),
        },
        title: "申请".to_owned(),
        form,
        attachments: procedure.attachments.iter().map(|rule| sample_attachment(&rule.name)).collect(),
        facts: BTreeMap::new(),
        observed: BTreeMap::new(),
        parties: BTreeMap::new(),
    };
    fold(&open(&ctx, &case).unwrap()).unwrap()
}

#[test]
fn a_running_case_stays_unless_a_transition_names_it() {
    let old = pack("deqing");
    let cases = [case(&old, "2026-09-14")];
    let longer = ("parameters.yaml", "形式审查期限: {值: 5个工作日", "形式审查期限: {值: 8个工作日");
    let found = impact(&old, &next(&[longer]), &cases, &calendar(), noon());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].change, Change::Stays);
    let new = next(&[longer, ("pack.yaml", "上级: zhejiang", ALL)]);
    let found = impact(&old, &new, &cases, &calendar(), noon());
    let Change::Moves { dates, lost, gained, altered, role, units, clauses } = &found[0].change else {
        panic!("{found:?}")
    };
    // Received on Monday the 14th: the fifth working day is Sunday the 20th, a make-up day; the eighth is the 23rd.
    assert_eq!(dates.len(), 1);
    assert_eq!((dates[0].before, dates[0].after), (Some(day("2026-09-20")), Some(day("2026-09-23"))));
    assert!(lost.is_empty() && gained.is_empty() && altered.is_empty() && role.is_none() && units.is_none());
    assert_eq!(clauses, &["德清.二.1"]);
    let text = impact_document(&old, &new, ImpactCounts::of(&found), &found).markdown(Lang::Zh);
    assert!(text.contains("2026-09-20 → 2026-09-23") && text.contains("1件转到新版本"), "{text}");
}

#[test]
fn dates_move_by_the_rule_for_the_last_day_and_by_facts() {
    let old = pack("deqing");
    let cases = [case(&old, "2026-09-14")];
    let path = "procedures/授权申请.yaml";
    let length = "长度: {参数: 形式审查期限}";
    let after = |changes: &[(&str, &str, &str)]| {
        let mut all = vec![("pack.yaml", "上级: zhejiang", ALL)];
        all.extend(changes);
        let found = impact(&old, &next(&all), &cases, &calendar(), noon());
        let Change::Moves { dates, .. } = &found[0].change else { panic!("{found:?}") };
        dates[0].after
    };
    // Twelve days end on Saturday the 26th, the second of three days off; the 28th is a Monday.
    assert_eq!(after(&[(path, length, "长度: 12日")]), Some(day("2026-09-28")));
    assert_eq!(after(&[(path, length, "长度: 12日\n      末日: 不顺延")]), Some(day("2026-09-26")));
    // A day that the running case does not know is not made up, and nothing goes on without its clock.
    let fact = (path, "  公告: {英文", "  承诺日: {英文: Promised, 类型: 日期}\n  公告: {英文");
    let clock = "长度: {参数: 形式审查期限}\n      性质: 承诺\n      中止: [等待补正]";
    let unknown =
        [("pack.yaml", "上级: zhejiang", ALL), fact, (path, clock, "到: {事实: 承诺日}\n      性质: 承诺")];
    let found = impact(&old, &next(&unknown), &cases, &calendar(), noon());
    assert!(matches!(&found[0].change, Change::Blocked(why) if why.zh.contains("承诺日")), "{found:?}");
    // Nor does a version reach back: a day that would be over already is not given to a running case.
    let shorter = [("pack.yaml", "上级: zhejiang", ALL), (path, length, "长度: 1日")];
    let late = day("2026-09-17").start_at(28_800);
    let found = impact(&old, &next(&shorter), &cases, &calendar(), late);
    assert!(matches!(&found[0].change, Change::Blocked(why) if why.zh.contains("2026-09-15")), "{found:?}");
}

#[test]
fn buttons_that_come_and_go_are_named() {
    let old = pack("deqing");
    let cases = [case(&old, "2026-09-14")];
    let path = "procedures/授权申请.yaml";
    let new = next(&[
        ("pack.yaml", "上级: zhejiang", ALL),
        (
            path,
            "      - {做: 不同意, 按钮: 不予受理, 按钮英文: Reject, 须写意见: 是, 去向: {办结: 不予受理, 英文: Not accepted}, 依据: [德清.三.一.1.2]}\n",
            "      - {做: 办结, 去向: {办结: 不予受理}, 依据: [德清.三.一.1.2]}\n",
        ),
        (
            path,
            "    谁: 县大数据局\n    意见栏: 县大数据局意见",
            "    谁: 协调小组办公室\n    意见栏: 县大数据局意见",
        ),
    ]);
    let found = impact(&old, &new, &cases, &calendar(), noon());
    let Change::Moves { lost, gained, role, units, .. } = &found[0].change else { panic!("{found:?}") };
    assert_eq!(lost.iter().map(|text| text.zh.as_str()).collect::<Vec<_>>(), ["不予受理"]);
    assert_eq!(gained.iter().map(|text| text.zh.as_str()).collect::<Vec<_>>(), ["办结"]);
    assert_eq!(role.as_ref().unwrap().1.zh, "协调小组办公室");
    assert!(units.is_some());
}

#[test]
fn a_transition_moves_only_the_steps_it_names_and_never_into_nothing() {
    let old = pack("deqing");
    let cases = [case(&old, "2026-09-14")];
    let other = "上级: zhejiang\n过渡: [{程序: 授权申请, 环节: [专家评审], 依据: [德清.二.1]}]";
    let found = impact(&old, &next(&[("pack.yaml", "上级: zhejiang", other)]), &cases, &calendar(), noon());
    assert_eq!(found[0].change, Change::Stays);
    let mut new = next(&[("pack.yaml", "上级: zhejiang", ALL)]);
    new.procedures.get_mut("授权申请").unwrap().steps.remove(0);
    let found = impact(&old, &new, &cases, &calendar(), noon());
    assert!(matches!(found[0].change, Change::Blocked(_)), "{found:?}");
    // Cases of another version are another question.
    assert!(impact(&new, &new, &cases, &calendar(), noon()).is_empty() || old.digest == new.digest);
}

#[test]
fn a_transition_names_what_exists_and_its_basis() {
    let refused = |text: &str| {
        let mut sources = files("deqing");
        let file = sources.iter_mut().find(|file| file.path.ends_with("pack.yaml")).unwrap();
        file.text.push_str(text);
        let problems = load(&sources, Some(&zhejiang())).unwrap_err();
        problems.iter().map(|one| one.code).collect::<Vec<_>>()
    };
    assert_eq!(refused("\n过渡: [{程序: 定介, 依据: [德清.二.1]}]\n"), ["regulation.pack_unknown_reference"]);
    assert_eq!(
        refused("\n过渡: [{程序: 定价, 环节: [价格], 依据: [德清.二.1]}]\n"),
        ["regulation.pack_unknown_reference"]
    );
    assert_eq!(refused("\n过渡: [{程序: 定价}]\n"), ["regulation.pack_missing_key"]);
}

#[test]
fn alarms_ring_before_a_text_or_the_calendar_ends() {
    let calendar = calendar();
    let kinds = |pack: &Pack, today: &str, ahead| {
        alarms(pack, &calendar, day(today), ahead).into_iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    let futian = pack("futian");
    let known = calendar.known_until();
    assert_eq!(kinds(&futian, "2026-06-01", 90), []);
    assert!(kinds(&futian, "2026-11-21", 90).contains(&AlarmKind::Ends));
    let ends = alarms(&futian, &calendar, day("2026-11-21"), 90);
    assert!(
        ends[0].text.zh.contains("2027-01-29") && ends[0].text.zh.contains("还有69日"),
        "{}",
        ends[0].text.zh
    );
    assert!(kinds(&futian, "2027-01-30", 30).contains(&AlarmKind::Ended));
    let mut other = futian.clone();
    other.status = Status::Replaced;
    assert_eq!(kinds(&other, "2026-06-01", 90), [AlarmKind::Replaced]);
    other.status = Status::Expired;
    other.in_force = (None, None);
    assert_eq!(kinds(&other, "2026-06-01", 90), [AlarmKind::Ended]);
    other.status = Status::InForce;
    other.in_force = (Some(day("2026-07-01")), None);
    assert_eq!(kinds(&other, "2026-06-01", 90), [AlarmKind::NotYet]);
    // Close to the end of what is known, both the calendar and the first time limits say so.
    let last = known.plus_days(-3);
    let found = alarms(&pack("deqing"), &calendar, last, 30);
    let kinds: Vec<AlarmKind> = found.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [AlarmKind::CalendarEnds, AlarmKind::CalendarShort]);
    assert!(found.iter().all(|one| !one.text.en.is_empty()));
}
