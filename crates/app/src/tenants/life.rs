//! The life of an authorisation, as the effects of cases: established, agreed, open, closed, sealed, destroyed. What closes
//! an authorisation closes those under it in the same transaction.

use access::Action;
use base::{Date, Id, kind};
use regulation::case::CaseState;
use regulation::pack::{Counting, FactValue, Pack, Period, PeriodUnit, Value};
use storage::Tx;
use storage::records::{self, Expected, Versioned};

use super::grants::grants;
use super::{Agreement, Tenant, TenantState, get, new_tenant, versioned};
use crate::cases::{CaseRecord, facts};
use crate::destructions::{self, Destruction};
use crate::identity::unit_by_code;
use crate::notices::Notice;
use crate::{App, Ctx, Error, Result, jobs, products, residue};

/// Effect: the determined applicant becomes an operator with a tenant of its own, still closed. One that applied under
/// another authorisation (a partner) stays under it.
pub(crate) async fn establish(app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let unit = unit_by_code(tx, &case.opener.unit).await?;
    let mut tenant = new_tenant(app, &unit, TenantState::Established, &case.title, Some(case.id), ctx.now);
    if case.facts.contains_key(facts::NOTICE) {
        let notice = facts::id::<kind::Notice>(&case.facts, facts::NOTICE)?;
        let notice = records::get::<Notice>(tx, notice.uuid()).await?;
        tenant.domain = notice.and_then(|notice| notice.value.domain);
    }
    if case.facts.contains_key(facts::PARENT) {
        let parent = get(tx, facts::id(&case.facts, facts::PARENT)?).await?;
        if ended(parent.state) || parent.parent.is_some() {
            return Err(Error::Conflict("tenant.parent_closed"));
        }
        tenant.domain = tenant.domain.or(parent.domain);
        tenant.parent = Some(parent.id);
    }
    records::put(tx, &tenant, Expected::New, ctx.now).await?;
    app.keys().create_tenant(tx, tenant.id, ctx.now).await
}

/// Nothing more can happen to it.
const fn ended(state: TenantState) -> bool {
    matches!(state, TenantState::Destroyed | TenantState::Holding)
}

/// Changes the tenant a case is about.
async fn change(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    case: &CaseState,
    edit: impl FnOnce(&mut Tenant) -> Result<()> + Send,
) -> Result<Tenant> {
    let mut stored = versioned(tx, facts::id(&case.facts, facts::TENANT)?).await?;
    if ended(stored.value.state) {
        return Err(Error::Conflict("tenant.ended"));
    }
    edit(&mut stored.value)?;
    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    Ok(stored.value)
}

/// The tenant a case is about and those under it, those that have ended left out: a term that runs out after an early
/// end finds nothing left to close.
async fn family(tx: &mut Tx<'_>, case: &CaseState) -> Result<Vec<Versioned<Tenant>>> {
    let head = versioned(tx, facts::id(&case.facts, facts::TENANT)?).await?;
    let under = records::all::<Tenant>(tx, "parent", &head.value.id.to_string(), 1_000).await?;
    let mut family = vec![head];
    family.extend(under);
    family.retain(|tenant| !ended(tenant.value.state));
    Ok(family)
}

