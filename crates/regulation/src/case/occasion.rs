//! On which occasions of a pack's documents something that happened falls.

use super::event::{Event, EventBody};
use crate::pack::{CommandKind, OccasionEvent, StepId};

/// The occasions among the events of one command, each once, in order.
///
/// A vote is an occasion when the result stands, not with every ballot: a paper about a sealed ballot would open it.
#[must_use]
pub fn occasions(events: &[Event]) -> Vec<OccasionEvent> {
    let mut found = Vec::new();
    let mut ballot: Option<(&StepId, CommandKind)> = None;
    for event in events {
        let occasion = match &event.body {
            EventBody::Opened { .. } => Some(OccasionEvent::Opened),
            EventBody::TaskDone { step, command, .. } => Some(OccasionEvent::Done(step.clone(), *command)),
            EventBody::Returned { step, .. } => {
                Some(OccasionEvent::Done(step.clone(), CommandKind::ReturnForCorrection))
            }
            EventBody::Supplemented { step, .. } => {
                Some(OccasionEvent::Done(step.clone(), CommandKind::Supplement))
            }
            EventBody::Voted { step, command, .. } => {
                ballot = Some((step, *command));
                None
            }
            EventBody::VoteCounted { step, .. } => {
                let cast = ballot.filter(|(at, _)| *at == step);
                cast.map(|(step, command)| OccasionEvent::Done(step.clone(), command))
            }
            EventBody::Ended { outcome, .. } => Some(OccasionEvent::Ended(outcome.clone())),
            _ => None,
        };
        found.extend(occasion.filter(|one| !found.contains(one)));
    }
    found
}
