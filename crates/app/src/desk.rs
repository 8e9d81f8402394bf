//! Questions of the desk and of the public portal that belong to no single topic: names of units, public figures,
//! where a case's records lie in the ledger, dead letters, standing of accounts.

use std::collections::{BTreeMap, BTreeSet};

use access::{Action, ResourceRef, Standing, Thing};
use base::{Id, Timestamp, kind};
use serde::Serialize;
use storage::records::{self, Expected, Versioned};
use storage::{jobs, journal};

use crate::cases::CaseRecord;
use crate::identity::{Person, Unit};
use crate::journal::Note;
use crate::products::ProductRecord;
use crate::tenants::{GrantState, Tenant, TenantState};
use crate::{App, Ctx, Error, Result};

/// Dead letters shown at most.
const DEAD_MAX: u32 = 200;
/// Journal rows of one case looked at.
const RECORDS_MAX: u32 = 1_000;

/// What a unit is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitName {
    /// Name.
    pub name: String,
    /// English name.
    pub en: String,
}

/// The names of all units by code. What public bodies and operators are called is no secret.
///
/// # Errors
/// Storage faults.
pub async fn unit_names(app: &App) -> Result<BTreeMap<String, UnitName>> {
    let units = app
        .store()
        .read("desk.units", |tx| {
            Box::pin(
                async move { Ok::<_, Error>(records::all::<Unit>(tx, "all", "", records::ALL_MAX).await?) },
            )
        })
        .await?;
    let named = |unit: Unit| (unit.code, UnitName { name: unit.name, en: unit.en });
    Ok(units.into_iter().map(|unit| named(unit.value)).collect())
}

/// Where the public reaches a unit; empty when it gave nothing. Open to everybody.
///
/// # Errors
/// Storage faults.
pub async fn unit_contact(app: &App, code: &str) -> Result<String> {
    let found = app
        .store()
        .read("desk.unit_contact", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::by_unique::<Unit>(tx, "code", code).await?) })
        })
        .await?;
    Ok(found.map(|unit| unit.value.contact).unwrap_or_default())
}

/// The authorised operators, newest first. Open to everybody: the list is published by law, and what a tenant record says
/// of the authorisation (unit, field, scenarios, agreement, term, state) is what is published.
///
/// # Errors
/// Storage faults.
pub async fn operators(app: &App) -> Result<Vec<Tenant>> {
    let mut tenants = app
        .store()
        .read("desk.operators", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(records::all::<Tenant>(tx, "class", "authorisation", records::ALL_MAX).await?)
            })
        })
        .await?;
    tenants.reverse();
    Ok(tenants.into_iter().map(|tenant| tenant.value).collect())
}

/// Figures of the portal's front page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PublicFigures {
    /// Authorisations that have not ended.
    pub operators: u64,
    /// Resources granted to an authorisation that has not ended.
    pub resources: u64,
    /// Products on the market.
    pub products: u64,
}

/// Counts what the portal shows. Open to everybody.
///
/// # Errors
/// Storage faults.
pub async fn figures(app: &App) -> Result<PublicFigures> {
    app.store()
        .read("desk.figures", |tx| {
            Box::pin(async move {
                let tenants = records::all::<Tenant>(tx, "class", "authorisation", records::ALL_MAX).await?;
                let mut granted = BTreeSet::new();
                let living = |tenant: &&Versioned<Tenant>| tenant.value.state != TenantState::Destroyed;
                let living: Vec<_> = tenants.iter().filter(living).collect();
                for tenant in &living {
                    let grants = crate::tenants::grants(tx, tenant.value.id).await?;
                    let ready = grants.into_iter().filter(|grant| grant.state == GrantState::Ready);
                    granted.extend(ready.map(|grant| grant.resource));
                }
                Ok(PublicFigures {
                    operators: u64::try_from(living.len()).unwrap_or(u64::MAX),
                    resources: u64::try_from(granted.len()).unwrap_or(u64::MAX),
                    products: records::count::<ProductRecord>(tx, "listed", "").await?,
                })
            })
        })
        .await
}

/// The ledger records of a case: instant and number, oldest first, for who may see the case.
///
/// # Errors
/// `case.unknown`.
pub async fn case_records(app: &App, ctx: &Ctx, id: Id<kind::Case>) -> Result<Vec<(Timestamp, u64)>> {
    crate::cases::case_view(app, ctx, id).await?;
    let subject = format!("case/{id}");
    let subject = subject.as_str();
    let mut rows = app
        .store()
        .read("desk.case_records", |tx| {
            Box::pin(
                async move { Ok::<_, Error>(journal::by_subject(tx, subject, None, RECORDS_MAX).await?) },
            )
        })
        .await?;
    rows.reverse();
    Ok(rows.into_iter().map(|row| (row.at, row.seq)).collect())
}

