//! What may be done with a case that waits for its opener: fill it in, or let it go.

use std::collections::BTreeMap;

use super::{OUTCOME_LAPSED, OUTCOME_WAIVED, STEP_OWED};
use crate::case::available::Available;
use crate::case::check::Sent;
use crate::case::decide::{Decision, begin, complete, find_procedure, may_open};
use crate::case::flow::{Draft, merged};
use crate::case::people::Asks;
use crate::case::roles::{Players, players};
use crate::case::views::Task;
use crate::case::{
    Actor, CaseState, Command, Context, Event, EventBody, FieldError, LONG_TEXT_CHARS_MAX, Rejection, desk,
};
use crate::pack::model::{AttachmentRule, ClauseId, CommandKind, Procedure, UnitCode};

/// Decides a command on a case that waits for its opener.
pub(crate) fn decide(
    state: &CaseState,
    command: &Command,
    actor: &Actor,
    ctx: &Context<'_>,
) -> Decision<Vec<Event>> {
    desk::same_pack(state, ctx)?;
    let procedure = find_procedure(ctx, &state.procedure)?;
    if command.step.as_ref().is_some_and(|step| step != STEP_OWED) {
        return Err(Rejection::new("case.wrong_step", "办件尚未填报", "the case has not been filled in yet")
            .on(ctx, &[&procedure.clauses])
            .remedy("请刷新页面后再办理", "reload the page and act on the open step"));
    }
    match command.kind {
        CommandKind::Submit => submit(state, command, actor, ctx, procedure),
        CommandKind::Close => waive(state, command, actor, ctx, procedure),
        _ => Err(not_filled_in(ctx, procedure)),
    }
}

/// Nothing else is possible before the opener has filled the case in.
pub(crate) fn not_filled_in(ctx: &Context<'_>, procedure: &Procedure) -> Box<Rejection> {
    Rejection::new(
        "case.not_filled_in",
        "该件为应办件，应办单位尚未填报",
        "this case is owed and has not been filled in yet",
    )
    .on(ctx, &[&procedure.clauses])
    .remedy("由应办单位填报后再办理", "the unit that owes it has to fill it in first")
}

/// What is owed is not withdrawn, not even after it was filled in.
pub(crate) fn may_withdraw(state: &CaseState, ctx: &Context<'_>, procedure: &Procedure) -> Decision<()> {
    let Some(owed) = &state.owed else {
        return Ok(());
    };
    Err(Rejection::new(
        "case.owed_stands",
        "该件为应办件，不能撤回",
        "this case is owed and cannot be withdrawn",
    )
    .on(ctx, &[&owed.clauses, &procedure.clauses])
    .remedy(
        "填报有误的，请说明情况，由承办单位退回补正",
        "ask for a return if something has to be corrected",
    ))
}

fn may_submit(state: &CaseState, actor: &Actor, ctx: &Context<'_>, procedure: &Procedure) -> Decision<()> {
    let owing = state.owed.iter().flat_map(|owed| &owed.units);
    if owing.into_iter().any(|unit| *unit == actor.unit) {
        return Ok(());
    }
    let basis = state.owed.as_ref().map(|owed| owed.clauses.as_slice()).unwrap_or_default();
    let name = &state.opener.unit_name;
    Err(Rejection::new(
        "case.wrong_role",
        format!("该件由应办单位（{name}）填报"),
        format!("this case is for the unit that owes it ({name})"),
    )
    .on(ctx, &[basis, &procedure.clauses]))
}

fn submit(
    state: &CaseState,
    command: &Command,
    actor: &Actor,
    ctx: &Context<'_>,
    procedure: &Procedure,
) -> Decision<Vec<Event>> {
    may_submit(state, actor, ctx, procedure)?;
    let observed = merged(&state.facts, &BTreeMap::new(), &command.observed);
    may_open(ctx, procedure, &actor.unit, &observed, &state.parties)?;
    let stands = |key: &String| state.facts.get(key);
    let changed = command.facts.iter().filter(|(key, value)| stands(key).is_some_and(|own| own != *value));
    let changed: Vec<FieldError> = changed
        .map(|(key, _)| {
            FieldError::new(key, "fixed", "由平台带入，不能改", "given by the platform and stands")
        })
        .collect();
    if !changed.is_empty() {
        return Err(Rejection::new(
            "case.facts_invalid",
            "应办件带入的事实不能改",
            "facts an owed case starts with stand",
        )
        .on(ctx, &[&procedure.clauses])
        .remedy("请按带入的内容填报", "leave them as they are")
        .with_fields(changed));
    }
    let mut facts = command.facts.clone();
    for rule in &procedure.facts {
        facts.extend(stands(&rule.key).map(|value| (rule.key.clone(), value.clone())));
    }
    let sent = Sent { facts: &facts, title: Some(&state.title), ..Sent::of(command) };
    let checked = complete(ctx, procedure, &sent, &observed)?;
    let opened = Event {
        at: ctx.now,
        on: ctx.today(),
        actor: Some(actor.clone()),
        on_behalf_of: None,
        clauses: procedure.clauses.clone(),
        body: EventBody::Opened {
            case: state.id,
            number: state.number.clone(),
            procedure: procedure.id.clone(),
            pack: state.pack.clone(),
            title: state.title.clone(),
            form_id: procedure.form.clone(),
            form: checked.form,
            attachments: command.attachments.clone(),
            facts: merged(&BTreeMap::new(), &checked.facts, &observed),
            parties: state.parties.clone(),
        },
    };
    let mut after = state.clone();
    after.apply(&opened);
    begin(ctx, procedure, after, opened)
}

