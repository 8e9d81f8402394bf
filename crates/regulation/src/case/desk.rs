//! A person before an open step: may they act, and does anything stand against it.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Facts, Truth, evaluate};
use super::decide::{Decision, find_procedure};
use super::flow::Draft;
use super::vote::ballot_rule;
use super::{Actor, CaseState, Context, EVENTS_MAX, OpenStep, Rejection, command_words};
use crate::pack::given::{self, group};
use crate::pack::model::{Action, ClauseId, CommandKind, FactValue, Procedure, Separation, Step, Who};

/// A person before an open step.
pub(crate) struct Desk<'a> {
    pub(crate) state: &'a CaseState,
    pub(crate) actor: &'a Actor,
    pub(crate) ctx: &'a Context<'a>,
    pub(crate) procedure: &'a Procedure,
    pub(crate) step: &'a Step,
    pub(crate) open: &'a OpenStep,
}

/// The case is decided under its own pack.
pub(crate) fn same_pack(state: &CaseState, ctx: &Context<'_>) -> Decision<()> {
    if state.pack.id == ctx.pack.id {
        return Ok(());
    }
    Err(Rejection::new("case.wrong_pack", "办件适用另一部制度", "the case stands under another pack"))
}

impl<'a> Desk<'a> {
    pub(crate) fn new(state: &'a CaseState, actor: &'a Actor, ctx: &'a Context<'a>) -> Decision<Self> {
        same_pack(state, ctx)?;
        let procedure = find_procedure(ctx, &state.procedure)?;
        if state.waits_for_opener() {
            return Err(super::owed::not_filled_in(ctx, procedure));
        }
        let Some(open) = state.step.as_ref().filter(|_| state.ended.is_none()) else {
            let outcome = state.ended.as_ref().map_or("", |ending| ending.outcome.as_str());
            return Err(Rejection::new(
                "case.ended",
                format!("办件已办结（{outcome}）"),
                format!("the case has ended ({outcome})"),
            )
            .on(ctx, &[&procedure.clauses]));
        };
        let step = procedure.steps.iter().find(|step| step.id == open.step).ok_or_else(|| {
            let id = &open.step;
            Rejection::new(
                "case.unknown_step",
                format!("程序没有“{id}”环节"),
                format!("the procedure has no step `{id}`"),
            )
        })?;
        if state.version >= EVENTS_MAX {
            return Err(Rejection::new(
                "case.too_long",
                "办件记录已达上限，请另行办理",
                "the case's record is full; open another case",
            )
            .on(ctx, &[&procedure.clauses]));
        }
        Ok(Self { state, actor, ctx, procedure, step, open })
    }

