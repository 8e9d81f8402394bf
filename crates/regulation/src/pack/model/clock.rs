//! Clocks: who starts them, how long they run and in which direction, what follows.

use base::Date;
use serde::{Deserialize, Serialize};

use super::{ClauseId, Period, RoleKey, StepId};

/// A clock (期限).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRule {
    /// What starts it; the start day is counted as the counting profile says.
    pub anchor: Anchor,
    /// How long. Length zero where `measure` takes it from a fact.
    pub period: Period,
    /// Where the length comes from and which way it is counted.
    pub measure: Measure,
    /// Whether a last day on a rest day moves to a working day; `None`: as the counting profile says.
    pub rolls: Option<bool>,
    /// 法定 / 承诺 / 内部.
    pub nature: ClockNature,
    /// What stops it.
    pub stops_on: Vec<StopGround>,
    /// What happens on expiry.
    pub on_expiry: OnExpiry,
    /// The step the case moves to on expiry; set exactly when `on_expiry` is a move.
    pub expiry_to: Option<StepId>,
    /// Reminders before and after, each once.
    pub ladder: Vec<Rung>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// Anchor events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// 收到: the day the step is entered.
    Received,
    /// 受理: the day of acceptance.
    Accepted,
    /// 公布: the day of publication.
    Published,
    /// 签订: the day of the last signature.
    Signed,
    /// 提交: the day the case was opened.
    Filed,
    /// The day a date fact names.
    Fact(String),
    /// The day another step was last entered: one clock over several steps.
    Entered(StepId),
}

/// Nature of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockNature {
    /// 法定
    Statutory,
    /// 承诺
    Promised,
    /// 内部
    Internal,
}

/// Grounds that stop a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopGround {
    /// 等待补正
    AwaitingCorrection,
}

/// What happens when a clock runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExpiry {
    /// 提醒并升级
    RemindAndEscalate,
    /// 自动退回
    ReturnAutomatically,
    /// 关闭权限
    CloseAccess,
    /// 收回数据: what was granted for a time goes back when the time is over.
    TakeBackData,
    /// 转协调机制: the case moves to the step named.
    MoveToCoordination,
    /// 进入下一环节: a window (for objections) has passed.
    Advance,
}

/// One rung of an escalation ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// Working days left when it fires; negative: after the due day. Zero where `before` counts.
    pub days_left: i32,
    /// 前6个月: it fires this long before the due day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Period>,
    /// Who is told.
    pub tell: RoleKey,
}

/// How a clock's rule says how long it runs; its [`ClockRule::period`] gives the length or the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The period from the anchor on.
    Forward,
    /// 前6个月: the last day is the anchor day less the period.
    Backward,
    /// As many units of the period as this number fact says (`{事实: 协议年限, 单位: 年}`); its own length is zero.
    Fact(String),
    /// 到: the last day is the one this date fact names.
    Until(String),
}

/// How a clock that was started runs; kept with it, so that its last day can be counted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Run {
    /// The period from the start day on.
    #[default]
    Forward,
    /// The period before the start day.
    Backward,
    /// Up to and including this day.
    Until(Date),
}

impl Run {
    /// The usual way. Old events do not say how a clock runs, and those that run forward need not.
    #[must_use]
    pub fn is_forward(&self) -> bool {
        *self == Self::Forward
    }
}
