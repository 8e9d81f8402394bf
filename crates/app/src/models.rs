//! Models: code that may be ordered on raw data once reviewers have approved it, pinned by digest.
//!
//! A model's text never changes. Who wants another text makes another model, which goes through review again; so an
//! approval is of one text and of nothing else, however long the review takes.

mod serving;

use std::collections::{BTreeMap, BTreeSet};

use access::{Action, ResourceRef, Thing};
use base::{Digest, Id, Timestamp, canonical_json, kind};
use catalog::{Model, ModelInput, OutputColumn, Parameter};
use products::Source;
use regulation::case::CaseState;
use regulation::pack::FactValue;
use secure_domain::protocol::{CheckOrder, Checked, QueryOrder, ZoneKind};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Record, Versioned};

pub(crate) use serving::{Asked, load_verification, verify};

use crate::cases::CaseRecord;
use crate::cases::facts::{self, Facts};
use crate::clock::new_id;
use crate::journal::Note;
use crate::tenants::{self, Grant, GrantState, Tenant};
use crate::{App, Ctx, Error, Result, resources, zones};

/// The parameter of a verification that stands for the day of the question.
pub const TODAY: &str = "today";

/// Where a model is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    /// Made; nobody has approved it.
    Draft,
    /// A review is open.
    Submitted,
    /// May be ordered.
    Approved,
    /// May not be ordered any more.
    Withdrawn,
}

/// What a model does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelKind {
    /// A query that is run to order; its result may leave through the airlock.
    Query,
    /// A question about one key, answered in the prod zone with yes, no or unknown.
    Verification {
        /// The table it is about.
        table: String,
        /// The column that holds the keys.
        key_column: String,
    },
}

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The case.
    pub case: Id<kind::Case>,
    /// Digest of what was approved.
    pub digest: Digest,
    /// When.
    pub at: Timestamp,
}

/// A model with its text and its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// What was declared.
    #[serde(flatten)]
    pub model: Model,
    /// What it does.
    pub does: ModelKind,
    /// The text: a SELECT statement, or the condition of a verification.
    pub text: String,
    /// Digest of everything that is approved.
    pub digest: Digest,
    /// Where it is.
    pub state: ModelState,
    /// Who made it, by name.
    pub author: String,
    /// Who made it.
    pub author_id: Id<kind::Person>,
    /// The operator.
    pub unit: Id<kind::Unit>,
    /// When.
    pub created: Timestamp,
    /// The approval.
    pub approval: Option<Approval>,
}

impl Record for ModelRecord {
    const KIND: &'static str = "model";
    fn id(&self) -> uuid::Uuid {
        self.model.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("tenant", self.model.tenant, self.created.micros())]
    }
}

impl ModelRecord {
    /// What the policies need to know.
    #[must_use]
    pub fn reference(&self, tenant: &Tenant) -> ResourceRef {
        reference(self.model.id, tenant).with_requester(self.author_id, self.unit)
    }

    /// The digest of what is stored now; differs from [`Self::digest`] only if somebody edited the database.
    fn computed_digest(&self) -> Result<Digest> {
        digest(&self.model, &self.does, &self.text)
    }

    /// That it may be used on raw data.
    ///
    /// # Errors
    /// `model.not_approved`; `model.altered` when the stored text is not the approved one.
    pub(crate) fn check_approved(&self) -> Result<&Approval> {
        let approval = match (&self.approval, self.state) {
            (Some(approval), ModelState::Approved) => approval,
            _ => return Err(Error::Conflict("model.not_approved")),
        };
        if self.computed_digest()? != approval.digest {
            return Err(Error::internal("model.altered", "the stored model is not the approved one"));
        }
        Ok(approval)
    }
}

fn reference(id: impl ToString, tenant: &Tenant) -> ResourceRef {
    let life = tenant.resource().life;
    ResourceRef::new(Thing::Model, id).with_owner(tenant.unit).with_tenant(tenant.id).with_life(life)
}

fn digest(model: &Model, does: &ModelKind, text: &str) -> Result<Digest> {
    let whole =
        canonical_json(&(model, does, text)).map_err(|error| Error::internal("model.digest", error))?;
    Ok(Digest::of(&whole))
}

