//! Duties on top of the parent's: one of the same name below replaces the one above.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::layer::duplicate;
use super::model::{DutyAnchor, Pack, Period, Value};
use super::read::duty::{NOT_ALIGNED, is_cycle};
use super::report::{Place, Report, shown};

/// Adds the pack's own duties and their scenarios.
pub(crate) fn duties(draft: &Draft, pack: &mut Pack, report: &mut Report) {
    let mut own = BTreeSet::new();
    for duty in &draft.duties {
        if !own.insert(&duty.value.name) {
            duplicate(&format!("周期义务“{}”", shown(&duty.value.name)), &duty.place, report);
            continue;
        }
        match pack.duties.iter_mut().find(|one| one.name == duty.value.name) {
            Some(above) => above.clone_from(&duty.value),
            None => pack.duties.push(duty.value.clone()),
        }
    }
    taken(draft, pack, report);
    // A scenario of a duty that is written anew below no longer tells its dates.
    pack.duty_scenarios.retain(|scenario| !own.contains(&scenario.duty));
    pack.duty_scenarios.extend(draft.duty_scenarios.iter().map(|one| one.value.clone()));
}

/// Cycles and time limits that are parameters take the value in force, those of inherited duties too.
fn taken(draft: &Draft, pack: &mut Pack, report: &mut Report) {
    let head = draft.header.as_ref().map(|header| header.place.clone());
    for duty in &mut pack.duties {
        let own = draft.duties.iter().find(|own| own.value.name == duty.name).map(|own| own.place.clone());
        let Some(place) = own.or_else(|| head.clone()) else { continue };
        let mut take = |name: &String| {
            // Unknown parameters are reported with the other references.
            let value = &pack.parameters.get(name)?.value;
            let period = period(value);
            if period.is_none() {
                wrong(&place, report, name);
            }
            period
        };
        if let Some(every) = duty.every_of.as_ref().and_then(&mut take) {
            duty.every = every;
        }
        if let Some(within) = duty.within_of.as_ref().and_then(&mut take) {
            duty.within = Some(within);
        }
        let Some(name) = duty.every_of.as_ref() else { continue };
        if !is_cycle(duty.every) {
            wrong(&place, report, name);
        } else if duty.anchor == DutyAnchor::Calendar && !crate::duty::aligns(duty.every) {
            report.at(&place, "regulation.pack_duty", NOT_ALIGNED.0, NOT_ALIGNED.1);
        }
    }
}

fn period(value: &Value) -> Option<Period> {
    match value {
        Value::Period(period) => Some(*period),
        Value::Limit(_, value) => period(value),
        _ => None,
    }
}

fn wrong(place: &Place, report: &mut Report, name: &str) {
    let name = shown(name);
    report.at(
        place,
        "regulation.pack_duty",
        format!("参数“{name}”不能作周期义务的周期或者期限"),
        format!("parameter `{name}` cannot be a duty's cycle or time limit"),
    );
}
