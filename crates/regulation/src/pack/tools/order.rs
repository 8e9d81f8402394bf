//! The order in which a text is read.

/// A key to sort clause ids and stage names by: 一 before 二, 九 before 十, the body before annexes, `x.2` before `x.10`.
#[must_use]
pub fn reading_order(id: &str) -> Vec<(u32, String)> {
    id.split(['.', '、']).map(part_order).collect()
}

fn part_order(part: &str) -> (u32, String) {
    const NUMERALS: &str = "一二三四五六七八九";
    let mut number = 0_u32;
    for c in part.chars() {
        let numeral = NUMERALS.chars().zip(1_u32..).find(|(found, _)| *found == c).map(|(_, digit)| digit);
        let (next, known) = match (c, c.to_digit(10), numeral) {
            ('十', ..) => (number.max(1).checked_mul(10), true),
            (_, Some(digit), _) => (number.checked_mul(10).and_then(|tens| tens.checked_add(digit)), true),
            (_, None, Some(digit)) => (number.checked_add(digit), true),
            (_, None, None) => (None, false),
        };
        match next {
            Some(next) if known => number = next,
            // Words come after numbers, in their own order.
            _ => return (u32::MAX, part.to_owned()),
        }
    }
    (number, String::new())
}
