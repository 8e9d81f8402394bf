//! Invented rows that let a query of the dev workbench find something in each of its branches.
//!
//! They are drawn in the dev zone from its own twins and from the query's literals, so that they tell nothing; they lie
//! beside the twins until somebody removes them, the twin is made anew or the grant is taken back. Raw tables have none.

use std::collections::BTreeMap;

use access::{Action, Permit, Zone as ZoneName};
use base::{Id, Timestamp, kind, limit};
use catalog::Parameter;
pub use privacy::twin::{Place, Reason, Unfilled};
use secure_domain::protocol::{TopUpOrder, TopUpTable, ToppedUp, ZoneKind};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Tx, objects as rows};

use crate::clock::{new_id, random_bytes};
use crate::journal::Note;
use crate::objects;
use crate::tenants::{self, Grant, GrantState, Tenant};
use crate::zones::{self, Fresh};
use crate::{App, Ctx, Error, Result, jobs, resources};

/// Limit: top-ups of one authorisation at a time.
pub const TOPUPS_MAX: usize = 20;
/// Limit: rows for each branch of a query.
pub const PER_BRANCH_MAX: u16 = 100;
/// Rows for each branch where nobody says how many.
pub const PER_BRANCH: u16 = 5;

/// A query that shall find rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopUpRequest {
    /// One SELECT statement; parameters are written `$name`.
    pub sql: String,
    /// Declared parameters, if the text has any.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Their values, in text form.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Rows wanted for each branch, 1–100; 5 if not said.
    #[serde(default)]
    pub rows_per_branch: Option<u16>,
}

/// Rows that were made for a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUp {
    /// Id.
    pub id: Id<kind::TopUp>,
    /// In whose dev zone.
    pub tenant: Id<kind::Tenant>,
    /// The query.
    pub sql: String,
    /// Rows wanted for each branch.
    pub rows_per_branch: u16,
    /// Who asked.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was added.
    pub tables: Vec<Added>,
    /// Branches that are met.
    pub filled: u64,
    /// Branches that are not, or not so often, with the reason.
    pub unfilled: Vec<Unfilled>,
    /// Its journal row.
    pub journal_seq: u64,
}

/// Rows that were added to one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The table's name.
    pub table: String,
    /// The grant.
    pub grant: Id<kind::Grant>,
    /// The twin they were made beside. Beside another one they are not shown.
    pub twin: Id<kind::Object>,
    /// Where they lie.
    pub object: Id<kind::Object>,
    /// How many.
    pub rows: u64,
}

impl Record for TopUp {
    const KIND: &'static str = "topup";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("tenant", self.tenant, self.at.micros())]
    }
}

/// Makes rows for a query and puts them beside the twins of the dev zone.
///
/// # Errors
/// Not an engineer admitted to the tenant; `tenant.closed`; `workbench.too_long`, `topup.rows`, `topup.too_many`; a refusal for
/// what is no query or has no form that is understood; `topup.nothing` where no rows could be made.
pub async fn make(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>, request: &TopUpRequest) -> Result<TopUp> {
    let per_branch = request.rows_per_branch.unwrap_or(PER_BRANCH);
    if request.sql.len() > limit::SQL_BYTES_MAX {
        return Err(Error::invalid("workbench.too_long", limit::SQL_BYTES_MAX.to_string()));
    }
    if !(1..=PER_BRANCH_MAX).contains(&per_branch) {
        return Err(Error::invalid("topup.rows", per_branch.to_string()));
    }
    let (permit, tables) = tables(app, ctx, tenant).await?;
    let zone = zones::zone(app, tenant, ZoneKind::Dev).await?;
    let order = TopUpOrder {
        sql: request.sql.clone(),
        parameters: request.parameters.clone(),
        values: request.values.clone(),
        per_branch,
        tables: tables.iter().map(|table| table.order.clone()).collect(),
        seed: random_bytes(),
    };
    let made = zone.top_up(&permit, order).await?;
    let id = new_id(ctx.now);
    let topup = TopUp {
        id,
        tenant,
        sql: request.sql.clone(),
        rows_per_branch: per_branch,
        by: ctx.person_name.clone(),
        at: ctx.now,
        tables: tables.iter().filter_map(|table| table.added(&made)).collect(),
        filled: made.filled,
        unfilled: made.unfilled.clone(),
        journal_seq: 0,
    };
    let files: Vec<Id<kind::Object>> = topup.tables.iter().map(|added| added.object).collect();
    let sealed = tables.iter().filter_map(|table| table.row(app, &made, ctx.now)).collect();
    let stored = store(app, ctx, &permit, request, topup, sealed).await;
    // Of an answer given before, and of what was refused, the files are nobody's.
    if !matches!(&stored, Ok(stored) if stored.id == id) {
        tenants::discard(app, &files).await;
    }
    let stored = stored?;
    zones::refresh(app, tenant).await?;
    Ok(stored)
}

