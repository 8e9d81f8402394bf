//! A buyer calls a product: key → quota → permit → answer → journal and meter durable → bytes.

use std::sync::Arc;

use access::{Action, ApiKeySecret, Life, ResourceRef, Standing, Thing};
use base::{Digest, Fen, Id, Timestamp, canonical_json, kind};
use products::{Counters, Month, ProductKind, ProductState, Source, UsageAgreement, check_request};
use secure_domain::protocol::{Page, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use storage::{Recording, calls, journal};

use crate::clock::{new_id, random_bytes};
use crate::keys::PLATFORM;
use crate::market::{Bundle, Counted};
use crate::{App, Ctx, Error, FieldError, Result, exports, models, usages};

/// What a caller wants of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Rows for a key.
    Query,
    /// Yes, no or unknown for a key.
    Verify,
    /// The whole data set as a file.
    File,
}

impl Operation {
    /// What a product of this kind answers.
    #[must_use]
    pub const fn of(kind: ProductKind) -> Self {
        match kind {
            ProductKind::Verification => Self::Verify,
            ProductKind::Dataset => Self::File,
            _ => Self::Query,
        }
    }
}

/// One call as it arrives.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// The key's text.
    pub key: String,
    /// The product's path.
    pub product: String,
    /// What is asked of it.
    pub operation: Operation,
    /// The scenario it is for.
    pub scenario: String,
    /// The caller's idempotency key: a repetition is answered and not charged.
    pub idempotency_key: Option<String>,
    /// Parameters.
    pub parameters: Map<String, Value>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CallAnswer {
    /// Rows of a lookup or completion.
    Rows {
        /// Rows as objects.
        rows: Vec<Map<String, Value>>,
        /// There are more rows than one answer holds.
        more: bool,
    },
    /// Answer of a verification.
    Verdict {
        /// `yes`, `no` or `unknown` (no such key).
        result: Verdict,
    },
}

/// What goes with the answer, for headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallReceipt {
    /// The call.
    pub call: Id<kind::Call>,
    /// Its journal row: proof of what was answered, and when.
    pub journal_seq: u64,
    /// It repeats an earlier call and costs nothing.
    pub repeated: bool,
    /// Calls left today, if limited.
    pub left_today: Option<u64>,
}

/// Answers a call. Its journal row and its meter row are durable before this returns.
///
/// What the product refuses, for example a parameter outside its declared domain, is not metered and costs nothing. A
/// question within the domain that finds no row is answered by that, and is metered as any other answer: that there is no
/// such row is what was asked.
///
/// # Errors
/// `access.key_…` for the key; `data.other_request` for an idempotency key that was used for another question; `products.usage_…`, `products.quota_…`, `products.rate_limit`; `tenant.closed` while the
/// authorisation is suspended; `data.parameters` with every fault at once.
pub async fn call(app: &App, request: &CallRequest, now: Timestamp) -> Result<(CallAnswer, CallReceipt)> {
    let (bundle, permit, left) = admit(app, request, now).await?;
    let answer = answer(app, &permit, &bundle, request).await?;
    let rows = match &answer {
        CallAnswer::Rows { rows, .. } => rows.len(),
        CallAnswer::Verdict { .. } => 1,
    };
    let answered = Answered { rows, digest: digest(&answer)? };
    let receipt = recorded(app, &permit, &bundle, request, &answered, now).await?;
    Ok((answer, CallReceipt { left_today: left, ..receipt }))
}

/// What was answered, as the journal and the meter keep it.
pub(crate) struct Answered {
    pub(crate) rows: usize,
    pub(crate) digest: Digest,
}

