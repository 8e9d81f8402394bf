//! Authorisations, their certificates, and reports on the twins of what they were granted.

use app::tenants::{self, Certificate, CertificateDocument, Grant, GrantStatus, Tenant, TenantView};
use app::twins::{self, TwinReportView};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

use super::{Answer, Page, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/tenants", get(list_tenants))
        .route("/tenants/{tenant}", get(show_tenant))
        .route("/tenants/{tenant}/certificate", get(show_certificate))
        .route("/grants/{grant}/twin", get(show_twin_report))
        .route("/grants/{grant}/refresh", post(refresh_grant))
        .route("/resources/{resource}/grants", get(list_grants))
        .route("/tenants/{tenant}/certificate/document", get(show_document))
}

async fn list_tenants(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<Tenant>> {
    Ok(Json(Page { items: tenants::tenants(&edge.app, &ctx).await?, next: None }))
}

async fn show_tenant(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<TenantView> {
    Ok(Json(tenants::tenant_view(&edge.app, &ctx, id(&tenant)?).await?))
}

async fn show_twin_report(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(grant): Path<String>,
) -> Answer<TwinReportView> {
    Ok(Json(twins::twin_report(&edge.app, &ctx, id(&grant)?).await?))
}

async fn list_grants(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
) -> Answer<Page<GrantStatus>> {
    let items = tenants::grants_of_resource(&edge.app, &ctx, id(&resource)?).await?;
    Ok(Json(Page { items, next: None }))
}

async fn refresh_grant(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(grant): Path<String>,
) -> Result<(StatusCode, Json<Grant>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(tenants::refresh_grant(&edge.app, &ctx, id(&grant)?).await?)))
}

#[derive(Serialize)]
struct CertificateView {
    tenant: Tenant,
    certificate: Certificate,
}

async fn show_certificate(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<CertificateView> {
    let (tenant, certificate) = tenants::certificate(&edge.app, &ctx, id(&tenant)?).await?;
    Ok(Json(CertificateView { tenant, certificate }))
}

/// The certificate with its proofs, to be kept and checked elsewhere.
async fn show_document(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<CertificateDocument> {
    Ok(Json(tenants::certificate_document(&edge.app, &ctx, id(&tenant)?).await?.1))
}
