//! Administration: packs, people and units, jobs.

use serde::Serialize;

use super::parts::{Choice, Fact, Figure, Light, Link, Table};
use crate::html::render::Page;

/// A pack in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackRow {
    pub name: String,
    pub href: String,
    pub version: String,
    /// 征求意见, 施行, 被替代, 失效.
    pub status: String,
    pub light: Light,
    pub parent: String,
    pub from: String,
    pub coverage: String,
    pub scenarios: String,
}

/// What is wrong with a pack file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackProblem {
    pub code: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub message: String,
}

/// Installed packs (`admin_packs.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminPacks {
    pub rows: Vec<PackRow>,
    /// Versions and activation, and a new pack.
    pub links: Vec<Link>,
    pub problems: Vec<PackProblem>,
}

impl Page for AdminPacks {
    const TEMPLATE: &'static str = "admin_packs.html";

    fn samples() -> Vec<Self> {
        let row = |name: &str, parent: &str, status: &str| PackRow {
            name: name.into(),
            href: "/admin/packs/sample".into(),
            version: "2026-01".into(),
            status: status.into(),
            light: Light::Normal,
            parent: parent.into(),
            from: "2026-01-01".into(),
            coverage: "100%".into(),
            scenarios: "24".into(),
        };
        vec![
            Self {
                rows: vec![
                    row("示例省 公共数据授权运营", "国家通用", "施行"),
                    row("示例县 公共数据授权运营", "示例省", "施行"),
                ],
                links: vec![Link::new("版本和启用", "/admin/packs/versions")],
                problems: vec![PackProblem {
                    code: "pack.unknown_key".into(),
                    file: "packs/sample/procedures/request.yaml".into(),
                    line: 12,
                    column: 5,
                    message: "未知的关键字“办理时限”，应为“应当”".into(),
                }],
            },
            Self::default(),
        ]
    }
}

/// A clause with what carries it out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackClause {
    /// Anchor in the page.
    pub id: String,
    pub label: String,
    pub summary: String,
    /// Rules that carry it out, or the reason why none does.
    pub carried_by: String,
    pub automated: bool,
}

/// A role and the unit that plays it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackRole {
    pub role: String,
    pub unit: String,
}

/// A procedure with its role × step table. Shape: first column the step, then one column a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackProcedure {
    pub name: String,
    /// Its diagram and rules.
    pub href: String,
    pub form: String,
    pub steps: Table,
}

/// A parameter and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackParameter {
    pub name: String,
    pub value: String,
    pub parent_value: String,
    /// 下限, 上限, 固定.
    pub bound: String,
    pub clause: String,
}

/// One pack (`admin_pack.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminPack {
    pub name: String,
    /// Its print and its difference to other packs.
    pub links: Vec<Link>,
    /// What has to be renewed soon.
    pub alarms: Vec<String>,
    pub version: String,
    pub status: String,
    pub light: Light,
    pub facts: Vec<Fact>,
    pub clauses: Vec<PackClause>,
    pub roles: Vec<PackRole>,
    pub procedures: Vec<PackProcedure>,
    pub parameters: Vec<PackParameter>,
    /// Holidays and make-up days known.
    pub calendar: Table,
    pub calendar_until: String,
}

impl Page for AdminPack {
    const TEMPLATE: &'static str = "admin_pack.html";

    fn samples() -> Vec<Self> {
        let clause = |id: &str, label: &str, summary: &str, by: &str, automated: bool| PackClause {
            id: id.into(),
            label: label.into(),
            summary: summary.into(),
            carried_by: by.into(),
            automated,
        };
        vec![Self {
            name: "示例县 公共数据授权运营".into(),
            links: vec![Link::new("打印", "/admin/packs/sample/print")],
            alarms: vec!["放假安排只载入到2026-12-31，应载入下一年的通知".into()],
            version: "2026-01".into(),
            status: "施行".into(),
            light: Light::Normal,
            facts: vec![
                Fact::new("上位制度包", "示例省 2026-01"),
                Fact::new("计算口径", "起始日不计入，期间最后一日遇休息日顺延"),
            ],
            clauses: vec![
                clause("c1", "一", "发布授权运营公告", "程序：信息发布", true),
                clause("c3", "三（一）2", "提供单位三个工作日内反馈意见", "期限：提供单位反馈意见", true),
                clause("c10", "十（五）", "依约承担违约责任", "由人判断：违约责任的认定", false),
            ],
            roles: vec![
                PackRole {
                    role: "公共数据主管部门".into(), unit: "示例县大数据主管部门".into()
                },
                PackRole { role: "数据提供单位".into(), unit: "按资源归属".into() },
            ],
            procedures: vec![PackProcedure {
                name: "公共数据需求评审".into(),
                href: "/admin/packs/sample/procedures/公共数据需求评审".into(),
                form: "公共数据需求申请表".into(),
                steps: Table::new(
                    "公共数据需求评审",
                    &["环节", "申请单位", "主管部门", "数据提供单位", "期限"],
                    &[],
                    &[
                        &["申请提交", "提交", "", "", ""],
                        &["形式审查", "", "受理、退回补正", "", ""],
                        &["提供单位评审", "", "", "同意、不同意", "3个工作日"],
                    ],
                ),
            }],
            parameters: vec![PackParameter {
                name: "日志留存".into(),
                value: "不少于6个月".into(),
                parent_value: "6个月".into(),
                bound: "下限".into(),
                clause: "附件5 八".into(),
            }],
            calendar: Table::new(
                "2026年放假和调休",
                &["日期", "安排", "说明"],
                &[],
                &[&["2026-09-25 至 09-27", "放假", "中秋节"], &["2026-10-01 至 10-07", "放假", "国庆节"]],
            ),
            calendar_until: "2026-12-31".into(),
        }]
    }
}

