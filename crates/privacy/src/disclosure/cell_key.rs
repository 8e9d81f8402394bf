//! Cell-key perturbation: small, repeatable noise on counts.
//!
//! Every entity has a record key, a keyed hash of its id. The sum of the record keys of a cell is its cell key, and the
//! cell key chooses the noise from a table. The same contributors give the same noise whatever query asked for
//! them, so repeating a question averages nothing out; and counts that differ by one entity differ by noise too.
//!
//! This is **not** differential privacy: the noise is bounded, so that a count far enough off is ruled out for certain, and
//! no budget bounds what many different cells tell together. It protects small counts against subtraction, and large
//! releases stay useful. *Source*: B. Fraser, J. Wooton, A proposed method for confidentialising tabular output to
//! protect against differencing (2005).
//!
//! The table is symmetric about zero for every count, so that noise has no bias, and no wider than the count, so that no
//! count becomes negative. Among such tables the weights `w^(v²)` are those of greatest entropy for their variance.

use arrow::array::{Int64Array, UInt32Array};

use crate::Error;
use crate::masking::MaskKey;

/// Limit: the largest noise that a table may have.
pub const NOISE_MAX: u32 = 20;

/// One in the arithmetic of the table: 2^30.
const ONE: u64 = 1 << 30;

/// A record key: 32 bits of HMAC-SHA-256 over an entity's id, for its kind.
#[must_use]
pub fn record_key(key: &MaskKey, kind: &str, id: &[u8]) -> u32 {
    let bytes = key.hash("record-key", kind).bytes(id);
    bytes.iter().take(4).fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// The cell key: the sum of the record keys of its distinct entities modulo 2^32.
pub fn cell_key(record_keys: impl IntoIterator<Item = u32>) -> u32 {
    record_keys.into_iter().fold(0, u32::wrapping_add)
}

/// A perturbation table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Perturbation {
    /// For counts of 1, 2, … and from the largest noise on: how many of the 2^32 cell keys give `+v`, for v = 1, 2, …;
    /// as many give `-v`.
    rows: Vec<Vec<u32>>,
}

impl Perturbation {
    /// A table with a largest noise and a variance. *Units*: the variance in thousandths. Counts below the largest noise
    /// get the variance as far as symmetric noise no wider than they are allows it.
    ///
    /// # Errors
    /// [`Error::Threshold`] for a largest noise of zero or above [`NOISE_MAX`], and for a variance of zero or above that
    /// of even noise, `max·(max+1)/3`.
    pub fn new(max: u32, variance_milli: u32) -> Result<Self, Error> {
        if !(1..=NOISE_MAX).contains(&max) {
            return Err(Error::Threshold { name: "noise" });
        }
        if variance_milli == 0 || variance_milli > even_variance_milli(max) {
            return Err(Error::Threshold { name: "variance" });
        }
        let rows = (1..=max).map(|width| row(width, variance_milli.min(even_variance_milli(width))));
        Ok(Self { rows: rows.collect() })
    }

    /// The noise for a count of entities and a cell key. Zero stays zero, and negative numbers are no counts.
    #[must_use]
    pub fn noise(&self, count: i64, cell_key: u32) -> i64 {
        let Some(row) = usize::try_from(count).ok().and_then(|count| count.checked_sub(1)) else { return 0 };
        let Some(row) = self.rows.get(row).or(self.rows.last()) else { return 0 };
        let mut left = cell_key;
        for (size, share) in (1_i64..).zip(row) {
            for noise in [size, -size] {
                match left.checked_sub(*share) {
                    Some(rest) => left = rest,
                    None => return noise,
                }
            }
        }
        0
    }

    /// Perturbs counts. *Shape*: one cell key a count; the result is null where either is.
    ///
    /// # Errors
    /// [`Error::Length`] if the arrays differ in length.
    pub fn apply(&self, counts: &Int64Array, cell_keys: &UInt32Array) -> Result<Int64Array, Error> {
        if counts.len() != cell_keys.len() {
            return Err(Error::Length { left: counts.len(), right: cell_keys.len() });
        }
        let pairs = counts.iter().zip(cell_keys.iter());
        Ok(pairs.map(|(count, key)| Some(count?.saturating_add(self.noise(count?, key?)))).collect())
    }
}

/// The variance of even noise. *Units*: thousandths, rounded down.
const fn even_variance_milli(width: u32) -> u32 {
    width * (width + 1) * 1000 / 3
}