/// A model to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewModel {
    /// Name.
    pub name: String,
    /// `query` if absent.
    #[serde(default)]
    pub kind: NewKind,
    /// A SELECT statement, or the condition of a verification.
    pub sql: String,
    /// What may vary from run to run, with its domain.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Kind of entity the results are about.
    pub entity: String,
    /// Why raw data cannot be reconstructed from results (不可逆说明).
    pub reversibility: String,
    /// Verification: the table.
    #[serde(default)]
    pub table: Option<String>,
    /// Verification: the key column.
    #[serde(default)]
    pub key_column: Option<String>,
}

/// Kinds, as a request names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewKind {
    /// A query.
    #[default]
    Query,
    /// A verification.
    Verification,
}

/// Makes a draft. The guard of raw data judges the text at once, over the dev zone's tables: an author learns what is
/// refused before any reviewer has to.
///
/// # Errors
/// Not an engineer of the tenant; `tenant.closed`; a refusal of the guard; what the catalog finds wrong.
pub async fn create_model(
    app: &App,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    new: &NewModel,
) -> Result<ModelRecord> {
    let id = new_id::<kind::Model>(ctx.now);
    let (owner, grants) = owner(app, tenant).await?;
    let permit = &app.permit(ctx, Action::ModelSubmit, reference(id, &owner))?;
    if !owner.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    new.parameters.iter().try_for_each(Parameter::validate)?;
    let zone = zones::zone(app, tenant, ZoneKind::Dev).await?;
    let (does, checked) = match new.kind {
        NewKind::Query => {
            let order = CheckOrder { sql: new.sql.clone(), parameters: new.parameters.clone() };
            (ModelKind::Query, zone.check(permit, order).await?)
        }
        NewKind::Verification => check_verification(&zone, permit, new, &grants).await?,
    };
    let model = declared(app, id, tenant, new, &checked, &grants).await?;
    model.validate()?;
    let record = &ModelRecord {
        digest: digest(&model, &does, &new.sql)?,
        model,
        does,
        text: new.sql.clone(),
        state: ModelState::Draft,
        author: ctx.person_name.clone(),
        author_id: ctx.principal.person,
        unit: owner.unit,
        created: ctx.now,
        approval: None,
    };
    app.command(ctx, permit, "model.create", &(tenant, new), move |tx| {
        Box::pin(async move {
            if !tenants::get(tx, tenant).await?.is_open() {
                return Err(Error::Forbidden("tenant.closed"));
            }
            records::put(tx, record, Expected::New, ctx.now).await?;
            let subject = format!("model/{id}");
            let note = Note { subject, tenant: Some(tenant), clauses: &[], payload: record };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(record.clone())
        })
    })
    .await
}

async fn owner(app: &App, tenant: Id<kind::Tenant>) -> Result<(Tenant, Vec<Grant>)> {
    app.store()
        .read("model.owner", |tx| {
            Box::pin(async move {
                let owner = tenants::get(tx, tenant).await?;
                let grants = tenants::grants(tx, tenant).await?;
                Ok((owner, grants.into_iter().filter(|grant| grant.state == GrantState::Ready).collect()))
            })
        })
        .await
}

/// Tries the condition on the masked sample: on raw data nothing runs before it is approved.
async fn check_verification(
    zone: &zones::Zone,
    permit: &access::Permit,
    new: &NewModel,
    grants: &[Grant],
) -> Result<(ModelKind, Checked)> {
    let (Some(table), Some(key_column)) = (new.table.clone(), new.key_column.clone()) else {
        return Err(Error::explained("model.verification", "table and key_column are needed"));
    };
    let grant = grants.iter().find(|grant| grant.code == table);
    let known = grant.is_some_and(|grant| grant.columns.contains(&key_column));
    if !known {
        return Err(Error::invalid("model.key_column", format!("{table}.{key_column}")));
    }
    if new
        .parameters
        .iter()
        .any(|parameter| parameter.name != TODAY || parameter.data_type != privacy::DataType::Date)
    {
        return Err(Error::explained("model.verification", "the only parameter is the date `today`"));
    }
    let sql = format!(
        "SELECT \"{key_column}\" AS k, CASE WHEN ({}) THEN 1 ELSE 0 END AS holds FROM \"{table}\"",
        new.sql
    );
    let values = new.parameters.iter().map(|parameter| (parameter.name.clone(), first_value(parameter)));
    let order = QueryOrder { sql, parameters: new.parameters.clone(), values: values.collect(), rows_max: 1 };
    let page = zone.query(permit, order).await?;
    // A text that closes the bracket and says something else would show other columns.
    if page.columns.iter().map(|column| column.name.as_str()).ne(["k", "holds"]) {
        return Err(Error::explained("model.verification", "not one condition"));
    }
    let checked = Checked {
        sql_digest: Digest::of(new.sql.as_bytes()),
        ir_digest: Digest::of(new.sql.as_bytes()),
        tables: vec![table.clone()],
        output: vec![OutputColumn { name: "verdict".to_owned(), data_type: privacy::DataType::Text }],
        entities: Vec::new(),
    };
    Ok((ModelKind::Verification { table, key_column }, checked))
}

