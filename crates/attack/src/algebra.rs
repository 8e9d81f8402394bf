//! Linear algebra of an attacker.

/// Solves subset sums in the least-squares sense: each equation is a set of unknowns and their sum. *Output*: one value an
/// unknown, of the normal equations with a small ridge, so that what is not determined stays near one half.
pub(crate) fn least_squares(unknowns: usize, equations: &[(Vec<usize>, f64)]) -> Vec<f64> {
    let mut rows: Vec<Vec<f64>> = (0..unknowns)
        .map(|row| (0..=unknowns).map(|column| if row == column { 1e-6 } else { 0.0 }).collect())
        .collect();
    for (members, total) in equations {
        let centred = total - members.len() as f64 / 2.0;
        for row in members {
            let Some(cells) = rows.get_mut(*row) else { continue };
            for column in members {
                if let Some(cell) = cells.get_mut(*column) {
                    *cell += 1.0;
                }
            }
            if let Some(right) = cells.get_mut(unknowns) {
                *right += centred;
            }
        }
    }
    eliminate(&mut rows);
    rows.iter().map(|row| row.get(unknowns).copied().unwrap_or_default() + 0.5).collect()
}

/// Gauss and Jordan with partial pivots.
fn eliminate(rows: &mut [Vec<f64>]) {
    for step in 0..rows.len() {
        let size = |row: &Vec<f64>| row.get(step).map_or(0.0, |cell| cell.abs());
        let pivot = (step..rows.len())
            .max_by(|a, b| rows.get(*a).map_or(0.0, size).total_cmp(&rows.get(*b).map_or(0.0, size)))
            .unwrap_or(step);
        rows.swap(step, pivot);
        let Some(head) = rows.get(step).cloned() else { continue };
        let Some(lead) = head.get(step).copied().filter(|lead| lead.abs() > 1e-12) else { continue };
        let head: Vec<f64> = head.iter().map(|cell| cell / lead).collect();
        for (index, row) in rows.iter_mut().enumerate() {
            if index == step {
                row.clone_from(&head);
                continue;
            }
            let factor = row.get(step).copied().unwrap_or_default();
            for (cell, of_head) in row.iter_mut().zip(&head) {
                *cell -= factor * of_head;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subset_sums_give_their_members_away() {
        let truth = [1.0, 0.0, 0.0, 1.0, 1.0];
        let sets = [vec![0, 1, 2], vec![1, 2, 3], vec![0, 3], vec![2, 4], vec![0, 4, 1], vec![3, 4]];
        let sum = |set: &Vec<usize>| set.iter().map(|place| truth[*place]).sum();
        let equations: Vec<(Vec<usize>, f64)> = sets.iter().map(|set| (set.clone(), sum(set))).collect();
        for (found, truth) in least_squares(5, &equations).into_iter().zip(truth) {
            assert!((found - truth).abs() < 1e-3, "{found} {truth}");
        }
    }
}
