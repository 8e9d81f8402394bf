//! Values as a lawyer writes them: `3个工作日`, `不少于6个月`, `低于50%`, `期满前6个月`.

use super::model::{Comparator, Period, PeriodUnit, Value};

/// Units a period may count; longer is a slip.
const LENGTH_MAX: u32 = 10_000;

/// The text looks like a value of the grammar but is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// A number with a unit that is not in the grammar.
    #[error("not a period or share of the grammar")]
    Unit,
    /// Zero or too long.
    #[error("period out of range")]
    Range,
    /// A comparator without a value that can be compared.
    #[error("comparator without a number, share or period")]
    Comparator,
}

impl ValueError {
    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "regulation.pack_value"
    }
}

const COMPARATORS: [(&str, Comparator); 4] = [
    ("低于", Comparator::Less),
    ("不超过", Comparator::AtMost),
    ("不少于", Comparator::AtLeast),
    ("超过", Comparator::More),
];

/// Reads a value.
///
/// `期满前6个月` is "at least six months (before expiry)". A text that does not begin like a number or a comparator
/// is a [`Value::Text`].
///
/// # Errors
/// [`ValueError`] for a text that begins like a value and is none.
pub fn parse_value(text: &str) -> Result<Value, ValueError> {
    let text = text.trim();
    match text {
        "是" => return Ok(Value::Flag(true)),
        "否" => return Ok(Value::Flag(false)),
        _ => {}
    }
    if let Some(rest) = text.strip_prefix("期满前") {
        let period = parse_period(rest)?;
        return Ok(Value::Limit(Comparator::AtLeast, Box::new(Value::Period(period))));
    }
    for (word, comparator) in COMPARATORS {
        if let Some(rest) = text.strip_prefix(word) {
            return match parse_value(rest)? {
                value @ (Value::Period(_) | Value::Ratio(_) | Value::Number(_)) => {
                    Ok(Value::Limit(comparator, Box::new(value)))
                }
                _ => Err(ValueError::Comparator),
            };
        }
    }
    if let Some(number) = whole(text) {
        return Ok(Value::Number(number));
    }
    if let Some(share) = text.strip_suffix(['%', '％']) {
        return ratio(share.trim()).map(Value::Ratio).ok_or(ValueError::Unit);
    }
    match parse_period(text) {
        Ok(period) => Ok(Value::Period(period)),
        Err(ValueError::Range) => Err(ValueError::Range),
        Err(_) if starts_like_number(text) => Err(ValueError::Unit),
        Err(_) => Ok(Value::Text(text.to_owned())),
    }
}

/// Reads a length of time: `3个工作日`, `三个工作日`, `15日`, `6个月`, `3年`, `当日`.
///
/// # Errors
/// [`ValueError::Unit`] if it is none, [`ValueError::Range`] if it is zero or too long.
pub fn parse_period(text: &str) -> Result<Period, ValueError> {
    let text = text.trim();
    if matches!(text, "当日" | "当天") {
        return Ok(Period { length: 0, unit: PeriodUnit::Day });
    }
    let units = [
        ("个工作日", PeriodUnit::WorkingDay),
        ("工作日", PeriodUnit::WorkingDay),
        ("个自然日", PeriodUnit::Day),
        ("自然日", PeriodUnit::Day),
        ("个月", PeriodUnit::Month),
        ("日", PeriodUnit::Day),
        ("天", PeriodUnit::Day),
        ("年", PeriodUnit::Year),
    ];
    let (number, unit) = units
        .iter()
        .find_map(|(word, unit)| Some((text.strip_suffix(word)?.trim(), *unit)))
        .ok_or(ValueError::Unit)?;
    let length = digits(number).or_else(|| numeral(number)).ok_or(ValueError::Unit)?;
    if length == 0 || length > LENGTH_MAX {
        return Err(ValueError::Range);
    }
    Ok(Period { length, unit })
}

/// A whole number.
pub(crate) fn whole(text: &str) -> Option<i64> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    (!plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A share in percent as parts per million: `12.5` is 125 000.
pub(crate) fn ratio(text: &str) -> Option<i64> {
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    if (text.contains('.') && after.is_empty())
        || after.len() > 4
        || !after.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let before = i64::from(digits(before)?);
    let scale = 10_i64.pow(4 - u32::try_from(after.len()).ok()?);
    let after = if after.is_empty() { 0 } else { i64::from(digits(after)?) };
    Some(before * 10_000 + after * scale)
}

fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Chinese numerals from 一 to 九十九.
fn numeral(text: &str) -> Option<u32> {
    let Some((tens, ones)) = text.split_once('十') else {
        return if text == "两" { Some(2) } else { single(text) };
    };
    let tens = if tens.is_empty() { 1 } else { single(tens)? };
    let ones = if ones.is_empty() { 0 } else { single(ones)? };
    Some(tens * 10 + ones)
}

fn single(text: &str) -> Option<u32> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let found = "一二三四五六七八九".chars().position(|c| c == first)?;
    if chars.next().is_some() {
        return None;
    }
    u32::try_from(found + 1).ok()
}

fn starts_like_number(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_lawyers_write_them() {
        use PeriodUnit::{Day, Month, WorkingDay, Year};
        let period = |length, unit| Value::Period(Period { length, unit });
        let limit = |comparator, value| Value::Limit(comparator, Box::new(value));
        for (text, expected) in [
            ("3个工作日", Ok(period(3, WorkingDay))),
            ("三个工作日", Ok(period(3, WorkingDay))),
            ("十五个工作日", Ok(period(15, WorkingDay))),
            ("二十一日", Ok(period(21, Day))),
            ("6个月", Ok(period(6, Month))),
            ("3年", Ok(period(3, Year))),
            ("当日", Ok(period(0, Day))),
            ("当天", Ok(period(0, Day))),
            ("不少于6个月", Ok(limit(Comparator::AtLeast, period(6, Month)))),
            ("低于50%", Ok(limit(Comparator::Less, Value::Ratio(500_000)))),
            ("不超过3年", Ok(limit(Comparator::AtMost, period(3, Year)))),
            ("超过10", Ok(limit(Comparator::More, Value::Number(10)))),
            ("期满前6个月", Ok(limit(Comparator::AtLeast, period(6, Month)))),
            ("12.5%", Ok(Value::Ratio(125_000))),
            ("10", Ok(Value::Number(10))),
            ("是", Ok(Value::Flag(true))),
            ("市级授权运营域", Ok(Value::Text("市级授权运营域".into()))),
            ("3个工做日", Err(ValueError::Unit)),
            ("3 days", Err(ValueError::Unit)),
            ("0个工作日", Err(ValueError::Range)),
            ("99999年", Err(ValueError::Range)),
            ("不少于很多", Err(ValueError::Comparator)),
            ("低于不超过3年", Err(ValueError::Comparator)),
            ("1.23456%", Err(ValueError::Unit)),
            ("期满前半年", Err(ValueError::Unit)),
        ] {
            assert_eq!(parse_value(text), expected, "{text}");
        }
    }
}
