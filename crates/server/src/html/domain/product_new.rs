//! Making a product: first what it is made from, then what it is.

use app::Error;
use app::catalog::OutputColumn;
use app::exports::{self, ExportState, Listed};
use app::models::{self, ModelKind, ModelState};
use app::offers::{Field as Spec, FieldType, ProductKind};
use app::privacy::DataType;
use app::products::{self, NewProduct, NewSource};
use axum::Router;
use axum::extract::{Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use base::{Id, kind};
use serde::Deserialize;

use super::{common, product_marks};
use crate::html::desk::errors;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::{Visit, encode};
use crate::html::pages::form::{CaseOpen, Field, FieldKind, FormSection};
use crate::html::pages::parts::Choice;
use crate::http::problem;
use crate::state::Edge;

/// Newest exports of a tenant that are offered.
const EXPORTS_MAX: u32 = base::limit::PAGE_ROWS_MAX;
/// The field in which a verification answers.
const RESULT: &str = "result";
/// Columns offered as keys.
const COLUMN: &str = "key.";
/// What the keys may be.
const ALLOWED: &str = "allowed.";

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/products/new", get(show).post(make))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    source: String,
}

/// Something a product may be made from.
struct Candidate {
    key: String,
    name: String,
    tenant: Id<kind::Tenant>,
    source: NewSource,
    /// A verification's key column; none for a release.
    key_column: Option<String>,
    /// A release's columns.
    columns: Vec<OutputColumn>,
}

async fn candidates(visit: &Visit) -> Result<Vec<Candidate>, Error> {
    let mut found = Vec::new();
    for tenant in common::own_tenants(visit).await? {
        let newest = exports::exports(&visit.app, &visit.ctx, tenant.id, Listed::All, None, EXPORTS_MAX);
        for view in newest.await?.0 {
            let export = view.export;
            if export.state != ExportState::Released {
                continue;
            }
            let day = visit.day(export.requested);
            found.push(Candidate {
                key: format!("export-{}", export.id),
                name: visit.text_with("source-release-named", &[("name", &export.model_name), ("day", &day)]),
                tenant: tenant.id,
                source: NewSource::Export(export.id),
                key_column: None,
                columns: export.frozen.output,
            });
        }
        for model in models::models(&visit.app, &visit.ctx, tenant.id).await? {
            let (ModelState::Approved, ModelKind::Verification { key_column, .. }) =
                (model.state, model.does)
            else {
                continue;
            };
            found.push(Candidate {
                key: format!("model-{}", model.model.id),
                name: visit.text_with("source-verification-named", &[("name", &model.model.name)]),
                tenant: tenant.id,
                source: NewSource::Model(model.model.id),
                key_column: Some(key_column),
                columns: Vec::new(),
            });
        }
    }
    Ok(found)
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = form(&visit, &asked.source, &Sent::default(), None).await;
    visit.answer(result).await
}

async fn form(visit: &Visit, source: &str, sent: &Sent, error: Option<&Error>) -> Result<Response, Error> {
    visit.signed_in()?;
    let found = candidates(visit).await?;
    let chosen = found.iter().find(|candidate| candidate.key == source);
    let sections = match chosen {
        Some(candidate) => sections(visit, candidate, sent),
        None => vec![FormSection {
            heading: visit.text("product-source"),
            hint: visit.text("product-source-hint"),
            fields: vec![Field {
                id: "source".to_owned(),
                label: visit.text("product-source"),
                kind: FieldKind::Choice,
                required: true,
                hint: if found.is_empty() { visit.text("product-source-none") } else { String::new() },
                choices: found.iter().map(|each| Choice::new(&each.key, &each.name, false)).collect(),
                ..Field::default()
            }],
        }],
    };
    let page = CaseOpen {
        procedure: visit.text("menu-products"),
        form_title: visit.text("product-new"),
        action_href: match chosen {
            Some(candidate) => format!("/products/new?source={}", encode(&candidate.key)),
            None => "/products/new".to_owned(),
        },
        back_href: "/products".to_owned(),
        after: ["product-after-new", "product-after-file", "product-after-price"]
            .map(|key| visit.text(key))
            .to_vec(),
        sections,
        refusal: error.map(|error| errors::refusal(visit, error)),
        request_key: Visit::request_key(),
        ..CaseOpen::default()
    };
    visit.page_with(error.map_or(StatusCode::OK, problem::status), "products", &page).await
}

