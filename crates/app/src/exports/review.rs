//! What reviewers see of a candidate: its rows, its disclosure report, and earlier releases of the same model.

use access::Action;
use base::{Id, kind};
use secure_domain::protocol::{ObjectRef, Page, PageOrder, ZoneKind};
use serde::Serialize;
use storage::Tx;
use storage::records::{self, Expected, Order, Query};

use super::{Export, ExportState, ExportView, case_of, seen, versioned, with_tenant};
use crate::journal::Note;
use crate::tenants::{self, Tenant};
use crate::{App, Ctx, Error, Result, models, runs, zones};

/// Rows of one page of a candidate.
const PAGE_ROWS: usize = 100;
/// Rows of two results that are compared with each other.
const COMPARED_ROWS: usize = 2_000;
/// Earlier releases beside a candidate.
const EARLIER_MAX: usize = 5;
/// Newest exports of a model that these are looked for among.
const LOOKED_AT_MAX: u32 = base::limit::PAGE_ROWS_MAX;

/// A candidate as its reviewers see it.
#[derive(Debug, Clone, Serialize)]
pub struct Candidate {
    /// The export.
    #[serde(flatten)]
    pub view: ExportView,
    /// Rows of the frozen result.
    pub page: Page,
    /// Rows left out before them.
    pub offset: usize,
    /// Earlier releases of the same model, newest first.
    pub earlier: Vec<Earlier>,
    /// Results about the same resources that have left since this one was computed, among the newest requests: the door
    /// sets this one against them, and may hold it back.
    pub left_since: u64,
    /// The journal row of this look.
    pub journal_seq: u64,
}

/// An earlier release of the same model.
#[derive(Debug, Clone, Serialize)]
pub struct Earlier {
    /// The export with its report.
    pub export: Export,
    /// Its first rows.
    pub page: Page,
}

/// Shows a candidate to a reviewer. Each look is durable in the journal before a row is read.
///
/// # Errors
/// Not a reviewer, or of the operator's own people; `tenant.closed`; `export.unknown`.
pub async fn candidate(app: &App, ctx: &Ctx, id: Id<kind::Export>, offset: usize) -> Result<Candidate> {
    look(app, ctx, id, offset, PAGE_ROWS).await
}

/// Shows a candidate and earlier releases with so many rows that they can be compared, cell by cell.
///
/// # Errors
/// As [`candidate`].
pub async fn comparison(app: &App, ctx: &Ctx, id: Id<kind::Export>) -> Result<Candidate> {
    look(app, ctx, id, 0, COMPARED_ROWS).await
}

