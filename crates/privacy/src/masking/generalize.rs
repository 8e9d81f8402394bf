//! Coarser values: ages in bands, divisions to a level, places to a grid.

use std::fmt::Write as _;

use base::Date;

use super::{RegionLevel, value};
use crate::format::{civil_from_days, days_from_civil, is_province, number, parse_date};

/// Ages in bands on one day.
#[derive(Debug, Clone, Copy)]
pub(super) struct AgeBands {
    reference: i32,
    years: i64,
    top: i64,
}

impl AgeBands {
    pub(super) fn new(reference: Date, years: u8, top: u8) -> Self {
        let reference = i32::try_from(value::civil(reference.days().into())).unwrap_or(0);
        Self { reference, years: i64::from(years).max(1), top: top.into() }
    }

    /// Full years between a birth date and the reference day; nought for who is born later.
    pub(super) fn age(&self, birth: i64) -> i64 {
        let birth = i32::try_from(value::civil(birth)).unwrap_or(0);
        let (year, month, day) = civil_from_days(self.reference);
        let (birth_year, birth_month, birth_day) = civil_from_days(birth);
        let before = (month, day) < (birth_month, birth_day);
        i64::from(year - birth_year - i32::from(before)).max(0)
    }

    /// Lower end of an age's band.
    pub(super) fn low(&self, age: i64) -> i64 {
        let age = age.max(0);
        if age >= self.top { self.top } else { age / self.years * self.years }
    }

    /// The youngest birth date of an age's band.
    pub(super) fn birth(&self, age: i64) -> i64 {
        let (year, month, day) = civil_from_days(self.reference);
        let year = i64::from(year) - self.low(age);
        let year = i32::try_from(year.max(1)).unwrap_or(1);
        // The 29th of February has no like in most years.
        let birth = days_from_civil(year, month, day).or_else(|| days_from_civil(year, month, day - 1));
        birth.map_or(0, i64::from)
    }

    /// `30-39`, `90+`, of an age or a birth date; `None` for what is neither.
    pub(super) fn text(&self, text: &str, out: &mut String) -> Option<()> {
        let text = text.trim();
        let age = match parse_date(text) {
            Some((birth, _)) => self.age(birth.into()),
            None if (1..=3).contains(&text.len()) => i64::try_from(number(text.as_bytes())?).ok()?,
            None => return None,
        };
        let low = self.low(age);
        let written = if low == self.top {
            write!(out, "{low}+")
        } else {
            write!(out, "{low}-{}", (low + self.years).min(self.top) - 1)
        };
        written.ok()
    }
}

/// Digits that codes of divisions have: to the county, to the town, to the village.
const REGION_DIGITS: [usize; 3] = [6, 9, 12];

/// A division's code cut to a level; `None` for what is no such code.
pub(super) fn region_text(text: &str, level: RegionLevel, out: &mut String) -> Option<()> {
    let bytes = text.trim().as_bytes();
    let province =
        u32::try_from(number(bytes)? / 10_u64.pow(u32::try_from(bytes.len()).ok()?.checked_sub(2)?));
    if !REGION_DIGITS.contains(&bytes.len()) || !is_province(province.ok()?) {
        return None;
    }
    let cut = bytes.iter().enumerate().map(|(at, byte)| if at < level.digits() { *byte } else { b'0' });
    out.extend(cut.map(char::from));
    Some(())
}

/// A division's code cut to a level; nought for what is no such code.
pub(super) fn region_integer(code: i64, level: RegionLevel) -> i64 {
    let digits = code.checked_ilog10().and_then(|log| usize::try_from(log + 1).ok()).unwrap_or(0);
    let unit = |kept: usize| 10_i64.pow(u32::try_from(digits.saturating_sub(kept)).unwrap_or(0));
    let province = u32::try_from(code / unit(2)).unwrap_or(0);
    if !REGION_DIGITS.contains(&digits) || !is_province(province) {
        return 0;
    }
    code / unit(level.digits()) * unit(level.digits())
}

/// One or two angles in decimals, each as the center of its cell, with six places; `None` for what is none.
pub(super) fn grid_text(text: &str, micro_degrees: u32, out: &mut String) -> Option<()> {
    let is_separator = |c: char| matches!(c, ',' | '，' | ';' | ' ');
    let separator = text.trim().chars().find(|c| is_separator(*c));
    let mut parts = text.split(is_separator).filter(|part| !part.is_empty());
    let (first, second, rest) = (parts.next()?, parts.next(), parts.next());
    if rest.is_some() {
        return None;
    }
    put_angle(angle(first)?, micro_degrees, out)?;
    if let Some(second) = second {
        out.push(separator?);
        put_angle(angle(second)?, micro_degrees, out)?;
    }
    Some(())
}

/// An angle of at most 180 degrees in millionths.
fn angle(text: &str) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    if !(1..=3).contains(&whole.len()) || places.len() > 18 {
        return None;
    }
    let places = match places {
        "" => 0,
        places => {
            let count = u32::try_from(places.len()).ok()?;
            let value = u128::from(number(places.as_bytes())?) * 1_000_000 / 10_u128.pow(count);
            i128::try_from(value).ok()?
        }
    };
    let value = i128::from(number(whole.as_bytes())?) * 1_000_000 + places;
    (value <= 180_000_000).then_some(if negative { -value } else { value })
}

fn put_angle(angle: i128, micro_degrees: u32, out: &mut String) -> Option<()> {
    let center = value::center(angle, micro_degrees.into());
    let sign = if center < 0 { "-" } else { "" };
    let center = center.unsigned_abs();
    write!(out, "{sign}{}.{:06}", center / 1_000_000, center % 1_000_000).ok()
}
