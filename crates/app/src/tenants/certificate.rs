//! The certificate of destruction: what was destroyed, what was searched for and found, and the proof that the ledger
//! says the same. Its document can be checked by anybody who trusts the ledger's public key and nothing else.

use access::{Action, ResourceRef, Thing};
use base::{Date, Digest, Id, Timestamp, canonical_json, kind};
use ledger::{RecordProof, VerifierKey};
use serde::{Deserialize, Serialize};
use storage::journal;

use super::{Tenant, get};
use crate::residue::ResidueScan;
use crate::{App, Ctx, Error, Result};

/// What the document of a certificate calls itself.
pub const CERTIFICATE_FORMAT: &str = "shuyu-certificate-1";
/// What the journal calls a certificate: this and the digest of its canonical JSON.
const SUBJECT: &str = "certificate/";
/// Journal rows of one subject looked at.
const ROWS_MAX: u32 = 10;

/// What was destroyed, and the proof that nothing readable is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Id.
    pub id: Id<kind::Certificate>,
    /// The authorisation; certificates of earlier releases do not name it.
    #[serde(default)]
    pub tenant: Option<Id<kind::Tenant>>,
    /// The case that ordered it.
    pub case: Id<kind::Case>,
    /// When the key was destroyed.
    pub destroyed_at: Timestamp,
    /// Sealed objects that became unreadable.
    pub objects: u64,
    /// Of these, files removed.
    pub files_removed: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Objects tried with every key there still is, and how many could still be opened (must be 0).
    pub scanned: u64,
    /// Readable ones.
    pub readable: u64,
    /// Zone workers that were still running afterwards (must be 0).
    pub workers: u64,
    /// Whether nothing was found. A certificate that says no certifies that the destruction is not done.
    #[serde(default = "passed")]
    pub passed: bool,
    /// The search of the whole data folder for keys and planted texts; certificates of earlier releases have none.
    #[serde(default)]
    pub residue: Option<ResidueScan>,
    /// The journal row of the destruction.
    pub journal_seq: u64,
    /// Logs are kept at least until this day.
    pub logs_until: Date,
    /// The clauses it rests on.
    pub clauses: Vec<String>,
}

/// Earlier releases issued no certificate that did not pass.
const fn passed() -> bool {
    true
}

/// How the journal names this certificate: every field of it is bound to the ledger by the subject of its row.
///
/// # Errors
/// Never in practice.
pub(crate) fn subject_of(certificate: &impl Serialize) -> Result<String> {
    let bytes = canonical_json(certificate).map_err(|error| Error::internal("certificate.digest", error))?;
    Ok(format!("{SUBJECT}{}", Digest::of(&bytes)))
}

/// The certificate of a destroyed authorisation.
///
/// # Errors
/// `certificate.not_yet` until it is made; `tenant.unknown`.
pub async fn certificate(app: &App, ctx: &Ctx, id: Id<kind::Tenant>) -> Result<(Tenant, Certificate)> {
    let tenant =
        app.store().read("tenant.certificate", |tx| Box::pin(async move { get(tx, id).await })).await?;
    let resource = ResourceRef::new(Thing::Certificate, id).with_owner(tenant.unit).with_tenant(id);
    app.permit(ctx, Action::CertificateView, resource).map_err(|_| Error::NotFound("tenant.unknown"))?;
    let certificate = tenant.certificate.clone().ok_or(Error::NotFound("certificate.not_yet"))?;
    Ok((tenant, certificate))
}

/// A certificate with its proofs, to be kept and checked elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateDocument {
    /// [`CERTIFICATE_FORMAT`].
    pub format: String,
    /// The certificate.
    pub certificate: serde_json::Value,
    /// Proof of the record of the command that destroyed the key (C2SP tlog-proof).
    pub destruction: String,
    /// Proof of the record that names this very certificate by its digest.
    pub issue: String,
    /// The key that signed the checkpoints; to be compared with the one that is known from elsewhere.
    pub key: String,
}

/// The document of a certificate.
///
/// # Errors
/// As [`certificate`]; `certificate.unproven` for one of an earlier release; `ledger.pending` until its records are signed.
pub async fn certificate_document(
    app: &App,
    ctx: &Ctx,
    id: Id<kind::Tenant>,
) -> Result<(Certificate, CertificateDocument)> {
    let (_, certificate) = certificate(app, ctx, id).await?;
    let subject = &subject_of(&certificate)?;
    let found = app
        .store()
        .read("certificate.row", |tx| {
            Box::pin(async move { Ok::<_, Error>(journal::by_subject(tx, subject, None, ROWS_MAX).await?) })
        })
        .await?;
    let issued = found.first().ok_or(Error::NotFound("certificate.unproven"))?.seq;
    let proof = async |seq| crate::ledger::record_proof(app, ctx, seq).await.map(|proof| proof.to_text());
    let document = CertificateDocument {
        format: CERTIFICATE_FORMAT.to_owned(),
        certificate: serde_json::to_value(&certificate)
            .map_err(|error| Error::internal("certificate.document", error))?,
        destruction: proof(certificate.journal_seq).await?,
        issue: proof(issued).await?,
        key: crate::ledger::key(app),
    };
    Ok((certificate, document))
}

/// What a checked document proves.
#[derive(Debug, Clone, Serialize)]
pub struct CertificateVerdict {
    /// The certificate.
    pub certificate: Certificate,
    /// The log that says so.
    pub origin: String,
    /// Entries of the log under the newer of both checkpoints.
    pub size: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// Checks a document against the public key of the ledger. Reads nothing else.
///
/// # Errors
/// `certificate.format` for what is no document; `certificate.proof` where a proof does not hold under this key;
/// `certificate.changed` where the ledger speaks of another certificate, or of another destruction.
pub fn verify_certificate(text: &str, key: &VerifierKey) -> Result<CertificateVerdict> {
    let format = |error: serde_json::Error| Error::invalid("certificate.format", error.to_string());
    let document: CertificateDocument = serde_json::from_str(text).map_err(format)?;
    if document.format != CERTIFICATE_FORMAT {
        return Err(Error::invalid("certificate.format", document.format));
    }
    let proven = |text: &str| {
        RecordProof::from_text(text)
            .and_then(|proof| proof.verify(key))
            .map_err(|error| Error::invalid("certificate.proof", error.code()))
    };
    let (issue, newest) = proven(&document.issue)?;
    let (destruction, older) = proven(&document.destruction)?;
    let changed = |what: &str| Error::invalid("certificate.changed", what);
    if issue.action != Action::CertificateIssue.key() || issue.subject != subject_of(&document.certificate)? {
        return Err(changed("digest"));
    }
    let certificate: Certificate = serde_json::from_value(document.certificate).map_err(format)?;
    if destruction.seq != certificate.journal_seq || destruction.at != certificate.destroyed_at {
        return Err(changed("journal_seq"));
    }
    let ordered = format!("case/{}", certificate.case);
    let again = certificate.tenant.map(|tenant| format!("tenant/{tenant}"));
    if destruction.subject != ordered && Some(&destruction.subject) != again.as_ref() {
        return Err(changed("case"));
    }
    Ok(CertificateVerdict {
        certificate,
        origin: newest.origin,
        size: newest.size.max(older.size),
        issued_at: issue.at,
    })
}
