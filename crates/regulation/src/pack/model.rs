//! The checked model a pack compiles to. The kernel and the pages read this and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, Digest};
use serde::{Deserialize, Serialize};

pub use super::excuse::{Excuse, ExcuseKind};
mod clock;
mod duty;
mod effect;
mod form;
mod people;
mod scenario;

use super::taken::Taker;

use super::document::{Document, DocumentId};
use super::number::NumberMarks;
use super::unchecked::Unchecked;
pub use clock::{Anchor, ClockNature, ClockRule, Measure, OnExpiry, Run, Rung, StopGround};
pub use duty::{Duty, DutyAnchor, DutyExpectation, DutyOnly, DutyScenario};
pub use effect::Effect;
pub use form::{Field, FieldKind, Form, Section};
pub use people::{DrawList, DrawRule, PeopleRule, Quorum};
pub use scenario::{Expectation, Scenario, ScenarioEvent, ScenarioPlace};

/// A clause id as written in the pack, for example `德清.三.一.2`.
pub type ClauseId = String;
/// A role key of the pack, for example `数据提供单位`.
pub type RoleKey = String;
/// A procedure's name, for example `数据需求评审`.
pub type ProcedureId = String;
/// A step's name inside its procedure.
pub type StepId = String;
/// A form's key, for example `附件4`.
pub type FormId = String;
/// A field's key inside its form.
pub type FieldKey = String;
/// The code of a unit (机构), for example `bigdata-bureau`.
pub type UnitCode = String;

/// One jurisdiction's law, complete with everything inherited from its parents.
#[derive(Debug, Clone, Serialize)]
pub struct Pack {
    /// Folder name, used in URLs and stored with each case.
    pub id: String,
    /// Full name of the text.
    pub name: String,
    /// Version label of the pack itself.
    pub version: String,
    /// Legal status of the text.
    pub status: Status,
    /// First and last day in force, where the text says so.
    pub in_force: (Option<Date>, Option<Date>),
    /// Basis of these days, named when a case cannot be opened outside them.
    pub in_force_clauses: Vec<ClauseId>,
    /// Parent pack's id, if any.
    pub parent: Option<String>,
    /// Name of the calendar to count working days with.
    pub calendar: String,
    /// How periods are counted.
    pub counting: Counting,
    /// Digest over all source files and the parent's digest; a case keeps it.
    pub digest: Digest,
    /// Clauses of this pack and of its parents.
    pub clauses: BTreeMap<ClauseId, Clause>,
    /// Parameters in force, after layering.
    pub parameters: BTreeMap<String, Parameter>,
    /// Parameters that a condition or a period takes its value from.
    pub parameters_used: BTreeSet<String>,
    /// Roles and the units that play them.
    pub roles: BTreeMap<RoleKey, Role>,
    /// Procedures by name.
    pub procedures: BTreeMap<ProcedureId, Procedure>,
    /// Forms by key.
    pub forms: BTreeMap<FormId, Form>,
    /// Documents by name.
    pub documents: BTreeMap<DocumentId, Document>,
    /// The marks of those who sign papers.
    pub number_marks: NumberMarks,
    /// Periodic duties.
    pub duties: Vec<Duty>,
    /// Scenario tests.
    pub scenarios: Vec<Scenario>,
    /// Scenario tests of the duties.
    pub duty_scenarios: Vec<DutyScenario>,
    /// Clauses no rule carries, with the reason.
    pub not_automated: BTreeMap<ClauseId, Excuse>,
    /// Lines of this pack's own files whose citations nobody has looked at.
    pub unchecked: Vec<Unchecked>,
    /// What is taken from parameters, so that a lower pack's values reach what it inherits.
    #[serde(skip)]
    pub(crate) taken: Vec<(Taker, String)>,
    /// Which running cases move to this version (过渡); all others keep the version they were opened under.
    pub transitions: Vec<Transition>,
}

/// Running cases of a procedure that move to the version that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// The procedure.
    pub procedure: ProcedureId,
    /// Only cases that stand in one of these steps; empty for all.
    pub steps: Vec<StepId>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// 征求意见 / 施行 / 被替代 / 失效.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 征求意见
    Draft,
    /// 施行
    InForce,
    /// 被替代
    Replaced,
    /// 失效
    Expired,
}

