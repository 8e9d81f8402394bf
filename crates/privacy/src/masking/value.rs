//! Masks of days and numbers, one value at a time.

use super::key::KeyedHash;
use crate::format::{civil_from_days, days_from_civil};
use crate::masking::CalendarUnit;

/// 0001-01-01 and 9999-12-31: days that can be written.
const DAYS: (i64, i64) = (-719_162, 2_932_896);

/// A day that can be written: the nearest one.
pub(super) fn civil(day: i64) -> i64 {
    day.clamp(DAYS.0, DAYS.1)
}

/// A number of days, never none, from 64 drawn bits.
pub(super) fn days(drawn: u64, days_max: u16) -> i64 {
    let max = u64::from(days_max);
    let share = (u128::from(drawn) * u128::from(max * 2)) >> 64;
    let days = i64::try_from(share).unwrap_or(0) - i64::from(days_max);
    if days >= 0 { days + 1 } else { days }
}

/// A day moved; the other way where it would leave the calendar.
pub(super) fn moved(day: i64, days: i64) -> i64 {
    let day = civil(day);
    let there = day + days;
    if civil(there) == there { there } else { civil(day - days) }
}

/// A keyed move of a day by up to `days_max` either way.
pub(super) fn shift(hash: &KeyedHash, day: i64, days_max: u16) -> i64 {
    moved(day, days(hash.word(&day.to_be_bytes()), days_max))
}

/// First day of the period.
pub(super) fn period(day: i64, unit: CalendarUnit) -> i64 {
    let (year, month, _) = civil_from_days(i32::try_from(civil(day)).unwrap_or(0));
    let first = match unit {
        CalendarUnit::Month => month,
        CalendarUnit::Quarter => (month - 1) / 3 * 3 + 1,
        CalendarUnit::Year => 1,
    };
    days_from_civil(year, first, 1).map_or(0, i64::from)
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
    let rest = value.rem_euclid(step);
    if rest >= (step + 1) / 2 { value.saturating_add(step - rest) } else { value.saturating_sub(rest) }
}

/// The greatest edge not above the value, or the lowest.
pub(super) fn band<T: PartialOrd + Copy>(value: T, edges: &[T]) -> Option<T> {
    let above = edges.partition_point(|edge| *edge <= value);
    edges.get(above.saturating_sub(1)).copied()
}

/// Within bounds, either of which may be missing.
pub(super) fn bounded<T: PartialOrd + Copy>(value: T, (bottom, top): (Option<T>, Option<T>)) -> T {
    match (bottom, top) {
        (Some(bottom), _) if value < bottom => bottom,
        (_, Some(top)) if value > top => top,
        _ => value,
    }
}

/// The center of a cell.
pub(super) const fn center(value: i128, step: i128) -> i128 {
    value.div_euclid(step) * step + step / 2
}