async fn look(app: &App, ctx: &Ctx, id: Id<kind::Export>, offset: usize, rows: usize) -> Result<Candidate> {
    let (export, tenant) = with_tenant(app, id).await?;
    let permit = &app.permit(ctx, Action::ExportReview, export.reference(&tenant))?;
    let (export, case, earlier, left_since, journal_seq) = app
        .store()
        .transact(permit, "export.candidate", |tx| {
            Box::pin(async move {
                let mut stored = versioned(tx, id).await?;
                if stored.value.see_as_it_is(ctx.principal.person) {
                    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
                }
                let export = stored.value;
                if !tenants::get(tx, export.tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                let case = case_of(tx, &export).await?;
                let model = export.model.to_string();
                let order = Order::Descending;
                let newest = Query { name: "model", value: &model, after: None, limit: LOOKED_AT_MAX, order };
                let newest = records::list::<Export>(tx, &newest).await?.items.into_iter();
                let released = |found: &Export| found.id != id && found.state == ExportState::Released;
                let earlier = newest.map(|found| found.value).filter(released);
                let earlier: Vec<Export> = earlier.take(EARLIER_MAX).collect();
                let since = left_since(tx, &export).await?;
                let ids: Vec<_> = earlier.iter().map(|found| found.id).collect();
                let note = Note {
                    subject: format!("export/{id}"),
                    tenant: Some(export.tenant),
                    clauses: &[],
                    payload: serde_json::json!({ "offset": offset, "rows": rows, "earlier": ids }),
                };
                let seq = app.record(tx, permit, ctx.now, note).await?;
                Ok((export, case, earlier, since, seq))
            })
        })
        .await?;
    app.committed();
    let mut page = read(app, permit, &export, offset, rows).await?;
    export.spoil(ctx, &mut page, offset);
    let mut shown = Vec::with_capacity(earlier.len());
    for export in earlier {
        let page = read(app, permit, &export, 0, rows).await?;
        shown.push(Earlier { export, page });
    }
    Ok(Candidate { view: seen(ctx, export, case), page, offset, earlier: shown, left_since, journal_seq })
}

async fn left_since(tx: &mut Tx<'_>, export: &Export) -> Result<u64> {
    let run = runs::versioned(tx, export.run).await?.value;
    let computed = run.finished.unwrap_or(run.ordered);
    let mine = models::versioned(tx, export.model).await?.value.model.inputs;
    let newest =
        Query { name: "all", value: "", after: None, limit: LOOKED_AT_MAX, order: Order::Descending };
    let mut count = 0;
    for other in records::list::<Export>(tx, &newest).await?.items {
        let left = other.value.release.as_ref().is_some_and(|release| release.at >= computed);
        if !left || other.value.id == export.id {
            continue;
        }
        let theirs = models::versioned(tx, other.value.model).await?.value.model.inputs;
        let shared = mine.iter().any(|input| theirs.iter().any(|other| other.resource == input.resource));
        count += u64::from(shared);
    }
    Ok(count)
}

/// Rows of a frozen result, read by the tenant's prod worker.
async fn read(
    app: &App,
    permit: &access::Permit,
    export: &Export,
    offset: usize,
    limit: usize,
) -> Result<Page> {
    let (tenant, object) = (export.tenant, export.frozen.object);
    let mut key = app
        .store()
        .read("export.key", |tx| Box::pin(async move { zones::key_of(app, tx, tenant, object).await }))
        .await?;
    // Named for this look: another one that ends must not take the key away.
    key.name = format!("{object}@{:016x}", u64::from_be_bytes(crate::clock::random_bytes()));
    let name = key.name.clone();
    let zone = zones::zone(app, tenant, ZoneKind::Prod).await?;
    zone.add_keys(vec![key]).await?;
    let order = PageOrder { object: ObjectRef { object, key: name.clone() }, offset, limit };
    let page = zone.read_result(permit, order).await;
    zone.forget_keys(vec![name]).await?;
    Ok(page?)
}

/// A page of exports of all tenants that this person may see, newest first: the airlock's queue.
///
/// # Errors
/// Not signed in; a cursor that is none.
pub async fn review_queue(
    app: &App,
    ctx: &Ctx,
    after: Option<&str>,
    limit: u32,
) -> Result<(Vec<ExportView>, Option<String>)> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let after = after.map(crate::cases::parse_cursor).transpose()?;
    let query = &Query { name: "all", value: "", after, limit, order: Order::Descending };
    let (found, next) = app
        .store()
        .read("export.queue", |tx| {
            Box::pin(async move {
                let page = records::list::<Export>(tx, query).await?;
                let mut found: Vec<(ExportView, Tenant)> = Vec::new();
                for export in page.items {
                    let tenant = tenants::get(tx, export.value.tenant).await?;
                    let case = case_of(tx, &export.value).await?;
                    found.push((seen(ctx, export.value, case), tenant));
                }
                Ok::<_, Error>((found, page.next))
            })
        })
        .await?;
    let next = next.map(crate::cases::cursor_text);
    let visible = |(view, tenant): &(ExportView, Tenant)| {
        app.permit(ctx, Action::ExportView, view.export.reference(tenant)).is_ok()
    };
    Ok((found.into_iter().filter(visible).map(|(view, _)| view).collect(), next))
}
