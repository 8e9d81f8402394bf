//! Made-up numbers with check digits, reckoned here once more so that a fault in the detectors does not hide
//! itself.

use super::draw::Draw;

const LETTERS: &str = "ABCDEFGHJKLMNPQRTUWXY";
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const PROVINCES: &[&str] = &[
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65",
];

fn digit(c: char) -> u64 {
    u64::from(c.to_digit(36).unwrap_or(0))
}

fn place(alphabet: &str, value: u64) -> char {
    usize::try_from(value).ok().and_then(|value| alphabet.chars().nth(value)).unwrap_or('0')
}

/// The check character of seventeen digits: weights 2^(18−i) modulo 11. *Source*: GB 11643.
pub(super) fn resident_check(body: &str) -> char {
    let sum: u64 = body.chars().rev().zip(1..).map(|(c, power)| digit(c) * (1_u64 << power) % 11).sum();
    place("10X98765432", sum % 11)
}

/// The last of eighteen characters: weights 3^(i−1) modulo 31. *Source*: GB 32100.
pub(super) fn credit_check(body: &str) -> char {
    let mut weight = 1;
    let mut sum = 0;
    for c in body.chars() {
        sum +=
            u64::try_from(ALPHABET.chars().position(|known| known == c).unwrap_or(0)).unwrap_or(0) * weight;
        weight = weight * 3 % 31;
    }
    place(ALPHABET, (31 - sum % 31) % 31)
}

/// The ninth character of an organisation code. *Source*: GB 11714.
pub(super) fn organization_check(body: &str) -> char {
    let sum: u64 = body.chars().zip([3, 7, 9, 10, 5, 8, 4, 2]).map(|(c, weight)| digit(c) * weight).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        value => place("0123456789", value),
    }
}

/// The Luhn digit. *Source*: ISO/IEC 7812-1, annex B.
pub(super) fn luhn(body: &str) -> char {
    let sum: u64 = body
        .chars()
        .rev()
        .zip([2, 1].into_iter().cycle())
        .map(|(c, factor)| {
            let product = digit(c) * factor;
            product / 10 + product % 10
        })
        .sum();
    place("0123456789", (10 - sum % 10) % 10)
}

/// The ninth character of a vehicle's number. *Source*: ISO 3779, GB 16735 annex A.
pub(super) fn vin_check(number: &str) -> char {
    let value = |c: char| match c {
        'A'..='H' => digit(c) - 9,
        'J'..='N' => digit(c) - 18,
        'P' => 7,
        'R' => 9,
        'S'..='Z' => digit(c) - 26,
        _ => digit(c),
    };
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u64 = number.chars().zip(weights).map(|(c, weight)| value(c) * weight).sum();
    place("0123456789X", sum % 11)
}

fn date(draw: &mut Draw) -> String {
    format!("{}{:02}{:02}", draw.between(1930, 2020), draw.between(1, 12), draw.between(1, 28))
}

fn region(draw: &mut Draw) -> String {
    format!("{}{:02}{:02}", draw.word(PROVINCES), draw.between(1, 30), draw.between(1, 30))
}

/// Eighteen characters; one in twenty belongs to a resident of Hong Kong, Macao or Taiwan, one in thirty has
/// fifteen digits.
pub(super) fn resident(draw: &mut Draw) -> String {
    let region =
        if draw.chance(5) { draw.word(&["810000", "820000", "830000"]).to_owned() } else { region(draw) };
    let body = format!("{region}{}{}", date(draw), draw.digits(3));
    if draw.chance(3) && !region.starts_with('8') {
        let old: String = body.chars().take(6).chain(body.chars().skip(8)).collect();
        return old;
    }
    format!("{body}{}", resident_check(&body))
}

/// An identity number whose last character is a wrong one.
pub(super) fn wrong_resident(draw: &mut Draw) -> String {
    let body = format!("{}{}{}", region(draw), date(draw), draw.digits(3));
    let right = resident_check(&body);
    let mut wrong = draw.char("0123456789X");
    while wrong == right {
        wrong = draw.char("0123456789X");
    }
    format!("{body}{wrong}")
}

pub(super) fn credit(draw: &mut Draw) -> String {
    let head = draw.word(&["91", "91", "91", "92", "93", "11", "12", "51", "52", "31"]);
    let organization = organization_body(draw);
    let body = format!("{head}{}{organization}{}", region(draw), organization_check(&organization));
    format!("{body}{}", credit_check(&body))
}

fn organization_body(draw: &mut Draw) -> String {
    if draw.chance(45) {
        let mut body = format!("MA{}", draw.char("1234567"));
        body.extend((0..5).map(|_| draw.char("0123456789ABCDEFGHJKLMNPQRTUWXY")));
        return body;
    }
    format!("{}{}", draw.char("1234567"), draw.digits(7))
}

/// With the hyphen, as it is printed.
pub(super) fn organization_code(draw: &mut Draw) -> String {
    let body = organization_body(draw);
    let check = organization_check(&body);
    format!("{body}-{check}")
}

pub(super) fn bank_card(draw: &mut Draw) -> String {
    let (issuer, length) = match draw.below(6) {
        0 | 1 => (format!("62{}", draw.digits(4)), 19),
        2 | 3 => (format!("62{}", draw.digits(4)), 16),
        4 => ("955880".to_owned(), 19),
        _ => (format!("4{}", draw.digits(5)), 16),
    };
    let body = format!("{issuer}{}", draw.digits(length - 7));
    format!("{body}{}", luhn(&body))
}

