//! Arithmetic on working days and periods.

use base::Date;
use serde::Serialize;

use super::{Calendar, DAYS_MAX, Reason};
use crate::pack::model::{Counting, Period, PeriodUnit};

/// One day of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountedDay {
    /// The day.
    pub date: Date,
    /// It counts towards the period.
    pub counted: bool,
    /// Why.
    pub reason: Reason,
}

/// When a period ends, with every day that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deadline {
    /// The day it starts.
    pub start: Date,
    /// The last day of the period; while the clock stands still, as if it went on today.
    pub due: Date,
    /// A day that matters is not settled by a notice yet.
    pub provisional: bool,
    /// Units of the period used up before the clock stopped, or all of them.
    pub used: u32,
    /// The days, oldest first. Periods of months and years list their start, their corresponding day and the days
    /// moved over.
    pub days: Vec<CountedDay>,
}

/// Days on which a clock stands still: after `from` up to and including `until`. The day it stops is still used, the
/// day it goes on is a new start day and is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Pause {
    /// The day the clock stopped.
    pub from: Date,
    /// The day it went on; `None` while it stands still.
    pub until: Option<Date>,
}

impl Pause {
    fn covers(&self, date: Date) -> bool {
        self.from < date && self.until.is_none_or(|until| date <= until)
    }

    fn length(&self, end: Date) -> i32 {
        self.until.unwrap_or(end).days().saturating_sub(self.from.days()).max(0)
    }
}

/// Working days between two days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Working days after the earlier day up to and including the later one; negative if the second day is earlier.
    pub working_days: i32,
    /// A day in between is not settled by a notice yet.
    pub provisional: bool,
    /// The days.
    pub days: Vec<CountedDay>,
}

impl Calendar {
    /// The day `n` working days after `start`, which is not counted. `n` = 0 is the start day itself (当日).
    #[must_use]
    pub fn add_working_days(&self, start: Date, n: u32) -> Deadline {
        self.walk(start, n, true, false, &[])
    }

    /// The last day of a period that starts on `start`, counted as the profile says.
    #[must_use]
    pub fn add_period(&self, start: Date, period: Period, counting: &Counting) -> Deadline {
        self.add_period_with_pauses(start, period, counting, &[])
    }

    /// Like [`Calendar::add_period`] for a clock that stood still on some days. Months and years are lengthened by
    /// the calendar days it stood still. A clock that still stands is counted as if it never went on: `used` says how
    /// much is gone, `due` has no meaning yet.
    #[must_use]
    pub fn add_period_with_pauses(
        &self,
        start: Date,
        period: Period,
        counting: &Counting,
        pauses: &[Pause],
    ) -> Deadline {
        let counts = counting.start_day_counts;
        match period.unit {
            PeriodUnit::WorkingDay => self.walk(start, period.length, true, counts, pauses),
            PeriodUnit::Day => {
                let deadline = self.walk(start, period.length, false, counts, pauses);
                self.roll(deadline, period, counting)
            }
            PeriodUnit::Month => self.months(start, period, period.length, counting, pauses),
            PeriodUnit::Year => {
                self.months(start, period, period.length.saturating_mul(12), counting, pauses)
            }
        }
    }

    /// Working days after `from` up to and including `to`.
    #[must_use]
    pub fn working_days_between(&self, from: Date, to: Date) -> Span {
        let (early, late) = if from <= to { (from, to) } else { (to, from) };
        let last = late.days().min(early.days().saturating_add(DAYS_MAX.cast_signed()));
        let mut span = Span { working_days: 0, provisional: last != late.days(), days: Vec::new() };
        for date in (early.days().saturating_add(1)..=last).map(Date::from_days) {
            let (counted, reason) = self.is_working_day(date);
            span.working_days += i32::from(counted);
            span.provisional |= !self.is_known(date);
            span.days.push(CountedDay { date, counted, reason });
        }
        if to < from {
            span.working_days = -span.working_days;
        }
        span
    }

    /// Walks day by day until `n` days are used.
    fn walk(&self, start: Date, n: u32, working: bool, start_counts: bool, pauses: &[Pause]) -> Deadline {
        let mut deadline = Deadline { start, due: start, provisional: false, used: 0, days: Vec::new() };
        if n == 0 {
            deadline.days.push(CountedDay { date: start, counted: false, reason: Reason::SameDay });
            return deadline;
        }
        if !start_counts {
            deadline.days.push(CountedDay { date: start, counted: false, reason: Reason::StartDay });
        }
        let mut date = if start_counts { start } else { start.plus_days(1) };
        // Limit: the walk ends after DAYS_MAX days; a clock that stands still for ever must not walk for ever.
        for _ in 0..DAYS_MAX {
            let (counted, reason) = if pauses.iter().any(|pause| pause.covers(date)) {
                if pauses.iter().any(|pause| pause.until.is_none() && pause.covers(date)) {
                    return deadline;
                }
                (false, Reason::Stopped)
            } else if working {
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
                    return deadline;
                }
            }
            date = date.plus_days(1);
        }
        deadline.provisional = true;
        deadline
    }

    /// Periods of months and years end on the day of the last month that has the start day's number.
    fn months(
        &self,
        start: Date,
        period: Period,
        months: u32,
        counting: &Counting,
        pauses: &[Pause],
    ) -> Deadline {
        // Limit: 1 200 months; the loader refuses longer ones.
        let months = i32::try_from(months.min(1_200)).unwrap_or(0);
        let mut due = start.plus_months(months);
        if counting.start_day_counts && months > 0 {
            due = due.plus_days(-1);
        }
        let standing = pauses.iter().map(|pause| pause.length(pause.from)).fold(0, i32::saturating_add);
        due = due.plus_days(standing);
        let start_counted = counting.start_day_counts;
        let start_reason = if start_counted { Reason::CalendarDay } else { Reason::StartDay };
        let mut days = vec![CountedDay { date: start, counted: start_counted, reason: start_reason }];
        for pause in pauses {
            days.push(CountedDay { date: pause.from, counted: false, reason: Reason::Stopped });
        }
        if due != start {
            days.push(CountedDay { date: due, counted: true, reason: Reason::CorrespondingDay });
        }
        let stands = pauses.iter().any(|pause| pause.until.is_none());
        let used = if stands { 0 } else { period.length };
        self.roll(Deadline { start, due, provisional: false, used, days }, period, counting)
    }

    /// Moves an end that falls on a rest day to the next working day, where the profile says so.
    fn roll(&self, mut deadline: Deadline, period: Period, counting: &Counting) -> Deadline {
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
            if let Some(last) = deadline.days.last_mut().filter(|last| last.date == deadline.due) {
                last.reason = reason;
            }
            deadline.due = deadline.due.plus_days(1);
            let (_, reason) = self.is_working_day(deadline.due);
            deadline.days.push(CountedDay { date: deadline.due, counted: false, reason });
        }
        deadline
    }
}
