//! The catalog: resources that providers register, fill and classify.

mod classify;
mod history;

use access::{Action, Life, ResourceRef, Thing};
use base::{Id, Timestamp, kind};
use catalog::{Openness, Resource, UpdateFrequency, Zone};

use privacy::ir::Entity;
use regulation::case::CaseState;
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Order, Query, Record, Versioned};

use crate::cases::facts;
use crate::clock::new_id;
use crate::consents::ConsentRule;
use crate::identity::{Unit, unit};
use crate::imports::{SocialImport, SocialOrigin};
use crate::journal::Note;
use crate::{App, Ctx, Error, Result, tenants};

pub use classify::{
    ChangedColumn, Classify, Concerned, Consequences, Follows, classify_resource, consequences,
};
pub use history::{Past, PastColumn, Setting, past_decisions};

/// A resource with what the platform keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// The resource as the catalog knows it.
    #[serde(flatten)]
    pub resource: Resource,
    /// The provider.
    pub unit: Id<kind::Unit>,
    /// Its name.
    pub unit_name: String,
    /// The provider's holding tenant.
    pub holding: Id<kind::Tenant>,
    /// Where each snapshot lies.
    pub objects: Vec<SnapshotObject>,
    /// When it was registered.
    pub created: Timestamp,
    /// Numbers under which outside registers know it.
    #[serde(default)]
    pub numbers: Vec<RegisteredNumber>,
    /// The case that took it off the catalogue: granted to nobody any more. What was granted before goes on.
    #[serde(default)]
    pub unlisted_by: Option<Id<kind::Case>>,
    /// Set where rows may be used of those only who consented to the scenario.
    #[serde(default)]
    pub consent: Option<ConsentRule>,
    /// Set for social data: which authorisation they are for.
    #[serde(default)]
    pub social: Option<SocialOrigin>,
}

/// A number of an outside register, kept with the thing it was given to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredNumber {
    /// The number, as the register gave it.
    pub number: String,
    /// The case in which it was recorded.
    pub case: Id<kind::Case>,
    /// When.
    pub at: Timestamp,
}

impl RegisteredNumber {
    /// The number a case records.
    ///
    /// # Errors
    /// `case.reference` without one.
    pub(crate) fn of(case: &CaseState, at: Timestamp) -> Result<Self> {
        let number = facts::text(&case.facts, facts::NUMBER).filter(|number| !number.trim().is_empty());
        let number = number.ok_or_else(|| Error::invalid("case.reference", facts::NUMBER))?;
        Ok(Self { number, case: case.id, at })
    }
}

/// The sealed object of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotObject {
    /// The snapshot.
    pub snapshot: Id<kind::Snapshot>,
    /// Its object.
    pub object: Id<kind::Object>,
    /// The scanner of virus signatures that let it pass, in its own words; none where nothing was scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned: Option<String>,
}

impl Record for CatalogEntry {
    const KIND: &'static str = "resource";
    fn id(&self) -> uuid::Uuid {
        self.resource.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.created.micros();
        vec![Key::new("all", "", sort), Key::new("unit", self.unit, sort)]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("code", self.resource.code.clone())]
    }
}

impl std::ops::Deref for CatalogEntry {
    type Target = Resource;
    fn deref(&self) -> &Resource {
        &self.resource
    }
}

/// A resource asked for on a form: `code`, or `code:column|column`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Code of the resource.
    pub code: String,
    /// Columns; empty for all.
    pub columns: Vec<String>,
}

impl Wanted {
    /// Reads the notation of forms.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (code, columns) = text.split_once(':').unwrap_or((text, ""));
        let columns = columns.split('|').map(str::trim).filter(|name| !name.is_empty());
        Self { code: code.trim().to_owned(), columns: columns.map(str::to_owned).collect() }
    }
}

impl CatalogEntry {
    /// The resource's id.
    #[must_use]
    pub const fn id(&self) -> Id<kind::Resource> {
        self.resource.id
    }

