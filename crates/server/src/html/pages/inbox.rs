//! The inbox: what waits for me, what I did, what I started, what I was copied on.

use serde::Serialize;

use super::parts::{Choice, Figure, Light, Link};
use crate::html::render::Page;

/// The four tabs of every list of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tab {
    #[default]
    Waiting,
    Done,
    Started,
    Copied,
}

/// A tab with how many cases it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TabLink {
    pub tab: Tab,
    pub href: String,
    pub count: u32,
    pub current: bool,
}

/// A line of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InboxRow {
    pub number: String,
    pub name: String,
    pub href: String,
    pub procedure: String,
    pub step: String,
    pub applicant: String,
    pub received: String,
    pub due: String,
    /// Working days; negative when overdue; absent when no clock runs.
    pub days_left: Option<i64>,
    pub light: Light,
    pub provisional: bool,
}

/// The inbox (`inbox.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Inbox {
    pub tab: Tab,
    pub tabs: Vec<TabLink>,
    pub figures: Vec<Figure>,
    /// What of the law waits for this person: versions, notices of holidays.
    pub law: Vec<Link>,
    pub procedures: Vec<Choice>,
    pub lights: Vec<Choice>,
    pub search: String,
    pub rows: Vec<InboxRow>,
    /// The next page by key.
    pub more_href: Option<String>,
    /// True when a filter hides rows, so that an empty list says so.
    pub filtered: bool,
}

impl Page for Inbox {
    const TEMPLATE: &'static str = "inbox.html";

    fn samples() -> Vec<Self> {
        let mut overdue = Figure::new("overdue", "1");
        overdue.light = Some(Light::Overdue);
        overdue.href = Some("/inbox?light=overdue".into());
        let waiting = Self {
            tab: Tab::Waiting,
            tabs: sample_tabs(Tab::Waiting),
            figures: vec![
                Figure::new("waiting", "6"),
                Figure::new("due-today", "1"),
                Figure::new("due-week", "3"),
                overdue,
                Figure::new("average-days", "2.4"),
                Figure::new("return-rate", "8%"),
            ],
            law: vec![Link::new("制度包版本 2026-02 等待启用", "/admin/packs/versions/00")],
            procedures: vec![
                Choice::new("", "全部程序", true),
                Choice::new("request", "公共数据需求评审", false),
            ],
            lights: vec![
                Choice::new("", "全部", true),
                Choice::new("overdue", "已超期", false),
                Choice::new("due_soon", "将到期", false),
            ],
            rows: sample_rows(),
            more_href: Some("/inbox?tab=waiting&after=17".into()),
            ..Self::default()
        };
        let empty = Self { tab: Tab::Copied, tabs: sample_tabs(Tab::Copied), ..Self::default() };
        let filtered = Self {
            tabs: sample_tabs(Tab::Waiting),
            search: "天文".into(),
            filtered: true,
            ..Self::default()
        };
        vec![waiting, empty, filtered]
    }
}

fn sample_tabs(current: Tab) -> Vec<TabLink> {
    [
        (Tab::Waiting, "waiting", 6),
        (Tab::Done, "done", 41),
        (Tab::Started, "started", 3),
        (Tab::Copied, "copied", 0),
    ]
    .map(|(tab, name, count)| TabLink {
        tab,
        href: format!("/inbox?tab={name}"),
        count,
        current: tab == current,
    })
    .to_vec()
}

fn sample_rows() -> Vec<InboxRow> {
    [
        (
            "质单〔2026〕4号",
            "气象观测数据缺失工单",
            "公共数据质量工单",
            "主管部门反馈",
            Some(-1),
            Light::Overdue,
        ),
        (
            "数需〔2026〕17号",
            "道路运输经营许可数据需求申请",
            "公共数据需求评审",
            "提供单位评审",
            Some(1),
            Light::DueSoon,
        ),
        (
            "申请〔2026〕3号",
            "交通领域公共数据授权运营申请",
            "授权运营申请",
            "形式审查",
            Some(4),
            Light::Normal,
        ),
        ("产备〔2026〕2号", "货运企业资质核验产品备案", "产品和服务备案", "审核备案", Some(9), Light::Normal),
        (
            "数需〔2026〕16号",
            "婚姻登记信息数据需求申请",
            "公共数据需求评审",
            "等待补正",
            None,
            Light::Suspended,
        ),
        ("协备〔2026〕1号", "使用协议备案（示例物流有限公司）", "使用协议备案", "备案", None, Light::Done),
    ]
    .map(|(number, name, procedure, step, days_left, light)| InboxRow {
        number: number.into(),
        name: name.into(),
        href: "/cases/17".into(),
        procedure: procedure.into(),
        step: step.into(),
        applicant: "示例数据运营有限公司".into(),
        received: "2026-09-23".into(),
        due: days_left.map(|_| "2026-09-29".into()).unwrap_or_default(),
        days_left,
        light,
        provisional: false,
    })
    .to_vec()
}
