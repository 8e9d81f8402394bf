//! Duties on top of the parent's: one of the same name below replaces the one above.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::layer::duplicate;
use super::model::Pack;
use super::report::{Report, shown};

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
    // A scenario of a duty that is written anew below no longer tells its dates.
    pack.duty_scenarios.retain(|scenario| !own.contains(&scenario.duty));
    pack.duty_scenarios.extend(draft.duty_scenarios.iter().map(|one| one.value.clone()));
}
