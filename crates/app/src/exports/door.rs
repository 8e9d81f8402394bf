//! The decision that a result may leave, and what is looked at once more before it does.

use access::Permit;
use base::{Id, kind};
use regulation::case::{Act, Ballot, CaseState};
use regulation::pack::{CommandKind, FactValue};
use storage::Tx;
use storage::records::{self, Expected};

use super::{Export, ExportState, Manifest, Risk, versioned};
use crate::cases::facts;
use crate::{App, Ctx, Error, Result, jobs, runs, tenants};

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
    if export.review.is_some_and(|review| review != case.id) {
        return Err(Error::Conflict("export.other_case"));
    }
    let frozen = FactValue::Text(export.subject_digest().to_string());
    if case.facts.get(facts::DIGEST) != Some(&frozen) {
        return Err(Error::Conflict("case.subject_changed"));
    }
    still_frozen(tx, export).await?;
    enough(export, case)?;
    if !tenants::get(tx, export.tenant).await?.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    export.state = ExportState::Approved;
    export.approval = Some(case.id);
    let id = export.id;
    records::put(tx, export, Expected::Version(stored.version), ctx.now).await?;
    jobs::push(tx, jobs::RELEASE_EXPORT, id, ctx.now, &id).await
}

/// What the votes were about is what lies there now.
async fn still_frozen(tx: &mut Tx<'_>, export: &Export) -> Result<()> {
    let Some(manifest) = &export.manifest else { return Ok(()) };
    let run = runs::versioned(tx, export.run).await?.value;
    let now = Manifest::of(tx, &run, &export.frozen, export.format).await?;
    if now != *manifest || run.result.as_ref() != Some(&export.frozen) {
        return Err(Error::Conflict("case.subject_changed"));
    }
    Ok(())
}

/// As many different persons of other units approved it as the pack and the risk ask for. The kernel has counted already;
/// the door counts again, whatever a pack lets a procedure end with.
fn enough(export: &Export, case: &CaseState) -> Result<()> {
    let approve = |act: &&Act| {
        matches!(act.vote, Some(Ballot::Approve))
            || (act.vote.is_none()
                && matches!(act.command, CommandKind::Approve | CommandKind::ApprovePartly))
    };
    // Votes of an earlier visit were about what was returned.
    let last = |act: &&Act| !case.acts.iter().any(|other| other.step == act.step && other.visit > act.visit);
    let mut persons: Vec<Id<kind::Person>> = case
        .acts
        .iter()
        .filter(last)
        .filter(approve)
        .filter(|act| act.by.unit != case.opener.unit && act.by.person != export.requested_by_id)
        .map(|act| act.by.person)
        .collect();
    persons.sort();
    persons.dedup();
    let needed = Risk::of(export.frozen.report.as_ref(), export.frozen.rows).tier.reviewers();
    if persons.len() < needed { Err(Error::Conflict("export.reviewers")) } else { Ok(()) }
}

/// Releases that were approved before access closed are taken up again.
pub(crate) async fn take_up(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    case: &CaseState,
) -> Result<()> {
    for export in records::all::<Export>(tx, "tenant", &tenant.to_string(), records::ALL_MAX).await? {
        if export.value.state == ExportState::Approved {
            let id = export.value.id;
            let key = format!("{id}/{}/{}", case.id, case.version);
            jobs::push(tx, jobs::RELEASE_EXPORT, key, ctx.now, &id).await?;
        }
    }
    Ok(())
}
