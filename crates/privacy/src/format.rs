//! Shapes and check digits of the identifiers in use: parsed once here, for detection and for masking.
//!
//! Every parser trims surrounding space and is exact about the rest. Texts are handled as ASCII bytes.

mod card;
mod permit;
mod phone;
#[cfg(test)]
mod tests;
mod vin;

pub(crate) use card::{issuer_fits, luhn_valid};
pub(crate) use permit::{foreigner, old_resident, organization_code, passport, travel_permit};
pub(crate) use phone::{is_mobile, landline};
pub(crate) use vin::{Vin, vin, vin_check};

/// 18-digit resident identity number (GB 11643), parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResidentId {
    /// Six digits of the administrative region.
    pub(crate) region: u32,
    /// Date of birth, days since 1970-01-01.
    pub(crate) birth: i32,
    /// Sequence number, 0–999; odd for men.
    pub(crate) sequence: u16,
}

impl ResidentId {
    /// Parses; `None` unless region, date and check digit are valid.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::of(text.trim().as_bytes())
    }

    /// As [`Self::parse`], of the 18 bytes themselves.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 18] = bytes.try_into().ok()?;
        let (check, body) = bytes.split_last()?;
        let region = u32::try_from(number(body.get(..6)?)?).ok()?;
        let year = i32::try_from(number(body.get(6..10)?)?).ok()?;
        let month = u8::try_from(number(body.get(10..12)?)?).ok()?;
        let day = u8::try_from(number(body.get(12..14)?)?).ok()?;
        let sequence = u16::try_from(number(body.get(14..17)?)?).ok()?;
        let plausible = is_region(region) && (1850..=2100).contains(&year);
        let valid = plausible && check.to_ascii_uppercase() == resident_check(body);
        let birth = days_from_civil(year, month, day)?;
        valid.then_some(Self { region, birth, sequence })
    }

    /// Would the eighteen bytes be a number with another check digit? Then somebody misread one, or it is something else by
    /// less than chance.
    pub(crate) fn is_misspelt(bytes: &[u8]) -> bool {
        let Ok(mut number) = <[u8; 18]>::try_from(bytes) else { return false };
        let check = resident_check(number.get(..17).unwrap_or_default());
        if let Some(last) = number.last_mut() {
            *last = check;
        }
        bytes.last() != Some(&check) && Self::of(&number).is_some()
    }

    /// Writes the 18 characters.
    pub(crate) fn write(self, out: &mut String) {
        let (year, month, day) = civil_from_days(self.birth);
        let mut body = [0; 17];
        put(&mut body, 0, 6, u64::from(self.region));
        put(&mut body, 6, 4, u64::try_from(year).unwrap_or(0));
        put(&mut body, 10, 2, u64::from(month));
        put(&mut body, 12, 2, u64::from(day));
        put(&mut body, 14, 3, u64::from(self.sequence));
        push(out, &body);
        out.push(char::from(resident_check(&body)));
    }
}

/// Check character of the first 17 digits (ISO 7064 MOD 11-2).
pub(crate) fn resident_check(body: &[u8]) -> u8 {
    let product =
        body.iter().fold(0_u32, |product, byte| ((product + u32::from(byte.wrapping_sub(b'0'))) * 2) % 11);
    // The check value makes the whole congruent to 1 modulo 11.
    match (12 - product) % 11 {
        10 => b'X',
        value => b'0' + u8::try_from(value).unwrap_or(0),
    }
}

/// Does the number begin with a province and is it not rounded to one? Only people of Hong Kong, Macao and Taiwan have
/// rounded ones: 810000, 820000 and 830000 on their residence permits.
pub(crate) const fn is_region(region: u32) -> bool {
    let province = region / 10_000;
    is_province(province) && (!region.is_multiple_of(10_000) || matches!(province, 81..=83))
}

