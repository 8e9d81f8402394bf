//! What people send, checked against the pack. Everything wrong is named at once (一次性告知).

use std::collections::{BTreeMap, BTreeSet};

use base::Date;

use super::{FieldError, FormValue, FormValues, ITEMS_MAX, LONG_TEXT_CHARS_MAX, TEXT_CHARS_MAX};
use crate::pack::model::{FactKind, FactRule, FactValue, Field, FieldKind, Form};

/// Checks a form's values: fields known, required ones filled, kinds and lengths right.
///
/// Gives the values trimmed, without empty ones, and the facts they set.
///
/// # Errors
/// Every defect, in print order.
pub fn check_form(
    form: &Form,
    values: &FormValues,
) -> Result<(FormValues, BTreeMap<String, FactValue>), Vec<FieldError>> {
    let fields: Vec<&Field> = form.sections.iter().flat_map(|section| &section.fields).collect();
    let known: BTreeSet<&str> = fields.iter().map(|field| field.key.as_str()).collect();
    let (mut clean, mut facts, mut errors) = (FormValues::new(), BTreeMap::new(), Vec::new());
    for field in fields {
        match values.get(&field.key).and_then(filled) {
            None if field.required => {
                errors.push(FieldError::new(&field.key, "required", "必填", "must be filled in"));
            }
            None => {}
            Some(value) => match check_field(&field.kind, &value) {
                Ok(fact) => {
                    if let Some(key) = &field.fact {
                        facts.insert(key.clone(), fact);
                    }
                    clean.insert(field.key.clone(), value);
                }
                Err((code, zh, en)) => errors.push(FieldError::new(&field.key, code, zh, en)),
            },
        }
    }
    for key in values.keys().filter(|key| !known.contains(key.as_str())) {
        let shown: String = key.chars().take(64).collect();
        errors.push(FieldError::new(&shown, "unknown", "表单没有这一栏", "the form has no such field"));
    }
    if errors.is_empty() { Ok((clean, facts)) } else { Err(errors) }
}

/// Checks stated facts: only those asked for, required ones stated, kinds right.
///
/// # Errors
/// Every defect.
pub fn check_facts(
    rules: &[FactRule],
    facts: &BTreeMap<String, FactValue>,
) -> Result<BTreeMap<String, FactValue>, Vec<FieldError>> {
    let (mut clean, mut errors) = (BTreeMap::new(), Vec::new());
    for rule in rules {
        match facts.get(&rule.key) {
            None if rule.required => {
                errors.push(FieldError::new(&rule.key, "required", "必须说明", "must be stated"));
            }
            None => {}
            Some(value) => match check_fact(rule.kind, value) {
                Some(value) => {
                    clean.insert(rule.key.clone(), value);
                }
                None => {
                    errors.push(FieldError::new(&rule.key, "format", "类型不符", "wrong kind of value"));
                }
            },
        }
    }
    for key in facts.keys().filter(|key| rules.iter().all(|rule| rule.key != **key)) {
        let shown: String = key.chars().take(64).collect();
        errors.push(FieldError::new(
            &shown,
            "unknown",
            "此处不要求该事实",
            "this fact is not asked for here",
        ));
    }
    if errors.is_empty() { Ok(clean) } else { Err(errors) }
}

pub(crate) fn check_fact(kind: FactKind, value: &FactValue) -> Option<FactValue> {
    let short = |text: &str| !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX;
    match (kind, value) {
        (FactKind::Text | FactKind::Reference, FactValue::Text(text)) => short(text).then(|| value.clone()),
        // A text that reads as a date arrives as one.
        (FactKind::Text | FactKind::Reference, FactValue::Date(_))
        | (FactKind::Number, FactValue::Number(_))
        | (FactKind::Flag, FactValue::Flag(_))
        | (FactKind::Date, FactValue::Date(_)) => Some(value.clone()),
        (FactKind::Units, FactValue::List(units)) => {
            let fits = !units.is_empty() && units.len() <= ITEMS_MAX && units.iter().all(|unit| short(unit));
            fits.then(|| value.clone())
        }
        (FactKind::Units, FactValue::Text(unit)) => short(unit).then(|| FactValue::List(vec![unit.clone()])),
        _ => None,
    }
}

/// The value without surrounding space; `None` if nothing is left.
fn filled(value: &FormValue) -> Option<FormValue> {
    match value {
        FormValue::Text(text) => {
            let text = text.trim();
            (!text.is_empty()).then(|| FormValue::Text(text.to_owned()))
        }
        FormValue::List(items) => {
            let items: Vec<String> =
                items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
            (!items.is_empty()).then_some(FormValue::List(items))
        }
    }
}

type Wrong = (&'static str, &'static str, &'static str);

fn check_field(kind: &FieldKind, value: &FormValue) -> Result<FactValue, Wrong> {
    match (kind, value) {
        (FieldKind::Choices(choices), FormValue::List(items)) => listed(items, |item| choices.contains(item)),
        (FieldKind::Choices(choices), FormValue::Text(item)) => {
            listed(std::slice::from_ref(item), |item| choices.contains(item))
        }
        (FieldKind::Resources, FormValue::List(items)) => listed(items, is_code),
        (FieldKind::Resources, FormValue::Text(text)) => {
            let items: Vec<String> = text
                .split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';' | '；'))
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect();
            listed(&items, is_code)
        }
        // A list of one is how a chosen unit may arrive.
        (FieldKind::Unit, FormValue::List(items)) => match items.as_slice() {
            [unit] => check_text(kind, unit),
            _ => Err(("format", "只能填写一项", "only one value is allowed")),
        },
        (_, FormValue::Text(text)) => check_text(kind, text),
        (_, FormValue::List(_)) => Err(("format", "只能填写一项", "only one value is allowed")),
    }
}

