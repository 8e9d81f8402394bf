//! The calendar reaches as far as the clocks that count working days.

use base::Date;

use super::{Finding, Severity, in_step};
use crate::calendar::Calendar;
use crate::pack::model::{Pack, Period, PeriodUnit};

pub(super) fn look(pack: &Pack, calendar: &Calendar, today: Date, found: &mut Vec<Finding>) {
    for procedure in pack.procedures.values() {
        for step in &procedure.steps {
            let own = step.clock.as_ref().map(|clock| clock.period);
            for period in own.into_iter().chain(step.correction) {
                let reached = calendar.add_period(today, period, &pack.counting);
                if !reached.provisional {
                    continue;
                }
                let (until, due) = (calendar.known_until(), reached.due);
                found.push(Finding {
                    code: "lint.calendar_short",
                    // Long terms always outlive the calendar; their last day is recomputed when a notice is loaded.
                    severity: if counts_days(period) { Severity::Error } else { Severity::Warning },
                    place: in_step(procedure, step),
                    zh: format!("日历只到 {until}，今天起算的期限要到 {due}，日期只能是暂定；请先载入下一年的放假安排"),
                    en: format!("the calendar is known until {until}; a clock started today runs to {due} and is provisional"),
                });
            }
        }
    }
}

const fn counts_days(period: Period) -> bool {
    matches!(period.unit, PeriodUnit::WorkingDay)
}
