//! The airlock: results ask to leave, reviewers look, and what they approve is rebuilt and released.
//!
//! An export freezes a run's result by object and digest. A case of the pack decides about it; its effect here marks the
//! export approved and pushes the job that is the only one in the platform to ask a worker for a canonical rebuild.

mod review;

use access::{Action, Permit, ResourceRef, Thing};
use base::{Digest, Id, Timestamp, kind};
use products::Source;
use regulation::case::{CaseState, FormValues};
use regulation::pack::{Effect, FactValue, Pack};
use secure_domain::objects::KeyRing;
use secure_domain::protocol::ObjectRef;
use secure_domain::serving::Index;
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Record, Versioned};

pub use review::{Candidate, Earlier, candidate, comparison, review_queue};

use crate::cases::facts::{self, Facts};
use crate::cases::{self, AttachmentRef, CaseRecord, OpenRequest, Opened};
use crate::clock::new_id;
use crate::journal::Note;
use crate::runs::{self, RunResult};
use crate::tenants::{self, Tenant};
use crate::{App, Ctx, Error, Result, jobs, models, objects, zones};

/// Where an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Waits for its reviewers.
    Requested,
    /// Approved; being rebuilt.
    Approved,
    /// Has left the domain.
    Released,
    /// Stays inside.
    Refused,
}

/// A request that a result leave the domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// Id.
    pub id: Id<kind::Export>,
    /// The tenant.
    pub tenant: Id<kind::Tenant>,
    /// The run.
    pub run: Id<kind::Run>,
    /// The model.
    pub model: Id<kind::Model>,
    /// Its name.
    pub model_name: String,
    /// What the result is wanted for.
    pub purpose: String,
    /// The frozen result.
    pub frozen: RunResult,
    /// Where it is.
    pub state: ExportState,
    /// Who asked, by name.
    pub requested_by: String,
    /// Who asked.
    pub requested_by_id: Id<kind::Person>,
    /// The operator.
    pub unit: Id<kind::Unit>,
    /// The operator's name.
    pub unit_name: String,
    /// When.
    pub requested: Timestamp,
    /// The case that approved it.
    pub approval: Option<Id<kind::Case>>,
    /// What left.
    pub release: Option<Release>,
    /// It was approved and stayed inside all the same: what left in the meantime is in its way. Another run of the model
    /// is judged against that, too.
    #[serde(default)]
    pub overtaken: bool,
}

/// What left the domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// As CSV.
    pub csv: ReleasedFile,
    /// As Parquet.
    pub parquet: ReleasedFile,
    /// Rows.
    pub rows: u64,
    /// When.
    pub at: Timestamp,
}

/// One released file, sealed under the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedFile {
    /// The object.
    pub object: Id<kind::Object>,
    /// Digest of the clear bytes.
    pub digest: Digest,
    /// Clear bytes.
    pub bytes: u64,
}

impl Record for Export {
    const KIND: &'static str = "export";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.requested.micros();
        vec![
            Key::new("all", "", sort),
            Key::new("tenant", self.tenant, sort),
            Key::new("model", self.model, sort),
            Key::new("run", self.run, sort),
        ]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        // One request for a result at a time; a refused one may be made again.
        if self.state == ExportState::Refused { Vec::new() } else { vec![("run", self.run.to_string())] }
    }
}

impl Export {
    /// What the policies need to know.
    #[must_use]
    pub fn reference(&self, tenant: &Tenant) -> ResourceRef {
        reference(self.id, tenant).with_requester(self.requested_by_id, self.unit)
    }
}

fn reference(id: impl ToString, tenant: &Tenant) -> ResourceRef {
    let life = tenant.resource().life;
    ResourceRef::new(Thing::Export, id).with_owner(tenant.unit).with_tenant(tenant.id).with_life(life)
}

/// What somebody writes who asks for an export.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewExport {
    /// What the result is wanted for; also the title of its case.
    pub purpose: String,
    /// Form values, where the pack's procedure asks for a form.
    #[serde(default)]
    pub form: FormValues,
    /// Attachments, where it asks for some.
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
}

/// An export with the case that decides about it.
#[derive(Debug, Clone, Serialize)]
pub struct ExportView {
    /// The export.
    #[serde(flatten)]
    pub export: Export,
    /// Its case: id, number, and the outcome once there is one.
    pub case: Option<ExportCase>,
}

/// The case of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportCase {
    /// Id.
    pub id: Id<kind::Case>,
    /// People's number.
    pub number: String,
    /// Outcome words and whether granted, once ended.
    pub outcome: Option<(String, bool)>,
}

