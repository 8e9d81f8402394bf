//! Separations of duties that nobody could meet, and how many people a unit needs to meet the others.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, error, in_procedure, in_step, warning};
use crate::pack::model::{Binding, DrawList, Pack, Procedure, RoleKey, Separation, UnitCode, Value, Who};

pub(super) fn look(pack: &Pack, found: &mut Vec<Finding>) {
    for procedure in pack.procedures.values() {
        by_unit(pack, procedure, found);
        idle(pack, procedure, found);
        by_person(pack, procedure, found);
        votes(pack, procedure, found);
        meetings(pack, procedure, found);
    }
}

/// The only units that can ever play a role; `None` where the case finds them.
fn units<'a>(pack: &'a Pack, role: &RoleKey) -> Option<BTreeSet<&'a UnitCode>> {
    let role = pack.roles.get(role)?;
    let closed = role.binding == Binding::Fixed && !role.units.is_empty();
    closed.then(|| role.units.iter().collect())
}

/// The roles on one side of a separation: the opener's, or those that act in a step, jointly or alone.
fn roles_of<'a>(procedure: &'a Procedure, who: &Who) -> Vec<&'a RoleKey> {
    match who {
        Who::Opener => vec![&procedure.opener],
        Who::Step(id) => {
            let step = procedure.steps.iter().filter(|step| step.id == *id);
            step.flat_map(|step| std::iter::once(&step.role).chain(&step.joint)).collect()
        }
    }
}

/// What is known of the units of several roles together; `None` where it is not known of one of them.
fn together<'a>(
    roles: &[&'a RoleKey],
    of: impl Fn(&'a RoleKey) -> Option<BTreeSet<&'a UnitCode>>,
) -> Option<BTreeSet<&'a UnitCode>> {
    let each = roles.iter().map(|role| of(role)).collect::<Option<Vec<_>>>()?;
    Some(each.into_iter().flatten().collect())
}

fn side(who: &Who) -> &str {
    match who {
        Who::Opener => "发起人",
        Who::Step(id) => id,
    }
}

/// Every unit that may ever play a role: a case only chooses among those the pack lists. `None` where it lists none.
fn listed<'a>(pack: &'a Pack, role: &RoleKey) -> Option<BTreeSet<&'a UnitCode>> {
    let units = &pack.roles.get(role)?.units;
    (!units.is_empty()).then(|| units.iter().collect())
}

/// The two sides can never be of one unit, whatever anybody does: the rule keeps nobody away and no scenario can show it.
pub(super) fn is_idle(pack: &Pack, procedure: &Procedure, rule: &Separation) -> bool {
    let sides =
        [&rule.first, &rule.second].map(|who| together(&roles_of(procedure, who), |role| listed(pack, role)));
    matches!(sides, [Some(first), Some(second)] if rule.by_unit && first.is_disjoint(&second))
}

fn idle(pack: &Pack, procedure: &Procedure, found: &mut Vec<Finding>) {
    for rule in procedure.separations.iter().filter(|rule| is_idle(pack, procedure, rule)) {
        let (one, other) = (side(&rule.first), side(&rule.second));
        found.push(warning(
            "lint.separation_idle",
            in_procedure(procedure),
            format!("“{one}”和“{other}”由不同的机构担任，按机构回避没有可以回避的人"),
            format!("`{one}` and `{other}` are played by different units; the separation keeps nobody away"),
        ));
    }
}

/// Two sides that one and the same unit has to play can never be of different units.
fn by_unit(pack: &Pack, procedure: &Procedure, found: &mut Vec<Finding>) {
    for rule in procedure.separations.iter().filter(|rule| rule.by_unit) {
        let sides = [&rule.first, &rule.second]
            .map(|who| together(&roles_of(procedure, who), |role| units(pack, role)));
        let [Some(first), Some(second)] = sides else { continue };
        let all: BTreeSet<&&UnitCode> = first.union(&second).collect();
        if let (1, Some(unit)) = (all.len(), all.first()) {
            let (one, other) = (side(&rule.first), side(&rule.second));
            found.push(error(
                "lint.separation_impossible",
                in_procedure(procedure),
                format!("“{one}”和“{other}”都只能由“{unit}”担任，按机构回避无法满足"),
                format!("`{one}` and `{other}` can only be played by `{unit}`; by unit it can never be met"),
            ));
        }
    }
}

