//! FF1, the format-preserving encryption of NIST SP 800-38G, over numeral strings kept as two numbers.
//!
//! A numeral string of `length` numerals to base `radix` is held as its two halves, each a number: the standard's
//! conversions between strings and numbers fall away, and a round is one cipher call and one addition.
//! Many strings go through the rounds together, because a cipher call has a fixed cost that is many times
//! that of one block.

use aes::cipher::consts::U16;
use aes::cipher::{Array, BlockCipherEncrypt, BlockSizeUser};

/// Rounds of the Feistel network. Source: SP 800-38G, 5.3.
const ROUNDS: u8 = 10;
/// Strings taken through the rounds together.
pub(super) const LANES: usize = 128;
/// The smallest domain. Source: SP 800-38G Rev. 1 (draft), 5.2; below it the published attacks on small domains
/// are within reach.
pub(super) const DOMAIN_MIN: u64 = 1_000_000;

pub(super) type Block = Array<u8, U16>;

/// A modulus with its reciprocal: ten reductions a string are too many divisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Modulus {
    value: u64,
    inverse: u64,
}

impl Modulus {
    const fn new(value: u64) -> Self {
        Self { value, inverse: u64::MAX / value }
    }

    /// Quotient and remainder of a number, for moduli up to 2³².
    ///
    /// The estimated quotient is too small by at most one: the reciprocal is too small by less than one in 2⁶⁴.
    fn divide(self, number: u64) -> (u64, u64) {
        let estimate = (u128::from(number) * u128::from(self.inverse)) >> 64;
        let quotient = u64::try_from(estimate).unwrap_or(0);
        let rest = number - quotient * self.value;
        if rest >= self.value { (quotient + 1, rest - self.value) } else { (quotient, rest) }
    }

    /// `(a + b) mod value` of two remainders.
    const fn add(self, a: u64, b: u64) -> u64 {
        let room = self.value - a;
        if b >= room { b - room } else { a + b }
    }

    /// `(a − b) mod value` of two remainders.
    #[cfg(test)]
    const fn subtract(self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { self.value - (b - a) }
    }
}

/// Radix and length of numeral strings, with what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    radix: u32,
    length: u32,
    /// `radix^⌊length/2⌋`, of the first half.
    front: Modulus,
    /// `radix^⌈length/2⌉`, of the second half.
    back: Modulus,
    /// Bytes that hold a second half: `b` of the standard.
    bytes: u32,
}

impl Shape {
    /// *Limits*: radix 2–65536, at least two numerals, at least [`DOMAIN_MIN`] strings, halves below 2⁶⁴; `None` for
    /// the rest.
    pub(super) fn new(radix: u32, length: u32) -> Option<Self> {
        if !(2..=1 << 16).contains(&radix) || length < 2 {
            return None;
        }
        let front = u64::from(radix).checked_pow(length / 2)?;
        let back = u64::from(radix).checked_pow(length - length / 2)?;
        let large = u128::from(front) * u128::from(back) >= u128::from(DOMAIN_MIN);
        let bytes = (u64::BITS - (back - 1).leading_zeros()).div_ceil(8);
        let (front, back) = (Modulus::new(front), Modulus::new(back));
        large.then_some(Self { radix, length, front, back, bytes })
    }

    /// The shape with the fewest strings that has at least `size`: two numerals, or four above 2³².
    pub(super) fn covering(size: u64) -> Option<Self> {
        let root = |size: u64| {
            let root = size.isqrt();
            if root * root == size { root } else { root + 1 }
        };
        let (radix, length) = if size <= 1 << 32 { (root(size), 2) } else { (root(root(size)), 4) };
        Self::new(u32::try_from(radix).ok()?, length)
    }

    /// Halves below 2³²: a draw is one word of the cipher block.
    const fn is_narrow(self) -> bool {
        self.bytes <= 4
    }

    /// A round's number where it stands in the round function's last block.
    fn number(self, round: u8) -> u128 {
        u128::from(round) << (8 * self.bytes)
    }

    const fn modulus(self, round: u8) -> Modulus {
        if round.is_multiple_of(2) { self.front } else { self.back }
    }

    /// The two halves of the string that is the number; of narrow shapes.
    pub(super) fn split(self, number: u64) -> (u64, u64) {
        self.back.divide(number)
    }

    /// The number that is the string of two halves; of narrow shapes.
    pub(super) const fn join(self, (front, back): (u64, u64)) -> u64 {
        front.wrapping_mul(self.back.value).wrapping_add(back)
    }
}