/// Asks that the result of a run leave the domain. A request that waits already is answered again.
///
/// # Errors
/// Not the operator; `tenant.closed`; `run.not_done`.
pub async fn request_export(app: &App, ctx: &Ctx, run: Id<kind::Run>, purpose: &str) -> Result<Export> {
    let purpose = purpose.trim();
    if purpose.is_empty() || purpose.chars().count() > 500 {
        return Err(Error::invalid("export.purpose", ""));
    }
    let id = new_id::<kind::Export>(ctx.now);
    let (_, tenant) = runs::with_tenant(app, run).await?;
    let own = reference(id, &tenant).with_requester(ctx.principal.person, ctx.principal.unit);
    let permit = &app.permit(ctx, Action::ExportRequest, own)?;
    app.command(ctx, permit, "export.request", &(run, purpose), move |tx| {
        Box::pin(async move {
            let export = match waiting(tx, ctx, run).await? {
                Some(export) => export,
                None => {
                    let export = freeze(tx, ctx, id, run, purpose).await?;
                    records::put(tx, &export, Expected::New, ctx.now).await?;
                    export
                }
            };
            let note = Note {
                subject: format!("export/{}", export.id),
                tenant: Some(export.tenant),
                clauses: &[],
                payload: &export,
            };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(shown_to(export, ctx))
        })
    })
    .await
}

/// The request that waits for this run's result. One whose case ended against it is closed first.
async fn waiting(tx: &mut Tx<'_>, ctx: &Ctx, run: Id<kind::Run>) -> Result<Option<Export>> {
    let Some(mut stored) = records::by_unique::<Export>(tx, "run", &run.to_string()).await? else {
        return Ok(None);
    };
    match case_of(tx, stored.value.id).await? {
        Some(ExportCase { outcome: Some((_, false)), .. })
            if stored.value.state == ExportState::Requested =>
        {
            stored.value.state = ExportState::Refused;
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            Ok(None)
        }
        Some(ExportCase { outcome: None, .. }) | None if stored.value.state == ExportState::Requested => {
            Ok(Some(stored.value))
        }
        _ => Err(Error::Conflict("export.decided")),
    }
}

async fn freeze(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    id: Id<kind::Export>,
    run: Id<kind::Run>,
    purpose: &str,
) -> Result<Export> {
    let run = runs::versioned(tx, run).await?.value;
    let tenant = tenants::get(tx, run.tenant).await?;
    if !tenant.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    Ok(Export {
        id,
        tenant: run.tenant,
        run: run.id,
        model: run.model,
        model_name: run.model_name,
        purpose: purpose.to_owned(),
        frozen: run.result.ok_or(Error::Conflict("run.not_done"))?,
        state: ExportState::Requested,
        requested_by: ctx.person_name.clone(),
        requested_by_id: ctx.principal.person,
        unit: tenant.unit,
        unit_name: tenant.unit_name,
        requested: ctx.now,
        approval: None,
        release: None,
        overtaken: false,
    })
}

/// Asks for an export and opens the case that decides about it, by the pack's own procedure.
///
/// # Errors
/// As [`request_export`]; `pack.procedure` when the pack has no procedure that releases exports; what the case's opening
/// finds wrong. A request whose case could not be opened waits and is used by the next attempt.
pub async fn open_export_case(
    app: &App,
    ctx: &Ctx,
    run: Id<kind::Run>,
    new: &NewExport,
) -> Result<(Export, Opened)> {
    let pack = app.packs().current();
    let procedure = procedure_with(&pack, Effect::ReleaseExport)?;
    // Each half has its own idempotency key: a repeated request repeats both.
    let own = |half: &str| {
        let key = ctx.idempotency_key.as_ref().map(|key| format!("{key}/{half}"));
        Ctx { idempotency_key: key, ..ctx.clone() }
    };
    let export = request_export(app, &own("export"), run, &new.purpose).await?;
    let known = app
        .store()
        .read("export.case", |tx| {
            let id = export.id;
            Box::pin(async move { case_of(tx, id).await })
        })
        .await?;
    if let Some(case) = known.filter(|case| case.outcome.is_none()) {
        return Ok((export, Opened { id: case.id, number: case.number }));
    }
    let text = |id: String| FactValue::Text(id);
    let request = OpenRequest {
        procedure,
        title: new.purpose.trim().to_owned(),
        form: new.form.clone(),
        attachments: new.attachments.clone(),
        facts: Facts::from([
            (facts::TENANT.to_owned(), text(export.tenant.to_string())),
            (facts::EXPORT.to_owned(), text(export.id.to_string())),
        ]),
    };
    let opened = cases::open(app, &own("case"), &request).await?;
    Ok((export, opened))
}

