//! The airlock: results ask to leave, reviewers look, and what they approve is rebuilt and released.
//!
//! An export freezes a run's result by object and digest. A case of the pack decides about it; its effect here marks the
//! export approved and pushes the job that is the only one in the platform to ask a worker for a canonical rebuild.

mod again;
mod door;
mod files;
mod manifest;
mod plants;
mod request;
mod review;
mod risk;

use access::{Action, ResourceRef, Thing};
use base::{Digest, Id, Timestamp, kind};
use privacy::disclosure::Accuracy;
use products::Source;
use regulation::pack::{Effect, FactValue, Pack};
use secure_domain::objects::KeyRing;
use secure_domain::protocol::ObjectRef;
use secure_domain::serving::Index;
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Key, Order, Query, Record, Versioned};

pub(crate) use again::waiting;
pub use again::{Again, AgainOutcome, order_again};
pub(crate) use door::{release, take_up};
pub use files::{ReleaseFormat, ReleasedBytes, download};
pub use manifest::{Frozen, Manifest};
pub(crate) use plants::answer;
pub use plants::{
    Plant, PlantAnswer, PlantLine, PlantReport, PlantedFault, ReviewerScore, plant, plant_report,
};
pub(crate) use request::opened;
pub use request::{NewExport, open_export_case, request_export};
pub use review::{Candidate, Earlier, candidate, comparison, review_queue};
pub use risk::{Risk, RiskReason, Tier};

use crate::cases::CaseRecord;
use crate::cases::facts::{self, Facts};
use crate::runs::RunResult;
use crate::tenants::{self, Tenant};
use crate::{App, Ctx, Error, Result, models, zones};

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
    /// The form it is wanted in; once released it may be fetched in every form.
    #[serde(default)]
    pub format: ReleaseFormat,
    /// The frozen result.
    pub frozen: RunResult,
    /// What exactly is frozen, by digests; absent in requests of before there was one.
    #[serde(default)]
    pub manifest: Option<Manifest>,
    /// The case that decides about it: the only one whose votes count.
    #[serde(default)]
    pub review: Option<Id<kind::Case>>,
    /// The last run of its order that a reviewer asked for; shown to those who decide.
    #[serde(default)]
    pub again: Option<Again>,
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
    /// A fault laid over what reviewers are shown; nobody but who planted it knows before it is over.
    #[serde(default)]
    pub plant: Option<Plant>,
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
    /// As JSON; absent in releases of before there was one.
    #[serde(default)]
    pub json: Option<ReleasedFile>,
    /// Rows.
    pub rows: u64,
    /// Columns whose numbers carry noise, and how far it reaches; the others are exact.
    #[serde(default)]
    pub accuracy: Vec<Accuracy>,
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
        .into_iter()
        .chain(self.plant.iter().map(|plant| Key::new("planted", "", plant.at.micros())))
        .collect()
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

    /// What its reviewers' votes are about.
    #[must_use]
    pub fn subject_digest(&self) -> Digest {
        self.manifest.as_ref().map_or(self.frozen.digest, |manifest| manifest.digest)
    }
}

fn reference(id: impl ToString, tenant: &Tenant) -> ResourceRef {
    let life = tenant.resource().life;
    ResourceRef::new(Thing::Export, id).with_owner(tenant.unit).with_tenant(tenant.id).with_life(life)
}

