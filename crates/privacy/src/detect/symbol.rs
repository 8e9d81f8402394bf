//! The normaliser: one pass from text to symbols in which full-width, Chinese and hidden ways of writing are
//! gone.
//!
//! - full-width, circled and mathematical digits and letters become ASCII, small letters stay small;
//! - digits of Chinese numerals (〇一二…, 壹贰叁…, 幺) stay as they are but count as digits beside other digits;
//! - spaces of every width, dashes and dots of every kind become one of each;
//! - zero-width characters, direction marks and soft hyphens are dropped;
//! - `\uXXXX` of JSON becomes its character, other escapes end a word.
//!
//! Each symbol knows where in the text it stood.

/// What a symbol is, as far as finding goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Digit,
    Letter,
    /// A Chinese numeral.
    Numeral,
    Han,
    Space,
    Dash,
    Dot,
    /// The point between the parts of a name or a plate.
    Middle,
    At,
    Colon,
    Open,
    Close,
    /// 、 and comma, semicolon, slash, bar: between the entries of a list.
    List,
    Quote,
    /// The last: there are [`CLASSES`].
    Other,
}

const CLASSES: usize = Class::Other as usize + 1;

impl Class {
    /// Something a word or number is made of.
    pub(super) const fn is_word(self) -> bool {
        matches!(self, Self::Digit | Self::Letter | Self::Numeral | Self::Han)
    }

    /// Something written between the groups of a number.
    pub(super) const fn is_soft(self) -> bool {
        matches!(self, Self::Space | Self::Dash | Self::Dot | Self::Middle | Self::Close)
    }
}

/// A character after folding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Symbol {
    /// Where it begins, in bytes of the text.
    pub(super) at: usize,
    /// Folded character.
    pub(super) c: char,
    /// Bytes it takes in the text.
    pub(super) width: u8,
    pub(super) class: Class,
}

impl Symbol {
    pub(super) fn end(self) -> usize {
        self.at + usize::from(self.width)
    }

    /// ASCII digit or upper-case letter of a digit, letter or numeral.
    pub(super) fn code(self) -> Option<u8> {
        match self.class {
            Class::Digit | Class::Letter => u8::try_from(self.c).ok().map(|byte| byte.to_ascii_uppercase()),
            Class::Numeral => numeral(self.c),
            _ => None,
        }
    }
}

/// What a text holds, so that whole stages can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) digits: usize,
    pub(super) letters: usize,
    pub(super) han: usize,
    pub(super) dots: usize,
    pub(super) colons: usize,
    pub(super) at: bool,
    /// A sign of degrees, beside digits.
    pub(super) degree: bool,
    /// Index of the first and last symbol that is part of a word.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Nothing but names and what separates the entries of a list.
    pub(super) list: bool,
}

impl Summary {
    /// One count a class while the symbols are read, everything else at the end: each symbol is worth a few instructions.
    fn of(symbols: &[Symbol], counts: &[usize; CLASSES]) -> Self {
        let count = |class: Class| counts.get(class as usize).copied().unwrap_or_default();
        let digits = count(Class::Digit) + count(Class::Numeral);
        let in_lists = [Class::Han, Class::Numeral, Class::List, Class::Space, Class::Middle];
        let degree = |symbol: &Symbol| matches!(symbol.c, '度' | '°');
        Self {
            digits,
            letters: count(Class::Letter),
            han: count(Class::Han),
            dots: count(Class::Dot),
            colons: count(Class::Colon),
            at: count(Class::At) > 0,
            degree: digits > 0 && symbols.iter().any(degree),
            first: symbols.iter().position(|symbol| symbol.class.is_word()).unwrap_or(usize::MAX),
            last: symbols.iter().rposition(|symbol| symbol.class.is_word()).unwrap_or_default(),
            list: in_lists.into_iter().map(count).sum::<usize>() == symbols.len(),
        }
    }
}

/// Classes of the ASCII characters.
const ASCII: [Class; 128] = {
    let mut table = [Class::Other; 128];
    let mut byte = 0;
    while byte < 128 {
        #[expect(clippy::indexing_slicing, reason = "within the bounds of the loop, at compile time")]
        {
            table[byte] = match byte as u8 {
                b'0'..=b'9' => Class::Digit,
                b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
                b' ' | b'\t' | b'\r' | b'\n' => Class::Space,
                b'-' => Class::Dash,
                b'.' => Class::Dot,
                b'@' => Class::At,
                b':' => Class::Colon,
                b'(' => Class::Open,
                b')' => Class::Close,
                b',' | b';' | b'/' | b'|' => Class::List,
                b'"' | b'\'' => Class::Quote,
                _ => Class::Other,
            };
        }
        byte += 1;
    }
    table
};

/// The first of the common Han characters, and how many there are.
const HAN_FIRST: u32 = 0x4e00;
const HAN_COUNT: usize = 0x9fff - 0x4e00 + 1;

/// Their classes: most texts are little else.
static HAN: [Class; HAN_COUNT] = {
    let mut table = [Class::Han; HAN_COUNT];
    let mut at = 0;
    while at < HAN_COUNT {
        if let Some(c) = char::from_u32(HAN_FIRST + at as u32)
            && numeral(c).is_some()
        {
            #[expect(clippy::indexing_slicing, reason = "within the bounds of the loop, at compile time")]
            {
                table[at] = Class::Numeral;
            }
        }
        at += 1;
    }
    table
};

