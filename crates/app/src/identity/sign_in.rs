//! Signing in and out, and whose request it is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use access::{
    Action, Credential, Failures, Password, Principal, ResourceRef, SessionPolicy, SessionSecret,
    SessionTimes, Standing, Thing, Throttle,
};
use base::{Id, Timestamp, kind};
use storage::records::{self, Expected};
use storage::sessions;

use super::{Person, SignedIn, Unit, passwords, unit};
use crate::clock::{new_id, random_bytes};
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// Names kept of accounts that do not exist.
const STRANGERS_MAX: usize = 10_000;

/// Failed sign-ins under names that nobody has. Kept in memory only: they protect nothing but the secret of who is there.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<HashMap<String, Failures>>);

impl Strangers {
    fn is_throttled(&self, account: &str, now: Timestamp) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(account).copied();
        Throttle::default().wait_until(known, now).is_some_and(|until| until > now)
    }

    fn note_failure(&self, account: String, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= STRANGERS_MAX && !known.contains_key(&account) {
            known.clear();
        }
        let failures = Throttle::default().after_failure(known.get(&account).copied(), now);
        known.insert(account, failures);
    }
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
        // Takes as long as a real check and is throttled alike, so that nobody can tell which accounts exist.
        if app.strangers().is_throttled(&account, now) {
            return Err(Error::Limited("access.throttled"));
        }
        tokio::task::spawn_blocking(move || password.verify_nobody()).await.ok();
        app.strangers().note_failure(account, now);
        return Err(Error::Unauthenticated("access.credentials"));
    };
    if Throttle::default().wait_until(person.failures, now).is_some_and(|until| until > now) {
        return Err(Error::Limited("access.throttled"));
    }
    if !passwords::verify(password, person.password.clone()).await? {
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

pub(super) async fn note_failure(app: &App, person: Id<kind::Person>, now: Timestamp) -> Result<()> {
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
                // Read again: what an administrator changed meanwhile stays.
                if let Some(mut stored) = records::get::<Person>(tx, person.id.uuid()).await? {
                    stored.value.failures = None;
                    stored.value.signed_in = Some(now);
                    records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
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
    Ok(Some(Ctx::of(principal, person.name, unit.name, now)))
}

/// The context of somebody who is not signed in.
#[must_use]
pub fn anonymous(now: Timestamp) -> Ctx {
    Ctx::of(Principal::nobody(), String::new(), String::new(), now)
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