/// A named way to count periods, with its own basis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counting {
    /// Name of the profile, for example `民法典期间`.
    pub profile: String,
    /// The start day is counted (the civil code does not count it).
    pub start_day_counts: bool,
    /// A calendar-day period that ends on a rest day moves to the next working day.
    pub roll_to_working_day: bool,
    /// Seconds the legal zone is ahead of UTC.
    pub utc_offset_seconds: i32,
}

/// One clause of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    /// Stable id.
    pub id: ClauseId,
    /// The label as printed, for example `三（一）第二款`.
    pub label: String,
    /// Our own one-line summary, in Chinese.
    pub summary: String,
    /// How software can serve it; `None` where the pack does not say (no activation without).
    pub means: Option<Means>,
    /// The pack it comes from.
    pub pack: String,
    /// Digest of the source text of the clause, where recorded.
    pub source: Option<Digest>,
    /// Id of the clause in the requirements inventory, where it has one.
    pub inventory: Option<String>,
}

/// How software can serve a clause. It decides what a scenario has to show, see [`super::proof()`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// 强制: what violates it is refused.
    Enforce,
    /// 自动: it happens by itself.
    Automate,
    /// 记录: evidence of it is kept.
    Record,
    /// 外部: nothing software can do.
    Outside,
}

/// A value the text fixes, with its bound towards lower layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name, for example `日志留存`.
    pub name: String,
    /// The value.
    pub value: Value,
    /// What a child may do with it.
    pub bound: Bound,
    /// Basis.
    pub clauses: Vec<ClauseId>,
    /// A local choice (本地约定) where the text is silent.
    pub local_choice: bool,
    /// The pack that set it last.
    pub pack: String,
    /// The file that set it last, named when a lower layer may not.
    pub file: String,
    /// How the number is computed or what it means, in words.
    pub note: Option<String>,
}

/// What a child pack may do with an inherited value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// 下限: a child may only go up.
    Floor,
    /// 上限: a child may only go down.
    Ceiling,
    /// 固定: a child may not change it.
    Fixed,
    /// 可改: a child may choose freely.
    Open,
}

/// A typed value as a lawyer writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "value")]
pub enum Value {
    /// `3个工作日`, `6个月`, `3年`, `当日`.
    Period(Period),
    /// `不少于6个月`, `低于50%`, `不超过3年`.
    Limit(Comparator, Box<Value>),
    /// Parts per million: `50%` is 500 000.
    Ratio(i64),
    /// A bare whole number, for example a count of entities.
    Number(i64),
    /// `是` / `否`.
    Flag(bool),
    /// Any other text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

/// How a limit compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparator {
    /// 低于
    Less,
    /// 不超过
    AtMost,
    /// 不少于
    AtLeast,
    /// 超过
    More,
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// How many units.
    pub length: u32,
    /// Which units.
    pub unit: PeriodUnit,
}

/// Units of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// 工作日
    WorkingDay,
    /// 日 (calendar days); `当日` is 0 of them.
    Day,
    /// 个月 (natural months)
    Month,
    /// 年
    Year,
}

impl PeriodUnit {
    /// Whether lengths in the two units can be compared: months and years can.
    #[must_use]
    pub fn is_measured_in(self, other: Self) -> bool {
        self == other || (self.months().is_some() && other.months().is_some())
    }

    /// Months of one such unit, for months and years.
    #[must_use]
    pub const fn months(self) -> Option<i64> {
        match self {
            Self::Month => Some(1),
            Self::Year => Some(12),
            Self::WorkingDay | Self::Day => None,
        }
    }
}

/// A role and who plays it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Key, Chinese, as the text calls it.
    pub key: RoleKey,
    /// English name for the English pages.
    pub en: String,
    /// Units that always play it here; empty for roles bound per case.
    pub units: Vec<UnitCode>,
    /// How a case finds the units of a role without fixed units.
    pub binding: Binding,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// How a case finds the units of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// The units listed in the pack.
    Fixed,
    /// The unit that opened the case.
    Opener,
    /// Units named in the case's facts under this key (for example the providers of the requested resources).
    Fact(String),
    /// Any signed-in person (for example an objector).
    Anyone,
}

/// One of the ten stages, for headings and progress bars.
pub type Stage = String;

