//! Papers of people: passports, travel permits, residence cards, identity numbers of fifteen digits; and the
//! organisation code, which is as short.

use super::{days_from_civil, is_province, is_region, number, resident_check};

/// Identity number of fifteen digits, in use until 1999: region, date of birth with two digits for the year,
/// sequence. It has no check digit.
pub(crate) fn old_resident(digits: &[u8]) -> bool {
    digits.len() == 15
        && digits.iter().all(u8::is_ascii_digit)
        && digits.get(..6).and_then(field).is_some_and(is_region)
        && digits.get(6..12).is_some_and(|date| short_date(date, 1900))
}

/// Number of a foreigner's permanent residence card; `Some(true)` if a check digit was found valid.
///
/// *Source*: the form of 2023 is 9, province, country (ISO 3166-1, three digits), date of birth, sequence and
/// the check digit of GB 11643; the older one three letters and twelve digits, whose check digit is published
/// nowhere and not looked at.
pub(crate) fn foreigner(bytes: &[u8]) -> Option<bool> {
    match bytes.len() {
        18 => {
            let (check, body) = bytes.split_last()?;
            let province = body.get(1..3).and_then(field)?;
            let country = body.get(3..6).and_then(field)?;
            let year = i32::try_from(body.get(6..10).and_then(field)?).ok()?;
            let sound = body.iter().all(u8::is_ascii_digit)
                && body.first() == Some(&b'9')
                && is_province(province)
                && (4..=894).contains(&country)
                && (1900..=2100).contains(&year)
                && day_of(body.get(10..14)?, year)
                && *check == resident_check(body);
            sound.then_some(true)
        }
        15 => {
            let (country, digits) = bytes.split_at_checked(3)?;
            let sound = country.iter().all(u8::is_ascii_uppercase)
                && digits.iter().all(u8::is_ascii_digit)
                && digits.get(..2).and_then(field).is_some_and(is_province)
                && digits.get(4..10).is_some_and(|date| short_date(date, 1900));
            sound.then_some(false)
        }
        _ => None,
    }
}

/// Chinese passport, diplomatic and service ones too, and those of Hong Kong and Macao; nine characters.
pub(crate) fn passport(bytes: &[u8]) -> bool {
    let [first, second, rest @ ..] = bytes else { return false };
    if bytes.len() != 9 || !rest.iter().all(u8::is_ascii_digit) {
        return false;
    }
    match (first, second) {
        (b'E' | b'G' | b'D' | b'S' | b'P' | b'K', b'0'..=b'9') => true,
        (b'E', letter) => letter.is_ascii_uppercase() && !matches!(letter, b'I' | b'O'),
        (b'D' | b'S' | b'P', b'E') | (b'H' | b'K', b'J') | (b'M', b'A') => true,
        _ => false,
    }
}

/// Permits for travel between the mainland and Hong Kong, Macao and Taiwan: 回乡证 (H or M, eight or ten
/// digits), 往来港澳通行证 (C or W), 往来台湾通行证 (L or T). The 台胞证 has eight digits and nothing else: it is told by what
/// stands before it, not here.
pub(crate) fn travel_permit(bytes: &[u8]) -> bool {
    let Some((first, rest)) = bytes.split_first() else { return false };
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    match (first, bytes.len()) {
        (b'H' | b'M', 9 | 11) | (b'C' | b'W' | b'L' | b'T', 9) if digits(rest) => true,
        // The newer 往来港澳通行证 has a letter in the second place.
        (b'C', 9) => {
            rest.split_first().is_some_and(|(letter, rest)| letter.is_ascii_uppercase() && digits(rest))
        }
        _ => false,
    }
}

/// Organisation code of GB 11714: eight letters or digits and a check character, without the hyphen between.
pub(crate) fn organization_code(bytes: &[u8]) -> bool {
    let Some((check, body)) = bytes.split_last() else { return false };
    if body.len() != 8 || !body.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return false;
    }
    // All noughts pass, and are what is written when there is none.
    if body.iter().all(|byte| byte == &b'0') {
        return false;
    }
    *check == organization_check(body)
}

/// Check character of the eight letters and digits before it (GB 11714).
pub(crate) fn organization_check(body: &[u8]) -> u8 {
    let weights = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.iter().zip(weights).map(|(byte, weight)| super::alphanumeric(*byte) * weight).sum();
    match (11 - sum % 11) % 11 {
        10 => b'X',
        value => b'0' + u8::try_from(value).unwrap_or(0),
    }
}

fn field(digits: &[u8]) -> Option<u32> {
    u32::try_from(number(digits)?).ok()
}

/// Six digits, year in two.
fn short_date(date: &[u8], century: i32) -> bool {
    let year = date.get(..2).and_then(field).and_then(|year| i32::try_from(year).ok());
    year.zip(date.get(2..)).is_some_and(|(year, rest)| day_of(rest, century + year))
}

/// Month and day in four digits.
fn day_of(digits: &[u8], year: i32) -> bool {
    let part = |digits: Option<&[u8]>| digits.and_then(field).and_then(|value| u8::try_from(value).ok());
    part(digits.get(..2))
        .zip(part(digits.get(2..)))
        .is_some_and(|(month, day)| days_from_civil(year, month, day).is_some())
}
