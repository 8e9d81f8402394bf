//! Invented rows that let a query of the workbench find something: made, listed, removed.

use std::collections::BTreeMap;

use app::Error;
use app::catalog::Parameter;
use app::topups::{self, PER_BRANCH, Reason, TopUp, TopUpRequest, Unfilled};
use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use base::{Id, kind};

use super::common::word;
use super::workbench::{Asked, parameter, parameter_names, tenant};
use crate::html::desk::errors;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::parts::{Fact, Link, Refusal};
use crate::html::pages::topups::{TopUpRow, TopUpsPage, UnfilledRow};
use crate::http::problem;
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/workbench/topups", get(show).post(make))
        .route("/workbench/topups/{topup}/remove", post(remove))
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = page(&visit, &asked).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = match tenant(visit, &asked.tenant).await?.1 {
        Some(id) => id,
        // The workbench says what somebody without a domain can do.
        None => return Ok(visit.send_on("/workbench", None)),
    };
    draw(visit, StatusCode::OK, id, String::new(), None).await
}

async fn chosen(visit: &Visit, asked: &Asked) -> Result<Id<kind::Tenant>, Error> {
    tenant(visit, &asked.tenant).await?.1.ok_or(Error::NotFound("tenant.unknown"))
}

async fn make(visit: Visit, Query(asked): Query<Asked>, request: Request) -> Response {
    let result = try_make(&visit, &asked, request).await;
    visit.answer(result).await
}

async fn try_make(visit: &Visit, asked: &Asked, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let id = chosen(visit, asked).await?;
    let sql = sent.get("sql").replace("\r\n", "\n");
    if sql.trim().is_empty() {
        let refusal = errors::refusal(visit, &Error::invalid("workbench.empty", ""));
        return draw(visit, StatusCode::UNPROCESSABLE_ENTITY, id, sql, Some(refusal)).await;
    }
    let (parameters, values) = match bound(&sql, &sent) {
        Ok(bound) => bound,
        Err(error) => {
            let refusal = errors::refusal(visit, &error);
            return draw(visit, problem::status(&error), id, sql, Some(refusal)).await;
        }
    };
    let rows_per_branch = sent.get("rows").parse().ok().or(Some(PER_BRANCH));
    let request = TopUpRequest { sql: sql.clone(), parameters, values, rows_per_branch };
    let ctx = visit.keyed(sent.get("request_key"));
    match topups::make(&visit.app, &ctx, id, &request).await {
        Ok(_) => Ok(visit.send_on(&format!("/workbench/topups?tenant={id}"), Some("topped-up"))),
        Err(error) if errors::can_be_mended(&error) => {
            let refusal = errors::refusal(visit, &error);
            draw(visit, problem::status(&error), id, sql, Some(refusal)).await
        }
        Err(error) => Err(error),
    }
}

/// The parameters of a query with what was written for them.
fn bound(sql: &str, sent: &Sent) -> Result<(Vec<Parameter>, BTreeMap<String, String>), Error> {
    let mut values = BTreeMap::new();
    for name in parameter_names(sql) {
        let value = sent.get(&format!("parameter.{name}")).trim().to_owned();
        if value.is_empty() {
            return Err(Error::invalid("catalog.missing_parameter", name));
        }
        values.insert(name, value);
    }
    Ok((values.iter().map(|(name, value)| parameter(name, value)).collect(), values))
}

async fn remove(
    visit: Visit,
    Path(topup): Path<String>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let result = try_remove(&visit, &topup, &asked, request).await;
    visit.answer(result).await
}

async fn try_remove(visit: &Visit, topup: &str, asked: &Asked, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let id = chosen(visit, asked).await?;
    let topup = Visit::id::<kind::TopUp>(topup, "topup.unknown")?;
    topups::remove(&visit.app, &visit.keyed(sent.get("request_key")), id, topup).await?;
    Ok(visit.send_on(&format!("/workbench/topups?tenant={id}"), Some("topup-removed")))
}

async fn draw(
    visit: &Visit,
    status: StatusCode,
    id: Id<kind::Tenant>,
    sql: String,
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    let found = topups::topups(&visit.app, &visit.ctx, id).await?;
    let page = TopUpsPage {
        bench: Link::new(&visit.text("menu-workbench"), &format!("/workbench?tenant={id}")),
        make_href: format!("/workbench/topups?tenant={id}"),
        rows: found.iter().map(|topup| row(visit, topup)).collect(),
        sql,
        per_branch: PER_BRANCH.to_string(),
        most: topups::PER_BRANCH_MAX.to_string(),
        request_key: Visit::request_key(),
        refusal,
    };
    visit.page_with(status, "workbench", &page).await
}

fn row(visit: &Visit, topup: &TopUp) -> TopUpRow {
    let rows = |rows: u64| visit.text_with("topup-rows", &[("count", &words::count(rows))]);
    TopUpRow {
        sql: topup.sql.clone(),
        by: topup.by.clone(),
        at: visit.minute(topup.at),
        tables: topup.tables.iter().map(|added| Fact::new(&added.table, &rows(added.rows))).collect(),
        filled: visit.text_with(
            "topup-filled",
            &[
                ("filled", &topup.filled.to_string()),
                ("all", &(topup.filled.saturating_add(topup.unfilled.len() as u64)).to_string()),
                ("rows", &topup.rows_per_branch.to_string()),
            ],
        ),
        unfilled: topup.unfilled.iter().map(|branch| unfilled(visit, branch)).collect(),
        record: Link::new(&topup.journal_seq.to_string(), &format!("/ledger?record={}", topup.journal_seq)),
        remove_href: format!("/workbench/topups/{}/remove?tenant={}", topup.id, topup.tenant),
    }
}

fn unfilled(visit: &Visit, branch: &Unfilled) -> UnfilledRow {
    let (node, number) = branch.place.node.rsplit_once(' ').unwrap_or((&branch.place.node, ""));
    let node = visit.try_text(&format!("topup-node-{node}")).unwrap_or_else(|| node.to_owned());
    UnfilledRow {
        place: format!("{node} {number}"),
        branch: self::branch(visit, &branch.place.branch),
        reason: match branch.reason {
            Reason::ManyRows | Reason::Unreadable | Reason::NotFound | Reason::Key => {
                word(visit, "topup-reason", &branch.reason)
            }
        },
    }
}

/// A branch in words; a number in it stands behind them.
fn branch(visit: &Visit, name: &str) -> String {
    let digits = name.rsplit_once(' ').filter(|(_, last)| last.bytes().all(|byte| byte.is_ascii_digit()));
    let (plain, number) =
        digits.map_or((name, String::new()), |(plain, number)| (plain, format!(" {number}")));
    let words = visit.try_text(&format!("topup-branch-{}", plain.replace(' ', "-")));
    words.unwrap_or_else(|| plain.to_owned()) + &number
}
