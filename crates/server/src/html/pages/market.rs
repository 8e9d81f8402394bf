//! Usage agreements, API keys, metering and the month's bill.

use serde::Serialize;

use super::case::Action;
use super::parts::{Choice, Fact, Figure, Light, Link, Refusal, Table};
use crate::html::chart::{Chart, Point, Shape};
use crate::html::render::Page;

/// A usage agreement in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AgreementRow {
    pub number: String,
    pub href: String,
    pub product: String,
    pub buyer: String,
    pub scenario: String,
    pub until: String,
    pub filing: String,
    pub state: String,
    pub light: Light,
}

/// Usage agreements (`agreements.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Agreements {
    pub rows: Vec<AgreementRow>,
    pub create_href: Option<String>,
    pub more_href: Option<String>,
}

impl Page for Agreements {
    const TEMPLATE: &'static str = "agreements.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                rows: vec![AgreementRow {
                    number: "使协〔2026〕1号".into(),
                    href: "/cases/40".into(),
                    product: "货运企业资质核验".into(),
                    buyer: "示例物流有限公司".into(),
                    scenario: "货运企业资质核验".into(),
                    until: "2027-10-31".into(),
                    filing: "协备〔2026〕1号".into(),
                    state: "履行中".into(),
                    light: Light::Normal,
                }],
                create_href: Some("/cases/new/usage".into()),
                more_href: None,
            },
            Self::default(),
        ]
    }
}

/// One usage agreement (`agreement.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AgreementPage {
    pub number: String,
    pub product: Link,
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
    /// The parties and when each signed.
    pub signatures: Vec<Fact>,
    pub links: Vec<Link>,
    /// Cases to open about it.
    pub actions: Vec<Action>,
}

impl Page for AgreementPage {
    const TEMPLATE: &'static str = "agreement.html";

    fn samples() -> Vec<Self> {
        let draft = Self {
            number: "20261101-9f3a81c2".into(),
            product: Link::new("货运企业资质核验", "/products/1"),
            state: "待签署".into(),
            light: Light::DueSoon,
            facts: vec![
                Fact::new("数据使用主体", "示例物流有限公司"),
                Fact::new("应用场景", "货运企业资质核验"),
                Fact::new("有效期", "2026-11-01 至 2027-10-31"),
            ],
            signatures: vec![Fact::new("示例数据运营有限公司", "未签署")],
            links: Vec::new(),
            actions: vec![Action {
                command: "file".into(),
                label: "签署并备案".into(),
                primary: true,
                form_href: Some("/cases/new?procedure=x".into()),
                ..Action::default()
            }],
        };
        let mut signed = draft.clone();
        signed.state = "履行中".into();
        signed.light = Light::Normal;
        signed.signatures = vec![Fact::new("示例数据运营有限公司", "2026-11-02 09:10")];
        signed.links = vec![Link::new("接口密钥", "/keys")];
        signed.actions = Vec::new();
        vec![draft, signed]
    }
}

/// An API key; the secret is never shown again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    pub id: String,
    pub name: String,
    /// A few characters of its id, to tell keys apart.
    pub prefix: String,
    pub agreement: String,
    pub created: String,
    pub until: String,
    pub state: String,
    pub light: Light,
    /// Absent once revoked.
    pub revoke_href: Option<String>,
}

/// A key just made, shown once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewKey {
    pub name: String,
    pub secret: String,
}

/// API keys (`keys.html`). Posts `agreement`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Keys {
    pub rows: Vec<KeyRow>,
    pub new_key: Option<NewKey>,
    pub agreements: Vec<Choice>,
    pub create_href: Option<String>,
    pub request_key: String,
    pub refusal: Option<Refusal>,
}

impl Page for Keys {
    const TEMPLATE: &'static str = "keys.html";

