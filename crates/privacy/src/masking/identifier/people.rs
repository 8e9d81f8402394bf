//! Numbers of people: identity cards, residence cards, passports, permits, telephones.

use super::super::permutation::Point;
use super::{DECIMAL, push_ascii, put_digits};
use crate::format::{self, ResidentId, civil_from_days, days_from_civil};

/// Years whose birth dates are permuted among themselves: with 500 sequence numbers a day that is 1.46 million
/// values beside each region and sex, and dates stay near enough for ages to keep their meaning.
const BIRTH_YEARS: i32 = 8;

/// What stays visible.
#[derive(Debug, Clone, Copy)]
pub(super) enum Frame {
    /// Region, first day of the block of years, sex.
    Resident(u32, i32, u16),
    /// Province and country with the leading nine, first day of the block of years, sex.
    Foreigner([u8; 6], i32, u16),
    /// First three digits.
    Mobile(u64),
    /// Area code with its length, separator, digits of the local number.
    Landline(u64, usize, Option<u8>, usize),
    /// Letters, digits.
    Passport([u8; 2], usize),
    /// Letters, digits.
    Permit([u8; 2], usize),
}

/// Region and sex stay; date (within eight years) and sequence number are permuted together.
pub(super) fn resident(value: &str) -> Option<(Frame, Point)> {
    let id = ResidentId::parse(value)?;
    // As far as the years of the parser go.
    let block = Block::of(id.birth, 1850, 2100)?;
    let sex = id.sequence % 2;
    let tweak = u128::from(id.region) << 32 | block.tweak() << 8 | u128::from(sex);
    let point = block.point(tweak, id.birth, id.sequence / 2)?;
    Some((Frame::Resident(id.region, block.start, sex), point))
}

/// The residence card of 2023: province, country and the parity of the sequence stay, as with residents. The older
/// card, whose check digit is published nowhere, becomes a token.
pub(super) fn foreigner(value: &str) -> Option<(Frame, Point)> {
    let bytes = value.trim().as_bytes();
    if bytes.len() != 18 || format::foreigner(bytes.to_ascii_uppercase().as_slice()) != Some(true) {
        return None;
    }
    let head: [u8; 6] = bytes.get(..6)?.try_into().ok()?;
    let year = i32::try_from(format::number(bytes.get(6..10)?)?).ok()?;
    let month = u8::try_from(format::number(bytes.get(10..12)?)?).ok()?;
    let day = u8::try_from(format::number(bytes.get(12..14)?)?).ok()?;
    let sequence = u16::try_from(format::number(bytes.get(14..17)?)?).ok()?;
    let birth = days_from_civil(year, month, day)?;
    let block = Block::of(birth, 1900, 2100)?;
    let tweak = super::packed(&head) << 32 | block.tweak() << 8 | u128::from(sequence % 2);
    let point = block.point(tweak, birth, sequence / 2)?;
    Some((Frame::Foreigner(head, block.start, sequence % 2), point))
}

/// Eight years of birth dates.
struct Block {
    year: i32,
    start: i32,
    end: i32,
}

impl Block {
    fn of(birth: i32, year_min: i32, year_max: i32) -> Option<Self> {
        let (year, _, _) = civil_from_days(birth);
        let block = year.div_euclid(BIRTH_YEARS) * BIRTH_YEARS;
        let start = days_from_civil(block.max(year_min), 1, 1)?;
        let end = days_from_civil((block + BIRTH_YEARS).min(year_max + 1), 1, 1)?;
        Some(Self { year: block, start, end })
    }

    fn tweak(&self) -> u128 {
        u128::try_from(self.year).unwrap_or(0)
    }

    fn point(&self, tweak: u128, birth: i32, half_sequence: u16) -> Option<Point> {
        let value = u64::try_from(birth - self.start).ok()? * 500 + u64::from(half_sequence);
        Point::new(tweak, value, u64::try_from(self.end - self.start).ok()? * 500)
    }
}

/// Birth and sequence of a permuted number.
fn birth_of(value: u64, start: i32, sex: u16) -> Option<(i32, u16)> {
    let birth = start + i32::try_from(value / 500).ok()?;
    Some((birth, u16::try_from(value % 500).ok()? * 2 + sex))
}

/// The first three digits (carrier) stay.
pub(super) fn mobile(value: &str) -> Option<(Frame, Point)> {
    let (prefix, rest) = format::parse_mobile(value)?;
    Some((Frame::Mobile(prefix), mobile_point(prefix, rest)?))
}

