//! Generates the demonstration county's registers of persons and enterprises.
//!
//! The same seed and sizes always give the same bytes. No row can be a real person's or company's: the region code
//! `3399xx` is assigned to no county, the mobile segments 142 and 143 to no operator, and every name carries a
//! character that says it is made up (虚, 拟, 例, 样, 假, 设).

use std::io::{self, Write};

use base::Date;

const SURNAMES: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "林", "高", "沈", "姚", "俞", "欧阳", "上官",
];
const FICTION: [&str; 6] = ["虚", "拟", "例", "样", "假", "设"];
const GIVEN: [&str; 20] = [
    "安", "文", "宁", "和", "清", "远", "明", "青", "山", "川", "云", "禾", "木", "舟", "石", "泉", "松",
    "竹", "梅", "兰",
];
const TOWNS: [&str; 8] = ["东溪镇", "西塘镇", "南浦街道", "北山乡", "中湖街道", "新桥镇", "古渡镇", "云岭乡"];
const ROADS: [&str; 8] = ["示范路", "样板路", "虚构街", "模拟巷", "假想大道", "设例路", "演练街", "测试路"];
const INDUSTRIES: [&str; 8] =
    ["道路货运", "旅客运输", "仓储物流", "餐饮服务", "软件开发", "机械制造", "农产品加工", "旅游服务"];
/// The status of a licence that stands.
pub(crate) const ACTIVE: &str = "有效";
const LICENCE: [(&str, u64); 4] = [(ACTIVE, 78), ("过期", 12), ("注销", 7), ("吊销", 3)];
const MARITAL: [(&str, u64); 4] = [("未婚", 30), ("已婚", 58), ("离异", 8), ("丧偶", 4)];

/// How many rows each register gets, and the seed.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Rows of the enterprise register.
    pub enterprises: u32,
    /// Rows of the person register.
    pub persons: u32,
    /// Same seed, same bytes.
    pub seed: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { enterprises: 10_000, persons: 100_000, seed: 20_230_901 }
    }
}

/// SplitMix64: small, portable and the same everywhere, which is all a demonstration needs.
struct Numbers(u64);

impl Numbers {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(index).copied().unwrap_or_default()
    }

    fn weighted<'a>(&mut self, from: &[(&'a str, u64)]) -> &'a str {
        let mut left = self.below(from.iter().map(|(_, weight)| weight).sum());
        for (word, weight) in from {
            if left < *weight {
                return word;
            }
            left -= weight;
        }
        ""
    }

    /// A generator for one row, so that a row does not depend on how many come before it.
    const fn row(seed: u64, table: u64, row: u32) -> Self {
        let mut numbers = Self(seed ^ (table << 56) ^ row as u64);
        numbers.next();
        numbers
    }
}

/// Writes the person register as UTF-8 CSV with a header.
///
/// # Errors
/// What the writer returns.
pub(crate) fn write_persons(sizes: Sizes, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "id_number,name,sex,birth_date,phone,address,marital_status,household_size,employer_code,bank_card"
    )?;
    for row in 0..sizes.persons {
        let person = Person::new(sizes, row);
        let mut numbers = Numbers::row(sizes.seed, 3, row);
        let employed = sizes.enterprises > 0 && numbers.below(100) < 55;
        let employer = u32::try_from(numbers.below(u64::from(sizes.enterprises))).unwrap_or(0);
        let employer = if employed { credit_code(employer) } else { String::new() };
        writeln!(
            out,
            "{},{},{},{},{},{},{},{},{employer},{}",
            person.id_number,
            person.name,
            person.sex,
            person.birth,
            person.phone,
            person.address,
            numbers.weighted(&MARITAL),
            1 + numbers.below(6),
            bank_card(row),
        )?;
    }
    Ok(())
}

/// Writes the enterprise register as UTF-8 CSV with a header. Legal representatives are rows of the person register.
///
/// # Errors
/// What the writer returns.
pub(crate) fn write_enterprises(sizes: Sizes, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "credit_code,name,legal_person,legal_person_id,phone,address,industry,capital_yuan,founded_on,licence_no,licence_status,licence_until,employees"
    )?;
    for row in 0..sizes.enterprises {
        let mut numbers = Numbers::row(sizes.seed, 2, row);
        let person =
            Person::new(sizes, u32::try_from(numbers.below(u64::from(sizes.persons.max(1)))).unwrap_or(0));
        let founded = Date::from_days(10_957 + i32::try_from(numbers.below(9_000)).unwrap_or(0));
        let industry = numbers.pick(&INDUSTRIES);
        let name = format!(
            "{}{}{}{industry}有限公司",
            numbers.pick(&["虚构", "样例", "假设", "模拟"]),
            numbers.pick(&GIVEN),
            row + 1
        );
        let status = numbers.weighted(&LICENCE);
        let until = match status {
            ACTIVE => 20_700 + numbers.below(1_500),
            _ => 18_000 + numbers.below(2_500),
        };
        writeln!(
            out,
            "{},{name},{},{},{},{},{industry},{},{founded},XK{:08},{status},{},{}",
            credit_code(row),
            person.name,
            person.id_number,
            person.phone,
            address(&mut numbers),
            (1 + numbers.below(5_000)) * 10_000,
            row + 1,
            Date::from_days(i32::try_from(until).unwrap_or(0)),
            1 + numbers.below(400),
        )?;
    }
    Ok(())
}

