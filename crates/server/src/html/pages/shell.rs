//! The frame around every page: who, for which unit, in which role, with which duties.

use serde::Serialize;

use super::parts::{Choice, Light};

/// Groups of the left menu with the code and address of each entry, in the order of a working day. Words are the
/// messages `menu-<code>`.
pub const MENU: &[(&str, &[(&str, &str)])] = &[
    ("desk", &[("inbox", "/inbox"), ("start", "/cases/new"), ("duties", "/duties")]),
    (
        "operation",
        &[
            ("announcements", "/announcements"),
            ("authorisations", "/authorisations"),
            ("catalog", "/catalog"),
        ],
    ),
    (
        "domain",
        &[
            ("tenants", "/tenants"),
            ("workbench", "/workbench"),
            ("models", "/models"),
            ("runs", "/runs"),
            ("airlock", "/airlock"),
        ],
    ),
    (
        "market",
        &[
            ("products", "/products"),
            ("agreements", "/agreements"),
            ("keys", "/keys"),
            ("metering", "/metering"),
        ],
    ),
    ("oversight", &[("journal", "/journal"), ("ledger", "/ledger"), ("isolation", "/isolation")]),
    ("admin", &[("packs", "/admin/packs"), ("accounts", "/admin/accounts"), ("jobs", "/admin/jobs")]),
];

/// The frame of one page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Shell {
    /// The region whose pack is in force, from the pack.
    pub region: String,
    /// Absent on public pages and before sign-in.
    pub user: Option<ShellUser>,
    pub menu: Vec<MenuGroup>,
    pub deadlines: Option<Deadlines>,
    pub notices: u32,
    /// Goes back with every form.
    pub csrf: String,
    /// Path and query of this page, to come back to after a change of language or role.
    pub path: String,
    /// What the last command did, shown once.
    pub notice: Option<Notice>,
    /// Today in the region's calendar.
    pub today: String,
    /// Set when the clock is the demonstration's, not the world's.
    pub clock_is_fake: bool,
    /// Set in the demonstration: nothing here is about a real place or person.
    pub is_demonstration: bool,
}

/// The person at work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ShellUser {
    pub name: String,
    pub unit: String,
    /// The roles held here; the current one is selected.
    pub roles: Vec<Choice>,
}

/// A part of the menu; `code` names the message `menu-group-<code>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MenuGroup {
    pub code: String,
    pub items: Vec<MenuItem>,
}

/// An entry of the menu; `code` names the message `menu-<code>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MenuItem {
    pub code: String,
    pub href: String,
    pub current: bool,
    /// How many things wait there.
    pub count: Option<u32>,
}

/// The deadline strip: how many of my own clocks are where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Deadlines {
    pub waiting: u32,
    pub due_today: u32,
    pub due_week: u32,
    pub overdue: u32,
    pub light: Light,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    #[default]
    Done,
    Warning,
}

/// A message shown once above the page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub kind: NoticeKind,
    pub text: String,
}

impl MenuGroup {
    /// The menu for a person who may see the entries for which `visible` is true. Empty groups are left out.
    #[must_use]
    pub fn list(current: &str, visible: &dyn Fn(&str) -> bool) -> Vec<Self> {
        let groups = MENU.iter().map(|(code, items)| Self {
            code: (*code).to_owned(),
            items: items
                .iter()
                .filter(|(code, _)| visible(code))
                .map(|(code, href)| MenuItem {
                    code: (*code).to_owned(),
                    href: (*href).to_owned(),
                    current: *code == current,
                    count: None,
                })
                .collect(),
        });
        groups.filter(|group| !group.items.is_empty()).collect()
    }
}

impl Shell {
    /// A filled frame for tests and the gallery.
    #[must_use]
    pub fn sample(current: &str) -> Self {
        let mut menu = MenuGroup::list(current, &|_| true);
        for item in menu.iter_mut().flat_map(|group| &mut group.items).filter(|item| item.code == "inbox") {
            item.count = Some(6);
        }
        Self {
            region: "示例县".into(),
            user: Some(ShellUser {
                name: "沈例宁".into(),
                unit: "示例县公共数据主管部门".into(),
                roles: vec![
                    Choice::new("officer", "经办人", true),
                    Choice::new("chief", "科室负责人", false),
                ],
            }),
            menu,
            deadlines: Some(Deadlines {
                waiting: 6,
                due_today: 1,
                due_week: 3,
                overdue: 1,
                light: Light::Overdue,
            }),
            notices: 3,
            csrf: "sample-token".into(),
            path: "/inbox".into(),
            notice: None,
            today: "2026年9月28日 星期一".into(),
            clock_is_fake: true,
            is_demonstration: true,
        }
    }

    /// The frame before sign-in and on public pages.
    #[must_use]
    pub fn public(region: &str, today: &str, path: &str) -> Self {
        Self { region: region.to_owned(), today: today.to_owned(), path: path.to_owned(), ..Self::default() }
    }
}
