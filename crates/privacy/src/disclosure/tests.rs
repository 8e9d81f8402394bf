use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use proptest::prelude::*;

use super::*;

const THRESHOLDS: Thresholds = Thresholds { min_entities: 10, max_dominance_ppm: 800_000 };

fn statistics(counts: &[Option<i64>], shares: &[Option<i64>]) -> Statistics {
    let entities = vec![EntityCounts { kind: "person".into(), counts: counts.to_vec().into() }];
    let dominance = if shares.is_empty() { vec![] } else { vec![shares.to_vec().into()] };
    Statistics { rows: counts.len(), entities, dominance, extents: vec![] }
}

fn batch(names: &[&str]) -> RecordBatch {
    let keys: ArrayRef = Arc::new(StringArray::from_iter_values(names));
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..names.len() as i64));
    RecordBatch::try_from_iter([("district", keys), ("n", values)]).unwrap()
}

fn passed(statistics: &Statistics) -> Vec<bool> {
    assess(statistics, THRESHOLDS).unwrap().passed().values().iter().collect()
}

#[test]
fn cells_are_judged_by_each_rule() {
    let some = |values: &[i64]| values.iter().map(|value| Some(*value)).collect::<Vec<_>>();
    assert_eq!(passed(&statistics(&some(&[0, 9, 10, 11]), &[])), [false, false, true, true]);
    assert_eq!(passed(&statistics(&[None, Some(50)], &[])), [false, true]);
    let shares = [Some(0), Some(800_000), Some(800_001), None];
    assert_eq!(passed(&statistics(&some(&[50; 4]), &shares)), [true, true, false, false]);
    let report = assess(&statistics(&some(&[9, 50]), &[Some(900_000), Some(1)]), THRESHOLDS).unwrap().report;
    assert_eq!((report.cells, report.passed, report.suppressed), (2, 1, 1));
    assert_eq!((report.failures.few_entities, report.failures.dominance), (1, 1));
    assert_eq!(report.smallest, Bucket::Below);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["smallest"], "below");
}

#[test]
fn thresholds_that_protect_nobody_are_refused() {
    let statistics = statistics(&[Some(1)], &[]);
    for (min_entities, max_dominance_ppm) in [(0, 1), (1, 1), (2, 0), (2, 1_000_001)] {
        let error = assess(&statistics, Thresholds { min_entities, max_dominance_ppm }).unwrap_err();
        assert_eq!(error.code(), "privacy.threshold");
    }
    let mut odd = statistics;
    odd.rows = 2;
    assert_eq!(assess(&odd, THRESHOLDS).unwrap_err().code(), "privacy.length");
}

#[test]
fn failed_cells_are_taken_out() {
    let batch = batch(&["武康", "新市", "莫干山"]);
    let assessment = assess(&statistics(&[Some(100), Some(3), Some(10)], &[]), THRESHOLDS).unwrap();
    let keys = ["district".to_owned()];
    let dropped = suppress(&batch, &assessment, Suppression::DropRows, &keys).unwrap();
    assert_eq!((dropped.num_rows(), dropped.schema()), (2, batch.schema()));
    let nulled = suppress(&batch, &assessment, Suppression::NullValues, &keys).unwrap();
    assert_eq!((nulled.num_rows(), nulled.column(0).null_count()), (3, 0));
    assert!(nulled.column(1).is_null(1) && nulled.column(1).is_valid(0));
    let other = batch.slice(0, 2);
    assert_eq!(
        suppress(&other, &assessment, Suppression::DropRows, &keys).unwrap_err().code(),
        "privacy.length"
    );
}

#[test]
fn what_the_ledger_refuses_is_suppressed_and_what_it_lets_go_with_noise_is_told() {
    let mut assessment =
        assess(&statistics(&[Some(100), Some(9), Some(110), Some(50)], &[]), THRESHOLDS).unwrap();
    assessment.apply(&[true, true, false, false], &[false, true, true, false]).unwrap();
    assert_eq!(assessment.passed().values().iter().collect::<Vec<_>>(), [false, false, true, true]);
    let report = &assessment.report;
    assert_eq!((report.passed, report.suppressed, report.failures.differencing), (2, 2, 1));
    // Noise on a cell that does not leave is nobody's business.
    assert_eq!(report.perturbed, 1);
    assert_eq!(assessment.apply(&[true], &[false; 4]).unwrap_err().code(), "privacy.length");
}

proptest! {
    #[test]
    fn nothing_below_the_threshold_ever_passes(
        cells in proptest::collection::vec((proptest::option::of(0_i64..40), proptest::option::of(0_i64..=1_000_000)), 0..60),
        min_entities in 2_u32..30,
        max_dominance_ppm in 1_u32..=1_000_000,
    ) {
        let (counts, shares): (Vec<_>, Vec<_>) = cells.iter().copied().unzip();
        let mut statistics = statistics(&counts, &[]);
        statistics.dominance = vec![shares.into()];
        let assessment = assess(&statistics, Thresholds { min_entities, max_dominance_ppm }).unwrap();
        for (row, (count, share)) in cells.into_iter().enumerate() {
            let fine = count.is_some_and(|count| count >= i64::from(min_entities))
                && share.is_some_and(|share| share <= i64::from(max_dominance_ppm));
            prop_assert_eq!(assessment.passed().value(row), fine);
        }
        prop_assert_eq!(assessment.report.passed + assessment.report.suppressed, assessment.report.cells);
    }
}
