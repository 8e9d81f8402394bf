//! Signed-in sessions, found by the digest of their token.

use base::{Digest, Id, Timestamp, kind};
use serde_json::Value;

use crate::Error;
use crate::engine::{Tx, execute, fetch};
use crate::records::uuid_of;

/// A session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Digest of the token; the token itself is never stored.
    pub token: Digest,
    /// Whose.
    pub person: Id<kind::Person>,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used.
    pub touched: Timestamp,
    /// Not valid from this instant on.
    pub expires: Timestamp,
    /// What else the caller keeps: session id, unit, second factor, browser.
    pub body: Value,
}

/// Stores a new session.
///
/// # Errors
/// `storage.duplicate` if the token is known.
pub async fn open(tx: &mut Tx<'_>, session: &Session) -> Result<(), Error> {
    let inserted = execute!(
        tx,
        "INSERT INTO sessions (token, person, created, touched, expires, body) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (token) DO NOTHING",
        session.token.0.as_slice(),
        session.person.as_bytes().as_slice(),
        session.created.micros(),
        session.touched.micros(),
        session.expires.micros(),
        session.body.to_string(),
    )?;
    if inserted == 0 { Err(Error::Duplicate { kind: "session", name: "token".to_owned() }) } else { Ok(()) }
}

/// The session of a token, if it has not expired by `now`.
///
/// # Errors
/// `storage.damaged`.
pub async fn find(tx: &mut Tx<'_>, token: &Digest, now: Timestamp) -> Result<Option<Session>, Error> {
    let row = fetch!(
        fetch_optional,
        tx,
        (Vec<u8>, i64, i64, i64, String),
        "SELECT person, created, touched, expires, body FROM sessions WHERE token = $1 AND expires > $2",
        token.0.as_slice(),
        now.micros(),
    )?;
    let Some((person, created, touched, expires, body)) = row else { return Ok(None) };
    let damaged = |error: serde_json::Error| Error::Damaged {
        table: "sessions",
        row: token.to_string(),
        cause: Some(error.into()),
    };
    Ok(Some(Session {
        token: *token,
        person: Id::from_uuid(uuid_of("sessions", &person)?),
        created: Timestamp::from_micros(created),
        touched: Timestamp::from_micros(touched),
        expires: Timestamp::from_micros(expires),
        body: serde_json::from_str(&body).map_err(damaged)?,
    }))
}

/// Notes a use and moves the expiry; `false` if the session is gone.
///
/// # Errors
/// The engine's error.
pub async fn touch(
    tx: &mut Tx<'_>,
    token: &Digest,
    now: Timestamp,
    expires: Timestamp,
) -> Result<bool, Error> {
    let changed = execute!(
        tx,
        "UPDATE sessions SET touched = $2, expires = $3 WHERE token = $1 AND expires > $2",
        token.0.as_slice(),
        now.micros(),
        expires.micros(),
    )?;
    Ok(changed > 0)
}

/// Ends one session; `false` if there was none.
///
/// # Errors
/// The engine's error.
pub async fn close(tx: &mut Tx<'_>, token: &Digest) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM sessions WHERE token = $1", token.0.as_slice())? > 0)
}

/// Ends all sessions of a person; answers how many.
///
/// # Errors
/// The engine's error.
pub async fn close_all(tx: &mut Tx<'_>, person: Id<kind::Person>) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM sessions WHERE person = $1", person.as_bytes().as_slice())
}

/// Removes the expired ones; answers how many.
///
/// # Errors
/// The engine's error.
pub async fn prune(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM sessions WHERE expires <= $1", now.micros())
}
