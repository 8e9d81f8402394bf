//! Usage agreements between operator and data user, and the API keys issued under them.

use access::{Action, ApiKeyRecord, ApiKeySecret, ResourceRef, Thing};
use base::{Date, Digest, Id, Timestamp, canonical_json, kind};
use products::{Quota, RateLimit, Signature, UsageAgreement, UsageState};
use regulation::case::CaseState;
use regulation::pack::{CommandKind, FactValue};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Record, Versioned};

use crate::cases::facts::{self, Facts};
use crate::clock::new_id;
use crate::identity::{unit, unit_by_code};
use crate::journal::Note;
use crate::keys::PLATFORM;
use crate::{App, Ctx, Error, Result, products as market};

/// Keys of one agreement.
const KEYS_MAX: usize = 20;

/// A usage agreement with what the platform keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// The agreement.
    #[serde(flatten)]
    pub agreement: UsageAgreement,
    /// The tenant its product lives in.
    pub tenant: Id<kind::Tenant>,
    /// The product's name.
    pub product_name: String,
    /// The product's path in the data API.
    pub product_code: String,
    /// The operator's unit code and name.
    pub operator_unit: (String, String),
    /// The data user's unit code and name.
    pub buyer_unit: (String, String),
    /// When it was drafted.
    pub created: Timestamp,
}

impl Record for UsageRecord {
    const KIND: &'static str = "usage";
    fn id(&self) -> uuid::Uuid {
        self.agreement.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.created.micros();
        vec![
            Key::new("unit", self.agreement.buyer, sort),
            Key::new("unit", self.agreement.operator, sort),
            Key::new("product", self.agreement.product, sort),
            Key::new("tenant", self.tenant, sort),
        ]
    }
}

impl UsageRecord {
    /// What the policies need to know.
    #[must_use]
    pub fn reference(&self) -> ResourceRef {
        ResourceRef::usage(self.agreement.id)
            .with_owner(self.agreement.operator)
            .with_participants([self.agreement.operator, self.agreement.buyer])
    }
}

/// An API key with what the platform keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEntry {
    /// The key as the store keeps it.
    #[serde(flatten)]
    pub key: ApiKeyRecord,
    /// The data user's unit code.
    pub unit_code: String,
    /// When it was issued.
    pub created: Timestamp,
}

impl Record for KeyEntry {
    const KIND: &'static str = "api_key";
    fn id(&self) -> uuid::Uuid {
        self.key.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("usage", self.key.usage, self.created.micros())]
    }
}

/// An agreement to be drafted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUsage {
    /// The data user's unit code; the person's own unit if empty.
    #[serde(default)]
    pub buyer: String,
    /// Scenarios.
    pub scenarios: Vec<String>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Quota.
    #[serde(default)]
    pub quota: Quota,
    /// Rate limit.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
}

/// A key as its holder gets it, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssuedKey {
    /// Id.
    pub id: Id<kind::ApiKey>,
    /// The text; it is not stored and cannot be shown again.
    pub key: String,
}

/// Drafts an agreement for a listed product; the filing case makes it valid.
///
/// # Errors
/// Not a party; `product.not_listed`; scenarios beyond the product's.
pub async fn draft_usage(
    app: &App,
    ctx: &Ctx,
    product: Id<kind::Product>,
    new: &NewUsage,
) -> Result<UsageRecord> {
    let known = market::find(app, product).await?;
    if known.product.state != products::ProductState::Listed {
        return Err(Error::Conflict("product.not_listed"));
    }
    let id = new_id::<kind::Usage>(ctx.now);
    let reference = ResourceRef::new(Thing::Usage, id)
        .with_owner(known.product.operator)
        .with_tenant(known.product.tenant)
        .with_participants([known.product.operator, ctx.principal.unit]);
    let permit = &app.permit(ctx, Action::UsageDraft, reference)?;
    let (known, operator) = (&known, &unit(app, known.product.operator).await?);
    app.command(ctx, permit, "usage.draft", &(product, new), move |tx| {
        Box::pin(async move {
            let code = if new.buyer.is_empty() { &ctx.principal.unit_code } else { &new.buyer };
            let buyer = unit_by_code(tx, code).await?;
            let document =
                canonical_json(&(product, &known.product.source, new, &operator.code, &buyer.code))
                    .map_err(|error| Error::internal("usage.document", error))?;
            let agreement = UsageAgreement {
                id,
                product,
                operator: operator.id,
                buyer: buyer.id,
                scenarios: new.scenarios.clone(),
                from: new.from,
                to: new.to,
                quota: new.quota,
                rate_limit: new.rate_limit,
                document: Digest::of(&document),
                signatures: Vec::new(),
                state: UsageState::Draft,
            };
            agreement.check(&known.product.scenarios)?;
            let record = UsageRecord {
                agreement,
                tenant: known.product.tenant,
                product_name: known.product.name.clone(),
                product_code: known.code.clone(),
                operator_unit: (operator.code.clone(), operator.name.clone()),
                buyer_unit: (buyer.code, buyer.name),
                created: ctx.now,
            };
            records::put(tx, &record, Expected::New, ctx.now).await?;
            let note = Note { subject: format!("usage/{id}"), tenant: None, clauses: &[], payload: &record };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(record)
        })
    })
    .await
}

