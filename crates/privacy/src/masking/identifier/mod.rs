//! Injective masks of identifiers: what may stay visible stays, the rest is a number that FF1 permutes, and check
//! digits are worked out anew.

mod codes;
mod people;
mod vehicles;

use arrow::array::{Array, ArrayRef, StringArray, StringBuilder};
use std::sync::Arc;

use super::ff1::LANES;
use super::key::{KeyedHash, MaskKey};
use super::permutation::{Permutation, Point};
use crate::SensitiveKind;
use crate::format;

pub(super) use people::mobile_point;

/// A mask of one kind with its keys ready.
pub(super) struct Identifier {
    kind: SensitiveKind,
    permutation: Permutation,
    token: KeyedHash,
}

/// What stays visible of an identifier.
enum Frame {
    Person(people::Frame),
    Code(codes::Frame),
    Vehicle(vehicles::Frame),
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
                frames.push(parsed.map(|(frame, point)| {
                    points.push(point);
                    (frame, points.len() - 1)
                }));
            }
            self.permutation.permute(&mut points);
            for (row, frame) in rows.zip(&frames) {
                if column.is_null(row) {
                    builder.append_null();
                    continue;
                }
                buffer.clear();
                let framed = frame.as_ref().and_then(|(frame, index)| Some((frame, points.get(*index)?)));
                if framed.and_then(|(frame, point)| frame.write(point.value, &mut buffer)).is_none() {
                    buffer.clear();
                    self.fallback(column.value(row), &mut buffer);
                }
                builder.append_value(&buffer);
            }
        }
        Arc::new(builder.finish())
    }

    fn parse(&self, value: &str) -> Option<(Frame, Point)> {
        let person = |(frame, point)| (Frame::Person(frame), point);
        let code = |(frame, point)| (Frame::Code(frame), point);
        let vehicle = |(frame, point)| (Frame::Vehicle(frame), point);
        match self.kind {
            SensitiveKind::ResidentId => people::resident(value).map(person),
            SensitiveKind::ForeignerPermit => people::foreigner(value).map(person),
            SensitiveKind::Mobile => people::mobile(value).map(person),
            SensitiveKind::Landline => people::landline(value).map(person),
            SensitiveKind::Passport => people::passport(value).map(person),
            SensitiveKind::TravelPermit => people::travel_permit(value).map(person),
            SensitiveKind::CreditCode => codes::credit(value).map(code),
            SensitiveKind::OrganizationCode => codes::organization(value).map(code),
            SensitiveKind::BankCard => codes::bank_card(value).map(code),
            SensitiveKind::Plate => vehicles::plate(value).map(vehicle),
            SensitiveKind::Vin => vehicles::vin(value).map(vehicle),
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

impl Frame {
    /// Writes the identifier of what stayed and the permuted number.
    fn write(&self, value: u64, out: &mut String) -> Option<()> {
        match self {
            Self::Person(frame) => frame.write(value, out),
            Self::Code(frame) => frame.write(value, out),
            Self::Vehicle(frame) => frame.write(value, out),
        }
    }
}

/// Digits of a number to some base, written into a part of a buffer.
fn put_digits(buffer: &mut [u8], alphabet: &[u8], mut value: u64) {
    let base = u64::try_from(alphabet.len()).unwrap_or(1).max(1);
    for byte in buffer.iter_mut().rev() {
        let digit = usize::try_from(value % base).ok().and_then(|digit| alphabet.get(digit));
        *byte = digit.copied().unwrap_or(b'0');
        value /= base;
    }
}

/// The number that some digits write; `None` if one is not in the alphabet.
fn digits_of(bytes: &[u8], alphabet: &[u8]) -> Option<u64> {
    let base = u64::try_from(alphabet.len()).ok()?;
    bytes.iter().try_fold(0_u64, |sum, byte| {
        let digit = alphabet.iter().position(|digit| digit == byte)?;
        sum.checked_mul(base)?.checked_add(u64::try_from(digit).ok()?)
    })
}

/// Bytes as one number, for tweaks.
fn packed(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

fn push_ascii(out: &mut String, bytes: &[u8]) {
    out.extend(bytes.iter().map(|byte| char::from(*byte)));
}

const DECIMAL: &[u8; 10] = b"0123456789";
