//! Invented identifiers: of the right shape, with valid check digits, and where there is room for it of numbers that nobody
//! is ever given.
//!
//! *Source* of numbers nobody has: region codes that end in 9999 are not in GB/T 2260; 142 and 143 are not given out by the
//! numbering plan; `.invalid` never resolves (RFC 2606); 198.18.0.0/15 is for measurements (RFC 2544).

mod names;

use super::random::Draw;
use crate::SensitiveKind;
use crate::format::{self, BankCard, CREDIT_BODIES, CreditCode, PlateTail, ResidentId};

/// What the other columns of the row say of an identifier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Six digits of the administrative region.
    pub(super) region: Option<u32>,
    /// Days since 1970-01-01.
    pub(super) birth: Option<i32>,
    pub(super) male: Option<bool>,
}

/// Provinces by the first two digits of GB/T 2260.
const PROVINCES: [u32; 31] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
    61, 62, 63, 64, 65,
];
const PLATE_PROVINCES: &[&str] = &[
    "京", "津", "沪", "渝", "冀", "豫", "云", "辽", "黑", "湘", "皖", "鲁", "新", "苏", "浙", "赣", "鄂",
    "桂", "甘", "晋", "蒙", "陕", "吉", "闽", "贵", "粤", "青", "藏", "川", "宁", "琼",
];

/// An identifier of a kind, as text. Attributes have none and give a token.
pub(super) fn invent(kind: SensitiveKind, known: Known, draw: &mut Draw) -> String {
    let mut out = String::new();
    match kind {
        SensitiveKind::ResidentId => resident(known, draw).write(&mut out),
        SensitiveKind::CreditCode => credit(known, draw).write(&mut out),
        SensitiveKind::OrganizationCode => organization(draw, &mut out),
        SensitiveKind::BankCard => {
            BankCard { issuer: 629_999, account: draw.below(1_000_000_000_000), account_digits: 12 }
                .write(&mut out);
        }
        SensitiveKind::Mobile => {
            format::write_mobile(&mut out, 142 + draw.below(2), draw.below(100_000_000));
        }
        SensitiveKind::Landline => out = format!("0571-8{:07}", draw.below(10_000_000)),
        SensitiveKind::Plate => {
            let province = draw.pick(PLATE_PROVINCES).chars().next().unwrap_or('浙');
            let authority = b'A' + u8::try_from(draw.below(8)).unwrap_or(0);
            let tail = PlateTail::Ordinary(draw.below(34_u64.pow(5)));
            format::write_plate(&mut out, province, authority, tail);
        }
        SensitiveKind::Passport => format::write_passport(&mut out, [b'E', 0], draw.below(100_000_000), 8),
        SensitiveKind::TravelPermit => out = format!("H{:08}", draw.below(100_000_000)),
        SensitiveKind::ForeignerPermit => foreigner(known, draw, &mut out),
        SensitiveKind::Vin => vin(draw, &mut out),
        SensitiveKind::Email => {
            out.push('u');
            letters(draw, 12, &mut out);
            out.push_str("@example.invalid");
        }
        SensitiveKind::IpAddress => {
            out = format!("198.{}.{}.{}", 18 + draw.below(2), draw.below(256), draw.below(256));
        }
        SensitiveKind::Coordinate => {
            out = format!(
                "{}.{:06},{}.{:06}",
                119 + draw.below(3),
                draw.below(1_000_000),
                28 + draw.below(3),
                draw.below(1_000_000)
            );
        }
        SensitiveKind::PersonName => names::person(known.male, draw, &mut out),
        SensitiveKind::OrganizationName => names::organization(draw, &mut out),
        SensitiveKind::Address => names::address(draw, &mut out),
        SensitiveKind::EthnicGroup
        | SensitiveKind::Medical
        | SensitiveKind::Religion
        | SensitiveKind::BirthDate
        | SensitiveKind::General => token(draw, &mut out),
    }
    out
}

/// A token of an invented value. Begins with `~`, as those of masks do.
pub(super) fn token(draw: &mut Draw, out: &mut String) {
    out.push('~');
    letters(draw, 12, out);
}

fn letters(draw: &mut Draw, count: usize, out: &mut String) {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    for _ in 0..count {
        out.push(char::from(DIGITS.get(draw.index(32)).copied().unwrap_or(b'0')));
    }
}

/// A region of nobody.
fn region(draw: &mut Draw) -> u32 {
    PROVINCES.get(draw.index(PROVINCES.len())).copied().unwrap_or(33) * 10_000 + 9_999
}