/// The case with a number, for searches; it says nothing about the case but its id.
///
/// # Errors
/// `case.unknown` when there is none or this person may not see it.
pub async fn case_by_number(app: &App, ctx: &Ctx, number: &str) -> Result<Id<kind::Case>> {
    let found = app
        .store()
        .read("desk.case_by_number", |tx| {
            let number = number.to_owned();
            Box::pin(
                async move { Ok::<_, Error>(records::by_unique::<CaseRecord>(tx, "number", &number).await?) },
            )
        })
        .await?;
    let id = found.map(|found| found.value.id).ok_or(Error::NotFound("case.unknown"))?;
    crate::cases::case_view(app, ctx, id).await?;
    Ok(id)
}

/// A job that gave up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Kind.
    pub kind: String,
    /// Key.
    pub key: String,
    /// Attempts made.
    pub attempts: i64,
    /// When it failed last.
    pub failed_at: Timestamp,
    /// Code of the last failure.
    pub error: String,
}

/// The dead letters and when the next waiting job is due.
///
/// # Errors
/// Not allowed: only administrators.
pub async fn dead_letters(app: &App, ctx: &Ctx) -> Result<(Vec<DeadLetter>, Option<Timestamp>)> {
    app.permit(ctx, Action::AdminOperate, ResourceRef::platform())?;
    let (dead, next) = app
        .store()
        .read("desk.dead_letters", |tx| {
            Box::pin(
                async move { Ok::<_, Error>((jobs::dead(tx, DEAD_MAX).await?, jobs::next_due(tx).await?)) },
            )
        })
        .await?;
    let letter = |job: jobs::DeadJob| DeadLetter {
        kind: job.kind,
        key: job.key,
        attempts: job.attempt,
        failed_at: job.failed_at,
        error: job.error,
    };
    Ok((dead.into_iter().map(letter).collect(), next))
}

/// Puts a dead letter back in the queue.
///
/// # Errors
/// Not allowed; `job.unknown` when it is not dead.
pub async fn retry_dead_letter(app: &App, ctx: &Ctx, kind: &str, key: &str) -> Result<()> {
    let permit = &app.permit(ctx, Action::AdminOperate, ResourceRef::platform())?;
    app.command(ctx, permit, "desk.retry", &(kind, key), move |tx| {
        let (kind, key) = (kind.to_owned(), key.to_owned());
        Box::pin(async move {
            if !jobs::revive(tx, &kind, &key, ctx.now).await? {
                return Err(Error::NotFound("job.unknown"));
            }
            let payload = serde_json::json!({ "kind": kind, "key": key });
            app.record(
                tx,
                permit,
                ctx.now,
                Note { subject: "jobs".to_owned(), tenant: None, clauses: &[], payload },
            )
            .await?;
            Ok(())
        })
    })
    .await
}

/// Opens or closes a person's account. A closed account cannot sign in and its sessions do nothing any more.
///
/// # Errors
/// Not allowed; `person.unknown`; `account.self` for one's own account, so that nobody locks himself out.
pub async fn set_standing(app: &App, ctx: &Ctx, id: Id<kind::Person>, standing: Standing) -> Result<()> {
    if id == ctx.principal.person {
        return Err(Error::invalid("account.self", ""));
    }
    let permit = &app.permit(ctx, Action::AccountManage, ResourceRef::any(Thing::Account))?;
    app.command(ctx, permit, "desk.set_standing", &(id, standing), move |tx| {
        Box::pin(async move {
            let found = records::get::<Person>(tx, id.uuid()).await?;
            let mut person = found.ok_or(Error::NotFound("person.unknown"))?;
            person.value.standing = standing;
            records::put(tx, &person.value, Expected::Version(person.version), ctx.now).await?;
            let payload = serde_json::json!({ "standing": standing });
            let subject = format!("person/{id}");
            app.record(tx, permit, ctx.now, Note { subject, tenant: None, clauses: &[], payload }).await?;
            Ok(())
        })
    })
    .await
}

/// The names of persons and of their units, for who may read the journal.
///
/// # Errors
/// Not allowed; storage faults.
pub async fn person_names(app: &App, ctx: &Ctx) -> Result<BTreeMap<Id<kind::Person>, (String, String)>> {
    app.permit(ctx, Action::JournalView, ResourceRef::platform())?;
    app.store()
        .read("desk.persons", |tx| {
            Box::pin(async move {
                let units = records::all::<Unit>(tx, "all", "", records::ALL_MAX).await?;
                let names: BTreeMap<_, _> =
                    units.into_iter().map(|unit| (unit.value.id, unit.value.name)).collect();
                let persons = records::all::<Person>(tx, "all", "", records::ALL_MAX).await?;
                let named = |person: Person| {
                    let unit = names.get(&person.unit).cloned().unwrap_or_default();
                    (person.id, (person.name, unit))
                };
                Ok(persons.into_iter().map(|person| named(person.value)).collect())
            })
        })
        .await
}