/// The procedure of a pack one of whose actions has an effect.
///
/// # Errors
/// `pack.procedure`.
pub(crate) fn procedure_with(pack: &Pack, effect: Effect) -> Result<String> {
    let found = pack.procedure_with(effect).map(|procedure| procedure.id.clone());
    found.ok_or_else(|| Error::invalid("pack.procedure", format!("{effect:?}")))
}

/// The newest case about an export.
pub(crate) async fn case_of(tx: &mut Tx<'_>, id: Id<kind::Export>) -> Result<Option<ExportCase>> {
    let mut about = records::all::<CaseRecord>(tx, "about", &id.to_string(), 100).await?;
    about.sort_by_key(|case| case.value.opened_at);
    Ok(about.pop().map(|case| ExportCase {
        id: case.value.id,
        number: case.value.number,
        outcome: case.value.outcome,
    }))
}

pub(crate) async fn versioned(tx: &mut Tx<'_>, id: Id<kind::Export>) -> Result<Versioned<Export>> {
    records::get::<Export>(tx, id.uuid()).await?.ok_or(Error::NotFound("export.unknown"))
}

pub(crate) async fn with_tenant(app: &App, id: Id<kind::Export>) -> Result<(Export, Tenant)> {
    app.store()
        .read("export.find", |tx| {
            Box::pin(async move {
                let export = versioned(tx, id).await?.value;
                let tenant = tenants::get(tx, export.tenant).await?;
                Ok((export, tenant))
            })
        })
        .await
}

/// One export, without its rows.
///
/// # Errors
/// `export.unknown` when there is none or this person may not see it.
pub async fn export(app: &App, ctx: &Ctx, id: Id<kind::Export>) -> Result<ExportView> {
    let (export, tenant) = with_tenant(app, id).await?;
    app.permit(ctx, Action::ExportView, export.reference(&tenant))
        .map_err(|_| Error::NotFound("export.unknown"))?;
    let case = app.store().read("export.case", |tx| Box::pin(async move { case_of(tx, id).await })).await?;
    Ok(seen(ctx, export, case))
}

/// An export as a person may see it. One whose case ended against it is refused, whether or not anybody has written it
/// down.
fn seen(ctx: &Ctx, export: Export, case: Option<ExportCase>) -> ExportView {
    let mut export = shown_to(export, ctx);
    let against = case.as_ref().is_some_and(|case| matches!(case.outcome, Some((_, false))));
    if against && export.state == ExportState::Requested {
        export.state = ExportState::Refused;
    }
    ExportView { export, case }
}

fn shown_to(export: Export, ctx: &Ctx) -> Export {
    let tenant = export.tenant;
    Export { frozen: export.frozen.shown_to(ctx, tenant), ..export }
}

