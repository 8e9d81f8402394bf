//! Telephone numbers.

/// Eleven digits that a mobile network gives out.
///
/// *Source*: the ministry's numbering plan. 154, 160, 161, 163, 164, 168, 169, 179 and 194 belong to nobody;
/// 142 and 143 do not either, and pass because made-up registers are written with them.
pub(crate) fn is_mobile(digits: &[u8]) -> bool {
    let [b'1', second, third, rest @ ..] = digits else { return false };
    rest.len() == 8
        && rest.iter().all(u8::is_ascii_digit)
        && match second {
            b'3' | b'4' | b'8' => third.is_ascii_digit(),
            b'5' | b'9' => third.is_ascii_digit() && *third != b'4',
            b'6' => matches!(third, b'2' | b'5'..=b'7'),
            b'7' => matches!(third, b'0'..=b'8'),
            _ => false,
        }
}

/// Area code and number of a fixed line, with or without the leading nought: how many digits the area code
/// has.
pub(crate) fn landline(digits: &[u8]) -> Option<usize> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let area = match digits {
        [b'0', b'1', b'0', ..] | [b'0', b'2', b'0'..=b'9', ..] => 3,
        [b'0', b'3'..=b'9', b'1'..=b'9', ..] | [b'0', b'5' | b'8' | b'9', b'0', ..] => 4,
        _ => return None,
    };
    let local = digits.get(area..)?;
    // Numbers of seven digits have gone from the cities with short area codes.
    let long = local.len() == 8 || local.len() == 7 && area == 4;
    (long && matches!(local.first(), Some(b'2'..=b'8'))).then_some(area)
}
