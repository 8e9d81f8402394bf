//! Periodic duties: what is owed until when, and the same for a calendar program.

use app::Error;
use app::duties::{self, DutyItem};
use app::regulation::duty::ical::Lang;
use axum::Router;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::visit::Visit;
use super::words;
use crate::html::pages::duties::{DutiesPage, DutyRow};
use crate::html::pages::parts::Light;
use crate::state::Edge;

/// Days before the due day from which on a duty is shown as due soon.
const SOON_DAYS: i32 = 10;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/duties", get(show)).route("/duties.ics", get(file))
}

async fn show(visit: Visit) -> Response {
    let result = page(&visit).await;
    visit.answer(result).await
}

async fn page(visit: &Visit) -> Result<Response, Error> {
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
    let page = DutiesPage { rows: found.iter().map(row).collect(), file_href: "/duties.ics".to_owned() };
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
    let lang = if visit.is_english() { Lang::En } else { Lang::Zh };
    let text = duties::calendar(&visit.app, &visit.ctx, lang).await?;
    let headers = [
        (CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"duties.ics\""),
    ];
    Ok((headers, text).into_response())
}
