use proptest::prelude::*;

use super::*;

fn cell(value: u64) -> TableCell {
    TableCell { value, ..TableCell::default() }
}

fn primary(value: u64, protection: u64) -> TableCell {
    TableCell { value, primary: true, known: false, below: protection.min(value), above: protection }
}

/// Rows of parts → a table with both margins, the totals first by row and last by column.
fn with_margins(parents: &[Option<usize>], leaves: &[(usize, Vec<u64>)]) -> Vec<Vec<u64>> {
    let columns = leaves[0].1.len();
    let mut rows = vec![vec![0; columns + 1]; parents.len()];
    for (row, values) in leaves {
        let mut at = Some(*row);
        while let Some(row) = at {
            for (sum, value) in rows[row].iter_mut().zip(values) {
                *sum += value;
            }
            rows[row][columns] += values.iter().sum::<u64>();
            at = parents[row];
        }
    }
    rows
}

/// The attacker: every table of parts `0..=cap` that has the published numbers; lowest and highest of each cell.
fn attack(
    parents: &[Option<usize>],
    columns: usize,
    cells: &[u64],
    hidden: &[bool],
    cap: u64,
) -> Vec<(u64, u64)> {
    let parts = columns - 1;
    let leaves: Vec<usize> = (0..parents.len()).filter(|row| !parents.contains(&Some(*row))).collect();
    let mut bounds = vec![(u64::MAX, 0); cells.len()];
    let mut guess = vec![0_u64; leaves.len() * parts];
    let free: Vec<usize> =
        (0..guess.len()).filter(|at| hidden[leaves[at / parts] * columns + at % parts]).collect();
    for (at, value) in guess.iter_mut().enumerate() {
        *value = cells[leaves[at / parts] * columns + at % parts];
    }
    free.iter().for_each(|at| guess[*at] = 0);
    loop {
        let rows: Vec<_> =
            leaves.iter().zip(guess.chunks(parts)).map(|(row, p)| (*row, p.to_vec())).collect();
        let table: Vec<u64> = with_margins(parents, &rows).concat();
        if table.iter().zip(cells).zip(hidden).all(|((guess, cell), hidden)| *hidden || guess == cell) {
            for (bounds, value) in bounds.iter_mut().zip(&table) {
                *bounds = (bounds.0.min(*value), bounds.1.max(*value));
            }
        }
        // Count on.
        let Some(at) = free.iter().find(|at| guess[**at] < cap) else { return bounds };
        for lower in free.iter().take_while(|lower| *lower != at) {
            guess[*lower] = 0;
        }
        guess[*at] += 1;
    }
}

/// Two shapes of six parts: flat rows, and rows in a tree with an inner row.
fn shapes() -> [(Vec<Option<usize>>, usize, Vec<usize>); 2] {
    [
        (vec![None, Some(0), Some(0)], 3, vec![1, 2]),
        (vec![None, Some(0), Some(0), Some(1), Some(1)], 2, vec![2, 3, 4]),
    ]
}

fn random_table(shape: usize, values: &[u64], sensitive: &[bool], protection: u64) -> Option<Table> {
    let (parents, columns, leaves) = shapes()[shape].clone();
    let rows: Vec<_> =
        leaves.into_iter().zip(values.chunks(columns)).map(|(row, v)| (row, v.to_vec())).collect();
    let cells = with_margins(&parents, &rows).concat();
    let cells = cells.into_iter().zip(sensitive);
    let cells =
        cells.map(|(value, sensitive)| if *sensitive { primary(value, protection) } else { cell(value) });
    Table::new(parents, columns + 1, cells.collect()).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn bounds_are_those_of_an_attacker_who_tries_everything(
        shape in 0_usize..2,
        values in proptest::collection::vec(0_u64..4, 6),
        hidden in proptest::collection::vec(any::<bool>(), 15),
    ) {
        let table = random_table(shape, &values, &[false; 15], 0).unwrap();
        let hidden = &hidden[..table.cells.len()];
        let cells: Vec<u64> = table.cells.iter().map(|cell| cell.value).collect();
        // Moving a cell by 3 moves no part by more, so parts up to 6 show every bound up to there.
        let bounds = attack(&table.parents, table.columns, &cells, hidden, 6);
        for interval in audit(&table, hidden).unwrap() {
            let (low, high) = bounds[interval.cell];
            let value = cells[interval.cell];
            prop_assert_eq!(interval.low.max(value.saturating_sub(3)), low.max(value.saturating_sub(3)));
            prop_assert_eq!(interval.high.unwrap_or(u64::MAX).min(value + 3), high.min(value + 3));
        }
    }

    #[test]
    fn completed_tables_withstand_the_attacker(
        shape in 0_usize..2,
        values in proptest::collection::vec(0_u64..4, 6),
        sensitive in proptest::collection::vec(proptest::bool::weighted(0.2), 15),
        protection in 1_u64..3,
    ) {
        let table = random_table(shape, &values, &sensitive, protection).unwrap();
        let done = complete(&table);
        prop_assert!(done.whole.is_none());
        let cells: Vec<u64> = table.cells.iter().map(|cell| cell.value).collect();
        let bounds = attack(&table.parents, table.columns, &cells, &done.cells, 6);
        for (at, cell) in table.cells.iter().enumerate().filter(|(_, cell)| cell.primary) {
            prop_assert!(done.cells[at]);
            prop_assert!(bounds[at].0 <= cell.value - cell.below, "{:?} {:?}", bounds[at], cell);
            prop_assert!(bounds[at].1 >= cell.value + cell.above, "{:?} {:?}", bounds[at], cell);
        }
        prop_assert!(table.cells.iter().any(|cell| cell.primary) || !done.cells.contains(&true));
    }
}

