//! Facts nobody declares or states: the day, the day of filing, and what the platform knows of other cases.
//!
//! - `今日` and `提交日` are known in every command and tick.
//! - A fact of kind 编号 that names a case, say `方案`, brings `方案.结果`, `方案.已准予` and so on (see [`REFERENCE_FACTS`]).
//! - The newest case of a procedure about the same authorisation is read as `近件.评价考核.结果` and so on (see
//!   [`RECENT_FACTS`]).
//!
//! The kernel answers the first two itself. The others come with each command as observed facts; what has a dot in its
//! name belongs to a group (`方案`, `近件.评价考核`) that is always replaced as a whole, so that the result of an older
//! case is not taken for that of a newer one.

use std::collections::BTreeSet;

use super::model::{Anchor, ClockRule, Effect, FactKind, Measure, Pack, Procedure, ProcedureId, Test};

/// The legal day of the command.
pub const FACT_TODAY: &str = "今日";
/// The legal day on which the case was opened.
pub const FACT_FILED: &str = "提交日";
/// How facts about the newest case of a procedure begin.
pub const RECENT: &str = "近件";

/// What a fact of kind 编号 that names a case brings with it; 办结日 and 结果 only once that case has ended.
pub const REFERENCE_FACTS: [(&str, FactKind); 6] = [
    ("程序", FactKind::Text),
    ("结果", FactKind::Text),
    ("已准予", FactKind::Flag),
    ("在办", FactKind::Flag),
    ("发起单位", FactKind::Units),
    ("办结日", FactKind::Date),
];

/// What is known of the newest case of a procedure about the same authorisation.
pub const RECENT_FACTS: [(&str, FactKind); 4] = [
    ("结果", FactKind::Text),
    ("已准予", FactKind::Flag),
    ("在办", FactKind::Flag),
    ("办结日", FactKind::Date),
];

/// Whether a name belongs to the platform: no pack declares it and nobody states it.
#[must_use]
pub fn is_given(key: &str) -> bool {
    key == FACT_TODAY || key == FACT_FILED || key == RECENT || key.contains('.')
}

/// The group of a fact with a dot in its name: `方案.结果` is of `方案`, `近件.评价考核.结果` of `近件.评价考核`.
pub(crate) fn group(key: &str) -> Option<&str> {
    key.rsplit_once('.').map(|(group, _)| group)
}

/// The name of a fact about the newest case of a procedure.
pub(crate) fn recent(procedure: &str, what: &str) -> String {
    format!("{RECENT}.{procedure}.{what}")
}

/// Procedure and property of a fact about the newest case of a procedure.
pub(crate) fn as_recent(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix(RECENT)?.strip_prefix('.')?.rsplit_once('.')
}

/// A fact's name as people read it, Chinese and English: what the grammar writes with dots is said in words.
pub(crate) fn told(key: &str) -> (String, String) {
    if let Some((procedure, what)) = as_recent(key) {
        return (
            format!("本授权最近一件“{procedure}”的“{what}”"),
            format!("`{what}` of the newest `{procedure}` about this authorisation"),
        );
    }
    match key.rsplit_once('.') {
        Some((case, what)) => {
            (format!("“{case}”所指办件的“{what}”"), format!("`{what}` of the case under `{case}`"))
        }
        None => (key.to_owned(), key.to_owned()),
    }
}

impl Test {
    /// The facts the test names.
    pub(crate) fn names(&self, into: &mut BTreeSet<String>) {
        match self {
            Self::All(tests) | Self::Any(tests) => tests.iter().for_each(|test| test.names(into)),
            Self::Not(test) => test.names(into),
            Self::Is(key, _)
            | Self::Compare(key, _, _)
            | Self::Within(key, _)
            | Self::WithinUnit(key, ..) => {
                into.insert(key.clone());
            }
            Self::Same(one, other) | Self::CompareFacts(one, _, other) => {
                into.extend([one.clone(), other.clone()]);
            }
            Self::Done { .. } => {}
        }
    }
}

impl ClockRule {
    /// The facts the clock cannot start without.
    pub(crate) fn names(&self, into: &mut BTreeSet<String>) {
        if let Anchor::Fact(key) = &self.anchor {
            into.insert(key.clone());
        }
        if let Measure::Fact(key) | Measure::Until(key) = &self.measure {
            into.insert(key.clone());
        }
    }
}

