use std::collections::BTreeMap;

use super::fixture::*;
use crate::case::*;
use crate::pack::model::*;

fn code(kind: &FieldKind, value: FormValue) -> Result<Option<FactValue>, &'static str> {
    let mut only = field("栏", kind.clone(), true);
    only.fact = Some("事实".to_owned());
    let form = form("表", vec![only]);
    match check_form(&form, &FormValues::from([("栏".to_owned(), value)])) {
        Ok((_, facts)) => Ok(facts.get("事实").cloned()),
        Err(errors) => Err(errors[0].code),
    }
}

#[test]
fn fields_are_checked_by_kind() {
    let text = |text: &str| FormValue::from(text);
    let list = |items: &[&str]| FormValue::List(items.iter().map(|item| (*item).to_owned()).collect());
    let choices = || vec!["甲".to_owned(), "乙".to_owned()];
    let said = |text: &str| Ok(Some(FactValue::Text(text.to_owned())));
    let number = |number| Ok(Some(FactValue::Number(number)));
    for (kind, value, expected) in [
        (FieldKind::Text, text(" 名 "), said("名")),
        (FieldKind::Text, text("a\u{0}b"), Err("format")),
        (FieldKind::Text, text("a\nb"), Err("format")),
        (FieldKind::Text, text(&"字".repeat(TEXT_CHARS_MAX + 1)), Err("too_long")),
        (FieldKind::Text, list(&["a"]), Err("format")),
        (FieldKind::LongText, text("a\nb"), said("a\nb")),
        (FieldKind::LongText, text(&"字".repeat(LONG_TEXT_CHARS_MAX + 1)), Err("too_long")),
        (FieldKind::Number, text("12"), number(12)),
        (FieldKind::Number, text("1.2"), Err("format")),
        (FieldKind::Percent, text("45.5%"), number(455_000)),
        (FieldKind::Money, text("12.30"), number(1_230)),
        (FieldKind::Money, text("12.345"), Err("format")),
        (FieldKind::Date, text("2026-09-18"), Ok(Some(FactValue::Date(date("2026-09-18"))))),
        (FieldKind::Date, text("2026-02-30"), Err("format")),
        (FieldKind::Phone, text("13800000000"), said("13800000000")),
        (FieldKind::Phone, text("1380"), Err("format")),
        (FieldKind::Email, text("a@b.cn"), said("a@b.cn")),
        (FieldKind::Email, text("a@b"), Err("format")),
        (FieldKind::Contact, text("a@b.cn"), said("a@b.cn")),
        (FieldKind::Contact, text("0572-8099999"), said("0572-8099999")),
        (FieldKind::Contact, text("@b"), Err("format")),
        (FieldKind::Flag, text("是"), Ok(Some(FactValue::Flag(true)))),
        (FieldKind::Flag, text("maybe"), Err("format")),
        (FieldKind::Choice(choices()), text("甲"), said("甲")),
        (FieldKind::Choice(choices()), text("丙"), Err("not_listed")),
        (
            FieldKind::Choices(choices()),
            list(&["甲", "甲"]),
            Ok(Some(FactValue::List(vec!["甲".to_owned()]))),
        ),
        (FieldKind::Choices(choices()), list(&["甲", "丙"]), Err("not_listed")),
        (
            FieldKind::Resources,
            text("DQ-1、DQ-2"),
            Ok(Some(FactValue::List(vec!["DQ-1".to_owned(), "DQ-2".to_owned()]))),
        ),
        (FieldKind::Resources, text("a'; drop"), Err("not_listed")),
        (FieldKind::Text, text("  "), Err("required")),
        (FieldKind::Choices(choices()), list(&[" "]), Err("required")),
    ] {
        assert_eq!(code(&kind, value.clone()), expected, "{kind:?} {value:?}");
    }
}

#[test]
fn facts_are_checked_by_kind() {
    let rule = |kind| vec![FactRule { key: "事".to_owned(), en: String::new(), kind, required: true }];
    let check = |kind, value| {
        let facts = BTreeMap::from([("事".to_owned(), value)]);
        check_facts(&rule(kind), &facts).map_err(|errors| errors[0].code)
    };
    assert!(check(FactKind::Flag, FactValue::Flag(false)).is_ok());
    assert_eq!(check(FactKind::Flag, FactValue::Number(1)), Err("format"));
    assert_eq!(check(FactKind::Units, FactValue::List(Vec::new())), Err("format"));
    assert_eq!(
        check(FactKind::Units, FactValue::Text("a".to_owned())).unwrap()["事"],
        FactValue::List(vec!["a".to_owned()])
    );
    assert_eq!(
        check(FactKind::Text, FactValue::Date(date("2026-09-18"))).unwrap()["事"],
        FactValue::Date(date("2026-09-18"))
    );
    assert_eq!(check_facts(&rule(FactKind::Flag), &BTreeMap::new()).unwrap_err()[0].code, "required");
}
