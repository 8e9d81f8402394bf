//! Values of the law as people read them: clauses, units, roles, steps, periods, lights.

use std::collections::BTreeMap;

use app::Error;
use app::desk::{self, UnitName};
use app::regulation::calendar::Reason;
use app::regulation::case::Light as CaseLight;
use app::regulation::pack::{
    ClauseId, ClockRule, CommandKind, Effect, Measure, OnExpiry, Pack, Period, PeriodUnit, Procedure, Run,
    Step, Target,
};
use base::Date;

use super::visit::Visit;
use crate::html::pages::parts::{Clause, Light};

/// Clauses with the page that shows them.
pub(crate) fn clauses(visit: &Visit, ids: &[ClauseId]) -> Vec<Clause> {
    clauses_of(&visit.app.packs().current(), ids)
}

/// Clauses of a pack, once each.
pub(crate) fn clauses_of(pack: &Pack, ids: &[ClauseId]) -> Vec<Clause> {
    let mut shown: Vec<Clause> = Vec::new();
    for id in ids {
        let href = format!("/admin/packs/{}#{}", pack.id, clause_anchor(id));
        if shown.iter().any(|clause| clause.href == href) {
            continue;
        }
        shown.push(match pack.clauses.get(id) {
            Some(clause) => Clause { label: clause.label.clone(), summary: clause.summary.clone(), href },
            None => Clause { label: id.clone(), summary: String::new(), href },
        });
    }
    shown
}

/// The anchor of a clause in its pack's page.
pub(crate) fn clause_anchor(id: &str) -> String {
    let plain = |c: char| if c.is_whitespace() { '_' } else { c };
    format!("c-{}", id.chars().map(plain).collect::<String>())
}

/// The names of units.
#[derive(Debug, Default)]
pub(crate) struct Units(BTreeMap<String, UnitName>);

impl Units {
    /// Reads them.
    ///
    /// # Errors
    /// Storage faults.
    pub(crate) async fn load(visit: &Visit) -> Result<Self, Error> {
        Ok(Self(desk::unit_names(&visit.app).await?))
    }

    /// A unit's name in the reader's language; its code where it is not known.
    pub(crate) fn name(&self, visit: &Visit, code: &str) -> String {
        self.0.get(code).map_or_else(|| code.to_owned(), |unit| visit.pick(&unit.name, &unit.en))
    }

    /// The name of a unit that a record also keeps by name, for readers of Chinese as it was then.
    pub(crate) fn kept(&self, visit: &Visit, code: &str, name: &str) -> String {
        let english = self.0.get(code).filter(|_| visit.is_english()).map(|unit| unit.en.as_str());
        english.filter(|en| !en.is_empty()).unwrap_or(name).to_owned()
    }

    /// All units: code and name.
    pub(crate) fn all(&self, visit: &Visit) -> Vec<(String, String)> {
        self.0.iter().map(|(code, unit)| (code.clone(), visit.pick(&unit.name, &unit.en))).collect()
    }
}

/// A role of the pack in words.
pub(crate) fn role(visit: &Visit, pack: &Pack, key: &str) -> String {
    pack.roles.get(key).map_or_else(|| key.to_owned(), |role| visit.pick(&role.key, &role.en))
}

/// A procedure's name.
pub(crate) fn procedure(visit: &Visit, procedure: &Procedure) -> String {
    visit.pick(&procedure.id, &procedure.en)
}

/// The name of the procedure with an id, whatever pack it is of.
pub(crate) fn procedure_name(visit: &Visit, id: &str) -> String {
    let pack = visit.app.packs().current();
    pack.procedures.get(id).map_or_else(|| id.to_owned(), |found| procedure(visit, found))
}

/// A step's name.
pub(crate) fn step(visit: &Visit, step: &Step) -> String {
    visit.pick(&step.id, &step.en)
}

/// The name of a step of a procedure.
pub(crate) fn step_name(visit: &Visit, procedure: &Procedure, id: &str) -> String {
    let found = procedure.steps.iter().find(|step| step.id == id);
    found.map_or_else(|| id.to_owned(), |found| step(visit, found))
}

/// How a case of a procedure ended. A case keeps the Chinese words; the pack knows the English ones.
pub(crate) fn outcome(visit: &Visit, procedure: Option<&Procedure>, outcome: &str) -> String {
    let branches = procedure.iter().flat_map(|found| &found.steps).flat_map(|step| &step.actions);
    let english = branches.flat_map(|action| &action.then).find_map(|branch| match &branch.to {
        Target::End { outcome: words, en, .. } if words == outcome => Some(en.clone()),
        _ => None,
    });
    let own = || app::regulation::case::own_outcome(outcome).map(str::to_owned);
    visit.pick(outcome, &english.or_else(own).unwrap_or_default())
}

