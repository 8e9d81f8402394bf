//! What dev zones get to see, and what attacks on it reached: reports for providers and for those who oversee. Operators do
//! not read them, since they count what the raw rows are like.

use std::collections::BTreeSet;

use access::{Action, ResourceRef, Thing};
use base::{Id, Timestamp, kind};
use catalog::TwinForm;
use privacy::attack::Outcome;
use privacy::masking::{MaskSpec, Published, check_stitching as stitch};
pub use secure_domain::protocol::{Examined, ExaminedColumn, MadeOf};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Key, Record};

use crate::resources::{self, CatalogEntry};
use crate::tenants::{self, Grant, GrantState};
use crate::{App, Ctx, Error, Result};

/// How the twin of a grant was made, and what attacks on it reached. The newest replaces the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwinReport {
    /// The grant.
    pub grant: Id<kind::Grant>,
    /// To whom it is.
    pub tenant: Id<kind::Tenant>,
    /// Of what.
    pub resource: Id<kind::Resource>,
    /// Its code.
    pub code: String,
    /// When the twin was made or refused.
    pub made: Timestamp,
    /// May the dev zone see it?
    pub publishable: bool,
    /// What was found.
    pub examined: Examined,
}

impl Record for TwinReport {
    const KIND: &'static str = "twin_report";
    fn id(&self) -> uuid::Uuid {
        self.grant.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.made.micros();
        vec![Key::new("tenant", self.tenant, sort), Key::new("resource", self.resource, sort)]
    }
}

/// A report with the state of its grant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TwinReportView {
    /// The report.
    #[serde(flatten)]
    pub report: TwinReport,
    /// Where the grant is.
    pub state: GrantState,
    /// The attacks that got through, in words, with what to do about each.
    pub refused_by: Vec<Worked>,
}

/// An attack that got through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worked {
    /// Its code.
    pub code: &'static str,
    /// The columns it is about; the attacked one first.
    pub columns: Vec<String>,
    /// What it means.
    pub told: Words,
    /// What to do about it.
    pub remedy: Words,
}

/// A sentence in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Words {
    /// 中文.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// The report on a grant's twin.
///
/// # Errors
/// `grant.unknown` when there is none or this person may not see it; `grant.no_report` until the twin was made.
pub async fn twin_report(app: &App, ctx: &Ctx, id: Id<kind::Grant>) -> Result<TwinReportView> {
    let (grant, entry, report) = app
        .store()
        .read("twin.report", |tx| {
            Box::pin(async move {
                let grant =
                    records::get::<Grant>(tx, id.uuid()).await?.ok_or(Error::NotFound("grant.unknown"))?;
                let entry = resources::versioned(tx, grant.value.resource).await?.value;
                let report = records::get::<TwinReport>(tx, id.uuid()).await?;
                Ok::<_, Error>((grant.value, entry, report))
            })
        })
        .await?;
    // The provider's and the overseers' only: the reference names no tenant, whose people would see it otherwise.
    let reference = ResourceRef::new(Thing::Grant, id).with_owner(entry.unit);
    app.permit(ctx, Action::GrantView, reference).map_err(|_| Error::NotFound("grant.unknown"))?;
    let report = report.ok_or(Error::NotFound("grant.no_report"))?.value;
    let refused_by = report.examined.report.iter().flat_map(privacy::attack::Report::succeeded).map(worked);
    Ok(TwinReportView { refused_by: refused_by.collect(), state: grant.state, report })
}

/// The reports on what was granted of a resource, newest first.
///
/// # Errors
/// `resource.unknown`; none if this person may not see them.
pub async fn of_resource(app: &App, ctx: &Ctx, resource: Id<kind::Resource>) -> Result<Vec<TwinReport>> {
    let entry = resources::find(app, resource).await?;
    let reference = ResourceRef::new(Thing::Grant, resource).with_owner(entry.unit);
    if app.permit(ctx, Action::GrantView, reference).is_err() {
        return Ok(Vec::new());
    }
    let found = app
        .store()
        .read("twin.reports", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(
                    records::all::<TwinReport>(tx, "resource", &resource.to_string(), 1_000).await?,
                )
            })
        })
        .await?;
    Ok(found.into_iter().rev().map(|found| found.value).collect())
}

fn worked(finding: &privacy::attack::Finding) -> Worked {
    let attack = finding.attack;
    Worked {
        code: attack.code(),
        columns: finding.columns.clone(),
        told: Words { zh: attack.worked_zh(), en: attack.worked_en() },
        remedy: Words { zh: attack.remedy_zh(), en: attack.remedy_en() },
    }
}

