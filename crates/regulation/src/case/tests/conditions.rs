use std::collections::BTreeMap;

use super::fixture::*;
use crate::case::*;
use crate::pack::model::*;

#[test]
fn unknown_is_neither_true_nor_false() {
    let pack = pack();
    let facts = BTreeMap::from([
        ("是".to_owned(), FactValue::Flag(true)),
        ("数".to_owned(), FactValue::Number(3)),
        ("日".to_owned(), FactValue::Date(date("2026-09-18"))),
        ("表".to_owned(), FactValue::List(vec!["甲".to_owned()])),
        ("率".to_owned(), FactValue::Number(500_000)),
    ]);
    let known = Facts { today: date("2026-09-18"), facts: &facts, state: None, pack: &pack };
    let yes = || Test::Is("是".to_owned(), FactValue::Flag(true));
    let no = || Test::Is("是".to_owned(), FactValue::Flag(false));
    let unknown = || Test::Is("无".to_owned(), FactValue::Flag(true));
    let compare = |key: &str, comparator, value| Test::Compare(key.to_owned(), comparator, value);
    use Truth::{False, True, Unknown};
    for (test, expected) in [
        (yes(), True),
        (no(), False),
        (unknown(), Unknown),
        (Test::Not(Box::new(unknown())), Unknown),
        (Test::Not(Box::new(no())), True),
        (Test::All(vec![yes(), unknown()]), Unknown),
        (Test::All(vec![no(), unknown()]), False),
        (Test::All(vec![]), True),
        (Test::Any(vec![yes(), unknown()]), True),
        (Test::Any(vec![no(), unknown()]), Unknown),
        (Test::Any(vec![]), False),
        (compare("数", Comparator::AtLeast, FactValue::Number(3)), True),
        (compare("数", Comparator::More, FactValue::Number(3)), False),
        (compare("日", Comparator::Less, FactValue::Date(date("2026-09-19"))), True),
        (compare("表", Comparator::AtLeast, FactValue::Number(2)), False),
        (compare("是", Comparator::Less, FactValue::Number(3)), Unknown),
        (Test::Is("表".to_owned(), FactValue::Text("甲".to_owned())), True),
        (Test::Is("数".to_owned(), FactValue::Text("3".to_owned())), Unknown),
        (Test::Within("率".to_owned(), "收益率上限".to_owned()), False),
        (Test::Within("数".to_owned(), "收益率上限".to_owned()), True),
        (Test::Within("率".to_owned(), "无".to_owned()), Unknown),
        (Test::Within("无".to_owned(), "收益率上限".to_owned()), Unknown),
    ] {
        assert_eq!(evaluate(&test, &known), expected, "{test:?}");
    }
}

#[test]
fn bare_parameters_follow_their_bound() {
    let mut pack = pack();
    let facts = BTreeMap::from([("数".to_owned(), FactValue::Number(5))]);
    for (bound, value, expected) in [
        (Bound::Floor, 5, Truth::True),
        (Bound::Floor, 6, Truth::False),
        (Bound::Ceiling, 5, Truth::True),
        (Bound::Ceiling, 4, Truth::False),
        (Bound::Fixed, 5, Truth::True),
        (Bound::Fixed, 4, Truth::False),
        (Bound::Open, 4, Truth::False),
    ] {
        let parameter = pack.parameters.get_mut("收益率上限").unwrap();
        parameter.bound = bound;
        parameter.value = Value::Number(value);
        let known = Facts { today: date("2026-09-18"), facts: &facts, state: None, pack: &pack };
        let test = Test::Within("数".to_owned(), "收益率上限".to_owned());
        assert_eq!(evaluate(&test, &known), expected, "{bound:?} {value}");
    }
}

#[test]
fn a_length_is_met_in_its_own_measure_whatever_unit_the_parameter_is_written_in() {
    use PeriodUnit::{Day, Month, WorkingDay, Year};
    let mut pack = pack();
    for (limit, written, number, unit, expected) in [
        // Six months tightened to two years: twenty-four months pass, six do not.
        (Comparator::AtLeast, (2, Year), 24, Month, Truth::True),
        (Comparator::AtLeast, (2, Year), 6, Month, Truth::False),
        (Comparator::AtLeast, (6, Month), 1, Year, Truth::True),
        (Comparator::AtMost, (2, Year), 24, Month, Truth::True),
        (Comparator::AtMost, (2, Year), 25, Month, Truth::False),
        (Comparator::AtMost, (18, Month), 2, Year, Truth::False),
        (Comparator::AtMost, (10, WorkingDay), 9, WorkingDay, Truth::True),
        (Comparator::AtMost, (10, WorkingDay), 9, Day, Truth::Unknown),
    ] {
        let facts = BTreeMap::from([("数".to_owned(), FactValue::Number(number))]);
        let period = Value::Period(Period { length: written.0, unit: written.1 });
        pack.parameters.get_mut("收益率上限").unwrap().value = Value::Limit(limit, Box::new(period));
        let known = Facts { today: date("2026-09-18"), facts: &facts, state: None, pack: &pack };
        let test = Test::WithinUnit("数".to_owned(), "收益率上限".to_owned(), unit);
        assert_eq!(evaluate(&test, &known), expected, "{number} {unit:?} {limit:?} {written:?}");
    }
}

#[test]
fn a_text_may_be_one_of_a_parameter() {
    let mut pack = pack();
    pack.parameters.get_mut("收益率上限").unwrap().value =
        Value::List(vec!["甲".to_owned(), "乙".to_owned()]);
    let list = |items: &[&str]| FactValue::List(items.iter().map(|item| (*item).to_owned()).collect());
    for (fact, expected) in [
        (FactValue::Text("甲".to_owned()), Truth::True),
        (FactValue::Text("丙".to_owned()), Truth::False),
        (list(&["甲", "乙"]), Truth::True),
        (list(&["甲", "丙"]), Truth::False),
        (FactValue::Number(1), Truth::Unknown),
    ] {
        let facts = BTreeMap::from([("项".to_owned(), fact.clone())]);
        let known = Facts { today: date("2026-09-18"), facts: &facts, state: None, pack: &pack };
        let test = Test::Within("项".to_owned(), "收益率上限".to_owned());
        assert_eq!(evaluate(&test, &known), expected, "{fact:?}");
    }
}

#[test]
fn deeds_are_counted_in_the_latest_visit() {
    let mut play = Play::open("2026-09-18");
    let done = |play: &Play, step: &str, command, at_least| {
        let test = Test::Done { step: step.to_owned(), command, at_least };
        let (facts, today) = (&play.state.facts, date("2026-09-18"));
        evaluate(&test, &Facts { today, facts, state: Some(&play.state), pack: &play.pack })
    };
    assert_eq!(done(&play, "评审", CommandKind::Approve, Some(1)), Truth::False);
    play.accept().act(("水", "water"), CommandKind::Approve);
    assert_eq!(done(&play, "评审", CommandKind::Approve, Some(1)), Truth::True);
    assert_eq!(done(&play, "评审", CommandKind::Approve, None), Truth::False);
    play.act(("民", "civil"), CommandKind::Approve);
    assert_eq!(done(&play, "评审", CommandKind::Approve, None), Truth::True);
    play.act(("甲", PANEL), CommandKind::Approve);
    // Sealed votes give nothing away to a condition either.
    assert_eq!(done(&play, "表决", CommandKind::Approve, Some(1)), Truth::False);
}