/// One side of the symmetric distribution on `-width..=width` with a variance, in parts of 2^32.
fn row(width: u32, variance_milli: u32) -> Vec<u32> {
    // The variance rises with the base of the weights: halve the interval until nothing is left of it.
    let (mut low, mut high) = (0, ONE);
    while high - low > 1 {
        let middle = low.midpoint(high);
        let (total, squares) = moments(&weights(width, middle));
        if squares * 1000 < total * u128::from(variance_milli) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let weights = weights(width, high);
    let (total, _) = moments(&weights);
    let share = |weight: &u64| u32::try_from((u128::from(*weight) << 32) / total).unwrap_or(u32::MAX);
    weights.iter().map(share).collect()
}

/// `base^(v²)` for v = 1, 2, …
fn weights(width: u32, base: u64) -> Vec<u64> {
    let times = |a: u64, b: u64| a * b / ONE;
    let square = times(base, base);
    // From v² to (v+1)² the exponent grows by 2v+1.
    let (mut weight, mut factor) = (ONE, base);
    let weights = (0..width).map(|_| {
        weight = times(weight, factor);
        factor = times(factor, square);
        weight
    });
    weights.collect()
}

/// Sum of all weights (both sides and the one of zero), and of weights by squares.
fn moments(weights: &[u64]) -> (u128, u128) {
    let squares = (1_u128..).zip(weights).map(|(v, weight)| 2 * v * v * u128::from(*weight)).sum();
    (u128::from(ONE) + 2 * weights.iter().map(|weight| u128::from(*weight)).sum::<u128>(), squares)
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;
    use proptest::prelude::*;

    use super::*;

    fn variance(row: &[u32]) -> f64 {
        let sum: f64 = (1..).zip(row).map(|(v, share)| 2.0 * f64::from(v * v) * f64::from(*share)).sum();
        sum / 2_f64.powi(32)
    }

    #[test]
    fn tables_have_the_variance_asked_for_and_no_bias() {
        for (max, milli) in [(1, 500), (5, 2000), (5, 10_000), (8, 100), (20, 40_000)] {
            let table = Perturbation::new(max, milli).unwrap();
            for (width, row) in (1..).zip(&table.rows) {
                let wanted = f64::from(milli.min(even_variance_milli(width))) / 1000.0;
                assert!((variance(row) - wanted).abs() < 1e-3, "{max} {milli} {width}: {}", variance(row));
                assert!(row.iter().map(|share| 2 * u64::from(*share)).sum::<u64>() <= 1 << 32);
            }
        }
        for (max, milli) in [(0, 1), (21, 1), (1, 0), (1, 667), (5, 10_001)] {
            assert_eq!(Perturbation::new(max, milli).unwrap_err().code(), "privacy.threshold");
        }
    }

    #[test]
    fn noise_over_many_cells_has_the_spread_of_the_table() {
        let (table, key) = (Perturbation::new(5, 3000).unwrap(), MaskKey::new([8; 32]));
        let keys: Vec<u32> = (0_u32..40_000).map(|n| record_key(&key, "person", &n.to_be_bytes())).collect();
        let noises: Vec<f64> =
            keys.windows(30).map(|cell| table.noise(30, cell_key(cell.iter().copied())) as f64).collect();
        let n = noises.len() as f64;
        let mean = noises.iter().sum::<f64>() / n;
        let spread = noises.iter().map(|noise| noise * noise).sum::<f64>() / n;
        assert!(mean.abs() < 5.0 * (3.0 / n).sqrt(), "{mean}");
        assert!((spread - 3.0).abs() < 0.1, "{spread}");
        assert!(noises.iter().all(|noise| noise.abs() <= 5.0));
        // Other keys, other noise.
        let other = MaskKey::new([9; 32]);
        assert_ne!(record_key(&key, "person", b"1"), record_key(&other, "person", b"1"));
        assert_ne!(record_key(&key, "person", b"1"), record_key(&key, "household", b"1"));
    }

    #[test]
    fn arrays_are_perturbed_cell_by_cell() {
        let table = Perturbation::new(3, 1000).unwrap();
        let counts = Int64Array::from(vec![Some(0), Some(100), None, Some(50)]);
        let keys = UInt32Array::from(vec![Some(0), Some(0), Some(1), None]);
        let noisy = table.apply(&counts, &keys).unwrap();
        assert_eq!((noisy.value(0), noisy.value(1)), (0, 101));
        assert!(noisy.is_null(2) && noisy.is_null(3));
        assert_eq!(table.apply(&counts, &vec![1].into()).unwrap_err().code(), "privacy.length");
    }

    proptest! {
        #[test]
        fn the_same_contributors_give_the_same_noise(
            mut keys in proptest::collection::vec(any::<u32>(), 0..40), max in 1_u32..=20, turn in 0_usize..40,
        ) {
            let table = Perturbation::new(max, 300).unwrap();
            let count = i64::try_from(keys.len()).unwrap();
            let one = table.noise(count, cell_key(keys.iter().copied()));
            // Another query finds them in another order.
            let turn = turn.min(keys.len());
            keys.rotate_left(turn);
            prop_assert_eq!(table.noise(count, cell_key(keys.iter().copied())), one);
            prop_assert!(count + one >= 0 && one.unsigned_abs() <= u64::from(max));
            prop_assert!(count > 0 || one == 0);
        }
    }
}
