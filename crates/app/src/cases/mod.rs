//! Cases (办件): opening them, acting in them, listing them. The law is in the packs, the arithmetic in
//! `regulation::case`; here both meet the records, the journal and the rest of the platform.

mod act;
mod attachment_kind;
mod attachments;
mod effects;
pub mod facts;
mod inbox;
mod names;
mod observe;
mod open;
mod owe;
mod recount;
mod related;
mod sweep;
mod versions;
mod view;

pub use act::{ActRequest, act};
pub use attachment_kind::endings;
pub(crate) use attachments::deliver;
pub use attachments::{AttachmentBytes, StagedAttachment, attachment, upload_attachment};
pub use inbox::{Filter, Inbox, InboxCounts, InboxItem, TaskBox, counts, inbox, inbox_of};
pub(crate) use inbox::{cursor_text, parse_cursor};
pub use names::subject_names;
pub use open::{AttachmentRef, OpenRequest, Opened, open};
#[cfg(test)]
pub(crate) use owe::lapsed;
pub(crate) use owe::{Due, Party, due, duties_follow};
pub(crate) use sweep::sweep;
pub(crate) use versions::{carry, would_move};
pub use view::{CaseView, case_view, preview_form, procedures};
pub(crate) use view::{readable, without_ballots};

use access::{Life, Permit, ResourceRef, Thing};
use base::{Date, Digest, Id, Timestamp, kind};
use regulation::case::{
    Actor, CaseState, Context, Event, EventBody, Players, clocks, evolve, fold, open_tasks, participants,
    players, wakes,
};
use regulation::pack::Pack;
use serde::{Deserialize, Serialize};
use storage::records::{self, Key, Record};
use storage::{Tx, events};

use crate::identity::Unit;
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// Events read for one case at most; a case with more is stuck in a loop of its own making.
const EVENTS_MAX: u32 = 10_000;

/// The list of cases that the passing of days does something to, those first that wake first.
const WAKES: &str = "wakes";
/// The list of cases that have not ended, those first that are due first.
pub(crate) const OPEN: &str = "open";
/// The lists of cases of a procedure about an authorisation, in the order of their opening.
const RECENT: &str = "recent";

/// Which of the lists of [`RECENT`].
fn recent(tenant: Id<kind::Tenant>, procedure: &str) -> String {
    format!("{tenant}/{procedure}")
}

/// The projection of a case that lists are made of. The events are the truth; this can be made again from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// Id.
    pub id: Id<kind::Case>,
    /// People's number, for example `SQ-2026-0001`.
    pub number: String,
    /// Pack id.
    pub pack: String,
    /// The pack's version; unknown in records of before versions could follow each other.
    #[serde(default)]
    pub digest: Option<Digest>,
    /// Procedure.
    pub procedure: String,
    /// Title.
    pub title: String,
    /// Who opened it.
    pub opener: Actor,
    /// When.
    pub opened_at: Timestamp,
    /// Last event.
    pub updated_at: Timestamp,
    /// Open step, if any.
    pub step: Option<String>,
    /// Outcome words and whether granted, once ended.
    pub outcome: Option<(String, bool)>,
    /// The earliest running due day.
    pub due: Option<Date>,
    /// A clock is stopped.
    pub stopped: bool,
    /// From when on the passing of days does something to it, counted with the calendar this was written under.
    #[serde(default)]
    pub wakes: Option<Timestamp>,
    /// Units that must act now.
    pub todo: Vec<String>,
    /// Units that take part.
    pub participants: Vec<String>,
    /// Persons who have acted.
    pub actors: Vec<Id<kind::Person>>,
    /// The authorisation it is about.
    pub tenant: Option<Id<kind::Tenant>>,
    /// Things it is about, by id, for finding the case of a model, export, product …
    pub about: Vec<String>,
}

