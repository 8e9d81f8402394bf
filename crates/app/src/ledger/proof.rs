//! The proof that a record stands in the log, step by step, and what of the record a caller may see beside it.

use access::{Action, Life, ResourceRef};
use base::{Digest, Id, Timestamp, kind};
use ledger::{Checkpoint, FIRST_SEQ, RecordProof, leaf_hash, node_hash};
use serde::Serialize;
use storage::{journal, records};

use super::{checkpoint, key};
use crate::notices::Notice;
use crate::objections::Objection;
use crate::products::ProductRecord;
use crate::{App, Ctx, Error, Result};

/// Notices of one case looked at.
const NOTICES_MAX: usize = 10;

/// The proof of a record as it is handed out: to everybody what proves that it stands in the log, its entry only to who
/// may read it.
#[derive(Debug, Clone, Serialize)]
pub struct HandedProof {
    /// Number of the record.
    pub seq: u64,
    /// Leaf hash of its entry.
    pub leaf: Digest,
    /// Its index in the log.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling upwards.
    pub path: Vec<Digest>,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// The key that signed it.
    pub key: String,
    /// The bytes of the entry, which are text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

impl HandedProof {
    fn new(app: &App, seq: u64, proof: RecordProof, may_read: bool) -> Self {
        Self {
            seq,
            leaf: leaf_hash(proof.entry.as_bytes()),
            index: proof.index,
            path: proof.path,
            checkpoint: proof.checkpoint,
            key: key(app),
            entry: Some(proof.entry).filter(|_| may_read),
        }
    }

    /// The proof in the text format of C2SP tlog-proof; without its entry it has no extra data, and whoever holds the
    /// entry or its leaf hash can still check it.
    #[must_use]
    pub fn to_text(&self) -> String {
        ledger::proof_text(self.entry.as_deref(), self.index, &self.path, &self.checkpoint)
    }
}

/// The proof that a journal row stands in the log, as far as this caller may see it.
///
/// # Errors
/// As [`verify_record`].
pub async fn handed_proof(app: &App, ctx: &Ctx, seq: u64) -> Result<HandedProof> {
    Ok(verify_record(app, ctx, seq).await?.proof)
}

/// Whether a caller may read an entry: who watches over the journal, who did it, and who may see the case or acts for the
/// authorisation or agreement it is about.
async fn may_read(app: &App, ctx: &Ctx, entry: &ledger::JournalEntry) -> bool {
    if app.permit(ctx, Action::JournalView, ResourceRef::platform()).is_ok() {
        return true;
    }
    if !ctx.is_person() {
        return false;
    }
    let (kind, id) = entry.subject.split_once('/').unwrap_or_default();
    match (kind, id.parse::<Id<kind::Case>>()) {
        _ if entry.actor == format!("person:{}", ctx.principal.person) => true,
        ("case", Ok(case)) => crate::cases::case_view(app, ctx, case).await.is_ok(),
        ("tenant", _) => ctx.principal.tenants.iter().any(|tenant| tenant.to_string() == id),
        ("usage", _) => ctx.principal.usages.iter().any(|usage| usage.to_string() == id),
        _ => false,
    }
}

/// What everybody may know of the thing an entry is about: a product on the market, a notice or an objection.
async fn public_subject(app: &App, entry: &ledger::JournalEntry) -> Result<Option<String>> {
    let (kind, id) = entry.subject.split_once('/').unwrap_or_default();
    let (kind, id) = (kind.to_owned(), id.to_owned());
    app.store()
        .read("ledger.subject", |tx| {
            let (kind, id) = (kind.clone(), id.clone());
            Box::pin(async move {
                let Ok(uuid) = id.parse::<uuid::Uuid>() else { return Ok(None) };
                if kind == "product" {
                    let found = records::get::<ProductRecord>(tx, uuid).await?.map(|found| found.value);
                    let public = found.filter(|record| record.reference().life != Life::Draft);
                    return Ok(public.map(|record| record.product.name));
                }
                if kind != "case" {
                    return Ok(None);
                }
                let notices = records::all::<Notice>(tx, "case", &id, NOTICES_MAX).await?;
                if let Some(notice) = notices.into_iter().next() {
                    return Ok(Some(notice.value.title));
                }
                let objection = records::get::<Objection>(tx, uuid).await?;
                Ok::<_, Error>(objection.map(|objection| objection.value.number))
            })
        })
        .await
}

/// The number of the record with a leaf hash.
///
/// # Errors
/// `ledger.record` when there is none.
pub async fn record_by_digest(app: &App, ctx: &Ctx, digest: Digest) -> Result<u64> {
    app.permit(ctx, Action::LedgerVerify, ResourceRef::platform())?;
    let found = app
        .store()
        .read("ledger.by_digest", |tx| {
            Box::pin(async move { Ok::<_, Error>(journal::seq_of(tx, &digest).await?) })
        })
        .await?;
    found.ok_or(Error::NotFound("ledger.record"))
}

/// The proof that a journal row stands in the log. Waits a moment for a row that is not sequenced yet.
pub(crate) async fn record_proof(app: &App, ctx: &Ctx, seq: u64) -> Result<RecordProof> {
    app.permit(ctx, Action::LedgerVerify, ResourceRef::platform())?;
    let size = app
        .store()
        .read("ledger.size", |tx| Box::pin(async move { Ok::<_, Error>(journal::size(tx).await?) }))
        .await?;
    if seq < FIRST_SEQ || seq > size {
        return Err(Error::NotFound("ledger.record"));
    }
    app.log().reaches(seq).await?;
    let note = checkpoint(app).await?;
    let (folder, key) = (app.log().folder().clone(), app.log().signer().verifier());
    tokio::task::spawn_blocking(move || RecordProof::build(&folder, &note, &key, seq - FIRST_SEQ))
        .await
        .map_err(|error| Error::internal("ledger.proof", error))?
        .map_err(|error| Error::internal(error.code(), error))
}

/// One step from a record to the root.
#[derive(Debug, Clone, Serialize)]
pub struct ProofStep {
    /// Height of the node that the step makes.
    pub level: u32,
    /// The neighbour's hash stands on the left.
    pub sibling_left: bool,
    /// The neighbour's hash.
    pub sibling: Digest,
    /// What comes of it.
    pub result: Digest,
}

/// A record and the way from it to the signed root, worked out step by step.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The proof, as it is handed out.
    pub proof: HandedProof,
    /// When it was recorded.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// The public thing it is about, if it is about one.
    pub about: Option<String>,
    /// The entry, for who may read it.
    pub entry: Option<ledger::JournalEntry>,
    /// Its leaf hash.
    pub leaf: Digest,
    /// The steps.
    pub steps: Vec<ProofStep>,
    /// The signed root.
    pub root: Digest,
    /// Entries the signed root covers.
    pub size: u64,
    /// Signature and steps lead to the signed root.
    pub verified: bool,
}

