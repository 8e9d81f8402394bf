//! Units and persons, how they sign in, and their passwords.

mod accounts;
mod passwords;
mod sign_in;

use access::{Failures, PasswordHash, Role, Standing};
use base::{Id, Timestamp, kind};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Key, Record};

use crate::{App, Ctx, Error, Result};

pub use accounts::{all_enrolled, colleagues, enrol, list_accounts};
pub use passwords::{NewPassword, change_password, first_password, reset_password};
pub(crate) use sign_in::Strangers;
pub use sign_in::{accepts_csrf, anonymous, context_of, csrf_token, sign_in, sign_out};

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
    /// Telephone or e-mail for the public; empty when none is given.
    #[serde(default)]
    pub contact: String,
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
    /// The last sign-in.
    #[serde(default)]
    pub signed_in: Option<Timestamp>,
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
    /// Telephone or e-mail for the public; empty when none is given.
    #[serde(default)]
    pub contact: String,
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