fn check_text(kind: &FieldKind, text: &str) -> Result<FactValue, Wrong> {
    let wrong = |zh, en| Err(("format", zh, en));
    let long = *kind == FieldKind::LongText;
    let limit = if long { LONG_TEXT_CHARS_MAX } else { TEXT_CHARS_MAX };
    if text.chars().count() > limit {
        return Err(("too_long", "超过允许的字数", "longer than allowed"));
    }
    if text.chars().any(|c| c.is_control() && !(long && matches!(c, '\n' | '\r' | '\t'))) {
        return wrong("含有不可见的控制字符", "contains control characters");
    }
    match kind {
        FieldKind::Number => match decimal(text, 0) {
            Some(number) => Ok(FactValue::Number(number)),
            None => wrong("应为整数", "must be a whole number"),
        },
        FieldKind::Percent => match decimal(text.trim_end_matches(['%', '％']).trim_end(), 4) {
            Some(ppm) => Ok(FactValue::Number(ppm)),
            None => wrong("应为百分数，例如 45 或 45.5", "must be a percentage, for example 45 or 45.5"),
        },
        FieldKind::Money => match decimal(text, 2) {
            Some(fen) => Ok(FactValue::Number(fen)),
            None => wrong("应为金额（元），最多两位小数", "must be an amount in yuan, two decimals at most"),
        },
        FieldKind::Date => match text.parse::<Date>() {
            Ok(date) => Ok(FactValue::Date(date)),
            Err(_) => wrong("应为日期，例如 2026-09-18", "must be a date, for example 2026-09-18"),
        },
        FieldKind::Phone if !is_phone(text) => wrong("应为电话号码", "must be a telephone number"),
        FieldKind::Email if !is_email(text) => wrong("应为电子邮箱", "must be an e-mail address"),
        FieldKind::Contact if !is_phone(text) && !is_email(text) => {
            wrong("应为电话号码或电子邮箱", "must be a telephone number or an e-mail address")
        }
        FieldKind::Unit if !is_unit(text) => wrong("应为一个机构的代码", "must be the code of one unit"),
        FieldKind::Unit => Ok(FactValue::List(vec![text.to_owned()])),
        FieldKind::Flag => match text {
            "是" | "true" => Ok(FactValue::Flag(true)),
            "否" | "false" => Ok(FactValue::Flag(false)),
            _ => wrong("应为是或否", "must be yes or no"),
        },
        FieldKind::Choice(choices) if !choices.iter().any(|choice| choice == text) => {
            Err(("not_listed", "不在可选项之内", "not one of the choices"))
        }
        _ => Ok(FactValue::Text(text.to_owned())),
    }
}

fn listed(items: &[String], allowed: impl Fn(&String) -> bool) -> Result<FactValue, Wrong> {
    if items.len() > ITEMS_MAX {
        return Err(("too_long", "超过允许的项数", "too many entries"));
    }
    if items.is_empty() || !items.iter().all(allowed) {
        return Err(("not_listed", "不在可选项之内", "not one of the choices"));
    }
    let mut seen = BTreeSet::new();
    let distinct = items.iter().filter(|item| seen.insert(item.as_str()));
    Ok(FactValue::List(distinct.cloned().collect()))
}

/// A resource code of the catalog, or `code:column|column`; whether it exists is for the catalog to say.
#[expect(clippy::ptr_arg, reason = "used where a `&String` is passed on")]
fn is_code(code: &String) -> bool {
    code.chars().count() <= 128 && code.chars().all(|c| c.is_alphanumeric() || "-_./:|".contains(c))
}

/// A unit's code; whether there is such a unit is for the platform to say.
fn is_unit(text: &str) -> bool {
    text.chars().count() <= 128 && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let allowed = text.chars().all(|c| c.is_ascii_digit() || "+-() （）".contains(c));
    (7..=18).contains(&digits) && allowed
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    let plain = |part: &str| !part.is_empty() && !part.contains(['@', ' ', ',', ';', '<', '>']);
    plain(name) && plain(host) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
}

/// A decimal number as an integer of its smallest part: `decimal("12.5", 2)` is 1250. `None` for anything else.
#[must_use]
pub fn decimal(text: &str, places: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_point = digits.contains('.');
    if whole.is_empty() || !plain(whole) || !plain(part) || (has_point && part.is_empty()) {
        return None;
    }
    let missing = places.checked_sub(u32::try_from(part.len()).ok()?)?;
    let part: i64 = if part.is_empty() { 0 } else { part.parse().ok()? };
    let whole: i64 = whole.parse().ok()?;
    let amount = whole
        .checked_mul(10_i64.checked_pow(places)?)?
        .checked_add(part.checked_mul(10_i64.checked_pow(missing)?)?)?;
    Some(if negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, places, expected) in [
            ("45", 4, Some(450_000)),
            ("45.5", 4, Some(455_000)),
            ("0.01", 2, Some(1)),
            ("-3", 0, Some(-3)),
            ("1.005", 2, None),
            ("1.", 2, None),
            (".5", 2, None),
            ("1e3", 2, None),
            ("", 0, None),
            ("99999999999999999999", 0, None),
            ("1.5", 0, None),
        ] {
            assert_eq!(decimal(text, places), expected, "{text}");
        }
    }

    #[test]
    fn contacts_are_recognised() {
        assert!(is_phone("0572-8012345") && is_phone("+86 13800000000") && is_phone("（0572）8012345"));
        assert!(!is_phone("12345") && !is_phone("abc1234567") && !is_phone("1234567890123456789"));
        assert!(is_email("a@b.cn") && !is_email("a@b") && !is_email("@b.cn") && !is_email("a@b@c.cn"));
    }
}
