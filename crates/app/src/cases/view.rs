//! Reading a case: state, buttons, clocks and timeline for one person.

use std::sync::Arc;

use access::Action;
use base::{Id, kind};
use regulation::case::{
    Actor, Available, CaseState, ClockView, TimelineEntry, available_with, clocks, may_read, timeline,
};
use regulation::pack::{Form, Pack, Procedure};
use serde::Serialize;

use super::{CaseRecord, Loaded, actor, context, load, observe, record, related, resource};
use crate::{App, Ctx, Error, Result};

/// Everything a case page shows.
#[derive(Debug, Clone, Serialize)]
pub struct CaseView {
    /// The line of the lists.
    pub record: CaseRecord,
    /// The state.
    pub state: CaseState,
    /// What this person may do.
    pub actions: Vec<Available>,
    /// Clocks, each with its clause and counted days.
    pub clocks: Vec<ClockView>,
    /// What happened.
    pub timeline: Vec<TimelineEntry>,
    /// The version of the pack the case runs under, whatever came into force since.
    #[serde(skip)]
    pub pack: Arc<Pack>,
    /// The procedure, for labels.
    pub procedure: Procedure,
    /// The forms the case uses, as printed.
    pub forms: Vec<Form>,
}

/// Reads a case. Sealed votes of others are not in it until the result stands.
///
/// # Errors
/// `case.unknown` when there is none or this person may not see it.
pub async fn case_view(app: &App, ctx: &Ctx, id: Id<kind::Case>) -> Result<CaseView> {
    let unknown = || Error::NotFound("case.unknown");
    let me = &actor(ctx);
    let (record, loaded) = readable(app, ctx, id).await?;
    let pack = app.packs().version(&loaded.state.pack)?;
    let from =
        &observe::From { pack: &pack, procedure: &loaded.state.procedure, unit: &me.unit, case: Some(id) };
    let facts = &loaded.state.facts;
    let observed = app
        .store()
        .read("case.related", |tx| Box::pin(async move { related::observed(tx, from, facts).await }))
        .await?;
    let context = context(app, &pack, ctx.now);
    let procedure = pack.procedures.get(&loaded.state.procedure).cloned().ok_or_else(unknown)?;
    let actions = available_with(&loaded.state, me, &context, &observed);
    let forms = loaded.state.forms.keys().filter_map(|id| pack.forms.get(id).cloned()).collect();
    Ok(CaseView {
        actions,
        clocks: clocks(&loaded.state, &context),
        timeline: timeline(&loaded.events),
        record,
        state: hide_sealed(loaded.state, me),
        pack: Arc::clone(&pack),
        procedure,
        forms,
    })
}

/// A case that this person may read.
///
/// # Errors
/// `case.unknown` when there is none or this person may not see it.
pub(crate) async fn readable(app: &App, ctx: &Ctx, id: Id<kind::Case>) -> Result<(CaseRecord, Loaded)> {
    let (record, loaded, known) = app
        .store()
        .read("case.view", |tx| {
            Box::pin(async move {
                let record = record(tx, id).await?;
                let known = resource(tx, &record).await?;
                Ok::<_, Error>((record, load(tx, id).await?, known))
            })
        })
        .await?;
    let pack = app.packs().version(&loaded.state.pack)?;
    let by_law = || may_read(&loaded.state, &ctx.principal.unit_code, &context(app, &pack, ctx.now));
    if app.permit(ctx, Action::CaseView, known).is_err() && !(ctx.is_person() && by_law()) {
        return Err(Error::NotFound("case.unknown"));
    }
    Ok((record, loaded))
}

/// The procedures this person's unit may open, in the order of the pack's stages.
#[must_use]
pub fn procedures(app: &App, ctx: &Ctx) -> Vec<Procedure> {
    let pack = app.packs().current();
    let unit = &ctx.principal.unit_code;
    pack.procedures
        .values()
        .filter(|procedure| match pack.roles.get(&procedure.opener) {
            Some(role) => role.units.is_empty() || role.units.contains(unit),
            None => false,
        })
        .cloned()
        .collect()
}

/// A procedure and its opening form, to be filled.
///
/// # Errors
/// `case.procedure` for an unknown one.
pub fn preview_form(app: &App, procedure: &str) -> Result<(Arc<Pack>, Procedure, Option<Form>)> {
    let pack = app.packs().current();
    let found = pack.procedures.get(procedure).cloned();
    let found = found.ok_or_else(|| Error::invalid("case.procedure", procedure))?;
    let form = found.form.as_ref().and_then(|id| pack.forms.get(id)).cloned();
    Ok((pack, found, form))
}

/// Votes, what is stated with them, and opinions that are still sealed are shown to their author only: reviewers vote blind.
fn hide_sealed(mut state: CaseState, me: &Actor) -> CaseState {
    for act in state.acts.iter_mut().filter(|act| act.sealed && act.by.person != me.person) {
        act.vote = None;
        act.facts.clear();
    }
    state.opinions.retain(|opinion| !opinion.sealed || opinion.by.person == me.person);
    state
}
