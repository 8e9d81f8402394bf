//! Conditions that can never hold or always hold, branches behind which nothing is left, choices nobody can make.
//!
//! A condition is tried with every combination of the values its facts can meaningfully take: each constant it is
//! compared with, the numbers and days beside it, something else, and, where a form offers choices, those choices.
//! What the lint cannot try (what was done in the case, more than [`TRIES_MAX`] combinations) it does not judge.

use std::collections::{BTreeMap, BTreeSet};

use base::Date;

use super::{Finding, error, in_procedure, in_step, warning};
use crate::case::{Facts, Truth, evaluate};
use crate::pack::given::{FACT_FILED, FACT_TODAY};
use crate::pack::model::{
    Action, Bound, FactKind, FactValue, FieldKind, Pack, PeriodUnit, Procedure, Step, Test, Value,
};

/// Combinations tried for one condition.
const TRIES_MAX: usize = 20_000;

/// What a fact may be, as far as the pack says.
#[derive(Debug, Clone)]
enum Shape {
    /// One of these texts.
    Choice(Vec<String>),
    /// A list of these texts.
    Choices(Vec<String>),
    /// Of this kind.
    Kind(FactKind),
}

pub(super) fn look(pack: &Pack, found: &mut Vec<Finding>) {
    for procedure in pack.procedures.values() {
        let shapes = shapes(pack, procedure);
        let on_opening = procedure.attachments.iter().filter_map(|rule| rule.when.as_ref());
        let opening = Look { pack, procedure, step: None, shapes: &shapes };
        on_opening.for_each(|test| opening.one(test, found));
        for step in &procedure.steps {
            for action in &step.actions {
                let looked = Look { pack, procedure, step: Some(step), shapes: &shapes };
                looked.action(action, found);
                let enclosed = action.attachments.iter().filter_map(|rule| rule.when.as_ref());
                enclosed.for_each(|test| looked.one(test, found));
            }
        }
    }
}

/// The shapes of the facts of a procedure.
fn shapes(pack: &Pack, procedure: &Procedure) -> BTreeMap<String, Shape> {
    let actions = || procedure.steps.iter().flat_map(|step| &step.actions);
    let rules = procedure.facts.iter().chain(&procedure.observed);
    let rules = rules.chain(actions().flat_map(|action| &action.facts));
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    let mut stated: BTreeSet<&String> = BTreeSet::new();
    for rule in rules {
        stated.insert(&rule.key);
        shapes.insert(rule.key.clone(), Shape::Kind(rule.kind));
    }
    let forms = procedure.form.iter().chain(actions().filter_map(|action| action.form.as_ref()));
    let sections = forms.filter_map(|form| pack.forms.get(form)).flat_map(|form| &form.sections);
    for field in sections.flat_map(|section| &section.fields) {
        let Some(fact) = &field.fact else { continue };
        let shape = match &field.kind {
            FieldKind::Choice(choices) => Shape::Choice(choices.clone()),
            FieldKind::Choices(choices) => Shape::Choices(choices.clone()),
            FieldKind::Flag => Shape::Kind(FactKind::Flag),
            FieldKind::Number | FieldKind::Percent | FieldKind::Money => Shape::Kind(FactKind::Number),
            FieldKind::Date => Shape::Kind(FactKind::Date),
            FieldKind::Resources => Shape::Kind(FactKind::Units),
            _ => Shape::Kind(FactKind::Text),
        };
        // A fact that is also stated outside the form may be anything of its kind.
        let free = stated.contains(fact);
        let same = match (shapes.get_mut(fact), &shape) {
            (Some(Shape::Choice(known)), Shape::Choice(more)) if !free => {
                known.extend(more.iter().cloned());
                true
            }
            (known, _) => known.is_some() && free,
        };
        if !same {
            shapes.insert(fact.clone(), shape);
        }
    }
    shapes
}

struct Look<'a> {
    pack: &'a Pack,
    procedure: &'a Procedure,
    /// The step looked at; `None` for the opening.
    step: Option<&'a Step>,
    shapes: &'a BTreeMap<String, Shape>,
}

