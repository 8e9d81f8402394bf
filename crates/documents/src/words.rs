//! The words of a paper's furniture, in both languages.

use base::Date;

use crate::print::Lang;

/// Name in the Typst sources, Chinese, English.
pub(crate) const FURNITURE: &[(&str, &str, &str)] = &[
    ("页前", "第", "Page"),
    ("页间", "页  共", "of"),
    ("页后", "页", ""),
    ("摘要", "记录摘要：", "Record digest: "),
    ("核验", "核验地址：", "Verify at "),
    ("盖章", "（盖章）", " (seal)"),
    ("签字", "签字", "Signature"),
    ("空日期", "    年    月    日", "Date:              "),
    ("编号", "办件编号", "Case number"),
    ("日期", "打印日期", "Printed on"),
    ("附注", "注", "Notes"),
];

/// A date as it is written in letters: `2026年9月23日`, or `2026-09-23` in English.
pub(crate) fn date(date: Date, lang: Lang) -> String {
    let (year, month, day) = date.parts();
    match lang {
        Lang::Zh => format!("{year}年{month}月{day}日"),
        Lang::En => date.to_string(),
    }
}

/// Fen as yuan with two decimals and commas: `12,345.60`.
pub(crate) fn money(fen: i64) -> String {
    let (yuan, rest) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    let digits = yuan.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}{grouped}.{rest:02}", if fen < 0 { "-" } else { "" })
}

/// Parts per million as percent, without trailing noughts: `45.5%`.
pub(crate) fn percent(ppm: i64) -> String {
    let (whole, part) = (ppm.unsigned_abs() / 10_000, ppm.unsigned_abs() % 10_000);
    let part = format!("{part:04}");
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    format!("{}{whole}{point}{part}%", if ppm < 0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_letters() {
        for (fen, text) in [(0, "0.00"), (5, "0.05"), (123_456, "1,234.56"), (-100_000_000, "-1,000,000.00")]
        {
            assert_eq!(money(fen), text);
        }
        for (ppm, text) in [(500_000, "50%"), (455_000, "45.5%"), (1, "0.0001%"), (-10_000, "-1%")] {
            assert_eq!(percent(ppm), text);
        }
        assert_eq!(date(Date::new(2026, 9, 3).expect("date"), Lang::Zh), "2026年9月3日");
    }
}
