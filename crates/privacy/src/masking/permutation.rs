//! Keyed permutations of number ranges of any size.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt};

/// Rounds of the Feistel network. FF1 uses ten as well.
const ROUNDS: u8 = 10;
/// Points taken through the rounds together. A cipher call has a fixed cost (keys are loaded, and on wide machines
/// broadcast) that is many times that of one block.
pub(super) const LANES: usize = 128;

/// A family of keyed permutations of `0..size`, one for each tweak and size: an alternating Feistel network over a
/// rectangle that just covers the range, with AES as round function, and cycle walking for the points outside.
///
/// It is the construction of NIST SP 800-38G's FF1, over numbers instead of digit strings: no conversion, and ranges
/// that are not a power of a radix (days of eight years × sequence numbers) are permuted directly.
///
/// *Limits*: sizes up to 2⁶³. Ranges below about a million are permuted, but a keyed permutation of a small range
/// hides little; callers choose ranges, and say why each is large enough.
pub(super) struct Permutation {
    tweaking: Aes128,
    round: Aes128,
}

/// A number to be permuted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// Chooses the permutation: what stays visible beside the number.
    pub(super) tweak: u128,
    /// The number; a number outside `0..size` stays.
    pub(super) value: u64,
    /// The range.
    pub(super) size: u64,
    /// The part of the range that is permuted within itself. `value` is in it.
    pub(super) inside: fn(u64) -> bool,
}

impl Point {
    /// A point of a whole range.
    pub(super) fn new(tweak: u128, value: u64, size: u64) -> Self {
        Self { tweak, value, size, inside: |_| true }
    }
}

/// A point on its way.
struct Lane {
    index: usize,
    mask: u128,
    value: u64,
    left: u64,
    right: u64,
    width: u64,
    height: u64,
}

impl Permutation {
    pub(super) const fn new(tweaking: Aes128, round: Aes128) -> Self {
        Self { tweaking, round }
    }

    /// Moves every point to where its permutation takes it.
    pub(super) fn permute(&self, points: &mut [Point]) {
        points.chunks_mut(LANES).for_each(|chunk| self.permute_chunk(chunk));
    }

    fn permute_chunk(&self, points: &mut [Point]) {
        let mut blocks: Vec<_> = points.iter().map(|point| Array(point.tweak.to_be_bytes())).collect();
        self.tweaking.encrypt_blocks(&mut blocks);
        let mut lanes: Vec<Lane> = points
            .iter()
            .zip(&blocks)
            .enumerate()
            .filter(|(_, (point, _))| point.value < point.size)
            .map(|(index, (point, block))| {
                let width = point.size.isqrt().max(1);
                let height = point.size.div_ceil(width);
                let mask = u128::from_be_bytes(block.0);
                Lane { index, mask, value: point.value, left: 0, right: 0, width, height }
            })
            .collect();
        // Walking a cycle that passes through the starting point, which is in range and inside, so the loop ends;
        // fewer than `width` of `width × height` points are out of range, so it is short.
        while !lanes.is_empty() {
            self.walk(&mut lanes, &mut blocks);
            lanes.retain(|lane| {
                let Some(point) = points.get_mut(lane.index) else { return false };
                let arrived = lane.value < point.size && (point.inside)(lane.value);
                if arrived {
                    point.value = lane.value;
                }
                !arrived
            });
        }
    }

    /// One application of the network to every lane.
    fn walk(&self, lanes: &mut [Lane], blocks: &mut Vec<Array<u8, aes::cipher::consts::U16>>) {
        for lane in lanes.iter_mut() {
            (lane.left, lane.right) = (lane.value % lane.width, lane.value / lane.width);
        }
        for round in 0..ROUNDS {
            let even = round % 2 == 0;
            blocks.clear();
            blocks.extend(lanes.iter().map(|lane| {
                let half = if even { lane.right } else { lane.left };
                let input = (u128::from(round) + 1) << 64 | u128::from(half);
                Array((input ^ lane.mask).to_be_bytes())
            }));
            self.round.encrypt_blocks(blocks);
            for (lane, block) in lanes.iter_mut().zip(blocks.iter()) {
                let word = u128::from_be_bytes(block.0) & u128::from(u64::MAX);
                if even {
                    lane.left = add(lane.left, word, lane.width);
                } else {
                    lane.right = add(lane.right, word, lane.height);
                }
            }
        }
        for lane in lanes.iter_mut() {
            lane.value = lane.right * lane.width + lane.left;
        }
    }
}

/// `(a + share) mod size`, where the share of `size` is that of `word` of 2⁶⁴: a reduction without division.
fn add(a: u64, word: u128, size: u64) -> u64 {
    let share = u64::try_from((word * u128::from(size)) >> 64).unwrap_or(0);
    let room = size - a;
    if share >= room { share - room } else { a + share }
}
