//! Periods counted backward from a day, and clocks that end on a day that is named.

use base::Date;

use super::{Calendar, CountedDay, DAYS_MAX, Deadline, Reason};
use crate::pack::model::{Counting, Period, PeriodUnit};

impl Calendar {
    /// The last day on which something due a period *before* `anchor` is in time (期满前6个月): the anchor less the
    /// period. The anchor itself is counted as the profile counts a start day.
    ///
    /// Months end on the day of the same number, or on the last day of a shorter month (08-31 less six months is the
    /// last day of February), so never later than the period asks. A day of rest moves to the working day *before* it,
    /// where the profile rolls at all: rolling forward would shorten the time the rule protects.
    #[must_use]
    pub fn sub_period(&self, anchor: Date, period: Period, counting: &Counting) -> Deadline {
        let counts = counting.start_day_counts;
        match period.unit {
            PeriodUnit::WorkingDay => self.walk_back(anchor, period.length, true, counts),
            PeriodUnit::Day => {
                self.roll_back(self.walk_back(anchor, period.length, false, counts), period, counting)
            }
            PeriodUnit::Month => self.months_back(anchor, period, period.length, counting),
            PeriodUnit::Year => self.months_back(anchor, period, period.length.saturating_mul(12), counting),
        }
    }

    /// A clock that ends on a day somebody named, whatever day it is.
    #[must_use]
    pub fn until(&self, start: Date, last: Date) -> Deadline {
        let mut days = vec![CountedDay { date: start, counted: false, reason: Reason::StartDay }];
        days.push(CountedDay { date: last, counted: true, reason: Reason::NamedDay });
        // A date that people agreed on does not depend on any notice.
        Deadline { start, due: last, provisional: false, used: 0, days }
    }

    /// Walks back day by day until `n` days are used; the days of the explanation stand oldest first.
    fn walk_back(&self, anchor: Date, n: u32, working: bool, anchor_counts: bool) -> Deadline {
        let mut deadline =
            Deadline { start: anchor, due: anchor, provisional: false, used: 0, days: Vec::new() };
        if n == 0 {
            deadline.days.push(CountedDay { date: anchor, counted: false, reason: Reason::SameDay });
            return deadline;
        }
        if !anchor_counts {
            deadline.days.push(CountedDay { date: anchor, counted: false, reason: Reason::AnchorDay });
        }
        let mut date = if anchor_counts { anchor } else { anchor.plus_days(-1) };
        // Limit: the walk ends after DAYS_MAX days, as the forward one does.
        for _ in 0..DAYS_MAX {
            let (counted, reason) = if working {
                deadline.provisional |= !self.is_known(date);
                self.is_working_day(date)
            } else {
                (true, Reason::CalendarDay)
            };
            deadline.days.push(CountedDay { date, counted, reason });
            if counted {
                deadline.used += 1;
                deadline.due = date;
                if deadline.used == n {
                    deadline.days.reverse();
                    return deadline;
                }
            }
            date = date.plus_days(-1);
        }
        deadline.provisional = true;
        deadline.days.reverse();
        deadline
    }

    fn months_back(&self, anchor: Date, period: Period, months: u32, counting: &Counting) -> Deadline {
        // Limit: 1 200 months, as forward.
        let months = i32::try_from(months.min(1_200)).unwrap_or(0);
        let mut due = anchor.plus_months(-months);
        if counting.start_day_counts && months > 0 {
            due = due.plus_days(1);
        }
        let mut days = Vec::new();
        if due != anchor {
            days.push(CountedDay { date: due, counted: true, reason: Reason::CorrespondingDay });
        }
        days.push(CountedDay { date: anchor, counted: false, reason: Reason::AnchorDay });
        let deadline = Deadline { start: anchor, due, provisional: false, used: period.length, days };
        self.roll_back(deadline, period, counting)
    }

