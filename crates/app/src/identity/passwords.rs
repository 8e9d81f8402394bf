//! Passwords: hashing, changing one's own, and a new first one for somebody who forgot.

use access::{Action, Password, PasswordHash, ResourceRef, Thing, Throttle};
use base::{Id, kind};
use serde::Deserialize;
use storage::records::{self, Expected};
use storage::{Tx, sessions};

use super::{Person, person};
use crate::clock::random_bytes;
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// Letters of a first password: none that looks like another.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A change of one's own password.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The present one.
    pub present: String,
    /// The one from now on.
    pub new: String,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPassword").finish_non_exhaustive()
    }
}

/// Hashes a password that meets the rules, off the threads that answer requests: it takes a while on purpose.
pub(super) async fn hash(account: &str, password: String) -> Result<PasswordHash> {
    let password = Password::new(password);
    password.check_rule(account).map_err(|weak| Error::invalid("account.weak_password", weak.code()))?;
    let hashed = tokio::task::spawn_blocking(move || password.hash(random_bytes())).await;
    Ok(hashed.map_err(|error| Error::internal("access.password", error))??)
}

pub(super) async fn verify(password: Password, hash: PasswordHash) -> Result<bool> {
    let right = tokio::task::spawn_blocking(move || password.verify(&hash)).await;
    Ok(right.map_err(|error| Error::internal("access.password", error))??)
}

/// Changes one's own password. Every session ends, this one too: whoever else was signed in is out.
///
/// # Errors
/// `access.sign_in`; `account.wrong_password` when the present one is not right, `access.throttled` after too many of
/// these; `account.weak_password`.
pub async fn change_password(app: &App, ctx: &Ctx, change: NewPassword) -> Result<()> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let own = person(app, ctx.principal.person).await?;
    let resource = ResourceRef::new(Thing::Account, own.id).with_requester(own.id, own.unit);
    let permit = app.permit(ctx, Action::AccountPassword, resource)?;
    if Throttle::default().wait_until(own.failures, ctx.now).is_some_and(|until| until > ctx.now) {
        return Err(Error::Limited("access.throttled"));
    }
    if !verify(Password::new(change.present), own.password.clone()).await? {
        super::sign_in::note_failure(app, own.id, ctx.now).await?;
        return Err(Error::invalid("account.wrong_password", ""));
    }
    let new = &hash(&own.account, change.new).await?;
    let (id, permit) = (own.id, &permit);
    app.store()
        .transact(permit, "identity.change_password", |tx| {
            Box::pin(async move {
                set(tx, ctx, id, new).await?;
                app.record(tx, permit, ctx.now, note(id, "changed")).await
            })
        })
        .await?;
    Ok(())
}

/// Gives somebody who forgot theirs a first password, which is answered once and known to nobody else. Their sessions
/// end.
///
/// # Errors
/// Not an administrator; `account.self` for one's own; `person.unknown`.
pub async fn reset_password(app: &App, ctx: &Ctx, id: Id<kind::Person>) -> Result<String> {
    if id == ctx.principal.person {
        return Err(Error::invalid("account.self", ""));
    }
    let permit = &app.permit(ctx, Action::AccountManage, ResourceRef::any(Thing::Account))?;
    let forgot = person(app, id).await?;
    let password = first_password();
    let new = &hash(&forgot.account, password.clone()).await?;
    app.store()
        .transact(permit, "identity.reset_password", |tx| {
            Box::pin(async move {
                set(tx, ctx, id, new).await?;
                app.record(tx, permit, ctx.now, note(id, "reset")).await
            })
        })
        .await?;
    Ok(password)
}

/// A password that no list of common ones holds.
#[must_use]
pub fn first_password() -> String {
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map_or('x', char::from);
    random_bytes::<16>().iter().map(letter).collect()
}

async fn set(tx: &mut Tx<'_>, ctx: &Ctx, id: Id<kind::Person>, new: &PasswordHash) -> Result<()> {
    let found = records::get::<Person>(tx, id.uuid()).await?;
    let mut stored = found.ok_or(Error::NotFound("person.unknown"))?;
    stored.value.password = new.clone();
    stored.value.failures = None;
    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    sessions::close_all(tx, id).await?;
    // Whoever knew the password may have made an address of the calendar.
    crate::duties::forget_feed(tx, id, ctx.now).await
}

fn note(id: Id<kind::Person>, how: &str) -> Note<'static, serde_json::Value> {
    Note {
        subject: format!("person/{id}"),
        tenant: None,
        clauses: &[],
        payload: serde_json::json!({ "password": how }),
    }
}