/// Sides that one unit alone plays and that different persons must act in: so many persons the unit needs.
fn by_person(pack: &Pack, procedure: &Procedure, found: &mut Vec<Finding>) {
    let mut apart: BTreeMap<&UnitCode, Vec<(&str, &str)>> = BTreeMap::new();
    for rule in procedure.separations.iter().filter(|rule| !rule.by_unit) {
        let sides = [&rule.first, &rule.second]
            .map(|who| together(&roles_of(procedure, who), |role| units(pack, role)));
        let [Some(first), Some(second)] = sides else { continue };
        if let (1, Some(unit), true) = (first.len(), first.first(), first == second) {
            apart.entry(unit).or_default().push((side(&rule.first), side(&rule.second)));
        }
    }
    for (unit, pairs) in apart {
        let needed = clique(&pairs);
        let chain: Vec<String> = pairs.iter().map(|(a, b)| format!("{a}≠{b}")).collect();
        let chain = chain.join("、");
        found.push(warning(
            "lint.separation_staff",
            in_procedure(procedure),
            format!("“{unit}”至少要有{needed}人才能满足人员回避（{chain}）；只有一人时办件办不下去"),
            format!("`{unit}` needs at least {needed} persons for the separations ({chain}); with one the case is stuck"),
        ));
    }
}

/// A lower bound of the colours needed: the largest set found, side by side, in which every two must differ.
fn clique(pairs: &[(&str, &str)]) -> usize {
    let nodes: BTreeSet<&str> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let apart = |a: &str, b: &str| pairs.iter().any(|pair| *pair == (a, b) || *pair == (b, a));
    let from = |start: &&str| {
        let mut chosen = vec![*start];
        for node in &nodes {
            if chosen.iter().all(|one| apart(one, node)) {
                chosen.push(node);
            }
        }
        chosen.len()
    };
    nodes.iter().map(from).max().unwrap_or(1)
}

/// A vote in which each unit has one needs as many units as votes.
fn votes(pack: &Pack, procedure: &Procedure, found: &mut Vec<Finding>) {
    for step in &procedure.steps {
        let roles: Vec<&RoleKey> = std::iter::once(&step.role).chain(&step.joint).collect();
        let known = together(&roles, |role| units(pack, role));
        let (Some(rule), Some(units)) = (step.vote, known) else { continue };
        let seats = u32::try_from(units.len()).unwrap_or(u32::MAX);
        if step.each_unit && rule.quorum > seats {
            let quorum = rule.quorum;
            found.push(error(
                "lint.vote_impossible",
                in_step(procedure, step),
                format!("表决要{quorum}票，而“{}”只有{seats}家，每家一票", step.role),
                format!("the vote needs {quorum} votes, but `{}` has {seats} units with one each", step.role),
            ));
        }
    }
}

/// A meeting needs no more units than there are, a draw no more names than its list has.
fn meetings(pack: &Pack, procedure: &Procedure, found: &mut Vec<Finding>) {
    for step in &procedure.steps {
        let roles: Vec<&RoleKey> = std::iter::once(&step.role).chain(&step.joint).collect();
        let seats = together(&roles, |role| units(pack, role)).map(|units| units.len());
        for rule in step.actions.iter().map(|action| &action.people) {
            if let (Some(quorum), Some(seats)) = (rule.meeting, seats)
                && quorum.needed(seats) > seats
            {
                let needed = quorum.needed(seats);
                found.push(error(
                    "lint.meeting_impossible",
                    in_step(procedure, step),
                    format!("会议要{needed}家出席，而本环节只有{seats}家"),
                    format!("the meeting needs {needed} units present, but the step has {seats}"),
                ));
            }
            let listed = rule.draw.as_ref().and_then(|draw| Some((draw.count, names(pack, &draw.list)?)));
            if let Some((count, names)) = listed.filter(|(count, names)| *count as usize > *names) {
                found.push(error(
                    "lint.draw_impossible",
                    in_step(procedure, step),
                    format!("要抽取{count}人，而名册只有{names}人"),
                    format!("{count} are to be drawn, but the list has {names} names"),
                ));
            }
        }
    }
}

/// How many different names a list of the pack has; `None` where the case brings the list.
fn names(pack: &Pack, list: &DrawList) -> Option<usize> {
    let DrawList::Parameter(name) = list else { return None };
    match &pack.parameters.get(name)?.value {
        Value::List(names) => Some(names.iter().collect::<BTreeSet<_>>().len()),
        _ => None,
    }
}
