//! Event streams: appended with the expected version, read in order.

use base::Timestamp;

use crate::engine::{Tx, execute, fetch};
use crate::{Error, bound};

/// Events in one append.
pub const APPEND_MAX: usize = 1_000;

/// An event that has not happened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Kind, for example `form_submitted`.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// Canonical bytes.
    pub body: Vec<u8>,
}

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Position in its stream, counted from 1.
    pub version: i64,
    /// Kind.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// Canonical bytes, exactly as they were appended.
    pub body: Vec<u8>,
}

/// Appends events behind version `expected` (0 for a new stream); answers the stream's new version.
///
/// # Errors
/// `storage.conflict` if the stream is not at that version; `storage.limit`.
pub async fn append(tx: &mut Tx<'_>, stream: &str, expected: i64, events: &[NewEvent]) -> Result<i64, Error> {
    bound("events in one append", events.len(), APPEND_MAX)?;
    let conflict = || Error::Conflict { what: stream.to_owned(), expected };
    if version(tx, stream).await? != expected {
        return Err(conflict());
    }
    let mut version = expected;
    for event in events {
        version += 1;
        let inserted = execute!(
            tx,
            "INSERT INTO events (stream, version, kind, at, body) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (stream, version) DO NOTHING",
            stream,
            version,
            &event.kind,
            event.at.micros(),
            &event.body,
        )?;
        if inserted == 0 {
            return Err(conflict());
        }
    }
    Ok(version)
}

/// Version of a stream; 0 if it does not exist.
///
/// # Errors
/// The engine's error.
pub async fn version(tx: &mut Tx<'_>, stream: &str) -> Result<i64, Error> {
    let (version,) = fetch!(
        fetch_one,
        tx,
        (i64,),
        "SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = $1",
        stream
    )?;
    Ok(version)
}

/// At most `limit` events of a stream from version `from` (1 for the beginning), in order.
///
/// # Errors
/// The engine's error.
pub async fn load(tx: &mut Tx<'_>, stream: &str, from: i64, limit: u32) -> Result<Vec<Event>, Error> {
    let rows = fetch!(
        fetch_all,
        tx,
        (i64, String, i64, Vec<u8>),
        "SELECT version, kind, at, body FROM events WHERE stream = $1 AND version >= $2 ORDER BY version LIMIT $3",
        stream,
        from,
        i64::from(limit),
    )?;
    let event = |(version, kind, at, body)| Event { version, kind, at: Timestamp::from_micros(at), body };
    Ok(rows.into_iter().map(event).collect())
}