fn first_value(parameter: &Parameter) -> String {
    let first = match &parameter.domain {
        catalog::Domain::Values(values) => values.first(),
        catalog::Domain::Range(low, _) => Some(low),
    };
    match first {
        Some(catalog::Value::Text(text)) => text.clone(),
        Some(catalog::Value::Integer(number)) => number.to_string(),
        Some(catalog::Value::Boolean(truth)) => truth.to_string(),
        Some(catalog::Value::Date(date)) => date.to_string(),
        None => String::new(),
    }
}

/// What the model declares: its inputs are the tables that the guard saw it read.
async fn declared(
    app: &App,
    id: Id<kind::Model>,
    tenant: Id<kind::Tenant>,
    new: &NewModel,
    checked: &Checked,
    grants: &[Grant],
) -> Result<Model> {
    let mut inputs = Vec::new();
    let mut kinds = BTreeSet::new();
    for table in &checked.tables {
        let grant = grants.iter().find(|grant| grant.code == *table);
        let grant = grant.ok_or_else(|| Error::invalid("domain.unknown", table.clone()))?;
        inputs.push(ModelInput { resource: grant.resource, columns: grant.columns.clone() });
        let entry = resources::find(app, grant.resource).await?;
        kinds.extend(entry.resource.entity.map(|entity| entity.kind));
    }
    if !kinds.contains(&new.entity) {
        return Err(Error::invalid("model.entity", new.entity.clone()));
    }
    Ok(Model {
        id,
        tenant,
        name: new.name.trim().to_owned(),
        sql: checked.sql_digest,
        parameters: new.parameters.clone(),
        inputs,
        output: checked.output.clone(),
        entity: new.entity.clone(),
        reversibility: new.reversibility.clone(),
    })
}

pub(crate) async fn versioned(tx: &mut Tx<'_>, id: Id<kind::Model>) -> Result<Versioned<ModelRecord>> {
    records::get::<ModelRecord>(tx, id.uuid()).await?.ok_or(Error::NotFound("model.unknown"))
}

/// One model.
///
/// # Errors
/// `model.unknown` when there is none or this person may not see it.
pub async fn model(app: &App, ctx: &Ctx, id: Id<kind::Model>) -> Result<ModelRecord> {
    let (record, tenant) = with_tenant(app, id).await?;
    app.permit(ctx, Action::ModelView, record.reference(&tenant))
        .map_err(|_| Error::NotFound("model.unknown"))?;
    Ok(record)
}

/// A draft about which a case is open has been submitted, whoever opened the case.
async fn seen(tx: &mut Tx<'_>, mut record: ModelRecord) -> Result<ModelRecord> {
    if record.state == ModelState::Draft {
        let cases = records::all::<CaseRecord>(tx, "about", &record.model.id.to_string(), 100).await?;
        if cases.iter().any(|case| case.value.outcome.is_none()) {
            record.state = ModelState::Submitted;
        }
    }
    Ok(record)
}

pub(crate) async fn with_tenant(app: &App, id: Id<kind::Model>) -> Result<(ModelRecord, Tenant)> {
    app.store()
        .read("model.find", |tx| {
            Box::pin(async move {
                let record = versioned(tx, id).await?.value;
                let record = seen(tx, record).await?;
                let tenant = tenants::get(tx, record.model.tenant).await?;
                Ok((record, tenant))
            })
        })
        .await
}

