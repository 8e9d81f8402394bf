//! What an authorisation was granted: columns of resources, copied under its own key and masked for its dev zone.

use base::{Id, Timestamp, kind};
use regulation::case::{CaseState, FormValue};
use regulation::pack::{FieldKind, Pack};
use secure_domain::protocol::Edition;
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record, Versioned};
use storage::{Tx, objects as rows};

use super::get;
use super::life::stop_zones;
use super::refresh::{Renewal, RenewalState};
use crate::cases::facts;
use crate::clock::new_id;
use crate::resources::{self, Wanted};
use crate::{App, Ctx, Error, Result, jobs, objects, topups};

/// A resource granted to a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Id.
    pub id: Id<kind::Grant>,
    /// To whom.
    pub tenant: Id<kind::Tenant>,
    /// What.
    pub resource: Id<kind::Resource>,
    /// Its code, which is its table name in the zones.
    pub code: String,
    /// Columns granted.
    pub columns: Vec<String>,
    /// The case that granted it.
    pub case: Id<kind::Case>,
    /// Where it is.
    pub state: GrantState,
    /// When.
    pub created: Timestamp,
    /// The tenant's raw copy of the granted columns, in the prod zone.
    pub raw: Option<GrantedObject>,
    /// The twin in the dev zone; none while it is made anew, or where an attack got through to the new one.
    pub twin: Option<GrantedObject>,
    /// Why it failed, as a code.
    pub error: Option<String>,
    /// What the use of its rows rests on, where the resource asks for consent.
    #[serde(default)]
    pub basis: Option<Basis>,
    /// The newer snapshot that was ordered last for a grant in use.
    #[serde(default)]
    pub renewal: Option<Renewal>,
}

impl Grant {
    /// Is there something to be prepared: all of it, or its twin, which the provider's last decision took away?
    #[must_use]
    pub const fn is_due(&self) -> bool {
        match self.state {
            GrantState::Preparing => true,
            GrantState::Ready => self.twin.is_none(),
            GrantState::Failed | GrantState::Refused | GrantState::Revoked => false,
        }
    }
}

/// What the use of personal information rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ground", rename_all = "snake_case")]
pub enum Basis {
    /// Each entity's consent to the scenario.
    Consent,
    /// A ground of law that needs no consent, as the provider stated it when granting.
    Statutory {
        /// The ground.
        text: String,
        /// The case in which it was stated.
        case: Id<kind::Case>,
    },
}

impl Basis {
    /// What a case grants a resource on that asks for consent.
    fn of(case: &CaseState) -> Self {
        let stated = facts::text(&case.facts, facts::STATUTORY_GROUND);
        match stated.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) {
            Some(text) => Self::Statutory { text, case: case.id },
            None => Self::Consent,
        }
    }
}

/// A sealed table of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedObject {
    /// The object.
    pub object: Id<kind::Object>,
    /// The provider's snapshot it was made from.
    pub snapshot: Id<kind::Snapshot>,
    /// Digest of the sealed bytes.
    pub digest: base::Digest,
    /// Rows.
    pub rows: u64,
    /// Since when the resource has held the rows of the granted columns.
    #[serde(default)]
    pub edition: Option<Edition>,
}

/// Where a grant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// Being copied and masked.
    Preparing,
    /// Usable.
    Ready,
    /// Could not be prepared.
    Failed,
    /// An attack got through to what the dev zone would have seen; the provider has to choose stronger masks.
    Refused,
    /// Taken back: its copies are destroyed.
    Revoked,
}

impl Record for Grant {
    const KIND: &'static str = "grant";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.created.micros();
        vec![Key::new("tenant", self.tenant, sort), Key::new("resource", self.resource, sort)]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        // What was taken back may be granted again.
        if self.state == GrantState::Revoked {
            return Vec::new();
        }
        vec![("table", format!("{}/{}", self.tenant, self.code))]
    }
}

/// The grants of a tenant.
pub(crate) async fn grants(tx: &mut Tx<'_>, tenant: Id<kind::Tenant>) -> Result<Vec<Grant>> {
    let grants = records::all::<Grant>(tx, "tenant", &tenant.to_string(), 1_000).await?;
    Ok(grants.into_iter().map(|grant| grant.value).collect())
}

