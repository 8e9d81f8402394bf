use std::collections::BTreeSet;

use base::Timestamp;
use proptest::prelude::*;

use super::ical::{Entry, Lang, ical};
use super::*;
use crate::calendar::tests::{civil_code, national};
use crate::pack::model::Rung;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

const MONTH: Period = Period { length: 1, unit: PeriodUnit::Month };
const QUARTER: Period = Period { length: 3, unit: PeriodUnit::Month };
const HALF: Period = Period { length: 6, unit: PeriodUnit::Month };
const YEAR: Period = Period { length: 1, unit: PeriodUnit::Year };

fn duty(every: Period, anchor: DutyAnchor, within: Option<(u32, PeriodUnit)>) -> Duty {
    let rung = |days_left| Rung { days_left, before: None, tell: "主管部门".to_owned() };
    Duty {
        name: "报告".to_owned(),
        en: "Report".to_owned(),
        role: "运营单位".to_owned(),
        every,
        every_of: None,
        anchor,
        within: within.map(|(length, unit)| Period { length, unit }),
        within_of: None,
        ladder: vec![rung(3), rung(0), rung(-2)],
        only: Vec::new(),
        local_choice: false,
        procedure: "年度报告".to_owned(),
        clauses: vec!["某.一".to_owned()],
    }
}

fn list(duty: &Duty, since: &str, until: &str) -> Vec<DutyPeriod> {
    periods(duty, &national(), &civil_code(), date(since), date(until))
}

fn told(duty: &Duty, since: &str, until: &str) -> Vec<String> {
    let line = |one: DutyPeriod| {
        let DutyPeriod { label_zh, from, to, opens_on, due, .. } = one;
        format!("{label_zh} {from}..{to} {opens_on} {}", due.due)
    };
    list(duty, since, until).into_iter().map(line).collect()
}

#[test]
fn a_duty_within_its_period_is_due_on_the_last_day() {
    let duty = duty(QUARTER, DutyAnchor::Calendar, None);
    // A third of the quarter is left: the first one owed is the next. A rest day at the end moves nothing.
    assert_eq!(
        told(&duty, "2026-09-01", "2027-01-01"),
        [
            "2026年第4季度 2026-10-01..2026-12-31 2026-10-01 2026-12-31",
            "2027年第1季度 2027-01-01..2027-03-31 2027-01-01 2027-03-31",
        ]
    );
    assert_eq!(
        told(&duty, "2026-08-15", "2026-08-15")[0],
        "2026年第3季度 2026-08-15..2026-09-30 2026-08-15 2026-09-30"
    );
    assert_eq!(told(&duty, "2026-08-17", "2026-09-30"), Vec::<String>::new());
}

#[test]
fn a_report_is_due_so_long_after_its_period_and_covers_the_broken_one() {
    let monthly = duty(MONTH, DutyAnchor::Calendar, Some((10, PeriodUnit::Day)));
    // 10 October 2026 is a Saturday worked in exchange for the holiday.
    assert_eq!(
        told(&monthly, "2026-09-28", "2026-11-01"),
        [
            "2026年9月 2026-09-28..2026-09-30 2026-10-01 2026-10-10",
            "2026年10月 2026-10-01..2026-10-31 2026-11-01 2026-11-10",
        ]
    );
    let yearly = duty(YEAR, DutyAnchor::Calendar, Some((3, PeriodUnit::Month)));
    assert_eq!(
        told(&yearly, "2026-09-01", "2027-01-01"),
        ["2026年度 2026-09-01..2026-12-31 2027-01-01 2027-03-31"]
    );
    assert_eq!(told(&yearly, "2026-09-01", "2026-12-31"), Vec::<String>::new());
    let half = duty(HALF, DutyAnchor::Calendar, Some((10, PeriodUnit::WorkingDay)));
    let found = list(&half, "2026-01-01", "2026-07-01");
    assert_eq!((found[0].label_zh.as_str(), found[0].code.as_str()), ("2026年上半年", "2026-H1"));
    assert_eq!(found[0].due.due, date("2026-07-14"));
    assert_eq!(found[0].due.used, 10);
}