/// A unit and its accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AccountRow {
    pub name: String,
    pub account: String,
    pub unit: String,
    pub roles: String,
    pub last_seen: String,
    pub state: String,
    pub light: Light,
    /// Opens or closes the account.
    pub toggle_href: Option<String>,
    pub toggle_closes: bool,
    /// Gives a new first password; absent for one's own account.
    pub reset_href: Option<String>,
}

/// Accounts and units (`admin_accounts.html`). The form posts `account`, `name`, `unit`, `role`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminAccounts {
    pub rows: Vec<AccountRow>,
    pub units: Vec<Choice>,
    pub roles: Vec<Choice>,
    /// What was typed, when the form comes back.
    pub account: String,
    pub name: String,
    /// Separation of duties that is broken; must be empty.
    pub conflicts: Vec<String>,
    pub create_href: Option<String>,
    pub request_key: String,
    pub more_href: Option<String>,
}

impl Page for AdminAccounts {
    const TEMPLATE: &'static str = "admin_accounts.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                rows: vec![AccountRow {
                    name: "沈例宁".into(),
                    account: "officer".into(),
                    unit: "示例县公共数据主管部门".into(),
                    roles: "经办人、科室负责人".into(),
                    last_seen: "2026-11-21 09:02".into(),
                    state: "启用".into(),
                    light: Light::Normal,
                    toggle_href: Some("/admin/accounts/1/close".into()),
                    toggle_closes: true,
                    reset_href: Some("/admin/accounts/1/password".into()),
                }],
                units: vec![Choice::new("1", "示例县公共数据主管部门", true)],
                roles: vec![Choice::new("officer", "经办人", false)],
                account: "new.officer".into(),
                name: "新例人".into(),
                conflicts: vec!["沈例宁 同时是 提交人 和 审核人".into()],
                create_href: Some("/admin/accounts".into()),
                request_key: "k13".into(),
                more_href: None,
            },
            Self::default(),
        ]
    }
}

/// A job that runs or failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct JobRow {
    pub id: String,
    pub kind: String,
    pub subject: String,
    pub attempts: u32,
    pub next: String,
    pub error: String,
    pub light: Light,
    /// Only for dead letters.
    pub retry_href: Option<String>,
}

/// Jobs and dead letters (`admin_jobs.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdminJobs {
    pub figures: Vec<Figure>,
    pub dead: Vec<JobRow>,
    pub waiting: Vec<JobRow>,
}

impl Page for AdminJobs {
    const TEMPLATE: &'static str = "admin_jobs.html";

    fn samples() -> Vec<Self> {
        let job = |id: &str, light: Light| JobRow {
            id: id.into(),
            kind: "release_export".into(),
            subject: "出域〔2026〕5号".into(),
            attempts: 5,
            next: "2026-11-21 09:40".into(),
            error: "storage.full".into(),
            light,
            retry_href: (light == Light::Overdue).then(|| "/admin/jobs/1/retry".into()),
        };
        vec![
            Self {
                figures: vec![
                    Figure::new("jobs-waiting", "1"),
                    Figure::new("jobs-dead", "1"),
                    Figure::new("oldest-waiting", "3 s"),
                    Figure::new("backup-age", "2 h"),
                ],
                dead: vec![job("1", Light::Overdue)],
                waiting: vec![job("2", Light::Normal)],
            },
            Self::default(),
        ]
    }
}
