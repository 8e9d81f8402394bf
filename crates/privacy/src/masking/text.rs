//! Masks of names and addresses: plausible, fictitious, not invertible.

use super::key::{KeyedHash, MaskKey};
use crate::SensitiveKind;
use crate::detect::dictionary::{ADDRESS_REGION_ENDS, COMPOUND_SURNAMES, ORGANIZATION_ENDS};

/// Common surnames. Common ones only: a rare surname would point somewhere.
const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
    "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓",
    "许", "傅", "沈", "曾", "彭", "吕",
];
const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
    "兰", "霞", "平", "刚", "桂", "英", "华", "玉", "萍", "红", "鹏", "辉", "飞", "波", "斌", "宇", "浩",
    "凯", "秀", "健", "俊", "帆", "雪", "荣", "爱", "建", "文", "林", "利", "云", "春", "梅", "琳", "晨",
    "阳", "欣", "佳", "宁", "博", "思", "雨", "安", "乐", "诗", "涵", "子", "轩",
];
const BRANDS: &[&str] = &[
    "云", "启", "瑞", "恒", "盛", "达", "新", "宏", "泰", "嘉", "汇", "通", "博", "远", "诚", "信", "丰",
    "润", "华", "兴", "隆", "鼎", "凯", "正", "合", "康", "祥", "益", "卓", "越", "明", "海",
];
const ROADS: &[&str] = &[
    "云溪路",
    "启明路",
    "安和街",
    "文澜路",
    "清源路",
    "永宁街",
    "望湖路",
    "锦绣路",
    "和平路",
    "青松巷",
    "百花路",
    "春晖路",
    "长乐街",
    "学苑路",
    "滨河路",
    "朝阳路",
];

/// A mask of texts with its keys ready.
pub(super) struct TextMask {
    kind: SensitiveKind,
    hash: KeyedHash,
    token: KeyedHash,
}

impl TextMask {
    pub(super) fn new(kind: SensitiveKind, key: &MaskKey) -> Self {
        Self { kind, hash: key.hash("text", kind.name()), token: key.hash("token", kind.name()) }
    }

    /// Appends the masked form of a value, never the value itself.
    pub(super) fn mask(&self, value: &str, out: &mut String) {
        let value = value.trim();
        let start = out.len();
        // A fictitious value may by chance be the true one; a few more draws, then a token.
        for attempt in 0..4_u8 {
            out.truncate(start);
            let done = match self.kind {
                SensitiveKind::PersonName => self.person(value, attempt, out),
                SensitiveKind::OrganizationName => self.organization(value, attempt, out),
                SensitiveKind::Address => self.address(value, attempt, out),
                _ => None,
            };
            if done.is_none() {
                break;
            }
            if out.get(start..) != Some(value) {
                return;
            }
        }
        out.truncate(start);
        self.token.token(value.as_bytes(), out);
    }

    fn draw(&self, value: &str, attempt: u8) -> super::key::Draw {
        if attempt == 0 {
            self.hash.draw(value.as_bytes())
        } else {
            self.hash.draw(&[value.as_bytes(), &[0xff, attempt]].concat())
        }
    }

    /// As many characters as the true name; a compound surname for a compound surname.
    fn person(&self, value: &str, attempt: u8, out: &mut String) -> Option<()> {
        let length = value.chars().count();
        if !(2..=4).contains(&length) || !value.chars().all(is_han) {
            return None;
        }
        let mut draw = self.draw(value, attempt);
        let compound = length > 2 && COMPOUND_SURNAMES.iter().any(|surname| value.starts_with(surname));
        let mut rest = length - 1;
        if compound || length == 4 {
            out.push_str(draw.pick(COMPOUND_SURNAMES));
            rest = length - 2;
        } else {
            out.push_str(draw.pick(SURNAMES));
        }
        for _ in 0..rest {
            out.push_str(draw.pick(GIVEN));
        }
        Some(())
    }

    /// A fictitious trade name with the true legal form.
    fn organization(&self, value: &str, attempt: u8, out: &mut String) -> Option<()> {
        let end = ORGANIZATION_ENDS.iter().find(|end| value.ends_with(**end))?;
        let mut draw = self.draw(value, attempt);
        out.push_str("虚构");
        for _ in 0..4 {
            out.push_str(draw.pick(BRANDS));
        }
        out.push_str(end);
        Some(())
    }

    /// Province and city stay; what is finer is replaced.
    fn address(&self, value: &str, attempt: u8, out: &mut String) -> Option<()> {
        use std::fmt::Write as _;
        let region = region_part(value)?;
        let mut draw = self.draw(value, attempt);
        out.push_str(region);
        out.push_str(draw.pick(ROADS));
        write!(out, "{}号", draw.below(998) + 1).ok()
    }
}

/// The beginning of an address down to the city; `None` if neither province nor city is told.
fn region_part(address: &str) -> Option<&str> {
    let end = ADDRESS_REGION_ENDS
        .iter()
        .filter_map(|word| {
            // Names of cities are short; a 市 far on belongs to a market or a shop.
            let at = address.find(word)?;
            (address.get(..at)?.chars().count() <= 12).then_some(at + word.len())
        })
        .max()?;
    address.get(..end)
}

pub(crate) const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{2ffff}' | '·')
}
