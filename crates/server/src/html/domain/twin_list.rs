//! All twins of a provider's resources, or of all resources for those who oversee: what dev zones see, and where somebody has
//! to decide.

use app::Error;
use app::twins::{self, TwinLine, TwinState};
use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::common::word;
use crate::html::desk::visit::Visit;
use crate::html::pages::parts::Light;
use crate::html::pages::twin_list::{TwinRow, TwinsPage};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/catalog/twins", get(show))
}

async fn show(visit: Visit) -> Response {
    let result = page(&visit).await;
    visit.answer(result).await
}

async fn page(visit: &Visit) -> Result<Response, Error> {
    visit.signed_in()?;
    let lines = twins::twins(&visit.app, &visit.ctx).await?;
    let refused = lines.iter().filter(|line| line.state == TwinState::Refused).count();
    let page = TwinsPage {
        refused: match refused {
            0 => String::new(),
            count => visit.text_with("twins-refused", &[("count", &count.to_string())]),
        },
        rows: lines.iter().map(|line| row(visit, line)).collect(),
    };
    visit.page("catalog", &page).await
}

fn row(visit: &Visit, line: &TwinLine) -> TwinRow {
    let mine = visit.ctx.principal.has(app::access::Role::Provider);
    TwinRow {
        name: visit.pick(&line.name_zh, &line.name_en),
        href: format!("/catalog/{}", line.resource),
        code: line.code.clone(),
        title: line.title.clone(),
        unit: line.unit_name.clone(),
        form: word(visit, "twin-form", &line.chosen),
        state: word(visit, "twin-state", &line.state),
        light: match line.state {
            TwinState::Refused | TwinState::Failed => Light::Overdue,
            TwinState::Underway => Light::DueSoon,
            TwinState::Usable => Light::Normal,
        },
        told: line
            .refused_by
            .first()
            .map(|worked| visit.pick(worked.told.zh, worked.told.en))
            .unwrap_or_default(),
        tried: visit.text_with("twins-tried", &[("count", &line.attacks.to_string())]),
        made: line.made.map(|at| visit.minute(at)).unwrap_or_default(),
        report_href: line.made.map(|_| format!("/grants/{}/twin", line.grant)),
        change_href: (mine && line.state == TwinState::Refused)
            .then(|| format!("/catalog/{}/change", line.resource)),
    }
}
