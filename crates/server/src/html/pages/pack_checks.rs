//! What a legal officer does with a pack in the browser: check it, run its scenarios, look at its coverage, begin one.

use serde::Serialize;

use super::pack_versions::PackReport;
use super::parts::{Choice, Clause, Fact, Link, Refusal, Table};
use crate::html::render::Page;

/// A pack's report (`admin_pack_check.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminPackCheck {
    pub name: String,
    pub back: Link,
    pub links: Vec<Link>,
    pub report: PackReport,
}

impl Page for AdminPackCheck {
    const TEMPLATE: &'static str = "admin_pack_check.html";

    fn samples() -> Vec<Self> {
        let page = |clean| Self {
            name: "示例县 公共数据授权运营".into(),
            back: Link::new("示例县 公共数据授权运营", "/admin/packs/sample"),
            links: vec![Link::new("样例", "/admin/packs/sample/test")],
            report: PackReport::sample(clean),
        };
        vec![page(true), page(false)]
    }
}

/// A line of a scenario's story.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StoryLine {
    pub text: String,
    /// What went wrong here; empty if nothing did.
    pub failed: String,
}

/// A scenario as it was told and as it went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Story {
    pub name: String,
    /// Procedure or duty.
    pub about: String,
    pub holds: bool,
    pub when: Vec<StoryLine>,
    pub then: Vec<StoryLine>,
    /// Failures that belong to no line.
    pub failures: Vec<String>,
    pub clauses: Vec<Clause>,
}

/// The scenarios of a pack (`admin_pack_test.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminPackTest {
    pub name: String,
    pub back: Link,
    pub links: Vec<Link>,
    pub facts: Vec<Fact>,
    pub all_hold: bool,
    pub abouts: Vec<Choice>,
    pub states: Vec<Choice>,
    pub is_filtered: bool,
    pub action_href: String,
    pub stories: Vec<Story>,
}

impl Page for AdminPackTest {
    const TEMPLATE: &'static str = "admin_pack_test.html";

    fn samples() -> Vec<Self> {
        let story = |holds: bool| Story {
            name: "三个工作日跨国庆".into(),
            about: "数据需求评审".into(),
            holds,
            when: vec![
                StoryLine { text: "2026-09-29 提交".into(), failed: String::new() },
                StoryLine {
                    text: "2026-09-30 县大数据局 受理".into(),
                    failed: if holds { String::new() } else { "被拒绝：材料不齐全".into() },
                },
            ],
            then: vec![StoryLine { text: "“评审”2026-10-12 到期".into(), failed: String::new() }],
            failures: if holds { Vec::new() } else { vec!["“评审”应于 2026-10-12 到期".into()] },
            clauses: vec![Clause::new("三（一）2", "提供单位三个工作日内反馈意见", "/admin/packs/sample#c3")],
        };
        vec![
            Self {
                name: "示例县 公共数据授权运营".into(),
                back: Link::new("示例县 公共数据授权运营", "/admin/packs/sample"),
                links: Vec::new(),
                facts: vec![Fact::new("样例", "1 / 2")],
                all_hold: false,
                abouts: vec![Choice::new("", "全部", true)],
                states: vec![Choice::new("", "全部", true)],
                is_filtered: true,
                action_href: "/admin/packs/sample/test".into(),
                stories: vec![story(false), story(true)],
            },
            Self {
                name: "示例县".into(),
                back: Link::new("示例县", "/admin/packs/sample"),
                action_href: "/admin/packs/sample/test".into(),
                all_hold: true,
                ..Self::default()
            },
        ]
    }
}

/// A clause and what carries and shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CoverageRow {
    pub label: String,
    pub href: String,
    pub summary: String,
    pub means: String,
    pub standing: String,
    pub by: String,
}

/// The clauses of a pack by means and standing (`admin_pack_coverage.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminPackCoverage {
    pub name: String,
    pub back: Link,
    pub links: Vec<Link>,
    pub counts: Table,
    pub means: Vec<Choice>,
    pub standings: Vec<Choice>,
    pub is_filtered: bool,
    pub action_href: String,
    pub rows: Vec<CoverageRow>,
}

impl Page for AdminPackCoverage {
    const TEMPLATE: &'static str = "admin_pack_coverage.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                name: "示例县 公共数据授权运营".into(),
                back: Link::new("示例县 公共数据授权运营", "/admin/packs/sample"),
                links: Vec::new(),
                counts: Table::new("条款", &["制度包", "条款"], &["条款"], &[&["sample", "80"]]),
                means: vec![Choice::new("enforce", "强制", true)],
                standings: vec![Choice::new("", "全部", true)],
                is_filtered: true,
                action_href: "/admin/packs/sample/coverage".into(),
                rows: vec![CoverageRow {
                    label: "三（一）2".into(),
                    href: "/admin/packs/sample#c3".into(),
                    summary: "提供单位三个工作日内反馈意见".into(),
                    means: "强制".into(),
                    standing: "已证明".into(),
                    by: "三个工作日跨国庆".into(),
                }],
            },
            Self {
                name: "示例县".into(),
                back: Link::new("示例县", "/admin/packs/sample"),
                action_href: "/admin/packs/sample/coverage".into(),
                ..Self::default()
            },
        ]
    }
}

/// Begins a pack (`admin_pack_new.html`). The form posts its fields and, to propose at once, `then`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminPackNew {
    pub parents: Vec<Choice>,
    pub templates: Vec<Choice>,
    pub id: String,
    pub name: String,
    pub prefix: String,
    pub version: String,
    pub clauses: String,
    /// Units by role, a line each.
    pub units: String,
    pub may_propose: bool,
    pub request_key: String,
    pub refusal: Option<Refusal>,
    pub problems: Option<Table>,
    pub report: Option<PackReport>,
}

impl Page for AdminPackNew {
    const TEMPLATE: &'static str = "admin_pack_new.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                parents: vec![Choice::new("sample-province", "示例省", true)],
                templates: vec![Choice::new("", "不用样板", true)],
                id: "yunwu".into(),
                name: "云雾县公共数据授权运营实施办法".into(),
                prefix: "云雾".into(),
                version: "1".into(),
                clauses: "云雾.一 | 第一条 | 目的 | 不自动化：宗旨".into(),
                units: "县大数据局 = bigdata-bureau".into(),
                may_propose: true,
                request_key: "k3".into(),
                refusal: Some(Refusal {
                    code: "regulation.new_clauses".into(),
                    message: "条款表第1行：应有四栏".into(),
                    remedy: String::new(),
                    clauses: Vec::new(),
                }),
                problems: Some(Table::new("问题", &["文件", "问题"], &[], &[&["clauses.yaml", "缺少依据"]])),
                report: Some(PackReport::sample(false)),
            },
            Self::default(),
        ]
    }
}
