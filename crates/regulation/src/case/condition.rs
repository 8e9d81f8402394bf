//! Comparisons of named facts. Three-valued: what is unknown is neither true nor false and never passes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base::Date;

use super::CaseState;
use crate::pack::given::{FACT_FILED, FACT_TODAY, group};
use crate::pack::model::{
    Bound, CommandKind, Comparator, Condition, FactValue, Pack, PeriodUnit, StepId, Test, Value,
};

/// Set when votes are counted: whether the vote passed.
pub const FACT_PASSED: &str = "表决通过";
/// Set when votes are counted: votes for.
pub const FACT_APPROVALS: &str = "同意票数";
/// Set when votes are counted: votes against.
pub const FACT_REFUSALS: &str = "不同意票数";

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// Holds.
    True,
    /// Does not hold.
    False,
    /// A fact it needs is not known.
    Unknown,
}

impl Truth {
    const fn of(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self::True,
            Some(false) => Self::False,
            None => Self::Unknown,
        }
    }
}

/// What tests are evaluated against.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The legal day.
    pub today: Date,
    /// Facts known.
    pub facts: &'a BTreeMap<String, FactValue>,
    /// The case, for what was done in it.
    pub state: Option<&'a CaseState>,
    /// The pack, for parameters.
    pub pack: &'a Pack,
}

impl<'a> Facts<'a> {
    /// A fact's value, if it is known. The day and the day of filing always are: before a case is opened, they are one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Cow<'a, FactValue>> {
        let day = match key {
            FACT_TODAY => self.today,
            FACT_FILED => self.state.map_or(self.today, |state| state.opened_on),
            _ => return self.facts.get(key).map(Cow::Borrowed),
        };
        Some(Cow::Owned(FactValue::Date(day)))
    }

    /// Whether something asked for only under a test has to be there: always unless the test is known to fail.
    pub(crate) fn requires(&self, when: Option<&Test>) -> bool {
        when.is_none_or(|test| evaluate(test, self) != Truth::False)
    }
}

/// Evaluates a test.
#[must_use]
pub fn evaluate(test: &Test, facts: &Facts<'_>) -> Truth {
    match test {
        Test::All(tests) => {
            let mut result = Truth::True;
            for test in tests {
                match evaluate(test, facts) {
                    Truth::False => return Truth::False,
                    Truth::Unknown => result = Truth::Unknown,
                    Truth::True => {}
                }
            }
            result
        }
        Test::Any(tests) => {
            let mut result = Truth::False;
            for test in tests {
                match evaluate(test, facts) {
                    Truth::True => return Truth::True,
                    Truth::Unknown => result = Truth::Unknown,
                    Truth::False => {}
                }
            }
            result
        }
        Test::Not(test) => match evaluate(test, facts) {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        },
        Test::Is(key, value) => Truth::of(facts.get(key).and_then(|fact| equal(&fact, value))),
        Test::Compare(key, comparator, value) => {
            Truth::of(facts.get(key).and_then(|fact| compare(&fact, *comparator, value)))
        }
        Test::Same(one, other) => {
            let both = facts.get(one).zip(facts.get(other));
            Truth::of(both.and_then(|(one, other)| equal(&one, &other)))
        }
        Test::CompareFacts(one, comparator, other) => {
            let both = facts.get(one).zip(facts.get(other));
            Truth::of(both.and_then(|(one, other)| compare(&one, *comparator, &other)))
        }
        Test::Within(key, parameter) => Truth::of(within(facts, key, parameter)),
        Test::WithinUnit(key, parameter, unit) => Truth::of(within_unit(facts, key, parameter, *unit)),
        Test::Done { step, command, at_least } => Truth::of(done(facts.state, step, *command, *at_least)),
    }
}

/// Whether a condition passes.
pub(crate) fn holds(condition: &Condition, facts: &Facts<'_>) -> bool {
    evaluate(&condition.test, facts) == Truth::True
}

/// `None` when the two cannot be compared; a list equals a text it contains.
fn equal(fact: &FactValue, value: &FactValue) -> Option<bool> {
    match (fact, value) {
        (FactValue::List(items), FactValue::Text(text)) => Some(items.contains(text)),
        (FactValue::Date(date), FactValue::Text(text)) | (FactValue::Text(text), FactValue::Date(date)) => {
            Some(date.to_string() == *text)
        }
        (FactValue::Flag(_), FactValue::Flag(_))
        | (FactValue::Number(_), FactValue::Number(_))
        | (FactValue::Date(_), FactValue::Date(_))
        | (FactValue::Text(_), FactValue::Text(_))
        | (FactValue::List(_), FactValue::List(_)) => Some(fact == value),
        _ => None,
    }
}

