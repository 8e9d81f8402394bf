//! What a scenario expects at its end.

use base::Date;

use super::{ScenarioFailure, Stage};
use crate::case::{ClockView, EventBody, Light, STEP_OWED, clocks};
use crate::pack::model::{Expectation, ProcedureId, RoleKey};

impl Stage<'_> {
    pub(super) fn check(&self) -> Vec<ScenarioFailure> {
        let mut failures = Vec::new();
        let expects_refusal =
            self.scenario.then.iter().any(|expected| matches!(expected, Expectation::Refused(_)));
        if let Some(refused) = self.refused.as_ref().filter(|_| !expects_refusal) {
            let (zh, en) = (format!("最后一行被拒绝：{}", refused.zh), format!("refused: {}", refused.en));
            failures.push(*self.failure(Some(self.scenario.given.len()), zh, en));
        }
        for expected in &self.scenario.then {
            if let Some((zh, en)) = self.missed(expected) {
                failures.push(*self.failure(None, zh, en));
            }
        }
        failures
    }

    /// The roles that a step's clock told, up to the last day.
    fn told(&self, step: &str) -> impl Iterator<Item = &RoleKey> {
        self.events.iter().filter_map(move |event| match &event.body {
            EventBody::ClockRang { step: rang, tell, .. } if rang == step => Some(tell),
            _ => None,
        })
    }

    /// The clock of the correction that is awaited, as it stands on the last day.
    fn correction(&self) -> Option<ClockView> {
        let views = clocks(self.state.as_ref()?, &self.context(self.now(self.day?)));
        views.into_iter().find(|view| view.correction)
    }

    /// What became owed next instead of these procedures.
    fn missed_opens(&self, wanted: &[ProcedureId]) -> Option<(String, String)> {
        let opened = self.events.iter().filter_map(|event| match &event.body {
            EventBody::OpensCase { procedure, .. } => Some(procedure),
            _ => None,
        });
        let opened: Vec<&String> = opened.collect();
        (!opened.iter().copied().eq(wanted)).then(|| {
            (
                format!("应转办 {wanted:?}，实为 {opened:?}"),
                format!("cases owed next are {opened:?}, not {wanted:?}"),
            )
        })
    }

    /// Roles that a step's clock did not tell as often as it should have.
    fn silent(&self, step: &str, roles: &[RoleKey]) -> Option<(String, String)> {
        let told: Vec<&RoleKey> = self.told(step).collect();
        // Named twice, told twice: two rungs may tell the same role.
        let times = |role: &RoleKey| roles.iter().filter(|one| *one == role).count();
        let heard = |role: &RoleKey| told.iter().filter(|one| **one == role).count();
        let silent: Vec<_> = roles.iter().filter(|role| heard(role) < times(role)).collect();
        (!silent.is_empty()).then(|| {
            (
                format!("“{step}”的期限没有提醒 {silent:?}，提醒过 {told:?}"),
                format!("the clock of `{step}` told {told:?}, not {silent:?}"),
            )
        })
    }

    /// Attachments that the case does not hold.
    fn lacks(&self, names: &[String]) -> Option<(String, String)> {
        let held = self.state.iter().flat_map(|state| &state.attachments);
        let held: Vec<&str> = held.map(|attachment| attachment.name.as_str()).collect();
        let lacks: Vec<_> = names.iter().filter(|name| !held.contains(&name.as_str())).collect();
        (!lacks.is_empty())
            .then(|| (format!("办件里没有附件 {lacks:?}"), format!("the case does not hold {lacks:?}")))
    }

    fn correction_due(&self, day: Date) -> Option<(String, String)> {
        let found = self.correction().and_then(|view| view.due);
        (found != Some(day)).then(|| {
            let found = found.map(|due| due.to_string());
            let (zh, en) =
                found.as_deref().map_or(("没有在等待补正", "not awaited"), |due| (due, due));
            (format!("补正应于 {day} 到期，实为 {zh}"), format!("the correction is due {en}, not {day}"))
        })
    }

    fn correction_late(&self, late: bool) -> Option<(String, String)> {
        let found = self.correction().map(|view| view.light == Light::Overdue);
        (found != Some(late)).then(|| {
            let (zh, en) = match found {
                None => ("没有在等待有期限的补正", "no correction with a time limit is awaited"),
                Some(true) => ("补正已经逾期", "the correction is overdue"),
                Some(false) => ("补正没有逾期", "the correction is not overdue"),
            };
            (zh.to_owned(), en.to_owned())
        })
    }

    /// What is found instead of an expectation.
    fn missed(&self, expected: &Expectation) -> Option<(String, String)> {
        let state = self.state.as_ref();
        let waits = state.filter(|state| state.waits_for_opener()).map(|_| STEP_OWED);
        let open = state.and_then(|state| state.step.as_ref()).map(|open| open.step.as_str());
        let open = open.or(waits).unwrap_or_default();
        let ended = state.and_then(|state| state.ended.as_ref()).map_or("", |end| end.outcome.as_str());
        match expected {
            Expectation::Due(step, due) => {
                let now = self.now(self.day?);
                let views = state.map(|state| clocks(state, &self.context(now))).unwrap_or_default();
                let dues: Vec<Option<Date>> = views
                    .iter()
                    .filter(|view| view.step == *step && !view.correction)
                    .map(|view| view.due)
                    .collect();
                (!dues.contains(&Some(*due))).then(|| {
                    let found: Vec<String> = dues.iter().flatten().map(ToString::to_string).collect();
                    let found = found.join("、");
                    let (zh, en) = if found.is_empty() { ("无期限", "never") } else { (&*found, &*found) };
                    (
                        format!("“{step}”应于 {due} 到期，实为 {zh}"),
                        format!("`{step}` is due {en}, not {due}"),
                    )
                })
            }
            Expectation::Open(step) => (open != step).then(|| {
                (
                    format!("应在“{step}”环节，实在“{open}{ended}”"),
                    format!("the case is in `{open}{ended}`, not in step `{step}`"),
                )
            }),
            Expectation::Outcome(outcome) => (ended != outcome).then(|| {
                (
                    format!("应以“{outcome}”办结，实为“{ended}{open}”"),
                    format!("the outcome is `{ended}{open}`, not `{outcome}`"),
                )
            }),
            Expectation::Refused(clauses) => {
                let found = self.refused.as_ref().map(|refused| refused.clauses.clone()).unwrap_or_default();
                (!found.iter().any(|clause| clauses.contains(clause))).then(|| {
                    (
                        format!("应依 {clauses:?} 拒绝，实依 {found:?}"),
                        format!("refused on {found:?}, not on {clauses:?}"),
                    )
                })
            }
            Expectation::Opens(wanted) => self.missed_opens(wanted),
            Expectation::Attached(names) => self.lacks(names),
            Expectation::CorrectionDue(day) => self.correction_due(*day),
            Expectation::CorrectionLate(late) => self.correction_late(*late),
            Expectation::Effects(effects) => {
                let done = state.map(|state| state.effects.as_slice()).unwrap_or_default();
                let missing: Vec<_> = effects.iter().filter(|effect| !done.contains(effect)).collect();
                (!missing.is_empty())
                    .then(|| (format!("缺少效果 {missing:?}"), format!("missing effects {missing:?}")))
            }
            Expectation::NoEffects(effects) => {
                let done = state.map(|state| state.effects.as_slice()).unwrap_or_default();
                let found: Vec<_> = effects.iter().filter(|effect| done.contains(effect)).collect();
                (!found.is_empty())
                    .then(|| (format!("不应有效果 {found:?}"), format!("unexpected effects {found:?}")))
            }
            Expectation::Rang(step, roles) => self.silent(step, roles),
        }
    }
}
