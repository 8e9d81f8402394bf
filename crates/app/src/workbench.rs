//! The dev workbench: free queries over masked samples. Every query is durable in the journal before it runs.

use std::collections::BTreeMap;

use access::{Action, Permit, Zone as ZoneName};
use base::{Id, kind, limit};
use catalog::Parameter;
use privacy::DataType;
use secure_domain::protocol::{CheckOrder, ExplainOrder, Explained, Page, QueryOrder, ZoneKind};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::journal::Note;
use crate::tenants::{self, GrantState};
use crate::{App, Ctx, Error, Result, parameters, resources, topups, zones};

/// A query of an engineer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryRequest {
    /// One SELECT statement; parameters are written `$name`.
    pub sql: String,
    /// Declared parameters, if the text has any.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Their values, in text form.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Rows wanted at most.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueryAnswer {
    /// Columns, rows, and whether there were more.
    #[serde(flatten)]
    pub page: Page,
    /// How long it took.
    pub elapsed_millis: u64,
    /// Its journal row.
    pub journal_seq: u64,
}

/// A table of the dev zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DevTable {
    /// Name in SQL.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// The resource.
    pub resource: Id<kind::Resource>,
    /// Rows of the sample.
    pub rows: u64,
    /// Invented rows besides, made for queries.
    pub added_rows: u64,
    /// Columns.
    pub columns: Vec<DevColumn>,
}

/// A column of a dev table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DevColumn {
    /// Name.
    pub name: String,
    /// Name for people; may be empty.
    pub label: String,
    /// Type.
    pub data_type: DataType,
    /// Stable name of the mask that hides it; `keep` if none does.
    pub mask: &'static str,
}

/// Runs a query in the dev zone.
///
/// # Errors
/// Not an engineer admitted to the tenant; `tenant.closed`; a refusal of the guard; `domain.sql`, `domain.limit`,
/// `domain.time_limit`.
pub async fn query(
    app: &App,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    request: &QueryRequest,
) -> Result<QueryAnswer> {
    if request.sql.len() > limit::SQL_BYTES_MAX {
        return Err(Error::invalid("workbench.too_long", limit::SQL_BYTES_MAX.to_string()));
    }
    let (permit, journal_seq) = record(app, ctx, tenant, "workbench.query", request).await?;
    let zone = zones::zone(app, tenant, ZoneKind::Dev).await?;
    let begun = Instant::now();
    let order = QueryOrder {
        sql: request.sql.clone(),
        parameters: request.parameters.clone(),
        values: request.values.clone(),
        rows_max: request.limit.unwrap_or(limit::QUERY_ROWS_MAX).clamp(1, limit::QUERY_ROWS_MAX),
    };
    let page = zone.query(&permit, order).await?;
    let elapsed_millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(QueryAnswer { page, elapsed_millis, journal_seq })
}

/// A query of which is asked what would become of it on raw data.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// One SELECT statement; parameters are written `$name`.
    pub sql: String,
    /// Declared parameters with the domains that an order would have.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// As statistics without a reviewer, with what they would cost; else as an order.
    #[serde(default)]
    pub statistics: bool,
}

/// What is known of a query before it is ordered on raw data: where each column comes from, what protects it; or why it
/// would be refused, and the nearest query that would pass. Nothing about the data is in it.
///
/// # Errors
/// Not an engineer admitted to the tenant; `tenant.closed`. A refusal of the guard is an answer.
pub async fn explain(
    app: &App,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    request: &ExplainRequest,
) -> Result<Explained> {
    if request.sql.len() > limit::SQL_BYTES_MAX {
        return Err(Error::invalid("workbench.too_long", limit::SQL_BYTES_MAX.to_string()));
    }
    let (permit, _) = record(app, ctx, tenant, "workbench.explain", request).await?;
    let zone = zones::zone(app, tenant, ZoneKind::Dev).await?;
    let thresholds = parameters::thresholds(&app.packs().current())?;
    let price = match request.statistics {
        true => Some(parameters::statistics(&app.packs().current())?.price),
        false => None,
    };
    let check = CheckOrder { sql: request.sql.clone(), parameters: request.parameters.clone() };
    Ok(zone.explain(&permit, ExplainOrder { check, thresholds, price }).await?)
}

/// Writes down who asks what, in the transaction that sees that access is open.
async fn record(
    app: &App,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    what: &'static str,
    request: &(impl Serialize + Sync),
) -> Result<(Permit, u64)> {
    let known = find(app, tenant).await?;
    let permit = app.permit(ctx, Action::WorkbenchQuery, known.resource().with_zone(ZoneName::Dev))?;
    let allowed = &permit;
    let seq = app
        .store()
        .transact(allowed, what, |tx| {
            Box::pin(async move {
                if !tenants::get(tx, tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                let subject = format!("tenant/{tenant}");
                let note = Note { subject, tenant: Some(tenant), clauses: &[], payload: request };
                app.record(tx, allowed, ctx.now, note).await
            })
        })
        .await?;
    app.committed();
    Ok((permit, seq))
}

async fn find(app: &App, tenant: Id<kind::Tenant>) -> Result<tenants::Tenant> {
    app.store().read("tenant.find", |tx| Box::pin(async move { tenants::get(tx, tenant).await })).await
}

/// The tables of the dev zone with their columns.
///
/// # Errors
/// Not admitted to the tenant; `tenant.closed`.
pub async fn tables(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Vec<DevTable>> {
    let known = find(app, tenant).await?;
    app.permit(ctx, Action::WorkbenchQuery, known.resource().with_zone(ZoneName::Dev))?;
    if !known.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    app.store()
        .read("workbench.tables", |tx| {
            Box::pin(async move {
                let topups = topups::of_tenant(tx, tenant).await?;
                let mut tables = Vec::new();
                for grant in tenants::grants(tx, tenant).await? {
                    let (GrantState::Ready, Some(twin)) = (grant.state, &grant.twin) else { continue };
                    let entry = resources::versioned(tx, grant.resource).await?.value;
                    let columns = grant.columns.iter().filter_map(|name| entry.resource.column(name));
                    let columns = columns.map(|column| DevColumn {
                        name: column.name.clone(),
                        label: column.label_zh.clone(),
                        data_type: column.data_type,
                        mask: column.classification.as_ref().map_or("null", |known| known.mask.name()),
                    });
                    tables.push(DevTable {
                        name: grant.code.clone(),
                        title: entry.resource.name_zh.clone(),
                        resource: grant.resource,
                        rows: twin.rows,
                        added_rows: topups::beside(&topups, &grant).map(|added| added.rows).sum(),
                        columns: columns.collect(),
                    });
                }
                Ok(tables)
            })
        })
        .await
}