fn compare(fact: &FactValue, comparator: Comparator, value: &FactValue) -> Option<bool> {
    match (fact, value) {
        (FactValue::Number(a), FactValue::Number(b)) => Some(ordered(a, comparator, b)),
        (FactValue::Date(a), FactValue::Date(b)) => Some(ordered(a, comparator, b)),
        (FactValue::List(items), FactValue::Number(count)) => {
            Some(ordered(&i64::try_from(items.len()).unwrap_or(i64::MAX), comparator, count))
        }
        _ => None,
    }
}

fn ordered<T: Ord>(a: &T, comparator: Comparator, b: &T) -> bool {
    match comparator {
        Comparator::Less => a < b,
        Comparator::AtMost => a <= b,
        Comparator::AtLeast => a >= b,
        Comparator::More => a > b,
    }
}

/// A parameter with its own comparator is taken at its word; a bare one by its bound.
fn within(facts: &Facts<'_>, key: &str, parameter: &str) -> Option<bool> {
    let fact = facts.get(key)?;
    let parameter = facts.pack.parameters.get(parameter)?;
    match (fact.as_ref(), &parameter.value) {
        (FactValue::Text(text), Value::List(items)) => Some(items.contains(text)),
        (FactValue::List(texts), Value::List(items)) => Some(texts.iter().all(|text| items.contains(text))),
        (FactValue::Number(number), value) => bounded(*number, value, parameter.bound, &amount),
        _ => None,
    }
}

/// The same for a length of time, both sides in months where they are months or years.
fn within_unit(facts: &Facts<'_>, key: &str, parameter: &str, unit: PeriodUnit) -> Option<bool> {
    let fact = facts.get(key)?;
    let FactValue::Number(number) = fact.as_ref() else {
        return None;
    };
    let parameter = facts.pack.parameters.get(parameter)?;
    let number = number.checked_mul(unit.months().unwrap_or(1))?;
    let length = |value: &Value| match value {
        Value::Period(period) if period.unit.is_measured_in(unit) => {
            i64::from(period.length).checked_mul(period.unit.months().unwrap_or(1))
        }
        _ => None,
    };
    bounded(number, &parameter.value, parameter.bound, &length)
}

fn bounded(
    number: i64,
    value: &Value,
    bound: Bound,
    amount: &impl Fn(&Value) -> Option<i64>,
) -> Option<bool> {
    match (value, bound) {
        (Value::Limit(comparator, limit), _) => Some(ordered(&number, *comparator, &amount(limit)?)),
        (value, Bound::Floor) => Some(number >= amount(value)?),
        (value, Bound::Fixed) => Some(number == amount(value)?),
        (value, Bound::Ceiling | Bound::Open) => Some(number <= amount(value)?),
    }
}

fn amount(value: &Value) -> Option<i64> {
    match value {
        Value::Ratio(amount) | Value::Number(amount) => Some(*amount),
        Value::Period(period) => Some(i64::from(period.length)),
        Value::Limit(_, value) => amount(value),
        Value::Flag(_) | Value::Text(_) | Value::List(_) => None,
    }
}

/// Adds facts to those known. Facts about another case come as a group and replace the whole group: what is no longer
/// known of it (the result of an older case) goes.
pub(crate) fn take_in(known: &mut BTreeMap<String, FactValue>, added: &BTreeMap<String, FactValue>) {
    let groups: BTreeSet<&str> = added.keys().filter_map(|key| group(key)).collect();
    known.retain(|key, _| group(key).is_none_or(|group| !groups.contains(group)));
    known.extend(added.iter().map(|(key, value)| (key.clone(), value.clone())));
}

/// Counts what was done in the step's latest visit. Sealed votes count only once the result stands.
fn done(
    state: Option<&CaseState>,
    step: &StepId,
    command: CommandKind,
    at_least: Option<u32>,
) -> Option<bool> {
    let state = state?;
    let Some(visit) = state.visits.get(step) else {
        return Some(false);
    };
    let acts = || {
        let mine = state.acts.iter().filter(move |act| act.step == *step && act.visit == *visit);
        mine.filter(|act| act.command == command && !act.sealed)
    };
    let each_unit = state.each_unit_steps.contains(step);
    let count = if each_unit {
        acts().map(|act| act.by.unit.as_str()).collect::<BTreeSet<_>>().len()
    } else {
        acts().map(|act| act.by.person).collect::<BTreeSet<_>>().len()
    };
    let needed = match at_least {
        Some(needed) => needed as usize,
        None if each_unit => state.seats_of(step),
        None => 1,
    };
    Some(count >= needed)
}
