//! Masking whole columns.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    StringBuilder, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as ArrowType, Date32Type, Decimal128Type, Float64Type, TimeUnit, TimestampMicrosecondType,
};

use super::identifier::Identifier;
use super::key::{KeyedHash, MaskKey};
use super::text::TextMask;
use super::{MaskSpec, integer, value};
use crate::format::{parse_date, write_date};
use crate::{DataType, Error, SensitiveKind};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Masks a column.
///
/// *Shape*: same Arrow type, same length; null exactly where the input is null (everywhere for [`MaskSpec::Null`]).
///
/// # Errors
/// [`Error::MaskType`] if the mask does not apply to the type, [`Error::MaskParameter`] if a parameter is out of
/// range.
pub fn mask_column(column: &ArrayRef, spec: &MaskSpec, key: &MaskKey) -> Result<ArrayRef, Error> {
    let wrong_type = || Error::MaskType { mask: spec.name(), data_type: column.data_type().to_string() };
    if matches!(spec, MaskSpec::Keep) {
        return Ok(Arc::clone(column));
    }
    if matches!(spec, MaskSpec::Null) {
        return Ok(new_null_array(column.data_type(), column.len()));
    }
    check_parameters(spec)?;
    let ours = DataType::from_arrow(column.data_type()).ok_or_else(wrong_type)?;
    // Narrow integers, large strings and the like are masked in the widest form and brought back.
    let wide = cast(column, &ours.to_arrow()).map_err(|_| Error::Arrow { operation: "cast" })?;
    let masked = match ours {
        DataType::Text => mask_text(wide.as_string(), spec, key),
        DataType::Integer => mask_integers(wide.as_primitive(), spec, key),
        DataType::Decimal { .. } => mask_decimals(wide.as_primitive(), spec, key),
        DataType::Float => mask_floats(wide.as_primitive(), spec, key),
        DataType::Date => mask_dates(wide.as_primitive(), spec, key),
        DataType::Timestamp => mask_timestamps(wide.as_primitive(), spec, key),
        DataType::Boolean => None,
    }
    .ok_or_else(wrong_type)?;
    back(&masked, column.data_type())
}

/// Back to the type the column came in. Values that no longer fit are an error, not a null.
fn back(masked: &ArrayRef, data_type: &ArrowType) -> Result<ArrayRef, Error> {
    let failed = |_| Error::Arrow { operation: "cast back" };
    if let ArrowType::Timestamp(_, zone) = data_type {
        // Through the column's zone, without changing the instant.
        let instant = ArrowType::Timestamp(TimeUnit::Microsecond, zone.clone());
        let instants =
            masked.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(zone.clone());
        debug_assert_eq!(instants.data_type(), &instant);
        return cast(&instants, data_type).map_err(failed);
    }
    let result = cast(masked, data_type).map_err(failed)?;
    if result.null_count() == masked.null_count() {
        Ok(result)
    } else {
        Err(Error::Arrow { operation: "cast back" })
    }
}

fn check_parameters(spec: &MaskSpec) -> Result<(), Error> {
    let sound = match spec {
        MaskSpec::ShiftDate { days_max } => (1..=3650).contains(days_max),
        MaskSpec::Round { step } => *step >= 1,
        MaskSpec::Noise { per_mille } => (1..=1000).contains(per_mille),
        _ => true,
    };
    if sound { Ok(()) } else { Err(Error::MaskParameter { mask: spec.name() }) }
}

fn mask_text(column: &StringArray, spec: &MaskSpec, key: &MaskKey) -> Option<ArrayRef> {
    match spec {
        MaskSpec::Format { kind: SensitiveKind::BirthDate } => {
            Some(shift_text(column, birth_days(), &birth_hash(key), key))
        }
        MaskSpec::Format {
            kind:
                kind @ (SensitiveKind::PersonName | SensitiveKind::OrganizationName | SensitiveKind::Address),
        } => {
            let mask = TextMask::new(*kind, key);
            Some(map_text(column, |value, out| mask.mask(value, out)))
        }
        MaskSpec::Format { kind } => Some(Identifier::new(*kind, key).mask(column)),
        MaskSpec::Token { domain } => {
            let hash = key.hash("token", &domain_name(domain));
            Some(map_text(column, |value, out| hash.token(value.as_bytes(), out)))
        }
        MaskSpec::ShiftDate { days_max } => Some(shift_text(column, *days_max, &shift_hash(key), key)),
        MaskSpec::Keep | MaskSpec::Null | MaskSpec::Round { .. } | MaskSpec::Noise { .. } => None,
    }
}

/// Domains are named apart from kinds.
fn domain_name(domain: &str) -> String {
    format!("domain:{domain}")
}

const fn birth_days() -> u16 {
    180
}

fn birth_hash(key: &MaskKey) -> KeyedHash {
    key.hash("shift", SensitiveKind::BirthDate.name())
}

fn shift_hash(key: &MaskKey) -> KeyedHash {
    key.hash("shift", "date")
}

