//! Rows of a comparison: the first side, the second side, and whether they say the same.

use super::document::{Mark, Row};
use super::text::Text;

/// What the column about the comparison says.
pub(super) fn verdict(mark: Mark) -> Text {
    match mark {
        Mark::Same => Text::new("相同", "same"),
        Mark::Differs => Text::new("不同", "differs"),
        Mark::OnlyOne => Text::new("仅一方有", "only one"),
        Mark::None => Text::default(),
    }
}

/// How two texts compare; an empty one is absent.
pub(super) fn compared(a: &Text, b: &Text) -> Mark {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Mark::None,
        (false, false) if a.zh == b.zh => Mark::Same,
        (false, false) => Mark::Differs,
        _ => Mark::OnlyOne,
    }
}

/// A row `subject | first | second | verdict`.
pub(super) fn row(subject: Text, a: Text, b: Text) -> Row {
    let mark = compared(&a, &b);
    Row { cells: vec![subject, or_none(a), or_none(b), verdict(mark)], mark }
}

/// A row with a verdict of its own.
pub(super) fn judged(subject: Text, a: Text, b: Text, mark: Mark, words: Text) -> Row {
    Row { cells: vec![subject, or_none(a), or_none(b), words], mark }
}

/// A dash for what is not there.
pub(super) fn or_none(text: Text) -> Text {
    if text.is_empty() { Text::same("—") } else { text }
}