struct Person {
    id_number: String,
    name: String,
    sex: &'static str,
    birth: Date,
    phone: String,
    address: String,
}

impl Person {
    fn new(sizes: Sizes, row: u32) -> Self {
        let mut numbers = Numbers::row(sizes.seed, 1, row);
        // Births from 1940 to 2007. Town and sequence number repeat after 99 000 rows; the birthday then moves on by
        // one day per round, so that no two rows share an id number.
        let first_round = Numbers::row(sizes.seed, 4, row % 99_000).next();
        let day = (first_round % 24_800 + u64::from(row / 99_000)) % 24_800;
        let birth = Date::from_days(-10_957 + i32::try_from(day).unwrap_or(0));
        let (year, month, day) = birth.parts();
        let town = 1 + row / 1_000 % 99;
        let sequence = row % 1_000;
        let body = format!("3399{town:02}{year:04}{month:02}{day:02}{sequence:03}");
        let name = format!("{}{}{}", numbers.pick(&SURNAMES), numbers.pick(&FICTION), numbers.pick(&GIVEN));
        Self {
            id_number: format!("{body}{}", id_check(&body)),
            name,
            sex: if sequence % 2 == 1 { "男" } else { "女" },
            birth,
            phone: format!("14{}{:08}", 2 + row % 2, (u64::from(row) * 7_919 + 13) % 100_000_000),
            address: address(&mut numbers),
        }
    }
}

fn address(numbers: &mut Numbers) -> String {
    format!("浙江省虚构市样例县{}{}{}号", numbers.pick(&TOWNS), numbers.pick(&ROADS), 1 + numbers.below(999))
}

/// The check character of an 18-digit resident id (GB 11643, ISO 7064 MOD 11-2).
fn id_check(body: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().filter_map(|c| c.to_digit(10)).zip(WEIGHTS).map(|(d, w)| d * w).sum();
    "10X98765432".chars().nth((sum % 11) as usize).unwrap_or('0')
}

/// The unified social credit code of a row (GB 32100, with the inner organisation code of GB 11714).
pub(crate) fn credit_code(row: u32) -> String {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const INNER: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let organisation = format!("{:08}", 10_000_000 + row % 80_000_000);
    let sum: u32 = organisation.chars().filter_map(|c| c.to_digit(10)).zip(INNER).map(|(d, w)| d * w).sum();
    let inner = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    let body = format!("91339901{organisation}{inner}");
    let mut weight = 1;
    let mut sum = 0;
    for character in body.chars() {
        sum += ALPHABET.find(character).unwrap_or(0) * weight;
        weight = weight * 3 % 31;
    }
    format!("{body}{}", ALPHABET.chars().nth((31 - sum % 31) % 31).unwrap_or('0'))
}

/// A card number with a valid Luhn digit under an issuer number that no bank uses.
fn bank_card(row: u32) -> String {
    let body = format!("629999{:012}", u64::from(row) * 104_729 % 1_000_000_000_000);
    let sum: u32 = body
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, doubled) if doubled > 9 => doubled - 9,
            (0, doubled) => doubled,
            _ => digit,
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn registers_are_deterministic_and_without_repeated_identifiers() {
        let sizes = Sizes { enterprises: 2_000, persons: 5_000, seed: 7 };
        let (mut a, mut b) = (Vec::new(), Vec::new());
        write_persons(sizes, &mut a).unwrap();
        write_persons(sizes, &mut b).unwrap();
        assert_eq!(a, b);
        let text = String::from_utf8(a).unwrap();
        let ids: BTreeSet<_> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(ids.len(), 5_000);
        let mut c = Vec::new();
        write_enterprises(sizes, &mut c).unwrap();
        let text = String::from_utf8(c).unwrap();
        let codes: BTreeSet<_> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(codes.len(), 2_000);
    }

    #[test]
    fn check_characters_are_right() {
        // Source: the worked example printed in GB 11643-1999.
        assert_eq!(id_check("11010519491231002"), 'X');
        assert_eq!(credit_code(0).len(), 18);
    }
}
