//! What is declared of a resource's values and rows.

use serde::Serialize;

use super::parts::Choice;
use super::workbench::Budget;
use crate::html::render::Page;

/// A column with what is declared of it, as the form shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeclaredColumn {
    pub name: String,
    pub label: String,
    pub data_type: String,
    /// May it have bounds?
    pub bounded: bool,
    pub is_date: bool,
    pub low: String,
    pub high: String,
    pub nulls: Vec<Choice>,
    pub groups: Vec<Choice>,
    /// One a line.
    pub codes: String,
    pub bands: String,
    /// May it be grouped by code, and in bands?
    pub by_code: bool,
    pub in_bands: bool,
    /// What is declared, in a few words.
    pub summary: String,
    pub open: bool,
}

/// The page (`declaration.html`). Posts `column.<place>.low|high|nulls|groups|codes|bands`, `unique`, `per_entity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeclarationPage {
    pub name: String,
    pub back_href: String,
    pub action_href: String,
    pub request_key: String,
    /// Why it was not accepted.
    pub error: String,
    /// Columns of the entity key.
    pub entity: Vec<String>,
    pub columns: Vec<DeclaredColumn>,
    /// Sets of columns, one a line.
    pub unique: String,
    pub per_entity: String,
    pub budget: Option<Budget>,
}

impl Page for DeclarationPage {
    const TEMPLATE: &'static str = "declaration.html";

    fn samples() -> Vec<Self> {
        let column = |name: &str, data_type: &str, bounded, group: &str| DeclaredColumn {
            name: name.into(),
            label: "收入".into(),
            data_type: data_type.into(),
            bounded,
            low: "0".into(),
            high: "100000".into(),
            nulls: vec![Choice::new("", "未声明", false), Choice::new("absent", "没有这一项", true)],
            groups: vec![
                Choice::new("", "不用于分组", group.is_empty()),
                Choice::new("codes", "按代码", group == "codes"),
            ],
            codes: "Z1\nZ2".into(),
            by_code: !bounded,
            in_bands: bounded,
            summary: "0 至 100000".into(),
            open: true,
            ..DeclaredColumn::default()
        };
        let page = Self {
            name: "人口基本信息".into(),
            back_href: "/catalog/1".into(),
            action_href: "/catalog/1/declaration".into(),
            entity: vec!["id_number".into()],
            columns: vec![column("income", "整数", true, ""), column("zone", "文本", false, "codes")],
            unique: "id_number".into(),
            per_entity: "1".into(),
            budget: Some(Budget::sample()),
            ..Self::default()
        };
        let refused = Self { error: "income · 声明不成立".into(), budget: None, ..page.clone() };
        vec![page, refused]
    }
}
