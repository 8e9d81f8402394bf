//! API keys: made under an agreement in force, shown once, revoked at once.

use app::Error;
use app::access::Role;
use app::offers::UsageState;
use app::usages::{self, KeyEntry, UsageRecord};
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use base::kind;

use super::agreements;
use crate::html::desk::errors;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::pages::market::{KeyRow, Keys, NewKey};
use crate::html::pages::parts::Light;
use crate::http::problem;
use crate::state::Edge;

/// Characters of a key's id that tell two apart.
const PREFIX_CHARS: usize = 8;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/keys", get(list).post(create)).route("/keys/{key}/revoke", post(revoke))
}

async fn list(visit: Visit) -> Response {
    let result = draw(&visit, StatusCode::OK, None, None).await;
    visit.answer(result).await
}

async fn draw(
    visit: &Visit,
    status: StatusCode,
    new_key: Option<NewKey>,
    error: Option<&Error>,
) -> Result<Response, Error> {
    let own = agreements::own(visit).await?;
    let mut rows = Vec::new();
    for usage in &own {
        let view = usages::usage_view(&visit.app, &visit.ctx, usage.agreement.id).await?;
        rows.extend(view.keys.iter().map(|entry| row(visit, usage, entry)));
    }
    let open: Vec<UsageRecord> =
        own.into_iter().filter(|usage| usage.agreement.state == UsageState::InForce).collect();
    let buyer = visit.ctx.principal.has(Role::Buyer);
    let page = Keys {
        rows,
        new_key,
        agreements: agreements::choices(visit, &open, ""),
        create_href: (buyer && !open.is_empty()).then(|| "/keys".to_owned()),
        request_key: Visit::request_key(),
        refusal: error.map(|error| errors::refusal(visit, error)),
    };
    visit.page_with(status, "keys", &page).await
}

fn row(visit: &Visit, usage: &UsageRecord, entry: &KeyEntry) -> KeyRow {
    let key = &entry.key;
    let end: Vec<char> = key.id.to_string().chars().rev().take(PREFIX_CHARS).collect();
    let (state, light) = match key.revoked_at {
        Some(_) => ("key-revoked", Light::Suspended),
        None if key.valid_until <= visit.ctx.now => ("key-expired", Light::Done),
        None => ("key-valid", Light::Normal),
    };
    KeyRow {
        id: key.id.to_string(),
        name: usage.product_name.clone(),
        prefix: end.into_iter().rev().collect(),
        agreement: agreements::number(visit, usage),
        created: visit.minute(entry.created),
        until: visit.day(key.valid_until),
        state: visit.text(state),
        light,
        revoke_href: (light == Light::Normal).then(|| format!("/keys/{}/revoke", key.id)),
    }
}

async fn create(visit: Visit, request: Request) -> Response {
    let result = try_create(&visit, request).await;
    visit.answer(result).await
}

/// The key's text is in this answer and nowhere else, so it is the page itself, without a redirect. The same form sent
/// twice shows the same key.
async fn try_create(visit: &Visit, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let id = agreements::parse(sent.get("agreement"))?;
    match usages::issue_key(&visit.app, &visit.keyed(sent.get("request_key")), id).await {
        Ok(issued) => {
            let usage = usages::usage_view(&visit.app, &visit.ctx, id).await?.usage;
            let shown = NewKey { name: usage.product_name, secret: issued.key };
            draw(visit, StatusCode::OK, Some(shown), None).await
        }
        Err(error) if errors::can_be_mended(&error) => {
            draw(visit, problem::status(&error), None, Some(&error)).await
        }
        Err(error) => Err(error),
    }
}

async fn revoke(visit: Visit, Path(key): Path<String>, request: Request) -> Response {
    let result = try_revoke(&visit, &key, request).await;
    visit.answer(result).await
}

async fn try_revoke(visit: &Visit, key: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::ApiKey>(key, "key.unknown")?;
    let sent = Sent::read(visit, request).await?;
    match usages::revoke_key(&visit.app, &visit.keyed(sent.get("request_key")), id).await {
        Ok(_) => Ok(visit.send_on("/keys", Some("key-revoked"))),
        Err(error) if errors::can_be_mended(&error) => {
            draw(visit, problem::status(&error), None, Some(&error)).await
        }
        Err(error) => Err(error),
    }
}
