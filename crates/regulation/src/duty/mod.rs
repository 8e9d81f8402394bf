//! Periodic duties (周期义务): which periods a party owes, when each is due, and a calendar file of them.
//!
//! [`periods()`] is a function of the duty, the day a party's obligation began and the day up to which one looks:
//! asked again after weeks it names the same periods with the same keys ([`DutyPeriod::key`]), so that each is opened
//! exactly once. Opening the case is [`crate::case::owe`].
//!
//! What the module fixes, whatever a pack says:
//! - a duty without 期限 is done *within* its period: it opens on the first day and is due on the last, and that day
//!   does not move to a working day, because the next period has begun by then;
//! - a duty with 期限 is done *about* its period: it opens on the day after it and is due so long after its end,
//!   counted as the pack counts periods;
//! - 自然期 follows the calendar; the broken period in which the obligation begins counts for a report (nothing done
//!   goes unreported), and for a duty within the period where at least half of it is left;
//! - 签订 counts natural months from the day of the agreement, always from that day, so that no month's end drifts.

mod expect;
pub mod ical;

use base::Date;
use serde::Serialize;

pub use expect::run_one;

use crate::calendar::{Calendar, CountedDay, Deadline, Reason};
use crate::pack::model::{Counting, Duty, DutyAnchor, Pack, Period, PeriodUnit, RoleKey};

/// Periods one call may name; two hundred years of months.
pub const PERIODS_MAX: usize = 2_400;

/// One period of a duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DutyPeriod {
    /// Its code, for example `2026-Q3`; the same whenever it is asked for.
    pub code: String,
    /// Its name in Chinese, for example `2026年第3季度`.
    pub label_zh: String,
    /// Its name in English.
    pub label_en: String,
    /// First day the party owes; later than the calendar's own where the obligation began meanwhile.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The day the case is opened.
    pub opens_on: Date,
    /// The due day with its explanation.
    pub due: Deadline,
}

impl DutyPeriod {
    /// The title of the case, for example `年度经营报告（2026年度）`.
    #[must_use]
    pub fn title(&self, duty: &Duty) -> String {
        format!("{}（{}）", duty.name, self.label_zh)
    }

    /// What names this period of this duty for this party, once and for all. `party` is whatever the platform tells
    /// parties apart by: a unit's code, or the id of an authorisation.
    #[must_use]
    pub fn key(&self, duty: &Duty, party: &str) -> String {
        Self::keys(duty, Some(party)) + &self.code
    }

    /// What all keys of a duty begin with, or those of one party.
    #[must_use]
    pub fn keys(duty: &Duty, party: Option<&str>) -> String {
        match party {
            Some(party) => format!("duty/{}/{party}/", duty.name),
            None => format!("duty/{}/", duty.name),
        }
    }
}

/// A reminder of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ring {
    /// The day it rings.
    pub on: Date,
    /// Working days left then; negative after the due day.
    pub days_left: i32,
    /// Who is told.
    pub tell: RoleKey,
}

/// Whether calendar periods of this length exist: months that divide a year.
#[must_use]
pub const fn aligns(every: Period) -> bool {
    matches!(months(every), 1 | 2 | 3 | 4 | 6 | 12)
}

/// Whether the duty is owed once for each authorisation (its procedure points at one) and not once for each unit.
#[must_use]
pub fn per_authorisation(pack: &Pack, duty: &Duty) -> bool {
    let procedure = pack.procedures.get(&duty.procedure);
    let mut facts = procedure.into_iter().flat_map(|procedure| &procedure.facts);
    !duty.only.is_empty() || facts.any(|rule| rule.key == crate::case::FACT_AUTHORISATION)
}

/// The periods a party owes that open on or before `until`, oldest first.
///
/// `since` is the day the party's obligation begins: of its agreement, or the first day in force. For a party whose
/// obligation has ended, `until` is its last day: what is to be reported at an end belongs to the procedure that ends it.
///
/// # Limits
/// [`PERIODS_MAX`]; with the longest run of years a pack can mean this is never reached.
#[must_use]
pub fn periods(
    duty: &Duty,
    calendar: &Calendar,
    counting: &Counting,
    since: Date,
    until: Date,
) -> Vec<DutyPeriod> {
    let length = months(duty.every).max(1);
    let mut found = Vec::new();
    for index in 0..i32::try_from(PERIODS_MAX).unwrap_or(i32::MAX) {
        let span = match duty.anchor {
            DutyAnchor::Calendar => natural(length, since, index),
            DutyAnchor::Signed => counted(length, since, index, counting),
        };
        let opens_on = if duty.within.is_some() { span.to.plus_days(1) } else { span.from.max(since) };
        if opens_on > until {
            break;
        }
        if owed(duty, &span, since) {
            let from = span.from.max(since);
            let due = due(duty, calendar, counting, from, span.to);
            let Span { code, label_zh, label_en, to, .. } = span;
            found.push(DutyPeriod { code, label_zh, label_en, from, to, opens_on, due });
        }
    }
    found
}

