//! Which encoding a text file has: UTF-8 with or without byte order mark, or GB18030.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::faults::whole;
use crate::Error;

/// So many well-formed characters beyond ASCII make one malformed one look like damage, not like another encoding.
const SOUND_PER_DAMAGED: usize = 20;

/// The text of a file and the name of its encoding. Malformed places become U+FFFD, which the check of rows reports.
///
/// # Errors
/// `domain.intake` for UTF-16, which no check of rows could report sensibly.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, &'static str), Error> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(whole(0, "csv.utf16"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((Cow::Borrowed(text), "utf-8"));
    }
    let utf8 = String::from_utf8_lossy(bytes);
    let damaged = utf8.matches('\u{fffd}').count();
    let sound = utf8.chars().filter(|c| !c.is_ascii() && *c != '\u{fffd}').count();
    if sound >= damaged.saturating_mul(SOUND_PER_DAMAGED) {
        return Ok((utf8, "utf-8"));
    }
    let (text, _) = GB18030.decode_without_bom_handling(bytes);
    Ok((text, "gb18030"))
}
