//! Social data (社会数据): data that an operator lawfully has of its own and may bring into its authorisation once the
//! authority has approved it, to be computed with together with what was granted, and nowhere else.
//!
//! The way of a set: the case is approved (effect 准许导入) → the operator describes it → a file comes in through the gate
//! ([`crate::uploads`], strict) → its classification is proposed by the detectors and confirmed → it is brought in: a
//! grant to this one authorisation, with a receipt. From the first byte it lies under the authorisation's own key, so that
//! sealing and destroying the one seals and destroys the other.

use access::{Action, Life, ResourceRef, Thing};
use base::{Digest, Id, Timestamp, kind};
use catalog::Openness;
use regulation::case::CaseState;
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Record, Versioned};

use crate::cases::facts;
use crate::clock::new_id;
use crate::journal::Note;
use crate::resources::{self, CatalogEntry, NewResource, Wanted};
use crate::tenants::{self, Grant, GrantState, Tenant};
use crate::{App, Ctx, Error, Result, jobs};

/// What the gate looked for, in the order in which it looked.
pub const CHECKS: [&str; 5] = ["sort", "text", "hidden", "malware", "formulas"];
/// Imports of one authorisation looked at.
const IMPORTS_MAX: usize = 1_000;

/// An approved import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocialImport {
    /// The case that approved it.
    pub case: Id<kind::Case>,
    /// Its number.
    pub number: String,
    /// The authorisation it is for, and for no other.
    pub tenant: Id<kind::Tenant>,
    /// The operator.
    pub unit: Id<kind::Unit>,
    /// What it is, in the case's words.
    pub title: String,
    /// When it was approved.
    pub approved: Timestamp,
    /// The clauses it rests on.
    pub clauses: Vec<String>,
    /// The resource that holds it, once it is described.
    pub resource: Option<Id<kind::Resource>>,
    /// What was brought in.
    pub receipt: Option<ImportReceipt>,
}

/// The receipt (回执) of data that were brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReceipt {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// The snapshot.
    pub snapshot: Id<kind::Snapshot>,
    /// Digest of its sealed bytes.
    pub digest: Digest,
    /// Rows.
    pub rows: u64,
    /// Columns as they were classified.
    pub columns: Vec<ImportedColumn>,
    /// What the gate looked for, as stable names.
    pub checks: Vec<String>,
    /// The scanner of virus signatures that let it pass, in its own words; none where the installation has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned: Option<String>,
    /// The grant by which it is in the authorisation.
    pub grant: Id<kind::Grant>,
    /// Its journal row.
    pub journal_seq: u64,
}

/// A column as it was classified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedColumn {
    /// Its name.
    pub name: String,
    /// What it holds, as a stable name.
    pub kind: String,
    /// Its grade.
    pub level: u8,
    /// What hides it in the development zone, as a stable name.
    pub mask: String,
}

/// Where a resource of social data comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocialOrigin {
    /// The case that approved it.
    pub case: Id<kind::Case>,
    /// The one authorisation that may use it.
    pub tenant: Id<kind::Tenant>,
    /// It was brought in: nothing about it changes any more.
    pub admitted: bool,
}

impl Record for SocialImport {
    const KIND: &'static str = "social_import";
    fn id(&self) -> uuid::Uuid {
        self.case.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("tenant", self.tenant, self.approved.micros())]
    }
}

impl SocialImport {
    fn reference(&self, id: Id<kind::Resource>) -> ResourceRef {
        ResourceRef::new(Thing::Resource, id)
            .with_owner(self.unit)
            .with_tenant(self.tenant)
            .with_life(Life::Draft)
    }
}

/// Effect 准许导入: the operator may bring in one set of social data.
pub(crate) async fn admit(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState, clauses: &[String]) -> Result<()> {
    let tenant = tenants::get(tx, facts::id(&case.facts, facts::TENANT)?).await?;
    let import = SocialImport {
        case: case.id,
        number: case.number.clone(),
        tenant: tenant.id,
        unit: tenant.unit,
        title: case.title.clone(),
        approved: ctx.now,
        clauses: clauses.to_vec(),
        resource: None,
        receipt: None,
    };
    records::put(tx, &import, Expected::New, ctx.now).await?;
    Ok(())
}

async fn versioned(tx: &mut Tx<'_>, case: Id<kind::Case>) -> Result<Versioned<SocialImport>> {
    records::get::<SocialImport>(tx, case.uuid()).await?.ok_or(Error::NotFound("import.unknown"))
}

async fn find(app: &App, case: Id<kind::Case>) -> Result<(SocialImport, Tenant)> {
    app.store()
        .read("import.find", |tx| {
            Box::pin(async move {
                let import = versioned(tx, case).await?.value;
                let tenant = tenants::get(tx, import.tenant).await?;
                Ok((import, tenant))
            })
        })
        .await
}

/// One approved import.
///
/// # Errors
/// `import.unknown` when there is none or this person may not see it.
pub async fn import(app: &App, ctx: &Ctx, case: Id<kind::Case>) -> Result<SocialImport> {
    let (import, tenant) = find(app, case).await?;
    app.permit(ctx, Action::TenantView, tenant.resource()).map_err(|_| Error::NotFound("import.unknown"))?;
    Ok(import)
}

