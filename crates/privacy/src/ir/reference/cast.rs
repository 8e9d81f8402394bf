//! Changes of type; null where a value does not fit.

use super::super::Literal;
use super::Fault;
use super::value::{as_float, micros, type_of};
use crate::DataType;

const MICROS_OF_DAY: i64 = 86_400_000_000;

pub(super) fn cast(value: &Literal, to: DataType) -> Result<Literal, Fault> {
    if type_of(value) == to {
        return Ok(value.clone());
    }
    let cast = match (value, to) {
        (Literal::Null(_), _) => None,
        (_, DataType::Text) => Some(Literal::Text(text(value))),
        (Literal::Text(text), _) => parsed(text.trim(), to)?,
        (Literal::Boolean(truth), DataType::Integer) => Some(Literal::Integer(i64::from(*truth))),
        (Literal::Integer(number), DataType::Boolean) => Some(Literal::Boolean(*number != 0)),
        (Literal::Date(_), DataType::Timestamp) => micros(value).map(Literal::Timestamp),
        (Literal::Timestamp(at), DataType::Date) => {
            i32::try_from(at.div_euclid(MICROS_OF_DAY)).ok().map(Literal::Date)
        }
        (_, DataType::Float) => as_float(value).map(Literal::Float),
        (Literal::Decimal { unscaled, scale }, DataType::Integer) => {
            Some(Literal::Integer(unscaled / 10_i64.pow(u32::try_from(*scale).map_err(|_| Fault::Type)?)))
        }
        (Literal::Float(number), DataType::Integer) => whole(number.trunc()).map(Literal::Integer),
        (_, DataType::Decimal { precision, scale }) => decimal(value, precision, scale)?,
        _ => return Err(Fault::Type),
    };
    Ok(cast.unwrap_or(Literal::Null(to)))
}

/// A whole double as 64 bits.
pub(super) fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok()
}

fn decimal(value: &Literal, precision: u8, scale: i8) -> Result<Option<Literal>, Fault> {
    let places = usize::try_from(scale).map_err(|_| Fault::Type)?;
    let digits = match value {
        Literal::Integer(number) => i128::from(*number) * 10_i128.pow(u32::from(scale.unsigned_abs())),
        Literal::Decimal { unscaled, scale: from } => {
            let (digits, by) = (i128::from(*unscaled), i16::from(*from) - i16::from(scale));
            let factor = 10_i128.pow(u32::from(by.unsigned_abs()));
            if by <= 0 { digits * factor } else { half_away(digits, factor) }
        }
        Literal::Float(number) if number.is_finite() => {
            let Ok(digits) = format!("{:.0}", (number * 10_f64.powi(i32::from(scale))).round()).parse()
            else {
                return Ok(None);
            };
            digits
        }
        _ => return Ok(None),
    };
    debug_assert!(places <= 38);
    let fits = digits.unsigned_abs() < 10_u128.pow(u32::from(precision.min(38)));
    if !fits {
        return Ok(None);
    }
    let unscaled = i64::try_from(digits).map_err(|_| Fault::Overflow)?;
    Ok(Some(Literal::Decimal { unscaled, scale }))
}

const fn half_away(digits: i128, by: i128) -> i128 {
    let half = if digits < 0 { -by / 2 } else { by / 2 };
    (digits + half) / by
}

fn parsed(text: &str, to: DataType) -> Result<Option<Literal>, Fault> {
    Ok(match to {
        DataType::Integer => text.parse().ok().map(Literal::Integer),
        DataType::Float => text.parse().ok().map(Literal::Float),
        DataType::Boolean => match text.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Some(Literal::Boolean(true)),
            "false" | "f" | "no" | "n" | "off" | "0" => Some(Literal::Boolean(false)),
            _ => None,
        },
        DataType::Date => text.parse::<base::Date>().ok().map(|date| Literal::Date(date.days())),
        DataType::Timestamp => text
            .parse::<base::Date>()
            .ok()
            .map(|date| Literal::Timestamp(i64::from(date.days()) * MICROS_OF_DAY)),
        DataType::Decimal { precision, scale } => match text.parse::<f64>() {
            Ok(number) => decimal(&Literal::Float(number), precision, scale)?,
            Err(_) => None,
        },
        DataType::Text => None,
    })
}

fn text(value: &Literal) -> String {
    match value {
        Literal::Text(text) => text.clone(),
        Literal::Integer(number) => number.to_string(),
        Literal::Float(number) => format!("{number:?}"),
        Literal::Boolean(truth) => truth.to_string(),
        Literal::Date(days) => base::Date::from_days(*days).to_string(),
        Literal::Timestamp(at) => {
            let seconds = at.rem_euclid(MICROS_OF_DAY) / 1_000_000;
            let day = i32::try_from(at.div_euclid(MICROS_OF_DAY)).unwrap_or(0);
            let (hour, minute) = (seconds / 3_600, seconds / 60 % 60);
            format!("{}T{hour:02}:{minute:02}:{:02}", base::Date::from_days(day), seconds % 60)
        }
        Literal::Decimal { unscaled, scale } => {
            let places = usize::try_from(*scale).unwrap_or(0);
            let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = places + 1);
            let at = digits.len() - places;
            let sign = if *unscaled < 0 { "-" } else { "" };
            let whole: String = digits.chars().take(at).collect();
            let rest: String = digits.chars().skip(at).collect();
            if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
        }
        Literal::Null(_) | Literal::Interval { .. } => String::new(),
    }
}
