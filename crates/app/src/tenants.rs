//! Authorisations: the tenant each one makes, its life, its grants, and its end.

use access::{Action, Life, ResourceRef, Standing, Thing};
use base::{Date, Id, Timestamp, kind};
use regulation::case::{CaseState, FormValue};
use regulation::pack::{FactValue, FieldKind, Pack, PeriodUnit, Value};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record, Versioned};
use storage::{Tx, objects as rows};

use crate::cases::facts::{self, Facts};
use crate::clock::new_id;
use crate::identity::{Unit, unit_by_code};
use crate::notices::Notice;
use crate::resources::{self, Wanted};
use crate::{App, Ctx, Error, Result, jobs};

/// Where a tenant is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// A provider's holding area: raw resources before any grant.
    Holding,
    /// Determined and filed; no agreement yet.
    Established,
    /// Agreement in force.
    Agreed,
    /// Access is open.
    Active,
    /// Access is closed for now.
    Suspended,
    /// Keys are taken away from the zones, nothing is destroyed yet.
    Sealed,
    /// The key is destroyed.
    Destroyed,
}

/// One authorisation, or a provider's holding area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Id.
    pub id: Id<kind::Tenant>,
    /// The operator (or provider).
    pub unit: Id<kind::Unit>,
    /// Its code.
    pub unit_code: String,
    /// Its name.
    pub unit_name: String,
    /// What it is for, from the application's title.
    pub title: String,
    /// The pack it was authorised under.
    pub pack: String,
    /// The case that determined it.
    pub case: Option<Id<kind::Case>>,
    /// Where it is.
    pub state: TenantState,
    /// The field it is for, from the announcement its application answers.
    #[serde(default)]
    pub domain: Option<String>,
    /// The agreement in force.
    #[serde(default)]
    pub agreement: Option<Agreement>,
    /// The agreement's first and last day.
    pub term: Option<(Date, Date)>,
    /// When access opened first.
    #[serde(default)]
    pub opened: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// Why access was closed last, in words, with the case.
    pub closed_by: Option<Id<kind::Case>>,
    /// Access was open before it was closed: what a restoration goes back to.
    pub was_open: bool,
    /// The certificate of destruction.
    pub certificate: Option<Certificate>,
}

/// What was agreed, as far as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The case in which it was signed.
    pub case: Id<kind::Case>,
    /// Its number.
    pub number: String,
    /// The scenarios, in the agreement's words.
    pub scenarios: Option<String>,
}

/// What was destroyed, and the proof that nothing readable is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Id.
    pub id: Id<kind::Certificate>,
    /// The case that ordered it.
    pub case: Id<kind::Case>,
    /// When the key was destroyed.
    pub destroyed_at: Timestamp,
    /// Sealed objects that became unreadable.
    pub objects: u64,
    /// Of these, files removed.
    pub files_removed: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// The residue scan: objects tried, and how many could still be opened (must be 0).
    pub scanned: u64,
    /// Readable ones.
    pub readable: u64,
    /// Zone workers that were still running afterwards (must be 0).
    pub workers: u64,
    /// The journal row of the destruction.
    pub journal_seq: u64,
    /// Logs are kept at least until this day.
    pub logs_until: Date,
    /// The clauses it rests on.
    pub clauses: Vec<String>,
}

impl Record for Tenant {
    const KIND: &'static str = "tenant";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.created.micros();
        let class = if self.state == TenantState::Holding { "holding" } else { "authorisation" };
        vec![Key::new("unit", self.unit, sort), Key::new("class", class, sort)]
    }
}

impl Tenant {
    /// Whether products and zones may be used now.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, TenantState::Active)
    }

    /// What the policies need to know.
    #[must_use]
    pub fn resource(&self) -> ResourceRef {
        let life = match self.state {
            TenantState::Active | TenantState::Holding => Life::Live,
            TenantState::Established | TenantState::Agreed => Life::Draft,
            TenantState::Suspended => Life::Halted,
            TenantState::Sealed | TenantState::Destroyed => Life::Closed,
        };
        ResourceRef::tenant(self.id).with_owner(self.unit).with_life(life)
    }
}