#[test]
fn periods_from_an_agreement_never_drift() {
    let monthly = duty(MONTH, DutyAnchor::Signed, None);
    let ends: Vec<String> =
        list(&monthly, "2026-01-31", "2026-06-30").iter().map(|one| one.to.to_string()).collect();
    assert_eq!(ends, ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]);
    let yearly = duty(YEAR, DutyAnchor::Signed, Some((1, PeriodUnit::Month)));
    assert_eq!(
        told(&yearly, "2026-03-15", "2028-03-16"),
        [
            "第1期（2026-03-16 至 2027-03-15） 2026-03-16..2027-03-15 2027-03-16 2027-04-15",
            "第2期（2027-03-16 至 2028-03-15） 2027-03-16..2028-03-15 2028-03-16 2028-04-17",
        ]
    );
    let counting = Counting { start_day_counts: true, ..civil_code() };
    let found = periods(&yearly, &national(), &counting, date("2026-03-15"), date("2027-03-15"));
    assert_eq!((found[0].from, found[0].to), (date("2026-03-15"), date("2027-03-14")));
}

#[test]
fn reminders_ring_when_a_clock_would() {
    let duty = duty(QUARTER, DutyAnchor::Calendar, None);
    let period = list(&duty, "2026-07-01", "2026-07-01").remove(0);
    let found: Vec<(String, i32)> = rings(&duty, &period, &national(), &civil_code())
        .into_iter()
        .map(|ring| (ring.on.to_string(), ring.days_left))
        .collect();
    // 25 September is a holiday, 30 September a Wednesday; the second working day after it is 9 October, after the holiday.
    let expected = [("2026-09-24", 3), ("2026-09-30", 0), ("2026-10-09", -2)];
    assert_eq!(found, expected.map(|(on, left)| (on.to_owned(), left)));
}

/// Properties of an unfolded calendar file: name (with parameters) and value, line by line.
fn parsed(file: &str) -> Vec<(String, String)> {
    assert!(file.ends_with("\r\n"));
    for line in file.split_terminator("\r\n") {
        assert!(line.len() <= 75, "{line}");
        assert!(!line.contains(['\r', '\n']), "{line}");
    }
    let unfolded = file.replace("\r\n ", "");
    let lines = unfolded.split_terminator("\r\n");
    lines
        .map(|line| line.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap())
        .collect()
}

fn unescaped(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(c) => out.push(c),
                None => panic!("a lone backslash in {text}"),
            },
            ',' | ';' => panic!("not escaped: {text}"),
            c => out.push(c),
        }
    }
    out
}

