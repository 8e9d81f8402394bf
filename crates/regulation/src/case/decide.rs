//! Commands to events.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Checked, Sent, Wanted, check};
use super::desk::Desk;
use super::flow::{Draft, merged};
use super::people::Record;
use super::vote::{ballot_rule, choice, count};
use super::{
    Actor, CaseState, Command, Context, DEFECTS_MAX, Event, EventBody, LONG_TEXT_CHARS_MAX, OpenCase,
    PackRef, Rejection, TEXT_CHARS_MAX, command_words, evolve,
};
use crate::pack::model::{
    Action, AttachmentRule, ClauseId, CommandKind, FactRule, FactValue, Procedure, RoleKey, StopGround,
    Target, UnitCode,
};

/// The fact that carries a resolution's own number; without it the kernel numbers resolutions by case.
const FACT_RESOLUTION: &str = "决议文号";
/// The last day on which a case may be opened, where the platform observes one (of the announcement it answers).
pub const FACT_DEADLINE: &str = "受理截止";

pub(crate) type Decision<T> = Result<T, Box<Rejection>>;

/// Opens a case and enters the procedure's first step.
///
/// # Errors
/// A [`Rejection`] that names everything incomplete at once.
pub fn open(ctx: &Context<'_>, case: &OpenCase) -> Decision<Vec<Event>> {
    let procedure = find_procedure(ctx, &case.procedure)?;
    super::validity::in_force(ctx, procedure)?;
    may_open(ctx, procedure, &case.actor.unit, &case.observed, &case.parties)?;
    // Who is late hears that first: completing the form would not help.
    if let Some(FactValue::Date(until)) = case.observed.get(FACT_DEADLINE)
        && *until < ctx.today()
    {
        return Err(Rejection::late(ctx.pack, &procedure.clauses, *until));
    }
    let (form, attachments, facts) = (&case.form, &case.attachments, &case.facts);
    let sent = Sent { opinion: None, form, attachments, facts, title: Some(&case.title) };
    let checked = complete(ctx, procedure, &sent, &case.observed)?;
    let event = Event {
        at: ctx.now,
        on: ctx.today(),
        actor: Some(case.actor.clone()),
        on_behalf_of: None,
        clauses: procedure.clauses.clone(),
        body: EventBody::Opened {
            case: case.id,
            number: case.number.clone(),
            procedure: procedure.id.clone(),
            pack: pack_ref(ctx),
            title: case.title.trim().to_owned(),
            form_id: procedure.form.clone(),
            form: checked.form,
            attachments: case.attachments.clone(),
            facts: merged(&BTreeMap::new(), &checked.facts, &case.observed),
            parties: case.parties.clone(),
        },
    };
    let Some(state) = evolve::opened(&event) else {
        return Err(no_step());
    };
    begin(ctx, procedure, state, event)
}

/// What the opener of a procedure has to send, checked; everything incomplete is named at once.
pub(crate) fn complete(
    ctx: &Context<'_>,
    procedure: &Procedure,
    sent: &Sent<'_>,
    known: &BTreeMap<String, FactValue>,
) -> Decision<Checked> {
    let required: Vec<&AttachmentRule> = procedure.attachments.iter().filter(|rule| rule.required).collect();
    let wanted = Wanted {
        opinion: false,
        form: procedure.form.as_ref(),
        attachments: required.iter().map(|rule| (rule.name.as_str(), rule.when.as_ref())).collect(),
        facts: &procedure.facts,
        known: known.clone(),
        state: None,
    };
    let form = procedure.form.as_ref();
    let own: Vec<(&str, &[ClauseId])> =
        required.iter().map(|rule| (rule.name.as_str(), rule.clauses.as_slice())).collect();
    check(ctx, sent, &wanted)
        .map_err(|rejection| rejection.on_defects(ctx, &own, form, &[], &[&procedure.clauses]))
}

