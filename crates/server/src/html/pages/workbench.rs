//! The dev workbench: SQL over twins, a table and a chart out.

use serde::Serialize;

use super::parts::{Choice, Link, Refusal, Table};
use crate::html::chart::{Chart, Point, Shape};
use crate::html::render::Page;

/// A table of the dev zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WorkbenchTable {
    /// How many rows were added for queries, in words; empty if none.
    pub added: String,
    pub name: String,
    pub label: String,
    pub rows: String,
    pub columns: Vec<WorkbenchColumn>,
}

/// A column of a table of the dev zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WorkbenchColumn {
    pub name: String,
    pub data_type: String,
    /// How it is masked; empty when it is not.
    pub mask: String,
}

/// A typed parameter of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QueryParameter {
    pub name: String,
    pub data_type: String,
    pub value: String,
}

/// Why a query was refused or failed. Errors carry a code, never a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QueryError {
    pub code: String,
    pub message: String,
    /// The rule and the column.
    pub place: String,
    /// The nearest legal form.
    pub nearest: String,
}

/// What would become of a query on raw data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QueryExplained {
    /// What it yields, column by column; none when it would be refused.
    pub outputs: Vec<ExplainedOutput>,
    /// What is counted in every cell, and the thresholds.
    pub terms: String,
    pub refusal: Option<ExplainedRefusal>,
}

/// A column of the result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExplainedOutput {
    pub name: String,
    pub data_type: String,
    /// Stored columns that it is computed from.
    pub sources: Vec<String>,
    /// Stored columns that decide which rows take part.
    pub selected_by: Vec<String>,
    /// How delicate it is inside the query.
    pub label: String,
    /// Its way to where it leaves.
    pub stages: Vec<String>,
    pub key: bool,
    /// How far noise reaches, in statistics; empty elsewhere and for keys.
    pub noise: String,
}

/// What is left of a resource's budget, in thousandths of rho.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Budget {
    pub code: String,
    pub title: String,
    pub left: String,
    pub total: String,
    /// 0 to 100.
    pub percent_left: u32,
}

impl Budget {
    #[must_use]
    pub fn sample() -> Self {
        Self {
            code: "persons".into(),
            title: "人口基本信息".into(),
            left: "980".into(),
            total: "1000".into(),
            percent_left: 98,
        }
    }
}

/// What is said beside a statistic's numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StatisticShown {
    pub told: String,
}

/// Why a query would be refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExplainedRefusal {
    pub code: String,
    pub message: String,
    pub place: String,
    /// What it would give away.
    pub why: String,
    /// The legal form in general.
    pub legal: String,
    /// A query that would pass; empty when none was found.
    pub nearest: String,
    /// What was changed.
    pub changes: Vec<String>,
}

/// The workbench (`workbench.html`). Posts `action` (run, explain, take, statistic), `confirmed`, `scenario`, `sql`, `parameter.<name>`, `chart`, `label`, `value`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Workbench {
    pub tenant: String,
    /// Why nothing can be done here.
    pub closed: Option<Refusal>,
    pub closed_href: String,
    /// The price of a statistic is shown, to be agreed to.
    pub confirms: bool,
    pub tenants: Vec<Choice>,
    pub tables: Vec<WorkbenchTable>,
    pub sql: String,
    pub parameters: Vec<QueryParameter>,
    pub error: Option<QueryError>,
    pub explained: Option<QueryExplained>,
    pub result: Option<Table>,
    /// Set where the result is a statistic of the raw data.
    pub statistic: Option<StatisticShown>,
    /// What is left for statistics; empty where there are none.
    pub budgets: Vec<Budget>,
    /// Where earlier statistics and linear models are.
    pub statistics_href: String,
    /// Asked for where rows are there by consent.
    pub scenario: Option<String>,
    pub elapsed: String,
    /// none, bar, line.
    pub chart_shapes: Vec<Choice>,
    pub chart: Option<Chart>,
    pub run_href: String,
    pub save_href: String,
    pub models: Vec<Link>,
}

impl Page for Workbench {
    const TEMPLATE: &'static str = "workbench.html";

