use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::pack::model::{Counting, Period, PeriodUnit};

static NATIONAL: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::load([
        ("2023.yaml", include_str!("../../../../packs/national/calendar/2023.yaml")),
        ("2026.yaml", include_str!("../../../../packs/national/calendar/2026.yaml")),
        ("2025.yaml", include_str!("../../../../packs/national/calendar/2025.yaml")),
        ("2024.yaml", include_str!("../../../../packs/national/calendar/2024.yaml")),
    ])
    .unwrap()
});

/// The calendar of the repository.
pub(crate) fn national() -> Calendar {
    NATIONAL.clone()
}

pub(crate) fn civil_code() -> Counting {
    Counting {
        profile: "民法典期间".to_owned(),
        start_day_counts: false,
        roll_to_working_day: true,
        utc_offset_seconds: 28_800,
    }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

const fn period(length: u32, unit: PeriodUnit) -> Period {
    Period { length, unit }
}

#[test]
fn working_day_vectors() {
    let calendar = national();
    for (start, n, due) in [
        ("2026-09-18", 3, "2026-09-22"),
        ("2026-09-23", 3, "2026-09-29"),
        ("2026-09-23", 15, "2026-10-21"),
        ("2026-02-13", 3, "2026-02-25"),
        ("2026-04-30", 10, "2026-05-18"),
        ("2026-09-30", 20, "2026-11-03"),
        ("2026-09-18", 0, "2026-09-18"),
        ("2026-10-03", 0, "2026-10-03"),
        ("2025-09-26", 1, "2025-09-28"),
        ("2024-02-09", 1, "2024-02-18"),
        ("2023-09-28", 1, "2023-10-07"),
    ] {
        let deadline = calendar.add_working_days(date(start), n);
        assert_eq!((deadline.due, deadline.provisional), (date(due), false), "{start} + {n}");
        assert_eq!(deadline.used, n);
    }
}

#[test]
fn beyond_the_last_notice_a_date_is_provisional() {
    let calendar = national();
    assert_eq!(calendar.known_until(), date("2026-12-31"));
    let deadline = calendar.add_working_days(date("2026-12-21"), 15);
    assert!(deadline.provisional);
    assert_eq!(deadline.days.last().unwrap().reason, Reason::AssumedWorking);
    assert!(!calendar.add_working_days(date("2026-12-21"), 8).provisional);
    assert!(calendar.add_working_days(date("2022-12-20"), 1).provisional);
}

#[test]
fn every_day_is_explained() {
    let calendar = national();
    let deadline = calendar.add_working_days(date("2026-09-18"), 3);
    let told: Vec<_> =
        deadline.days.iter().map(|day| (day.date.to_string(), day.counted, day.reason.zh())).collect();
    let expected = [
        ("2026-09-18", false, "开始当日不计入"),
        ("2026-09-19", false, "周末"),
        ("2026-09-20", true, "调休上班（国庆节）"),
        ("2026-09-21", true, "工作日"),
        ("2026-09-22", true, "工作日"),
    ];
    assert_eq!(told, expected.map(|(day, counted, why)| (day.to_owned(), counted, why.to_owned())));
    assert_eq!(calendar.is_working_day(date("2026-09-25")).1.en(), "public holiday (Mid-autumn Festival)");
}

#[test]
fn calendar_periods_roll_to_the_next_working_day() {
    let calendar = national();
    let counting = civil_code();
    for (start, length, due) in [
        ("2026-09-20", period(5, PeriodUnit::Day), "2026-09-28"),
        ("2026-09-21", period(3, PeriodUnit::Day), "2026-09-24"),
        ("2026-09-21", period(0, PeriodUnit::Day), "2026-09-21"),
        ("2025-08-31", period(6, PeriodUnit::Month), "2026-02-28"),
        ("2026-04-01", period(1, PeriodUnit::Month), "2026-05-06"),
        ("2023-05-15", period(3, PeriodUnit::Year), "2026-05-15"),
    ] {
        let deadline = calendar.add_period(date(start), length, &counting);
        assert_eq!((deadline.due, deadline.provisional), (date(due), false), "{start} + {length:?}");
    }
    let counted = Counting { start_day_counts: true, roll_to_working_day: false, ..counting };
    assert_eq!(
        calendar.add_period(date("2026-09-21"), period(3, PeriodUnit::Day), &counted).due,
        date("2026-09-23")
    );
    assert_eq!(
        calendar.add_period(date("2026-09-21"), period(3, PeriodUnit::WorkingDay), &counted).due,
        date("2026-09-23")
    );
    assert_eq!(
        calendar.add_period(date("2026-01-01"), period(1, PeriodUnit::Month), &counted).due,
        date("2026-01-31")
    );
}

#[test]
fn a_stopped_clock_keeps_what_is_left() {
    let calendar = national();
    let pause = |until: Option<&str>| Pause { from: date("2026-09-29"), until: until.map(date) };
    let three = period(3, PeriodUnit::WorkingDay);
    let stopped = calendar.add_period_with_pauses(date("2026-09-28"), three, &civil_code(), &[pause(None)]);
    assert_eq!(stopped.used, 1);
    let resumed = calendar.add_period_with_pauses(
        date("2026-09-28"),
        three,
        &civil_code(),
        &[pause(Some("2026-10-12"))],
    );
    assert_eq!(resumed.due, date("2026-10-14"));
    let month = period(1, PeriodUnit::Month);
    let longer = calendar.add_period_with_pauses(
        date("2026-09-10"),
        month,
        &civil_code(),
        &[pause(Some("2026-10-12"))],
    );
    assert_eq!(longer.due, date("2026-10-23"));
}

#[test]
fn spans_are_signed() {
    let calendar = national();
    assert_eq!(calendar.working_days_between(date("2026-09-18"), date("2026-09-22")).working_days, 3);
    assert_eq!(calendar.working_days_between(date("2026-09-22"), date("2026-09-18")).working_days, -3);
    assert_eq!(calendar.working_days_between(date("2026-10-01"), date("2026-10-01")).working_days, 0);
}

#[test]
fn the_years_have_the_right_number_of_working_days() {
    let calendar = national();
    for (year, days) in [(2023, 249), (2024, 251), (2025, 248), (2026, 248)] {
        let from = Date::new(year - 1, 12, 31).unwrap();
        let to = Date::new(year, 12, 31).unwrap();
        assert_eq!(calendar.working_days_between(from, to).working_days, days, "{year}");
    }
    assert_eq!(calendar.notices().len(), 4);
}

#[test]
fn bad_files_are_refused_with_a_code() {
    let file = |year: i32, holidays: &str, make_up: &str| {
        format!(
            "年: {year}\n依据: 通知\n发布: 2025-11-04\n已知至: {year}-12-31\n放假: [{holidays}]\n调休上班: [{make_up}]\n"
        )
    };
    let holiday = "{名称: 元旦, 英文: New Year, 自: 2026-01-01, 至: 2026-01-03}";
    let good = file(2026, holiday, "");
    let code = |texts: &[&str]| match Calendar::load(texts.iter().map(|text| ("x.yaml", *text))) {
        Ok(_) => "",
        Err(error) => error.code(),
    };
    assert_eq!(code(&[&good]), "");
    assert_eq!(code(&[]), "regulation.calendar_empty");
    assert_eq!(code(&["年: x"]), "regulation.calendar_syntax");
    assert_eq!(code(&[&format!("{good}多余: 1\n")]), "regulation.calendar_syntax");
    assert_eq!(code(&[&format!("{good}年: 2026\n")]), "regulation.calendar_syntax");
    assert_eq!(code(&[&good, &good]), "regulation.calendar_gap");
    assert_eq!(code(&[&good, &file(2028, "", "")]), "regulation.calendar_gap");
    assert_eq!(code(&[&file(2025, holiday, "")]), "regulation.calendar_outside");
    assert_eq!(
        code(&[&file(2026, &format!("{holiday}, {holiday}"), "")]),
        "regulation.calendar_contradiction"
    );
    for day in ["2026-01-03", "2026-01-06"] {
        let make_up = format!("{{日: {day}, 因: 元旦}}");
        assert_eq!(code(&[&file(2026, holiday, &make_up)]), "regulation.calendar_contradiction");
    }
}

fn day() -> impl Strategy<Value = Date> {
    (19_360_i32..20_820).prop_map(Date::from_days)
}

proptest! {
    #[test]
    fn deadlines_are_monotone(start in day(), later in 0_i32..30, n in 0_u32..60) {
        let calendar = national();
        let due = |start, n| calendar.add_working_days(start, n).due;
        prop_assert!(due(start, n) <= due(start.plus_days(later), n) || n == 0);
        prop_assert!(due(start, n) < due(start, n + 1));
    }

    #[test]
    fn a_due_day_is_never_a_rest_day(start in day(), n in 1_u32..60) {
        let calendar = national();
        prop_assert!(calendar.is_working_day(calendar.add_working_days(start, n).due).0);
        for unit in [PeriodUnit::Day, PeriodUnit::Month] {
            let deadline = calendar.add_period(start, period(n, unit), &civil_code());
            prop_assert!(calendar.is_working_day(deadline.due).0);
            prop_assert!(deadline.due > start);
        }
    }

    #[test]
    fn explanations_add_up(start in day(), n in 0_u32..60) {
        let calendar = national();
        let deadline = calendar.add_working_days(start, n);
        prop_assert_eq!(deadline.days.iter().filter(|day| day.counted).count(), n as usize);
        prop_assert_eq!(calendar.working_days_between(start, deadline.due).working_days, n as i32);
        prop_assert!(deadline.days.windows(2).all(|pair| pair[0].date.plus_days(1) == pair[1].date));
        prop_assert_eq!(deadline.provisional, deadline.days.iter().any(|day| day.counted && !calendar.is_known(day.date)));
    }

    #[test]
    fn a_pause_never_shortens(start in day(), n in 1_u32..30, after in 0_i32..20, length in 0_i32..20) {
        let calendar = national();
        let from = start.plus_days(after);
        let pause = Pause { from, until: Some(from.plus_days(length)) };
        let three = period(n, PeriodUnit::WorkingDay);
        let plain = calendar.add_period(start, three, &civil_code());
        let paused = calendar.add_period_with_pauses(start, three, &civil_code(), &[pause]);
        prop_assert!(plain.due <= paused.due);
        prop_assert_eq!(paused.used, n);
    }
}