    pub(crate) fn draft(&self) -> Draft<'a> {
        Draft::new(self.ctx, self.procedure, Some(self.actor.clone()), self.state.clone())
    }

    /// The pack's action for a command; of several, the first whose conditions hold.
    pub(crate) fn action(
        &self,
        kind: CommandKind,
        facts: &BTreeMap<String, FactValue>,
    ) -> Decision<&'a Action> {
        let offered = self.step.actions.iter().filter(|action| action.command == kind);
        let ready = |action: &&Action| {
            let facts = self.facts(facts);
            action.requires.iter().all(|condition| evaluate(&condition.test, &facts) != Truth::False)
        };
        offered.clone().find(ready).or_else(|| offered.clone().next()).ok_or_else(|| {
            let ((zh, en), step) = (command_words(kind), &self.step.id);
            if kind == CommandKind::Supplement {
                return Rejection::new(
                    "case.not_awaiting",
                    "办件没有待补正的内容",
                    "the case awaits no correction",
                )
                .on(self.ctx, &[&self.step.clauses, &self.procedure.clauses]);
            }
            Rejection::new(
                "case.not_offered",
                format!("“{step}”环节不能“{zh}”"),
                format!("`{en}` is not offered in step `{step}`"),
            )
            .on(self.ctx, &[&self.step.clauses, &self.procedure.clauses])
        })
    }

    pub(crate) fn facts<'f>(&'f self, facts: &'f BTreeMap<String, FactValue>) -> Facts<'f> {
        Facts { today: self.ctx.today(), facts, state: Some(self.state), pack: self.ctx.pack }
    }

    /// Whether this person may do the action now, whatever they send with it.
    pub(crate) fn may(&self, action: &Action) -> Decision<()> {
        if action.command == CommandKind::Recuse {
            return self.may_recuse();
        }
        let own = action.command == CommandKind::Withdraw;
        if own {
            self.is_opener(action)?;
            super::owed::may_withdraw(self.state, self.ctx, self.procedure)?;
        } else {
            self.holds_task(action)?;
            self.may_stand(action)?;
        }
        if let Some(awaiting) =
            self.state.awaiting.as_ref().filter(|_| action.command != CommandKind::Withdraw)
        {
            return Err(Rejection::new(
                "case.awaiting_correction",
                "正在等待申请单位补正",
                "a correction is awaited from the applicant",
            )
            .on(self.ctx, &[&awaiting.clauses, &self.step.clauses])
            .remedy("补正后继续办理", "the case goes on when it is corrected"));
        }
        if own { Ok(()) } else { self.separated(action) }
    }

    pub(crate) fn holds_step(&self) -> bool {
        self.open.anyone || self.open.seats.iter().any(|seat| seat.unit == self.actor.unit)
    }

    pub(crate) fn is_opener(&self, action: &Action) -> Decision<()> {
        if self.actor.unit == self.state.opener.unit {
            return Ok(());
        }
        let name = &self.state.opener.unit_name;
        Err(Rejection::new(
            "case.wrong_role",
            format!("只有申请单位（{name}）可以办理"),
            format!("only the applicant ({name}) may do this"),
        )
        .on(self.ctx, &[&action.clauses, &self.step.clauses, &self.procedure.clauses]))
    }

    /// The unit holds the step's task and has not done it.
    pub(crate) fn holds_task(&self, action: &Action) -> Decision<()> {
        let clauses: [&[ClauseId]; 3] = [&action.clauses, &self.step.clauses, &self.procedure.clauses];
        if !self.holds_step() {
            let mut roles = [&self.step.role].into_iter().chain(&self.step.joint);
            let listed = |role| self.ctx.pack.roles.get(role).map(|role| role.units.as_slice());
            let plays = roles.any(|role| listed(role).is_some_and(|units| units.contains(&self.actor.unit)));
            let (code, role) =
                (if plays { "case.not_your_task" } else { "case.wrong_role" }, &self.step.role);
            return Err(Rejection::new(
                code,
                format!("该环节由“{role}”办理，不是您单位的任务"),
                format!("this step is for `{role}`; it is not your unit's task"),
            )
            .on(self.ctx, &clauses));
        }
        let seat = self.open.seats.iter().find(|seat| seat.unit == self.actor.unit);
        let ballot = ballot_rule(self.step, action.command);
        if self.open.each_unit && seat.is_some_and(|seat| seat.done.is_some()) {
            let code = if ballot.is_some() { "case.voted_twice" } else { "case.already_done" };
            return Err(Rejection::new(
                code,
                "您单位已经办理过该任务",
                "your unit has done this task already",
            )
            .on(self.ctx, &clauses));
        }
        if ballot.is_some() {
            self.may_vote(&clauses)?;
        }
        Ok(())
    }

    fn may_vote(&self, clauses: &[&[ClauseId]]) -> Decision<()> {
        if self.open.counted.is_some() {
            return Err(Rejection::new("case.vote_closed", "表决已有结果", "the vote has been counted")
                .on(self.ctx, clauses));
        }
        let mut acts = self.state.acts.iter();
        let mine = acts.any(|act| {
            let here = act.step == self.open.step && act.visit == self.open.visit && act.vote.is_some();
            here && act.by.person == self.actor.person
        });
        if mine {
            return Err(Rejection::new("case.voted_twice", "您已经表决", "you have voted already")
                .on(self.ctx, clauses));
        }
        Ok(())
    }

    /// No separation rule keeps this person (or unit) away from the step.
    pub(crate) fn separated(&self, action: &Action) -> Decision<()> {
        for rule in &self.procedure.separations {
            let here = Who::Step(self.step.id.clone());
            let others = [(&rule.first, &rule.second), (&rule.second, &rule.first)];
            let other = others.into_iter().find(|(one, _)| **one == here).map(|(_, other)| other);
            if other.is_some_and(|other| self.was(other, rule)) {
                let what = match other {
                    Some(Who::Step(step)) => {
                        (format!("“{step}”环节的办理人"), format!("acted in step `{step}`"))
                    }
                    _ => ("申请方".to_owned(), "opened the case".to_owned()),
                };
                let (zh, en) = if rule.by_unit { ("您单位", "your unit") } else { ("您本人", "you") };
                return Err(Rejection::new(
                    "case.separation",
                    format!("{zh}是本件{}，应当回避", what.0),
                    format!("{en} {} and must stand back here", what.1),
                )
                .on(self.ctx, &[&rule.clauses, &action.clauses, &self.step.clauses])
                .remedy("请由其他人员或单位办理", "another person or unit has to act"));
            }
        }
        Ok(())
    }

    fn was(&self, who: &Who, rule: &Separation) -> bool {
        let same = |other: &Actor| {
            if rule.by_unit { other.unit == self.actor.unit } else { other.person == self.actor.person }
        };
        match who {
            Who::Opener => same(&self.state.opener),
            // Corrections and withdrawals belong to the opener and are no acts of the step's holder.
            Who::Step(step) => self.state.acts.iter().any(|act| act.step == *step && same(&act.by)),
        }
    }

    /// Conditions hold; facts the action itself asks for may still be unknown when `asking`.
    pub(crate) fn conditions(
        &self,
        action: &Action,
        facts: &BTreeMap<String, FactValue>,
        asked: &BTreeSet<String>,
    ) -> Decision<()> {
        let known = self.facts(facts);
        for condition in &action.requires {
            let truth = evaluate(&condition.test, &known);
            let mut names = BTreeSet::new();
            condition.test.names(&mut names);
            // What the action asks for may still come, and with a case that it asks for all that is known of that case.
            let comes =
                |name: &String| asked.contains(name) || group(name).is_some_and(|of| asked.contains(of));
            if truth == Truth::True || (truth == Truth::Unknown && names.iter().any(comes)) {
                continue;
            }
            let missing: Vec<&String> = names.iter().filter(|name| known.get(name).is_none()).collect();
            let rejection = if truth == Truth::Unknown && !missing.is_empty() {
                let (zh, en) = told(missing.into_iter());
                Rejection::new("case.fact_unknown", format!("尚不掌握：{zh}"), format!("not known yet: {en}"))
            } else {
                let (zh, en) = told(names.iter());
                Rejection::new(
                    "case.condition_not_met",
                    format!("条件不满足：{zh}"),
                    format!("a condition is not met: {en}"),
                )
            };
            let remedy = condition.remedy.clone().unwrap_or_default();
            let clauses: [&[ClauseId]; 3] = [&condition.clauses, &action.clauses, &self.step.clauses];
            return Err(rejection.on(self.ctx, &clauses).remedy(remedy, "satisfy the condition first"));
        }
        Ok(())
    }
}

/// Names of facts as people read them, Chinese and English.
fn told<'a>(names: impl Iterator<Item = &'a String>) -> (String, String) {
    let (zh, en): (Vec<String>, Vec<String>) = names.map(|name| given::told(name)).unzip();
    (zh.join("、"), en.join(", "))
}