impl Look<'_> {
    fn place(&self) -> String {
        self.step.map_or_else(|| in_procedure(self.procedure), |step| in_step(self.procedure, step))
    }

    fn action(&self, action: &Action, found: &mut Vec<Finding>) {
        for condition in &action.requires {
            self.one(&condition.test, found);
        }
        let tests: Vec<&Test> =
            action.then.iter().filter_map(|branch| branch.when.as_ref()).map(|when| &when.test).collect();
        for test in &tests {
            self.choices(test, found);
        }
        let Some(truths) = self.truths(&tests).filter(|_| !tests.is_empty()) else { return };
        for (index, _) in tests.iter().enumerate() {
            // Taken if it holds and none before it does.
            let taken = truths.iter().any(|row| {
                let before = row.iter().take(index).all(|truth| *truth != Truth::True);
                before && row.get(index) == Some(&Truth::True)
            });
            if !taken {
                found.push(error(
                    "lint.branch_dead",
                    self.place(),
                    format!("第{}条去向永远走不到：它的条件不可能成立，或者前面的去向总是先成立", index + 1),
                    format!(
                        "branch {} is never taken: it cannot hold, or one before it always does",
                        index + 1
                    ),
                ));
            }
        }
    }

    /// One condition, of an action or of an attachment.
    fn one(&self, test: &Test, found: &mut Vec<Finding>) {
        self.choices(test, found);
        if let Some(truths) = self.truths(&[test]) {
            self.judge(test, truths.iter().filter_map(|row| row.first()), found);
        }
    }

    fn judge<'t>(&self, test: &Test, truths: impl Iterator<Item = &'t Truth>, found: &mut Vec<Finding>) {
        let truths: Vec<&Truth> = truths.collect();
        let mut names = BTreeSet::new();
        facts_of(test, &mut names);
        let names: Vec<&str> = names.into_iter().collect();
        let (zh, en) = (names.join("、"), names.join(", "));
        if !truths.contains(&&Truth::True) {
            found.push(error(
                "lint.condition_never",
                self.place(),
                format!("条件（{zh}）不可能成立，该项永远办不了"),
                format!("the condition on {en} can never hold; nothing can ever be done here"),
            ));
        } else if !truths.contains(&&Truth::False) {
            found.push(error(
                "lint.condition_always",
                self.place(),
                format!("条件（{zh}）总是成立，等于没有写"),
                format!("the condition on {en} always holds; it says nothing"),
            ));
        }
    }

    /// The truth of some tests for every combination tried; `None` where they cannot be tried.
    fn truths(&self, tests: &[&Test]) -> Option<Vec<Vec<Truth>>> {
        let mut constants: BTreeMap<String, Vec<FactValue>> = BTreeMap::new();
        for test in tests {
            self.gather(test, &mut constants)?;
        }
        let domains: Vec<(String, Vec<FactValue>)> = constants
            .into_iter()
            .map(|(fact, constants)| {
                let domain = domain(&constants, self.shapes.get(&fact));
                (fact, domain)
            })
            .collect();
        let tries = domains.iter().try_fold(1_usize, |tries, (_, domain)| {
            tries.checked_mul(domain.len()).filter(|tries| *tries <= TRIES_MAX)
        })?;
        let rows = (0..tries).map(|mut index| {
            let mut facts = BTreeMap::new();
            for (fact, domain) in &domains {
                let size = domain.len().max(1);
                if let Some(value) = domain.get(index % size) {
                    facts.insert(fact.clone(), value.clone());
                }
                index /= size;
            }
            // No test here asks for the day, so any will do.
            let known = Facts { today: Date::from_days(0), facts: &facts, state: None, pack: self.pack };
            tests.iter().map(|test| evaluate(test, &known)).collect()
        });
        Some(rows.collect())
    }

    /// The constants each fact is compared with; `None` where a test asks for something else than facts.
    fn gather(&self, test: &Test, into: &mut BTreeMap<String, Vec<FactValue>>) -> Option<()> {
        match test {
            Test::All(tests) | Test::Any(tests) => tests.iter().try_for_each(|test| self.gather(test, into)),
            Test::Not(test) => self.gather(test, into),
            Test::Is(fact, _) | Test::Compare(fact, ..)
                if [FACT_TODAY, FACT_FILED].contains(&fact.as_str()) =>
            {
                None
            }
            Test::Is(fact, value) | Test::Compare(fact, _, value) => {
                into.entry(fact.clone()).or_default().push(value.clone());
                Some(())
            }
            Test::Within(fact, parameter) => {
                let parameter = self.pack.parameters.get(parameter)?;
                let open = parameter.bound == Bound::Open && matches!(parameter.value, Value::Flag(_));
                let amount = amount(&parameter.value).filter(|_| !open)?;
                into.entry(fact.clone()).or_default().push(FactValue::Number(amount));
                Some(())
            }
            Test::WithinUnit(fact, parameter, unit) => {
                let parameter = self.pack.parameters.get(parameter)?;
                let length = in_units(&parameter.value, *unit)?;
                into.entry(fact.clone()).or_default().push(FactValue::Number(length));
                Some(())
            }
            Test::CompareFacts(one, _, other) | Test::Same(one, other) => {
                if [one, other].iter().any(|fact| [FACT_TODAY, FACT_FILED].contains(&fact.as_str())) {
                    return None;
                }
                for fact in [one, other] {
                    into.entry(fact.clone()).or_default().extend(self.any(fact)?);
                }
                Some(())
            }
            Test::Done { .. } => None,
        }
    }

    /// Values of a fact's kind that lie side by side, for facts that are compared with each other.
    fn any(&self, fact: &str) -> Option<Vec<FactValue>> {
        match self.shapes.get(fact)? {
            Shape::Kind(FactKind::Number) => Some([0, 2].map(FactValue::Number).to_vec()),
            Shape::Kind(FactKind::Date) => {
                Some([0, 2].map(|day| FactValue::Date(Date::from_days(day))).to_vec())
            }
            Shape::Kind(FactKind::Flag) => Some(vec![FactValue::Flag(true)]),
            Shape::Kind(FactKind::Text | FactKind::Reference) => Some(vec![FactValue::Text("某".to_owned())]),
            _ => None,
        }
    }

    /// Texts that no choice of the form offers.
    fn choices(&self, test: &Test, found: &mut Vec<Finding>) {
        match test {
            Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| self.choices(test, found)),
            Test::Not(test) => self.choices(test, found),
            Test::Is(fact, FactValue::Text(text)) => {
                let (Some(Shape::Choice(offered)) | Some(Shape::Choices(offered))) = self.shapes.get(fact)
                else {
                    return;
                };
                if !offered.contains(text) {
                    found.push(error(
                        "lint.choice_unknown",
                        self.place(),
                        format!("事实“{fact}”的选项里没有“{text}”"),
                        format!("the fact `{fact}` is a choice without `{text}`"),
                    ));
                }
            }
            Test::Is(fact, FactValue::List(_)) => found.push(warning(
                "lint.choice_unknown",
                self.place(),
                format!("事实“{fact}”与整个列表比较，次序不同即不相等"),
                format!("the fact `{fact}` is compared with a whole list; another order is not equal"),
            )),
            _ => {}
        }
    }
}

