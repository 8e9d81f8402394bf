//! How far the workers of the secure domain are isolated, for those who supervise.

use app::{Attempt, Error, Holds, Isolation, Layer};
use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::visit::Visit;
use crate::html::pages::isolation::{IsolationLine, IsolationPage, IsolationWorker};
use crate::html::pages::parts::Light;
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/isolation", get(show))
}

async fn show(visit: Visit) -> Response {
    let result = page(&visit).await;
    visit.answer(result).await
}

async fn page(visit: &Visit) -> Result<Response, Error> {
    visit.signed_in()?;
    let state = app::isolation(&visit.app, &visit.ctx).await?;
    let mut page = IsolationPage::default();
    if let Some((at, isolation)) = &state.probed {
        page.probed = visit.minute(*at);
        page.complete = isolation.is_complete();
        page.layers =
            isolation.layers.iter().map(|(layer, holds)| layer_line(visit, *layer, *holds)).collect();
        page.attempts = isolation
            .attempts
            .iter()
            .map(|(attempt, stopped)| attempt_line(visit, *attempt, *stopped))
            .collect();
    }
    for worker in &state.workers {
        let zone = serde_json::to_value(worker.zone).ok();
        let zone = zone.as_ref().and_then(|zone| zone.as_str()).unwrap_or_default();
        page.workers.push(IsolationWorker {
            zone: visit.text(&format!("zone-{zone}")),
            tenant: match &worker.tenant {
                Some((unit, title)) => format!("{unit} · {title}"),
                None => visit.text("isolation-platform"),
            },
            state: visit.text(if worker.isolation.is_complete() {
                "isolation-complete"
            } else {
                "isolation-incomplete"
            }),
            light: whole(&worker.isolation),
        });
    }
    visit.page("isolation", &page).await
}

fn whole(isolation: &Isolation) -> Light {
    if isolation.is_complete() { Light::Normal } else { Light::DueSoon }
}

fn layer_line(visit: &Visit, layer: Layer, holds: Holds) -> IsolationLine {
    let name = match layer {
        Layer::Namespaces => "namespaces",
        Layer::Landlock => "landlock",
        Layer::Seccomp => "seccomp",
        Layer::Limits => "limits",
        Layer::Environment => "environment",
        Layer::Groups => "groups",
    };
    let (state, light) = match holds {
        Holds::Fully => ("isolation-holds", Light::Normal),
        Holds::Partly => ("isolation-holds-partly", Light::DueSoon),
        // Where a machine delegates none, limits of each process stand in for it.
        Holds::Not if layer == Layer::Groups => ("isolation-holds-not", Light::DueSoon),
        Holds::Not => ("isolation-holds-not", Light::Overdue),
    };
    IsolationLine {
        name: visit.text(&format!("isolation-layer-{name}")),
        text: visit.text(&format!("isolation-layer-{name}-text")),
        state: visit.text(state),
        light,
    }
}

fn attempt_line(visit: &Visit, attempt: Attempt, stopped: bool) -> IsolationLine {
    let name = match attempt {
        Attempt::Socket => "socket",
        Attempt::ReadOutside => "read",
        Attempt::ListData => "list",
        Attempt::WriteOutside => "write",
        Attempt::Program => "program",
    };
    IsolationLine {
        name: visit.text(&format!("isolation-attempt-{name}")),
        text: String::new(),
        state: visit.text(if stopped { "isolation-stopped" } else { "isolation-not-stopped" }),
        light: if stopped { Light::Normal } else { Light::Overdue },
    }
}
