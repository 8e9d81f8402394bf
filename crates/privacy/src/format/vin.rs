//! Vehicle identification numbers (ISO 3779, GB 16735).

/// How far a number of seventeen characters is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vin {
    /// The ninth character is the check digit of the others.
    Checked,
    /// The shape only: makers outside China and North America leave the check digit out.
    Shape,
}

/// Seventeen characters in upper case: letters without I, O and Q, four digits at the end, and at least one
/// letter.
pub(crate) fn vin(bytes: &[u8]) -> Option<Vin> {
    let tail = bytes.get(13..)?;
    if bytes.len() != 17 || !tail.iter().all(u8::is_ascii_digit) || bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let check = vin_check(bytes)?;
    Some(if bytes.get(8) == Some(&check) { Vin::Checked } else { Vin::Shape })
}

/// The ninth character that belongs to the others; `None` if one of them may not stand in a number.
pub(crate) fn vin_check(bytes: &[u8]) -> Option<u8> {
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let mut sum = 0;
    for (byte, weight) in bytes.iter().zip(weights) {
        sum += value(*byte)? * weight;
    }
    Some(match sum % 11 {
        10 => b'X',
        rest => b'0' + u8::try_from(rest).unwrap_or(0),
    })
}

const fn value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'0'..=b'9' => byte as u32 - b'0' as u32,
        b'A' | b'J' => 1,
        b'B' | b'K' | b'S' => 2,
        b'C' | b'L' | b'T' => 3,
        b'D' | b'M' | b'U' => 4,
        b'E' | b'N' | b'V' => 5,
        b'F' | b'W' => 6,
        b'G' | b'P' | b'X' => 7,
        b'H' | b'Y' => 8,
        b'R' | b'Z' => 9,
        _ => return None,
    })
}
