//! The airlock: the one door out, with two reviewers who vote without seeing each other.

use serde::Serialize;

use super::case::Action;
use super::parts::{Choice, Clause, Fact, Light, Link, Refusal, Table};
use super::runs::{Candidate, DisclosureReport};
use crate::html::render::Page;

/// An export that waits or was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AirlockRow {
    pub number: String,
    pub href: String,
    pub model: String,
    pub purpose: String,
    pub operator: String,
    pub requested: String,
    pub votes: String,
    pub state: String,
    pub light: Light,
}

/// The airlock's queue (`airlock.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Airlock {
    pub rows: Vec<AirlockRow>,
    pub more_href: Option<String>,
    /// Planted faults that reviewers found and missed; for supervision.
    pub scores: Option<Table>,
}

impl Page for Airlock {
    const TEMPLATE: &'static str = "airlock.html";

    fn samples() -> Vec<Self> {
        let row = |number: &str, votes: &str, state: &str, light: Light| AirlockRow {
            number: number.into(),
            href: "/airlock/1".into(),
            model: "承运人延误统计 v2".into(),
            purpose: "货运时效评估月报".into(),
            operator: "示例数据运营有限公司".into(),
            requested: "2026-10-22".into(),
            votes: votes.into(),
            state: state.into(),
            light,
        };
        vec![
            Self {
                rows: vec![
                    row("出域〔2026〕5号", "1 / 2", "待我审核", Light::DueSoon),
                    row("出域〔2026〕4号", "2 / 2", "已出域", Light::Done),
                ],
                more_href: None,
                scores: Some(Table::new(
                    "审核人抽测",
                    &["审核人", "机构", "发现", "漏过"],
                    &["发现", "漏过"],
                    &[&["沈例宁", "县级监管机构", "3", "0"]],
                )),
            },
            Self::default(),
        ]
    }
}

/// A reviewer's seat: whether a vote is in, and what it was once all are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Vote {
    pub seat: String,
    /// Empty until all votes are in.
    pub name: String,
    pub cast: bool,
    /// Empty until all votes are in.
    pub verdict: String,
    pub opinion: String,
    pub at: String,
}

/// The risk of a candidate in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Risk {
    pub tier: String,
    pub reasons: Vec<String>,
}

/// The run of the same order that a reviewer asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Again {
    /// Asks for one; absent for who may not.
    pub href: Option<String>,
    /// What came of the last one; empty if there was none.
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
}

/// Reviewing one export (`airlock_review.html`). Its actions are those of its case and go there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AirlockReview {
    pub number: String,
    pub state: String,
    pub light: Light,
    pub basis: Vec<Clause>,
    pub candidate: Candidate,
    pub earlier: Vec<Candidate>,
    pub votes: Vec<Vote>,
    /// What this person may do in the case now; empty for who has voted or may not.
    pub actions: Vec<Action>,
    pub action_href: String,
    /// How many persons it needs by its risk; for those who decide.
    pub risk: Option<Risk>,
    /// What is frozen, each thing by its digest.
    pub manifest: Vec<Fact>,
    /// The reviewers' run of the same order.
    pub again: Again,
    /// Plants a fault; for supervision while it waits.
    pub plant_href: Option<String>,
    pub faults: Vec<Choice>,
    /// What was planted, for who did and for all once it is over.
    pub plant: Vec<Fact>,
    /// Why the rows cannot be shown.
    pub refusal: Option<Refusal>,
    pub case_href: String,
    /// What changed since the last release, in words.
    pub compared: String,
    /// Only the rows that changed, or all again.
    pub filter: Option<Link>,
    pub previous_href: Option<String>,
    pub next_href: Option<String>,
    pub request_key: String,
    pub version: i64,
    pub release: Option<Link>,
    /// The record of this look at the rows.
    pub looked: Option<Link>,
}

impl AirlockReview {
    /// One that waits for its reviewers.
    fn open_sample() -> Self {
        let candidate = |title: &str, month: &str, ua: &str| Candidate {
            title: title.into(),
            facts: vec![Fact::new("参数", month), Fact::new("行数", "16"), Fact::new("大小", "1.2 KB")],
            sample: Table::new(
                "结果样本",
                &["carrier", "flights"],
                &["flights"],
                &[&["UA", ua], &["B6", "4,984"], &["（已抑制）", "—"]],
            ),
            report: Some(DisclosureReport::sample(true)),
        };
        let mut now = candidate("运〔2026〕12号", "month = 7", "5,066");
        now.sample.marks = vec![vec![String::new(), "有变化，原为 4,975".into()]];
        Self {
            number: "出域〔2026〕5号".into(),
            state: "审核中".into(),
            light: Light::Normal,
            basis: vec![Clause::new(
                "附件5 五（二）1（4）",
                "不得将原始数据导出授权运营域",
                "/admin/packs/sample#a5",
            )],
            candidate: now,
            earlier: vec![candidate("出域〔2026〕4号（2026-10-15）", "month = 6", "4,975")],
            votes: vec![
                Vote { seat: "审核人一".into(), cast: true, ..Vote::default() },
                Vote { seat: "审核人二".into(), ..Vote::default() },
            ],
            actions: vec![Action {
                command: "approve".into(),
                label: "同意".into(),
                primary: true,
                needs_opinion: true,
                ..Action::default()
            }],
            action_href: "/cases/30/commands".into(),
            case_href: "/cases/30".into(),
            risk: Some(Risk {
                tier: "需两人审核".into(),
                reasons: vec!["有格子的主体数不到下限的两倍".into()],
            }),
            manifest: vec![Fact::new("结果文件", "3f7c5a"), Fact::new("模型", "77aa01")],
            again: Again {
                href: Some("/airlock/1/again".into()),
                state: "重算所得字节一致".into(),
                light: Light::Done,
                facts: vec![Fact::new("重算人", "沈例宁"), Fact::new("摘要", "99ab")],
            },
            compared: "与上一次出域相比：1 格有变化，0 行新增，0 行不再有。".into(),
            filter: Some(Link::new("只看有变化的行", "/airlock/1?changed=1")),
            next_href: Some("/airlock/1?from=100".into()),
            plant_href: Some("/airlock/1/plant".into()),
            faults: vec![Choice::new("small_cell", "一个小数", true)],
            plant: vec![Fact::new("抽测内容", "一个小数"), Fact::new("沈例宁", "发现")],
            request_key: "k8".into(),
            version: 3,
            ..Self::default()
        }
    }
}

impl Page for AirlockReview {
    const TEMPLATE: &'static str = "airlock_review.html";

    fn samples() -> Vec<Self> {
        let open = Self::open_sample();
        let mut barred = open.clone();
        barred.actions = Vec::new();
        barred.earlier = Vec::new();
        barred.refusal = Some(Refusal {
            code: "case.separation".into(),
            message: "您参与了该模型的开发，应当回避。".into(),
            remedy: "请由其他审核人办理。".into(),
            clauses: vec![],
        });
        let mut done = open.clone();
        done.actions = Vec::new();
        done.state = "已出域".into();
        done.light = Light::Done;
        done.release = Some(Link::new("出域回执", "/ledger?record=1188"));
        for (vote, name) in done.votes.iter_mut().zip(["沈例宁", "高样云"]) {
            vote.cast = true;
            vote.name = name.into();
            vote.verdict = "同意".into();
            vote.opinion = "每格实体数满足要求。".into();
            vote.at = "2026-10-23 09:40".into();
        }
        vec![open, barred, done]
    }
}