/// A resource granted to a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Id.
    pub id: Id<kind::Grant>,
    /// To whom.
    pub tenant: Id<kind::Tenant>,
    /// What.
    pub resource: Id<kind::Resource>,
    /// Its code, which is its table name in the zones.
    pub code: String,
    /// Columns granted.
    pub columns: Vec<String>,
    /// The case that granted it.
    pub case: Id<kind::Case>,
    /// Where it is.
    pub state: GrantState,
    /// When.
    pub created: Timestamp,
    /// The tenant's raw copy of the granted columns, in the prod zone.
    pub raw: Option<GrantedObject>,
    /// The masked sample in the dev zone.
    pub twin: Option<GrantedObject>,
    /// Why it failed, as a code.
    pub error: Option<String>,
}

/// A sealed table of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedObject {
    /// The object.
    pub object: Id<kind::Object>,
    /// The provider's snapshot it was made from.
    pub snapshot: Id<kind::Snapshot>,
    /// Digest of the sealed bytes.
    pub digest: base::Digest,
    /// Rows.
    pub rows: u64,
}

/// Where a grant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// Being copied and masked.
    Preparing,
    /// Usable.
    Ready,
    /// Could not be prepared.
    Failed,
}

impl Record for Grant {
    const KIND: &'static str = "grant";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.created.micros();
        vec![Key::new("tenant", self.tenant, sort), Key::new("resource", self.resource, sort)]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("table", format!("{}/{}", self.tenant, self.code))]
    }
}

/// A tenant by id, in the caller's transaction.
///
/// # Errors
/// `tenant.unknown`.
pub(crate) async fn get(tx: &mut Tx<'_>, id: Id<kind::Tenant>) -> Result<Tenant> {
    Ok(versioned(tx, id).await?.value)
}

async fn versioned(tx: &mut Tx<'_>, id: Id<kind::Tenant>) -> Result<Versioned<Tenant>> {
    records::get::<Tenant>(tx, id.uuid()).await?.ok_or(Error::NotFound("tenant.unknown"))
}

/// The tenants and usage agreements a unit's people may reach.
pub(crate) async fn reach(
    tx: &mut Tx<'_>,
    unit: Id<kind::Unit>,
) -> Result<(Vec<Id<kind::Tenant>>, Vec<Id<kind::Usage>>)> {
    let tenants = records::all::<Tenant>(tx, "unit", &unit.to_string(), 1_000).await?;
    let usages = crate::usages::of_unit(tx, unit).await?;
    Ok((tenants.into_iter().map(|tenant| tenant.value.id).collect(), usages))
}

/// What the platform knows about a tenant, as facts for conditions.
pub(crate) fn facts_of(tenant: &Tenant) -> Facts {
    let agreed = !matches!(tenant.state, TenantState::Holding | TenantState::Established);
    Facts::from([
        ("协议已签订".to_owned(), FactValue::Flag(agreed)),
        ("权限已开通".to_owned(), FactValue::Flag(tenant.is_open())),
        ("权限已关闭".to_owned(), FactValue::Flag(!tenant.is_open())),
    ])
}

/// The holding tenant of a provider, made on first use.
pub(crate) async fn holding(app: &App, tx: &mut Tx<'_>, unit: &Unit, now: Timestamp) -> Result<Tenant> {
    let known = records::all::<Tenant>(tx, "unit", &unit.id.to_string(), 1_000).await?;
    if let Some(tenant) = known.into_iter().find(|tenant| tenant.value.state == TenantState::Holding) {
        return Ok(tenant.value);
    }
    let tenant = new_tenant(app, unit, TenantState::Holding, &unit.name, None, now);
    records::put(tx, &tenant, Expected::New, now).await?;
    app.keys().create_tenant(tx, tenant.id, now).await?;
    Ok(tenant)
}

