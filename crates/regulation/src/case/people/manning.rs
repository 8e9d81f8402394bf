//! Who is left to act, so that a case that nobody can act in shows it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::case::desk::Desk;
use crate::case::vote::{ballot_rule, tally};
use crate::case::{Actor, CaseState, Context};
use crate::pack::model::{Action, CommandKind, UnitCode};

/// Who can still act in the open step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manning {
    /// Persons whom nothing keeps away: neither a separation rule nor their own declaration.
    pub able: Vec<Actor>,
    /// How many more the step needs than are able: ballots to the quorum, or one for each task that nobody can do.
    /// Zero is well; anything else has to be shown, because the case cannot go on as it stands.
    pub missing: usize,
}

/// Who of the staff of the seated units can still act in the open step. The kernel knows no rosters: the platform
/// says who works in the units that hold a task. A step open to anyone misses nobody, an ended case neither.
#[must_use]
pub fn manning(state: &CaseState, staff: &[Actor], ctx: &Context<'_>) -> Manning {
    let mut able = Vec::new();
    let Some(open) = state.step.as_ref() else {
        return Manning { able, missing: 0 };
    };
    let procedure = ctx.pack.procedures.get(&state.procedure);
    let step = procedure.and_then(|procedure| procedure.steps.iter().find(|step| step.id == open.step));
    let Some(step) = step else {
        return Manning { able, missing: 0 };
    };
    let ballot = |action: &&Action| ballot_rule(step, action.command).is_some();
    let decides = step.actions.iter().find(ballot).or_else(|| step.actions.iter().find(is_task));
    for person in staff {
        let Ok(desk) = Desk::new(state, person, ctx) else { continue };
        let free = decides.is_some_and(|action| {
            desk.holds_task(action).is_ok() && desk.not_recused().is_ok() && desk.separated(action).is_ok()
        });
        if free && able.iter().all(|other: &Actor| other.person != person.person) {
            able.push(person.clone());
        }
    }
    let missing = match step.vote {
        _ if open.anyone || open.counted.is_some() => 0,
        Some(rule) => {
            let (approvals, refusals) = tally(state);
            // Where each unit has a ballot, its people have one between them.
            let units: BTreeSet<&UnitCode> = able.iter().map(|person| &person.unit).collect();
            let ballots = if open.each_unit { units.len() } else { able.len() };
            (rule.quorum.saturating_sub(approvals + refusals) as usize).saturating_sub(ballots)
        }
        None if open.each_unit => {
            let waiting = open.seats.iter().filter(|seat| seat.done.is_none());
            waiting.filter(|seat| able.iter().all(|person| person.unit != seat.unit)).count()
        }
        None => usize::from(able.is_empty()),
    };
    Manning { able, missing }
}

/// An action that does the step's task and not something beside it.
fn is_task(action: &&Action) -> bool {
    use CommandKind as K;
    !matches!(
        action.command,
        K::Withdraw | K::Supplement | K::HandOver | K::Delegate | K::Consult | K::Recuse
    )
}