pub(super) fn vin(draw: &mut Draw) -> String {
    let letters = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
    let head: String = std::iter::once('L').chain((0..7).map(|_| draw.char(letters))).collect();
    let middle: String = (0..4).map(|_| draw.char(letters)).collect();
    let tail = draw.digits(4);
    let check = vin_check(&format!("{head}0{middle}{tail}"));
    format!("{head}{check}{middle}{tail}")
}

pub(super) fn foreigner(draw: &mut Draw) -> String {
    if draw.chance(40) {
        let country = draw.word(&["USA", "GBR", "KOR", "JPN", "DEU", "PAK", "RUS"]);
        let born: String = date(draw).chars().skip(2).collect();
        return format!(
            "{country}{}{born}{}",
            region(draw).chars().take(4).collect::<String>(),
            draw.digits(2)
        );
    }
    let country = draw.word(&["840", "826", "410", "392", "276", "586", "643"]);
    let body = format!("9{}{country}{}{}", draw.word(PROVINCES), date(draw), draw.digits(3));
    format!("{body}{}", resident_check(&body))
}

pub(super) fn mobile(draw: &mut Draw) -> String {
    let head = draw.word(&[
        "130", "135", "138", "139", "147", "150", "158", "166", "173", "177", "180", "186", "188", "189",
        "191", "198",
    ]);
    format!("{head}{}", draw.digits(8))
}

pub(super) fn landline(draw: &mut Draw) -> String {
    let area = draw.word(&["010", "021", "0571", "0572", "028", "0755", "0311", "0991", "0898"]);
    let eight = area.len() == 3 || draw.chance(50);
    let number = format!("{}{}", draw.char("2345678"), draw.digits(if eight { 7 } else { 6 }));
    match draw.below(5) {
        0 => format!("({area}){number}"),
        1 => format!("{area} {number}"),
        2 => format!("{area}-{number}-{}", draw.digits(3)),
        3 => format!("{area}{number}"),
        _ => format!("{area}-{number}"),
    }
}

pub(super) fn passport(draw: &mut Draw) -> String {
    match draw.below(5) {
        0 => format!("G{}", draw.digits(8)),
        1 => format!("E{}{}", draw.char("ABCDEFGHJK"), draw.digits(7)),
        2 => format!("PE{}", draw.digits(7)),
        3 => format!("KJ{}", draw.digits(7)),
        _ => format!("E{}", draw.digits(8)),
    }
}

pub(super) fn travel_permit(draw: &mut Draw) -> String {
    match draw.below(5) {
        0 => format!("台胞证{}", draw.digits(8)),
        1 => format!("C{}{}", draw.char(LETTERS), draw.digits(7)),
        2 => format!("L{}", draw.digits(8)),
        3 => format!("M{}", draw.digits(10)),
        _ => format!("H{}", draw.digits(8)),
    }
}

pub(super) fn plate(draw: &mut Draw) -> String {
    let head = format!(
        "{}{}",
        draw.char("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"),
        draw.char("ABCDEFGHJK")
    );
    let point = draw.word(&["", "", "·", " ", "-"]);
    match draw.below(4) {
        0 => format!("{head}{point}D{}", draw.digits(5)),
        1 => format!("{head}{point}{}学", draw.digits(4)),
        _ => format!("{head}{point}{}{}{}", draw.char(LETTERS), draw.digits(3), draw.char(LETTERS)),
    }
}

pub(super) fn email(draw: &mut Draw) -> String {
    let name: String = (0..draw.between(3, 9)).map(|_| draw.char("abcdefghijklmnopqrstuvwxyz")).collect();
    let host = draw.word(&["qq.com", "163.com", "example.com.cn", "mail.gov.cn", "sina.cn", "zju.edu.cn"]);
    format!("{name}{}{}@{host}", draw.word(&["", ".", "_", "-"]), draw.digits(3))
}

pub(super) fn ip_address(draw: &mut Draw) -> String {
    if draw.chance(25) {
        let group = |draw: &mut Draw| format!("{:x}", draw.below(65_536));
        return format!("240{:x}:{}:{}::{}", draw.below(16), group(draw), group(draw), group(draw));
    }
    let octet = |draw: &mut Draw| draw.below(256);
    format!("{}.{}.{}.{}", draw.between(20, 223), octet(draw), octet(draw), octet(draw))
}

pub(super) fn coordinate(draw: &mut Draw) -> String {
    let longitude = format!("{}.{}{}", draw.between(74, 134), draw.digits(5), draw.char("123456789"));
    let latitude = format!("{}.{}{}", draw.between(18, 53), draw.digits(5), draw.char("123456789"));
    match draw.below(5) {
        0 => format!("{latitude},{longitude}"),
        1 => format!("POINT({longitude} {latitude})"),
        2 => format!("{{\"lng\":{longitude},\"lat\":{latitude}}}"),
        3 => format!(
            "{}°{:02}′{:02}″N {}°{:02}′{:02}″E",
            draw.between(18, 53),
            draw.below(60),
            draw.below(60),
            draw.between(74, 134),
            draw.below(60),
            draw.below(60)
        ),
        _ => format!("{longitude},{latitude}"),
    }
}
