//! Runs: approved code ordered on raw data, once, with its parameters, inputs, output and thresholds bound.

use std::collections::BTreeMap;

use access::{Action, ResourceRef, Role, Thing};
use base::{Digest, Id, Timestamp, kind};
use catalog::OutputColumn;
use privacy::disclosure::{DisclosureReport, Thresholds};
use secure_domain::guard::Refusal;
use secure_domain::protocol::InputPin;
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Record, Versioned};

use crate::clock::new_id;
use crate::journal::Note;
use crate::models::{self, ModelRecord};
use crate::tenants::{self, Grant, GrantState, Tenant};
use crate::{App, Ctx, Error, Result, consents, jobs, parameters};

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Ordered; a job will execute it.
    Ordered,
    /// Being executed.
    Running,
    /// Its result lies sealed.
    Done,
    /// Nothing came out.
    Failed,
}

/// An ordered run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Id.
    pub id: Id<kind::Run>,
    /// The tenant.
    pub tenant: Id<kind::Tenant>,
    /// The model.
    pub model: Id<kind::Model>,
    /// Its name.
    pub model_name: String,
    /// Digest of the approved model.
    pub model_digest: Digest,
    /// The case that approved it.
    pub approval: Id<kind::Case>,
    /// Parameter values.
    pub values: BTreeMap<String, String>,
    /// The inputs.
    pub inputs: Vec<InputPin>,
    /// What it is for, where it reads what is there by consent.
    #[serde(default)]
    pub scenario: Option<String>,
    /// Thresholds of disclosure control.
    pub thresholds: Thresholds,
    /// The clauses the thresholds rest on.
    pub clauses: Vec<String>,
    /// Where it is.
    pub state: RunState,
    /// Who ordered it, by name.
    pub ordered_by: String,
    /// Who ordered it.
    pub ordered_by_id: Id<kind::Person>,
    /// The operator.
    pub unit: Id<kind::Unit>,
    /// When.
    pub ordered: Timestamp,
    /// When it was last begun.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Objects of the attempt under way; of an attempt that broke off once another begins.
    pub attempt: Option<Attempt>,
    /// The sealed result.
    pub result: Option<RunResult>,
    /// Why it failed.
    pub error: Option<RunError>,
}

/// The objects an attempt writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The result.
    pub result: Id<kind::Object>,
    /// Who stands behind its cells.
    pub cells: Id<kind::Object>,
    /// Who stands behind what was counted, for the release ledger's word; unknown of attempts of before there was one.
    #[serde(default)]
    pub draft: Option<Id<kind::Object>>,
}

impl Attempt {
    /// Everything it may have written.
    pub(crate) fn objects(self) -> impl Iterator<Item = Id<kind::Object>> {
        [self.result, self.cells].into_iter().chain(self.draft)
    }
}

/// What a run brought. Its rows are for reviewers only, and only once an export is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// The sealed result.
    pub object: Id<kind::Object>,
    /// Digest of its sealed bytes.
    pub digest: Digest,
    /// Rows; told to those who decide about the export and to nobody else, since a number of rows answers a question about
    /// the cells that are not among them. What left is counted in the release.
    pub rows: Option<u64>,
    /// Who stands behind its cells, for the release ledger; absent where no entity is protected.
    pub cells: Option<Id<kind::Object>>,
    /// Its columns.
    pub output: Vec<OutputColumn>,
    /// What disclosure control found: for those who decide about the export. Nobody else is told how much was
    /// suppressed, or whether anything was: a number of cells left out answers a question about them.
    pub report: Option<DisclosureReport>,
    /// Digest of the query as it ran.
    pub ir_digest: Digest,
}

/// Why a run failed: a code, and the guard's refusal if that is what it was. Never a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// Stable code.
    pub code: String,
    /// The refusal.
    pub refusal: Option<Refusal>,
}

impl Record for Run {
    const KIND: &'static str = "run";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.ordered.micros();
        vec![Key::new("tenant", self.tenant, sort), Key::new("model", self.model, sort)]
    }
}

impl Run {
    /// What the policies need to know.
    #[must_use]
    pub fn reference(&self, tenant: &Tenant) -> ResourceRef {
        reference(self.id, tenant).with_requester(self.ordered_by_id, self.unit)
    }
}

