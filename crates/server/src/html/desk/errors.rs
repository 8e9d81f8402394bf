//! Error pages: what happened, on which clause, what to do.

use app::Error;
use app::access::Role;
use app::regulation::case::Rejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::frame::role_name;
use super::visit::Visit;
use super::words;
use crate::html::pages::error::ErrorPage;
use crate::html::pages::parts::{Link, Refusal};
use crate::http::problem;

/// Seconds after which somebody who was turned away may try again.
const RETRY_SECONDS: u32 = 30;

/// The page of an error, with its status.
pub(crate) async fn page(visit: &Visit, error: &Error) -> Response {
    problem::log(error);
    let status = problem::status(error);
    let mut page = ErrorPage {
        status: status.as_u16(),
        code: error.code().to_owned(),
        request_id: visit.ctx.request.to_string(),
        ..ErrorPage::default()
    };
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        page.retry_seconds = Some(RETRY_SECONDS);
    }
    if let Error::Rejected(rejection) = error {
        let refusal = rejected(visit, rejection);
        (page.message, page.remedy, page.clauses) =
            (Some(refusal.message), Some(refusal.remedy), refusal.clauses);
    }
    if status == StatusCode::UNAUTHORIZED {
        page.links.push(Link::new(&visit.text("sign-in"), "/sign-in"));
    }
    match visit.page_with(status, "", &page).await {
        Ok(response) => response,
        // The frame itself needs the store; without it a bare status is all there is.
        Err(second) => {
            problem::log(&second);
            status.into_response()
        }
    }
}

/// A refusal of the law in the reader's language; its words name every wrong field at once.
pub(crate) fn rejected(visit: &Visit, rejection: &Rejection) -> Refusal {
    Refusal {
        code: rejection.code.to_owned(),
        message: visit.pick(&rejection.zh, &rejection.en),
        remedy: visit.pick(&rejection.remedy_zh, &rejection.remedy_en),
        clauses: words::clauses(visit, &rejection.clauses),
    }
}

/// Any error as a refusal panel, for pages that keep what the person had written.
pub(crate) fn refusal(visit: &Visit, error: &Error) -> Refusal {
    match error {
        Error::Rejected(rejection) => rejected(visit, rejection),
        other => {
            problem::log(other);
            let (message, remedy) = visit.error_words(other.code());
            let detail = match subject(visit, other) {
                detail if detail.is_empty() => detail,
                detail => visit.text_with("refusal-detail", &[("detail", &detail)]),
            };
            Refusal { code: other.code().to_owned(), message: message + &detail, remedy, clauses: Vec::new() }
        }
    }
}

/// What an error is about, in the reader's language. What an error says in English is for programs and logs.
pub(crate) fn subject(visit: &Visit, error: &Error) -> String {
    let Error::Invalid { code, subject, .. } = error else { return String::new() };
    match *code {
        "domain.syntax" => place(visit, subject),
        "domain.intake" => visit.text_with("detail-faults", &[("count", subject)]),
        "account.role" => {
            subject.parse::<Role>().map_or_else(|_| subject.clone(), |role| role_name(visit, role))
        }
        "account.weak_password" => visit.error_words(subject).0,
        _ => subject.clone(),
    }
}

/// A place in a text, written `line:column token`.
fn place(visit: &Visit, subject: &str) -> String {
    let (at, token) = subject.split_once(' ').unwrap_or((subject, ""));
    let (line, column) = at.split_once(':').unwrap_or((at, ""));
    let key = if token.is_empty() { "detail-place-end" } else { "detail-place" };
    visit.text_with(key, &[("line", line), ("column", column), ("token", token)])
}

/// Whether a form may be shown again with this error; anything else gets its own page.
pub(crate) const fn can_be_mended(error: &Error) -> bool {
    matches!(
        error,
        Error::Rejected(_)
            | Error::Unfit(_)
            | Error::Invalid { .. }
            | Error::Conflict(_)
            | Error::Limited(_)
            | Error::Unavailable(_)
    ) || matches!(error, Error::NotFound(_) | Error::Forbidden(_))
}
