//! A request for a page: who asks, in which language, and the frame around the answer.
//!
//! Every page handler takes a [`Visit`]. It holds the context for the use cases, draws pages inside the shell, turns
//! errors into pages and sends people on after a command. What a form token is made of is the session's secret, or,
//! before sign-in, a secret of the browser's own cookie.

use app::access::{Role, SessionSecret};
use app::{App, Ctx, Error, identity};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base::{Date, Id, Kind, Timestamp};
use fluent_bundle::{FluentArgs, FluentValue};

use crate::html::assets::page_response;
use crate::html::locale::{LANGUAGE_COOKIE, Language};
use crate::html::pages::shell::{Notice, NoticeKind, Shell};
use crate::html::render::{Page, Renderer};
use crate::state::{Edge, SESSION_COOKIE, cookie};

/// The cookie of a browser before sign-in: only its own form tokens are made of it.
const GUEST_COOKIE: &str = "shuyu_guest";
/// The cookie of a message to be shown once.
const NOTICE_COOKIE: &str = "shuyu_notice";
/// The cookie of the role a person acts in, when it is not all of them.
pub(crate) const ROLE_COOKIE: &str = "shuyu_role";

/// A request for a page.
pub(crate) struct Visit {
    /// The application.
    pub(crate) app: App,
    /// Who asks and when.
    pub(crate) ctx: Ctx,
    /// The reader's language.
    pub(crate) language: Language,
    /// The roles held, whichever is worn now.
    pub(super) held: Vec<Role>,
    /// The session's token, to end it.
    pub(super) token: Option<String>,
    /// Every page says that this is a demonstration with fictional data.
    pub(super) is_demonstration: bool,
    renderer: Renderer,
    method: Method,
    secret: SessionSecret,
    is_new_guest: bool,
    had_session: bool,
    path: String,
    notice: Option<String>,
}

impl FromRequestParts<Edge> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Self::Rejection> {
        let app = edge.app.clone();
        let now = app.now();
        let token = cookie(&parts.headers, SESSION_COOKIE).map(str::to_owned);
        let found = match &token {
            Some(token) => identity::context_of(&app, token, now).await.map_err(|error| {
                tracing::error!(error.code = error.code(), error = ?error, "session cannot be read");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            })?,
            None => None,
        };
        let had_session = token.is_some() && found.is_none();
        let token = token.filter(|_| found.is_some());
        let mut ctx = found.unwrap_or_else(|| identity::anonymous(now));
        let held = ctx.principal.roles.clone();
        let worn = cookie(&parts.headers, ROLE_COOKIE).and_then(|role| role.parse::<Role>().ok());
        // Wearing one role only ever takes rights away.
        ctx.principal.roles.retain(|role| worn.is_none_or(|worn| worn == *role || !held.contains(&worn)));
        let guest = cookie(&parts.headers, GUEST_COOKIE).map(str::to_owned);
        let kept = token.as_ref().or(guest.as_ref()).and_then(|token| SessionSecret::parse(token).ok());
        let is_new_guest = kept.is_none();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self {
            language: Language::choose(
                cookie(&parts.headers, LANGUAGE_COOKIE),
                parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()),
            ),
            is_demonstration: edge.is_demonstration,
            renderer: edge.renderer.clone(),
            method: parts.method.clone(),
            secret: kept.unwrap_or_else(|| SessionSecret::new(app::clock::random_bytes())),
            is_new_guest,
            had_session,
            path,
            notice: cookie(&parts.headers, NOTICE_COOKIE).map(str::to_owned),
            app,
            ctx,
            held,
            token,
        })
    }
}

impl Visit {
    /// Whether English is read.
    pub(crate) fn is_english(&self) -> bool {
        self.language == Language::English
    }

    /// The text in the reader's language; Chinese where there is no other.
    pub(crate) fn pick(&self, zh: &str, en: &str) -> String {
        if self.is_english() && !en.is_empty() { en.to_owned() } else { zh.to_owned() }
    }

