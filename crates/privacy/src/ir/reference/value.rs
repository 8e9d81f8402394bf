//! Comparison of values.

use std::cmp::Ordering;

use super::super::Literal;
use super::super::bounds::from_whole;
use super::Fault;
use crate::DataType;

/// Is it null?
#[must_use]
pub const fn is_null(value: &Literal) -> bool {
    matches!(value, Literal::Null(_))
}

/// A number as a double; `None` for null and for what is no number.
#[must_use]
pub fn as_float(value: &Literal) -> Option<f64> {
    match value {
        Literal::Integer(number) => Some(from_whole(*number)),
        Literal::Decimal { unscaled, scale } => format!("{unscaled}e{}", -i16::from(*scale)).parse().ok(),
        Literal::Float(number) => Some(*number),
        _ => None,
    }
}

/// Order of two values; `None` if one is null or they are not comparable.
#[must_use]
pub fn compare(left: &Literal, right: &Literal) -> Option<Ordering> {
    match (left, right) {
        (Literal::Text(a), Literal::Text(b)) => Some(a.cmp(b)),
        (Literal::Integer(a), Literal::Integer(b)) => Some(a.cmp(b)),
        (Literal::Boolean(a), Literal::Boolean(b)) => Some(a.cmp(b)),
        (Literal::Date(a), Literal::Date(b)) => Some(a.cmp(b)),
        (Literal::Timestamp(a), Literal::Timestamp(b)) => Some(a.cmp(b)),
        (Literal::Date(_), Literal::Timestamp(_)) | (Literal::Timestamp(_), Literal::Date(_)) => {
            Some(micros(left)?.cmp(&micros(right)?))
        }
        (Literal::Float(_), _) | (_, Literal::Float(_)) => Some(as_float(left)?.total_cmp(&as_float(right)?)),
        _ => {
            let ((a, from), (b, to)) = (exact(left)?, exact(right)?);
            let scale = from.max(to);
            Some(scaled(a, from, scale).cmp(&scaled(b, to, scale)))
        }
    }
}

/// Are they one value? Nulls are.
#[must_use]
pub fn same(left: &Literal, right: &Literal) -> bool {
    is_null(left) && is_null(right) || compare(left, right) == Some(Ordering::Equal)
}

/// An exact number: digits and scale.
fn exact(value: &Literal) -> Option<(i128, i8)> {
    match value {
        Literal::Integer(number) => Some((i128::from(*number), 0)),
        Literal::Decimal { unscaled, scale } => Some((i128::from(*unscaled), *scale)),
        _ => None,
    }
}

/// Digits at a larger scale. Both scales are 0–18, so that 64 bits times 10^18 fit.
pub(super) fn scaled(digits: i128, from: i8, to: i8) -> i128 {
    let by = u32::try_from(i16::from(to) - i16::from(from)).unwrap_or(0);
    digits.saturating_mul(10_i128.saturating_pow(by))
}

pub(super) fn micros(value: &Literal) -> Option<i64> {
    match value {
        Literal::Date(days) => Some(i64::from(*days) * 86_400_000_000),
        Literal::Timestamp(micros) => Some(*micros),
        _ => None,
    }
}

/// The type of a value.
pub(super) fn type_of(value: &Literal) -> DataType {
    match value {
        Literal::Null(data_type) => *data_type,
        Literal::Text(_) => DataType::Text,
        // A span of time stands beside dates only.
        Literal::Integer(_) | Literal::Interval { .. } => DataType::Integer,
        Literal::Decimal { scale, .. } => DataType::Decimal { precision: 19, scale: *scale },
        Literal::Float(_) => DataType::Float,
        Literal::Boolean(_) => DataType::Boolean,
        Literal::Date(_) => DataType::Date,
        Literal::Timestamp(_) => DataType::Timestamp,
    }
}

/// One of several values, in the type that all of them share.
pub(super) fn unified(chosen: Literal, among: &[Literal]) -> Result<Literal, Fault> {
    let mut widest = type_of(&chosen);
    for other in among {
        widest = match (widest, type_of(other)) {
            (DataType::Float, _) | (_, DataType::Float) => DataType::Float,
            (DataType::Decimal { scale: a, .. }, DataType::Decimal { scale: b, .. }) => {
                DataType::Decimal { precision: 38, scale: a.max(b) }
            }
            (DataType::Decimal { scale, .. }, DataType::Integer)
            | (DataType::Integer, DataType::Decimal { scale, .. }) => {
                DataType::Decimal { precision: 38, scale }
            }
            (own, _) => own,
        };
    }
    match (&chosen, widest) {
        (Literal::Null(_), to) => Ok(Literal::Null(to)),
        (_, DataType::Float) => as_float(&chosen).map(Literal::Float).ok_or(Fault::Type),
        (_, DataType::Decimal { scale, .. }) => {
            let (digits, from) = exact(&chosen).ok_or(Fault::Type)?;
            let unscaled = i64::try_from(scaled(digits, from, scale)).map_err(|_| Fault::Overflow)?;
            Ok(Literal::Decimal { unscaled, scale })
        }
        _ => Ok(chosen),
    }
}

/// A key under which equal values of one column meet, nulls included.
pub(super) fn key(value: &Literal) -> String {
    match value {
        Literal::Null(_) => "null".to_owned(),
        Literal::Text(text) => format!("t{text}"),
        Literal::Float(number) => format!("f{}", number.to_bits()),
        other => format!("{other:?}"),
    }
}
