//! A provider's decisions about a resource: what its columns hold, how they are hidden, what dev zones get to see.

use std::collections::BTreeSet;

use access::Action;
use base::{Id, kind};
use catalog::{Classification, Decision, Resource, TwinForm};
use privacy::ir::Label;
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected};

use super::{CatalogEntry, find, versioned};
use crate::journal::Note;
use crate::tenants::{self, Grant, GrantState};
use crate::{App, Ctx, Error, Result, twins, zones};

/// What a provider decides about a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// About its columns; those that are not named stay as they are.
    pub columns: Vec<Decision>,
    /// What dev zones get to see of it; absent to leave it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<TwinForm>,
}

/// What would come of a decision, before it is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consequences {
    /// Columns that would be something else.
    pub columns: Vec<ChangedColumn>,
    /// Set if dev zones would see something of another form.
    pub twin: Option<TwinForm>,
    /// What was granted, and what would become of it.
    pub grants: Vec<Concerned>,
}

/// A column before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedColumn {
    /// Its name.
    pub column: String,
    /// What is confirmed; none for a column that is open.
    pub before: Option<Classification>,
    /// What would be confirmed.
    pub after: Classification,
    /// Is something lowered, so that a reason is needed?
    pub lowered: bool,
}

/// A grant of the resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Concerned {
    /// The grant.
    pub grant: Id<kind::Grant>,
    /// The authorisation it belongs to.
    pub tenant: Id<kind::Tenant>,
    /// Its title.
    pub title: String,
    /// The unit that was granted it.
    pub unit_name: String,
    /// What would become of it.
    pub follows: Follows,
}

/// What becomes of a grant when its provider decides otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Follows {
    /// Its twin goes at once; another is made and attacked before the dev zone sees it. Orders on raw data go on.
    Twin,
    /// It was not usable, and is prepared from the beginning.
    Anew,
    /// It is being prepared; what is made follows the new decision.
    Underway,
    /// Nothing.
    Kept,
}

/// What two states of a resource differ in, as far as grants are made of it.
struct Change {
    columns: BTreeSet<String>,
    form: bool,
}

impl Change {
    fn between(before: &Resource, after: &Resource) -> Self {
        let differs = |column: &&catalog::Column| {
            let old = before.column(&column.name).and_then(|known| known.classification.as_ref());
            column.classification.as_ref().map(made_of) != old.map(made_of)
        };
        let columns = after.columns.iter().filter(differs).map(|column| column.name.clone()).collect();
        Self { columns, form: before.twin != after.twin }
    }

    fn follows(&self, grant: &Grant) -> Option<Follows> {
        let touched = self.form || grant.columns.iter().any(|name| self.columns.contains(name));
        Some(match grant.state {
            GrantState::Revoked => return None,
            GrantState::Failed if grant.error.as_deref() == Some("tenant.closed") => return None,
            GrantState::Preparing => Follows::Underway,
            GrantState::Refused | GrantState::Failed => Follows::Anew,
            GrantState::Ready if touched || grant.is_due() => Follows::Twin,
            GrantState::Ready => Follows::Kept,
        })
    }
}

/// What of a classification goes into a twin and into the check of queries.
const fn made_of(known: &Classification) -> (privacy::SensitiveKind, Label, &privacy::masking::MaskSpec) {
    (known.kind, known.label, &known.mask)
}

/// Confirms the classification of columns, or changes what is confirmed. What was granted follows: see [`Follows`].
///
/// # Errors
/// Not the provider; unknown columns; masks too weak; what the catalog finds wrong; `privacy.stitch` where samples of this
/// resource and of another would show two parts of one identifier.
pub async fn classify_resource(
    app: &App,
    ctx: &Ctx,
    id: Id<kind::Resource>,
    decided: &Classify,
) -> Result<CatalogEntry> {
    let entry = find(app, id).await?;
    let permit = &app.permit(ctx, Action::ResourceClassify, entry.reference())?;
    let decided_entry = app
        .command(ctx, permit, "resource.classify", &(id, decided), move |tx| {
            Box::pin(async move {
                let mut stored = versioned(tx, id).await?;
                let change = apply(ctx, &mut stored.value, decided)?;
                twins::check_stitching(tx, &stored.value).await?;
                records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
                for grant in tenants::grants_of(tx, id).await? {
                    if matches!(change.follows(&grant.value), Some(Follows::Twin | Follows::Anew)) {
                        tenants::prepare_anew(tx, grant, ctx.now).await?;
                    }
                }
                let subject = format!("resource/{id}");
                let note = Note { subject, tenant: None, clauses: &[], payload: decided };
                app.record(tx, permit, ctx.now, note).await?;
                Ok(stored.value)
            })
        })
        .await?;
    // Zones that run check queries by what is confirmed; they learn it now, and others when they start.
    for tenant in holders(app, id).await? {
        zones::refresh(app, tenant).await?;
    }
    Ok(decided_entry)
}

