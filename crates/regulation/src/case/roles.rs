//! Which units play a role in a case.

use std::collections::{BTreeMap, BTreeSet};

use super::{CaseState, Context};
use crate::pack::model::{Binding, FactValue, RoleKey, Step, UnitCode};

/// Who plays a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Players {
    /// Any signed-in person.
    Anyone,
    /// These units.
    Units(Vec<UnitCode>),
}

impl Players {
    /// Whether the unit plays it.
    #[must_use]
    pub fn includes(&self, unit: &str) -> bool {
        match self {
            Self::Anyone => true,
            Self::Units(units) => units.iter().any(|own| own == unit),
        }
    }
}

/// The units that play a role, given who opened the case, its facts and the parties the platform knows.
///
/// Where the pack lists units, parties and facts can only choose among them: nobody names himself into a role. A role the pack does not know has no players.
#[must_use]
pub fn players(
    ctx: &Context<'_>,
    role: &RoleKey,
    opener: &UnitCode,
    facts: &BTreeMap<String, FactValue>,
    parties: &BTreeMap<RoleKey, Vec<UnitCode>>,
) -> Players {
    let Some(rule) = ctx.pack.roles.get(role) else {
        return Players::Units(Vec::new());
    };
    let allowed = |unit: &&UnitCode| rule.units.is_empty() || rule.units.contains(unit);
    if let Some(units) = parties.get(role) {
        return Players::Units(distinct(units.iter().filter(allowed)));
    }
    match &rule.binding {
        Binding::Fixed => Players::Units(distinct(rule.units.iter())),
        Binding::Opener => Players::Units(vec![opener.clone()]),
        Binding::Fact(key) => Players::Units(match facts.get(key) {
            Some(FactValue::List(units)) => distinct(units.iter().filter(allowed)),
            Some(FactValue::Text(unit)) => distinct([unit].into_iter().filter(allowed)),
            _ => Vec::new(),
        }),
        Binding::Anyone => Players::Anyone,
    }
}

/// The units that hold a step's task, of its joint roles too, and whether anyone may act.
///
/// # Errors
/// The first role that nobody plays.
pub(crate) fn holders(
    ctx: &Context<'_>,
    step: &Step,
    state: &CaseState,
) -> Result<(Vec<UnitCode>, bool), RoleKey> {
    let of = |role| players(ctx, role, &state.opener.unit, &state.facts, &state.parties);
    let (mut units, anyone) = match of(&step.role) {
        Players::Anyone => (Vec::new(), true),
        Players::Units(units) => (units, false),
    };
    if units.is_empty() && !anyone {
        return Err(step.role.clone());
    }
    for role in &step.joint {
        match of(role) {
            Players::Units(joint) if !joint.is_empty() => units.extend(joint),
            _ => return Err(role.clone()),
        }
    }
    units.sort();
    units.dedup();
    Ok((units, anyone))
}

fn distinct<'a>(units: impl Iterator<Item = &'a UnitCode>) -> Vec<UnitCode> {
    units.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}
