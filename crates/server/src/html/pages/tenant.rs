//! Secure domains: one tenant for each authorisation, two zones for each tenant.

use serde::Serialize;

use super::parts::{Fact, GrantData, Light, Link};
use crate::html::render::Page;

/// A tenant in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TenantRow {
    pub name: String,
    pub href: String,
    pub operator: String,
    pub state: String,
    pub light: Light,
    pub resources: u32,
    pub runs: u32,
    pub until: String,
}

/// The list of tenants (`tenants.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tenants {
    pub rows: Vec<TenantRow>,
}

impl Page for Tenants {
    const TEMPLATE: &'static str = "tenants.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                rows: vec![TenantRow {
                    name: "交通领域授权运营域".into(),
                    href: "/tenants/1".into(),
                    operator: "示例数据运营有限公司".into(),
                    state: "运行中".into(),
                    light: Light::Normal,
                    resources: 3,
                    runs: 12,
                    until: "2029-10-12".into(),
                }],
            },
            Self::default(),
        ]
    }
}

/// A zone of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ZoneCard {
    /// `dev` or `prod`; words are the messages `zone-<code>` and `zone-<code>-hint`.
    pub code: String,
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
}

/// A granted resource in a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GrantRow {
    pub resource: String,
    pub href: String,
    pub fields: String,
    pub granted: String,
    pub until: String,
    pub twin: String,
    /// Which state of the resource it holds.
    pub data: GrantData,
    /// The attack report on the twin, for those who may read it.
    pub report_href: Option<String>,
    pub light: Light,
}

/// A person who may work in the domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StaffRow {
    pub name: String,
    pub duty: String,
    pub training: String,
    pub light: Light,
}

/// A tenant (`tenant.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TenantPage {
    pub name: String,
    pub operator: String,
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
    pub zones: Vec<ZoneCard>,
    pub grants: Vec<GrantRow>,
    pub staff: Vec<StaffRow>,
    pub request_href: Option<String>,
    pub links: Vec<Link>,
    /// Where a renewal comes back to.
    pub back: String,
    /// Approved imports of social data.
    pub imports: Vec<ImportRow>,
}

/// An approved import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportRow {
    pub title: String,
    /// The case that approved it.
    pub number: String,
    pub approved: String,
    pub state: String,
    pub light: Light,
    /// Where it goes on: the form that describes it, or the resource.
    pub href: Option<String>,
}

impl Page for TenantPage {
    const TEMPLATE: &'static str = "tenant.html";

    fn samples() -> Vec<Self> {
        let page = Self {
            name: "交通领域授权运营域".into(),
            operator: "示例数据运营有限公司".into(),
            state: "运行中".into(),
            light: Light::Normal,
            facts: vec![
                Fact::new("协议", "交授协〔2026〕1号"),
                Fact::new("有效期至", "2029-10-12"),
                Fact::new("算法套件", "AES-256-GCM + SHA-256 + Ed25519"),
            ],
            imports: vec![ImportRow {
                title: "物流企业运单统计".into(),
                number: "SH-2026-0001".into(),
                approved: "2026-11-02".into(),
                state: "待登记".into(),
                light: Light::DueSoon,
                href: Some("/catalog/register?import=1".into()),
            }],
            zones: vec![
                ZoneCard {
                    code: "dev".into(),
                    state: "运行中".into(),
                    light: Light::Normal,
                    facts: vec![Fact::new("表", "3"), Fact::new("进程", "1")],
                },
                ZoneCard {
                    code: "prod".into(),
                    state: "运行中".into(),
                    light: Light::Normal,
                    facts: vec![Fact::new("密封对象", "7"), Fact::new("进行中的运行", "0")],
                },
            ],
            grants: vec![GrantRow {
                resource: "企业登记信息".into(),
                href: "/catalog/1".into(),
                fields: "6 / 9".into(),
                granted: "2026-10-27".into(),
                until: "2027-10-12".into(),
                twin: "样本 1,000 行".into(),
                data: GrantData {
                    version: "第1版 · 2026-10-26 08:00".into(),
                    newer: Some("已交付第2版".into()),
                    renewal: String::new(),
                    light: Light::Normal,
                    refresh_href: Some("/grants/1/refresh".into()),
                    request_key: "k7".into(),
                },
                report_href: Some("/grants/1/twin".into()),
                light: Light::Normal,
            }],
            staff: vec![StaffRow {
                name: "周拟山".into(),
                duty: "数据工程师".into(),
                training: "2026-10-08 考核合格".into(),
                light: Light::Normal,
            }],
            request_href: Some("/cases/new/request".into()),
            links: vec![Link::new("开发工作台", "/workbench")],
            back: "/tenants/1".into(),
        };
        let mut empty = page.clone();
        empty.grants = Vec::new();
        empty.staff = Vec::new();
        empty.state = "已暂停".into();
        empty.light = Light::Suspended;
        vec![page, empty]
    }
}
