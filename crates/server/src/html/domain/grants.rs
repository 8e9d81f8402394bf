//! Which snapshot of a resource a grant holds, and bringing it up to date.

use app::Error;
use app::resources::CatalogEntry;
use app::tenants::{self, GrantState, GrantStatus, RenewalState};
use axum::Router;
use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use base::{Id, kind};

use super::common::word;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::{Visit, local_path};
use crate::html::pages::catalog::GrantUse;
use crate::html::pages::parts::{GrantData, Light};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/grants/{grant}/refresh", post(refresh))
}

async fn refresh(visit: Visit, Path(grant): Path<String>, request: Request) -> Response {
    let result = try_refresh(&visit, &grant, request).await;
    visit.answer(result).await
}

async fn try_refresh(visit: &Visit, grant: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let id = Visit::id::<kind::Grant>(grant, "grant.unknown")?;
    let ctx = visit.keyed(sent.get("request_key"));
    tenants::refresh_grant(&visit.app, &ctx, id).await?;
    Ok(visit.send_on(local_path(sent.get("back")), Some("grant-refreshing")))
}

/// The authorisations that were granted a resource, with what they hold of it.
pub(super) async fn uses(visit: &Visit, entry: &CatalogEntry) -> Result<Vec<GrantUse>, Error> {
    let found = tenants::grants_of_resource(&visit.app, &visit.ctx, entry.id()).await?;
    let shown = found.iter().filter(|status| status.state != GrantState::Revoked);
    let row = |status: &GrantStatus| GrantUse {
        title: status.title.clone(),
        unit: status.unit_name.clone(),
        state: word(visit, "grant-state", &status.state),
        light: light(status.state),
        data: data(visit, entry, status),
    };
    Ok(shown.map(row).collect())
}

/// What a grant holds, what has become newer, and how the last renewal ended.
pub(super) fn data(visit: &Visit, entry: &CatalogEntry, status: &GrantStatus) -> GrantData {
    let number = |id: Id<kind::Snapshot>| {
        entry.snapshots.iter().position(|snapshot| snapshot.id == id).map(|place| (place + 1).to_string())
    };
    let version = |id| {
        let (number, at) = (number(id)?, visit.minute(status.taken_at?));
        Some(visit.text_with("grant-data-version", &[("number", &number), ("at", &at)]))
    };
    let newest = entry.newest().map(|(newest, _)| newest.id).filter(|_| !status.is_newest);
    let newer = newest.filter(|_| status.snapshot.is_some()).and_then(number);
    GrantData {
        version: status.snapshot.and_then(version).unwrap_or_else(|| "—".to_owned()),
        newer: newer.map(|number| visit.text_with("grant-data-newer", &[("number", &number)])),
        renewal: status
            .renewal
            .as_ref()
            .map_or_else(String::new, |last| word(visit, "renewal-state", &last.state)),
        light: match status.renewal.as_ref().map(|last| last.state) {
            Some(RenewalState::Preparing) => Light::DueSoon,
            Some(RenewalState::Refused | RenewalState::Failed) => Light::Overdue,
            Some(RenewalState::Ready | RenewalState::Same) | None => Light::Normal,
        },
        refresh_href: status.may_refresh.then(|| format!("/grants/{}/refresh", status.grant)),
        request_key: Visit::request_key(),
    }
}

/// The lamp of a grant.
pub(super) const fn light(state: GrantState) -> Light {
    match state {
        GrantState::Preparing => Light::DueSoon,
        GrantState::Ready => Light::Normal,
        GrantState::Failed | GrantState::Refused => Light::Overdue,
        GrantState::Revoked => Light::Suspended,
    }
}
