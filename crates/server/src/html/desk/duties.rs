//! Periodic duties: what is owed until when, and the same for a calendar program.

use app::Error;
use app::duties::{self, DutyItem};
use app::regulation::duty::ical::Lang;
use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HOST};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::sent::Sent;
use super::visit::Visit;
use super::words;
use crate::html::pages::duties::{DutiesPage, DutyRow};
use crate::html::pages::parts::Light;
use crate::state::Edge;

/// Days before the due day from which on a duty is shown as due soon.
const SOON_DAYS: i32 = 10;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/duties", get(show))
        .route("/duties.ics", get(file))
        .route("/duties/feed", post(feed))
        .route("/calendar/{token}", get(read))
}

async fn show(visit: Visit) -> Response {
    let result = page(&visit, None).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, feed_new: Option<String>) -> Result<Response, Error> {
    visit.signed_in()?;
    let found = duties::duties(&visit.app, &visit.ctx).await?;
    let names = app::desk::unit_names(&visit.app).await?;
    let name =
        |code: &String| names.get(code).map_or_else(|| code.clone(), |unit| visit.pick(&unit.name, &unit.en));
    let row = |item: &DutyItem| DutyRow {
        name: visit.pick(&item.name.0, &item.name.1),
        period: visit.pick(&item.period.0, &item.period.1),
        units: item.units.iter().map(name).collect::<Vec<_>>().join(if visit.is_english() {
            ", "
        } else {
            "、"
        }),
        opens: item.opens_on.to_string(),
        due: item.due.to_string(),
        provisional: item.provisional,
        local_choice: item.local_choice,
        light: light(visit, item),
        case_href: item.case.map(|(case, _)| format!("/cases/{case}")),
        clauses: words::clauses(visit, &item.clauses),
    };
    let since = duties::feed_since(&visit.app, &visit.ctx).await?;
    let page = DutiesPage {
        rows: found.items.iter().map(row).collect(),
        more: (found.more > 0).then(|| found.more.to_string()),
        file_href: "/duties.ics".to_owned(),
        feed_since: since.map(|at| visit.day(at)).unwrap_or_default(),
        feed_new,
        feed_href: "/duties/feed".to_owned(),
    };
    visit.page("duties", &page).await
}

fn light(visit: &Visit, item: &DutyItem) -> Light {
    let today = visit.today();
    match item.case {
        Some((_, true)) => Light::Done,
        Some(_) if item.due < today => Light::Overdue,
        Some(_) if item.due <= today.plus_days(SOON_DAYS) => Light::DueSoon,
        Some(_) => Light::Normal,
        None => Light::Suspended,
    }
}

async fn file(visit: Visit) -> Response {
    let result = calendar(&visit).await;
    visit.answer(result).await
}

async fn calendar(visit: &Visit) -> Result<Response, Error> {
    visit.signed_in()?;
    let text = duties::calendar(&visit.app, &visit.ctx, lang(visit)).await?;
    Ok(calendar_file(text))
}

fn lang(visit: &Visit) -> Lang {
    if visit.is_english() { Lang::En } else { Lang::Zh }
}

fn calendar_file(text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"duties.ics\""),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

async fn feed(visit: Visit, request: Request) -> Response {
    let result = change_feed(&visit, request).await;
    visit.answer(result).await
}

/// Makes or ends the address for calendar programs. A new one is in this answer and nowhere else, so it is the page
/// itself, without a redirect.
async fn change_feed(visit: &Visit, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let sent = Sent::read(visit, request).await?;
    if sent.get("intent") == "end" {
        duties::close_feed(&visit.app, &visit.ctx).await?;
        return Ok(visit.send_on("/duties", Some("feed-ended")));
    }
    let secret = duties::open_feed(&visit.app, &visit.ctx).await?;
    let config = visit.app.config();
    let scheme = if config.secure_cookies { "https" } else { "http" };
    let home = match config.address.trim_end_matches('/') {
        "" => format!("{scheme}://{host}"),
        address => address.to_owned(),
    };
    let language = if visit.is_english() { "?lang=en" } else { "" };
    page(visit, Some(format!("{home}/calendar/{secret}.ics{language}"))).await
}

#[derive(Deserialize)]
struct Language {
    #[serde(default)]
    lang: String,
}

/// What a calendar program reads. It has no cookie, so the address says the language.
async fn read(visit: Visit, Path(token): Path<String>, Query(language): Query<Language>) -> Response {
    let lang = if language.lang == "en" { Lang::En } else { Lang::Zh };
    let token = token.strip_suffix(".ics").unwrap_or(&token);
    let result = duties::read_feed(&visit.app, token, visit.ctx.now, lang).await.map(calendar_file);
    visit.answer(result).await
}