pub(crate) async fn versioned(tx: &mut Tx<'_>, id: Id<kind::Usage>) -> Result<Versioned<UsageRecord>> {
    records::get::<UsageRecord>(tx, id.uuid()).await?.ok_or(Error::NotFound("usage.unknown"))
}

/// What the platform knows about an agreement, as facts for conditions.
pub(crate) async fn facts_of(tx: &mut Tx<'_>, id: Id<kind::Usage>) -> Result<Facts> {
    let record = versioned(tx, id).await?.value;
    Ok(Facts::from([
        (facts::BUYER.to_owned(), FactValue::Text(record.buyer_unit.0)),
        (facts::OPERATOR.to_owned(), FactValue::Text(record.operator_unit.0)),
        (facts::TENANT.to_owned(), FactValue::Text(record.tenant.to_string())),
    ]))
}

/// Effect: both parties have signed in the case and it is filed; the agreement is in force.
pub(crate) async fn activate(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let mut stored = versioned(tx, facts::id(&case.facts, facts::USAGE)?).await?;
    for act in case.acts.iter().filter(|act| act.command == CommandKind::Sign) {
        let signer = unit_by_code(tx, &act.by.unit).await?;
        let signature = Signature {
            unit: signer.id,
            person: act.by.person,
            at: ctx.now,
            document: stored.value.agreement.document,
        };
        stored.value.agreement = stored.value.agreement.sign(signature)?;
    }
    if stored.value.agreement.state != UsageState::InForce {
        return Err(Error::Conflict("usage.not_signed"));
    }
    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    Ok(())
}

/// The agreements a unit is a party of.
pub(crate) async fn of_unit(tx: &mut Tx<'_>, unit: Id<kind::Unit>) -> Result<Vec<Id<kind::Usage>>> {
    let found = records::all::<UsageRecord>(tx, "unit", &unit.to_string(), 5_000).await?;
    Ok(found.into_iter().map(|usage| usage.value.agreement.id).collect())
}

/// An agreement with its keys (without secrets).
#[derive(Debug, Clone, Serialize)]
pub struct UsageView {
    /// The agreement.
    #[serde(flatten)]
    pub usage: UsageRecord,
    /// Its keys.
    pub keys: Vec<KeyEntry>,
}

/// One agreement.
///
/// # Errors
/// `usage.unknown` when there is none or this person may not see it.
pub async fn usage_view(app: &App, ctx: &Ctx, id: Id<kind::Usage>) -> Result<UsageView> {
    let view = app
        .store()
        .read("usage.view", |tx| {
            Box::pin(async move {
                let usage = versioned(tx, id).await?.value;
                let keys = records::all::<KeyEntry>(tx, "usage", &id.to_string(), 1_000).await?;
                Ok::<_, Error>(UsageView { usage, keys: keys.into_iter().map(|key| key.value).collect() })
            })
        })
        .await?;
    app.permit(ctx, Action::UsageView, view.usage.reference())
        .map_err(|_| Error::NotFound("usage.unknown"))?;
    Ok(view)
}

/// The agreements of this person's unit.
///
/// # Errors
/// Not signed in.
pub async fn usages(app: &App, ctx: &Ctx) -> Result<Vec<UsageRecord>> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let unit = ctx.principal.unit.to_string();
    let unit = unit.as_str();
    let found = app
        .store()
        .read("usage.list", |tx| {
            Box::pin(
                async move { Ok::<_, Error>(records::all::<UsageRecord>(tx, "unit", unit, 5_000).await?) },
            )
        })
        .await?;
    Ok(found.into_iter().map(|usage| usage.value).collect())
}