    fn samples() -> Vec<Self> {
        let row = |name: &str, state: &str, light: Light, open: bool| KeyRow {
            id: "1".into(),
            name: name.into(),
            prefix: "3f9a81c2".into(),
            agreement: "使协〔2026〕1号".into(),
            created: "2026-11-01".into(),
            until: "2027-10-31".into(),
            state: state.into(),
            light,
            revoke_href: open.then(|| "/keys/1/revoke".into()),
        };
        vec![
            Self {
                rows: vec![
                    row("生产系统", "有效", Light::Normal, true),
                    row("测试", "已吊销", Light::Suspended, false),
                ],
                agreements: vec![Choice::new("1", "使协〔2026〕1号 货运企业资质核验", true)],
                create_href: Some("/keys".into()),
                request_key: "k10".into(),
                ..Self::default()
            },
            Self {
                new_key: Some(NewKey {
                    name: "生产系统".into(),
                    secret: "sy_3f9a_EXAMPLE_NOT_A_SECRET".into(),
                }),
                ..Self::default()
            },
            Self::default(),
        ]
    }
}

/// Use by product and day (`metering.html`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Metering {
    pub figures: Vec<Figure>,
    pub months: Vec<Choice>,
    pub products: Vec<Choice>,
    pub chart: Option<Chart>,
    pub by_product: Table,
    pub bill: Option<Link>,
    /// gateway log, meter and bill: the differences, which must be 0.
    pub differences: Table,
    pub differs: bool,
    /// The latest other month that has calls, when this one has none.
    pub other: Option<Link>,
}

impl Page for Metering {
    const TEMPLATE: &'static str = "metering.html";

    fn samples() -> Vec<Self> {
        let points: Vec<Point> = (1..=20u32)
            .map(|day| Point { label: format!("11-{day:02}"), value: f64::from(day * 37 % 101 + 20) })
            .collect();
        let page = Self {
            figures: vec![
                Figure::new("calls-today", "86"),
                Figure::new("calls-month", "1,402"),
                Figure::new("success-rate", "99.8%"),
                Figure::new("latency-p95", "9 ms"),
                Figure::new("cost-month", "280.40"),
            ],
            months: vec![
                Choice::new("2026-11", "2026年11月", true),
                Choice::new("2026-10", "2026年10月", false),
            ],
            products: vec![Choice::new("", "全部产品", true)],
            chart: Some(Chart::draw("calls", Shape::Line, "每日调用次数", "次", &points)),
            by_product: Table::new(
                "按产品",
                &["产品", "调用次数", "成功", "费用（元）"],
                &["调用次数", "成功", "费用（元）"],
                &[&["货运企业资质核验", "1,402", "1,399", "280.40"]],
            ),
            other: None,
            bill: Some(Link::new("2026年10月账单", "/bills/2026-10")),
            differences: Table::new(
                "对账",
                &["项目", "次数", "差额"],
                &["次数", "差额"],
                &[&["网关日志", "1,402", "0"], &["计量", "1,402", "0"], &["账单", "1,402", "0"]],
            ),
            differs: false,
        };
        let mut differs = page.clone();
        differs.differs = true;
        vec![page, differs, Self::default()]
    }
}

/// A month's bill (`bill.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    pub number: String,
    pub month: String,
    pub state: String,
    pub light: Light,
    pub seller: String,
    pub buyer: String,
    pub agreement: Link,
    pub lines: Table,
    pub total: String,
    pub total_words: String,
    pub issued: String,
    pub digest: String,
    pub record: Option<Link>,
    pub download_href: Option<String>,
}

impl Page for Bill {
    const TEMPLATE: &'static str = "bill.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            number: "账〔2026〕10-001号".into(),
            month: "2026年10月".into(),
            state: "已出账".into(),
            light: Light::Normal,
            seller: "示例数据运营有限公司".into(),
            buyer: "示例物流有限公司".into(),
            agreement: Link::new("使协〔2026〕1号", "/cases/40"),
            lines: Table::new(
                "明细",
                &["产品", "计费方式", "数量", "单价（元）", "金额（元）"],
                &["数量", "单价（元）", "金额（元）"],
                &[&["货运企业资质核验", "按接口调用次数", "3,120", "0.20", "624.00"]],
            ),
            total: "624.00".into(),
            total_words: "陆佰贰拾肆元整".into(),
            issued: "2026-11-01".into(),
            digest: "5d41402abc4b2a76b9719d911017c592".into(),
            record: Some(Link::new("1302", "/ledger?record=1302")),
            download_href: Some("/bills/2026-10.csv".into()),
        }]
    }
}