fn facts_of<'t>(test: &'t Test, into: &mut BTreeSet<&'t str>) {
    match test {
        Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| facts_of(test, into)),
        Test::Not(test) => facts_of(test, into),
        Test::Is(fact, _)
        | Test::Compare(fact, _, _)
        | Test::Within(fact, _)
        | Test::WithinUnit(fact, ..) => {
            into.insert(fact);
        }
        Test::CompareFacts(one, _, other) | Test::Same(one, other) => into.extend([one.as_str(), other]),
        Test::Done { .. } => {}
    }
}

/// A length in units of a fact that is compared with it, rounded down: what lies beside it is tried as well.
fn in_units(value: &Value, unit: PeriodUnit) -> Option<i64> {
    match value {
        Value::Period(period) if period.unit.is_measured_in(unit) => {
            let months = i64::from(period.length).checked_mul(period.unit.months().unwrap_or(1))?;
            months.checked_div(unit.months().unwrap_or(1))
        }
        Value::Limit(_, inner) => in_units(inner, unit),
        _ => None,
    }
}

const fn amount(value: &Value) -> Option<i64> {
    match value {
        Value::Ratio(amount) | Value::Number(amount) => Some(*amount),
        Value::Period(period) => Some(period.length as i64),
        Value::Limit(_, inner) => match &**inner {
            Value::Ratio(amount) | Value::Number(amount) => Some(*amount),
            Value::Period(period) => Some(period.length as i64),
            _ => None,
        },
        Value::Flag(_) | Value::Text(_) | Value::List(_) => None,
    }
}

