//! Protocol buffers: reading strictly, writing in one way.

use super::Refusal;

/// One field of a message.
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// The fields of a message, one after the other. Messages inside are bytes until somebody reads them, so that nesting costs
/// nothing.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Refusal> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Refusal::Format)?;
                Value::Bytes(self.take(length)?)
            }
            5 => {
                let bytes = self.take(4)?.first_chunk::<4>().ok_or(Refusal::Format)?;
                Value::Fixed32(u32::from_le_bytes(*bytes))
            }
            // Doubles have no place in the subset; groups are out of use.
            _ => return Err(Refusal::Format),
        };
        Ok(Some((tag >> 3, value)))
    }

    /// At most ten bytes, and within 64 bits.
    pub(super) fn varint(&mut self) -> Result<u64, Refusal> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?.first().copied().ok_or(Refusal::Format)?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return Err(Refusal::Format);
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Refusal::Format)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(Refusal::Format)?;
        self.0 = rest;
        Ok(head)
    }
}

impl<'a> Value<'a> {
    pub(super) fn bytes(&self) -> Result<&'a [u8], Refusal> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Refusal::Format) }
    }

    pub(super) fn text(&self) -> Result<&'a str, Refusal> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Refusal::Format)
    }

    pub(super) fn integer(&self) -> Result<i64, Refusal> {
        if let Self::Varint(value) = self { Ok(value.cast_signed()) } else { Err(Refusal::Format) }
    }

    pub(super) fn float(&self) -> Result<f32, Refusal> {
        if let Self::Fixed32(value) = self { Ok(f32::from_bits(*value)) } else { Err(Refusal::Format) }
    }

    /// One of a list of integers, or many of them packed.
    pub(super) fn integers(&self, out: &mut Vec<i64>) -> Result<(), Refusal> {
        let Self::Bytes(bytes) = self else {
            out.push(self.integer()?);
            return Ok(());
        };
        let mut fields = Fields(bytes);
        while !fields.0.is_empty() {
            out.push(fields.varint()?.cast_signed());
        }
        Ok(())
    }

    /// One of a list of floats, or many of them packed.
    pub(super) fn floats(&self, out: &mut Vec<f32>) -> Result<(), Refusal> {
        let Self::Bytes(bytes) = self else {
            out.push(self.float()?);
            return Ok(());
        };
        let (chunks, rest) = bytes.as_chunks::<4>();
        out.extend(chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)));
        if rest.is_empty() { Ok(()) } else { Err(Refusal::Format) }
    }
}

/// A message being written.
#[derive(Default)]
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap_or(0));
    }

    pub(super) fn integer(&mut self, field: u64, value: i64) {
        self.varint(field << 3);
        self.varint(value.cast_unsigned());
    }

    pub(super) fn float(&mut self, field: u64, value: f32) {
        self.varint(field << 3 | 5);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn message(&mut self, field: u64, message: &Self) {
        self.bytes(field, &message.0);
    }

    pub(super) fn integers(&mut self, field: u64, values: &[i64]) {
        let mut packed = Self::default();
        values.iter().for_each(|value| packed.varint(value.cast_unsigned()));
        self.message(field, &packed);
    }

    pub(super) fn floats(&mut self, field: u64, values: &[f32]) {
        let packed: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.bytes(field, &packed);
    }
}
