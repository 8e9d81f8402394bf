//! Numbers that are the same for the same seed everywhere.

/// `SplitMix64`, which is all that generated samples need.
#[derive(Debug, Clone)]
pub(super) struct Draw(u64);

impl Draw {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }

    /// A number from `low` to `high`, both included.
    pub(super) const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True so many times in a hundred.
    pub(super) const fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> Option<&'a T> {
        let index = usize::try_from(self.below(u64::try_from(from.len()).unwrap_or(1))).unwrap_or(0);
        from.get(index).copied()
    }

    /// One of some words; empty of none.
    pub(super) fn word<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.pick(from).unwrap_or_default()
    }

    pub(super) fn char(&mut self, from: &str) -> char {
        let count = u64::try_from(from.chars().count()).unwrap_or(1);
        let index = usize::try_from(self.below(count)).unwrap_or(0);
        from.chars().nth(index).unwrap_or(' ')
    }

    /// So many decimal digits.
    pub(super) fn digits(&mut self, count: u32) -> String {
        (0..count).map(|_| self.char("0123456789")).collect()
    }
}