/// Registers what was made, in the transaction that sees that access is open and that the twins are still there.
async fn store(
    app: &App,
    ctx: &Ctx,
    permit: &Permit,
    request: &TopUpRequest,
    topup: TopUp,
    sealed: Vec<rows::Object>,
) -> Result<TopUp> {
    let (tenant, topup, sealed) = (topup.tenant, &topup, &sealed);
    app.command(ctx, permit, "workbench.top_up", &(tenant, request), move |tx| {
        Box::pin(async move {
            tenants::check_open(tx, tenant).await?;
            if topup.tables.is_empty() {
                return Err(Error::invalid("topup.nothing", ""));
            }
            if of_tenant(tx, tenant).await?.len() >= TOPUPS_MAX {
                return Err(Error::Conflict("topup.too_many"));
            }
            let grants = tenants::grants(tx, tenant).await?;
            let there = |added: &Added| {
                let grant = grants.iter().find(|grant| grant.id == added.grant);
                grant.and_then(|grant| grant.twin.as_ref()).is_some_and(|twin| twin.object == added.twin)
            };
            if !topup.tables.iter().all(there) {
                return Err(Error::Conflict("grant.changed"));
            }
            for object in sealed {
                rows::put(tx, object).await?;
            }
            let subject = format!("tenant/{tenant}");
            let note = Note { subject, tenant: Some(tenant), clauses: &[], payload: topup };
            let journal_seq = app.record(tx, permit, ctx.now, note).await?;
            let topup = TopUp { journal_seq, ..topup.clone() };
            records::put(tx, &topup, Expected::New, ctx.now).await?;
            Ok(topup)
        })
    })
    .await
}

