//! The calendar reaches as far as the clocks.

use base::Date;

use super::{Finding, Severity, in_step};
use crate::calendar::Calendar;
use crate::pack::model::{ClockRule, Measure, OnExpiry, Pack, Period, PeriodUnit};

pub(super) fn look(pack: &Pack, calendar: &Calendar, today: Date, found: &mut Vec<Finding>) {
    for procedure in pack.procedures.values() {
        for step in &procedure.steps {
            let clock = step.clock.as_ref().and_then(reaching);
            for (period, waits) in clock.into_iter().chain(step.correction.map(|period| (period, false))) {
                let reached = calendar.add_period(today, period, &pack.counting);
                if !reached.provisional {
                    continue;
                }
                let (until, due) = (calendar.known_until(), reached.due);
                let (zh, en) = if may_be_out(until, today) {
                    ("请载入下一年的放假安排", "load the next year's holiday notice")
                } else {
                    (
                        "下一年的放假安排一般在十月底至十二月发布，发布后请载入",
                        "the next year's holiday notice comes out between late October and December; load it then",
                    )
                };
                found.push(Finding {
                    code: "lint.calendar_short",
                    // Until then the dates are provisional and move nothing; a notice still comes in time to settle them.
                    severity: if waits && today > until { Severity::Error } else { Severity::Warning },
                    place: in_step(procedure, step),
                    zh: format!("日历只到 {until}，今天起算的期限要到 {due}，日期是暂定的；{zh}"),
                    en: format!(
                        "the calendar is known until {until}; a clock started today runs to {due} and is provisional; {en}"
                    ),
                });
            }
        }
    }
}

/// Whether the notice for the year after the last one known may be out: the State Council's general office has issued
/// them between late October and December of the year before.
fn may_be_out(known_until: Date, today: Date) -> bool {
    let (year, month, day) = today.parts();
    year > known_until.year() || (year, month, day) >= (known_until.year(), 10, 20)
}

/// The least a clock started today needs of the calendar, and whether the case waits for it. What is counted back from a
/// day, or runs to one that people named, depends on that day and not on today.
fn reaching(clock: &ClockRule) -> Option<(Period, bool)> {
    let period = match clock.measure {
        Measure::Forward => clock.period,
        Measure::Fact(_) => Period { length: 1, unit: clock.period.unit },
        Measure::Backward | Measure::Until(_) => return None,
    };
    Some((period, waits_for_a_notice(clock)))
}

/// A provisional day may warn and close doors, but never ends or moves a case nor destroys data: such a case would stand
/// still until the next holiday notice. Terms of months and years always outlive the calendar and are recomputed with each notice.
const fn waits_for_a_notice(clock: &ClockRule) -> bool {
    let moves = matches!(
        clock.on_expiry,
        OnExpiry::ReturnAutomatically
            | OnExpiry::MoveToCoordination
            | OnExpiry::Advance
            | OnExpiry::TakeBackData
    );
    moves && matches!(clock.period.unit, PeriodUnit::WorkingDay)
}
