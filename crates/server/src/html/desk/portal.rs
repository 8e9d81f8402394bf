//! The public portal: what anybody may see and check without an account.

use std::collections::BTreeSet;

use app::cases::facts as names;
use app::notices::{self, Notice};
use app::offers::{Passport, Pricing, ProductState};
use app::products::{self, ProductRecord};
use app::regulation::case::FormValue;
use app::regulation::pack::{Effect, Procedure};
use app::tenants::{Tenant, TenantState};
use app::{Error, desk};
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use base::{Id, kind};
use serde::Deserialize;

use super::fields::FACT;
use super::visit::{Visit, encode};
use super::{announcements, frame, objections, words};
use crate::html::pages::parts::{Fact, Figure, Light};
use crate::html::pages::portal::{
    PortalAnnouncement, PortalAnnouncements, PortalHome, PortalItem, PortalOperator, PortalOperators,
    PortalProduct, PortalProducts,
};
use crate::html::pages::products::{HowToUse, ProductRow};
use crate::state::Edge;

/// Rows of one page.
const ROWS: u32 = 30;
/// Items of each kind on the front page.
const FRONT: u32 = 6;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/portal", get(home))
        .route("/portal/announcements", get(notice_list))
        .route("/portal/announcements/{notice}", get(notice))
        .route("/portal/operators", get(operators))
        .route("/portal/products", get(product_list))
        .route("/portal/products/{product}", get(product))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    after: Option<String>,
    #[serde(default)]
    q: String,
}

async fn home(visit: Visit) -> Response {
    let result = front(&visit).await;
    visit.answer(result).await
}

async fn front(visit: &Visit) -> Result<Response, Error> {
    let counted = desk::figures(&visit.app).await?;
    let figure = |code: &str, value: u64, href: &str| Figure {
        href: Some(href.to_owned()).filter(|href| !href.is_empty()),
        ..Figure::new(code, &words::count(value))
    };
    let (found, _) = notices::notices(&visit.app, None, FRONT).await?;
    let page = PortalHome {
        figures: vec![
            figure("operators", counted.operators, "/portal/operators"),
            figure("resources", counted.resources, ""),
            figure("products", counted.products, "/portal/products"),
        ],
        announcements: found.iter().map(|notice| item(visit, notice)).collect(),
        products: shelf(visit, None, FRONT).await?.0,
    };
    visit.public_page(StatusCode::OK, &page)
}

fn item(visit: &Visit, notice: &Notice) -> PortalItem {
    PortalItem {
        title: announcements::title(visit, notice),
        href: format!("/portal/announcements/{}", notice.id),
        kind: announcements::kind(visit, notice),
        date: visit.day(notice.published_at),
        // Only what sets a last day is open or closed.
        light: notice.until.map(|_| announcements::light(visit, notice)),
    }
}

async fn notice_list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = notice_rows(&visit, asked.after.as_deref()).await;
    visit.answer(result).await
}

async fn notice_rows(visit: &Visit, after: Option<&str>) -> Result<Response, Error> {
    let (found, next) = notices::notices(&visit.app, after, ROWS).await?;
    let page = PortalAnnouncements {
        rows: found.iter().map(|notice| item(visit, notice)).collect(),
        more_href: next.map(|after| format!("/portal/announcements?after={after}")),
    };
    visit.public_page(StatusCode::OK, &page)
}

async fn notice(visit: Visit, Path(id): Path<String>) -> Response {
    let result = notice_page(&visit, &id).await;
    visit.answer(result).await
}

async fn notice_page(visit: &Visit, id: &str) -> Result<Response, Error> {
    let notice = notices::notice(&visit.app, Visit::id(id, "notice.unknown")?).await?;
    let pack = visit.app.packs().current();
    let mut facts = Vec::new();
    for (form, values) in &notice.forms {
        let Some(form) = pack.forms.get(form) else { continue };
        for field in form.sections.iter().flat_map(|section| &section.fields) {
            if let Some(value) = values.get(&field.key) {
                facts.push(Fact::new(&visit.pick(&field.label, &field.en), &plain(value)));
            }
        }
    }
    let mut paragraphs = Vec::new();
    if let Some(operator) = &notice.operator {
        paragraphs.push(visit.text_with(
            "notice-result-text",
            &[("operator", operator), ("title", &notice.title), ("number", &notice.case_number)],
        ));
    }
    let open = notice.is_open(visit.today());
    let announced = notice.kind == notices::NoticeKind::Announcement;
    let apply = starts(visit, Effect::EstablishAuthorisation).filter(|_| announced);
    let until = notice.until.map(|until| until.to_string());
    let window = |until: &String| visit.text_with(announcements::window(notice.kind), &[("until", until)]);
    let closed = |until: &String| visit.text_with(announcements::closed(notice.kind), &[("until", until)]);
    let found = app::objections::about(&visit.app, &notice.id.to_string()).await?;
    let page = PortalAnnouncement {
        title: announcements::title(visit, &notice),
        issuer: notice.unit_name.clone(),
        date: frame::date_words(visit, notice.published_at.date_at(visit.offset())),
        window: until.as_ref().map(window).unwrap_or_default(),
        window_light: announcements::light(visit, &notice),
        window_state: announcements::state(visit, &notice),
        closed: until.as_ref().filter(|_| !open).map(closed),
        paragraphs,
        facts,
        basis: words::clauses_of(&pack, &basis(visit, &notice)),
        attachments: Vec::new(),
        objections: found.iter().map(|found| objections::shown(visit, found)).collect(),
        // After the window of a result the general way stays: the text sets no day after which an objection is void.
        objection_href: app::objections::procedure(&visit.app)
            .filter(|_| announced || open || notice.kind == notices::NoticeKind::Information)
            .map(|_| format!("/portal/objections/new?announcement={}", notice.id)),
        objection_other_href: (notice.kind == notices::NoticeKind::Result && !open)
            .then(|| "/portal/objections/new".to_owned()),
        apply_href: apply.filter(|_| open).map(|procedure| {
            format!("/cases/new?procedure={}&{}={}", encode(&procedure.id), fact_of_notice(), notice.id)
        }),
    };
    visit.public_page(StatusCode::OK, &page)
}