fn new_tenant(
    app: &App,
    unit: &Unit,
    state: TenantState,
    title: &str,
    case: Option<Id<kind::Case>>,
    now: Timestamp,
) -> Tenant {
    Tenant {
        id: new_id(now),
        unit: unit.id,
        unit_code: unit.code.clone(),
        unit_name: unit.name.clone(),
        title: title.to_owned(),
        pack: app.packs().current().id.clone(),
        case,
        state,
        domain: None,
        agreement: None,
        term: None,
        opened: None,
        created: now,
        closed_by: None,
        was_open: false,
        certificate: None,
    }
}

/// Effect: the determined applicant becomes an operator with a tenant of its own, still closed.
pub(crate) async fn establish(app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let unit = unit_by_code(tx, &case.opener.unit).await?;
    let mut tenant = new_tenant(app, &unit, TenantState::Established, &case.title, Some(case.id), ctx.now);
    if case.facts.contains_key(facts::NOTICE) {
        let notice = facts::id::<kind::Notice>(&case.facts, facts::NOTICE)?;
        let notice = records::get::<Notice>(tx, notice.uuid()).await?;
        tenant.domain = notice.and_then(|notice| notice.value.domain);
    }
    records::put(tx, &tenant, Expected::New, ctx.now).await?;
    app.keys().create_tenant(tx, tenant.id, ctx.now).await
}

/// Changes the tenant a case is about.
async fn change(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    case: &CaseState,
    edit: impl FnOnce(&mut Tenant) -> Result<()> + Send,
) -> Result<Tenant> {
    let mut stored = versioned(tx, facts::id(&case.facts, facts::TENANT)?).await?;
    if matches!(stored.value.state, TenantState::Destroyed | TenantState::Holding) {
        return Err(Error::Conflict("tenant.ended"));
    }
    edit(&mut stored.value)?;
    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    Ok(stored.value)
}

/// Effect: the agreement is in force; its term runs for the pack's length.
pub(crate) async fn activate_agreement(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    case: &CaseState,
) -> Result<()> {
    let pack = app.packs().version(&case.pack)?;
    let first = ctx.now.date_at(pack.counting.utc_offset_seconds);
    let months = term_months(&pack);
    change(tx, ctx, case, |tenant| {
        if tenant.state != TenantState::Established {
            return Err(Error::Conflict("tenant.agreed_already"));
        }
        tenant.state = TenantState::Agreed;
        tenant.agreement = Some(Agreement {
            case: case.id,
            number: case.number.clone(),
            scenarios: facts::text(&case.facts, facts::SCENARIOS),
        });
        tenant.term = Some((first, first.plus_months(months).plus_days(-1)));
        Ok(())
    })
    .await?;
    Ok(())
}

/// The pack's parameter for the longest term, in months; three years where it is silent is not assumed: one month.
fn term_months(pack: &Pack) -> i32 {
    let value = pack.parameters.get("授权期限").map(|parameter| &parameter.value);
    let period = match value {
        Some(Value::Period(period)) => Some(*period),
        Some(Value::Limit(_, inner)) => match inner.as_ref() {
            Value::Period(period) => Some(*period),
            _ => None,
        },
        _ => None,
    };
    match period {
        Some(period) if period.unit == PeriodUnit::Year => i32::try_from(period.length * 12).unwrap_or(1),
        Some(period) if period.unit == PeriodUnit::Month => i32::try_from(period.length).unwrap_or(1),
        _ => 1,
    }
}

/// Effect: access opens.
pub(crate) async fn open_access(_app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let tenant = change(tx, ctx, case, |tenant| {
        if tenant.state != TenantState::Agreed && tenant.state != TenantState::Active {
            return Err(Error::Conflict("tenant.not_agreed"));
        }
        tenant.state = TenantState::Active;
        tenant.opened = tenant.opened.or(Some(ctx.now));
        Ok(())
    })
    .await?;
    take_up(tx, ctx, &tenant, case).await
}

