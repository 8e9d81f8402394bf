//! Changing what is confirmed of a resource's columns.

use serde::Serialize;

use super::parts::{Choice, Light, Link, Refusal};
use crate::html::render::Page;

/// A mask to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MaskOption {
    /// The mask as JSON.
    pub value: String,
    pub label: String,
    /// What it does and what it leaves readable.
    pub about: String,
    /// An invented value, and what becomes of it; empty where there is none.
    pub before: String,
    pub after: String,
    /// Does an identifier stay hidden under it?
    pub hides: bool,
    pub selected: bool,
}

/// A confirmed column in the list to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeRow {
    pub name: String,
    pub label: String,
    /// What is confirmed: kind, grade, label, mask.
    pub now: Vec<String>,
    pub chosen: bool,
    /// An attack got through by way of it.
    pub attacked: bool,
}

/// A column that is being changed. Posts `kind.<name>`, `grade.<name>`, `label.<name>`, `mask.<name>`, `note.<name>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeColumn {
    pub name: String,
    pub label: String,
    pub data_type: String,
    /// What the detector proposed, and why.
    pub proposal: String,
    pub reason: String,
    /// What is confirmed now.
    pub now: Vec<String>,
    pub kinds: Vec<Choice>,
    pub grades: Vec<Choice>,
    pub labels: Vec<Choice>,
    pub masks: Vec<MaskOption>,
    pub note: String,
    /// The reason is missing.
    pub note_missing: bool,
}

/// A column before and after, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeLine {
    pub name: String,
    pub label: String,
    pub before: Vec<String>,
    pub after: Vec<String>,
    /// An invented value under the mask of before, and under that of after.
    pub example: String,
    pub example_before: String,
    pub example_after: String,
    pub lowered: bool,
    pub note: String,
}

/// What becomes of a grant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeGrant {
    pub title: String,
    /// The report on its twin.
    pub href: String,
    pub unit: String,
    pub follows: String,
    pub light: Light,
}

/// What would come of the change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangePreview {
    pub lines: Vec<ChangeLine>,
    pub grants: Vec<ChangeGrant>,
    /// The decisions, to be sent again as they were looked at.
    pub sent: Vec<Choice>,
    /// Nothing is missing.
    pub may_decide: bool,
}

/// An attack that got through, with what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeAttack {
    pub told: String,
    pub remedy: String,
    pub columns: Vec<String>,
    pub report: Link,
}

/// Changing what is confirmed (`resource_change.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangePage {
    pub name: String,
    pub back_href: String,
    pub action_href: String,
    pub attacks: Vec<ChangeAttack>,
    /// To choose from; the form asks again with `c=<name>`.
    pub rows: Vec<ChangeRow>,
    pub columns: Vec<ChangeColumn>,
    pub preview: Option<ChangePreview>,
    pub request_key: String,
    pub refusal: Option<Refusal>,
}

/// A decision that was taken, for the resource's page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PastRow {
    pub at: String,
    pub by: String,
    pub summary: String,
    pub lines: Vec<ChangeLine>,
    pub record: Link,
    /// Where it is changed back; absent where nothing was confirmed before.
    pub undo_href: Option<String>,
}

fn sample_column() -> ChangeColumn {
    let mask = |value: &str, label: &str, after: &str, hides| MaskOption {
        value: value.into(),
        label: label.into(),
        about: "不显示任何内容。".into(),
        before: "14212345678".into(),
        after: after.into(),
        hides,
        selected: hides,
    };
    ChangeColumn {
        name: "phone".into(),
        label: "联系电话".into(),
        data_type: "文本".into(),
        proposal: "手机号 99%".into(),
        reason: "抽样 1,000 个值，997 个符合格式".into(),
        now: vec!["手机号".into(), "3级".into(), "标识符".into(), "令牌替换".into()],
        kinds: vec![Choice::new("mobile", "手机号", true)],
        grades: vec![Choice::new("3", "3级", true)],
        labels: vec![Choice::new("identifier", "标识符", true)],
        masks: vec![
            mask("{\"method\":\"null\"}", "置空", "（空）", true),
            mask("{\"method\":\"keep\"}", "保留原值", "14212345678", false),
        ],
        note: String::new(),
        note_missing: false,
    }
}

pub(super) fn sample_line() -> ChangeLine {
    ChangeLine {
        name: "phone".into(),
        label: "联系电话".into(),
        before: vec!["手机号".into(), "3级".into(), "标识符".into(), "保格式替换".into()],
        after: vec!["手机号".into(), "3级".into(), "标识符".into(), "置空".into()],
        example: "14212345678".into(),
        example_before: "14298765432".into(),
        example_after: "（空）".into(),
        lowered: false,
        note: String::new(),
    }
}

impl Page for ChangePage {
    const TEMPLATE: &'static str = "resource_change.html";

    fn samples() -> Vec<Self> {
        let row = ChangeRow {
            name: "phone".into(),
            label: "联系电话".into(),
            now: vec!["手机号".into(), "3级".into(), "标识符".into(), "保格式替换".into()],
            chosen: false,
            attacked: true,
        };
        let choose = Self {
            name: "企业登记信息".into(),
            back_href: "/catalog/1".into(),
            action_href: "/catalog/1/change".into(),
            attacks: vec![ChangeAttack {
                told: "持有名单的人能用准标识符把脱敏记录正确对应到人".into(),
                remedy: "请概化准标识符，或加大扰动".into(),
                columns: vec!["birth".into()],
                report: Link::new("2026-11-02 09:00", "/grants/1/twin"),
            }],
            rows: vec![row.clone(), ChangeRow { attacked: false, label: String::new(), ..row }],
            ..Self::default()
        };
        let mut change = choose.clone();
        change.rows = Vec::new();
        change.columns = vec![sample_column()];
        change.request_key = "k1".into();
        let mut looked = change.clone();
        looked.preview = Some(ChangePreview {
            lines: vec![sample_line()],
            grants: vec![ChangeGrant {
                title: "交通与营商公共数据授权运营".into(),
                href: "/grants/1/twin".into(),
                unit: "样例数运公司".into(),
                follows: "开发样本立即撤下".into(),
                light: Light::DueSoon,
            }],
            sent: vec![Choice::new("kind.phone", "mobile", false)],
            may_decide: true,
        });
        let mut lowered = looked.clone();
        for column in &mut lowered.columns {
            column.note_missing = true;
        }
        if let Some(preview) = &mut lowered.preview {
            preview.may_decide = false;
            preview.grants = Vec::new();
            preview.lines.iter_mut().for_each(|line| line.lowered = true);
        }
        lowered.refusal = Some(Refusal {
            code: "catalog.mask_too_weak".into(),
            message: "脱敏方式不足以保护该级别的数据".into(),
            remedy: "请选择更强的脱敏方式。".into(),
            clauses: Vec::new(),
        });
        let empty = Self { rows: Vec::new(), attacks: Vec::new(), ..choose.clone() };
        vec![choose, change, looked, lowered, empty]
    }
}
