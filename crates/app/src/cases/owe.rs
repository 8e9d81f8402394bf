//! Cases that the platform opens by itself (应办件): a periodic duty fell due, or the end of another case demands it.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::Permit;
use base::{Date, Id, kind};
use regulation::case::{CaseState, Context, OweCase, OwedCause, OwedClock, Players, lapse, players};
use regulation::duty::{DutyPeriod, per_authorisation, periods};
use regulation::pack::{Duty, DutyOnly, FactValue, Pack, ProcedureId, UnitCode};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Tx, settings};

use super::facts::{self, Facts};
use super::open::next_number;
use super::{CaseRecord, context, happened, load, written};
use crate::clock::new_id;
use crate::identity::Unit;
use crate::tenants::{self, Tenant, TenantState};
use crate::{App, Ctx, Error, Result};

/// The first day of the installation: nobody owes it anything of before.
const SINCE: &str = "duties/since";

/// Since when a duty is owed, once a version of the pack has followed another.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Since {
    /// Days since the epoch.
    day: i32,
    /// It came with that version: no period that opened earlier is owed.
    fresh: bool,
}

fn since_key(duty: &Duty) -> String {
    format!("duties/since/{}", duty.name)
}

/// Another version comes into force: duties it has in common with the old one go on as they were, so that no period is
/// opened twice and none is left out; those that come with it, or come more or less often, are owed from today.
pub(crate) async fn duties_follow(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    old: &Pack,
    new: &Pack,
) -> Result<()> {
    let today = context(app, new, ctx.now).today();
    let first = first_day(tx, today).await?;
    for duty in &new.duties {
        let same = |known: &&Duty| known.name == duty.name;
        let goes_on = old.duties.iter().find(same).is_some_and(|known| {
            (known.every, known.anchor, known.within.is_some())
                == (duty.every, duty.anchor, duty.within.is_some())
        });
        let key = since_key(duty);
        let since = match (goes_on, settings::get::<Since>(tx, &key).await?) {
            (true, Some(_)) => continue,
            (true, None) => {
                let day = old.in_force.0.map_or(first, |day| day.max(first));
                Since { day: day.days(), fresh: false }
            }
            (false, _) => Since { day: today.days(), fresh: true },
        };
        settings::put(tx, &key, &since, ctx.now).await?;
    }
    Ok(())
}

/// Opened periods read at once.
const PAGE: usize = 1_000;

/// That a period of a duty was opened for a party; there is one of each, whatever crashes or is asked again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DutyOpened {
    id: Id<kind::Case>,
    /// See [`DutyPeriod::key`].
    key: String,
}

impl Record for DutyOpened {
    const KIND: &'static str = "duty_opened";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("key", self.key.clone())]
    }
}

/// Cases of periods by the periods' keys, each with whether it has ended.
type OpenedCases = BTreeMap<String, (Id<kind::Case>, bool)>;

/// Those whose keys begin so. A case has the id of the record that says for what it was opened.
async fn opened(tx: &mut Tx<'_>, prefix: &str) -> Result<OpenedCases> {
    let mut all = OpenedCases::new();
    loop {
        let after = all.last_key_value().map(|(key, _)| key.clone());
        let after = after.as_deref();
        let page =
            records::named::<DutyOpened, CaseRecord>(tx, "key", prefix, super::OPEN, after, PAGE).await?;
        let last = page.len() < PAGE;
        all.extend(page.into_iter().map(|one| (one.value, (Id::from_uuid(one.id), !one.listed))));
        if last {
            return Ok(all);
        }
    }
}

/// Somebody who owes a duty.
#[derive(Debug)]
pub(crate) struct Party {
    /// What the duty's periods are told apart by: a unit's code or an authorisation's id.
    pub(crate) key: String,
    /// The units that may fill it in.
    pub(crate) units: Vec<UnitCode>,
    /// What is known of it.
    pub(crate) facts: Arc<Facts>,
    /// The day its obligation began.
    pub(crate) since: Date,
    /// Its last day, where the obligation has one.
    pub(crate) until: Option<Date>,
}

/// A period of a duty that a party owes, and its case once that is opened, with whether it has ended.
#[derive(Debug)]
pub(crate) struct Due<'a> {
    pub(crate) duty: &'a Duty,
    pub(crate) party: Arc<Party>,
    pub(crate) period: DutyPeriod,
    pub(crate) case: Option<(Id<kind::Case>, bool)>,
}

