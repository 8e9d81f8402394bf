//! Cases that the platform opens by itself (应办件): a periodic duty fell due, or the end of another case demands it.

use std::collections::BTreeMap;

use access::Permit;
use base::{Date, Id, kind};
use regulation::case::{CaseState, Context, OweCase, OwedCause, OwedClock, Players, fold, players};
use regulation::duty::{DutyPeriod, per_authorisation, periods};
use regulation::pack::{Duty, DutyOnly, FactValue, Pack, ProcedureId, UnitCode};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Tx, settings};

use super::facts::{self, Facts};
use super::open::next_number;
use super::{CaseRecord, append, context, project};
use crate::clock::new_id;
use crate::identity::Unit;
use crate::journal::Note;
use crate::tenants::{self, Tenant, TenantState};
use crate::{App, Ctx, Error, Result};

/// The first day of the installation: nobody owes it anything of before.
const SINCE: &str = "duties/since";

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

impl DutyOpened {
    /// The case of a period, and whether it has ended.
    pub(crate) async fn of(tx: &mut Tx<'_>, key: &str) -> Result<Option<(Id<kind::Case>, bool)>> {
        let Some(opened) = records::by_unique::<Self>(tx, "key", key).await? else { return Ok(None) };
        let case = records::get::<CaseRecord>(tx, opened.value.id.uuid()).await?;
        Ok(Some((opened.value.id, case.is_some_and(|case| case.value.outcome.is_some()))))
    }
}

/// Somebody who owes a duty.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    /// What the duty's periods are told apart by: a unit's code or an authorisation's id.
    pub(crate) key: String,
    /// The units that may fill it in.
    pub(crate) units: Vec<UnitCode>,
    /// What is known of it.
    pub(crate) facts: Facts,
    /// The day its obligation began.
    pub(crate) since: Date,
    /// Its last day, where the obligation has one.
    pub(crate) until: Option<Date>,
}

/// Opens the cases of every period of every duty that has begun. Answers how many.
pub(super) async fn open_due(app: &App, ctx: &Ctx, permit: &Permit) -> Result<u64> {
    let pack = app.packs().current();
    let today = context(app, &pack, ctx.now).today();
    let parties = app
        .store()
        .system("duty.parties", |tx| {
            let pack = &pack;
            Box::pin(async move {
                if settings::get::<i32>(tx, SINCE).await?.is_none() {
                    settings::put(tx, SINCE, &today.days(), ctx.now).await?;
                }
                let mut all = Vec::new();
                for duty in &pack.duties {
                    for party in parties(app, tx, ctx, pack, duty).await? {
                        all.push((duty, party));
                    }
                }
                Ok::<_, Error>(all)
            })
        })
        .await?;
    let mut opened = 0;
    for (duty, party) in &parties {
        let until = party.until.map_or(today, |last| last.min(today));
        for period in periods(duty, app.packs().calendar(), &pack.counting, party.since, until) {
            // One that cannot be opened must not keep the others from it; the next sweep tries it again.
            match one(app, ctx, permit, &pack, duty, party, &period).await {
                Ok(done) => opened += u64::from(done),
                Err(error) => {
                    tracing::error!(error.code = error.code(), error = ?error, duty = duty.name, party = party.key, "a duty's case cannot be opened");
                }
            }
        }
    }
    Ok(opened)
}

/// Who owes a duty: every authorisation in the state the duty asks for, or every unit of its role.
///
/// # Errors
/// Storage faults.
pub(crate) async fn parties(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    pack: &Pack,
    duty: &Duty,
) -> Result<Vec<Party>> {
    let context = context(app, pack, ctx.now);
    if !per_authorisation(pack, duty) {
        let first = first_day(tx, context.today()).await?;
        let since = pack.in_force.0.map_or(first, |day| day.max(first));
        let Players::Units(units) =
            players(&context, &duty.role, &String::new(), &Facts::new(), &BTreeMap::new())
        else {
            return Ok(Vec::new());
        };
        let party = |unit: UnitCode| Party {
            key: unit.clone(),
            units: vec![unit],
            facts: Facts::new(),
            since,
            until: pack.in_force.1,
        };
        return Ok(units.into_iter().map(party).collect());
    }
    let mut found = Vec::new();
    for tenant in records::all::<Tenant>(tx, "class", "authorisation", records::ALL_MAX).await? {
        let tenant = tenant.value;
        let Some((first, last)) = tenant.term.filter(|_| owes(duty, &tenant)) else { continue };
        let mut facts = tenants::facts_of(tx, &tenant).await?;
        facts.insert(facts::TENANT.to_owned(), FactValue::Text(tenant.id.to_string()));
        let Players::Units(units) =
            players(&context, &duty.role, &tenant.unit_code, &facts, &BTreeMap::new())
        else {
            continue;
        };
        found.push(Party { key: tenant.id.to_string(), units, facts, since: first, until: Some(last) });
    }
    Ok(found)
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

async fn one(
    app: &App,
    ctx: &Ctx,
    permit: &Permit,
    pack: &Pack,
    duty: &Duty,
    party: &Party,
    period: &DutyPeriod,
) -> Result<bool> {
    let key = &period.key(duty, &party.key);
    let known = app
        .store()
        .read("duty.known", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::by_unique::<DutyOpened>(tx, "key", key).await?) })
        })
        .await?;
    if known.is_some() || party.units.is_empty() {
        return Ok(false);
    }
    let opened = app
        .store()
        .transact(permit, "duty.open", |tx| {
            Box::pin(async move {
                let id = new_id::<kind::Case>(ctx.now);
                records::put(tx, &DutyOpened { id, key: key.clone() }, Expected::New, ctx.now).await?;
                let case = Owing {
                    id,
                    procedure: &duty.procedure,
                    title: period.title(duty),
                    units: party.units.clone(),
                    facts: party.facts.clone(),
                    cause: OwedCause::of_duty(duty, period),
                    due: Some(OwedClock::of_duty(duty, period)),
                    clauses: &duty.clauses,
                };
                owe(app, tx, permit, ctx, pack, case).await
            })
        })
        .await;
    app.committed();
    opened.map(|()| true)
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
    let pack = app.packs().current();
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
    let id = case.id;
    let owed = OweCase {
        id,
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
    append(tx, id, 0, &events).await?;
    let state = fold(&events).ok_or_else(|| Error::internal("case.fold", "no state"))?;
    project(tx, context, &state, ctx.now).await?;
    let clauses: Vec<String> = events.iter().flat_map(|event| event.clauses.clone()).collect();
    let note = Note { subject: format!("case/{id}"), tenant: None, clauses: &clauses, payload: &events };
    app.record(tx, permit, ctx.now, note).await?;
    Ok(())
}