    fn samples() -> Vec<Self> {
        let column = |name: &str, data_type: &str, mask: &str| WorkbenchColumn {
            name: name.into(),
            data_type: data_type.into(),
            mask: mask.into(),
        };
        let base = Self {
            tenant: "交通领域授权运营域".into(),
            tenants: vec![Choice::new("1", "交通领域授权运营域", true)],
            tables: vec![
                WorkbenchTable {
                    added: "另加 15 行".into(),
                    name: "flights".into(),
                    label: "航班运行记录".into(),
                    rows: "1,000".into(),
                    columns: vec![column("carrier", "文本", ""), column("dep_delay", "数值", ""), column("tailnum", "文本", "保格式加密")],
                },
                WorkbenchTable {
                    added: String::new(),
                    name: "enterprise".into(),
                    label: "企业登记信息".into(),
                    rows: "1,000".into(),
                    columns: vec![column("uscc", "文本", "保格式加密"), column("industry", "文本", "")],
                },
            ],
            sql: "SELECT carrier, COUNT(*) AS flights, AVG(dep_delay) AS delay\nFROM flights\nWHERE month = $month\nGROUP BY carrier\nORDER BY flights DESC".into(),
            parameters: vec![QueryParameter { name: "month".into(), data_type: "整数 1–12".into(), value: "7".into() }],
            chart_shapes: vec![Choice::new("none", "none", false), Choice::new("bar", "bar", true), Choice::new("line", "line", false)],
            run_href: "/workbench".into(),
            save_href: "/models".into(),
            statistics_href: "/statistics".into(),
            models: vec![Link::new("承运人延误统计 v2", "/models/1")],
            ..Self::default()
        };
        let mut ran = base.clone();
        ran.result = Some(Table::new(
            "查询结果",
            &["carrier", "flights", "delay"],
            &["flights", "delay"],
            &[&["UA", "176", "14.2"], &["B6", "161", "18.9"], &["EV", "148", "21.0"], &["DL", "142", "9.3"]],
        ));
        ran.elapsed = "38 ms".into();
        let points = [("UA", 176.0), ("B6", 161.0), ("EV", 148.0), ("DL", 142.0)]
            .map(|(label, value)| Point { label: label.to_owned(), value });
        ran.chart = Some(Chart::draw("result", Shape::Bar, "各承运人航班数", "班", &points));
        let mut refused = base.clone();
        refused.error = Some(QueryError {
            code: "domain.function".into(),
            message: "不支持函数 `array_agg`".into(),
            place: "第 1 行，列 tailnum".into(),
            nearest: "COUNT(DISTINCT tailnum)".into(),
        });
        let statistic = statistic_sample(&ran);
        let mut by_consent = refused.clone();
        by_consent.scenario = Some(String::new());
        let empty = Self { run_href: "/workbench".into(), save_href: "/models".into(), ..Self::default() };
        let [accepted, would_be] = explained_samples(&base);
        let priced = Self { confirms: true, ..accepted.clone() };
        vec![
            closed_sample(&empty),
            priced,
            base,
            ran,
            statistic,
            refused,
            by_consent,
            accepted,
            would_be,
            empty,
        ]
    }
}

fn statistic_sample(ran: &Workbench) -> Workbench {
    let mut statistic = Workbench { elapsed: String::new(), chart: None, ..ran.clone() };
    statistic.statistic = Some(StatisticShown { told: "每个数据资源付出 10。".into() });
    statistic.budgets = vec![Budget::sample()];
    let cells = statistic.result.iter_mut().flat_map(|table| &mut table.rows);
    cells.flat_map(|row| row.iter_mut().skip(1)).for_each(|cell| cell.push_str(" ± 20"));
    statistic
}

fn closed_sample(empty: &Workbench) -> Workbench {
    Workbench {
        closed: Some(Refusal {
            code: "tenant.closed".into(),
            message: "已封存：域内密钥已收回，等待销毁。".into(),
            remedy: "完成整改并经验收后恢复；已退出的不可恢复。".into(),
            ..Refusal::default()
        }),
        ..empty.clone()
    }
}

fn explained_samples(base: &Workbench) -> [Workbench; 2] {
    let mut accepted = base.clone();
    accepted.explained = Some(QueryExplained {
        outputs: vec![
            ExplainedOutput {
                name: "carrier".into(),
                data_type: "文本".into(),
                sources: vec!["flights.carrier".into()],
                selected_by: vec!["flights.month".into()],
                label: "公开".into(),
                stages: vec!["原始".into(), "汇总".into(), "出域".into()],
                key: true,
                noise: String::new(),
            },
            ExplainedOutput {
                name: "delay".into(),
                data_type: "数值".into(),
                sources: vec!["flights.dep_delay".into()],
                selected_by: vec!["flights.month".into()],
                label: "准标识".into(),
                stages: vec!["原始".into(), "汇总".into(), "出域".into()],
                key: false,
                noise: "± 20".into(),
            },
        ],
        terms: "每格不少于 10 架飞机，单个实体占比不超过 50%".into(),
        refusal: None,
    });
    let mut would_be = base.clone();
    would_be.explained = Some(QueryExplained {
        refusal: Some(ExplainedRefusal {
            code: "privacy.raw_aggregate".into(),
            message: "受保护字段只可求和、求平均".into(),
            place: "flights.dep_delay".into(),
            why: "最大值就是某一个实体的值".into(),
            legal: "请改用 COUNT、SUM、AVG".into(),
            nearest: "SELECT carrier, AVG(dep_delay) AS delay FROM flights GROUP BY carrier".into(),
            changes: vec!["改为平均值：delay".into()],
        }),
        ..QueryExplained::default()
    });
    [accepted, would_be]
}
