//! Reading a case: state, buttons, clocks and timeline for one person.

use std::sync::Arc;

use access::Action;
use base::{Id, kind};
use regulation::case::{
    Actor, Available, CaseState, ClockView, Event, EventBody, TimelineEntry, available_with, clocks,
    may_read, timeline,
};
use regulation::pack::{CommandKind, Form, Pack, Procedure};
use serde::Serialize;
use storage::Tx;

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

/// What the journal keeps of a case as this person may read it: a ballot that somebody else cast stays sealed until the
/// result stands.
pub(crate) async fn without_ballots(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    subject: &str,
    payload: serde_json::Value,
) -> Result<serde_json::Value> {
    let Some(case) = subject.strip_prefix("case/").and_then(|id| id.parse().ok()) else { return Ok(payload) };
    let Ok(events) = serde_json::from_value::<Vec<Event>>(payload.clone()) else { return Ok(payload) };
    let another = |event: &&Event| {
        matches!(event.body, EventBody::Voted { sealed: true, .. })
            && event.actor.as_ref().is_none_or(|actor| actor.person != ctx.principal.person)
    };
    let Some(ballot) = events.iter().find(another) else { return Ok(payload) };
    let still = load(tx, case)
        .await?
        .state
        .acts
        .iter()
        .any(|act| act.sealed && ballot.actor.as_ref().is_none_or(|actor| actor.person == act.by.person));
    Ok(if still { serde_json::json!({ "sealed": true }) } else { payload })
}

/// Votes, what is stated with them, and opinions that are still sealed are shown to their author only: reviewers vote blind.
fn hide_sealed(mut state: CaseState, me: &Actor) -> CaseState {
    let mut voted = Vec::new();
    for act in state.acts.iter_mut().filter(|act| act.sealed && act.by.person != me.person) {
        // The button says as much as the ballot.
        act.command = CommandKind::Vote;
        act.vote = None;
        act.facts.clear();
        voted.push(act.by.unit.clone());
    }
    for seat in state.step.iter_mut().flat_map(|open| &mut open.seats) {
        if seat.done.is_some() && voted.contains(&seat.unit) {
            seat.done = Some(CommandKind::Vote);
        }
    }
    state.opinions.retain(|opinion| !opinion.sealed || opinion.by.person == me.person);
    state
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base::{Digest, Timestamp};
    use regulation::case::{Ballot, PackRef, fold};

    use super::*;
    use crate::clock::new_id;

    fn person(unit: &str) -> Actor {
        let person = new_id(Timestamp::from_micros(1));
        Actor { person, unit: unit.to_owned(), unit_name: unit.to_owned(), person_name: unit.to_owned() }
    }

    fn event(actor: &Actor, body: EventBody) -> Event {
        let at = Timestamp::from_micros(1);
        let on = at.date_at(28_800);
        Event {
            at, on, actor: Some(actor.clone()), on_behalf_of: None, clauses: vec!["五".to_owned()], body
        }
    }

    /// A case in which the first expert has cast a sealed ballot with this button.
    fn voted(experts: &[Actor; 2], command: CommandKind, vote: Ballot) -> CaseState {
        let opened = EventBody::Opened {
            case: new_id(Timestamp::from_micros(1)),
            number: "SQ-2026-0001".to_owned(),
            procedure: "授权申请".to_owned(),
            pack: PackRef { id: "p".to_owned(), version: "1".to_owned(), digest: Digest([0; 32]) },
            title: String::new(),
            form_id: None,
            form: BTreeMap::new(),
            attachments: Vec::new(),
            facts: BTreeMap::new(),
            parties: BTreeMap::new(),
        };
        let step = "专家评审".to_owned();
        let entered = EventBody::StepEntered {
            step: step.clone(),
            visit: 1,
            role: "专家组".to_owned(),
            units: experts.iter().map(|one| one.unit.clone()).collect(),
            anyone: false,
            each_unit: true,
            joint: Vec::new(),
        };
        let ballot = EventBody::Voted {
            step,
            command,
            vote,
            opinion: Some("理由".to_owned()),
            opinion_box: None,
            sealed: true,
            facts: BTreeMap::new(),
        };
        let [first, _] = experts;
        fold(&[event(first, opened), event(first, entered), event(first, ballot)]).unwrap()
    }

    #[test]
    fn a_sealed_ballot_looks_alike_to_others_whatever_it_says() {
        let experts = [person("a"), person("b")];
        let cast = [(CommandKind::Approve, Ballot::Approve), (CommandKind::Refuse, Ballot::Refuse)];
        let seen = |me: &Actor| {
            cast.map(|(command, vote)| {
                let mut state = hide_sealed(voted(&experts, command, vote), me);
                state.id = new_id(Timestamp::from_micros(1));
                let mut seen = serde_json::to_value(&state).unwrap();
                seen["id"] = serde_json::Value::Null;
                seen
            })
        };
        let [approved, refused] = seen(&experts[1]);
        assert_eq!(approved, refused);
        assert!(
            approved["acts"].as_array().is_some_and(|acts| acts.len() == 1),
            "that one was cast is known"
        );
        let [approved, refused] = seen(&experts[0]);
        assert_ne!(approved, refused, "one's own is shown");
    }
}
