//! The journal: one row for every change and every access, numbered without gaps from 0.
//!
//! The number is the row's leaf index in the ledger. It is taken from a counter row inside the transaction, so a
//! rollback gives it back and no reader ever sees a gap.

use access::Permit;
use base::{Digest, Timestamp};

use crate::engine::{Tx, dialect, fetch};
use crate::objects::digest_of;
use crate::{Error, bound};

/// Rows in one append.
pub const APPEND_MAX: usize = 512;
/// Rows in one read.
pub const READ_MAX: u32 = 10_000;

/// What a command says about what it did; the permit says who and under which right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalDraft {
    /// When.
    pub at: Timestamp,
    /// What was changed or seen, for example `case:0199…`.
    pub subject: String,
    /// Sealed details; the ledger sees only their digest.
    pub payload: Vec<u8>,
}

/// Where a draft came to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Number of the row.
    pub seq: u64,
    /// Digest of the entry bytes.
    pub digest: Digest,
}

/// A journal row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Number, from 0.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// To what.
    pub subject: String,
    /// Digest of `entry`.
    pub digest: Digest,
    /// Canonical bytes of the ledger's entry.
    pub entry: Vec<u8>,
    /// Sealed details.
    pub payload: Vec<u8>,
}

/// Appends one row.
///
/// # Errors
/// The engine's error.
pub async fn append(tx: &mut Tx<'_>, permit: &Permit, draft: &JournalDraft) -> Result<Appended, Error> {
    let first = reserve(tx, 1).await?;
    let row = row(first, permit, draft)?;
    let appended = Appended { seq: row.seq, digest: row.digest };
    insert(tx, &[row]).await?;
    Ok(appended)
}

/// Takes the next `count` numbers; answers the first.
pub(crate) async fn reserve(tx: &mut Tx<'_>, count: usize) -> Result<u64, Error> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let (size,) = fetch!(
        fetch_one,
        tx,
        (i64,),
        "UPDATE counters SET value = value + $1 WHERE name = 'journal' RETURNING value",
        count,
    )?;
    Ok((size - count).unsigned_abs())
}

/// The row that a draft becomes under a number.
pub(crate) fn row(seq: u64, permit: &Permit, draft: &JournalDraft) -> Result<Row, Error> {
    let action = permit.action().key().to_owned();
    let actor = permit.actor().to_string();
    let entry = base::canonical_json(&serde_json::json!({
        "seq": seq, "at": draft.at, "action": action, "actor": actor, "subject": draft.subject,
        "policies": permit.policies(), "payload": Digest::of(&draft.payload),
    }))
    .map_err(|error| Error::Value { kind: "journal entry", cause: error.into() })?;
    Ok(Row {
        seq,
        at: draft.at,
        action,
        actor,
        subject: draft.subject.clone(),
        digest: Digest::of(&entry),
        entry,
        payload: draft.payload.clone(),
    })
}

/// Writes rows whose numbers were reserved in this transaction.
pub(crate) async fn insert(tx: &mut Tx<'_>, rows: &[Row]) -> Result<(), Error> {
    bound("journal rows in one append", rows.len(), APPEND_MAX)?;
    dialect::insert_journal(tx, rows).await?;
    tx.recorded = tx.recorded.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    Ok(())
}

/// Number of rows; also the number of the next one.
///
/// # Errors
/// The engine's error.
pub async fn size(tx: &mut Tx<'_>) -> Result<u64, Error> {
    let (size,) = fetch!(fetch_one, tx, (i64,), "SELECT value FROM counters WHERE name = 'journal'")?;
    Ok(size.unsigned_abs())
}

type Stored = (i64, i64, String, String, String, Vec<u8>, Vec<u8>, Vec<u8>);

fn stored((seq, at, action, actor, subject, digest, entry, payload): Stored) -> Result<Row, Error> {
    let digest = digest_of("journal", &seq.to_be_bytes(), &digest)?;
    let seq = seq.unsigned_abs();
    Ok(Row { seq, at: Timestamp::from_micros(at), action, actor, subject, digest, entry, payload })
}

/// At most `limit` rows from number `first`, in order.
///
/// # Errors
/// `storage.limit`, `storage.damaged`.
pub async fn from(tx: &mut Tx<'_>, first: u64, limit: u32) -> Result<Vec<Row>, Error> {
    bound("journal rows in one read", limit as usize, READ_MAX as usize)?;
    let rows = fetch!(
        fetch_all,
        tx,
        Stored,
        "SELECT seq, at, action, actor, subject, digest, entry, payload FROM journal \
         WHERE seq >= $1 ORDER BY seq LIMIT $2",
        i64::try_from(first).unwrap_or(i64::MAX),
        i64::from(limit),
    )?;
    rows.into_iter().map(stored).collect()
}

/// A row by its number.
///
/// # Errors
/// `storage.damaged`.
pub async fn get(tx: &mut Tx<'_>, seq: u64) -> Result<Option<Row>, Error> {
    let row = fetch!(
        fetch_optional,
        tx,
        Stored,
        "SELECT seq, at, action, actor, subject, digest, entry, payload FROM journal WHERE seq = $1",
        i64::try_from(seq).unwrap_or(i64::MAX),
    )?;
    row.map(stored).transpose()
}

/// At most `limit` rows about a subject, newest first, before number `before`.
///
/// # Errors
/// `storage.limit`, `storage.damaged`.
pub async fn by_subject(
    tx: &mut Tx<'_>,
    subject: &str,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<Row>, Error> {
    bound("journal rows in one read", limit as usize, READ_MAX as usize)?;
    let before = before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
    let rows = fetch!(
        fetch_all,
        tx,
        Stored,
        "SELECT seq, at, action, actor, subject, digest, entry, payload FROM journal \
         WHERE subject = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
        subject,
        before,
        i64::from(limit),
    )?;
    rows.into_iter().map(stored).collect()
}

/// At most `limit` rows, newest first, before number `before`.
///
/// # Errors
/// `storage.limit`, `storage.damaged`.
pub async fn newest(tx: &mut Tx<'_>, before: Option<u64>, limit: u32) -> Result<Vec<Row>, Error> {
    bound("journal rows in one read", limit as usize, READ_MAX as usize)?;
    let before = before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
    let rows = fetch!(
        fetch_all,
        tx,
        Stored,
        "SELECT seq, at, action, actor, subject, digest, entry, payload FROM journal \
         WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
        before,
        i64::from(limit),
    )?;
    rows.into_iter().map(stored).collect()
}
