//! Products: the shelf, one product with its passport.

use app::Error;
use app::access::Role;
use app::cases::facts;
use app::offers::{Field as Spec, PlanDraft, Pricing, ProductState};
use app::products::{self, ProductRecord};
use app::regulation::pack::Effect;
use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use base::{Id, kind};
use serde::Deserialize;

use super::common::{self, fact, more, open_case, short, word};
use super::product_try::{curl, try_fields};
use super::tenants::facts_tenant;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::{errors, portal, words};
use crate::html::pages::case::Action;
use crate::html::pages::parts::{Choice, Fact, Light, Link, Refusal, Table};
use crate::html::pages::products::{ProductPage, ProductRow, Products, TryAnswer};
use crate::http::problem;
use crate::state::Edge;

/// Cards of one page.
const ROWS: u32 = 50;
/// Pages of the store looked through for a filter.
const FILTER_PAGES: usize = 10;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/products", get(list))
        .route("/products/{product}", get(show))
        .route("/products/{product}/suspension", post(suspend))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    form: String,
    after: Option<String>,
}

async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = list_page(&visit, &asked).await;
    visit.answer(result).await
}

async fn list_page(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let (found, next) = shelf(visit, asked).await?;
    let mut forms: Vec<&str> = found.iter().map(|record| record.product.form.as_str()).collect();
    forms.sort_unstable();
    forms.dedup();
    let mut choices = vec![Choice::new("", &visit.text("forms-all"), asked.form.is_empty())];
    choices.extend(forms.into_iter().map(|form| Choice::new(form, form, form == asked.form)));
    let may_make =
        visit.ctx.principal.has(Role::OperatorManager) || visit.ctx.principal.has(Role::OperatorEngineer);
    let page = Products {
        rows: found.iter().map(|record| row(visit, record)).collect(),
        search: asked.q.clone(),
        forms: choices,
        filtered: !(asked.q.is_empty() && asked.form.is_empty()),
        create_href: may_make.then(|| "/products/new".to_owned()),
        more_href: more("/products", &[("q", &asked.q), ("form", &asked.form)], next),
    };
    visit.page("products", &page).await
}

async fn shelf(visit: &Visit, asked: &Asked) -> Result<(Vec<ProductRecord>, Option<String>), Error> {
    let text = asked.q.trim();
    let fits = |record: &ProductRecord| {
        let product = &record.product;
        let named = [&product.name, &product.description, &record.operator_name, &record.code];
        (text.is_empty() || named.iter().any(|found| found.contains(text)))
            && (asked.form.is_empty() || product.form == asked.form)
    };
    let mut after = asked.after.clone();
    let mut found = Vec::new();
    for _ in 0..FILTER_PAGES {
        let (items, next) = products::products_page(&visit.app, &visit.ctx, after.as_deref(), ROWS).await?;
        found.extend(items.into_iter().filter(fits));
        after = next;
        if after.is_none() || found.len() >= ROWS as usize {
            break;
        }
    }
    Ok((found, after))
}

fn row(visit: &Visit, record: &ProductRecord) -> ProductRow {
    let product = &record.product;
    ProductRow {
        name: product.name.clone(),
        href: format!("/products/{}", product.id),
        form: product.form.clone(),
        operator: record.operator_name.clone(),
        summary: product.description.clone(),
        price: price_now(visit, record),
        state: word(visit, "product-state", &product.state),
        light: light(product.state),
    }
}

const fn light(state: ProductState) -> Light {
    match state {
        ProductState::Draft | ProductState::Filed | ProductState::Priced => Light::DueSoon,
        ProductState::Listed => Light::Normal,
        ProductState::Suspended => Light::Suspended,
        ProductState::Withdrawn => Light::Done,
    }
}

/// The price in force today, in words.
pub(super) fn price_now(visit: &Visit, record: &ProductRecord) -> String {
    let month = app::offers::Month::of(visit.today());
    let plan = record.product.plan_for(month).or_else(|| record.product.plans.last());
    plan.map_or_else(|| visit.text("price-none"), |plan| pricing_words(visit, plan.draft()))
}

/// A price in words.
pub(super) fn pricing_words(visit: &Visit, plan: &PlanDraft) -> String {
    match &plan.pricing {
        Pricing::Free { .. } => visit.text("pricing-free"),
        Pricing::PerCall { tiers } => {
            let prices: Vec<String> = tiers.iter().map(|tier| yuan(&tier.price.to_string())).collect();
            visit.text_with("pricing-per-call", &[("price", &prices.join(" / "))])
        }
        Pricing::PerBatch { batch_calls, price } => visit.text_with(
            "pricing-per-batch",
            &[("price", &price.to_string()), ("calls", &words::count(*batch_calls))],
        ),
        Pricing::Package { price, included_calls, .. } => visit.text_with(
            "pricing-package",
            &[("price", &price.to_string()), ("calls", &words::count(*included_calls))],
        ),
        Pricing::Time { price } => visit.text_with("pricing-month", &[("price", &price.to_string())]),
    }
}

