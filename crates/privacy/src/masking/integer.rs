//! Injective masks of integers.

use arrow::array::{Array, Int64Array};

use super::identifier::mobile_point;
use super::key::MaskKey;
use super::permutation::{Permutation, Point};
use crate::SensitiveKind;

/// Where the bands of magnitudes begin and end. A number stays in its band: those of at most nine digits fit 32-bit
/// columns, those of at most fifteen are exact in JavaScript.
const BANDS: [u64; 4] = [0, 1_000_000_000, 1_000_000_000_000_000, 1 << 63];

/// Least and greatest number of the column's type.
type Limits = (i64, i64);

/// Tokens of integers: a keyed permutation that keeps the sign and the band. The column's type must hold at least a
/// million numbers on each side.
pub(super) fn tokens(column: &Int64Array, key: &MaskKey, name: &str, limits: Limits) -> Int64Array {
    let permutation = key.permutation(&number_name(name));
    let permuted = permute(&permutation, column.values(), |value| band_point(value, limits));
    let values =
        column.values().iter().zip(permuted).map(|(old, new)| band_value(*old, new, limits)).collect();
    Int64Array::new(values, column.nulls().cloned())
}

/// Mobile numbers stored as integers: they get the same tokens as texts. What is no mobile number becomes a number
/// that is none either, since it stays in its band.
pub(super) fn mobiles(column: &Int64Array, key: &MaskKey, limits: Limits) -> Int64Array {
    let mobile = key.permutation(SensitiveKind::Mobile.name());
    let other = key.permutation(&number_name(SensitiveKind::Mobile.name()));
    let as_mobile = permute(&mobile, column.values(), |value| {
        split_mobile(value).and_then(|(prefix, rest)| mobile_point(prefix, rest))
    });
    let as_other = permute(&other, column.values(), |value| {
        let point = band_point(value, limits);
        match (split_mobile(value), band(value, limits)) {
            (Some(_), _) => None,
            // Mobile numbers lie in this band, and what is none must not become one.
            (None, Some((1, _, _))) if value >= 0 => point?.within(is_no_mobile),
            (None, _) => point,
        }
    });
    let both: Vec<(u64, u64)> = as_mobile.into_iter().zip(as_other).collect();
    let values =
        column.values().iter().zip(both).map(|(value, (mobile, other))| match split_mobile(*value) {
            Some((prefix, _)) => i64::try_from(prefix * 100_000_000 + mobile).unwrap_or(0),
            None => band_value(*value, other, limits),
        });
    Int64Array::new(values.collect(), column.nulls().cloned())
}

fn number_name(name: &str) -> String {
    format!("number:{name}")
}

fn permute(permutation: &Permutation, values: &[i64], point: impl Fn(i64) -> Option<Point>) -> Vec<u64> {
    let mut points: Vec<Point> =
        values.iter().map(|value| point(*value).unwrap_or_else(Point::idle)).collect();
    permutation.permute(&mut points);
    points.into_iter().map(|point| point.value).collect()
}

fn split_mobile(value: i64) -> Option<(u64, u64)> {
    let value = u64::try_from(value).ok()?;
    let (prefix, rest) = (value / 100_000_000, value % 100_000_000);
    (130..200).contains(&prefix).then_some((prefix, rest))
}

/// Of a point in the band of ten to fifteen digits, where mobile numbers are.
fn is_no_mobile(_: u128, point: u64) -> bool {
    !(13_000_000_000..20_000_000_000).contains(&(point + 1_000_000_000))
}

/// Magnitude: −1 − value maps the negative half onto 0..2⁶³ without overflow.
fn magnitude(value: i64) -> u64 {
    (if value < 0 { -1 - value } else { value }).cast_unsigned()
}

/// Number, beginning and end of the band that a value lies in.
fn band(value: i64, (low, high): Limits) -> Option<(u8, u64, u64)> {
    let limit = magnitude(if value < 0 { low } else { high }) + 1;
    let magnitude = magnitude(value);
    BANDS.windows(2).zip(0..).find_map(|(ends, index)| match ends {
        [low, high] if magnitude < *high => Some((index, *low, limit.min(*high))),
        _ => None,
    })
}

fn band_point(value: i64, limits: Limits) -> Option<Point> {
    let (index, low, high) = band(value, limits)?;
    let tweak = u128::from(value < 0) << 8 | u128::from(index);
    Point::new(tweak, magnitude(value) - low, high.checked_sub(low)?)
}

/// A value of which no band has room is nought, never itself; the types that are let in have room for all.
fn band_value(old: i64, permuted: u64, limits: Limits) -> i64 {
    let Some((_, low, _)) = band_point(old, limits).and_then(|_| band(old, limits)) else { return 0 };
    let magnitude = i64::try_from(permuted + low).unwrap_or(i64::MAX);
    if old < 0 { -1 - magnitude } else { magnitude }
}