impl Procedure {
    /// Whether some action of the procedure has this effect.
    #[must_use]
    pub fn brings(&self, effect: Effect) -> bool {
        let mut actions = self.steps.iter().flat_map(|step| &step.actions);
        actions.any(|action| action.effects.contains(&effect))
    }

    /// Every fact that a condition or a clock of the procedure names.
    #[must_use]
    pub fn named_facts(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.attachments.iter().filter_map(|rule| rule.when.as_ref()).for_each(|test| test.names(&mut names));
        for step in &self.steps {
            step.clock.iter().for_each(|clock| clock.names(&mut names));
            for action in &step.actions {
                let branches = action.then.iter().filter_map(|branch| branch.when.as_ref());
                let conditions = action.requires.iter().chain(branches).map(|condition| &condition.test);
                let enclosures = action.attachments.iter().filter_map(|one| one.when.as_ref());
                conditions.chain(enclosures).for_each(|test| test.names(&mut names));
            }
        }
        names
    }

    /// The procedures whose newest case about the same authorisation the procedure's conditions ask for (近件): the
    /// platform observes these before a case is opened and with every command on it.
    #[must_use]
    pub fn recent_procedures(&self) -> BTreeSet<ProcedureId> {
        let named = self.named_facts();
        named.iter().filter_map(|key| as_recent(key)).map(|(procedure, _)| procedure.to_owned()).collect()
    }

    /// The facts of kind 编号 whose case the procedure's conditions ask about (`方案` for `方案.已准予`).
    #[must_use]
    pub fn named_cases(&self) -> BTreeSet<String> {
        let named = self.named_facts();
        let of_reference = |key: &&String| as_recent(key).is_none();
        named.iter().filter(of_reference).filter_map(|key| group(key)).map(str::to_owned).collect()
    }
}

impl Pack {
    /// The first procedure by name that brings an effect about.
    #[must_use]
    pub fn procedure_with(&self, effect: Effect) -> Option<&Procedure> {
        self.procedures.values().find(|procedure| procedure.brings(effect))
    }

    /// The kind of a fact that nobody declares; `references` are the facts of kind 编号 that the case may know.
    pub(crate) fn given_kind<'a>(
        &self,
        key: &str,
        mut references: impl Iterator<Item = &'a String>,
    ) -> Option<FactKind> {
        if key == FACT_TODAY || key == FACT_FILED {
            return Some(FactKind::Date);
        }
        let of = |facts: &[(&str, FactKind)], what: &str| {
            facts.iter().find(|(name, _)| *name == what).map(|(_, kind)| *kind)
        };
        if let Some((procedure, what)) = as_recent(key) {
            return of(&RECENT_FACTS, what).filter(|_| self.procedures.contains_key(procedure));
        }
        let (reference, what) = key.rsplit_once('.')?;
        of(&REFERENCE_FACTS, what).filter(|_| references.any(|one| one == reference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_other_cases_are_told_in_words() {
        assert_eq!(told("近件.应急预案.已准予").0, "本授权最近一件“应急预案”的“已准予”");
        assert_eq!(told("方案.结果").1, "`结果` of the case under `方案`");
        assert_eq!(told("同意撤销"), ("同意撤销".to_owned(), "同意撤销".to_owned()));
    }

    #[test]
    fn names_are_taken_apart_at_the_last_dot() {
        assert_eq!(as_recent("近件.评价考核.结果"), Some(("评价考核", "结果")));
        assert_eq!(as_recent(&recent("甲.乙", "在办")), Some(("甲.乙", "在办")));
        for other in ["近件", "近件.结果", "近件评价.结果", "方案.结果", "今日"] {
            assert_eq!(as_recent(other), None, "{other}");
        }
        assert_eq!(group("近件.评价考核.结果"), Some("近件.评价考核"));
        assert_eq!((group("方案.结果"), group("方案")), (Some("方案"), None));
        assert!(is_given("今日") && is_given("提交日") && is_given("方案.结果") && !is_given("方案"));
    }
}
