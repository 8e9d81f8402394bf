//! How large a number in a template may be. A table of a million columns would not end otherwise.

/// Units and the largest number of each.
const UNITS: &[(&str, f64)] =
    &[("pt", 100.0), ("mm", 290.0), ("cm", 29.0), ("em", 20.0), ("fr", 100.0), ("%", 100.0), ("", 100.0)];

/// A decimal number with a unit that is allowed, within its bound.
pub(crate) fn is_modest(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = text.strip_suffix(unit).unwrap_or(text);
    let bound = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bound)| *bound);
    match (number.parse::<f64>(), bound) {
        (Ok(number), Some(bound)) => number <= bound,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_modest;

    #[test]
    fn numbers_are_bounded() {
        for text in ["0", "12pt", "1fr", "2.5cm", "100%", ".5em", "100"] {
            assert!(is_modest(text), "{text}");
        }
        for text in ["101", "1e9", "0xffff", "30cm", "1in", "200fr", "90deg", "1.2.3pt", "999999999999", "pt"]
        {
            assert!(!is_modest(text), "{text}");
        }
    }
}
