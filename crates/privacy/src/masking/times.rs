//! Masks of dates, timestamps and texts of dates.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Date32Type, TimeUnit, TimestampMicrosecondType};

use super::generalize::AgeBands;
use super::key::{KeyedHash, MaskKey};
use super::{CalendarUnit, MaskSpec, value};
use crate::SensitiveKind;
use crate::format::{parse_date, write_date};

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// A birth date of [`MaskSpec::Format`] moves by so many days at most.
const BIRTH_DAYS: u16 = 180;

/// A mask of days with its keys ready.
pub(super) enum DayMask<'a> {
    Shift(KeyedHash, u16),
    /// As `Shift` where the entity is unknown.
    Entity(&'a [Option<u64>], KeyedHash, u16),
    Period(CalendarUnit),
    Age(AgeBands),
    Bounds(Option<i64>, Option<i64>),
}

impl<'a> DayMask<'a> {
    /// The mask of days that a spec asks for, if one. `entities` are numbers drawn for the rows' entities.
    pub(super) fn of(spec: &MaskSpec, key: &MaskKey, entities: Option<&'a [Option<u64>]>) -> Option<Self> {
        Some(match spec {
            MaskSpec::ShiftDate { days_max } => Self::Shift(key.hash("shift", "date"), *days_max),
            MaskSpec::Format { kind: kind @ SensitiveKind::BirthDate } => {
                Self::Shift(key.hash("shift", kind.name()), BIRTH_DAYS)
            }
            MaskSpec::ShiftEntity { days_max, .. } => {
                Self::Entity(entities?, key.hash("shift", "no entity"), *days_max)
            }
            MaskSpec::Calendar { unit } => Self::Period(*unit),
            MaskSpec::Age { reference, years, top } => Self::Age(AgeBands::new(*reference, *years, *top)),
            MaskSpec::TopBottom { bottom, top } => {
                Self::Bounds(bottom.map(value::civil), top.map(value::civil))
            }
            _ => return None,
        })
    }

    fn day(&self, row: usize, day: i64) -> i64 {
        match self {
            Self::Shift(hash, days_max) => value::shift(hash, day, *days_max),
            Self::Entity(words, hash, days_max) => match words.get(row).copied().flatten() {
                Some(word) => value::moved(day, value::days(word, *days_max)),
                None => value::shift(hash, day, *days_max),
            },
            Self::Period(unit) => value::period(day, *unit),
            Self::Age(bands) => bands.birth(bands.age(day)),
            Self::Bounds(bottom, top) => value::civil(value::bounded(day, (*bottom, *top))),
        }
    }

    pub(super) fn dates(&self, column: &Date32Array) -> ArrayRef {
        let days = column.iter().enumerate().map(|(row, day)| {
            let day = day?;
            i32::try_from(self.day(row, day.into())).ok()
        });
        Arc::new(arrow::array::PrimitiveArray::<Date32Type>::from_iter(days))
    }

    /// `offset` is the zone's, in microseconds. Moved instants keep their time of day, others begin their day.
    pub(super) fn timestamps(
        &self,
        column: &TimestampMicrosecondArray,
        unit: TimeUnit,
        offset: i64,
    ) -> ArrayRef {
        // Nanoseconds end with the year 2262.
        let limit = if unit == TimeUnit::Nanosecond { i64::MAX / 1000 } else { i64::MAX };
        let micros = column.iter().enumerate().map(|(row, micros)| {
            let local = micros?.saturating_add(offset);
            let (day, time) = (local.div_euclid(MICROS_PER_DAY), local.rem_euclid(MICROS_PER_DAY));
            let masked = self.day(row, day);
            let time = match self {
                Self::Shift(..) | Self::Entity(..) => time,
                Self::Bounds(..) if masked == day => time,
                _ => 0,
            };
            let local = masked.saturating_mul(MICROS_PER_DAY).saturating_add(time);
            Some(local.saturating_sub(offset).clamp(-limit, limit))
        });
        Arc::new(arrow::array::PrimitiveArray::<TimestampMicrosecondType>::from_iter(micros))
    }

    /// A text of a date in the shape it came in; what is none becomes a token.
    pub(super) fn texts(&self, column: &StringArray, key: &MaskKey) -> ArrayRef {
        let token = key.hash("token", SensitiveKind::BirthDate.name());
        super::column::map_texts(column, |row, text, out| match parse_date(text) {
            Some((day, shape)) => {
                let masked = self.day(row, day.into());
                write_date(out, i32::try_from(masked).unwrap_or(0), shape);
            }
            None => token.token(text.as_bytes(), out),
        })
    }
}

/// Offset of a column's zone in seconds east: fixed offsets and China's time; none, `UTC` and other names are taken
/// as UTC.
pub(super) fn offset_seconds(zone: Option<&str>) -> i64 {
    let Some(zone) = zone else { return 0 };
    if matches!(zone, "Asia/Shanghai" | "PRC") {
        return 8 * 3600;
    }
    let fixed = || {
        let (sign, rest) = match zone.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':').or_else(|| rest.split_at_checked(2))?;
        let part = |text: &str| i64::try_from(crate::format::number(text.as_bytes())?).ok();
        let (hours, minutes) = (part(hours)?, part(minutes)?);
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    };
    fixed().unwrap_or(0)
}