/// Whether the case is that of an agreement in whose place another one has come: when its term runs out, nothing ends.
/// A person who would end the authorisation there is sent to the agreement in force.
async fn renewed_since(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<bool> {
    let tenant = get(tx, facts::id(&case.facts, facts::TENANT)?).await?;
    if !tenant.former.contains(&case.id) {
        return Ok(false);
    }
    if ctx.is_person() { Err(Error::Conflict("tenant.renewed")) } else { Ok(true) }
}

/// Effect: the agreement is in force; one that was in force before gives way to it. Its last day is the one agreed, else the years agreed, else the pack's length.
pub(crate) async fn activate_agreement(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    case: &CaseState,
) -> Result<()> {
    let pack = app.packs().version(&case.pack)?;
    let first = ctx.now.date_at(pack.counting.utc_offset_seconds);
    let last = match (facts::day(&case.facts, facts::TERM_LAST), years(case)) {
        (Some(day), _) => day,
        (None, Some(length)) => last_day(app, &pack, first, Period { length, unit: PeriodUnit::Year }),
        (None, None) => last_day(app, &pack, first, term(&pack)),
    };
    // One under another authorisation does not outlast it.
    let under = get(tx, facts::id(&case.facts, facts::TENANT)?).await?.parent;
    let above = match under {
        Some(parent) => get(tx, parent).await?.term.map(|(_, last)| last),
        None => None,
    };
    let last = above.map_or(last, |above| last.min(above));
    if last < first {
        return Err(Error::invalid("tenant.term", last.to_string()));
    }
    change(tx, ctx, case, |tenant| {
        match (tenant.state, tenant.agreement.take()) {
            (TenantState::Established, _) => tenant.state = TenantState::Agreed,
            // Signed again: what is open stays open, and what is closed is opened by who closed it.
            (TenantState::Agreed | TenantState::Active | TenantState::Suspended, Some(former)) => {
                tenant.former.push(former.case);
            }
            _ => return Err(Error::Conflict("tenant.ended")),
        }
        tenant.agreement = Some(Agreement {
            case: case.id,
            number: case.number.clone(),
            scenarios: facts::text(&case.facts, facts::SCENARIOS),
        });
        tenant.term = Some((tenant.term.map_or(first, |(begun, _)| begun), last));
        Ok(())
    })
    .await?;
    Ok(())
}

/// The last day of a term, counted as the pack counts its clocks; the law's shift of a last day that is a day of rest is
/// for what has to be done by it, not for how long a right lasts.
fn last_day(app: &App, pack: &Pack, first: Date, period: Period) -> Date {
    let counting = Counting { roll_to_working_day: false, ..pack.counting.clone() };
    app.packs().calendar().add_period(first, period, &counting).due
}

/// The years agreed, where the agreement's form says so.
fn years(case: &CaseState) -> Option<u32> {
    match case.facts.get(facts::TERM_YEARS) {
        Some(FactValue::Number(years)) => u32::try_from(*years).ok().filter(|years| *years > 0),
        _ => None,
    }
}

/// The pack's parameter for the longest term; where it is silent nothing long is assumed: one month.
fn term(pack: &Pack) -> Period {
    let period = |value: &Value| match value {
        Value::Period(period) if matches!(period.unit, PeriodUnit::Year | PeriodUnit::Month) => Some(*period),
        _ => None,
    };
    let value = pack.parameters.get("授权期限").map(|parameter| &parameter.value);
    let known = value.and_then(|value| match value {
        Value::Limit(_, inner) => period(inner),
        value => period(value),
    });
    known.unwrap_or(Period { length: 1, unit: PeriodUnit::Month })
}

/// An authorisation under another is open only while that one is.
async fn under_an_open_one(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<()> {
    let Some(parent) = tenant.parent else { return Ok(()) };
    if get(tx, parent).await?.is_open() { Ok(()) } else { Err(Error::Conflict("tenant.parent_closed")) }
}

/// Effect: access opens.
pub(crate) async fn open_access(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let tenant = change(tx, ctx, case, |tenant| {
        if tenant.state != TenantState::Agreed && tenant.state != TenantState::Active {
            return Err(Error::Conflict("tenant.not_agreed"));
        }
        tenant.state = TenantState::Active;
        tenant.opened = tenant.opened.or(Some(ctx.now));
        Ok(())
    })
    .await?;
    under_an_open_one(tx, &tenant).await?;
    jobs::push(tx, jobs::PLANT_CANARY, tenant.id, ctx.now, &tenant.id).await?;
    take_up(tx, ctx, &tenant, case).await
}

/// Effect: access closes in this very transaction, for those under it as well; workers are stopped by a job right after.
pub(crate) async fn close_access(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    case: &CaseState,
    clauses: &[String],
) -> Result<()> {
    if renewed_since(tx, ctx, case).await? {
        return Ok(());
    }
    let head = facts::tenant(&case.facts);
    let mut before = None;
    for mut stored in family(tx, case).await? {
        let tenant = &mut stored.value;
        if head == Some(tenant.id) {
            before = tenant.closed_by;
        } else if !tenant.is_open() && (tenant.closed_by.is_none() || tenant.closed_by != before) {
            // Those under it that somebody else closed stay closed by that case; those closed along with it follow it
            // from one case to the next, so that they come back with it.
            continue;
        }
        tenant.was_open = tenant.was_open || tenant.is_open();
        if let Some(other) = tenant.closed_by.filter(|other| *other != case.id && !tenant.is_open())
            && !tenant.also_closed_by.contains(&other)
        {
            tenant.also_closed_by.push(other);
        }
        if tenant.state != TenantState::Sealed {
            tenant.state = TenantState::Suspended;
        }
        tenant.closed_by = Some(case.id);
        tenant.closed_on = clauses.to_vec();
        tenant.epoch += 1;
        close(tx, ctx, &stored, case).await?;
    }
    Ok(())
}

/// Writes a tenant that was closed and has its zones stopped.
async fn close(tx: &mut Tx<'_>, ctx: &Ctx, stored: &Versioned<Tenant>, case: &CaseState) -> Result<()> {
    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    stop_zones(tx, ctx, &stored.value, case).await
}

pub(super) async fn stop_zones(tx: &mut Tx<'_>, ctx: &Ctx, tenant: &Tenant, case: &CaseState) -> Result<()> {
    let key = format!("{}/{}/{}", tenant.id, case.id, case.version);
    jobs::push(tx, jobs::STOP_ZONES, key, ctx.now, &tenant.id).await
}

/// Effect: access that was closed opens again, for those under it that the same case had closed as well. What waited for
/// it is taken up.
pub(crate) async fn restore_access(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let head = facts::id(&case.facts, facts::TENANT)?;
    let (mut closed_by, mut still) = (None, Vec::new());
    for mut stored in family(tx, case).await? {
        let tenant = &mut stored.value;
        if tenant.id == head {
            if tenant.state != TenantState::Suspended {
                return Err(Error::Conflict("tenant.not_suspended"));
            }
            under_an_open_one(tx, tenant).await?;
            closed_by = tenant.closed_by;
            still = still_closing(tx, tenant, case).await?;
        } else if tenant.state != TenantState::Suspended || tenant.closed_by != closed_by {
            continue;
        }
        if let Some((last, others)) = still.split_last() {
            // Another case still keeps it closed; those under it wait for that one as well.
            tenant.closed_by = Some(*last);
            tenant.also_closed_by = others.to_vec();
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            continue;
        }
        tenant.also_closed_by = Vec::new();
        tenant.state = if tenant.was_open { TenantState::Active } else { TenantState::Agreed };
        tenant.was_open = false;
        tenant.closed_by = None;
        tenant.closed_on = Vec::new();
        records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
        take_up(tx, ctx, &stored.value, case).await?;
    }
    Ok(())
}

/// The other cases that closed an authorisation and have not ended; one that ended has handed over or let go.
async fn still_closing(tx: &mut Tx<'_>, tenant: &Tenant, case: &CaseState) -> Result<Vec<Id<kind::Case>>> {
    let mut still = Vec::new();
    for other in tenant.also_closed_by.iter().chain(&tenant.closed_by).filter(|other| **other != case.id) {
        let record = records::get::<CaseRecord>(tx, other.uuid()).await?;
        if record.is_some_and(|record| record.value.outcome.is_none()) && !still.contains(other) {
            still.push(*other);
        }
    }
    Ok(still)
}

/// What waited for access to open is taken up: grants to be prepared, approved exports to be released.
async fn take_up(tx: &mut Tx<'_>, ctx: &Ctx, tenant: &Tenant, case: &CaseState) -> Result<()> {
    for grant in grants(tx, tenant.id).await? {
        if grant.is_due() {
            let key = format!("{}/{}/{}", grant.id, case.id, case.version);
            jobs::push(tx, jobs::PREPARE_GRANT, key, ctx.now, &grant.id).await?;
        }
    }
    crate::exports::take_up(tx, ctx, tenant.id, case).await
}

/// Effect: sealed, those under it as well. Zones lose their keys; nothing is destroyed yet.
pub(crate) async fn seal(tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState, clauses: &[String]) -> Result<()> {
    if renewed_since(tx, ctx, case).await? {
        return Ok(());
    }
    for mut stored in family(tx, case).await? {
        stored.value.state = TenantState::Sealed;
        stored.value.closed_by = Some(case.id);
        stored.value.closed_on = clauses.to_vec();
        stored.value.epoch += 1;
        close(tx, ctx, &stored, case).await?;
    }
    Ok(())
}

/// Effect: the key is destroyed in this transaction, with the keys of those under it; a job for each removes the files,
/// scans for residue and makes the certificate. Answers which were destroyed.
pub(crate) async fn destroy(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    case: &CaseState,
    clauses: &[String],
) -> Result<Vec<Id<kind::Tenant>>> {
    let mut destroyed = Vec::new();
    if renewed_since(tx, ctx, case).await? {
        return Ok(destroyed);
    }
    for mut stored in family(tx, case).await? {
        let tenant = stored.value.id;
        stored.value.state = TenantState::Destroyed;
        stored.value.closed_by = Some(case.id);
        stored.value.closed_on = clauses.to_vec();
        stored.value.epoch += 1;
        records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
        let traces = residue::traces(app, tx, tenant).await?;
        app.keys().destroy_tenant(tx, tenant, ctx.now).await?;
        let service = Ctx::service("tenant.destroy", ctx.now);
        let permit = &app.permit(&service, Action::TenantDestroy, stored.value.resource())?;
        let known = Destruction { tenant, case: Some(case.id), at: ctx.now };
        destructions::record_destruction(app, tx, permit, &known, ctx.now).await?;
        products::withdraw_all(app, tx, permit, tenant, ctx.now).await?;
        let order = jobs::DestroyOrder { tenant, case: case.id, destroyed_at: ctx.now, traces };
        jobs::push(tx, jobs::DESTROY_TENANT, tenant, ctx.now, &order).await?;
        destroyed.push(tenant);
    }
    Ok(destroyed)
}
