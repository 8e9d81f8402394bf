//! Usage agreements: the list, drafting one, and one agreement with what can be done about it.

use app::Error;
use app::access::Role;
use app::cases::facts;
use app::offers::{Quota, UsageState};
use app::regulation::pack::Effect;
use app::usages::{self, NewUsage, UsageRecord};
use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use base::{Date, kind};
use serde::Deserialize;

use super::common::{fact, open_case, word};
use super::product;
use super::tenants::facts_tenant;
use crate::html::desk::errors;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::{Visit, encode};
use crate::html::desk::words::{self, Units};
use crate::html::pages::case::Action;
use crate::html::pages::form::{CaseOpen, Field, FieldKind, FormSection};
use crate::html::pages::market::{AgreementPage, AgreementRow, Agreements};
use crate::html::pages::parts::{Choice, Fact, Light, Link};
use crate::http::problem;
use crate::state::Edge;

/// Days an agreement runs that is drafted without thinking about it.
const TERM_MONTHS: i32 = 12;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/agreements", get(list))
        .route("/agreements/new", get(show_draft).post(draft))
        .route("/agreements/{usage}", get(show))
}

/// How people call an agreement: its product, its buyer and the day it was drafted.
pub(super) fn number(visit: &Visit, usage: &UsageRecord) -> String {
    super::runs::number(visit, usage.created, &usage.agreement.id.to_string())
}

async fn list(visit: Visit) -> Response {
    let result = list_page(&visit).await;
    visit.answer(result).await
}

async fn list_page(visit: &Visit) -> Result<Response, Error> {
    visit.signed_in()?;
    let mut found = usages::usages(&visit.app, &visit.ctx).await?;
    found.sort_by_key(|usage| std::cmp::Reverse(usage.created));
    let page = Agreements {
        rows: found.iter().map(|usage| row(visit, usage)).collect(),
        create_href: visit.ctx.principal.has(Role::OperatorManager).then(|| "/agreements/new".to_owned()),
        more_href: None,
    };
    visit.page("agreements", &page).await
}

fn row(visit: &Visit, usage: &UsageRecord) -> AgreementRow {
    let agreement = &usage.agreement;
    AgreementRow {
        number: number(visit, usage),
        href: format!("/agreements/{}", agreement.id),
        product: usage.product_name.clone(),
        buyer: usage.buyer_unit.1.clone(),
        scenario: visit.joined(&agreement.scenarios),
        until: agreement.to.to_string(),
        filing: if agreement.state == UsageState::Draft { String::new() } else { visit.text("filed") },
        state: word(visit, "usage-state", &agreement.state),
        light: light(agreement.state),
    }
}

pub(super) const fn light(state: UsageState) -> Light {
    match state {
        UsageState::Draft => Light::DueSoon,
        UsageState::InForce => Light::Normal,
        UsageState::Suspended => Light::Suspended,
        UsageState::Ended => Light::Done,
    }
}

async fn show(visit: Visit, Path(usage): Path<String>) -> Response {
    let result = page(&visit, &usage).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, usage: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Usage>(usage, "usage.unknown")?;
    let usage = usages::usage_view(&visit.app, &visit.ctx, id).await?.usage;
    let in_force = usage.agreement.state == UsageState::InForce;
    let mut links = vec![Link::new(&visit.text("menu-metering"), &format!("/metering?agreement={id}"))];
    if in_force && visit.ctx.principal.has(Role::Buyer) {
        links.insert(0, Link::new(&visit.text("menu-keys"), "/keys"));
    }
    let page = AgreementPage {
        number: number(visit, &usage),
        product: Link::new(&usage.product_name, &format!("/products/{}", usage.agreement.product)),
        state: word(visit, "usage-state", &usage.agreement.state),
        light: light(usage.agreement.state),
        facts: terms(visit, &usage),
        signatures: signatures(visit, &usage),
        links,
        actions: actions(visit, &usage),
    };
    visit.page("agreements", &page).await
}

fn terms(visit: &Visit, usage: &UsageRecord) -> Vec<Fact> {
    let agreement = &usage.agreement;
    let quota = |calls: Option<u64>| calls.map_or_else(|| visit.text("unlimited"), words::count);
    let mut facts = vec![
        fact(visit, "operator", &usage.operator_unit.1),
        fact(visit, "data-user", &usage.buyer_unit.1),
        fact(visit, "scenarios", visit.joined(&agreement.scenarios)),
        fact(
            visit,
            "term",
            visit.text_with(
                "term-words",
                &[("first", &agreement.from.to_string()), ("last", &agreement.to.to_string())],
            ),
        ),
        fact(visit, "quota-day", quota(agreement.quota.day)),
        fact(visit, "quota-month", quota(agreement.quota.month)),
        fact(visit, "document-digest", agreement.document.to_string()),
    ];
    if let Some(limit) = agreement.rate_limit {
        let (calls, seconds) = (limit.calls.to_string(), limit.seconds.to_string());
        let text = visit.text_with("rate-limit-words", &[("calls", &calls), ("seconds", &seconds)]);
        facts.push(fact(visit, "rate-limit", text));
    }
    facts
}

