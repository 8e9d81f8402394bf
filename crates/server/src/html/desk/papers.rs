//! The papers of a case: those issued, and what can be printed of it now. All of them are PDF and ours, so the browser may
//! show them.

use app::cases::{AttachmentBytes, CaseView};
use app::documents::Lang;
use app::{Error, papers};
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;

use super::visit::{Visit, encode};
use super::words;
use crate::html::pages::case::{Paper, Papers};
use crate::html::pages::parts::Link;
use crate::http::pdf;
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/cases/{case}/papers/{paper}", get(issued))
        .route("/cases/{case}/documents/{document}", get(document))
        .route("/cases/{case}/forms/{form}/pdf", get(form))
        .route("/procedures/{procedure}/form.pdf", get(blank))
}

/// What the case page shows of papers.
///
/// # Errors
/// Storage faults.
pub(super) async fn of_case(visit: &Visit, view: &CaseView) -> Result<Papers, Error> {
    let state = &view.state;
    let here = format!("/cases/{}", state.id);
    let issued = papers::papers(&visit.app, &visit.ctx, state.id).await?;
    let issued = issued.iter().map(|paper| Paper {
        name: visit.pick(&paper.document, &paper.en),
        number: paper.number.clone().unwrap_or_default(),
        href: format!("{here}/papers/{}", paper.id),
        on: paper.on.to_string(),
        issuer: paper.issuer.clone(),
        size: words::bytes(paper.bytes),
        pages: paper.pages.to_string(),
        blanks: paper.blanks.iter().map(|(zh, en)| visit.pick(zh, en)).collect(),
    });
    let forms = view.forms.iter().filter(|form| state.forms.contains_key(&form.id)).map(|form| {
        Link::new(&visit.pick(&form.title, &form.en), &format!("{here}/forms/{}/pdf", encode(&form.id)))
    });
    let asked = papers::printable(&visit.app, state)
        .into_iter()
        .map(|(name, en)| Link::new(&visit.pick(&name, &en), &format!("{here}/documents/{}", encode(&name))));
    Ok(Papers { issued: issued.collect(), prints: forms.chain(asked).collect() })
}

fn lang(visit: &Visit) -> Lang {
    if visit.is_english() { Lang::En } else { Lang::Zh }
}

async fn answer(visit: &Visit, file: Result<AttachmentBytes, Error>) -> Response {
    visit.answer(file.map(pdf)).await
}

async fn issued(visit: Visit, Path((case, paper)): Path<(String, String)>) -> Response {
    let read = async {
        visit.signed_in()?;
        let (case, paper) = (Visit::id(&case, "case.unknown")?, Visit::id(&paper, "paper.unknown")?);
        papers::paper(&visit.app, &visit.ctx, case, paper).await
    };
    let file = read.await;
    answer(&visit, file).await
}

async fn document(visit: Visit, Path((case, document)): Path<(String, String)>) -> Response {
    let read = async {
        visit.signed_in()?;
        let case = Visit::id(&case, "case.unknown")?;
        papers::print_document(&visit.app, &visit.ctx, case, &document, lang(&visit)).await
    };
    let file = read.await;
    answer(&visit, file).await
}

async fn form(visit: Visit, Path((case, form)): Path<(String, String)>) -> Response {
    let read = async {
        visit.signed_in()?;
        let case = Visit::id(&case, "case.unknown")?;
        papers::print_form(&visit.app, &visit.ctx, case, &form, lang(&visit)).await
    };
    let file = read.await;
    answer(&visit, file).await
}

/// The form to be filled in by hand, for everybody.
async fn blank(visit: Visit, Path(procedure): Path<String>) -> Response {
    let file = papers::blank_form(&visit.app, &procedure, lang(&visit)).await;
    answer(&visit, file).await
}
