//! The fonts of the crate, and what they can print.
//!
//! Source: Noto Sans SC under the SIL Open Font License 1.1, see `fonts/README.md`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

const REGULAR: &[u8] = include_bytes!("../fonts/NotoSansSC-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/NotoSansSC-Bold.ttf");

/// Stands for a character the fonts lack; printers in East Asia have used the mark for that since lead type.
pub(crate) const GETA: char = '〓';

/// Fonts in the order of the book.
pub(crate) static FONTS: LazyLock<Vec<Font>> =
    LazyLock::new(|| [REGULAR, BOLD].into_iter().filter_map(|data| Font::new(Bytes::new(data), 0)).collect());

pub(crate) static BOOK: LazyLock<LazyHash<FontBook>> =
    LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));

/// Name of the family.
pub(crate) const TYPEFACE: &str = "Noto Sans SC";

/// The font files.
pub(crate) const fn typefaces() -> [&'static [u8]; 2] {
    [REGULAR, BOLD]
}

/// Whether a character can be printed, in both weights. Line breaks count as printable.
#[must_use]
pub fn covers(c: char) -> bool {
    c == '\n' || (!c.is_control() && (0..FONTS.len()).all(|index| has(index, c)))
}

/// Characters of one word after which it may be broken.
const WORD_CHARS: usize = 24;

/// Whether a character is joined to its neighbours, so that a line does not break between them.
fn joins(c: char) -> bool {
    !c.is_whitespace() && u32::from(c) < 0x2E80
}

/// Characters of the longest word of a text.
pub(crate) fn longest_word(text: &str) -> usize {
    text.split(|c| !joins(c)).map(|word| word.chars().count()).max().unwrap_or(0)
}

/// The text with places to break inside words too long for a line (digests, addresses, tables' names), so that none
/// runs off the sheet. A zero-width space is no character of the text and prints nothing.
pub(crate) fn breakable(text: &str) -> String {
    let mut broken = String::with_capacity(text.len());
    let mut run = 0;
    for c in text.chars() {
        run = if joins(c) { run + 1 } else { 0 };
        if run > WORD_CHARS {
            broken.push('\u{200b}');
            run = 1;
        }
        broken.push(c);
    }
    broken
}

fn has(index: usize, c: char) -> bool {
    BOOK.info(index).is_some_and(|info| info.coverage.contains(u32::from(c)))
}

/// The text as it can be printed: line ends and tabs made plain, what the fonts lack replaced and noted.
pub(crate) fn printable(text: &str, missing: &mut BTreeSet<char>) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
    let shown = |c: char| {
        if covers(c) {
            return c;
        }
        missing.insert(c);
        GETA
    };
    text.chars().map(shown).collect()
}
