//! Reading a case: state, buttons, clocks and timeline for one person.

use access::Action;
use base::{Id, kind};
use regulation::case::{
    Actor, Available, CaseState, ClockView, TimelineEntry, available_with, clocks, may_read, timeline,
};
use regulation::pack::{Form, Pack, Procedure};
use serde::Serialize;

use super::{CaseRecord, actor, context, load, observe, record, related, resource};
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
    let (record, loaded, known, observed, pack) = app
        .store()
        .read("case.view", |tx| {
            Box::pin(async move {
                let record = record(tx, id).await?;
                let known = resource(tx, &record).await?;
                let loaded = load(tx, id).await?;
                let pack = app.packs().version(tx, &loaded.state.pack).await?;
                let procedure = &loaded.state.procedure;
                let from = observe::From { pack: &pack, procedure, unit: &me.unit, case: Some(id) };
                let observed = related::observed(tx, &from, &loaded.state.facts).await?;
                Ok::<_, Error>((record, loaded, known, observed, pack))
            })
        })
        .await?;
    let context = context(app, &pack, ctx.now);
    let permitted = app.permit(ctx, Action::CaseView, known);
    if permitted.is_err() && !(ctx.is_person() && may_read(&loaded.state, &me.unit, &context)) {
        return Err(unknown());
    }
    let procedure = pack.procedures.get(&loaded.state.procedure).cloned().ok_or_else(unknown)?;
    let actions = available_with(&loaded.state, me, &context, &observed);
    let forms = loaded.state.forms.keys().filter_map(|id| pack.forms.get(id).cloned()).collect();
    Ok(CaseView {
        actions,
        clocks: clocks(&loaded.state, &context),
        timeline: timeline(&loaded.events),
        record,
        state: hide_sealed(loaded.state, me),
        procedure,
        forms,
    })
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
pub fn preview_form(app: &App, procedure: &str) -> Result<(std::sync::Arc<Pack>, Procedure, Option<Form>)> {
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
