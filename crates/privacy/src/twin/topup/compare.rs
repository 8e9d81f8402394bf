//! Values against values, as SQL has it.

use std::cmp::Ordering;

use crate::format::{civil_from_days, days_from_civil};
use crate::ir::Literal;
use crate::twin::value::Value;

/// Microseconds of a day.
pub(super) const DAY_MICROS: i64 = 86_400_000_000;

/// A literal's value; `None` for null, and for spans, which have none.
pub(super) fn literal(literal: &Literal) -> Option<Value> {
    Some(match literal {
        Literal::Null(_) | Literal::Interval { .. } => return None,
        Literal::Text(text) => Value::Text(text.clone()),
        Literal::Integer(number) => Value::Integer(*number),
        Literal::Decimal { unscaled, scale } => Value::Decimal(i128::from(*unscaled), *scale),
        Literal::Float(number) => Value::Float(*number),
        Literal::Boolean(is) => Value::Boolean(*is),
        Literal::Date(days) => Value::Date(*days),
        Literal::Timestamp(micros) => Value::Timestamp(*micros),
    })
}

/// Order of two values; `None` if they cannot be compared.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    Some(match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Float(_), _) | (_, Value::Float(_)) => float(left)?.partial_cmp(&float(right)?)?,
        (Value::Date(_) | Value::Timestamp(_), Value::Date(_) | Value::Timestamp(_)) => {
            micros(left)?.cmp(&micros(right)?)
        }
        _ => {
            let ((left, left_scale), (right, right_scale)) = (exact(left)?, exact(right)?);
            let scale = left_scale.max(right_scale);
            rescale(left, left_scale, scale)?.cmp(&rescale(right, right_scale, scale)?)
        }
    })
}

/// A number as unscaled digits.
pub(super) fn exact(value: &Value) -> Option<(i128, i8)> {
    match value {
        Value::Integer(number) => Some((i128::from(*number), 0)),
        Value::Decimal(number, scale) => Some((*number, *scale)),
        _ => None,
    }
}

/// The same number with more digits after the point, or with fewer, cut.
pub(super) fn rescale(number: i128, from: i8, to: i8) -> Option<i128> {
    let factor = 10_i128.checked_pow(u32::from(to.abs_diff(from)))?;
    if to >= from { number.checked_mul(factor) } else { Some(number / factor) }
}

pub(super) fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        _ => exact(value).map(|(number, scale)| number as f64 / 10_f64.powi(i32::from(scale))),
    }
}

pub(super) fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(micros) => Some(*micros),
        Value::Date(days) => i64::from(*days).checked_mul(DAY_MICROS),
        _ => None,
    }
}

pub(super) fn days(value: &Value) -> Option<i32> {
    match value {
        Value::Date(days) => Some(*days),
        Value::Timestamp(micros) => i32::try_from(micros.div_euclid(DAY_MICROS)).ok(),
        _ => None,
    }
}

/// A date or timestamp moved by months and days; the last day of a month stays the last.
pub(super) fn shift(value: &Value, months: i32, by: i32) -> Option<Value> {
    let (year, month, day) = civil_from_days(days(value)?);
    let month = year.checked_mul(12)?.checked_add(i32::from(month) - 1)?.checked_add(months)?;
    let (year, month) = (month.div_euclid(12), u8::try_from(month.rem_euclid(12) + 1).ok()?);
    let moved = (1..=day).rev().find_map(|day| days_from_civil(year, month, day))?.checked_add(by)?;
    Some(match value {
        Value::Timestamp(micros) => {
            let rest = micros.rem_euclid(DAY_MICROS);
            Value::Timestamp(i64::from(moved).checked_mul(DAY_MICROS)?.checked_add(rest)?)
        }
        _ => Value::Date(moved),
    })
}

/// Does a text match a pattern of `LIKE`?
pub(super) fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.chars().collect::<Vec<_>>(), tokens(pattern));
    // Places in the text up to which the pattern read so far can have matched.
    let mut places = vec![false; text.len() + 1];
    if let Some(first) = places.first_mut() {
        *first = true;
    }
    for token in pattern {
        let mut next = vec![false; text.len() + 1];
        let mut any = false;
        for (place, before) in places.iter().enumerate() {
            any |= before;
            let one = place.checked_sub(1).is_some_and(|last| {
                places.get(last) == Some(&true)
                    && match token {
                        Token::Char(c) => text.get(last) == Some(&c),
                        Token::One | Token::Any => true,
                    }
            });
            let is = if matches!(token, Token::Any) { any } else { one };
            if let Some(slot) = next.get_mut(place) {
                *slot = is;
            }
        }
        places = next;
    }
    places.last() == Some(&true)
}

#[derive(Clone, Copy)]
pub(super) enum Token {
    Char(char),
    One,
    Any,
}

/// What a pattern says, its escapes resolved.
pub(super) fn tokens(pattern: &str) -> Vec<Token> {
    let mut chars = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '%' => Token::Any,
            '_' => Token::One,
            '\\' => Token::Char(chars.next().unwrap_or('\\')),
            c => Token::Char(c),
        });
    }
    tokens
}
