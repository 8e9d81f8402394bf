//! The tools of a legal officer as pages: a pack to print, one procedure with its diagram, two packs side by side.

use app::Error;
use app::regulation::pack::Pack;
use app::regulation::pack::tools::{self, Document, Lang};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use base::Date;
use serde::Deserialize;

use super::visit::Visit;
use crate::html::pages::packs::PackDocument;
use crate::html::pages::parts::{Choice, Link};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/admin/packs/{pack}/print", get(print))
        .route("/admin/packs/{pack}/procedures/{procedure}", get(procedure))
        .route("/admin/packs/{pack}/diff", get(diff))
        .route("/admin/packs/{pack}/calendar", get(calendar))
}

/// Links from a pack's page to its other views.
pub(super) fn links(visit: &Visit, pack: &Pack) -> Vec<Link> {
    let path = |path: &str| format!("/admin/packs/{}/{path}", pack.id);
    let mut links: Vec<Link> = [
        ("pack-print", "print"),
        ("pack-diff", "diff"),
        ("pack-duty-calendar", "calendar"),
        ("pack-check", "check"),
        ("pack-test", "test"),
        ("pack-coverage", "coverage"),
    ]
    .map(|(key, end)| Link::new(&visit.text(key), &path(end)))
    .into();
    if pack.id == visit.app.packs().current().id {
        links.push(Link::new(&visit.text("pack-versions"), "/admin/packs/versions"));
    }
    links
}

/// Days ahead of which the end of a text or of the calendar is named.
const ALARM_DAYS: u32 = 90;

/// What has to be renewed soon, in the reader's language.
pub(super) fn alarms(visit: &Visit, pack: &Pack) -> Vec<String> {
    let found = tools::alarms(pack, visit.app.packs().calendar(), visit.today(), ALARM_DAYS);
    found.iter().map(|alarm| visit.pick(&alarm.text.zh, &alarm.text.en)).collect()
}

async fn print(visit: Visit, Path(id): Path<String>) -> Response {
    let result = async {
        let pack = &*visit.app.packs().find(&id)?;
        let page = document(&visit, pack, &tools::print(pack));
        visit.page("packs", &page).await
    }
    .await;
    visit.answer(result).await
}

async fn procedure(visit: Visit, Path((id, name)): Path<(String, String)>) -> Response {
    let result = async {
        let pack = &*visit.app.packs().find(&id)?;
        let found = pack.procedures.get(&name).ok_or(Error::NotFound("pack.procedure"))?;
        let page = document(&visit, pack, &tools::procedure_document(pack, found));
        visit.page("packs", &page).await
    }
    .await;
    visit.answer(result).await
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    with: String,
}

async fn diff(visit: Visit, Path(id): Path<String>, Query(asked): Query<Asked>) -> Response {
    let result = async {
        let pack = &*visit.app.packs().find(&id)?;
        let all = visit.app.packs().all();
        let other = match asked.with.as_str() {
            "" => all.iter().find(|other| other.id != pack.id).map(std::sync::Arc::clone),
            with => Some(visit.app.packs().find(with)?),
        };
        let other = &*other.ok_or(Error::NotFound("pack.unknown"))?;
        let mut page = document(&visit, pack, &tools::diff(pack, other));
        let others = all.iter().filter(|one| one.id != pack.id);
        page.others = others.map(|one| Choice::new(&one.id, &one.name, one.id == other.id)).collect();
        page.compare_href = format!("/admin/packs/{}/diff", pack.id);
        visit.page("packs", &page).await
    }
    .await;
    visit.answer(result).await
}

/// The duties of this year and the next.
async fn calendar(visit: Visit, Path(id): Path<String>) -> Response {
    let result = async {
        let pack = &*visit.app.packs().find(&id)?;
        let year = visit.today().year();
        let day = |year, month, day| Date::new(year, month, day).map_err(|_| Error::NotFound("pack.unknown"));
        let (from, until) = (day(year, 1, 1)?, day(year.saturating_add(1), 12, 31)?);
        let owed = tools::duty_calendar(pack, visit.app.packs().calendar(), from, until);
        visit.page("packs", &document(&visit, pack, &owed)).await
    }
    .await;
    visit.answer(result).await
}

pub(super) fn document(visit: &Visit, pack: &Pack, found: &Document) -> PackDocument {
    PackDocument {
        back: Link::new(&pack.name, &format!("/admin/packs/{}", pack.id)),
        view: found.view(if visit.is_english() { Lang::En } else { Lang::Zh }),
        links: links(visit, pack),
        others: Vec::new(),
        compare_href: String::new(),
    }
}