/// Lets a call in: key, product, open access, permit, parameters, quota. The quota is taken.
pub(crate) async fn admit(
    app: &App,
    request: &CallRequest,
    now: Timestamp,
) -> Result<(Arc<Bundle>, access::Permit, Option<u64>)> {
    let presented =
        ApiKeySecret::parse(&request.key).map_err(|_| Error::Unauthenticated("access.key_unknown"))?;
    let bundle = bundle(app, presented.id()).await?;
    bundle.key.key.check(&presented, &request.scenario, now).map_err(|refusal| match refusal.code() {
        code if code.ends_with("scenario") => Error::Forbidden(code),
        code => Error::Unauthenticated(code),
    })?;
    if bundle.product.code != request.product {
        return Err(Error::NotFound("product.unknown"));
    }
    check_open(&bundle)?;
    if request.operation != Operation::of(bundle.product.product.kind) {
        return Err(Error::explained(
            "data.operation",
            "a lookup answers /query, a verification /verify, a data set /file",
        ));
    }
    let ctx = context(&bundle, now, request);
    let permit = app.permit(&ctx, Action::ProductCall, reference(&bundle))?;
    check_request(&bundle.product.product.parameters, &request.parameters).map_err(|fault| {
        Error::Invalid {
            code: fault.code(),
            detail: fault.to_string(),
            subject: fault.subject().to_owned(),
            fields: vec![FieldError {
                field: fault.subject().to_owned(),
                code: fault.code().to_owned(),
                row: None,
            }],
        }
    })?;
    let left = take_quota(app, &bundle.usage.agreement, request, now).await?;
    Ok((bundle, permit, left))
}

/// Writes a call down; a repetition gives its quota back.
pub(crate) async fn recorded(
    app: &App,
    permit: &access::Permit,
    bundle: &Bundle,
    request: &CallRequest,
    answered: &Answered,
    now: Timestamp,
) -> Result<CallReceipt> {
    let receipt = record(app, permit, bundle, request, answered, now).await?;
    if receipt.repeated {
        give_back(app, &bundle.usage.agreement, now);
    }
    Ok(receipt)
}

async fn bundle(app: &App, key: Id<kind::ApiKey>) -> Result<Arc<Bundle>> {
    if let Some(known) = app.market().bundle(key) {
        return Ok(known);
    }
    let read = app
        .store()
        .read("data.bundle", |tx| {
            Box::pin(async move {
                let (key, usage) = usages::key_and_usage(tx, key).await?;
                let product = crate::products::versioned(tx, usage.agreement.product).await?.value;
                let tenant = crate::tenants::get(tx, product.product.tenant).await?;
                let buyer = crate::identity::unit_by_code(tx, &usage.buyer_unit.0).await?;
                let operator = crate::identity::unit_by_code(tx, &usage.operator_unit.0).await?;
                Ok::<_, Error>(Bundle { key, usage, product, tenant, buyer, operator })
            })
        })
        .await;
    let read = Arc::new(read.map_err(|error| match error {
        Error::NotFound(_) => Error::Unauthenticated("access.key_unknown"),
        other => other,
    })?);
    app.market().keep_bundle(Arc::clone(&read));
    Ok(read)
}

fn check_open(bundle: &Bundle) -> Result<()> {
    let units = [&bundle.buyer, &bundle.operator];
    if !bundle.tenant.is_open() || !units.into_iter().all(crate::tenants::standing_ok) {
        return Err(Error::Forbidden("tenant.closed"));
    }
    if bundle.product.product.state != ProductState::Listed {
        return Err(Error::Forbidden("product.not_listed"));
    }
    // Reports are papers; nothing delivers them yet.
    if bundle.product.product.kind == ProductKind::Report {
        return Err(Error::invalid("product.no_api", bundle.product.code.clone()));
    }
    Ok(())
}

fn context(bundle: &Bundle, now: Timestamp, request: &CallRequest) -> Ctx {
    let mut principal =
        bundle.key.key.principal(&bundle.key.unit_code, Standing::Active, bundle.buyer.standing);
    principal.usages = vec![bundle.usage.agreement.id];
    Ctx {
        principal,
        person_name: String::new(),
        unit_name: bundle.buyer.name.clone(),
        now,
        request: new_id(now),
        idempotency_key: request.idempotency_key.clone(),
    }
}

