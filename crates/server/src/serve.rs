//! Listening and stopping.

use std::future::Future;
use std::io;
use std::time::Duration;

use app::App;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::html::assets::Assets;
use crate::html::render::Renderer;
use crate::http;
use crate::state::Edge;

/// How long a client may take over the headers of a request.
const HEADERS_TIME_MAX: Duration = Duration::from_secs(30);
/// Pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
    let _alone = app.serve_alone().map_err(io::Error::other)?;
    app.start_background();
    let router = http::router(Edge::new(app.clone(), renderer));
    answer(listener, router, stop).await;
    app.close().await;
    Ok(())
}

/// Accepts connections until told to stop, then waits for what has begun. Who does not send his headers is hung up on.
async fn answer(listener: TcpListener, router: axum::Router, stop: impl Future<Output = ()>) {
    let mut server = auto::Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_TIME_MAX);
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, mostly: those in use come back.
                    tracing::warn!(error = ?error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = server.serve_connection(TokioIo::new(stream), service);
        let connection = open.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection broke off");
            }
        });
    }
    drop(listener);
    open.shutdown().await;
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
