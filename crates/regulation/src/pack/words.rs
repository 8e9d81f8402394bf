//! The closed vocabulary of the format: Chinese words and what they mean.

use super::model::{
    Anchor, Bound, ClockNature, CommandKind, DutyAnchor, DutyOnly, Effect, FactKind, Means, OnExpiry,
    PeriodUnit, Quorum, Status, StopGround,
};
use crate::case::command_words;

/// A word and its meaning.
pub(crate) type Word<T> = (&'static str, T);

pub(crate) const FLAGS: &[Word<bool>] = &[("是", true), ("否", false)];

pub(crate) const STATUS: &[Word<Status>] = &[
    ("征求意见", Status::Draft),
    ("施行", Status::InForce),
    ("被替代", Status::Replaced),
    ("失效", Status::Expired),
];

pub(crate) const BOUNDS: &[Word<Bound>] =
    &[("下限", Bound::Floor), ("上限", Bound::Ceiling), ("固定", Bound::Fixed), ("可改", Bound::Open)];

pub(crate) const MEANS: &[Word<Means>] =
    &[("强制", Means::Enforce), ("自动", Means::Automate), ("记录", Means::Record), ("外部", Means::Outside)];

pub(crate) const START_DAY: &[Word<bool>] = &[("计入", true), ("不计入", false)];
pub(crate) const LAST_DAY: &[Word<bool>] = &[("顺延至工作日", true), ("不顺延", false)];
/// Seconds ahead of UTC.
pub(crate) const ZONES: &[Word<i32>] = &[("北京时间", 28_800)];

pub(crate) const FACT_KINDS: &[Word<FactKind>] = &[
    ("文字", FactKind::Text),
    ("整数", FactKind::Number),
    ("是否", FactKind::Flag),
    ("日期", FactKind::Date),
    ("机构", FactKind::Units),
    ("编号", FactKind::Reference),
];

pub(crate) const ANCHORS: &[Word<Anchor>] = &[
    ("收到", Anchor::Received),
    ("受理", Anchor::Accepted),
    ("公布", Anchor::Published),
    ("签订", Anchor::Signed),
    ("提交", Anchor::Filed),
];

/// Units of a length that a fact gives.
pub(crate) const UNITS: &[Word<PeriodUnit>] = &[
    ("工作日", PeriodUnit::WorkingDay),
    ("日", PeriodUnit::Day),
    ("个月", PeriodUnit::Month),
    ("年", PeriodUnit::Year),
];

pub(crate) const NATURES: &[Word<ClockNature>] =
    &[("法定", ClockNature::Statutory), ("承诺", ClockNature::Promised), ("内部", ClockNature::Internal)];

pub(crate) const STOPS: &[Word<StopGround>] = &[("等待补正", StopGround::AwaitingCorrection)];

pub(crate) const EXPIRIES: &[Word<OnExpiry>] = &[
    ("提醒并升级", OnExpiry::RemindAndEscalate),
    ("自动退回", OnExpiry::ReturnAutomatically),
    ("关闭权限", OnExpiry::CloseAccess),
    ("收回数据", OnExpiry::TakeBackData),
    ("转协调机制", OnExpiry::MoveToCoordination),
    ("进入下一环节", OnExpiry::Advance),
];

pub(crate) const EFFECTS: &[Word<Effect>] = &[
    ("发布公告", Effect::PublishNotice),
    ("公示结果", Effect::PublishResult),
    ("建立授权", Effect::EstablishAuthorisation),
    ("协议生效", Effect::ActivateAgreement),
    ("开通权限", Effect::OpenAccess),
    ("关闭权限", Effect::CloseAccess),
    ("恢复权限", Effect::RestoreAccess),
    ("授予数据", Effect::GrantData),
    ("核准模型", Effect::ApproveModel),
    ("核准出域", Effect::ReleaseExport),
    ("产品备案", Effect::FileProduct),
    ("核定价格", Effect::ApprovePrice),
    ("使用协议生效", Effect::ActivateUsage),
    ("登记异议", Effect::RecordObjection),
    ("登记质量问题", Effect::RecordQuality),
    ("登记年度报告", Effect::RecordReport),
    ("登记报告", Effect::RecordReport),
    ("登记信用信息", Effect::RecordCredit),
    ("封存", Effect::SealTenant),
    ("销毁", Effect::DestroyTenant),
    ("收回数据", Effect::RevokeGrant),
    ("公开信息", Effect::PublishInformation),
    ("登记编号", Effect::RegisterNumber),
    ("编入目录", Effect::ListResource),
    ("撤下目录", Effect::UnlistResource),
    ("准许导入", Effect::AdmitSocialData),
];

/// Simple kinds of fields; 单选 and 多选 also need their choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldWord {
    Text,
    LongText,
    Number,
    Percent,
    Money,
    Date,
    Phone,
    Email,
    Contact,
    Choice,
    Choices,
    Flag,
    Resources,
    Unit,
}

