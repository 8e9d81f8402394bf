//! Help: what to do where, keyboard, lights, accessibility.

use serde::Serialize;

use super::parts::Link;
use crate::html::render::Page;

/// The guides by role: the role's code and the page each line leads to. The words are `guide-<role>`,
/// `guide-<role>-<line>` and `guide-<role>-<line>-link` of the locale files.
pub(crate) const GUIDES: [(&str, &[&str]); 11] = [
    ("applicant", &["/portal/announcements", "/cases/new", "/inbox?tab=started", "/authorisations"]),
    ("officer", &["/inbox", "/announcements", "/authorisations", "/journal"]),
    ("provider", &["/catalog", "/inbox", "/catalog/twins", "/catalog", "/inbox"]),
    ("engineer", &["/tenants", "/workbench", "/workbench/topups", "/statistics", "/models", "/airlock"]),
    ("manager", &["/products", "/agreements", "/metering"]),
    ("reviewer", &["/inbox", "/airlock", "/airlock"]),
    ("expert", &["/inbox"]),
    ("buyer", &["/products", "/agreements", "/keys", "/metering"]),
    ("citizen", &["/portal", "/portal/objections/new", "/portal/objections", "/portal/ledger"]),
    ("supervisor", &["/journal", "/authorisations", "/inbox", "/isolation", "/products"]),
    ("administrator", &["/admin/accounts", "/admin/packs", "/admin/jobs"]),
];

/// A line of a guide: what to do, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GuideLine {
    pub text: String,
    pub link: Link,
}

/// What somebody in a role does, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Guide {
    pub code: String,
    pub title: String,
    pub lines: Vec<GuideLine>,
}

/// The help page (`help.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Help {
    /// Version of the program.
    pub version: String,
    pub guides: Vec<Guide>,
}

impl Page for Help {
    const TEMPLATE: &'static str = "help.html";

    fn samples() -> Vec<Self> {
        let line = GuideLine {
            text: "先办红色和黄色的；每件右侧写明依据、期限和可以做的事。".into(),
            link: Link::new("工作台", "/inbox"),
        };
        let guide = Guide { code: "officer".into(), title: "主管部门经办".into(), lines: vec![line] };
        vec![Self { version: "0.1.0".into(), guides: vec![guide] }]
    }
}