/// The parties, each with when it signed.
fn signatures(visit: &Visit, usage: &UsageRecord) -> Vec<Fact> {
    let parties =
        [(usage.agreement.operator, &usage.operator_unit.1), (usage.agreement.buyer, &usage.buyer_unit.1)];
    let signed = |unit| {
        let found = usage.agreement.signatures.iter().find(|signature| signature.unit == unit);
        found.map_or_else(|| visit.text("not-signed"), |signature| visit.minute(signature.at))
    };
    parties.map(|(unit, name)| Fact::new(name, &signed(unit))).to_vec()
}

fn actions(visit: &Visit, usage: &UsageRecord) -> Vec<Action> {
    let known = [(facts_tenant(), usage.tenant.to_string()), (facts::USAGE, usage.agreement.id.to_string())];
    let draft =
        usage.agreement.state == UsageState::Draft && visit.ctx.principal.unit == usage.agreement.operator;
    let Some(href) = open_case(visit, Effect::ActivateUsage, &known).filter(|_| draft) else {
        return Vec::new();
    };
    let pack = visit.app.packs().current();
    let clauses =
        pack.procedure_with(Effect::ActivateUsage).map(|found| found.clauses.clone()).unwrap_or_default();
    vec![Action {
        command: "file".to_owned(),
        label: visit.text("agreement-file"),
        clauses: words::clauses(visit, &clauses),
        primary: true,
        form_href: Some(href),
        ..Action::default()
    }]
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    product: String,
}

async fn show_draft(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = draft_form(&visit, &asked.product, &Sent::default(), None).await;
    visit.answer(result).await
}

/// The form for one product; without one, the choice of a product.
async fn draft_form(
    visit: &Visit,
    product: &str,
    sent: &Sent,
    error: Option<&Error>,
) -> Result<Response, Error> {
    visit.signed_in()?;
    let (action_href, sections) = if product.is_empty() {
        ("/agreements/new".to_owned(), vec![choose_product(visit).await?])
    } else {
        let record = product::find(visit, product).await?;
        let sections = vec![terms_form(visit, &record, sent).await?];
        (format!("/agreements/new?product={}", record.product.id), sections)
    };
    let page = CaseOpen {
        procedure: visit.text("menu-agreements"),
        form_title: visit.text("agreement-draft"),
        action_href,
        back_href: "/agreements".to_owned(),
        after: ["agreement-after-draft", "agreement-after-sign", "agreement-after-file"]
            .map(|key| visit.text(key))
            .to_vec(),
        sections,
        refusal: error.map(|error| errors::refusal(visit, error)),
        request_key: Visit::request_key(),
        ..CaseOpen::default()
    };
    visit.page_with(error.map_or(StatusCode::OK, problem::status), "agreements", &page).await
}

async fn choose_product(visit: &Visit) -> Result<FormSection, Error> {
    let (found, _) =
        app::products::products_page(&visit.app, &visit.ctx, None, base::limit::PAGE_ROWS_MAX).await?;
    let own = found.iter().filter(|record| {
        product::is_operator(visit, record) && record.product.state == app::offers::ProductState::Listed
    });
    let choices: Vec<Choice> =
        own.map(|record| Choice::new(&record.product.id.to_string(), &record.product.name, false)).collect();
    Ok(FormSection {
        heading: visit.text("product"),
        hint: if choices.is_empty() { visit.text("agreement-no-product") } else { String::new() },
        fields: vec![Field {
            id: "product".to_owned(),
            label: visit.text("product"),
            kind: FieldKind::Choice,
            required: true,
            choices,
            ..Field::default()
        }],
    })
}