/// The unit may let an owed case go: of the role the procedure names, and not one that owes it.
fn may_waive(state: &CaseState, actor: &Actor, ctx: &Context<'_>, procedure: &Procedure) -> Decision<()> {
    let Some(role) = &procedure.waiver else {
        return Err(Rejection::new(
            "case.not_offered",
            "制度没有规定由谁免办，应办件不能免办",
            "the pack names nobody who may waive an owed case",
        )
        .on(ctx, &[&procedure.clauses]));
    };
    let waivers = players(ctx, role, &state.opener.unit, &state.facts, &state.parties);
    let plays = matches!(&waivers, Players::Units(units) if units.contains(&actor.unit));
    if plays && state.owed.iter().all(|owed| !owed.units.contains(&actor.unit)) {
        return Ok(());
    }
    Err(Rejection::new(
        "case.wrong_role",
        format!("应办件只能由“{role}”免办，应办单位不能自行免办"),
        format!("an owed case is waived by `{role}` only, and never by a unit that owes it"),
    )
    .on(ctx, &[&procedure.clauses]))
}

fn waive(
    state: &CaseState,
    command: &Command,
    actor: &Actor,
    ctx: &Context<'_>,
    procedure: &Procedure,
) -> Decision<Vec<Event>> {
    may_waive(state, actor, ctx, procedure)?;
    let reason = command.opinion.as_deref().map(str::trim).unwrap_or_default();
    if reason.is_empty() || reason.chars().count() > LONG_TEXT_CHARS_MAX {
        return Err(Rejection::new(
            "case.opinion_missing",
            "免办应当写明理由",
            "a waiver needs a written reason",
        )
        .on(ctx, &[&procedure.clauses])
        .remedy("请写明免办理由", "write the reason"));
    }
    let mut draft = Draft::new(ctx, procedure, Some(actor.clone()), state.clone());
    draft.push(&[], EventBody::Waived { reason: reason.to_owned() });
    draft.push(&[], EventBody::Ended { outcome: OUTCOME_WAIVED.to_owned(), granted: false });
    Ok(draft.events)
}

/// What an owed case is about has ended: the case ends with it, where nobody has filled it in yet. No events otherwise.
///
/// `clauses` are those on which it ended.
#[must_use]
pub fn lapse(state: &CaseState, clauses: &[ClauseId], ctx: &Context<'_>) -> Vec<Event> {
    let procedure = ctx.pack.procedures.get(&state.procedure).filter(|_| state.waits_for_opener());
    let Some(procedure) = procedure else { return Vec::new() };
    let mut draft = Draft::new(ctx, procedure, None, state.clone());
    draft.push(&[clauses], EventBody::Lapsed);
    draft.push(&[clauses], EventBody::Ended { outcome: OUTCOME_LAPSED.to_owned(), granted: false });
    draft.events
}

/// The task of the units that owe the case.
pub(crate) fn tasks(state: &CaseState) -> Vec<Task> {
    let owed = state.owed.as_ref().filter(|_| state.waits_for_opener());
    let Some(owed) = owed else {
        return Vec::new();
    };
    let task = |unit: &UnitCode| Task {
        step: STEP_OWED.to_owned(),
        role: owed.role.clone(),
        unit: Some(unit.clone()),
        since: owed.since,
        done_by: Vec::new(),
        correction: false,
        owed: true,
        asked: false,
    };
    owed.units.iter().map(task).collect()
}

/// The buttons of a case that waits for its opener: fill in, or let go.
pub(crate) fn available(state: &CaseState, actor: &Actor, ctx: &Context<'_>) -> Vec<Available> {
    let Ok(procedure) = find_procedure(ctx, &state.procedure) else {
        return Vec::new();
    };
    let button = |command, label: (&str, &str)| Available {
        command,
        step: STEP_OWED.to_owned(),
        label_zh: label.0.to_owned(),
        label_en: label.1.to_owned(),
        primary: true,
        needs_opinion: false,
        needs_defects: false,
        form: None,
        attachments: Vec::new(),
        may_attach: Vec::new(),
        facts: Vec::new(),
        vote: None,
        needs_vote: false,
        asks: Asks::default(),
        clauses: procedure.clauses.clone(),
        refused: None,
    };
    let mut list = Vec::new();
    if may_submit(state, actor, ctx, procedure).is_ok() {
        let asked = procedure.facts.iter().filter(|rule| !state.facts.contains_key(&rule.key));
        // What depends on facts that are only stated with it may be attached; the submission is judged by them.
        let required = procedure.attachments.iter().filter(|rule| rule.required);
        let (must, may): (Vec<&AttachmentRule>, Vec<_>) = required.partition(|rule| rule.when.is_none());
        let names = |rules: Vec<&AttachmentRule>| rules.into_iter().map(|rule| rule.name.clone()).collect();
        let observed = &state.facts;
        list.push(Available {
            form: procedure.form.clone(),
            attachments: names(must),
            may_attach: names(may),
            facts: asked.cloned().collect(),
            refused: may_open(ctx, procedure, &actor.unit, observed, &state.parties).err(),
            ..button(CommandKind::Submit, ("填报", "Fill in and submit"))
        });
    }
    if may_waive(state, actor, ctx, procedure).is_ok() {
        let words = (OUTCOME_WAIVED, "Waive");
        list.push(Available { primary: false, needs_opinion: true, ..button(CommandKind::Close, words) });
    }
    list
}