    /// The columns a request gets: those named, or all.
    ///
    /// # Errors
    /// When the resource may not be granted: prohibited, unclassified, unknown columns.
    pub(crate) fn check_wanted(&self, wanted: &Wanted) -> Result<Vec<String>> {
        if self.social.is_some() {
            // An operator's own data, in one authorisation; they are nobody's to ask for.
            return Err(Error::invalid("resource.unknown", &wanted.code));
        }
        if self.unlisted_by.is_some() {
            return Err(Error::invalid("resource.unlisted", &wanted.code));
        }
        self.columns_of(wanted)
    }

    /// The columns of social data that are brought into the authorisation they were approved for.
    ///
    /// # Errors
    /// `resource.unknown` for any other; as [`Self::check_wanted`].
    pub(crate) fn check_social(&self, wanted: &Wanted, tenant: Id<kind::Tenant>) -> Result<Vec<String>> {
        if self.social.is_none_or(|social| social.tenant != tenant) {
            return Err(Error::invalid("resource.unknown", &wanted.code));
        }
        self.columns_of(wanted)
    }

    fn columns_of(&self, wanted: &Wanted) -> Result<Vec<String>> {
        let columns = if wanted.columns.is_empty() {
            self.resource.columns.iter().map(|column| column.name.clone()).collect()
        } else {
            wanted.columns.clone()
        };
        self.resource.grantable(&columns, Zone::Prod)?;
        self.resource.grantable(&columns, Zone::Dev)?;
        Ok(columns)
    }

    /// Granted columns with those of the entity key, which every table in a prod zone has so that entities can be
    /// counted.
    #[must_use]
    pub fn with_entity(&self, granted: &[String]) -> Vec<String> {
        let key = self.resource.entity.iter().flat_map(|entity| &entity.columns);
        let missing = key.filter(|name| !granted.contains(name)).cloned();
        granted.iter().cloned().chain(missing).collect()
    }

    /// What the policies need to know.
    #[must_use]
    pub fn reference(&self) -> ResourceRef {
        // Social data stay a draft to everybody but the operator and those who watch over it.
        let listed = self.social.is_none() && self.resource.usable().is_ok();
        let life = if listed { Life::Live } else { Life::Draft };
        ResourceRef::new(Thing::Resource, self.resource.id)
            .with_owner(self.unit)
            .with_tenant(self.holding)
            .with_life(life)
    }

    /// As a person may see it: what was counted in the rows, absent and different values, is its provider's to know.
    fn shown_to(mut self, ctx: &Ctx) -> Self {
        if ctx.principal.unit != self.unit {
            self.resource.profile = None;
        }
        self
    }

    /// The newest snapshot and its object.
    #[must_use]
    pub fn newest(&self) -> Option<(&catalog::Snapshot, Id<kind::Object>)> {
        let snapshot = self.resource.snapshots.last()?;
        let object = self.objects.iter().find(|object| object.snapshot == snapshot.id)?;
        Some((snapshot, object.object))
    }
}

/// A resource to be registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewResource {
    /// Code: lower-case letters, digits, underscores; the table's name in the zones.
    pub code: String,
    /// Name.
    pub name_zh: String,
    /// English name.
    #[serde(default)]
    pub name_en: String,
    /// Description.
    #[serde(default)]
    pub description: String,
    /// How often it changes.
    pub update_frequency: UpdateFrequency,
    /// Whether it may be opened.
    pub openness: Openness,
    /// What its rows are about.
    pub entity: Entity,
    /// Rows may be used of those only who consented to the scenario; without consents delivered, of nobody.
    #[serde(default)]
    pub consent: bool,
}

/// Registers a resource without data yet.
///
/// # Errors
/// Not a provider; `storage.duplicate` when the code is taken; what the catalog finds wrong.
pub async fn register_resource(app: &App, ctx: &Ctx, new: &NewResource) -> Result<CatalogEntry> {
    let id = new_id::<kind::Resource>(ctx.now);
    let reference =
        ResourceRef::new(Thing::Resource, id).with_owner(ctx.principal.unit).with_life(Life::Draft);
    let permit = &app.permit(ctx, Action::ResourceRegister, reference)?;
    let unit = &unit(app, ctx.principal.unit).await?;
    describe(id, unit.code.clone(), new).validate_registration()?;
    app.command(ctx, permit, "resource.register", new, move |tx| {
        Box::pin(async move { register(app, tx, ctx, permit, unit, id, new).await })
    })
    .await
}

