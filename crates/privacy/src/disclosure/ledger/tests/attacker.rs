//! An attacker who knows every released cell and solves the equations exactly.

use roaring::RoaringBitmap;

/// The smallest group of at most `most` entities about which the cells give a linear combination: one exists exactly when
/// the cells without the group's columns have a smaller rank than with them.
pub(super) fn smallest_solvable(cells: &[RoaringBitmap], entities: u32, most: u32) -> Option<Vec<u32>> {
    let whole = rank(cells, entities, &[]);
    (1..=most).find_map(|size| {
        groups(entities, size).into_iter().find(|group| rank(cells, entities, group) < whole)
    })
}

fn groups(entities: u32, size: u32) -> Vec<Vec<u32>> {
    if size == 0 {
        return vec![vec![]];
    }
    let smaller = groups(entities, size - 1);
    let longer = smaller.into_iter().flat_map(|group| {
        let from = group.last().map_or(0, |last| last + 1);
        (from..entities).map(move |next| [group.clone(), vec![next]].concat())
    });
    longer.collect()
}

/// Rank over the rational numbers, by elimination without fractions (Bareiss): every division is exact, and entries are
/// minors of the matrix, which for zeros and ones of this size are small.
fn rank(cells: &[RoaringBitmap], entities: u32, without: &[u32]) -> usize {
    let columns: Vec<u32> = (0..entities).filter(|entity| !without.contains(entity)).collect();
    let row =
        |cell: &RoaringBitmap| columns.iter().map(|e| i128::from(cell.contains(*e))).collect::<Vec<_>>();
    let mut rows: Vec<Vec<i128>> = cells.iter().map(row).collect();
    let (mut rank, mut before) = (0, 1);
    for column in 0..columns.len() {
        let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
        rows.swap(rank, pivot);
        let (head, tail) = rows.split_at_mut(rank + 1);
        let pivot = &head[rank];
        for row in tail {
            let factor = row[column];
            for (value, above) in row.iter_mut().zip(pivot) {
                *value = (pivot[column] * *value - factor * above) / before;
            }
        }
        before = pivot[column];
        rank += 1;
    }
    rank
}

#[test]
fn the_attacker_solves_what_can_be_solved() {
    let set = |members: &[u32]| members.iter().copied().collect::<RoaringBitmap>();
    let cycle = [set(&[0, 1]), set(&[1, 2]), set(&[0, 2])];
    assert_eq!(smallest_solvable(&cycle[..2], 4, 2), Some(vec![0, 1]));
    assert_eq!(smallest_solvable(&cycle, 4, 2), Some(vec![0]));
    assert_eq!(smallest_solvable(&[set(&[0, 1, 2, 3]), set(&[0, 1])], 4, 1), None);
    assert_eq!(smallest_solvable(&[set(&[0, 1, 2, 3]), set(&[1, 2, 3])], 4, 1), Some(vec![0]));
}
