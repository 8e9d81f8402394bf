//! All twins that a person may see the reports of.

use serde::Serialize;

use super::parts::Light;
use crate::html::render::Page;

/// What one dev zone sees of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinRow {
    pub name: String,
    pub href: String,
    pub code: String,
    /// The authorisation and its unit.
    pub title: String,
    pub unit: String,
    pub form: String,
    pub state: String,
    pub light: Light,
    /// The first attack that got through.
    pub told: String,
    pub tried: String,
    pub made: String,
    pub report_href: Option<String>,
    /// For its provider, where an attack got through.
    pub change_href: Option<String>,
}

/// The list of twins (`twins.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinsPage {
    /// How many wait for a decision; empty if none does.
    pub refused: String,
    pub rows: Vec<TwinRow>,
}

impl Page for TwinsPage {
    const TEMPLATE: &'static str = "twins.html";

    fn samples() -> Vec<Self> {
        let usable = TwinRow {
            name: "人口基本信息".into(),
            href: "/catalog/1".into(),
            code: "persons".into(),
            title: "交通与营商公共数据授权运营".into(),
            unit: "样例数运公司".into(),
            form: "合成数据".into(),
            state: "可以使用".into(),
            light: Light::Normal,
            tried: "试过 14 项攻击".into(),
            made: "2026-11-02 09:00".into(),
            report_href: Some("/grants/1/twin".into()),
            ..TwinRow::default()
        };
        let refused = TwinRow {
            state: "被攻破，等待提供单位改定".into(),
            light: Light::Overdue,
            told: "持有名单的人能用准标识符把脱敏记录正确对应到人".into(),
            change_href: Some("/catalog/1/change".into()),
            ..usable.clone()
        };
        let underway = TwinRow {
            state: "正在生成".into(),
            light: Light::DueSoon,
            made: String::new(),
            report_href: None,
            ..usable.clone()
        };
        vec![
            Self { refused: "1 份样本被攻破".into(), rows: vec![refused, underway, usable] },
            Self::default(),
        ]
    }
}
