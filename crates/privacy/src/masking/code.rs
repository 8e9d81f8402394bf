//! FF1 over whole texts: codes of one length and alphabet.

use std::sync::Arc;

use aes::Aes128;
use arrow::array::{Array, ArrayRef, StringArray, StringBuilder};

use super::Alphabet;
use super::ff1::{Ff1, LANES, Shape};
use super::key::{KeyedHash, MaskKey};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Alphabet {
    /// How many characters it has.
    pub(crate) const fn size(self) -> u32 {
        match self {
            Self::Digits => 10,
            Self::Upper | Self::Lower => 36,
            Self::Mixed => 62,
        }
    }

    fn value(self, byte: u8) -> Option<u64> {
        let value = match (byte, self) {
            (b'0'..=b'9', _) => byte - b'0',
            (b'A'..=b'Z', Self::Upper | Self::Mixed) => byte - b'A' + 10,
            (b'a'..=b'z', Self::Lower) => byte - b'a' + 10,
            (b'a'..=b'z', Self::Mixed) => byte - b'a' + 36,
            _ => return None,
        };
        Some(u64::from(value))
    }

    pub(crate) fn digit(self, value: u64) -> u8 {
        let value = if self == Self::Lower && value > 9 { value + 26 } else { value };
        usize::try_from(value).ok().and_then(|value| DIGITS.get(value)).copied().unwrap_or(b'0')
    }

    /// The number that a half writes; halves are below 2⁶⁴.
    fn number(self, half: &[u8]) -> Option<u64> {
        let size = u64::from(self.size());
        half.iter().try_fold(0_u64, |sum, byte| sum.checked_mul(size)?.checked_add(self.value(*byte)?))
    }

    fn write(self, out: &mut [u8], mut number: u64) {
        let size = u64::from(self.size());
        for byte in out.iter_mut().rev() {
            *byte = self.digit(number % size);
            number /= size;
        }
    }
}

/// The mask with its keys ready. The tweak is empty: each domain has a key of its own.
pub(super) struct CodeMask {
    alphabet: Alphabet,
    length: usize,
    start: (Shape, u128),
    ff1: Ff1<Aes128>,
    token: KeyedHash,
}

impl CodeMask {
    pub(super) fn new(alphabet: Alphabet, length: u8, domain: &str, key: &MaskKey) -> Option<Self> {
        let shape = Shape::new(alphabet.size(), u32::from(length))?;
        let name = format!("code:{domain}");
        let ff1 = Ff1::new(key.cipher(&name));
        let start = (shape, ff1.start(shape, 0));
        Some(Self { alphabet, length: length.into(), start, ff1, token: key.hash("token", &name) })
    }

    /// Masks a column. What is not of the length or the alphabet becomes a token.
    pub(super) fn mask(&self, column: &StringArray) -> ArrayRef {
        let mut builder = StringBuilder::with_capacity(column.len(), column.value_data().len());
        let (mut lanes, mut blocks) = (Vec::with_capacity(LANES), Vec::with_capacity(LANES));
        let mut buffer = String::new();
        let mut digits = vec![0; self.length];
        let front = self.length / 2;
        for start in (0..column.len()).step_by(LANES) {
            let rows = start..column.len().min(start + LANES);
            lanes.clear();
            lanes.extend(rows.clone().filter(|row| column.is_valid(*row)).filter_map(|row| {
                let bytes = column.value(row).as_bytes();
                let (first, second) = bytes.split_at_checked(front)?;
                let halves = (self.alphabet.number(first)?, self.alphabet.number(second)?);
                (bytes.len() == self.length).then(|| self.ff1.lane(self.start, &[], row, halves))
            }));
            self.ff1.encrypt_lanes(self.start.0, &mut lanes, &mut blocks);
            let mut done = lanes.iter().peekable();
            for row in rows {
                if column.is_null(row) {
                    builder.append_null();
                    continue;
                }
                buffer.clear();
                match done.next_if(|lane| lane.index == row) {
                    Some(lane) => {
                        let (first, second) = digits.split_at_mut(front);
                        self.alphabet.write(first, lane.halves.0);
                        self.alphabet.write(second, lane.halves.1);
                        buffer.extend(digits.iter().map(|byte| char::from(*byte)));
                    }
                    None => self.token.token(column.value(row).as_bytes(), &mut buffer),
                }
                builder.append_value(&buffer);
            }
        }
        Arc::new(builder.finish())
    }
}
