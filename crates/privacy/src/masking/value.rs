//! Masks of dates and numbers.

use super::key::KeyedHash;

/// A keyed move of a day by up to `days_max` either way.
pub(super) fn shift(hash: &KeyedHash, day: i64, days_max: u16) -> i64 {
    let span = usize::from(days_max) * 2 + 1;
    let drawn = hash.draw(&day.to_be_bytes()).below(span);
    i64::try_from(drawn).unwrap_or(0) - i64::from(days_max)
}

/// A keyed factor within `1 ± per_mille/1000`, in parts per million.
pub(super) fn factor_ppm(hash: &KeyedHash, bits: u64, per_mille: u16) -> i64 {
    let span = usize::from(per_mille) * 2000 + 1;
    let drawn = hash.draw(&bits.to_be_bytes()).below(span);
    1_000_000 + i64::try_from(drawn).unwrap_or(0) - i64::from(per_mille) * 1000
}

/// `value × ppm / 10⁶`, within the range of the type.
pub(super) fn scale(value: i128, ppm: i64) -> i128 {
    value.saturating_mul(i128::from(ppm)) / 1_000_000
}

/// The nearest multiple of `step`.
pub(super) fn round(value: i128, step: i128) -> i128 {
    if step <= 1 {
        return value;
    }
    let low = value.div_euclid(step) * step;
    if value - low >= (step + 1) / 2 { low.saturating_add(step) } else { low }
}
