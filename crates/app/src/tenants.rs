//! Authorisations: the tenant each one makes. Its life is in `life`, what it was granted in `grants`.

mod certificate;
mod grants;
mod life;
mod refresh;

use access::{Action, Life, ResourceRef, Standing};
use base::{Date, Id, Timestamp, kind};
use regulation::pack::FactValue;
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record, Versioned};
use storage::{Tx, objects as rows};

use crate::cases::facts::{self, Facts};
use crate::clock::new_id;
use crate::identity::Unit;
use crate::{App, Ctx, Error, Result};

pub(crate) use certificate::subject_of;
pub use certificate::{
    CERTIFICATE_FORMAT, Certificate, CertificateDocument, CertificateVerdict, certificate,
    certificate_document, verify_certificate,
};
pub use grants::{Basis, Grant, GrantState, GrantedObject};
pub(crate) use grants::{discard, grant_data, grants, grants_of, named_resources, prepare_anew, revoke_data};
pub(crate) use life::{
    activate_agreement, close_access, destroy, establish, open_access, restore_access, seal,
};
pub(crate) use refresh::versioned as versioned_grant;
pub use refresh::{GrantStatus, Renewal, RenewalState, grant_status, grants_of_resource, refresh_grant};

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
    /// The authorisation it works under: a partner's under its operator's. What closes that one closes this one.
    #[serde(default)]
    pub parent: Option<Id<kind::Tenant>>,
    /// Where it is.
    pub state: TenantState,
    /// The field it is for, from the announcement its application answers.
    #[serde(default)]
    pub domain: Option<String>,
    /// The agreement in force.
    #[serde(default)]
    pub agreement: Option<Agreement>,
    /// The cases of agreements that others took the place of.
    #[serde(default)]
    pub former: Vec<Id<kind::Case>>,
    /// The first day of the first agreement and the last day of the one in force.
    pub term: Option<(Date, Date)>,
    /// When access opened first.
    #[serde(default)]
    pub opened: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// Why access was closed last, in words, with the case.
    pub closed_by: Option<Id<kind::Case>>,
    /// Other cases that closed it as well. As long as one of them is open, it stays closed.
    #[serde(default)]
    pub also_closed_by: Vec<Id<kind::Case>>,
    /// The clauses it was closed on.
    #[serde(default)]
    pub closed_on: Vec<String>,
    /// Access was open before it was closed: what a restoration goes back to.
    pub was_open: bool,
    /// The certificate of destruction.
    pub certificate: Option<Certificate>,
    /// How often access was closed. What began under one number may not write under another.
    #[serde(default)]
    pub epoch: u64,
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

impl Record for Tenant {
    const KIND: &'static str = "tenant";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.created.micros();
        let class = if self.state == TenantState::Holding { "holding" } else { "authorisation" };
        let mut keys = vec![Key::new("unit", self.unit, sort), Key::new("class", class, sort)];
        keys.extend(self.parent.iter().map(|parent| Key::new("parent", parent, sort)));
        keys
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

/// A tenant by id, in the caller's transaction.
///
/// # Errors
/// `tenant.unknown`.
pub(crate) async fn get(tx: &mut Tx<'_>, id: Id<kind::Tenant>) -> Result<Tenant> {
    Ok(versioned(tx, id).await?.value)
}

/// Whether access to a tenant is open, in the caller's transaction.
///
/// # Errors
/// `tenant.closed`.
pub(crate) async fn check_open(tx: &mut Tx<'_>, id: Id<kind::Tenant>) -> Result<()> {
    if get(tx, id).await?.is_open() { Ok(()) } else { Err(Error::Forbidden("tenant.closed")) }
}

/// Fences off what began before access was closed: what a job brings back is written only while access is open and was
/// never closed in between. In the transaction that writes.
///
/// # Errors
/// `tenant.closed`.
pub(crate) async fn check_epoch(tx: &mut Tx<'_>, id: Id<kind::Tenant>, epoch: u64) -> Result<()> {
    let tenant = get(tx, id).await?;
    if tenant.is_open() && tenant.epoch == epoch { Ok(()) } else { Err(Error::Forbidden("tenant.closed")) }
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
pub(crate) async fn facts_of(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Facts> {
    let agreed = !matches!(tenant.state, TenantState::Holding | TenantState::Established);
    let mut known = Facts::from([
        (facts::OPERATOR.to_owned(), FactValue::Text(tenant.unit_code.clone())),
        ("协议已签订".to_owned(), FactValue::Flag(agreed)),
        ("权限已开通".to_owned(), FactValue::Flag(tenant.is_open())),
        ("权限已关闭".to_owned(), FactValue::Flag(!tenant.is_open())),
        (facts::UNDER_ANOTHER.to_owned(), FactValue::Flag(tenant.parent.is_some())),
    ]);
    if let Some((first, last)) = tenant.term {
        known.insert(facts::TERM_FIRST.to_owned(), FactValue::Date(first));
        known.insert(facts::TERM_LAST.to_owned(), FactValue::Date(last));
    }
    if let Some(parent) = tenant.parent {
        let parent = get(tx, parent).await?;
        known.insert(facts::PARENT_OPERATOR.to_owned(), FactValue::Text(parent.unit_code));
    }
    Ok(known)
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
        parent: None,
        state,
        domain: None,
        agreement: None,
        former: Vec::new(),
        term: None,
        opened: None,
        created: now,
        closed_by: None,
        also_closed_by: Vec::new(),
        closed_on: Vec::new(),
        was_open: false,
        certificate: None,
        epoch: 0,
    }
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

/// Whether a unit's standing lets its tenants be used.
pub(crate) fn standing_ok(unit: &Unit) -> bool {
    unit.standing == Standing::Active
}