/// The name of a text by its pack's id.
pub(crate) fn pack_name(visit: &Visit, id: &str) -> String {
    let all = visit.app.packs().all();
    all.iter().find(|pack| pack.id == id).map_or_else(|| id.to_owned(), |pack| pack.name.clone())
}

/// A command in words.
pub(crate) fn command(visit: &Visit, kind: CommandKind) -> String {
    let (zh, en) = app::regulation::case::command_words(kind);
    visit.pick(zh, en)
}

/// What the platform does, in words.
pub(crate) fn effect(visit: &Visit, effect: Effect) -> String {
    let (zh, en) = app::regulation::case::effect_words(effect);
    visit.pick(zh, en)
}

/// A length of time.
pub(crate) fn period(visit: &Visit, period: Period) -> String {
    let unit = match period.unit {
        PeriodUnit::WorkingDay => "working-days",
        PeriodUnit::Day if period.length == 0 => "same-day",
        PeriodUnit::Day => "days",
        PeriodUnit::Month => "months",
        PeriodUnit::Year => "years",
    };
    visit.text_with(&format!("period-{unit}"), &[("count", &period.length.to_string())])
}

/// How long a clock runs, as its rule says it.
pub(crate) fn clock(visit: &Visit, rule: &ClockRule) -> String {
    let length = period(visit, rule.period);
    match &rule.measure {
        Measure::Forward => length,
        Measure::Backward => visit.text_with("clock-backward", &[("period", &length)]),
        Measure::Fact(fact) => visit.text_with("clock-by-fact", &[("fact", fact)]),
        Measure::Until(fact) => visit.text_with("clock-until-fact", &[("fact", fact)]),
    }
}

/// How long a clock runs that was started.
pub(crate) fn length(visit: &Visit, length: Period, run: Run) -> String {
    match run {
        Run::Forward => period(visit, length),
        Run::Backward => visit.text_with("clock-backward", &[("period", &period(visit, length))]),
        Run::Until(day) => visit.text_with("clock-until", &[("day", &day.to_string())]),
    }
}

/// What follows when a clock runs out.
pub(crate) fn expiry(visit: &Visit, kind: OnExpiry) -> String {
    visit.text(match kind {
        OnExpiry::RemindAndEscalate => "expiry-remind",
        OnExpiry::ReturnAutomatically => "expiry-return",
        OnExpiry::CloseAccess => "expiry-close",
        OnExpiry::TakeBackData => "expiry-take-back",
        OnExpiry::MoveToCoordination => "expiry-coordinate",
        OnExpiry::Advance => "expiry-advance",
    })
}

/// A day with its weekday.
pub(crate) fn day(visit: &Visit, date: Date) -> String {
    format!("{date} {}", super::frame::weekday(visit, date))
}

/// Why a day counts or does not.
pub(crate) fn reason(visit: &Visit, reason: &Reason) -> String {
    if visit.is_english() { reason.en() } else { reason.zh() }
}

/// The kernel's light as the page's lamp.
pub(crate) const fn light(light: CaseLight) -> Light {
    match light {
        CaseLight::Normal => Light::Normal,
        CaseLight::Soon => Light::DueSoon,
        CaseLight::Overdue => Light::Overdue,
        CaseLight::Stopped => Light::Suspended,
        CaseLight::Done => Light::Done,
    }
}

/// The code of a lamp, as in addresses.
pub(crate) const fn light_code(light: Light) -> &'static str {
    match light {
        Light::Normal => "normal",
        Light::DueSoon => "due_soon",
        Light::Overdue => "overdue",
        Light::Suspended => "suspended",
        Light::Done => "done",
    }
}

/// A number of bytes.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_024 => format!("{count} B"),
        1_024..1_048_576 => format!("{} KB", count.div_ceil(1_024)),
        _ => format!("{}.{} MB", count / 1_048_576, count % 1_048_576 * 10 / 1_048_576),
    }
}

/// A number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A kind of entity; a word that only the provider uses stays as it is.
pub(crate) fn entity(visit: &Visit, kind: &str) -> String {
    match kind {
        "person" | "enterprise" | "household" | "aircraft" | "vehicle" | "parcel" => {
            visit.text(&format!("entity-{kind}"))
        }
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(
            (count(7), count(1_402), count(1_000_000)),
            ("7".into(), "1,402".into(), "1,000,000".into())
        );
        assert_eq!(
            (bytes(12), bytes(2_000), bytes(3_145_728)),
            ("12 B".into(), "2 KB".into(), "3.0 MB".into())
        );
        assert_eq!(clause_anchor("德清.三.一 2"), "c-德清.三.一_2");
    }
}
