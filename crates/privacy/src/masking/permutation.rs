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
        let mut groups = Vec::new();
        let mut blocks = Vec::with_capacity(LANES);
        for chunk in points.chunks_mut(LANES) {
            for (index, point) in chunk.iter().enumerate().filter(|(_, point)| point.value < point.size) {
                if let Some(group) = self.group(&mut groups, point.size) {
                    let halves = group.shape.split(point.value);
                    group.lanes.push(Lane::short(group.start, point.tweak, index, halves));
                }
            }
            for Group { shape, lanes, .. } in &mut groups {
                // Walking a cycle that passes through the starting point, which is in range and inside, so the loop ends.
                while !lanes.is_empty() {
                    self.0.encrypt_lanes(*shape, lanes, &mut blocks);
                    lanes.retain(|lane| {
                        let Some(point) = chunk.get_mut(lane.index) else { return false };
                        let value = shape.join(lane.halves);
                        let arrived = value < point.size && (point.inside)(point.tweak, value);
                        if arrived {
                            point.value = value;
                        }
                        !arrived
                    });
                }
            }
        }
    }

    /// The group of a range. A column has one or a few.
    fn group<'a>(&self, groups: &'a mut Vec<Group>, size: u64) -> Option<&'a mut Group> {
        let known = groups.iter().position(|group| group.size == size);
        let at = match known {
            Some(at) => at,
            None => {
                let shape = Shape::covering(size)?;
                let start = self.0.start(shape, TWEAK_BYTES);
                groups.push(Group { size, shape, start, lanes: Vec::with_capacity(LANES) });
                groups.len() - 1
            }
        };
        groups.get_mut(at)
    }
}

/// Points of ranges of one size, which go through the rounds together.
struct Group {
    size: u64,
    shape: Shape,
    start: u128,
    lanes: Vec<Lane>,
}
