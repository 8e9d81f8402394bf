//! Injective masks of identifiers.

use super::key::{KeyedHash, MaskKey};
use super::permutation::Permutation;
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

impl Identifier {
    pub(super) fn new(kind: SensitiveKind, key: &MaskKey) -> Self {
        Self { kind, permutation: key.permutation(kind.name()), token: key.hash("token", kind.name()) }
    }

    /// Appends the masked form of a value. What is not of the kind becomes a token.
    pub(super) fn mask(&self, value: &str, out: &mut String) {
        let done = match self.kind {
            SensitiveKind::ResidentId => self.resident(value, out),
            SensitiveKind::CreditCode => self.credit(value, out),
            SensitiveKind::BankCard => self.bank_card(value, out),
            SensitiveKind::Mobile => self.mobile(value, out),
            SensitiveKind::Plate => self.plate(value, out),
            SensitiveKind::Passport => self.passport(value, out),
            SensitiveKind::Email => self.email(value, out),
            _ => None,
        };
        if done.is_none() {
            self.token.token(value.as_bytes(), out);
        }
    }

    fn permute(&self, tweak: u128, value: u64, size: u64) -> u64 {
        self.permutation.tweak(tweak).permute(value, size)
    }

    /// Region and sex stay; date (within eight years) and sequence number are permuted together.
    fn resident(&self, value: &str, out: &mut String) -> Option<()> {
        let id = ResidentId::parse(value)?;
        let (year, _, _) = format::civil_from_days(id.birth);
        let block = year.div_euclid(BIRTH_YEARS) * BIRTH_YEARS;
        let start = format::days_from_civil(block, 1, 1)?;
        let end = format::days_from_civil(block + BIRTH_YEARS, 1, 1)?;
        let sex = id.sequence % 2;
        let point = u64::try_from(id.birth - start).ok()? * 500 + u64::from(id.sequence / 2);
        let size = u64::try_from(end - start).ok()? * 500;
        let tweak = u128::from(id.region) << 32 | u128::try_from(block).ok()? << 8 | u128::from(sex);
        let point = self.permute(tweak, point, size);
        let birth = start + i32::try_from(point / 500).ok()?;
        let sequence = u16::try_from(point % 500).ok()? * 2 + sex;
        ResidentId { region: id.region, birth, sequence }.write(out);
        Some(())
    }

    /// Department, category and region stay. Codes with and without a valid inner check digit stay apart.
    fn credit(&self, value: &str, out: &mut String) -> Option<()> {
        let code = CreditCode::parse(value)?;
        let head = u64::from_be_bytes(code.head);
        let (body, inner) = if code.inner_is_valid() {
            let body = self.permute(u128::from(head) << 8, code.body, CREDIT_BODIES);
            (body, CreditCode::inner_check(body)?)
        } else {
            let split = |point: u64| (point / 31, u8::try_from(point % 31).unwrap_or(0));
            let other = |point| {
                let (body, inner) = split(point);
                CreditCode::inner_check(body) != Some(inner)
            };
            let tweaked = self.permutation.tweak(u128::from(head) << 8 | 1);
            let point = code.body * 31 + u64::from(code.inner);
            split(tweaked.permute_within(point, CREDIT_BODIES * 31, other))
        };
        CreditCode { head: code.head, body, inner }.write(out);
        Some(())
    }

    /// The issuer stays.
    fn bank_card(&self, value: &str, out: &mut String) -> Option<()> {
        let card = BankCard::parse(value)?;
        let tweak = u128::from(card.issuer) << 8 | u128::from(card.account_digits);
        let account = self.permute(tweak, card.account, 10_u64.pow(card.account_digits));
        BankCard { account, ..card }.write(out);
        Some(())
    }

    /// The first three digits (carrier) stay.
    fn mobile(&self, value: &str, out: &mut String) -> Option<()> {
        use std::fmt::Write as _;
        let (prefix, rest) = format::parse_mobile(value)?;
        let rest = self.permute(u128::from(prefix), rest, 100_000_000);
        write!(out, "{prefix}{rest:08}").ok()
    }

    /// Mobile numbers that are stored as integers.
    pub(super) fn mobile_number(&self, value: i64) -> Option<i64> {
        let value = u64::try_from(value).ok()?;
        let (prefix, rest) = (value / 100_000_000, value % 100_000_000);
        (130..200).contains(&prefix).then_some(())?;
        i64::try_from(prefix * 100_000_000 + self.permute(u128::from(prefix), rest, 100_000_000)).ok()
    }

    /// Province, authority and class of vehicle stay.
    fn plate(&self, value: &str, out: &mut String) -> Option<()> {
        let (province, authority, tail) = format::parse_plate(value)?;
        let class = |class: u8, sign: u32| {
            u128::from(u32::from(province)) << 64
                | u128::from(authority) << 48
                | u128::from(class) << 40
                | u128::from(sign)
        };
        let tail = match tail {
            PlateTail::Ordinary(value) => {
                PlateTail::Ordinary(self.permute(class(0, 0), value, 34_u64.pow(5)))
            }
            PlateTail::Special(value, sign) => {
                PlateTail::Special(self.permute(class(1, u32::from(sign)), value, 34_u64.pow(4)), sign)
            }
            PlateTail::SmallElectric(letter, value) => {
                PlateTail::SmallElectric(letter, self.permute(class(2, u32::from(letter)), value, 340_000))
            }
            PlateTail::LargeElectric(value, letter) => {
                PlateTail::LargeElectric(self.permute(class(3, u32::from(letter)), value, 100_000), letter)
            }
        };
        format::write_plate(out, province, authority, tail);
        Some(())
    }

    /// The letters stay.
    fn passport(&self, value: &str, out: &mut String) -> Option<()> {
        let (letters, number, digits) = format::parse_passport(value)?;
        let tweak = u128::from(u16::from_be_bytes(letters));
        let size = 10_u64.pow(u32::try_from(digits).ok()?);
        format::write_passport(out, letters, self.permute(tweak, number, size), digits);
        Some(())
    }

    /// Neither name nor domain stays; the domain is one that never resolves.
    fn email(&self, value: &str, out: &mut String) -> Option<()> {
        format::parse_email(value)?;
        let mut token = String::new();
        self.token.token(value.trim().to_ascii_lowercase().as_bytes(), &mut token);
        out.push('u');
        out.push_str(token.trim_start_matches('~'));
        out.push_str("@example.invalid");
        Some(())
    }
}
