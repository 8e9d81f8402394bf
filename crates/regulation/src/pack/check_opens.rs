//! Cases that become owed. 转办: what is carried over is known, and the chain has an end. Duties: who owes may open.

use std::collections::{BTreeMap, BTreeSet};

use super::check::facts_of;
use super::draft::{Draft, Located};
use super::model::{Binding, CommandKind, FactKind, Pack, Procedure, ProcedureId, Target};
use super::report::{Place, Report, shown};

/// Checks every 转办 written in the pack's own files.
pub(crate) fn opens(draft: &Draft, pack: &Pack, report: &mut Report) {
    for Located { value: (from, to), place } in &draft.opens {
        let (Some(from), Some(to)) = (pack.procedures.get(from), pack.procedures.get(to)) else {
            continue;
        };
        carried(from, to, place, pack, report);
        let opener = pack.roles.get(&to.opener);
        if opener.is_some_and(|role| role.binding == Binding::Anyone) {
            let (to, role) = (shown(&to.id), shown(&to.opener));
            report.at(
                place,
                "regulation.pack_opens",
                format!("程序“{to}”由“{role}”发起，没有确定的机构，不能作为应办件"),
                format!("`{to}` is opened by anybody (`{role}`), so nobody would owe it"),
            );
        }
        if endless(&from.id, pack) {
            let from = shown(&from.id);
            report.at(
                place,
                "regulation.pack_opens",
                format!("程序“{from}”的转办没有尽头：每一种办结都再开一件，最终回到它自己"),
                format!("`{from}` never comes to rest: every end opens another case that leads back to it"),
            );
        }
    }
}

/// Whoever owes a duty may open its procedure.
pub(crate) fn duties(draft: &Draft, pack: &Pack, report: &mut Report) {
    for Located { value: duty, place } in &draft.duties {
        let Some(procedure) = pack.procedures.get(&duty.procedure) else { continue };
        let (Some(owes), Some(opens)) = (pack.roles.get(&duty.role), pack.roles.get(&procedure.opener))
        else {
            continue;
        };
        let barred = |unit: &&String| !opens.units.is_empty() && !opens.units.contains(unit);
        if opens.binding == Binding::Anyone
            || owes.binding == Binding::Anyone
            || owes.units.iter().any(|unit| barred(&unit))
        {
            let (name, role, id) = (shown(&duty.name), shown(&duty.role), shown(&procedure.id));
            report.at(
                place,
                "regulation.pack_duty",
                format!("周期义务“{name}”由“{role}”承担，但它不能发起程序“{id}”，或者没有确定的机构"),
                format!(
                    "`{role}` owes the duty `{name}` but may not open `{id}`, or is nobody in particular"
                ),
            );
        }
    }
}

/// What the next case has to point at, the one that ends must know.
fn carried(from: &Procedure, to: &Procedure, place: &Place, pack: &Pack, report: &mut Report) {
    let known = facts_of(from, pack);
    let pointers = to.facts.iter().filter(|rule| rule.required && rule.kind == FactKind::Reference);
    for rule in pointers.filter(|rule| rule.key != crate::case::FACT_CASE && !known.contains_key(&rule.key)) {
        let (key, to) = (shown(&rule.key), shown(&to.id));
        report.at(
            place,
            "regulation.pack_opens",
            format!("转办的程序“{to}”必须有“{key}”，本程序没有这一事实"),
            format!("`{to}` needs the fact `{key}`, which this procedure does not know"),
        );
    }
}

/// Whether every way on from a procedure opens another case without end, back to itself.
fn endless(start: &ProcedureId, pack: &Pack) -> bool {
    // A procedure at whose end nothing need be opened is a place of rest.
    let forced: BTreeMap<&ProcedureId, BTreeSet<&ProcedureId>> = pack
        .procedures
        .values()
        .filter_map(|procedure| {
            let next: Vec<Option<&ProcedureId>> = ends(procedure).collect();
            let all: Option<BTreeSet<&ProcedureId>> = next.into_iter().collect();
            Some((&procedure.id, all.filter(|all| !all.is_empty())?))
        })
        .collect();
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<&ProcedureId> = forced.get(start).into_iter().flatten().copied().collect();
    while let Some(id) = waiting.pop() {
        if id == start {
            return true;
        }
        if seen.insert(id) {
            waiting.extend(forced.get(id).into_iter().flatten().copied());
        }
    }
    // Opening itself is no way on even where another end exists.
    pack.procedures.get(start).is_some_and(|own| ends(own).any(|next| next == Some(start)))
}

/// What each end of a procedure opens; withdrawal is the opener's and no end by decision.
fn ends(procedure: &Procedure) -> impl Iterator<Item = Option<&ProcedureId>> {
    let actions = procedure.steps.iter().flat_map(|step| &step.actions);
    let decided = actions.filter(|action| action.command != CommandKind::Withdraw);
    decided.flat_map(|action| &action.then).filter_map(|branch| match &branch.to {
        Target::End { opens, .. } => Some(opens.as_ref()),
        Target::Step(_) => None,
    })
}