/// The point of a mobile number, the same for texts and integers.
pub(in super::super) fn mobile_point(prefix: u64, rest: u64) -> Option<Point> {
    Point::new(u128::from(prefix), rest, 100_000_000)
}

/// The area code stays, and one space or hyphen behind it.
pub(super) fn landline(value: &str) -> Option<(Frame, Point)> {
    let bytes = value.trim().as_bytes();
    let separator = bytes.iter().copied().find(|byte| matches!(byte, b'-' | b' '));
    let digits: Vec<u8> = match separator {
        Some(sign) => {
            let at = bytes.iter().position(|byte| *byte == sign)?;
            [bytes.get(..at)?, bytes.get(at + 1..)?].concat()
        }
        None => bytes.to_vec(),
    };
    let area = format::landline(&digits)?;
    let misplaced = separator.is_some_and(|sign| bytes.get(area) != Some(&sign));
    if misplaced {
        return None;
    }
    let (code, local) = digits.split_at_checked(area)?;
    // Local numbers begin with 2–8.
    let unit = 10_u64.pow(u32::try_from(local.len()).ok()?.checked_sub(1)?);
    let number = format::number(local)?.checked_sub(2 * unit)?;
    let code = format::number(code)?;
    let tweak = u128::from(code) << 16 | u128::try_from(area << 8 | local.len()).ok()?;
    let point = Point::new(tweak, number, 7 * unit)?;
    Some((Frame::Landline(code, area, separator, local.len()), point))
}

/// The letters stay.
pub(super) fn passport(value: &str) -> Option<(Frame, Point)> {
    let (letters, number, digits) = format::parse_passport(value)?;
    let size = 10_u64.pow(u32::try_from(digits).ok()?);
    let point = Point::new(u128::from(u16::from_be_bytes(letters)), number, size)?;
    Some((Frame::Passport(letters, digits), point))
}

/// The letters stay. Eight digits alone are a 台胞证.
pub(super) fn travel_permit(value: &str) -> Option<(Frame, Point)> {
    let bytes = value.trim().to_ascii_uppercase().into_bytes();
    let plain = bytes.len() == 8 && bytes.iter().all(u8::is_ascii_digit);
    if !plain && !format::travel_permit(&bytes) {
        return None;
    }
    let count = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let (head, digits) = bytes.split_at_checked(count)?;
    let mut letters = [0; 2];
    letters.iter_mut().zip(head).for_each(|(to, from)| *to = *from);
    let size = 10_u64.pow(u32::try_from(digits.len()).ok()?);
    let tweak = u128::from(u16::from_be_bytes(letters)) << 8 | u128::try_from(digits.len()).ok()?;
    let point = Point::new(tweak, format::number(digits)?, size)?;
    Some((Frame::Permit(letters, digits.len()), point))
}

impl Frame {
    pub(super) fn write(self, value: u64, out: &mut String) -> Option<()> {
        match self {
            Self::Resident(region, start, sex) => {
                let (birth, sequence) = birth_of(value, start, sex)?;
                ResidentId { region, birth, sequence }.write(out);
            }
            Self::Foreigner(head, start, sex) => {
                let (birth, sequence) = birth_of(value, start, sex)?;
                let (year, month, day) = civil_from_days(birth);
                let date = u64::try_from(year).ok()? * 10_000 + u64::from(month) * 100 + u64::from(day);
                let mut body = [b'9'; 17];
                body.iter_mut().zip(head).for_each(|(to, from)| *to = from);
                put_digits(body.get_mut(6..14)?, DECIMAL, date);
                put_digits(body.get_mut(14..)?, DECIMAL, sequence.into());
                push_ascii(out, &body);
                out.push(char::from(format::resident_check(&body)));
            }
            Self::Mobile(prefix) => format::write_mobile(out, prefix, value),
            Self::Landline(code, area, separator, length) => {
                let mut digits = [0; 8];
                put_digits(digits.get_mut(..area)?, DECIMAL, code);
                push_ascii(out, digits.get(..area)?);
                out.extend(separator.map(char::from));
                let unit = 10_u64.pow(u32::try_from(length).ok()?.checked_sub(1)?);
                let local = digits.get_mut(..length)?;
                put_digits(local, DECIMAL, value + 2 * unit);
                push_ascii(out, local);
            }
            Self::Passport(letters, digits) => format::write_passport(out, letters, value, digits),
            Self::Permit(letters, count) => {
                let mut digits = [0; 10];
                let digits = digits.get_mut(..count)?;
                put_digits(digits, DECIMAL, value);
                push_ascii(out, letters.split(|letter| *letter == 0).next()?);
                push_ascii(out, digits);
            }
        }
        Some(())
    }
}
