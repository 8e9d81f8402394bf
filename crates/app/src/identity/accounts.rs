//! Enrolling units and persons.

use access::{Action, PasswordHash, ResourceRef, Standing, Thing};
use base::{Id, Timestamp, kind};
use storage::Tx;
use storage::records::{self, Expected};

use super::{NewPerson, NewUnit, Person, Unit, passwords, unit_by_code};
use crate::clock::new_id;
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// All units and persons, for administrators.
///
/// # Errors
/// Not allowed; storage faults.
pub async fn list_accounts(app: &App, ctx: &Ctx) -> Result<(Vec<Unit>, Vec<Person>)> {
    app.permit(ctx, Action::AccountManage, ResourceRef::any(Thing::Account))?;
    app.store()
        .read("identity.accounts", |tx| {
            Box::pin(async move {
                let units = records::all::<Unit>(tx, "all", "", records::ALL_MAX).await?;
                let persons = records::all::<Person>(tx, "all", "", records::ALL_MAX).await?;
                Ok((
                    units.into_iter().map(|unit| unit.value).collect(),
                    persons.into_iter().map(|person| person.value).collect(),
                ))
            })
        })
        .await
}

/// Adds units and persons; those that are there already (by code or account) are left as they are. The first
/// administrator is made this way from the command line, before anybody can sign in.
///
/// # Errors
/// `account.weak_password`, `unit.unknown`, a role its unit may not have.
pub async fn enrol(app: &App, ctx: &Ctx, units: &[NewUnit], persons: &[NewPerson]) -> Result<()> {
    let permit = app.permit(ctx, Action::AccountManage, ResourceRef::any(Thing::Account))?;
    let mut hashed = Vec::new();
    for person in persons {
        let hash = passwords::hash(&person.account, person.password.clone()).await?;
        hashed.push((person, hash));
    }
    let (permit, hashed) = (&permit, &hashed);
    app.store()
        .transact(permit, "identity.enrol", |tx| {
            Box::pin(async move {
                for unit in units {
                    add_unit(tx, unit, ctx.now).await?;
                }
                for (person, hash) in hashed {
                    add_person(tx, person, hash, ctx.now).await?;
                }
                let note = Note {
                    subject: "accounts".to_owned(),
                    tenant: None,
                    clauses: &[],
                    payload: serde_json::json!({ "units": units, "persons": persons }),
                };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    Ok(())
}

/// Whether every account of a list is there. For the command line, which has no session.
///
/// # Errors
/// Storage faults.
pub async fn all_enrolled(app: &App, persons: &[NewPerson]) -> Result<bool> {
    app.store()
        .read("identity.all_enrolled", |tx| {
            Box::pin(async move {
                for person in persons {
                    if records::by_unique::<Person>(tx, "account", &person.account).await?.is_none() {
                        return Ok(false);
                    }
                }
                Ok::<_, Error>(true)
            })
        })
        .await
}

async fn add_unit(tx: &mut Tx<'_>, unit: &NewUnit, now: Timestamp) -> Result<()> {
    if records::by_unique::<Unit>(tx, "code", &unit.code).await?.is_some() {
        return Ok(());
    }
    let unit = Unit {
        id: new_id(now),
        code: unit.code.clone(),
        name: unit.name.clone(),
        en: unit.en.clone(),
        contact: unit.contact.clone(),
        roles: unit.roles.clone(),
        standing: Standing::Active,
    };
    records::put(tx, &unit, Expected::New, now).await?;
    Ok(())
}

async fn add_person(tx: &mut Tx<'_>, person: &NewPerson, hash: &PasswordHash, now: Timestamp) -> Result<()> {
    if records::by_unique::<Person>(tx, "account", &person.account).await?.is_some() {
        return Ok(());
    }
    let unit = unit_by_code(tx, &person.unit).await?;
    if let Some(role) = person.roles.iter().find(|role| !unit.roles.contains(role)) {
        return Err(Error::invalid("account.role", role.key()));
    }
    let person = Person {
        id: new_id(now),
        account: person.account.clone(),
        name: person.name.clone(),
        unit: unit.id,
        roles: person.roles.clone(),
        password: hash.clone(),
        standing: Standing::Active,
        failures: None,
        signed_in: None,
    };
    records::put(tx, &person, Expected::New, now).await?;
    Ok(())
}

/// Colleagues of the signed-in person who may act for him: of the same unit, not shut out, not himself.
///
/// # Errors
/// Not signed in; storage faults.
pub async fn colleagues(app: &App, ctx: &Ctx) -> Result<Vec<(Id<kind::Person>, String)>> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let (unit, me) = (ctx.principal.unit.to_string(), ctx.principal.person);
    let persons = app
        .store()
        .read("identity.colleagues", |tx| {
            let unit = &unit;
            Box::pin(async move {
                Ok::<_, Error>(records::all::<Person>(tx, "unit", unit, records::ALL_MAX).await?)
            })
        })
        .await?;
    let fits = |person: &Person| person.id != me && person.standing == Standing::Active;
    Ok(persons
        .into_iter()
        .map(|person| person.value)
        .filter(fits)
        .map(|person| (person.id, person.name))
        .collect())
}
