//! Number plates and vehicle identification numbers.

use super::super::permutation::Point;
use super::{DECIMAL, digits_of, packed, push_ascii, put_digits};
use crate::format::{self, PlateTail};

/// Letters of new-energy vehicles. They are permuted with the digits: one letter alone has too few plates.
const ELECTRIC: &[u8; 10] = b"ABCDEFGHJK";
/// Characters of vehicle identification numbers: no I, O, Q.
const VIN_DIGITS: &[u8; 33] = b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
/// Serial numbers behind the letters, and the number of them.
const SERIALS: u64 = 10_000;

/// What stays visible.
#[derive(Debug, Clone, Copy)]
pub(super) enum Frame {
    /// Province, authority, class with its sign.
    Plate(char, u8, PlateTail),
    /// What the tweak says: see [`vin`].
    Vin(u128),
}

/// Province, authority and class of vehicle stay.
pub(super) fn plate(value: &str) -> Option<(Frame, Point)> {
    let (province, authority, tail) = format::parse_plate(value)?;
    let letter = |letter: u8| digits_of(&[letter], ELECTRIC);
    let (class, sign, value, size) = match tail {
        PlateTail::Ordinary(value) => (0_u8, 0, value, 34_u64.pow(5)),
        PlateTail::Special(value, sign) => (1, u32::from(sign), value, 34_u64.pow(4)),
        PlateTail::SmallElectric(sign, value) => (2, 0, letter(sign)? * 340_000 + value, 3_400_000),
        PlateTail::LargeElectric(value, sign) => (3, 0, letter(sign)? * 100_000 + value, 1_000_000),
    };
    let tweak = u128::from(u32::from(province)) << 64
        | u128::from(authority) << 48
        | u128::from(class) << 40
        | u128::from(sign);
    Some((Frame::Plate(province, authority, tail), Point::new(tweak, value, size)?))
}

/// Maker, model and year stay; plant and serial number are permuted together. Numbers with and without a valid check
/// character (ninth; makers abroad leave it out) stay apart, and so do those with six digits at the end.
///
/// The tweak is: a bit for a valid check character, one for six digits; then the first eight characters, the
/// ninth (nought if it is the check) and the tenth.
pub(super) fn vin(value: &str) -> Option<(Frame, Point)> {
    let bytes: [u8; 17] = value.trim().to_ascii_uppercase().into_bytes().try_into().ok()?;
    let checked = format::vin(&bytes)? == format::Vin::Checked;
    let head = bytes.get(..8)?;
    let (ninth, year) = (*bytes.get(8)?, *bytes.get(9)?);
    // Without a letter in what stays a permuted number could become one of digits only, which none is.
    if !head.iter().chain([&year]).any(u8::is_ascii_alphabetic) {
        return None;
    }
    let middle = bytes.get(11..13)?;
    let plain = middle.iter().all(u8::is_ascii_digit);
    let plant = digits_of(bytes.get(10..11)?, VIN_DIGITS)?;
    let serial = format::number(bytes.get(13..)?)?;
    let (alphabet, base): (&[u8], u64) = if plain { (DECIMAL, 100) } else { (VIN_DIGITS, 33 * 33) };
    let value = (plant * base + digits_of(middle, alphabet)?) * SERIALS + serial;
    let ninth = if checked { 0 } else { ninth };
    let flags = u128::from(checked) << 1 | u128::from(plain);
    let tweak = flags << 80 | packed(head) << 16 | packed(&[ninth, year]);
    let point = Point::new(tweak, value, 33 * base * SERIALS)?.within(vin_stays_in_class)?;
    Some((Frame::Vin(tweak), point))
}

/// The seventeen characters of a tweak and a number.
fn vin_of(tweak: u128, value: u64) -> Option<[u8; 17]> {
    let byte = |shift: u32| u8::try_from(tweak >> shift & 0xff).unwrap_or(0);
    let mut bytes = [b'0'; 17];
    for (place, shift) in bytes.iter_mut().zip((0..10).rev().map(|place| place * 8)) {
        *place = byte(shift);
    }
    let plain = tweak >> 80 & 1 == 1;
    let (alphabet, base): (&[u8], u64) = if plain { (DECIMAL, 100) } else { (VIN_DIGITS, 33 * 33) };
    let front = value / SERIALS;
    put_digits(bytes.get_mut(10..11)?, VIN_DIGITS, front / base);
    put_digits(bytes.get_mut(11..13)?, alphabet, front % base);
    put_digits(bytes.get_mut(13..)?, DECIMAL, value % SERIALS);
    if tweak >> 81 & 1 == 1 {
        let check = format::vin_check(&with_ninth(bytes, b'0'))?;
        bytes = with_ninth(bytes, check);
    }
    Some(bytes)
}

fn with_ninth(mut bytes: [u8; 17], value: u8) -> [u8; 17] {
    if let Some(ninth) = bytes.get_mut(8) {
        *ninth = value;
    }
    bytes
}

/// Six digits stay six digits, others do not become six; without a check character none comes about.
fn vin_stays_in_class(tweak: u128, value: u64) -> bool {
    vin_of(tweak, value).is_some_and(|bytes| {
        let plain = bytes.iter().skip(11).take(2).all(u8::is_ascii_digit);
        let checked = format::vin(&bytes) == Some(format::Vin::Checked);
        (plain, checked) == (tweak >> 80 & 1 == 1, tweak >> 81 & 1 == 1)
    })
}

impl Frame {
    pub(super) fn write(self, value: u64, out: &mut String) -> Option<()> {
        let electric =
            |index: u64| usize::try_from(index).ok().and_then(|index| ELECTRIC.get(index)).copied();
        match self {
            Self::Plate(province, authority, tail) => {
                let tail = match tail {
                    PlateTail::Ordinary(_) => PlateTail::Ordinary(value),
                    PlateTail::Special(_, sign) => PlateTail::Special(value, sign),
                    PlateTail::SmallElectric(..) => {
                        PlateTail::SmallElectric(electric(value / 340_000)?, value % 340_000)
                    }
                    PlateTail::LargeElectric(..) => {
                        PlateTail::LargeElectric(value % 100_000, electric(value / 100_000)?)
                    }
                };
                format::write_plate(out, province, authority, tail);
            }
            Self::Vin(tweak) => push_ascii(out, &vin_of(tweak, value)?),
        }
        Some(())
    }
}
