//! Products: made from a release or from approved serving code, filed and priced by cases, listed on the market.

use access::{Action, Life, Permit, ResourceRef, Thing};
use base::{Date, Fen, Id, Timestamp, kind};
use products::{
    Bound, Cap, Field, Plan, PlanDraft, Product, ProductEvent, ProductKind, ProductState, RateView, Source,
    SuspendedBy, return_rate_check,
};
use regulation::case::CaseState;
use regulation::pack::{Comparator, FactValue, Pack, Value};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Order, Query, Record, Versioned};

use crate::cases::facts::{self, Facts};
use crate::clock::new_id;
use crate::journal::Note;
use crate::resources::RegisteredNumber;
use crate::watermarks::{self, Marking, Watermark};
use crate::{App, Ctx, Error, Result, exports, models, tenants};

/// The pack's parameter that caps the return rate.
const RATE_CAP: &str = "收益率上限";

/// A product with what the platform keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRecord {
    /// The product.
    #[serde(flatten)]
    pub product: Product,
    /// Its path in the data API: lower-case letters, digits, hyphens.
    pub code: String,
    /// The operator's name.
    pub operator_name: String,
    /// The operator's unit code.
    pub operator_code: String,
    /// The price that waits for its case, with the estimate it rests on.
    pub proposed: Option<Proposal>,
    /// When it was made.
    pub created: Timestamp,
    /// Numbers under which outside registers know it.
    #[serde(default)]
    pub numbers: Vec<RegisteredNumber>,
    /// The marks of its copies, where it is a data set that declares some.
    #[serde(default)]
    pub marking: Option<Marking>,
}

/// A proposed price with the estimate of income and cost for its return rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The plan.
    pub plan: PlanDraft,
    /// Expected income of a year, in fen.
    pub income: Fen,
    /// Expected cost of a year, in fen.
    pub cost: Fen,
}

impl Record for ProductRecord {
    const KIND: &'static str = "product";
    fn id(&self) -> uuid::Uuid {
        self.product.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.created.micros();
        let mut keys = vec![
            Key::new("all", "", sort),
            Key::new("tenant", self.product.tenant, sort),
            Key::new("unit", self.product.operator, sort),
        ];
        if self.product.state == ProductState::Listed {
            keys.push(Key::new("listed", "", sort));
        }
        keys
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("code", self.code.clone())]
    }
}

impl ProductRecord {
    /// What the policies need to know.
    #[must_use]
    pub fn reference(&self) -> ResourceRef {
        let life = match self.product.state {
            ProductState::Draft | ProductState::Filed | ProductState::Priced => Life::Draft,
            ProductState::Listed => Life::Public,
            ProductState::Suspended => Life::Halted,
            ProductState::Withdrawn => Life::Closed,
        };
        ResourceRef::new(Thing::Product, self.product.id)
            .with_owner(self.product.operator)
            .with_tenant(self.product.tenant)
            .with_life(life)
    }
}

/// A product to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// Path in the data API.
    pub code: String,
    /// Name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Legal form, for example 数据接口.
    pub form: String,
    /// What it does.
    pub kind: ProductKind,
    /// Scenarios.
    pub scenarios: Vec<String>,
    /// Where answers come from.
    pub source: NewSource,
    /// What a call must carry. For a lookup: the key columns of the release, in order.
    pub parameters: Vec<Field>,
    /// What an answer carries.
    pub response: Vec<Field>,
    /// Which columns of a data set may carry the buyer's mark; none: copies are not marked.
    #[serde(default)]
    pub watermark: Option<Watermark>,
}

/// Where a new product's answers come from.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewSource {
    /// A release of the tenant.
    Export(Id<kind::Export>),
    /// An approved verification of the tenant.
    Model(Id<kind::Model>),
}