/// A procedure (程序).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Procedure {
    /// Name and id.
    pub id: ProcedureId,
    /// English name.
    pub en: String,
    /// The stage it belongs to.
    pub stage: Stage,
    /// Letters of the case number, for example `SQ` gives `SQ-2026-0001`.
    pub number_prefix: String,
    /// Who may open a case.
    pub opener: RoleKey,
    /// Who may waive a case that is owed (应办件) and close it with a reason.
    pub waiver: Option<RoleKey>,
    /// The form filled on opening.
    pub form: Option<FormId>,
    /// Attachments; those required must be there before the first step is entered.
    pub attachments: Vec<AttachmentRule>,
    /// Facts the opener must state (kept with the case, compared by conditions).
    pub facts: Vec<FactRule>,
    /// Facts nobody states: the platform observes them (for example the operator of an authorisation).
    pub observed: Vec<FactRule>,
    /// Steps; the first is entered on opening.
    pub steps: Vec<Step>,
    /// Persons who may not do two things in one case.
    pub separations: Vec<Separation>,
    /// Who may read the case besides those who act in it.
    pub readers: Vec<RoleKey>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// An attachment the procedure asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttachmentRule {
    /// Name, for example `安全风险自评报告`.
    pub name: String,
    /// Must be there.
    pub required: bool,
    /// Required only if this holds; a fact that is not known requires it too.
    pub when: Option<Test>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// An attachment an action asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Name.
    pub name: String,
    /// Required only if this holds; a fact that is not known requires it too.
    pub when: Option<Test>,
    /// Basis, where it is not the action's own.
    pub clauses: Vec<ClauseId>,
}

/// A fact a case carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactRule {
    /// Key.
    pub key: String,
    /// English label.
    pub en: String,
    /// Kind of value.
    pub kind: FactKind,
    /// Must be stated on opening.
    pub required: bool,
}

/// Kinds of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// Text.
    Text,
    /// Whole number.
    Number,
    /// Yes or no.
    Flag,
    /// A date.
    Date,
    /// A list of unit codes.
    Units,
    /// The id of another thing in the platform (case, resource, model, run, product …).
    Reference,
}

/// A step (环节).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Name and id.
    pub id: StepId,
    /// English name.
    pub en: String,
    /// Who acts.
    pub role: RoleKey,
    /// Further roles whose units act in the same step (会同).
    pub joint: Vec<RoleKey>,
    /// One task for each unit of the roles; the step is left when all have acted.
    pub each_unit: bool,
    /// What may be done, in the order of the buttons; the first is the primary one.
    pub actions: Vec<Action>,
    /// The clock that runs while the step is open.
    pub clock: Option<ClockRule>,
    /// The time the applicant has to answer a return for correction.
    pub correction: Option<Period>,
    /// The box of the paper form where the opinion is printed.
    pub opinion_box: Option<String>,
    /// How votes are counted, if the step is a vote.
    pub vote: Option<VoteRule>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// Something the holder of a step may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The kernel's command.
    pub command: CommandKind,
    /// The button's words in Chinese, if not the command's own.
    pub label: Option<String>,
    /// The button's words in English, if not the command's own.
    pub label_en: Option<String>,
    /// An opinion must be written.
    pub needs_opinion: bool,
    /// A form must be filled with it (for example the agreement or a report).
    pub form: Option<FormId>,
    /// Attachments that must come with it.
    pub attachments: Vec<Enclosure>,
    /// Facts that must be stated with it.
    pub facts: Vec<FactRule>,
    /// Conditions; all must hold, or the action is refused with the condition's clause.
    pub requires: Vec<Condition>,
    /// Where the case goes; the first branch whose condition holds. Empty: stays.
    pub then: Vec<Branch>,
    /// What the platform does.
    pub effects: Vec<Effect>,
    /// Rules of a command on people and units.
    pub people: PeopleRule,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// The kernel's closed list of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// 提交
    Submit,
    /// 受理
    Accept,
    /// 退回补正: names all defects at once; the clock stops.
    ReturnForCorrection,
    /// 补正: answers a return; the clock resumes.
    Supplement,
    /// 撤回
    Withdraw,
    /// 同意
    Approve,
    /// 部分同意
    ApprovePartly,
    /// 不同意
    Refuse,
    /// 提出争议
    Dispute,
    /// 表决
    Vote,
    /// 决议 (a meeting's numbered resolution)
    Resolve,
    /// 确定
    Determine,
    /// 公布
    Publish,
    /// 提出异议
    Object,
    /// 答复
    Answer,
    /// 备案
    File,
    /// 签署
    Sign,
    /// 培训
    Train,
    /// 考核
    Examine,
    /// 责令整改
    OrderRectification,
    /// 反馈整改
    ReportRectification,
    /// 验收整改
    AcceptRectification,
    /// 暂停
    Suspend,
    /// 恢复
    Resume,
    /// 撤销
    Revoke,
    /// 评估
    Evaluate,
    /// 修复
    Repair,
    /// 销毁
    Destroy,
    /// 办结
    Close,
    /// 登记: something is entered in a register.
    Register,
    /// 检查
    Inspect,
    /// 报告事件
    ReportIncident,
    /// 演练
    Drill,
    /// 自评
    SelfEvaluate,
    /// 归档
    Archive,
    /// 移交: materials, data or accounts are handed over.
    HandOverMaterials,
    /// 告知
    Notify,
    /// 授予
    Grant,
    /// 缩减
    Reduce,
    /// 延期
    Extend,
    /// 发布: something is made public; unlike 公布 it anchors no clock.
    Announce,
    /// 补充协议
    AmendAgreement,
    /// 验收: what was delivered is accepted.
    AcceptDelivery,
    /// 移交办理: the task goes to another unit of the same role.
    HandOver,
    /// 委托办理: a named colleague acts for the person, in this step.
    Delegate,
    /// 加签: asks a further unit for its opinion; the step is not left before.
    Consult,
    /// 减签: drops such a request, with a reason.
    EndConsult,
    /// 回复加签: the opinion asked for.
    Opine,
    /// 申明回避: a person declares a conflict of interest and is out of the case.
    Recuse,
    /// 抽取专家: draws from a named list with a published seed.
    Draw,
}

