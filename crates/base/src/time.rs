//! Instants in UTC microseconds and civil dates. Nothing here reads a clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// An instant: microseconds since 1970-01-01 UTC. JSON: an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Later by so many seconds (earlier if negative); stops at the ends of the range.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)))
    }

    /// The civil date in a zone with a fixed offset from UTC, in seconds (China: 28 800).
    #[must_use]
    pub const fn date_at(self, offset_seconds: i32) -> Date {
        let shifted = self.0.saturating_add(offset_seconds as i64 * MICROS_PER_SECOND);
        Date { days: shifted.div_euclid(MICROS_PER_DAY) as i32 }
    }

    /// `YYYY-MM-DD HH:MM:SS` in a zone with a fixed offset from UTC, in seconds.
    #[must_use]
    pub fn format_at(self, offset_seconds: i32) -> String {
        let shifted = self.0.saturating_add(i64::from(offset_seconds) * MICROS_PER_SECOND);
        let second = shifted.rem_euclid(MICROS_PER_DAY) / MICROS_PER_SECOND;
        format!(
            "{} {:02}:{:02}:{:02}",
            self.date_at(offset_seconds),
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }
}

/// Day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// 星期一
    Monday,
    /// 星期二
    Tuesday,
    /// 星期三
    Wednesday,
    /// 星期四
    Thursday,
    /// 星期五
    Friday,
    /// 星期六
    Saturday,
    /// 星期日
    Sunday,
}

impl Weekday {
    /// Saturday or Sunday.
    #[must_use]
    pub const fn is_weekend(self) -> bool {
        matches!(self, Self::Saturday | Self::Sunday)
    }
}

/// A civil date of the proleptic Gregorian calendar. JSON and text: `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 1970-01-01.
    days: i32,
}

impl Date {
    /// A date from its parts.
    ///
    /// # Errors
    /// [`Error::Date`] if there is no such day.
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self, Error> {
        let bad = || Error::Date { text: format!("{year}-{month}-{day}") };
        let year = i16::try_from(year).map_err(|_| bad())?;
        let month = i8::try_from(month).map_err(|_| bad())?;
        let day = i8::try_from(day).map_err(|_| bad())?;
        let date = jiff::civil::Date::new(year, month, day).map_err(|_| bad())?;
        let days = date.since(EPOCH).map_err(|_| bad())?.get_days();
        Ok(Self { days })
    }

    /// From days since 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self { days }
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.days
    }

    /// Later by so many days (earlier if negative).
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self { days: self.days.saturating_add(days) }
    }

    /// Later by natural months; a day that the target month lacks becomes its last day (01-31 + 1 month = 02-28).
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        let (year, month, day) = self.parts();
        let index = year * 12 + i32::from(month) - 1 + months;
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12) as u8 + 1);
        (1..=day).rev().find_map(|day| Self::new(year, month, day).ok()).unwrap_or(self)
    }

    /// Year, month (1–12), day (1–31).
    #[must_use]
    pub fn parts(self) -> (i32, u8, u8) {
        let date = EPOCH.saturating_add(jiff::Span::new().days(self.days.clamp(-4_000_000, 2_900_000)));
        (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    }

    /// Year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.parts().0
    }

    /// Day of the week.
    #[must_use]
    pub const fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        match (self.days + 3).rem_euclid(7) {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }

    /// The instant at which this day begins in a zone with a fixed offset from UTC, in seconds.
    #[must_use]
    pub const fn start_at(self, offset_seconds: i32) -> Timestamp {
        Timestamp(self.days as i64 * MICROS_PER_DAY - offset_seconds as i64 * MICROS_PER_SECOND)
    }
}

const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::Date { text: text.chars().take(32).collect() };
        if text.len() != 10 || !text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) {
            return Err(bad());
        }
        let mut parts = text.split('-').map(str::parse::<i32>);
        let mut next = || parts.next().and_then(Result::ok).ok_or_else(bad);
        let (year, month, day) = (next()?, next()?, next()?);
        let month = u8::try_from(month).map_err(|_| bad())?;
        let day = u8::try_from(day).map_err(|_| bad())?;
        Self::new(year, month, day).map_err(|_| bad())
    }
}
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_known_days() {
        let date: Date = "2026-09-18".parse().unwrap();
        assert_eq!(date.weekday(), Weekday::Friday);
        assert_eq!(date.plus_days(-1).to_string(), "2026-09-17");
        assert_eq!("2026-01-31".parse::<Date>().unwrap().plus_months(1).to_string(), "2026-02-28");
        assert_eq!("2026-03-31".parse::<Date>().unwrap().plus_months(-6).to_string(), "2025-09-30");
        assert!("2026-02-30".parse::<Date>().is_err());
        assert!("2026-2-03".parse::<Date>().is_err());
    }

    #[test]
    fn the_day_turns_at_local_midnight() {
        let midnight = "2026-09-18".parse::<Date>().unwrap().start_at(28_800);
        assert_eq!(midnight.format_at(28_800), "2026-09-18 00:00:00");
        assert_eq!(midnight.plus_seconds(-1).date_at(28_800).to_string(), "2026-09-17");
        assert_eq!(midnight.date_at(0).to_string(), "2026-09-17");
    }
}