async fn terms_form(
    visit: &Visit,
    record: &app::products::ProductRecord,
    sent: &Sent,
) -> Result<FormSection, Error> {
    let written = |id: &str| sent.get(&format!("field.{id}")).to_owned();
    let field = |id: &str, label: &str, kind: FieldKind, required: bool| Field {
        id: id.to_owned(),
        label: visit.text(label),
        kind,
        required,
        value: written(id),
        ..Field::default()
    };
    let today = visit.today();
    let dated = |mut field: Field, day: Date| {
        if field.value.is_empty() {
            field.value = day.to_string();
        }
        field
    };
    let mut units = Units::load(visit).await?.all(visit);
    units.retain(|(code, _)| *code != visit.ctx.principal.unit_code);
    let buyer = written("buyer");
    let picked: Vec<&str> = sent.below("field.scenarios").map(|(_, value)| value).collect();
    let scenario =
        |name: &String| Choice::new(name, name, picked.is_empty() || picked.contains(&name.as_str()));
    Ok(FormSection {
        heading: record.product.name.clone(),
        hint: String::new(),
        fields: vec![
            Field {
                choices: units.iter().map(|(code, name)| Choice::new(code, name, *code == buyer)).collect(),
                ..field("buyer", "data-user", FieldKind::Choice, true)
            },
            Field {
                choices: record.product.scenarios.iter().map(scenario).collect(),
                ..field("scenarios", "scenarios", FieldKind::MultiChoice, true)
            },
            dated(field("from", "date-from", FieldKind::Date, true), today),
            dated(
                field("to", "date-until", FieldKind::Date, true),
                today.plus_months(TERM_MONTHS).plus_days(-1),
            ),
            Field {
                hint: visit.text("quota-hint"),
                ..field("quota-day", "quota-day", FieldKind::Number, false)
            },
            Field {
                hint: visit.text("quota-hint"),
                ..field("quota-month", "quota-month", FieldKind::Number, false)
            },
        ],
    })
}

async fn draft(visit: Visit, Query(asked): Query<Asked>, request: Request) -> Response {
    let result = try_draft(&visit, &asked, request).await;
    visit.answer(result).await
}

async fn try_draft(visit: &Visit, asked: &Asked, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    if asked.product.is_empty() {
        let product = encode(sent.get("field.product"));
        let to = if product.is_empty() {
            "/agreements/new".to_owned()
        } else {
            format!("/agreements/new?product={product}")
        };
        return Ok(visit.send_on(&to, None));
    }
    let record = product::find(visit, &asked.product).await?;
    let drafted = match new_usage(visit, &sent) {
        Ok(new) => {
            let ctx = visit.keyed(sent.get("request_key"));
            usages::draft_usage(&visit.app, &ctx, record.product.id, &new).await
        }
        Err(error) => Err(error),
    };
    match drafted {
        Ok(usage) => {
            Ok(visit.send_on(&format!("/agreements/{}", usage.agreement.id), Some("agreement-drafted")))
        }
        Err(error) if errors::can_be_mended(&error) => {
            draft_form(visit, &asked.product, &sent, Some(&error)).await
        }
        Err(error) => Err(error),
    }
}

fn new_usage(visit: &Visit, sent: &Sent) -> Result<NewUsage, Error> {
    let answer = |id: &str| sent.get(&format!("field.{id}")).trim().to_owned();
    let label = |id: &str| match id {
        "from" => visit.text("date-from"),
        "to" => visit.text("date-until"),
        id => visit.text(id),
    };
    let bad = |id: &str| Error::invalid("form.format", label(id));
    let day = |id: &str| answer(id).parse::<Date>().map_err(|_| bad(id));
    let number = |id: &str| match answer(id) {
        text if text.is_empty() => Ok(None),
        text => text.parse::<u64>().map(Some).map_err(|_| bad(id)),
    };
    if answer("buyer").is_empty() {
        return Err(Error::invalid("form.required", visit.text("data-user")));
    }
    Ok(NewUsage {
        buyer: answer("buyer"),
        scenarios: sent.below("field.scenarios").map(|(_, value)| value.to_owned()).collect(),
        from: day("from")?,
        to: day("to")?,
        quota: Quota { day: number("quota-day")?, month: number("quota-month")? },
        rate_limit: None,
    })
}

/// The agreements of this person's unit to choose from.
pub(super) fn choices(visit: &Visit, usages: &[UsageRecord], chosen: &str) -> Vec<Choice> {
    let label = |usage: &UsageRecord| {
        format!("{} {} {}", number(visit, usage), usage.product_name, usage.buyer_unit.1)
    };
    usages
        .iter()
        .map(|usage| {
            let id = usage.agreement.id.to_string();
            Choice::new(&id, &label(usage), id == chosen)
        })
        .collect()
}

/// The agreement of an address.
///
/// # Errors
/// `usage.unknown`.
pub(super) fn parse(text: &str) -> Result<base::Id<kind::Usage>, Error> {
    Visit::id::<kind::Usage>(text, "usage.unknown")
}

/// The agreements of this person's unit, newest first.
///
/// # Errors
/// Not signed in; storage faults.
pub(super) async fn own(visit: &Visit) -> Result<Vec<UsageRecord>, Error> {
    visit.signed_in()?;
    let mut found = usages::usages(&visit.app, &visit.ctx).await?;
    found.sort_by_key(|usage| std::cmp::Reverse(usage.created));
    Ok(found)
}
