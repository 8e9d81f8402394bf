//! Errors as RFC 9457 problem documents: one place decides status and shape.

use app::{Error, ErrorKind};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An error on its way out.
#[derive(Debug)]
pub struct Problem(pub Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// One place of the input that is wrong.
#[derive(Debug, Serialize)]
struct Place {
    field: String,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zh: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    en: Option<String>,
}

/// What would help, in both languages.
#[derive(Debug, Serialize)]
struct Remedy {
    zh: String,
    en: String,
}

/// The document.
#[derive(Debug, Serialize)]
struct Document {
    r#type: String,
    title: String,
    status: u16,
    code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    /// What is wrong in Chinese, where a rule of the pack refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    zh: Option<String>,
    /// The same in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    en: Option<String>,
    clauses: Vec<String>,
    /// The rule in the words of those clauses.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<Remedy>,
    errors: Vec<Place>,
}

/// The status an error is answered with.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error.kind() {
        ErrorKind::Invalid => match error.code() {
            "http.method" => StatusCode::METHOD_NOT_ALLOWED,
            "http.media_type" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            // Well-formed, and refused for what it says: a query, or the rows of a file.
            code if code.starts_with("domain.") => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::BAD_REQUEST,
        },
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Rejected => StatusCode::UNPROCESSABLE_ENTITY,
        // What is too large stays too large; what comes too often may come again later.
        ErrorKind::Limited if error.code().ends_with("too_large") => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Limited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Logs a fault once, where it is handled.
pub(crate) fn log(error: &Error) {
    if let Error::Internal { code, source } = error {
        tracing::error!(error.code = code, error = ?source, "a request failed");
    }
}

fn document(error: &Error) -> Document {
    let status = status(error);
    let mut document = Document {
        r#type: format!("/help/errors#{}", error.code()),
        title: error.to_string(),
        status: status.as_u16(),
        code: error.code().to_owned(),
        detail: String::new(),
        zh: None,
        en: None,
        clauses: Vec::new(),
        rule: None,
        remedy: None,
        errors: Vec::new(),
    };
    match error {
        Error::Invalid { detail, fields, .. } => {
            document.detail.clone_from(detail);
            document.errors = fields
                .iter()
                .map(|place| Place {
                    field: place.field.clone(),
                    code: place.code.clone(),
                    row: place.row,
                    zh: None,
                    en: None,
                })
                .collect();
        }
        Error::Rejected(rejection) => {
            document.detail.clone_from(&rejection.en);
            document.zh = Some(rejection.zh.clone());
            document.en = Some(rejection.en.clone());
            document.clauses.clone_from(&rejection.clauses);
            document.rule = Some(rejection.rule.clone()).filter(|rule| !rule.is_empty());
            document.remedy =
                Some(Remedy { zh: rejection.remedy_zh.clone(), en: rejection.remedy_en.clone() });
            document.errors = rejection
                .fields
                .iter()
                .map(|place| Place {
                    field: place.field.clone(),
                    code: place.code.to_owned(),
                    row: None,
                    zh: Some(place.zh.clone()),
                    en: Some(place.en.clone()),
                })
                .collect();
        }
        Error::Refused(refusal) => {
            document.detail = refusal.subject.clone().unwrap_or_default();
            document.remedy =
                Some(Remedy { zh: refusal.legal_form_zh.clone(), en: refusal.legal_form_en.clone() });
        }
        Error::Unfit(report) => {
            document.errors = report
                .blocking()
                .map(|line| Place {
                    field: line.place.clone(),
                    code: line.code.clone(),
                    row: line.line.map(u64::from),
                    zh: Some(line.zh.clone()),
                    en: Some(line.en.clone()),
                })
                .collect();
        }
        // The cause of a fault is for the log, not for the caller.
        Error::Internal { .. } => "internal fault".clone_into(&mut document.title),
        _ => {}
    }
    document
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        log(&self.0);
        let status = status(&self.0);
        let mut response = (status, Json(document(&self.0))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_status() {
        let cases = [
            (Error::invalid("form.bad", "x"), 400),
            (Error::invalid("http.method", ""), 405),
            (Error::Unauthenticated("access.sign_in"), 401),
            (Error::Forbidden("access.denied"), 403),
            (Error::NotFound("case.unknown"), 404),
            (Error::Conflict("storage.conflict"), 409),
            (Error::Limited("attachment.too_large"), 413),
            (Error::Limited("access.throttled"), 429),
            (Error::Unavailable("storage.busy"), 503),
            (Error::internal("x.y", "secret cause"), 500),
        ];
        for (error, expected) in cases {
            assert_eq!(status(&error).as_u16(), expected, "{error}");
            let text = serde_json::to_string(&document(&error)).unwrap();
            assert!(text.contains(error.code()) && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_busy_server_says_when_to_come_back() {
        let response = Problem(Error::Unavailable("storage.busy")).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
}