impl CaseRecord {
    /// The projection of a state, with the clocks counted by this calendar.
    #[must_use]
    pub fn of(state: &CaseState, ctx: &Context<'_>, updated_at: Timestamp) -> Self {
        let views = clocks(state, ctx);
        let running = views.iter().filter(|clock| clock.done_on.is_none());
        let mut todo: Vec<String> = open_tasks(state).into_iter().filter_map(|task| task.unit).collect();
        todo.sort();
        todo.dedup();
        let mut actors: Vec<_> = state.acts.iter().map(|act| act.by.person).collect();
        actors.sort();
        actors.dedup();
        Self {
            id: state.id,
            number: state.number.clone(),
            pack: state.pack.id.clone(),
            digest: Some(state.pack.digest),
            procedure: state.procedure.clone(),
            title: state.title.clone(),
            opener: state.opener.clone(),
            opened_at: state.opened_at,
            updated_at,
            step: state.step.as_ref().map(|open| open.step.clone()),
            outcome: state.ended.as_ref().map(|end| (end.outcome.clone(), end.granted)),
            due: running.filter_map(|clock| clock.due).min(),
            stopped: state.awaiting.is_some(),
            wakes: wakes(state, ctx).map(|day| day.start_at(ctx.pack.counting.utc_offset_seconds)),
            todo,
            participants: participants(state).into_iter().chain(waivers(state, ctx)).collect(),
            actors,
            tenant: facts::tenant(&state.facts),
            about: state.facts.iter().filter_map(|(key, value)| facts::reference(key, value)).collect(),
        }
    }
}

impl Record for CaseRecord {
    const KIND: &'static str = "case";

    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }

    fn keys(&self) -> Vec<Key> {
        let sort = self.updated_at.micros();
        let mut keys = vec![
            Key::new("all", "", sort),
            Key::new("mine", &self.opener.unit, sort),
            Key::new("procedure", &self.procedure, sort),
        ];
        // The inbox shows what is due first; cases without a clock come after those with one.
        let due = self.due.map_or(i64::from(i32::MAX), |due| i64::from(due.days()));
        keys.extend(self.todo.iter().map(|unit| Key::new("todo", unit, due)));
        keys.extend(self.participants.iter().map(|unit| Key::new("participant", unit, sort)));
        keys.extend(self.actors.iter().map(|person| Key::new("done", person, sort)));
        keys.extend(self.about.iter().map(|id| Key::new("about", id, sort)));
        if let Some(tenant) = self.tenant {
            keys.push(Key::new("tenant", tenant, sort));
            keys.push(Key::new(RECENT, recent(tenant, &self.procedure), self.opened_at.micros()));
        }
        keys.extend(self.wakes.iter().map(|wakes| Key::new(WAKES, "", wakes.micros())));
        if self.outcome.is_none() {
            keys.push(Key::new(OPEN, "", due));
        }
        keys
    }

    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("number", self.number.clone())]
    }
}

/// A loaded case.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) state: CaseState,
    pub(crate) events: Vec<Event>,
    /// Version of the event stream, for the next append.
    pub(crate) version: i64,
}

pub(crate) fn stream(id: Id<kind::Case>) -> String {
    format!("case/{id}")
}

/// Loads and folds a case.
pub(crate) async fn load(tx: &mut Tx<'_>, id: Id<kind::Case>) -> Result<Loaded> {
    let stored = events::load(tx, &stream(id), 1, EVENTS_MAX).await?;
    let events = stored
        .iter()
        .map(|event| {
            serde_json::from_slice(&event.body).map_err(|error| Error::internal("case.event", error))
        })
        .collect::<Result<Vec<Event>>>()?;
    let version = stored.last().map_or(0, |event| event.version);
    let state = fold(&events).ok_or(Error::NotFound("case.unknown"))?;
    Ok(Loaded { state, events, version })
}

