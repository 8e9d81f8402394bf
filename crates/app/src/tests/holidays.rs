//! The notice of a year's holidays is loaded by one person and put into use by another; due days move with it.

use base::{Date, Timestamp};

use super::clocks::objection;
use super::fixture::{County, packs};
use super::versions::colleague;
use crate::cases::{self, CaseRecord};
use crate::packs::{self, VersionState, Waiting};
use crate::{App, Ctx, Error};

/// The first three days of 2027 are free, and the second Sunday is worked for them.
const NOTICE: &str = "年: 2027\n依据: 测试用安排\n发布: 2026-11-05\n已知至: 2027-12-31\n放假:\n\
                      \u{20} - {名称: 元旦, 英文: \"New Year's Day\", 自: 2027-01-01, 至: 2027-01-03}\n\
                      调休上班:\n  - {日: 2027-01-10, 因: 元旦}\n";

/// Thursday, the last day of 2026, in the morning.
fn eve() -> Timestamp {
    day("2026-12-31").start_at(28_800).plus_seconds(9 * 3_600)
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A year without holidays.
fn plain(year: i32) -> String {
    format!("年: {year}\n依据: 测试用安排\n发布: 2024-11-05\n已知至: {year}-12-31\n放假: []\n调休上班: []\n")
}

async fn refusal(app: &App, ctx: &Ctx, text: &str) -> (String, String) {
    match packs::propose_holidays(app, ctx, text).await {
        Err(Error::Invalid { code, subject, .. }) => (code.to_owned(), subject),
        Err(error) => (error.code().to_owned(), String::new()),
        Ok(_) => panic!("the notice was taken"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_moves_the_days_that_were_provisional() {
    let county = County::open_at(eve()).await;
    let app = &county.app;
    let id = objection(&county).await;
    cases::sweep(app).await.unwrap();
    // Two working days: Friday and Monday, as long as nothing says that Friday is free.
    assert_eq!(county.get::<CaseRecord>(id.uuid()).await.due, Some(day("2027-01-04")));
    assert!(!app.packs().calendar().is_known(day("2027-01-04")));

    let (officer, chief) = (&county.ctx("bigdata-bureau"), &colleague(&county));
    let outsider = &county.ctx("market-bureau");
    assert!(packs::propose_holidays(app, outsider, NOTICE).await.is_err());
    let notice = packs::propose_holidays(app, officer, NOTICE).await.unwrap();
    assert_eq!((notice.year, notice.state), (2027, VersionState::Proposed));
    let changed = packs::changed_days(app, &notice).unwrap();
    assert_eq!(changed, [(day("2027-01-01"), false), (day("2027-01-10"), true)]);
    // It waits for the other one only, and nothing is counted with it yet.
    assert_eq!(packs::waiting(app, officer).await.unwrap(), []);
    assert_eq!(packs::waiting(app, outsider).await.unwrap(), []);
    assert_eq!(packs::waiting(app, chief).await.unwrap(), [Waiting::Holidays { year: 2027 }]);
    assert!(!app.packs().calendar().is_known(day("2027-01-04")));

    let own = packs::activate_holidays(app, officer, notice.digest).await.unwrap_err();
    assert_eq!(own.code(), "holidays.own_proposal");
    packs::activate_holidays(app, chief, notice.digest).await.unwrap();
    assert!(app.packs().calendar().is_known(day("2027-12-31")));
    cases::sweep(app).await.unwrap();
    assert_eq!(county.get::<CaseRecord>(id.uuid()).await.due, Some(day("2027-01-05")));
    let again = packs::activate_holidays(app, chief, notice.digest).await.unwrap_err();
    assert_eq!(again.code(), "holidays.not_proposed");

    // A notice of the same year takes its place; a start counts with what is in use.
    let shorter = NOTICE.replace("至: 2027-01-03", "至: 2027-01-04");
    let shorter = packs::propose_holidays(app, officer, &shorter).await.unwrap();
    packs::activate_holidays(app, chief, shorter.digest).await.unwrap();
    let states = packs::holidays(app).await.unwrap();
    let states: Vec<_> = states.iter().map(|one| one.state).collect();
    assert_eq!(states, [VersionState::InForce, VersionState::Replaced]);
    let digest = app.packs().calendar_digest();
    let county = county.restart(&packs()).await;
    assert_eq!(county.app.packs().calendar_digest(), digest);
    cases::sweep(&county.app).await.unwrap();
    assert_eq!(county.get::<CaseRecord>(id.uuid()).await.due, Some(day("2027-01-06")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_notice_is_refused_with_the_place() {
    let county = County::open_at(eve()).await;
    let (app, officer) = (&county.app, &county.ctx("bigdata-bureau"));
    let refused = [
        (NOTICE.replace("已知至", "已知到"), "holidays.syntax", ""),
        (NOTICE.replace("至: 2027-01-03", "至: 2028-01-03"), "holidays.outside", "2027-01-01"),
        (NOTICE.replace("2027-01-10", "2027-01-11"), "holidays.contradiction", "2027-01-11"),
        (NOTICE.replace("2027-01-10", "2027-01-02"), "holidays.contradiction", "2027-01-02"),
        (plain(2028), "holidays.gap", "2027"),
        (plain(2025), "holidays.past", "2025"),
        (packs::holidays_example(app), "holidays.same", ""),
        (" ".repeat(packs::HOLIDAYS_BYTES_MAX + 1), "holidays.too_large", ""),
    ];
    for (text, code, subject) in &refused {
        let (found, about) = refusal(app, officer, text).await;
        assert_eq!(found, *code);
        if !subject.is_empty() {
            assert_eq!(about, *subject, "{code}");
        }
    }
    assert_eq!(packs::holidays(app).await.unwrap(), [], "nothing of it was kept");

    // What was withdrawn may be loaded again; no more than a few wait at a time.
    let notice = packs::propose_holidays(app, officer, NOTICE).await.unwrap();
    assert_eq!(refusal(app, officer, NOTICE).await.0, "holidays.proposed");
    packs::withdraw_holidays(app, officer, notice.digest).await.unwrap();
    for minutes in 0..5 {
        let text = NOTICE.replace("测试用安排", &format!("测试用安排{minutes}"));
        packs::propose_holidays(app, officer, &text).await.unwrap();
    }
    assert_eq!(refusal(app, officer, NOTICE).await.0, "holidays.proposals");
    assert!(!app.packs().calendar().is_known(day("2027-01-04")));
}
