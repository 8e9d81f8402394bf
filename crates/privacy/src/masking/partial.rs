//! The beginning and the end of a text.

/// Appends a text with only its ends shown. A text that is not longer than its ends together, or not of the length
/// that the column has, is filled from end to end; an empty one becomes a single fill.
pub(super) fn mask(value: &str, ends: (usize, usize), length: Option<usize>, fill: char, out: &mut String) {
    let count = value.chars().count();
    let (head, tail) = ends;
    let shown = head + tail < count && length.is_none_or(|length| length == count);
    if !shown {
        out.extend(std::iter::repeat_n(fill, count.max(1)));
        return;
    }
    let hidden = head..count - tail;
    out.extend(value.chars().enumerate().map(|(at, c)| if hidden.contains(&at) { fill } else { c }));
}