fn reference(bundle: &Bundle) -> ResourceRef {
    ResourceRef::new(Thing::Product, bundle.product.product.id)
        .with_owner(bundle.product.product.operator)
        .with_tenant(bundle.tenant.id)
        .with_usage(bundle.usage.agreement.id)
        .with_life(Life::Public)
}

/// Takes one call from the agreement's quota. Counters are loaded from the meter on the first call of a day.
async fn take_quota(
    app: &App,
    agreement: &UsageAgreement,
    request: &CallRequest,
    now: Timestamp,
) -> Result<Option<u64>> {
    let offset = app.packs().current().counting.utc_offset_seconds;
    let day = now.date_at(offset);
    let take = |counters: &mut Counters| {
        let left = agreement.check_call(&request.scenario, now, offset, *counters)?;
        counters.day += 1;
        counters.month += 1;
        counters.full_until = left.full_until;
        Ok::<_, products::CallRefusal>(left.day)
    };
    let taken = match app.market().count(agreement.id, day, take) {
        Some(taken) => taken,
        None => {
            let counters = load_counters(app, agreement.id, now, offset).await?;
            app.market().keep_counters(agreement.id, Counted { day, counters });
            app.market()
                .count(agreement.id, day, take)
                .ok_or_else(|| Error::internal("data.counters", "counters were not kept"))?
        }
    };
    taken.map_err(|refusal| match refusal {
        products::CallRefusal::NotInForce | products::CallRefusal::Scenario => {
            Error::Forbidden(refusal.code())
        }
        _ => Error::Limited(refusal.code()),
    })
}

fn give_back(app: &App, agreement: &UsageAgreement, now: Timestamp) {
    let day = now.date_at(app.packs().current().counting.utc_offset_seconds);
    app.market().count(agreement.id, day, |counters| {
        counters.day = counters.day.saturating_sub(1);
        counters.month = counters.month.saturating_sub(1);
    });
}

async fn load_counters(app: &App, usage: Id<kind::Usage>, now: Timestamp, offset: i32) -> Result<Counters> {
    let day = now.date_at(offset);
    let (day_start, month_start) = (day.start_at(offset), Month::of(day).first().start_at(offset));
    let end = now.plus_seconds(1);
    let (day, month) = app
        .store()
        .read("data.counters", |tx| {
            Box::pin(async move {
                let day =
                    calls::totals_of_usage(tx, usage, calls::Period { from: day_start, to: end }).await?;
                let month =
                    calls::totals_of_usage(tx, usage, calls::Period { from: month_start, to: end }).await?;
                Ok::<_, Error>((day, month))
            })
        })
        .await?;
    let sum = |totals: Vec<calls::Total>| totals.iter().map(|total| total.calls.unsigned_abs()).sum();
    Ok(Counters { day: sum(day), month: sum(month), full_until: None })
}

async fn answer(
    app: &App,
    permit: &access::Permit,
    bundle: &Bundle,
    request: &CallRequest,
) -> Result<CallAnswer> {
    let product = &bundle.product.product;
    match (&product.source, product.kind) {
        (Source::Serving { model, .. }, ProductKind::Verification) => {
            let key = product.parameters.first().map(|field| field.name.as_str()).unwrap_or_default();
            let key = text_of(request.parameters.get(key).unwrap_or(&Value::Null));
            let asked = &models::Asked { product: product.id, scenario: request.scenario.clone() };
            let known = app.market().generation();
            if !app.market().is_loaded(asked) {
                models::load_verification(app, bundle.tenant.id, *model, asked).await?;
                app.market().keep_loaded(asked, known);
            }
            let told = models::verify(app, permit, bundle.tenant.id, asked, key.clone()).await;
            let result = match told {
                // The zone was restarted since: hand it the definition again, once.
                Err(error) if error.code() == "domain.unknown" || error.code() == "domain.closed" => {
                    models::load_verification(app, bundle.tenant.id, *model, asked).await?;
                    models::verify(app, permit, bundle.tenant.id, asked, key).await?
                }
                other => other?,
            };
            Ok(CallAnswer::Verdict { result })
        }
        (Source::Release { export, .. }, _) => {
            let index = match app.market().index(product.id) {
                Some(index) => index,
                None => {
                    let names = product.parameters.iter().map(|field| field.name.clone()).collect();
                    let index = Arc::new(exports::release_index(app, *export, names).await?);
                    app.market().keep_index(product.id, Arc::clone(&index));
                    index
                }
            };
            let key: Vec<String> = product
                .parameters
                .iter()
                .map(|field| text_of(request.parameters.get(&field.name).unwrap_or(&Value::Null)))
                .collect();
            Ok(rows(index.lookup(&key)?, bundle))
        }
        (Source::Serving { .. }, _) => Err(Error::invalid("product.no_api", bundle.product.code.clone())),
    }
}

