//! Versions of the installation's pack: the history, and one version with what was found and what it would change.

use app::regulation::pack::tools::BlockView;
use serde::Serialize;

use super::parts::{Fact, Light, Link, Refusal, Table};
use crate::html::render::Page;

/// What was found in a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackReport {
    /// Nothing stands in the way.
    pub clean: bool,
    pub facts: Vec<Fact>,
    /// What stands in the way, shown at once.
    pub blocking: Vec<Table>,
    /// The rest, to be opened.
    pub others: Vec<Table>,
}

impl PackReport {
    pub(super) fn sample(clean: bool) -> Self {
        let table = || {
            Table::new(
                "样例不成立",
                &["位置", "行", "问题", "代码"],
                &["行"],
                &[&["紧急工单当天修复", "", "“受理反馈”应于 2026-09-29 到期，实为 2026-09-30", ""]],
            )
        };
        Self {
            clean,
            facts: vec![Fact::new("样例", "24 / 24"), Fact::new("条款覆盖", "80 / 80")],
            blocking: if clean { Vec::new() } else { vec![table()] },
            others: vec![table()],
        }
    }
}

/// A version in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VersionRow {
    pub label: String,
    pub href: String,
    /// 待启用, 启用, 已被替代, 撤回.
    pub state: String,
    pub light: Light,
    pub validity: String,
    pub proposed: String,
    pub activated: String,
}

/// Versions and the form for a new one (`admin_pack_versions.html`). The form posts files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminPackVersions {
    pub name: String,
    pub rows: Vec<VersionRow>,
    pub alarms: Vec<String>,
    /// Absent for who may not propose.
    pub upload_href: Option<String>,
    pub request_key: String,
    pub refusal: Option<Refusal>,
    /// Of the folder that was refused.
    pub report: Option<PackReport>,
}

impl Page for AdminPackVersions {
    const TEMPLATE: &'static str = "admin_pack_versions.html";

    fn samples() -> Vec<Self> {
        let row = |label: &str, state: &str, light: Light| VersionRow {
            label: label.into(),
            href: "/admin/packs/versions/00".into(),
            state: state.into(),
            light,
            validity: "2026-01-01".into(),
            proposed: "沈例宁 2026-11-20".into(),
            activated: String::new(),
        };
        vec![
            Self {
                name: "示例县 公共数据授权运营".into(),
                rows: vec![row("2026-02", "待启用", Light::DueSoon), row("2026-01", "启用", Light::Normal)],
                alarms: vec!["放假安排只载入到2026-12-31，应载入下一年的通知".into()],
                upload_href: Some("/admin/packs/versions".into()),
                request_key: "k1".into(),
                refusal: Some(Refusal {
                    code: "pack.unfit".into(),
                    message: "制度包还不能启用".into(),
                    remedy: "改正后重新提出。".into(),
                    clauses: Vec::new(),
                }),
                report: Some(PackReport::sample(false)),
            },
            Self::default(),
        ]
    }
}

/// One version (`admin_pack_version.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminPackVersion {
    pub name: String,
    pub label: String,
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
    pub links: Vec<Link>,
    pub alarms: Vec<String>,
    /// Who did what with it.
    pub acts: Table,
    pub report: Option<PackReport>,
    /// Running cases, by procedure; absent for who may not see them and for versions that wait for nothing.
    pub counts: Option<Table>,
    /// The cases that move or cannot.
    pub cases: Vec<BlockView>,
    pub more_href: Option<String>,
    /// What has to be done next, in words.
    pub next: String,
    pub confirm_href: Option<String>,
    pub withdraw_href: Option<String>,
    pub activate_href: Option<String>,
    /// The digest of the list above: another list is not what was agreed to.
    pub seen: String,
    pub request_key: String,
    pub refusal: Option<Refusal>,
}

impl Page for AdminPackVersion {
    const TEMPLATE: &'static str = "admin_pack_version.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                name: "示例县 公共数据授权运营".into(),
                label: "2026-02".into(),
                state: "待启用".into(),
                light: Light::DueSoon,
                facts: vec![Fact::new("摘要", "00ff")],
                links: vec![Link::new("与现行版本对照", "/admin/packs/versions/00/diff")],
                alarms: vec!["“示例”自2027-01-01起施行，还有20日".into()],
                acts: Table::new(
                    "经过",
                    &["事项", "人员", "时间"],
                    &[],
                    &[&["提出", "沈例宁", "2026-11-20 09:00"]],
                ),
                report: Some(PackReport::sample(true)),
                counts: Some(Table::new(
                    "在办件",
                    &["程序", "转到新版本"],
                    &["转到新版本"],
                    &[&["定价", "3"]],
                )),
                cases: vec![BlockView {
                    kind: "paragraph",
                    text: vec!["从版本1到2：3件转到新版本。".into()],
                    ..BlockView::default()
                }],
                more_href: Some("/admin/packs/versions/00?after=1".into()),
                next: "请由另一人启用。".into(),
                confirm_href: Some("/admin/packs/versions/00/confirm".into()),
                withdraw_href: Some("/admin/packs/versions/00/withdraw".into()),
                activate_href: Some("/admin/packs/versions/00/activate".into()),
                seen: "00".into(),
                request_key: "k2".into(),
                refusal: None,
            },
            Self { name: "示例县".into(), label: "1".into(), state: "启用".into(), ..Self::default() },
        ]
    }
}
