//! The other life of the program: serving one zone, in a process of its own.

use std::path::Path;

use secure_domain::isolation::{self, Isolation};
use secure_domain::worker::Door;

use crate::{Error, Result};

/// A worker that listens and has given up what it has no use for.
#[derive(Debug)]
pub struct ZoneDoor(Door);

impl ZoneDoor {
    /// Stack that the threads of its process must have.
    pub const STACK_BYTES: usize = secure_domain::worker::STACK_BYTES;

    /// Binds the socket and gives up everything but the folder of objects. To be called while the process has one thread.
    ///
    /// # Errors
    /// `domain.io`, `domain.isolation`.
    pub fn open(socket: &Path, objects_dir: &Path) -> Result<Self> {
        Ok(Self(Door::open(socket)?.isolated(objects_dir)?))
    }

    /// Serves one zone until the server that started it goes away.
    ///
    /// # Errors
    /// What made the zone impossible to open or serve.
    pub async fn serve(self) -> Result<()> {
        self.0.serve().await.map_err(Error::from)
    }
}

/// What a worker would be isolated by here, without one being started.
///
/// # Errors
/// `domain.isolation`.
pub fn probe_isolation(objects_dir: &Path) -> Result<Isolation> {
    Ok(isolation::enter(objects_dir, objects_dir)?)
}