/// Every period of every duty that begins up to a day, of the parties wanted.
///
/// # Errors
/// Storage faults.
pub(crate) async fn due<'a>(
    app: &App,
    tx: &mut Tx<'_>,
    context: &Context<'a>,
    until: Date,
    wanted: impl Fn(&Party) -> bool + Send,
) -> Result<Vec<Due<'a>>> {
    let pack = context.pack;
    let authorisations = authorisations(tx).await?;
    let today = context.today();
    let first = first_day(tx, today).await?;
    let mut found = Vec::new();
    for duty in &pack.duties {
        let since = settings::get::<Since>(tx, &since_key(duty)).await?;
        let owed_from = since.filter(|since| since.fresh).map(|since| Date::from_days(since.day));
        let first = since.map_or_else(
            || pack.in_force.0.map_or(first, |day| day.max(first)),
            |since| Date::from_days(since.day),
        );
        let parties: Vec<Party> =
            parties(context, duty, &authorisations, first).into_iter().filter(&wanted).collect();
        let opened = match parties.as_slice() {
            [] => continue,
            [party] => opened(tx, &DutyPeriod::keys(duty, Some(&party.key))).await?,
            _ => opened(tx, &DutyPeriod::keys(duty, None)).await?,
        };
        for party in parties.into_iter().map(Arc::new) {
            let until = party.until.map_or(until, |last| last.min(until));
            let periods = periods(duty, app.packs().calendar(), &pack.counting, party.since, until);
            // What a later version demands is not owed for the time before it.
            for period in periods.into_iter().filter(|one| owed_from.is_none_or(|day| one.opens_on >= day)) {
                // Most of a long list lies ahead; nothing of that can have been opened.
                let begun = period.opens_on <= today;
                let case = begun.then(|| opened.get(&period.key(duty, &party.key)).copied()).flatten();
                found.push(Due { duty, party: Arc::clone(&party), period, case });
            }
        }
    }
    Ok(found)
}

/// Opens the cases of every period of every duty that has begun. Answers how many.
pub(super) async fn open_due(app: &App, ctx: &Ctx, permit: &Permit) -> Result<u64> {
    let pack = app.packs().current();
    let context = &context(app, &pack, ctx.now);
    let today = context.today();
    let (known, due) = app
        .store()
        .read("duty.due", |tx| {
            Box::pin(async move {
                let known = settings::get::<i32>(tx, SINCE).await?.is_some();
                let wanted = |party: &Party| !party.units.is_empty();
                Ok::<_, Error>((known, due(app, tx, context, today, wanted).await?))
            })
        })
        .await?;
    if !known {
        app.store()
            .system("duty.since", |tx| {
                Box::pin(
                    async move { Ok::<_, Error>(settings::put(tx, SINCE, &today.days(), ctx.now).await?) },
                )
            })
            .await?;
    }
    let mut opened = 0;
    for due in due.iter().filter(|due| due.case.is_none()) {
        // One that cannot be opened must not keep the others from it; the next sweep tries it again.
        match one(app, ctx, permit, &pack, due).await {
            Ok(()) => opened += 1,
            Err(error) => {
                let (duty, party) = (&due.duty.name, &due.party.key);
                tracing::error!(error.code = error.code(), error = ?error, duty, party, "a duty's case cannot be opened");
            }
        }
    }
    Ok(opened)
}

/// Every authorisation with what is known of it.
async fn authorisations(tx: &mut Tx<'_>) -> Result<Vec<(Tenant, Arc<Facts>)>> {
    let mut found = Vec::new();
    for tenant in records::all::<Tenant>(tx, "class", "authorisation", records::ALL_MAX).await? {
        let mut facts = tenants::facts_of(tx, &tenant.value).await?;
        facts.insert(facts::TENANT.to_owned(), FactValue::Text(tenant.value.id.to_string()));
        found.push((tenant.value, Arc::new(facts)));
    }
    Ok(found)
}

/// Who owes a duty: every authorisation in the state the duty asks for, or every unit of its role.
fn parties(
    context: &Context<'_>,
    duty: &Duty,
    authorisations: &[(Tenant, Arc<Facts>)],
    first: Date,
) -> Vec<Party> {
    let pack = context.pack;
    let units = |opener: &String, facts: &Facts| match players(
        context,
        &duty.role,
        opener,
        facts,
        &BTreeMap::new(),
    ) {
        Players::Units(units) => Some(units),
        Players::Anyone => None,
    };
    if !per_authorisation(pack, duty) {
        let party = |unit: UnitCode| Party {
            key: unit.clone(),
            units: vec![unit],
            facts: Arc::default(),
            since: first,
            until: pack.in_force.1,
        };
        return units(&String::new(), &Facts::new()).into_iter().flatten().map(party).collect();
    }
    let party = |(tenant, facts): &(Tenant, Arc<Facts>)| {
        let (since, last) = tenant.term.filter(|_| owes(duty, tenant))?;
        let units = units(&tenant.unit_code, facts)?;
        Some(Party { key: tenant.id.to_string(), units, facts: Arc::clone(facts), since, until: Some(last) })
    };
    authorisations.iter().filter_map(party).collect()
}

