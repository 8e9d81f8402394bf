//! Announcements: the list, and writing one from the paper form.

use serde::Serialize;

use super::form::{Field, FieldKind, FormError, FormSection};
use super::parts::{Clause, Light};
use crate::html::render::Page;

/// One announcement in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AnnouncementRow {
    pub title: String,
    pub href: String,
    /// 公告, 公示 and so on, from the pack.
    pub kind: String,
    /// 草稿, 公开中, 已结束.
    pub state: String,
    pub light: Light,
    pub published: String,
    pub window_end: String,
    pub objections: u32,
    pub objections_open: u32,
}

/// The list of announcements (`announcements.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Announcements {
    pub rows: Vec<AnnouncementRow>,
    /// Absent when this role may not write one.
    pub create_href: Option<String>,
    pub more_href: Option<String>,
}

impl Page for Announcements {
    const TEMPLATE: &'static str = "announcements.html";

    fn samples() -> Vec<Self> {
        let row = |title: &str, kind: &str, state: &str, light: Light, objections: u32| AnnouncementRow {
            title: title.into(),
            href: "/announcements/1".into(),
            kind: kind.into(),
            state: state.into(),
            light,
            published: "2026-09-01".into(),
            window_end: "2026-09-30".into(),
            objections,
            objections_open: objections / 2,
        };
        vec![
            Self {
                rows: vec![
                    row("关于交通领域开展公共数据授权运营的公告", "公告", "公开中", Light::Normal, 0),
                    row("授权运营单位名单公示（2026年第1批）", "公示", "公开中", Light::DueSoon, 2),
                    row("关于民政领域开展公共数据授权运营的公告", "公告", "已结束", Light::Done, 0),
                ],
                create_href: Some("/announcements/new".into()),
                more_href: None,
            },
            Self::default(),
        ]
    }
}

/// Writing or correcting an announcement (`announcement_edit.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AnnouncementEdit {
    pub action_href: String,
    pub sections: Vec<FormSection>,
    pub errors: Vec<FormError>,
    pub basis: Vec<Clause>,
    pub version: i64,
    pub request_key: String,
    /// The text as it would be published, once there is one; paragraphs.
    pub preview_title: String,
    pub preview: Vec<String>,
}

impl Page for AnnouncementEdit {
    const TEMPLATE: &'static str = "announcement_edit.html";

    fn samples() -> Vec<Self> {
        let field = |id: &str, label: &str, kind: FieldKind, value: &str| Field {
            id: id.into(),
            label: label.into(),
            kind,
            required: true,
            value: value.into(),
            ..Field::default()
        };
        vec![Self {
            action_href: "/announcements/new".into(),
            sections: vec![FormSection {
                heading: "公告内容".into(),
                hint: String::new(),
                fields: vec![
                    field("domain", "重点领域", FieldKind::Text, "交通"),
                    field("method", "授权方式", FieldKind::Text, "公开申请、择优授权"),
                    field("conditions", "申报条件", FieldKind::LongText, "具备数据安全三级等保能力。"),
                    field("until", "申请截止日期", FieldKind::Date, "2026-09-30"),
                ],
            }],
            basis: vec![Clause::new("一", "信息发布", "/admin/packs/sample#c1")],
            request_key: "k2".into(),
            preview_title: "关于交通领域开展公共数据授权运营的公告".into(),
            preview: vec!["为推动交通领域公共数据开发利用，现决定启动交通领域公共数据授权运营项目。".into()],
            ..Self::default()
        }]
    }
}