/// The approved imports of an authorisation, newest first.
///
/// # Errors
/// `tenant.unknown` when there is none or this person may not see it.
pub async fn imports(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Vec<SocialImport>> {
    let (owner, found) = app
        .store()
        .read("import.list", |tx| {
            Box::pin(async move {
                let owner = tenants::get(tx, tenant).await?;
                let found =
                    records::all::<SocialImport>(tx, "tenant", &tenant.to_string(), IMPORTS_MAX).await?;
                Ok::<_, Error>((owner, found))
            })
        })
        .await?;
    app.permit(ctx, Action::TenantView, owner.resource()).map_err(|_| Error::NotFound("tenant.unknown"))?;
    let mut found: Vec<SocialImport> = found.into_iter().map(|found| found.value).collect();
    found.sort_by_key(|import| std::cmp::Reverse(import.approved));
    Ok(found)
}

/// Describes the approved set: code, name, entity. Once.
///
/// # Errors
/// `import.unknown`; not the operator's manager; `tenant.closed`; `import.described`; what the catalog finds wrong.
pub async fn describe(app: &App, ctx: &Ctx, case: Id<kind::Case>, new: &NewResource) -> Result<CatalogEntry> {
    let (import, tenant) = find(app, case).await?;
    let id = new_id::<kind::Resource>(ctx.now);
    let permit = &app.permit(ctx, Action::ResourceRegister, import.reference(id))?;
    let new = &NewResource { openness: Openness::Conditional, consent: false, ..new.clone() };
    let entry = &resources::social(id, &import, &tenant, new, ctx.now)?;
    app.command(ctx, permit, "import.describe", &(case, new), move |tx| {
        Box::pin(async move {
            let mut stored = versioned(tx, case).await?;
            tenants::check_open(tx, stored.value.tenant).await?;
            if stored.value.resource.is_some() {
                return Err(Error::Conflict("import.described"));
            }
            stored.value.resource = Some(id);
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            records::put(tx, entry, Expected::New, ctx.now).await?;
            let tenant = Some(stored.value.tenant);
            let clauses = &stored.value.clauses;
            let note = Note { subject: format!("resource/{id}"), tenant, clauses, payload: new };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(entry.clone())
        })
    })
    .await
}

/// Brings the classified set into the authorisation: a grant, and a receipt.
///
/// # Errors
/// `import.unknown`; not the operator's manager; `tenant.closed`; `import.not_ready` without data, or while a column is not
/// classified; `import.admitted` the second time.
pub async fn bring_in(app: &App, ctx: &Ctx, case: Id<kind::Case>) -> Result<SocialImport> {
    let (import, _) = find(app, case).await?;
    let id = import.resource.ok_or(Error::Conflict("import.not_ready"))?;
    let permit = &app.permit(ctx, Action::ResourceClassify, import.reference(id))?;
    app.command(ctx, permit, "import.bring_in", &case, move |tx| {
        Box::pin(async move {
            let mut stored = versioned(tx, case).await?;
            tenants::check_open(tx, stored.value.tenant).await?;
            if stored.value.receipt.is_some() {
                return Err(Error::Conflict("import.admitted"));
            }
            let mut resource = resources::versioned(tx, id).await?;
            let grant = grant(&stored.value, &resource.value, ctx)?;
            let mut receipt = receipt(&resource.value, &grant, ctx)?;
            records::put(tx, &grant, Expected::New, ctx.now).await?;
            jobs::push(tx, jobs::PREPARE_GRANT, grant.id, ctx.now, &grant.id).await?;
            if let Some(social) = &mut resource.value.social {
                social.admitted = true;
            }
            records::put(tx, &resource.value, Expected::Version(resource.version), ctx.now).await?;
            let clauses = &stored.value.clauses;
            let note = Note {
                subject: format!("case/{case}"),
                tenant: Some(grant.tenant),
                clauses,
                payload: &receipt,
            };
            receipt.journal_seq = app.record(tx, permit, ctx.now, note).await?;
            stored.value.receipt = Some(receipt);
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            Ok(stored.value)
        })
    })
    .await
}

fn grant(import: &SocialImport, entry: &CatalogEntry, ctx: &Ctx) -> Result<Grant> {
    let wanted = Wanted { code: entry.resource.code.clone(), columns: Vec::new() };
    let columns =
        entry.check_social(&wanted, import.tenant).map_err(|_| Error::Conflict("import.not_ready"))?;
    Ok(Grant {
        id: new_id(ctx.now),
        tenant: import.tenant,
        resource: entry.id(),
        code: wanted.code,
        columns,
        case: import.case,
        state: GrantState::Preparing,
        created: ctx.now,
        raw: None,
        twin: None,
        error: None,
        basis: None,
        renewal: None,
    })
}

fn receipt(entry: &CatalogEntry, grant: &Grant, ctx: &Ctx) -> Result<ImportReceipt> {
    let not_ready = || Error::Conflict("import.not_ready");
    let (snapshot, _) = entry.newest().ok_or_else(not_ready)?;
    let lies = entry.objects.iter().find(|lies| lies.snapshot == snapshot.id);
    let columns = entry.resource.columns.iter().map(|column| {
        let known = column.classification.as_ref().ok_or_else(not_ready)?;
        Ok(ImportedColumn {
            name: column.name.clone(),
            kind: known.kind.name().to_owned(),
            level: known.level,
            mask: known.mask.name().to_owned(),
        })
    });
    Ok(ImportReceipt {
        at: ctx.now,
        by: ctx.person_name.clone(),
        snapshot: snapshot.id,
        digest: snapshot.digest,
        rows: snapshot.rows,
        columns: columns.collect::<Result<_>>()?,
        checks: CHECKS.map(str::to_owned).to_vec(),
        scanned: lies.and_then(|lies| lies.scanned.clone()),
        grant: grant.id,
        journal_seq: 0,
    })
}
