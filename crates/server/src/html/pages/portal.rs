//! The public portal: no sign-in.

use serde::Serialize;

use super::form::FormError;
use super::ledger;
use super::parts::{Choice, Clause, Fact, Figure, Light, Link};
use super::products::{HowToUse, ProductRow, sample_rows};
use crate::html::render::Page;

/// A dated item of a public list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalItem {
    pub title: String,
    pub href: String,
    pub kind: String,
    pub date: String,
    pub light: Option<Light>,
}

impl PortalItem {
    fn sample(title: &str, kind: &str) -> Self {
        Self {
            title: title.into(),
            href: "/portal/announcements/1".into(),
            kind: kind.into(),
            date: "2026-09-01".into(),
            light: None,
        }
    }
}

/// The portal's front page (`portal_home.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalHome {
    pub figures: Vec<Figure>,
    pub announcements: Vec<PortalItem>,
    pub products: Vec<ProductRow>,
}

impl Page for PortalHome {
    const TEMPLATE: &'static str = "portal_home.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                figures: vec![
                    Figure::new("operators", "1"),
                    Figure::new("resources", "5"),
                    Figure::new("products", "2"),
                    Figure::new("calls-month", "1,402"),
                ],
                announcements: vec![
                    PortalItem::sample("关于交通领域开展公共数据授权运营的公告", "公告"),
                    PortalItem::sample("授权运营单位名单公示（2026年第1批）", "公示"),
                ],
                products: sample_rows(),
            },
            Self::default(),
        ]
    }
}

/// Public announcements (`portal_announcements.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalAnnouncements {
    pub rows: Vec<PortalItem>,
    pub more_href: Option<String>,
}

impl Page for PortalAnnouncements {
    const TEMPLATE: &'static str = "portal_announcements.html";

    fn samples() -> Vec<Self> {
        let mut open = PortalItem::sample("授权运营单位名单公示（2026年第1批）", "公示");
        open.light = Some(Light::DueSoon);
        vec![
            Self {
                rows: vec![open, PortalItem::sample("关于交通领域开展公共数据授权运营的公告", "公告")],
                more_href: Some("/portal/announcements?before=1".into()),
            },
            Self::default(),
        ]
    }
}

/// One public announcement (`portal_announcement.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalAnnouncement {
    pub title: String,
    pub issuer: String,
    pub date: String,
    /// Until when, in words; empty where there is no last day.
    pub window: String,
    pub window_light: Light,
    pub window_state: String,
    /// After the last day: what can still be done.
    pub closed: Option<String>,
    pub paragraphs: Vec<String>,
    /// The fields of the published form.
    pub facts: Vec<Fact>,
    pub basis: Vec<Clause>,
    pub attachments: Vec<Link>,
    /// What was objected to it, and the answers.
    pub objections: Vec<Objection>,
    pub objection_href: Option<String>,
    /// After the window: the way to object to anything else.
    pub objection_other_href: Option<String>,
    pub apply_href: Option<String>,
}

impl Page for PortalAnnouncement {
    const TEMPLATE: &'static str = "portal_announcement.html";

    fn samples() -> Vec<Self> {
        let open = Self {
            title: "关于交通领域开展公共数据授权运营的公告".into(),
            issuer: "示例县公共数据主管部门".into(),
            date: "2026年9月1日".into(),
            window: "受理申请至2026-09-30".into(),
            window_state: "受理中".into(),
            paragraphs: vec![
                "为推动交通领域公共数据开发利用，提高经济社会发展的质量和效益，现决定启动交通领域公共数据授权运营项目。".into(),
                "本项目秉承政府引导、市场运作、技术创新和安全可控的原则。".into(),
            ],
            facts: vec![Fact::new("重点领域", "交通"), Fact::new("授权方式", "公开申请、择优授权")],
            basis: vec![Clause::new("一", "信息发布", "/portal/packs/sample#c1")],
            attachments: vec![Link::new("公共数据授权运营申请表.pdf", "/files/2")],
            objections: sample_objections(),
            objection_href: Some("/portal/objections/new?announcement=1".into()),
            apply_href: Some("/cases/new/apply".into()),
            ..Self::default()
        };
        let closed = Self {
            window_light: Light::Done,
            window_state: "公示期满".into(),
            closed: Some("公示期已于2026-09-30届满。".into()),
            objection_href: None,
            objection_other_href: Some("/portal/objections/new".into()),
            apply_href: None,
            ..open.clone()
        };
        vec![open, closed]
    }
}

/// An operator as the public sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalOperator {
    pub name: String,
    pub domain: String,
    pub scenarios: String,
    pub agreement: String,
    pub until: String,
    pub state: String,
    pub light: Light,
}

/// Public list of operators (`portal_operators.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalOperators {
    pub rows: Vec<PortalOperator>,
}

