//! Injective masks of identifiers.

use arrow::array::{Array, ArrayRef, StringArray, StringBuilder};
use std::sync::Arc;

use super::key::{KeyedHash, MaskKey};
use super::permutation::{LANES, Permutation, Point};
use crate::SensitiveKind;
use crate::format::{self, BankCard, CREDIT_BODIES, CreditCode, PlateTail, ResidentId};

/// Years whose birth dates are permuted among themselves: with 500 sequence numbers a day that is 1.46 million
/// values beside each region and sex, and dates stay near enough for ages to keep their meaning.
const BIRTH_YEARS: i32 = 8;

/// A mask of one kind with its keys ready.
pub(super) struct Identifier {
    kind: SensitiveKind,
    permutation: Permutation,
    token: KeyedHash,
}

/// What stays visible of an identifier; the rest of it is a number that is permuted.
enum Frame {
    /// Region, first day of the block of years, sex.
    Resident(u32, i32, u16),
    /// Department, category and region; is the inner check digit valid?
    Credit([u8; 8], bool),
    /// Issuer, digits of the account.
    BankCard(u64, u32),
    /// First three digits.
    Mobile(u64),
    /// Province, authority, class with its sign or letter.
    Plate(char, u8, PlateTail),
    /// Letters, digits.
    Passport([u8; 2], usize),
}

impl Identifier {
    pub(super) fn new(kind: SensitiveKind, key: &MaskKey) -> Self {
        Self { kind, permutation: key.permutation(kind.name()), token: key.hash("token", kind.name()) }
    }

    /// Masks a column. What is not of the kind becomes a token.
    pub(super) fn mask(&self, column: &StringArray) -> ArrayRef {
        let mut builder = StringBuilder::with_capacity(column.len(), column.value_data().len());
        let mut buffer = String::new();
        let mut frames = Vec::with_capacity(LANES);
        let mut points = Vec::with_capacity(LANES);
        for start in (0..column.len()).step_by(LANES) {
            let rows = start..column.len().min(start + LANES);
            frames.clear();
            points.clear();
            for row in rows.clone() {
                let parsed = if column.is_valid(row) { self.parse(column.value(row)) } else { None };
                frames.push(parsed.as_ref().map(|_| points.len()));
                points.extend(parsed);
            }
            let (shapes, mut numbers): (Vec<Frame>, Vec<Point>) = points.drain(..).unzip();
            self.permutation.permute(&mut numbers);
            for (row, frame) in rows.zip(&frames) {
                if column.is_null(row) {
                    builder.append_null();
                    continue;
                }
                buffer.clear();
                let framed = frame.and_then(|index| shapes.get(index).zip(numbers.get(index)));
                if framed.and_then(|(frame, point)| write(frame, point.value, &mut buffer)).is_none() {
                    buffer.clear();
                    self.fallback(column.value(row), &mut buffer);
                }
                builder.append_value(&buffer);
            }
        }
        Arc::new(builder.finish())
    }

    fn parse(&self, value: &str) -> Option<(Frame, Point)> {
        match self.kind {
            SensitiveKind::ResidentId => resident(value),
            SensitiveKind::CreditCode => credit(value),
            SensitiveKind::BankCard => bank_card(value),
            SensitiveKind::Mobile => {
                let (prefix, rest) = format::parse_mobile(value)?;
                Some((Frame::Mobile(prefix), mobile_point(prefix, rest)))
            }
            SensitiveKind::Plate => plate(value),
            SensitiveKind::Passport => {
                let (letters, number, digits) = format::parse_passport(value)?;
                let size = 10_u64.pow(u32::try_from(digits).ok()?);
                let tweak = u128::from(u16::from_be_bytes(letters));
                Some((Frame::Passport(letters, digits), Point::new(tweak, number, size)))
            }
            _ => None,
        }
    }

    /// A token. That of an e-mail address looks like one, in a domain that never resolves.
    fn fallback(&self, value: &str, out: &mut String) {
        if self.kind == SensitiveKind::Email && format::parse_email(value).is_some() {
            let mut token = String::new();
            self.token.token(value.trim().to_ascii_lowercase().as_bytes(), &mut token);
            out.push('u');
            out.push_str(token.trim_start_matches('~'));
            out.push_str("@example.invalid");
        } else {
            self.token.token(value.as_bytes(), out);
        }
    }
}