async fn register(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    permit: &access::Permit,
    unit: &Unit,
    id: Id<kind::Resource>,
    new: &NewResource,
) -> Result<CatalogEntry> {
    let holding = tenants::holding(app, tx, unit, ctx.now).await?;
    let entry = CatalogEntry {
        resource: describe(id, unit.code.clone(), new),
        unit: unit.id,
        unit_name: unit.name.clone(),
        holding: holding.id,
        objects: Vec::new(),
        created: ctx.now,
        numbers: Vec::new(),
        unlisted_by: None,
        consent: new.consent.then(ConsentRule::default),
        social: None,
    };
    records::put(tx, &entry, Expected::New, ctx.now).await?;
    let subject = format!("resource/{id}");
    app.record(tx, permit, ctx.now, Note { subject, tenant: None, clauses: &[], payload: new }).await?;
    Ok(entry)
}

/// A resource of social data: it lies under the key of the authorisation it is for.
///
/// # Errors
/// What the catalog finds wrong.
pub(crate) fn social(
    id: Id<kind::Resource>,
    import: &SocialImport,
    tenant: &tenants::Tenant,
    new: &NewResource,
    now: Timestamp,
) -> Result<CatalogEntry> {
    let resource = describe(id, tenant.unit_code.clone(), new);
    resource.validate_registration()?;
    Ok(CatalogEntry {
        resource,
        unit: import.unit,
        unit_name: tenant.unit_name.clone(),
        holding: import.tenant,
        objects: Vec::new(),
        created: now,
        numbers: Vec::new(),
        unlisted_by: None,
        consent: None,
        social: Some(SocialOrigin { case: import.case, tenant: import.tenant, admitted: false }),
    })
}

/// A resource as it is registered: described, without columns or data.
fn describe(id: Id<kind::Resource>, provider: String, new: &NewResource) -> Resource {
    Resource {
        id,
        provider,
        code: new.code.clone(),
        name_zh: new.name_zh.clone(),
        name_en: new.name_en.clone(),
        description: new.description.clone(),
        update_frequency: new.update_frequency,
        openness: new.openness,
        columns: Vec::new(),
        entity: Some(new.entity.clone()),
        profile: None,
        snapshots: Vec::new(),
        twin: catalog::TwinForm::default(),
        rows: privacy::ir::Rows::default(),
    }
}

/// Describes a resource anew while it has no data: nothing can rest on it yet.
///
/// # Errors
/// As [`register_resource`]; `resource.has_data` once there is a snapshot.
pub async fn edit_resource(
    app: &App,
    ctx: &Ctx,
    id: Id<kind::Resource>,
    new: &NewResource,
) -> Result<CatalogEntry> {
    let entry = find(app, id).await?;
    let permit = &app.permit(ctx, Action::ResourceRegister, entry.reference())?;
    let described = describe(id, entry.resource.provider.clone(), new);
    described.validate_registration()?;
    let described = &described;
    app.command(ctx, permit, "resource.edit", &(id, new), move |tx| {
        Box::pin(async move {
            let mut stored = versioned(tx, id).await?;
            without_data(&stored.value)?;
            stored.value.resource = described.clone();
            stored.value.consent = new.consent.then(|| stored.value.consent.take().unwrap_or_default());
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            let subject = format!("resource/{id}");
            app.record(tx, permit, ctx.now, Note { subject, tenant: None, clauses: &[], payload: new })
                .await?;
            Ok(stored.value)
        })
    })
    .await
}

/// Takes back a registration that never got data; its code is free again.
///
/// # Errors
/// Not the provider; `resource.has_data` once there is a snapshot.
pub async fn withdraw_resource(app: &App, ctx: &Ctx, id: Id<kind::Resource>) -> Result<()> {
    let entry = find(app, id).await?;
    let permit = &app.permit(ctx, Action::ResourceRegister, entry.reference())?;
    app.command(ctx, permit, "resource.withdraw", &id, move |tx| {
        Box::pin(async move {
            let stored = versioned(tx, id).await?;
            without_data(&stored.value)?;
            records::remove::<CatalogEntry>(tx, id.uuid()).await?;
            let subject = format!("resource/{id}");
            let payload = serde_json::json!({ "withdrawn": stored.value.resource.code });
            app.record(tx, permit, ctx.now, Note { subject, tenant: None, clauses: &[], payload }).await
        })
    })
    .await?;
    Ok(())
}

