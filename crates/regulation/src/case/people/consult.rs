//! Opinions asked of further units, and the declaration of a conflict: what is done beside the step's own task.

use std::collections::BTreeSet;

use super::Asks;
use crate::case::available::Available;
use crate::case::decide::Decision;
use crate::case::desk::Desk;
use crate::case::roles::Players;
use crate::case::{
    ATTACHMENTS_MAX, Command, Event, EventBody, ITEMS_MAX, LONG_TEXT_CHARS_MAX, Rejection, command_words,
};
use crate::pack::model::{Action, ClauseId, CommandKind, UnitCode};

impl Desk<'_> {
    /// Commands that do not need the step's task; `None` for all others.
    pub(crate) fn aside(&self, command: &Command) -> Option<Decision<Vec<Event>>> {
        match command.kind {
            CommandKind::Opine => Some(self.give_opinion(command)),
            CommandKind::EndConsult => Some(self.end_consult(command)),
            CommandKind::Recuse => Some(self.recuse(command)),
            _ => None,
        }
    }

    /// The units an action may ask, without those that are asked already or hold the task.
    pub(super) fn askable(&self, action: &Action) -> Vec<UnitCode> {
        let draft = self.draft();
        let units = action.people.ask.iter().flat_map(|role| match draft.players(role) {
            Players::Units(units) => units,
            Players::Anyone => Vec::new(),
        });
        let units: BTreeSet<UnitCode> = units.collect();
        let waiting: BTreeSet<&UnitCode> = self.state.asked_here().map(|consult| &consult.unit).collect();
        let seated: BTreeSet<&UnitCode> = self.open.seats.iter().map(|seat| &seat.unit).collect();
        units.into_iter().filter(|unit| !waiting.contains(unit) && !seated.contains(unit)).collect()
    }

    pub(super) fn to_ask(&self, action: &Action, command: &Command) -> Decision<Vec<UnitCode>> {
        let askable = self.askable(action);
        let units: BTreeSet<&UnitCode> = command.people.units.iter().collect();
        let fits = !units.is_empty() && units.len() <= ITEMS_MAX;
        if fits && units.iter().all(|unit| askable.contains(unit)) {
            return Ok(units.into_iter().cloned().collect());
        }
        let roles = action.people.ask.join("、");
        let rejection = Rejection::new(
            "case.consult_invalid",
            format!("只能向“{roles}”中尚未加签、不承担本环节任务的单位加签"),
            format!("opinions are asked of units of `{roles}` that are not asked yet and hold no task here"),
        );
        Err(self.refuse(action, rejection))
    }

    /// The rule that allows asking in this step, and with it answering and dropping.
    fn consult_clauses(&self) -> Vec<ClauseId> {
        let mut actions = self.step.actions.iter();
        let rule = actions.find(|action| action.command == CommandKind::Consult);
        rule.map(|action| action.clauses.clone()).unwrap_or_default()
    }

    fn not_asked(&self, zh: &str, en: &str) -> Box<Rejection> {
        Rejection::new("case.wrong_role", zh, en)
            .on(self.ctx, &[&self.consult_clauses(), &self.step.clauses, &self.procedure.clauses])
    }

    fn written<'t>(&self, command: &'t Command, zh: &str, en: &str) -> Decision<&'t str> {
        let text = command.opinion.as_deref().map(str::trim).unwrap_or_default();
        if !text.is_empty() && text.chars().count() <= LONG_TEXT_CHARS_MAX {
            return Ok(text);
        }
        Err(Rejection::new("case.opinion_missing", zh, en)
            .on(self.ctx, &[&self.consult_clauses(), &self.step.clauses, &self.procedure.clauses]))
    }

    fn may_give_opinion(&self) -> Decision<()> {
        if self.state.asked_here().all(|consult| consult.unit != self.actor.unit) {
            return Err(self.not_asked("没有向您单位加签", "your unit is not asked for an opinion"));
        }
        let mut actions = self.step.actions.iter();
        match actions.find(|action| action.command == CommandKind::Consult) {
            Some(action) => self.separated(action),
            None => Ok(()),
        }
    }

    fn give_opinion(&self, command: &Command) -> Decision<Vec<Event>> {
        self.may_give_opinion()?;
        let opinion = self.written(command, "请写明意见", "write the opinion")?.to_owned();
        if command.attachments.len() > ATTACHMENTS_MAX {
            return Err(self.not_asked("附件过多", "too many attachments"));
        }
        let mut draft = self.draft();
        let (step, attachments) = (self.step.id.clone(), command.attachments.clone());
        draft.push(
            &[&self.consult_clauses(), &self.step.clauses],
            EventBody::Opined { step, opinion, attachments },
        );
        Ok(draft.events)
    }

    fn end_consult(&self, command: &Command) -> Decision<Vec<Event>> {
        if !self.holds_step() {
            return Err(self.not_asked("只有承办单位可以减签", "only who holds the task may drop a request"));
        }
        let waiting: BTreeSet<&UnitCode> = self.state.asked_here().map(|consult| &consult.unit).collect();
        let units: BTreeSet<&UnitCode> = command.people.units.iter().collect();
        if units.is_empty() || !units.is_subset(&waiting) {
            return Err(Rejection::new(
                "case.consult_invalid",
                "只能减去尚未回复的加签单位",
                "only requests still awaited can be dropped",
            )
            .on(self.ctx, &[&self.consult_clauses(), &self.step.clauses, &self.procedure.clauses]));
        }
        let reason =
            self.written(command, "减签应当写明理由", "dropping a request needs a reason")?.to_owned();
        let (step, units) = (self.step.id.clone(), units.into_iter().cloned().collect());
        let mut draft = self.draft();
        draft.push(
            &[&self.consult_clauses(), &self.step.clauses],
            EventBody::ConsultEnded { step, units, reason },
        );
        Ok(draft.events)
    }

    /// Whoever has to do with the step may say that he should not, whatever else stands in the way.
    pub(crate) fn may_recuse(&self) -> Decision<()> {
        self.not_recused()?;
        let offered = self.step.actions.iter().any(|action| action.command == CommandKind::Recuse);
        let asked = self.state.asked_here().any(|consult| consult.unit == self.actor.unit);
        let seated = self.open.seats.iter().any(|seat| seat.unit == self.actor.unit);
        if offered && (asked || seated) {
            return Ok(());
        }
        let (code, zh, en) = if offered {
            ("case.wrong_role", "该环节不是您单位的任务，无须回避", "this step is not your unit's task")
        } else {
            ("case.not_offered", "该环节没有申明回避", "no declaration is offered in this step")
        };
        Err(Rejection::new(code, zh, en).on(self.ctx, &[&self.step.clauses, &self.procedure.clauses]))
    }

    fn recuse(&self, command: &Command) -> Decision<Vec<Event>> {
        self.may_recuse()?;
        let reason = self.written(command, "请写明回避事由", "say what the conflict is")?.to_owned();
        let mut actions = self.step.actions.iter();
        let rule = actions.find(|action| action.command == CommandKind::Recuse);
        let clauses = rule.map(|action| action.clauses.as_slice()).unwrap_or_default();
        let mut draft = self.draft();
        let recused = EventBody::Recused { step: self.step.id.clone(), reason };
        draft.push(&[clauses, &self.step.clauses], recused);
        Ok(draft.events)
    }

    /// The buttons that come with 加签: to answer, and to drop.
    pub(crate) fn consult_buttons(&self) -> Vec<Available> {
        let waiting: Vec<UnitCode> = self.state.asked_here().map(|consult| consult.unit.clone()).collect();
        let button = |command: CommandKind, units: Vec<UnitCode>| {
            let words = command_words(command);
            Available {
                command,
                step: self.step.id.clone(),
                label_zh: words.0.to_owned(),
                label_en: words.1.to_owned(),
                primary: command == CommandKind::Opine,
                needs_opinion: true,
                needs_defects: false,
                form: None,
                attachments: Vec::new(),
                may_attach: Vec::new(),
                facts: Vec::new(),
                vote: None,
                needs_vote: false,
                asks: Asks { units, ..Asks::default() },
                clauses: self.consult_clauses(),
                refused: self.not_recused().err(),
            }
        };
        let mut buttons = Vec::new();
        if waiting.contains(&self.actor.unit) {
            let mut answer = button(CommandKind::Opine, Vec::new());
            answer.refused = answer.refused.or_else(|| self.may_give_opinion().err());
            buttons.push(answer);
        }
        if !waiting.is_empty() && self.holds_step() {
            buttons.push(button(CommandKind::EndConsult, waiting));
        }
        buttons
    }
}