#[test]
fn a_single_suppression_is_calculated_from_the_margins() {
    // Total, then parts: one hidden part is the total less the others.
    let table = Table::one_dimension([100, 50, 30, 17, 3].map(cell).to_vec()).unwrap();
    let intervals = audit(&table, &[false, false, false, false, true]).unwrap();
    assert_eq!(intervals, [Interval { cell: 4, low: 3, high: Some(3) }]);
    let mut cells = table.cells.clone();
    cells[4] = primary(3, 3);
    let done = complete(&Table::one_dimension(cells.clone()).unwrap());
    // The smallest other part goes too, and nothing else.
    assert_eq!(done.cells, [false, false, false, true, true]);
    // If the others are known already, the total must go.
    for other in &mut cells[1..4] {
        other.known = true;
    }
    let done = complete(&Table::one_dimension(cells.clone()).unwrap());
    assert_eq!(done.cells, [true, false, false, false, true]);
    cells[0].known = true;
    let done = complete(&Table::one_dimension(cells).unwrap());
    assert_eq!((done.whole, done.cells), (Some(Whole::NoProtection), vec![false, false, false, false, true]));
}

#[test]
fn a_hierarchy_is_protected_at_every_level() {
    // Province 0; cities 1, 2; counties 3–5 under 1, 6–7 under 2; three columns and their total.
    let parents = vec![None, Some(0), Some(0), Some(1), Some(1), Some(1), Some(2), Some(2)];
    let leaves: Vec<(usize, Vec<u64>)> = vec![
        (3, vec![40, 5, 61]),
        (4, vec![70, 82, 13]),
        (5, vec![25, 31, 44]),
        (6, vec![90, 15, 20]),
        (7, vec![33, 48, 57]),
    ];
    let mut cells: Vec<TableCell> = with_margins(&parents, &leaves).concat().into_iter().map(cell).collect();
    cells[3 * 4 + 1] = primary(5, 5);
    let table = Table::new(parents, 4, cells).unwrap();
    let done = complete(&table);
    assert_eq!(done.whole, None);
    let intervals = audit(&table, &done.cells).unwrap();
    let found = intervals.iter().find(|interval| interval.cell == 13).unwrap();
    assert!(found.low == 0 && found.high.is_none_or(|high| high >= 10));
    // Few further cells suffice: three of a rectangle.
    assert_eq!(done.cells.iter().filter(|hidden| **hidden).count(), 4);
}

#[test]
fn tables_that_contradict_themselves_are_refused() {
    let cells = |values: &[u64]| values.iter().copied().map(cell).collect::<Vec<_>>();
    let refused = [
        ("sums", Table::one_dimension(cells(&[10, 5, 4]))),
        ("sums", Table::two_dimensions(3, cells(&[3, 3, 6, 1, 2, 3, 2, 1, 4]))),
        ("rows", Table::new(vec![], 1, vec![])),
        ("rows", Table::new(vec![None, None], 1, cells(&[1, 1]))),
        ("rows", Table::new(vec![None, Some(1)], 1, cells(&[1, 1]))),
        ("columns", Table::new(vec![None], 0, vec![])),
        ("columns", Table::new(vec![None], 2, cells(&[1, 1]))),
        ("cells", Table::new(vec![None, Some(0)], 3, cells(&[1, 1, 2]))),
        ("protection", Table::one_dimension(vec![TableCell { below: 2, ..cell(1) }, cell(1)])),
        ("known cells", Table::one_dimension(vec![TableCell { known: true, ..primary(1, 1) }, cell(1)])),
    ];
    for (what, table) in refused {
        assert_eq!(table.unwrap_err(), Error::Table { what });
    }
    let table = Table::one_dimension(cells(&[3, 1, 2])).unwrap();
    assert_eq!(audit(&table, &[true]).unwrap_err().code(), "privacy.length");
}

#[test]
fn a_table_too_large_is_suppressed_whole_and_says_so() {
    let parts = TABLE_CELLS_MAX;
    let mut cells = vec![primary(1, 1); parts];
    cells.insert(0, cell(u64::try_from(parts).unwrap()));
    let done = complete(&Table::one_dimension(cells).unwrap());
    assert_eq!(done.whole, Some(Whole::TooLarge));
    assert!(done.cells.iter().all(|hidden| *hidden));
}
