//! Papers of cases and printed forms, as PDF.

use app::cases::AttachmentBytes;
use app::documents::Lang;
use app::papers::{self, Paper};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::{Answer, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/cases/{case}/papers", get(list_papers))
        .route("/cases/{case}/papers/{paper}", get(issued_paper))
        .route("/cases/{case}/documents/{document}", get(printed_document))
        .route("/cases/{case}/forms/{form}/pdf", get(printed_form))
        .route("/procedures/{procedure}/form.pdf", get(blank_form))
}

/// `lang=en` for the labels of forms; what people and packs wrote stays as it is.
#[derive(Deserialize)]
struct Language {
    lang: Option<String>,
}

impl Language {
    fn of(&self) -> Lang {
        if self.lang.as_deref() == Some("en") { Lang::En } else { Lang::Zh }
    }
}

async fn list_papers(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(case): Path<String>,
) -> Answer<serde_json::Value> {
    let items: Vec<Paper> = papers::papers(&edge.app, &ctx, id(&case)?).await?;
    Ok(Json(serde_json::json!({ "items": items })))
}

async fn issued_paper(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((case, paper)): Path<(String, String)>,
) -> Result<Response, Problem> {
    Ok(pdf(papers::paper(&edge.app, &ctx, id(&case)?, id(&paper)?).await?))
}

async fn printed_document(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((case, document)): Path<(String, String)>,
    Query(language): Query<Language>,
) -> Result<Response, Problem> {
    Ok(pdf(papers::print_document(&edge.app, &ctx, id(&case)?, &document, language.of()).await?))
}

async fn printed_form(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((case, form)): Path<(String, String)>,
    Query(language): Query<Language>,
) -> Result<Response, Problem> {
    Ok(pdf(papers::print_form(&edge.app, &ctx, id(&case)?, &form, language.of()).await?))
}

async fn blank_form(
    State(edge): State<Edge>,
    Path(procedure): Path<String>,
    Query(language): Query<Language>,
) -> Result<Response, Problem> {
    Ok(pdf(papers::blank_form(&edge.app, &procedure, language.of()).await?))
}

/// A paper of ours, which the browser may show.
pub(crate) fn pdf(paper: AttachmentBytes) -> Response {
    super::attachments::file("inline", "application/pdf", &paper.file_name, paper.bytes)
}
