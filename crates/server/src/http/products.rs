//! Products: made by operators, listed for everybody.

use app::access::Role;
use app::products::{NewProduct, ProductRecord, Proposal};
use app::{Ctx, usages};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;

use super::{Answer, Body, Page, PageQuery, Problem, id};
use crate::state::{Caller, Edge};

/// Limit: bytes of a leaked file.
const LEAK_BYTES_MAX: usize = 64 * 1024 * 1024;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/tenants/{tenant}/products", post(create))
        .route("/products", get(list))
        .route("/products/{product}", get(one))
        .route("/products/{product}/passport", get(passport))
        .route("/products/{product}/traces", post(trace).layer(DefaultBodyLimit::max(LEAK_BYTES_MAX)))
        .route("/products/{product}/plan", put(propose))
        .route("/products/{product}/suspension", post(suspend))
        .route("/products/{product}/usages", post(draft_usage))
}

async fn create(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
    Body(new): Body<NewProduct>,
) -> Result<(StatusCode, Json<ProductRecord>), Problem> {
    let made = app::products::create_product(&edge.app, &ctx, id(&tenant)?, &new).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
) -> Answer<Page<ProductRecord>> {
    let (items, next) =
        app::products::products_page(&edge.app, &ctx, page.after.as_deref(), page.limit()).await?;
    Ok(Json(Page { items: items.into_iter().map(|record| shown_to(record, &ctx)).collect(), next }))
}

async fn one(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(product): Path<String>,
) -> Answer<ProductRecord> {
    Ok(Json(shown_to(app::products::product(&edge.app, &ctx, id(&product)?).await?, &ctx)))
}

/// A listed product is public, the estimate of income and cost behind its price is not.
pub(crate) fn shown_to(mut record: ProductRecord, ctx: &Ctx) -> ProductRecord {
    let judges = [Role::Authority, Role::Supervisor];
    let inside = ctx.principal.unit == record.product.operator
        || ctx.principal.roles.iter().any(|role| judges.contains(role));
    if !(ctx.is_person() && inside) {
        record.proposed = None;
        // How copies are marked is of no use but to whoever would wash a mark out.
        record.marking = None;
    }
    record
}

/// The body is a part of the data set that was found outside: CSV or Parquet.
async fn trace(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(product): Path<String>,
    leak: Bytes,
) -> Answer<app::watermarks::Trace> {
    Ok(Json(app::watermarks::trace(&edge.app, &ctx, id(&product)?, leak).await?))
}

async fn passport(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(product): Path<String>,
) -> Answer<app::offers::Passport> {
    Ok(Json(app::products::passport(&edge.app, &ctx, id(&product)?).await?))
}

async fn propose(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(product): Path<String>,
    Body(proposal): Body<Proposal>,
) -> Answer<ProductRecord> {
    Ok(Json(app::products::propose_price(&edge.app, &ctx, id(&product)?, &proposal).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suspension {
    /// Off the market, or back on it.
    off: bool,
}

async fn suspend(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(product): Path<String>,
    Body(order): Body<Suspension>,
) -> Answer<ProductRecord> {
    let record = app::products::suspend_product(&edge.app, &ctx, id(&product)?, order.off).await?;
    Ok(Json(shown_to(record, &ctx)))
}

async fn draft_usage(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(product): Path<String>,
    Body(new): Body<usages::NewUsage>,
) -> Result<(StatusCode, Json<usages::UsageRecord>), Problem> {
    let drafted = usages::draft_usage(&edge.app, &ctx, id(&product)?, &new).await?;
    Ok((StatusCode::CREATED, Json(drafted)))
}
