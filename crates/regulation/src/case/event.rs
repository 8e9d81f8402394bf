//! What happened to a case. Stored for ever: variants and fields are only added, never renamed.

use std::collections::BTreeMap;

use base::{Date, Digest, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

use super::moving::{MovedClock, MovedStep};
use super::owed::{OwedCause, OwedClock};
use super::people::Meeting;
use super::{Actor, Attachment, Ballot, Defect, FormValues};
use crate::calendar::Pause;
use crate::pack::model::{
    ClauseId, ClockNature, CommandKind, Effect, FactValue, FormId, OnExpiry, Period, ProcedureId, RoleKey,
    Run, StepId, StopGround, UnitCode,
};

/// One event of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it was recorded.
    pub at: Timestamp,
    /// The legal day: the date in the pack's zone.
    pub on: Date,
    /// Who did it; `None` for the clock.
    pub actor: Option<Actor>,
    /// Whom the actor acts for under a delegation (委托办理); both names stand in the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Actor>,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseId>,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// The pack version a case is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackRef {
    /// Pack id.
    pub id: String,
    /// Version label.
    pub version: String,
    /// Digest over its sources.
    pub digest: Digest,
}

/// A clock's due day as it was known when an event was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockDue {
    /// The unit's own clock, where each unit has a task.
    pub unit: Option<UnitCode>,
    /// Due day.
    pub due: Date,
    /// Not settled by a holiday notice yet.
    pub provisional: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum EventBody {
    /// The platform opened a case that somebody owes (应办件); it waits for `Opened` under the same id and number.
    Owed {
        /// Id.
        case: Id<kind::Case>,
        /// Number.
        number: String,
        /// Procedure.
        procedure: ProcedureId,
        /// Pack it stays under.
        pack: PackRef,
        /// Title.
        title: String,
        /// The procedure's opener role, whose task it is.
        role: RoleKey,
        /// The units that owe it; one of them fills it in.
        units: Vec<UnitCode>,
        /// The first unit's name that day.
        unit_name: String,
        /// Facts it starts with; they stand when it is filled in.
        facts: BTreeMap<String, FactValue>,
        /// Units of roles the pack leaves open.
        parties: BTreeMap<RoleKey, Vec<UnitCode>>,
        /// Why.
        cause: OwedCause,
        /// Until when.
        due: Option<OwedClock>,
    },
    /// The authority named by the pack let an owed case go, with the reason.
    Waived {
        /// Reason.
        reason: String,
    },
    /// What an owed case is about has ended: nobody owes it any more.
    Lapsed,
    /// The end of this case makes another one owed (转办).
    OpensCase {
        /// Procedure.
        procedure: ProcedureId,
        /// Its opener role's units as far as this case knows them.
        units: Vec<UnitCode>,
        /// Facts carried over: those the procedure declares, by name.
        facts: BTreeMap<String, FactValue>,
    },
    /// The case was opened.
    Opened {
        /// Id.
        case: Id<kind::Case>,
        /// Number.
        number: String,
        /// Procedure.
        procedure: ProcedureId,
        /// Pack it stays under.
        pack: PackRef,
        /// Title.
        title: String,
        /// The opening form's key.
        form_id: Option<FormId>,
        /// Its values.
        form: FormValues,
        /// Attachments.
        attachments: Vec<Attachment>,
        /// Facts stated, observed or read from the form.
        facts: BTreeMap<String, FactValue>,
        /// Units of roles the pack leaves open.
        parties: BTreeMap<RoleKey, Vec<UnitCode>>,
    },
    /// A step was entered.
    StepEntered {
        /// Step.
        step: StepId,
        /// How often it was entered, this time included.
        visit: u32,
        /// Role that acts.
        role: RoleKey,
        /// Units that hold its task, or a task each.
        units: Vec<UnitCode>,
        /// Anyone may act.
        anyone: bool,
        /// Each unit has its own task.
        each_unit: bool,
        /// Further roles whose units are among them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        joint: Vec<RoleKey>,
    },
    /// A step was left.
    StepLeft {
        /// Step.
        step: StepId,
    },
    /// An action was done.
    TaskDone {
        /// Step.
        step: StepId,
        /// Command.
        command: CommandKind,
        /// The button's words, Chinese and English.
        label: (String, String),
        /// The unit's own task is done by it (steps with a task for each unit).
        completes: bool,
        /// Opinion.
        opinion: Option<String>,
        /// Box of the paper form where the opinion is printed.
        opinion_box: Option<String>,
        /// Form filled with it.
        form_id: Option<FormId>,
        /// Its values.
        form: FormValues,
        /// Attachments.
        attachments: Vec<Attachment>,
        /// Facts.
        facts: BTreeMap<String, FactValue>,
    },
    /// The case was returned for correction; all defects at once.
    Returned {
        /// Step.
        step: StepId,
        /// Defects.
        defects: Vec<Defect>,
        /// Covering note.
        opinion: Option<String>,
    },
    /// The opener corrected it.
    Supplemented {
        /// Step.
        step: StepId,
        /// The form as corrected; empty if unchanged.
        form: FormValues,
        /// New attachments; one of the same name replaces the old.
        attachments: Vec<Attachment>,
        /// Facts.
        facts: BTreeMap<String, FactValue>,
        /// Note.
        opinion: Option<String>,
    },
    /// A vote was cast.
    Voted {
        /// Step.
        step: StepId,
        /// Command used.
        command: CommandKind,
        /// The vote.
        vote: Ballot,
        /// Opinion.
        opinion: Option<String>,
        /// Box of the paper form where the opinion is printed.
        opinion_box: Option<String>,
        /// Hidden until the result stands.
        sealed: bool,
        /// Facts stated with it, hidden like the vote.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        facts: BTreeMap<String, FactValue>,
    },
    /// Enough votes are in; the result stands.
    VoteCounted {
        /// Step.
        step: StepId,
        /// Votes for.
        approvals: u32,
        /// Votes against.
        refusals: u32,
        /// The result.
        passed: bool,
        /// Facts the platform observed when the last vote came in.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        observed: BTreeMap<String, FactValue>,
    },
    /// A meeting's numbered resolution.
    Resolved {
        /// Step.
        step: StepId,
        /// Number.
        number: String,
        /// The meeting that took it, where the pack asks for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meeting: Option<Meeting>,
    },
    /// The task of a unit went to another of the same role (移交办理).
    HandedOver {
        /// Step.
        step: StepId,
        /// From.
        from: UnitCode,
        /// To.
        to: UnitCode,
        /// Why.
        opinion: Option<String>,
    },
    /// A colleague acts for the person in this step (委托办理).
    Delegated {
        /// Step.
        step: StepId,
        /// The colleague.
        to: Actor,
        /// Why.
        opinion: Option<String>,
    },
    /// Further units were asked for their opinion (加签).
    Consulted {
        /// Step.
        step: StepId,
        /// Which units.
        units: Vec<UnitCode>,
        /// What is asked.
        opinion: Option<String>,
    },
    /// A request for an opinion was dropped (减签).
    ConsultEnded {
        /// Step.
        step: StepId,
        /// Whose.
        units: Vec<UnitCode>,
        /// Why.
        reason: String,
    },
    /// The opinion asked for (回复加签).
    Opined {
        /// Step.
        step: StepId,
        /// Opinion.
        opinion: String,
        /// Attachments.
        attachments: Vec<Attachment>,
    },
    /// A person declared a conflict of interest (申明回避).
    Recused {
        /// Step.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// Experts were drawn from a list (抽取专家); see [`super::draw`] for how to recompute it.
    Drawn {
        /// Step.
        step: StepId,
        /// The published seed.
        seed: String,
        /// The list, in the order its digest was taken.
        list: Vec<String>,
        /// Digest of the list.
        list_digest: Digest,
        /// Who was drawn, in order.
        drawn: Vec<String>,
    },
    /// A clock started.
    ClockStarted {
        /// Step.
        step: StepId,
        /// The day it starts from.
        start: Date,
        /// Length.
        period: Period,
        /// Which way it runs.
        #[serde(default, skip_serializing_if = "Run::is_forward")]
        run: Run,
        /// Whether the last day moves to a working day, where the rule itself says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rolls: Option<bool>,
        /// When it would have stood still before this step was entered, where it starts from an earlier day.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pauses: Vec<Pause>,
        /// Nature.
        nature: ClockNature,
        /// Due day as known now.
        #[serde(flatten)]
        due: ClockDue,
    },
    /// The clocks of a step that stop on this ground stopped.
    ClockStopped {
        /// Step.
        step: StepId,
        /// Ground.
        ground: StopGround,
    },
    /// They go on.
    ClockResumed {
        /// Step.
        step: StepId,
        /// Ground that fell away.
        ground: StopGround,
        /// New due days.
        dues: Vec<ClockDue>,
    },
    /// A rung of the ladder was reached.
    ClockRang {
        /// Step.
        step: StepId,
        /// The unit's own clock.
        unit: Option<UnitCode>,
        /// The rung: working days left. For a rung by period, those left on the day it rang.
        days_left: i32,
        /// The rung, where it is a period before the due day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Period>,
        /// Who is told.
        tell: RoleKey,
        /// Its units.
        units: Vec<UnitCode>,
        /// Due day.
        due: Date,
    },
    /// A clock ran out.
    Expired {
        /// Step.
        step: StepId,
        /// The unit's own clock.
        unit: Option<UnitCode>,
        /// Due day.
        due: Date,
        /// What follows.
        consequence: OnExpiry,
    },
    /// The platform has to do something.
    EffectDue {
        /// What.
        effect: Effect,
        /// The facts as they stand.
        facts: BTreeMap<String, FactValue>,
    },
    /// The case ended.
    Ended {
        /// Outcome in words.
        outcome: String,
        /// It is what the opener asked for.
        granted: bool,
    },
    /// Another version of the pack came into force, and its transition names the case (过渡): it goes on under that one.
    Moved {
        /// The version it ran under.
        from: PackRef,
        /// The version it runs under from now on.
        to: PackRef,
        /// The open step; `None` while the case waits for its opener.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<MovedStep>,
        /// The clocks of that step which run from now on; one that ran and is not among them is gone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        clocks: Vec<MovedClock>,
    },
    /// A remark for the file.
    Noted {
        /// Text.
        text: String,
    },
}