/// Only what the platform observed binds the opener: nobody opens a case by stating that he may.
pub(crate) fn may_open(
    ctx: &Context<'_>,
    procedure: &Procedure,
    unit: &UnitCode,
    observed: &BTreeMap<String, FactValue>,
    parties: &BTreeMap<RoleKey, Vec<UnitCode>>,
) -> Decision<()> {
    let opener = super::players(ctx, &procedure.opener, unit, observed, parties);
    if opener.includes(unit) {
        return Ok(());
    }
    let role = &procedure.opener;
    Err(Rejection::new(
        "case.wrong_opener",
        format!("只有“{role}”可以发起“{}”", procedure.id),
        format!("only `{role}` may open `{}`", procedure.en),
    )
    .on(ctx, &[&procedure.clauses]))
}

/// The opening event is recorded; the first step is entered.
pub(crate) fn begin(
    ctx: &Context<'_>,
    procedure: &Procedure,
    state: CaseState,
    opened: Event,
) -> Decision<Vec<Event>> {
    let Some(first) = procedure.steps.first() else {
        return Err(no_step());
    };
    let mut draft = Draft::new(ctx, procedure, opened.actor.clone(), state);
    draft.events.push(opened);
    draft.enter(&first.id)?;
    Ok(draft.events)
}

fn no_step() -> Box<Rejection> {
    Rejection::new("case.no_step", "程序没有环节", "the procedure has no step")
}

/// Decides a command on a case.
///
/// # Errors
/// A [`Rejection`] with the clause it rests on.
pub fn decide(
    state: &CaseState,
    command: &Command,
    actor: &Actor,
    ctx: &Context<'_>,
) -> Decision<Vec<Event>> {
    if state.waits_for_opener() {
        return super::owed::decide(state, command, actor, ctx);
    }
    let desk = Desk::new(state, actor, ctx)?;
    if command.step.as_ref().is_some_and(|step| *step != desk.open.step) {
        let open = &desk.open.step;
        return Err(Rejection::new(
            "case.wrong_step",
            format!("办件已在“{open}”环节"),
            format!("the case is now in step `{open}`"),
        )
        .on(ctx, &[&desk.step.clauses])
        .remedy("请刷新页面后再办理", "reload the page and act on the open step"));
    }
    desk.not_recused()?;
    if command.kind == CommandKind::Supplement && state.awaiting.is_some() {
        return desk.supplement(command);
    }
    if let Some(decided) = desk.aside(command) {
        return decided;
    }
    let action = desk.action(command.kind, &merged(&state.facts, &BTreeMap::new(), &command.observed))?;
    desk.may(action)?;
    desk.perform(action, command)
}

/// Writes a remark into the file of a case.
///
/// # Errors
/// When the case has ended or the remark is empty or too long.
pub fn note(state: &CaseState, text: &str, actor: &Actor, ctx: &Context<'_>) -> Decision<Vec<Event>> {
    let desk = Desk::new(state, actor, ctx)?;
    desk.not_recused()?;
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONG_TEXT_CHARS_MAX {
        return Err(Rejection::new("case.note_invalid", "备注为空或过长", "the remark is empty or too long")
            .on(ctx, &[&desk.step.clauses, &desk.procedure.clauses]));
    }
    let mut draft = desk.draft();
    draft.push(&[], EventBody::Noted { text: text.to_owned() });
    Ok(draft.events)
}

pub(crate) fn find_procedure<'a>(ctx: &Context<'a>, id: &str) -> Decision<&'a Procedure> {
    ctx.pack.procedures.get(id).ok_or_else(|| {
        Rejection::new(
            "case.unknown_procedure",
            format!("制度包没有“{id}”程序"),
            format!("the pack has no procedure `{id}`"),
        )
    })
}

pub(crate) fn pack_ref(ctx: &Context<'_>) -> PackRef {
    PackRef { id: ctx.pack.id.clone(), version: ctx.pack.version.clone(), digest: ctx.pack.digest }
}