/// Samples of all resources are laid side by side: no two masks of one identifier may show more than each alone.
///
/// # Errors
/// `privacy.stitch` with the two places.
pub(crate) async fn check_stitching(tx: &mut Tx<'_>, entry: &CatalogEntry) -> Result<()> {
    if entry.resource.twin != TwinForm::Sample {
        return Ok(());
    }
    let all = records::all::<CatalogEntry>(tx, "all", "", records::ALL_MAX).await?;
    let others = all.into_iter().map(|other| other.value).filter(|other| other.id() != entry.id());
    let mut published: Vec<Published> = others.flat_map(|other| shown(&other)).collect();
    published.extend(shown(entry));
    stitch(&published).map_err(|error| {
        let subject = match &error {
            privacy::Error::Stitch { first, second, .. } => format!("{first}, {second}"),
            _ => String::new(),
        };
        Error::Invalid { code: error.code(), detail: error.to_string(), subject, fields: Vec::new() }
    })
}

/// What samples of a resource show of identifiers and of what comes with them.
fn shown(entry: &CatalogEntry) -> Vec<Published> {
    if entry.resource.twin != TwinForm::Sample {
        return Vec::new();
    }
    let column = |column: &catalog::Column| {
        let known = column.classification.as_ref()?;
        let domain = match &known.mask {
            MaskSpec::Token { domain } | MaskSpec::Ff1 { domain, .. } => domain.clone(),
            _ => String::new(),
        };
        let place = format!("{}.{}", entry.resource.code, column.name);
        Some(Published { place, kind: known.kind, domain, spec: known.mask.clone() })
    };
    entry.resource.columns.iter().filter_map(column).collect()
}

/// What a dev zone sees of a grant, in a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TwinLine {
    /// The grant.
    pub grant: Id<kind::Grant>,
    /// Of what.
    pub resource: Id<kind::Resource>,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// The authorisation it was granted to.
    pub title: String,
    /// The unit that was granted it.
    pub unit_name: String,
    /// Where the twin is.
    pub state: TwinState,
    /// What dev zones get to see of the resource, as chosen.
    pub chosen: TwinForm,
    /// When the newest twin was made or refused; none before the first.
    pub made: Option<Timestamp>,
    /// Attacks that were tried on it.
    pub attacks: usize,
    /// Those that got through, with what to do.
    pub refused_by: Vec<Worked>,
}

/// Where a twin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TwinState {
    /// An attack got through: its provider has to decide.
    Refused,
    /// It could not be made.
    Failed,
    /// It is being made and attacked.
    Underway,
    /// The dev zone sees it.
    Usable,
}

impl TwinState {
    /// None for what was taken back.
    fn of(grant: &Grant) -> Option<Self> {
        let refused = grant.error.as_deref() == Some("grant.twin_refused");
        Some(match grant.state {
            GrantState::Revoked => return None,
            GrantState::Failed => Self::Failed,
            GrantState::Refused => Self::Refused,
            _ if grant.is_due() && refused => Self::Refused,
            _ if grant.is_due() && grant.error.is_some() => Self::Failed,
            _ if grant.is_due() => Self::Underway,
            _ => Self::Usable,
        })
    }
}

/// All twins of the resources whose grants this person may see, those to be seen to first.
///
/// # Errors
/// Not signed in; storage faults.
pub async fn twins(app: &App, ctx: &Ctx) -> Result<Vec<TwinLine>> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let mut lines = app
        .store()
        .read("twins.list", |tx| {
            Box::pin(async move {
                let all = records::all::<CatalogEntry>(tx, "all", "", records::ALL_MAX).await?;
                let mut lines = Vec::new();
                for entry in all.into_iter().map(|found| found.value) {
                    let reference = ResourceRef::new(Thing::Grant, entry.id()).with_owner(entry.unit);
                    if app.permit(ctx, Action::GrantView, reference).is_ok() {
                        of_entry(tx, &entry, &mut lines).await?;
                    }
                }
                Ok::<_, Error>(lines)
            })
        })
        .await?;
    lines.sort_by_key(|line| (line.state, std::cmp::Reverse(line.made)));
    Ok(lines)
}

async fn of_entry(tx: &mut Tx<'_>, entry: &CatalogEntry, lines: &mut Vec<TwinLine>) -> Result<()> {
    for grant in tenants::grants_of(tx, entry.id()).await? {
        let grant = grant.value;
        let Some(state) = TwinState::of(&grant) else { continue };
        let report = records::get::<TwinReport>(tx, grant.id.uuid()).await?.map(|found| found.value);
        let attacks = report.iter().flat_map(|report| &report.examined.report);
        let tried: BTreeSet<&str> = attacks
            .clone()
            .flat_map(|report| &report.attacks)
            .filter(|finding| !matches!(finding.outcome, Outcome::NotApplicable(_)))
            .map(|finding| finding.attack.code())
            .collect();
        let tenant = tenants::get(tx, grant.tenant).await?;
        lines.push(TwinLine {
            grant: grant.id,
            resource: entry.id(),
            code: grant.code,
            name_zh: entry.resource.name_zh.clone(),
            name_en: entry.resource.name_en.clone(),
            title: tenant.title,
            unit_name: tenant.unit_name,
            state,
            chosen: entry.resource.twin,
            made: report.as_ref().map(|report| report.made),
            attacks: tried.len(),
            refused_by: attacks.flat_map(privacy::attack::Report::succeeded).map(worked).collect(),
        });
    }
    Ok(())
}