impl RunResult {
    /// As a person may see it.
    #[must_use]
    pub(crate) fn shown_to(self, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Self {
        let may = may_decide(ctx, tenant);
        Self { report: self.report.filter(|_| may), rows: self.rows.filter(|_| may), ..self }
    }
}

/// Whether a person is one of those who decide about exports of this tenant.
pub(crate) fn may_decide(ctx: &Ctx, tenant: Id<kind::Tenant>) -> bool {
    ctx.is_person() && decides(ctx) && !ctx.principal.tenants.contains(&tenant)
}

/// Those who decide about exports, or watch over who does; never the operator's people, even if they hold such a role.
fn decides(ctx: &Ctx) -> bool {
    let has = |roles: &[Role]| roles.iter().any(|role| ctx.principal.has(*role));
    has(&[Role::Authority, Role::Supervisor, Role::Reviewer])
        && !has(&[Role::OperatorManager, Role::OperatorEngineer])
}

fn shown_to(run: Run, ctx: &Ctx) -> Run {
    let tenant = run.tenant;
    Run { result: run.result.map(|result| result.shown_to(ctx, tenant)), ..run }
}

fn reference(id: impl ToString, tenant: &Tenant) -> ResourceRef {
    let life = tenant.resource().life;
    ResourceRef::new(Thing::Run, id).with_owner(tenant.unit).with_tenant(tenant.id).with_life(life)
}

/// Orders a run of an approved model.
///
/// # Errors
/// Not an engineer of the tenant; `tenant.closed`; `model.not_approved`; `grant.not_ready`; parameters outside their
/// domains; `pack.parameter` when the pack sets no thresholds: then nothing runs.
pub async fn order_run(
    app: &App,
    ctx: &Ctx,
    model: Id<kind::Model>,
    values: &BTreeMap<String, String>,
) -> Result<Run> {
    order_run_for(app, ctx, model, values, None).await
}

/// As [`order_run`], for a scenario: of what is there by consent, the run sees those who consented to it.
///
/// # Errors
/// As [`order_run`]; `consent.scenario_missing`, `consent.scenario_unknown`.
pub async fn order_run_for(
    app: &App,
    ctx: &Ctx,
    model: Id<kind::Model>,
    values: &BTreeMap<String, String>,
    scenario: Option<&str>,
) -> Result<Run> {
    let id = new_id::<kind::Run>(ctx.now);
    let (_, tenant) = models::with_tenant(app, model).await?;
    let own = reference(id, &tenant).with_requester(ctx.principal.person, ctx.principal.unit);
    let permit = &app.permit(ctx, Action::RunOrder, own)?;
    let run = app
        .command(ctx, permit, "run.order", &(model, values, scenario), move |tx| {
            Box::pin(async move {
                let asked = Asked { model, values, scenario };
                let run = bind(app, tx, ctx, id, asked).await?;
                records::put(tx, &run, Expected::New, ctx.now).await?;
                jobs::push(tx, jobs::RUN_ORDER, id, ctx.now, &id).await?;
                let note = Note {
                    subject: format!("run/{id}"),
                    tenant: Some(run.tenant),
                    clauses: &run.clauses,
                    payload: &run,
                };
                app.record(tx, permit, ctx.now, note).await?;
                Ok(run)
            })
        })
        .await?;
    Ok(run)
}

/// What an engineer asks for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    model: Id<kind::Model>,
    values: &'a BTreeMap<String, String>,
    scenario: Option<&'a str>,
}

/// Binds everything that the worker will hold the run to, from what is true in this transaction.
async fn bind(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    id: Id<kind::Run>,
    Asked { model, values, scenario }: Asked<'_>,
) -> Result<Run> {
    let record = models::versioned(tx, model).await?.value;
    let tenant = tenants::get(tx, record.model.tenant).await?;
    if !tenant.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    if record.does != models::ModelKind::Query {
        return Err(Error::invalid("model.not_query", record.model.name));
    }
    let approval = record.check_approved()?.clone();
    let pack = app.packs().current();
    let grants = tenants::grants(tx, tenant.id).await?;
    let inputs = pins(&record, &grants)?;
    let read =
        |grant: &&Grant| grant.state == GrantState::Ready && inputs.iter().any(|pin| pin.table == grant.code);
    let read: Vec<&Grant> = grants.iter().filter(read).collect();
    let scenario = consents::scenario(tx, &tenant, &read, scenario).await?;
    Ok(Run {
        id,
        tenant: tenant.id,
        model,
        model_name: record.model.name.clone(),
        model_digest: approval.digest,
        approval: approval.case,
        values: models::bound(&record.model, values)?,
        inputs,
        scenario,
        thresholds: parameters::thresholds(&pack)?,
        clauses: parameters::threshold_clauses(&pack),
        state: RunState::Ordered,
        ordered_by: ctx.person_name.clone(),
        ordered_by_id: ctx.principal.person,
        unit: tenant.unit,
        ordered: ctx.now,
        started: None,
        finished: None,
        attempt: None,
        result: None,
        error: None,
    })
}

