//! Scenario tests: known facts and dates, expected dates, states or refusals.

use std::collections::{BTreeMap, BTreeSet};

use base::Date;
use serde::{Deserialize, Serialize};

use super::{ClauseId, CommandKind, Effect, FactValue, ProcedureId, RoleKey, StepId, UnitCode};

/// Where a scenario is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioPlace {
    /// The file as the loader was given it; empty for a scenario that no file holds.
    pub file: String,
    /// The line it begins on, from 1.
    pub line: u32,
    /// The line of what it expects (则), from 1.
    pub then: u32,
}

/// A scenario test: known facts and dates, expected dates, states or refusals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Name.
    pub name: String,
    /// The procedure it is about.
    pub procedure: ProcedureId,
    /// What happens, in order.
    pub given: Vec<ScenarioEvent>,
    /// What must then hold.
    pub then: Vec<Expectation>,
    /// Clauses it proves.
    pub clauses: Vec<ClauseId>,
    /// Where it is written.
    pub place: ScenarioPlace,
}

/// One line of a scenario's story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioEvent {
    /// The day.
    pub on: Date,
    /// Role that acts (`None` for the opener).
    pub role: Option<RoleKey>,
    /// A unit of that role, where several play it.
    pub unit: Option<UnitCode>,
    /// The command; `Submit` opens the case. `None` where time passes and nobody does anything (到期).
    pub command: Option<CommandKind>,
    /// The step acted in, where several are open.
    pub step: Option<StepId>,
    /// Facts stated.
    pub facts: BTreeMap<String, FactValue>,
    /// Files that come with it besides those it must have (附件).
    pub attached: Vec<String>,
    /// Files it must have and comes without (缺附件).
    pub missing: Vec<String>,
    /// The line of its file, from 1; 0 where no file holds it.
    pub line: u32,
}

/// One expectation of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// The step's clock is due on this day.
    Due(StepId, Date),
    /// The step is open.
    Open(StepId),
    /// The case ended with this outcome.
    Outcome(String),
    /// The last event was refused on one of these clauses.
    Refused(BTreeSet<ClauseId>),
    /// These effects happened.
    Effects(Vec<Effect>),
    /// None of these effects happened.
    NoEffects(Vec<Effect>),
    /// A rung of the step's clock told these roles.
    Rang(StepId, Vec<RoleKey>),
    /// Cases of these procedures became owed (转办), in order.
    Opens(Vec<ProcedureId>),
    /// The case's file holds these attachments.
    Attached(Vec<String>),
    /// A correction is awaited, until this day.
    CorrectionDue(Date),
    /// A correction is awaited, and its time has passed or has not.
    CorrectionLate(bool),
}
