//! Units, persons, sign-in and sessions.

use access::{
    Action, Credential, Failures, Password, PasswordHash, Principal, ResourceRef, Role, SessionPolicy,
    SessionSecret, SessionTimes, Standing, Thing, Throttle,
};
use base::{Id, Timestamp, kind};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Tx, sessions};

use crate::clock::{new_id, random_bytes};
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// An organisation: bureau, provider, operator, buyer …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Id.
    pub id: Id<kind::Unit>,
    /// Stable short code; packs bind roles to it.
    pub code: String,
    /// Name.
    pub name: String,
    /// English name.
    pub en: String,
    /// What its people may at most be.
    pub roles: Vec<Role>,
    /// Active or suspended.
    pub standing: Standing,
}

impl Record for Unit {
    const KIND: &'static str = "unit";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("all", "", 0)]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("code", self.code.clone())]
    }
}

/// A natural person with an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Id.
    pub id: Id<kind::Person>,
    /// Account name.
    pub account: String,
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: Id<kind::Unit>,
    /// Duties.
    pub roles: Vec<Role>,
    /// Argon2id hash of the password.
    pub password: PasswordHash,
    /// Active or suspended.
    pub standing: Standing,
    /// Failed sign-ins in a row.
    pub failures: Option<Failures>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Record for Person {
    const KIND: &'static str = "person";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("all", "", 0), Key::new("unit", self.unit, 0)]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("account", self.account.clone())]
    }
}

/// A unit to be added.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewUnit {
    /// Stable short code.
    pub code: String,
    /// Name.
    pub name: String,
    /// English name.
    pub en: String,
    /// What its people may at most be.
    pub roles: Vec<Role>,
}

/// A person to be added.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewPerson {
    /// Account name.
    pub account: String,
    /// Name.
    pub name: String,
    /// Code of the unit.
    pub unit: String,
    /// Duties.
    pub roles: Vec<Role>,
    /// First password.
    #[serde(skip_serializing)]
    pub password: String,
}

/// A fresh session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedIn {
    /// For the cookie or the `Authorization: Bearer` header. Shown once.
    pub token: String,
    /// Who.
    pub person: Id<kind::Person>,
    /// Name.
    pub name: String,
    /// Valid at most until.
    pub valid_until: Timestamp,
}

/// Who is signed in, for page heads and `GET /me`.
#[derive(Debug, Clone, Serialize)]
pub struct Me {
    /// Person.
    pub person: Id<kind::Person>,
    /// Account.
    pub account: String,
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: Unit,
    /// Duties.
    pub roles: Vec<Role>,
}

/// Signs a person in.
///
/// # Errors
/// `access.credentials` for an unknown account or a wrong password alike; `access.throttled` after too many failures;
/// `access.suspended` for a suspended account or unit, once the password was right.
pub async fn sign_in(app: &App, account: &str, password: String, now: Timestamp) -> Result<SignedIn> {
    let account = account.trim().to_owned();
    let password = Password::new(password);
    let found = find_person(app, &account).await?;
    let Some(person) = found else {
        // Takes as long as a real check, so that nobody can tell which accounts exist.
        tokio::task::spawn_blocking(move || password.verify_nobody()).await.ok();
        return Err(Error::Unauthenticated("access.credentials"));
    };
    if Throttle::default().wait_until(person.failures, now).is_some_and(|until| until > now) {
        return Err(Error::Limited("access.throttled"));
    }
    let hash = person.password.clone();
    let right = tokio::task::spawn_blocking(move || password.verify(&hash))
        .await
        .map_err(|error| Error::internal("access.password", error))??;
    if !right {
        note_failure(app, person.id, now).await?;
        return Err(Error::Unauthenticated("access.credentials"));
    }
    open_session(app, person, now).await
}

async fn find_person(app: &App, account: &str) -> Result<Option<Person>> {
    let found = app
        .store()
        .read("identity.find", |tx| {
            let account = account.to_owned();
            Box::pin(
                async move { Ok::<_, Error>(records::by_unique::<Person>(tx, "account", &account).await?) },
            )
        })
        .await?;
    Ok(found.map(|found| found.value))
}

