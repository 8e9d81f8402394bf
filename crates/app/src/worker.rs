//! The other life of the program: serving one zone, in a process of its own.

use std::path::Path;

use crate::{Error, Result};

/// Serves one zone on a unix socket until the server that started it goes away.
///
/// # Errors
/// What made the zone impossible to open or serve.
pub async fn serve_zone(socket: &Path) -> Result<()> {
    secure_domain::worker::serve(socket).await.map_err(Error::from)
}