/// First two digits of GB/T 2260, with those of residence permits.
pub(crate) const fn is_province(province: u32) -> bool {
    matches!(province, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

/// Unified social credit code (GB 32100), parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CreditCode {
    /// Registering department, category and region: the first eight characters.
    pub(crate) head: [u8; 8],
    /// Characters 9–16 as a number to base 31.
    pub(crate) body: u64,
    /// Character 17 as a digit to base 31.
    pub(crate) inner: u8,
}

/// Digits of GB 32100 in order of value.
pub(crate) const CREDIT_DIGITS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// 31^8, the number of bodies.
pub(crate) const CREDIT_BODIES: u64 = 852_891_037_441;

impl CreditCode {
    /// Parses; `None` unless department, region and check character are valid.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::of(text.trim().as_bytes())
    }

    /// As [`Self::parse`], of the 18 bytes themselves.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let mut bytes: [u8; 18] = bytes.try_into().ok()?;
        bytes.make_ascii_uppercase();
        let (check, all) = bytes.split_last()?;
        let head: [u8; 8] = all.get(..8)?.try_into().ok()?;
        let region = u32::try_from(number(head.get(2..)?)?).ok()?;
        let body = all
            .get(8..16)?
            .iter()
            .try_fold(0, |sum, byte| Some(sum * 31 + u64::from(credit_value(*byte)?)))?;
        let inner = credit_value(*all.get(16)?)?;
        let department = matches!(head.first()?, b'1'..=b'9' | b'A' | b'N' | b'Y');
        // 100000 is the state itself (central bodies).
        let valid = department && (is_region(region) || region.is_multiple_of(10_000) && region > 0);
        (valid && credit_check(all)? == *check).then_some(Self { head, body, inner })
    }

    /// Writes the 18 characters.
    pub(crate) fn write(self, out: &mut String) {
        let mut all = [b'0'; 17];
        for (to, from) in all.iter_mut().zip(self.head) {
            *to = from;
        }
        self.put_body(&mut all);
        push(out, &all);
        out.push(char::from(credit_check(&all).unwrap_or(b'0')));
    }

    /// Does the second character name a category that the registering department has? A body of digits only must carry
    /// the inner check digit besides: otherwise one long order number in a hundred passes.
    pub(crate) fn is_plausible(self) -> bool {
        let [department, category, ..] = self.head;
        let known: &[u8] = match department {
            b'1' | b'5' | b'N' => b"1239",
            b'3' => b"123459",
            b'6' | b'7' => b"129",
            b'9' => b"123",
            b'Y' => b"1",
            _ => b"129",
        };
        let mut all = [b'0'; 17];
        self.put_body(&mut all);
        known.contains(&category) && (!all.iter().all(u8::is_ascii_digit) || self.inner_is_valid())
    }

    /// Is character 17 the organisation code's own check digit (GB 11714)?
    pub(crate) fn inner_is_valid(self) -> bool {
        Self::inner_check(self.body) == Some(self.inner)
    }

    /// The check digit (GB 11714) of a body, as a base-31 digit.
    pub(crate) fn inner_check(body: u64) -> Option<u8> {
        let mut all = [b'0'; 17];
        Self { head: [b'0'; 8], body, inner: 0 }.put_body(&mut all);
        let weights = [3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 =
            all.iter().skip(8).zip(weights).map(|(byte, weight)| alphanumeric(*byte) * weight).sum();
        match (11 - sum % 11) % 11 {
            10 => credit_value(b'X'),
            value => u8::try_from(value).ok(),
        }
    }

    fn put_body(self, all: &mut [u8; 17]) {
        let digits = std::iter::successors(Some(self.body), |rest| Some(rest / 31)).map(|rest| rest % 31);
        let mut tail = all.iter_mut().rev();
        if let Some(inner) = tail.next() {
            *inner = credit_digit(u64::from(self.inner));
        }
        for (to, digit) in tail.take(8).zip(digits) {
            *to = credit_digit(digit);
        }
    }
}

fn credit_digit(value: u64) -> u8 {
    usize::try_from(value).ok().and_then(|value| CREDIT_DIGITS.get(value)).copied().unwrap_or(b'0')
}

