//! The journal: one row for every change and every access, numbered without gaps from 1.
//!
//! Row `n` is entry `n - 1` of the ledger. The number is taken from a counter row inside the transaction, so a rollback
//! gives it back and no reader ever sees a gap.

use access::Permit;
use base::{Digest, Timestamp};
use ledger::{FIRST_SEQ, JournalEntry};

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
    /// What was done, for example `case.submit`.
    pub action: String,
    /// To what: kind and id, for example `case:0199…`. No person's data.
    pub subject: String,
    /// The clauses it rests on.
    pub clauses: Vec<String>,
    /// Sealed particulars; the ledger sees only their digest.
    pub payload: Vec<u8>,
}

/// Where a draft came to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Number of the row.
    pub seq: u64,
    /// Leaf hash of the entry, as the ledger proves it.
    pub digest: Digest,
}

/// A journal row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Number, from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// To what.
    pub subject: String,
    /// Under which right: the permitted action and the policies that decided, separated by spaces.
    pub permit: String,
    /// Leaf hash of `entry`.
    pub digest: Digest,
    /// Canonical bytes of the [`ledger::JournalEntry`].
    pub entry: Vec<u8>,
    /// Sealed particulars.
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
    Ok((size - count).unsigned_abs() + FIRST_SEQ)
}

/// The row that a draft becomes under a number.
pub(crate) fn row(seq: u64, permit: &Permit, draft: &JournalDraft) -> Result<Row, Error> {
    let entry = JournalEntry {
        seq,
        at: draft.at,
        action: draft.action.clone(),
        actor: permit.actor().to_string(),
        subject: draft.subject.clone(),
        clauses: draft.clauses.clone(),
        payload_digest: Digest::of(&draft.payload),
    };
    let bytes = entry.bytes().map_err(|error| Error::Value { kind: "journal entry", cause: error.into() })?;
    let right =
        permit.policies().iter().fold(permit.action().to_string(), |right, policy| right + " " + policy);
    Ok(Row {
        seq,
        at: entry.at,
        action: entry.action,
        actor: entry.actor,
        subject: entry.subject,
        permit: right,
        digest: ledger::leaf_hash(&bytes),
        entry: bytes,
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

/// Number of rows; also the number of the newest.
///
/// # Errors
/// The engine's error.
pub async fn size(tx: &mut Tx<'_>) -> Result<u64, Error> {
    let (size,) = fetch!(fetch_one, tx, (i64,), "SELECT value FROM counters WHERE name = 'journal'")?;
    Ok(size.unsigned_abs())
}

type Stored = (i64, i64, String, String, String, String, Vec<u8>, Vec<u8>, Vec<u8>);

fn stored((seq, at, action, actor, subject, permit, digest, entry, payload): Stored) -> Result<Row, Error> {
    let digest = digest_of("journal", &seq.to_be_bytes(), &digest)?;
    let seq = seq.unsigned_abs();
    Ok(Row { seq, at: Timestamp::from_micros(at), action, actor, subject, permit, digest, entry, payload })
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
        "SELECT seq, at, action, actor, subject, permit, digest, entry, payload FROM journal \
         WHERE seq >= $1 ORDER BY seq LIMIT $2",
        i64::try_from(first).unwrap_or(i64::MAX),
        i64::from(limit),
    )?;
    rows.into_iter().map(stored).collect()
}

/// At most `limit` entries from number `first`, in order: what the ledger sequences.
///
/// # Errors
/// `storage.limit`.
pub async fn entries(tx: &mut Tx<'_>, first: u64, limit: u32) -> Result<Vec<Vec<u8>>, Error> {
    bound("journal rows in one read", limit as usize, READ_MAX as usize)?;
    let rows = fetch!(
        fetch_all,
        tx,
        (Vec<u8>,),
        "SELECT entry FROM journal WHERE seq >= $1 ORDER BY seq LIMIT $2",
        i64::try_from(first).unwrap_or(i64::MAX),
        i64::from(limit),
    )?;
    Ok(rows.into_iter().map(|(entry,)| entry).collect())
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
        "SELECT seq, at, action, actor, subject, permit, digest, entry, payload FROM journal WHERE seq = $1",
        i64::try_from(seq).unwrap_or(i64::MAX),
    )?;
    row.map(stored).transpose()
}

/// The number of the row with a leaf hash.
///
/// # Errors
/// Storage faults.
pub async fn seq_of(tx: &mut Tx<'_>, digest: &Digest) -> Result<Option<u64>, Error> {
    let row =
        fetch!(fetch_optional, tx, (i64,), "SELECT seq FROM journal WHERE digest = $1", digest.0.as_slice())?;
    Ok(row.map(|(seq,)| seq.unsigned_abs()))
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
        "SELECT seq, at, action, actor, subject, permit, digest, entry, payload FROM journal \
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
        "SELECT seq, at, action, actor, subject, permit, digest, entry, payload FROM journal \
         WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
        before,
        i64::from(limit),
    )?;
    rows.into_iter().map(stored).collect()
}
