//! The state of a case, folded from its events.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, Id, Timestamp, kind};
use serde::Serialize;

use super::owed::Owed;
use super::people::{Meeting, PeopleState};
use super::{Actor, Attachment, Ballot, Defect, FormValues, PackRef};
use crate::calendar::Pause;
use crate::pack::model::{
    Anchor, ClauseId, ClockNature, CommandKind, Effect, FactValue, FormId, Period, ProcedureId, RoleKey, Run,
    StepId, UnitCode,
};

/// A case as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseState {
    /// Id.
    pub id: Id<kind::Case>,
    /// Number.
    pub number: String,
    /// Procedure.
    pub procedure: ProcedureId,
    /// Pack version it runs under.
    pub pack: PackRef,
    /// Title.
    pub title: String,
    /// Who opened it.
    pub opener: Actor,
    /// When.
    pub opened_at: Timestamp,
    /// The legal day of opening (提交日).
    pub opened_on: Date,
    /// Key of the opening form.
    pub form_id: Option<FormId>,
    /// Forms filled so far, the opening form among them.
    pub forms: BTreeMap<FormId, FormValues>,
    /// Attachments as they stand.
    pub attachments: Vec<Attachment>,
    /// Facts known.
    pub facts: BTreeMap<String, FactValue>,
    /// Units of roles the pack leaves open.
    pub parties: BTreeMap<RoleKey, Vec<UnitCode>>,
    /// The open step; `None` once ended.
    pub step: Option<OpenStep>,
    /// Steps entered so far and how often.
    pub visits: BTreeMap<StepId, u32>,
    /// The day each step was last entered.
    pub entered: BTreeMap<StepId, Date>,
    /// Steps entered so far with a task for each unit.
    pub each_unit_steps: BTreeSet<StepId>,
    /// Units seated in the latest visit of each step.
    pub seated: BTreeMap<StepId, Vec<UnitCode>>,
    /// What was done, oldest first.
    pub acts: Vec<Act>,
    /// Opinions, oldest first.
    pub opinions: Vec<Opinion>,
    /// Clocks, oldest first.
    pub clocks: Vec<ClockState>,
    /// A correction is awaited.
    pub awaiting: Option<Awaiting>,
    /// Days of the anchor events so far.
    pub accepted: Option<Date>,
    /// Day of the latest publication.
    pub published: Option<Date>,
    /// Day of the latest signature.
    pub signed: Option<Date>,
    /// Numbered resolutions.
    pub resolutions: Vec<Resolution>,
    /// Effects so far.
    pub effects: Vec<Effect>,
    /// How it ended.
    pub ended: Option<Ending>,
    /// The platform opened it because somebody owes it; kept after it was filled in.
    pub owed: Option<Owed>,
    /// Delegations, requests for opinions, recusals, draws.
    pub people: PeopleState,
    /// Events folded.
    pub version: u64,
}

/// The open step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenStep {
    /// Step.
    pub step: StepId,
    /// How often it was entered, this time included.
    pub visit: u32,
    /// Role that acts.
    pub role: RoleKey,
    /// Since when.
    pub since: Timestamp,
    /// The day it was entered.
    pub on: Date,
    /// Units that hold the task, or a task each.
    pub seats: Vec<Seat>,
    /// Anyone may act.
    pub anyone: bool,
    /// Each unit has its own task.
    pub each_unit: bool,
    /// The vote's result, once it stands.
    pub counted: Option<bool>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// A unit's place in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seat {
    /// Unit.
    pub unit: UnitCode,
    /// Its own task is done.
    pub done: Option<CommandKind>,
}

/// Something done in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// Step.
    pub step: StepId,
    /// Which visit.
    pub visit: u32,
    /// Command.
    pub command: CommandKind,
    /// Vote, if it was one.
    pub vote: Option<Ballot>,
    /// Who.
    pub by: Actor,
    /// Day.
    pub on: Date,
    /// Hidden until the vote's result stands.
    pub sealed: bool,
    /// Facts stated with a vote; they are facts of the case once they are not sealed.
    pub facts: BTreeMap<String, FactValue>,
}

/// An opinion, for the boxes of the paper form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// Step.
    pub step: StepId,
    /// Which visit.
    pub visit: u32,
    /// Box of the paper form.
    pub opinion_box: Option<String>,
    /// Who.
    pub by: Actor,
    /// Command.
    pub command: CommandKind,
    /// Text; may be empty where only the decision counts.
    pub text: String,
    /// Day.
    pub on: Date,
    /// Basis.
    pub clauses: Vec<ClauseId>,
    /// Hidden until the vote's result stands.
    pub sealed: bool,
}

/// A clock as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockState {
    /// Step.
    pub step: StepId,
    /// Which visit.
    pub visit: u32,
    /// The unit's own clock.
    pub unit: Option<UnitCode>,
    /// The day it starts from.
    pub start: Date,
    /// Length.
    pub period: Period,
    /// Which way it runs.
    pub run: Run,
    /// Whether its last day moves to a working day; `None`: as the counting profile says.
    pub rolls: Option<bool>,
    /// Nature.
    pub nature: ClockNature,
    /// Basis.
    pub clauses: Vec<ClauseId>,
    /// When it stood still.
    pub pauses: Vec<Pause>,
    /// Rungs that rang, by working days left.
    pub rung: Vec<(i32, RoleKey)>,
    /// Rungs that rang, by the period before the due day.
    pub rung_before: Vec<(Period, RoleKey)>,
    /// It ran out, with its consequence.
    pub expired: bool,
    /// The day its task was done.
    pub done_on: Option<Date>,
}

impl ClockState {
    /// It stands still now.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.done_on.is_none() && self.pauses.iter().any(|pause| pause.until.is_none())
    }
}

/// A correction is awaited from the opener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Awaiting {
    /// Step that returned it.
    pub step: StepId,
    /// Who.
    pub by: Option<Actor>,
    /// Day.
    pub on: Date,
    /// Since when.
    pub since: Timestamp,
    /// All defects.
    pub defects: Vec<Defect>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// A numbered resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolution {
    /// Step.
    pub step: StepId,
    /// Number.
    pub number: String,
    /// Day.
    pub on: Date,
    /// The meeting that took it, where the pack asks for one.
    pub meeting: Option<Meeting>,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// Outcome in words.
    pub outcome: String,
    /// It is what the opener asked for.
    pub granted: bool,
    /// Day.
    pub on: Date,
    /// When.
    pub at: Timestamp,
}

impl CaseState {
    /// Seats of the step's latest visit.
    pub(crate) fn seats_of(&self, step: &StepId) -> usize {
        self.seated.get(step).map_or(1, |units| units.len().max(1))
    }

    /// Opinions that may be shown: those of a sealed vote only once its result stands.
    pub fn visible_opinions(&self) -> impl Iterator<Item = &Opinion> {
        self.opinions.iter().filter(|opinion| !opinion.sealed)
    }

    /// The day of an anchor event, if it happened.
    #[must_use]
    pub fn anchor(&self, anchor: &Anchor) -> Option<Date> {
        match anchor {
            Anchor::Received => None,
            Anchor::Filed => Some(self.opened_on),
            Anchor::Entered(step) => self.entered.get(step).copied(),
            Anchor::Fact(key) => match self.facts.get(key) {
                Some(FactValue::Date(day)) => Some(*day),
                _ => None,
            },
            Anchor::Accepted => self.accepted,
            Anchor::Published => self.published,
            Anchor::Signed => self.signed,
        }
    }
}
