//! The working calendar: loading the notice of a year, and putting it into use.

use app::Error;
use app::packs::{self, ActKind, HolidayNotice, VersionState};
use axum::Router;
use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::{get, post};
use base::Digest;

use super::errors;
use super::pack_checks::table;
use super::pack_versions::{may_propose, state_of, who};
use super::sent::Sent;
use super::visit::Visit;
use super::words;
use crate::html::pages::holidays::{AdminHolidays, HolidayRow, HolidayWaiting};
use crate::html::pages::parts::Table;
use crate::http::problem;
use crate::state::Edge;

const LIST: &str = "/admin/holidays";

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/admin/holidays", get(list).post(propose))
        .route("/admin/holidays/{digest}/activate", post(activate))
        .route("/admin/holidays/{digest}/withdraw", post(withdraw))
}

async fn list(visit: Visit) -> Response {
    let result = async {
        let page = page(&visit).await?;
        visit.page("packs", &page).await
    }
    .await;
    visit.answer(result).await
}

async fn page(visit: &Visit) -> Result<AdminHolidays, Error> {
    visit.signed_in()?;
    let calendar = visit.app.packs().calendar();
    let loaded = packs::holidays(&visit.app).await?;
    let proposes = may_propose(visit);
    let waits = loaded.iter().filter(|one| one.state == VersionState::Proposed);
    Ok(AdminHolidays {
        until: calendar.known_until().to_string(),
        years: years(visit),
        waiting: waits.map(|one| waiting(visit, one, proposes)).collect(),
        loaded: loaded.iter().map(|one| row(visit, one)).collect(),
        upload_href: proposes.then(|| LIST.to_owned()),
        example: packs::holidays_example(&visit.app),
        request_key: Visit::request_key(),
        ..AdminHolidays::default()
    })
}

/// The years in use, the newest first.
fn years(visit: &Visit) -> Table {
    let notices = visit.app.packs().calendar().notices().iter().rev();
    let row = |one: &app::regulation::calendar::Notice| {
        vec![one.year.to_string(), one.title.clone(), one.issued.to_string()]
    };
    let heads = [("year", false), ("holidays-title", false), ("holidays-issued", false)];
    table(visit, "holidays-in-use", &heads, notices.map(row).collect())
}

fn waiting(visit: &Visit, one: &HolidayNotice, proposes: bool) -> HolidayWaiting {
    let href = |end: &str| format!("{LIST}/{}/{end}", one.digest);
    let mine = one.proposer().and_then(|act| act.person) == Some(visit.ctx.principal.person);
    let days = packs::changed_days(&visit.app, one);
    let rows = days.as_deref().unwrap_or_default().iter().map(|(day, works)| {
        let key = if *works { "calendar-make-up" } else { "calendar-holiday" };
        vec![words::day(visit, *day), visit.text(key)]
    });
    let heads = [("clock-date", false), ("holidays-becomes", false)];
    let next = match (proposes, mine, &days) {
        (false, ..) => visit.text("holidays-next-authority"),
        (true, true, _) => visit.text("holidays-next-other"),
        (true, false, Ok(_)) => visit.text("holidays-next-activate"),
        (true, false, Err(error)) => visit.error_words(error.code()).0,
    };
    HolidayWaiting {
        title: one.title.clone(),
        year: one.year.to_string(),
        days: table(visit, "holidays-days", &heads, rows.collect()),
        text: one.text.clone(),
        next,
        activate_href: (proposes && !mine && days.is_ok()).then(|| href("activate")),
        withdraw_href: proposes.then(|| href("withdraw")),
    }
}

fn row(visit: &Visit, one: &HolidayNotice) -> HolidayRow {
    let (state, light) = state_of(visit, one.state);
    let by = |kind| {
        let act = one.acts.iter().rfind(|act| act.kind == kind)?;
        Some(format!("{} {}", who(visit, act), visit.day(act.at)))
    };
    HolidayRow {
        year: one.year.to_string(),
        title: one.title.clone(),
        state,
        light,
        proposed: by(ActKind::Proposed).unwrap_or_default(),
        activated: by(ActKind::Activated).unwrap_or_default(),
    }
}

async fn propose(visit: Visit, request: Request) -> Response {
    let result = async {
        visit.signed_in()?;
        let sent = Sent::read(&visit, request).await?;
        let text = sent.get("text").to_owned();
        let ctx = visit.keyed(sent.get("request_key"));
        let done = packs::propose_holidays(&visit.app, &ctx, &text).await;
        settled(&visit, done.map(|_| ()), "holidays-loaded", text).await
    }
    .await;
    visit.answer(result).await
}

async fn activate(visit: Visit, Path(notice): Path<String>, request: Request) -> Response {
    let result = async {
        visit.signed_in()?;
        let sent = Sent::read(&visit, request).await?;
        let ctx = visit.keyed(sent.get("request_key"));
        // The box is ticked: nobody moves every date by a slip.
        let done = match sent.get("sure") {
            "yes" => packs::activate_holidays(&visit.app, &ctx, digest(&notice)?).await,
            _ => Err(Error::invalid("form.required", "")),
        };
        settled(&visit, done, "holidays-activated", String::new()).await
    }
    .await;
    visit.answer(result).await
}

async fn withdraw(visit: Visit, Path(notice): Path<String>, request: Request) -> Response {
    let result = async {
        visit.signed_in()?;
        let sent = Sent::read(&visit, request).await?;
        let ctx = visit.keyed(sent.get("request_key"));
        let done = packs::withdraw_holidays(&visit.app, &ctx, digest(&notice)?).await;
        settled(&visit, done, "holidays-withdrawn", String::new()).await
    }
    .await;
    visit.answer(result).await
}

/// A digest in an address; anything else is not found, as an unknown one is.
fn digest(text: &str) -> Result<Digest, Error> {
    text.parse().map_err(|_| Error::NotFound("holidays.unknown"))
}

/// Back to the list with what was done, or the list with why it was not; what was written stays in the form.
async fn settled(
    visit: &Visit,
    done: Result<(), Error>,
    notice: &str,
    text: String,
) -> Result<Response, Error> {
    match done {
        Ok(()) => Ok(visit.send_on(LIST, Some(notice))),
        Err(error) if errors::can_be_mended(&error) => {
            let mut page = page(visit).await?;
            page.text = text;
            page.refusal = Some(errors::refusal(visit, &error));
            visit.page_with(problem::status(&error), "packs", &page).await
        }
        Err(error) => Err(error),
    }
}