/// The days on which the duty's reminders ring for a period, oldest first; none before its case is opened.
#[must_use]
pub fn rings(duty: &Duty, period: &DutyPeriod, calendar: &Calendar, counting: &Counting) -> Vec<Ring> {
    let due = period.due.due;
    let mut rings: Vec<Ring> = duty
        .ladder
        .iter()
        .map(|rung| {
            let on = match rung.before {
                Some(before) => calendar.sub_period(due, before, counting).due,
                None => ring_day(calendar, due, rung.days_left),
            };
            let (on, tell) = (on.max(period.opens_on), rung.tell.clone());
            let left = calendar.working_days_between(on, due).working_days;
            Ring { on, days_left: if rung.before.is_some() { left } else { rung.days_left }, tell }
        })
        .collect();
    rings.sort_by(|a, b| (a.on, -a.days_left, &a.tell).cmp(&(b.on, -b.days_left, &b.tell)));
    rings
}

/// The first day on which so many working days or fewer are left.
pub(crate) fn ring_day(calendar: &Calendar, due: Date, days_left: i32) -> Date {
    let (mut day, mut counted) = (due, 0);
    // Limit: a rung is at most a thousand working days away, which is below this many calendar days.
    for _ in 0..crate::calendar::DAYS_MAX {
        if days_left < 0 {
            if counted == days_left {
                break;
            }
            day = day.plus_days(1);
            counted -= i32::from(calendar.is_working_day(day).0);
        } else {
            // Stepping back over `day` puts it among the days still to come.
            counted += i32::from(calendar.is_working_day(day).0);
            if counted > days_left {
                break;
            }
            day = day.plus_days(-1);
        }
    }
    day
}

struct Span {
    code: String,
    label_zh: String,
    label_en: String,
    from: Date,
    to: Date,
}

const fn months(every: Period) -> i32 {
    let length = match every.unit {
        PeriodUnit::Year => every.length.saturating_mul(12),
        // The loader takes months and years only.
        PeriodUnit::Month | PeriodUnit::Day | PeriodUnit::WorkingDay => every.length,
    };
    if length > 1_200 { 1_200 } else { length.cast_signed() }
}

/// The calendar period `index` after the one a day falls into.
fn natural(length: i32, since: Date, index: i32) -> Span {
    let (_, month, day) = since.parts();
    let into = (i32::from(month) - 1).rem_euclid(length);
    let first = since.plus_days(1 - i32::from(day)).plus_months(index.saturating_mul(length) - into);
    let to = first.plus_months(length).plus_days(-1);
    let (year, month, _) = first.parts();
    let month = i32::from(month);
    let nth = (month - 1) / length + 1;
    let (code, label_zh, label_en) = match length {
        1 => (format!("{year}-{month:02}"), format!("{year}年{month}月"), format!("{year}-{month:02}")),
        3 => (format!("{year}-Q{nth}"), format!("{year}年第{nth}季度"), format!("Q{nth} {year}")),
        6 => {
            let (zh, en) = if nth == 1 { ("上半年", "first half") } else { ("下半年", "second half") };
            (format!("{year}-H{nth}"), format!("{year}年{zh}"), format!("{en} of {year}"))
        }
        12 => (format!("{year}"), format!("{year}年度"), format!("{year}")),
        _ => {
            let last = month + length - 1;
            let en = format!("{year}-{month:02} to {year}-{last:02}");
            (format!("{year}-{month:02}x{length}"), format!("{year}年{month}月至{last}月"), en)
        }
    };
    Span { code, label_zh, label_en, from: first, to }
}

/// The period `index` after an agreement, always counted from its day.
fn counted(length: i32, since: Date, index: i32, counting: &Counting) -> Span {
    // Where the start day is not counted, a period ends on the corresponding day and the next begins after it.
    let shift = i32::from(!counting.start_day_counts);
    let from = since.plus_months(index.saturating_mul(length)).plus_days(shift);
    let to = since.plus_months((index + 1).saturating_mul(length)).plus_days(shift - 1);
    let nth = index + 1;
    Span {
        code: format!("{since}-{nth}"),
        label_zh: format!("第{nth}期（{from} 至 {to}）"),
        label_en: format!("period {nth} ({from} to {to})"),
        from,
        to,
    }
}

/// A whole period is owed; of a broken one what the module's introduction says.
fn owed(duty: &Duty, span: &Span, since: Date) -> bool {
    let whole = span.to.days() - span.from.days() + 1;
    let left = span.to.days() - since.max(span.from).days() + 1;
    left == whole || duty.within.is_some() || left * 2 >= whole
}

fn due(duty: &Duty, calendar: &Calendar, counting: &Counting, from: Date, to: Date) -> Deadline {
    match duty.within {
        Some(within) => {
            let start = if counting.start_day_counts { to.plus_days(1) } else { to };
            calendar.add_period(start, within, counting)
        }
        None => fixed(from, to),
    }
}

/// A due day that is written down, not counted.
pub(crate) fn fixed(start: Date, due: Date) -> Deadline {
    let day = |date, reason| CountedDay { date, counted: true, reason };
    let mut days = vec![day(start, Reason::CalendarDay)];
    if due != start {
        days.push(day(due, Reason::CalendarDay));
    }
    let used = u32::try_from(due.days().saturating_sub(start.days())).unwrap_or(0);
    Deadline { start, due, provisional: false, used, days }
}

#[cfg(test)]
mod tests;