fn without_data(entry: &CatalogEntry) -> Result<()> {
    if entry.resource.snapshots.is_empty() { Ok(()) } else { Err(Error::Conflict("resource.has_data")) }
}

/// Effects 编入目录 and 撤下目录: the resources a case's form names are on the catalogue, or off it.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    case: &CaseState,
    codes: &[String],
    on: bool,
) -> Result<()> {
    for code in codes {
        let mut stored = by_code_versioned(tx, code).await?;
        stored.value.unlisted_by = (!on).then_some(case.id);
        records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    }
    Ok(())
}

/// Effect 登记编号 for resources.
pub(crate) async fn number(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState, codes: &[String]) -> Result<()> {
    for code in codes {
        let mut stored = by_code_versioned(tx, code).await?;
        stored.value.numbers.push(RegisteredNumber::of(case, ctx.now)?);
        records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    }
    Ok(())
}

async fn by_code_versioned(tx: &mut Tx<'_>, code: &str) -> Result<Versioned<CatalogEntry>> {
    let found = records::by_unique::<CatalogEntry>(tx, "code", code).await?;
    found.ok_or_else(|| Error::invalid("resource.unknown", code))
}

/// A resource by id in the caller's transaction.
pub(crate) async fn versioned(tx: &mut Tx<'_>, id: Id<kind::Resource>) -> Result<Versioned<CatalogEntry>> {
    records::get::<CatalogEntry>(tx, id.uuid()).await?.ok_or(Error::NotFound("resource.unknown"))
}

/// A resource by code in the caller's transaction.
pub(crate) async fn by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<CatalogEntry>> {
    Ok(records::by_unique::<CatalogEntry>(tx, "code", code).await?.map(|found| found.value))
}

pub(crate) async fn find(app: &App, id: Id<kind::Resource>) -> Result<CatalogEntry> {
    app.store().read("resource.find", |tx| Box::pin(async move { Ok(versioned(tx, id).await?.value) })).await
}

/// One resource's metadata.
///
/// # Errors
/// `resource.unknown` when there is none or this person may not see it.
pub async fn resource(app: &App, ctx: &Ctx, id: Id<kind::Resource>) -> Result<CatalogEntry> {
    let entry = find(app, id).await?;
    app.permit(ctx, Action::ResourceView, entry.reference())
        .map_err(|_| Error::NotFound("resource.unknown"))?;
    Ok(entry.shown_to(ctx))
}

/// One resource by its code.
///
/// # Errors
/// As [`resource`].
pub async fn by_code_seen(app: &App, ctx: &Ctx, code: &str) -> Result<CatalogEntry> {
    let found =
        app.store().read("resource.code", |tx| Box::pin(async move { by_code(tx, code).await })).await?;
    let entry = found.ok_or(Error::NotFound("resource.unknown"))?;
    app.permit(ctx, Action::ResourceView, entry.reference())
        .map_err(|_| Error::NotFound("resource.unknown"))?;
    Ok(entry.shown_to(ctx))
}

/// A page of the catalog, newest first; what this person may not see is left out.
///
/// # Errors
/// Not signed in; a cursor that is none.
pub async fn catalog(
    app: &App,
    ctx: &Ctx,
    after: Option<&str>,
    limit: u32,
) -> Result<(Vec<CatalogEntry>, Option<String>)> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let after = after.map(crate::cases::parse_cursor).transpose()?;
    let query = &Query { name: "all", value: "", after, limit, order: Order::Descending };
    let page = app
        .store()
        .read("resource.list", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::list::<CatalogEntry>(tx, query).await?) })
        })
        .await?;
    let next = page.next.map(crate::cases::cursor_text);
    let visible = |entry: &CatalogEntry| app.permit(ctx, Action::ResourceView, entry.reference()).is_ok();
    let seen = page.items.into_iter().map(|found| found.value).filter(visible);
    Ok((seen.map(|entry| entry.shown_to(ctx)).collect(), next))
}
