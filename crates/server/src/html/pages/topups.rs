//! Rows that were made for queries of the workbench.

use serde::Serialize;

use super::parts::{Fact, Link, Refusal};
use crate::html::render::Page;

/// A branch that is not met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UnfilledRow {
    pub place: String,
    pub branch: String,
    pub reason: String,
}

/// Rows that were made for one query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TopUpRow {
    pub sql: String,
    pub by: String,
    pub at: String,
    /// Tables with the rows they got.
    pub tables: Vec<Fact>,
    pub filled: String,
    pub unfilled: Vec<UnfilledRow>,
    pub record: Link,
    pub remove_href: String,
}

/// Rows made for queries (`topups.html`). Posts `sql` and `rows`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TopUpsPage {
    pub bench: Link,
    pub make_href: String,
    pub rows: Vec<TopUpRow>,
    /// What was sent and refused.
    pub sql: String,
    pub per_branch: String,
    pub most: String,
    pub request_key: String,
    pub refusal: Option<Refusal>,
}

impl Page for TopUpsPage {
    const TEMPLATE: &'static str = "topups.html";

    fn samples() -> Vec<Self> {
        let row = TopUpRow {
            sql: "SELECT village FROM persons WHERE age > 100".into(),
            by: "高拟青".into(),
            at: "2026-11-02 09:00".into(),
            tables: vec![Fact::new("persons", "15 行")],
            filled: "3 个分支中的 2 个各有 5 行".into(),
            unfilled: vec![UnfilledRow {
                place: "筛选 1".into(),
                branch: "成立".into(),
                reason: "取决于许多行的汇总".into(),
            }],
            record: Link::new("1188", "/ledger?record=1188"),
            remove_href: "/workbench/topups/1/remove?tenant=1".into(),
        };
        let page = Self {
            bench: Link::new("开发工作台", "/workbench?tenant=1"),
            make_href: "/workbench/topups?tenant=1".into(),
            rows: vec![TopUpRow { unfilled: Vec::new(), ..row.clone() }, row],
            per_branch: "5".into(),
            most: "100".into(),
            request_key: "k".into(),
            ..Self::default()
        };
        let mut refused = page.clone();
        refused.rows = Vec::new();
        refused.sql = "SELECT 1".into();
        refused.refusal = Some(Refusal {
            code: "topup.nothing".into(),
            message: "没有可以补充的行".into(),
            remedy: "请检查查询的条件。".into(),
            clauses: Vec::new(),
        });
        vec![page, refused]
    }
}