/// An export with the case that decides about it.
#[derive(Debug, Clone, Serialize)]
pub struct ExportView {
    /// The export.
    #[serde(flatten)]
    pub export: Export,
    /// Its case: id, number, and the outcome once there is one.
    pub case: Option<ExportCase>,
    /// How closely it has to be looked at; for those who decide about it.
    pub risk: Option<Risk>,
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

/// The procedure of a pack one of whose actions has an effect.
///
/// # Errors
/// `pack.procedure`.
pub(crate) fn procedure_with(pack: &Pack, effect: Effect) -> Result<String> {
    let found = pack.procedure_with(effect).map(|procedure| procedure.id.clone());
    found.ok_or_else(|| Error::invalid("pack.procedure", format!("{effect:?}")))
}

/// The case that decides about an export; of a request of before the two were bound, the newest about it.
pub(crate) async fn case_of(tx: &mut Tx<'_>, export: &Export) -> Result<Option<ExportCase>> {
    let found = match export.review {
        Some(case) => records::get::<CaseRecord>(tx, case.uuid()).await?,
        None => {
            let mut about = records::all::<CaseRecord>(tx, "about", &export.id.to_string(), 100).await?;
            about.sort_by_key(|case| case.value.opened_at);
            about.pop()
        }
    };
    Ok(found.map(|case| ExportCase {
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
    let about = &export;
    let case =
        app.store().read("export.case", |tx| Box::pin(async move { case_of(tx, about).await })).await?;
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
    // The report is there for those who decide only; so is what follows from it.
    let report = export.frozen.report.as_ref();
    let risk = report.map(|report| Risk::of(Some(report), export.frozen.rows));
    ExportView { export, case, risk }
}

fn shown_to(export: Export, ctx: &Ctx) -> Export {
    let tenant = export.tenant;
    let plant = export.plant_shown_to(ctx);
    let again = export.again.filter(|_| crate::runs::may_decide(ctx, tenant));
    let plant = plant.filter(|_| ctx.is_person());
    Export { frozen: export.frozen.shown_to(ctx, tenant), again, plant, ..export }
}

/// Which exports of a tenant a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// All of them.
    All,
    /// Those of a model.
    OfModel(Id<kind::Model>),
    /// Those of a run: the one that counts, and before it those that were refused.
    OfRun(Id<kind::Run>),
}

/// Exports of a tenant, newest first, so many from a place in the list; and where it goes on.
///
/// # Errors
/// `tenant.unknown` when there is none or this person may not see its exports; `page.cursor`.
pub async fn exports(
    app: &App,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    listed: Listed,
    after: Option<&str>,
    limit: u32,
) -> Result<(Vec<ExportView>, Option<String>)> {
    let after = after.map(crate::cases::parse_cursor).transpose()?;
    let (name, value) = match listed {
        Listed::All => ("tenant", tenant.to_string()),
        Listed::OfModel(model) => ("model", model.to_string()),
        Listed::OfRun(run) => ("run", run.to_string()),
    };
    let query = &Query { name, value: &value, after, limit, order: Order::Descending };
    let (owner, found, next) = app
        .store()
        .read("export.list", |tx| {
            Box::pin(async move {
                let owner = tenants::get(tx, tenant).await?;
                let page = records::list::<Export>(tx, query).await?;
                let mut found = Vec::new();
                for export in page.items.into_iter().filter(|export| export.value.tenant == tenant) {
                    let case = case_of(tx, &export.value).await?;
                    found.push(seen(ctx, export.value, case));
                }
                Ok::<_, Error>((owner, found, page.next))
            })
        })
        .await?;
    app.permit(ctx, Action::ExportView, reference("*", &owner))
        .map_err(|_| Error::NotFound("tenant.unknown"))?;
    Ok((found, next.map(crate::cases::cursor_text)))
}

/// What the platform knows about an export, as facts for conditions.
pub(crate) async fn facts_of(tx: &mut Tx<'_>, id: Id<kind::Export>) -> Result<Facts> {
    let export = versioned(tx, id).await?.value;
    let tenant = tenants::get(tx, export.tenant).await?;
    Ok(Facts::from([
        (facts::TENANT.to_owned(), FactValue::Text(tenant.id.to_string())),
        (facts::OPERATOR.to_owned(), FactValue::Text(tenant.unit_code)),
        (facts::DIGEST.to_owned(), FactValue::Text(export.subject_digest().to_string())),
    ]))
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
