//! The panel on which a product is tried with a key.

use std::time::Instant;

use app::Error;
use app::data_api::{self, CallRequest, Operation};
use app::offers::{Field as Spec, FieldType};
use app::products::ProductRecord;
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Map, Value};

use super::product::{domain_words, draw, find, price_now};
use crate::html::desk::errors;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::pages::form::{Field, FieldKind};
use crate::html::pages::parts::{Choice, Link};
use crate::html::pages::products::TryAnswer;
use crate::http::problem;
use crate::state::Edge;

/// Ids of the fields of the panel that are no parameters.
const KEY: &str = "api-key";
const SCENARIO: &str = "x-scenario";

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/products/{product}/try", post(try_out))
}

pub(super) fn try_fields(visit: &Visit, record: &ProductRecord, sent: &Sent) -> Vec<Field> {
    let written = |id: &str| sent.get(&format!("field.{id}")).to_owned();
    let scenario = written(SCENARIO);
    let scenarios = record.product.scenarios.iter().enumerate().map(|(index, name)| {
        Choice::new(name, name, if scenario.is_empty() { index == 0 } else { *name == scenario })
    });
    let mut fields = vec![
        Field {
            id: KEY.to_owned(),
            label: visit.text("try-key"),
            hint: visit.text("try-key-hint"),
            required: true,
            ..Field::default()
        },
        Field {
            id: SCENARIO.to_owned(),
            label: visit.text("scenario"),
            kind: FieldKind::Choice,
            required: true,
            choices: scenarios.collect(),
            ..Field::default()
        },
    ];
    fields.extend(
        record.product.parameters.iter().map(|spec| Field {
            id: spec.name.clone(),
            label: spec.title.clone(),
            hint: if spec.values.is_empty() { domain_words(spec) } else { String::new() },
            choices: spec
                .values
                .iter()
                .map(|value| Choice::new(value, value, *value == written(&spec.name)))
                .collect(),
            kind: match spec.field_type {
                _ if !spec.values.is_empty() => FieldKind::Choice,
                FieldType::Date => FieldKind::Date,
                FieldType::Integer | FieldType::Number => FieldKind::Number,
                FieldType::Text | FieldType::Boolean => FieldKind::Text,
            },
            required: spec.required,
            value: written(&spec.name),
            ..Field::default()
        }),
    );
    fields
}

pub(super) fn curl(record: &ProductRecord) -> String {
    let operation = match Operation::of(record.product.kind) {
        Operation::Query => "query",
        Operation::Verify => "verify",
        Operation::File => "file?format=csv",
    };
    let body: Map<String, Value> = record
        .product
        .parameters
        .iter()
        .map(|spec| (spec.name.clone(), Value::from(format!("<{}>", spec.name))))
        .collect();
    let scenario = record.product.scenarios.first().map_or("", String::as_str);
    format!(
        "curl -X POST \"$SHUYU/data/v1/{}/{operation}\" \\\n  -H \"Authorization: Bearer $KEY\" \\\n  -H \"X-Scenario: {scenario}\" \\\n  \
         -H \"Idempotency-Key: 1\" -H \"Content-Type: application/json\" \\\n  -d '{}'",
        record.code,
        Value::Object(body)
    )
}

async fn try_out(visit: Visit, Path(product): Path<String>, request: Request) -> Response {
    let result = try_call(&visit, &product, request).await;
    visit.answer(result).await
}

/// Calls the product as a program would, with the pasted key; the call counts. The answer is shown and not kept, so it
/// is the page itself, without a redirect.
async fn try_call(visit: &Visit, product: &str, request: Request) -> Result<Response, Error> {
    let record = find(visit, product).await?;
    let sent = Sent::read(visit, request).await?;
    let call = CallRequest {
        key: sent.get(&format!("field.{KEY}")).trim().to_owned(),
        product: record.code.clone(),
        operation: Operation::of(record.product.kind),
        scenario: sent.get(&format!("field.{SCENARIO}")).to_owned(),
        idempotency_key: None,
        parameters: parameters(&record.product.parameters, &sent),
    };
    let begun = Instant::now();
    let answered = data_api::call(&visit.app, &call, visit.ctx.now).await;
    let elapsed = format!("{} ms", begun.elapsed().as_millis());
    let answer = match answered {
        Ok((answer, receipt)) => TryAnswer {
            status: StatusCode::OK.as_u16(),
            elapsed,
            body: serde_json::to_string_pretty(&answer).unwrap_or_default(),
            record: Some(Link::new(
                &receipt.journal_seq.to_string(),
                &format!("/ledger?record={}", receipt.journal_seq),
            )),
            charged: price_now(visit, &record),
        },
        Err(error @ Error::Internal { .. }) => return Err(error),
        Err(error) => {
            let refusal = errors::refusal(visit, &error);
            let body = serde_json::json!({ "code": error.code(), "title": refusal.message, "remedy": refusal.remedy });
            TryAnswer {
                status: problem::status(&error).as_u16(),
                elapsed,
                body: serde_json::to_string_pretty(&body).unwrap_or_default(),
                record: None,
                charged: visit.text("pricing-not-charged"),
            }
        }
    };
    draw(visit, StatusCode::OK, &record, &sent, Some(answer), None).await
}

/// What was written, in the types the product asks for; what does not fit stays text and is refused by name.
fn parameters(specs: &[Spec], sent: &Sent) -> Map<String, Value> {
    let mut parameters = Map::new();
    for spec in specs {
        let text = sent.get(&format!("field.{}", spec.name)).trim();
        if text.is_empty() {
            continue;
        }
        let value = match spec.field_type {
            FieldType::Integer => text.parse::<i64>().ok().map(Value::from),
            FieldType::Number => text.parse::<f64>().ok().map(Value::from),
            FieldType::Boolean => text.parse::<bool>().ok().map(Value::from),
            FieldType::Text | FieldType::Date => None,
        };
        parameters.insert(spec.name.clone(), value.unwrap_or_else(|| Value::from(text)));
    }
    parameters
}