    /// A message of the locale files.
    pub(crate) fn text(&self, key: &str) -> String {
        self.text_with(key, &[])
    }

    /// A message of the locale files with its arguments. A missing message shows its key; a test holds both files to
    /// each other.
    pub(crate) fn text_with(&self, key: &str, args: &[(&'static str, &str)]) -> String {
        let mut values = FluentArgs::new();
        for (name, value) in args {
            // One of something is written otherwise than several.
            let value = match (*name, value.parse::<u64>()) {
                ("count", Ok(number)) => FluentValue::from(number),
                _ => FluentValue::from((*value).to_owned()),
            };
            values.set(*name, value);
        }
        self.renderer.locales().message(self.language, key, &values).unwrap_or_else(|error| {
            tracing::error!(error = %error, "message");
            key.to_owned()
        })
    }

    /// Several things in one line.
    pub(crate) fn joined<S: std::borrow::Borrow<str>>(&self, parts: &[S]) -> String {
        parts.join(&self.text("separator"))
    }

    /// A message of the locale files, if there is one.
    pub(crate) fn try_text(&self, key: &str) -> Option<String> {
        self.renderer.locales().message(self.language, key, &FluentArgs::new()).ok()
    }

    /// What is said about an error code: what happened and what to do.
    pub(crate) fn error_words(&self, code: &str) -> (String, String) {
        let words = self.renderer.locales().error_text(self.language, code);
        words.map_or_else(|_| (code.to_owned(), String::new()), |words| (words.title, words.remedy))
    }

    /// Seconds the legal zone is ahead of UTC.
    pub(crate) fn offset(&self) -> i32 {
        self.app.packs().current().counting.utc_offset_seconds
    }

    /// Today in the legal zone.
    pub(crate) fn today(&self) -> Date {
        self.ctx.now.date_at(self.offset())
    }

    /// The day of an instant in the legal zone.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        at.date_at(self.offset()).to_string()
    }

    /// An instant in the legal zone, to the minute.
    pub(crate) fn minute(&self, at: Timestamp) -> String {
        let text = at.format_at(self.offset());
        text.get(..16).map(str::to_owned).unwrap_or(text)
    }

    /// Path and query of this request.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// A fresh key for a form: sent twice, it has one effect.
    pub(crate) fn request_key() -> String {
        app::clock::random_bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// An id from an address.
    ///
    /// # Errors
    /// Not found under `code` when it is none.
    pub(crate) fn id<K: Kind>(text: &str, code: &'static str) -> Result<Id<K>, Error> {
        text.parse().map_err(|_| Error::NotFound(code))
    }

    /// Refuses who is not signed in.
    ///
    /// # Errors
    /// `access.sign_in`, or `access.session_expired` when there was a session.
    pub(crate) fn signed_in(&self) -> Result<(), Error> {
        if self.ctx.is_person() {
            return Ok(());
        }
        let code = if self.had_session { "access.session_expired" } else { "access.sign_in" };
        Err(Error::Unauthenticated(code))
    }

    /// Refuses a form whose token is not this session's.
    ///
    /// # Errors
    /// `http.csrf`.
    pub(crate) fn check_csrf(&self, token: &str) -> Result<(), Error> {
        // Without the cookie the token cannot be right, whatever it is.
        if !self.is_new_guest && self.secret.accepts_csrf(token) {
            return Ok(());
        }
        if self.had_session {
            self.signed_in()?
        }
        Err(Error::Forbidden("http.csrf"))
    }

    /// The context with the form's key, so that the same form sent twice has one effect.
    pub(crate) fn keyed(&self, request_key: &str) -> Ctx {
        let key = Some(request_key.to_owned()).filter(|key| !key.is_empty() && key.len() <= 128);
        Ctx { idempotency_key: key, ..self.ctx.clone() }
    }

    /// A page in its frame; `current` is the menu's entry.
    pub(crate) async fn page<P: Page>(&self, current: &str, page: &P) -> Result<Response, Error> {
        self.page_with(StatusCode::OK, current, page).await
    }

    /// A page with another status, for example a form that was sent wrong.
    pub(crate) async fn page_with<P: Page>(
        &self,
        status: StatusCode,
        current: &str,
        page: &P,
    ) -> Result<Response, Error> {
        let shell = super::frame::shell(self, current).await?;
        self.draw(status, shell, page)
    }

    /// A page with words above it that are in this answer only.
    pub(super) async fn page_saying<P: Page>(
        &self,
        status: StatusCode,
        current: &str,
        page: &P,
        words: String,
    ) -> Result<Response, Error> {
        let kind = if status.is_success() { NoticeKind::Done } else { NoticeKind::Warning };
        let mut shell = super::frame::shell(self, current).await?;
        shell.notice = Some(Notice { kind, text: words });
        self.draw(status, shell, page)
    }

    /// A public page: the same for everybody.
    pub(crate) fn public_page<P: Page>(&self, status: StatusCode, page: &P) -> Result<Response, Error> {
        self.draw(status, super::frame::public_shell(self), page)
    }

    /// Draws a page; the message to be shown once is in it and gone.
    pub(super) fn draw<P: Page>(
        &self,
        status: StatusCode,
        shell: Shell,
        page: &P,
    ) -> Result<Response, Error> {
        let html = self
            .renderer
            .render(self.language, &shell, page)
            .map_err(|error| Error::internal("html.template", error))?;
        let mut response = page_response(status, html);
        if self.notice.is_some() {
            self.set_cookie(&mut response, NOTICE_COOKIE, "", Some(0));
        }
        self.set_guest(&mut response);
        Ok(response)
    }

    /// The form token of this visit.
    pub(crate) fn csrf(&self) -> String {
        self.secret.csrf_token()
    }

    /// The message to be shown once, in words.
    pub(super) fn notice(&self) -> Option<String> {
        let text = self.notice.as_ref()?;
        let (code, argument) = text.split_once('~').unwrap_or((text, ""));
        let plain = code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        // A cookie is the browser's: only messages we have are ever shown.
        plain
            .then(|| self.text_with(&format!("notice-{code}"), &[("number", argument)]))
            .filter(|words| !words.starts_with("notice-"))
    }

    /// Sends the browser on after a command (303), with a message `notice-<code>` to be shown once.
    pub(crate) fn send_on(&self, to: &str, notice: Option<&str>) -> Response {
        let place = HeaderValue::from_str(to).unwrap_or_else(|_| HeaderValue::from_static("/"));
        let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
        if let Some(notice) = notice {
            self.set_cookie(&mut response, NOTICE_COOKIE, notice, Some(60));
        }
        self.set_guest(&mut response);
        response
    }

    /// The answer, or the page of the error.
    pub(crate) async fn answer(&self, result: Result<Response, Error>) -> Response {
        match result {
            Ok(response) => response,
            Err(Error::Unauthenticated(code)) if self.method == Method::GET => {
                let expired = if code == "access.session_expired" { "&expired=1" } else { "" };
                self.send_on(&format!("/sign-in?next={}{expired}", encode(&self.path)), None)
            }
            Err(error) => super::errors::page(self, &error).await,
        }
    }

    /// Sets a cookie of ours: for our pages only, not for scripts. `age` in seconds; without it until the browser
    /// closes.
    pub(super) fn set_cookie(&self, response: &mut Response, name: &str, value: &str, age: Option<i64>) {
        let secure = if self.app.config().secure_cookies { "; Secure" } else { "" };
        let age = age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}");
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }

    fn set_guest(&self, response: &mut Response) {
        if self.is_new_guest {
            self.set_cookie(response, GUEST_COOKIE, &self.secret.token(), None);
        }
    }
}

/// A place on this server to go to, or the inbox: an address from outside never leads away.
pub(crate) fn local_path(text: &str) -> &str {
    // Browsers drop control characters before they read an address: `/<TAB>/host` would be another host.
    let local = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !text.chars().any(char::is_control);
    if local { text } else { "/inbox" }
}

/// Percent-encodes a value for a query.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