/// Folds a text. `out` is cleared first and keeps its memory.
pub(super) fn fold(text: &str, out: &mut Vec<Symbol>) -> Summary {
    out.clear();
    let mut counts = [0_usize; CLASSES];
    let mut push = |symbol: Symbol| {
        if let Some(count) = counts.get_mut(symbol.class as usize) {
            *count += 1;
        }
        out.push(symbol);
    };
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            let symbol = escape(text.as_bytes(), at);
            for _ in 1..symbol.width {
                chars.next();
            }
            push(symbol);
            continue;
        }
        let folded = match u8::try_from(c) {
            Ok(byte) if byte < 128 => {
                Some((c, ASCII.get(usize::from(byte)).copied().unwrap_or(Class::Other)))
            }
            _ => wide(c),
        };
        if let Some((folded, class)) = folded {
            let width = u8::try_from(c.len_utf8()).unwrap_or(1);
            push(Symbol { at, c: folded, width, class });
        }
    }
    Summary::of(out, &counts)
}

/// `\u4e00` as one symbol; every other escape as a break of two characters.
fn escape(bytes: &[u8], at: usize) -> Symbol {
    let hex = bytes.get(at + 1).filter(|byte| **byte == b'u').and_then(|_| bytes.get(at + 2..at + 6));
    let code = hex.and_then(|hex| {
        hex.iter().try_fold(0_u32, |sum, byte| Some(sum * 16 + char::from(*byte).to_digit(16)?))
    });
    if let Some(c) = code.and_then(char::from_u32) {
        let (c, class) = match u8::try_from(c) {
            Ok(byte) if byte < 128 => (c, ASCII.get(usize::from(byte)).copied().unwrap_or(Class::Other)),
            _ => wide(c).unwrap_or((c, Class::Other)),
        };
        return Symbol { at, c, width: 6, class };
    }
    // `\n` and `\"` are one break; a lone backslash before something else is none of JSON's.
    let pair = matches!(bytes.get(at + 1), Some(b'n' | b't' | b'r' | b'"' | b'\\' | b'/'));
    let class = if bytes.get(at + 1) == Some(&b'"') { Class::Quote } else { Class::Other };
    Symbol { at, c: '\\', width: if pair { 2 } else { 1 }, class }
}

/// Folds what is not ASCII; `None` for what nobody sees.
fn wide(c: char) -> Option<(char, Class)> {
    if let Some(class) = u32::from(c).checked_sub(HAN_FIRST).and_then(|at| HAN.get(usize::try_from(at).ok()?))
    {
        return Some((c, *class));
    }
    Some(match c {
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => return None,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{34f}' => return None,
        '，' | '、' | '；' | '／' | '｜' => (',', Class::List),
        '\u{ff01}'..='\u{ff5e}' => ascii(u32::from(c) - 0xfee0),
        '\u{3000}'
        | '\u{a0}'
        | '\u{2000}'..='\u{200a}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202f}'
        | '\u{205f}' => (' ', Class::Space),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{30fc}' => ('-', Class::Dash),
        '·' | '•' | '‧' | '∙' | '⋅' | '・' | '･' | '●' => ('·', Class::Middle),
        '〇' | '○' => ('〇', Class::Numeral),
        '×' | 'Χ' | 'Х' | 'х' | 'Ⅹ' => ('X', Class::Letter),
        '①'..='⑨' => ascii(u32::from(c) - 0x2460 + 0x31),
        '⓪' => ('0', Class::Digit),
        '\u{1d7ce}'..='\u{1d7ff}' => ascii((u32::from(c) - 0x1d7ce) % 10 + 0x30),
        '٠'..='٩' => ascii(u32::from(c) - 0x660 + 0x30),
        '⁰' | '₀' => ('0', Class::Digit),
        '“' | '”' | '‘' | '’' | '「' | '」' | '《' | '》' => ('"', Class::Quote),
        '°' | '′' | '″' | '￥' | '¥' => (c, Class::Other),
        '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2ffff}' | '\u{f900}'..='\u{faff}' => (c, Class::Han),
        _ => (c, Class::Other),
    })
}

fn ascii(code: u32) -> (char, Class) {
    let c = char::from_u32(code).unwrap_or(' ');
    let class = usize::try_from(code).ok().and_then(|code| ASCII.get(code)).copied();
    (c, class.unwrap_or(Class::Other))
}

/// The digit that a Chinese numeral writes.
pub(super) const fn numeral(c: char) -> Option<u8> {
    Some(match c {
        '零' | '〇' => b'0',
        '一' | '壹' | '幺' => b'1',
        '二' | '贰' | '貳' => b'2',
        '三' | '叁' | '參' => b'3',
        '四' | '肆' => b'4',
        '五' | '伍' => b'5',
        '六' | '陆' | '陸' => b'6',
        '七' | '柒' => b'7',
        '八' | '捌' => b'8',
        '九' | '玖' => b'9',
        _ => return None,
    })
}

/// Writes texts as the normaliser reads them. Keep one for many texts: after the first few it takes no more memory.
#[derive(Debug, Default)]
pub(crate) struct Folder(Vec<Symbol>);

impl Folder {
    /// Letters, digits and Han characters only: letters in capitals, digits of every width and Chinese numerals as
    /// ASCII digits, nothing between them.
    pub(crate) fn words(&mut self, text: &str) -> String {
        fold(text, &mut self.0);
        let read = |symbol: &Symbol| symbol.code().map_or(symbol.c, char::from);
        self.0.iter().filter(|symbol| symbol.class.is_word()).map(read).collect()
    }
}
