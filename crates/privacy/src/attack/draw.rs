//! Numbers that are the same for the same seed everywhere, and small sums.

/// A number that looks random (the finaliser of `SplitMix64`).
pub(super) const fn mix(seed: u64, value: u64) -> u64 {
    let mut z =
        seed.wrapping_add(value.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Is the row in a random half? Each purpose has halves of its own.
pub(super) fn half(seed: u64, purpose: u64, row: usize) -> bool {
    mix(seed ^ purpose.rotate_left(32), wide(row)) & 1 == 0
}

/// Some of the rows, about evenly spread and at most `most`, by the seed; all of them if they are no more.
pub(super) fn sample(rows: usize, most: usize, seed: u64) -> Vec<usize> {
    if rows <= most {
        return (0..rows).collect();
    }
    // One row of each of `most` stretches.
    let start = |stretch: usize| wide(stretch).saturating_mul(wide(rows)) / wide(most);
    let drawn = (0..most).map(|stretch| {
        let (from, to) = (start(stretch), start(stretch + 1));
        from + mix(seed, wide(stretch)) % (to - from).max(1)
    });
    drawn.filter_map(|row| usize::try_from(row).ok()).collect()
}

fn wide(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// A part of a whole; 0 of nothing.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// What a rate adds to chance, as a part of what chance leaves; 0 if it adds nothing.
pub(super) fn gain(rate: f64, chance: f64) -> f64 {
    if chance >= 1.0 { 0.0 } else { ((rate - chance) / (1.0 - chance)).max(0.0) }
}

/// Is a rate over `n` trials above a bound by more than four standard deviations of what the bound itself gives?
pub(super) fn significant(rate: f64, bound: f64, n: usize) -> bool {
    let bound = bound.clamp(0.0, 1.0);
    rate > bound + 4.0 * (bound * (1.0 - bound) / (n.max(1) as f64)).sqrt()
}
