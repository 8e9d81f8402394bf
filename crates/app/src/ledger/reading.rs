//! Reading the journal, for who may.

use access::{Action, ResourceRef};
use base::{Digest, Id, Timestamp, kind};
use serde::Serialize;
use storage::journal::{self, Row};

use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// Rows of the journal in one answer.
const JOURNAL_PAGE_MAX: u32 = 200;

/// A row of the journal, without its sealed particulars.
#[derive(Debug, Clone, Serialize)]
pub struct JournalLine {
    /// Number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// To what.
    pub subject: String,
    /// Under which right.
    pub permit: String,
    /// The clauses it rests on.
    pub clauses: Vec<String>,
    /// Leaf hash of its entry.
    pub digest: Digest,
}

fn line(row: &Row) -> JournalLine {
    let clauses = ledger::JournalEntry::parse(&row.entry).map(|entry| entry.clauses).unwrap_or_default();
    JournalLine {
        seq: row.seq,
        at: row.at,
        action: row.action.clone(),
        actor: row.actor.clone(),
        subject: row.subject.clone(),
        permit: row.permit.clone(),
        clauses,
        digest: row.digest,
    }
}

/// The journal, newest first, before a row if given; of one subject if given.
///
/// # Errors
/// Not allowed: only authority and supervisors read the whole journal.
pub async fn journal(
    app: &App,
    ctx: &Ctx,
    subject: Option<&str>,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<JournalLine>> {
    app.permit(ctx, Action::JournalView, ResourceRef::platform())?;
    let limit = limit.min(JOURNAL_PAGE_MAX);
    let rows = app
        .store()
        .read("journal.list", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(match subject {
                    Some(subject) => journal::by_subject(tx, subject, before, limit).await?,
                    None => journal::newest(tx, before, limit).await?,
                })
            })
        })
        .await?;
    Ok(rows.iter().map(line).collect())
}

/// A row with its particulars.
#[derive(Debug, Clone, Serialize)]
pub struct JournalRecord {
    /// The row.
    #[serde(flatten)]
    pub line: JournalLine,
    /// What happened in full; absent once the tenant's key is destroyed. Of a ballot that is sealed to this reader only
    /// that it is: `{"sealed": true}`.
    pub payload: Option<serde_json::Value>,
}

/// Opens one row of the journal; the opening is recorded.
///
/// # Errors
/// Not allowed; `ledger.record`; a damaged payload.
pub async fn journal_record(app: &App, ctx: &Ctx, seq: u64) -> Result<JournalRecord> {
    let permit = &app.permit(ctx, Action::JournalView, ResourceRef::platform())?;
    app.store()
        .transact(permit, "journal.open", |tx| {
            Box::pin(async move {
                let row = journal::get(tx, seq).await?.ok_or(Error::NotFound("ledger.record"))?;
                let payload = match unseal(app, tx, &row).await {
                    Err(Error::NotFound(_)) => None,
                    // Reviewers may read the journal too, and must not read there how another one voted.
                    other => Some(crate::cases::without_ballots(tx, ctx, &row.subject, other?).await?),
                };
                let note = Note {
                    subject: format!("journal/{seq}"),
                    tenant: None,
                    clauses: &[],
                    payload: serde_json::json!({}),
                };
                app.record(tx, permit, ctx.now, note).await?;
                Ok(JournalRecord { line: line(&row), payload })
            })
        })
        .await
}

/// A payload is the id of the tenant whose key seals it, then the sealed bytes.
pub(crate) async fn unseal(app: &App, tx: &mut storage::Tx<'_>, row: &Row) -> Result<serde_json::Value> {
    let damaged = |what: &str| Error::internal("journal.payload", what.to_owned());
    let (tenant, sealed) = row.payload.split_first_chunk::<16>().ok_or_else(|| damaged("too short"))?;
    let tenant = Id::<kind::Tenant>::from_uuid(uuid::Uuid::from_bytes(*tenant));
    let key = app.keys().derived(tx, tenant, "journal").await?;
    let object = vault::object_of(sealed)?;
    let bytes = vault::open_bytes(&key, &vault::SealContext { tenant, object }, sealed)?;
    serde_json::from_slice(&bytes).map_err(|error| Error::internal("journal.payload", error))
}
