//! Making noisy counts sensible. It reads nothing but noisy counts, so it costs nothing.

/// The nearest whole counts, none negative, that add up to a total: the same number is taken from every cell and what falls
/// below zero is zero.
pub(super) fn project(cells: &[i64], total: u64) -> Vec<u64> {
    if cells.is_empty() {
        return Vec::new();
    }
    let total = i128::from(total);
    let mut order: Vec<usize> = (0..cells.len()).collect();
    let at = |place: usize| i128::from(cells.get(place).copied().unwrap_or(0));
    order.sort_by_key(|place| (std::cmp::Reverse(at(*place)), *place));
    // The largest `used` cells stay above zero: their sum less `used` times the cut is the total.
    let (mut sum, mut cut, mut used) = (0_i128, 0_i128, 0_i128);
    for place in &order {
        let with = (sum + at(*place) - total).div_euclid(used + 1);
        if used > 0 && at(*place) <= with {
            break;
        }
        (sum, cut, used) = (sum + at(*place), with, used + 1);
    }
    // The cut was rounded down, so the used cells have up to `used - 1` too many: the last of them give one each.
    let mut excess = sum - used * cut - total;
    let mut out = vec![0_u64; cells.len()];
    let kept = usize::try_from(used).unwrap_or(0);
    for place in order.iter().take(kept).rev() {
        let value = at(*place) - cut;
        let give = i128::from(excess > 0 && value > 0);
        excess -= give;
        if let Some(slot) = out.get_mut(*place) {
            *slot = u64::try_from(value - give).unwrap_or(0);
        }
    }
    out
}

/// Rows × columns of weights made to agree with margins by proportional fitting; rows without weight become the column
/// margins. *Shape*: as the cells, row after row.
pub(super) fn fit(cells: &[u64], rows: &[u64], columns: &[u64]) -> Vec<u64> {
    const ROUNDS: usize = 20;
    const SCALE: f64 = 4_294_967_296.0;
    let width = columns.len().max(1);
    let mut weights: Vec<f64> = cells.iter().map(|cell| *cell as f64).collect();
    for row in weights.chunks_mut(width) {
        if row.iter().sum::<f64>() <= 0.0 {
            row.iter_mut().zip(columns).for_each(|(weight, margin)| *weight = *margin as f64);
        }
    }
    for _ in 0..ROUNDS {
        for (row, margin) in weights.chunks_mut(width).zip(rows) {
            let sum: f64 = row.iter().sum();
            if sum > 0.0 {
                row.iter_mut().for_each(|weight| *weight *= *margin as f64 / sum);
            }
        }
        for (column, margin) in columns.iter().enumerate() {
            let sum: f64 = weights.iter().skip(column).step_by(width).sum();
            if sum > 0.0 {
                let cells = weights.iter_mut().skip(column).step_by(width);
                cells.for_each(|weight| *weight *= *margin as f64 / sum);
            }
        }
    }
    let largest = weights.iter().copied().fold(1.0, f64::max);
    weights.into_iter().map(|weight| (weight / largest * SCALE) as u64).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn counts_are_projected_and_margins_fitted() {
        assert_eq!(project(&[5, 3, -2], 8), [5, 3, 0]);
        assert_eq!(project(&[5, 3, -2], 4), [3, 1, 0]);
        assert_eq!(project(&[0, 0, 0], 7), [3, 2, 2]);
        assert_eq!(project(&[-9, -9], 1), [1, 0]);
        assert_eq!(project(&[4, 4], 0), [0, 0]);
        let fitted = fit(&[1, 1, 1, 1, 0, 0], &[30, 10, 0], &[20, 20]);
        assert!(fitted[0].abs_diff(3 * fitted[2]) < 10, "{fitted:?}");
        assert!(fitted[0].abs_diff(fitted[1]) < 10);
        assert_eq!(fitted[4..], [0, 0], "a row without a margin stays empty");
    }

    proptest! {
        #[test]
        fn projections_add_up_and_keep_order(
            cells in proptest::collection::vec(-500_i64..500, 1..40), total in 0_u64..4000,
        ) {
            let out = project(&cells, total);
            prop_assert_eq!(out.iter().sum::<u64>(), total);
            for (a, x) in cells.iter().zip(&out) {
                for (b, y) in cells.iter().zip(&out) {
                    prop_assert!(a <= b || x + 1 > *y || *x >= *y);
                }
            }
        }
    }
}
