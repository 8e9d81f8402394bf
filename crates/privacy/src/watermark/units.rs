//! Columns as whole numbers of units of the last digit, and back.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array};
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::{DataType as ArrowType, Decimal128Type, Float64Type, Int64Type};

use super::address::{cast, text};
use crate::{DataType, Error};

/// Floats up to here are whole numbers exactly.
const FLOAT_MAX: f64 = 9_007_199_254_740_992.0;

/// A number in units of the last digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) value: i64,
    /// Nothing was rounded away.
    pub(super) exact: bool,
}

/// Smallest and largest value that a column to be marked can hold, in units.
///
/// # Errors
/// [`Error::Watermark`] if the column is no number, or not one with so many decimals.
pub(super) fn range(data_type: &ArrowType, decimals: u8) -> Result<(i64, i64), Error> {
    let whole = |low: i64, high: i64| (decimals == 0).then_some((low, high));
    let range = match data_type {
        ArrowType::Int8 => whole(i8::MIN.into(), i8::MAX.into()),
        ArrowType::Int16 => whole(i16::MIN.into(), i16::MAX.into()),
        ArrowType::Int32 => whole(i32::MIN.into(), i32::MAX.into()),
        ArrowType::Int64 => whole(i64::MIN, i64::MAX),
        ArrowType::UInt8 => whole(0, u8::MAX.into()),
        ArrowType::UInt16 => whole(0, u16::MAX.into()),
        ArrowType::UInt32 => whole(0, u32::MAX.into()),
        ArrowType::UInt64 => whole(0, i64::MAX),
        ArrowType::Float32 => Some((-(1 << 24), 1 << 24)),
        ArrowType::Float64 => Some((-(1 << 53), 1 << 53)),
        ArrowType::Decimal128(precision, scale) => {
            let most = 10_i128.checked_pow((*precision).into()).map_or(i128::MAX, |power| power - 1);
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            (i16::from(*scale) == i16::from(decimals)).then_some((-most, most))
        }
        _ => None,
    };
    range.ok_or(Error::Watermark { what: "carrier that is no number with so many decimals" })
}

/// The numbers of a column, rounded to units; `None` if it holds no numbers. Texts are read as files write numbers.
pub(super) fn read(column: &ArrayRef, decimals: u8) -> Result<Option<Vec<Option<Unit>>>, Error> {
    let scale = 10_i128.pow(decimals.into());
    let fit = |value: i128, exact| i64::try_from(value).ok().map(|value| Unit { value, exact });
    let units = match DataType::from_arrow(column.data_type()) {
        Some(DataType::Integer) => {
            let values = cast(column, &ArrowType::Int64)?;
            let values = values.as_primitive::<Int64Type>();
            values.iter().map(|value| fit(i128::from(value?) * scale, true)).collect()
        }
        Some(DataType::Float) => {
            let single = *column.data_type() == ArrowType::Float32;
            let values = cast(column, &ArrowType::Float64)?;
            let values = values.as_primitive::<Float64Type>();
            values.iter().map(|value| float(value?, decimals, single)).collect()
        }
        Some(DataType::Decimal { precision, scale: digits }) => {
            // Dictionaries are unpacked.
            let values = cast(column, &ArrowType::Decimal128(precision, digits))?;
            let values = values.as_primitive::<Decimal128Type>();
            let rescale = |value: i128| {
                let more = i32::from(decimals) - i32::from(digits);
                let power = 10_i128.checked_pow(more.unsigned_abs())?;
                if more >= 0 {
                    return fit(value.checked_mul(power)?, true);
                }
                fit(divide(value, power), value % power == 0)
            };
            values.iter().map(|value| rescale(value?)).collect()
        }
        Some(DataType::Text) => {
            let texts = text(column)?;
            texts.iter().map(|text| written(text?, decimals)).collect()
        }
        _ => return Ok(None),
    };
    Ok(Some(units))
}

/// The column with other values where there are any.
pub(super) fn write(column: &ArrayRef, decimals: u8, changes: &[Option<i64>]) -> Result<ArrayRef, Error> {
    let new: ArrayRef = match column.data_type() {
        ArrowType::Float32 | ArrowType::Float64 => {
            let values = changes.iter().map(|value| value.map(|value| value as f64 / power(decimals)));
            Arc::new(values.collect::<Float64Array>())
        }
        ArrowType::Decimal128(precision, scale) => {
            let values: Decimal128Array = changes.iter().map(|value| value.map(i128::from)).collect();
            let typed = values.with_precision_and_scale(*precision, *scale);
            Arc::new(typed.map_err(|_| Error::Arrow { operation: "decimal" })?)
        }
        _ => Arc::new(changes.iter().copied().collect::<Int64Array>()),
    };
    merge(column, &new, changes)
}

/// Takes the new value where a change is.
pub(super) fn merge(column: &ArrayRef, new: &ArrayRef, changes: &[Option<i64>]) -> Result<ArrayRef, Error> {
    let new = cast(new, column.data_type())?;
    let changed: BooleanArray = changes.iter().map(|change| Some(change.is_some())).collect();
    zip(&changed, &new, column).map_err(|_| Error::Arrow { operation: "zip" })
}

fn power(decimals: u8) -> f64 {
    10_f64.powi(decimals.into())
}

fn float(value: f64, decimals: u8, single: bool) -> Option<Unit> {
    let scaled = (value * power(decimals)).round();
    if !scaled.is_finite() || scaled.abs() > FLOAT_MAX {
        return None;
    }
    let back = scaled / power(decimals);
    let exact = if single { back as f32 == value as f32 } else { back == value };
    Some(Unit { value: scaled as i64, exact })
}

/// Nearest, halves away from zero.
fn divide(value: i128, by: i128) -> i128 {
    (value.abs() + by / 2) / by * value.signum()
}

/// A number in a file: blanks around, a sign, commas between thousands, a point. Anything else is read as a float.
fn written(text: &str, decimals: u8) -> Option<Unit> {
    let text: String = text.trim().chars().filter(|symbol| *symbol != ',').take(64).collect();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit());
    if !plain || whole.is_empty() || whole.len() + part.len() > 30 {
        return float(text.parse().ok()?, decimals, false);
    }
    let number: i128 = format!("{whole}{part}").parse().ok()?;
    let number = if negative { -number } else { number };
    let have = u32::try_from(part.len()).ok()?;
    let want = u32::from(decimals);
    if have <= want {
        let value = number.checked_mul(10_i128.checked_pow(want - have)?)?;
        return Some(Unit { value: i64::try_from(value).ok()?, exact: true });
    }
    let by = 10_i128.checked_pow(have - want)?;
    Some(Unit { value: i64::try_from(divide(number, by)).ok()?, exact: number % by == 0 })
}
