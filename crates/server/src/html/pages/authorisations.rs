//! Authorisations: who may operate what until when, and whether the domain is open, suspended or gone.

use serde::Serialize;

use super::case::{Action, Clock};
use super::parts::{Fact, Light, Link, Refusal, Table};
use crate::html::render::Page;

/// An authorisation in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuthorisationRow {
    /// What it is for.
    pub title: String,
    /// The agreement's number.
    pub number: String,
    pub href: String,
    pub operator: String,
    pub domain: String,
    pub stage: String,
    pub until: String,
    pub state: String,
    pub light: Light,
}

/// The list of authorisations (`authorisations.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Authorisations {
    pub rows: Vec<AuthorisationRow>,
    pub more_href: Option<String>,
}

impl Page for Authorisations {
    const TEMPLATE: &'static str = "authorisations.html";

    fn samples() -> Vec<Self> {
        let row = |number: &str, domain: &str, stage: &str, state: &str, light: Light| AuthorisationRow {
            title: format!("{domain}公共数据授权运营"),
            number: number.into(),
            href: "/authorisations/1".into(),
            operator: "示例数据运营有限公司".into(),
            domain: domain.into(),
            stage: stage.into(),
            until: "2029-10-12".into(),
            state: state.into(),
            light,
        };
        vec![
            Self {
                rows: vec![
                    row("交授协〔2026〕1号", "交通", "市场运营", "有效", Light::Normal),
                    row("文授协〔2026〕1号", "文旅", "加工处理", "已暂停", Light::Suspended),
                    row("民授协〔2025〕2号", "民政", "已退出", "已销毁", Light::Done),
                ],
                more_href: None,
            },
            Self::default(),
        ]
    }
}

/// Proof that nothing readable is left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Certificate {
    pub number: String,
    pub issued: String,
    pub facts: Vec<Fact>,
    /// Whether nothing was found.
    pub passed: bool,
    /// 残留扫描: what was looked at and what was found.
    pub scan: Table,
    /// The search of the data folder, file by file.
    pub search: Option<Table>,
    /// For how many keys and planted texts it was searched.
    pub searched_for: String,
    /// What lies where, if anything does.
    pub findings: Vec<Fact>,
    pub record: Link,
    pub download_href: String,
}

/// One authorisation (`authorisation.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuthorisationPage {
    pub number: String,
    pub operator: String,
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
    /// The stages of the pack with the day each was reached; empty day means not yet.
    pub stages: Vec<Fact>,
    pub clocks: Vec<Clock>,
    pub cases: Vec<Link>,
    pub products: Vec<Link>,
    pub tenant_href: Option<String>,
    /// Suspended since when and why, if so.
    pub suspension: Option<Refusal>,
    pub certificate: Option<Certificate>,
    pub actions: Vec<Action>,
    pub action_href: String,
    pub request_key: String,
    pub version: i64,
}

impl Page for AuthorisationPage {
    const TEMPLATE: &'static str = "authorisation.html";

    fn samples() -> Vec<Self> {
        let page = Self {
            number: "交授协〔2026〕1号".into(),
            operator: "示例数据运营有限公司".into(),
            state: "有效".into(),
            light: Light::Normal,
            facts: vec![
                Fact::new("重点领域", "交通"),
                Fact::new("协议有效期", "2026-10-12 至 2029-10-12"),
                Fact::new("期满6个月前重新申请", "2029-04-12"),
            ],
            stages: sample_stages(),
            cases: vec![Link::new("申请〔2026〕3号 授权运营申请", "/cases/3")],
            products: vec![Link::new("货运企业资质核验", "/products/1")],
            tenant_href: Some("/tenants/1".into()),
            actions: vec![Action {
                command: "suspend".into(),
                label: "暂停授权运营域使用资格".into(),
                grave: true,
                needs_opinion: true,
                ..Action::default()
            }],
            action_href: "/authorisations/1/commands".into(),
            request_key: "k11".into(),
            version: 12,
            ..Self::default()
        };
        let mut suspended = page.clone();
        suspended.state = "已暂停".into();
        suspended.light = Light::Suspended;
        suspended.suspension = Some(Refusal {
            code: "authorisation.suspended".into(),
            message: "自2026年12月1日起暂停：未按要求完成整改。".into(),
            remedy: "完成整改并经主管部门验收后恢复。".into(),
            clauses: vec![],
        });
        let mut gone = page.clone();
        gone.state = "已销毁".into();
        gone.light = Light::Done;
        gone.actions = Vec::new();
        gone.certificate = Some(sample_certificate());
        let mut failed = gone.clone();
        if let Some(certificate) = &mut failed.certificate {
            certificate.passed = false;
            certificate.findings =
                vec![Fact::new("backup-old/database.jsonl，第 18,220 字节", "已包装的密钥")];
        }
        vec![page, suspended, gone, failed]
    }
}

fn sample_stages() -> Vec<Fact> {
    [
        "信息发布",
        "申请提交",
        "资格审查",
        "社会公开",
        "授权备案",
        "协议签订",
        "培训考核",
        "加工处理",
        "产品开发",
        "市场运营",
    ]
    .iter()
    .enumerate()
    .map(|(index, name)| Fact::new(name, if index < 8 { "2026-10-12" } else { "" }))
    .collect()
}

fn sample_certificate() -> Certificate {
    Certificate {
        number: "销〔2026〕1号".into(),
        issued: "2026-12-20 10:00".into(),
        facts: vec![
            Fact::new("销毁密钥", "1 个租户密钥，3 个资源密钥"),
            Fact::new("日志留存至", "2027-06-20"),
        ],
        scan: Table::new(
            "残留扫描",
            &["对象", "数量", "可读"],
            &["数量", "可读"],
            &[&["密封对象", "7", "0"], &["服务索引", "2", "0"]],
        ),
        passed: true,
        search: Some(Table::new(
            "数据文件夹搜索",
            &["位置", "文件", "大小", "发现"],
            &["文件", "大小", "发现"],
            &[&["objects", "12", "3.1 MB", "0"], &["shuyu.db", "1", "9.0 MB", "0"]],
        )),
        searched_for: "搜索 9 个密钥、8 个已包装密钥和 1 段金丝雀文本；数据库文件在内。".into(),
        findings: Vec::new(),
        record: Link::new("1402", "/ledger?record=1402"),
        download_href: "/authorisations/1/certificate.json".into(),
    }
}
