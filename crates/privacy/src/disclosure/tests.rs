use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use proptest::prelude::*;

use super::*;
use crate::ir::{Contribution, ContributionKind};

const THRESHOLDS: Thresholds = Thresholds {
    min_entities: 10,
    max_dominance_ppm: 800_000,
    margin_ppm: 100_000,
    dominance: None,
    noisy_numbers_max: 32,
};

fn statistics(counts: &[u64]) -> Statistics {
    let entities = vec![EntityCounts { kind: "person".into(), counts: counts.to_vec(), populations: None }];
    Statistics { rows: counts.len(), entities, ..Statistics::default() }
}

fn spread(largest: f64, rest: usize) -> Spread {
    Spread::of((0..rest).map(|n| 1.0 + n as f64 / 1_000.0).chain([largest]).collect())
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
    assert_eq!(passed(&statistics(&[0, 9, 10, 11])), [false, false, true, true]);
    let of = Contribution { aggregate: "total".into(), kind: ContributionKind::Values };
    let with = |counts: &[u64], cells: Vec<Spread>| Statistics {
        spreads: vec![Spreads::of(of.clone(), cells)],
        ..statistics(counts)
    };
    let uniform = Spread::of(vec![3.0; 50]);
    let cells = vec![spread(2.0, 49), spread(400.0, 49), uniform, spread(f64::NAN, 49)];
    assert_eq!(passed(&with(&[50; 4], cells.clone())), [true, false, false, false]);
    let report = assess(&with(&[9, 50, 50, 50], cells), THRESHOLDS).unwrap().report;
    assert_eq!((report.cells, report.passed, report.suppressed), (4, 0, 4));
    let failures = report.failures;
    assert_eq!((failures.few_entities, failures.dominance, failures.uniform, failures.missing), (1, 1, 1, 1));
    assert_eq!(report.smallest, Bucket::Below);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["smallest"], "below");
}

#[test]
fn what_failed_is_forgotten_and_still_counted() {
    let mut statistics = statistics(&[9, 10, 11, 3, 12]);
    statistics.entities[0].populations = Some(vec![90, 100, 110, 30, 120]);
    statistics.cell_keys = vec![1, 2, 3, 4, 5];
    let mut found = assess(&statistics, THRESHOLDS).unwrap();
    let stays: Vec<bool> = found.passed().values().iter().collect();
    let rows = stays.iter().filter(|stays| **stays).count();
    assert!(0 < rows && rows < 5, "{stays:?}");
    let kept: Vec<u32> = (1..).zip(&stays).filter(|(_, stays)| **stays).map(|(key, _)| key).collect();
    statistics.keep(&stays);
    found.drop_failed();
    assert_eq!((statistics.rows, &statistics.cell_keys), (rows, &kept));
    let ten_times: Vec<u64> = statistics.entities[0].counts.iter().map(|count| count * 10).collect();
    assert_eq!(statistics.entities[0].populations, Some(ten_times));
    let mut refused = vec![false; rows];
    refused[0] = true;
    found.apply(&refused, &vec![false; rows]).unwrap();
    assert_eq!((found.report.cells, found.report.passed), (5, rows as u64 - 1));
    assert_eq!(found.report.failures.differencing, 1);
}

const CELLS: usize = 6_000;

/// How many of [`CELLS`] that hold so many of so many people.
fn how_many_pass(count: u64, of: u64) -> usize {
    let mut statistics = statistics(&[count; CELLS]);
    statistics.entities[0].populations = Some(vec![of; CELLS]);
    statistics.cell_keys = (0..CELLS as u32).map(|n| n.wrapping_mul(0x85eb_ca6b)).collect();
    passed(&statistics).into_iter().filter(|passed| *passed).count()
}

#[test]
fn nearly_all_of_a_small_group_is_not_told() {
    let mut all = statistics(&[11, 30, 45, 36, 500, 95]);
    all.entities[0].populations = Some(vec![11, 45, 45, 45, 500, 100]);
    all.cell_keys = vec![0; 6];
    assert_eq!(passed(&all), [false, true, false, false, true, true]);
    // How many have not is as blurred as how many have.
    let passed = |missing: u64| how_many_pass(60 - missing, 60);
    assert_eq!((passed(9), passed(15)), (0, CELLS));
    assert!((1..CELLS).contains(&passed(12)));
}

/// Where a secret decides who is counted, ten is not the number at which a cell comes.
#[test]
fn the_threshold_of_those_who_have_something_is_blurred() {
    let share = |count: u64| how_many_pass(count, 500) * 12 / CELLS;
    // A sixth of the cells for each of none to five more, rounded down to twelfths.
    assert_eq!(share(9), 0);
    assert!((1..=2).contains(&share(10)) && (5..=6).contains(&share(12)), "{} {}", share(10), share(12));
    assert_eq!((share(15), share(100)), (12, 12));
    // Of sixteen thousand noise reaches eight times as far, and so does this.
    let share = |count: u64| how_many_pass(count, 16_000) * 12 / CELLS;
    assert!((4..=7).contains(&share(29)) && share(49) < 12, "{} {}", share(29), share(49));
    assert_eq!((share(9), share(50)), (0, 12));
    let mut odd = statistics(&[20; 2]);
    odd.entities[0].populations = Some(vec![500; 2]);
    assert_eq!(assess(&odd, THRESHOLDS).unwrap_err().code(), "privacy.length");
}