/// The models of a tenant, newest first.
///
/// # Errors
/// `tenant.unknown` when there is none or this person may not see its models.
pub async fn models(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Vec<ModelRecord>> {
    let (owner, found) = app
        .store()
        .read("model.list", |tx| {
            Box::pin(async move {
                let owner = tenants::get(tx, tenant).await?;
                let all =
                    records::all::<ModelRecord>(tx, "tenant", &tenant.to_string(), records::ALL_MAX).await?;
                let mut found = Vec::with_capacity(all.len());
                for record in all.into_iter().rev() {
                    found.push(seen(tx, record.value).await?);
                }
                Ok::<_, Error>((owner, found))
            })
        })
        .await?;
    app.permit(ctx, Action::ModelView, reference("*", &owner))
        .map_err(|_| Error::NotFound("tenant.unknown"))?;
    Ok(found)
}

/// Takes a model back: it may not be ordered any more.
///
/// # Errors
/// Not an engineer of the tenant; `model.unknown`.
pub async fn withdraw_model(app: &App, ctx: &Ctx, id: Id<kind::Model>) -> Result<ModelRecord> {
    let (record, tenant) = with_tenant(app, id).await?;
    let permit = &app.permit(ctx, Action::ModelSubmit, record.reference(&tenant))?;
    app.command(ctx, permit, "model.withdraw", &id, move |tx| {
        Box::pin(async move {
            let mut stored = versioned(tx, id).await?;
            stored.value.state = ModelState::Withdrawn;
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            let tenant = Some(stored.value.model.tenant);
            let note = Note { subject: format!("model/{id}"), tenant, clauses: &[], payload: "withdrawn" };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(stored.value)
        })
    })
    .await
}

/// What the platform knows about a model, as facts for conditions. A case keeps the digest it was opened about.
pub(crate) async fn facts_of(tx: &mut Tx<'_>, id: Id<kind::Model>) -> Result<Facts> {
    let record = versioned(tx, id).await?.value;
    let tenant = tenants::get(tx, record.model.tenant).await?;
    Ok(Facts::from([
        (facts::TENANT.to_owned(), FactValue::Text(tenant.id.to_string())),
        (facts::OPERATOR.to_owned(), FactValue::Text(tenant.unit_code)),
        (facts::DIGEST.to_owned(), FactValue::Text(record.computed_digest()?.to_string())),
    ]))
}

/// Effect: the model that the case is about may be ordered. It must still be the text the case was opened about.
pub(crate) async fn approve(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let mut stored = versioned(tx, facts::id(&case.facts, facts::MODEL)?).await?;
    let record = &mut stored.value;
    if matches!(record.state, ModelState::Withdrawn) {
        return Err(Error::Conflict("model.withdrawn"));
    }
    if facts::tenant(&case.facts) != Some(record.model.tenant) {
        return Err(Error::invalid("case.reference", facts::TENANT));
    }
    let known = FactValue::Text(record.computed_digest()?.to_string());
    if record.computed_digest()? != record.digest || case.facts.get(facts::DIGEST) != Some(&known) {
        return Err(Error::internal("model.altered", "the model is not the one that was reviewed"));
    }
    record.state = ModelState::Approved;
    record.approval = Some(Approval { case: case.id, digest: record.digest, at: ctx.now });
    records::put(tx, record, Expected::Version(stored.version), ctx.now).await?;
    Ok(())
}

/// What a product made from a model rests on: its source, its resources, their providers.
pub(crate) async fn source_of(
    tx: &mut Tx<'_>,
    tenant: Id<kind::Tenant>,
    id: Id<kind::Model>,
) -> Result<(Source, Vec<Id<kind::Resource>>, Vec<Id<kind::Unit>>)> {
    let record = versioned(tx, id).await?.value;
    if record.model.tenant != tenant {
        return Err(Error::NotFound("model.unknown"));
    }
    if !matches!(record.does, ModelKind::Verification { .. }) {
        return Err(Error::invalid("model.not_verification", record.model.name));
    }
    let digest = record.check_approved()?.digest;
    let (resources, providers) = lineage(tx, &record.model).await?;
    Ok((Source::Serving { model: id, digest }, resources, providers))
}

/// The resources that a model reads, and their providers.
pub(crate) async fn lineage(
    tx: &mut Tx<'_>,
    model: &Model,
) -> Result<(Vec<Id<kind::Resource>>, Vec<Id<kind::Unit>>)> {
    let resources: Vec<_> = model.inputs.iter().map(|input| input.resource).collect();
    let mut providers = BTreeSet::new();
    for resource in &resources {
        providers.insert(resources::versioned(tx, *resource).await?.value.unit);
    }
    Ok((resources, providers.into_iter().collect()))
}

/// Values in text form as a run order carries them, checked against type and domain.
///
/// # Errors
/// What the catalog finds wrong with them.
pub(crate) fn bound(model: &Model, values: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    model.bind(values)?;
    Ok(values.iter().map(|(name, value)| (name.clone(), value.trim().to_owned())).collect())
}