/// A numeral string on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    /// What the caller knows it by.
    pub(super) index: usize,
    /// First and second half.
    pub(super) halves: (u64, u64),
    /// State of the round function before its last block, with what is fixed in that block added.
    base: u128,
}

/// A key of FF1.
pub(super) struct Ff1<C>(C);

impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>> Ff1<C> {
    pub(super) const fn new(cipher: C) -> Self {
        Self(cipher)
    }

    /// The round function's state after its first block (`P`), for tweaks of so many bytes.
    pub(super) fn start(&self, shape: Shape, tweak_bytes: usize) -> u128 {
        let low = u128::from(shape.length) << 32 | u128::try_from(tweak_bytes).unwrap_or(0);
        let halves = u128::from(shape.length / 2 % 256);
        let first = 0x01_02_01_u128 << 104 | u128::from(shape.radix) << 80 | 10 << 72 | halves << 64 | low;
        self.encrypt(first)
    }

    /// A string ready for the rounds. `start` is that of the shape and the tweak's length.
    pub(super) fn lane(
        &self,
        (shape, start): (Shape, u128),
        tweak: &[u8],
        index: usize,
        halves: (u64, u64),
    ) -> Lane {
        let tail = usize::try_from(shape.bytes).unwrap_or(0) + 1;
        let count = (tweak.len() + tail).div_ceil(16);
        let mut base = start;
        for block in 0..count {
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(tweak.iter().skip(block * 16)).for_each(|(to, from)| *to = *from);
            base ^= u128::from_be_bytes(bytes);
            if block + 1 < count {
                base = self.encrypt(base);
            }
        }
        Lane { index, halves, base }
    }

    /// Encrypts strings of one shape. `blocks` is scratch.
    pub(super) fn encrypt_lanes(&self, shape: Shape, lanes: &mut [Lane], blocks: &mut Vec<Block>) {
        for round in 0..ROUNDS {
            let (number, modulus) = (shape.number(round), shape.modulus(round));
            blocks.clear();
            blocks.extend(lanes.iter().map(|lane| lane.input(number, lane.halves.1)));
            self.0.encrypt_blocks(blocks);
            let next = |lane: &mut Lane, drawn| {
                lane.halves = (lane.halves.1, modulus.add(lane.halves.0, drawn));
            };
            if shape.is_narrow() {
                lanes.iter_mut().zip(&*blocks).for_each(|(lane, block)| next(lane, narrow(block, modulus)));
            } else {
                lanes.iter_mut().zip(&*blocks).for_each(|(lane, block)| next(lane, wide(block, modulus)));
            }
        }
    }

    /// Decrypts strings of one shape.
    #[cfg(test)]
    pub(super) fn decrypt_lanes(&self, shape: Shape, lanes: &mut [Lane]) {
        for lane in lanes {
            for round in (0..ROUNDS).rev() {
                let mut block = lane.input(shape.number(round), lane.halves.0);
                self.0.encrypt_block(&mut block);
                let modulus = shape.modulus(round);
                let drawn = if shape.is_narrow() { narrow(&block, modulus) } else { wide(&block, modulus) };
                lane.halves = (modulus.subtract(lane.halves.1, drawn), lane.halves.0);
            }
        }
    }

    fn encrypt(&self, block: u128) -> u128 {
        let mut block = Array(block.to_be_bytes());
        self.0.encrypt_block(&mut block);
        u128::from_be_bytes(block.0)
    }
}

impl Lane {
    /// As [`Ff1::lane`], of a narrow shape with a tweak of eleven bytes, which share the last block with the rest.
    pub(super) const fn short(start: u128, tweak: u128, index: usize, halves: (u64, u64)) -> Self {
        Self { index, halves, base: start ^ tweak << 40 }
    }

    /// The round function's last block: number of the round, then one half.
    fn input(&self, number: u128, half: u64) -> Block {
        Array((self.base ^ number ^ u128::from(half)).to_be_bytes())
    }
}

/// The leading `4⌈b/4⌉ + 4` bytes of a block as a number, reduced: eight for halves of at most four bytes.
fn narrow(block: &Block, modulus: Modulus) -> u64 {
    let word = u128::from_be_bytes(block.0) >> 64;
    modulus.divide(u64::try_from(word).unwrap_or(0)).1
}

/// The same for halves of up to eight bytes: twelve, so the standard's further blocks are never called for.
fn wide(block: &Block, modulus: Modulus) -> u64 {
    let word = u128::from_be_bytes(block.0) >> 32;
    u64::try_from(word % u128::from(modulus.value)).unwrap_or(0)
}
