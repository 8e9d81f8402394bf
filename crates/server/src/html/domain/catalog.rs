//! The catalog's list.

use std::collections::BTreeSet;

use app::Error;
use app::access::Role;
use app::resources::{self, CatalogEntry};
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::common::more;
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::catalog::{Catalog, CatalogRow};
use crate::html::pages::parts::{Choice, Light};
use crate::state::Edge;

/// Rows of one page.
const ROWS: u32 = 50;
/// Pages of the store looked through for a filter.
const FILTER_PAGES: usize = 10;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/catalog", get(show))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    provider: String,
    after: Option<String>,
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = page(&visit, &asked).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let (entries, next) = list(visit, asked).await?;
    let providers: BTreeSet<(&str, &str)> =
        entries.iter().map(|entry| (entry.provider.as_str(), entry.unit_name.as_str())).collect();
    let mut choices = vec![Choice::new("", &visit.text("provider-all"), asked.provider.is_empty())];
    choices.extend(providers.iter().map(|(code, name)| Choice::new(code, name, *code == asked.provider)));
    let may_register = visit.ctx.principal.has(Role::Provider);
    let page = Catalog {
        rows: entries.iter().map(|entry| row(visit, entry)).collect(),
        providers: choices,
        search: asked.q.clone(),
        filtered: !(asked.q.is_empty() && asked.provider.is_empty()),
        register_href: may_register.then(|| "/catalog/register".to_owned()),
        twins_href: [Role::Provider, Role::Authority, Role::Supervisor]
            .iter()
            .any(|role| visit.ctx.principal.has(*role))
            .then(|| "/catalog/twins".to_owned()),
        more_href: more("/catalog", &[("q", &asked.q), ("provider", &asked.provider)], next),
    };
    visit.page("catalog", &page).await
}

async fn list(visit: &Visit, asked: &Asked) -> Result<(Vec<CatalogEntry>, Option<String>), Error> {
    let text = asked.q.trim();
    let fits = |entry: &CatalogEntry| {
        let found = [&entry.code, &entry.name_zh, &entry.name_en, &entry.unit_name];
        (text.is_empty() || found.iter().any(|name| name.contains(text)))
            && (asked.provider.is_empty() || entry.provider == asked.provider)
    };
    let mut after = asked.after.clone();
    let mut entries = Vec::new();
    for _ in 0..FILTER_PAGES {
        let (items, next) = resources::catalog(&visit.app, &visit.ctx, after.as_deref(), ROWS).await?;
        entries.extend(items.into_iter().filter(fits));
        after = next;
        if after.is_none() || entries.len() >= ROWS as usize {
            break;
        }
    }
    Ok((entries, after))
}

fn row(visit: &Visit, entry: &CatalogEntry) -> CatalogRow {
    let (state, light) = state(visit, entry);
    let newest = entry.newest().map(|(snapshot, _)| snapshot);
    let levels = entry.columns.iter().filter_map(|column| column.classification.as_ref());
    CatalogRow {
        name: visit.pick(&entry.name_zh, &entry.name_en),
        code: entry.code.clone(),
        href: format!("/catalog/{}", entry.id()),
        provider: entry.unit_name.clone(),
        rows: newest.map_or_else(|| "—".to_owned(), |snapshot| words::count(snapshot.rows)),
        grade: levels
            .map(|known| known.level)
            .max()
            .map_or_else(|| "—".to_owned(), |level| grade(visit, level)),
        state,
        light,
        updated: newest.map_or_else(|| visit.day(entry.created), |snapshot| visit.day(snapshot.taken_at)),
    }
}

/// A grade in words.
pub(super) fn grade(visit: &Visit, level: u8) -> String {
    visit.text(&format!("grade-{level}"))
}

/// Whether the resource may be used, in words and as a lamp.
pub(super) fn state(visit: &Visit, entry: &CatalogEntry) -> (String, Light) {
    if entry.columns.is_empty() {
        return (visit.text("resource-no-data"), Light::Suspended);
    }
    let open = entry.columns.iter().filter(|column| column.classification.is_none()).count();
    if open > 0 {
        return (visit.text_with("resource-open-columns", &[("count", &open.to_string())]), Light::DueSoon);
    }
    (visit.text("resource-classified"), Light::Normal)
}
