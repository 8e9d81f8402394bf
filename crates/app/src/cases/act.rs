//! Acting in a case.

use std::collections::BTreeMap;

use access::Action;
use base::{Id, kind};
use regulation::case::{Ballot, Command, Defect, FormValues, decide, evolve};
use regulation::pack::{CommandKind, FactValue};
use serde::{Deserialize, Serialize};

use super::open::{AttachmentRef, Opened};
use super::{actor, append, attachments, context, effects, load, observe, project, record, resource};
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

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
    /// The version the person saw; another one is a conflict. Absent: whatever it is now.
    #[serde(default)]
    pub version: Option<u64>,
}

/// Carries out a command.
///
/// # Errors
/// [`Error::Rejected`] with clause and remedy; not allowed; `case.unknown`; `storage.conflict` when somebody else was
/// faster.
pub async fn act(app: &App, ctx: &Ctx, id: Id<kind::Case>, request: &ActRequest) -> Result<Opened> {
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
    let action = if decides(request.command) { Action::CaseDecide } else { Action::CaseAct };
    let permit = app.permit(ctx, action, known.with_life(access::Life::Live))?;
    let permit = &permit;
    app.command(ctx, permit, "case.act", &(id, request), move |tx| {
        Box::pin(async move {
            let loaded = load(tx, id).await?;
            if request.version.is_some_and(|version| version != loaded.state.version) {
                return Err(Error::Conflict("storage.conflict"));
            }
            let pack = app.packs().version(&loaded.state.pack)?;
            let context = context(app, &pack, ctx.now);
            let form = loaded.state.form_id.clone();
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
                people: regulation::case::People::none(),
            };
            let new = decide(&loaded.state, &command, &actor(ctx), &context).map_err(Error::Rejected)?;
            append(tx, id, loaded.version, &new).await?;
            let state = new.iter().fold(Some(loaded.state), evolve);
            let state = state.ok_or_else(|| Error::internal("case.fold", "no state"))?;
            effects::apply(app, tx, permit, ctx, &state, &new).await?;
            project(tx, &context, &state, ctx.now).await?;
            let clauses: Vec<String> = new.iter().flat_map(|event| event.clauses.clone()).collect();
            let note = Note { subject: format!("case/{id}"), tenant: None, clauses: &clauses, payload: &new };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(Opened { id, number: state.number })
        })
    })
    .await
}

/// Whether a command judges what somebody asked for. Such a command is closed to who asked.
const fn decides(command: CommandKind) -> bool {
    matches!(
        command,
        CommandKind::Accept
            | CommandKind::ReturnForCorrection
            | CommandKind::Approve
            | CommandKind::ApprovePartly
            | CommandKind::Refuse
            | CommandKind::Vote
            | CommandKind::Resolve
            | CommandKind::Determine
            | CommandKind::Examine
            | CommandKind::AcceptRectification
            | CommandKind::Evaluate
    )
}
