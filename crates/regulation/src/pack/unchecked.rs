//! Citations that a tool wrote and nobody has looked at: their lines end in a comment that asks for it (请核对).
//!
//! Comments are no part of a pack's meaning; this one is kept so that checking a pack can say what is left to read.

use serde::Serialize;

/// How the comment begins.
pub(crate) const GUESSED: &str = "# 请核对";

/// A line whose citations are a guess.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// The file as the loader was given it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// The lines of a file that ask for a look.
pub(crate) fn scan<'a>(path: &'a str, text: &'a str) -> impl Iterator<Item = Unchecked> + 'a {
    let asks = |line: &str| match line.split_once(GUESSED) {
        // Within a word it is no comment.
        Some((before, _)) => before.is_empty() || before.ends_with([' ', '\t']),
        None => false,
    };
    let lines = (1_u32..).zip(text.lines()).filter(move |(_, line)| asks(line));
    lines.map(|(line, _)| Unchecked { file: path.to_owned(), line })
}