/// The exports of a tenant, newest first.
///
/// # Errors
/// `tenant.unknown` when there is none or this person may not see its exports.
pub async fn exports(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Vec<ExportView>> {
    let (owner, mut found) = app
        .store()
        .read("export.list", |tx| {
            Box::pin(async move {
                let owner = tenants::get(tx, tenant).await?;
                let all = records::all::<Export>(tx, "tenant", &tenant.to_string(), 1_000).await?;
                let mut found = Vec::new();
                for export in all {
                    let case = case_of(tx, export.value.id).await?;
                    found.push(seen(ctx, export.value, case));
                }
                Ok::<_, Error>((owner, found))
            })
        })
        .await?;
    app.permit(ctx, Action::ExportView, reference("*", &owner))
        .map_err(|_| Error::NotFound("tenant.unknown"))?;
    found.sort_by_key(|view| std::cmp::Reverse(view.export.requested));
    Ok(found)
}

/// What the platform knows about an export, as facts for conditions.
pub(crate) async fn facts_of(tx: &mut Tx<'_>, id: Id<kind::Export>) -> Result<Facts> {
    let export = versioned(tx, id).await?.value;
    let tenant = tenants::get(tx, export.tenant).await?;
    Ok(Facts::from([
        (facts::TENANT.to_owned(), FactValue::Text(tenant.id.to_string())),
        (facts::OPERATOR.to_owned(), FactValue::Text(tenant.unit_code)),
        (facts::DIGEST.to_owned(), FactValue::Text(export.frozen.digest.to_string())),
    ]))
}

/// Effect: the frozen result may leave; a job rebuilds and releases it.
pub(crate) async fn release(
    _app: &App,
    tx: &mut Tx<'_>,
    _permit: &Permit,
    ctx: &Ctx,
    case: &CaseState,
) -> Result<()> {
    let mut stored = versioned(tx, facts::id(&case.facts, facts::EXPORT)?).await?;
    let export = &mut stored.value;
    if export.state != ExportState::Requested {
        return Err(Error::Conflict("export.decided"));
    }
    if facts::tenant(&case.facts) != Some(export.tenant) {
        return Err(Error::invalid("case.reference", facts::TENANT));
    }
    let frozen = FactValue::Text(export.frozen.digest.to_string());
    if case.facts.get(facts::DIGEST) != Some(&frozen) {
        return Err(Error::Conflict("case.subject_changed"));
    }
    if !tenants::get(tx, export.tenant).await?.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    export.state = ExportState::Approved;
    export.approval = Some(case.id);
    let id = export.id;
    records::put(tx, export, Expected::Version(stored.version), ctx.now).await?;
    jobs::push(tx, jobs::RELEASE_EXPORT, id, ctx.now, &id).await
}

/// Releases that were approved before access closed are taken up again.
pub(crate) async fn take_up(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    case: &CaseState,
) -> Result<()> {
    for export in records::all::<Export>(tx, "tenant", &tenant.to_string(), 1_000).await? {
        if export.value.state == ExportState::Approved {
            let id = export.value.id;
            let key = format!("{id}/{}/{}", case.id, case.version);
            jobs::push(tx, jobs::RELEASE_EXPORT, key, ctx.now, &id).await?;
        }
    }
    Ok(())
}

/// What a product made from a release rests on: its source, its resources, their providers.
pub(crate) async fn source_of(
    tx: &mut Tx<'_>,
    tenant: Id<kind::Tenant>,
    id: Id<kind::Export>,
) -> Result<(Source, Vec<Id<kind::Resource>>, Vec<Id<kind::Unit>>)> {
    let export = versioned(tx, id).await?.value;
    if export.tenant != tenant {
        return Err(Error::NotFound("export.unknown"));
    }
    let release = export.release.ok_or(Error::Conflict("export.not_released"))?;
    let model = models::versioned(tx, export.model).await?.value;
    let (resources, providers) = models::lineage(tx, &model.model).await?;
    Ok((Source::Release { export: id, digest: release.parquet.digest }, resources, providers))
}

/// A lookup index over a release. What left through the airlock is no raw data, so it is held in this process; it goes
/// with the tenant's key, since nothing opens the release afterwards.
///
/// # Errors
/// `export.not_released`; `tenant.closed`; `domain.unknown` for a key column that the release does not have.
pub(crate) async fn release_index(
    app: &App,
    id: Id<kind::Export>,
    key_columns: Vec<String>,
) -> Result<Index> {
    let (object, key) = app
        .store()
        .read("export.index", |tx| {
            Box::pin(async move {
                let export = versioned(tx, id).await?.value;
                if !tenants::get(tx, export.tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                let release = export.release.ok_or(Error::Conflict("export.not_released"))?;
                let key = zones::key_of(app, tx, export.tenant, release.parquet.object).await?;
                Ok((release.parquet.object, key))
            })
        })
        .await?;
    let dir = app.config().objects_dir();
    let index = tokio::task::spawn_blocking(move || {
        let reference = ObjectRef { object, key: key.name.clone() };
        let keys = KeyRing::default();
        keys.add(vec![key]);
        Index::open(&dir, &keys, &reference, &key_columns)
    });
    Ok(index.await.map_err(|error| Error::internal("export.index", error))??)
}

/// Form of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseFormat {
    /// CSV.
    Csv,
    /// Parquet.
    Parquet,
}

/// A released file, for the operator. The download is durable in the journal before its bytes are read.
///
/// # Errors
/// `export.unknown`; `export.not_released`; `tenant.closed`.
pub async fn download(app: &App, ctx: &Ctx, id: Id<kind::Export>, format: ReleaseFormat) -> Result<Vec<u8>> {
    let (export, tenant) = with_tenant(app, id).await?;
    // Asking for a release and fetching it are the operator's; supervisors see the record, not the file.
    let permit = &app.permit(ctx, Action::ExportRequest, export.reference(&tenant))?;
    let release = export.release.ok_or(Error::Conflict("export.not_released"))?;
    let file = match format {
        ReleaseFormat::Csv => release.csv,
        ReleaseFormat::Parquet => release.parquet,
    };
    app.store()
        .transact(permit, "export.download", |tx| {
            Box::pin(async move {
                if !tenants::get(tx, export.tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                let subject = format!("export/{id}");
                let note =
                    Note { subject, tenant: Some(export.tenant), clauses: &[], payload: (format, file) };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    app.committed();
    objects::open(app, file.object).await
}