/// The tables the model reads, as they lie in the tenant's prod zone now.
fn pins(record: &ModelRecord, grants: &[Grant]) -> Result<Vec<InputPin>> {
    let pin = |resource| {
        let grant =
            grants.iter().find(|grant| grant.resource == resource && grant.state == GrantState::Ready);
        let (grant, raw) = grant.and_then(|grant| Some((grant, grant.raw.as_ref()?)))?;
        Some(InputPin {
            table: grant.code.clone(),
            snapshot: raw.snapshot,
            object: raw.object,
            digest: raw.digest,
            edition: raw.edition,
        })
    };
    let inputs = record.model.inputs.iter();
    inputs.map(|input| pin(input.resource).ok_or(Error::Conflict("grant.not_ready"))).collect()
}

/// Whether the inputs that a run is bound to are still those of its authorisation: a grant that was made anew has others.
///
/// # Errors
/// `run.input_replaced`.
pub(crate) async fn check_inputs(tx: &mut Tx<'_>, run: &Run) -> Result<()> {
    let grants = tenants::grants(tx, run.tenant).await?;
    let lies = |pin: &InputPin| {
        let raw = |grant: &Grant| grant.raw.as_ref().is_some_and(|raw| raw.object == pin.object);
        grants.iter().any(|grant| grant.state == GrantState::Ready && raw(grant))
    };
    if run.inputs.iter().all(lies) { Ok(()) } else { Err(Error::Conflict("run.input_replaced")) }
}

pub(crate) async fn versioned(tx: &mut Tx<'_>, id: Id<kind::Run>) -> Result<Versioned<Run>> {
    records::get::<Run>(tx, id.uuid()).await?.ok_or(Error::NotFound("run.unknown"))
}

/// One run: its state and, for those who decide about its export, its disclosure report; never its rows.
///
/// # Errors
/// `run.unknown` when there is none or this person may not see it.
pub async fn run(app: &App, ctx: &Ctx, id: Id<kind::Run>) -> Result<Run> {
    let (run, tenant) = with_tenant(app, id).await?;
    app.permit(ctx, Action::RunView, run.reference(&tenant)).map_err(|_| Error::NotFound("run.unknown"))?;
    Ok(shown_to(run, ctx))
}

pub(crate) async fn with_tenant(app: &App, id: Id<kind::Run>) -> Result<(Run, Tenant)> {
    app.store()
        .read("run.find", |tx| {
            Box::pin(async move {
                let run = versioned(tx, id).await?.value;
                let tenant = tenants::get(tx, run.tenant).await?;
                Ok((run, tenant))
            })
        })
        .await
}

/// The runs of a tenant, newest first.
///
/// # Errors
/// `tenant.unknown` when there is none or this person may not see its runs.
pub async fn runs(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Vec<Run>> {
    let (owner, mut found) = app
        .store()
        .read("run.list", |tx| {
            Box::pin(async move {
                let owner = tenants::get(tx, tenant).await?;
                Ok::<_, Error>((owner, of_tenant(tx, tenant).await?))
            })
        })
        .await?;
    app.permit(ctx, Action::RunView, reference("*", &owner))
        .map_err(|_| Error::NotFound("tenant.unknown"))?;
    found.sort_by_key(|run| std::cmp::Reverse(run.ordered));
    Ok(found.into_iter().map(|run| shown_to(run, ctx)).collect())
}

/// All runs of a tenant.
pub(crate) async fn of_tenant(tx: &mut Tx<'_>, tenant: Id<kind::Tenant>) -> Result<Vec<Run>> {
    let found = records::all::<Run>(tx, "tenant", &tenant.to_string(), records::ALL_MAX).await?;
    Ok(found.into_iter().map(|run| run.value).collect())
}
