//! The address under which a calendar program reads one person's duties without signing in.
//!
//! Whoever knows the address reads what the person would, and nothing but the calendar. It is shown once; the store keeps
//! its digest. A new one ends the old one, and it ends with the account.

use access::{Action, Principal, ResourceRef, SessionSecret, Standing, Thing};
use base::{Digest, Id, Timestamp, kind};
use regulation::duty::ical::Lang;
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Record};

use crate::clock::{new_id, random_bytes};
use crate::identity::{Person, Unit};
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// Seconds for which one reading lasts.
const READING_SECONDS: i64 = 60;

/// A person's address.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Feed {
    person: Id<kind::Person>,
    /// Digest of the secret in the address; `None` once it was ended.
    secret: Option<Digest>,
    created: Timestamp,
}

impl Record for Feed {
    const KIND: &'static str = "calendar_feed";
    fn id(&self) -> uuid::Uuid {
        self.person.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        self.secret.iter().map(|secret| ("secret", secret.to_string())).collect()
    }
}

/// When the person's address was made, if there is one.
///
/// # Errors
/// Storage faults.
pub async fn feed_since(app: &App, ctx: &Ctx) -> Result<Option<Timestamp>> {
    let person = ctx.principal.person;
    let found = app
        .store()
        .read("feed.since", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::get::<Feed>(tx, person.uuid()).await?) })
        })
        .await?;
    Ok(found.filter(|feed| feed.value.secret.is_some()).map(|feed| feed.value.created))
}

/// Makes the person a new address and answers its secret part, once. The one before ends.
///
/// # Errors
/// `access.sign_in`.
pub async fn open_feed(app: &App, ctx: &Ctx) -> Result<String> {
    let secret = SessionSecret::new(random_bytes());
    keep(app, ctx, Some(secret.digest())).await?;
    Ok(secret.token())
}

/// Ends the person's address.
///
/// # Errors
/// `access.sign_in`.
pub async fn close_feed(app: &App, ctx: &Ctx) -> Result<()> {
    keep(app, ctx, None).await
}

async fn keep(app: &App, ctx: &Ctx, secret: Option<Digest>) -> Result<()> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let person = ctx.principal.person;
    let resource = ResourceRef::new(Thing::Account, person).with_requester(person, ctx.principal.unit);
    let permit = &app.permit(ctx, Action::AccountFeed, resource)?;
    let feed = &Feed { person, secret, created: ctx.now };
    app.store()
        .transact(permit, "feed.keep", |tx| {
            Box::pin(async move {
                records::put(tx, feed, Expected::Any, ctx.now).await?;
                let payload =
                    serde_json::json!({ "calendar": if secret.is_some() { "opened" } else { "closed" } });
                let note = Note { subject: format!("person/{person}"), tenant: None, clauses: &[], payload };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    Ok(())
}

/// Ends an address in the caller's transaction, whoever made it.
pub(crate) async fn forget_feed(tx: &mut Tx<'_>, person: Id<kind::Person>, now: Timestamp) -> Result<()> {
    if records::get::<Feed>(tx, person.uuid()).await?.is_some() {
        records::put(tx, &Feed { person, secret: None, created: now }, Expected::Any, now).await?;
    }
    Ok(())
}

/// The calendar under an address.
///
/// # Errors
/// `feed.unknown` for one that never was, was ended, or whose person may not sign in any more.
pub async fn read_feed(app: &App, token: &str, now: Timestamp, lang: Lang) -> Result<String> {
    let unknown = || Error::NotFound("feed.unknown");
    let secret = SessionSecret::parse(token).map_err(|_| unknown())?.digest().to_string();
    let secret = secret.as_str();
    let found = app.store().read("feed.read", |tx| Box::pin(async move { holder(tx, secret).await })).await?;
    let active = |standing: Standing| standing == Standing::Active;
    let (person, unit) = found
        .filter(|(person, unit)| active(person.standing) && active(unit.standing))
        .ok_or_else(unknown)?;
    let until = now.plus_seconds(READING_SECONDS);
    let principal = Principal::person(
        person.id,
        (unit.id, &unit.code),
        &person.roles,
        new_id::<kind::Session>(now),
        until,
    );
    super::calendar(app, &Ctx::of(principal, person.name, unit.name, now), lang).await
}

async fn holder(tx: &mut Tx<'_>, secret: &str) -> Result<Option<(Person, Unit)>> {
    let Some(feed) = records::by_unique::<Feed>(tx, "secret", secret).await? else { return Ok(None) };
    let Some(person) = records::get::<Person>(tx, feed.value.person.uuid()).await? else { return Ok(None) };
    let unit = records::get::<Unit>(tx, person.value.unit.uuid()).await?;
    Ok(unit.map(|unit| (person.value, unit.value)))
}