pub(crate) const FIELDS: &[Word<FieldWord>] = &[
    ("单行文字", FieldWord::Text),
    ("多行文字", FieldWord::LongText),
    ("整数", FieldWord::Number),
    ("百分比", FieldWord::Percent),
    ("金额", FieldWord::Money),
    ("日期", FieldWord::Date),
    ("电话", FieldWord::Phone),
    ("电子邮箱", FieldWord::Email),
    ("联系方式", FieldWord::Contact),
    ("单选", FieldWord::Choice),
    ("多选", FieldWord::Choices),
    ("是否", FieldWord::Flag),
    ("数据资源", FieldWord::Resources),
    ("机构", FieldWord::Unit),
];

pub(crate) const DUTY_ANCHORS: &[Word<DutyAnchor>] =
    &[("自然期", DutyAnchor::Calendar), ("签订", DutyAnchor::Signed)];

pub(crate) const DUTY_ONLY: &[Word<DutyOnly>] =
    &[("授权中", DutyOnly::Authorised), ("权限开通中", DutyOnly::Open), ("非合作方", DutyOnly::Head)];

pub(crate) const QUORUMS: &[Word<Quorum>] =
    &[("过半数", Quorum::Majority), ("三分之二以上", Quorum::TwoThirds), ("全体", Quorum::All)];
/// Kinds of a document's blanks; 表格 also needs its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VariableWord {
    Text,
    LongText,
    Number,
    Percent,
    Money,
    Date,
    Flag,
    List,
    Table,
}

pub(crate) const VARIABLES: &[Word<VariableWord>] = &[
    ("单行文字", VariableWord::Text),
    ("多行文字", VariableWord::LongText),
    ("整数", VariableWord::Number),
    ("百分比", VariableWord::Percent),
    ("金额", VariableWord::Money),
    ("日期", VariableWord::Date),
    ("是否", VariableWord::Flag),
    ("清单", VariableWord::List),
    ("表格", VariableWord::Table),
];

pub(crate) const BY_UNIT: &[Word<bool>] = &[("人员", false), ("机构", true)];

const COMMANDS: [CommandKind; 50] = [
    CommandKind::Submit,
    CommandKind::Accept,
    CommandKind::ReturnForCorrection,
    CommandKind::Supplement,
    CommandKind::Withdraw,
    CommandKind::Approve,
    CommandKind::ApprovePartly,
    CommandKind::Refuse,
    CommandKind::Dispute,
    CommandKind::Vote,
    CommandKind::Resolve,
    CommandKind::Determine,
    CommandKind::Publish,
    CommandKind::Object,
    CommandKind::Answer,
    CommandKind::File,
    CommandKind::Sign,
    CommandKind::Train,
    CommandKind::Examine,
    CommandKind::OrderRectification,
    CommandKind::ReportRectification,
    CommandKind::AcceptRectification,
    CommandKind::Suspend,
    CommandKind::Resume,
    CommandKind::Revoke,
    CommandKind::Evaluate,
    CommandKind::Repair,
    CommandKind::Destroy,
    CommandKind::Close,
    CommandKind::Register,
    CommandKind::Inspect,
    CommandKind::ReportIncident,
    CommandKind::Drill,
    CommandKind::SelfEvaluate,
    CommandKind::Archive,
    CommandKind::HandOverMaterials,
    CommandKind::Notify,
    CommandKind::Grant,
    CommandKind::Reduce,
    CommandKind::Extend,
    CommandKind::Announce,
    CommandKind::AmendAgreement,
    CommandKind::AcceptDelivery,
    CommandKind::HandOver,
    CommandKind::Delegate,
    CommandKind::Consult,
    CommandKind::EndConsult,
    CommandKind::Opine,
    CommandKind::Recuse,
    CommandKind::Draw,
];

/// The kernel's commands by their Chinese words.
pub(crate) fn commands() -> Vec<Word<CommandKind>> {
    COMMANDS.iter().map(|kind| (command_words(*kind).0, *kind)).collect()
}
