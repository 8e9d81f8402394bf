//! Postal addresses: units of territory in falling order, a road or a village, a number.

use super::dictionary::PROVINCES;
use super::scan::Strength;
use super::words::{Role, Words};

/// What the words of a text have of an address.
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    /// Province, city, county, town.
    units: u32,
    /// Road, street, lane.
    roads: u32,
    /// Estate, building with a name.
    places: u32,
    /// Village, community.
    villages: u32,
    /// Number of a house, a flat, a group.
    numbers: u32,
    /// Where the last of them ends, in characters.
    end: usize,
}

/// How sure it is that the characters are a postal address.
pub(super) fn address(words: &Words, text: &[char]) -> Option<Strength> {
    if text.len() < 5 || words.no_address.matched(text).is_some() {
        return None;
    }
    let found = parts(words, text);
    let rest = text.get(found.end..).unwrap_or_default();
    if rest.len() > 16 {
        return None;
    }
    let territory = found.units + found.roads + found.places + found.villages;
    let digits = rest.iter().any(char::is_ascii_digit) || found.numbers > 0;
    let full = found.numbers > 0 && territory > 0
        || found.units >= 2 && found.roads + found.places > 0
        || found.units > 0 && found.villages > 0
        || found.units > 0 && found.roads + found.places > 0 && digits;
    if full {
        Some(Strength::Shape)
    } else {
        (territory >= 2 || found.numbers >= 2).then_some(Strength::Weak)
    }
}

fn parts(words: &Words, text: &[char]) -> Parts {
    let mut found = Parts::default();
    // Where the word began whose end is looked for.
    let mut start = 0;
    if let Some(length) = province(words, text) {
        found.units = 1;
        start = length;
        found.end = length;
    }
    let mut index = start;
    while let Some(c) = text.get(index).copied() {
        index += 1;
        if !words.is(c, Role::ADDRESS) && c != '#' {
            continue;
        }
        let name = text.get(start..index - 1).unwrap_or_default();
        let next = text.get(index).copied();
        let Some(part) = part(c, name, next) else { continue };
        match part {
            Part::Unit => found.units += 1,
            Part::Road => found.roads += 1,
            Part::Place => found.places += 1,
            Part::Village => found.villages += 1,
            Part::Number => found.numbers += 1,
        }
        start = index;
        found.end = index;
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Unit,
    Road,
    Place,
    Village,
    Number,
}

/// What ends with `c` if `name` stands before it.
fn part(c: char, name: &[char], next: Option<char>) -> Option<Part> {
    let before = name.last().copied();
    let counted = before.is_some_and(is_number);
    let named = (1..=12).contains(&name.len());
    match c {
        '号' => {
            let other =
                matches!(next, Some('线' | '文' | '令' | '机' | '台' | '车' | '公' | '院' | '码' | '店'));
            (counted && !other).then_some(Part::Number)
        }
        '#' | '栋' | '幢' | '座' | '层' | '室' | '户' | '组' | '队' => {
            (counted || before.is_some_and(|c| "甲乙丙丁东南西北".contains(c))).then_some(Part::Number)
        }
        '元' => (before == Some('单')).then_some(Part::Number),
        '楼' => {
            if counted {
                Some(Part::Number)
            } else {
                (name.len() >= 2).then_some(Part::Place)
            }
        }
        '州' => {
            // 杭州市 is one unit.
            let inside = matches!(next, Some('市' | '区' | '县' | '路' | '街' | '大' | '城'));
            (named && !inside).then_some(Part::Unit)
        }
        '省' | '市' | '盟' | '县' | '旗' | '镇' | '乡' => named.then_some(Part::Unit),
        // 小区, 社区, 园区 are places; 市区, 地区, 区域 are neither.
        '区' => match before {
            Some('社') => (name.len() >= 3).then_some(Part::Village),
            Some('小' | '园' | '新' | '厂' | '院') => (name.len() >= 3).then_some(Part::Place),
            Some('市' | '城' | '郊' | '山' | '灾' | '景') if name.len() < 3 => None,
            _ if next == Some('域') => None,
            _ => (name.len() >= 2 || counted && named).then_some(Part::Unit),
        },
        '道' if before == Some('街') => Some(Part::Unit),
        '街' if next == Some('道') => None,
        '路' | '街' | '巷' | '弄' | '道' => named.then_some(Part::Road),
        '同' => (before == Some('胡')).then_some(Part::Road),
        '木' => (before == Some('苏')).then_some(Part::Unit),
        '查' => (before == Some('嘎')).then_some(Part::Village),
        '村' | '屯' => (1..=12).contains(&name.len()).then_some(Part::Village),
        '处' => (before == Some('事')).then_some(Part::Unit),
        '团' | '连' => counted.then_some(Part::Unit),
        '庄' if next == Some('村') => None,
        '庄' | '寨' | '苑' | '园' | '里' | '坊' | '城' | '湾' | '府' | '邸' | '厦' | '场' | '寓' | '庭'
        | '轩' | '居' | '阁' | '岛' => (2..=12).contains(&name.len()).then_some(Part::Place),
        _ => None,
    }
}

const fn is_number(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '一' | '二'
                | '三'
                | '四'
                | '五'
                | '六'
                | '七'
                | '八'
                | '九'
                | '十'
                | '百'
                | '甲'
                | '乙'
                | '丙'
                | '〇'
                | '零'
                | ')'
        )
}

/// The province that a text begins with, in characters.
fn province(words: &Words, text: &[char]) -> Option<usize> {
    text.first().filter(|c| words.is(**c, Role::PROVINCE_FIRST))?;
    PROVINCES
        .iter()
        .find(|name| name.chars().zip(text).filter(|(a, b)| a == *b).count() == name.chars().count())
        .map(|name| name.chars().count())
}
