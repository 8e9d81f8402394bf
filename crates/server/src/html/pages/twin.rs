//! What a dev zone gets to see of a grant, and what attacks on it reached.

use serde::Serialize;

use super::parts::{Fact, Light};
use crate::html::render::Page;

/// A column: its role, the provider's mask, what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinColumn {
    pub name: String,
    pub label: String,
    pub mask: String,
    /// Empty for a sample, where the mask says it.
    pub treatment: String,
}

/// An attack on some columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinAttack {
    pub name: String,
    pub columns: Vec<String>,
    pub state: String,
    pub light: Light,
    /// What was measured, with its bound; or why the attack does not apply.
    pub figure: String,
    /// For an attack that got through.
    pub told: String,
    pub remedy: String,
}

/// The report on a twin (`twin.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinPage {
    pub name: String,
    pub href: String,
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
    /// Attacks that got through; they stand first, with what to do.
    pub worked: Vec<TwinAttack>,
    pub held: Vec<TwinAttack>,
    /// Those that could not be tried.
    pub other: Vec<TwinAttack>,
    pub columns: Vec<TwinColumn>,
}

impl Page for TwinPage {
    const TEMPLATE: &'static str = "twin.html";

    fn samples() -> Vec<Self> {
        let attack = |name: &str, state: &str, light, figure: &str| TwinAttack {
            name: name.into(),
            columns: vec!["birth_date".into(), "sex".into()],
            state: state.into(),
            light,
            figure: figure.into(),
            ..TwinAttack::default()
        };
        let page = Self {
            name: "人口基本信息".into(),
            href: "/catalog/1".into(),
            state: "可以使用".into(),
            light: Light::Normal,
            facts: vec![Fact::new("形式", "合成数据"), Fact::new("记忆检查", "没有记住任何记录")],
            worked: Vec::new(),
            held: vec![attack("准标识符关联", "未得手", Light::Normal, "比例 0 ≤ 0.05")],
            other: vec![attack("k-匿名", "不适用", Light::Suspended, "只针对脱敏记录，不针对合成记录")],
            columns: vec![TwinColumn {
                name: "id_number".into(),
                label: "标识符".into(),
                mask: "保格式替换".into(),
                treatment: "虚构".into(),
            }],
        };
        let mut refused = page.clone();
        refused.state = "被攻破，已拒绝".into();
        refused.light = Light::Overdue;
        refused.worked = vec![TwinAttack {
            told: "持有名单的人能用准标识符把脱敏记录正确对应到人".into(),
            remedy: "请概化准标识符，或加大扰动".into(),
            ..attack("准标识符关联", "得手", Light::Overdue, "比例 0.31 ≤ 0.05")
        }];
        refused.columns.iter_mut().for_each(|column| column.treatment.clear());
        let mut public = page.clone();
        (public.held, public.other) = (Vec::new(), Vec::new());
        vec![page, refused, public]
    }
}
