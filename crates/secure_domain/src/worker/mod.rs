//! A zone worker: one process, one zone, one connection.
//!
//! [`Door`] binds a unix socket that only its own user can reach, gives up what a worker has no use for
//! ([`crate::isolation`]), takes exactly one connection, reads one [`Init`] and answers requests side by side until the connection closes. Then it returns, and
//! the process ends: a worker without its server does not live on. The listener is gone as soon as the connection is
//! there, so nobody else can speak to the zone.
//!
//! This is the only place that builds a [`crate::engine::ProdEngine`].

mod dispatch;
#[cfg(test)]
mod tests;
mod zone;

use std::collections::HashMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::isolation::{self, Isolation};
use crate::protocol::{Answer, Envelope, Failure, Init, Reply, Request, VERSION};
use crate::{Error, frame};
use zone::Zone;

/// Limit: requests being answered at once; further ones wait on the socket.
const REQUESTS_MAX: usize = 256;
/// Limit: how long a worker waits for who started it.
const CONNECT_MAX: Duration = Duration::from_secs(30);

/// Stack of each thread on which queries are planned or executed: what is let through may be a chain of thousands of conditions,
/// and must not be able to end the process. Pages that are not touched cost nothing.
pub const STACK_BYTES: usize = 256 << 20;

/// How often a worker looks whether who started it is still there.
const PARENT_SEEN: Duration = Duration::from_secs(1);

/// A worker's socket, bound and not yet answered.
#[derive(Debug)]
pub struct Door {
    listener: std::os::unix::net::UnixListener,
    path: PathBuf,
    isolation: Isolation,
}

impl Door {
    /// Binds the socket. No thread is needed for it: what follows is to be given up by the only one.
    ///
    /// # Errors
    /// `domain.io` if the socket cannot be bound.
    pub fn open(socket_path: &Path) -> Result<Self, Error> {
        let listener = std::os::unix::net::UnixListener::bind(socket_path)?;
        std::fs::set_permissions(socket_path, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, path: socket_path.to_owned(), isolation: Isolation::default() })
    }

    /// Gives up everything but the folder of objects; see [`isolation::enter`].
    ///
    /// # Errors
    /// `domain.isolation`.
    pub fn isolated(mut self, objects_dir: &Path) -> Result<Self, Error> {
        let socket_dir = self.path.parent().unwrap_or(objects_dir);
        self.isolation = isolation::enter(objects_dir, socket_dir)?;
        Ok(self)
    }

    /// Serves one zone until its server goes away.
    ///
    /// # Errors
    /// `domain.io` if the socket cannot be used, `domain.protocol` if the first message is not an `Init`, or what made
    /// the zone impossible to open.
    pub async fn serve(self) -> Result<(), Error> {
        watch_parent()?;
        let listener = UnixListener::from_std(self.listener)?;
        // Whoever started this worker connects at once, unless it died in between.
        let accepted = tokio::time::timeout(CONNECT_MAX, listener.accept()).await;
        let (stream, _) = accepted.unwrap_or_else(|late| Err(late.into()))?;
        drop(listener);
        // The name has done its work; what is not there cannot be connected to.
        std::fs::remove_file(&self.path)?;
        let (reader, writer) = stream.into_split();
        converse(reader, writer, self.isolation).await
    }
}

/// Serves one zone in this process, which gives nothing up.
///
/// # Errors
/// As [`Door::serve`].
pub async fn serve(socket_path: &Path) -> Result<(), Error> {
    Door::open(socket_path)?.serve().await
}

/// Ends the process when who started it is gone: work that does not give way would not see the connection close.
fn watch_parent() -> Result<(), Error> {
    let parent = std::os::unix::process::parent_id();
    std::thread::Builder::new().name("parent".to_owned()).spawn(move || {
        while std::os::unix::process::parent_id() == parent {
            std::thread::sleep(PARENT_SEEN);
        }
        std::process::exit(1);
    })?;
    Ok(())
}

/// One whole conversation.
async fn converse(
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin + Send + 'static,
    isolation: Isolation,
) -> Result<(), Error> {
    let Some((init, _)) = frame::read::<_, Init>(&mut reader).await? else { return Ok(()) };
    let opened =
        if init.version == VERSION { Zone::open(init) } else { Err(Error::Protocol { what: "version" }) };
    let result = opened.as_ref().map(|_| Reply::Opened { isolation }).map_err(Failure::from);
    let first = frame::encode(&Answer { id: 0, result }, &[])?;
    frame::write(&mut writer, &first).await?;
    let zone = Arc::new(opened?);
    let (sender, receiver) = mpsc::channel(REQUESTS_MAX);
    let mut tasks = JoinSet::new();
    let mut open: HashMap<u64, AbortHandle> = HashMap::new();
    let writing = tasks.spawn(write_all(writer, receiver));
    while let Some((envelope, body)) = next(&mut reader).await? {
        while tasks.len() > REQUESTS_MAX {
            tasks.join_next().await;
        }
        while tasks.try_join_next().is_some() {}
        open.retain(|_, task| !task.is_finished());
        let Envelope { id, permit, request } = envelope;
        if let Some(permit) = permit {
            tracing::info!(op = request.name(), action = %permit.action, actor = %permit.actor, "zone.request");
        }
        match request {
            Request::Shutdown => {
                answer(&sender, id, Ok((Reply::Done, Bytes::new()))).await;
                break;
            }
            Request::Cancel { id: other } => {
                if let Some(task) = open.remove(&other) {
                    task.abort();
                    answer(&sender, other, Err(Error::Cancelled)).await;
                }
                answer(&sender, id, Ok((Reply::Done, Bytes::new()))).await;
            }
            // Quick, and the order of pieces matters: answered before the next frame is read.
            Request::Upload { upload } => {
                let result = zone.upload(upload, &body).map(|()| (Reply::Done, Bytes::new()));
                answer(&sender, id, result).await;
            }
            request => {
                let (zone, sender) = (Arc::clone(&zone), sender.clone());
                let task = tasks.spawn(async move {
                    let result = zone.handle(request).await;
                    answer(&sender, id, result).await;
                });
                open.insert(id, task);
            }
        }
    }
    for task in open.values() {
        task.abort();
    }
    drop(sender);
    // The writer ends when every sender is gone; its failure only says that the server went first.
    while !writing.is_finished() && tasks.join_next().await.is_some() {}
    Ok(())
}

async fn next(reader: &mut (impl AsyncRead + Unpin)) -> Result<Option<(Envelope, Bytes)>, Error> {
    frame::read(reader).await
}

async fn answer(sender: &mpsc::Sender<Vec<u8>>, id: u64, result: Result<(Reply, Bytes), Error>) {
    let (result, body) = match result {
        Ok((reply, body)) => (Ok(reply), body),
        Err(error) => {
            tracing::info!(error.code = error.code(), "zone.failure");
            (Err(Failure::from(&error)), Bytes::new())
        }
    };
    let frame = frame::encode(&Answer { id, result }, &body)
        .or_else(|error| frame::encode(&Answer { id, result: Err(Failure::from(&error)) }, &[]));
    if let Ok(frame) = frame {
        // A closed channel means that the conversation is over.
        let _over = sender.send(frame).await;
    }
}

async fn write_all(mut writer: impl AsyncWrite + Unpin, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        if frame::write(&mut writer, &frame).await.is_err() {
            return;
        }
    }
}
