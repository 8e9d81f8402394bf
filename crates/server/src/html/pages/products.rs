//! Products: the shelf, one product with its passport and a try-it panel, and its price.

use serde::Serialize;

use super::case::Action;
use super::form::{Field, FieldKind, FormError};
use super::parts::{Choice, Clause, Fact, Gauge, Light, Link, Refusal, Table};
use crate::html::render::Page;

/// A product on the shelf.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProductRow {
    pub name: String,
    pub href: String,
    pub form: String,
    pub operator: String,
    pub summary: String,
    pub price: String,
    pub state: String,
    pub light: Light,
}

/// The shelf (`products.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Products {
    pub rows: Vec<ProductRow>,
    pub search: String,
    pub forms: Vec<Choice>,
    pub filtered: bool,
    pub create_href: Option<String>,
    pub more_href: Option<String>,
}

pub(crate) fn sample_rows() -> Vec<ProductRow> {
    let row = |name: &str, form: &str, summary: &str, price: &str| ProductRow {
        name: name.into(),
        href: "/products/1".into(),
        form: form.into(),
        operator: "示例数据运营有限公司".into(),
        summary: summary.into(),
        price: price.into(),
        state: "已上架".into(),
        light: Light::Normal,
    };
    vec![
        row("货运企业资质核验", "数据核验", "输入统一社会信用代码，返回经营许可是否有效。", "0.20 元/次"),
        row("承运人时效统计", "数据查询", "按月查询承运人航班数和平均延误。", "0.05 元/次"),
    ]
}

impl Page for Products {
    const TEMPLATE: &'static str = "products.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                rows: sample_rows(),
                forms: vec![Choice::new("", "全部形态", true), Choice::new("verify", "数据核验", false)],
                create_href: Some("/cases/new/product".into()),
                ..Self::default()
            },
            Self::default(),
        ]
    }
}

/// The answer of a trial call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TryAnswer {
    pub status: u16,
    pub elapsed: String,
    /// Pretty JSON.
    pub body: String,
    /// The journal record that was durable before the answer.
    pub record: Option<Link>,
    pub charged: String,
}

/// A product (`product.html`). The try-it form posts the fields to `try_href`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProductPage {
    pub name: String,
    pub form: String,
    pub state: String,
    pub light: Light,
    pub summary: String,
    /// Who made it, from what, under which filing: what a buyer may rely on.
    pub passport: Vec<Fact>,
    pub lineage: Vec<Link>,
    pub scenarios: Vec<String>,
    pub prices: Table,
    pub parameters: Table,
    pub answer_columns: Table,
    pub try_href: Option<String>,
    pub try_fields: Vec<Field>,
    pub try_answer: Option<TryAnswer>,
    pub try_is_sandbox: bool,
    pub curl: String,
    pub buy_href: Option<String>,
    /// For who is not its operator.
    pub how: Option<HowToUse>,
    pub price_href: Option<String>,
    pub ticket_href: Option<String>,
    /// Marks that copies bear, for the operator and for those who trace leaks.
    pub marks: Vec<Fact>,
    /// Finds out whose copy was passed on; for those who watch over the market.
    pub trace_href: Option<String>,
    /// Cases to open about it, and taking it off the market.
    pub actions: Vec<Action>,
    pub action_href: String,
    pub request_key: String,
    pub refusal: Option<Refusal>,
}

impl Page for ProductPage {
    const TEMPLATE: &'static str = "product.html";