/// Effect: access closes in this very transaction; workers are stopped by a job right after.
pub(crate) async fn close_access(_app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let tenant = change(tx, ctx, case, |tenant| {
        tenant.was_open = tenant.was_open || tenant.is_open();
        if !matches!(tenant.state, TenantState::Sealed) {
            tenant.state = TenantState::Suspended;
        }
        tenant.closed_by = Some(case.id);
        Ok(())
    })
    .await?;
    stop_zones(tx, ctx, &tenant, case).await
}

async fn stop_zones(tx: &mut Tx<'_>, ctx: &Ctx, tenant: &Tenant, case: &CaseState) -> Result<()> {
    let key = format!("{}/{}/{}", tenant.id, case.id, case.version);
    jobs::push(tx, jobs::STOP_ZONES, key, ctx.now, &tenant.id).await
}

/// Effect: access that was closed opens again. What waited for it is taken up.
pub(crate) async fn restore_access(_app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let tenant = change(tx, ctx, case, |tenant| {
        if tenant.state != TenantState::Suspended {
            return Err(Error::Conflict("tenant.not_suspended"));
        }
        tenant.state = if tenant.was_open { TenantState::Active } else { TenantState::Agreed };
        tenant.was_open = false;
        tenant.closed_by = None;
        Ok(())
    })
    .await?;
    take_up(tx, ctx, &tenant, case).await
}

/// What waited for access to open is taken up: grants to be prepared, approved exports to be released.
async fn take_up(tx: &mut Tx<'_>, ctx: &Ctx, tenant: &Tenant, case: &CaseState) -> Result<()> {
    for grant in grants(tx, tenant.id).await? {
        if grant.state == GrantState::Preparing {
            let key = format!("{}/{}/{}", grant.id, case.id, case.version);
            jobs::push(tx, jobs::PREPARE_GRANT, key, ctx.now, &grant.id).await?;
        }
    }
    crate::exports::take_up(tx, ctx, tenant.id, case).await
}

/// Effect: the resources that the case's form names are granted; a job copies and masks them.
pub(crate) async fn grant_data(app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let tenant = get(tx, facts::id(&case.facts, facts::TENANT)?).await?;
    let pack = app.packs().version(&case.pack)?;
    for wanted in wanted(case, &pack) {
        let resource = resources::by_code(tx, &wanted.code).await?;
        let resource = resource.ok_or_else(|| Error::invalid("resource.unknown", wanted.code.clone()))?;
        let columns = resource.check_wanted(&wanted)?;
        let table = format!("{}/{}", tenant.id, wanted.code);
        if records::by_unique::<Grant>(tx, "table", &table).await?.is_some() {
            return Err(Error::Conflict("grant.exists"));
        }
        let grant = Grant {
            id: new_id(ctx.now),
            tenant: tenant.id,
            resource: resource.id(),
            code: wanted.code,
            columns,
            case: case.id,
            state: GrantState::Preparing,
            created: ctx.now,
            raw: None,
            twin: None,
            error: None,
        };
        records::put(tx, &grant, Expected::New, ctx.now).await?;
        jobs::push(tx, jobs::PREPARE_GRANT, grant.id, ctx.now, &grant.id).await?;
    }
    Ok(())
}

/// The resources a case's forms ask for.
fn wanted(case: &CaseState, pack: &Pack) -> Vec<Wanted> {
    let mut found = Vec::new();
    for (form, values) in &case.forms {
        let Some(form) = pack.forms.get(form) else { continue };
        for field in form.sections.iter().flat_map(|section| &section.fields) {
            if field.kind != FieldKind::Resources {
                continue;
            }
            if let Some(FormValue::List(codes)) = values.get(&field.key) {
                found.extend(codes.iter().map(|code| Wanted::parse(code)));
            }
        }
    }
    found
}