fn sections(visit: &Visit, candidate: &Candidate, sent: &Sent) -> Vec<FormSection> {
    let field = |id: &str, kind: FieldKind, required: bool| Field {
        id: id.to_owned(),
        label: if id == "name" { String::new() } else { visit.text(&format!("product-{id}")) },
        kind,
        required,
        value: sent.get(&format!("field.{id}")).to_owned(),
        ..Field::default()
    };
    let mut sections = vec![FormSection {
        heading: candidate.name.clone(),
        hint: String::new(),
        fields: vec![
            Field { label: visit.text("product-called"), ..field("name", FieldKind::Text, true) },
            Field { hint: visit.text("product-code-hint"), ..field("code", FieldKind::Text, true) },
            field("description", FieldKind::LongText, true),
            Field { hint: visit.text("product-form-hint"), ..field("form", FieldKind::Text, true) },
            Field {
                hint: visit.text("product-scenarios-hint"),
                ..field("scenarios", FieldKind::LongText, true)
            },
        ],
    }];
    if !candidate.columns.is_empty() {
        sections.push(product_marks::delivery(visit, sent));
        let picked: Vec<&str> = sent.below("field.keys").map(|(_, value)| value).collect();
        let choice = |column: &OutputColumn| {
            Choice::new(&column.name, &column.name, picked.contains(&column.name.as_str()))
        };
        sections.push(FormSection {
            heading: visit.text("product-parameters"),
            hint: visit.text("product-keys-hint"),
            fields: vec![Field {
                choices: candidate.columns.iter().map(choice).collect(),
                ..field("keys", FieldKind::MultiChoice, false)
            }],
        });
        let allowed = |column: &OutputColumn| Field {
            id: format!("{ALLOWED}{}", column.name),
            label: column.name.clone(),
            value: sent.get(&format!("field.{ALLOWED}{}", column.name)).to_owned(),
            ..Field::default()
        };
        sections.push(FormSection {
            heading: visit.text("parameter-domain"),
            hint: visit.text("product-domain-hint"),
            fields: candidate.columns.iter().map(allowed).collect(),
        });
    }
    if !candidate.columns.is_empty() {
        sections.push(product_marks::section(visit, &candidate.columns, sent));
    }
    let names = candidate.key_column.iter().map(String::as_str);
    let names = names.chain(candidate.columns.iter().map(|column| column.name.as_str()));
    sections.push(FormSection {
        heading: visit.text("product-titles"),
        hint: visit.text("product-titles-hint"),
        fields: names
            .map(|name| Field {
                id: format!("{COLUMN}{name}"),
                label: name.to_owned(),
                value: sent.get(&format!("field.{COLUMN}{name}")).to_owned(),
                ..Field::default()
            })
            .collect(),
    });
    sections
}

async fn make(visit: Visit, Query(asked): Query<Asked>, request: Request) -> Response {
    let result = try_make(&visit, &asked, request).await;
    visit.answer(result).await
}

async fn try_make(visit: &Visit, asked: &Asked, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let found = candidates(visit).await?;
    let Some(candidate) = found.iter().find(|candidate| candidate.key == asked.source) else {
        let source = sent.get("field.source");
        if found.iter().any(|candidate| candidate.key == source) {
            return Ok(visit.send_on(&format!("/products/new?source={}", encode(source)), None));
        }
        let error = Error::invalid("form.required", visit.text("product-source"));
        return form(visit, "", &sent, Some(&error)).await;
    };
    let new = new_product(candidate, &sent);
    let ctx = visit.keyed(sent.get("request_key"));
    match products::create_product(&visit.app, &ctx, candidate.tenant, &new).await {
        Ok(record) => Ok(visit.send_on(&format!("/products/{}", record.product.id), Some("product-made"))),
        Err(error) if errors::can_be_mended(&error) => form(visit, &asked.source, &sent, Some(&error)).await,
        Err(error) => Err(error),
    }
}

fn new_product(candidate: &Candidate, sent: &Sent) -> NewProduct {
    let answer = |id: &str| sent.get(&format!("field.{id}")).trim().to_owned();
    let spec = |name: &str, field_type: FieldType| {
        let title = answer(&format!("{COLUMN}{name}"));
        let title = if title.is_empty() { name.to_owned() } else { title };
        Spec::new(name, &title, field_type, true)
    };
    let whole = answer(product_marks::DELIVERY) == product_marks::DATASET;
    let (parameters, response, kind) = match &candidate.key_column {
        Some(column) => {
            let result = Spec { title: RESULT.to_owned(), ..spec(RESULT, FieldType::Text) };
            (vec![spec(column, FieldType::Text)], vec![result], ProductKind::Verification)
        }
        None if whole => {
            let column = |column: &OutputColumn| spec(&column.name, field_type(column.data_type));
            (Vec::new(), candidate.columns.iter().map(column).collect(), ProductKind::Dataset)
        }
        None => {
            let picked: Vec<&str> = sent.below("field.keys").map(|(_, value)| value).collect();
            let is_key = |column: &&OutputColumn| picked.contains(&column.name.as_str());
            let column = |column: &OutputColumn| spec(&column.name, field_type(column.data_type));
            // A key goes out as it came in; the answer holds all columns, so that a file of answers explains itself.
            let mut keys: Vec<Spec> = candidate.columns.iter().filter(is_key).map(column).collect();
            for key in &mut keys {
                read_domain(key, &answer(&format!("{ALLOWED}{}", key.name)));
            }
            (keys, candidate.columns.iter().map(column).collect(), ProductKind::Lookup)
        }
    };
    NewProduct {
        code: answer("code"),
        name: answer("name"),
        description: answer("description"),
        form: answer("form"),
        kind,
        scenarios: answer("scenarios")
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
        source: candidate.source,
        parameters,
        response,
        watermark: if whole { product_marks::read(&candidate.columns, sent) } else { None },
    }
}

/// What a parameter may be, as people write it: `1..12`, or values set apart by commas. What does not read as bounds is
/// taken as values, and the product's own check refuses those that are not of the type.
fn read_domain(key: &mut Spec, text: &str) {
    let bounds = text.split_once("..").map(|(low, high)| (low.trim().parse(), high.trim().parse()));
    if let Some((Ok(low), Ok(high))) = bounds {
        (key.min, key.max) = (Some(low), Some(high));
        return;
    }
    let values = text.split([',', '，', '、']).map(str::trim).filter(|value| !value.is_empty());
    key.values = values.map(str::to_owned).collect();
}

const fn field_type(data_type: DataType) -> FieldType {
    match data_type {
        DataType::Integer => FieldType::Integer,
        DataType::Decimal { .. } | DataType::Float => FieldType::Number,
        DataType::Boolean => FieldType::Boolean,
        DataType::Date => FieldType::Date,
        DataType::Text | DataType::Timestamp => FieldType::Text,
    }
}
