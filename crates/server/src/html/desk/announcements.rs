//! Announcements for who is signed in: what was published, and the way to write one.

use app::Error;
use app::cases::procedures;
use app::notices::{self, Notice, NoticeKind};
use app::objections::{self, Objection, Progress};
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
    let mut rows = Vec::with_capacity(found.len());
    for notice in &found {
        let objections = objections::about(&visit.app, &notice.id.to_string()).await?;
        rows.push(row(visit, notice, &objections));
    }
    let page = Announcements {
        rows,
        create_href: publishing(visit).map(|_| "/announcements/new".to_owned()),
        more_href: next.map(|after| format!("/announcements?after={after}")),
    };
    visit.page("announcements", &page).await
}

/// The procedure by which this person's unit publishes announcements, if it may.
fn publishing(visit: &Visit) -> Option<Procedure> {
    let mut mine = procedures(&visit.app, &visit.ctx).into_iter();
    mine.find(|procedure| procedure.brings(Effect::PublishNotice))
}

fn row(visit: &Visit, notice: &Notice, objections: &[Objection]) -> AnnouncementRow {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let open = |found: &&Objection| matches!(found.progress, Progress::Received | Progress::Registered);
    let waiting = count(objections.iter().filter(open).count());
    AnnouncementRow {
        title: title(visit, notice),
        href: format!("/portal/announcements/{}", notice.id),
        kind: kind(visit, notice),
        state: state(visit, notice),
        light: if waiting > 0 { Light::DueSoon } else { light(visit, notice) },
        published: visit.day(notice.published_at),
        window_end: notice.until.map(|until| until.to_string()).unwrap_or_default(),
        objections: count(objections.len()),
        objections_open: waiting,
    }
}

/// Whether what a notice opened is still open, as a lamp.
pub(super) fn light(visit: &Visit, notice: &Notice) -> Light {
    if notice.is_open(visit.today()) { Light::Normal } else { Light::Done }
}

/// Whether what a notice opened is still open, in words.
pub(super) fn state(visit: &Visit, notice: &Notice) -> String {
    visit.text(match (notice.is_open(visit.today()), notice.kind) {
        _ if notice.until.is_none() => "notice-open",
        (_, NoticeKind::Information) => "notice-open",
        (true, NoticeKind::Announcement) => "window-open",
        (true, NoticeKind::Result) => "window-open-result",
        (false, NoticeKind::Announcement) => "window-closed",
        (false, NoticeKind::Result) => "window-closed-result",
    })
}

/// The message that says until when.
pub(super) const fn window(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Announcement | NoticeKind::Information => "window-announcement",
        NoticeKind::Result => "window-result",
    }
}

/// The message that says what can still be done after that day.
pub(super) const fn closed(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Announcement | NoticeKind::Information => "closed-announcement",
        NoticeKind::Result => "closed-result",
    }
}

/// What a notice is about, in words.
pub(super) fn kind(visit: &Visit, notice: &Notice) -> String {
    visit.text(match notice.kind {
        NoticeKind::Announcement => "notice-announcement",
        NoticeKind::Result => "notice-result",
        NoticeKind::Information => "notice-information",
    })
}

/// A notice's title; a result names whom it is about.
pub(super) fn title(visit: &Visit, notice: &Notice) -> String {
    title_of(visit, &notice.title, notice.operator.as_deref())
}

/// The title of a notice with the unit it is about.
pub(super) fn title_of(visit: &Visit, title: &str, operator: Option<&str>) -> String {
    match operator {
        Some(operator) => visit.text_with("notice-result-title", &[("title", title), ("operator", operator)]),
        None => title.to_owned(),
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
