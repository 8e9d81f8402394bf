//! Writing the journal: every change and every access to data leaves a row whose payload is sealed.

use access::Permit;
use base::{Id, Timestamp, canonical_json, kind};
use serde::Serialize;
use storage::{Tx, journal};

use crate::clock::{new_id, random_bytes};
use crate::keys::PLATFORM;
use crate::{App, Error, Result};

/// What a journal row says besides who and when.
#[derive(Debug)]
pub(crate) struct Note<'a, P> {
    /// The thing it is about, for example `case/<id>`.
    pub(crate) subject: String,
    /// The tenant under whose key the payload is sealed; `None` for the platform's own.
    pub(crate) tenant: Option<Id<kind::Tenant>>,
    /// The clauses it rests on.
    pub(crate) clauses: &'a [String],
    /// What happened, in full. Only its digest, taken over the sealed bytes, reaches the ledger.
    pub(crate) payload: P,
}

impl App {
    /// Appends a journal row in the caller's transaction.
    ///
    /// # Errors
    /// `key.destroyed` when the tenant's key is gone: nothing can be recorded about a destroyed tenant under its key.
    pub(crate) async fn record<P: Serialize + Send + Sync>(
        &self,
        tx: &mut Tx<'_>,
        permit: &Permit,
        now: Timestamp,
        note: Note<'_, P>,
    ) -> Result<u64> {
        let tenant = note.tenant.unwrap_or(PLATFORM);
        let payload =
            canonical_json(&note.payload).map_err(|error| Error::internal("journal.payload", error))?;
        let key = self.keys().derived(tx, tenant, "journal").await?;
        let object = new_id::<kind::Object>(now);
        let context = vault::SealContext { tenant, object };
        let sealed = vault::seal_bytes(&key, &context, random_bytes(), &payload)?;
        // Whose key opens it is said in the clear before it, and is covered by the digest like the rest.
        let payload = [tenant.as_bytes().as_slice(), &sealed].concat();
        let draft = journal::JournalDraft {
            at: now,
            action: permit.action().key().to_owned(),
            subject: note.subject,
            clauses: distinct(note.clauses),
            payload,
        };
        Ok(journal::append(tx, permit, &draft).await?.seq)
    }
}

/// The clauses once each, in order.
fn distinct(clauses: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for clause in clauses {
        if !found.contains(clause) {
            found.push(clause.clone());
        }
    }
    found
}