fn owes(duty: &Duty, tenant: &Tenant) -> bool {
    let agreed = matches!(tenant.state, TenantState::Agreed | TenantState::Active | TenantState::Suspended);
    agreed
        && duty.only.iter().all(|only| match only {
            DutyOnly::Authorised => true,
            DutyOnly::Open => tenant.is_open(),
            DutyOnly::Head => tenant.parent.is_none(),
        })
}

/// The installation's first day; today until the sweep has kept one.
async fn first_day(tx: &mut Tx<'_>, today: Date) -> Result<Date> {
    Ok(settings::get::<i32>(tx, SINCE).await?.map_or(today, Date::from_days))
}

async fn one(app: &App, ctx: &Ctx, permit: &Permit, pack: &Pack, due: &Due<'_>) -> Result<()> {
    let Due { duty, party, period, .. } = due;
    let opened = app
        .store()
        .transact(permit, "duty.open", |tx| {
            Box::pin(async move {
                if app.packs().governing(tx).await?.digest != pack.digest {
                    return Err(Error::Conflict("pack.followed"));
                }
                let id = new_id::<kind::Case>(ctx.now);
                let key = period.key(duty, &party.key);
                records::put(tx, &DutyOpened { id, key }, Expected::New, ctx.now).await?;
                let case = Owing {
                    id,
                    procedure: &duty.procedure,
                    title: period.title(duty),
                    units: party.units.clone(),
                    facts: Facts::clone(&party.facts),
                    cause: OwedCause::of_duty(duty, period),
                    due: Some(OwedClock::of_duty(duty, period)),
                    clauses: &duty.clauses,
                };
                owe(app, tx, permit, ctx, pack, case).await
            })
        })
        .await;
    app.committed();
    opened
}

/// The end of a case makes another one owed (转办).
pub(super) async fn opened_by_case(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    ctx: &Ctx,
    state: &CaseState,
    (procedure, units, facts): (&ProcedureId, &[UnitCode], &Facts),
    clauses: &[String],
) -> Result<()> {
    // New cases begin under the law of the day, whatever the ended one was kept under.
    let pack = app.packs().governing(tx).await?;
    let case = Owing {
        id: new_id(ctx.now),
        procedure,
        title: state.title.clone(),
        units: units.to_vec(),
        facts: facts.clone(),
        cause: OwedCause::of_case(state),
        due: None,
        clauses,
    };
    owe(app, tx, permit, ctx, &pack, case).await
}

/// An authorisation was destroyed: what was owed about it and nobody has filled in is owed no longer.
pub(crate) async fn lapsed(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    ctx: &Ctx,
    tenant: Id<kind::Tenant>,
    clauses: &[String],
) -> Result<()> {
    for case in records::all::<CaseRecord>(tx, "tenant", &tenant.to_string(), records::ALL_MAX).await? {
        if case.value.outcome.is_some() {
            continue;
        }
        let loaded = load(tx, case.value.id).await?;
        let pack = app.packs().version(&loaded.state.pack)?;
        let context = &context(app, &pack, ctx.now);
        let events = lapse(&loaded.state, clauses, context);
        if !events.is_empty() {
            let state = happened(tx, Some(loaded), &events).await?;
            written(app, tx, permit, ctx.now, context, &state, &events).await?;
        }
    }
    Ok(())
}

/// A case about to be owed.
struct Owing<'a> {
    id: Id<kind::Case>,
    procedure: &'a str,
    title: String,
    units: Vec<UnitCode>,
    facts: Facts,
    cause: OwedCause,
    due: Option<OwedClock>,
    clauses: &'a [String],
}

async fn owe(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    ctx: &Ctx,
    pack: &Pack,
    case: Owing<'_>,
) -> Result<()> {
    let context: &Context<'_> = &context(app, pack, ctx.now);
    let procedure = pack.procedures.get(case.procedure);
    let procedure = procedure.ok_or_else(|| Error::invalid("case.procedure", case.procedure))?;
    let number = next_number(tx, &procedure.number_prefix, context.today().year(), ctx).await?;
    let mut unit_name = String::new();
    if let Some(code) = case.units.first() {
        let unit = records::by_unique::<Unit>(tx, "code", code).await?;
        unit_name = unit.map_or_else(|| code.clone(), |unit| unit.value.name);
    }
    let owed = OweCase {
        id: case.id,
        number: regulation::case::number(&procedure.number_prefix, context.today().year(), number),
        procedure: procedure.id.clone(),
        title: case.title,
        units: case.units,
        unit_name,
        facts: case.facts,
        parties: BTreeMap::new(),
        cause: case.cause,
        due: case.due,
        clauses: case.clauses.to_vec(),
    };
    let events = regulation::case::owe(context, &owed).map_err(Error::Rejected)?;
    let state = happened(tx, None, &events).await?;
    written(app, tx, permit, ctx.now, context, &state, &events).await
}
