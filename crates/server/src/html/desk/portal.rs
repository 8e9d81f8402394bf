//! The public portal: what anybody may see and check without an account.

use app::desk::{self, PublicOperator};
use app::notices::{self, Notice};
use app::objections::{self, NewObjection};
use app::offers::{Passport, Pricing};
use app::products::{self, ProductRecord};
use app::regulation::case::{FormValue, FormValues};
use app::regulation::pack::{Effect, FieldKind, Form, Procedure};
use app::tenants::TenantState;
use app::{Error, cases};
use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::sent::Sent;
use super::visit::{Visit, encode};
use super::{announcements, errors, frame, words};
use crate::html::pages::form::FormError;
use crate::html::pages::parts::{Choice, Fact, Figure, Light};
use crate::html::pages::portal::{
    Objection, PortalAnnouncement, PortalAnnouncements, PortalHome, PortalItem, PortalObjectionNew,
    PortalObjections, PortalOperator, PortalOperators, PortalProduct, PortalProducts,
};
use crate::html::pages::products::ProductRow;
use crate::http::problem;
use crate::state::Edge;

/// Rows of one page.
const ROWS: u32 = 30;
/// Items of each kind on the front page.
const FRONT: u32 = 6;
/// Notices whose objections are shown on one page.
const NOTICES: u32 = 100;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/portal", get(home))
        .route("/portal/announcements", get(notice_list))
        .route("/portal/announcements/{notice}", get(notice))
        .route("/portal/operators", get(operators))
        .route("/portal/products", get(product_list))
        .route("/portal/products/{product}", get(product))
        .route("/portal/objections", get(objection_list).post(file))
        .route("/portal/objections/new", get(objection_form))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    after: Option<String>,
    #[serde(default)]
    q: String,
    #[serde(default)]
    announcement: String,
    #[serde(default)]
    receipt: String,
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
        light: None,
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
    let opens = |effect: Effect| starts(visit, effect);
    let page = PortalAnnouncement {
        title: announcements::title(visit, &notice),
        issuer: notice.unit_name.clone(),
        date: frame::date_words(visit, notice.published_at.date_at(visit.offset())),
        window: String::new(),
        paragraphs,
        facts,
        basis: words::clauses_of(&pack, &basis(visit, &notice)),
        attachments: Vec::new(),
        objections: notice.objections.iter().map(|found| objection(visit, &notice, found)).collect(),
        objection_href: objections::procedure(&visit.app)
            .map(|_| format!("/portal/objections/new?announcement={}", notice.id)),
        apply_href: opens(Effect::EstablishAuthorisation)
            .filter(|_| notice.operator.is_none())
            .map(|procedure| format!("/cases/new?procedure={}", encode(&procedure.id))),
    };
    visit.public_page(StatusCode::OK, &page)
}

