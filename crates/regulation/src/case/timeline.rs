//! The story of a case for a page: plain entries with keys and parameters, and default words.

use std::collections::BTreeMap;

use base::{Date, Timestamp};
use serde::Serialize;

use super::vote::is_counted;
use super::{Actor, Ballot, ClockDue, Event, EventBody};
use crate::pack::model::{ClauseId, Effect, OnExpiry, Run, StepId};

/// One line of the story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// The legal day.
    pub on: Date,
    /// Who; `None` for the clock.
    pub actor: Option<Actor>,
    /// Whom the actor acts for under a delegation.
    pub on_behalf_of: Option<Actor>,
    /// Step.
    pub step: Option<StepId>,
    /// Key of the words in the locales, `case.timeline.…`.
    pub key: &'static str,
    /// Parameters of the words.
    pub params: BTreeMap<&'static str, String>,
    /// Default words in Chinese.
    pub zh: String,
    /// Default words in English.
    pub en: String,
    /// Opinion or note, as written.
    pub text: Option<String>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// Key of the words for a ballot whose result does not stand yet.
const VOTED_SEALED: &str = "case.timeline.voted_sealed";

/// The story of a case. Sealed votes show that a vote was cast, never which.
#[must_use]
pub fn timeline(events: &[Event]) -> Vec<TimelineEntry> {
    let mut rest = events;
    let mut entries = Vec::new();
    while let Some((event, later)) = rest.split_first() {
        rest = later;
        let line = line(event, later);
        let sealed = line.key == VOTED_SEALED;
        entries.push(TimelineEntry {
            at: event.at,
            on: event.on,
            actor: event.actor.clone(),
            on_behalf_of: event.on_behalf_of.clone(),
            step: step_of(&event.body).cloned(),
            key: line.key,
            params: line.params.into_iter().collect(),
            zh: line.zh,
            en: line.en,
            text: line.text.filter(|text| !text.is_empty()),
            // A button's clauses say which button it was.
            clauses: if sealed { Vec::new() } else { event.clauses.clone() },
        });
    }
    entries
}

const fn step_of(body: &EventBody) -> Option<&StepId> {
    match body {
        EventBody::StepEntered { step, .. }
        | EventBody::StepLeft { step }
        | EventBody::TaskDone { step, .. }
        | EventBody::Returned { step, .. }
        | EventBody::Supplemented { step, .. }
        | EventBody::Voted { step, .. }
        | EventBody::VoteCounted { step, .. }
        | EventBody::Resolved { step, .. }
        | EventBody::ClockStarted { step, .. }
        | EventBody::ClockStopped { step, .. }
        | EventBody::ClockResumed { step, .. }
        | EventBody::ClockRang { step, .. }
        | EventBody::Expired { step, .. }
        | EventBody::HandedOver { step, .. }
        | EventBody::Delegated { step, .. }
        | EventBody::Consulted { step, .. }
        | EventBody::ConsultEnded { step, .. }
        | EventBody::Opined { step, .. }
        | EventBody::Recused { step, .. }
        | EventBody::Drawn { step, .. } => Some(step),
        EventBody::Opened { .. }
        | EventBody::Owed { .. }
        | EventBody::Waived { .. }
        | EventBody::Lapsed
        | EventBody::OpensCase { .. }
        | EventBody::EffectDue { .. }
        | EventBody::Ended { .. }
        | EventBody::Moved { .. }
        | EventBody::Noted { .. } => None,
    }
}

pub(crate) struct Line {
    key: &'static str,
    params: Vec<(&'static str, String)>,
    zh: String,
    en: String,
    text: Option<String>,
}

impl Line {
    pub(crate) fn new(key: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { key, params: Vec::new(), zh: zh.into(), en: en.into(), text: None }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }

    pub(crate) fn text(mut self, text: Option<&String>) -> Self {
        self.text = text.cloned();
        self
    }
}

fn line(event: &Event, later: &[Event]) -> Line {
    match &event.body {
        EventBody::Opened { number, title, .. } => Line::new(
            "case.timeline.opened",
            format!("提交“{title}”，编号 {number}"),
            format!("opened `{title}`, number {number}"),
        )
        .with("number", number)
        .with("title", title),
        EventBody::StepEntered { step, visit, .. } => {
            Line::new("case.timeline.entered", format!("进入“{step}”"), format!("entered `{step}`"))
                .with("visit", visit)
        }
        EventBody::StepLeft { step } => {
            Line::new("case.timeline.left", format!("“{step}”办理完毕"), format!("left `{step}`"))
        }
        EventBody::TaskDone { step, label, opinion, .. } => Line::new(
            "case.timeline.done",
            format!("“{step}”：{}", label.0),
            format!("`{step}`: {}", label.1),
        )
        .with("label", &label.0)
        .with("label_en", &label.1)
        .text(opinion.as_ref()),
        EventBody::Returned { defects, opinion, .. } => {
            let zh: Vec<String> = defects.iter().map(|d| format!("{}：{}", d.field, d.note)).collect();
            let list = zh.join("；");
            Line::new(
                "case.timeline.returned",
                format!("退回补正（{list}）"),
                format!("returned for correction ({list})"),
            )
            .with("defects", list)
            .text(opinion.as_ref())
        }
        EventBody::Supplemented { opinion, .. } => {
            Line::new("case.timeline.supplemented", "已补正", "corrected").text(opinion.as_ref())
        }
        EventBody::Voted { .. } | EventBody::VoteCounted { .. } | EventBody::Resolved { .. } => {
            vote_line(event, later)
        }
        EventBody::EffectDue { effect, .. } => {
            let name = effect_words(*effect);
            Line::new(
                "case.timeline.effect",
                format!("平台执行：{}", name.0),
                format!("platform: {}", name.1),
            )
            .with("effect", name.1)
        }
        EventBody::Ended { outcome, granted } => {
            Line::new("case.timeline.ended", format!("办结：{outcome}"), format!("ended: {outcome}"))
                .with("outcome", outcome)
                .with("granted", granted)
        }
        EventBody::Noted { text } => Line::new("case.timeline.noted", "备注", "remark").text(Some(text)),
        EventBody::ClockStarted { .. }
        | EventBody::ClockStopped { .. }
        | EventBody::ClockResumed { .. }
        | EventBody::ClockRang { .. }
        | EventBody::Expired { .. } => clock_line(&event.body),
        _ => super::told::line(event),
    }
}

fn vote_line(event: &Event, later: &[Event]) -> Line {
    match &event.body {
        EventBody::Voted { step, sealed: true, .. } if !is_counted(later, step) => {
            Line::new(VOTED_SEALED, "已表决（结果产生前不公开）", "voted (sealed)")
        }
        EventBody::Voted { vote, opinion, .. } => {
            let words = match vote {
                Ballot::Approve => ("表决：同意", "voted for"),
                Ballot::Refuse => ("表决：不同意", "voted against"),
            };
            Line::new("case.timeline.voted", words.0, words.1)
                .with("approve", *vote == Ballot::Approve)
                .text(opinion.as_ref())
        }
        EventBody::VoteCounted { approvals, refusals, passed, .. } => {
            let words = if *passed { ("通过", "passed") } else { ("未通过", "not passed") };
            Line::new(
                "case.timeline.counted",
                format!("表决{}：同意 {approvals} 票，不同意 {refusals} 票", words.0),
                format!("vote {}: {approvals} for, {refusals} against", words.1),
            )
            .with("approvals", approvals)
            .with("refusals", refusals)
            .with("passed", passed)
        }
        EventBody::Resolved { number, .. } => {
            Line::new("case.timeline.resolved", format!("决议 {number}"), format!("resolution {number}"))
                .with("number", number)
        }
        _ => Line::new("case.timeline.noted", "", ""),
    }
}

fn clock_line(body: &EventBody) -> Line {
    match body {
        EventBody::ClockStarted { start, due, run, .. } => {
            let (zh, en) = (provisional(due.provisional).0, provisional(due.provisional).1);
            let from = match run {
                Run::Backward => (format!("期限自 {start} 倒算"), format!("clock counts back from {start}")),
                _ => (format!("期限自 {start} 起算"), format!("clock runs from {start}")),
            };
            Line::new(
                "case.timeline.clock_started",
                format!("{}，{}到期{zh}", from.0, due.due),
                format!("{}, due {}{en}", from.1, due.due),
            )
            .with("start", start)
            .with("due", due.due)
            .with("unit", due.unit.clone().unwrap_or_default())
        }
        EventBody::ClockStopped { .. } => Line::new(
            "case.timeline.clock_stopped",
            "等待补正，期限中止",
            "clock stopped: correction awaited",
        ),
        EventBody::ClockResumed { dues, .. } => {
            let days = dues.iter().map(|ClockDue { due, .. }| due.to_string()).collect::<Vec<_>>().join("、");
            Line::new(
                "case.timeline.clock_resumed",
                format!("期限恢复计算，{days} 到期"),
                format!("clock goes on, due {days}"),
            )
            .with("due", days)
        }
        EventBody::ClockRang { days_left, before, tell, due, .. } => {
            let zh = match days_left {
                _ if before.is_some() => format!("期限 {due} 到期，按期提前提醒“{tell}”"),
                0.. => format!("期限剩 {days_left} 个工作日，提醒“{tell}”"),
                _ => format!("逾期 {} 个工作日，通报“{tell}”", days_left.unsigned_abs()),
            };
            Line::new("case.timeline.rang", zh, format!("{days_left} working days left: told `{tell}`"))
                .with("days_left", days_left)
                .with("tell", tell)
                .with("due", due)
        }
        EventBody::Expired { due, consequence, .. } => {
            let words = consequence_words(*consequence);
            Line::new(
                "case.timeline.expired",
                format!("期限（{due}）已过：{}", words.0),
                format!("due day {due} passed: {}", words.1),
            )
            .with("due", due)
        }
        _ => Line::new("case.timeline.noted", "", ""),
    }
}

const fn provisional(provisional: bool) -> (&'static str, &'static str) {
    if provisional { ("（暂定）", " (provisional)") } else { ("", "") }
}

const fn consequence_words(consequence: OnExpiry) -> (&'static str, &'static str) {
    match consequence {
        OnExpiry::RemindAndEscalate => ("提醒并升级", "reminded and escalated"),
        OnExpiry::ReturnAutomatically => ("自动退回", "returned automatically"),
        OnExpiry::CloseAccess => ("关闭权限", "access closed"),
        OnExpiry::TakeBackData => ("收回数据", "data taken back"),
        OnExpiry::MoveToCoordination => ("转协调机制", "handed to coordination"),
        OnExpiry::Advance => ("进入下一环节", "on to the next step"),
    }
}

/// An effect's words in Chinese and English.
#[must_use]
pub const fn effect_words(effect: Effect) -> (&'static str, &'static str) {
    match effect {
        Effect::PublishNotice => ("发布公告", "publish notice"),
        Effect::PublishResult => ("公示结果", "publish result"),
        Effect::EstablishAuthorisation => ("建立授权", "establish authorisation"),
        Effect::ActivateAgreement => ("协议生效", "activate agreement"),
        Effect::OpenAccess => ("开通权限", "open access"),
        Effect::CloseAccess => ("关闭权限", "close access"),
        Effect::RestoreAccess => ("恢复权限", "restore access"),
        Effect::GrantData => ("授予数据", "grant data"),
        Effect::ApproveModel => ("核准模型", "approve model"),
        Effect::ReleaseExport => ("核准出域", "release export"),
        Effect::FileProduct => ("产品备案", "file product"),
        Effect::ApprovePrice => ("核定价格", "approve price"),
        Effect::ActivateUsage => ("使用协议生效", "activate usage agreement"),
        Effect::RecordObjection => ("登记异议", "record objection"),
        Effect::RecordQuality => ("登记质量问题", "record quality ticket"),
        Effect::RecordReport => ("登记报告", "record report"),
        Effect::RecordCredit => ("登记信用信息", "record credit information"),
        Effect::SealTenant => ("封存", "seal"),
        Effect::DestroyTenant => ("销毁", "destroy"),
        Effect::RevokeGrant => ("收回数据", "take data back"),
        Effect::PublishInformation => ("公开信息", "publish information"),
        Effect::RegisterNumber => ("登记编号", "record registration number"),
        Effect::ListResource => ("编入目录", "list in the catalogue"),
        Effect::UnlistResource => ("撤下目录", "take off the catalogue"),
        Effect::AdmitSocialData => ("准许导入", "admit social data"),
    }
}
