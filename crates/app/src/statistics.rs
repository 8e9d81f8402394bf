//! Statistics without a reviewer (统计模式): an engineer asks, every number comes with noise, and every resource about
//! protected people pays for it out of one budget that all accounts share.
//!
//! A question is priced where nothing raw lies, paid for and written down in one transaction, and drawn in the prod zone
//! after that. A number that was drawn is kept: the same question about the same data has the same answer for nothing, so
//! that noise cannot be averaged away. What was paid stays paid; a question whose answer got lost is answered when it is
//! asked again.

mod budget;
mod model;

use access::{Action, Permit};
use base::{Digest, Id, Timestamp, canonical_json, kind, limit};
use privacy::disclosure::dp::Cost;
use secure_domain::protocol::{InputPin, PriceOrder, Priced, StatisticOrder, ZoneKind};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Record};
use tokio::time::Instant;

use self::budget::{budgets_of, spend};
use crate::clock::new_id;
use crate::journal::Note;
use crate::tenants::{self, Grant, GrantState, GrantedObject, Tenant};
use crate::{App, Ctx, Error, Result, consents, parameters, resources, time_class, zones};

#[cfg(test)]
pub(crate) use budget::Spent;
pub use budget::{ResourceBudget, budget_of, budgets};
pub use model::{LinearModel, Regression, model_file};
pub use secure_domain::protocol::StatisticDone;

/// Answers of a tenant that are listed.
const LISTED_MAX: usize = 100;

/// What an engineer asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatisticRequest {
    /// One SELECT statement: counts, sums and means by declared groups. No parameters: constants are free. Empty for a
    /// linear model.
    #[serde(default)]
    pub sql: String,
    /// The scenario, where a table is there by consent.
    #[serde(default)]
    pub scenario: Option<String>,
    /// A linear model instead of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regression: Option<Regression>,
}

impl StatisticRequest {
    /// The text that is asked.
    fn text(&self) -> Result<String> {
        match &self.regression {
            None => Ok(self.sql.clone()),
            Some(_) if !self.sql.is_empty() => Err(Error::invalid("statistics.regression", "sql")),
            Some(regression) => regression.sql(),
        }
    }

    fn regression_name(&self) -> &str {
        self.regression.as_ref().map_or("", |regression| &regression.target)
    }
}

/// A question with its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statistic {
    /// Id.
    pub id: Id<kind::Statistic>,
    /// The tenant.
    pub tenant: Id<kind::Tenant>,
    /// What was asked.
    pub asked: StatisticRequest,
    /// What makes it the same question: tenant, translated query, data, scenario.
    pub question: Digest,
    /// Digest of the translated query.
    pub ir_digest: Digest,
    /// The data.
    pub inputs: Vec<InputPin>,
    /// Codes of the resources that paid.
    pub paying: Vec<String>,
    /// What each of them paid.
    pub cost: Cost,
    /// Who asked first, by name.
    pub asked_by: String,
    /// When.
    pub at: Timestamp,
    /// The answer; absent while it was paid for and is not there.
    pub answer: Option<StatisticDone>,
}

