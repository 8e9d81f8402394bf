//! Votes: sealed until enough are in.

use std::collections::BTreeMap;

use super::flow::Draft;
use super::{Ballot, CaseState, Command, Event, EventBody, Rejection};
use crate::pack::model::{Action, CommandKind, FactValue, Step, VoteRule};

/// The vote rule, if this action in this step is a ballot.
pub(crate) fn ballot_rule(step: &Step, kind: CommandKind) -> Option<VoteRule> {
    let ballot = matches!(
        kind,
        CommandKind::Vote | CommandKind::Approve | CommandKind::ApprovePartly | CommandKind::Refuse
    );
    step.vote.filter(|_| ballot)
}

/// What a ballot says: the command's own meaning, or the choice sent with `Vote`.
pub(crate) fn choice(command: &Command) -> Option<Ballot> {
    match command.kind {
        CommandKind::Approve | CommandKind::ApprovePartly => Some(Ballot::Approve),
        CommandKind::Refuse => Some(Ballot::Refuse),
        _ => command.vote,
    }
}

/// Votes cast in the open step so far: for, against.
pub(crate) fn tally(state: &CaseState) -> (u32, u32) {
    let Some(open) = &state.step else {
        return (0, 0);
    };
    let cast = state.acts.iter().filter(|act| act.step == open.step && act.visit == open.visit);
    // The ballot of somebody who stood back afterwards is struck; the quorum stays what it is.
    let cast = cast.filter(|act| !state.is_recused(act.by.person));
    cast.filter_map(|act| act.vote).fold((0, 0), |(approvals, refusals), vote| match vote {
        Ballot::Approve => (approvals + 1, refusals),
        Ballot::Refuse => (approvals, refusals + 1),
    })
}

/// Counts once the quorum is reached and lets the result decide the way on.
pub(crate) fn count(
    draft: &mut Draft<'_>,
    step: &Step,
    action: &Action,
    rule: VoteRule,
    observed: BTreeMap<String, FactValue>,
) -> Result<(), Box<Rejection>> {
    let (approvals, refusals) = tally(&draft.state);
    if approvals + refusals < rule.quorum {
        return Ok(());
    }
    let passed = approvals >= rule.approvals;
    let counted = EventBody::VoteCounted { step: step.id.clone(), approvals, refusals, passed, observed };
    draft.push(&[&step.clauses, &action.clauses], counted);
    let meant: &[CommandKind] =
        if passed { &[CommandKind::Approve, CommandKind::ApprovePartly] } else { &[CommandKind::Refuse] };
    let deciding = step.actions.iter().find(|action| meant.contains(&action.command));
    let vote = step.actions.iter().find(|action| action.command == CommandKind::Vote);
    draft.conclude(step, deciding.or(vote).unwrap_or(action))
}

/// Whether votes of this event's step are still sealed after it in the stream.
pub(crate) fn is_counted(later: &[Event], step: &str) -> bool {
    for event in later {
        match &event.body {
            EventBody::VoteCounted { step: counted, .. } if counted == step => return true,
            EventBody::StepEntered { step: entered, .. } if entered == step => return false,
            _ => {}
        }
    }
    false
}
