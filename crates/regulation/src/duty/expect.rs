//! What a scenario of a duty expects.

use std::fmt::Debug;

use base::Date;

use super::{periods, rings};
use crate::calendar::Calendar;
use crate::case::scenario::ScenarioFailure;
use crate::pack::model::{DutyExpectation, DutyScenario, Pack};

/// Runs one scenario; an empty list means that it holds.
#[must_use]
pub fn run_one(pack: &Pack, calendar: &Calendar, scenario: &DutyScenario) -> Vec<ScenarioFailure> {
    let failure =
        |(zh, en): (String, String)| ScenarioFailure::new(&scenario.name, &scenario.place, None, zh, en);
    let Some(duty) = pack.duties.iter().find(|duty| duty.name == scenario.duty) else {
        let name = &scenario.duty;
        return vec![failure((format!("没有周期义务“{name}”"), format!("there is no duty `{name}`")))];
    };
    let found = periods(duty, calendar, &pack.counting, scenario.since, scenario.until);
    let missed = |expected: &DutyExpectation| match expected {
        DutyExpectation::Due(wanted) => {
            let dues: Vec<Date> = found.iter().map(|period| period.due.due).collect();
            differ("到期", "due", wanted, &dues)
        }
        DutyExpectation::Opens(wanted) => {
            let opens: Vec<Date> = found.iter().map(|period| period.opens_on).collect();
            differ("起办", "opened", wanted, &opens)
        }
        DutyExpectation::Labels(wanted) => {
            let labels: Vec<String> = found.iter().map(|period| period.label_zh.clone()).collect();
            differ("期", "periods", wanted, &labels)
        }
        DutyExpectation::Rings(wanted) => {
            let days: Vec<Date> = found
                .iter()
                .flat_map(|one| rings(duty, one, calendar, &pack.counting))
                .map(|ring| ring.on)
                .collect();
            differ("提醒", "reminders", wanted, &days)
        }
    };
    scenario.then.iter().filter_map(missed).map(failure).collect()
}

fn differ<T: PartialEq + Debug>(zh: &str, en: &str, wanted: &[T], found: &[T]) -> Option<(String, String)> {
    (wanted != found)
        .then(|| (format!("{zh}应为 {wanted:?}，实为 {found:?}"), format!("{en}: {found:?}, not {wanted:?}")))
}