/// Value of a digit of GB 32100 (no I, O, S, V, Z).
const fn credit_value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'H' => byte - b'A' + 10,
        b'J'..=b'N' => byte - b'J' + 18,
        b'P'..=b'R' => byte - b'P' + 23,
        b'T' | b'U' => byte - b'T' + 26,
        b'W'..=b'Y' => byte - b'W' + 28,
        _ => return None,
    })
}

fn alphanumeric(byte: u8) -> u32 {
    u32::from(if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A').wrapping_add(10) })
}

fn credit_check(all: &[u8]) -> Option<u8> {
    let mut weight = 1;
    let mut sum = 0;
    for byte in all {
        sum += u32::from(credit_value(*byte)?) * weight;
        weight = weight * 3 % 31;
    }
    Some(credit_digit(u64::from((31 - sum % 31) % 31)))
}

/// Bank card number, parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BankCard {
    /// Issuer: the first six digits.
    pub(crate) issuer: u64,
    /// The digits between issuer and check digit.
    pub(crate) account: u64,
    /// How many those are, 9–12.
    pub(crate) account_digits: u32,
}

impl BankCard {
    /// Parses 16–19 digits; `None` unless the Luhn digit is valid.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::of(text.trim().as_bytes())
    }

    /// As [`Self::parse`], of the digits themselves.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if !(16..=19).contains(&bytes.len()) || bytes.first() == Some(&b'0') {
            return None;
        }
        let (check, body) = bytes.split_last()?;
        let card = Self {
            issuer: number(body.get(..6)?)?,
            account: number(body.get(6..)?)?,
            account_digits: u32::try_from(body.len()).ok()?.checked_sub(6)?,
        };
        (luhn(body) == *check).then_some(card)
    }

    /// Writes the digits.
    pub(crate) fn write(self, out: &mut String) {
        let account_digits = usize::try_from(self.account_digits).unwrap_or(0);
        let mut body = [b'0'; 18];
        put(&mut body, 0, 6, self.issuer);
        put(&mut body, 6, account_digits, self.account);
        let body = body.get(..6 + account_digits).unwrap_or_default();
        push(out, body);
        out.push(char::from(luhn(body)));
    }
}

/// The Luhn digit to follow some digits.
fn luhn(body: &[u8]) -> u8 {
    let sum: u32 = body
        .iter()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            if index % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    b'0' + u8::try_from((10 - sum % 10) % 10).unwrap_or(0)
}

/// Mobile number: (first three digits, other eight). A leading `+86` or `86` is dropped.
pub(crate) fn parse_mobile(text: &str) -> Option<(u64, u64)> {
    let text = text.trim();
    let text = text.strip_prefix("+86").or_else(|| text.strip_prefix("86")).unwrap_or(text).trim_start();
    let bytes: &[u8; 11] = text.as_bytes().try_into().ok()?;
    let (prefix, rest) = bytes.split_at_checked(3)?;
    let prefix = number(prefix)?;
    (130..200).contains(&prefix).then_some(())?;
    Some((prefix, number(rest)?))
}

/// Writes a mobile number.
pub(crate) fn write_mobile(out: &mut String, prefix: u64, rest: u64) {
    let mut digits = [0; 11];
    put(&mut digits, 0, 3, prefix);
    put(&mut digits, 3, 8, rest);
    push(out, &digits);
}