/// Verifies a record and shows how.
///
/// # Errors
/// `ledger.record` when there is no such row; `ledger.pending` when it is not sequenced in time; `ledger.entry` when the log holds something that is no entry.
pub async fn verify_record(app: &App, ctx: &Ctx, seq: u64) -> Result<Verification> {
    let proof = record_proof(app, ctx, seq).await?;
    let key = app.log().signer().verifier();
    let fault = |error: ledger::Error| Error::internal(error.code(), error);
    let verified = proof.verify(&key).is_ok();
    let signed = Checkpoint::open(&proof.checkpoint, &key).map_err(fault)?;
    let entry = ledger::JournalEntry::parse(proof.entry.as_bytes()).map_err(fault)?;
    let leaf = leaf_hash(proof.entry.as_bytes());
    let steps = steps(&proof, leaf, signed.size);
    let reached = steps.last().map_or(leaf, |step| step.result) == signed.root;
    let readable = may_read(app, ctx, &entry).await;
    Ok(Verification {
        at: entry.at,
        action: entry.action.clone(),
        about: public_subject(app, &entry).await?,
        entry: Some(entry).filter(|_| readable),
        leaf,
        steps,
        root: signed.root,
        size: signed.size,
        verified: verified && reached,
        proof: HandedProof::new(app, seq, proof, readable),
    })
}

/// Folds the proof as RFC 9162 2.1.3.2 does, keeping every intermediate hash.
fn steps(proof: &RecordProof, leaf: Digest, size: u64) -> Vec<ProofStep> {
    let (mut index, mut last) = (proof.index, size.saturating_sub(1));
    let mut hash = leaf;
    let mut level = 0;
    let mut steps = Vec::with_capacity(proof.path.len());
    for sibling in &proof.path {
        let sibling_left = index % 2 == 1 || index == last;
        if sibling_left {
            hash = node_hash(sibling, &hash);
            // The rightmost node of an odd level is carried up as it is.
            while index % 2 == 0 && index != 0 {
                index /= 2;
                last /= 2;
                level += 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        index /= 2;
        last /= 2;
        level += 1;
        steps.push(ProofStep { level, sibling_left, sibling: *sibling, result: hash });
    }
    steps
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ledger::{JournalEntry, NoteSigner, Sequencer};

    use super::*;

    #[test]
    fn shown_steps_lead_to_the_signed_root() {
        let signer = NoteSigner::log("test.example/log", &[9; 32]).unwrap();
        let entries: Vec<_> = (0..37_u64)
            .map(|index| {
                let entry = JournalEntry {
                    seq: index + FIRST_SEQ,
                    at: Timestamp::from_micros(1),
                    action: "case.act".to_owned(),
                    actor: "person".to_owned(),
                    subject: format!("case/{index}"),
                    clauses: Vec::new(),
                    payload_digest: Digest::of(b"x"),
                };
                entry.bytes().unwrap()
            })
            .collect();
        for size in [1_usize, 2, 3, 8, 21, 37] {
            let mut sequencer = Sequencer::new();
            let batch = sequencer.append(&entries[..size]).unwrap();
            let files: BTreeMap<String, Vec<u8>> =
                batch.writes.into_iter().map(|write| (write.path, write.bytes)).collect();
            let size = batch.size;
            let note = Checkpoint { origin: "test.example/log".into(), size, root: batch.root }.sign(&signer);
            for index in 0..size {
                let proof = RecordProof::build(&files, &note, &signer.verifier(), index).unwrap();
                let leaf = leaf_hash(proof.entry.as_bytes());
                let steps = steps(&proof, leaf, size);
                assert_eq!(steps.last().map_or(leaf, |step| step.result), batch.root, "{index} of {size}");
            }
        }
    }
}
