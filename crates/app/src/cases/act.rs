//! Acting in a case.

use std::collections::BTreeMap;

use access::{Action, Permit, Standing};
use base::{Id, kind};
use regulation::case::{Actor, Ballot, CaseState, Command, Defect, FormValues, Meeting, People, decide};
use regulation::pack::{CommandKind, FactValue, FormId, Pack};
use serde::{Deserialize, Serialize};
use storage::{Tx, records};

use super::open::{AttachmentRef, Opened};
use super::{actor, attachments, context, effects, happened, load, observe, record, resource, written};
use crate::identity::Person;
use crate::{App, Ctx, Error, Result, exports};

/// Cases one meeting decides.
const AGENDA_MAX: usize = 50;

/// A command of a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActRequest {
    /// Command.
    pub command: CommandKind,
    /// Step, where several are open.
    #[serde(default)]
    pub step: Option<String>,
    /// Opinion.
    #[serde(default)]
    pub opinion: Option<String>,
    /// Form values.
    #[serde(default)]
    pub form: FormValues,
    /// Attachments.
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
    /// Facts.
    #[serde(default)]
    pub facts: BTreeMap<String, FactValue>,
    /// What must be corrected, all at once.
    #[serde(default)]
    pub defects: Vec<Defect>,
    /// A vote.
    #[serde(default)]
    pub vote: Option<Ballot>,
    /// Codes of the units to ask, to drop or to hand over to.
    #[serde(default)]
    pub units: Vec<String>,
    /// The colleague who is to act.
    #[serde(default)]
    pub delegate: Option<Id<kind::Person>>,
    /// The published seed of a draw.
    #[serde(default)]
    pub seed: Option<String>,
    /// The meeting that took a resolution.
    #[serde(default)]
    pub meeting: Option<Meeting>,
    /// The version the person saw; another one is a conflict. Absent: whatever it is now.
    #[serde(default)]
    pub version: Option<u64>,
}

/// Carries out a command. A meeting's resolution is carried out in every case of its agenda, in one transaction: all of
/// them move or none.
///
/// # Errors
/// [`Error::Rejected`] with clause and remedy; not allowed; `case.unknown`; `storage.conflict` when somebody else was
/// faster.
pub async fn act(app: &App, ctx: &Ctx, id: Id<kind::Case>, request: &ActRequest) -> Result<Opened> {
    let mut cases = vec![id];
    for other in request.meeting.iter().flat_map(|meeting| &meeting.agenda) {
        if !cases.contains(other) {
            cases.push(*other);
        }
    }
    if cases.len() > AGENDA_MAX {
        return Err(Error::invalid("case.agenda", cases.len().to_string()));
    }
    let mut permits = Vec::with_capacity(cases.len());
    for case in cases {
        let permit = permit(app, ctx, case, request.command).await;
        // A case of the agenda that is none of the sender's is as unknown as one that does not exist.
        let permit = permit.map_err(|error| match error {
            Error::Forbidden(_) if case != id => Error::NotFound("case.unknown"),
            error => error,
        });
        permits.push((case, permit?));
    }
    let Some((_, permit)) = permits.first() else { return Err(Error::NotFound("case.unknown")) };
    let refused =
        request.command == CommandKind::Refuse || request.vote.is_some_and(|vote| vote == Ballot::Refuse);
    exports::answer(app, ctx, permit, id, request.command, refused).await?;
    let permits = &permits;
    app.command(ctx, permit, "case.act", &(id, request), move |tx| {
        Box::pin(async move {
            let mut first = None;
            for (case, permit) in permits {
                // The sender saw one case; those that are decided along with it are as they are.
                let seen = request.version.filter(|_| *case == id);
                let done = one(app, tx, permit, ctx, (*case, seen), request).await?;
                first.get_or_insert(done);
            }
            first.ok_or(Error::NotFound("case.unknown"))
        })
    })
    .await
}

async fn permit(app: &App, ctx: &Ctx, id: Id<kind::Case>, command: CommandKind) -> Result<Permit> {
    let known = app
        .store()
        .read("case.record", |tx| {
            Box::pin(async move {
                let record = record(tx, id).await?;
                resource(tx, &record).await
            })
        })
        .await?;
    // The policies know a decided case as closed; the kernel gives the better refusal, with the clause.
    let action = if decides(command) { Action::CaseDecide } else { Action::CaseAct };
    app.permit(ctx, action, known.with_life(access::Life::Live))
}

async fn one(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    ctx: &Ctx,
    (id, seen): (Id<kind::Case>, Option<u64>),
    request: &ActRequest,
) -> Result<Opened> {
    let loaded = load(tx, id).await?;
    if seen.is_some_and(|version| version != loaded.state.version) {
        return Err(Error::Conflict("storage.conflict"));
    }
    let pack = app.packs().version(&loaded.state.pack)?;
    let context = context(app, &pack, ctx.now);
    let form = observed_form(&loaded.state, &pack);
    let mut stated = loaded.state.facts.clone();
    stated.extend(request.facts.clone());
    let from = observe::From {
        pack: &pack,
        procedure: &loaded.state.procedure,
        unit: &ctx.principal.unit_code,
        case: Some(id),
    };
    let command = Command {
        kind: request.command,
        step: request.step.clone(),
        opinion: request.opinion.clone().filter(|text| !text.trim().is_empty()),
        form: request.form.clone(),
        attachments: attachments::resolve(tx, ctx, &request.attachments).await?,
        facts: request.facts.clone(),
        observed: observe::observed(app, tx, form.as_ref(), &request.form, &stated, &from).await?,
        defects: request.defects.clone(),
        vote: request.vote,
        people: people(tx, ctx, request).await?,
    };
    let new = decide(&loaded.state, &command, &actor(ctx), &context).map_err(Error::Rejected)?;
    let state = happened(tx, Some(loaded), &new).await?;
    effects::apply(app, tx, permit, ctx, &state, &new).await?;
    written(app, tx, permit, ctx.now, &context, &state, &new).await?;
    Ok(Opened { id, number: state.number })
}

/// The form whose resources the platform looks at: the one the case was opened with, or will be.
fn observed_form(state: &CaseState, pack: &Pack) -> Option<FormId> {
    let form = || pack.procedures.get(&state.procedure).and_then(|procedure| procedure.form.clone());
    state.form_id.clone().or_else(|| if state.waits_for_opener() { form() } else { None })
}

/// Whom a command is about. A colleague is one of the sender's own unit who is not shut out.
async fn people(tx: &mut Tx<'_>, ctx: &Ctx, request: &ActRequest) -> Result<People> {
    let delegate = match request.delegate {
        None => None,
        Some(id) => {
            let person = records::get::<Person>(tx, id.uuid()).await?;
            let person = person
                .map(|person| person.value)
                .filter(|person| person.unit == ctx.principal.unit && person.standing == Standing::Active);
            let person = person.ok_or_else(|| Error::invalid("case.delegate", id.to_string()))?;
            Some(Actor {
                person: person.id,
                unit: ctx.principal.unit_code.clone(),
                unit_name: ctx.unit_name.clone(),
                person_name: person.name,
            })
        }
    };
    let (units, seed, meeting) = (request.units.clone(), request.seed.clone(), request.meeting.clone());
    Ok(People { units, delegate, seed, meeting })
}

/// Whether a command judges what somebody asked for. Such a command is closed to who asked.
const fn decides(command: CommandKind) -> bool {
    command.concludes()
        || matches!(
            command,
            CommandKind::Accept | CommandKind::ReturnForCorrection | CommandKind::AcceptRectification
        )
}