/// The authorisations that were granted something of a resource.
async fn holders(app: &App, id: Id<kind::Resource>) -> Result<BTreeSet<Id<kind::Tenant>>> {
    let grants = app
        .store()
        .read("resource.holders", |tx| Box::pin(async move { tenants::grants_of(tx, id).await }))
        .await?;
    let held = grants.iter().filter(|grant| grant.value.state != GrantState::Revoked);
    Ok(held.map(|grant| grant.value.tenant).collect())
}

fn apply(ctx: &Ctx, entry: &mut CatalogEntry, decided: &Classify) -> Result<Change> {
    let before = entry.resource.clone();
    let resource = &mut entry.resource;
    resource.confirm_classification(&decided.columns, ctx.principal.person, ctx.now)?;
    resource.twin = decided.twin.unwrap_or(resource.twin);
    Ok(Change::between(&before, resource))
}

/// What would come of a decision. Nothing is changed, and nothing about data is told.
///
/// # Errors
/// As [`classify_resource`]. A missing reason is told per column and is no error here.
pub async fn consequences(
    app: &App,
    ctx: &Ctx,
    id: Id<kind::Resource>,
    decided: &Classify,
) -> Result<Consequences> {
    let entry = find(app, id).await?;
    app.permit(ctx, Action::ResourceClassify, entry.reference())?;
    let lowered: BTreeSet<&str> = decided
        .columns
        .iter()
        .filter(|decision| entry.resource.column(&decision.column).is_some_and(|c| decision.lowers(c)))
        .map(|decision| decision.column.as_str())
        .collect();
    let mut reasoned = decided.clone();
    for decision in &mut reasoned.columns {
        if decision.note.trim().is_empty() && lowered.contains(decision.column.as_str()) {
            "?".clone_into(&mut decision.note);
        }
    }
    let (lowered, reasoned) = (&lowered, &reasoned);
    app.store()
        .read("resource.consequences", |tx| {
            Box::pin(async move {
                let mut after = versioned(tx, id).await?.value;
                let before = after.resource.clone();
                let change = apply(ctx, &mut after, reasoned)?;
                twins::check_stitching(tx, &after).await?;
                let columns = after.resource.columns.iter().filter_map(|column| {
                    let old = before.column(&column.name)?.classification.clone();
                    let new = column.classification.clone()?;
                    let graded = old.as_ref().is_none_or(|old| old.level != new.level);
                    (graded || change.columns.contains(&column.name)).then(|| ChangedColumn {
                        column: column.name.clone(),
                        lowered: lowered.contains(column.name.as_str()),
                        before: old,
                        after: new,
                    })
                });
                Ok::<_, Error>(Consequences {
                    columns: columns.collect(),
                    twin: change.form.then_some(after.resource.twin),
                    grants: concerned(tx, id, &change).await?,
                })
            })
        })
        .await
}

async fn concerned(tx: &mut Tx<'_>, id: Id<kind::Resource>, change: &Change) -> Result<Vec<Concerned>> {
    let mut found = Vec::new();
    for grant in tenants::grants_of(tx, id).await? {
        let Some(follows) = change.follows(&grant.value) else { continue };
        let tenant = tenants::get(tx, grant.value.tenant).await?;
        found.push(Concerned {
            grant: grant.value.id,
            tenant: tenant.id,
            title: tenant.title,
            unit_name: tenant.unit_name,
            follows,
        });
    }
    Ok(found)
}