/// Makes a product in a tenant.
///
/// # Errors
/// Not the operator; a release or model that is not the tenant's or not approved; `storage.duplicate` for a code that is
/// taken; what the products crate finds wrong.
pub async fn create_product(
    app: &App,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    new: &NewProduct,
) -> Result<ProductRecord> {
    check_code(&new.code)?;
    let id = new_id::<kind::Product>(ctx.now);
    let reference = ResourceRef::new(Thing::Product, id)
        .with_owner(ctx.principal.unit)
        .with_tenant(tenant)
        .with_life(Life::Draft);
    let permit = &app.permit(ctx, Action::ProductCreate, reference)?;
    let marking = marking(app, ctx, tenant, id, new).await?;
    let marking = &marking;
    app.command(ctx, permit, "product.create", &(tenant, new), move |tx| {
        Box::pin(async move {
            let owner = tenants::get(tx, tenant).await?;
            // Another operator's authorisation is none that this one knows of.
            if owner.unit != ctx.principal.unit {
                return Err(Error::NotFound("tenant.unknown"));
            }
            if !owner.is_open() {
                return Err(Error::Conflict("tenant.closed"));
            }
            let (source, resources, providers) = match new.source {
                NewSource::Export(export) => exports::source_of(tx, tenant, export).await?,
                NewSource::Model(model) => models::source_of(tx, tenant, model).await?,
            };
            let product = Product {
                id,
                tenant,
                operator: owner.unit,
                name: new.name.clone(),
                description: new.description.clone(),
                form: new.form.clone(),
                kind: new.kind,
                scenarios: new.scenarios.clone(),
                providers,
                resources,
                source,
                parameters: new.parameters.clone(),
                response: new.response.clone(),
                filing: None,
                plans: Vec::new(),
                state: ProductState::Draft,
                suspended_by: None,
            };
            product.check()?;
            let record = ProductRecord {
                product,
                code: new.code.clone(),
                operator_name: owner.unit_name.clone(),
                operator_code: owner.unit_code.clone(),
                proposed: None,
                created: ctx.now,
                numbers: Vec::new(),
                marking: marking.clone(),
            };
            records::put(tx, &record, Expected::New, ctx.now).await?;
            let note = Note {
                subject: format!("product/{id}"),
                tenant: Some(tenant),
                clauses: &[],
                payload: &record,
            };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(record)
        })
    })
    .await
}

fn check_code(code: &str) -> Result<()> {
    let sound = code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if sound && (3..=64).contains(&code.len()) { Ok(()) } else { Err(Error::invalid("product.code", code)) }
}

/// What a new product's release can carry of the marks it declares; nobody but its operator may try.
async fn marking(
    app: &App,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    id: Id<kind::Product>,
    new: &NewProduct,
) -> Result<Option<Marking>> {
    let Some(watermark) = &new.watermark else { return Ok(None) };
    let NewSource::Export(export) = new.source else {
        return Err(Error::explained("product.watermark", "only releases are marked"));
    };
    let own = app
        .store()
        .read("product.owner", |tx| {
            Box::pin(async move {
                let owner = tenants::get(tx, tenant).await?;
                let export = exports::versioned(tx, export).await?.value;
                Ok::<_, Error>(owner.unit == ctx.principal.unit && export.tenant == tenant)
            })
        })
        .await?;
    if !own {
        return Err(Error::NotFound("export.unknown"));
    }
    let columns = new.response.iter().map(|field| field.name.clone()).collect();
    watermarks::marking(app, id, new.kind, export, columns, watermark).await.map(Some)
}

/// Proposes a price; the pricing case decides on it.
///
/// # Errors
/// A plan that is none; a return rate at or above the pack's cap, refused at once with the largest lawful income.
pub async fn propose_price(
    app: &App,
    ctx: &Ctx,
    id: Id<kind::Product>,
    proposal: &Proposal,
) -> Result<ProductRecord> {
    let known = find(app, id).await?;
    let permit = &app.permit(ctx, Action::ProductPrice, known.reference())?;
    Plan::new(proposal.plan.clone())?;
    rate(&app.packs().current(), proposal)?;
    app.command(ctx, permit, "product.price", &(id, proposal), move |tx| {
        Box::pin(async move {
            let mut stored = versioned(tx, id).await?;
            stored.value.proposed = Some(proposal.clone());
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            let note = Note {
                subject: format!("product/{id}"),
                tenant: Some(stored.value.product.tenant),
                clauses: &[],
                payload: proposal,
            };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(stored.value)
        })
    })
    .await
}

