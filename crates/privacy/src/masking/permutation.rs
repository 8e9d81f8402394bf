//! Keyed permutations of number ranges of any size from a million on.

use aes::Aes128;

use super::ff1::{DOMAIN_MIN, Ff1, LANES, Lane, Shape};

/// Bytes of a tweak. Shorter by one than what would need a second block in the round function, and enough for
/// all that stays visible of any identifier.
const TWEAK_BYTES: usize = 11;

/// A family of keyed permutations of `0..size`, one for each tweak and size: FF1 on the numeral strings of the least
/// radix that cover the range, with cycle walking for the strings outside.
///
/// Ranges that are no power of ten (days of eight years × sequence numbers) are so permuted with one walk in
/// almost every case: fewer than one string in five hundred lies outside.
///
/// *Limits*: sizes from 10⁶ to 2⁶⁴ − 1. A keyed permutation of a smaller range hides little, and is refused.
pub(super) struct Permutation(Ff1<Aes128>);

/// A number to be permuted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// Chooses the permutation: what stays visible beside the number. Below 2⁸⁸.
    pub(super) tweak: u128,
    /// The number; a number outside `0..size` stays.
    pub(super) value: u64,
    /// The range.
    size: u64,
    /// The part of the range, by tweak and number, that is permuted within itself. `value` is in it.
    inside: fn(u128, u64) -> bool,
}

impl Point {
    /// A point of a whole range; `None` if the range is too small to hide anything or the tweak too long.
    pub(super) fn new(tweak: u128, value: u64, size: u64) -> Option<Self> {
        let sound = size >= DOMAIN_MIN && value < size && tweak >> (8 * TWEAK_BYTES) == 0;
        sound.then_some(Self { tweak, value, size, inside: |_, _| true })
    }

    /// The point, in a part of its range. The part must hold at least a million.
    pub(super) fn within(self, inside: fn(u128, u64) -> bool) -> Option<Self> {
        inside(self.tweak, self.value).then_some(Self { inside, ..self })
    }

    /// A number that stays.
    pub(super) fn idle() -> Self {
        Self { tweak: 0, value: 0, size: 0, inside: |_, _| true }
    }
}

impl Permutation {
    pub(super) const fn new(cipher: Aes128) -> Self {
        Self(Ff1::new(cipher))
    }

    /// Moves every point to where its permutation takes it.
    pub(super) fn permute(&self, points: &mut [Point]) {
        let mut starts = Vec::new();
        let mut lanes = Vec::with_capacity(LANES);
        let mut blocks = Vec::with_capacity(LANES);
        for chunk in points.chunks_mut(LANES) {
            lanes.clear();
            lanes.extend(chunk.iter().enumerate().filter_map(|(index, point)| {
                let start = self.start(&mut starts, point)?;
                Some(Lane::short(start, point.tweak, index, start.0.split(point.value)))
            }));
            // Walking a cycle that passes through the starting point, which is in range and inside, so the loop ends.
            while !lanes.is_empty() {
                self.0.encrypt_lanes(&mut lanes, &mut blocks);
                lanes.retain(|lane: &Lane| {
                    let Some(point) = chunk.get_mut(lane.index) else { return false };
                    let value = lane.shape.join(lane.halves);
                    let arrived = value < point.size && (point.inside)(point.tweak, value);
                    if arrived {
                        point.value = value;
                    }
                    !arrived
                });
            }
        }
    }

    /// Shape and beginning for a range. A column has one or a few.
    fn start(&self, known: &mut Vec<(u64, Shape, u128)>, point: &Point) -> Option<(Shape, u128)> {
        if point.value >= point.size {
            return None;
        }
        if let Some((_, shape, start)) = known.iter().find(|(size, ..)| *size == point.size) {
            return Some((*shape, *start));
        }
        let shape = Shape::covering(point.size)?;
        let start = self.0.start(shape, TWEAK_BYTES);
        known.push((point.size, shape, start));
        Some((shape, start))
    }
}