    fn samples() -> Vec<Self> {
        let page = Self {
            name: "货运企业资质核验".into(),
            form: "数据核验".into(),
            state: "已上架".into(),
            light: Light::Normal,
            summary: "输入统一社会信用代码，返回道路运输经营许可是否有效。原始数据不出域。".into(),
            passport: vec![
                Fact::new("授权运营单位", "示例数据运营有限公司"),
                Fact::new("备案号", "产备〔2026〕2号"),
                Fact::new("模型", "企业许可核验 v1（7d793037…）"),
                Fact::new("数据更新", "每日"),
            ],
            lineage: vec![Link::new("企业登记信息", "/catalog/1")],
            scenarios: vec!["货运企业资质核验".into()],
            prices: Table::new("价格", &["计费方式", "单价（元）", "备注"], &["单价（元）"], &[&["按接口调用次数", "0.20", ""], &["公益目的", "0.00", "免费清单"]]),
            parameters: Table::new("输入", &["参数", "类型", "说明"], &[], &[&["uscc", "文本", "统一社会信用代码，18位"]]),
            answer_columns: Table::new("输出", &["字段", "类型", "说明"], &[], &[&["valid", "布尔", "许可是否有效"]]),
            try_href: Some("/products/1/try".into()),
            try_fields: vec![Field {
                id: "uscc".into(),
                label: "统一社会信用代码".into(),
                kind: FieldKind::Text,
                required: true,
                value: "91339900MA0000000X".into(),
                ..Field::default()
            }],
            try_is_sandbox: true,
            curl: "curl -H 'Authorization: Bearer <KEY>' -H 'Idempotency-Key: 1' https://example.invalid/api/v1/products/1/query -d '{\"uscc\":\"91339900MA0000000X\"}'".into(),
            buy_href: Some("/cases/new/usage".into()),
            how: None,
            price_href: Some("/products/1/price".into()),
            ticket_href: Some("/cases/new/ticket".into()),
            marks: vec![Fact::new("litres", "最多变动 ±3")],
            actions: vec![Action {
                command: "off".into(),
                label: "暂停上架".into(),
                grave: true,
                ..Action::default()
            }],
            action_href: "/products/1/suspension".into(),
            request_key: "k12".into(),
            ..Self::default()
        };
        let mut tried = page.clone();
        tried.try_answer = Some(TryAnswer {
            status: 200,
            elapsed: "6 ms".into(),
            body: "{\n  \"valid\": true,\n  \"as_of\": \"2026-10-23\"\n}".into(),
            record: Some(Link::new("1207", "/ledger?record=1207")),
            charged: "0.00".into(),
        });
        let public = Self {
            try_href: None,
            try_fields: Vec::new(),
            buy_href: None,
            how: Some(HowToUse::sample()),
            price_href: None,
            ..page.clone()
        };
        vec![page, tried, public]
    }
}

/// How somebody comes to use a product: the operator drafts the agreement, the buyer signs it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HowToUse {
    pub operator: String,
    /// The operator's public telephone or e-mail; empty when none is on record.
    pub contact: String,
}

impl HowToUse {
    pub(crate) fn sample() -> Self {
        Self { operator: "示例数据运营有限公司".into(), contact: "service@operator.example".into() }
    }
}

/// A line of a price plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PriceLine {
    pub code: String,
    pub label: String,
    /// Yuan, two decimals.
    pub price: String,
    pub ceiling: String,
    pub unit: String,
    pub error: Option<String>,
}

/// Editing a price (`product_price.html`). Posts `price.<code>`, `from`, `month_max`, `income`, `cost`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProductPrice {
    pub product: Link,
    pub lines: Vec<PriceLine>,
    pub from: String,
    /// The most a month may cost; empty for no limit.
    pub month_max: String,
    pub return_rate: Gauge,
    pub permitted: Option<Gauge>,
    pub income: String,
    pub cost: String,
    pub history: Table,
    pub basis: Vec<Clause>,
    pub errors: Vec<FormError>,
    pub refusal: Option<Refusal>,
    pub action_href: String,
    pub request_key: String,
    pub version: i64,
}

impl Page for ProductPrice {
    const TEMPLATE: &'static str = "product_price.html";

    fn samples() -> Vec<Self> {
        let clause =
            Clause::new("附件5 五（二）2（4）", "授权运营期间收益率应低于50%", "/admin/packs/sample#a5");
        let page = Self {
            product: Link::new("货运企业资质核验", "/products/1"),
            lines: vec![PriceLine {
                code: "call".into(),
                label: "按接口调用次数".into(),
                price: "0.20".into(),
                ceiling: "0.30".into(),
                unit: "元/次".into(),
                error: None,
            }],
            from: "2026-11-01".into(),
            month_max: String::new(),
            return_rate: Gauge {
                percent: 64,
                value: "32.0%".into(),
                limit: "50%".into(),
                light: Light::Normal,
                clause: Some(clause.clone()),
            },
            income: "132,000.00".into(),
            cost: "100,000.00".into(),
            history: Table::new(
                "历史价格",
                &["生效日期", "单价（元）", "修改人"],
                &["单价（元）"],
                &[&["2026-10-01", "0.25", "朱样松"]],
            ),
            basis: vec![clause.clone()],
            action_href: "/products/1/price".into(),
            request_key: "k9".into(),
            version: 2,
            ..Self::default()
        };
        let mut refused = page.clone();
        for line in &mut refused.lines {
            line.price = "0.40".into();
            line.error = Some("高于政府指导价上限 0.30 元".into());
        }
        refused.errors = vec![FormError {
            field: "price-call".into(),
            message: "高于政府指导价上限 0.30 元".into(),
        }];
        refused.return_rate =
            Gauge { percent: 100, value: "56.0%".into(), light: Light::Overdue, ..page.return_rate.clone() };
        refused.refusal = Some(Refusal {
            code: "products.return_rate".into(),
            message: "按此价格测算，收益率为56.0%，应当低于50%。".into(),
            remedy: "请下调单价，或补充成本资料后重新测算。".into(),
            clauses: vec![clause],
        });
        vec![page, refused]
    }
}
