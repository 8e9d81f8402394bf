//! What every handler has at hand, and who calls.

use app::{App, Ctx};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use crate::html::render::Renderer;
use crate::http::problem::Problem;

/// The cookie that holds the session token.
pub(crate) const SESSION_COOKIE: &str = "shuyu_session";
/// Longest accepted idempotency key, in bytes.
const IDEMPOTENCY_KEY_MAX: usize = 200;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub struct Edge {
    /// The use cases.
    pub app: App,
    /// The pages.
    pub renderer: Renderer,
    /// The data folder holds the demonstration: its pages say so.
    pub is_demonstration: bool,
}

impl Edge {
    /// What the handlers of an installation have at hand.
    #[must_use]
    pub fn new(app: App, renderer: Renderer) -> Self {
        let is_demonstration = crate::commands::demo::is_demonstration(&app.config().data);
        Self { app, renderer, is_demonstration }
    }
}

/// The session token of a request and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) in_cookie: bool,
}

/// Reads the token: the `Authorization` header before the cookie.
pub(crate) fn token(headers: &HeaderMap) -> Option<Token> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(text) = bearer.and_then(|value| value.strip_prefix("Bearer ")) {
        return Some(Token { text: text.trim().to_owned(), in_cookie: false });
    }
    let text = cookie(headers, SESSION_COOKIE)?;
    Some(Token { text: text.to_owned(), in_cookie: true })
}

/// A cookie's value.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name && !value.is_empty()).then_some(value))
}

/// Who calls: a signed-in person, or nobody.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Ctx);

impl FromRequestParts<Edge> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let now = edge.app.now();
        let mut ctx = match token(&parts.headers) {
            None => app::identity::anonymous(now),
            Some(token) => {
                let found = app::identity::context_of(&edge.app, &token.text, now).await?;
                let ctx = found.ok_or(app::Error::Unauthenticated("access.session_ended"))?;
                if token.in_cookie && is_unsafe(&parts.method) {
                    check_csrf(&parts.headers, &token.text)?;
                }
                ctx
            }
        };
        ctx.idempotency_key = idempotency_key(&parts.headers)?;
        Ok(Self(ctx))
    }
}

const fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A browser sends the cookie by itself; only our own pages know the token that goes with it.
fn check_csrf(headers: &HeaderMap, session: &str) -> Result<(), Problem> {
    let given = headers.get("x-csrf-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if app::identity::accepts_csrf(session, given) {
        Ok(())
    } else {
        Err(app::Error::Forbidden("http.csrf").into())
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim);
    match key.filter(|key| !key.is_empty() && key.len() <= IDEMPOTENCY_KEY_MAX) {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(app::Error::invalid("http.idempotency_key", "").into()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_header_goes_before_the_cookie() {
        let mut headers = HeaderMap::new();
        assert_eq!(token(&headers), None);
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; shuyu_session=tok; c=d"));
        assert_eq!(token(&headers), Some(Token { text: "tok".into(), in_cookie: true }));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer other"));
        assert_eq!(token(&headers), Some(Token { text: "other".into(), in_cookie: false }));
        assert_eq!(cookie(&headers, "missing"), None);
    }

    #[test]
    fn an_idempotency_key_is_bounded() {
        let mut headers = HeaderMap::new();
        assert!(idempotency_key(&headers).unwrap().is_none());
        headers.insert("idempotency-key", HeaderValue::from_static("k-1"));
        assert_eq!(idempotency_key(&headers).unwrap().as_deref(), Some("k-1"));
        headers.insert("idempotency-key", HeaderValue::from_str(&"k".repeat(201)).unwrap());
        assert!(idempotency_key(&headers).is_err());
    }
}
