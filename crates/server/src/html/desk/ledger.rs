//! The ledger: what was signed, and the way from any record to it, for anybody.

use app::ledger::{self, Verification};
use app::{Error, desk};
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use base::Digest;
use serde::Deserialize;

use super::visit::Visit;
use super::words;
use crate::html::pages::ledger::{Ledger, ProofStep, RecordProof};
use crate::html::pages::parts::Fact;
use crate::html::pages::portal::PortalLedger;
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/ledger", get(show)).route("/portal/ledger", get(show_public))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    record: String,
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = match page(&visit, &asked.record, "/ledger").await {
        Ok(page) => visit.page("ledger", &page).await,
        Err(error) => Err(error),
    };
    visit.answer(result).await
}

async fn show_public(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = match page(&visit, &asked.record, "/portal/ledger").await {
        Ok(page) => visit.public_page(StatusCode::OK, &PortalLedger(page)),
        Err(error) => Err(error),
    };
    visit.answer(result).await
}

async fn page(visit: &Visit, record: &str, action_href: &str) -> Result<Ledger, Error> {
    let record = record.trim();
    let mut page = Ledger {
        search: record.chars().take(100).collect(),
        action_href: action_href.to_owned(),
        checkpoint_href: "/ledger/checkpoint".to_owned(),
        key: ledger::key(&visit.app),
        ..Ledger::default()
    };
    if !record.is_empty() {
        match find(visit, record).await {
            Ok(found) => page.proof = Some(proof(visit, &found)),
            Err(Error::NotFound(_) | Error::Unavailable("ledger.pending")) => page.not_found = true,
            Err(error) => return Err(error),
        }
    }
    // Read after the proof, so that what is shown covers it.
    match ledger::ledger_view(&visit.app, &visit.ctx).await {
        Ok(view) => {
            page.origin = view.origin;
            page.size = words::count(view.size);
            page.root = view.root.to_string();
            page.checkpoint = view.checkpoint;
            page.last_at = view.last_at.map(|at| at.format_at(visit.offset())).unwrap_or_default();
        }
        Err(Error::Unavailable("ledger.unpublished")) => page.size = "0".to_owned(),
        Err(error) => return Err(error),
    }
    Ok(page)
}

/// A record by its number or its leaf hash, or the last one of a case by the case's number.
async fn find(visit: &Visit, record: &str) -> Result<Verification, Error> {
    let digits: String = record.chars().filter(|c| *c != ',').collect();
    if let Ok(number) = digits.parse::<u64>() {
        return ledger::verify_record(&visit.app, &visit.ctx, number).await;
    }
    if let Ok(digest) = record.to_ascii_lowercase().parse::<Digest>() {
        let number = ledger::record_by_digest(&visit.app, &visit.ctx, digest).await?;
        return ledger::verify_record(&visit.app, &visit.ctx, number).await;
    }
    visit.signed_in().map_err(|_| Error::NotFound("ledger.record"))?;
    let case = desk::case_by_number(&visit.app, &visit.ctx, record).await?;
    let records = desk::case_records(&visit.app, &visit.ctx, case).await?;
    let (_, number) = records.last().ok_or(Error::NotFound("ledger.record"))?;
    ledger::verify_record(&visit.app, &visit.ctx, *number).await
}

fn proof(visit: &Visit, found: &Verification) -> RecordProof {
    let fact = |key: &str, value: &str| Fact::new(&visit.text(key), value);
    let mut facts: Vec<Fact> = found.about.iter().map(|about| fact("subject", about)).collect();
    if let Some(entry) = &found.entry {
        if facts.is_empty() {
            facts.push(fact("subject", &entry.subject));
        }
        facts.push(fact("proof-payload", &entry.payload_digest.to_string()));
        if !entry.clauses.is_empty() {
            facts.push(fact("basis", &entry.clauses.join("、")));
        }
    }
    RecordProof {
        index: words::count(found.proof.seq),
        at: found.at.format_at(visit.offset()),
        kind: super::journal::action(visit, &found.action),
        facts,
        withheld: found.entry.is_none(),
        leaf: found.leaf.to_string(),
        steps: found
            .steps
            .iter()
            .map(|step| ProofStep {
                level: step.level,
                sibling_left: step.sibling_left,
                sibling: step.sibling.to_string(),
                result: step.result.to_string(),
            })
            .collect(),
        root: found.root.to_string(),
        verified: found.verified,
        bundle_href: format!("/api/v1/ledger/records/{}/proof", found.proof.seq),
    }
}
