//! Whose copy of a data set was passed on.

use serde::Serialize;

use super::parts::{Fact, Link, Refusal, Table};
use crate::html::render::Page;

/// Tracing a leaked part of a data set (`trace.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TracePage {
    pub name: String,
    pub back_href: String,
    /// Takes the file; absent where copies bear no marks.
    pub action_href: Option<String>,
    /// Cells that can carry a mark, and how many are needed.
    pub capacity: Vec<Fact>,
    pub refusal: Option<Refusal>,
    /// What was found; empty before a file was looked at.
    pub verdict: String,
    pub found: Vec<Fact>,
    pub ranked: Table,
    pub looked: Option<Link>,
}

impl Page for TracePage {
    const TEMPLATE: &'static str = "trace.html";

    fn samples() -> Vec<Self> {
        let asked = Self {
            name: "村级用电量数据集".into(),
            back_href: "/products/1".into(),
            action_href: Some("/products/1/trace".into()),
            capacity: vec![Fact::new("可承载标记的单元格", "6,000"), Fact::new("需要", "2,390")],
            ..Self::default()
        };
        let mut named = asked.clone();
        named.verdict = "泄露的是“样例银行”的副本。".into();
        named.found = vec![Fact::new("行数", "300"), Fact::new("读出的单元格", "600")];
        named.ranked = Table::new(
            "可疑程度",
            &["数据使用主体", "证据（比特）"],
            &["证据（比特）"],
            &[&["样例银行", "96.2"]],
        );
        named.looked = Some(Link::new("1188", "/ledger?record=1188"));
        let unmarked = Self { action_href: None, capacity: Vec::new(), ..asked.clone() };
        vec![asked, named, unmarked]
    }
}