/// The values worth trying for a fact.
fn domain(constants: &[FactValue], shape: Option<&Shape>) -> Vec<FactValue> {
    let mut domain: Vec<FactValue> = Vec::new();
    let mut add = |value: FactValue| {
        if !domain.contains(&value) {
            domain.push(value);
        }
    };
    match shape {
        Some(Shape::Choice(offered)) => offered.iter().for_each(|one| add(FactValue::Text(one.clone()))),
        Some(Shape::Choices(offered)) => {
            add(FactValue::List(Vec::new()));
            offered.iter().for_each(|one| add(FactValue::List(vec![one.clone()])));
            lists(constants, offered.clone()).into_iter().for_each(add);
        }
        Some(Shape::Kind(_)) | None => {
            let units = matches!(shape, Some(Shape::Kind(FactKind::Units)) | None);
            for constant in constants {
                near(constant, units).into_iter().for_each(&mut add);
            }
            if units {
                let texts = constants.iter().filter_map(|constant| match constant {
                    FactValue::Text(text) => Some(text.clone()),
                    _ => None,
                });
                lists(constants, texts.collect()).into_iter().for_each(add);
            }
        }
    }
    domain
}

/// A constant, what lies beside it, and something else of its kind.
fn near(constant: &FactValue, units: bool) -> Vec<FactValue> {
    match constant {
        FactValue::Flag(_) => vec![FactValue::Flag(true), FactValue::Flag(false)],
        FactValue::Number(number) => {
            let mut near: Vec<FactValue> =
                [number.saturating_sub(1), *number, number.saturating_add(1)].map(FactValue::Number).to_vec();
            if units {
                // The number may count the entries of a list.
                let items = |count: i64| (0..count.clamp(0, 8)).map(|item| format!("某{item}")).collect();
                near.extend(
                    [number.saturating_sub(1), *number, number.saturating_add(1)]
                        .map(|count| FactValue::List(items(count))),
                );
            }
            near
        }
        FactValue::Date(day) => {
            let beside = |days: i32| FactValue::Date(Date::from_days(day.days() + days));
            vec![beside(-1), FactValue::Date(*day), beside(1)]
        }
        FactValue::Text(text) => vec![FactValue::Text(text.clone()), FactValue::Text(format!("非{text}"))],
        FactValue::List(items) => vec![FactValue::List(items.clone()), FactValue::List(Vec::new())],
    }
}

/// Lists that hold all the texts, and lists as long as the constants count.
fn lists(constants: &[FactValue], texts: Vec<String>) -> Vec<FactValue> {
    let mut lists = vec![FactValue::List(Vec::new())];
    for count in constants.iter().filter_map(|constant| match constant {
        FactValue::Number(count) => usize::try_from(*count).ok(),
        _ => None,
    }) {
        for length in [count.saturating_sub(1), count, count + 1] {
            lists.push(FactValue::List(texts.iter().take(length).cloned().collect()));
        }
    }
    lists.push(FactValue::List(texts));
    lists
}
