//! Listening and stopping.

use std::future::Future;
use std::io;

use app::App;
use tokio::net::TcpListener;

use crate::html::assets::Assets;
use crate::html::render::Renderer;
use crate::http;
use crate::state::Edge;

/// Serves until `stop` resolves; then answers what has begun, lets background work come to an end and closes the store.
///
/// # Errors
/// When the embedded pages are not usable or the listener breaks.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let renderer = Renderer::load(&Assets::load()).map_err(io::Error::other)?;
    app.start_background();
    let router = http::router(Edge::new(app.clone(), renderer));
    let served = axum::serve(listener, router).with_graceful_shutdown(stop).await;
    app.close().await;
    served
}

/// Resolves at SIGTERM or Ctrl-C.
pub async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        tracing::warn!("SIGTERM cannot be heard");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping");
}
