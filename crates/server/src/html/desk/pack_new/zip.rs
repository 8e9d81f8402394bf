//! A folder as one ZIP file, stored without compression, names in UTF-8: what every desktop opens without a program of
//! ours. Texts of a pack are small; a library for more than this is not worth its weight.

/// Bit 11 of the flags: names are UTF-8.
const UTF8: u16 = 1 << 11;
/// 1980-01-01, the first day the format knows: the same folder gives the same bytes.
const DAY: u16 = (1 << 5) | 1;
/// Version needed to read it: 2.0, for folders in names.
const NEEDED: u16 = 20;

/// The file's bytes; `None` when it would be larger than the format can say.
pub(super) fn stored(files: &[(String, &str)]) -> Option<Vec<u8>> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let (at, size) = (u32::try_from(out.len()).ok()?, u32::try_from(text.len()).ok()?);
        let length = u16::try_from(name.len()).ok()?;
        let mut common = Vec::new();
        for number in [NEEDED, UTF8, 0, 0, DAY] {
            common.extend(number.to_le_bytes());
        }
        for number in [crc32(text.as_bytes()), size, size] {
            common.extend(number.to_le_bytes());
        }
        common.extend(length.to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(text.as_bytes());
        directory.extend(0x0201_4b50_u32.to_le_bytes());
        directory.extend(NEEDED.to_le_bytes());
        directory.extend(&common);
        // No comment, one disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, size) = (u32::try_from(out.len()).ok()?, u32::try_from(directory.len()).ok()?);
    let count = u16::try_from(files.len()).ok()?;
    out.extend(directory);
    out.extend(0x0605_4b50_u32.to_le_bytes());
    out.extend([0; 4]);
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0; 2]);
    Some(out)
}

/// The check sum of the format (CRC-32 of Ethernet), bit by bit: the texts are small.
fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            let low = sum & 1;
            sum = (sum >> 1) ^ (0xedb8_8320 * low);
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_sums_are_those_of_the_format() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn the_directory_leads_to_every_file() {
        let files = [("包/一.yaml".to_owned(), "甲: 1\n"), ("包/二.yaml".to_owned(), "")];
        let bytes = stored(&files).unwrap();
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let end = bytes.len() - 22;
        assert_eq!((number(end), bytes[end + 10]), (0x0605_4b50, 2));
        let mut at = number(end + 16);
        for (name, text) in files {
            let (length, from) = (usize::from(bytes[at + 28]), number(at + 42));
            assert_eq!((number(at), &bytes[at + 46..at + 46 + length]), (0x0201_4b50, name.as_bytes()));
            let start = from + 30 + length;
            assert_eq!((number(from), &bytes[start..start + text.len()]), (0x0403_4b50, text.as_bytes()));
            at += 46 + length;
        }
        assert_eq!(at, end);
    }
}
