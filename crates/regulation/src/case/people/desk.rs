//! May this person act at all, and the commands that give a task to somebody else.

use base::{Id, Timestamp};

use super::{Asks, Consult};
use crate::case::decide::Decision;
use crate::case::desk::Desk;
use crate::case::flow::Draft;
use crate::case::roles::Players;
use crate::case::vote::ballot_rule;
use crate::case::{Actor, Command, EventBody, Rejection};
use crate::pack::model::{Action, CommandKind, RoleKey, UnitCode};

impl Desk<'_> {
    /// Who declared a conflict of interest is out of this case.
    pub(crate) fn not_recused(&self) -> Decision<()> {
        if !self.state.is_recused(self.actor.person) {
            return Ok(());
        }
        Err(Rejection::new(
            "case.recused",
            "您已申明回避，不再办理本件",
            "you declared a conflict of interest and are out of this case",
        )
        .on(self.ctx, &[&self.step.clauses, &self.procedure.clauses])
        .remedy("请由其他人员办理", "another person has to act"))
    }

    /// No declaration, delegation or pending opinion stands against the action.
    pub(crate) fn may_stand(&self, action: &Action) -> Decision<()> {
        self.not_recused()?;
        if let Some(delegation) = self.state.delegation(&self.actor.unit) {
            let (from, to) = (&delegation.from, &delegation.to);
            let delegates = action.command == CommandKind::Delegate;
            let (is_from, is_to) = (from.person == self.actor.person, to.person == self.actor.person);
            if is_to && delegates {
                let rejection = Rejection::new(
                    "case.sub_delegation",
                    "受托人不能再委托他人",
                    "a delegate cannot delegate on",
                );
                return Err(self.refuse(action, rejection));
            }
            if !is_from && !is_to && !delegates {
                let (zh, en) = (
                    format!("本环节已由{}委托{}办理", from.person_name, to.person_name),
                    format!("{} has delegated this step to {}", from.person_name, to.person_name),
                );
                let rejection = Rejection::new("case.delegated", zh, en);
                return Err(self
                    .refuse(action, rejection)
                    .remedy("需要换人的，请重新委托", "delegate anew to change who acts"));
            }
        }
        let moves = !action.then.is_empty() || ballot_rule(self.step, action.command).is_some();
        let mine = |consult: &&Consult| !self.open.each_unit || consult.holder == self.actor.unit;
        let waiting: Vec<&str> =
            self.state.asked_here().filter(mine).map(|consult| consult.unit.as_str()).collect();
        if moves && !waiting.is_empty() {
            let names = waiting.join("、");
            let rejection = Rejection::new(
                "case.consult_pending",
                format!("加签单位尚未回复：{names}"),
                format!("opinions are still awaited from {names}"),
            );
            return Err(self
                .refuse(action, rejection)
                .remedy("请等待回复，或者写明理由减签", "wait for them, or drop the request with a reason"));
        }
        Ok(())
    }

    /// Commands on people among a step's actions; `false` for an ordinary action, which is then done as usual.
    pub(crate) fn on_people(
        &self,
        draft: &mut Draft<'_>,
        action: &Action,
        command: &Command,
        opinion: Option<&str>,
    ) -> Decision<bool> {
        let step = self.step.id.clone();
        let opinion = opinion.map(str::to_owned);
        let body = match command.kind {
            CommandKind::HandOver => {
                let to = self.taker(action, command)?;
                EventBody::HandedOver { step, from: self.actor.unit.clone(), to, opinion }
            }
            CommandKind::Delegate => {
                EventBody::Delegated { step, to: self.delegate(action, command)?, opinion }
            }
            CommandKind::Consult => {
                EventBody::Consulted { step, units: self.to_ask(action, command)?, opinion }
            }
            _ => return Ok(false),
        };
        draft.push(&[&action.clauses, &self.step.clauses], body);
        Ok(true)
    }

    /// Units that could take the task over: of the same role, without a task of their own here where each has one,
    /// and kept away by no separation rule.
    pub(super) fn takers(&self) -> Vec<UnitCode> {
        let draft = self.draft();
        let plays = |role: &RoleKey| match draft.players(role) {
            Players::Units(units) => units,
            Players::Anyone => Vec::new(),
        };
        let listed = |role: &RoleKey| {
            let units = self.ctx.pack.roles.get(role).map(|role| role.units.clone());
            units.filter(|units| !units.is_empty()).unwrap_or_else(|| plays(role))
        };
        // In a joint step the task goes to a unit of a role the actor's own unit plays.
        let roles = [&self.step.role].into_iter().chain(&self.step.joint);
        let own = roles.map(listed).filter(|units| units.contains(&self.actor.unit));
        let mut units: Vec<UnitCode> = own.flatten().collect();
        let seated = |unit: &UnitCode| self.open.seats.iter().any(|seat| seat.unit == *unit);
        units.retain(|unit| *unit != self.actor.unit && !(self.open.each_unit && seated(unit)));
        units.retain(|unit| self.kept_away(&self.somebody(unit)).is_none());
        units
    }

    fn taker(&self, action: &Action, command: &Command) -> Decision<UnitCode> {
        let chosen = match command.people.units.as_slice() {
            [unit] => self.takers().into_iter().find(|taker| taker == unit),
            _ => None,
        };
        chosen.ok_or_else(|| {
            let role = &self.step.role;
            let rejection = Rejection::new(
                "case.no_such_taker",
                format!("只能移交给承担“{role}”、在本环节没有自己任务且无须回避的一家单位"),
                format!("the task goes to one unit that plays `{role}`, has no task of its own here and need not stand back"),
            );
            self.refuse(action, rejection)
        })
    }

    fn delegate(&self, action: &Action, command: &Command) -> Decision<Actor> {
        let Some(to) = &command.people.delegate else {
            let rejection =
                Rejection::new("case.delegate_missing", "请写明受托人", "name the colleague who is to act");
            return Err(self.refuse(action, rejection));
        };
        if to.unit != self.actor.unit || to.person == self.actor.person {
            let rejection = Rejection::new(
                "case.delegate_invalid",
                "只能委托本单位的其他人员",
                "only a colleague of the same unit can be delegated",
            );
            return Err(self.refuse(action, rejection));
        }
        match self.kept_away(to) {
            Some(rejection) => Err(rejection),
            None => Ok(to.clone()),
        }
    }

    /// What keeps another person away from this step.
    fn kept_away(&self, other: &Actor) -> Option<Box<Rejection>> {
        let desk = Desk { actor: other, ..*self };
        let barred = desk.step.actions.iter().find_map(|action| desk.separated(action).err());
        barred
            .or_else(|| desk.not_recused().err())
            .map(|rejection| rejection.remedy("请另选他人", "choose somebody else"))
    }

    /// Somebody of a unit; rules that compare persons do not touch them.
    fn somebody(&self, unit: &UnitCode) -> Actor {
        Actor {
            person: Id::new(Timestamp::from_micros(0), [0; 10]),
            unit: unit.clone(),
            unit_name: unit.clone(),
            person_name: String::new(),
        }
    }

    /// What the button of an action asks for.
    pub(crate) fn asks(&self, action: &Action) -> Asks {
        Asks {
            units: match action.command {
                CommandKind::HandOver => self.takers(),
                CommandKind::Consult => self.askable(action),
                _ => Vec::new(),
            },
            delegate: action.command == CommandKind::Delegate,
            seed: action.command == CommandKind::Draw,
            meeting: action.people.meeting,
        }
    }
}