/// The return rate of a proposal under the pack's cap. A pack that sets no cap has the rate shown and nothing judged.
///
/// # Errors
/// `products.return_rate…` with the largest lawful income in the detail; `pack.parameter` when the cap is no share.
pub fn rate(pack: &Pack, proposal: &Proposal) -> Result<RateView> {
    let cap = pack.parameters.get(RATE_CAP).map(|parameter| cap(&parameter.value)).transpose()?;
    return_rate_check(proposal.income, proposal.cost, cap)
        .map_err(|refusal| Error::explained(refusal.code(), refusal.to_string()))
}

fn cap(value: &Value) -> Result<Cap> {
    let (share, bound) = match value {
        Value::Limit(Comparator::Less, inner) => (inner.as_ref(), Bound::Below),
        Value::Limit(Comparator::AtMost, inner) => (inner.as_ref(), Bound::AtMost),
        other => (other, Bound::AtMost),
    };
    let ppm = match share {
        Value::Ratio(ppm) => u32::try_from(*ppm).ok(),
        _ => None,
    };
    ppm.map(|ppm| Cap { ppm, bound }).ok_or_else(|| Error::invalid("pack.parameter", RATE_CAP))
}

/// What the platform knows about a product, as facts for conditions.
pub(crate) async fn facts_of(
    _app: &App,
    tx: &mut Tx<'_>,
    id: Id<kind::Product>,
    _pack: &Pack,
) -> Result<Facts> {
    let record = versioned(tx, id).await?.value;
    let mut known = Facts::from([
        ("产品已备案".to_owned(), FactValue::Flag(record.product.filing.is_some())),
        (facts::TENANT.to_owned(), FactValue::Text(record.product.tenant.to_string())),
        (facts::OPERATOR.to_owned(), FactValue::Text(record.operator_code.clone())),
    ]);
    if let Some(proposal) = &record.proposed {
        let (income, cost) = (i128::from(proposal.income.0), i128::from(proposal.cost.0));
        if cost > 0 {
            let ppm = ((income - cost) * 1_000_000).div_euclid(cost);
            if let Ok(ppm) = i64::try_from(ppm) {
                known.insert(facts::RETURN_RATE.to_owned(), FactValue::Number(ppm));
            }
        }
    }
    Ok(known)
}

async fn step(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState, events: &[ProductEvent]) -> Result<()> {
    let mut stored = versioned(tx, facts::id(&case.facts, facts::PRODUCT)?).await?;
    for event in events {
        stored.value.product = stored.value.product.apply(event)?;
    }
    stored.value.proposed =
        stored.value.proposed.filter(|_| matches!(events.first(), Some(ProductEvent::Filed { .. })));
    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    Ok(())
}

/// Effect: the product is filed.
pub(crate) async fn file(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    step(tx, ctx, case, &[ProductEvent::Filed { case: case.id }]).await
}

/// Effect: an outside register gave the product a number.
pub(crate) async fn number(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let mut stored = versioned(tx, facts::id(&case.facts, facts::PRODUCT)?).await?;
    stored.value.numbers.push(RegisteredNumber::of(case, ctx.now)?);
    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    Ok(())
}

/// Effect: the proposed price takes effect and the product is listed.
pub(crate) async fn approve_price(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let stored = versioned(tx, facts::id(&case.facts, facts::PRODUCT)?).await?.value;
    let proposal = stored.proposed.ok_or(Error::Conflict("product.no_proposal"))?;
    let plan = Plan::new(proposal.plan)?;
    let mut events = vec![ProductEvent::Priced { plan }];
    if matches!(stored.product.state, ProductState::Filed | ProductState::Priced) {
        events.push(ProductEvent::Listed);
    }
    step(tx, ctx, case, &events).await
}

