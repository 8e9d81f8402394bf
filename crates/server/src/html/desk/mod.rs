//! The desk and the portal: signing in, the inbox, cases, announcements, the public pages, administration, ledger.
//!
//! A handler takes a [`visit::Visit`], calls one use case and fills a struct of [`super::pages`]. Every POST carries
//! the form token, answers 303, and when it is refused shows the page again with what the person had written.

mod accounts;
pub(crate) mod act;
mod announcements;
pub(crate) mod case;
mod duties;
pub(crate) mod errors;
mod facts;
pub(crate) mod fields;
pub(crate) mod frame;
mod holidays;
mod inbox;
mod isolation;
mod jobs;
mod journal;
mod ledger;
mod objections;
mod open;
mod pack_checks;
mod pack_new;
mod pack_tools;
mod pack_versions;
mod packs;
mod paper;
mod papers;
mod people;
pub(crate) mod portal;
pub(crate) mod sent;
mod session;
#[cfg(test)]
mod tests;
pub(crate) mod visit;
pub(crate) mod words;

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::pages::help::{GUIDES, Guide, GuideLine, Help};
use super::pages::parts::Link;
use crate::state::Edge;
use visit::Visit;

/// The routes of these pages.
pub(crate) fn routes() -> Router<Edge> {
    Router::new()
        .route("/", get(front))
        .route("/help", get(help))
        .route("/help/{topic}", get(help))
        .merge(session::routes())
        .merge(inbox::routes())
        .merge(open::routes())
        .merge(case::routes())
        .merge(papers::routes())
        .merge(announcements::routes())
        .merge(portal::routes())
        .merge(objections::routes())
        .merge(ledger::routes())
        .merge(journal::routes())
        .merge(isolation::routes())
        .merge(packs::routes())
        .merge(pack_tools::routes())
        .merge(pack_checks::routes())
        .merge(pack_versions::routes())
        .merge(holidays::routes())
        .merge(pack_new::routes())
        .merge(accounts::routes())
        .merge(jobs::routes())
        .merge(duties::routes())
}

/// The front door: the inbox for who is signed in, the portal for everybody else.
async fn front(visit: Visit) -> Response {
    visit.send_on(if visit.ctx.is_person() { "/inbox" } else { "/portal" }, None)
}

async fn help(visit: Visit) -> Response {
    let line = |role: &str, number: usize, href: &str| GuideLine {
        text: visit.text(&format!("guide-{role}-{number}")),
        link: Link::new(&visit.text(&format!("guide-{role}-{number}-link")), href),
    };
    let guide = |(role, places): &(&str, &[&str])| Guide {
        code: (*role).to_owned(),
        title: visit.text(&format!("guide-{role}")),
        lines: places.iter().enumerate().map(|(at, href)| line(role, at + 1, href)).collect(),
    };
    let page =
        Help { version: env!("CARGO_PKG_VERSION").to_owned(), guides: GUIDES.iter().map(guide).collect() };
    let page = visit.page("help", &page).await;
    visit.answer(page).await
}

/// What is shown for an address that leads nowhere.
pub(crate) async fn not_found(visit: Visit) -> Response {
    errors::page(&visit, &app::Error::NotFound("http.not_found")).await
}
