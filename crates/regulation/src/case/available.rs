//! The buttons: what a person may do now, and why not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::condition::Facts;
use super::desk::Desk;
use super::flow::merged;
use super::people::Asks;
use super::vote::ballot_rule;
use super::{Actor, CaseState, Context, Rejection, command_words};
use crate::pack::model::{Action, ClauseId, CommandKind, FactRule, FactValue, FormId, StepId, VoteRule};

/// One thing a person may do, or may not and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Available {
    /// Command.
    pub command: CommandKind,
    /// Step.
    pub step: StepId,
    /// The button's words in Chinese.
    pub label_zh: String,
    /// The button's words in English.
    pub label_en: String,
    /// It is the step's primary button.
    pub primary: bool,
    /// An opinion must be written.
    pub needs_opinion: bool,
    /// Defects must be named.
    pub needs_defects: bool,
    /// Form to fill.
    pub form: Option<FormId>,
    /// Attachments that must come with it.
    pub attachments: Vec<String>,
    /// Attachments that must come with it or need not, by facts that are stated with it.
    pub may_attach: Vec<String>,
    /// Facts to state.
    pub facts: Vec<FactRule>,
    /// The vote's rule, if it is a ballot.
    pub vote: Option<VoteRule>,
    /// A choice for or against must be sent with it.
    pub needs_vote: bool,
    /// What a command on people and units must be sent with.
    pub asks: Asks,
    /// Basis.
    pub clauses: Vec<ClauseId>,
    /// Why it cannot be done now.
    pub refused: Option<Box<Rejection>>,
}

impl Available {
    /// The attachments that may come with it, those that must first.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.attachments.iter().chain(&self.may_attach).map(String::as_str)
    }

    /// Whether an attachment must come with it, whatever is stated.
    #[must_use]
    pub fn must_attach(&self, name: &str) -> bool {
        self.attachments.iter().any(|one| one == name)
    }
}

/// What a person may do with a case, in the order of the buttons. Actions of other units are not listed; actions of
/// the own unit that something stands against are listed with the refusal.
#[must_use]
pub fn available(state: &CaseState, actor: &Actor, ctx: &Context<'_>) -> Vec<Available> {
    available_with(state, actor, ctx, &BTreeMap::new())
}

/// Like [`available()`], with what the platform observes now: a button that depends on another case (近件) is offered by
/// that case as it stands, not as it stood at the last command.
#[must_use]
pub fn available_with(
    state: &CaseState,
    actor: &Actor,
    ctx: &Context<'_>,
    observed: &BTreeMap<String, FactValue>,
) -> Vec<Available> {
    if state.waits_for_opener() {
        return super::owed::available(state, actor, ctx);
    }
    let facts = merged(&state.facts, &BTreeMap::new(), observed);
    let Ok(desk) = Desk::new(state, actor, ctx) else {
        return Vec::new();
    };
    let mut list: Vec<Available> = Vec::new();
    if state.awaiting.is_some() && actor.unit == state.opener.unit {
        list.push(supplement(&desk));
    }
    for (index, action) in desk.step.actions.iter().enumerate() {
        let answers_return = action.command == CommandKind::Supplement && state.awaiting.is_some();
        if answers_return || list.iter().any(|other| other.command == action.command) {
            continue;
        }
        let mut asked: BTreeSet<String> = action.facts.iter().map(|fact| fact.key.clone()).collect();
        asked.extend(form_facts(action, ctx));
        let refused = desk.may(action).err().or_else(|| desk.conditions(action, &facts, &asked).err());
        let foreign = ["case.wrong_role", "case.not_your_task"];
        if refused.as_ref().is_some_and(|rejection| foreign.contains(&rejection.code)) {
            continue;
        }
        let (attachments, may_attach) = enclosures(action, &desk.facts(&facts), &asked);
        let available = of_action(&desk, action, index == 0, refused);
        list.push(Available { attachments, may_attach, ..available });
    }
    list.extend(desk.consult_buttons());
    list
}

/// What must be attached, and what depends on facts that are only stated with the action.
fn enclosures(action: &Action, facts: &Facts<'_>, asked: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    let (mut must, mut may) = (Vec::new(), Vec::new());
    for one in &action.attachments {
        let mut names = BTreeSet::new();
        one.when.iter().for_each(|test| test.names(&mut names));
        if !names.is_disjoint(asked) {
            may.push(one.name.clone());
        } else if facts.requires(one.when.as_ref()) {
            must.push(one.name.clone());
        }
    }
    (must, may)
}

fn of_action(desk: &Desk<'_>, action: &Action, primary: bool, refused: Option<Box<Rejection>>) -> Available {
    let words = command_words(action.command);
    let vote = ballot_rule(desk.step, action.command);
    let lists = [&action.clauses, &desk.step.clauses, &desk.procedure.clauses];
    let clauses = lists.into_iter().find(|clauses| !clauses.is_empty());
    Available {
        command: action.command,
        step: desk.step.id.clone(),
        label_zh: action.label.clone().unwrap_or_else(|| words.0.to_owned()),
        label_en: action.label_en.clone().unwrap_or_else(|| words.1.to_owned()),
        primary,
        needs_opinion: action.needs_opinion,
        needs_defects: action.command == CommandKind::ReturnForCorrection,
        form: action.form.clone(),
        attachments: Vec::new(),
        may_attach: Vec::new(),
        facts: action.facts.clone(),
        needs_vote: vote.is_some() && action.command == CommandKind::Vote,
        vote,
        asks: desk.asks(action),
        clauses: clauses.cloned().unwrap_or_default(),
        refused,
    }
}

/// The opener's answer to a return: the opening form again and any attachments.
fn supplement(desk: &Desk<'_>) -> Available {
    let action = desk.step.actions.iter().find(|action| action.command == CommandKind::Supplement);
    let words = command_words(CommandKind::Supplement);
    let own = action.map(|action| action.clauses.clone()).filter(|clauses| !clauses.is_empty());
    let returned = desk.state.awaiting.as_ref().map(|awaiting| awaiting.clauses.clone());
    let label = action.and_then(|action| action.label.clone());
    let label_en = action.and_then(|action| action.label_en.clone());
    Available {
        command: CommandKind::Supplement,
        step: desk.step.id.clone(),
        label_zh: label.unwrap_or_else(|| words.0.to_owned()),
        label_en: label_en.unwrap_or_else(|| words.1.to_owned()),
        primary: true,
        needs_opinion: false,
        needs_defects: false,
        form: desk.procedure.form.clone(),
        attachments: Vec::new(),
        may_attach: Vec::new(),
        facts: desk.procedure.facts.iter().map(|fact| FactRule { required: false, ..fact.clone() }).collect(),
        vote: None,
        needs_vote: false,
        asks: Asks::default(),
        clauses: own.or(returned).unwrap_or_default(),
        refused: None,
    }
}

/// Facts the action's form sets.
fn form_facts(action: &Action, ctx: &Context<'_>) -> Vec<String> {
    let form = action.form.as_ref().and_then(|form| ctx.pack.forms.get(form));
    let fields = form.iter().flat_map(|form| &form.sections).flat_map(|section| &section.fields);
    fields.filter_map(|field| field.fact.clone()).collect()
}