/// A price without the zeros at its end, with two decimals at least.
pub(super) fn yuan(text: &str) -> String {
    let Some((whole, decimals)) = text.split_once('.') else { return text.to_owned() };
    let short = decimals.trim_end_matches('0');
    format!("{whole}.{short:0<2}")
}

/// A product that this person may see.
///
/// # Errors
/// `product.unknown`; not signed in.
pub(super) async fn find(visit: &Visit, product: &str) -> Result<ProductRecord, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Product>(product, "product.unknown")?;
    products::product(&visit.app, &visit.ctx, id).await
}

/// Whether this person acts for the product's operator.
pub(super) fn is_operator(visit: &Visit, record: &ProductRecord) -> bool {
    visit.ctx.principal.unit == record.product.operator && visit.ctx.principal.has(Role::OperatorManager)
}

async fn show(visit: Visit, Path(product): Path<String>) -> Response {
    let result = page(&visit, &product).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, product: &str) -> Result<Response, Error> {
    let record = find(visit, product).await?;
    draw(visit, StatusCode::OK, &record, &Sent::default(), None, None).await
}

pub(super) async fn draw(
    visit: &Visit,
    status: StatusCode,
    record: &ProductRecord,
    sent: &Sent,
    answer: Option<TryAnswer>,
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    let product = &record.product;
    let id = product.id;
    let listed = product.state == ProductState::Listed;
    let operator = is_operator(visit, record);
    let may_try = listed && product.kind.is_api() && visit.ctx.is_person();
    let page = ProductPage {
        name: product.name.clone(),
        form: product.form.clone(),
        state: word(visit, "product-state", &product.state),
        light: light(product.state),
        summary: product.description.clone(),
        passport: passport(visit, record).await?,
        lineage: lineage(visit, record).await,
        scenarios: product.scenarios.clone(),
        prices: prices(visit, record),
        parameters: specification(visit, "product-parameters", &product.parameters),
        answer_columns: specification(visit, "product-answer", &product.response),
        try_href: may_try.then(|| format!("/products/{id}/try")),
        try_fields: if may_try { try_fields(visit, record, sent) } else { Vec::new() },
        try_answer: answer,
        try_is_sandbox: false,
        curl: curl(record),
        buy_href: (listed && operator).then(|| format!("/agreements/new?product={id}")),
        how: if listed && !operator { Some(portal::how(visit, record).await?) } else { None },
        price_href: operator.then(|| format!("/products/{id}/price")),
        ticket_href: open_case(
            visit,
            Effect::RecordQuality,
            &[(facts_tenant(), product.tenant.to_string()), (facts::PRODUCT, id.to_string())],
        ),
        marks: super::product_marks::declared(visit, record),
        trace_href: (record.marking.is_some()
            && app::watermarks::may_trace(&visit.app, &visit.ctx, record).is_ok())
        .then(|| format!("/products/{id}/trace")),
        actions: actions(visit, record),
        action_href: format!("/products/{id}/suspension"),
        request_key: Visit::request_key(),
        refusal,
    };
    visit.page_with(status, "products", &page).await
}

async fn passport(visit: &Visit, record: &ProductRecord) -> Result<Vec<Fact>, Error> {
    let known = products::passport(&visit.app, &visit.ctx, record.product.id).await?;
    let mut facts = vec![
        fact(visit, "operator", &record.operator_name),
        fact(visit, "product-kind", word(visit, "product-kind", &record.product.kind)),
        fact(visit, "product-source", visit.text(&format!("source-{}", known.source_kind.replace('_', "-")))),
        fact(visit, "source-digest", short(&known.source_digest)),
        fact(visit, "product-personal", visit.text(if known.personal { "yes" } else { "no" })),
        fact(visit, "product-path", &record.code),
        fact(visit, "passport-digest", short(&known.digest)),
    ];
    // Whether copies are marked is no secret; how they are is.
    if product_kind_is_file(record) {
        let marked = record.marking.as_ref().is_some_and(app::watermarks::Marking::suffices);
        facts.push(fact(
            visit,
            "watermark",
            visit.text(if marked { "watermark-yes" } else { "watermark-no" }),
        ));
    }
    if known.filing.is_some() {
        facts.insert(1, fact(visit, "filing", visit.text("filed")));
    }
    Ok(facts)
}

fn product_kind_is_file(record: &ProductRecord) -> bool {
    record.product.kind == app::offers::ProductKind::Dataset
}

async fn lineage(visit: &Visit, record: &ProductRecord) -> Vec<Link> {
    let mut links = Vec::new();
    for resource in &record.product.resources {
        // Buyers may know that there are sources, not read their catalog entries.
        if let Ok(entry) = app::resources::resource(&visit.app, &visit.ctx, *resource).await {
            links.push(Link::new(
                &visit.pick(&entry.name_zh, &entry.name_en),
                &format!("/catalog/{resource}"),
            ));
        }
    }
    links
}