/// How an address fills in the notice that an application answers.
fn fact_of_notice() -> String {
    encode(&format!("{FACT}{}", names::NOTICE))
}

/// The clauses a notice rests on: its own, or those of the action that publishes such notices.
fn basis(visit: &Visit, notice: &Notice) -> Vec<String> {
    if !notice.clauses.is_empty() {
        return notice.clauses.clone();
    }
    let effect = match notice.kind {
        notices::NoticeKind::Announcement => Effect::PublishNotice,
        notices::NoticeKind::Result => Effect::PublishResult,
        notices::NoticeKind::Information => Effect::PublishInformation,
    };
    let procedure = starts(visit, effect);
    let mut actions = procedure.iter().flat_map(|found| &found.steps).flat_map(|step| &step.actions);
    actions
        .find(|action| action.effects.contains(&effect))
        .map(|action| action.clauses.clone())
        .unwrap_or_default()
}

/// The procedure that leads to an effect, whoever may open it.
fn starts(visit: &Visit, effect: Effect) -> Option<Procedure> {
    visit.app.packs().current().procedure_with(effect).cloned()
}

fn plain(value: &FormValue) -> String {
    match value {
        FormValue::Text(text) => text.clone(),
        FormValue::List(items) => items.join("、"),
    }
}

async fn operators(visit: Visit) -> Response {
    let result = operator_rows(&visit).await;
    visit.answer(result).await
}

async fn operator_rows(visit: &Visit) -> Result<Response, Error> {
    let rows = desk::operators(&visit.app).await?.into_iter().map(|found| operator(visit, found)).collect();
    visit.public_page(StatusCode::OK, &PortalOperators { rows })
}

fn operator(visit: &Visit, found: Tenant) -> PortalOperator {
    let none = || visit.text("not-recorded");
    let (key, light) = match found.state {
        TenantState::Active => ("tenant-active", Light::Normal),
        TenantState::Holding | TenantState::Established => ("tenant-established", Light::Normal),
        TenantState::Agreed => ("tenant-agreed", Light::Normal),
        TenantState::Suspended => ("tenant-suspended", Light::Suspended),
        TenantState::Sealed => ("tenant-sealed", Light::Suspended),
        TenantState::Destroyed => ("tenant-destroyed", Light::Done),
    };
    PortalOperator {
        name: found.unit_name,
        domain: found.domain.unwrap_or_else(none),
        scenarios: found.agreement.as_ref().and_then(|known| known.scenarios.clone()).unwrap_or_else(none),
        agreement: found.agreement.map_or_else(none, |known| known.number),
        until: found.term.map_or_else(none, |(_, until)| until.to_string()),
        state: visit.text(key),
        light,
    }
}

/// A page of the market.
async fn shelf(
    visit: &Visit,
    after: Option<&str>,
    limit: u32,
) -> Result<(Vec<ProductRow>, Option<String>), Error> {
    // The public's shelf, whoever looks at it.
    let nobody = app::identity::anonymous(visit.ctx.now);
    let (found, next) = products::products_page(&visit.app, &nobody, after, limit).await?;
    let closed = closed(visit).await?;
    Ok((found.iter().map(|record| product_row(visit, record, &closed)).collect(), next))
}

/// The authorisations whose products nobody can use at present.
async fn closed(visit: &Visit) -> Result<BTreeSet<Id<kind::Tenant>>, Error> {
    let found = desk::operators(&visit.app).await?;
    Ok(found.into_iter().filter(|tenant| !tenant.is_open()).map(|tenant| tenant.id).collect())
}

