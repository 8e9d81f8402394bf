//! Notices of holidays: the years in use, what waits, and the form for a new one.

use serde::Serialize;

use super::parts::{Light, Refusal, Table};
use crate::html::render::Page;

/// A notice that was loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HolidayRow {
    pub year: String,
    pub title: String,
    /// 待启用, 启用, 已被替代, 撤回.
    pub state: String,
    pub light: Light,
    pub proposed: String,
    pub activated: String,
}

/// A notice that waits for a second person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HolidayWaiting {
    pub title: String,
    pub year: String,
    /// The days it makes other than they are counted now.
    pub days: Table,
    pub text: String,
    /// What has to be done next, in words.
    pub next: String,
    pub activate_href: Option<String>,
    pub withdraw_href: Option<String>,
}

/// The working calendar (`admin_holidays.html`). The form posts `text`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminHolidays {
    pub until: String,
    /// The years in use: year, publication, day of issue.
    pub years: Table,
    pub waiting: Vec<HolidayWaiting>,
    pub loaded: Vec<HolidayRow>,
    /// Absent for who may not load a notice.
    pub upload_href: Option<String>,
    /// A year as it is written.
    pub example: String,
    /// What was sent and refused.
    pub text: String,
    pub request_key: String,
    pub refusal: Option<Refusal>,
}

impl Page for AdminHolidays {
    const TEMPLATE: &'static str = "admin_holidays.html";

    fn samples() -> Vec<Self> {
        let title = "关于2027年部分节假日安排的通知";
        let row = |state: &str, light: Light| HolidayRow {
            year: "2027".into(),
            title: title.into(),
            state: state.into(),
            light,
            proposed: "沈例宁 2026-11-20".into(),
            activated: String::new(),
        };
        let waiting = |activate: bool| HolidayWaiting {
            title: title.into(),
            year: "2027".into(),
            days: Table::new(
                "变动的日期",
                &["日期", "改为"],
                &[],
                &[&["2027-01-01", "放假"], &["2027-01-03", "上班"]],
            ),
            text: "年: 2027\n".into(),
            next: "请与公布的通知逐日核对，然后启用。".into(),
            activate_href: activate.then(|| "/admin/holidays/00/activate".into()),
            withdraw_href: Some("/admin/holidays/00/withdraw".into()),
        };
        vec![
            Self {
                until: "2026-12-31".into(),
                years: Table::new(
                    "在用的放假安排",
                    &["年", "依据", "发布"],
                    &[],
                    &[&["2026", "通知", "2025-11-04"]],
                ),
                waiting: vec![waiting(true), waiting(false)],
                loaded: vec![row("待启用", Light::DueSoon), row("启用", Light::Normal)],
                upload_href: Some("/admin/holidays".into()),
                example: "年: 2026\n放假: []\n".into(),
                text: "年: ".into(),
                request_key: "k1".into(),
                refusal: Some(Refusal {
                    code: "holidays.syntax".into(),
                    message: "放假安排读不出来（第1行）".into(),
                    remedy: "对照示例改正后重新载入。".into(),
                    clauses: Vec::new(),
                }),
            },
            Self { until: "2026-12-31".into(), ..Self::default() },
        ]
    }
}