fn prices(visit: &Visit, record: &ProductRecord) -> Table {
    let heads = ["price-from", "price", "price-month-max"].map(|name| visit.text(name));
    let [from, price, most] = heads.each_ref().map(String::as_str);
    let mut table = Table::new(&visit.text("price"), &[from, price, most], &[], &[]);
    table.rows = record
        .product
        .plans
        .iter()
        .rev()
        .map(|plan| {
            let draft = plan.draft();
            let most = draft.month_max.map_or_else(|| "—".to_owned(), |most| most.to_string());
            vec![draft.from.to_string(), pricing_words(visit, draft), most]
        })
        .collect();
    table
}

fn specification(visit: &Visit, caption: &str, fields: &[Spec]) -> Table {
    let heads =
        ["spec-name", "data-type", "spec-title", "required", "parameter-domain"].map(|name| visit.text(name));
    // What an answer holds has no domain of its own.
    let shown = if fields.iter().any(|field| !domain_words(field).is_empty()) { 5 } else { 4 };
    let heads: Vec<&str> = heads.iter().map(String::as_str).take(shown).collect();
    let mut table = Table::new(&visit.text(caption), &heads, &[], &[]);
    let yes_no = |truth: bool| visit.text(if truth { "yes" } else { "no" });
    table.rows = fields
        .iter()
        .map(|field| {
            let kind = visit.text(&format!("type-{}", common::key(&field.field_type)));
            let cells =
                [field.name.clone(), kind, field.title.clone(), yes_no(field.required), domain_words(field)];
            cells.into_iter().take(shown).collect()
        })
        .collect();
    table
}

/// What a parameter may be: its values, or its bounds.
pub(super) fn domain_words(field: &Spec) -> String {
    let bound = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    match (&field.values, field.min, field.max) {
        (values, ..) if !values.is_empty() => values.join(" / "),
        (_, None, None) => String::new(),
        (_, min, max) => format!("{} – {}", bound(min), bound(max)),
    }
}

fn actions(visit: &Visit, record: &ProductRecord) -> Vec<Action> {
    let product = &record.product;
    let known = [(facts_tenant(), product.tenant.to_string()), (facts::PRODUCT, product.id.to_string())];
    let pack = visit.app.packs().current();
    let mut actions = Vec::new();
    let mut open = |effect: Effect, label: &str, command: &str| {
        let Some(href) = open_case(visit, effect, &known) else { return };
        let clauses = pack.procedure_with(effect).map(|found| found.clauses.clone()).unwrap_or_default();
        actions.push(Action {
            command: command.to_owned(),
            label: visit.text(label),
            clauses: words::clauses(visit, &clauses),
            primary: true,
            form_href: Some(href),
            ..Action::default()
        });
    };
    if product.filing.is_none() {
        open(Effect::FileProduct, "product-file", "file");
    }
    if record.proposed.is_some() && product.filing.is_some() && is_operator(visit, record) {
        open(Effect::ApprovePrice, "price-submit", "price");
    }
    let judges = visit.ctx.principal.has(Role::Authority) || visit.ctx.principal.has(Role::Supervisor);
    if is_operator(visit, record) || judges {
        let command = match product.state {
            ProductState::Listed => "off",
            ProductState::Suspended => "on",
            _ => return actions,
        };
        actions.push(Action {
            command: command.to_owned(),
            label: visit.text(&format!("product-{command}")),
            grave: command == "off",
            ..Action::default()
        });
    }
    actions
}

async fn suspend(visit: Visit, Path(product): Path<String>, request: Request) -> Response {
    let result = try_suspend(&visit, &product, request).await;
    visit.answer(result).await
}

async fn try_suspend(visit: &Visit, product: &str, request: Request) -> Result<Response, Error> {
    let record = find(visit, product).await?;
    let sent = Sent::read(visit, request).await?;
    let off = match sent.get("command") {
        "off" => true,
        "on" => false,
        _ => return Err(Error::invalid("http.bad_request", "")),
    };
    let id: Id<kind::Product> = record.product.id;
    match products::suspend_product(&visit.app, &visit.keyed(sent.get("request_key")), id, off).await {
        Ok(_) => {
            Ok(visit
                .send_on(&format!("/products/{id}"), Some(if off { "product-off" } else { "product-on" })))
        }
        Err(error) if errors::can_be_mended(&error) => {
            let refusal = errors::refusal(visit, &error);
            draw(visit, problem::status(&error), &record, &sent, None, Some(refusal)).await
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_short_but_have_fen() {
        for (text, expected) in
            [("0.20000", "0.20"), ("0.00125", "0.00125"), ("12.50000", "12.50"), ("3", "3")]
        {
            assert_eq!(yuan(text), expected);
        }
    }
}