/// Digits of number plates: letters without I and O, then digits.
pub(crate) const PLATE_DIGITS: &[u8; 34] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// What follows province and letter on a plate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlateTail {
    /// Five characters as a number to base 34.
    Ordinary(u64),
    /// Four characters before one of 学警港澳挂使领.
    Special(u64, char),
    /// Small new-energy vehicle: letter, character, four digits; the number is character × 10⁴ + digits.
    SmallElectric(u8, u64),
    /// Large new-energy vehicle: five digits, letter.
    LargeElectric(u64, u8),
}

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// Number plate: (province sign, letter of the authority, rest).
pub(crate) fn parse_plate(text: &str) -> Option<(char, u8, PlateTail)> {
    let mut chars = text.trim().chars().filter(|c| !matches!(c, '·' | '•' | '-' | ' '));
    let province = chars.next().filter(|c| PROVINCES.contains(*c))?;
    let authority = u8::try_from(chars.next()?).ok()?.to_ascii_uppercase();
    authority.is_ascii_uppercase().then_some(())?;
    let mut tail = [0_u8; 6];
    let mut length = 0;
    let mut special = None;
    for c in chars {
        if special.is_some() {
            return None;
        }
        match u8::try_from(c) {
            Ok(byte) => {
                *tail.get_mut(length)? = byte.to_ascii_uppercase();
                length += 1;
            }
            Err(_) if "学警港澳挂使领".contains(c) => special = Some(c),
            Err(_) => return None,
        }
    }
    let tail = tail.get(..length)?;
    let value = |part: &[u8]| part.iter().try_fold(0, |sum, byte| Some(sum * 34 + plate_value(*byte)?));
    let tail = match (special, tail) {
        (Some(sign), four) if four.len() == 4 => PlateTail::Special(value(four)?, sign),
        (None, five) if five.len() == 5 => PlateTail::Ordinary(value(five)?),
        (None, [letter, middle, digits @ ..]) if digits.len() == 4 && letter.is_ascii_uppercase() => {
            PlateTail::SmallElectric(*letter, plate_value(*middle)? * 10_000 + number(digits)?)
        }
        (None, [digits @ .., letter]) if digits.len() == 5 && letter.is_ascii_uppercase() => {
            PlateTail::LargeElectric(number(digits)?, *letter)
        }
        _ => return None,
    };
    Some((province, authority, tail))
}

/// Writes a plate without separators.
pub(crate) fn write_plate(out: &mut String, province: char, authority: u8, tail: PlateTail) {
    out.push(province);
    out.push(char::from(authority));
    let mut base34 = |value: u64, digits: u32| {
        for place in (0..digits).rev() {
            let digit = usize::try_from(value / 34_u64.pow(place) % 34).unwrap_or(0);
            out.push(char::from(PLATE_DIGITS.get(digit).copied().unwrap_or(b'0')));
        }
    };
    match tail {
        PlateTail::Ordinary(value) => base34(value, 5),
        PlateTail::Special(value, sign) => {
            base34(value, 4);
            out.push(sign);
        }
        PlateTail::SmallElectric(letter, value) => {
            let mut digits = [0; 4];
            put(&mut digits, 0, 4, value % 10_000);
            out.push(char::from(letter));
            let middle = usize::try_from(value / 10_000).unwrap_or(0);
            out.push(char::from(PLATE_DIGITS.get(middle).copied().unwrap_or(b'0')));
            push(out, &digits);
        }
        PlateTail::LargeElectric(value, letter) => {
            let mut digits = [0; 5];
            put(&mut digits, 0, 5, value);
            push(out, &digits);
            out.push(char::from(letter));
        }
    }
}

fn plate_value(byte: u8) -> Option<u64> {
    PLATE_DIGITS.iter().position(|digit| *digit == byte).and_then(|position| u64::try_from(position).ok())
}

/// Passport number: (leading letters, second zero if one, digits, how many digits).
pub(crate) fn parse_passport(text: &str) -> Option<([u8; 2], u64, usize)> {
    let mut bytes: [u8; 9] = text.trim().as_bytes().try_into().ok()?;
    bytes.make_ascii_uppercase();
    let [first, second, rest @ ..] = &bytes;
    matches!(first, b'E' | b'G' | b'D' | b'S' | b'P' | b'M' | b'H' | b'K').then_some(())?;
    match second {
        b'A'..=b'Z' if !matches!(second, b'I' | b'O') => Some(([*first, *second], number(rest)?, 7)),
        b'0'..=b'9' => Some(([*first, 0], number(bytes.get(1..)?)?, 8)),
        _ => None,
    }
}

/// Writes a passport number.
pub(crate) fn write_passport(out: &mut String, letters: [u8; 2], value: u64, digits: usize) {
    for letter in letters.into_iter().filter(|letter| *letter != 0) {
        out.push(char::from(letter));
    }
    let mut buffer = [b'0'; 8];
    put(&mut buffer, 0, digits, value);
    push(out, buffer.get(..digits).unwrap_or_default());
}