/// Issues an API key. A repeated request with the same idempotency key gets the same key.
///
/// # Errors
/// Not the data user; `usage.not_in_force`; `key.too_many`.
pub async fn issue_key(app: &App, ctx: &Ctx, id: Id<kind::Usage>) -> Result<IssuedKey> {
    let known = usage_view(app, ctx, id).await?;
    let permit = &app.permit(ctx, Action::KeyIssue, key_reference(&known.usage, "*"))?;
    if known.keys.len() >= KEYS_MAX {
        return Err(Error::Limited("key.too_many"));
    }
    let key = app.command(ctx, permit, "key.issue", &id, move |tx| {
        Box::pin(async move {
            let usage = versioned(tx, id).await?.value;
            if usage.agreement.state != UsageState::InForce {
                return Err(Error::Conflict("usage.not_in_force"));
            }
            let key = new_id::<kind::ApiKey>(ctx.now);
            let secret = secret(app, tx, key).await?;
            let offset = app.packs().current().counting.utc_offset_seconds;
            let entry = KeyEntry {
                key: ApiKeyRecord {
                    id: key,
                    digest: secret.digest(),
                    issued_by: ctx.principal.person,
                    unit: usage.agreement.buyer,
                    usage: id,
                    scenarios: usage.agreement.scenarios.clone(),
                    valid_until: usage.agreement.to.plus_days(1).start_at(offset),
                    revoked_at: None,
                },
                unit_code: usage.buyer_unit.0.clone(),
                created: ctx.now,
            };
            records::put(tx, &entry, Expected::New, ctx.now).await?;
            let note = Note {
                subject: format!("apikey/{key}"),
                tenant: None,
                clauses: &[],
                payload: serde_json::json!({ "usage": id, "scenarios": entry.key.scenarios }),
            };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(key)
        })
    });
    let key = key.await?;
    app.store()
        .read("key.text", |tx| {
            Box::pin(
                async move { Ok(IssuedKey { id: key, key: secret(app, tx, key).await?.text().to_string() }) },
            )
        })
        .await
}

/// A key's secret is derived from the platform's key and the key's id, so that a repeated request can be answered
/// without the secret ever lying in the store, where remembered answers do.
async fn secret(app: &App, tx: &mut Tx<'_>, key: Id<kind::ApiKey>) -> Result<ApiKeySecret> {
    let derived = app.keys().derived(tx, PLATFORM, &format!("apikey/{key}")).await?;
    Ok(ApiKeySecret::new(key, *derived.to_bytes()))
}

/// Revokes an API key at once.
///
/// # Errors
/// Not a party; `key.unknown`.
pub async fn revoke_key(app: &App, ctx: &Ctx, id: Id<kind::ApiKey>) -> Result<KeyEntry> {
    let (entry, usage) =
        app.store().read("key.find", |tx| Box::pin(async move { key_and_usage(tx, id).await })).await?;
    let permit = &app.permit(ctx, Action::KeyRevoke, key_reference(&usage, &entry.key.id.to_string()))?;
    app.command(ctx, permit, "key.revoke", &id, move |tx| {
        Box::pin(async move {
            let stored = records::get::<KeyEntry>(tx, id.uuid()).await?;
            let mut stored = stored.ok_or(Error::NotFound("key.unknown"))?;
            stored.value.key.revoked_at.get_or_insert(ctx.now);
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            let note = Note {
                subject: format!("apikey/{id}"),
                tenant: None,
                clauses: &[],
                payload: serde_json::json!({ "revoked": true }),
            };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(stored.value)
        })
    })
    .await
}

/// A key and its agreement, whoever asks.
pub(crate) async fn key_and_usage(tx: &mut Tx<'_>, id: Id<kind::ApiKey>) -> Result<(KeyEntry, UsageRecord)> {
    let entry = records::get::<KeyEntry>(tx, id.uuid()).await?.ok_or(Error::NotFound("key.unknown"))?.value;
    let usage = versioned(tx, entry.key.usage).await?.value;
    Ok((entry, usage))
}

fn key_reference(usage: &UsageRecord, id: &str) -> ResourceRef {
    ResourceRef::new(Thing::Key, id)
        .with_owner(usage.agreement.buyer)
        .with_usage(usage.agreement.id)
        .with_participants([usage.agreement.operator, usage.agreement.buyer])
}
