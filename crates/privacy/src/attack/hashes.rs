//! The unkeyed hashes that weak masks are made of, and the ways they are written.

use std::collections::HashSet;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use sm3::Sm3;

/// Fewest hexadecimal, base64 and decimal characters of a hash that are taken for one.
const HEX_MIN: usize = 6;
const BASE64_MIN: usize = 6;
const DECIMAL_MIN: usize = 5;

/// Something everybody would try to put before or after a value.
#[derive(Debug)]
pub(super) struct Salt {
    before: String,
    after: String,
}

impl Salt {
    /// No salt, and the names and words that people use for one.
    pub(super) fn common(names: &[&str]) -> Vec<Self> {
        let mut salts = vec![Self { before: String::new(), after: String::new() }];
        for word in ["salt", "SALT", "123456", "secret", "key"].iter().chain(names) {
            salts.push(Self { before: (*word).to_owned(), after: String::new() });
            salts.push(Self { before: String::new(), after: (*word).to_owned() });
        }
        salts
    }

    pub(super) fn apply(&self, value: &str) -> Vec<u8> {
        [self.before.as_bytes(), value.as_bytes(), self.after.as_bytes()].concat()
    }
}

/// A masked value, ready to be compared with hashes.
#[derive(Debug)]
pub(super) struct Encoded {
    hex: Option<String>,
    base64: Option<String>,
    decimal: Option<String>,
}

impl Encoded {
    pub(super) fn new(masked: &str) -> Self {
        let masked = masked.trim_start_matches(['~', '#', '$']);
        let hex = masked.strip_prefix("0x").unwrap_or(masked).to_ascii_lowercase();
        let base64 = masked.trim_end_matches('=').replace('-', "+").replace('_', "/");
        let all = |text: &str, fits: &dyn Fn(u8) -> bool| text.bytes().all(fits);
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
        Self {
            decimal: (masked.len() >= DECIMAL_MIN && all(masked, &|b| b.is_ascii_digit()))
                .then(|| masked.to_owned()),
            hex: (hex.len() >= HEX_MIN && all(&hex, &|b| b.is_ascii_hexdigit())).then_some(hex),
            base64: (base64.len() >= BASE64_MIN && all(&base64, &plain)).then_some(base64),
        }
    }
}

/// All hashes of one value: hexadecimal, base64 without padding, and the first eight bytes as a number.
#[derive(Debug)]
pub(super) struct Hashes {
    hex: [String; 5],
    base64: [String; 5],
    number: [u64; 5],
}

impl Hashes {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let digests: [Vec<u8>; 5] = [
            Md5::digest(bytes).to_vec(),
            Sha1::digest(bytes).to_vec(),
            Sha256::digest(bytes).to_vec(),
            Sha512::digest(bytes).to_vec(),
            Sm3::digest(bytes).to_vec(),
        ];
        Self {
            hex: digests.each_ref().map(hex::encode),
            base64: digests.each_ref().map(|digest| base64(digest)),
            number: digests
                .each_ref()
                .map(|digest| digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
        }
    }

    /// Which of the hashes a masked value is, whole or cut; a number of the way it is written.
    pub(super) fn find(&self, masked: &Encoded) -> Option<usize> {
        let cut = |whole: &str, part: &str| {
            // From the middle only what cannot be there by chance.
            whole.starts_with(part) || whole.ends_with(part) || part.len() >= 8 && whole.contains(part)
        };
        let at = |texts: &[String; 5], part: &Option<String>| {
            let part = part.as_ref()?;
            texts.iter().position(|whole| cut(whole, part))
        };
        at(&self.hex, &masked.hex)
            .or_else(|| at(&self.base64, &masked.base64).map(|at| at + 5))
            .or_else(|| self.decimal(masked.decimal.as_ref()?).map(|at| at + 10))
    }

    /// A hash as a number, whole or its last digits.
    fn decimal(&self, masked: &str) -> Option<usize> {
        self.number.iter().position(|number| {
            let (whole, signed) = (number.to_string(), (number >> 1).to_string());
            whole.ends_with(masked) || signed.ends_with(masked)
        })
    }
}

/// Masked values in which hashes are looked up.
#[derive(Debug)]
pub(super) struct Search {
    texts: HashSet<String>,
    lengths: Vec<usize>,
}

impl Search {
    pub(super) fn new<'a>(masked: impl Iterator<Item = &'a str>) -> Self {
        let mut texts = HashSet::new();
        for value in masked {
            let encoded = Encoded::new(value);
            texts.extend(encoded.hex.into_iter().chain(encoded.base64));
        }
        let mut lengths: Vec<usize> = texts.iter().map(String::len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        // Limit: tokens have one length, or a few.
        lengths.truncate(16);
        Self { texts, lengths }
    }

    /// Is one of the hashes among the values, whole, or its beginning, end or middle half?
    pub(super) fn finds(&self, hashes: &Hashes) -> bool {
        hashes.hex.iter().chain(&hashes.base64).any(|whole| {
            self.lengths.iter().any(|length| {
                let middle = whole.len().saturating_sub(*length) / 2;
                let parts = [0, middle, whole.len().saturating_sub(*length)];
                parts
                    .iter()
                    .any(|from| whole.get(*from..from + length).is_some_and(|part| self.texts.contains(part)))
            })
        })
    }
}

/// Base64 without padding. *Source*: RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..=three.len() {
            let at = usize::try_from(bits >> (18 - 6 * digit) & 63).unwrap_or(0);
            text.push(char::from(DIGITS.get(at).copied().unwrap_or(b'A')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_are_found_in_every_way_of_writing() {
        // Source: RFC 1321, FIPS 180-4 and GB/T 32905 give these of `abc`.
        let hashes = Hashes::of(b"abc");
        for (hash, written) in [
            (0, "900150983cd24fb0d6963f7d28e17f72"),
            (0, "3CD24FB0D6963F7D"),
            (1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (2, "ba7816bf8f01cfea"),
            (2, "~f20015ad"),
            (4, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
            (5, "kAFQmDzST7DWlj99KOF/cg=="),
            (7, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"),
        ] {
            assert_eq!(hashes.find(&Encoded::new(written)), Some(hash), "{written}");
        }
        for other in ["900150983cd24fb0d6963f7d28e17f73", "9001", "", "张三", "kAFQmDzST7DWlj99KOF/ch"] {
            assert_eq!(hashes.find(&Encoded::new(other)), None, "{other}");
        }
        assert!(Search::new(["0x3cd24fb0d6963f7d", "x"].into_iter()).finds(&hashes));
        assert!(!Search::new(["3cd24fb0d6963f7e"].into_iter()).finds(&hashes));
    }
}
