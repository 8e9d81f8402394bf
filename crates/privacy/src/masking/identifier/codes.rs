//! Codes of organisations, and bank cards.

use super::super::permutation::Point;
use super::{DECIMAL, digits_of, push_ascii, put_digits};
use crate::format::{self, BankCard, CREDIT_BODIES, CreditCode};

/// Digits and letters of GB 11714 in order of value.
const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// 36⁸, the bodies of organisation codes.
const ORGANIZATION_BODIES: u64 = 2_821_109_907_456;

/// What stays visible.
#[derive(Debug, Clone, Copy)]
pub(super) enum Frame {
    /// Department, category and region; is the inner check digit valid?
    Credit([u8; 8], bool),
    /// Is the body of digits only? Is there a hyphen before the check character?
    Organization(bool, bool),
    /// Issuer, digits of the account.
    BankCard(u64, u32),
}

/// Department, category and region stay. Codes with and without a valid inner check digit stay apart.
pub(super) fn credit(value: &str) -> Option<(Frame, Point)> {
    let code = CreditCode::parse(value)?;
    let tweak = u128::from(u64::from_be_bytes(code.head)) << 8;
    let valid = code.inner_is_valid();
    let point = if valid {
        Point::new(tweak, code.body, CREDIT_BODIES)?
    } else {
        let point = code.body * 31 + u64::from(code.inner);
        Point::new(tweak | 1, point, CREDIT_BODIES * 31)?.within(inner_is_invalid)?
    };
    Some((Frame::Credit(code.head, valid), point))
}

fn inner_of(point: u64) -> (u64, u8) {
    (point / 31, u8::try_from(point % 31).unwrap_or(0))
}

fn inner_is_invalid(_: u128, point: u64) -> bool {
    let (body, inner) = inner_of(point);
    CreditCode::inner_check(body) != Some(inner)
}

/// Nothing stays but whether it is all digits. All noughts stand for no code and are nobody's.
pub(super) fn organization(value: &str) -> Option<(Frame, Point)> {
    let mut bytes = value.trim().to_ascii_uppercase().into_bytes();
    let hyphen = bytes.len() == 10 && bytes.get(8) == Some(&b'-');
    if hyphen {
        bytes.remove(8);
    }
    if !format::organization_code(&bytes) {
        return None;
    }
    let body = bytes.get(..8)?;
    let plain = body.iter().all(u8::is_ascii_digit);
    let point = if plain {
        Point::new(0, format::number(body)?, 100_000_000)?.within(|_, body| body > 0)?
    } else {
        let body = digits_of(body, ALPHANUMERIC)?;
        Point::new(1, body, ORGANIZATION_BODIES)?.within(has_letter)?
    };
    Some((Frame::Organization(plain, hyphen), point))
}

fn has_letter(_: u128, body: u64) -> bool {
    std::iter::successors(Some(body), |rest| Some(rest / 36)).take(8).any(|rest| rest % 36 > 9)
}

/// The issuer stays.
pub(super) fn bank_card(value: &str) -> Option<(Frame, Point)> {
    let card = BankCard::parse(value)?;
    let tweak = u128::from(card.issuer) << 8 | u128::from(card.account_digits);
    let point = Point::new(tweak, card.account, 10_u64.pow(card.account_digits))?;
    Some((Frame::BankCard(card.issuer, card.account_digits), point))
}

impl Frame {
    pub(super) fn write(self, value: u64, out: &mut String) -> Option<()> {
        match self {
            Self::Credit(head, true) => {
                CreditCode { head, body: value, inner: CreditCode::inner_check(value)? }.write(out);
            }
            Self::Credit(head, false) => {
                let (body, inner) = inner_of(value);
                CreditCode { head, body, inner }.write(out);
            }
            Self::Organization(plain, hyphen) => {
                let mut body = [0; 8];
                put_digits(&mut body, if plain { DECIMAL } else { ALPHANUMERIC }, value);
                push_ascii(out, &body);
                if hyphen {
                    out.push('-');
                }
                out.push(char::from(format::organization_check(&body)));
            }
            Self::BankCard(issuer, account_digits) => {
                BankCard { issuer, account: value, account_digits }.write(out);
            }
        }
        Some(())
    }
}