fn map_text(column: &StringArray, mut mask: impl FnMut(&str, &mut String)) -> ArrayRef {
    let mut builder = StringBuilder::with_capacity(column.len(), column.value_data().len());
    let mut buffer = String::new();
    for value in column {
        match value {
            Some(value) => {
                buffer.clear();
                mask(value, &mut buffer);
                builder.append_value(&buffer);
            }
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn shift_text(column: &StringArray, days_max: u16, hash: &KeyedHash, key: &MaskKey) -> ArrayRef {
    let token = key.hash("token", SensitiveKind::BirthDate.name());
    map_text(column, |text, out| match parse_date(text) {
        Some((day, shape)) => {
            let moved = i64::from(day) + value::shift(hash, i64::from(day), days_max);
            write_date(out, i32::try_from(moved).unwrap_or(day), shape);
        }
        None => token.token(text.as_bytes(), out),
    })
}

fn mask_integers(column: &Int64Array, spec: &MaskSpec, key: &MaskKey) -> Option<ArrayRef> {
    let masked: Int64Array = match spec {
        MaskSpec::Format { kind: SensitiveKind::Mobile } => integer::mobiles(column, key),
        MaskSpec::Format { kind: SensitiveKind::General } => integer::tokens(column, key, "general"),
        MaskSpec::Token { domain } => integer::tokens(column, key, &domain_name(domain)),
        MaskSpec::Round { step } => {
            column.unary(|value| narrow(value::round(i128::from(value), i128::from(*step))))
        }
        MaskSpec::Noise { per_mille } => {
            let hash = key.hash("noise", "integer");
            column.unary(|value| {
                let ppm = value::factor_ppm(&hash, value.cast_unsigned(), *per_mille);
                narrow(value::scale(i128::from(value), ppm))
            })
        }
        MaskSpec::Keep | MaskSpec::Null | MaskSpec::Format { .. } | MaskSpec::ShiftDate { .. } => {
            return None;
        }
    };
    Some(Arc::new(masked))
}

fn mask_decimals(column: &Decimal128Array, spec: &MaskSpec, key: &MaskKey) -> Option<ArrayRef> {
    let (precision, places) = (column.precision(), column.scale());
    let limit = 10_i128.checked_pow(u32::from(precision)).map_or(i128::MAX, |power| power - 1);
    let masked: Decimal128Array = match spec {
        MaskSpec::Round { step } => {
            let unit = 10_i128.checked_pow(u32::try_from(places).unwrap_or(0)).unwrap_or(1);
            let step = i128::from(*step).saturating_mul(unit);
            column.unary::<_, Decimal128Type>(|value| value::round(value, step).clamp(-limit, limit))
        }
        MaskSpec::Noise { per_mille } => {
            let hash = key.hash("noise", "decimal");
            column.unary(|value| {
                let low = value.cast_unsigned() & u128::from(u64::MAX);
                let ppm = value::factor_ppm(&hash, u64::try_from(low).unwrap_or(0), *per_mille);
                value::scale(value, ppm).clamp(-limit, limit)
            })
        }
        _ => return None,
    };
    Some(Arc::new(masked.with_precision_and_scale(precision, places).ok()?))
}

fn mask_floats(column: &Float64Array, spec: &MaskSpec, key: &MaskKey) -> Option<ArrayRef> {
    let masked: Float64Array = match spec {
        MaskSpec::Round { step } => {
            column.unary::<_, Float64Type>(|value| (value / f64::from(*step)).round() * f64::from(*step))
        }
        MaskSpec::Noise { per_mille } => {
            let hash = key.hash("noise", "float");
            column.unary(|value| {
                let ppm = value::factor_ppm(&hash, value.to_bits(), *per_mille);
                // Exact: the factor is far below 2⁵³.
                value * (f64::from(i32::try_from(ppm).unwrap_or(1_000_000)) / 1e6)
            })
        }
        _ => return None,
    };
    Some(Arc::new(masked))
}

fn mask_dates(column: &Date32Array, spec: &MaskSpec, key: &MaskKey) -> Option<ArrayRef> {
    let (hash, days_max) = shift_of(spec, key)?;
    let masked: Date32Array = column.unary::<_, Date32Type>(|day| {
        i32::try_from(i64::from(day) + value::shift(&hash, i64::from(day), days_max)).unwrap_or(day)
    });
    Some(Arc::new(masked))
}

fn mask_timestamps(column: &TimestampMicrosecondArray, spec: &MaskSpec, key: &MaskKey) -> Option<ArrayRef> {
    let (hash, days_max) = shift_of(spec, key)?;
    let masked: TimestampMicrosecondArray = column.unary::<_, TimestampMicrosecondType>(|micros| {
        // All instants of one day move together, so the order within a day stays.
        let move_days = value::shift(&hash, micros.div_euclid(MICROS_PER_DAY), days_max);
        micros.saturating_add(move_days.saturating_mul(MICROS_PER_DAY))
    });
    Some(Arc::new(masked))
}

fn shift_of(spec: &MaskSpec, key: &MaskKey) -> Option<(KeyedHash, u16)> {
    match spec {
        MaskSpec::ShiftDate { days_max } => Some((shift_hash(key), *days_max)),
        MaskSpec::Format { kind: SensitiveKind::BirthDate } => Some((birth_hash(key), birth_days())),
        _ => None,
    }
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value.clamp(i128::from(i64::MIN), i128::from(i64::MAX))).unwrap_or(i64::MAX)
}
