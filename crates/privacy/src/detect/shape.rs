//! Does a value have the shape of a kind, and is its check digit valid?

use super::dictionary::{ADDRESS_WORDS, COMPOUND_SURNAMES, ORGANIZATION_ENDS, PROVINCES, SURNAMES};
use crate::SensitiveKind;
use crate::format;

/// How many values of a sample match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Count {
    pub(super) matched: u32,
    pub(super) valid: u32,
}

pub(super) fn count(kind: SensitiveKind, values: &[String]) -> Count {
    let mut count = Count::default();
    for value in values {
        let (matched, valid) = matches(kind, value);
        count.matched += u32::from(matched);
        count.valid += u32::from(valid);
    }
    count
}

/// (shape, check digit) of one value.
fn matches(kind: SensitiveKind, value: &str) -> (bool, bool) {
    let plain = |matched| (matched, false);
    match kind {
        SensitiveKind::ResidentId => {
            (looks_resident(value.as_bytes()), format::ResidentId::parse(value).is_some())
        }
        SensitiveKind::CreditCode => {
            let shape = value.len() == 18 && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
            // An identity number can pass as a credit code only by chance; it is counted as what it is.
            let valid =
                format::CreditCode::parse(value).is_some() && format::ResidentId::parse(value).is_none();
            (shape, valid)
        }
        SensitiveKind::BankCard => {
            let shape = (16..=19).contains(&value.len()) && format::number(value.as_bytes()).is_some();
            (shape, format::BankCard::parse(value).is_some() && format::ResidentId::parse(value).is_none())
        }
        SensitiveKind::Mobile => plain(format::parse_mobile(value).is_some()),
        SensitiveKind::Plate => plain(format::parse_plate(value).is_some()),
        SensitiveKind::Passport => plain(format::parse_passport(value).is_some()),
        SensitiveKind::Email => plain(format::parse_email(value).is_some()),
        SensitiveKind::BirthDate => plain(is_birth_date(value)),
        SensitiveKind::Address => plain(is_address(value)),
        SensitiveKind::OrganizationName => plain(is_organization(value)),
        SensitiveKind::PersonName => plain(is_person(value)),
        SensitiveKind::General => plain(false),
    }
}

fn looks_resident(bytes: &[u8]) -> bool {
    match bytes.split_last() {
        Some((last, body)) => {
            body.len() == 17
                && body.iter().all(u8::is_ascii_digit)
                && (last.is_ascii_digit() || matches!(last, b'X' | b'x'))
        }
        None => false,
    }
}

fn is_birth_date(value: &str) -> bool {
    // A timestamp's text begins with its date.
    let date = value.split(['T', ' ']).next().unwrap_or(value);
    format::parse_date(date).is_some_and(|(days, _)| (-25_567..40_000).contains(&days))
}

/// How places and offices end, and given names hardly do.
const PLACE_ENDS: &str = "站路街镇村乡县市区局店桥厂司部科室馆场校院";

fn is_person(value: &str) -> bool {
    let length = value.chars().count();
    if !(2..=4).contains(&length) || !value.chars().all(crate::masking::is_han) {
        return false;
    }
    if length >= 3 && value.chars().next_back().is_some_and(|last| PLACE_ENDS.contains(last)) {
        return false;
    }
    let compound = length >= 3 && COMPOUND_SURNAMES.iter().any(|surname| value.starts_with(surname));
    compound
        || length <= 3
            && value.chars().next().is_some_and(|first| SURNAMES.contains(first))
            && !is_organization(value)
}

fn is_organization(value: &str) -> bool {
    value.chars().count() >= 5
        && value.chars().any(crate::masking::is_han)
        && ORGANIZATION_ENDS.iter().any(|end| value.ends_with(end))
}

/// A province or two kinds of place word in falling order, and not the name of an organisation.
fn is_address(value: &str) -> bool {
    if value.chars().count() < 5 || is_organization(value) {
        return false;
    }
    let words = ADDRESS_WORDS.iter().filter(|word| value.contains(**word)).count();
    let province = PROVINCES.iter().any(|province| value.starts_with(province));
    words >= 3 || words >= 2 && (province || value.chars().any(|c| c.is_ascii_digit()))
}

/// Does a longer text contain an identity number or a mobile number?
pub(super) fn embeds_identifier(value: &str) -> bool {
    let bytes = value.as_bytes();
    if bytes.len() <= 19 {
        return false;
    }
    let mut start = None;
    let mut found = false;
    for (index, byte) in bytes.iter().chain(std::iter::once(&b' ')).enumerate() {
        match (start, byte.is_ascii_digit() || matches!(byte, b'X' | b'x')) {
            (None, true) => start = Some(index),
            (Some(from), false) => {
                found |= value.get(from..index).is_some_and(|run| {
                    format::ResidentId::parse(run).is_some()
                        || run.len() == 11 && format::parse_mobile(run).is_some()
                });
                start = None;
            }
            _ => {}
        }
    }
    found
}