    /// Moves a last day that falls on a rest day to the working day before it, where the profile rolls.
    fn roll_back(&self, mut deadline: Deadline, period: Period, counting: &Counting) -> Deadline {
        if !counting.roll_to_working_day || period.length == 0 || deadline.used < period.length {
            return deadline;
        }
        // The longest run of rest days is far below a month.
        for _ in 0..31 {
            deadline.provisional |= !self.is_known(deadline.due);
            let (working, reason) = self.is_working_day(deadline.due);
            if working {
                break;
            }
            if let Some(first) = deadline.days.first_mut().filter(|first| first.date == deadline.due) {
                first.reason = reason;
            }
            deadline.due = deadline.due.plus_days(-1);
            let (_, reason) = self.is_working_day(deadline.due);
            deadline.days.insert(0, CountedDay { date: deadline.due, counted: false, reason });
        }
        deadline
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::tests::{civil_code, national};

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    const fn period(length: u32, unit: PeriodUnit) -> Period {
        Period { length, unit }
    }

    #[test]
    fn backward_vectors_counted_by_hand() {
        use PeriodUnit::{Day, Month, WorkingDay, Year};
        let calendar = national();
        for (anchor, length, unit, due) in [
            // Over a make-up Saturday and over the National Day holiday.
            ("2026-10-12", 3, WorkingDay, "2026-10-08"),
            ("2026-10-12", 4, WorkingDay, "2026-09-30"),
            ("2026-10-08", 1, WorkingDay, "2026-09-30"),
            ("2026-10-12", 0, WorkingDay, "2026-10-12"),
            // 05-16 is a Saturday: the Friday before it.
            ("2026-11-16", 6, Month, "2026-05-15"),
            // August has 31 days, February 28: its last day, a Saturday worked in exchange.
            ("2026-08-31", 6, Month, "2026-02-28"),
            ("2026-09-30", 6, Month, "2026-03-30"),
            // 05-05 is the last day of the Labour Day holiday.
            ("2026-06-05", 1, Month, "2026-04-30"),
            // 09-27 is Mid-autumn, which began on 09-25.
            ("2026-10-27", 30, Day, "2026-09-24"),
            ("2026-12-31", 1, Year, "2025-12-31"),
        ] {
            let deadline = calendar.sub_period(date(anchor), period(length, unit), &civil_code());
            assert_eq!(
                (deadline.due, deadline.provisional),
                (date(due), false),
                "{anchor} − {length} {unit:?}"
            );
            let days = &deadline.days;
            assert!(days.windows(2).all(|pair| pair[0].date < pair[1].date), "oldest first: {days:?}");
            assert_eq!(days.first().map(|day| day.date), Some(date(due)));
            assert_eq!(days.last().map(|day| day.date), Some(date(anchor)));
        }
    }

    #[test]
    fn the_profile_decides_on_the_anchor_day_and_on_rolling() {
        let calendar = national();
        let due = |anchor: &str, period, counting: &Counting| {
            let deadline = calendar.sub_period(date(anchor), period, counting);
            (deadline.due.to_string(), deadline.provisional)
        };
        let counted = Counting { start_day_counts: true, ..civil_code() };
        assert_eq!(due("2026-10-12", period(3, PeriodUnit::WorkingDay), &counted).0, "2026-10-09");
        assert_eq!(due("2026-09-30", period(6, PeriodUnit::Month), &counted).0, "2026-03-31");
        let fixed = Counting { roll_to_working_day: false, ..civil_code() };
        assert_eq!(due("2026-11-16", period(6, PeriodUnit::Month), &fixed).0, "2026-05-16");
        assert_eq!(due("2026-10-27", period(30, PeriodUnit::Day), &fixed).0, "2026-09-27");
        // No notice says yet which days of 2027 are worked.
        assert_eq!(
            due("2027-07-01", period(3, PeriodUnit::Month), &civil_code()),
            ("2027-04-01".to_owned(), true)
        );
        assert_eq!(due("2027-07-01", period(3, PeriodUnit::Month), &fixed), ("2027-04-01".to_owned(), false));
    }

    #[test]
    fn a_backward_end_says_why_it_moved() {
        let six = period(6, PeriodUnit::Month);
        let deadline = national().sub_period(date("2026-11-16"), six, &civil_code());
        let said: Vec<(String, String)> =
            deadline.days.iter().map(|day| (day.date.to_string(), day.reason.zh())).collect();
        let said: Vec<(&str, &str)> = said.iter().map(|(day, why)| (day.as_str(), why.as_str())).collect();
        assert_eq!(
            said,
            [("2026-05-15", "工作日"), ("2026-05-16", "周末"), ("2026-11-16", "自该日倒算，当日不计入"),]
        );
    }

    #[test]
    fn a_named_day_stays() {
        let deadline = national().until(date("2026-09-18"), date("2026-10-04"));
        assert_eq!((deadline.due, deadline.provisional), (date("2026-10-04"), false));
        assert_eq!(deadline.days.last().map(|day| day.reason.clone()), Some(Reason::NamedDay));
    }

    proptest! {
        #[test]
        fn what_is_left_is_never_less_than_the_period(anchor in 19_725_i32..20_820, n in 1_u32..60, later in 0_i32..30) {
            let (calendar, anchor) = (national(), Date::from_days(anchor));
            let due = |anchor, unit| calendar.sub_period(anchor, period(n, unit), &civil_code()).due;
            for unit in [PeriodUnit::WorkingDay, PeriodUnit::Day, PeriodUnit::Month] {
                prop_assert!(due(anchor, unit) < anchor);
                prop_assert!(calendar.is_working_day(due(anchor, unit)).0);
                prop_assert!(due(anchor, unit) <= due(anchor.plus_days(later), unit));
            }
            prop_assert!(due(anchor, PeriodUnit::Month).plus_months(n.cast_signed()) <= anchor);
            prop_assert!(due(anchor, PeriodUnit::Day).plus_days(n.cast_signed()) <= anchor);
            let working = due(anchor, PeriodUnit::WorkingDay);
            // The anchor itself is left out, on the day counted to the first is counted.
            let between = calendar.working_days_between(working.plus_days(-1), anchor.plus_days(-1));
            prop_assert_eq!(between.working_days, n.cast_signed());
        }
    }
}