async fn note_failure(app: &App, person: Id<kind::Person>, now: Timestamp) -> Result<()> {
    app.store()
        .system("identity.failure", |tx| {
            Box::pin(async move {
                let Some(mut stored) = records::get::<Person>(tx, person.uuid()).await? else {
                    return Ok(());
                };
                stored.value.failures = Some(Throttle::default().after_failure(stored.value.failures, now));
                records::put(tx, &stored.value, Expected::Any, now).await?;
                Ok(())
            })
        })
        .await
}

async fn open_session(app: &App, person: Person, now: Timestamp) -> Result<SignedIn> {
    let secret = SessionSecret::new(random_bytes());
    let session = new_id::<kind::Session>(now);
    let policy = SessionPolicy::default();
    let expires = now.plus_seconds(policy.absolute_seconds);
    let unit = unit(app, person.unit).await?;
    if person.standing != Standing::Active || unit.standing != Standing::Active {
        return Err(Error::Forbidden("access.suspended"));
    }
    let principal = Principal::person(person.id, (unit.id, &unit.code), &person.roles, session, expires);
    let ctx = Ctx {
        principal,
        person_name: person.name.clone(),
        unit_name: unit.name.clone(),
        now,
        request: new_id(now),
        idempotency_key: None,
    };
    let permit = app.permit(&ctx, Action::SessionOpen, ResourceRef::new(Thing::Session, session))?;
    let row = sessions::Session {
        token: secret.digest(),
        person: person.id,
        created: now,
        touched: now,
        expires,
        body: serde_json::json!({ "session": session }),
    };
    let (row, permit, person) = (&row, &permit, &person);
    app.store()
        .transact(permit, "identity.sign_in", |tx| {
            Box::pin(async move {
                sessions::open(tx, row).await?;
                if person.failures.is_some() {
                    let cleared = Person { failures: None, ..person.clone() };
                    records::put(tx, &cleared, Expected::Any, now).await?;
                }
                let note = Note {
                    subject: format!("person/{}", person.id),
                    tenant: None,
                    clauses: &[],
                    payload: serde_json::json!({ "account": person.account }),
                };
                app.record(tx, permit, now, note).await
            })
        })
        .await?;
    Ok(SignedIn { token: secret.token(), person: person.id, name: person.name.clone(), valid_until: expires })
}

