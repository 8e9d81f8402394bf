//! Commands that act on people and units instead of moving the case.
//!
//! - 移交办理 ([`CommandKind::HandOver`]): a unit's task goes to another unit of the same role. The clock does not start
//!   again. (The field also says 转办 for this; here 转办 is the procedure a case opens next.)
//! - 委托办理 ([`CommandKind::Delegate`]): a named colleague of the same unit acts for the person while the step is open,
//!   unless one of the two stands back.
//!   Colleagues who are neither of the two stand aside; both names stand in every event. A delegate cannot delegate on,
//!   and nobody is made delegate whom a separation rule or his own declaration keeps away. Votes cannot be delegated.
//! - 加签 ([`CommandKind::Consult`]): units of a role the pack names are asked for an opinion. Nobody leaves the step
//!   before each has given it (回复加签) or was dropped with a reason (减签); where each unit has its own task, the task of
//!   the unit that asked waits. A clock that runs out is not held up.
//! - 申明回避 ([`CommandKind::Recuse`]): who declares a conflict of interest is refused everything in this case from then
//!   on. A ballot already cast in an open vote is struck; the quorum stays what it is. [`manning()`] says who is left.
//! - 抽取专家 ([`CommandKind::Draw`]): see [`super::draw`]. The drawn names become the fact 抽取专家.
//! - 会议: a resolution of a step whose pack asks for a meeting carries its number, agenda and attendance; without a
//!   quorum it is refused.
//!
//! [`CommandKind::HandOver`]: crate::pack::model::CommandKind::HandOver
//! [`CommandKind::Delegate`]: crate::pack::model::CommandKind::Delegate
//! [`CommandKind::Consult`]: crate::pack::model::CommandKind::Consult
//! [`CommandKind::Recuse`]: crate::pack::model::CommandKind::Recuse
//! [`CommandKind::Draw`]: crate::pack::model::CommandKind::Draw

mod consult;
mod desk;
mod fold;
mod manning;
mod record;

use base::{Date, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

use super::Actor;
use crate::pack::model::{Quorum, StepId, UnitCode};

pub use manning::{Manning, manning};
pub(crate) use record::Record;

/// The fact that carries the names drawn.
pub const FACT_DRAWN: &str = "抽取专家";
/// Characters of a draw's seed, at least and at most.
pub const SEED_CHARS: (usize, usize) = (8, 500);

/// Whom a command on people and units is about; empty for every other command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// Units to ask (加签), to drop (减签), or the one that takes over (移交办理).
    pub units: Vec<UnitCode>,
    /// The colleague who is to act (委托办理).
    pub delegate: Option<Actor>,
    /// The published seed of a draw.
    pub seed: Option<String>,
    /// The meeting that took a resolution.
    pub meeting: Option<Meeting>,
}

impl People {
    /// Nobody.
    #[must_use]
    pub const fn none() -> Self {
        Self { units: Vec::new(), delegate: None, seed: None, meeting: None }
    }
}

/// A meeting whose numbered resolution decides the cases of its agenda. The platform sends the resolution to each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// Number of the resolution.
    pub number: String,
    /// The day it met.
    pub held_on: Date,
    /// The cases it decided, this one among them.
    pub agenda: Vec<Id<kind::Case>>,
    /// The units of the role that were present.
    pub present: Vec<UnitCode>,
}

/// What a button of a command on people and units asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Asks {
    /// Units to choose from; empty where none is chosen.
    pub units: Vec<UnitCode>,
    /// A colleague has to be named.
    pub delegate: bool,
    /// A seed has to be given.
    pub seed: bool,
    /// A meeting has to be told of, with this quorum.
    pub meeting: Option<Quorum>,
}

/// What happened among people in a case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PeopleState {
    /// Opinions asked for, oldest first.
    pub consults: Vec<Consult>,
    /// Delegations, oldest first; the latest of a unit in a step counts.
    pub delegations: Vec<Delegation>,
    /// Tasks that went to another unit.
    pub handovers: Vec<HandOver>,
    /// Who stood back.
    pub recusals: Vec<Recusal>,
    /// Steps and visits in which experts were drawn.
    pub drawn: Vec<(StepId, u32)>,
}

/// An opinion asked of a further unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consult {
    /// Step.
    pub step: StepId,
    /// Which visit.
    pub visit: u32,
    /// Unit asked.
    pub unit: UnitCode,
    /// The unit whose task waits for it: who asked, or who took the task over.
    pub holder: UnitCode,
    /// Who asked.
    pub by: Actor,
    /// Since when.
    pub since: Timestamp,
    /// What is asked.
    pub question: Option<String>,
    /// It was given, or dropped, on this day.
    pub done_on: Option<Date>,
    /// It was dropped.
    pub dropped: bool,
}

/// A delegation inside a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delegation {
    /// Step.
    pub step: StepId,
    /// Which visit.
    pub visit: u32,
    /// Who delegated.
    pub from: Actor,
    /// Who acts.
    pub to: Actor,
    /// Day.
    pub on: Date,
}

/// A task that went to another unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandOver {
    /// Step.
    pub step: StepId,
    /// Which visit.
    pub visit: u32,
    /// From.
    pub from: UnitCode,
    /// To.
    pub to: UnitCode,
    /// Day.
    pub on: Date,
}

/// A person who stood back from the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recusal {
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: String,
    /// Day.
    pub on: Date,
}

impl PeopleState {
    /// Units that took part without ever holding a task: asked for an opinion, or gave their task away.
    pub(crate) fn units(&self) -> impl Iterator<Item = &UnitCode> {
        let asked = self.consults.iter().map(|consult| &consult.unit);
        asked.chain(self.handovers.iter().map(|handover| &handover.from))
    }
}