impl Record for Statistic {
    const KIND: &'static str = "statistic";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("tenant", self.tenant, self.at.micros())]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("question", self.question.to_string())]
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatisticAnswer {
    /// Its id.
    pub id: Id<kind::Statistic>,
    /// Columns, rows and the error bar of every number.
    #[serde(flatten)]
    pub done: StatisticDone,
    /// What each paying resource paid for it, whenever that was.
    pub cost: Cost,
    /// Was it asked before? Then nothing was paid now.
    pub repeated: bool,
    /// The budgets that pay for it, as they are now.
    pub budgets: Vec<ResourceBudget>,
    /// The linear model, where one was asked for.
    pub model: Option<LinearModel>,
}

/// Asks a question of the raw data, without a reviewer.
///
/// # Errors
/// Not an engineer of the tenant; `tenant.closed`; `statistics.off` where the pack has no budget; `statistics.exhausted`
/// with the resource; a refusal of the guard; `consent.scenario_missing`; `domain.run_failed`.
pub async fn ask(
    app: &App,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    asked: &StatisticRequest,
) -> Result<StatisticAnswer> {
    let begun = Instant::now();
    let answer = answered(app, ctx, tenant, asked).await;
    time_class::wait(begun).await;
    answer
}

async fn answered(
    app: &App,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    asked: &StatisticRequest,
) -> Result<StatisticAnswer> {
    let sql = asked.text()?;
    if sql.len() > limit::SQL_BYTES_MAX {
        return Err(Error::invalid("workbench.too_long", limit::SQL_BYTES_MAX.to_string()));
    }
    let known = find(app, tenant).await?;
    let permit = &app.permit(ctx, Action::StatisticAsk, known.resource())?;
    if !known.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    let terms = parameters::statistics(&app.packs().current())?;
    attempt(app, ctx, permit, tenant, asked).await?;
    let zone = zones::zone(app, tenant, ZoneKind::Dev).await?;
    let order = PriceOrder { sql, price: terms.price };
    let priced = &zone.price(permit, order.clone()).await?;
    // What the stored tables forbid is known in the production zone only, and before anybody pays.
    let stored = zones::zone(app, tenant, ZoneKind::Prod).await?;
    stored.price(permit, order.clone()).await?;
    let (statistic, repeated) = app
        .command(ctx, permit, "statistic.ask", &(tenant, asked), move |tx| {
            Box::pin(async move {
                pay(app, tx, ctx, permit, Wanted { tenant, asked, priced, total: terms.total }).await
            })
        })
        .await?;
    let budgets = budgets_of(app, &statistic.paying, terms.total).await?;
    // A command that is replayed remembers the question as it was before its answer was there.
    let statistic = app
        .store()
        .read("statistic.find", |tx| {
            Box::pin(async move { Ok::<_, Error>(versioned(tx, statistic.id).await?.value) })
        })
        .await?;
    let done = match &statistic.answer {
        Some(done) => done.clone(),
        None => draw(app, permit, &statistic, order).await?,
    };
    // The moments are the answer; what they give is for who asked for a model now, whoever asked for them first.
    let model = asked.regression.as_ref().map(|regression| regression.model(&done)).transpose()?;
    Ok(StatisticAnswer { id: statistic.id, done, cost: statistic.cost, repeated, budgets, model })
}

/// Writes down what is asked before anything is known of it: what is refused is recorded too.
async fn attempt(
    app: &App,
    ctx: &Ctx,
    permit: &Permit,
    tenant: Id<kind::Tenant>,
    asked: &StatisticRequest,
) -> Result<()> {
    app.store()
        .transact(permit, "statistic.attempt", |tx| {
            Box::pin(async move {
                let subject = format!("tenant/{tenant}");
                let note = Note { subject, tenant: Some(tenant), clauses: &[], payload: asked };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    app.committed();
    Ok(())
}

struct Wanted<'a> {
    tenant: Id<kind::Tenant>,
    asked: &'a StatisticRequest,
    priced: &'a Priced,
    total: u64,
}

/// Pays and writes down, or finds what was paid before.
async fn pay(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    permit: &Permit,
    wanted: Wanted<'_>,
) -> Result<(Statistic, bool)> {
    let Wanted { tenant, asked, priced, total } = wanted;
    let owner = tenants::get(tx, tenant).await?;
    if !owner.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    let grants = tenants::grants(tx, tenant).await?;
    let of = |table: &String| {
        let ready = |grant: &&Grant| grant.code == *table && grant.state == GrantState::Ready;
        grants.iter().find(ready).ok_or(Error::Conflict("grant.not_ready"))
    };
    let read = priced.tables.iter().map(of).collect::<Result<Vec<&Grant>>>()?;
    let inputs = read.iter().map(|grant| pin(grant)).collect::<Result<Vec<_>>>()?;
    let scenario = consents::scenario(tx, &owner, &read, asked.scenario.as_deref()).await?;
    let mut data = Vec::new();
    for grant in &read {
        // Where rows are there by consent, who consented belongs to the data; and what is declared bounds them.
        let entry = resources::versioned(tx, grant.resource).await?;
        let consented = scenario.as_ref().map(|_| entry.version);
        let lies = grant.raw.as_ref().map(|raw| raw.object);
        data.push((lies, consented, entry.value.resource.declaration()));
    }
    let day = consents::purpose(app, scenario.as_deref()).map(|purpose| purpose.on);
    let question = (tenant, priced.ir_digest, data, &scenario, day, &asked.regression);
    let question = canonical_json(&question).map_err(|error| Error::internal("statistic.question", error))?;
    let question = Digest::of(&question);
    if let Some(found) = records::by_unique::<Statistic>(tx, "question", &question.to_string()).await? {
        let subject = format!("statistic/{}", found.value.id);
        let note = Note { subject, tenant: Some(tenant), clauses: &[], payload: asked };
        app.record(tx, permit, ctx.now, note).await?;
        return Ok((found.value, true));
    }
    for table in &priced.paying {
        let grant = of(table)?;
        spend(tx, ctx, grant, priced.cost, total).await?;
    }
    let statistic = Statistic {
        id: new_id(ctx.now),
        tenant,
        asked: StatisticRequest { scenario, ..asked.clone() },
        question,
        ir_digest: priced.ir_digest,
        inputs,
        paying: priced.paying.clone(),
        cost: priced.cost,
        asked_by: ctx.person_name.clone(),
        at: ctx.now,
        answer: None,
    };
    records::put(tx, &statistic, Expected::New, ctx.now).await?;
    let subject = format!("statistic/{}", statistic.id);
    let note = Note { subject, tenant: Some(tenant), clauses: &[], payload: &statistic };
    app.record(tx, permit, ctx.now, note).await?;
    Ok((statistic, false))
}

fn pin(grant: &Grant) -> Result<InputPin> {
    let raw = grant.raw.as_ref().ok_or(Error::Conflict("grant.not_ready"))?;
    let GrantedObject { object, snapshot, digest, edition, .. } = *raw;
    Ok(InputPin { table: grant.code.clone(), snapshot, object, digest, edition })
}

/// Draws what was paid for, and keeps it before anybody sees it. Of two that ask at once both get what was kept first.
async fn draw(app: &App, permit: &Permit, paid: &Statistic, asked: PriceOrder) -> Result<StatisticDone> {
    let zone = zones::zone(app, paid.tenant, ZoneKind::Prod).await?;
    let order = StatisticOrder {
        asked,
        ir_digest: paid.ir_digest,
        paid: paid.cost,
        inputs: paid.inputs.clone(),
        purpose: consents::purpose(app, paid.asked.scenario.as_deref()),
    };
    let done = &zone.statistic(permit, order).await?;
    let (id, now) = (paid.id, app.now());
    let kept = app
        .store()
        .transact(permit, "statistic.answer", |tx| {
            Box::pin(async move {
                let mut stored = versioned(tx, id).await?;
                if !tenants::get(tx, stored.value.tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                let first = stored.value.answer.clone();
                if first.is_none() {
                    stored.value.answer = Some(done.clone());
                    records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                }
                let subject = format!("statistic/{id}");
                let payload = (done.rows.len(), done.columns.len());
                let note = Note { subject, tenant: Some(stored.value.tenant), clauses: &[], payload };
                app.record(tx, permit, now, note).await?;
                Ok(first.unwrap_or_else(|| done.clone()))
            })
        })
        .await?;
    app.committed();
    Ok(kept)
}

async fn versioned(tx: &mut Tx<'_>, id: Id<kind::Statistic>) -> Result<records::Versioned<Statistic>> {
    records::get::<Statistic>(tx, id.uuid()).await?.ok_or(Error::NotFound("statistic.unknown"))
}

async fn find(app: &App, tenant: Id<kind::Tenant>) -> Result<Tenant> {
    app.store().read("tenant.find", |tx| Box::pin(async move { tenants::get(tx, tenant).await })).await
}

/// What was asked in a tenant, newest first, a hundred at most.
///
/// # Errors
/// `tenant.unknown` for who may not ask there.
pub async fn asked(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Vec<Statistic>> {
    let owner = seen(app, ctx, tenant).await?;
    let mut found = app
        .store()
        .read("statistic.list", |tx| {
            Box::pin(async move {
                let tenant = owner.id.to_string();
                Ok::<_, Error>(records::all::<Statistic>(tx, "tenant", &tenant, records::ALL_MAX).await?)
            })
        })
        .await?;
    found.sort_by_key(|one| std::cmp::Reverse(one.value.at));
    Ok(found.into_iter().map(|one| one.value).take(LISTED_MAX).collect())
}

/// One of them.
///
/// # Errors
/// `statistic.unknown` when there is none or this person may not ask there.
pub async fn statistic(app: &App, ctx: &Ctx, id: Id<kind::Statistic>) -> Result<Statistic> {
    let found = app
        .store()
        .read("statistic.find", |tx| Box::pin(async move { Ok::<_, Error>(versioned(tx, id).await?.value) }))
        .await?;
    seen(app, ctx, found.tenant).await.map_err(|_| Error::NotFound("statistic.unknown"))?;
    Ok(found)
}

/// The linear model that a statistic gives, if it was asked for one.
#[must_use]
pub fn model_of(found: &Statistic) -> Option<LinearModel> {
    found.asked.regression.as_ref()?.model(found.answer.as_ref()?).ok()
}

async fn seen(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Tenant> {
    let owner = find(app, tenant).await?;
    // Who may see the authorisation sees what was asked there: supervision watches over it.
    app.permit(ctx, Action::TenantView, owner.resource()).map_err(|_| Error::NotFound("tenant.unknown"))?;
    Ok(owner)
}