impl CommandKind {
    /// Whether it is a conclusion on the merits, with words or without.
    #[must_use]
    pub const fn concludes(self) -> bool {
        matches!(
            self,
            Self::Approve
                | Self::ApprovePartly
                | Self::Refuse
                | Self::Vote
                | Self::Resolve
                | Self::Determine
                | Self::Examine
                | Self::Evaluate
        )
    }
}

/// Where an action leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Only if this holds; `None` always.
    pub when: Option<Condition>,
    /// Target.
    pub to: Target,
}

/// A step or an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Another step.
    Step(StepId),
    /// The case ends with this outcome, in words (for example `通过`).
    End {
        /// Outcome words in Chinese.
        outcome: String,
        /// Outcome words in English; empty where the pack gives none.
        en: String,
        /// The outcome is what the opener asked for.
        granted: bool,
        /// 转办: a case of this procedure is owed next.
        opens: Option<ProcedureId>,
    },
}

/// A comparison of named facts joined with 且 / 或 / 非. An unknown fact makes every comparison false, and so does
/// its negation: unknown never passes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The test.
    pub test: Test,
    /// What would satisfy it, for the refusal page.
    pub remedy: Option<String>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// The test of a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// All hold.
    All(Vec<Test>),
    /// One holds.
    Any(Vec<Test>),
    /// Does not hold, and its facts are known.
    Not(Box<Test>),
    /// A fact equals a value.
    Is(String, FactValue),
    /// A number or date fact compared with a value.
    Compare(String, Comparator, FactValue),
    /// Two facts are equal.
    Same(String, String),
    /// A number or date fact compared with another fact.
    CompareFacts(String, Comparator, String),
    /// A number or ratio fact against a pack parameter (`收益率` 低于 `收益率上限`), or a text among those of a list.
    Within(String, String),
    /// A number fact, counted in these units, against a parameter that is a period, whatever unit that is written in.
    WithinUnit(String, String, PeriodUnit),
    /// So many distinct units or persons have done this command in this step.
    Done {
        /// Step.
        step: StepId,
        /// Command.
        command: CommandKind,
        /// At least so many of its tasks; `None` means all.
        at_least: Option<u32>,
    },
}

/// A fact's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// Whole number (ratios in parts per million).
    Number(i64),
    /// A date, written `YYYY-MM-DD`.
    Date(Date),
    /// Text, or the id of a thing.
    Text(String),
    /// Unit codes or other texts.
    List(Vec<String>),
}

/// How votes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteRule {
    /// Votes needed before a result stands.
    pub quorum: u32,
    /// Approvals needed.
    pub approvals: u32,
    /// Votes are hidden from other voters until the result stands.
    pub sealed: bool,
}

/// A separation of duties: the same person (or unit) may not do both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Separation {
    /// One side.
    pub first: Who,
    /// The other side.
    pub second: Who,
    /// Compare persons or whole units.
    pub by_unit: bool,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// A party in a separation rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Who opened the case.
    Opener,
    /// Who acted in a step.
    Step(StepId),
}
