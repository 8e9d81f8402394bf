//! Other ways to write the same number.

use super::draw::Draw;

/// How a number is disguised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// Full-width digits and letters.
    Wide,
    /// Digits as Chinese numerals: 一三八….
    Numerals,
    /// Digits as the numerals of cheques: 壹叁捌….
    Cheque,
    /// Groups of four with a space, dash or dot between.
    Groups,
    /// One kind of separator at any places.
    Anywhere,
    /// Zero-width characters at any places.
    Hidden,
    /// Small letters.
    Small,
}

impl Noise {
    /// All.
    pub const ALL: [Self; 7] =
        [Self::Wide, Self::Numerals, Self::Cheque, Self::Groups, Self::Anywhere, Self::Hidden, Self::Small];

    /// Writes a number in this way; `seed` decides where.
    #[must_use]
    pub fn write(self, number: &str, seed: u64) -> String {
        let mut draw = Draw::new(seed);
        let numeral = |c: char, numerals: &str| {
            c.to_digit(10)
                .and_then(|digit| usize::try_from(digit).ok())
                .and_then(|digit| numerals.chars().nth(digit))
                .unwrap_or(c)
        };
        match self {
            Self::Wide => number
                .chars()
                .map(|c| {
                    let wide = c.is_ascii_graphic().then(|| char::from_u32(u32::from(c) + 0xfee0)).flatten();
                    wide.unwrap_or(c)
                })
                .collect(),
            Self::Numerals => number.chars().map(|c| numeral(c, "〇一二三四五六七八九")).collect(),
            Self::Cheque => number.chars().map(|c| numeral(c, "零壹贰叁肆伍陆柒捌玖")).collect(),
            Self::Small => number.to_lowercase(),
            Self::Groups => {
                let separator = draw.word(&[" ", "-", ".", "\u{3000}", "－", "·"]);
                // From the end, so that a mobile number reads 3-4-4.
                let length = number.chars().count();
                let mut out = String::new();
                for (index, c) in number.chars().enumerate() {
                    if index > 0 && (length - index).is_multiple_of(4) {
                        out.push_str(separator);
                    }
                    out.push(c);
                }
                out
            }
            Self::Anywhere => {
                let separator = draw.word(&[" ", "-", "·", "\u{a0}", "—"]);
                between(number, |draw| if draw.chance(30) { separator } else { "" }, &mut draw)
            }
            Self::Hidden => {
                let marks = ["\u{200b}", "\u{200d}", "\u{feff}", "\u{2060}", "\u{ad}"];
                between(number, |draw| if draw.chance(40) { draw.word(&marks) } else { "" }, &mut draw)
            }
        }
    }
}

fn between<'a>(number: &str, mut mark: impl FnMut(&mut Draw) -> &'a str, draw: &mut Draw) -> String {
    let mut out = String::new();
    for (index, c) in number.chars().enumerate() {
        if index > 0 {
            out.push_str(mark(draw));
        }
        out.push(c);
    }
    out
}
