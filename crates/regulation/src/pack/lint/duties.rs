//! Duties: their scenarios hold, each rule of theirs is noticed by one, and somebody is told when they are late.

use super::{Finding, error, scenario_fails};
use crate::calendar::Calendar;
use crate::duty::run_one;
use crate::pack::model::{Duty, DutyAnchor, DutyScenario, Pack};

/// What needs no scenario to run.
pub(super) fn look(pack: &Pack, found: &mut Vec<Finding>) {
    for duty in &pack.duties {
        // What is owed does not end a case or close a door: without a reminder nobody learns that it is late.
        if !duty.ladder.iter().any(|rung| rung.before.is_none() && rung.days_left <= 0) {
            found.push(error(
                "lint.duty_unnoticed",
                place(duty),
                "没有在到期当日或者逾期以后提醒谁；请在“提醒”里写明",
                "nobody is told on the due day or after it; write that in 提醒",
            ));
        }
    }
}

/// What the scenarios show.
pub(super) fn proven(pack: &Pack, calendar: &Calendar, found: &mut Vec<Finding>) {
    let mut failed = false;
    for scenario in &pack.duty_scenarios {
        for failure in run_one(pack, calendar, scenario) {
            failed = true;
            found.push(scenario_fails(failure));
        }
    }
    if failed {
        return;
    }
    let mut trial = pack.clone();
    for (index, duty) in pack.duties.iter().enumerate() {
        let own: Vec<&DutyScenario> =
            pack.duty_scenarios.iter().filter(|scenario| scenario.duty == duty.name).collect();
        for (changed, zh, en) in without(duty) {
            if let Some(one) = trial.duties.get_mut(index) {
                one.clone_from(&changed);
            }
            if !own.iter().any(|scenario| !run_one(&trial, calendar, scenario).is_empty()) {
                found.push(error(
                    "lint.rule_untested",
                    place(duty),
                    format!("改动{zh}，没有样例会发现"),
                    format!("no scenario notices when {en} is changed"),
                ));
            }
        }
        if let Some(one) = trial.duties.get_mut(index) {
            one.clone_from(duty);
        }
    }
}

/// The duty with one of its rules changed or taken away, and which.
fn without(duty: &Duty) -> Vec<(Duty, String, String)> {
    let changed = |change: &dyn Fn(&mut Duty), zh: String, en: String| {
        let mut duty = duty.clone();
        change(&mut duty);
        (duty, zh, en)
    };
    let words = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
    let mut all = Vec::new();
    let (zh, en) = words("“每”", "how often it comes back");
    all.push(changed(&|duty| duty.every.length = duty.every.length.saturating_mul(2), zh, en));
    let (zh, en) = words("“自”", "what its periods are aligned to");
    all.push(changed(&|duty| duty.anchor = other(duty.anchor), zh, en));
    if duty.within.is_some() {
        let (zh, en) = words("“期限”", "its time limit");
        all.push(changed(&|duty| duty.within = None, zh, en));
    }
    for index in 0..duty.ladder.len() {
        let drop = |duty: &mut Duty| {
            duty.ladder.remove(index);
        };
        all.push(changed(&drop, format!("第{}级提醒", index + 1), format!("reminder {}", index + 1)));
    }
    all
}

const fn other(anchor: DutyAnchor) -> DutyAnchor {
    match anchor {
        DutyAnchor::Calendar => DutyAnchor::Signed,
        DutyAnchor::Signed => DutyAnchor::Calendar,
    }
}

fn place(duty: &Duty) -> String {
    format!("周期义务“{}”", duty.name)
}