fn values<'a>(lines: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    lines.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn calendars_parse_back() {
    let mut duty = duty(QUARTER, DutyAnchor::Calendar, None);
    duty.name = "季度监督检查；含平台、人员,以及其他需要一并检查的事项和上一季度整改情况".to_owned();
    let stamp = Timestamp::from_micros(1_789_700_000_000_000);
    let found = list(&duty, "2026-07-01", "2026-10-01");
    let entries: Vec<Entry> = found
        .iter()
        .map(|one| Entry::of_duty(&duty, "op\\1", one, &rings(&duty, one, &national(), &civil_code()), stamp))
        .collect();
    for lang in [Lang::Zh, Lang::En] {
        let file = ical(&entries, lang);
        assert_eq!(file, ical(&entries, lang));
        let lines = parsed(&file);
        assert_eq!((lines[0].1.as_str(), lines[1].1.as_str()), ("VCALENDAR", "2.0"));
        assert_eq!(values(&lines, "BEGIN").len(), values(&lines, "END").len());
        assert_eq!(values(&lines, "DTSTART;VALUE=DATE"), ["20260930", "20261231"]);
        assert_eq!(values(&lines, "DTEND;VALUE=DATE"), ["20261001", "20270101"]);
        assert_eq!(values(&lines, "DTSTAMP")[0].len(), 16);
        assert!(values(&lines, "DTSTAMP")[0].ends_with('Z'));
        // 24 September is six days before; the reminder rings at nine.
        assert_eq!(values(&lines, "TRIGGER")[..3], ["-P5DT15H", "PT9H", "P9DT9H"]);
        let summary = unescaped(values(&lines, "SUMMARY")[0]);
        match lang {
            Lang::Zh => assert_eq!(summary, format!("{}（2026年第3季度）", duty.name)),
            Lang::En => assert_eq!(summary, "Report (Q3 2026)"),
        }
        assert!(unescaped(values(&lines, "DESCRIPTION")[0]).contains('\n'));
    }
    let uids = |file: &str| {
        parsed(file).into_iter().filter(|(name, _)| name == "UID").map(|(_, id)| id).collect::<Vec<_>>()
    };
    // A later look names the same events, in either language.
    let later = Entry { on: date("2026-10-08"), stamp: Timestamp::from_micros(0), ..entries[0].clone() };
    assert_eq!(uids(&ical(&entries, Lang::Zh))[0], uids(&ical(&[later], Lang::En))[0]);
    assert_eq!(uids(&ical(&entries, Lang::Zh)).iter().collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn reminders_of_the_day_before_and_of_the_day_itself() {
    let entry = |alarms: &[&str]| Entry {
        key: "k".to_owned(),
        on: date("2026-09-30"),
        summary: ("甲".to_owned(), "a".to_owned()),
        description: Default::default(),
        alarms: alarms.iter().map(|day| date(day)).collect(),
        url: Some("https://example.cn/cases/1\r\nX: y".to_owned()),
        stamp: Timestamp::from_micros(0),
    };
    let lines = parsed(&ical(&[entry(&["2026-09-29", "2026-09-30", "2026-10-01"])], Lang::Zh));
    assert_eq!(values(&lines, "TRIGGER"), ["-PT15H", "PT9H", "P1DT9H"]);
    assert_eq!(values(&lines, "URL"), ["https://example.cn/cases/1X: y"]);
    assert_eq!(values(&lines, "DESCRIPTION"), ["甲"; 3]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn periods_follow_each_other_and_never_change_their_key(
        which in 0_usize..5, signed in any::<bool>(), within in any::<bool>(), since in 0_i32..1_500, first in 0_i32..900, more in 0_i32..900,
    ) {
        let every = [MONTH, QUARTER, HALF, YEAR, Period { length: 2, unit: PeriodUnit::Month }][which];
        let anchor = if signed { DutyAnchor::Signed } else { DutyAnchor::Calendar };
        let duty = duty(every, anchor, within.then_some((10, PeriodUnit::WorkingDay)));
        let (calendar, counting) = (national(), civil_code());
        let since = date("2024-01-01").plus_days(since);
        let until = since.plus_days(first);
        let early = periods(&duty, &calendar, &counting, since, until);
        let late = periods(&duty, &calendar, &counting, since, until.plus_days(more));
        // A later look, after weeks of downtime, adds and never changes.
        prop_assert!(late.starts_with(&early));
        let keys: BTreeSet<String> = late.iter().map(|one| one.key(&duty, "甲")).collect();
        prop_assert_eq!(keys.len(), late.len());
        prop_assert!(late.iter().all(|one| one.key(&duty, "甲") != one.key(&duty, "乙")));
        for pair in late.windows(2) {
            prop_assert_eq!(pair[0].to.plus_days(1), pair[1].from);
            prop_assert!(pair[0].due.due <= pair[1].due.due);
        }
        for one in &late {
            prop_assert!(since <= one.from && one.from <= one.to && one.opens_on <= one.due.due);
            prop_assert!(one.opens_on <= until.plus_days(more));
            prop_assert_eq!(one.opens_on > one.to, within);
            let rings = rings(&duty, one, &calendar, &counting);
            prop_assert_eq!(rings.len(), 3);
            prop_assert!(rings.iter().all(|ring| ring.on >= one.opens_on));
            prop_assert!(rings.is_sorted_by_key(|ring| ring.on));
        }
        // Nothing whole is left out: a period that began and ended in between is there.
        if late.is_empty() {
            prop_assert!(until.plus_days(more).days() - since.days() < 2 * 366);
        }
    }

    #[test]
    fn any_words_survive_the_calendar(zh in "\\PC{0,120}", en in "[ -~\n\r\t]{0,200}") {
        let entry = Entry {
            key: zh.clone(),
            on: date("2026-09-30"),
            summary: (format!("题{zh}"), format!("t{en}")),
            description: (en.clone(), zh.clone()),
            alarms: Vec::new(),
            url: None,
            stamp: Timestamp::from_micros(0),
        };
        let clean = |text: &str| text.chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>();
        for (lang, wanted) in [(Lang::Zh, format!("题{zh}")), (Lang::En, format!("t{en}"))] {
            let lines = parsed(&ical(std::slice::from_ref(&entry), lang));
            prop_assert_eq!(unescaped(values(&lines, "SUMMARY")[0]), clean(&wanted));
        }
    }
}
