//! Models: approved SQL with typed parameters, pinned by digest.

use serde::Serialize;

use super::case::{Action, Opinion};
use super::parts::{Fact, Light, Link, Table};
use super::workbench::QueryParameter;
use crate::html::render::Page;

/// A model in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelRow {
    pub name: String,
    pub href: String,
    pub version: String,
    pub state: String,
    pub light: Light,
    pub digest: String,
    pub author: String,
    pub updated: String,
}

/// The list of models (`models.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Models {
    pub rows: Vec<ModelRow>,
    /// Whether this person writes models.
    pub may_write: bool,
}

impl Page for Models {
    const TEMPLATE: &'static str = "models.html";

    fn samples() -> Vec<Self> {
        let row = |name: &str, state: &str, light: Light| ModelRow {
            name: name.into(),
            href: "/models/1".into(),
            version: "2".into(),
            state: state.into(),
            light,
            digest: "5d41402a…".into(),
            author: "周拟山".into(),
            updated: "2026-10-20".into(),
        };
        vec![
            Self {
                rows: vec![
                    row("承运人延误统计", "审核通过", Light::Done),
                    row("企业许可核验", "审核中", Light::Normal),
                ],
                may_write: true,
            },
            Self::default(),
        ]
    }
}

/// A model (`model.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelPage {
    pub name: String,
    pub version: String,
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
    pub sql: String,
    pub parameters: Vec<QueryParameter>,
    pub inputs: Vec<Link>,
    /// Columns of the result with type and lattice label.
    pub output: Table,
    pub opinions: Vec<Opinion>,
    pub actions: Vec<Action>,
    pub action_href: String,
    pub request_key: String,
    pub record_version: i64,
    /// Where to order a run on raw data; absent until approved.
    pub run_href: Option<String>,
    pub edit_href: Option<String>,
    pub case_href: Option<String>,
}

impl Page for ModelPage {
    const TEMPLATE: &'static str = "model.html";

    fn samples() -> Vec<Self> {
        let draft = Self {
            name: "承运人延误统计".into(),
            version: "2".into(),
            state: "草稿".into(),
            light: Light::Normal,
            facts: vec![
                Fact::new("作者", "周拟山"),
                Fact::new("应用场景", "货运时效评估"),
                Fact::new("代码摘要", "5d41402abc4b2a76b9719d911017c592"),
            ],
            sql: "SELECT carrier, COUNT(*) AS flights\nFROM flights\nWHERE month = $month\nGROUP BY carrier"
                .into(),
            parameters: vec![QueryParameter {
                name: "month".into(),
                data_type: "整数 1–12".into(),
                value: String::new(),
            }],
            inputs: vec![Link::new("航班运行记录", "/catalog/1")],
            output: Table::new(
                "输出结构",
                &["列", "类型", "隐私标签"],
                &[],
                &[&["carrier", "文本", "分组键"], &["flights", "整数", "计数"]],
            ),
            actions: vec![Action {
                command: "submit".into(),
                label: "提交审核".into(),
                primary: true,
                ..Action::default()
            }],
            action_href: "/models/1/commands".into(),
            request_key: "k4".into(),
            record_version: 2,
            edit_href: Some("/workbench?model=1".into()),
            ..Self::default()
        };
        let mut approved = draft.clone();
        approved.state = "审核通过".into();
        approved.light = Light::Done;
        approved.actions = Vec::new();
        approved.run_href = Some("/runs/new?model=1".into());
        approved.case_href = Some("/cases/20".into());
        approved.opinions = vec![Opinion {
            title: "公共数据监管单位意见".into(),
            unit: "示例县公共数据主管部门".into(),
            verdict: "同意".into(),
            text: "只输出分组计数，不可逆推原始数据。".into(),
            name: "沈例宁".into(),
            date: "2026年10月21日".into(),
            sealed: true,
            clause: None,
        }];
        vec![draft, approved]
    }
}
