//! `shuyu serve`.

use anyhow::{Context as _, Result};
use app::App;
use tokio::net::TcpListener;

use super::embedded;
use crate::serve;

/// Opens the application with the packs the settings name.
pub(crate) async fn open(config: app::Config) -> Result<App> {
    let packs = embedded::packs(&config.packs)?;
    App::open(config, &packs).await.context("the installation cannot be opened")
}

/// Serves until told to stop.
pub(crate) async fn serve(config: app::Config) -> Result<()> {
    let listen = config.listen;
    let app = open(config).await?;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    tracing::info!(address = %listener.local_addr()?, "ready");
    serve::serve(app, listener, serve::told_to_stop()).await?;
    Ok(())
}
