//! Injective masks of integers.

use arrow::array::{Array, Int64Array};

use super::identifier::mobile_point;
use super::key::MaskKey;
use super::permutation::{Permutation, Point};
use crate::SensitiveKind;

/// Where the bands of magnitudes begin and end. A number stays in its band: those of at most nine digits fit 32-bit
/// columns, those of at most fifteen are exact in JavaScript.
const BANDS: [u64; 4] = [0, 1_000_000_000, 1_000_000_000_000_000, 1 << 63];

/// Tokens of integers: a keyed permutation that keeps the sign and the band.
pub(super) fn tokens(column: &Int64Array, key: &MaskKey, name: &str) -> Int64Array {
    let permutation = key.permutation(&number_name(name));
    rebuild(column, &permute(&permutation, column.values(), band_point), band_value)
}

/// Mobile numbers stored as integers: they get the same tokens as texts. What is no mobile number becomes a number
/// that is none either, since it stays in its band.
pub(super) fn mobiles(column: &Int64Array, key: &MaskKey) -> Int64Array {
    let mobile = key.permutation(SensitiveKind::Mobile.name());
    let other = key.permutation(&number_name(SensitiveKind::Mobile.name()));
    let as_mobile = permute(&mobile, column.values(), |value| match split_mobile(value) {
        Some((prefix, rest)) => mobile_point(prefix, rest),
        None => Point::new(0, 0, 0),
    });
    let as_other = permute(&other, column.values(), |value| {
        let point = band_point(value);
        match (split_mobile(value), band(magnitude(value))) {
            (Some(_), _) => Point::new(0, 0, 0),
            // Mobile numbers lie in this band, and what is none must not become one.
            (None, (1, _, _)) if value >= 0 => Point { inside: is_no_mobile, ..point },
            (None, _) => point,
        }
    });
    let both: Vec<(u64, u64)> = as_mobile.into_iter().zip(as_other).collect();
    let values =
        column.values().iter().zip(both).map(|(value, (mobile, other))| match split_mobile(*value) {
            Some((prefix, _)) => i64::try_from(prefix * 100_000_000 + mobile).unwrap_or(0),
            None => band_value(*value, other),
        });
    Int64Array::new(values.collect(), column.nulls().cloned())
}

fn number_name(name: &str) -> String {
    format!("number:{name}")
}

fn permute(permutation: &Permutation, values: &[i64], point: impl Fn(i64) -> Point) -> Vec<u64> {
    let mut points: Vec<Point> = values.iter().map(|value| point(*value)).collect();
    permutation.permute(&mut points);
    points.into_iter().map(|point| point.value).collect()
}

fn rebuild(column: &Int64Array, permuted: &[u64], value: impl Fn(i64, u64) -> i64) -> Int64Array {
    let values = column.values().iter().zip(permuted).map(|(old, new)| value(*old, *new));
    Int64Array::new(values.collect(), column.nulls().cloned())
}

fn split_mobile(value: i64) -> Option<(u64, u64)> {
    let value = u64::try_from(value).ok()?;
    let (prefix, rest) = (value / 100_000_000, value % 100_000_000);
    (130..200).contains(&prefix).then_some((prefix, rest))
}

/// Of a point in the band of ten to fifteen digits, where mobile numbers are.
fn is_no_mobile(point: u64) -> bool {
    !(13_000_000_000..20_000_000_000).contains(&(point + 1_000_000_000))
}

/// Magnitude: −1 − value maps the negative half onto 0..2⁶³ without overflow.
fn magnitude(value: i64) -> u64 {
    (if value < 0 { -1 - value } else { value }).cast_unsigned()
}

fn band(magnitude: u64) -> (u128, u64, u64) {
    let found = BANDS.windows(2).enumerate().find_map(|(index, ends)| match ends {
        [low, high] if magnitude < *high => Some((u128::try_from(index).unwrap_or(0), *low, *high)),
        _ => None,
    });
    found.unwrap_or((3, 0, 0))
}

fn band_point(value: i64) -> Point {
    let magnitude = magnitude(value);
    let (index, low, high) = band(magnitude);
    Point::new(u128::from(value < 0) << 8 | index, magnitude - low, high - low)
}

fn band_value(old: i64, permuted: u64) -> i64 {
    let (_, low, _) = band(magnitude(old));
    let magnitude = i64::try_from(permuted + low).unwrap_or(i64::MAX);
    if old < 0 { -1 - magnitude } else { magnitude }
}
