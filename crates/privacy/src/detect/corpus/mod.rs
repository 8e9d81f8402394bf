//! A labelled, generated corpus, and the recall and precision of the detectors on it.
//!
//! What the figures are worth: every sample is made up, from a seed. Numbers and their check digits are
//! reckoned here and not by the detectors; names, places and terms come from lists that were written apart
//! from the dictionaries, with rare surnames, names of minorities and places that no dictionary holds. Still
//! both were written by the same hand about the same language, the lists are short, and the rules were mended
//! until the goals were met on what is generated here. So the figures show that the detectors do what they
//! are meant to do, and catch a change for the worse. They are no estimate for the registers of a real
//! county.
//!
//! How far off they are for single names was tried once, with 135 names of known people (many of them pen
//! names) and 173 words chosen to look like names, none of which the rules had seen: 73 in 100 names were
//! found, and 16 in 100 words taken for one. A single value of two or three characters does not tell more;
//! what decides is how many of a column's values look like a kind, the column's name, and a person.
//!
//! The hard negatives are as many as the positives of all kinds together: numbers of eighteen digits with a
//! wrong check digit, times in digits, ISBN, amounts as long as a telephone number, stations, goods, offices
//! and words that look like people, products that look like companies, works that look like addresses.

mod draw;
mod identifiers;
mod lists;
mod negatives;
mod noise;
mod score;
mod texts;

pub use noise::Noise;
pub use score::{Score, measure};

use self::draw::Draw;
use super::dictionary::terms::ETHNIC_GROUPS;
use crate::SensitiveKind;

/// A text and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The text.
    pub text: String,
    /// What it holds; `None` for a text without anything sensitive.
    pub kind: Option<SensitiveKind>,
    /// Where, in bytes of the text; empty without a kind.
    pub span: (usize, usize),
}

/// The kinds that samples are made of: all but dates of birth, which no value tells from other dates, and the
/// general one.
pub fn kinds() -> impl Iterator<Item = SensitiveKind> {
    SensitiveKind::ALL
        .into_iter()
        .filter(|kind| !matches!(kind, SensitiveKind::BirthDate | SensitiveKind::General))
}

/// Samples: `each` of every kind, and as many again without any. The same for the same seed.
#[must_use]
pub fn generate(seed: u64, each: u32) -> Vec<Sample> {
    let mut draw = Draw::new(seed);
    let mut samples = Vec::new();
    for kind in kinds() {
        for _ in 0..each {
            samples.push(positive(kind, &mut draw));
            let text = negatives::negative(&mut draw);
            samples.push(Sample { text, kind: None, span: (0, 0) });
        }
    }
    samples
}

/// A made-up value of a kind, as it stands in a field.
fn value(kind: SensitiveKind, draw: &mut Draw) -> String {
    use SensitiveKind as Kind;
    match kind {
        Kind::ResidentId => identifiers::resident(draw),
        Kind::CreditCode => identifiers::credit(draw),
        Kind::OrganizationCode => identifiers::organization_code(draw),
        Kind::BankCard => identifiers::bank_card(draw),
        Kind::Vin => identifiers::vin(draw),
        Kind::ForeignerPermit => identifiers::foreigner(draw),
        Kind::Mobile => identifiers::mobile(draw),
        Kind::Landline => identifiers::landline(draw),
        Kind::Passport => identifiers::passport(draw),
        Kind::TravelPermit => identifiers::travel_permit(draw),
        Kind::Plate => identifiers::plate(draw),
        Kind::Email => identifiers::email(draw),
        Kind::IpAddress => identifiers::ip_address(draw),
        Kind::Coordinate => identifiers::coordinate(draw),
        Kind::PersonName => texts::name(draw),
        Kind::Address => texts::address(draw),
        Kind::OrganizationName => texts::organization(draw),
        Kind::EthnicGroup => format!("{}族", draw.word(ETHNIC_GROUPS)),
        Kind::Medical => draw.word(lists::ILLNESSES).to_owned(),
        Kind::Religion => draw.word(lists::FAITHS).to_owned(),
        Kind::BirthDate | Kind::General => String::new(),
    }
}

/// May a value be disguised, and how much of it?
const fn noises(kind: SensitiveKind) -> &'static [Noise] {
    use SensitiveKind as Kind;
    match kind {
        Kind::ResidentId | Kind::CreditCode | Kind::ForeignerPermit | Kind::Vin => &Noise::ALL,
        Kind::BankCard | Kind::Mobile => {
            &[Noise::Wide, Noise::Numerals, Noise::Cheque, Noise::Groups, Noise::Hidden]
        }
        Kind::OrganizationCode | Kind::Passport | Kind::Plate | Kind::Email | Kind::IpAddress => {
            &[Noise::Wide, Noise::Hidden]
        }
        _ => &[],
    }
}

fn positive(kind: SensitiveKind, draw: &mut Draw) -> Sample {
    let mut value = value(kind, draw);
    let noises = noises(kind);
    if !noises.is_empty() && draw.chance(30) {
        let noise = usize::try_from(draw.below(u64::try_from(noises.len()).unwrap_or(1))).unwrap_or(0);
        let seed = draw.below(u64::MAX);
        value = noises.get(noise).map_or_else(|| value.clone(), |noise| noise.write(&value, seed));
    }
    if kind == SensitiveKind::PersonName && draw.chance(5) && !value.contains(['·', '•', '・']) {
        value = value.chars().flat_map(|c| [c, '\u{3000}']).collect::<String>().trim().to_owned();
    }
    let (before, after) = frame(kind, draw);
    // The words that tell a 台胞证 are not part of its number.
    let word = value.find(|c: char| c.is_ascii_digit()).filter(|_| value.starts_with("台胞证")).unwrap_or(0);
    let span = (before.len() + word, before.len() + value.len());
    Sample { text: format!("{before}{value}{after}"), kind: Some(kind), span }
}

/// What stands around a value: in six cases of ten nothing.
fn frame(kind: SensitiveKind, draw: &mut Draw) -> (String, String) {
    use SensitiveKind as Kind;
    let owned = |pair: (&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
    if draw.chance(60) {
        return owned(("", ""));
    }
    if draw.chance(25) {
        return owned(("{\"a\":1,\"v\":\"", "\",\"ok\":true}"));
    }
    let frames: &[(&str, &str)] = match kind {
        Kind::PersonName => &[
            ("联系人：", "，请回电"),
            ("经办人", "已签字"),
            ("姓名:", ";性别:男"),
            ("经核实，申请人", "符合条件"),
        ],
        Kind::Address => &[("收货地址：", "，请放门口"), ("现住", "，联系不上"), ("事发地点位于", "附近")],
        Kind::OrganizationName => &[("单位：", "，在册"), ("名称：", "；状态：存续")],
        Kind::EthnicGroup => &[("男，", "，农民"), ("民族：", "，已核"), ("系", "人士")],
        Kind::Medical => &[("诊断：", ""), ("患者确诊", "，建议住院"), ("既往有", "病史")],
        Kind::Religion => &[("宗教信仰：", ""), ("本人信仰", "多年"), ("信奉", "，无党派")],
        Kind::Mobile | Kind::Landline => &[("电话：", "，勿扰"), ("请拨打", "联系"), ("tel ", " 王")],
        _ => {
            &[("经查，号码为", "，情况属实。"), ("备注：", "；已录入"), ("材料齐全（", "）"), ("no. ", " ok")]
        }
    };
    let index = usize::try_from(draw.below(u64::try_from(frames.len()).unwrap_or(1))).unwrap_or(0);
    owned(frames.get(index).copied().unwrap_or_default())
}
