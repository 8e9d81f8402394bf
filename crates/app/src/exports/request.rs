//! Asking that a result leave: the request freezes it, the pack's procedure opens a case about it. One request and one
//! case at a time: votes about one result cannot be gathered in two places.

use access::Action;
use base::{Id, kind};
use regulation::case::FormValues;
use regulation::pack::{Effect, FactValue};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected};

use super::{
    Export, ExportCase, ExportState, Manifest, ReleaseFormat, case_of, procedure_with, reference, shown_to,
    versioned,
};
use crate::cases::facts::{self, Facts};
use crate::cases::{self, AttachmentRef, OpenRequest, Opened};
use crate::clock::new_id;
use crate::journal::Note;
use crate::{App, Ctx, Error, Result, runs, tenants};

/// What somebody writes who asks for an export.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewExport {
    /// What the result is wanted for; also the title of its case.
    pub purpose: String,
    /// The form it is wanted in: `csv` if absent, `json`, `parquet`, `pdf`, `png`.
    #[serde(default)]
    pub format: Option<String>,
    /// Form values, where the pack's procedure asks for a form.
    #[serde(default)]
    pub form: FormValues,
    /// Attachments, where it asks for some.
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
}

/// Asks that the result of a run leave the domain.
///
/// # Errors
/// Not the operator; `tenant.closed`; `run.not_done`; `export.waiting` while a case about this result is open;
/// `export.decided` when it has left or is about to.
pub async fn request_export(
    app: &App,
    ctx: &Ctx,
    run: Id<kind::Run>,
    purpose: &str,
    format: ReleaseFormat,
) -> Result<Export> {
    let purpose = purpose.trim();
    if purpose.is_empty() || purpose.chars().count() > 500 {
        return Err(Error::invalid("export.purpose", ""));
    }
    let id = new_id::<kind::Export>(ctx.now);
    let (_, tenant) = runs::with_tenant(app, run).await?;
    let own = reference(id, &tenant).with_requester(ctx.principal.person, ctx.principal.unit);
    let permit = &app.permit(ctx, Action::ExportRequest, own)?;
    app.command(ctx, permit, "export.request", &(run, purpose, format), move |tx| {
        Box::pin(async move {
            let export = match waiting(tx, ctx, run).await? {
                Some(export) => export,
                None => {
                    let export = freeze(tx, ctx, id, run, (purpose, format)).await?;
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

/// The request for this run's result that no case was opened about yet. One whose case ended against it is closed first.
async fn waiting(tx: &mut Tx<'_>, ctx: &Ctx, run: Id<kind::Run>) -> Result<Option<Export>> {
    let Some(mut stored) = records::by_unique::<Export>(tx, "run", &run.to_string()).await? else {
        return Ok(None);
    };
    match case_of(tx, &stored.value).await? {
        Some(ExportCase { outcome: Some((_, false)), .. })
            if stored.value.state == ExportState::Requested =>
        {
            stored.value.state = ExportState::Refused;
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            Ok(None)
        }
        Some(ExportCase { outcome: None, .. }) if stored.value.state == ExportState::Requested => {
            Err(Error::Conflict("export.waiting"))
        }
        None if stored.value.state == ExportState::Requested => Ok(Some(stored.value)),
        _ => Err(Error::Conflict("export.decided")),
    }
}

async fn freeze(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    id: Id<kind::Export>,
    run: Id<kind::Run>,
    (purpose, format): (&str, ReleaseFormat),
) -> Result<Export> {
    let run = runs::versioned(tx, run).await?.value;
    let tenant = tenants::get(tx, run.tenant).await?;
    if !tenant.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    let frozen = run.result.clone().ok_or(Error::Conflict("run.not_done"))?;
    let manifest = Manifest::of(tx, &run, &frozen, format).await?;
    Ok(Export {
        id,
        tenant: run.tenant,
        run: run.id,
        model: run.model,
        model_name: run.model_name,
        purpose: purpose.to_owned(),
        format,
        frozen,
        manifest: Some(manifest),
        review: None,
        again: None,
        plant: None,
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
/// As [`request_export`]; `export.format`, `export.no_model`; `pack.procedure` when the pack has no procedure that releases exports; what the case's opening
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
    let format = new.format.as_deref().map(ReleaseFormat::parse).transpose()?.unwrap_or_default();
    let export = request_export(app, &own("export"), run, &new.purpose, format).await?;
    let known = app
        .store()
        .read("export.case", |tx| {
            let id = export.id;
            Box::pin(async move {
                let export = versioned(tx, id).await?.value;
                case_of(tx, &export).await
            })
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

/// A case that would let an export go is opened, in its transaction. Only one may decide, and only those who may ask for
/// the export open it.
///
/// # Errors
/// `export.unknown`; `export.waiting` while another case is open; `export.decided` when there is nothing to decide any more.
pub(crate) async fn opened(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    case: Id<kind::Case>,
    export: Id<kind::Export>,
) -> Result<()> {
    let mut stored = versioned(tx, export).await?;
    let tenant = tenants::get(tx, stored.value.tenant).await?;
    app.permit(ctx, Action::ExportRequest, stored.value.reference(&tenant))
        .map_err(|_| Error::NotFound("export.unknown"))?;
    if stored.value.state != ExportState::Requested {
        return Err(Error::Conflict("export.decided"));
    }
    match case_of(tx, &stored.value).await? {
        Some(other) if other.outcome.is_none() => return Err(Error::Conflict("export.waiting")),
        // What was refused or taken back is asked for anew, so that it is seen that it was.
        Some(_) => return Err(Error::Conflict("export.decided")),
        None => {}
    }
    stored.value.review = Some(case);
    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    Ok(())
}