/// What was added to the dev zone's tables, newest first.
///
/// # Errors
/// Not admitted to the tenant; `tenant.closed`.
pub async fn topups(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Vec<TopUp>> {
    permitted(app, ctx, tenant).await?;
    let mut found =
        app.store().read("topups.list", |tx| Box::pin(async move { of_tenant(tx, tenant).await })).await?;
    found.reverse();
    Ok(found)
}

/// Removes what was made for a query.
///
/// # Errors
/// Not an engineer admitted to the tenant; `tenant.closed`; `topup.unknown`.
pub async fn remove(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>, id: Id<kind::TopUp>) -> Result<()> {
    let permit = &permitted(app, ctx, tenant).await?;
    app.command(ctx, permit, "workbench.top_up_removed", &(tenant, id), move |tx| {
        Box::pin(async move {
            tenants::check_open(tx, tenant).await?;
            let found = records::get::<TopUp>(tx, id.uuid()).await?;
            let found = found.filter(|found| found.value.tenant == tenant);
            let found = found.ok_or(Error::NotFound("topup.unknown"))?.value;
            drop_rows(tx, &found.tables, format!("{id}"), ctx.now).await?;
            records::remove::<TopUp>(tx, id.uuid()).await?;
            let payload = serde_json::json!({ "removed": id });
            let note =
                Note { subject: format!("tenant/{tenant}"), tenant: Some(tenant), clauses: &[], payload };
            app.record(tx, permit, ctx.now, note).await
        })
    })
    .await?;
    zones::refresh(app, tenant).await
}

/// All of a tenant, oldest first.
pub(crate) async fn of_tenant(tx: &mut Tx<'_>, tenant: Id<kind::Tenant>) -> Result<Vec<TopUp>> {
    let found = records::all::<TopUp>(tx, "tenant", &tenant.to_string(), 1_000).await?;
    Ok(found.into_iter().map(|found| found.value).collect())
}

/// What lies beside the twin of a grant.
pub(crate) fn beside<'a>(topups: &'a [TopUp], grant: &'a Grant) -> impl Iterator<Item = &'a Added> {
    let twin = grant.twin.as_ref().map(|twin| twin.object);
    let added = topups.iter().flat_map(|topup| &topup.tables);
    added.filter(move |added| added.grant == grant.id && Some(added.twin) == twin)
}

/// Drops what was made beside the twin of a grant, which is about to go.
pub(crate) async fn forget(tx: &mut Tx<'_>, grant: &Grant, now: Timestamp) -> Result<()> {
    for mut stored in records::all::<TopUp>(tx, "tenant", &grant.tenant.to_string(), 1_000).await? {
        let topup = &mut stored.value;
        let (gone, stay): (Vec<Added>, Vec<Added>) =
            topup.tables.drain(..).partition(|added| added.grant == grant.id);
        if gone.is_empty() {
            continue;
        }
        drop_rows(tx, &gone, format!("{}/{}", topup.id, grant.id), now).await?;
        topup.tables = stay;
        if topup.tables.is_empty() {
            records::remove::<TopUp>(tx, topup.id.uuid()).await?;
        } else {
            records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
        }
    }
    Ok(())
}

async fn drop_rows(tx: &mut Tx<'_>, tables: &[Added], key: String, now: Timestamp) -> Result<()> {
    let files: Vec<Id<kind::Object>> = tables.iter().map(|added| added.object).collect();
    for object in &files {
        rows::destroy(tx, *object, now).await?;
    }
    jobs::push(tx, jobs::DISCARD_OBJECTS, format!("topup/{key}"), now, &files).await
}

async fn permitted(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Permit> {
    let known: Tenant =
        app.store().read("tenant.find", |tx| Box::pin(async move { tenants::get(tx, tenant).await })).await?;
    let permit = app.permit(ctx, Action::WorkbenchQuery, known.resource().with_zone(ZoneName::Dev))?;
    if known.is_open() { Ok(permit) } else { Err(Error::Forbidden("tenant.closed")) }
}

/// A table of the dev zone that may get rows, with a fresh object for them.
struct Open {
    grant: Id<kind::Grant>,
    twin: Id<kind::Object>,
    order: TopUpTable,
    fresh: Fresh,
}

impl Open {
    fn added(&self, made: &ToppedUp) -> Option<Added> {
        let topped = made.tables.iter().find(|topped| topped.table == self.order.table)?;
        let (table, object) = (topped.table.clone(), topped.written.object);
        Some(Added { table, grant: self.grant, twin: self.twin, object, rows: topped.written.rows })
    }

    fn row(&self, app: &App, made: &ToppedUp, now: Timestamp) -> Option<rows::Object> {
        let topped = made.tables.iter().find(|topped| topped.table == self.order.table)?;
        let tenant = self.fresh.key.tenant;
        Some(objects::written(app, tenant, "topup", &topped.written, &self.fresh.wrapped, now))
    }
}

async fn tables(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<(Permit, Vec<Open>)> {
    let permit = permitted(app, ctx, tenant).await?;
    let held = app
        .store()
        .read("topup.tables", |tx| {
            Box::pin(async move {
                let mut held = Vec::new();
                for grant in tenants::grants(tx, tenant).await? {
                    let (GrantState::Ready, Some(twin)) = (grant.state, &grant.twin) else { continue };
                    let entry = resources::versioned(tx, grant.resource).await?.value;
                    let kind = |name: &String| {
                        let known = entry.resource.column(name)?.classification.as_ref()?;
                        Some((name.clone(), known.kind))
                    };
                    let kinds = grant.columns.iter().filter_map(kind).collect::<BTreeMap<_, _>>();
                    held.push((grant.id, twin.object, grant.code, kinds));
                }
                Ok::<_, Error>(held)
            })
        })
        .await?;
    let mut open = Vec::new();
    for (grant, twin, table, kinds) in held {
        let fresh = Fresh::new(app, tenant, ctx.now).await?;
        let order = TopUpTable { table, kinds, into: fresh.reference(), into_key: fresh.key.clone() };
        open.push(Open { grant, twin, order, fresh });
    }
    Ok((permit, open))
}