/// With noise that covers whatever one adds, that nothing comes must not tell that he is there.
#[test]
fn who_makes_up_most_of_a_number_does_not_matter_where_noise_covers_him() {
    let of = Contribution { aggregate: "n".to_owned(), kind: ContributionKind::Rows };
    let amounts = [100.0].into_iter().chain([1.0; 10]).collect();
    let mut one = statistics(&[11]);
    one.spreads = vec![Spreads::of(of, vec![Spread::of(amounts)])];
    assert_eq!(passed(&one), [false]);
    one.covered = true;
    assert_eq!(passed(&one), [true]);
}

#[test]
fn noise_reaches_further_the_more_people_and_less_far_for_each_of_them() {
    assert_eq!([0, 1, 500].map(coarseness), [1; 3]);
    assert_eq!([501, 2_000, 2_001, 16_000, 32_001].map(coarseness), [2, 2, 4, 8, 16]);
    assert!(coarseness(u64::MAX).is_power_of_two());
}

#[test]
fn thresholds_that_protect_nobody_are_refused() {
    let statistics = statistics(&[1]);
    for (min_entities, max_dominance_ppm, margin_ppm) in
        [(0, 1, 1), (1, 1, 1), (2, 0, 1), (2, 1_000_001, 1), (2, 1, 0), (2, 1, 1_000_001)]
    {
        let thresholds = Thresholds {
            min_entities,
            max_dominance_ppm,
            margin_ppm,
            dominance: None,
            noisy_numbers_max: 32,
        };
        assert_eq!(assess(&statistics, thresholds).unwrap_err().code(), "privacy.threshold");
    }
    let mut odd = statistics;
    odd.rows = 2;
    assert_eq!(assess(&odd, THRESHOLDS).unwrap_err().code(), "privacy.length");
}

#[test]
fn failed_cells_are_taken_out() {
    let batch = batch(&["武康", "新市", "莫干山"]);
    let assessment = assess(&statistics(&[100, 3, 10]), THRESHOLDS).unwrap();
    let kept = assessment.keep(&batch).unwrap();
    assert_eq!((kept.num_rows(), kept.schema()), (2, batch.schema()));
    assert_eq!(assessment.keep(&batch.slice(0, 2)).unwrap_err().code(), "privacy.length");
}

#[test]
fn what_the_ledger_refuses_is_suppressed_and_what_it_lets_go_with_noise_is_told() {
    let mut assessment = assess(&statistics(&[100, 9, 110, 50]), THRESHOLDS).unwrap();
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
        counts in proptest::collection::vec(0_u64..40, 0..60),
        min_entities in 2_u32..30,
    ) {
        let thresholds = Thresholds { min_entities, ..THRESHOLDS };
        let assessment = assess(&statistics(&counts), thresholds).unwrap();
        for (row, count) in counts.into_iter().enumerate() {
            prop_assert_eq!(assessment.passed().value(row), count >= u64::from(min_entities));
        }
        prop_assert_eq!(assessment.report.passed + assessment.report.suppressed, assessment.report.cells);
    }
}

/// Whether the same people come again would tell that what one of them has has changed, or that it has not.
#[test]
fn each_state_of_the_data_blurs_the_threshold_anew() {
    let mut statistics = statistics(&[12; CELLS]);
    statistics.entities[0].populations = Some(vec![500; CELLS]);
    statistics.cell_keys = (0..CELLS as u32).map(|n| n.wrapping_mul(0x85eb_ca6b)).collect();
    let mut came = |state: u32| {
        statistics.state = state;
        passed(&statistics)
    };
    let (first, again) = (came(0), came(0x1234_5678));
    // Half of them come, whether they did before or not.
    for before in [true, false] {
        let (mut all, mut now) = (0, 0);
        for (one, other) in first.iter().zip(&again).filter(|(one, _)| **one == before) {
            all += 1;
            now += usize::from(*other);
            assert_eq!(*one, before);
        }
        assert!((all * 2 / 5..all * 3 / 5).contains(&now), "{now} of {all}");
    }
}

/// Of a limit that is known one more amount would tell that somebody has it.
#[test]
fn up_to_how_many_amounts_are_few_is_not_known() {
    let few = |amounts: usize, of: usize| {
        let number = Contribution { aggregate: "total".into(), kind: ContributionKind::Values };
        let cell = Spread::of((0..of).map(|one| (one % amounts) as f64).collect());
        let mut statistics =
            Statistics { rows: 1, spreads: vec![Spreads::of(number, vec![cell])], ..Statistics::default() };
        let are_few = |key: &u32| {
            statistics.cell_keys = vec![key.wrapping_mul(0x85eb_ca6b)];
            statistics.has_few_amounts(&BTreeSet::from(["total".to_owned()]), 0)
        };
        (1..=1_000).filter(are_few).count()
    };
    assert_eq!([few(2, 400), few(16, 400), few(65, 400)], [1_000, 1_000, 0]);
    let between = [few(17, 400), few(40, 400), few(64, 400)];
    assert!(between[0] > 950 && (300..700).contains(&between[1]) && between[2] < 50, "{between:?}");
    // Of few people each may have an amount of his own.
    assert_eq!([few(6, 12), few(10, 12)], [1_000, 0]);
}
