//! Takes a tenant's zones down after its access was closed.

use base::{Id, kind};

use crate::{App, Result};

/// Stops all workers of a tenant. If access was opened again in the meantime, they start anew on next use.
pub(super) async fn run(app: &App, tenant: Id<kind::Tenant>) -> Result<()> {
    app.zones().stop(tenant).await;
    Ok(())
}