/// The clauses a notice rests on: its own, or those of the action that publishes such notices.
fn basis(visit: &Visit, notice: &Notice) -> Vec<String> {
    if !notice.clauses.is_empty() {
        return notice.clauses.clone();
    }
    let effect = match notice.kind {
        notices::NoticeKind::Announcement => Effect::PublishNotice,
        notices::NoticeKind::Result => Effect::PublishResult,
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
    let leads = |procedure: &&Procedure| {
        let mut actions = procedure.steps.iter().flat_map(|step| &step.actions);
        actions.any(|action| action.effects.contains(&effect))
    };
    visit.app.packs().current().procedures.values().find(leads).cloned()
}

fn plain(value: &FormValue) -> String {
    match value {
        FormValue::Text(text) => text.clone(),
        FormValue::List(items) => items.join("、"),
    }
}

fn objection(visit: &Visit, notice: &Notice, found: &notices::Objection) -> Objection {
    Objection {
        number: found.number.clone(),
        about: announcements::title(visit, notice),
        filed: visit.day(found.at),
        text: visit.text("objection-not-public"),
        answer: found.answer.clone().unwrap_or_default(),
        answered: found.answered_at.map(|at| visit.day(at)).unwrap_or_default(),
        light: if found.answered_at.is_some() { Light::Done } else { Light::Normal },
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

fn operator(visit: &Visit, found: PublicOperator) -> PortalOperator {
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
        domain: found.title,
        scenarios: visit.text("none"),
        agreement: found.case_number.unwrap_or_default(),
        until: found.term.map_or_else(|| visit.text("none"), |(_, until)| until.to_string()),
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
    Ok((found.iter().map(|record| product_row(visit, record)).collect(), next))
}

fn product_row(visit: &Visit, record: &ProductRecord) -> ProductRow {
    let product = &record.product;
    ProductRow {
        name: product.name.clone(),
        href: format!("/portal/products/{}", product.id),
        form: product.form.clone(),
        operator: record.operator_name.clone(),
        summary: product.description.clone(),
        price: today_price(visit, record),
        state: visit.text("product-listed"),
        light: Light::Normal,
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

async fn product(visit: Visit, Path(id): Path<String>) -> Response {
    let result = product_page(&visit, &id).await;
    visit.answer(result).await
}

async fn product_page(visit: &Visit, id: &str) -> Result<Response, Error> {
    let id = Visit::id(id, "product.unknown")?;
    let record = products::product(&visit.app, &visit.ctx, id).await?;
    let passport = products::passport(&visit.app, &visit.ctx, id).await?;
    let row = product_row(visit, &record);
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
        sign_in_href: format!("/sign-in?next=/products/{id}"),
        objection_href: "/portal/objections/new".to_owned(),
    };
    visit.public_page(StatusCode::OK, &page)
}

async fn objection_list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = objection_rows(&visit, &asked).await;
    visit.answer(result).await
}

async fn objection_rows(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    let (found, next) = notices::notices(&visit.app, asked.after.as_deref(), NOTICES).await?;
    let mut rows: Vec<Objection> = found
        .iter()
        .flat_map(|notice| notice.objections.iter().map(|found| objection(visit, notice, found)))
        .collect();
    rows.sort_by(|left, right| right.filed.cmp(&left.filed).then_with(|| right.number.cmp(&left.number)));
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let page = PortalObjections {
        rows,
        file_href: "/portal/objections/new".to_owned(),
        more_href: next.map(|after| format!("/portal/objections?after={after}")),
        receipt: Some(asked.receipt.clone())
            .filter(|text| !text.is_empty() && text.len() < 40 && text.chars().all(plain)),
    };
    visit.public_page(StatusCode::OK, &page)
}

async fn objection_form(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = blank_objection(&visit, &asked.announcement).await;
    visit.answer(result).await
}

async fn blank_objection(visit: &Visit, about: &str) -> Result<Response, Error> {
    // An objection is answered to a person: whoever objects is known by account, never by the public.
    visit.signed_in()?;
    let mut page = objection_page(visit, about).await?;
    page.name.clone_from(&visit.ctx.person_name);
    visit.public_page(StatusCode::OK, &page)
}

async fn objection_page(visit: &Visit, about: &str) -> Result<PortalObjectionNew, Error> {
    let (found, _) = notices::notices(&visit.app, None, NOTICES).await?;
    let choice = |notice: &Notice| {
        let id = notice.id.to_string();
        Choice::new(&id, &announcements::title(visit, notice), id == about)
    };
    Ok(PortalObjectionNew {
        action_href: "/portal/objections".to_owned(),
        subjects: found.iter().map(choice).collect(),
        request_key: Visit::request_key(),
        ..PortalObjectionNew::default()
    })
}

async fn file(visit: Visit, request: Request) -> Response {
    let result = try_file(&visit, request).await;
    visit.answer(result).await
}

async fn try_file(visit: &Visit, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let procedure = objections::procedure(&visit.app).ok_or(Error::NotFound("objection.procedure"))?;
    let (_, _, form) = cases::preview_form(&visit.app, &procedure.id)?;
    let result = match sent.get("about").parse() {
        Ok(notice) => {
            let new = NewObjection {
                notice,
                form: form.as_ref().map(|form| answers(form, &sent)).unwrap_or_default(),
            };
            objections::file_objection(&visit.app, &visit.keyed(sent.get("request_key")), &new).await
        }
        Err(_) => Err(Error::NotFound("notice.unknown")),
    };
    let error = match result {
        Ok(opened) => {
            return Ok(visit.send_on(&format!("/portal/objections?receipt={}", opened.number), None));
        }
        Err(error) if errors::can_be_mended(&error) => error,
        Err(error) => return Err(error),
    };
    let mut page = objection_page(visit, sent.get("about")).await?;
    sent.get("name").clone_into(&mut page.name);
    sent.get("contact").clone_into(&mut page.contact);
    sent.get("text").clone_into(&mut page.text);
    page.errors = wrong(visit, &error, form.as_ref());
    visit.public_page(problem::status(&error), &page)
}

/// Which of the three questions of the public page a field of the pack's form is answered by.
fn question(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::LongText => "text",
        FieldKind::Phone | FieldKind::Email => "contact",
        _ => "name",
    }
}

fn answers(form: &Form, sent: &Sent) -> FormValues {
    let fields = form.sections.iter().flat_map(|section| &section.fields);
    fields
        .map(|field| (field.key.clone(), FormValue::Text(sent.get(question(&field.kind)).to_owned())))
        .collect()
}

/// One line for each question that is wrong; other refusals stand with the text.
fn wrong(visit: &Visit, error: &Error, form: Option<&Form>) -> Vec<FormError> {
    let mut found: Vec<FormError> = Vec::new();
    if let Error::Rejected(rejection) = error {
        let fields = form.iter().flat_map(|form| &form.sections).flat_map(|section| &section.fields);
        let fields: Vec<_> = fields.collect();
        for place in &rejection.fields {
            let field = fields.iter().find(|field| field.key == place.field);
            let id = field.map_or("text", |field| question(&field.kind));
            if found.iter().all(|error| error.field != id) {
                found.push(FormError { field: id.to_owned(), message: visit.pick(&place.zh, &place.en) });
            }
        }
    }
    if found.is_empty() {
        let refusal = errors::refusal(visit, error);
        let field = if refusal.code == "notice.unknown" { "about" } else { "text" };
        found.push(FormError {
            field: field.to_owned(),
            message: format!("{}{}", refusal.message, refusal.remedy),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_lose_zeros_nobody_needs() {
        assert_eq!(["0.20000", "0.00125", "12.00", "3"].map(trimmed), ["0.20", "0.00125", "12.00", "3"]);
    }
}
