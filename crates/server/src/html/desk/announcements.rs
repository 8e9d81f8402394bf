//! Announcements for who is signed in: what was published, and the way to write one.

use app::Error;
use app::cases::procedures;
use app::notices::{self, Notice, NoticeKind};
use app::regulation::pack::{Effect, Procedure};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::visit::{Visit, encode};
use crate::html::pages::announcements::{AnnouncementRow, Announcements};
use crate::html::pages::parts::Light;
use crate::state::Edge;

/// Rows of one page.
const ROWS: u32 = 50;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/announcements", get(list))
        .route("/announcements/new", get(write))
        .route("/announcements/{notice}", get(show))
}

#[derive(Debug, Deserialize)]
struct After {
    after: Option<String>,
}

async fn list(visit: Visit, Query(page): Query<After>) -> Response {
    let result = rows(&visit, page.after.as_deref()).await;
    visit.answer(result).await
}

async fn rows(visit: &Visit, after: Option<&str>) -> Result<Response, Error> {
    visit.signed_in()?;
    let (found, next) = notices::notices(&visit.app, after, ROWS).await?;
    let page = Announcements {
        rows: found.iter().map(|notice| row(visit, notice)).collect(),
        create_href: publishing(visit).map(|_| "/announcements/new".to_owned()),
        more_href: next.map(|after| format!("/announcements?after={after}")),
    };
    visit.page("announcements", &page).await
}

/// The procedure by which this person's unit publishes announcements, if it may.
fn publishing(visit: &Visit) -> Option<Procedure> {
    let publishes = |procedure: &Procedure| {
        let mut actions = procedure.steps.iter().flat_map(|step| &step.actions);
        actions.any(|action| action.effects.contains(&Effect::PublishNotice))
    };
    procedures(&visit.app, &visit.ctx).into_iter().find(publishes)
}

fn row(visit: &Visit, notice: &Notice) -> AnnouncementRow {
    let open = open_objections(notice);
    AnnouncementRow {
        title: title(visit, notice),
        href: format!("/portal/announcements/{}", notice.id),
        kind: kind(visit, notice),
        state: visit.text("notice-open"),
        light: if open > 0 { Light::DueSoon } else { Light::Normal },
        published: visit.day(notice.published_at),
        window_end: String::new(),
        objections: u32::try_from(notice.objections.len()).unwrap_or(u32::MAX),
        objections_open: open,
    }
}

/// Objections that wait for their answer.
pub(super) fn open_objections(notice: &Notice) -> u32 {
    let open = notice.objections.iter().filter(|objection| objection.answered_at.is_none()).count();
    u32::try_from(open).unwrap_or(u32::MAX)
}

/// What a notice is about, in words.
pub(super) fn kind(visit: &Visit, notice: &Notice) -> String {
    visit.text(match notice.kind {
        NoticeKind::Announcement => "notice-announcement",
        NoticeKind::Result => "notice-result",
    })
}

/// A notice's title; a result names whom it is about.
pub(super) fn title(visit: &Visit, notice: &Notice) -> String {
    match &notice.operator {
        Some(operator) => {
            visit.text_with("notice-result-title", &[("title", &notice.title), ("operator", operator)])
        }
        None => notice.title.clone(),
    }
}

/// An announcement is a case like any other: its form is the paper form of the pack.
async fn write(visit: Visit) -> Response {
    let result = visit.signed_in().and_then(|()| {
        let procedure = publishing(&visit).ok_or(Error::Forbidden("access.denied"))?;
        Ok(visit.send_on(&format!("/cases/new?procedure={}", encode(&procedure.id)), None))
    });
    visit.answer(result).await
}

async fn show(visit: Visit, Path(notice): Path<String>) -> Response {
    visit.send_on(&format!("/portal/announcements/{}", encode(&notice)), None)
}