fn product_row(visit: &Visit, record: &ProductRecord, closed: &BTreeSet<Id<kind::Tenant>>) -> ProductRow {
    let product = &record.product;
    let (state, light) = match product.state {
        ProductState::Withdrawn => ("product-state-withdrawn", Light::Done),
        _ if closed.contains(&product.tenant) => ("product-state-suspended", Light::Suspended),
        _ => ("product-listed", Light::Normal),
    };
    ProductRow {
        name: product.name.clone(),
        href: format!("/portal/products/{}", product.id),
        form: product.form.clone(),
        operator: record.operator_name.clone(),
        summary: product.description.clone(),
        price: today_price(visit, record),
        state: visit.text(state),
        light,
    }
}

/// The price of today in words.
fn today_price(visit: &Visit, record: &ProductRecord) -> String {
    let passport = Passport::of(&record.product, visit.today()).ok();
    let plan = passport.and_then(|passport| passport.price);
    plan.map_or_else(|| visit.text("price-none"), |plan| price(visit, &plan.pricing))
}

/// A price in words.
fn price(visit: &Visit, pricing: &Pricing) -> String {
    let say = |key: &str, price: String| visit.text_with(key, &[("price", trimmed(&price))]);
    match pricing {
        Pricing::Free { .. } => visit.text("price-free"),
        Pricing::PerCall { tiers } => match tiers.first() {
            Some(tier) => say("price-call", tier.price.to_string()),
            None => visit.text("price-none"),
        },
        Pricing::PerBatch { batch_calls, price } => visit.text_with(
            "price-batch",
            &[("price", trimmed(&price.to_string())), ("calls", &batch_calls.to_string())],
        ),
        Pricing::Package { price, .. } | Pricing::Time { price } => say("price-month", price.to_string()),
    }
}

/// A price without zeros nobody needs: `0.20000` is `0.20`.
fn trimmed(text: &str) -> &str {
    let mut short = text;
    while short.ends_with('0') && short.rsplit('.').next().is_some_and(|part| part.len() > 2) {
        short = short.strip_suffix('0').unwrap_or(short);
    }
    short
}

async fn product_list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = product_rows(&visit, &asked).await;
    visit.answer(result).await
}

async fn product_rows(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    let (mut rows, next) = shelf(visit, asked.after.as_deref(), base::limit::PAGE_ROWS_MAX).await?;
    let text = asked.q.trim();
    rows.retain(|row| {
        [&row.name, &row.summary, &row.operator, &row.form].iter().any(|found| found.contains(text))
    });
    let page = PortalProducts {
        rows,
        search: asked.q.clone(),
        filtered: !text.is_empty(),
        more_href: next.map(|after| format!("/portal/products?q={}&after={after}", encode(text))),
    };
    visit.public_page(StatusCode::OK, &page)
}

/// How somebody comes to use a product.
pub(crate) async fn how(visit: &Visit, record: &ProductRecord) -> Result<HowToUse, Error> {
    Ok(HowToUse {
        operator: record.operator_name.clone(),
        contact: desk::unit_contact(&visit.app, &record.operator_code).await?,
    })
}

async fn product(visit: Visit, Path(id): Path<String>) -> Response {
    let result = product_page(&visit, &id).await;
    visit.answer(result).await
}

async fn product_page(visit: &Visit, id: &str) -> Result<Response, Error> {
    let id = Visit::id(id, "product.unknown")?;
    let record = products::product(&visit.app, &visit.ctx, id).await?;
    let passport = products::passport(&visit.app, &visit.ctx, id).await?;
    let found = app::objections::about(&visit.app, &id.to_string()).await?;
    let row = product_row(visit, &record, &closed(visit).await?);
    let fact = |key: &str, value: &str| Fact::new(&visit.text(key), value);
    let yes_no = |flag: bool| visit.text(if flag { "yes" } else { "no" });
    let fields = |list: Vec<String>| list.join("、");
    let page = PortalProduct {
        name: row.name,
        form: row.form,
        summary: row.summary,
        passport: vec![
            fact("operator", &record.operator_name),
            fact("price", &row.price),
            fact(
                "product-input",
                &fields(passport.parameters.iter().map(|field| field.name.clone()).collect()),
            ),
            fact(
                "product-output",
                &fields(passport.response.iter().map(|field| field.name.clone()).collect()),
            ),
            fact("product-personal", &yes_no(passport.personal)),
            fact("product-digest", &passport.source_digest.to_string()),
        ],
        scenarios: passport.scenarios,
        how: how(visit, &record).await?,
        objections: found.iter().map(|found| objections::shown(visit, found)).collect(),
        objection_href: format!("/portal/objections/new?product={id}"),
    };
    visit.public_page(StatusCode::OK, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_lose_zeros_nobody_needs() {
        assert_eq!(["0.20000", "0.00125", "12.00", "3"].map(trimmed), ["0.20", "0.00125", "12.00", "3"]);
    }
}
