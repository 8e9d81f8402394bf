//! Stated totals.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Decimal128Type, Int64Type};
use proptest::prelude::*;

use super::super::balance::{Ballast, balance};
use super::super::*;
use super::fixture::*;

/// Sums of two measures by region, by month, and by age: 40 × 24 × 30 cells.
fn statistics() -> RecordBatch {
    let mut rng = Rng(5);
    let cells: Vec<(u64, u64, u64)> = (0..40)
        .flat_map(|region| (0..24).flat_map(move |month| (0..30).map(move |age| (region, month, age))))
        .collect();
    let text = |name: fn(&(u64, u64, u64)) -> String| -> ArrayRef {
        Arc::new(cells.iter().map(|cell| Some(name(cell))).collect::<StringArray>())
    };
    let count: Int64Array = cells.iter().map(|_| Some(rng.below(900) as i64 * 3)).collect();
    let sum: Decimal128Array = cells.iter().map(|_| Some(rng.below(9_000_000).into())).collect();
    let columns: [(&str, ArrayRef); 5] = [
        ("region", text(|cell| format!("3305{:02}", cell.0))),
        ("month", text(|cell| format!("2026-{:02}", cell.1))),
        ("age", text(|cell| format!("{}+", cell.2))),
        ("n", Arc::new(count)),
        ("sum", Arc::new(sum.with_precision_and_scale(12, 2).unwrap())),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn spec(margins: &[&[&str]]) -> Spec {
    let margins: Vec<Vec<String>> =
        margins.iter().map(|group| group.iter().map(|name| (*name).to_owned()).collect()).collect();
    let count = Method::Number { decimals: 0, grain: 3, tolerance: 3, lowest: 12, highest: i64::MAX };
    let mut carriers = vec![
        carrier("n", &["region", "month", "age"], count),
        carrier("sum", &["region", "month", "age"], number(2, 1, 8)),
    ];
    carriers.iter_mut().for_each(|carrier| carrier.margins.clone_from(&margins));
    let promise = Promise { buyers_max: 200, colluders_max: 1, leak_per_mille: 200, spoiled_per_mille: 100 };
    Spec { release: "statistics".into(), carriers, fixed: vec![], promise }
}

/// The totals of both measures by some of the columns.
fn totals(batch: &RecordBatch, by: &[&str]) -> BTreeMap<Vec<String>, (i128, i128)> {
    let mut totals = BTreeMap::new();
    let count = batch.column_by_name("n").unwrap().as_primitive::<Int64Type>();
    let sum = batch.column_by_name("sum").unwrap().as_primitive::<Decimal128Type>();
    for row in 0..batch.num_rows() {
        let name =
            |column: &&str| batch.column_by_name(column).unwrap().as_string::<i32>().value(row).to_owned();
        let total: &mut (i128, i128) = totals.entry(by.iter().map(name).collect()).or_default();
        total.0 += i128::from(count.value(row));
        total.1 += sum.value(row);
    }
    totals
}

#[test]
fn stated_totals_stay_and_the_buyer_is_found() {
    let table = statistics();
    let (key, buyers) = (key(2), buyers(200));
    let kinds: [&[&[&str]]; 4] =
        [&[&[]], &[&["region"]], &[&["region"], &["month"]], &[&["region", "month"], &["region"], &[]]];
    for margins in kinds {
        let spec = spec(margins);
        let marker = Marker::new(&table, &spec, &key).unwrap();
        println!("totals by {margins:?}: {:?}", marker.capacity());
        for (index, buyer) in buyers.iter().enumerate().step_by(40) {
            let copy = marker.copy(buyer).unwrap();
            assert_ne!(copy, table);
            for by in margins {
                assert_eq!(totals(&copy, by), totals(&table, by), "{by:?}");
            }
            let counts = |batch: &RecordBatch| batch.column(3).as_primitive::<Int64Type>().values().to_vec();
            for (new, old) in counts(&copy).into_iter().zip(counts(&table)) {
                assert!(new % 3 == 0 && (new - old).abs() <= 3 && (new >= 12 || new == old));
            }
            let leak = part(&copy, 200, &mut Rng(index as u64));
            let finding = detect(&leak, &spec, &key, &buyers).unwrap();
            assert_eq!(named(&finding), [*buyer]);
        }
    }
}

#[test]
fn crossed_totals_of_single_cells_leave_nothing_to_mark() {
    let table = statistics();
    let spec = spec(&[&["region", "month"], &["age"]]);
    let capacity = capacity(&table, &spec, &key(1)).unwrap();
    assert_eq!(capacity.positions, 0);
    let error = mark(&table, &spec, &key(1), &buyers(1)[0]).unwrap_err();
    assert_eq!(error.code(), "privacy.watermark_capacity");
}

#[test]
fn a_copy_whose_totals_leave_too_few_cells_is_refused() {
    // Groups of three: where two cells carry, one cannot balance both when they move the same way.
    let batch = |rows: i64| {
        let ints = |value: fn(i64) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values((0..rows).map(value)))
        };
        let columns = [("id", ints(|row| row)), ("group", ints(|row| row / 3)), ("n", ints(|row| 100 + row))];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    let mut carriers = vec![carrier("n", &["id"], number(0, 1, 1))];
    carriers[0].margins = vec![vec!["group".into()]];
    let promise = Promise { buyers_max: 9, colluders_max: 1, leak_per_mille: 1000, spoiled_per_mille: 0 };
    let spec = Spec { release: "r".into(), carriers, fixed: vec![], promise };
    let (key, buyer) = (key(1), buyers(1)[0]);
    let sizes = (300..6000).step_by(3).map(batch);
    let barely = sizes.into_iter().find(|batch| Marker::new(batch, &spec, &key).is_ok()).unwrap();
    let error = mark(&barely, &spec, &key, &buyer).unwrap_err();
    assert_eq!(error.code(), "privacy.watermark_capacity");
    assert!(mark(&batch(barely.num_rows() as i64 * 2), &spec, &key, &buyer).is_ok());
}

proptest! {
    #[test]
    fn moves_and_ballast_sum_to_zero(
        wanted in proptest::collection::vec(-9_i64..10, 0..40),
        room in proptest::collection::vec((0_i64..6, 0_i64..6), 0..40),
    ) {
        let ballast: Vec<Ballast> =
            room.iter().enumerate().map(|(row, (down, up))| Ballast { row, down: *down, up: *up }).collect();
        let mut moves = wanted.clone();
        let balancing = balance(&mut moves, &ballast);
        prop_assert_eq!(moves.iter().chain(&balancing).sum::<i64>(), 0);
        for (moved, cell) in balancing.iter().zip(&ballast) {
            prop_assert!(-cell.down <= *moved && *moved <= cell.up);
        }
        for (moved, wanted) in moves.iter().zip(&wanted) {
            prop_assert!(moved == wanted || *moved == 0);
        }
        let sum = wanted.iter().sum::<i64>();
        let fits = -room.iter().map(|(_, up)| up).sum::<i64>() <= sum && sum <= room.iter().map(|(down, _)| down).sum();
        prop_assert!(!fits || moves == wanted);
    }
}
