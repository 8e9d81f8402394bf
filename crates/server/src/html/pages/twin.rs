//! What a dev zone gets to see of a grant, and what attacks on it reached.

use serde::Serialize;

use super::parts::{Fact, Light};
use crate::html::render::Page;

/// A column: its role, the provider's mask, what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinColumn {
    pub name: TwinName,
    pub label: String,
    pub mask: String,
    /// Empty for a sample, where the mask says it.
    pub treatment: String,
}

/// A column by its names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinName {
    /// For people; may be empty.
    pub label: String,
    pub name: String,
}

/// An attack, with all columns it was tried on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinAttack {
    pub name: String,
    pub columns: Vec<TwinName>,
    /// What was measured where it came nearest, with the bound.
    pub figure: String,
    /// What it means if it gets through.
    pub told: String,
    pub remedy: String,
}

/// Attacks that could not be tried, with the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinOther {
    pub reason: String,
    pub names: Vec<String>,
}

/// The report on a twin (`twin.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TwinPage {
    pub name: String,
    pub href: String,
    pub state: String,
    pub light: Light,
    /// What came of it, in a sentence.
    pub verdict: String,
    /// Where the provider chooses other masks; absent for everybody else.
    pub change_href: Option<String>,
    pub facts: Vec<Fact>,
    /// Attacks that got through; they stand first, with what to do.
    pub worked: Vec<TwinAttack>,
    pub held: Vec<TwinAttack>,
    /// Those that could not be tried.
    pub other: Vec<TwinOther>,
    pub columns: Vec<TwinColumn>,
}

impl Page for TwinPage {
    const TEMPLATE: &'static str = "twin.html";

    fn samples() -> Vec<Self> {
        let name = |label: &str, name: &str| TwinName { label: label.into(), name: name.into() };
        let attack = |title: &str, figure: &str| TwinAttack {
            name: title.into(),
            columns: vec![name("出生日期", "birth_date"), name("", "sex")],
            figure: figure.into(),
            told: "持有名单的人能用准标识符把脱敏记录正确对应到人".into(),
            remedy: "请概化准标识符，或加大扰动".into(),
        };
        let page = Self {
            name: "人口基本信息".into(),
            href: "/catalog/1".into(),
            state: "可以使用".into(),
            light: Light::Normal,
            verdict: "试过 14 项攻击，没有一项得手。".into(),
            change_href: None,
            facts: vec![Fact::new("形式", "合成数据"), Fact::new("记忆检查", "没有记住任何记录")],
            worked: Vec::new(),
            held: vec![attack("准标识符关联", "比例 0%，不得高于 5%")],
            other: vec![TwinOther {
                reason: "只针对脱敏记录，不针对合成记录".into(),
                names: vec!["k-匿名".into(), "t-接近".into()],
            }],
            columns: vec![TwinColumn {
                name: name("公民身份号码", "id_number"),
                label: "标识符".into(),
                mask: "保格式替换".into(),
                treatment: "虚构".into(),
            }],
        };
        let mut refused = page.clone();
        refused.state = "被攻破，已拒绝".into();
        refused.light = Light::Overdue;
        refused.verdict = "试过 14 项攻击，1 项得手。".into();
        refused.change_href = Some("/catalog/1/change".into());
        refused.worked = vec![attack("准标识符关联", "比例 31%，不得高于 5%")];
        refused.columns.iter_mut().for_each(|column| column.treatment.clear());
        let mut public = page.clone();
        (public.held, public.other) = (Vec::new(), Vec::new());
        vec![page, refused, public]
    }
}