fn resident(known: Known, draw: &mut Draw) -> ResidentId {
    let region = known.region.filter(|code| format::is_region(*code)).unwrap_or_else(|| region(draw));
    // 1940-01-01 to 2020-12-30.
    let birth = known.birth.unwrap_or_else(|| i32::try_from(draw.between(-10_957, 18_626)).unwrap_or(0));
    let odd = known.male.map_or_else(|| draw.below(2), u64::from);
    let sequence = u16::try_from(draw.below(500) * 2 + odd).unwrap_or(0);
    ResidentId { region, birth, sequence }
}

fn credit(known: Known, draw: &mut Draw) -> CreditCode {
    let region = known.region.filter(|code| format::is_region(*code)).unwrap_or_else(|| region(draw));
    let mut head = *b"91000000";
    for (slot, digit) in head.iter_mut().skip(2).zip(format!("{region:06}").bytes()) {
        *slot = digit;
    }
    let body = draw.below(CREDIT_BODIES);
    // One check digit in eleven is X, which is a digit of GB 32100 too.
    CreditCode { head, body, inner: CreditCode::inner_check(body).unwrap_or(0) }
}

/// The organisation code is what stands in the ninth to seventeenth place of a credit code.
fn organization(draw: &mut Draw, out: &mut String) {
    let mut code = String::new();
    credit(Known::default(), draw).write(&mut code);
    out.extend(code.chars().skip(8).take(9));
}

fn foreigner(known: Known, draw: &mut Draw, out: &mut String) {
    let id = resident(known, draw);
    let (year, month, day) = format::civil_from_days(id.birth);
    // 999 and 894 upwards belong to no country of ISO 3166-1; 840 is the most frequent one.
    let body = format!("9{:02}840{year:04}{month:02}{day:02}{:03}", id.region / 10_000, id.sequence);
    out.push_str(&body);
    out.push(char::from(format::resident_check(body.as_bytes())));
}

fn vin(draw: &mut Draw, out: &mut String) {
    const LETTERS: &[&str] =
        &["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "M", "N", "P", "R", "T", "V"];
    let mut number: Vec<u8> = b"LZZ".to_vec();
    for _ in 0..10 {
        number.extend(draw.pick(LETTERS).bytes());
    }
    number.extend(format!("{:04}", draw.below(10_000)).bytes());
    let check = format::vin_check(&number).unwrap_or(b'0');
    if let Some(place) = number.get_mut(8) {
        *place = check;
    }
    out.extend(number.into_iter().map(char::from));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_valid_and_repeats_what_is_known() {
        let mut draw = Draw::new(&[1; 32], "test", "");
        let known = Known { region: Some(330_521), birth: Some(7_335), male: Some(true) };
        for _ in 0..500 {
            let mut of = |kind| invent(kind, known, &mut draw);
            let id = ResidentId::parse(&of(SensitiveKind::ResidentId)).unwrap();
            assert_eq!((id.region, id.birth, id.sequence % 2), (330_521, 7_335, 1));
            let code = CreditCode::parse(&of(SensitiveKind::CreditCode)).unwrap();
            assert!(code.inner_is_valid() && code.is_plausible() && code.head.ends_with(b"330521"));
            assert!(BankCard::parse(&of(SensitiveKind::BankCard)).is_some());
            assert!(format::is_mobile(of(SensitiveKind::Mobile).as_bytes()));
            assert!(format::parse_plate(&of(SensitiveKind::Plate)).is_some());
            assert!(format::passport(of(SensitiveKind::Passport).as_bytes()));
            assert!(format::travel_permit(of(SensitiveKind::TravelPermit).as_bytes()));
            assert!(format::organization_code(of(SensitiveKind::OrganizationCode).as_bytes()));
            assert_eq!(format::foreigner(of(SensitiveKind::ForeignerPermit).as_bytes()), Some(true));
            assert_eq!(format::vin(of(SensitiveKind::Vin).as_bytes()), Some(format::Vin::Checked));
            assert!(format::parse_email(&of(SensitiveKind::Email)).is_some());
            let landline = of(SensitiveKind::Landline).replace('-', "");
            assert_eq!(format::landline(landline.as_bytes()), Some(4));
            assert!(of(SensitiveKind::IpAddress).parse::<std::net::Ipv4Addr>().is_ok());
            assert!((2..=4).contains(&of(SensitiveKind::PersonName).chars().count()));
            assert!(of(SensitiveKind::OrganizationName).ends_with("公司"));
            assert!(of(SensitiveKind::Address).contains('号'));
            assert!(of(SensitiveKind::General).starts_with('~'));
        }
        // Nothing known: a region nobody lives in.
        let id = invent(SensitiveKind::ResidentId, Known::default(), &mut draw);
        assert_eq!(ResidentId::parse(&id).unwrap().region % 10_000, 9_999);
        let bad = Known { region: Some(999_999), ..Known::default() };
        assert!(ResidentId::parse(&invent(SensitiveKind::ResidentId, bad, &mut draw)).is_some());
    }
}
