//! Error pages: what happened, which clause it rests on, what to do.

use serde::Serialize;

use super::parts::{Clause, Link};
use crate::html::render::Page;

/// An error page (`error.html`). Words come from the message `error-<code>`; `message` and `remedy` replace them when
/// the law refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ErrorPage {
    pub status: u16,
    /// Stable code, for example `case.wrong_role`.
    pub code: String,
    /// The refusal's own words, from the pack.
    pub message: Option<String>,
    pub remedy: Option<String>,
    pub clauses: Vec<Clause>,
    /// What to tell the help desk.
    pub request_id: String,
    /// Seconds, for 429 and 503.
    pub retry_seconds: Option<u32>,
    pub links: Vec<Link>,
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "error.html";

    fn samples() -> Vec<Self> {
        let page = |status: u16, code: &str| Self {
            status,
            code: code.into(),
            request_id: "0192f3c1".into(),
            ..Self::default()
        };
        let mut refused = page(403, "case.wrong_role");
        refused.message = Some("只有数据提供单位可以提交评审意见。".into());
        refused.remedy = Some("请切换到数据提供单位角色，或联系本单位管理员。".into());
        refused.clauses = vec![Clause::new("三（一）2", "数据提供单位评审", "/admin/packs/sample#c3")];
        refused.links = vec![Link::new("数需〔2026〕17号", "/cases/17")];
        let mut limited = page(429, "http.too_many_requests");
        limited.retry_seconds = Some(30);
        vec![
            page(400, "http.bad_request"),
            page(401, "access.session_expired"),
            refused,
            page(404, "http.not_found"),
            page(409, "storage.conflict"),
            page(413, "http.body_too_large"),
            limited,
            page(500, "http.internal"),
            page(503, "no.code_of_its_own"),
        ]
    }
}