/// Takes a product off the market for a time, or puts it back.
///
/// # Errors
/// Not the operator or a supervisor; `products.state`.
pub async fn suspend_product(
    app: &App,
    ctx: &Ctx,
    id: Id<kind::Product>,
    off: bool,
) -> Result<ProductRecord> {
    let known = find(app, id).await?;
    let permit = &app.permit(ctx, Action::ProductSuspend, known.reference())?;
    let by = if ctx.principal.unit == known.product.operator {
        SuspendedBy::Operator
    } else {
        SuspendedBy::Government
    };
    app.command(ctx, permit, "product.suspend", &(id, off), move |tx| {
        Box::pin(async move {
            let mut stored = versioned(tx, id).await?;
            let event = if off { ProductEvent::Suspended { by } } else { ProductEvent::Resumed { by } };
            stored.value.product = stored.value.product.apply(&event)?;
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            let note = Note {
                subject: format!("product/{id}"),
                tenant: Some(stored.value.product.tenant),
                clauses: &[],
                payload: &event,
            };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(stored.value)
        })
    })
    .await
}

/// Takes all products of an authorisation that is destroyed off the market for good.
pub(crate) async fn withdraw_all(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    tenant: Id<kind::Tenant>,
    now: Timestamp,
) -> Result<()> {
    let of_tenant = tenant.to_string();
    for mut stored in records::all::<ProductRecord>(tx, "tenant", &of_tenant, records::ALL_MAX).await? {
        if stored.value.product.state == ProductState::Withdrawn {
            continue;
        }
        let event = ProductEvent::Withdrawn;
        stored.value.product = stored.value.product.apply(&event)?;
        records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
        let subject = format!("product/{}", stored.value.product.id);
        let note = Note { subject, tenant: None, clauses: &[], payload: &event };
        app.record(tx, permit, now, note).await?;
    }
    Ok(())
}

pub(crate) async fn versioned(tx: &mut Tx<'_>, id: Id<kind::Product>) -> Result<Versioned<ProductRecord>> {
    records::get::<ProductRecord>(tx, id.uuid()).await?.ok_or(Error::NotFound("product.unknown"))
}

/// A product by id, whoever asks.
pub(crate) async fn find(app: &App, id: Id<kind::Product>) -> Result<ProductRecord> {
    app.store().read("product.find", |tx| Box::pin(async move { Ok(versioned(tx, id).await?.value) })).await
}

/// One product. Listed ones are open to everybody.
///
/// # Errors
/// `product.unknown` when there is none or it is not for this person to know.
pub async fn product(app: &App, ctx: &Ctx, id: Id<kind::Product>) -> Result<ProductRecord> {
    let record = find(app, id).await?;
    app.permit(ctx, Action::ProductView, record.reference())
        .map_err(|_| Error::NotFound("product.unknown"))?;
    Ok(record)
}

/// A page of products: the market for everybody, and all that this person may see when signed in.
///
/// # Errors
/// A cursor that is none.
pub async fn products_page(
    app: &App,
    ctx: &Ctx,
    after: Option<&str>,
    limit: u32,
) -> Result<(Vec<ProductRecord>, Option<String>)> {
    let after = after.map(crate::cases::parse_cursor).transpose()?;
    let name = if ctx.is_person() { "all" } else { "listed" };
    let query = &Query { name, value: "", after, limit, order: Order::Descending };
    let page = app
        .store()
        .read("product.list", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::list::<ProductRecord>(tx, query).await?) })
        })
        .await?;
    let next = page.next.map(crate::cases::cursor_text);
    let visible = |record: &ProductRecord| app.permit(ctx, Action::ProductView, record.reference()).is_ok();
    Ok((page.items.into_iter().map(|found| found.value).filter(visible).collect(), next))
}

/// The public passport of a product on a day.
///
/// # Errors
/// `product.unknown`.
pub async fn passport(app: &App, ctx: &Ctx, id: Id<kind::Product>) -> Result<products::Passport> {
    let record = product(app, ctx, id).await?;
    let today: Date = ctx.now.date_at(app.packs().current().counting.utc_offset_seconds);
    Ok(products::Passport::of(&record.product, today)?)
}

/// Whether the source is served inside the prod zone.
#[must_use]
pub const fn is_served_inside(source: &Source) -> bool {
    matches!(source, Source::Serving { .. })
}
