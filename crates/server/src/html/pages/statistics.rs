//! What was asked as statistics without a reviewer, and its answers.

use serde::Serialize;

use super::parts::{Choice, Fact, Refusal, Table};
use super::workbench::{Budget, QueryError};
use crate::html::render::Page;

/// A question in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StatisticRow {
    pub href: String,
    pub asked: String,
    pub asked_by: String,
    pub at: String,
    /// In thousandths of rho.
    pub cost: String,
}

/// What is written in the form for a linear model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RegressionForm {
    pub table: String,
    pub target: String,
    /// Column names, one a line or separated by commas.
    pub features: String,
    pub condition: String,
    pub scenario: String,
}

/// The list (`statistics.html`). Posts `table`, `target`, `features`, `condition`, `scenario`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    pub tenant: String,
    pub tenants: Vec<Choice>,
    pub action_href: String,
    pub workbench_href: String,
    pub request_key: String,
    pub rows: Vec<StatisticRow>,
    pub budgets: Vec<Budget>,
    pub tables: Vec<Choice>,
    pub form: RegressionForm,
    pub error: Option<QueryError>,
    /// Why nothing can be asked here.
    pub closed: Option<Refusal>,
    pub closed_href: String,
}

/// A linear model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelShown {
    pub weights: Table,
    pub facts: Vec<Fact>,
    pub file_href: String,
}

/// One question with its answer (`statistic.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StatisticPage {
    pub back_href: String,
    pub title: String,
    pub sql: String,
    pub facts: Vec<Fact>,
    /// Absent while it was paid for and is not there.
    pub result: Option<Table>,
    pub model: Option<ModelShown>,
    /// A model was asked for, and the noise left nothing of it.
    pub too_noisy: bool,
}

impl Page for Statistics {
    const TEMPLATE: &'static str = "statistics.html";

    fn samples() -> Vec<Self> {
        let row = StatisticRow {
            href: "/statistics/1".into(),
            asked: "SELECT sex, count(*) AS n FROM persons GROUP BY sex".into(),
            asked_by: "高拟青".into(),
            at: "2026-11-09 09:00".into(),
            cost: "1".into(),
        };
        let page = Self {
            tenant: "交通领域授权运营域".into(),
            tenants: vec![Choice::new("1", "交通领域授权运营域", true), Choice::new("2", "另一个域", false)],
            action_href: "/statistics?tenant=1".into(),
            workbench_href: "/workbench?tenant=1".into(),
            rows: vec![row],
            budgets: vec![Budget::sample()],
            tables: vec![Choice::new("persons", "人口基本信息", true)],
            ..Self::default()
        };
        let mut refused = page.clone();
        refused.form =
            RegressionForm { table: "persons".into(), target: "income".into(), ..RegressionForm::default() };
        refused.error = Some(QueryError {
            code: "statistics.too_noisy".into(),
            message: "噪声太大".into(),
            place: "income".into(),
            nearest: "count(*)".into(),
        });
        let empty = Self {
            rows: Vec::new(),
            budgets: Vec::new(),
            tables: Vec::new(),
            tenants: Vec::new(),
            ..page.clone()
        };
        vec![page, refused, empty]
    }
}

impl Page for StatisticPage {
    const TEMPLATE: &'static str = "statistic.html";

    fn samples() -> Vec<Self> {
        let table = Table::new("结果", &["sex", "n"], &["n"], &[&["女", "1498 ± 44"], &["男", "1499 ± 44"]]);
        let page = Self {
            back_href: "/statistics".into(),
            title: "带噪声统计".into(),
            sql: "SELECT sex, count(*) AS n FROM persons GROUP BY sex".into(),
            facts: vec![Fact::new("提问人", "高拟青")],
            result: Some(table.clone()),
            ..Self::default()
        };
        let mut model = page.clone();
        model.model = Some(ModelShown {
            weights: table,
            facts: vec![Fact::new("常数项", "40.1")],
            file_href: "/statistics/1/model".into(),
        });
        let mut noisy = page.clone();
        noisy.too_noisy = true;
        let waiting = Self { result: None, ..page.clone() };
        vec![page, model, noisy, waiting]
    }
}
