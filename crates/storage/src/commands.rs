//! Answers of commands by idempotency key, so that a replay gets the first answer.

use base::{Digest, Timestamp};

use crate::Error;
use crate::engine::{Tx, execute, fetch};

/// Longest accepted idempotency key, in bytes.
pub const KEY_BYTES_MAX: usize = 200;

/// A command as its sender named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command<'a> {
    /// Who sent it.
    pub actor: &'a str,
    /// Idempotency key.
    pub key: &'a str,
    /// Digest of the request.
    pub request: Digest,
}

/// The first answer to this actor's key, or `None` if the key is new. Ask before doing anything else in the
/// transaction, and [`remember`] the answer at its end.
///
/// # Errors
/// `storage.replay_mismatch` if the key came with a request of another digest.
pub async fn replayed(tx: &mut Tx<'_>, command: &Command<'_>) -> Result<Option<Vec<u8>>, Error> {
    let row = fetch!(
        fetch_optional,
        tx,
        (Vec<u8>, Vec<u8>),
        "SELECT digest, response FROM commands WHERE actor = $1 AND key = $2",
        command.actor,
        command.key,
    )?;
    match row {
        Some((digest, response)) if digest == command.request.0 => Ok(Some(response)),
        Some(_) => Err(Error::ReplayMismatch { key: command.key.to_owned() }),
        None => Ok(None),
    }
}

/// Keeps the answer to a command.
///
/// # Errors
/// `storage.limit` if the key is too long; `storage.duplicate` if it was remembered before.
pub async fn remember(
    tx: &mut Tx<'_>,
    command: &Command<'_>,
    response: &[u8],
    now: Timestamp,
) -> Result<(), Error> {
    crate::bound("bytes of an idempotency key", command.key.len(), KEY_BYTES_MAX)?;
    let inserted = execute!(
        tx,
        "INSERT INTO commands (actor, key, at, digest, response) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (actor, key) DO NOTHING",
        command.actor,
        command.key,
        now.micros(),
        command.request.0.as_slice(),
        response,
    )?;
    match inserted {
        0 => Err(Error::Duplicate { kind: "command", name: command.key.to_owned() }),
        _ => Ok(()),
    }
}

/// Forgets answers older than `before`; answers how many.
///
/// # Errors
/// The engine's error.
pub async fn prune(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM commands WHERE at < $1", before.micros())
}