/// Effect: sealed. Zones lose their keys; nothing is destroyed yet.
pub(crate) async fn seal(_app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let tenant = change(tx, ctx, case, |tenant| {
        tenant.state = TenantState::Sealed;
        tenant.closed_by = Some(case.id);
        Ok(())
    })
    .await?;
    stop_zones(tx, ctx, &tenant, case).await
}

/// Effect: the key is destroyed in this transaction; a job removes the files, scans for residue and makes the
/// certificate.
pub(crate) async fn destroy(app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let tenant = change(tx, ctx, case, |tenant| {
        tenant.state = TenantState::Destroyed;
        tenant.closed_by = Some(case.id);
        Ok(())
    })
    .await?;
    app.keys().destroy_tenant(tx, tenant.id, ctx.now).await?;
    let order = jobs::DestroyOrder { tenant: tenant.id, case: case.id, destroyed_at: ctx.now };
    jobs::push(tx, jobs::DESTROY_TENANT, tenant.id, ctx.now, &order).await
}

/// A tenant with its grants, for its page.
#[derive(Debug, Clone, Serialize)]
pub struct TenantView {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// Its grants.
    pub grants: Vec<Grant>,
    /// Sealed objects it owns.
    pub objects: u64,
}

/// The authorisations this person may see.
///
/// # Errors
/// Not signed in.
pub async fn tenants(app: &App, ctx: &Ctx) -> Result<Vec<Tenant>> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let all = app
        .store()
        .read("tenant.list", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(records::all::<Tenant>(tx, "class", "authorisation", records::ALL_MAX).await?)
            })
        })
        .await?;
    let visible = |tenant: &Tenant| app.permit(ctx, Action::TenantView, tenant.resource()).is_ok();
    Ok(all.into_iter().map(|tenant| tenant.value).filter(visible).collect())
}

/// One authorisation.
///
/// # Errors
/// `tenant.unknown` when there is none or this person may not see it.
pub async fn tenant_view(app: &App, ctx: &Ctx, id: Id<kind::Tenant>) -> Result<TenantView> {
    let view = app
        .store()
        .read("tenant.view", |tx| {
            Box::pin(async move {
                let tenant = get(tx, id).await?;
                let grants = grants(tx, id).await?;
                let objects = rows::of_tenant(tx, id, None, 1_000).await?.len() as u64;
                Ok::<_, Error>(TenantView { tenant, grants, objects })
            })
        })
        .await?;
    app.permit(ctx, Action::TenantView, view.tenant.resource())
        .map_err(|_| Error::NotFound("tenant.unknown"))?;
    Ok(view)
}

/// The grants of a tenant.
pub(crate) async fn grants(tx: &mut Tx<'_>, tenant: Id<kind::Tenant>) -> Result<Vec<Grant>> {
    let grants = records::all::<Grant>(tx, "tenant", &tenant.to_string(), 1_000).await?;
    Ok(grants.into_iter().map(|grant| grant.value).collect())
}

/// The certificate of a destroyed authorisation.
///
/// # Errors
/// `certificate.not_yet` until it is made; `tenant.unknown`.
pub async fn certificate(app: &App, ctx: &Ctx, id: Id<kind::Tenant>) -> Result<(Tenant, Certificate)> {
    let tenant =
        app.store().read("tenant.certificate", |tx| Box::pin(async move { get(tx, id).await })).await?;
    let resource = ResourceRef::new(Thing::Certificate, id).with_owner(tenant.unit).with_tenant(id);
    app.permit(ctx, Action::CertificateView, resource).map_err(|_| Error::NotFound("tenant.unknown"))?;
    let certificate = tenant.certificate.clone().ok_or(Error::NotFound("certificate.not_yet"))?;
    Ok((tenant, certificate))
}

/// Whether a unit's standing lets its tenants be used.
pub(crate) fn standing_ok(unit: &Unit) -> bool {
    unit.standing == Standing::Active
}