impl Page for PortalOperators {
    const TEMPLATE: &'static str = "portal_operators.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                rows: vec![PortalOperator {
                    name: "示例数据运营有限公司".into(),
                    domain: "交通".into(),
                    scenarios: "货运企业资质核验、货运时效评估".into(),
                    agreement: "交授协〔2026〕1号".into(),
                    until: "2029-10-12".into(),
                    state: "有效".into(),
                    light: Light::Normal,
                }],
            },
            Self::default(),
        ]
    }
}

/// Public list of products (`portal_products.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalProducts {
    pub rows: Vec<ProductRow>,
    pub search: String,
    pub filtered: bool,
    pub more_href: Option<String>,
}

impl Page for PortalProducts {
    const TEMPLATE: &'static str = "portal_products.html";

    fn samples() -> Vec<Self> {
        vec![Self { rows: sample_rows(), ..Self::default() }, Self::default()]
    }
}

/// An objection and its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Objection {
    pub number: String,
    pub about: String,
    pub filed: String,
    /// Where it is, in words.
    pub state: String,
    /// By when something will have happened; empty once nothing is due.
    pub due: String,
    /// Empty while it waits.
    pub answer: String,
    pub answered: String,
    pub light: Light,
}

/// Objections with their answers (`portal_objections.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalObjections {
    pub rows: Vec<Objection>,
    pub file_href: String,
    pub more_href: Option<String>,
    /// What is said right after filing.
    pub receipt: Option<String>,
}

impl Page for PortalObjections {
    const TEMPLATE: &'static str = "portal_objections.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                rows: sample_objections(),
                file_href: "/portal/objections/new".into(),
                more_href: None,
                receipt: Some("异议已收到，编号异〔2026〕2号。".into()),
            },
            Self { file_href: "/portal/objections/new".into(), ..Self::default() },
        ]
    }
}

fn sample_objections() -> Vec<Objection> {
    let open = Objection {
        number: "异〔2026〕2号".into(),
        about: "授权运营单位名单公示（2026年第1批）".into(),
        filed: "2026-09-10".into(),
        state: "待答复".into(),
        due: "将于2026-09-17前答复".into(),
        answer: String::new(),
        answered: String::new(),
        light: Light::Normal,
    };
    let mut answered = open.clone();
    answered.number = "异〔2026〕1号".into();
    answered.state = "已答复".into();
    answered.due = String::new();
    answered.answer = "该单位已提交三级等保测评报告，结论为符合。".into();
    answered.answered = "2026-09-12".into();
    answered.light = Light::Done;
    vec![open, answered]
}

/// Filing an objection (`portal_objection_new.html`). Posts `about`, `name`, `contact`, `text`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalObjectionNew {
    pub action_href: String,
    pub notices: Vec<Choice>,
    pub products: Vec<Choice>,
    /// Neither: for example the use of personal information.
    pub other: Choice,
    pub name: String,
    pub contact: String,
    pub text: String,
    pub errors: Vec<FormError>,
    pub request_key: String,
}

impl Page for PortalObjectionNew {
    const TEMPLATE: &'static str = "portal_objection_new.html";

    fn samples() -> Vec<Self> {
        let empty = Self {
            action_href: "/portal/objections".into(),
            notices: vec![Choice::new("notice/1", "授权运营单位名单公示（2026年第1批）", true)],
            products: vec![Choice::new("product/1", "货运企业资质核验", false)],
            other: Choice::new("other", "个人信息的使用或其他事项", false),
            request_key: "k12".into(),
            ..Self::default()
        };
        let mut wrong = empty.clone();
        wrong.errors = vec![FormError { field: "text".into(), message: "请填写异议内容".into() }];
        vec![empty, wrong]
    }
}

/// The public ledger check (`portal_ledger.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PortalLedger(pub ledger::Ledger);

impl Page for PortalLedger {
    const TEMPLATE: &'static str = "portal_ledger.html";

    fn samples() -> Vec<Self> {
        ledger::samples().into_iter().map(Self).collect()
    }
}

/// A product as the public sees it (`portal_product.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortalProduct {
    pub name: String,
    pub form: String,
    pub summary: String,
    pub passport: Vec<Fact>,
    pub scenarios: Vec<String>,
    pub how: HowToUse,
    /// What was objected to it, and the answers.
    pub objections: Vec<Objection>,
    pub objection_href: String,
}

impl Page for PortalProduct {
    const TEMPLATE: &'static str = "portal_product.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            name: "货运企业资质核验".into(),
            form: "数据核验".into(),
            summary: "输入统一社会信用代码，返回道路运输经营许可是否有效。".into(),
            passport: vec![
                Fact::new("授权运营单位", "示例数据运营有限公司"),
                Fact::new("备案号", "产备〔2026〕2号"),
            ],
            scenarios: vec!["货运企业资质核验".into()],
            how: HowToUse::sample(),
            objections: sample_objections(),
            objection_href: "/portal/objections/new?product=1".into(),
        }]
    }
}