/// Region and sex stay; date (within eight years) and sequence number are permuted together.
fn resident(value: &str) -> Option<(Frame, Point)> {
    let id = ResidentId::parse(value)?;
    let (year, _, _) = format::civil_from_days(id.birth);
    let block = year.div_euclid(BIRTH_YEARS) * BIRTH_YEARS;
    let start = format::days_from_civil(block, 1, 1)?;
    let end = format::days_from_civil(block + BIRTH_YEARS, 1, 1)?;
    let sex = id.sequence % 2;
    let point = u64::try_from(id.birth - start).ok()? * 500 + u64::from(id.sequence / 2);
    let size = u64::try_from(end - start).ok()? * 500;
    let tweak = u128::from(id.region) << 32 | u128::try_from(block).ok()? << 8 | u128::from(sex);
    Some((Frame::Resident(id.region, start, sex), Point::new(tweak, point, size)))
}

/// Department, category and region stay. Codes with and without a valid inner check digit stay apart.
fn credit(value: &str) -> Option<(Frame, Point)> {
    let code = CreditCode::parse(value)?;
    let tweak = u128::from(u64::from_be_bytes(code.head)) << 8;
    let valid = code.inner_is_valid();
    let point = if valid {
        Point::new(tweak, code.body, CREDIT_BODIES)
    } else {
        let point = code.body * 31 + u64::from(code.inner);
        Point { inside: inner_is_invalid, ..Point::new(tweak | 1, point, CREDIT_BODIES * 31) }
    };
    Some((Frame::Credit(code.head, valid), point))
}

fn inner_of(point: u64) -> (u64, u8) {
    (point / 31, u8::try_from(point % 31).unwrap_or(0))
}

fn inner_is_invalid(point: u64) -> bool {
    let (body, inner) = inner_of(point);
    CreditCode::inner_check(body) != Some(inner)
}

/// The issuer stays.
fn bank_card(value: &str) -> Option<(Frame, Point)> {
    let card = BankCard::parse(value)?;
    let tweak = u128::from(card.issuer) << 8 | u128::from(card.account_digits);
    let point = Point::new(tweak, card.account, 10_u64.pow(card.account_digits));
    Some((Frame::BankCard(card.issuer, card.account_digits), point))
}

/// The first three digits of a mobile number (carrier) stay.
pub(super) fn mobile_point(prefix: u64, rest: u64) -> Point {
    Point::new(u128::from(prefix), rest, 100_000_000)
}

/// Province, authority and class of vehicle stay.
fn plate(value: &str) -> Option<(Frame, Point)> {
    let (province, authority, tail) = format::parse_plate(value)?;
    let (class, sign, value, size) = match tail {
        PlateTail::Ordinary(value) => (0_u8, 0, value, 34_u64.pow(5)),
        PlateTail::Special(value, sign) => (1, u32::from(sign), value, 34_u64.pow(4)),
        PlateTail::SmallElectric(letter, value) => (2, u32::from(letter), value, 340_000),
        PlateTail::LargeElectric(value, letter) => (3, u32::from(letter), value, 100_000),
    };
    let tweak = u128::from(u32::from(province)) << 64
        | u128::from(authority) << 48
        | u128::from(class) << 40
        | u128::from(sign);
    Some((Frame::Plate(province, authority, tail), Point::new(tweak, value, size)))
}

/// Writes an identifier from what stayed and the permuted number.
fn write(frame: &Frame, value: u64, out: &mut String) -> Option<()> {
    match *frame {
        Frame::Resident(region, start, sex) => {
            let birth = start + i32::try_from(value / 500).ok()?;
            let sequence = u16::try_from(value % 500).ok()? * 2 + sex;
            ResidentId { region, birth, sequence }.write(out);
        }
        Frame::Credit(head, true) => {
            CreditCode { head, body: value, inner: CreditCode::inner_check(value)? }.write(out);
        }
        Frame::Credit(head, false) => {
            let (body, inner) = inner_of(value);
            CreditCode { head, body, inner }.write(out);
        }
        Frame::BankCard(issuer, account_digits) => {
            BankCard { issuer, account: value, account_digits }.write(out);
        }
        Frame::Mobile(prefix) => format::write_mobile(out, prefix, value),
        Frame::Plate(province, authority, tail) => {
            let tail = match tail {
                PlateTail::Ordinary(_) => PlateTail::Ordinary(value),
                PlateTail::Special(_, sign) => PlateTail::Special(value, sign),
                PlateTail::SmallElectric(letter, _) => PlateTail::SmallElectric(letter, value),
                PlateTail::LargeElectric(_, letter) => PlateTail::LargeElectric(value, letter),
            };
            format::write_plate(out, province, authority, tail);
        }
        Frame::Passport(letters, digits) => format::write_passport(out, letters, value, digits),
    }
    Some(())
}