/// Effect: the resources that the case's form names are granted; a job copies and masks them.
pub(crate) async fn grant_data(app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let tenant = get(tx, facts::id(&case.facts, facts::TENANT)?).await?;
    let pack = app.packs().version(&case.pack)?;
    for wanted in wanted(case, &pack) {
        let resource = resources::by_code(tx, &wanted.code).await?;
        let resource = resource.ok_or_else(|| Error::invalid("resource.unknown", wanted.code.clone()))?;
        let columns = resource.check_wanted(&wanted)?;
        let table = format!("{}/{}", tenant.id, wanted.code);
        if records::by_unique::<Grant>(tx, "table", &table).await?.is_some() {
            return Err(Error::Conflict("grant.exists"));
        }
        let grant = Grant {
            id: new_id(ctx.now),
            tenant: tenant.id,
            resource: resource.id(),
            code: wanted.code,
            columns,
            case: case.id,
            state: GrantState::Preparing,
            created: ctx.now,
            raw: None,
            twin: None,
            error: None,
            basis: resource.consent.is_some().then(|| Basis::of(case)),
            renewal: None,
        };
        records::put(tx, &grant, Expected::New, ctx.now).await?;
        jobs::push(tx, jobs::PREPARE_GRANT, grant.id, ctx.now, &grant.id).await?;
    }
    Ok(())
}

/// Effect: the resources that the case's form names, or all where it names none, are taken back from the tenant. The keys
/// of their copies go in this transaction; a job stops the zones that still hold them and removes the files.
pub(crate) async fn revoke_data(app: &App, tx: &mut Tx<'_>, ctx: &Ctx, case: &CaseState) -> Result<()> {
    let tenant = get(tx, facts::id(&case.facts, facts::TENANT)?).await?;
    let named = named_resources(app, case)?;
    let all = records::all::<Grant>(tx, "tenant", &tenant.id.to_string(), 1_000).await?;
    for mut stored in all {
        let grant = &mut stored.value;
        if grant.state == GrantState::Revoked || !(named.is_empty() || named.contains(&grant.code)) {
            continue;
        }
        topups::forget(tx, grant, ctx.now).await?;
        let copies: Vec<Id<kind::Object>> =
            [grant.raw.take(), grant.twin.take()].into_iter().flatten().map(|copy| copy.object).collect();
        for object in &copies {
            rows::destroy(tx, *object, ctx.now).await?;
        }
        grant.state = GrantState::Revoked;
        let key = format!("{}/{}/{}", grant.id, case.id, case.version);
        jobs::push(tx, jobs::DISCARD_OBJECTS, key, ctx.now, &copies).await?;
        records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
    }
    stop_zones(tx, ctx, &tenant, case).await
}

/// Codes of the resources a case's forms name.
///
/// # Errors
/// The case's pack cannot be found.
pub(crate) fn named_resources(app: &App, case: &CaseState) -> Result<Vec<String>> {
    let pack = app.packs().version(&case.pack)?;
    Ok(wanted(case, &pack).into_iter().map(|wanted| wanted.code).collect())
}

/// All grants of a resource, those taken back as well.
pub(crate) async fn grants_of(
    tx: &mut Tx<'_>,
    resource: Id<kind::Resource>,
) -> Result<Vec<Versioned<Grant>>> {
    Ok(records::all::<Grant>(tx, "resource", &resource.to_string(), 1_000).await?)
}

/// Has a grant prepared anew, since its provider decided otherwise. A twin that is there is gone with this transaction; the
/// raw copy, and so what is ordered on it, stays.
pub(crate) async fn prepare_anew(
    tx: &mut Tx<'_>,
    mut stored: Versioned<Grant>,
    now: Timestamp,
) -> Result<()> {
    let epoch = get(tx, stored.value.tenant).await?.epoch;
    let grant = &mut stored.value;
    let key = format!("{}/{}", grant.id, stored.version);
    // A newer snapshot whose twin was refused is tried again, too.
    if let Some(renewal) = grant.renewal.as_mut().filter(|one| one.state == RenewalState::Refused) {
        renewal.state = RenewalState::Preparing;
        renewal.error = None;
        renewal.epoch = epoch;
    }
    topups::forget(tx, grant, now).await?;
    if let Some(twin) = grant.twin.take() {
        rows::destroy(tx, twin.object, now).await?;
        jobs::push(tx, jobs::DISCARD_OBJECTS, &key, now, &[twin.object]).await?;
    }
    if grant.state != GrantState::Ready {
        grant.state = GrantState::Preparing;
    }
    grant.error = None;
    jobs::push(tx, jobs::PREPARE_GRANT, &key, now, &grant.id).await?;
    records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
    Ok(())
}

/// Removes the files of objects whose keys are destroyed. Safe to run again.
pub(crate) async fn discard(app: &App, copies: &[Id<kind::Object>]) {
    for object in copies {
        objects::discard(app, *object).await;
    }
}

/// The resources a case's forms ask for.
fn wanted(case: &CaseState, pack: &Pack) -> Vec<Wanted> {
    let mut found = Vec::new();
    for (form, values) in &case.forms {
        let Some(form) = pack.forms.get(form) else { continue };
        for field in form.sections.iter().flat_map(|section| &section.fields) {
            if field.kind != FieldKind::Resources {
                continue;
            }
            if let Some(FormValue::List(codes)) = values.get(&field.key) {
                found.extend(codes.iter().map(|code| Wanted::parse(code)));
            }
        }
    }
    found
}
