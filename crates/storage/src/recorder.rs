//! Group commit: many callers, one transaction, one sync of the disk.
//!
//! Product calls must be durable in the journal before their bytes leave. One transaction each would cost one disk sync
//! each; here whatever has queued up while the last commit ran goes into the next one, so a lone caller waits for one
//! sync and a crowd shares it. No timer: an idle queue commits at once.

use access::Permit;
use base::Id;
use base::kind;
use tokio::sync::{mpsc, oneshot};

use crate::calls::{self, Call, Metered};
use crate::engine::pools::Access;
use crate::engine::{Tx, dialect};
use crate::journal::{self, Appended, JournalDraft};
use crate::{Error, Store};

/// Recordings in one transaction.
const BATCH_MAX: usize = 512;
/// Recordings that may wait; a caller beyond them waits for a place.
const QUEUE_MAX: usize = 4 * BATCH_MAX;

/// One access to be recorded: a journal row and, if it is metered, a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The journal row.
    pub draft: JournalDraft,
    /// The metered call.
    pub call: Option<Call>,
}

/// A durable recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its journal row. An access is journalled each time, charged or not.
    pub journal: Appended,
    /// The earlier call with the same idempotency key; then this one was not metered again.
    pub earlier: Option<Metered>,
}

struct Item {
    permit: Permit,
    recording: Recording,
    answer: oneshot::Sender<Result<Recorded, Error>>,
}

/// Handle for callers. Cloning is cheap; the writer ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Item>,
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Item").finish_non_exhaustive()
    }
}

impl Recorder {
    /// Makes a recorder and its writer; the caller runs the writer in a task of its own until it ends.
    #[must_use = "nothing is recorded unless the writer runs"]
    pub fn new(store: &Store) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (queue, inbox) = mpsc::channel(QUEUE_MAX);
        (Self { queue }, write(store.clone(), inbox))
    }

    /// Records one access; answers when it is durable.
    ///
    /// # Errors
    /// `storage.unavailable` if the writer has ended; the engine's error. Then nothing was recorded, or, if the
    /// connection broke during the commit, it is not known.
    pub async fn record(&self, permit: &Permit, recording: Recording) -> Result<Recorded, Error> {
        let (answer, answered) = oneshot::channel();
        let item = Item { permit: permit.clone(), recording, answer };
        self.queue.send(item).await.map_err(|_| Error::Unavailable(None))?;
        answered.await.map_err(|_| Error::Unavailable(None))?
    }
}

async fn write(store: Store, mut inbox: mpsc::Receiver<Item>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while inbox.recv_many(&mut batch, BATCH_MAX).await > 0 {
        // Lets the callers that the last commit woke get in line, so that they share this one.
        tokio::task::yield_now().await;
        while batch.len() < BATCH_MAX {
            let Ok(item) = inbox.try_recv() else { break };
            batch.push(item);
        }
        answer(&store, std::mem::take(&mut batch)).await;
    }
}

/// Commits a batch and answers its callers. If one recording spoils it, each is tried alone.
async fn answer(store: &Store, batch: Vec<Item>) {
    match commit(store, &batch).await {
        Ok(recorded) => {
            for (item, recorded) in batch.into_iter().zip(recorded) {
                // A caller that has gone away leaves a durable row of an answer that never left.
                let _ = item.answer.send(Ok(recorded));
            }
        }
        Err(Error::Query(_)) if batch.len() > 1 => {
            for item in batch {
                let alone = std::slice::from_ref(&item);
                let result = commit(store, alone).await;
                let result = result.and_then(|mut recorded| recorded.pop().ok_or(Error::Unavailable(None)));
                let _ = item.answer.send(result);
            }
        }
        Err(error) => {
            tracing::error!(error.code = error.code(), error = %error, calls = batch.len(), "recordings failed");
            for item in batch {
                let _ = item.answer.send(Err(copy(&error)));
            }
        }
    }
}

/// The same error for another caller.
fn copy(error: &Error) -> Error {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default().into();
    match error {
        Error::Busy(_) => Error::Busy(Some(cause)),
        Error::Full(_) => Error::Full(cause),
        Error::Unavailable(_) => Error::Unavailable(Some(cause)),
        _ => Error::Query(cause),
    }
}

async fn commit(store: &Store, batch: &[Item]) -> Result<Vec<Recorded>, Error> {
    store.run(Access::Command, "record", |tx| Box::pin(record(tx, batch))).await
}

async fn record(tx: &mut Tx<'_>, batch: &[Item]) -> Result<Vec<Recorded>, Error> {
    let first = journal::reserve(tx, batch.len()).await?;
    let mut rows = Vec::with_capacity(batch.len());
    let mut metered = Vec::with_capacity(batch.len());
    for (seq, item) in (first..).zip(batch) {
        rows.push(journal::row(seq, &item.permit, &item.recording.draft)?);
        if let Some(call) = &item.recording.call {
            metered.push(Metered { call: call.clone(), seq });
        }
    }
    journal::insert(tx, &rows).await?;
    let inserted = dialect::insert_calls(tx, &metered).await?;
    let mut recorded: Vec<Recorded> = rows
        .iter()
        .map(|row| Recorded { journal: Appended { seq: row.seq, digest: row.digest }, earlier: None })
        .collect();
    if inserted < metered.len() as u64 {
        for (recorded, item) in recorded.iter_mut().zip(batch) {
            recorded.earlier = earlier(tx, item.recording.call.as_ref()).await?;
        }
    }
    Ok(recorded)
}

/// The call that holds this call's idempotency key, if it is another one.
async fn earlier(tx: &mut Tx<'_>, call: Option<&Call>) -> Result<Option<Metered>, Error> {
    let Some(call) = call else { return Ok(None) };
    let Some(key) = &call.idempotency else { return Ok(None) };
    let id: Id<kind::Call> = call.id;
    let holder = calls::by_idempotency(tx, call.usage, key).await?;
    Ok(holder.filter(|holder| holder.call.id != id))
}