impl Desk<'_> {
    fn perform(&self, action: &Action, command: &Command) -> Decision<Vec<Event>> {
        let clauses: [&[ClauseId]; 3] = [&action.clauses, &self.step.clauses, &self.procedure.clauses];
        let wanted = Wanted {
            opinion: action.needs_opinion,
            form: action.form.as_ref(),
            attachments: action
                .attachments
                .iter()
                .map(|one| (one.name.as_str(), one.when.as_ref()))
                .collect(),
            facts: &action.facts,
            known: merged(&self.state.facts, &BTreeMap::new(), &command.observed),
            state: Some(self.state),
        };
        let form = action.form.as_ref();
        let own: Vec<(&str, &[ClauseId])> =
            action.attachments.iter().map(|one| (one.name.as_str(), one.clauses.as_slice())).collect();
        let checked = check(self.ctx, &Sent::of(command), &wanted)
            .map_err(|r| r.on_defects(self.ctx, &own, form, &action.clauses, &clauses))?;
        let facts = merged(&self.state.facts, &checked.facts, &command.observed);
        self.conditions(action, &facts, &BTreeSet::new())?;
        let mut draft = self.draft();
        if self.on_people(&mut draft, action, command, checked.opinion.as_deref())? {
            return Ok(draft.events);
        }
        let record = self.record(action, command)?;
        if command.kind == CommandKind::ReturnForCorrection {
            self.returned(&mut draft, action, command, checked.opinion)?;
            return Ok(draft.events);
        }
        if let Some(rule) = ballot_rule(self.step, command.kind) {
            let Some(vote) = choice(command) else {
                return Err(Rejection::new(
                    "case.vote_missing",
                    "请选择同意或不同意",
                    "choose for or against",
                )
                .on(self.ctx, &clauses));
            };
            draft.push(
                &clauses,
                EventBody::Voted {
                    step: self.step.id.clone(),
                    command: command.kind,
                    vote,
                    opinion: checked.opinion,
                    opinion_box: self.step.opinion_box.clone(),
                    sealed: rule.sealed,
                    facts: merged(&BTreeMap::new(), &checked.facts, &BTreeMap::new()),
                },
            );
            count(&mut draft, self.step, action, rule, command.observed.clone())?;
            return Ok(draft.events);
        }
        self.done(&mut draft, action, command, checked, record)?;
        Ok(draft.events)
    }

    /// An ordinary action.
    fn done(
        &self,
        draft: &mut Draft<'_>,
        action: &Action,
        command: &Command,
        checked: Checked,
        record: Record,
    ) -> Decision<()> {
        let clauses: [&[ClauseId]; 2] = [&action.clauses, &self.step.clauses];
        let completes =
            self.open.each_unit && !action.then.is_empty() && command.kind != CommandKind::Withdraw;
        let words = command_words(command.kind);
        let label = (
            action.label.clone().unwrap_or_else(|| words.0.to_owned()),
            action.label_en.clone().unwrap_or_else(|| words.1.to_owned()),
        );
        // A withdrawal is the opener's: it is not printed in the box of the unit that holds the step.
        let own = command.kind == CommandKind::Withdraw;
        let opinion_box = self.step.opinion_box.clone().filter(|_| !own);
        let stated = merged(&BTreeMap::new(), &checked.facts, &command.observed);
        let resolution = match stated.get(FACT_RESOLUTION) {
            Some(FactValue::Text(number)) => number.clone(),
            _ => format!("{}-J{}", self.state.number, self.state.resolutions.len() + 1),
        };
        draft.push(
            &clauses,
            EventBody::TaskDone {
                step: self.step.id.clone(),
                command: command.kind,
                label,
                completes,
                opinion: checked.opinion,
                opinion_box,
                form_id: action.form.clone(),
                form: checked.form,
                attachments: command.attachments.clone(),
                facts: stated,
            },
        );
        match record {
            Record::Meeting(meeting) => {
                let number = meeting.number.clone();
                let resolved =
                    EventBody::Resolved { step: self.step.id.clone(), number, meeting: Some(meeting) };
                draft.push(&clauses, resolved);
            }
            Record::Drawn(drawn) => draft.push(&clauses, *drawn),
            Record::Nothing if command.kind == CommandKind::Resolve => {
                let step = self.step.id.clone();
                draft.push(&clauses, EventBody::Resolved { step, number: resolution, meeting: None });
            }
            Record::Nothing => {}
        }
        if command.kind == CommandKind::Withdraw {
            return self.withdrawn(draft, action);
        }
        let waiting = draft.state.step.iter().flat_map(|open| &open.seats).any(|seat| seat.done.is_none());
        if completes && waiting {
            return Ok(());
        }
        let deciding = if completes { draft.deciding(self.step, action) } else { action };
        draft.conclude(self.step, deciding)
    }

    /// A withdrawal ends the case wherever the pack does not say otherwise.
    fn withdrawn(&self, draft: &mut Draft<'_>, action: &Action) -> Decision<()> {
        if !action.then.is_empty() {
            return draft.conclude(self.step, action);
        }
        let (zh, en) = command_words(CommandKind::Withdraw);
        let end = Target::End { outcome: zh.to_owned(), en: en.to_owned(), granted: false, opens: None };
        draft.go(self.step, &end, &[&action.clauses, &self.step.clauses])
    }

    fn returned(
        &self,
        draft: &mut Draft<'_>,
        action: &Action,
        command: &Command,
        opinion: Option<String>,
    ) -> Decision<()> {
        let clauses: [&[ClauseId]; 3] = [&action.clauses, &self.step.clauses, &self.procedure.clauses];
        let named = |text: &str, max| !text.trim().is_empty() && text.chars().count() <= max;
        let defects = &command.defects;
        let well =
            defects.iter().all(|d| named(&d.field, TEXT_CHARS_MAX) && named(&d.note, LONG_TEXT_CHARS_MAX));
        if defects.is_empty() || defects.len() > DEFECTS_MAX || !well {
            return Err(Rejection::new(
                "case.defects_missing",
                "退回补正应当一次性告知需要补正的全部内容",
                "a return must name everything to correct, all at once",
            )
            .on(self.ctx, &clauses)
            .remedy("请逐项写明栏目和问题", "name each field and what is wrong with it"));
        }
        let (step, defects) = (self.step.id.clone(), defects.clone());
        draft.push(&clauses, EventBody::Returned { step, defects, opinion });
        if action.then.is_empty() {
            for effect in &action.effects {
                let facts = draft.state.facts.clone();
                draft.push(&clauses, EventBody::EffectDue { effect: *effect, facts });
            }
            draft.stop_clocks(self.step, StopGround::AwaitingCorrection);
            return Ok(());
        }
        draft.conclude(self.step, action)
    }

    /// The opener answers a return: the whole form anew or not at all, and attachments.
    fn supplement(&self, command: &Command) -> Decision<Vec<Event>> {
        let action = self.step.actions.iter().find(|action| action.command == CommandKind::Supplement);
        let returned = self.state.awaiting.as_ref().map(|awaiting| awaiting.clauses.as_slice());
        let own = action.map(|action| action.clauses.as_slice()).unwrap_or_default();
        let clauses: [&[ClauseId]; 3] = [own, returned.unwrap_or_default(), &self.step.clauses];
        let opener = &self.state.opener;
        if self.actor.unit != opener.unit {
            return Err(Rejection::new(
                "case.wrong_role",
                format!("只有申请单位（{}）可以补正", opener.unit_name),
                format!("only the applicant ({}) may correct", opener.unit_name),
            )
            .on(self.ctx, &clauses));
        }
        let optional: Vec<FactRule> =
            self.procedure.facts.iter().map(|rule| FactRule { required: false, ..rule.clone() }).collect();
        let wanted = Wanted {
            opinion: false,
            form: self.procedure.form.as_ref().filter(|_| !command.form.is_empty()),
            attachments: Vec::new(),
            facts: &optional,
            known: BTreeMap::new(),
            state: Some(self.state),
        };
        let checked = check(self.ctx, &Sent::of(command), &wanted).map_err(|r| r.on(self.ctx, &clauses))?;
        let empty = checked.form.is_empty() && checked.facts.is_empty() && checked.opinion.is_none();
        if empty && command.attachments.is_empty() {
            return Err(Rejection::new("case.incomplete", "没有提交补正内容", "nothing was corrected")
                .on(self.ctx, &clauses)
                .remedy("请按退回意见逐项补正", "correct what the return names"));
        }
        let mut draft = self.draft();
        draft.push(
            &clauses,
            EventBody::Supplemented {
                step: self.step.id.clone(),
                form: checked.form,
                attachments: command.attachments.clone(),
                facts: merged(&BTreeMap::new(), &checked.facts, &command.observed),
                opinion: checked.opinion,
            },
        );
        draft.resume_clocks(self.step, StopGround::AwaitingCorrection);
        Ok(draft.events)
    }
}
