//! What has to be renewed soon: texts that end or were replaced, and a calendar that runs out.

use base::Date;
use serde::Serialize;

use crate::calendar::Calendar;
use crate::pack::model::{Pack, PeriodUnit, Status};

use super::text::Text;

/// Something that needs somebody's attention before it does harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// The day it is about, where there is one.
    pub on: Option<Date>,
    /// A sentence for the page.
    pub text: Text,
}

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The text is in force, but not yet.
    NotYet,
    /// The text ends soon.
    Ends,
    /// The text has ended.
    Ended,
    /// The text was replaced by another.
    Replaced,
    /// The calendar is known for a short time only.
    CalendarEnds,
    /// Time limits that start today already end on days no holiday notice settles.
    CalendarShort,
}

/// The alarms of a pack on a day.
///
/// *Units*: `ahead` in days; a text or calendar that ends within them is named. Time limits in months and years outlast
/// every yearly holiday notice and raise no alarm.
#[must_use]
pub fn alarms(pack: &Pack, calendar: &Calendar, today: Date, ahead: u32) -> Vec<Alarm> {
    let ahead = i32::try_from(ahead).unwrap_or(i32::MAX);
    let left = |day: Date| day.days().saturating_sub(today.days());
    let mut found = Vec::new();
    let mut add = |kind, on, zh: String, en: String| found.push(Alarm { kind, on, text: Text::new(zh, en) });
    match (pack.status, pack.in_force) {
        (Status::Replaced, _) => add(
            AlarmKind::Replaced,
            None,
            format!("“{}”已被替代，应启用新的文本", pack.name),
            format!("`{}` was replaced; the new text should be put into force", pack.id),
        ),
        (_, (_, Some(last))) if pack.status == Status::Expired || left(last) < 0 => add(
            AlarmKind::Ended,
            Some(last),
            format!("“{}”已于{last}届满", pack.name),
            format!("`{}` ended on {last}", pack.id),
        ),
        (Status::Expired, _) => add(
            AlarmKind::Ended,
            None,
            format!("“{}”已失效", pack.name),
            format!("`{}` is no longer in force", pack.id),
        ),
        (_, (_, Some(last))) if left(last) <= ahead => add(
            AlarmKind::Ends,
            Some(last),
            format!("“{}”施行至{last}，还有{}日", pack.name, left(last)),
            format!("`{}` is in force until {last}, {} days from now", pack.id, left(last)),
        ),
        (Status::InForce, (Some(first), _)) if left(first) > 0 => add(
            AlarmKind::NotYet,
            Some(first),
            format!("“{}”自{first}起施行，还有{}日", pack.name, left(first)),
            format!("`{}` comes into force on {first}, {} days from now", pack.id, left(first)),
        ),
        _ => {}
    }
    let known = calendar.known_until();
    if left(known) <= ahead {
        add(
            AlarmKind::CalendarEnds,
            Some(known),
            format!("放假安排只载入到{known}，应载入下一年的通知"),
            format!("the holiday calendar is known until {known} only; load the next notice"),
        );
    }
    let short = unsettled(pack, calendar, today);
    if let Some(first) = short.first() {
        add(
            AlarmKind::CalendarShort,
            Some(known),
            format!("今天起算的{}个期限会落在放假安排未定的日子，例如“{first}”；到期日为暂定", short.len()),
            format!(
                "{} time limits that start today end on days no notice settles, for example “{first}”; their days are \
                 provisional",
                short.len()
            ),
        );
    }
    found
}

/// Steps whose time limit, started today, rests on days no notice settles.
fn unsettled(pack: &Pack, calendar: &Calendar, today: Date) -> Vec<String> {
    let mut found = Vec::new();
    for procedure in pack.procedures.values() {
        for step in &procedure.steps {
            let Some(clock) = &step.clock else { continue };
            let short = matches!(clock.period.unit, PeriodUnit::WorkingDay | PeriodUnit::Day);
            let due = || calendar.add_period_with_pauses(today, clock.period, &pack.counting, &[]);
            if short && due().provisional {
                found.push(format!("{}·{}", procedure.id, step.id));
            }
        }
    }
    found
}
