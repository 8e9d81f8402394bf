//! Periodic duties (`duties.html`).

use serde::Serialize;

use super::parts::{Clause, Light};
use crate::html::render::Page;

/// What is owed until when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DutiesPage {
    /// By due day.
    pub rows: Vec<DutyRow>,
    /// How many more there are than one page shows.
    pub more: Option<String>,
    /// The same as a calendar file.
    pub file_href: String,
    /// When the address for calendar programs was made; empty without one.
    pub feed_since: String,
    /// The address, in the answer that makes it and nowhere else.
    pub feed_new: Option<String>,
    pub feed_href: String,
}

/// One period of a duty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DutyRow {
    pub name: String,
    pub period: String,
    /// Who owes it.
    pub units: String,
    /// The day its case is opened.
    pub opens: String,
    pub due: String,
    /// No holiday notice settles the due day yet.
    pub provisional: bool,
    /// The text leaves it open; it is a local choice.
    pub local_choice: bool,
    /// `Suspended` before it is opened.
    pub light: Light,
    pub case_href: Option<String>,
    pub clauses: Vec<Clause>,
}

impl Page for DutiesPage {
    const TEMPLATE: &'static str = "duties.html";

    fn samples() -> Vec<Self> {
        let row = |light: Light, opened: bool| DutyRow {
            name: "年度经营报告".into(),
            period: "2026年度".into(),
            units: "样例数运公司".into(),
            opens: "2027-01-01".into(),
            due: "2027-03-31".into(),
            provisional: opened,
            local_choice: true,
            light,
            case_href: opened.then(|| "/cases/1".into()),
            clauses: vec![Clause::new("十（四）", "按年提交经营报告", "/admin/packs/sample#c9")],
        };
        let opened =
            [Light::Overdue, Light::DueSoon, Light::Normal, Light::Done].map(|light| row(light, true));
        let rows = opened.into_iter().chain([row(Light::Suspended, false)]).collect();
        let (file_href, feed_href) = ("/duties.ics".to_owned(), "/duties/feed".to_owned());
        let none = Self { file_href, feed_href, ..Self::default() };
        let made = Self {
            rows,
            more: Some("13000".into()),
            feed_since: "2026-11-20".into(),
            feed_new: Some("https://example.cn/calendar/abc.ics".into()),
            ..none.clone()
        };
        vec![made, none]
    }
}