/// Only the fields that the product declares leave; a column it does not name stays behind.
fn rows(page: Page, bundle: &Bundle) -> CallAnswer {
    let declared = &bundle.product.product.response;
    let rows = page
        .rows
        .into_iter()
        .map(|row| {
            page.columns
                .iter()
                .zip(row)
                .filter(|(column, _)| declared.iter().any(|field| field.name == column.name))
                .map(|(column, value)| (column.name.clone(), value))
                .collect()
        })
        .collect();
    CallAnswer::Rows { rows, more: page.more }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What the journal keeps of a call, sealed.
#[derive(Serialize)]
struct CallNote<'a> {
    usage: Id<kind::Usage>,
    scenario: &'a str,
    request: Digest,
    answer: Digest,
    rows: usize,
}

async fn record(
    app: &App,
    permit: &access::Permit,
    bundle: &Bundle,
    request: &CallRequest,
    answered: &Answered,
    now: Timestamp,
) -> Result<CallReceipt> {
    let rows = answered.rows;
    let asked = digest(&(&request.product, &request.scenario, &request.parameters))?;
    let note = CallNote {
        usage: bundle.usage.agreement.id,
        scenario: &request.scenario,
        request: asked,
        answer: answered.digest,
        rows,
    };
    let payload = canonical_json(&note).map_err(|error| Error::internal("journal.payload", error))?;
    let key = app.journal_key().await?;
    let context = vault::SealContext { tenant: PLATFORM, object: new_id(now) };
    let sealed = vault::seal_bytes(&key, &context, random_bytes(), &payload)?;
    let call = new_id::<kind::Call>(now);
    let recording = Recording {
        draft: journal::JournalDraft {
            at: now,
            action: Action::ProductCall.key().to_owned(),
            subject: format!("product/{}", bundle.product.product.id),
            clauses: Vec::new(),
            payload: sealed,
        },
        call: Some(calls::Call {
            id: call,
            at: now,
            product: bundle.product.product.id,
            usage: bundle.usage.agreement.id,
            scenario: request.scenario.clone(),
            request: asked,
            api_key: bundle.key.key.id,
            units: i64::try_from(rows).unwrap_or(i64::MAX),
            outcome: "answered".to_owned(),
            price: Fen::ZERO,
            idempotency: request.idempotency_key.clone(),
        }),
    };
    let recorded = app.recorder().record(permit, recording).await?;
    // A key that was used for another question would make this one free: it is on record now, but is not answered.
    if recorded.earlier.as_ref().is_some_and(|earlier| earlier.call.request != asked) {
        return Err(Error::Conflict("data.other_request"));
    }
    let repeated = recorded.earlier.is_some();
    Ok(CallReceipt { call, journal_seq: recorded.journal.seq, repeated, left_today: None })
}

fn digest(value: &(impl Serialize + ?Sized)) -> Result<Digest> {
    let bytes = canonical_json(&value).map_err(|error| Error::internal("journal.payload", error))?;
    Ok(Digest::of(&bytes))
}
