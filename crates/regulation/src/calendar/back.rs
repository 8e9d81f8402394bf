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