/// The parts of an e-mail address.
pub(crate) fn parse_email(text: &str) -> Option<(&str, &str)> {
    let (local, domain) = text.trim().split_once('@')?;
    let part = |text: &str, extra: &[u8]| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte))
    };
    let (host, top) = domain.rsplit_once('.')?;
    (part(local, b"._%+-")
        && part(host, b".-")
        && top.len() >= 2
        && top.bytes().all(|b| b.is_ascii_alphabetic()))
    .then_some((local, domain))
}

/// Date texts: `1990-01-31`, `1990/1/31`, `1990.01.31`, `19900131`, `1990年1月31日`. Days since 1970-01-01 and the
/// separator used.
pub(crate) fn parse_date(text: &str) -> Option<(i32, DateShape)> {
    let text = text.trim();
    let shape = match text.chars().find(|c| !c.is_ascii_digit()) {
        None if text.len() == 8 => DateShape::Plain,
        Some('年') if text.ends_with('日') => DateShape::Chinese,
        Some('-') => DateShape::Dash,
        Some('/') => DateShape::Slash,
        Some('.') => DateShape::Dot,
        _ => return None,
    };
    let (year, month, day) = if shape == DateShape::Plain {
        (text.get(..4)?, text.get(4..6)?, text.get(6..)?)
    } else {
        let mut parts = text.trim_end_matches('日').split(['年', '月', '-', '/', '.']);
        let parts = (parts.next()?, parts.next()?, parts.next()?, parts.next());
        let (year, month, day, None) = parts else { return None };
        (year, month, day)
    };
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !(1..=2).contains(&day.len()) {
        return None;
    }
    let year = i32::try_from(number(year.as_bytes())?).ok()?;
    let month = u8::try_from(number(month.as_bytes())?).ok()?;
    let day = u8::try_from(number(day.as_bytes())?).ok()?;
    Some((days_from_civil(year, month, day)?, shape))
}

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateShape {
    Dash,
    Slash,
    Dot,
    Plain,
    Chinese,
}

/// Writes a date in a given shape.
pub(crate) fn write_date(out: &mut String, days: i32, shape: DateShape) {
    use std::fmt::Write as _;
    let (year, month, day) = civil_from_days(days);
    let written = match shape {
        DateShape::Dash => write!(out, "{year:04}-{month:02}-{day:02}"),
        DateShape::Slash => write!(out, "{year:04}/{month:02}/{day:02}"),
        DateShape::Dot => write!(out, "{year:04}.{month:02}.{day:02}"),
        DateShape::Plain => write!(out, "{year:04}{month:02}{day:02}"),
        DateShape::Chinese => write!(out, "{year}年{month}月{day}日"),
    };
    debug_assert!(written.is_ok(), "writing to a string does not fail");
}

/// The number that some ASCII digits write; `None` if one is not a digit.
pub(crate) fn number(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// Writes `value` as `width` digits into a buffer.
fn put(buffer: &mut [u8], start: usize, width: usize, mut value: u64) {
    for byte in buffer.iter_mut().skip(start).take(width).rev() {
        *byte = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

/// Appends ASCII bytes.
fn push(out: &mut String, bytes: &[u8]) {
    out.push_str(std::str::from_utf8(bytes).unwrap_or_default());
}

/// Days since 1970-01-01 of a civil date; `None` if there is no such day.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"; much faster than a calendar library,
/// and called once or twice a cell.
pub(crate) fn days_from_civil(year: i32, month: u8, day: u8) -> Option<i32> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 || day > month_days(year, month)
    {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_index = (i32::from(month) + 9) % 12;
    let day_of_year = (153 * month_index + 2) / 5 + i32::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Civil date of a day: year, month, day.
pub(crate) fn civil_from_days(days: i32) -> (i32, u8, u8) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    (year, u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
}

const fn month_days(year: i32, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
