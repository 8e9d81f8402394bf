//! Signing in.

use serde::Serialize;

use super::form::FormError;
use crate::html::render::Page;

/// An account of the demonstration, offered for one click of copying.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DemoAccount {
    pub name: String,
    pub role: String,
    pub unit: String,
}

/// Changing one's own password (`password.html`). Posts `present`, `new` and `again`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PasswordChange {
    /// What went wrong, at which field.
    pub errors: Vec<FormError>,
}

impl Page for PasswordChange {
    const TEMPLATE: &'static str = "password.html";

    fn samples() -> Vec<Self> {
        let error = FormError { field: "present".into(), message: "原密码不正确".into() };
        vec![Self::default(), Self { errors: vec![error] }]
    }
}

/// The sign-in page (`sign_in.html`). Posts `account`, `password`, `code` and `next`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SignIn {
    pub account: String,
    /// Where to go afterwards; handlers accept local paths only.
    pub next: String,
    /// Stable code of what went wrong, for example `access.credentials`.
    pub error: Option<String>,
    /// True when the account asks for a second factor.
    pub needs_code: bool,
    pub demo_accounts: Vec<DemoAccount>,
    /// Shown beside the accounts; they all share it.
    pub demo_password: Option<String>,
}

impl Page for SignIn {
    const TEMPLATE: &'static str = "sign_in.html";

    fn samples() -> Vec<Self> {
        let account = |name: &str, role: &str, unit: &str| DemoAccount {
            name: name.into(),
            role: role.into(),
            unit: unit.into(),
        };
        vec![
            Self {
                next: "/inbox".into(),
                demo_accounts: vec![
                    account("officer", "经办人", "示例县公共数据主管部门"),
                    account("provider", "审核人", "示例县交通运输主管部门"),
                    account("engineer", "数据工程师", "示例数据运营有限公司"),
                    account("buyer", "采购人", "示例物流有限公司"),
                ],
                demo_password: Some("demo-password".into()),
                ..Self::default()
            },
            Self {
                account: "officer".into(),
                error: Some("access.credentials".into()),
                needs_code: true,
                ..Self::default()
            },
        ]
    }
}