/// Ends a session; unknown tokens are ignored.
///
/// # Errors
/// Storage faults.
pub async fn sign_out(app: &App, ctx: &Ctx, token: &str) -> Result<()> {
    let Ok(secret) = SessionSecret::parse(token) else { return Ok(()) };
    let Credential::Person { session, .. } = &ctx.principal.credential else { return Ok(()) };
    let resource =
        ResourceRef::new(Thing::Session, session).with_requester(ctx.principal.person, ctx.principal.unit);
    let permit = app.permit(ctx, Action::SessionClose, resource)?;
    let (permit, digest) = (&permit, secret.digest());
    app.store()
        .transact(permit, "identity.sign_out", |tx| {
            Box::pin(async move {
                sessions::close(tx, &digest).await?;
                let note = Note {
                    subject: format!("person/{}", ctx.principal.person),
                    tenant: None,
                    clauses: &[],
                    payload: serde_json::json!({}),
                };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    Ok(())
}

/// The context of a request that carries a session token; `None` for a token that is unknown or has ended.
///
/// # Errors
/// Storage faults.
pub async fn context_of(app: &App, token: &str, now: Timestamp) -> Result<Option<Ctx>> {
    let Ok(secret) = SessionSecret::parse(token) else { return Ok(None) };
    let digest = secret.digest();
    let found = app
        .store()
        .read("identity.session", |tx| {
            Box::pin(async move {
                let Some(session) = sessions::find(tx, &digest, now).await? else { return Ok(None) };
                let Some(person) = records::get::<Person>(tx, session.person.uuid()).await? else {
                    return Ok(None);
                };
                let Some(unit) = records::get::<Unit>(tx, person.value.unit.uuid()).await? else {
                    return Ok(None);
                };
                let reach = crate::tenants::reach(tx, unit.value.id).await?;
                Ok::<_, Error>(Some((session, person.value, unit.value, reach)))
            })
        })
        .await?;
    let Some((session, person, unit, reach)) = found else { return Ok(None) };
    let policy = SessionPolicy::default();
    let times = SessionTimes { opened_at: session.created, seen_at: session.touched };
    let Some(times) = times.touch(&policy, now) else { return Ok(None) };
    // One write a minute is enough to keep an idle limit of half an hour.
    if now.micros() - session.touched.micros() > 60_000_000 {
        app.store()
            .system("identity.touch", |tx| {
                let expires = session.expires;
                Box::pin(async move { Ok::<_, Error>(sessions::touch(tx, &digest, now, expires).await?) })
            })
            .await?;
    }
    let id = session.body.get("session").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
    let Some(id) = id else { return Ok(None) };
    let valid_until = times.valid_until(&policy);
    let mut principal = Principal::person(person.id, (unit.id, &unit.code), &person.roles, id, valid_until);
    principal.person_standing = person.standing;
    principal.unit_standing = unit.standing;
    (principal.tenants, principal.usages) = reach;
    Ok(Some(Ctx {
        principal,
        person_name: person.name,
        unit_name: unit.name,
        now,
        request: new_id(now),
        idempotency_key: None,
    }))
}

/// The context of somebody who is not signed in.
#[must_use]
pub fn anonymous(now: Timestamp) -> Ctx {
    Ctx {
        principal: Principal::nobody(),
        person_name: String::new(),
        unit_name: String::new(),
        now,
        request: new_id(now),
        idempotency_key: None,
    }
}

/// Who is signed in.
///
/// # Errors
/// `access.sign_in` when nobody is.
pub async fn me(app: &App, ctx: &Ctx) -> Result<Me> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let person = person(app, ctx.principal.person).await?;
    let unit = unit(app, person.unit).await?;
    Ok(Me { person: person.id, account: person.account, name: person.name, unit, roles: person.roles })
}

/// A unit by id.
///
/// # Errors
/// `unit.unknown`.
pub(crate) async fn unit(app: &App, id: Id<kind::Unit>) -> Result<Unit> {
    let found = app
        .store()
        .read("identity.unit", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::get::<Unit>(tx, id.uuid()).await?) })
        })
        .await?;
    found.map(|found| found.value).ok_or(Error::NotFound("unit.unknown"))
}

async fn person(app: &App, id: Id<kind::Person>) -> Result<Person> {
    let found = app
        .store()
        .read("identity.person", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::get::<Person>(tx, id.uuid()).await?) })
        })
        .await?;
    found.map(|found| found.value).ok_or(Error::NotFound("person.unknown"))
}

/// The unit with a code, in the caller's transaction.
///
/// # Errors
/// `unit.unknown`.
pub(crate) async fn unit_by_code(tx: &mut Tx<'_>, code: &str) -> Result<Unit> {
    let found = records::by_unique::<Unit>(tx, "code", code).await?;
    found.map(|found| found.value).ok_or(Error::NotFound("unit.unknown"))
}

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
        let password = Password::new(person.password.clone());
        password
            .check_rule(&person.account)
            .map_err(|weak| Error::invalid("account.weak_password", weak.code()))?;
        let hash = tokio::task::spawn_blocking(move || password.hash(random_bytes()))
            .await
            .map_err(|error| Error::internal("access.password", error))??;
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
    };
    records::put(tx, &person, Expected::New, now).await?;
    Ok(())
}

/// The token that forms of a session must carry; empty for what is no session token.
#[must_use]
pub fn csrf_token(session: &str) -> String {
    SessionSecret::parse(session).map(|secret| secret.csrf_token()).unwrap_or_default()
}

/// Whether a form came from a page of this session.
#[must_use]
pub fn accepts_csrf(session: &str, given: &str) -> bool {
    SessionSecret::parse(session).is_ok_and(|secret| secret.accepts_csrf(given))
}