/// Appends events to a case's stream.
async fn append(tx: &mut Tx<'_>, id: Id<kind::Case>, version: i64, new: &[Event]) -> Result<i64> {
    let rows = new
        .iter()
        .map(|event| {
            let body = base::canonical_json(event).map_err(|error| Error::internal("case.event", error))?;
            Ok(events::NewEvent { kind: "case".to_owned(), at: event.at, body })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(events::append(tx, &stream(id), version, &rows).await?)
}

/// Appends what happened to a case, or begins one, and answers the state after it.
async fn happened(tx: &mut Tx<'_>, before: Option<Loaded>, new: &[Event]) -> Result<CaseState> {
    let (state, version) = before.map_or((None, 0), |loaded| (Some(loaded.state), loaded.version));
    let state = new.iter().fold(state, evolve);
    let state = state.ok_or_else(|| Error::internal("case.fold", "no state"))?;
    append(tx, state.id, version, new).await?;
    Ok(state)
}

/// Projects a case after what happened to it, writes the journal row and orders its papers; the last of every change to a
/// case.
async fn written(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    now: Timestamp,
    context: &Context<'_>,
    state: &CaseState,
    new: &[Event],
) -> Result<()> {
    project(tx, context, state, now).await?;
    // While a ballot is sealed, so is the button it was cast with, whose clauses stand in the clear here.
    let counted = new.iter().any(|event| matches!(event.body, EventBody::VoteCounted { .. }));
    let open = |event: &&Event| counted || !matches!(event.body, EventBody::Voted { sealed: true, .. });
    let clauses: Vec<String> = new.iter().filter(open).flat_map(|event| event.clauses.clone()).collect();
    let note = Note { subject: format!("case/{}", state.id), tenant: None, clauses: &clauses, payload: &new };
    app.record(tx, permit, now, note).await?;
    crate::papers::order(tx, context.pack, state, new, now).await
}

/// The kernel's context of a case: the pack version it runs under.
pub(crate) fn context<'a>(app: &'a App, pack: &'a Pack, now: Timestamp) -> Context<'a> {
    Context { pack, calendar: app.packs().calendar(), now }
}

/// Who acts, as the kernel knows them.
pub(crate) fn actor(ctx: &Ctx) -> Actor {
    Actor {
        person: ctx.principal.person,
        unit: ctx.principal.unit_code.clone(),
        unit_name: ctx.unit_name.clone(),
        person_name: ctx.person_name.clone(),
    }
}

/// Writes the projection anew from the state.
pub(crate) async fn project(
    tx: &mut Tx<'_>,
    ctx: &Context<'_>,
    state: &CaseState,
    updated_at: Timestamp,
) -> Result<()> {
    let record = CaseRecord::of(state, ctx, updated_at);
    records::put(tx, &record, records::Expected::Any, updated_at).await?;
    crate::objections::project(tx, ctx, state, &record).await
}

/// Who may let an owed case go takes part in it as long as it waits.
fn waivers(state: &CaseState, ctx: &Context<'_>) -> Vec<String> {
    let procedure = ctx.pack.procedures.get(&state.procedure);
    let waiver = procedure.and_then(|procedure| procedure.waiver.as_ref());
    let Some(role) = waiver.filter(|_| state.waits_for_opener()) else { return Vec::new() };
    match players(ctx, role, &state.opener.unit, &state.facts, &state.parties) {
        Players::Units(units) => units,
        Players::Anyone => Vec::new(),
    }
}

/// What the policies need to know about a case.
pub(crate) async fn resource(tx: &mut Tx<'_>, record: &CaseRecord) -> Result<ResourceRef> {
    let mut units = Vec::new();
    for code in &record.participants {
        if let Some(unit) = records::by_unique::<Unit>(tx, "code", code).await? {
            units.push(unit.value.id);
        }
    }
    let opener = records::by_unique::<Unit>(tx, "code", &record.opener.unit).await?;
    let mut resource = ResourceRef::new(Thing::Case, record.id).with_participants(units);
    if record.outcome.is_some() {
        resource = resource.with_life(Life::Closed);
    }
    if let Some(opener) = opener {
        resource = resource.with_owner(opener.value.id).with_requester(record.opener.person, opener.value.id);
    }
    Ok(resource)
}

/// The projection of a case.
pub(crate) async fn record(tx: &mut Tx<'_>, id: Id<kind::Case>) -> Result<CaseRecord> {
    let found = records::get::<CaseRecord>(tx, id.uuid()).await?;
    found.map(|found| found.value).ok_or(Error::NotFound("case.unknown"))
}
