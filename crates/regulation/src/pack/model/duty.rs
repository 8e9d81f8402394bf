//! Periodic duties (周期义务) and the scenarios that prove their dates.

use base::Date;
use serde::{Deserialize, Serialize};

use super::{ClauseId, Period, ProcedureId, RoleKey, Rung, ScenarioPlace};

/// A periodic duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// Name.
    pub name: String,
    /// English name.
    pub en: String,
    /// Who owes it.
    pub role: RoleKey,
    /// How often: months or years.
    pub every: Period,
    /// The parameter that says how often, where it is one; a lower pack that tightens it tightens the duty.
    pub every_of: Option<String>,
    /// What its periods are aligned to.
    pub anchor: DutyAnchor,
    /// So long after the end of a period it may be done. `None`: it has to be done within the period itself.
    pub within: Option<Period>,
    /// The parameter that says how long after, where it is one.
    pub within_of: Option<String>,
    /// Reminders before and after the due day, each once.
    pub ladder: Vec<Rung>,
    /// When it is owed at all; every entry must hold. Empty: always.
    pub only: Vec<DutyOnly>,
    /// The text leaves the cadence open; it is a local choice.
    pub local_choice: bool,
    /// The procedure it opens.
    pub procedure: ProcedureId,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// What the periods of a duty are aligned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyAnchor {
    /// 自然期: calendar months, quarters, half-years, years.
    Calendar,
    /// 签订: counted from the day of the agreement, in natural months.
    Signed,
}

/// When a duty is owed: the closed list the platform can observe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyOnly {
    /// 授权中: once for each authorisation whose agreement is in force.
    Authorised,
    /// 权限开通中: once for each authorisation whose access to the domain is open.
    Open,
    /// 非合作方: not for authorisations under another one.
    Head,
}

/// A scenario of a duty: since when a party owes it, and the dates that follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DutyScenario {
    /// Name.
    pub name: String,
    /// The duty it is about.
    pub duty: String,
    /// The day the party's obligation begins: of its agreement, or the first day in force.
    pub since: Date,
    /// Periods that open up to this day are looked at.
    pub until: Date,
    /// What must hold.
    pub then: Vec<DutyExpectation>,
    /// Clauses it proves.
    pub clauses: Vec<ClauseId>,
    /// Where it is written.
    pub place: ScenarioPlace,
}

/// One expectation of a duty's scenario; lists are complete and in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyExpectation {
    /// 到期: the due days.
    Due(Vec<Date>),
    /// 起办: the days on which the cases are opened.
    Opens(Vec<Date>),
    /// 期: the names of the periods.
    Labels(Vec<String>),
    /// 提醒: the days on which a reminder rings.
    Rings(Vec<Date>),
}
